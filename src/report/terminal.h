#ifndef CONC_BENCH_REPORT_TERMINAL_H
#define CONC_BENCH_REPORT_TERMINAL_H

#include <stdio.h>

#include "conc_bench/analysis/analysis.h"
#include "conc_bench/report/format.h"
#include "conc_bench/run/run.h"
#include "content.h"

/*
 * The reports for people on `stream`, which is a terminal of `format->width` columns or, where that is 0, a file. All
 * return -1: no memory. Private to src/report.
 */

/* The answer, one table, why and how: about a screen, and in 80 columns where the width is not known. */
int terminal_write_brief(FILE *stream, const struct run *run, const struct analysis *analysis,
                         const struct format *format, struct error *error);

/* --details: the same, and behind it everything else in sections with headings, as wide as need be where the width is
 * not known. */
int terminal_write_details(FILE *stream, const struct run *run, const struct analysis *analysis,
                           const struct format *format, struct error *error);

/* --quiet: the answer in one line, with what does not let it be believed as it stands, and a line for each
 * assertion. */
int terminal_write_verdict(FILE *stream, const struct run *run, const struct analysis *analysis,
                           const struct format *format, struct error *error);

/* A table, without the columns for which there is no room. */
void terminal_write_table(FILE *stream, const struct content_table *table, const struct format *format);

#endif
