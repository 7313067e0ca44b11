#include "cell_job.h"

void cell_job_init(struct cell_job *cell_job, const struct mode_job *job)
{
    *cell_job = (struct cell_job){
        .job = *job,
        .transfer = *job->transfer,
        .policy = *job->transfer->policy,
        .warm_url_count = job->warm_url_count,
    };
    cell_job->job.transfer = &cell_job->transfer;
    cell_job->transfer.policy = &cell_job->policy;
}

void cell_job_set(struct cell_job *cell_job, const struct plan_cell *cell, const nanoseconds *due,
                  struct sample_table *table)
{
    bool is_warm = cell->connections == CONNECTIONS_WARM && (cell->mode->traits & MODE_IS_CLIENT) == 0;
    cell_job->job.due = due;
    cell_job->job.table = table;
    cell_job->transfer.table = table;
    cell_job->job.workers = cell->workers;
    cell_job->policy.connections = cell->connections;
    cell_job->job.warm_url_count = is_warm ? cell_job->warm_url_count : 0;
}
