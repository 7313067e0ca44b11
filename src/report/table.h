#ifndef CONC_BENCH_REPORT_TABLE_H
#define CONC_BENCH_REPORT_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "conc_bench/analysis/analysis.h"
#include "conc_bench/report/format.h"
#include "conc_bench/run/run.h"

/*
 * The report for people, on `stream`: facts about the run, its tables, and what follows from them in plain sentences.
 * -1: no memory.
 */
int table_write(FILE *stream, const struct run *run, const struct analysis *analysis, const struct format *format,
                struct error *error);

/* --quiet: the line of the article for each cell, "threads/8: Downloaded 160 sites in 0.412 seconds", and what
 * became of claims. -1: no memory. */
int table_write_quiet(FILE *stream, const struct run *run, const struct analysis *analysis, const struct format *format,
                      struct error *error);

#endif
