#ifndef CONC_BENCH_RUN_RUNNER_H
#define CONC_BENCH_RUN_RUNNER_H

#include <stdbool.h>

#include "conc_bench/base/error.h"
#include "conc_bench/modes/mode.h"
#include "conc_bench/run/run.h"
#include "conc_bench/workload/plan.h"

/*
 * Warm-up rounds, then measured rounds; every cell once a round, in an order drawn anew for each.
 */

/* Where a run stands, for whoever shows it. */
struct runner_position {
    const struct plan_cell *cell;
    bool is_warmup;
    uint32_t round;   /* 0-based */
    uint32_t rounds;  /* of this kind */
    uint32_t settled; /* downloads of the running trial */
    double fraction;  /* of the whole run; negative: not known yet */
};

/* What the runner tells others; each may be NULL. */
struct runner_hooks {
    void *context;
    int (*before_trial)(void *context, const struct plan_cell *cell, struct error *error);
    /* May take over the samples: what is left in trial->table is kept with the trial; NULL, and they are gone. */
    int (*after_trial)(void *context, struct trial *trial, struct error *error);
    /* After each measured round: whether that was enough, however many were planned; if so, `why` says it. `done`
     * rounds are in result->cells from `first_cell` on. */
    bool (*is_enough)(void *context, size_t first_cell, uint32_t done, char *why, size_t size);
    void (*progress)(void *context, const struct runner_position *position);
};

/* All samples, or what remains of them, are kept until the end: better to know beforehand that they do not fit. -1:
 * they would take more than half of the memory that is free. `samples_kept` as in struct plan_request. */
int runner_check_memory(uint64_t units, uint64_t trials, uint64_t samples_kept, struct error *error);

/* Runs the plan and appends to `result` one run_cell for each cell, with the trials of all rounds; a cell whose
 * trial does not complete is not tried again, and that trial stands among the measured ones whatever its round. Sets
 * the rounds done and the reason to stop. `job` holds what is the same for all trials; workers, table and
 * connections are the runner's, which opens those of warm_urls only for cells that want them warm. May be called again
 * with the next stage of a plan. -1: the environment failed; what was measured until then is in `result` all the same.
 */
int runner_run(const struct plan *plan, enum stage stage, const struct mode_job *job, const struct runner_hooks *hooks,
               struct run *run, struct error *error);

#endif
