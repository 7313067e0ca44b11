#ifndef CONC_BENCH_REPORT_PAINT_H
#define CONC_BENCH_REPORT_PAINT_H

#include <stdio.h>

#include "conc_bench/report/format.h"

/* Colours by meaning, as escape sequences of ECMA-48 that every terminal knows. Private to src/report. */

enum paint {
    PAINT_NONE,
    PAINT_HEAD,  /* of a table */
    PAINT_GOOD,  /* fastest, holds */
    PAINT_DOUBT, /* inconclusive, a reason for distrust */
    PAINT_BAD,   /* failed, invalid */
};

/* The sequences that turn the colour on, and off again; "" where there are no colours. */
const char *paint_on(const struct format *format, enum paint paint);
const char *paint_off(const struct format *format, enum paint paint);

/* Copies text to a terminal, and breaks lines that are wider than it between words. `format->width` is not 0. */
void paint_wrap(FILE *stream, const struct format *format, const char *text);

#endif
