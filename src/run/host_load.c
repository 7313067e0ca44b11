#include "host_load.h"

#include <math.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conc_bench/run/cgroup.h"
#include "conc_bench/run/resources.h"

/* What a line of /proc/stat counts, in ticks. */
struct ticks {
    double busy;
    double steal;
};

/* `columns` is what follows "cpu" or "cpu0". */
static bool read_ticks(const char *columns, struct ticks *ticks)
{
    enum { USER, NICE, SYSTEM, IDLE, WAIT, IRQ, SOFT, STEAL, COLUMNS };
    double values[COLUMNS];
    for (int i = 0; i < COLUMNS; i++) {
        char *rest;
        values[i] = strtod(columns, &rest);
        if (rest == columns)
            return false; /* an old kernel has fewer columns */
        columns = rest;
    }
    ticks->busy = values[USER] + values[NICE] + values[SYSTEM] + values[IRQ] + values[SOFT];
    ticks->steal = values[STEAL];
    return true;
}

/* What others do on cores that this process may not use disturbs nobody. Where the cores it may use are not all listed,
 * as in a container that shows others, all cores count. */
static bool read_cores(FILE *file, struct ticks *sum)
{
    char line[512];
    struct ticks all;
    cpu_set_t set;
    bool is_bound = sched_getaffinity(0, sizeof(set), &set) == 0; /* more than 1024 processors do not fit */
    int missing = is_bound ? CPU_COUNT(&set) : 0;
    if (fgets(line, sizeof(line), file) == NULL || strncmp(line, "cpu ", 4) != 0 || !read_ticks(line + 4, &all))
        return false;
    *sum = (struct ticks){0};
    while (missing > 0 && fgets(line, sizeof(line), file) != NULL && strncmp(line, "cpu", 3) == 0) {
        char *columns;
        struct ticks core;
        size_t number = strtoul(line + 3, &columns, 10);
        if (number >= CPU_SETSIZE || !CPU_ISSET(number, &set) || !read_ticks(columns, &core))
            continue;
        sum->busy += core.busy;
        sum->steal += core.steal;
        missing--;
    }
    if (!is_bound || missing > 0)
        *sum = all;
    return true;
}

static void read_cpu(const char *root, struct host_reading *reading)
{
    char path[320];
    struct ticks ticks;
    double a_second = (double)sysconf(_SC_CLK_TCK);
    snprintf(path, sizeof(path), "%s/proc/stat", root);
    FILE *file = fopen(path, "re");
    reading->busy = reading->steal = -1;
    if (file != NULL && a_second > 0 && read_cores(file, &ticks)) {
        reading->busy = ticks.busy / a_second;
        reading->steal = ticks.steal / a_second;
    }
    if (file != NULL)
        fclose(file);
}

void host_load_read(const char *root, struct host_reading *reading)
{
    reading->at = clock_now();
    read_cpu(root, reading);
    reading->throttled = cgroup_throttled(root);
}

static double grown(double before, double after)
{
    return before >= 0 && after >= before ? after - before : NAN;
}

/* To nine decimals, which documents hold: what is read back is then the very same number. */
static double rounded(double value)
{
    return round(value * 1e9) / 1e9;
}

void host_load_between(const struct host_reading *before, const struct host_reading *after, nanoseconds own_cpu,
                       struct trial_host *host)
{
    double elapsed = clock_seconds(after->at - before->at);
    double foreign = grown(before->busy, after->busy) - clock_seconds(own_cpu);
    host->steal_share = rounded(grown(before->steal, after->steal) / (elapsed * resources_cores()));
    host->foreign_cores = foreign > 0 ? rounded(foreign / elapsed) : isnan(foreign) ? NAN : 0;
    host->throttled = rounded(grown(before->throttled, after->throttled));
}
