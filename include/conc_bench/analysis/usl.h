#ifndef CONC_BENCH_ANALYSIS_USL_H
#define CONC_BENCH_ANALYSIS_USL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conc_bench/base/error.h"

/*
 * The growth of throughput with the number of workers: the Universal Scalability Law,
 *
 *     X(N) = lambda N / (1 + sigma (N - 1) + kappa N (N - 1)).
 *
 * lambda is the throughput of one worker; sigma, contention, is the share of the work that goes one at a time, and
 * bounds X at lambda / sigma; kappa, coherency, is what every worker costs every other, and lets X fall beyond a peak.
 * kappa = 0 is Amdahl's law. The law describes; that it fits does not prove that a lock or a crosstalk is there.
 *
 * Source: Gunther, "Guerrilla Capacity Planning", chapters 4 and 5; Gunther, "A General Theory of Computational
 * Scalability Based on Rational Functions", arXiv 0808.1431.
 */
struct usl_curve {
    double lambda; /* greater than 0, in the unit of the throughput */
    double sigma;  /* 0 or more */
    double kappa;  /* 0 or more */
    double error;  /* root of the mean squared relative error in N / X: 0.02 is 2 % off on average */
};

/* The throughput the curve has at that many workers. */
double usl_throughput(const struct usl_curve *curve, double workers);

/* The number of workers at which the curve is highest, N* = sqrt((1 - sigma) / kappa), not rounded; INFINITY if it
 * never falls (kappa is 0), 1 if it never rises (sigma is 1 or more). */
double usl_peak_workers(const struct usl_curve *curve);

/* Fits the curve to `count` points, each greater than 0. N / X is linear in 1 / lambda, sigma / lambda and
 * kappa / lambda, so the least squares of the relative error of N / X under their signs is found exactly, by solving
 * with and without each of the latter two: no start values, no iteration that may end elsewhere. Returns whether there
 * is a fit: not for fewer than three different numbers of workers, which any curve goes through. */
bool usl_fit(const double *workers, const double *throughput, size_t count, struct usl_curve *curve);

/* A sweep: the same mode with different numbers of workers, all of them in every round. */
struct usl_sweep {
    const double *workers; /* `count` numbers, in any order, each at least 1 and once */
    size_t count;
    const double *log_times; /* log_times[i * rounds + round]: natural logarithm of the seconds the whole list took
                              * with workers[i]; NAN where the round is missing */
    size_t rounds;
    uint64_t units; /* downloads in the list */
};

struct usl {
    /* Whether the sweep has what it takes for the law to say something of it: at least five different numbers of
     * workers with a time, and five downloads for each of the most workers. With fewer, waiting for the last ones looks
     * like contention even on an ideal server. */
    bool is_fitted;
    struct usl_curve curve; /* of median times; lambda in downloads per second */
    /* Workers at the peak; NAN: there is none to report. The curve has it between 1 and 1.5 times the most workers
     * tried, and with these the list really took longer than with the best number, with an error of 5 %. Otherwise
     * there is "no peak within the tested range", whatever the curve says. */
    double peak;
};

/* Analyses a sweep. Returns -1 only for lack of memory. */
int usl_analyse(const struct usl_sweep *sweep, struct usl *result, struct error *error);

#endif
