#ifndef CONC_BENCH_ANALYSIS_CONCLUSIONS_H
#define CONC_BENCH_ANALYSIS_CONCLUSIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "conc_bench/analysis/cell_stats.h"
#include "conc_bench/base/error.h"

/*
 * The conclusions from the ranking, in sentences: who is fastest or that no difference was detected, who is cheapest
 * among the fastest, and what to use. Pure.
 */
struct conclusions {
    char (*sentences)[512]; /* room for `capacity`, by the caller */
    size_t capacity;
    size_t count;
    /* Among the cells that are as fast as the fastest: the one that takes the least CPU time, then memory, then the
     * simplest (fewest workers, least machinery). CPU times and memory that differ by less than 10 % count as equal.
     * NULL: nothing can be recommended. */
    const struct cell_stats *recommended;
};

/* -1: out of memory. */
int conclusions_make(const struct run_stats *stats, struct conclusions *conclusions, struct error *error);

/* Whether the ranked cell at that place takes at most 5 % longer than the first, by the estimate: among equal cells the
 * upper bound of a noisy ratio would leave out all but the first, which chance chose. */
bool conclusions_are_as_fast(const struct run_stats *stats, size_t index);

#endif
