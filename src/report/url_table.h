#ifndef CONC_BENCH_REPORT_URL_TABLE_H
#define CONC_BENCH_REPORT_URL_TABLE_H

#include <stdio.h>

#include "conc_bench/report/format.h"
#include "conc_bench/run/run.h"

/* The part of the table that is about URLs: one row a URL, one column a cell. Nothing for a result without figures of
 * URLs. Private to src/output. */
void url_table_write(FILE *stream, const struct run *run, const struct format *format);

#endif
