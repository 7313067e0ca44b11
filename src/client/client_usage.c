#include "client_usage.h"

#include <unistd.h>

#include "conc_bench/platform/process.h"

/* The least time between two looks, also as a multiple of the time that a look took. */
#define LEAST_PAUSE (10 * NANOSECONDS_PER_MILLISECOND)
enum { PAUSES_PER_LOOK = 50 };

static void add_process(pid_t pid, struct trial_resources *sums)
{
    struct process_status status;
    struct process_memory memory;
    if (!process_read_status("", pid, &status) || !process_read_memory("", pid, &memory))
        return; /* it has gone, or is a zombie, which holds nothing */
    int64_t descriptors = process_count_descriptors("", pid);
    int64_t more_at_peak = status.peak_bytes > memory.resident ? status.peak_bytes - memory.resident : 0;
    sums->peak_memory_bytes += memory.proportional + more_at_peak;
    sums->processes++;
    sums->threads += status.threads;
    sums->descriptors += descriptors > 0 ? (uint32_t)descriptors : 0;
}

static uint32_t larger(uint32_t one, uint32_t other)
{
    return one > other ? one : other;
}

void client_usage_look(struct client_usage *usage, struct trial_resources *peaks)
{
    nanoseconds began = clock_now();
    if (began < usage->next)
        return;
    struct process_tree tree = {0};
    struct trial_resources sums = {0};
    process_find_tree("", getpid(), &tree);
    for (size_t i = 1; i < tree.count; i++)
        add_process(tree.pids[i], &sums);
    process_tree_release(&tree);
    if (sums.peak_memory_bytes > peaks->peak_memory_bytes)
        peaks->peak_memory_bytes = sums.peak_memory_bytes;
    peaks->processes = larger(peaks->processes, sums.processes);
    peaks->threads = larger(peaks->threads, sums.threads);
    peaks->descriptors = larger(peaks->descriptors, sums.descriptors);
    nanoseconds now = clock_now();
    nanoseconds pause = PAUSES_PER_LOOK * (now - began);
    usage->next = now + (pause > LEAST_PAUSE ? pause : LEAST_PAUSE);
}
