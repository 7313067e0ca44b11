#ifndef CONC_BENCH_ANALYSIS_ANALYSIS_H
#define CONC_BENCH_ANALYSIS_ANALYSIS_H

#include <stddef.h>

#include "conc_bench/analysis/assertion.h"
#include "conc_bench/analysis/assertion_result.h"
#include "conc_bench/analysis/cell_stats.h"
#include "conc_bench/analysis/diagnosis.h"
#include "conc_bench/analysis/headline.h"
#include "conc_bench/analysis/per_url.h"
#include "conc_bench/analysis/rate_curves.h"
#include "conc_bench/analysis/regression.h"
#include "conc_bench/analysis/speedup_breakdown.h"
#include "conc_bench/analysis/sweep.h"
#include "conc_bench/base/error.h"
#include "conc_bench/run/run.h"

/*
 * All that follows from a run: figures, what they say in sentences, and whether assertions hold. Pure; reports see a
 * run and its analysis, and nothing else.
 */
enum { SENTENCES_MAX = 8 };

struct analysis {
    struct run_stats stats;
    struct sweep *sweeps; /* of workers; owned */
    size_t sweep_count;
    struct sweep *machine_sweeps; /* owned */
    size_t machine_sweep_count;
    struct rate_curves rates;           /* none where trials do not differ by rates */
    char sentences[SENTENCES_MAX][512]; /* who won, who is cheapest, what to use; without a full stop */
    size_t sentence_count;
    const struct cell_stats *recommended; /* NULL: nothing is ranked */
    struct headline headline;             /* the answer that every report begins with */
    struct diagnosis diagnosis;
    struct speedup_breakdown breakdown;
    struct per_url_sentences urls;              /* none without figures of URLs */
    struct assertion_result *assertion_results; /* owned */
    size_t assertion_result_count;
};

/* The assertions that a run is held to. Zeros: there are none. */
struct analysis_request {
    const struct assertion *assertions;
    size_t assertion_count;
    const struct baseline *baseline; /* NULL: none */
    double max_slowdown;
    const struct assertion_result *assertion_results; /* made earlier, to be taken over as they are */
    size_t assertion_result_count;
};

/* Analyses a run that is over. Its totals are taken over; the caller releases what is left of them. -1: out of
 * memory. `run` must outlive `analysis`. */
int analysis_make(const struct run *run, struct run_totals *totals, const struct analysis_request *request,
                  struct analysis *analysis, struct error *error);
void analysis_release(struct analysis *analysis);

#endif
