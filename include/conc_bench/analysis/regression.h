#ifndef CONC_BENCH_ANALYSIS_REGRESSION_H
#define CONC_BENCH_ANALYSIS_REGRESSION_H

#include <stddef.h>
#include <stdint.h>

#include "conc_bench/analysis/assertion_result.h"
#include "conc_bench/analysis/cell_stats.h"
#include "conc_bench/base/error.h"

/*
 * Whether modes have become slower than in an earlier result. Pure.
 *
 * Where both series ran the reference mode with the same number of workers, what is compared is each round's ratio to
 * it, which a slower day slows down alike; otherwise the times themselves. One earlier series does not say how much
 * series differ from each other: on top of what is allowed, a slowdown must exceed REGRESSION_SERIES_NOISE before it
 * fails.
 */
#define REGRESSION_SERIES_NOISE 0.05

/* One cell of an earlier result. */
struct baseline_cell {
    char mode[24];
    uint32_t workers;
    uint32_t *rounds; /* ascending; owned */
    double *times;    /* of each, seconds; owned */
    size_t count;
};

struct baseline {
    char path[256]; /* for sentences, control characters escaped */
    struct baseline_cell *cells;
    size_t cell_count;
};

void baseline_release(struct baseline *baseline);

/* NULL: it has none. */
const struct baseline_cell *baseline_find(const struct baseline *baseline, const char *mode, uint32_t workers);

/* Adds a judgement for every main cell that the baseline has too, that it is at most `max_slowdown` (a share) slower
 * than there. -1: no memory. */
int regressions_make(const struct run_stats *stats, const struct baseline *baseline, double max_slowdown,
                     struct assertion_result **assertion_results, size_t *count, struct error *error);

#endif
