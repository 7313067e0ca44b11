#ifndef CONC_BENCH_CREW_H
#define CONC_BENCH_CREW_H

#include <stdint.h>

#include "conc_bench/error.h"

/*
 * Threads that start together: each enters (acquires what it needs), waits at a gate, works once the gate opens, stays
 * until it is released, and leaves. The gate has a third state besides shut and open, abandoned, so that a member that
 * cannot be started does not hang the others, as a barrier with a fixed count would.
 */

/* What each member does, in its own thread. `member` is 0 to count - 1. */
struct crew_duty {
    void *context;
    int (*enter)(void *context, uint32_t member, struct error *error); /* on failure it leaves nothing behind */
    int (*work)(void *context, uint32_t member, struct error *error);
    void (*leave)(void *context, uint32_t member); /* undoes enter() */
};

struct crew;

/* Starts `count` threads and returns when all have entered. -1: one could not; all are gone, *result is NULL. */
int crew_start(const struct crew_duty *duty, uint32_t count, struct crew **result, struct error *error);

/* Opens the gate and returns when all have worked. -1: the failure of the first that failed. Once for each crew. */
int crew_work(struct crew *crew, struct error *error);

/* Lets all leave, worked or not, and joins them. NULL is allowed. */
void crew_release(struct crew *crew);

#endif
