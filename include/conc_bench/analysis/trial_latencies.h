#ifndef CONC_BENCH_ANALYSIS_TRIAL_LATENCIES_H
#define CONC_BENCH_ANALYSIS_TRIAL_LATENCIES_H

#include "conc_bench/base/error.h"
#include "conc_bench/run/run.h"

/*
 * From the samples of a trial to what verdicts look at again once all trials are there, in much less memory. Pure.
 */

/* Of a trial that has its table. The caller releases it (trial_latencies_release()). NULL: no memory. */
struct trial_latencies *trial_latencies_make(const struct run *run, const struct trial *trial, struct error *error);

/* The extract of a trial that has samples: its own, or else one made, which is then in `made`, too, to be released.
 * NULL: no memory. */
const struct trial_latencies *trial_latencies_of(const struct run *run, const struct trial *trial,
                                                 struct trial_latencies **made, struct error *error);

#endif
