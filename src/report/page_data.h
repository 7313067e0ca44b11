#ifndef CONC_BENCH_REPORT_PAGE_DATA_H
#define CONC_BENCH_REPORT_PAGE_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "conc_bench/analysis/analysis.h"
#include "conc_bench/run/run.h"

/* The data from which the charts of the HTML report are drawn. Private to src/report. */

/* More lanes and bars than that cannot be told apart, and slow browsers down. */
enum { TIMELINE_WORKERS_MAX = 64, TIMELINE_DOWNLOADS_MAX = 1500 };

/* The trial of a cell that its timeline shows: the one whose time is nearest to the median, among those that count and
 * have samples. NULL: none. */
const struct trial *page_timeline_trial(const struct cell_stats *cell);

/* Writes the data as JSON that can stand within an HTML script element: no "<", ">" or "&" in it. -1: out of memory. */
int page_data_write(FILE *stream, const struct run *run, const struct analysis *analysis, struct error *error);

#endif
