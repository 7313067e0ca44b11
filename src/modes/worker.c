#include "worker.h"

#include "arrival.h"
#include "conc_bench/run/sample.h"
#include "conc_bench/workload/cpu_work.h"

static struct sample *claim(const struct mode_job *job, uint32_t worker, uint32_t *unit)
{
    return arrivals_are_given(job) ? arrival_claim(job, worker, unit) : sample_claim(job->table, worker, unit);
}

void worker_run(const struct mode_job *job, uint32_t worker, struct transfer *transfer)
{
    uint32_t unit;
    struct sample *sample;
    while ((sample = claim(job, worker, &unit)) != NULL) {
        transfer_perform(transfer, job->unit_urls[unit], sample);
        worker_settle(job, sample);
    }
}

void worker_settle(const struct mode_job *job, struct sample *sample)
{
    if (job->cpu_work == 0)
        sample->settled = sample->end;
    else if (!sample_table_is_stopped(job->table)) /* Ctrl-C is to end soon */
        cpu_work_spend(job->cpu_work);
    sample_settle(job->table, sample);
}

void worker_warm(const struct mode_job *job, struct transfer *transfer)
{
    for (uint32_t i = 0; i < job->warm_url_count && !sample_table_is_stopped(job->table); i++) {
        struct sample unmeasured = {.start = clock_now()};
        transfer_perform(transfer, job->warm_urls[i], &unmeasured);
        sample_table_note_warm(job->table, &unmeasured);
    }
}

uint64_t worker_descriptors(const struct transfer_policy *policy)
{
    enum { NOT_IN_POOL = 1, WAKEUP_PAIR = 2, RESOLVER_PAIR = 2 };
    return (uint64_t)policy->connections_kept + NOT_IN_POOL + WAKEUP_PAIR + (policy->dns_live ? RESOLVER_PAIR : 0);
}
