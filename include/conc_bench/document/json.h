#ifndef CONC_BENCH_DOCUMENT_JSON_H
#define CONC_BENCH_DOCUMENT_JSON_H

#include <stdio.h>

#include "conc_bench/analysis/analysis.h"
#include "conc_bench/base/error.h"
#include "conc_bench/report/format.h"
#include "conc_bench/run/run.h"

/*
 * The result as one JSON document, schema "conc-bench/2" (docs/json.md). Every figure's unit is in its name. Fields of
 * hyperfine's --export-json are there with their meaning, so that tools that read hyperfine's files read these.
 */

/* Samples are written as far as the result has kept them. */
/* -1: out of memory. That `stream` could not be written is left to who closes it (ferror(3)). */
int json_write(FILE *stream, const struct run *run, const struct analysis *analysis, const struct format *format,
               struct error *error);

#endif
