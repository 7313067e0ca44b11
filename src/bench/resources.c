#include "conc_bench/resources.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "conc_bench/text.h"

static nanoseconds of_timeval(struct timeval time)
{
    return (nanoseconds)time.tv_sec * NANOSECONDS_PER_SECOND + time.tv_usec * NANOSECONDS_PER_MICROSECOND;
}

int resources_reset_peak(void)
{
    int file = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
    if (file < 0)
        return -1;
    ssize_t written = write(file, "5", 1);
    close(file);
    return written == 1 ? 0 : -1;
}

void resources_from_usage(const struct rusage *usage, struct trial_resources *resources)
{
    resources->cpu_user = of_timeval(usage->ru_utime);
    resources->cpu_system = of_timeval(usage->ru_stime);
    resources->voluntary_switches = usage->ru_nvcsw;
    resources->involuntary_switches = usage->ru_nivcsw;
    resources->max_rss_bytes = (int64_t)usage->ru_maxrss * 1024;
}

/* Of a file below /proc, one line of the kind "Name:   123 kB". */
struct field {
    const char *name;
    int64_t value; /* -1: it is not there */
};

/* In one go, since smaps_rollup looks at every page anew each time it is opened. */
static void read_fields(const char *path, struct field *fields, size_t count)
{
    char line[256];
    for (size_t i = 0; i < count; i++)
        fields[i].value = -1;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return;
    while (fgets(line, sizeof(line), file) != NULL) {
        for (size_t i = 0; i < count; i++) {
            size_t length = strlen(fields[i].name);
            if (strncmp(line, fields[i].name, length) == 0 && line[length] == ':')
                fields[i].value = strtoll(line + length + 1, NULL, 10);
        }
    }
    fclose(file);
}

/* Entries of a folder below /proc. */
static uint32_t count_entries(const char *path)
{
    DIR *folder = opendir(path);
    uint32_t count = 0;
    while (folder != NULL && readdir(folder) != NULL)
        count++;
    if (folder != NULL)
        closedir(folder);
    return count > 2 ? count - 2 : 0; /* without "." and ".." */
}

/* The first two figures of schedstat, of each thread: those of the process would be its main thread's alone. */
static void add_schedule(pid_t pid, struct trial_resources *resources)
{
    char path[320];
    snprintf(path, sizeof(path), "/proc/%ld/task", (long)pid);
    DIR *folder = opendir(path);
    const struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "/proc/%ld/task/%s/schedstat", (long)pid, entry->d_name);
        FILE *file = fopen(path, "re");
        char line[96];
        if (file == NULL || fgets(line, sizeof(line), file) == NULL) {
            resources->on_cpu = resources->run_queue_wait = -1;
        } else if (resources->run_queue_wait >= 0) {
            char *rest;
            resources->on_cpu += strtoll(line, &rest, 10);
            resources->run_queue_wait += strtoll(rest, NULL, 10);
        }
        if (file != NULL)
            fclose(file);
    }
    if (folder != NULL)
        closedir(folder);
}

static void add_process(pid_t pid, struct trial_resources *resources)
{
    char status[64];
    char rollup[64];
    snprintf(status, sizeof(status), "/proc/%ld/status", (long)pid);
    snprintf(rollup, sizeof(rollup), "/proc/%ld/smaps_rollup", (long)pid);
    struct field now[] = {{.name = "Threads"}, {.name = "VmHWM"}};
    struct field pages[] = {{.name = "Rss"}, {.name = "Pss"}, {.name = "Pss_Shmem"}};
    read_fields(status, now, sizeof(now) / sizeof(now[0]));
    int64_t threads = now[0].value;
    if (threads < 0)
        return; /* gone meanwhile */
    resources->processes++;
    resources->threads += (uint32_t)threads;
    char descriptors[64];
    snprintf(descriptors, sizeof(descriptors), "/proc/%ld/fd", (long)pid);
    resources->descriptors += count_entries(descriptors);
    add_schedule(pid, resources);
    read_fields(rollup, pages, sizeof(pages) / sizeof(pages[0]));
    int64_t peak = now[1].value;
    int64_t resident = pages[0].value;
    int64_t proportional = pages[1].value;
    int64_t in_shared_memory = pages[2].value > 0 ? pages[2].value : 0; /* before Linux 5.3 not told apart */
    if (peak < 0 || resident < 0 || proportional < 0)
        return;
    int64_t more_at_peak = peak > resident ? peak - resident : 0;
    resources->peak_memory_bytes += (more_at_peak + proportional - in_shared_memory) * 1024;
}

