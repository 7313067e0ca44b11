#ifndef CONC_BENCH_RUN_FLEET_ANSWERS_H
#define CONC_BENCH_RUN_FLEET_ANSWERS_H

#include "conc_bench/base/error.h"
#include "conc_bench/run/run.h"
#include "conc_bench/workload/share.h"

/*
 * Whether servers answer one of several machines in another way than the others. An answer is its status, and the
 * length and the digest of its body. What is compared are URLs that several machines have asked for.
 */
struct fleet_answers;

/* NULL: no memory. */
struct fleet_answers *fleet_answers_create(uint32_t url_count, struct error *error);
void fleet_answers_release(struct fleet_answers *answers); /* NULL is allowed */

/* Takes in what a trial of all machines was answered; `unit_urls` are the plan's. */
void fleet_answers_note(struct fleet_answers *answers, const struct share *share, const uint32_t *unit_urls,
                        const struct sample_table *table);

/* Warns of each URL by which a machine was always answered in one way, and others in another; no more than a few. */
void fleet_answers_warn(const struct fleet_answers *answers, struct run *run);

#endif
