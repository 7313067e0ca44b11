#ifndef CONC_BENCH_CREW_H
#define CONC_BENCH_CREW_H

#include <stdint.h>

#include "conc_bench/error.h"

/*
 * Threads that start together: each enters (acquires what it needs), waits at a gate, works each time the gate opens,
 * and leaves once the crew is released. A gate rather than a barrier with a fixed count: a member that cannot be
 * started ends the crew instead of hanging the others.
 */

/* What each member does, in its own thread. `member` is 0 to count - 1. */
struct crew_duty {
    void *context;
    int (*enter)(void *context, uint32_t member, struct error *error); /* on failure it leaves nothing behind */
    void (*leave)(void *context, uint32_t member);                     /* undoes enter() */
};

/* One piece of work, done by every member. */
typedef int crew_task(void *context, uint32_t member, struct error *error);

struct crew;

/* Starts `count` threads and returns when all have entered. -1: one could not; all are gone, *result is NULL. */
int crew_start(const struct crew_duty *duty, uint32_t count, struct crew **result, struct error *error);

/* Opens the gate and returns when every member has done the task. -1: the failure of the first that ever failed. */
int crew_do(struct crew *crew, crew_task *task, struct error *error);

/* Lets all leave, worked or not, and joins them. NULL is allowed. */
void crew_release(struct crew *crew);

#endif
