#ifndef CONC_BENCH_ANALYSIS_RANKING_H
#define CONC_BENCH_ANALYSIS_RANKING_H

#include <stdbool.h>
#include <stddef.h>

#include "conc_bench/analysis/settle.h"
#include "conc_bench/analysis/signed_rank.h"
#include "conc_bench/base/error.h"

/*
 * Ranks cells (mode and workers) by their times, with ties shown as ties.
 *
 * What takes several times as long in each of the first rounds is settled by them (settle.h). Every other pair of cells
 * is tested by the rounds both have, and all these tests together are allowed the error of one (Holm): five equal modes
 * compared pair by pair without that would show a difference in three of ten series.
 * "Not distinguishable" is no order: it can hold for A and B and for B and C while A beats C. So a cell has an interval
 * of ranks, not a place in a group.
 */

/* Compares cells `first` < `second`. */
struct ranking_pair {
    size_t first;
    size_t second;
    /* Compares log(time of first) - log(time of second): below 0, first is faster. Where there are too few rounds for
     * its own interval, but the pair is settled or tested all the same, that of Student's t. */
    struct signed_rank comparison;
    unsigned settled_by; /* so many rounds; 0: it is not settled */
    double adjusted_p; /* Holm, over all pairs that are not settled; NAN if it is, or if one of the two is not ranked */
};

/* The ranks a cell may have, 1 the fastest: 1 + how many beat it, to the number of ranked cells - how many it beats.
 * 0 and 0 for a cell that is not ranked, since it has no time in any round. */
struct ranking_cell {
    size_t low;
    size_t high;
};

/* The kind of tests: signed ranks where there are rounds enough for them to reach significance over so many pairs;
 * with fewer, but at least RANKING_ROUNDS_MIN, Student's paired t test, which keeps its level as well but is blunted by
 * spikes (docs/measurement.md); with fewer still none, and only what is settled ranks. */
enum ranking_test { RANKING_NONE, RANKING_T, RANKING_SIGNED_RANK };
enum { RANKING_ROUNDS_MIN = 5 };

struct ranking {
    enum ranking_test test;
    struct ranking_cell *cells;
    size_t cell_count;
    size_t ranked_count;
    struct ranking_pair *pairs; /* (0, 1), (0, 2), ... (1, 2), ...: all, of cells that are not ranked too */
    size_t pair_count;
    struct settlement settlement;
    size_t tested_count; /* pairs of ranked cells that are not settled: the family of the tests */
    double error_rate;
    double margin;
};

/* Ranks by the times of `cell_count` cells in `round_count` rounds: log_times[cell * round_count + round] is the
 * natural logarithm of a time, or NAN where the round is missing; a pair uses the rounds that neither misses.
 * `error_rate`, 0.05 as a rule, is the probability allowed of claiming any difference among cells that are equal
 * (SETTLE_ERROR_RATE of it is spent on settling), and that of each bound; `margin`, 0.05 as a rule, is what counts as
 * practically equal. On success the caller owns what `ranking` holds and gives it to ranking_release(). Returns -1 only
 * for lack of memory, and leaves nothing behind then. */
int ranking_compute(const double *log_times, size_t cell_count, size_t round_count, double error_rate, double margin,
                    struct ranking *ranking, struct error *error);

/* May be given a zeroed structure. */
void ranking_release(struct ranking *ranking);

/* The comparison of two different cells, whichever comes first in it. */
const struct ranking_pair *ranking_pair(const struct ranking *ranking, size_t cell, size_t other);

/* Returns whether anything is ranked: tested or settled. */
bool ranking_says_anything(const struct ranking *ranking);

/* Returns whether `cell` is faster than `other`: that is settled, or the adjusted p is below what settling leaves of
 * the error rate and the estimate says so. Never true of a cell and itself. */
bool ranking_beats(const struct ranking *ranking, size_t cell, size_t other);

/* Returns whether the rounds show that neither takes longer than the other by more than the margin: both bounds of the
 * ratio, each with an error of `error_rate`, lie within 1 / (1 + margin) and 1 + margin. Always true of a cell and
 * itself. That is a finding; not to beat one another is the lack of one. One cell may beat another that is practically
 * equal. Source: Schuirmann, "A comparison of the two one-sided tests procedure and the power approach", Journal of
 * Pharmacokinetics and Biopharmaceutics 15, 1987. */
bool ranking_are_practically_equal(const struct ranking *ranking, size_t cell, size_t other);

/* Adjusts p-values so that all of them may be compared with the error rate allowed to their family: in `adjusted`, in
 * the order given, the i-th smallest is the largest of min(1, (count - j + 1) p(j)) for j up to i. `scratch` has room
 * for twice as many numbers.
 * Source: Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6, 1979.
 */
void ranking_adjust(const double *p, size_t count, double *adjusted, double *scratch);

#endif
