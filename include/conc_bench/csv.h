#ifndef CONC_BENCH_CSV_H
#define CONC_BENCH_CSV_H

#include <stdio.h>

#include "conc_bench/error.h"
#include "conc_bench/format.h"
#include "conc_bench/result.h"
#include "conc_bench/verdict.h"

/*
 * For spreadsheets and data frames (RFC 4180, with plain line feeds): one row a cell, one row a download, or one row a
 * URL and cell. Times are seconds, and every unit is in the name of its column; what does not exist is empty.
 */

/* -1: out of memory. That `stream` could not be written is left to who closes it (ferror(3)). */
int csv_write(FILE *stream, const struct result *result, const struct verdict *verdict, const struct format *format,
              struct error *error);

/* The same for downloads: of the rounds whose samples were kept. */
int csv_write_requests(FILE *stream, const struct result *result, const struct verdict *verdict,
                       const struct format *format, struct error *error);

/* The same for URLs: one row a URL and cell, of those whose figures were kept (verdict/per_url). */
int csv_write_urls(FILE *stream, const struct result *result, const struct verdict *verdict,
                   const struct format *format, struct error *error);

#endif
