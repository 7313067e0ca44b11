#ifndef CONC_BENCH_REPORT_HTML_H
#define CONC_BENCH_REPORT_HTML_H

#include <stdio.h>

#include "conc_bench/analysis/analysis.h"
#include "conc_bench/base/error.h"
#include "conc_bench/report/format.h"
#include "conc_bench/run/run.h"

/*
 * One page that needs nothing else: charts and tables of the run, opened by any browser without a network. Its data and
 * its scripts are in it; a Content-Security-Policy keeps it from loading or running anything else.
 */

/* -1: out of memory. That `stream` could not be written is left to who closes it (ferror(3)). */
int html_write(FILE *stream, const struct run *run, const struct analysis *analysis, const struct format *format,
               struct error *error);

#endif
