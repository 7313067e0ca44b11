#ifndef CONC_BENCH_ANALYSIS_STATS_H
#define CONC_BENCH_ANALYSIS_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Plain statistics over arrays of doubles. Pure functions. Where a function wants sorted values, it says so.
 */

/* Ascending. */
void stats_sort(double *values, size_t count);

/* Counts the sorted values that are below `limit`; those at it as well where `with_limit`. */
size_t stats_count_below(const double *sorted, size_t count, double limit, bool with_limit);

/* The value with `rank` smaller ones in front of it, of values from `low` to `high` that are too many to be listed,
 * such as all differences between two samples: `count_up_to` counts those that are at most `limit`, some sixty times.
 */
double stats_value_of_rank(uint64_t (*count_up_to)(const void *context, double limit), const void *context,
                           uint64_t rank, double low, double high);

/* Takes sorted values; the mean of the middle two for an even count. NAN for none. */
double stats_median(const double *sorted, size_t count);

/* Exact nearest rank: the smallest value with at least `percent` % of the values at or below it, x[ceil(p n / 100)]
 * (1-based). `percent` in (0, 100]. Of sorted values. NAN for none. */
double stats_percentile(const double *sorted, size_t count, double percent);

/* The rank of that value among `count` sorted ones, from 1. */
size_t stats_percentile_rank(size_t count, double percent);

/* NAN for none. */
double stats_mean(const double *values, size_t count);

/* Sample standard deviation, n - 1 below the line. NAN for fewer than two. */
double stats_standard_deviation(const double *values, size_t count);

/* --- How sure a median is --- */

/* The shortest interval between two order statistics, equally far from both ends, that holds the median of the
 * distribution with at least the wanted confidence: [x(k), x(n+1-k)], with k from Binomial(n, 1/2). Exact for any
 * continuous distribution, conservative with ties. Of sorted values; `confidence` in (0, 1).
 * Returns the confidence achieved, which is more than wanted because k is a whole number; 0 where there is no such
 * interval (fewer than 6 values at 95 %): `low` and `high` are then -INFINITY and INFINITY.
 * Source: Conover, "Practical Nonparametric Statistics", section 3.2. */
double stats_median_interval(const double *sorted, size_t count, double confidence, double *low, double *high);

/* Two one-sided bounds of the median instead: each on its own holds with the confidence returned, at least the wanted
 * one. 0 and infinite bounds where there are none (fewer than 5 values at 95 %). */
double stats_median_bounds(const double *sorted, size_t count, double confidence, double *low, double *high);

/* The number of values a percentile needs to be worth printing: so many that 5 of them are expected above it. Exact for
 * percentages of up to three decimals: 10 for 50, 50 for 90, 100 for 95, 500 for 99, 5000 for 99.9; 1 for 100, the
 * maximum. `percent` in (0, 100]. */
size_t stats_percentile_needs(double percent);
bool stats_supports_percentile(uint64_t count, double percent);

/* --- Values that are far from the others --- */

/* The limits outside of which a value is an outlier: those where |x - median| * 0.6745 / MAD is 3.5, taken on the
 * logarithms, since times are skewed; MAD is the median absolute deviation from the median. Where the MAD is 0 (more
 * than half of the values are equal), 1.2533 times the mean absolute deviation takes the place of MAD / 0.6745; where
 * that is 0 too, nothing is an outlier and the limits are 0 and INFINITY, as they are for no values or for values that
 * are not all greater than 0. Of sorted values. What is flagged is reported, never left out: one in ten clean series
 * of 20 has a flag.
 * Source: Iglewicz and Hoaglin, "How to Detect and Handle Outliers", ASQC 1993. */
void stats_outlier_limits(const double *sorted, size_t count, double *low, double *high);

/* --- Values in the order they were measured --- */

/* The most values for which distributions are exact. */
enum { STATS_EXACT_COUNT = 50 };

/* Kendall's rank correlation of the values with their index; in `tau` from -1, always falling, to 1, always rising
 * (tau-a; NAN for fewer than two). Returns the two-sided p-value of "there is no trend": exact for up to
 * STATS_EXACT_COUNT values without ties, otherwise by the normal approximation with continuity correction and the
 * variance corrected for ties. 1 for fewer than two. `tau` may be NULL.
 * Source: Kendall, "Rank Correlation Methods"; Mann, "Nonparametric tests against trend", Econometrica 13, 1945. */
double stats_trend(const double *values, size_t count, double *tau);

/* Whether neighbouring values are alike, as they are when something wanders during the series. */
struct stats_serial {
    double autocorrelation; /* of the ranks at lag 1 (midranks for ties), in [-1, 1]; NAN for fewer than three values
                             * or if all are equal */
    double z;               /* (autocorrelation + 1/n) sqrt(n): approximately standard normal if the order is random */
    bool is_dependent;      /* z > 1.645: 5 % of random orders */
    double widening;        /* by what to widen an interval about its estimate: sqrt((1 + r) / (1 - r)), where r is the
                             * autocorrelation corrected for its bias, r1 + (1 + 3 r1) / n, cut to [0, 0.9];
                             * 1 if not dependent */
};

/* A weak guard: it finds strong dependence only, and no statistic of one series repairs it.
 * Source: Wald and Wolfowitz, "An exact test for randomness in the non-parametric case based on serial correlation",
 * Annals of Mathematical Statistics 14, 1943; the bias after Kendall, "Note on bias in the estimation of
 * autocorrelation", Biometrika 41, 1954. */
struct stats_serial stats_serial_dependence(const double *values, size_t count);

/* --- Several groups --- */

/* The p-value of "all groups come from the same distribution", by the test of Kruskal and Wallis with midranks for ties
 * and the chi-square approximation, which wants five values in each group: groups[i] < group_count is that of
 * values[i]. `scratch` has room for count + 2 * group_count numbers. 1 for fewer than two groups with values, or if all
 * values are equal.
 * Source: Kruskal and Wallis, "Use of ranks in one-criterion variance analysis", Journal of the American Statistical
 * Association 47, 1952. */
double stats_kruskal_wallis(const double *values, const uint32_t *groups, size_t count, size_t group_count,
                            double *scratch);

/* --- Means --- */

/* The two-sided p of a mean of 0, by Student's t test: for differences that are about normal; spikes make it cautious.
 * 1 for fewer than two, or where all are 0; 0 where all are alike and not 0. */
double stats_t_test(const double *differences, size_t count);

/* The share of Student's t beyond |t| on either side: the p of a t of so many degrees of freedom. */
double stats_t_tails(double t, size_t freedom);

/* The quantile of Student's t for `freedom` degrees that the value exceeds, on either side, with a probability of
 * `error` in (0, 1): 4.303 for 2 and 0.05. NAN without a degree. */
double stats_t_quantile(double error, size_t freedom);

/* Student's interval for the mean of differences that are about normal. Returns `confidence`; 0 for fewer than two, or
 * where all are alike: `low` and `high` are then -INFINITY and INFINITY. */
double stats_t_interval(const double *differences, size_t count, double confidence, double *low, double *high);

/* --- The standard normal distribution --- */

/* The share of it at or below z. */
double stats_normal_share(double z);

/* The z with that share at or below it; -INFINITY for 0, INFINITY for 1. `share` in [0, 1]. */
double stats_normal_quantile(double share);

#endif
