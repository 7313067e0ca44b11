#include "conc_bench/run/phases.h"

static const struct {
    const char *name;
    const char *key;
} phases[] = {
    [PHASE_NAME] = {"look up name", "name_lookup"}, [PHASE_CONNECT] = {"connect", "connect"},
    [PHASE_TLS] = {"TLS handshake", "tls"},         [PHASE_WAIT] = {"wait", "wait"},
    [PHASE_RECEIVE] = {"receive", "receive"},       [PHASE_WORK] = {"work", "work"},
};

const char *phase_name(enum phase phase)
{
    return phases[phase].name;
}

const char *phase_key(enum phase phase)
{
    return phases[phase].key;
}

/* The phase that was under way when the download ended: the one its outcome names, and otherwise the first that libcurl
 * had not reached yet. */
static enum phase last_phase(const struct sample *sample)
{
    /* A connection that it waited for could not be made, by another download. */
    bool has_waited = sample->connects == 0 && sample->name_lookup_us == 0;
    switch (sample->outcome) {
    case OUTCOME_OK:
    case OUTCOME_HTTP_4XX:
    case OUTCOME_HTTP_5XX:
        return PHASE_RECEIVE;
    case OUTCOME_DNS:
    case OUTCOME_TIMEOUT_DNS:
        return PHASE_NAME;
    case OUTCOME_CONNECT:
    case OUTCOME_TIMEOUT_CONNECT:
        return has_waited ? PHASE_WAIT : PHASE_CONNECT;
    case OUTCOME_TLS:
    case OUTCOME_TIMEOUT_TLS:
        return has_waited ? PHASE_WAIT : PHASE_TLS;
    case OUTCOME_CLIENT_RESOURCE:
        return sample->connects == 0 ? PHASE_CONNECT : PHASE_WAIT;
    default:
        return sample->first_byte_us > 0 ? PHASE_RECEIVE : PHASE_WAIT;
    }
}

bool phases_have_handshake(const struct sample *sample)
{
    return sample->connects > 0 && (sample->tls_us > 0 || last_phase(sample) == PHASE_TLS);
}

void phases_of(const struct sample *sample, nanoseconds ends[PHASE_COUNT])
{
    nanoseconds service = sample->end - sample->start;
    const uint32_t marks[] = {sample->name_lookup_us, sample->connect_us, sample->tls_us, sample->first_byte_us};
    enum phase under_way = last_phase(sample);
    nanoseconds last = 0;
    /* The times noted before that are another download's. */
    int mine = sample->connects > 0 || under_way < PHASE_WAIT ? PHASE_NAME : PHASE_WAIT;
    for (int i = PHASE_NAME; i < mine; i++)
        ends[i] = 0;
    for (int i = mine; i <= PHASE_WAIT; i++) {
        nanoseconds mark = marks[i] * NANOSECONDS_PER_MICROSECOND;
        if (mark > last)
            last = mark < service ? mark : service;
        ends[i] = last;
    }
    for (int i = (int)under_way; i <= PHASE_RECEIVE; i++)
        ends[i] = (i < PHASE_RECEIVE ? ends[i] : last) + service - last;
    ends[PHASE_WORK] = sample->settled - sample->start;
}
