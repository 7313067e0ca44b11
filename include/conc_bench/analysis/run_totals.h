#ifndef CONC_BENCH_ANALYSIS_RUN_TOTALS_H
#define CONC_BENCH_ANALYSIS_RUN_TOTALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conc_bench/analysis/latency_percentiles.h"
#include "conc_bench/analysis/per_url.h"
#include "conc_bench/analysis/validity.h"
#include "conc_bench/base/error.h"
#include "conc_bench/run/run.h"

/*
 * The totals of the latencies and answers of all trials. Those are as many as there were downloads, so they are
 * looked at once, when a run is over, and a document holds what came of it: the totals of a run that was read from one
 * are the document's. All else in analysis follows from these totals and the trials' summaries, and so is the same for
 * a run that was measured and one that was read. Pure.
 */

/* The number of times a URL failed in one way, over all rounds of a cell. */
struct url_failure {
    uint32_t url;
    enum outcome outcome;
    uint8_t code; /* why, where the class alone says little, as struct answer has it; otherwise 0 */
    uint64_t count;
};

/* The most URLs kept for each cell; those with the most failures are kept. */
enum { URL_FAILURES_MAX = 100 };

struct cell_totals {
    struct latency_percentiles service; /* over the trials that count */
    struct url_failure *url_failures;   /* the most first; owned */
    size_t url_failure_count;
    uint64_t failing_urls; /* how many there are in all, each way of failing counted */
};

struct run_totals {
    struct validity validity;
    struct cell_totals *cells; /* as the run has them; owned */
    size_t cell_count;
    struct per_url *per_url; /* owned; NULL: figures of each URL were not asked for */
};

/* Takes a run whose trials have ended, with their latencies, and with `has_per_url` with their samples. -1: out of
 * memory; `totals` is then empty. */
int run_totals_make(const struct run *run, bool has_per_url, struct run_totals *totals, struct error *error);

void run_totals_release(struct run_totals *totals);

#endif
