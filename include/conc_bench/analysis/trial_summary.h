#ifndef CONC_BENCH_ANALYSIS_TRIAL_SUMMARY_H
#define CONC_BENCH_ANALYSIS_TRIAL_SUMMARY_H

#include "conc_bench/base/error.h"
#include "conc_bench/run/run.h"

/*
 * From the samples of a trial to whole numbers, so that figures can be made again without the samples. Pure.
 */

/* The digest a trial already has, or else one made of its samples; without samples too, `is_known` is false. -1: out of
 * memory. */
int trial_summary_make(const struct trial *trial, struct trial_summary *summary, struct error *error);

#endif