static void add_tree(pid_t pid, unsigned depth, struct trial_resources *resources)
{
    enum { DEEPEST = 8 }; /* a cell has workers, and workers have nobody */
    if (depth > DEEPEST)
        return;
    add_process(pid, resources);
    /* Only the main thread of a cell or worker forks. */
    char path[64];
    snprintf(path, sizeof(path), "/proc/%ld/task/%ld/children", (long)pid, (long)pid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return;
    char *number = NULL;
    size_t capacity = 0;
    while (getdelim(&number, &capacity, ' ', file) > 0) {
        pid_t child = (pid_t)strtol(number, NULL, 10);
        if (child > 0)
            add_tree(child, depth + 1, resources);
    }
    free(number);
    fclose(file);
}

void resources_of_tree(pid_t pid, struct trial_resources *resources)
{
    resources->processes = 0;
    resources->threads = 0;
    resources->descriptors = 0;
    resources->on_cpu = 0;
    resources->run_queue_wait = 0;
    resources->peak_memory_bytes = 0;
    add_tree(pid, 0, resources);
}

uint32_t resources_cores(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) == 0)
        return (uint32_t)CPU_COUNT(&set);
    long online = sysconf(_SC_NPROCESSORS_ONLN); /* more than 1024 processors do not fit a cpu_set_t */
    return online > 0 ? (uint32_t)online : 1;
}

uint64_t resources_descriptors_limit(void)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_max : UINT64_MAX;
}

int resources_need_descriptors(uint64_t needed, const char *purpose, struct error *error)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return error_set_system(error, ERROR_ENVIRONMENT, errno, "cannot read the limit of open descriptors");
    if (limit.rlim_cur >= needed)
        return 0;
    if (limit.rlim_max < needed)
        return error_set(error, ERROR_ENVIRONMENT,
                         "%s needs %" PRIu64 " open descriptors, and the hard limit is %" PRIu64
                         ": ask for fewer workers, or raise it (ulimit -Hn %" PRIu64 ")",
                         purpose, needed, (uint64_t)limit.rlim_max, needed);
    limit.rlim_cur = needed;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        return error_set_system(error, ERROR_ENVIRONMENT, errno,
                                "cannot raise the limit of open descriptors to %" PRIu64, needed);
    return 0;
}

uint64_t resources_available_memory(void)
{
    struct field available = {.name = "MemAvailable"};
    read_fields("/proc/meminfo", &available, 1);
    return available.value > 0 ? (uint64_t)available.value * 1024 : 0;
}

void resources_cpu_name(char *buffer, size_t size)
{
    buffer[0] = '\0';
    FILE *file = fopen("/proc/cpuinfo", "re");
    if (file == NULL)
        return;
    char line[256];
    while (buffer[0] == '\0' && fgets(line, sizeof(line), file) != NULL) {
        char *colon = strchr(line, ':');
        if (strncmp(line, "model name", strlen("model name")) == 0 && colon != NULL) {
            char *name = colon + 1 + strspn(colon + 1, " \t");
            text_escape(buffer, size, name, strcspn(name, "\n"));
        }
    }
    fclose(file);
}

void resources_system_name(char *buffer, size_t size)
{
    struct utsname system;
    buffer[0] = '\0';
    if (uname(&system) == 0)
        snprintf(buffer, size, "%s %s %s", system.sysname, system.release, system.machine);
}
