#ifndef CONC_BENCH_RUN_TRIAL_SUMMARY_H
#define CONC_BENCH_RUN_TRIAL_SUMMARY_H

#include <stdint.h>

#include "conc_bench/base/error.h"
#include "conc_bench/run/run.h"

/* Makes the summary of a trial of the run that has ended and has its samples, by one look at each of them. `due` is
 * when each download was, after the gate; NULL: at once. The trial owns it (trial_release()). -1: out of memory; the
 * summary is then empty. */
int trial_summary_make(const struct run *run, const nanoseconds *due, struct trial *trial, struct error *error);

/* The most bytes that the latencies of a trial take. */
uint64_t trial_latencies_bytes(uint32_t unit_count);

#endif
