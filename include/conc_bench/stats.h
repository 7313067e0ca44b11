#ifndef CONC_BENCH_STATS_H
#define CONC_BENCH_STATS_H

#include <stddef.h>

/*
 * Plain statistics over arrays of doubles. Pure functions. Where a function wants sorted values, it says so.
 */

/* Ascending. */
void stats_sort(double *values, size_t count);

/* Of sorted values; the mean of the middle two for an even count. NAN for none. */
double stats_median(const double *sorted, size_t count);

/* Exact nearest rank: the smallest value with at least `percent` % of the values at or below it, x[ceil(p n / 100)]
 * (1-based). `percent` in (0, 100]. Of sorted values. NAN for none. */
double stats_percentile(const double *sorted, size_t count, double percent);

/* NAN for none. */
double stats_mean(const double *values, size_t count);

/* Sample standard deviation, n - 1 below the line. NAN for fewer than two. */
double stats_standard_deviation(const double *values, size_t count);

#endif
