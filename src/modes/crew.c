#include "conc_bench/crew.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* libcurl and OpenSSL need well under 64 KiB; the default of 8 MiB would reserve 8 GB of addresses for 1,000 threads.
 */
enum { STACK_BYTES = 256 * 1024 };

struct member {
    pthread_t thread;
    struct crew *crew;
    uint32_t number;
};

struct crew {
    struct crew_duty duty;
    pthread_mutex_t mutex; /* guards everything below it up to `members` */
    pthread_cond_t gate_moved;
    pthread_cond_t count_moved;
    crew_task *task;
    uint32_t openings; /* of the gate, so far */
    bool is_over;      /* released or abandoned: leave */
    uint32_t entered;  /* members past enter(), whether it succeeded or not */
    uint32_t worked;   /* members done with the task */
    bool has_failed;
    struct error error; /* of the first member that failed */
    uint32_t count;     /* threads that exist */
    struct member members[];
};

static void keep_first(struct crew *crew, const struct error *error)
{
    if (!crew->has_failed)
        crew->error = *error;
    crew->has_failed = true;
}

/* Waits, with the mutex held, until the gate opens once more than `openings`; false: the crew is over. */
static bool wait_at_gate(struct crew *crew, uint32_t openings)
{
    while (crew->openings == openings && !crew->is_over)
        pthread_cond_wait(&crew->gate_moved, &crew->mutex);
    return !crew->is_over;
}

static void *serve(void *context)
{
    struct member *member = context;
    struct crew *crew = member->crew;
    struct error error = {0};
    bool is_in = crew->duty.enter(crew->duty.context, member->number, &error) == 0;

    pthread_mutex_lock(&crew->mutex);
    if (!is_in)
        keep_first(crew, &error);
    crew->entered++;
    pthread_cond_signal(&crew->count_moved);
    for (uint32_t openings = 0; wait_at_gate(crew, openings);) {
        crew_task *task = crew->task;
        openings = crew->openings;
        pthread_mutex_unlock(&crew->mutex);
        bool is_done = task(crew->duty.context, member->number, &error) == 0;
        pthread_mutex_lock(&crew->mutex);
        if (!is_done)
            keep_first(crew, &error);
        crew->worked++;
        pthread_cond_signal(&crew->count_moved);
    }
    pthread_mutex_unlock(&crew->mutex);
    if (is_in)
        crew->duty.leave(crew->duty.context, member->number);
    return NULL;
}

/* pthread_create() returns its error and leaves errno alone. */
static int start_member(struct crew *crew, uint32_t number, uint32_t count, struct error *error)
{
    struct member *member = &crew->members[number];
    *member = (struct member){.crew = crew, .number = number};
    pthread_attr_t attributes;
    int failure = pthread_attr_init(&attributes);
    if (failure == 0) {
        failure = pthread_attr_setstacksize(&attributes, STACK_BYTES);
        if (failure == 0)
            failure = pthread_create(&member->thread, &attributes, serve, member);
        pthread_attr_destroy(&attributes);
    }
    if (failure != 0)
        return error_set_system(error, ERROR_ENVIRONMENT, failure,
                                "cannot start thread %lu of %lu, so ask for fewer workers", (unsigned long)number + 1,
                                (unsigned long)count);
    crew->count++;
    return 0;
}

static void dismiss(struct crew *crew)
{
    pthread_mutex_lock(&crew->mutex);
    crew->is_over = true;
    pthread_cond_broadcast(&crew->gate_moved);
    pthread_mutex_unlock(&crew->mutex);
    for (uint32_t i = 0; i < crew->count; i++)
        pthread_join(crew->members[i].thread, NULL);
    pthread_cond_destroy(&crew->gate_moved);
    pthread_cond_destroy(&crew->count_moved);
    pthread_mutex_destroy(&crew->mutex);
    free(crew);
}

int crew_start(const struct crew_duty *duty, uint32_t count, struct crew **result, struct error *error)
{
    *result = NULL;
    struct crew *crew = calloc(1, sizeof(*crew) + (size_t)count * sizeof(crew->members[0]));
    if (crew == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for %lu threads", (unsigned long)count);
    crew->duty = *duty;
    pthread_mutex_init(&crew->mutex, NULL); /* neither can fail on Linux with default attributes */
    pthread_cond_init(&crew->gate_moved, NULL);
    pthread_cond_init(&crew->count_moved, NULL);

    int status = 0;
    for (uint32_t i = 0; i < count && status == 0; i++)
        status = start_member(crew, i, count, error);
    pthread_mutex_lock(&crew->mutex);
    while (crew->entered < crew->count)
        pthread_cond_wait(&crew->count_moved, &crew->mutex);
    if (status == 0 && crew->has_failed) {
        status = -1;
        if (error != NULL)
            *error = crew->error;
    }
    pthread_mutex_unlock(&crew->mutex);
    if (status != 0)
        dismiss(crew);
    else
        *result = crew;
    return status;
}

int crew_do(struct crew *crew, crew_task *task, struct error *error)
{
    pthread_mutex_lock(&crew->mutex);
    crew->task = task;
    crew->worked = 0;
    crew->openings++;
    pthread_cond_broadcast(&crew->gate_moved);
    while (crew->worked < crew->count)
        pthread_cond_wait(&crew->count_moved, &crew->mutex);
    bool has_failed = crew->has_failed;
    if (has_failed && error != NULL)
        *error = crew->error;
    pthread_mutex_unlock(&crew->mutex);
    return has_failed ? -1 : 0;
}

void crew_release(struct crew *crew)
{
    if (crew != NULL)
        dismiss(crew);
}
