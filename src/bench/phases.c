#include "conc_bench/phases.h"

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

void phases_of(const struct sample *sample, nanoseconds ends[PHASE_COUNT])
{
    nanoseconds service = sample->end - sample->start;
    const uint32_t marks[] = {sample->name_lookup_us, sample->connect_us, sample->tls_us, sample->first_byte_us};
    nanoseconds last = 0;
    for (int i = PHASE_NAME; i <= PHASE_WAIT; i++) {
        nanoseconds mark = marks[i] * NANOSECONDS_PER_MICROSECOND;
        bool is_mine = i == PHASE_WAIT || sample->connects > 0;
        if (is_mine && mark > last)
            last = mark < service ? mark : service;
        ends[i] = last;
    }
    ends[PHASE_RECEIVE] = service;
    ends[PHASE_WORK] = sample->settled - sample->start;
}
