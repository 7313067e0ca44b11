#ifndef CONC_BENCH_BASE_SUBPROCESS_H
#define CONC_BENCH_BASE_SUBPROCESS_H

#include "conc_bench/base/error.h"

/* Runs a function in a process of its own, and waits for it: whatever libraries it starts, and what they leave behind,
 * ends with that. What it writes to `error` comes back; so does -1. Only memory shared between processes else does. */
int subprocess_run(int (*function)(void *context, struct error *error), void *context, struct error *error);

#endif
