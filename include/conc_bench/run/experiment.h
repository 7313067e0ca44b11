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
 * Which runs of which cells answer the question: one, or where numbers of workers are swept or searched, several to
 * find them and one more with what was chosen, since a figure picked as the best of many flatters itself.
 */
struct experiment {
    const struct plan *plan; /* its cells are run, or swept; its rounds are those of the last stage */
    const struct mode_job *job;
    const struct runner_hooks *hooks; /* is_enough is the experiment's own */
    struct run *run;
    bool is_auto;          /* rounds may end earlier, and be fewer while sweeping */
    bool is_sweep;         /* the plan's cells are looked at first, and one of each mode is chosen */
    bool is_search;        /* --workers auto: the plan's cells only say which modes */
    uint32_t most_workers; /* that a search may try */
};

/* Rounds that --runs auto plans. */
enum { AUTO_ROUNDS = 10 };

/* Runs everything into the result. -1: the environment failed; what was measured until then is there. */
int experiment_run(const struct experiment *experiment, struct error *error);

#endif
