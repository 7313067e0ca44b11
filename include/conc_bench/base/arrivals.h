#ifndef CONC_BENCH_BASE_ARRIVALS_H
#define CONC_BENCH_BASE_ARRIVALS_H

#include <stdbool.h>
#include <stdint.h>

#include "conc_bench/base/clock.h"
#include "conc_bench/base/error.h"

/*
 * Open arrivals: downloads that are due at instants of their own, whether or not any worker is free by then.
 */

/* The way arrivals follow each other. */
enum arrival_process {
    ARRIVALS_EVEN,    /* all the same time apart */
    ARRIVALS_POISSON, /* independent of each other: times between them are exponentially distributed */
    ARRIVAL_PROCESS_COUNT,
};

/* "even", "poisson"; NULL behind the last. */
extern const char *const arrival_process_names[];

struct arrivals {
    double rate; /* a second; 0: there are none, and each worker takes the next unit when it is free */
    enum arrival_process process;
    nanoseconds max_late; /* downloads that have waited longer are dropped; 0: none are */
};

/* Draws the instants after the gate at which `count` downloads are due, ascending; the same for the same seed. The
 * caller frees them. NULL: no memory. */
nanoseconds *arrivals_draw(const struct arrivals *arrivals, uint64_t seed, uint32_t count, struct error *error);

#endif
