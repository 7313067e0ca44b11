#ifndef CONC_BENCH_EQUAL_WORK_H
#define CONC_BENCH_EQUAL_WORK_H

#include <stdbool.h>
#include <stddef.h>

#include "conc_bench/result.h"

/*
 * Whether the trials did the same work, which a comparison of their times rests on. Pure.
 *
 * Each unit must have been settled exactly once; a unit that succeeded in two trials must have had the same status and
 * number of bytes in both; and where the embedded origin watched, it must have seen every URL as often as planned (not
 * asked of trials with failures or redirects, which add requests to or take them from the plan).
 * True, or false with the first difference found as a sentence.
 */
bool equal_work_check(const struct result *result, char *difference, size_t size);

#endif
