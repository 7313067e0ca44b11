#ifndef CONC_BENCH_RUN_HOST_LOAD_H
#define CONC_BENCH_RUN_HOST_LOAD_H

#include "conc_bench/base/clock.h"
#include "conc_bench/platform/machine.h"
#include "conc_bench/run/run.h"

/*
 * The load of the whole machine, so that the work of others during a trial can be told from the trial's own.
 */

/* Counters of the cores this process may run on, at one moment. NAN: the system does not tell. */
struct host_reading {
    nanoseconds at;
    struct machine_cpu_time cpu;
    double throttled; /* see cgroup_throttled() */
};

/* `root` is "", see machine.h. */
void host_load_read(const char *root, struct host_reading *reading);

/* Fills in the load of the machine between two readings, besides the processes that took `own_cpu`. The kernel counts
 * in ticks, so that the load found in a trial of less than a second is coarse. */
void host_load_between(const struct host_reading *before, const struct host_reading *after, nanoseconds own_cpu,
                       struct trial_host *host);

#endif
