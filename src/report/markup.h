#ifndef CONC_BENCH_REPORT_MARKUP_H
#define CONC_BENCH_REPORT_MARKUP_H

#include <stdio.h>

/* Text within XML and HTML, elements and attributes alike: whatever it holds, it stays text. Control characters become
 * "\xNN". Private to src/report. */
void markup_write(FILE *stream, const char *text);

#endif
