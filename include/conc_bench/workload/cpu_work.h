#ifndef CONC_BENCH_WORKLOAD_CPU_WORK_H
#define CONC_BENCH_WORKLOAD_CPU_WORK_H

#include <stdint.h>

#include "conc_bench/base/clock.h"

/*
 * A fixed amount of computing done on each response, so that an I/O-bound workload can be turned into a CPU-bound one.
 * The amount is a number of iterations, not a time: every mode does the same work, and a mode that makes the processor
 * slower (caches, competition for cores) is seen to be slower.
 */

/* Finds how many iterations take `duration` of CPU time on this machine now. Runs for some 50 ms. 0 for a duration of
 * 0. */
uint64_t cpu_work_calibrate(nanoseconds duration);

/* Does the work in the calling thread. Touches no memory but its own registers. */
void cpu_work_spend(uint64_t iterations);

#endif
