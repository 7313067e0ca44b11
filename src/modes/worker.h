#ifndef CONC_BENCH_MODES_WORKER_H
#define CONC_BENCH_MODES_WORKER_H

#include <stdint.h>

#include "conc_bench/http/transfer.h"
#include "conc_bench/modes/mode.h"

/*
 * A worker that downloads one unit after the other with one handle: the whole of `sync`, and what each thread of
 * `threads` and each process of `processes` does. It blocks while it waits; that the system runs somebody else
 * meanwhile is what those modes live by.
 */

/* Claims, transfers and settles until no unit is left. */
void worker_run(const struct mode_job *job, uint32_t worker, struct transfer *transfer);

/* Works on a response, in any mode, and settles its unit. */
void worker_settle(const struct mode_job *job, struct sample *sample);

/* Opens a connection to every host of mode_job.warm_urls, by one download each that nobody measures. */
void worker_warm(const struct mode_job *job, struct transfer *transfer);

/* Descriptors such a worker may hold: its pool and one connection more that is not in it yet, libcurl's wakeup pair,
 * and its resolver pair if it resolves names itself. */
uint64_t worker_descriptors(const struct transfer_policy *policy);

#endif
