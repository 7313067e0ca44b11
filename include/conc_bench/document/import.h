#ifndef CONC_BENCH_DOCUMENT_IMPORT_H
#define CONC_BENCH_DOCUMENT_IMPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "conc_bench/analysis/assertion_result.h"
#include "conc_bench/analysis/run_totals.h"
#include "conc_bench/base/error.h"
#include "conc_bench/run/run.h"

/*
 * Reads a JSON document back (docs/json.md): the result it was written from, so that every report can be made again.
 * Figures are not read but computed anew, from the same numbers.
 */
struct import {
    struct run run; /* with the samples that are in the document, and without latencies */
    struct run_totals totals;
    struct assertion_result *assertion_results; /* owned; as the document has them */
    size_t assertion_result_count;
};

/* Reads the document at `path`; "-" is standard input. Without `with_samples` those in it are checked and dropped.
 * Whatever its bytes are, what is read can be reported on: numbers are within what the program itself could have
 * measured, and text has no control characters. -1 with ERROR_USAGE: not such a document, or a damaged one; the
 * sentence has line and column, or the place within the document, such as results[2].rounds[0].time_s. */
int import_read(const char *path, bool with_samples, struct import *import, struct error *error);
void import_release(struct import *import);

#endif
