#ifndef CONC_BENCH_MODES_THREAD_POOL_H
#define CONC_BENCH_MODES_THREAD_POOL_H

#include <stdint.h>

#include "conc_bench/base/error.h"

/*
 * Threads that start together: each enters (acquires what it needs), waits at a gate, works each time the gate opens,
 * and leaves once the pool is released. A gate rather than a barrier with a fixed count: a member that cannot be
 * started ends the pool instead of hanging the others.
 */

/* The calls that each member makes in its own thread. `member` is 0 to count - 1. */
struct thread_pool_hooks {
    void *context;
    int (*enter)(void *context, uint32_t member, struct error *error); /* on failure it leaves nothing behind */
    void (*leave)(void *context, uint32_t member);                     /* undoes enter() */
};

/* One piece of work, done by every member. */
typedef int thread_pool_task(void *context, uint32_t member, struct error *error);

struct thread_pool;

/* Starts `count` threads and returns when all have entered. -1: one could not; all are gone, *result is NULL. */
int thread_pool_start(const struct thread_pool_hooks *hooks, uint32_t count, struct thread_pool **run,
                      struct error *error);

/* Opens the gate and returns when every member has done the task. -1: the failure of the first that ever failed. */
int thread_pool_do(struct thread_pool *thread_pool, thread_pool_task *task, struct error *error);

/* Lets all leave, worked or not, and joins them. NULL is allowed. */
void thread_pool_release(struct thread_pool *thread_pool);

#endif
