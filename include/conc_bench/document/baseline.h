#ifndef CONC_BENCH_DOCUMENT_BASELINE_H
#define CONC_BENCH_DOCUMENT_BASELINE_H

#include <stdbool.h>
#include <stddef.h>

#include "conc_bench/analysis/regression.h"
#include "conc_bench/base/error.h"
#include "conc_bench/run/run.h"

/*
 * Reads of earlier JSON documents what later ones can be compared with.
 */

/* Reads the documents at these paths, and those whose name ends in ".json" of each that is a folder. What was measured
 * elsewhere, with other libraries, by another policy or over another list is refused with the first difference, unless
 * `is_forced`; in a folder, it is left out and told in the note, as what is no document is, unless nothing is left. A
 * folder may be empty: what has no history yet begins one. `run` is the one that is about to be measured: all but its
 * cells. -1 with ERROR_USAGE: not such a document, damaged, of another schema version, or not comparable; or a folder
 * that cannot be read, or of which nothing is comparable. */
int baseline_read(const char *const *paths, size_t path_count, const struct run *run, bool is_forced,
                  struct baseline *baseline, struct error *error);

#endif
