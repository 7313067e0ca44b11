#ifndef CONC_BENCH_RUN_RUNNER_H
#define CONC_BENCH_RUN_RUNNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conc_bench/base/clock.h"
#include "conc_bench/base/error.h"
#include "conc_bench/modes/mode.h"
#include "conc_bench/run/run.h"
#include "conc_bench/workload/plan.h"

/*
 * Runs one trial after the other and files what it measured in the run. Which cell is next, in which round, and when
 * that is enough, is decided by its caller (experiment.h).
 */

/* The point that a run has reached, for the display of its progress. */
struct runner_position {
    const struct plan_cell *cell;
    bool is_warmup;
    bool is_choosing;   /* the number of workers is still looked for */
    uint32_t round;     /* 0-based */
    uint32_t rounds;    /* of this kind; 0: not known */
    uint32_t downloads; /* of the running trial, */
    uint32_t settled;   /* of which so many are done */
    uint32_t waiting;   /* of those, due and not begun, as no worker is free */
    double fraction;    /* of the whole run, in time; negative: not known yet */
};

/* Callbacks of the runner; each may be NULL. */
struct runner_hooks {
    void *context;
    int (*before_trial)(void *context, const struct plan_cell *cell, struct error *error);
    /* May take over the samples: what is left in trial->table is kept with the trial; NULL, and they are gone. 1: the
     * trial counts for nothing, and is not kept. */
    int (*after_trial)(void *context, struct trial *trial, struct error *error);
    /* Called once a client has ended, as settle of struct trial_options (trial.h). */
    int (*settle)(void *context, const struct client_trial *did, struct trial *trial, struct error *error);
    /* Called now and then while a trial runs (every tenth of a second, in a process of its own), and once before it
     * with a NULL table. The table may be looked at, and stopped: then the trial ends early. */
    void (*tick)(void *context, struct sample_table *table);
};

/* Checks beforehand that all samples, or what remains of them, fit into memory, where they are kept until the end. -1:
 * they would take more than half of the memory that is free. `samples_kept` as in struct plan_request. */
int runner_check_memory(uint64_t units, uint64_t trials, uint64_t samples_kept, struct error *error);

struct runner;

/* `job` holds what is the same for all trials; workers, table and connections are the runner's, which opens those of
 * warm_urls only for cells that want them warm. All arguments must outlive the runner. NULL: no memory. */
struct runner *runner_create(const struct plan *plan, const struct mode_job *job, const struct runner_hooks *hooks,
                             struct run *run, struct error *error);
void runner_release(struct runner *runner); /* NULL is allowed */

/* Warns of servers that answer machines differently. Called after all trials. */
void runner_warn(const struct runner *runner);

/* Appends a cell without trials to the run's. -1: no memory. */
int runner_add_cell(struct runner *runner, const struct plan_cell *cell, enum stage stage, uint32_t group,
                    struct error *error);

/* The trial to run. */
struct runner_trial {
    const struct plan_cell *cell;
    size_t index; /* of the cell in run->cells */
    bool is_warmup;
    uint32_t round;    /* 0-based, of its kind */
    uint32_t position; /* 0-based place within its round */
};

/* Runs it and adds it to its cell: to the warm-ups if it is one and complete, otherwise to the trials, since what did
 * not complete has to be told whichever round it was in. `status` says how it ended. -1: the environment failed, and
 * the trial is not in the run. */
int runner_run(struct runner *runner, const struct runner_trial *request, enum trial_status *status,
               struct error *error);

#endif
