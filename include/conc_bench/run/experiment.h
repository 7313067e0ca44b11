#ifndef CONC_BENCH_RUN_EXPERIMENT_H
#define CONC_BENCH_RUN_EXPERIMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "conc_bench/base/clock.h"
#include "conc_bench/base/error.h"
#include "conc_bench/modes/mode.h"
#include "conc_bench/run/run.h"
#include "conc_bench/run/runner.h"
#include "conc_bench/workload/plan.h"

/*
 * Chooses the trials of cells that answer the question, and decides when there are enough: rounds of the plan's cells,
 * or where numbers of workers are swept or searched, single trials to find them and then rounds with what was chosen,
 * since a figure picked as the best of many flatters itself.
 *
 * A time budget is for all of it: warm-up, choice and rounds. Nothing begins that is not expected to fit, so that at
 * most the trial under way runs over. One round is run in any case, since without it there is no answer; that it does
 * not fit is told as soon as it shows.
 */

/* Callbacks of the experiment; each may be NULL. */
struct experiment_hooks {
    void *context;
    int (*before_trial)(void *context, const struct plan_cell *cell, struct error *error);
    /* Called once a client has ended, as settle of struct runner_hooks. */
    int (*settle)(void *context, const struct client_trial *did, struct trial *trial, struct error *error);
    /* May take over the samples: what is left in trial->table is kept with the trial; NULL, and they are gone. */
    int (*after_trial)(void *context, struct trial *trial, struct error *error);
    void (*progress)(void *context, const struct runner_position *position);
    /* Whether a cell is to run in every round, though the first have settled that it is slow. */
    bool (*is_needed)(void *context, const struct run_cell *cell);
    /* A sentence, without a full stop, that somebody should know while the run goes on. */
    void (*note)(void *context, const char *sentence);
};

struct experiment {
    const struct plan *plan; /* its cells are run, or swept; its rounds are those of the last stage */
    const struct mode_job *job;
    const struct experiment_hooks *hooks;
    struct run *run;
    bool is_auto;          /* rounds may end earlier, and be fewer while sweeping */
    bool is_budget_given;  /* by the user, who is taken at their word; else a ranking of the plan's cells may take
                            * longer: see experiment_time_most() */
    bool is_sweep;         /* the plan's cells are looked at first, and one of each mode is chosen */
    bool is_search;        /* --workers auto: the plan's cells only say which modes */
    bool allows_failures;  /* servers of which nothing comes are measured, too */
    uint32_t most_workers; /* that a search may try */
};

/* Rounds that --runs auto plans. */
enum { AUTO_ROUNDS = 10 };

/* The same where cells differ by their rates, which are not ranked by rounds. */
enum { RATE_ROUNDS = 3 };

/* The most trials that a search of rates takes for each mode and number of workers; it takes about a dozen. */
enum { EXPERIMENT_RATE_TRIALS = 64 };

/* The most trials of one mode before its number of workers is chosen: the steps of a search, and rounds of the numbers
 * that come into question. */
enum { SEARCH_TRIALS_MAX = 64 };

/* The time that a trial at a rate takes besides that over which its downloads fall due: forking, connecting, the last
 * of them, and reading the samples. */
#define TRIAL_BESIDES (100 * NANOSECONDS_PER_MILLISECOND)

/* The most trials that it runs. */
uint64_t experiment_trials(const struct experiment *experiment);

/* The longest time that it may take where a ranking lacks rounds: as long as its budget, if that is to be kept to, or
 * half as long again; at one rate, where it is known how long a trial takes, as long as the rounds of a ranking take,
 * but at most four times its budget. 0: it has none. */
nanoseconds experiment_time_most(const struct experiment *experiment);

/* Runs everything into the result. -1: the environment failed, or with ERROR_SERVERS no server answers; what was
 * measured until then is there. */
int experiment_run(const struct experiment *experiment, struct error *error);

#endif
