#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "conc_bench/modes/mode.h"
#include "loop.h"
#include "modes.h"
#include "thread_pool.h"

/* One event loop per core, each in its own thread, the workers split over them: co-operative within a loop, pre-emptive
 * and parallel between loops. */

struct hybrid_run {
    const struct mode_job *job;
    struct thread_pool *thread_pool;
    uint32_t loop_count;
    struct loop *loops[]; /* each made, used and freed by its own thread */
};

/* The first worker of a loop; of the one after the last, the number of workers. Shares differ by one at most. */
static uint32_t first_worker(const struct hybrid_run *run, uint32_t loop)
{
    return (uint32_t)((uint64_t)run->job->workers * loop / run->loop_count);
}

static int enter(void *context, uint32_t member, struct error *error)
{
    struct hybrid_run *run = context;
    uint32_t first = first_worker(run, member);
    return loop_create(run->job, first, first_worker(run, member + 1) - first, &run->loops[member], error);
}

static int work(void *context, uint32_t member, struct error *error)
{
    struct hybrid_run *run = context;
    return loop_run(run->loops[member], error);
}

static int warm(void *context, uint32_t member, struct error *error)
{
    struct hybrid_run *run = context;
    return loop_warm(run->loops[member], error);
}

static void leave(void *context, uint32_t member)
{
    struct hybrid_run *run = context;
    loop_release(run->loops[member]);
}

static void hybrid_release(void *context)
{
    struct hybrid_run *run = context;
    if (run == NULL)
        return;
    thread_pool_release(run->thread_pool);
    transfer_library_cleanup();
    free(run);
}

static int hybrid_prepare(const struct mode_job *job, void **result, struct error *error)
{
    *result = NULL;
    uint32_t loops = job->cores < job->workers ? job->cores : job->workers;
    struct hybrid_run *run = calloc(1, sizeof(*run) + loops * sizeof(run->loops[0]));
    if (run == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for mode hybrid");
    run->job = job;
    run->loop_count = loops;
    if (transfer_library_init(error) != 0) {
        free(run);
        return -1;
    }
    const struct thread_pool_hooks hooks = {.context = run, .enter = enter, .leave = leave};
    if (thread_pool_start(&hooks, loops, &run->thread_pool, error) != 0) {
        hybrid_release(run);
        return -1;
    }
    *result = run;
    return 0;
}

static int hybrid_run(void *context, struct error *error)
{
    struct hybrid_run *run = context;
    return thread_pool_do(run->thread_pool, work, error);
}

static int hybrid_warm(void *context, struct error *error)
{
    struct hybrid_run *run = context;
    return thread_pool_do(run->thread_pool, warm, error);
}

/* The descriptors that one loop of all workers takes, and those that every further loop takes besides its workers. A
 * process may run on fewer processors than there are, never on more. */
static uint64_t hybrid_descriptors(uint32_t workers, const struct transfer_policy *policy)
{
    long processors = sysconf(_SC_NPROCESSORS_CONF);
    uint64_t loops = processors > 0 && processors < (long)workers ? (uint64_t)processors : workers;
    return loop_descriptors(workers, policy) + loops * loop_descriptors(0, policy);
}

const struct mode mode_hybrid = {
    .name = "hybrid",
    .aliases = "",
    .summary = "one event loop per core, each in its own thread",
    .traits = MODE_COOPERATIVE | MODE_ALL_CORES,
    .descriptors = hybrid_descriptors,
    .prepare = hybrid_prepare,
    .warm = hybrid_warm,
    .run = hybrid_run,
    .release = hybrid_release,
};
