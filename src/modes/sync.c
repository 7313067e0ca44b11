#include <stddef.h>
#include <stdlib.h>

#include "conc_bench/modes/mode.h"
#include "modes.h"
#include "worker.h"

/* One download after the other, in the process that was there anyway: what the others are measured against. */

struct sync_run {
    const struct mode_job *job;
    struct transfer *transfer;
};

static void sync_release(void *context)
{
    struct sync_run *run = context;
    if (run == NULL)
        return;
    transfer_release(run->transfer);
    transfer_library_cleanup();
    free(run);
}

static int sync_prepare(const struct mode_job *job, void **result, struct error *error)
{
    *result = NULL;
    struct sync_run *run = calloc(1, sizeof(*run));
    if (run == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for mode sync");
    run->job = job;
    if (transfer_library_init(error) != 0) {
        free(run);
        return -1;
    }
    run->transfer = transfer_create(job->transfer, TRANSFER_ALONE, NULL, error);
    if (run->transfer == NULL) {
        sync_release(run);
        return -1;
    }
    *result = run;
    return 0;
}

static int sync_warm(void *context, struct error *error)
{
    (void)error;
    struct sync_run *run = context;
    worker_warm(run->job, run->transfer);
    return 0;
}

static int sync_run(void *context, struct error *error)
{
    (void)error;
    struct sync_run *run = context;
    worker_run(run->job, 0, run->transfer);
    return 0;
}

static uint64_t sync_descriptors(uint32_t workers, const struct transfer_policy *policy)
{
    (void)workers;
    return worker_descriptors(policy);
}

const struct mode mode_sync = {
    .name = "sync",
    .aliases = "",
    .summary = "one download after the other",
    .traits = MODE_ONE_WORKER,
    .descriptors = sync_descriptors,
    .prepare = sync_prepare,
    .warm = sync_warm,
    .run = sync_run,
    .release = sync_release,
};
