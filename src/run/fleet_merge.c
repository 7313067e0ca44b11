#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/run/interrupt.h"
#include "fleet_part.h"

static void merge_delays(const struct delays *part, struct delays *whole)
{
    nanoseconds longest = atomic_load(&part->longest);
    if (longest > atomic_load(&whole->longest))
        atomic_store(&whole->longest, longest);
    for (int i = 0; i < DELAY_BUCKETS; i++)
        atomic_fetch_add(&whole->counts[i], atomic_load(&part->counts[i]));
}

/* Workers are numbered on, so that no two machines have the same ones. */
static void copy_sample(const struct sample *from, uint32_t first_worker, nanoseconds shift, struct sample *to)
{
    enum sample_state state = atomic_load(&from->state);
    memcpy(to, from, sizeof(*to));
    if (state == SAMPLE_FREE)
        return;
    to->worker += first_worker;
    to->start += shift;
    if (state != SAMPLE_SETTLED)
        return;
    to->end += shift;
    to->settled += shift;
}

void fleet_merge_samples(const struct share *share, uint32_t rank, uint32_t workers, nanoseconds shift,
                         const struct sample_table *part, struct sample_table *whole, struct trial_machine *machine)
{
    struct sample_account account = sample_table_account(part);
    machine->settled = account.settled;
    machine->failed = account.settled - account.outcomes[OUTCOME_OK];
    for (uint32_t own = 0; own < part->unit_count; own++)
        copy_sample(&part->samples[own], rank * workers, shift, &whole->samples[share_unit(share, rank, own)]);
    atomic_fetch_add(&whole->settled_twice, atomic_load(&part->settled_twice));
    atomic_fetch_add(&whole->settled_count_hint, atomic_load(&part->settled_count_hint));
    atomic_fetch_add(&whole->warm_connects, atomic_load(&part->warm_connects));
    if (atomic_load(&part->most_streams) > atomic_load(&whole->most_streams))
        atomic_store(&whole->most_streams, atomic_load(&part->most_streams));
    merge_delays(&part->lag, &whole->lag);
    merge_delays(&part->late, &whole->late);
}

static void raise_to(nanoseconds *most, nanoseconds value)
{
    *most = value > *most ? value : *most;
}

/* Costs are those of all machines together; but for the largest single process, which is one of them. */
static void add_resources(const struct trial_resources *part, struct trial_resources *whole)
{
    whole->cpu_user += part->cpu_user;
    whole->cpu_system += part->cpu_system;
    whole->voluntary_switches += part->voluntary_switches;
    whole->involuntary_switches += part->involuntary_switches;
    raise_to(&whole->max_rss_bytes, part->max_rss_bytes);
    whole->peak_memory_bytes += part->peak_memory_bytes;
    whole->processes += part->processes;
    whole->threads += part->threads;
    whole->descriptors += part->descriptors;
    whole->on_cpu += part->on_cpu;
    whole->run_queue_wait += part->run_queue_wait;
}

/* Adds what other processes did on a machine. Of stolen time, that of the machine with the most counts: an average
 * would hide it. The processor time of other processes is set against the cores of all machines. */
static void add_host(const struct trial_host *part, struct trial_host *whole)
{
    whole->steal_share = fmax(whole->steal_share, part->steal_share);
    whole->foreign_cores += part->foreign_cores;
    whole->throttled += part->throttled;
    raise_to(&whole->watched, part->watched);
}

/* A trial that did not complete on one machine did not complete. The first such machine tells why; but one that broke
 * off for a signal at the leader, whose own part may have been done, was interrupted. */
static void judge_parts(const struct trial *parts, uint32_t count, struct trial *whole)
{
    if (whole->status == TRIAL_INTERRUPTED)
        return;
    for (uint32_t rank = 0; rank < count; rank++) {
        const struct trial *part = &parts[rank];
        if (part->status == TRIAL_COMPLETE)
            continue;
        bool is_alone = part->status == TRIAL_INTERRUPTED && interrupt_signal() == 0;
        whole->status = is_alone ? TRIAL_CRASHED : part->status;
        snprintf(whole->reason, sizeof(whole->reason), "on %s: %.*s", fleet_name(rank), (int)sizeof(part->reason) / 2,
                 part->reason);
        return;
    }
}

static void take_times(const struct trial *parts, uint32_t count, struct trial *whole)
{
    const struct sample_table *table = whole->table;
    struct sample_account account = sample_table_account(table);
    whole->run = account.last_settled > whole->gate ? account.last_settled - whole->gate : 0;
    for (uint32_t rank = 1; rank < count; rank++) {
        raise_to(&whole->startup, parts[rank].startup);
        raise_to(&whole->warm, parts[rank].warm);
        raise_to(&whole->teardown, parts[rank].teardown);
    }
    whole->lag.p99 = delays_percentile(&table->lag, 99);
    whole->lag.longest = delays_percentile(&table->lag, 100);
    whole->late.p50 = delays_percentile(&table->late, 50);
    whole->late.p99 = delays_percentile(&table->late, 99);
    whole->late.longest = delays_percentile(&table->late, 100);
    whole->http2.warm_connects = atomic_load(&table->warm_connects);
    whole->http2.most_streams = atomic_load(&table->most_streams);
}

void fleet_merge_trials(const struct trial *parts, uint32_t count, struct trial *whole)
{
    for (uint32_t rank = 0; rank < count; rank++) {
        const struct trial *part = &parts[rank];
        struct trial_machine *machine = &whole->machines[rank];
        machine->startup = part->startup;
        machine->run = part->run;
        machine->cpu = part->resources.cpu_user + part->resources.cpu_system;
        machine->foreign_cores = part->host.foreign_cores;
        if (rank == 0)
            continue;
        add_resources(&part->resources, &whole->resources);
        add_host(&part->host, &whole->host);
        whole->warm_requests += part->warm_requests;
    }
    take_times(parts, count, whole);
    judge_parts(parts, count, whole);
}
