#ifndef CONC_BENCH_DOCUMENT_BASELINE_H
#define CONC_BENCH_DOCUMENT_BASELINE_H

#include <stdbool.h>

#include "conc_bench/analysis/regression.h"
#include "conc_bench/base/error.h"
#include "conc_bench/run/run.h"

/*
 * Reads of an earlier JSON document what later ones can be compared with.
 */

/* Reads the document at `path`. What was measured elsewhere, with other libraries, by another policy or over another
 * list is refused with the first difference, unless `is_forced`. `result` is the one that is about to be measured: all
 * but its cells. -1 with ERROR_USAGE: not such a document, damaged, of another schema version, or not comparable. */
int baseline_read(const char *path, const struct run *run, bool is_forced, struct baseline *baseline,
                  struct error *error);

#endif
