#ifndef CONC_BENCH_JSON_H
#define CONC_BENCH_JSON_H

#include <stdio.h>

#include "conc_bench/error.h"
#include "conc_bench/format.h"
#include "conc_bench/result.h"
#include "conc_bench/verdict.h"

/*
 * The result as one JSON document, schema "conc-bench/1" (docs/json.md). Every figure's unit is in its name. Fields of
 * hyperfine's --export-json are there with their meaning, so that tools that read hyperfine's files read these.
 */

/* Samples are written as far as the result has kept them. */
/* -1: out of memory. That `stream` could not be written is left to who closes it (ferror(3)). */
int json_write(FILE *stream, const struct result *result, const struct verdict *verdict, const struct format *format,
               struct error *error);

#endif
