#ifndef CONC_BENCH_SESSION_PLACES_H
#define CONC_BENCH_SESSION_PLACES_H

#include "conc_bench/base/error.h"
#include "conc_bench/cli/options.h"

/* Whether each file has one use: no report is to write over what the run reads, over another report or over a standard
 * stream, and what can be read only once has one reader. Files are compared, whatever they are called. -1 with
 * ERROR_USAGE. Private to src/session. */
int places_check(const struct options *options, struct error *error);

#endif
