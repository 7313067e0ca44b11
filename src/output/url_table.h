#ifndef CONC_BENCH_URL_TABLE_H
#define CONC_BENCH_URL_TABLE_H

#include <stdio.h>

#include "conc_bench/format.h"
#include "conc_bench/result.h"

/* The part of the table that is about URLs: one row a URL, one column a cell. Nothing for a result without figures of
 * URLs. Private to src/output. */
void url_table_write(FILE *stream, const struct result *result, const struct format *format);

#endif
