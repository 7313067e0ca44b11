#ifndef CONC_BENCH_ANALYSIS_SETTLE_H
#define CONC_BENCH_ANALYSIS_SETTLE_H

#include <stdbool.h>
#include <stddef.h>

#include "conc_bench/base/error.h"

/*
 * Finds the pairs of cells that the first rounds settle, since one takes several times as long as the other in every
 * one of them, and which cells therefore need no more rounds. Pure.
 *
 * A pair is looked at twice: after the third round that both cells have, when every ratio must be at least 4, and after
 * the fourth, when every ratio must be at least 2. At no other time: every further look would be one more chance to be
 * wrong. So the same rounds say the same whenever they are asked, during a run and afterwards.
 *
 * Two equal cells are settled with a probability of at most 2 ((q4 / 2)^3 + (q2 / 2)^4), where qM is that of one of
 * them taking M times as long as the other in a round, for independent rounds and any noise that treats both alike:
 * 0.002 for ten pairs with q2 = 0.17 and q4 = 0.07. Where ratios change by a factor of 2 from round to round the noise
 * is not of that kind, and nothing is settled. docs/measurement.md derives and measures it.
 */
enum { SETTLE_ROUNDS_MIN = 3, SETTLE_ROUNDS_MAX = 4 };

/* The share of the error rate that is spent on it; what is tested has the rest. */
#define SETTLE_ERROR_RATE 0.002

/* The state of knowledge after a number of rounds. */
struct settlement {
    size_t cell_count;
    unsigned char *rounds; /* by slower * cell_count + faster: by so many rounds that is settled; 0: it is not */
    double *medians;       /* of each cell's log times in its first rounds, 4 at most; NAN without any */
    bool is_any;           /* some pair is settled */
};

/* Looks at the times of `cell_count` cells in `round_count` rounds, as ranking_compute() takes them:
 * log_times[cell * round_count + round] is the natural logarithm of a time, NAN where the cell has no time that counts.
 * On success the caller gives what `settlement` holds to settlement_release(). -1: no memory, and nothing is held. */
int settlement_make(const double *log_times, size_t cell_count, size_t round_count, struct settlement *settlement,
                    struct error *error);

/* May be given a zeroed structure. */
void settlement_release(struct settlement *settlement);

/* The number of rounds after which `slower` was settled to be slower than `faster`: 3 or 4; 0: it was not. */
unsigned settlement_rounds(const struct settlement *settlement, size_t slower, size_t faster);

/* The factor by which it took longer in each of these rounds, at least: 4 by three rounds, 2 by four; 1 for 0
 * rounds. */
double settlement_factor(unsigned rounds);

/* Chooses the cells that leave further rounds. Of all ways to cut the cells, sorted by their medians, into a front and
 * a back such that every cell of the back is settled to be slower than every cell of the front, the one with the
 * largest front counts: cells that are slow, but not yet told from each other, go on together as long as any of them is
 * in the front. Those of the back leave, but for cells with must_stay[cell]: those that are needed in every round.
 * `must_stay` may be NULL: none. Cells without times stay in the back and leave nothing, since they do not run anyway.
 * Writes leaves[cell] for all of them and returns how many leave. Rounds after the fourth change nothing. */
size_t settlement_leaving(const struct settlement *settlement, const bool *must_stay, bool *leaves);

#endif
