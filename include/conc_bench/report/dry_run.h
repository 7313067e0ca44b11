#ifndef CONC_BENCH_REPORT_DRY_RUN_H
#define CONC_BENCH_REPORT_DRY_RUN_H

#include <stdbool.h>
#include <stdio.h>

#include "conc_bench/workload/plan.h"

/* --dry-run: what would be run, and in which order, without running it. `cost` says what that asks of
 * servers; "": nothing. */
void dry_run_write(FILE *stream, const struct plan *plan, const char *cost);

/* The same where numbers of workers are chosen first: what they are chosen from, and what follows. */
void dry_run_write_choice(FILE *stream, const struct plan *plan, bool is_search, const char *cost);

/* The same where rates are searched. */
void dry_run_write_search(FILE *stream, const struct plan *plan, const char *cost);

#endif
