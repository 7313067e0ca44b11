#ifndef CONC_BENCH_RUN_FLEET_FOLLOW_H
#define CONC_BENCH_RUN_FLEET_FOLLOW_H

#include "conc_bench/base/error.h"
#include "conc_bench/fleet/fleet.h"
#include "conc_bench/modes/mode.h"
#include "conc_bench/run/run.h"
#include "conc_bench/workload/plan.h"

/* The work for the leader between trials: `answer` is given the messages that are not about a trial. -1: this machine
 * cannot go on. */
struct fleet_follow_hooks {
    int (*answer)(void *context, const struct fleet_message *message, struct error *error);
    void *context;
};

/* Runs this machine's part of every trial that the leader asks for, until it ends the run: `status` is then what to
 * leave with. `plan`, `job` and what `run` says of seed and arrivals are as the leader has them. -1: nothing more can
 * be heard of the leader, or there is no memory. */
int fleet_follow(const struct plan *plan, const struct mode_job *job, struct run *run,
                 const struct fleet_follow_hooks *hooks, int *status, struct error *error);

#endif
