#include "thread_pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

/* libcurl and OpenSSL need well under 64 KiB; the default of 8 MiB would reserve 8 GB of addresses for 1,000 threads.
 */
enum { STACK_BYTES = 256 * 1024 };

struct member {
    pthread_t thread;
    struct thread_pool *thread_pool;
    uint32_t number;
};

struct thread_pool {
    struct thread_pool_hooks hooks;
    pthread_mutex_t mutex; /* guards everything below it up to `members` */
    pthread_cond_t gate_moved;
    pthread_cond_t count_moved;
    thread_pool_task *task;
    uint32_t openings; /* of the gate, so far */
    bool is_over;      /* released or abandoned: leave */
    uint32_t entered;  /* members past enter(), whether it succeeded or not */
    uint32_t worked;   /* members done with the task */
    bool has_failed;
    struct error error; /* of the first member that failed */
    uint32_t count;     /* threads that exist */
    struct member members[];
};

static void keep_first(struct thread_pool *thread_pool, const struct error *error)
{
    if (!thread_pool->has_failed)
        thread_pool->error = *error;
    thread_pool->has_failed = true;
}

/* Waits, with the mutex held, until the gate opens once more than `openings`; false: the pool is over. */
static bool wait_at_gate(struct thread_pool *thread_pool, uint32_t openings)
{
    while (thread_pool->openings == openings && !thread_pool->is_over)
        pthread_cond_wait(&thread_pool->gate_moved, &thread_pool->mutex);
    return !thread_pool->is_over;
}

static void *serve(void *context)
{
    struct member *member = context;
    struct thread_pool *thread_pool = member->thread_pool;
    struct error error = {0};
    bool is_in = thread_pool->hooks.enter(thread_pool->hooks.context, member->number, &error) == 0;

    pthread_mutex_lock(&thread_pool->mutex);
    if (!is_in)
        keep_first(thread_pool, &error);
    thread_pool->entered++;
    pthread_cond_signal(&thread_pool->count_moved);
    for (uint32_t openings = 0; wait_at_gate(thread_pool, openings);) {
        thread_pool_task *task = thread_pool->task;
        openings = thread_pool->openings;
        pthread_mutex_unlock(&thread_pool->mutex);
        bool is_done = task(thread_pool->hooks.context, member->number, &error) == 0;
        pthread_mutex_lock(&thread_pool->mutex);
        if (!is_done)
            keep_first(thread_pool, &error);
        thread_pool->worked++;
        pthread_cond_signal(&thread_pool->count_moved);
    }
    pthread_mutex_unlock(&thread_pool->mutex);
    if (is_in)
        thread_pool->hooks.leave(thread_pool->hooks.context, member->number);
    return NULL;
}

/* The advice for a failure. Where a filter of system calls forbids threads, asking for fewer does not help: profiles of
 * old container engines forbid them to newer C libraries (clone3()). */
static const char *advice(int failure)
{
    return failure == EPERM || failure == ENOSYS ? "which the container or sandbox around the program forbids"
                                                 : "so ask for fewer workers";
}

/* pthread_create() returns its error and leaves errno alone. */
static int start_member(struct thread_pool *thread_pool, uint32_t number, uint32_t count, struct error *error)
{
    struct member *member = &thread_pool->members[number];
    *member = (struct member){.thread_pool = thread_pool, .number = number};
    pthread_attr_t attributes;
    int failure = pthread_attr_init(&attributes);
    if (failure == 0) {
        failure = pthread_attr_setstacksize(&attributes, STACK_BYTES);
        if (failure == 0)
            failure = pthread_create(&member->thread, &attributes, serve, member);
        pthread_attr_destroy(&attributes);
    }
    if (failure != 0)
        return error_set_system(error, ERROR_ENVIRONMENT, failure, "cannot start thread %lu of %lu, %s",
                                (unsigned long)number + 1, (unsigned long)count, advice(failure));
    thread_pool->count++;
    return 0;
}

static void dismiss(struct thread_pool *thread_pool)
{
    pthread_mutex_lock(&thread_pool->mutex);
    thread_pool->is_over = true;
    pthread_cond_broadcast(&thread_pool->gate_moved);
    pthread_mutex_unlock(&thread_pool->mutex);
    for (uint32_t i = 0; i < thread_pool->count; i++)
        pthread_join(thread_pool->members[i].thread, NULL);
    pthread_cond_destroy(&thread_pool->gate_moved);
    pthread_cond_destroy(&thread_pool->count_moved);
    pthread_mutex_destroy(&thread_pool->mutex);
    free(thread_pool);
}

int thread_pool_start(const struct thread_pool_hooks *hooks, uint32_t count, struct thread_pool **result,
                      struct error *error)
{
    *result = NULL;
    struct thread_pool *thread_pool = calloc(1, sizeof(*thread_pool) + (size_t)count * sizeof(thread_pool->members[0]));
    if (thread_pool == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for %lu threads", (unsigned long)count);
    thread_pool->hooks = *hooks;
    pthread_mutex_init(&thread_pool->mutex, NULL); /* neither can fail on Linux with default attributes */
    pthread_cond_init(&thread_pool->gate_moved, NULL);
    pthread_cond_init(&thread_pool->count_moved, NULL);

    int status = 0;
    for (uint32_t i = 0; i < count && status == 0; i++)
        status = start_member(thread_pool, i, count, error);
    pthread_mutex_lock(&thread_pool->mutex);
    while (thread_pool->entered < thread_pool->count)
        pthread_cond_wait(&thread_pool->count_moved, &thread_pool->mutex);
    if (status == 0 && thread_pool->has_failed) {
        status = -1;
        if (error != NULL)
            *error = thread_pool->error;
    }
    pthread_mutex_unlock(&thread_pool->mutex);
    if (status != 0)
        dismiss(thread_pool);
    else
        *result = thread_pool;
    return status;
}

int thread_pool_do(struct thread_pool *thread_pool, thread_pool_task *task, struct error *error)
{
    pthread_mutex_lock(&thread_pool->mutex);
    thread_pool->task = task;
    thread_pool->worked = 0;
    thread_pool->openings++;
    pthread_cond_broadcast(&thread_pool->gate_moved);
    while (thread_pool->worked < thread_pool->count)
        pthread_cond_wait(&thread_pool->count_moved, &thread_pool->mutex);
    bool has_failed = thread_pool->has_failed;
    if (has_failed && error != NULL)
        *error = thread_pool->error;
    pthread_mutex_unlock(&thread_pool->mutex);
    return has_failed ? -1 : 0;
}

void thread_pool_release(struct thread_pool *thread_pool)
{
    if (thread_pool != NULL)
        dismiss(thread_pool);
}
