#ifndef CONC_BENCH_ANALYSIS_REGRESSION_H
#define CONC_BENCH_ANALYSIS_REGRESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conc_bench/analysis/assertion_result.h"
#include "conc_bench/analysis/cell_stats.h"
#include "conc_bench/base/error.h"

/*
 * Finds modes that have become slower than in earlier results. Pure.
 *
 * Where both series ran the reference mode with the same number of workers, what is compared is each round's ratio to
 * it, which a slower day slows down alike; otherwise the times themselves.
 *
 * From REGRESSION_HISTORY_MIN earlier series on, how much series differ from each other is known: a mode fails if it is
 * slower than the one-sided 95 % prediction interval for one more series, and by more than is allowed. Fewer do not
 * say: then the newest counts, and on top of what is allowed a slowdown must exceed REGRESSION_SERIES_NOISE before it
 * fails.
 */
enum { REGRESSION_HISTORY_MIN = 5 };
#define REGRESSION_SERIES_NOISE 0.05

/* One cell of an earlier result. */
struct baseline_cell {
    char mode[32];
    uint32_t workers;
    uint32_t *rounds; /* ascending; owned */
    double *times;    /* of each, seconds; owned */
    size_t count;
};

/* The figures of an earlier result. */
struct baseline_document {
    char path[256];      /* for sentences, control characters escaped */
    char started_at[24]; /* as in struct run; "": not known */
    struct baseline_cell *cells;
    size_t cell_count;
};

struct baseline {
    struct baseline_document *documents; /* the oldest first, as far as they tell; then as they were read */
    size_t count;
    char note[512]; /* one sentence, on what was left out; "": nothing */
};

void baseline_release(struct baseline *baseline);

/* The cell in the newest document that has it. NULL: none has. */
const struct baseline_cell *baseline_find(const struct baseline *baseline, const char *mode, uint32_t workers);

/* The comparison of one more series with a history of `count` series. `stored` holds the estimate of each, `now` that
 * of the new one: logarithms of times or of ratios of times. */
struct regression {
    double slowdown;  /* logarithm: `now` less the mean of those stored */
    double reach;     /* half of the two-sided 90 % prediction interval: each side is exceeded by 5 % */
    double deviation; /* of one more series from that mean */
    double p;         /* one-sided, of no slowdown */
};
struct regression regression_predict(const double *stored, size_t count, double now);

/* Returns whether that fails if so much is allowed, a share. */
bool regression_fails(const struct regression *regression, double max_slowdown);

/* Adds a judgement for every main cell that the baseline has too, that it is at most `max_slowdown` (a share) slower
 * than there. -1: no memory. */
int regressions_make(const struct run_stats *stats, const struct baseline *baseline, double max_slowdown,
                     struct assertion_result **assertion_results, size_t *count, struct error *error);

#endif
