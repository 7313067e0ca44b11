#ifndef CONC_BENCH_OUTLINE_H
#define CONC_BENCH_OUTLINE_H

#include <stdio.h>

#include "conc_bench/plan.h"

/* --dry-run: what would be run, and in which order, without running it. */
void outline_write(FILE *stream, const struct plan *plan);

#endif
