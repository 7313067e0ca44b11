#ifndef CONC_BENCH_EXTRACT_H
#define CONC_BENCH_EXTRACT_H

#include "conc_bench/error.h"
#include "conc_bench/result.h"

/*
 * From the samples of a trial to what verdicts look at again once all trials are there, in much less memory. Pure.
 */

/* Of a trial that has its table. The caller releases it (extract_release()). NULL: no memory. */
struct extract *extract_make(const struct result *result, const struct trial *trial, struct error *error);

/* The extract of a trial that has samples: its own, or else one made, which is then in `made`, too, to be released.
 * NULL: no memory. */
const struct extract *extract_of(const struct result *result, const struct trial *trial, struct extract **made,
                                 struct error *error);

#endif
