#ifndef CONC_BENCH_REPORT_PAGE_URLS_H
#define CONC_BENCH_REPORT_PAGE_URLS_H

#include <stdio.h>

#include "conc_bench/report/format.h"
#include "conc_bench/run/run.h"

/* The section of the HTML report that is about URLs: one row a URL, one column a cell, all whose figures were kept;
 * with JavaScript it can be sorted and searched. Nothing for a result without figures of URLs. Private to src/output.
 */
void page_urls_write(FILE *stream, const struct run *run, const struct format *format);

#endif
