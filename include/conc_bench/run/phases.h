#ifndef CONC_BENCH_RUN_PHASES_H
#define CONC_BENCH_RUN_PHASES_H

#include "conc_bench/run/sample.h"

/*
 * The phases of a download's time, one after the other; a phase that did not happen takes no time.
 */
enum phase {
    PHASE_NAME,    /* looking the name up */
    PHASE_CONNECT, /* TCP */
    PHASE_TLS,
    PHASE_WAIT,    /* sending the request, and until the first byte of the answer */
    PHASE_RECEIVE, /* the rest of the answer; with it ends the service time */
    PHASE_WORK,    /* --cpu-work */
    PHASE_COUNT,
};

/* "TLS handshake", for people. */
const char *phase_name(enum phase phase);

/* "tls", for documents. */
const char *phase_key(enum phase phase);

/* Fills in when each phase ends, after the start of the sample, never descending; the last is when it is settled. On a
 * connection that was reused, what libcurl took for the first three counts as waiting. A download that failed spent the
 * rest of its time in the phase that was under way; where the handshake failed, libcurl does not tell when TCP had
 * connected, and all since then is the handshake's. */
void phases_of(const struct sample *sample, nanoseconds ends[PHASE_COUNT]);

/* Returns whether some of its time went into a TLS handshake of its own, which may have failed. */
bool phases_have_handshake(const struct sample *sample);

#endif
