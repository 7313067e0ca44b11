#ifndef CONC_BENCH_REPORT_LIVE_TABLE_H
#define CONC_BENCH_REPORT_LIVE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "conc_bench/report/format.h"
#include "conc_bench/run/run.h"

/*
 * The table of the report, made of the trials so far: medians over rounds, without their intervals and ranks, which
 * only the whole run has. Private to src/report.
 */
struct live_table;

/* NULL: no memory; the run goes on without. */
struct live_table *live_table_create(const struct format *format, const char *reference);
void live_table_release(struct live_table *table); /* NULL is allowed */

/* The trial that runs now is of this mode and number of workers, which get a row unless they have one. Its downloads
 * fall due at `rate`; 0: at none; NAN: at none yet, in a run that looks for one. Where rates differ, a row tells of the
 * last one only. */
void live_table_begin(struct live_table *table, const char *mode, uint32_t workers, double rate);

/* Notes that the trial has ended. */
void live_table_end(struct live_table *table, const struct trial *trial);

/* "event-loop/8, 0.411 s": the fastest so far. Returns `buffer`; "" without times, and at a rate, where all
 * that keep up take as long. */
char *live_table_fastest(const struct live_table *table, char *buffer, size_t size);

/* The table in so many columns, as lines that end with a line feed; the caller frees it. NULL: there is no row, or no
 * memory. */
char *live_table_draw(const struct live_table *table, size_t columns);

#endif
