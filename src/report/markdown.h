#ifndef CONC_BENCH_REPORT_MARKDOWN_H
#define CONC_BENCH_REPORT_MARKDOWN_H

#include <stdio.h>

#include "conc_bench/analysis/analysis.h"
#include "conc_bench/base/error.h"
#include "conc_bench/report/format.h"
#include "conc_bench/run/run.h"

/*
 * The ranking, the sweeps, what follows from them, and what became of assertions in GitHub's Markdown: for job
 * summaries and comments.
 */

/* -1: out of memory. That `stream` could not be written is left to who closes it (ferror(3)). */
int markdown_write(FILE *stream, const struct run *run, const struct analysis *analysis, const struct format *format,
                   struct error *error);

#endif
