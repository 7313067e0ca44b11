#ifndef CONC_BENCH_RUN_TRIAL_H
#define CONC_BENCH_RUN_TRIAL_H

#include <stdbool.h>

#include "conc_bench/base/clock.h"
#include "conc_bench/base/error.h"
#include "conc_bench/modes/mode.h"
#include "conc_bench/run/run.h"

/*
 * One trial in its own forked process, so that each starts cold, a crash or a hang is an outcome, and wait4(2) tells
 * what it cost. Call while the process has one thread and holds no libcurl state.
 */

struct trial_options {
    nanoseconds deadline; /* how long the trial may take */
    bool isolate; /* false: run in place, for debuggers; then no deadline, and costs are those of the whole process */
    /* Called now and then while the trial runs; the table may be looked at, and stopped. NULL is allowed. */
    void (*tick)(void *context, struct sample_table *table);
    /* Lets trials of several machines begin at the same time. Called once for each trial, when everything is prepared,
     * which took `startup`, or when it turns out that it cannot be. Writes the instant at which the gate is to open.
     * -1: it is to stay shut, and the trial is over. NULL: the gate opens when everything is prepared. */
    int (*meet)(void *context, bool is_ready, nanoseconds startup, nanoseconds *instant);
    /* Called once when a client has ended, however it did, to settle the samples of what it has downloaded, and to fill
     * in all of trial->client but `is_present` and `left_behind`. Where it did other work than it was given,
     * trial->status is TRIAL_UNEQUAL afterwards and trial->reason says why. NULL: nobody knows what clients do. */
    int (*settle)(void *context, const struct client_trial *did, struct trial *trial, struct error *error);
    void *context;
};

/* Runs one trial and fills in everything of `trial` but round, position and origin counts; trial->table is the job's.
 * -1 only if no process could be made at all; whatever happens inside is reported in trial->status. */
int trial_run(const struct mode *mode, const struct mode_job *job, const struct trial_options *options,
              struct trial *trial, struct error *error);

#endif
