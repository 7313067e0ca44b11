#ifndef CONC_BENCH_REPORT_RATE_TABLE_H
#define CONC_BENCH_REPORT_RATE_TABLE_H

#include "conc_bench/analysis/cell_stats.h"
#include "conc_bench/analysis/rate_curves.h"
#include "content.h"

/*
 * The one table of the summary where downloads were due at a rate, instead of summary_table.h: the same while a run
 * goes on and behind it. Private to src/report.
 */

enum rate_time { RATE_P50, RATE_P95, RATE_P99, RATE_WAIT, RATE_TIME_COUNT };

struct rate_row {
    const char *mode;
    uint32_t workers;
    const char *ending; /* instead of figures: "hung", "..."; NULL: there are figures */
    double begun;       /* a second */
    bool is_overrun;
    double times[RATE_TIME_COUNT]; /* seconds; NAN: of one that did not keep up, or of too few downloads */
    double cpu;                    /* milliseconds for each download */
    double memory;                 /* MiB at the peak */
    uint64_t failed;
    bool is_first; /* shares the first rank */
};

/* Adds a table with the rows in their order. */
void rate_table_add_rows(struct content *content, const struct format *format, const struct rate_row *rows,
                         size_t count);

/* Adds a table of the main cells in their order. */
void rate_table_add(struct content *content, const struct format *format, const struct run_stats *stats);

/* Add, where trials differ by rates, a row for each mode and number of workers, with the figures at the highest rate;
 * and, as the numbers of a chart, one for each of its rates. */
void rate_table_add_curves(struct content *content, const struct format *format, const struct rate_curves *curves);
void rate_table_add_points(struct content *content, const struct format *format, const struct rate_curves *curves);

/* "Not kept up: sync/1 14.3/s of 500/s, 1.1 s behind when stopped", of the cells it is true of. NULL: of none. */
const char *rate_table_describe_overrun(struct content *content, const struct run_stats *stats);

#endif
