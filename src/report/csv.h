#ifndef CONC_BENCH_REPORT_CSV_H
#define CONC_BENCH_REPORT_CSV_H

#include <stdio.h>

#include "conc_bench/analysis/analysis.h"
#include "conc_bench/base/error.h"
#include "conc_bench/report/format.h"
#include "conc_bench/run/run.h"

/*
 * Tables for spreadsheets and data frames (RFC 4180, with plain line feeds): one row a cell, one row a download, or one
 * row a URL and cell. Times are seconds, and every unit is in the name of its column; what does not exist is empty.
 */

/* -1: out of memory. That `stream` could not be written is left to who closes it (ferror(3)). */
int csv_write(FILE *stream, const struct run *run, const struct analysis *analysis, const struct format *format,
              struct error *error);

/* The same for downloads: of the rounds whose samples were kept. */
int csv_write_requests(FILE *stream, const struct run *run, const struct analysis *analysis,
                       const struct format *format, struct error *error);

/* The same for URLs: one row a URL and cell, of those whose figures were kept (analysis/per_url). */
int csv_write_urls(FILE *stream, const struct run *run, const struct analysis *analysis, const struct format *format,
                   struct error *error);

#endif
