#ifndef CONC_BENCH_ORIGIN_DEADLINES_H
#define CONC_BENCH_ORIGIN_DEADLINES_H

#include <stddef.h>

#include "conc_bench/base/clock.h"

/* Things that wait for an instant each, earliest first: a binary min-heap. Zero-initialise. */
struct deadline {
    nanoseconds due;
    void *item;
};

struct deadlines {
    struct deadline *heap;
    size_t count;
    size_t capacity;
};

/* -1: out of memory. */
int deadlines_add(struct deadlines *deadlines, nanoseconds due, void *item);

/* Takes out the earliest item if it is due at `now`; NULL: none is. */
void *deadlines_take(struct deadlines *deadlines, nanoseconds now);

void deadlines_release(struct deadlines *deadlines);

#endif
