#include "conc_bench/host_load.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conc_bench/resources.h"

static void read_cpu(struct host_reading *reading)
{
    enum { USER, NICE, SYSTEM, IDLE, WAIT, IRQ, SOFT, STEAL, COLUMNS };
    double ticks[COLUMNS];
    char line[256];
    FILE *file = fopen("/proc/stat", "re");
    reading->busy = reading->steal = -1;
    if (file == NULL)
        return;
    char *rest = fgets(line, sizeof(line), file) != NULL && strncmp(line, "cpu ", 4) == 0 ? line + 4 : NULL;
    fclose(file);
    for (int i = 0; i < COLUMNS && rest != NULL; i++) {
        char *begin = rest;
        ticks[i] = strtod(begin, &rest);
        if (rest == begin)
            rest = NULL; /* an old kernel has fewer columns */
    }
    double a_second = (double)sysconf(_SC_CLK_TCK);
    if (rest == NULL || !(a_second > 0))
        return;
    reading->busy = (ticks[USER] + ticks[NICE] + ticks[SYSTEM] + ticks[IRQ] + ticks[SOFT]) / a_second;
    reading->steal = ticks[STEAL] / a_second;
}

/* The line of /proc/self/cgroup for the CPU controller: "0::/path" (version 2) or "4:cpu,cpuacct:/path". */
static bool find_group(char *path, size_t size)
{
    char line[512];
    FILE *file = fopen("/proc/self/cgroup", "re");
    bool is_found = false;
    while (file != NULL && !is_found && fgets(line, sizeof(line), file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        char *controllers = strchr(line, ':');
        char *group = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
        if (group == NULL)
            continue;
        *group++ = '\0';
        controllers++;
        if (controllers[0] == '\0')
            is_found = snprintf(path, size, "/sys/fs/cgroup%s/cpu.stat", group) < (int)size;
        else if (strncmp(controllers, "cpu", 3) == 0 && (controllers[3] == '\0' || controllers[3] == ','))
            is_found = snprintf(path, size, "/sys/fs/cgroup/cpu%s/cpu.stat", group) < (int)size;
    }
    if (file != NULL)
        fclose(file);
    return is_found;
}

static double read_throttled(void)
{
    char path[600];
    if (!find_group(path, sizeof(path)))
        return -1;
    FILE *file = fopen(path, "re");
    char line[128];
    double seconds = -1;
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        static const char microseconds[] = "throttled_usec ";
        static const char nanoseconds_name[] = "throttled_time ";
        if (strncmp(line, microseconds, strlen(microseconds)) == 0)
            seconds = strtod(line + strlen(microseconds), NULL) / 1e6;
        else if (strncmp(line, nanoseconds_name, strlen(nanoseconds_name)) == 0)
            seconds = strtod(line + strlen(nanoseconds_name), NULL) / 1e9;
    }
    if (file != NULL)
        fclose(file);
    return seconds;
}

void host_load_read(struct host_reading *reading)
{
    reading->at = clock_now();
    read_cpu(reading);
    reading->throttled = read_throttled();
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
