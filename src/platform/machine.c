#include "conc_bench/platform/machine.h"

#include <math.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proc_file.h"

enum { PATH_BYTES = 320 };

/* False: more than 1024 processors do not fit. */
static bool read_affinity(cpu_set_t *set)
{
    return sched_getaffinity(0, sizeof(*set), set) == 0;
}

uint32_t machine_cores(void)
{
    cpu_set_t set;
    return read_affinity(&set) ? (uint32_t)CPU_COUNT(&set) : machine_cores_online();
}

uint32_t machine_cores_online(void)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (uint32_t)online : 1;
}

void machine_cpu_name(char *buffer, size_t size)
{
    buffer[0] = '\0';
    FILE *file = fopen("/proc/cpuinfo", "re");
    if (file == NULL)
        return;
    char line[256];
    while (buffer[0] == '\0' && fgets(line, sizeof(line), file) != NULL) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", strlen("model name")) == 0 && colon != NULL) {
            const char *name = colon + 1 + strspn(colon + 1, " \t");
            snprintf(buffer, size, "%.*s", (int)strcspn(name, "\n"), name);
        }
    }
    fclose(file);
}

uint64_t machine_available_memory(const char *root)
{
    char path[PATH_BYTES];
    struct proc_field available = {.name = "MemAvailable"};
    snprintf(path, sizeof(path), "%s/proc/meminfo", root);
    proc_file_read(path, &available, 1);
    return available.value >= 0 ? (uint64_t)available.value * 1024 : UINT64_MAX;
}

/* `columns` is what follows "cpu" or "cpu0" in /proc/stat, in ticks. */
static bool read_ticks(const char *columns, struct machine_cpu_time *ticks)
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

/* Sums up the cores that this process may use: work on others does not disturb it. */
static bool read_cores(FILE *file, struct machine_cpu_time *sum)
{
    char line[512];
    struct machine_cpu_time all;
    cpu_set_t set;
    bool is_bound = read_affinity(&set);
    int missing = is_bound ? CPU_COUNT(&set) : 0;
    if (fgets(line, sizeof(line), file) == NULL || strncmp(line, "cpu ", 4) != 0 || !read_ticks(line + 4, &all))
        return false;
    *sum = (struct machine_cpu_time){0};
    while (missing > 0 && fgets(line, sizeof(line), file) != NULL && strncmp(line, "cpu", 3) == 0) {
        char *columns;
        struct machine_cpu_time core;
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

struct machine_cpu_time machine_read_cpu_time(const char *root)
{
    char path[PATH_BYTES];
    struct machine_cpu_time time = {NAN, NAN};
    struct machine_cpu_time ticks;
    double a_second = (double)sysconf(_SC_CLK_TCK);
    snprintf(path, sizeof(path), "%s/proc/stat", root);
    FILE *file = fopen(path, "re");
    if (file != NULL && a_second > 0 && read_cores(file, &ticks))
        time = (struct machine_cpu_time){ticks.busy / a_second, ticks.steal / a_second};
    if (file != NULL)
        fclose(file);
    return time;
}
