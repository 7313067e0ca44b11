#include <stddef.h>
#include <stdlib.h>

#include "arrival.h"
#include "conc_bench/modes/mode.h"
#include "conc_bench/run/sample.h"
#include "modes.h"

/* Downloads nothing: settles units at scripted times, as `workers` workers would that take the next unit as soon as
 * they are free. It costs what the harness costs, and makes every figure behind it known to the digit. */

struct null_run {
    const struct mode_job *job;
    nanoseconds free_at[]; /* by worker */
};

static void null_release(void *context)
{
    free(context);
}

static int null_prepare(const struct mode_job *job, void **result, struct error *error)
{
    *result = NULL;
    struct null_run *run = calloc(1, sizeof(*run) + job->workers * sizeof(run->free_at[0]));
    if (run == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for mode null");
    run->job = job;
    *result = run;
    return 0;
}

static uint32_t next_free(const struct null_run *run)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < run->job->workers; i++) {
        if (run->free_at[i] < run->free_at[best])
            best = i;
    }
    return best;
}

static int null_warm(void *context, struct error *error)
{
    (void)context;
    (void)error;
    return 0;
}

/* Nobody sleeps: that it is late for nothing is what makes its figures known. */
static void wait_until_due(const struct mode_job *job, uint32_t unit, nanoseconds base, nanoseconds *free_at)
{
    nanoseconds due = arrivals_are_given(job) ? arrival_due(job, unit) - base : 0;
    if (*free_at < due)
        *free_at = due;
}

static int null_run(void *context, struct error *error)
{
    (void)error;
    struct null_run *run = context;
    const struct mode_job *job = run->job;
    nanoseconds base = arrivals_are_given(job) ? arrival_due(job, 0) - job->due[0] : clock_now();
    uint32_t unit;
    struct sample *sample;
    uint32_t worker = 0;
    while ((sample = sample_claim(job->table, worker, &unit)) != NULL) {
        nanoseconds service =
            job->script_count > 0 ? job->script[unit % job->script_count] : NANOSECONDS_PER_MILLISECOND;
        wait_until_due(job, unit, base, &run->free_at[worker]);
        sample->start = base + run->free_at[worker];
        if (arrivals_are_given(job) && arrival_drop(job, unit, sample, sample->start))
            continue;
        run->free_at[worker] += service;
        sample->end = sample->settled = base + run->free_at[worker];
        sample->status = 200;
        sample->outcome = OUTCOME_OK;
        sample_settle(job->table, sample);
        worker = next_free(run);
    }
    return 0;
}

static uint64_t null_descriptors(uint32_t workers, const struct transfer_policy *policy)
{
    (void)workers;
    (void)policy;
    return 0;
}

const struct mode mode_null = {
    .name = "null",
    .aliases = "",
    .summary = "downloads nothing, at scripted times",
    .traits = MODE_HIDDEN | MODE_SCRIPTED,
    .descriptors = null_descriptors,
    .prepare = null_prepare,
    .warm = null_warm,
    .run = null_run,
    .release = null_release,
};
