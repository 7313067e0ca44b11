#ifndef CONC_BENCH_ANALYSIS_RANK_SUM_H
#define CONC_BENCH_ANALYSIS_RANK_SUM_H

#include <stddef.h>

#include "conc_bench/base/error.h"

/*
 * Comparison of two independent samples by the rank-sum statistic (Mann and Whitney 1947; Hodges and Lehmann 1963;
 * Hollander, Wolfe and Chicken, chapter 4). Exact up to 50 values each, by the normal approximation beyond. Only for
 * what cannot be paired by round: series of different days. Pure.
 */
struct rank_sum {
    double estimate;   /* the median of all differences, one value of `x` less one of `y` */
    double low, high;  /* interval around it; infinite where there are too few values for one */
    double confidence; /* reached; 0: there is no interval */
    double p_greater;  /* one-sided, of `x` not being greater than `y` */
};

/* -1: out of memory. */
int rank_sum_test(const double *x, size_t x_count, const double *y, size_t y_count, double confidence,
                  struct rank_sum *run, struct error *error);

#endif
