#ifndef CONC_BENCH_STATS_H
#define CONC_BENCH_STATS_H

#include <stdbool.h>
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

/* The exact order-statistic interval of the median: from the k-th smallest to the k-th largest value, k by the binomial
 * distribution with 1/2. Of sorted values. Returns the confidence reached, at least `confidence`, or 0 where there are
 * too few values for one (fewer than 6 at 0.95); `low` and `high` are then untouched. For one side at 95 %, ask for
 * 0.90 and use one end. Hahn and Meeker, "Statistical Intervals", section 5.2. */
double stats_median_interval(const double *sorted, size_t count, double confidence, double *low, double *high);

/* Whether a sample can carry a percentile: at least 5 values are expected beyond it. */
bool stats_supports_percentile(size_t count, double percent);

/* Values far from the others, judged on a logarithmic scale by the modified z score of Iglewicz and Hoaglin (1993),
 * 0.6745 |x - median| / MAD > 3.5; where MAD is 0, by the mean absolute deviation. Of positive values, in any order;
 * more than 1000 are not looked at, and fewer than 4 have none. */
size_t stats_count_outliers(const double *values, size_t count);

/* The two-sided p of no trend, by Kendall's rank correlation with the order of the values: exact up to 30 values
 * without ties, otherwise by the normal approximation. 1 for fewer than 3. Kendall (1938). */
double stats_trend(const double *values, size_t count);

/* The two-sided p of a mean of 0 by Student's t test. Of differences that are about normal; spikes make it cautious. 1
 * for fewer than 2, or where all are 0; 0 where all are alike and not 0. */
double stats_t_test(const double *differences, size_t count);

/* How much wider an interval must be if the values, in this order, resemble their neighbours: 1 unless the lag-1
 * autocorrelation of their ranks is significant (5 % one-sided), else sqrt((1 + r) / (1 - r)) with r corrected for its
 * bias and at most 0.9. */
double stats_widening(const double *values, size_t count);

#endif
