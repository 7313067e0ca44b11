#ifndef CONC_BENCH_ANALYSIS_SPEEDUP_BREAKDOWN_H
#define CONC_BENCH_ANALYSIS_SPEEDUP_BREAKDOWN_H

#include <stddef.h>

#include "conc_bench/analysis/cell_stats.h"
#include "conc_bench/base/error.h"

/*
 * The parts that concurrency and kept connections have in the speed-up of a mode: two factors, each with and without
 * the other, measured in the same rounds. Pure.
 *
 * A gain is a ratio of times. Among the four cells of the reference mode and another, with fresh and with kept
 * connections, each factor can be had in two ways: concurrency with fresh connections, or with kept ones; kept
 * connections one at a time, or many at once. Its share is the geometric mean of the two, so that concurrency times
 * connections is the whole gain in every round (the main effects of a 2 x 2 factorial design; Yates 1937, "The design
 * and analysis of factorial experiments"); what the two differ by is the interaction.
 */
struct speedup_parts {
    const struct cell_stats *cell; /* with kept connections */
    struct estimate total;         /* times as fast as the base */
    struct estimate concurrency;   /* all NAN for the reference mode, which has none */
    struct estimate connections;
    struct estimate interaction; /* above 1: each is worth more where the other is there; all NAN as above */
};

struct speedup_breakdown {
    const struct cell_stats *base; /* the reference mode with fresh connections; NULL: nothing is taken apart */
    struct speedup_parts *items;   /* as the figures have the cells, the fastest first; owned */
    size_t count;
    char sentence[400]; /* the conclusion for the first of them; without a full stop */
};

/* Takes all main cells that were measured with fresh connections too, in rounds that all four cells share. -1: out of
 * memory. `stats` must outlive the result. */
int speedup_breakdown_make(const struct run_stats *stats, struct speedup_breakdown *breakdown, struct error *error);
void speedup_breakdown_release(struct speedup_breakdown *breakdown);

#endif
