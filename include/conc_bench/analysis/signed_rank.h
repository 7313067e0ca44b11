#ifndef CONC_BENCH_ANALYSIS_SIGNED_RANK_H
#define CONC_BENCH_ANALYSIS_SIGNED_RANK_H

#include <stddef.h>
#include <stdint.h>

#include "conc_bench/base/error.h"

/*
 * Statistics of paired differences: the Hodges-Lehmann estimate and Wilcoxon's signed-rank test and intervals.
 *
 * Given differences of logarithms, d = log(time of B) - log(time of A), one for each round, exp(estimate) is how many
 * times as long B takes. Pairing by round takes out what slows both; ranks keep one disturbed round from deciding. The
 * only assumption is that differences are independent and symmetric about what is estimated, which they are for two
 * modes disturbed alike. Nothing is random here: the same rounds give the same answer.
 *
 * Sources: Wilcoxon, "Individual comparisons by ranking methods", Biometrics Bulletin 1, 1945; Hodges and Lehmann,
 * "Estimates of location based on rank tests", Annals of Mathematical Statistics 34, 1963; Hollander, Wolfe and
 * Chicken, "Nonparametric Statistical Methods", chapter 3.
 */
struct signed_rank {
    size_t count;    /* differences used */
    double estimate; /* the median of all means of two differences, a difference with itself included; NAN for none */

    /* The two-sided interval, and the confidence it really has: more than wanted, since it ends at one of the means of
     * two. If there are too few differences for the wanted confidence (fewer than 6 for 95 %) it is 0, and the interval
     * is -INFINITY to INFINITY. */
    double low;
    double high;
    double confidence;

    /* Two bounds, each of which holds on its own with this confidence; 0, -INFINITY and INFINITY if there are too few
     * (fewer than 5 for 95 %). */
    double lower_bound;
    double upper_bound;
    double bound_confidence;

    /* Two-sided, of "the differences are symmetric about 0". Ties get midranks, and the distribution is the one given
     * these ties; differences of 0 are dropped. 1 if there is none but 0. */
    double p;

    /* The least true ratio, less 1, that a one-sided test at the wanted error of the bounds finds in four of five such
     * series: 0.05 is 5 % slower. Taken from the width of the interval (or of the bounds, if there is no interval) as
     * if the estimate were normal, so it is conservative for few rounds. INFINITY if there is neither. */
    double detectable_effect;
};

/* Computes all of it. `confidence` is wanted of the interval, `bound_error` is the error allowed to each bound: 0.95
 * and 0.05 as a rule; both in (0, 1), and `bound_error` at most 0.5. Differences that are not finite are left out, as
 * rounds that are missing. Any count will do, 0 too.
 * Exact up to STATS_EXACT_COUNT differences, without allocating; beyond that by the normal approximation, and with
 * count * (count + 1) / 2 numbers allocated. Returns -1 only if there is no memory for these. */
int signed_rank_compute(const double *differences, size_t count, double confidence, double bound_error,
                        struct signed_rank *run, struct error *error);

/* Moves the ends of the interval and the bounds away from the estimate by a factor of at least 1, for differences that
 * stats_serial_dependence() finds alike in neighbouring rounds, and the detectable effect with them. Confidences and p
 * stay what they would be for independent rounds. */
void signed_rank_widen(struct signed_rank *run, double factor);

/* The position, counted from either end from 1 on, of the sorted mean of two that bounds the center with an error of at
 * most `tail`, in (0, 0.5], at that end; 0 if none does. Writes the actual error to `probability`, or 0. */
uint64_t signed_rank_critical(size_t count, double tail, double *probability);

/* The fewest differences with which one of so many comparisons, Holm-adjusted, can be significant at what settling
 * (settle.h) leaves of 5 %: 6 for one, 9 for ten. */
size_t signed_rank_rounds_needed(size_t comparisons);

#endif
