#ifndef CONC_BENCH_MODES_ARRIVAL_H
#define CONC_BENCH_MODES_ARRIVAL_H

#include <stdbool.h>
#include <stdint.h>

#include "conc_bench/modes/mode.h"

/*
 * Downloads that are due at given instants (--rate). Units are handed out in the order in which they are due, and only
 * to who is free: whoever finds its unit not yet due sleeps until it is, and where nobody is free a unit waits. That is
 * a queue, first come, first served, in front of the workers of the mode.
 */

/* A waiting worker looks at the stop flag this often. */
#define ARRIVAL_LONGEST_WAIT (250 * NANOSECONDS_PER_MILLISECOND)

/* Whether the job has such instants. */
static inline bool arrivals_are_given(const struct mode_job *job)
{
    return job->due != NULL;
}

/* The instant at which a unit is due, once the gate is open. */
nanoseconds arrival_due(const struct mode_job *job, uint32_t unit);

/* Claims the next unit and returns when it is due, blocking until then, with its start stamped. Units that have waited
 * longer than the job allows are settled here as OUTCOME_LATE, then the next one is claimed. Once one has waited for
 * longer than units fall due at all, or the table says so, all that are left are settled as OUTCOME_GIVEN_UP, due or
 * not. NULL: none is left, or the table was stopped. */
struct sample *arrival_claim(const struct mode_job *job, uint32_t worker, uint32_t *unit);

/* Begins a unit that was reserved and is due. NULL: it had waited too long, and is settled. */
struct sample *arrival_begin(const struct mode_job *job, uint32_t worker, uint32_t unit);

/* Settles a unit that would begin at `instant` if it had waited too long by then, and says whether it did. */
bool arrival_drop(const struct mode_job *job, uint32_t unit, struct sample *sample, nanoseconds instant);

#endif
