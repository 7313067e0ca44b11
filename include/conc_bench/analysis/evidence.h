#ifndef CONC_BENCH_ANALYSIS_EVIDENCE_H
#define CONC_BENCH_ANALYSIS_EVIDENCE_H

#include "conc_bench/base/error.h"
#include "conc_bench/run/run.h"

/*
 * The step from a run that is over to a result that can be saved: what verdicts need of the samples is drawn from them
 * and put into the result, which from then on may do without them.
 */

/* Judges validity, makes all digests and, where they are wanted, the figures of each URL, and frees the samples that
 * are not kept and those of the warm-up. The result is as good as before for analysis_make(). -1: out of memory; the
 * result is then not settled, but whole. */
int evidence_settle(struct run *run, enum sample_policy policy, struct error *error);

/* Frees what evidence_settle() added; run_release() does not know it. */
void evidence_release(struct run *run);

#endif
