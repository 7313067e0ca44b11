#include "conc_bench/run/resources.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "conc_bench/base/text.h"
#include "conc_bench/run/cgroup.h"

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

/* Reads them all at once, since smaps_rollup looks at every page anew each time it is opened. -1: there is no such
 * file; errno says why. */
static int read_fields(const char *path, struct field *fields, size_t count)
{
    char line[256];
    for (size_t i = 0; i < count; i++)
        fields[i].value = -1;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return -1;
    while (fgets(line, sizeof(line), file) != NULL) {
        for (size_t i = 0; i < count; i++) {
            size_t length = strlen(fields[i].name);
            if (strncmp(line, fields[i].name, length) == 0 && line[length] == ':')
                fields[i].value = strtoll(line + length + 1, NULL, 10);
        }
    }
    fclose(file);
    return 0;
}

/* A process and its parent. */
struct kinship {
    pid_t pid;
    pid_t parent;
};

/* The sums over a tree of processes. A sum that one process does not contribute to is not known: it would be too low.
 */
struct tree {
    const char *proc;
    struct trial_resources sums;
    bool has_processes; /* also, whether the tree was found whole */
    bool has_threads;
    bool has_descriptors;
    bool has_schedule;
    bool has_memory;
    bool was_searched;        /* all processes were looked through for their parents */
    struct kinship *kinships; /* what was found then */
    size_t kinship_count;
};

/* Without "." and "..". */
static void add_descriptors(struct tree *tree, pid_t pid)
{
    char path[320];
    snprintf(path, sizeof(path), "%s/%ld/fd", tree->proc, (long)pid);
    DIR *folder = opendir(path);
    tree->has_descriptors &= folder != NULL;
    const struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL)
        tree->sums.descriptors += entry->d_name[0] != '.';
    if (folder != NULL)
        closedir(folder);
}

/* Adds the first two figures of a schedstat, nanoseconds. */
static bool add_thread(const char *path, nanoseconds *on_cpu, nanoseconds *run_queue_wait)
{
    char line[96];
    char *first, *second;
    FILE *file = fopen(path, "re");
    bool is_read = file != NULL && fgets(line, sizeof(line), file) != NULL;
    if (file != NULL)
        fclose(file);
    if (!is_read)
        return false;
    *on_cpu += strtoll(line, &first, 10);
    *run_queue_wait += strtoll(first, &second, 10);
    return first != line && second != first;
}

/* Of each thread: the figures of the process would be its main thread's alone. A kernel that does not count says "0 0
 * 0" (delayacct off), which cannot be, since whoever sits at the gate has run. */
static void add_schedule(struct tree *tree, pid_t pid)
{
    char path[640];
    snprintf(path, sizeof(path), "%s/%ld/task", tree->proc, (long)pid);
    DIR *folder = opendir(path);
    const struct dirent *entry;
    nanoseconds on_cpu = 0;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%ld/task/%s/schedstat", tree->proc, (long)pid, entry->d_name);
        tree->has_schedule &= add_thread(path, &on_cpu, &tree->sums.run_queue_wait);
    }
    if (folder != NULL)
        closedir(folder);
    tree->has_schedule &= on_cpu > 0;
    tree->sums.on_cpu += on_cpu;
}

/* `peak` is VmHWM, in kB. */
static void add_memory(struct tree *tree, pid_t pid, int64_t peak)
{
    char path[320];
    struct field pages[] = {{.name = "Rss"}, {.name = "Pss"}, {.name = "Pss_Shmem"}};
    snprintf(path, sizeof(path), "%s/%ld/smaps_rollup", tree->proc, (long)pid);
    read_fields(path, pages, sizeof(pages) / sizeof(pages[0]));
    int64_t resident = pages[0].value;
    int64_t proportional = pages[1].value;
    int64_t in_shared_memory = pages[2].value > 0 ? pages[2].value : 0; /* before Linux 5.3 not told apart */
    tree->has_memory &= peak >= 0 && resident >= 0 && proportional >= 0;
    int64_t more_at_peak = peak > resident ? peak - resident : 0;
    tree->sums.peak_memory_bytes += (more_at_peak + proportional - in_shared_memory) * 1024;
}

static void add_process(struct tree *tree, pid_t pid)
{
    char path[320];
    struct field now[] = {{.name = "Threads"}, {.name = "VmHWM"}};
    snprintf(path, sizeof(path), "%s/%ld/status", tree->proc, (long)pid);
    tree->has_processes &= read_fields(path, now, sizeof(now) / sizeof(now[0])) == 0;
    tree->has_threads &= now[0].value > 0;
    tree->sums.processes++;
    tree->sums.threads += now[0].value > 0 ? (uint32_t)now[0].value : 0;
    add_descriptors(tree, pid);
    add_schedule(tree, pid);
    add_memory(tree, pid, now[1].value);
}

