#ifndef CONC_BENCH_FIGURES_H
#define CONC_BENCH_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conc_bench/error.h"
#include "conc_bench/result.h"

/*
 * From the trials of a cell to the figures people read. Pure: no clock, no files, no libcurl.
 * Times come from complete trials only. A figure "per round" is the median over the complete rounds; where no round is
 * complete (interrupted, crashed), counts are those of the last trial and `has_times` is false.
 */
struct cell_figures {
    const struct cell_result *cell;
    size_t rounds;  /* complete trials */
    bool has_times; /* rounds > 0 */
    double *times;  /* trial_time() in seconds of each complete trial, in the order they ran; owned */

    /* seconds, over `times` */
    double median, mean, minimum, maximum;
    double standard_deviation;     /* NAN for one round */
    double startup, run, teardown; /* medians, seconds */

    /* counts per round */
    uint64_t downloads; /* settled units */
    uint64_t failures;  /* lost units included, those that Ctrl-C cancelled not */
    uint64_t failure_classes[OUTCOME_COUNT];
    uint64_t body_bytes;
    uint64_t connects;
    uint32_t peak_in_flight; /* by the stamps of the samples */

    /* service time, seconds: exact nearest rank over the samples of all complete trials, failures included */
    double service_p50, service_p90, service_p95, service_p99, service_max, service_mean;

    /* costs per round */
    double cpu_user, cpu_system; /* seconds */
    double cores_used;           /* CPU seconds / (startup + run) */
    double voluntary_switches, involuntary_switches;
    double peak_memory_bytes;
    uint32_t processes, threads;

    /* against the reference cell: the median over rounds of reference time / own time, and its range; NAN if there is
     * no reference, or no round in which both are complete */
    double speedup, speedup_low, speedup_high;
};

struct figures {
    struct cell_figures *cells; /* as many as the result has; fastest first, cells without times last */
    size_t cell_count;
    const struct cell_figures *reference; /* NULL if the reference mode is not among the cells */

    /* Whether the work was the same everywhere. */
    bool is_work_equal;
    char inequality[512]; /* why not: one sentence */
    uint64_t failures;    /* over all trials of all cells */
};

/* -1: out of memory. `result` must outlive `figures`. */
int figures_compute(const struct result *result, struct figures *figures, struct error *error);
void figures_release(struct figures *figures);

#endif
