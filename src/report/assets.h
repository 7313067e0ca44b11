#ifndef CONC_BENCH_REPORT_ASSETS_H
#define CONC_BENCH_REPORT_ASSETS_H

#include <stddef.h>

/* Files that are part of the program, and of every HTML report. Private to src/report. */

struct asset {
    const char *start;
    const char *end;
    const char *summary; /* SHA-256 in base64, as a Content-Security-Policy wants it */
};

extern const struct asset asset_style;         /* page/page.css */
extern const struct asset asset_script;        /* page/page.js */
extern const struct asset asset_chart;         /* Chart.js, as the system has it */
extern const struct asset asset_chart_licence; /* page/chart-licence.txt; no digest */

#endif
