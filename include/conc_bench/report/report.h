#ifndef CONC_BENCH_REPORT_REPORT_H
#define CONC_BENCH_REPORT_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "conc_bench/analysis/assertion_result.h"
#include "conc_bench/analysis/regression.h"
#include "conc_bench/analysis/run_totals.h"
#include "conc_bench/base/error.h"
#include "conc_bench/cli/options.h"
#include "conc_bench/run/run.h"

/*
 * Makes the reports of a result, whether it was measured just now or read from a document: the table on standard
 * output, all exports, and the exit status.
 */

/* Checks before a run, rather than after it, that all exports can be written. -1 on failure. */
int report_check(const struct options *options, struct error *error);

struct report_request {
    const struct options *options;
    const struct run *run;
    struct run_totals *totals; /* the run's; taken over as analysis_make() does */
    bool is_without_figures;   /* nothing was downloaded, as an error says: there is no table, but there are exports */
    const struct baseline *baseline;
    /* Earlier verdicts, kept where the options have neither an assertion nor a baseline. */
    const struct assertion_result *assertion_results;
    size_t assertion_result_count;
};

/* Returns the exit status that the result calls for: 0, 1, 3, 4, 5 (a cell could not be set up) or 128 + signal. -1: a
 * report could not be made or written; all others were. */
int report_write(const struct report_request *request, struct error *error);

#endif
