#ifndef CONC_BENCH_SIGNED_RANK_H
#define CONC_BENCH_SIGNED_RANK_H

#include <stddef.h>

#include "conc_bench/error.h"

/*
 * Paired comparison by Wilcoxon's signed-rank statistic (Wilcoxon 1945; Hodges and Lehmann 1963; Hollander, Wolfe and
 * Chicken, "Nonparametric Statistical Methods", chapter 3). Exact up to 50 differences, by the normal approximation
 * beyond. Why not a t interval or a bootstrap: docs/measurement.md. Pure.
 */
struct signed_rank {
    size_t count;
    double estimate;   /* Hodges-Lehmann: the median of all pairwise averages (Walsh averages) */
    double low, high;  /* interval around it; infinite where there are too few differences for one */
    double confidence; /* reached, at least what was asked for; 0: there is no interval */
    double p;          /* two-sided, of no difference; differences of 0 are dropped, ties share ranks */
};

/* Of finite differences; `confidence` two-sided, such as 0.95. Needs 6 differences for an interval at 0.95 and 5 at
 * 0.90. `count` 0: all NAN, p 1. -1: out of memory. */
int signed_rank_test(const double *differences, size_t count, double confidence, struct signed_rank *result,
                     struct error *error);

/* The smallest difference that would have shown in a one-sided 5 % test with power .8, given the half-width of a
 * two-sided 95 % interval (with 5 differences, of a 90 % interval). In the unit of the differences; NAN with fewer. */
double signed_rank_detectable(const double *differences, size_t count, struct error *error);

/* How many of the smallest Walsh averages an interval leaves out, plus one: k, so that it is [w[k-1], w[M-k]]. 0: none.
 * `tail` is the probability on each side, such as 0.025. */
size_t signed_rank_critical(size_t count, double tail);

/* The fewest differences with which `comparisons` of them, Holm-adjusted, can reach significance at 5 % two-sided. */
size_t signed_rank_rounds_needed(size_t comparisons);

#endif
