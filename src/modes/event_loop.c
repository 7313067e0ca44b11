#include <stddef.h>
#include <stdlib.h>

#include "conc_bench/modes/mode.h"
#include "loop.h"
#include "modes.h"

/* One thread with all downloads in flight at once; each gives way itself when it has to wait. */

struct event_loop_run {
    struct loop *loop;
};

static void event_loop_release(void *context)
{
    struct event_loop_run *run = context;
    if (run == NULL)
        return;
    loop_release(run->loop);
    transfer_library_cleanup();
    free(run);
}

static int event_loop_prepare(const struct mode_job *job, void **result, struct error *error)
{
    *result = NULL;
    struct event_loop_run *run = calloc(1, sizeof(*run));
    if (run == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for mode event-loop");
    if (transfer_library_init(error) != 0) {
        free(run);
        return -1;
    }
    if (loop_create(job, 0, job->workers, &run->loop, error) != 0) {
        event_loop_release(run);
        return -1;
    }
    *result = run;
    return 0;
}

static int event_loop_warm(void *context, struct error *error)
{
    struct event_loop_run *run = context;
    return loop_warm(run->loop, error);
}

static int event_loop_run(void *context, struct error *error)
{
    struct event_loop_run *run = context;
    return loop_run(run->loop, error);
}

const struct mode mode_event_loop = {
    .name = "event-loop",
    .aliases = "async,multi",
    .summary = "one thread, all downloads in flight at once",
    .traits = MODE_COOPERATIVE,
    .descriptors = loop_descriptors,
    .prepare = event_loop_prepare,
    .warm = event_loop_warm,
    .run = event_loop_run,
    .release = event_loop_release,
};
