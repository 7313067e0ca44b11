#ifndef CONC_BENCH_RUN_CELL_JOB_H
#define CONC_BENCH_RUN_CELL_JOB_H

#include "conc_bench/modes/mode.h"
#include "conc_bench/workload/plan.h"

/* The job of a run's trials, made to fit one cell after the other: what differs between cells, but for the mode. It
 * points into itself, and must stay where it is. */
struct cell_job {
    struct mode_job job;           /* workers and table change with each trial, */
    struct transfer_plan transfer; /* and so does the table in here, */
    struct transfer_policy policy; /* and what becomes of connections */
    uint32_t warm_url_count;       /* for those that are warm */
};

void cell_job_init(struct cell_job *cell_job, const struct mode_job *job);
/* `due`: when each unit of the table is; NULL: at once. */
void cell_job_set(struct cell_job *cell_job, const struct plan_cell *cell, const nanoseconds *due,
                  struct sample_table *table);

#endif
