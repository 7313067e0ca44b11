#include <stddef.h>
#include <stdlib.h>

#include "conc_bench/modes/mode.h"
#include "modes.h"
#include "thread_pool.h"
#include "worker.h"

/* A pool of threads, each blocking in its own download; the system switches between them when it sees fit. */

/* Each thread's own handle, made when the thread starts and kept for its life: an easy handle must not be used by two
 * threads at once, and its connections are worth keeping. */
static _Thread_local struct transfer *session;

struct threads_run {
    const struct mode_job *job;
    struct thread_pool *thread_pool;
};

static int enter(void *context, uint32_t member, struct error *error)
{
    (void)member;
    struct threads_run *run = context;
    session = transfer_create(run->job->transfer, TRANSFER_ALONE, NULL, error);
    return session != NULL ? 0 : -1;
}

static int work(void *context, uint32_t member, struct error *error)
{
    (void)error;
    struct threads_run *run = context;
    worker_run(run->job, member, session);
    return 0;
}

static int warm(void *context, uint32_t member, struct error *error)
{
    (void)member;
    (void)error;
    struct threads_run *run = context;
    worker_warm(run->job, session);
    return 0;
}

static void leave(void *context, uint32_t member)
{
    (void)context;
    (void)member;
    transfer_release(session);
    session = NULL;
}

static void threads_release(void *context)
{
    struct threads_run *run = context;
    if (run == NULL)
        return;
    thread_pool_release(run->thread_pool);
    transfer_library_cleanup();
    free(run);
}

static int threads_prepare(const struct mode_job *job, void **result, struct error *error)
{
    *result = NULL;
    struct threads_run *run = calloc(1, sizeof(*run));
    if (run == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for mode threads");
    run->job = job;
    if (transfer_library_init(error) != 0) {
        free(run);
        return -1;
    }
    const struct thread_pool_hooks hooks = {.context = run, .enter = enter, .leave = leave};
    if (thread_pool_start(&hooks, job->workers, &run->thread_pool, error) != 0) {
        threads_release(run);
        return -1;
    }
    *result = run;
    return 0;
}

static int threads_run(void *context, struct error *error)
{
    struct threads_run *run = context;
    return thread_pool_do(run->thread_pool, work, error);
}

static int threads_warm(void *context, struct error *error)
{
    struct threads_run *run = context;
    return thread_pool_do(run->thread_pool, warm, error);
}

static uint64_t threads_descriptors(uint32_t workers, const struct transfer_policy *policy)
{
    return workers * worker_descriptors(policy);
}

const struct mode mode_threads = {
    .name = "threads",
    .aliases = "",
    .summary = "a pool of threads, each with its own handle",
    .traits = MODE_ALL_CORES,
    .descriptors = threads_descriptors,
    .prepare = threads_prepare,
    .warm = threads_warm,
    .run = threads_run,
    .release = threads_release,
};
