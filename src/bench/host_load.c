#include "conc_bench/host_load.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conc_bench/resources.h"

static void read_cpu(struct host_reading *reading)
{
    double user, nice, system, idle, wait, irq, soft, steal;
    FILE *file = fopen("/proc/stat", "re");
    reading->busy = reading->steal = -1;
    if (file == NULL)
        return;
    double ticks = (double)sysconf(_SC_CLK_TCK);
    if (fscanf(file, "cpu %lf %lf %lf %lf %lf %lf %lf %lf", &user, &nice, &system, &idle, &wait, &irq, &soft, &steal) ==
            8 &&
        ticks > 0) {
        reading->busy = (user + nice + system + irq + soft) / ticks;
        reading->steal = steal / ticks;
    }
    fclose(file);
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
    char name[64];
    double value;
    double seconds = -1;
    while (file != NULL && fscanf(file, "%63s %lf", name, &value) == 2) {
        if (strcmp(name, "throttled_usec") == 0)
            seconds = value / 1e6;
        else if (strcmp(name, "throttled_time") == 0)
            seconds = value / 1e9;
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

void host_load_between(const struct host_reading *before, const struct host_reading *after, nanoseconds own_cpu,
                       struct trial_host *host)
{
    double elapsed = clock_seconds(after->at - before->at);
    double foreign = grown(before->busy, after->busy) - clock_seconds(own_cpu);
    host->steal_share = grown(before->steal, after->steal) / (elapsed * resources_cores());
    host->foreign_cores = foreign > 0 ? foreign / elapsed : isnan(foreign) ? NAN : 0;
    host->throttled = grown(before->throttled, after->throttled);
}