static int add_kinship(struct tree *tree, pid_t pid)
{
    char path[320];
    struct field parent = {.name = "PPid"};
    snprintf(path, sizeof(path), "%s/%ld/status", tree->proc, (long)pid);
    if (read_fields(path, &parent, 1) != 0)
        return errno == ENOENT || errno == ESRCH ? 0 : -1; /* a process that has gone meanwhile */
    if (parent.value < 0)
        return 0;
    struct kinship *longer = realloc(tree->kinships, (tree->kinship_count + 1) * sizeof(*longer));
    if (longer == NULL)
        return -1;
    tree->kinships = longer;
    longer[tree->kinship_count++] = (struct kinship){.pid = pid, .parent = (pid_t)parent.value};
    return 0;
}

/* Looks through all processes once, for the whole tree. Where others' processes are hidden (hidepid), those of the tree
 * are still seen if its first is, because they are the same user's. */
static void search_kinships(struct tree *tree)
{
    if (tree->was_searched)
        return;
    tree->was_searched = true;
    DIR *folder = opendir(tree->proc);
    tree->has_processes &= folder != NULL;
    const struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid > 0)
            tree->has_processes &= add_kinship(tree, pid) == 0;
    }
    if (folder != NULL)
        closedir(folder);
}

static void add_tree(struct tree *tree, pid_t pid, unsigned depth);

static void add_children(struct tree *tree, pid_t pid, unsigned depth)
{
    /* Only the main thread of a cell or worker forks. */
    char path[320];
    snprintf(path, sizeof(path), "%s/%ld/task/%ld/children", tree->proc, (long)pid, (long)pid);
    FILE *file = fopen(path, "re");
    char *number = NULL;
    size_t capacity = 0;
    while (file != NULL && getdelim(&number, &capacity, ' ', file) > 0) {
        pid_t child = (pid_t)strtol(number, NULL, 10);
        if (child > 0)
            add_tree(tree, child, depth);
    }
    free(number);
    if (file != NULL) {
        tree->has_processes &= !ferror(file) && feof(file);
        fclose(file);
        return;
    }
    /* The kernel may be without CONFIG_PROC_CHILDREN. */
    search_kinships(tree);
    for (size_t i = 0; i < tree->kinship_count; i++) {
        if (tree->kinships[i].parent == pid)
            add_tree(tree, tree->kinships[i].pid, depth);
    }
}

static void add_tree(struct tree *tree, pid_t pid, unsigned depth)
{
    enum { DEEPEST = 8 }; /* a cell has workers, and workers have nobody */
    if (depth > DEEPEST) {
        tree->has_processes = false;
        return;
    }
    add_process(tree, pid);
    add_children(tree, pid, depth + 1);
}

void resources_of_tree(const char *proc, pid_t pid, struct trial_resources *resources)
{
    struct tree tree = {
        .proc = proc,
        .has_processes = true,
        .has_threads = true,
        .has_descriptors = true,
        .has_schedule = true,
        .has_memory = true,
    };
    add_tree(&tree, pid, 0);
    free(tree.kinships);
    bool is_whole = tree.has_processes;
    resources->processes = is_whole ? tree.sums.processes : 0;
    resources->threads = is_whole && tree.has_threads ? tree.sums.threads : 0;
    resources->descriptors = is_whole && tree.has_descriptors ? tree.sums.descriptors : 0;
    resources->on_cpu = is_whole && tree.has_schedule ? tree.sums.on_cpu : 0;
    resources->run_queue_wait = is_whole && tree.has_schedule ? tree.sums.run_queue_wait : 0;
    resources->peak_memory_bytes = is_whole && tree.has_memory ? tree.sums.peak_memory_bytes : 0;
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

uint64_t resources_available_memory(const char *root, bool *is_limited)
{
    char path[320];
    struct field free = {.name = "MemAvailable"};
    snprintf(path, sizeof(path), "%s/proc/meminfo", root);
    read_fields(path, &free, 1);
    uint64_t on_machine = free.value >= 0 ? (uint64_t)free.value * 1024 : UINT64_MAX;
    uint64_t in_group = cgroup_memory_left(root);
    *is_limited = in_group < on_machine;
    return *is_limited ? in_group : on_machine;
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
