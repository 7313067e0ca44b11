#ifndef CONC_BENCH_REPORT_TRACE_H
#define CONC_BENCH_REPORT_TRACE_H

#include <stdio.h>

#include "conc_bench/analysis/analysis.h"
#include "conc_bench/base/error.h"
#include "conc_bench/report/format.h"
#include "conc_bench/run/run.h"

/*
 * Every download that was kept as a slice of time, in Chrome's trace-event format (JSON), which ui.perfetto.dev and
 * chrome://tracing show: a process for each mode and number of workers (on each machine, where several ran it), a
 * thread for each worker, the phases within each download, and a counter of downloads in flight. Rounds follow each
 * other as they ran. Source: "Trace Event Format", the Chromium project.
 */

/* -1: out of memory. That `stream` could not be written is left to who closes it (ferror(3)). */
int trace_write(FILE *stream, const struct run *run, const struct analysis *analysis, const struct format *format,
                struct error *error);

#endif
