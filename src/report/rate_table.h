#ifndef CONC_BENCH_REPORT_RATE_TABLE_H
#define CONC_BENCH_REPORT_RATE_TABLE_H

#include "conc_bench/analysis/cell_stats.h"
#include "content.h"

/*
 * The one table of the summary where downloads were due at a rate, instead of summary_table.h. Private to src/report.
 */

/* Adds a table of the main cells in their order. */
void rate_table_add(struct content *content, const struct format *format, const struct run_stats *stats);

/* "Not kept up: sync/1 14.3/s of 500/s, 1.1 s behind at the end", of the cells it is true of. NULL: of none. */
const char *rate_table_describe_overrun(struct content *content, const struct run_stats *stats);

#endif
