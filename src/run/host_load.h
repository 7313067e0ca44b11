#ifndef CONC_BENCH_RUN_HOST_LOAD_H
#define CONC_BENCH_RUN_HOST_LOAD_H

#include "conc_bench/base/clock.h"
#include "conc_bench/run/run.h"

/*
 * What the whole machine did, so that what others did during a trial can be told from what the trial did.
 */

/* Counters of the cores this process may run on, at one moment. Negative: the system does not tell. */
struct host_reading {
    nanoseconds at;
    double busy;      /* seconds of all those cores, steal excluded (proc(5), /proc/stat) */
    double steal;     /* the same */
    double throttled; /* see cgroup_throttled() */
};

/* `root` is "", see cgroup.h. */
void host_load_read(const char *root, struct host_reading *reading);

/* What went on between two readings besides processes that took `own_cpu`. The kernel counts in ticks, so that what is
 * found in a trial of less than a second is coarse. */
void host_load_between(const struct host_reading *before, const struct host_reading *after, nanoseconds own_cpu,
                       struct trial_host *host);

#endif
