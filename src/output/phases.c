#include "phases.h"

const char *phase_name(enum phase phase)
{
    static const char *const names[] = {
        [PHASE_NAME] = "look up name", [PHASE_CONNECT] = "connect", [PHASE_TLS] = "TLS handshake",
        [PHASE_WAIT] = "wait",         [PHASE_RECEIVE] = "receive", [PHASE_WORK] = "work",
    };
    return names[phase];
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
