#ifndef CONC_BENCH_RANKING_H
#define CONC_BENCH_RANKING_H

#include <stddef.h>
#include <stdint.h>

#include "conc_bench/error.h"

/*
 * Who is faster than whom, so that all of what is claimed is true at once with 95 % probability; who cannot be told
 * apart shares ranks. Pure.
 */

/* Holm's adjustment of p-values for testing all of them (Holm 1979). `adjusted` may be `p`. -1: out of memory. */
int ranking_holm(const double *p, size_t count, double *adjusted, struct error *error);

/* The rounds of one contestant: logarithms of its times, NAN for a round that does not count. */
struct contestant {
    const double *logs;
    uint32_t rank_low;  /* 1 + those that beat it */
    uint32_t rank_high; /* all less those that it beats */
};

/* Ranks contestants by paired tests of all pairs over the rounds that both have, Holm-adjusted: one beats another if
 * the adjusted p is below 5 % and the estimated difference is in its favour. The test is the signed-rank test where
 * there are rounds enough for it to reach significance over so many pairs; with fewer, but at least RANKING_ROUNDS_MIN,
 * it is the paired t test, whose level holds as well but which spikes blunt more (docs/measurement.md); with fewer
 * still, nobody beats anybody. Returns the test that was used, or -1: out of memory. */
enum { RANKING_ROUNDS_MIN = 6 };
enum ranking_test { RANKING_NONE, RANKING_T, RANKING_SIGNED_RANK };
int ranking_rank(struct contestant *contestants, size_t count, size_t rounds, struct error *error);

#endif
