#include "conc_bench/run/resources.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "conc_bench/base/text.h"
#include "conc_bench/platform/cgroup.h"
#include "conc_bench/platform/machine.h"
#include "conc_bench/platform/process.h"

static nanoseconds of_timeval(struct timeval time)
{
    return (nanoseconds)time.tv_sec * NANOSECONDS_PER_SECOND + time.tv_usec * NANOSECONDS_PER_MICROSECOND;
}

void resources_from_usage(const struct rusage *usage, struct trial_resources *resources)
{
    resources->cpu_user = of_timeval(usage->ru_utime);
    resources->cpu_system = of_timeval(usage->ru_stime);
    resources->voluntary_switches = usage->ru_nvcsw;
    resources->involuntary_switches = usage->ru_nivcsw;
    resources->max_rss_bytes = process_peak_bytes(usage);
}

/* The sums over a tree of processes. A sum that one process does not contribute to is not known: it would be too low.
 */
struct sums {
    struct trial_resources of;
    bool has_processes;
    bool has_threads;
    bool has_descriptors;
    bool has_schedule;
    bool has_memory;
};

/* Pages of files count in proportion; what it held more at its peak than now counts as its own. */
static void add_memory(struct sums *sums, const char *root, pid_t pid, int64_t peak)
{
    struct process_memory memory;
    sums->has_memory &= process_read_memory(root, pid, &memory) && peak >= 0;
    int64_t more_at_peak = peak > memory.resident ? peak - memory.resident : 0;
    sums->of.peak_memory_bytes += more_at_peak + memory.proportional - memory.shared;
}

static void add_process(struct sums *sums, const char *root, pid_t pid)
{
    struct process_status status;
    struct process_schedule schedule;
    sums->has_processes &= process_read_status(root, pid, &status);
    sums->of.processes++;
    sums->has_threads &= status.threads > 0;
    sums->of.threads += status.threads;
    int64_t descriptors = process_count_descriptors(root, pid);
    sums->has_descriptors &= descriptors >= 0;
    sums->of.descriptors += descriptors > 0 ? (uint32_t)descriptors : 0;
    sums->has_schedule &= process_read_schedule(root, pid, &schedule);
    sums->of.on_cpu += schedule.on_cpu;
    sums->of.run_queue_wait += schedule.run_queue_wait;
    add_memory(sums, root, pid, status.peak_bytes);
}

void resources_of_tree(const char *root, pid_t pid, struct trial_resources *resources)
{
    struct process_tree tree = {0};
    struct sums sums = {
        .has_processes = process_find_tree(root, pid, &tree),
        .has_threads = true,
        .has_descriptors = true,
        .has_schedule = true,
        .has_memory = true,
    };
    for (size_t i = 0; sums.has_processes && i < tree.count; i++)
        add_process(&sums, root, tree.pids[i]);
    process_tree_release(&tree);
    bool is_whole = sums.has_processes;
    resources->processes = is_whole ? sums.of.processes : 0;
    resources->threads = is_whole && sums.has_threads ? sums.of.threads : 0;
    resources->descriptors = is_whole && sums.has_descriptors ? sums.of.descriptors : 0;
    resources->on_cpu = is_whole && sums.has_schedule ? sums.of.on_cpu : 0;
    resources->run_queue_wait = is_whole && sums.has_schedule ? sums.of.run_queue_wait : 0;
    resources->peak_memory_bytes = is_whole && sums.has_memory ? sums.of.peak_memory_bytes : 0;
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
    uint64_t on_machine = machine_available_memory(root);
    if (on_machine != UINT64_MAX && on_machine > SIZE_MAX)
        on_machine = SIZE_MAX; /* no more has an address */
    uint64_t in_group = cgroup_memory_left(root);
    *is_limited = in_group < on_machine;
    return *is_limited ? in_group : on_machine;
}

void resources_cpu_name(char *buffer, size_t size)
{
    char name[256];
    machine_cpu_name(name, sizeof(name));
    text_escape(buffer, size, name, strlen(name));
}

void resources_system_name(char *buffer, size_t size)
{
    struct utsname system;
    buffer[0] = '\0';
    if (uname(&system) == 0)
        snprintf(buffer, size, "%s %s %s", system.sysname, system.release, system.machine);
}
