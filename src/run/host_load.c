#include "host_load.h"

#include <math.h>

#include "conc_bench/platform/cgroup.h"

void host_load_read(const char *root, struct host_reading *reading)
{
    reading->at = clock_now();
    reading->cpu = machine_read_cpu_time(root);
    reading->throttled = cgroup_throttled(root);
}

/* A counter that went back was set anew. */
static double grown(double before, double after)
{
    return after >= before ? after - before : NAN;
}

/* Rounds to nine decimals, which documents hold, so that the number that is read back is the very same. */
static double rounded(double value)
{
    return round(value * 1e9) / 1e9;
}

void trial_host_exclude(struct trial_host *host, nanoseconds cpu)
{
    if (isfinite(host->foreign_cores) && host->watched > 0)
        host->foreign_cores = rounded(fmax(0, host->foreign_cores - (double)cpu / (double)host->watched));
}

void host_load_between(const struct host_reading *before, const struct host_reading *after, nanoseconds own_cpu,
                       struct trial_host *host)
{
    host->watched = after->at - before->at;
    double elapsed = clock_seconds(host->watched);
    double foreign = grown(before->cpu.busy, after->cpu.busy) - clock_seconds(own_cpu);
    host->steal_share = rounded(grown(before->cpu.steal, after->cpu.steal) / (elapsed * machine_cores()));
    host->foreign_cores = foreign > 0 ? rounded(foreign / elapsed) : isnan(foreign) ? NAN : 0;
    host->throttled = rounded(grown(before->throttled, after->throttled));
}
