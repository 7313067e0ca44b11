#ifndef CONC_BENCH_USL_H
#define CONC_BENCH_USL_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Universal Scalability Law (Gunther 1993; "Guerrilla Capacity Planning", chapter 4): throughput with N workers is
 * X(N) = lambda N / (1 + sigma (N - 1) + kappa N (N - 1)). Pure.
 */
struct usl_point {
    double workers;
    double throughput; /* greater than 0 */
};

struct usl {
    double lambda; /* throughput of one worker */
    double sigma;  /* contention: the share of the work that is serial */
    double kappa;  /* coherency: what each pair of workers costs */
    double error;  /* root mean square of the relative error of N / X */
};

/* The least relative squares of N / X, which is linear in the parameters, under lambda > 0, sigma >= 0, kappa >= 0:
 * exact, by trying which of them are 0. False: no point, or none that can be fitted. */
bool usl_fit(const struct usl_point *points, size_t count, struct usl *usl);

double usl_throughput(const struct usl *usl, double workers);

/* Where throughput is highest: sqrt((1 - sigma) / kappa). Infinite if it keeps rising (kappa 0), 1 if it never does. */
double usl_peak(const struct usl *usl);

/* Whether a fit means anything: at least 5 different numbers of workers, and not more than a fifth as many workers as
 * there are downloads, since the drain of a batch otherwise looks like contention. `points` by number of workers. */
bool usl_is_allowed(const struct usl_point *points, size_t count, double downloads);

#endif
