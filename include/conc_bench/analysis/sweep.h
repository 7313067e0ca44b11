#ifndef CONC_BENCH_ANALYSIS_SWEEP_H
#define CONC_BENCH_ANALYSIS_SWEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conc_bench/analysis/cell_stats.h"
#include "conc_bench/analysis/usl.h"
#include "conc_bench/base/error.h"

/*
 * The performance of a mode with different numbers of workers, and the number that is enough: over the cells of
 * STAGE_SWEEP. The same for different numbers of machines, over the ranked cells: for each number, with the workers
 * that do best there. Pure.
 */
enum sweep_of {
    SWEEP_OF_WORKERS,
    SWEEP_OF_MACHINES,
};

struct sweep_point {
    const struct cell_stats *cell;
    /* The bound over the run: no schedule of the same downloads on W workers ends before the sum of their service times
     * is shared out among them, nor before the slowest of them is done (Graham 1969). Service times are those of one at
     * a time. NAN: nothing was downloaded one at a time. Of machines, the time they would take if each did as much as
     * each of the fewest, over that which they took. */
    double efficiency;
};

struct sweep {
    enum sweep_of of;           /* the things that the numbers count; contracts call them workers */
    char mode[32];              /* of machines, without their number: "threads" for "threads:x2" */
    struct sweep_point *points; /* by number; owned */
    size_t count;
    uint32_t best; /* workers with the lowest median time */
    /* The smallest number of workers that is not, or by less than 5 %, slower than the best: with enough rounds the
     * upper one-sided 95 % bound of the paired ratio says so, otherwise the medians. 0: no point has times. */
    uint32_t knee;
    bool is_knee_bounded; /* by the bound */
    bool is_open; /* the best is the most that was tried, and more might be better: no answer, but a beginning */
    bool has_fit; /* at least 5 numbers of workers, the most of them a fifth of the downloads or fewer */
    struct usl_curve fit;
    double peak;        /* workers where the fit is highest; NAN: none is told, as usl_analyse() says, which takes an
                         * explicit sweep, with all numbers of workers in the same rounds */
    char sentence[640]; /* the conclusion */
};

/* The number that a cell stands for in a sweep. */
uint32_t sweep_number(const struct sweep *sweep, const struct cell_stats *cell);

/* "workers" or "machines"; for one: "worker" or "machine". */
const char *sweep_noun(const struct sweep *sweep, bool is_one);

/* One sweep for each mode that has cells of STAGE_SWEEP; or of machines, for each whose ranked cells differ by them. Of
 * cells with the same number of workers the one with the most rounds counts; and what was measured in less than half of
 * the rounds that others were is not chosen. To be released in any case. -1: out of memory. */
int sweeps_make(const struct run_stats *stats, enum sweep_of of, struct sweep **sweeps, size_t *count,
                struct error *error);
void sweeps_release(struct sweep *sweeps, size_t count);

/* The input of a search. */
struct sweep_bounds {
    uint32_t first; /* to be tried */
    uint32_t most;
    double alone; /* seconds that all downloads take one at a time: W workers need at least 1/W of that; 0: not known */
    bool is_near; /* the first is where another mode has its knee */
};

/* The search of --workers auto: which number of workers of a mode to try next, from what has been tried; 0: none, the
 * knee is bracketed. Upwards from the first, doubled, until it gains less than 5 %: twice in a row, or once where
 * workers are idle for nearly half of the time by the bound, or the first is near. Then between the best and the next
 * larger number, and between the smallest number within 5 % of the best and the largest that is not, or that cannot be,
 * until they are closer than 5 : 2 and 3 : 2. */
uint32_t sweep_next(const struct run_stats *stats, const char *mode, const struct sweep_bounds *bounds);

/* The smallest number of workers of a mode within 5 % of the best of those tried; 0: none got through. */
uint32_t sweep_enough(const struct run_stats *stats, const char *mode);

/* Returns whether a number of workers that was tried may turn out to be the best, or the smallest that is enough, in
 * further rounds: the best, what seems to be enough, and what was tried next to either. */
bool sweep_is_candidate(const struct run_stats *stats, const char *mode, uint32_t workers);

#endif
