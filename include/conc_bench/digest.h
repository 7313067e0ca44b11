#ifndef CONC_BENCH_DIGEST_H
#define CONC_BENCH_DIGEST_H

#include "conc_bench/error.h"
#include "conc_bench/result.h"

/*
 * From the samples of a trial to whole numbers, so that figures can be made again without the samples. Pure.
 */

/* The digest a trial already has, or else one made of its samples; without samples too, `is_known` is false. -1: out of
 * memory. */
int digest_make(const struct trial *trial, struct trial_digest *digest, struct error *error);

#endif
