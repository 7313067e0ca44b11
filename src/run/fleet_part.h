#ifndef CONC_BENCH_RUN_FLEET_PART_H
#define CONC_BENCH_RUN_FLEET_PART_H

#include <stdbool.h>
#include <stdint.h>

#include "cell_job.h"
#include "conc_bench/base/error.h"
#include "conc_bench/fleet/fleet.h"
#include "conc_bench/modes/mode.h"
#include "conc_bench/run/run.h"
#include "conc_bench/workload/plan.h"
#include "conc_bench/workload/share.h"
#include "fleet_answers.h"
#include "trial.h"

/*
 * A trial that several machines make together (fleet/fleet.h): what this machine has of it, and how the leader makes
 * one trial of all parts.
 *
 *     leader                           follower
 *     TRIAL  ------------------------> forks its cell, which prepares
 *     <------------------ BEAT ...     now and then, until RESULT
 *     BEAT ... ----------------------> now and then, until COLLECT
 *     <------------------ PREPARED
 *     CLOCK ... ---------------------> tells its clock each time
 *     OPEN   ------------------------> opens the gate at that instant of its clock; or SHUT: does not
 *     STOP   ------------------------> if the leader's trial was stopped
 *     <------------------ RESULT
 *     COLLECT -----------------------> when the leader's own cell has ended, too
 *     <------------------ SAMPLES
 *
 * Cells are forked from processes that talk to each other, and do not do so themselves.
 */

/* A follower, as the leader sees it. */
struct follower {
    nanoseconds heard; /* the instant of its last message */
    uint32_t settled;  /* downloads of the trial under way */
    bool is_prepared;  /* said whether it is ready */
    bool is_ready;
    nanoseconds startup;
    struct fleet_clock clock;
    bool has_result;
    struct trial trial; /* what the result says of its trial; nothing in it is owned */
};

struct fleet_part {
    const struct plan *plan;
    uint32_t rank;
    /* of the trial under way: */
    struct share share;            /* out to the machines that take part */
    uint32_t *unit_urls;           /* of this machine's units; a trial has the first of them */
    uint32_t unit_count;           /* of this machine */
    nanoseconds *due;              /* NULL: at once */
    struct sample_table *table;    /* of this machine's units; NULL: to be made */
    struct follower *followers;    /* by rank, of the leader */
    struct fleet_answers *answers; /* of the leader: of all trials so far */
};

/* NULL: no memory. */
struct fleet_part *fleet_part_create(const struct plan *plan, struct error *error);
void fleet_part_release(struct fleet_part *part); /* NULL is allowed */

/* Prepares this machine's part of a trial: its share of the first `units` units of the plan, which are due at `due`,
 * among so many machines, and a table for it. -1: no memory. */
int fleet_part_set(struct fleet_part *part, uint32_t machines, uint32_t units, const nanoseconds *due,
                   struct error *error);
/* Keeps the table after a trial that ended with that status, or drops it. */
void fleet_part_reuse_table(struct fleet_part *part, enum trial_status status);

/* The leader's order for a trial, and the answer to it. All machines run the same program. */
struct fleet_order {
    char mode[32];
    uint32_t workers;
    uint32_t machines; /* the first ones; the others are told nothing, and wait */
    enum connection_policy connections;
    double rate;    /* at which units are due; 0: at once */
    uint32_t units; /* of all these machines */
    nanoseconds deadline;
};
struct fleet_prepared {
    nanoseconds startup;
    bool is_ready;
};

/* The intervals at which a follower, and the leader, show that they are alive. */
#define FLEET_BEAT_EVERY      (500 * NANOSECONDS_PER_MILLISECOND)
#define FLEET_LEAD_BEAT_EVERY (1 * NANOSECONDS_PER_SECOND)

/* A message of any size gets through in this time, or the network is no good. */
#define FLEET_LONGEST_MESSAGE (60 * NANOSECONDS_PER_SECOND)

/* A follower that was not heard for so long in a trial of that deadline is lost. Followers wait for the leader twice as
 * long, so that it can still say who is lost when it has waited for another one. */
nanoseconds fleet_longest_silence(nanoseconds deadline);

/* Runs a trial on all machines, as trial_run() does on one: job->table is filled with the samples of all, by their
 * numbers in the plan and in this machine's time. -1: a machine is lost, too. */
int fleet_trial_lead(struct fleet_part *part, const struct plan_cell *cell, const struct mode_job *job,
                     const struct trial_options *options, struct trial *trial, struct error *error);

/* Tells the followers that there are no more trials. */
void fleet_lead_end(void);

/* fleet_merge.c. Copies a part's samples to where they stand in the plan, so many nanoseconds later, and counts them.
 */
void fleet_merge_samples(const struct share *share, uint32_t rank, uint32_t workers, nanoseconds shift,
                         const struct sample_table *part, struct sample_table *whole, struct trial_machine *machine);
/* Makes one trial of all parts, whose samples are in its table already. `parts` are by rank; the first is what `whole`
 * still is. */
void fleet_merge_trials(const struct trial *parts, uint32_t count, struct trial *whole);

#endif
