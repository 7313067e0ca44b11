#ifndef CONC_BENCH_REPORT_SUMMARY_TABLE_H
#define CONC_BENCH_REPORT_SUMMARY_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "content.h"

/*
 * The one table of the summary, and the grid of a sweep: the same while a run goes on and behind it. Private to
 * src/report.
 */
struct summary_row {
    const char *mode;
    uint32_t workers;
    const char *ending; /* instead of figures: "hung", "..."; NULL: there are figures */
    double time;        /* seconds, median over rounds */
    double low, high;   /* its interval; NAN: one round */
    double percentile;  /* seconds: the highest of the percentiles that reports show */
    double cpu;         /* milliseconds for each download */
    double memory;      /* MiB at the peak */
    bool is_unproven;
    uint64_t failed;
    bool is_first;       /* shares the first rank */
    bool is_recommended; /* marked in a grid */
};

/* Adds a table with the rows in their order. `interval`: the head of the column of intervals. `reference`: the row that
 * times are compared with; `count`: none is. */
void summary_table_add(struct content *content, const struct format *format, const struct summary_row *rows,
                       size_t count, const char *interval, size_t reference);

/* Adds a grid of times, mode by number of workers; of several rows with both the same, the first counts. */
void summary_table_add_grid(struct content *content, const struct format *format, const struct summary_row *rows,
                            size_t count);

/* Whether so many rows are better read as a grid. */
bool summary_table_is_grid(const struct summary_row *rows, size_t count);

/* The percentile that tells most about slow downloads, of those that reports show. */
double summary_table_percentile(const struct format *format);

#endif
