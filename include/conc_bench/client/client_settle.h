#ifndef CONC_BENCH_CLIENT_CLIENT_SETTLE_H
#define CONC_BENCH_CLIENT_CLIENT_SETTLE_H

#include <stdbool.h>
#include <stdint.h>

#include "conc_bench/base/clock.h"
#include "conc_bench/base/error.h"
#include "conc_bench/client/client.h"
#include "conc_bench/origin/journal.h"
#include "conc_bench/run/run.h"

/*
 * Settles a client's downloads once it has ended: from what the origin saw of them, what the client reported, or
 * both, to the samples that a mode would have written.
 */

/* The facts about a client that has ended. */
struct client_settle_input {
    const struct client_trial *did;
    const struct journal_unit *seen; /* by unit; NULL: there was no origin */
    uint64_t strays;                 /* requests that the origin saw for what is in no list */
    uint64_t handshakes;             /* with TLS, that it saw */
    const char *report;              /* the path of the client's own report */
    const char *const *urls;         /* distinct ones */
    const uint32_t *unit_urls;       /* of each unit: index into `urls` */
};

/* Settles the samples of trial->table, and fills in trial->client but for `is_present` and `left_behind`. A client that
 * ended well and did not do each unit once, as far as it is known, or whose report is wrong, leaves trial->status as
 * TRIAL_UNEQUAL, with the reason. Without origin and report nothing is settled: the work is unproven. -1: no memory. */
int client_settle(const struct client_settle_input *input, struct trial *trial, struct error *error);

#endif
