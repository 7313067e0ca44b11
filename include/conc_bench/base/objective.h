#ifndef CONC_BENCH_BASE_OBJECTIVE_H
#define CONC_BENCH_BASE_OBJECTIVE_H

#include <stdbool.h>
#include <stddef.h>

#include "conc_bench/base/clock.h"

/*
 * The bound on response times within which a rate counts as held (--slo).
 */

/* Figures of the response times of a trial. */
enum response_figure {
    RESPONSE_FIGURE_MEAN,
    RESPONSE_FIGURE_P50,
    RESPONSE_FIGURE_P95,
    RESPONSE_FIGURE_P99,
    RESPONSE_FIGURE_MAX,
    RESPONSE_FIGURE_COUNT,
};

/* "mean", "p50", "p95", "p99", "max"; NULL behind the last. */
extern const char *const response_figure_names[];

struct objective {
    bool is_present;
    enum response_figure figure;
    nanoseconds limit; /* that the figure is to be below; 0: `factor` times what it is at a tenth of the rate */
    double factor;
};

/* The objective of who names none. */
struct objective objective_default(void);

/* Reads "p99 < 200ms"; a figure may be called "response_p99", too, and "<=" serves. -1: it is none. */
int objective_parse(const char *text, struct objective *objective);

/* "p99 of response below 200 ms", "p99 of response at most 3 times that at a tenth of the rate". Returns `buffer`. */
enum { OBJECTIVE_TEXT_BYTES = 96 };
char *objective_describe(const struct objective *objective, char buffer[OBJECTIVE_TEXT_BYTES]);

#endif
