#ifndef CONC_BENCH_REPORT_JUNIT_H
#define CONC_BENCH_REPORT_JUNIT_H

#include <stdio.h>

#include "conc_bench/analysis/analysis.h"
#include "conc_bench/base/error.h"
#include "conc_bench/report/format.h"
#include "conc_bench/run/run.h"

/*
 * The outcome of the run and of its assertions as JUnit XML, which CI servers show: one test case for the measurement
 * as such (equal work, no failures) and one for each assertion. There is no standard; this keeps to the elements and
 * attributes that Jenkins, GitLab and GitHub's actions all read.
 */

/* -1: out of memory. That `stream` could not be written is left to who closes it (ferror(3)). */
int junit_write(FILE *stream, const struct run *run, const struct analysis *analysis, const struct format *format,
                struct error *error);

#endif
