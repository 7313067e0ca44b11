#ifndef CONC_BENCH_RUN_EXPERIMENT_STATE_H
#define CONC_BENCH_RUN_EXPERIMENT_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "conc_bench/analysis/backlog.h"
#include "conc_bench/analysis/cell_stats.h"
#include "conc_bench/run/experiment.h"
#include "first_downloads.h"

/* Rounds in which a sweep looks at what it chooses from. */
enum { SWEEP_ROUNDS = 3 };

/* An instant that never comes. */
#define NEVER INT64_MAX

/* A running experiment. experiment.c begins it; choice.c runs what chooses numbers of workers. */
struct experiment_state {
    const struct experiment *experiment;
    struct runner *runner;
    struct first_downloads first_downloads; /* whether any server answers */
    uint32_t groups;                        /* begun */
    uint32_t rounds_behind;                 /* of groups that may follow the one under way, at most */
    nanoseconds began;
    nanoseconds ends;   /* the instant when the budget is over; NEVER: there is none */
    nanoseconds latest; /* the same for rounds that a ranking lacks */
    bool is_first_pass; /* nothing has been measured in full yet */
    bool has_noted_excess;
    struct error servers; /* of kind ERROR_SERVERS: none answers, and the run ends */
    /* the trial under way */
    struct runner_position position;
    size_t index; /* of its cell in run->cells */
    struct backlog_watch backlog;
    nanoseconds trial_began;
    nanoseconds left;       /* expected from its begin to the end of the run; negative: not known */
    bool is_void;           /* it does not count, and is to be run again */
    nanoseconds cut_at;     /* the instant at which it is cut off and does not count; NEVER: it is not */
    bool is_cut;            /* one was */
    nanoseconds probe_ends; /* the instant from which a trial that probes may end; 0: it is none */
    double probed;          /* downloads a second that it did */
    double alone; /* seconds that all downloads take one at a time, by a trial that was cut off; 0: none was */
};

/* Cells that run in the same rounds. */
struct group {
    struct plan plan; /* of these cells; its rounds are those of the group */
    size_t first;     /* of its cells in run->cells */
    uint32_t *order;
    bool *is_out;       /* of each cell: takes no part in further rounds */
    nanoseconds *spent; /* on all of its trials; without any, what one is expected to take; 0: not known */
    uint32_t *trials;
};

/* The trials that a call of group_run() runs. */
struct pass {
    bool is_warmup;
    uint32_t round;      /* 0-based, of its kind */
    uint32_t passes;     /* of the group behind this one, at most */
    nanoseconds limit;   /* no trial begins behind this instant */
    const size_t *chain; /* indices of the group's cells in the order to run them; NULL: all, by the plan */
    size_t chain_length;
};

/* The way a pass ended. */
enum pass_end { PASS_DONE, PASS_OVER /* its time is up */, PASS_STOPPED /* by a signal */ };

int group_open(struct experiment_state *state, enum stage stage, const struct plan_cell *cells, size_t cell_count,
               uint32_t rounds, struct group *group, struct error *error);
void group_close(struct group *group);

/* Runs each cell that is not out once. -1: the environment failed, or no server answers. */
int group_run(struct experiment_state *state, struct group *group, const struct pass *pass, enum pass_end *end,
              struct error *error);

/* The times that a trial of a cell, by the average of its trials, and a pass over all cells are expected to take. 0:
 * they are not known. */
nanoseconds group_expects(const struct group *group, size_t cell);
nanoseconds group_estimate(const struct group *group);

/* Runs the measured rounds of the group that are not done yet, as long as more are worth it and fit. */
int group_run_rounds(struct experiment_state *state, struct group *group, struct error *error);

/* Takes the cells that have no trial off the end of the run, where they may stand before another group begins. */
void group_forget_unmeasured(struct experiment_state *state, const struct group *group);

/* Rounds that a stage of so many cells is planned with. */
uint32_t experiment_rounds(const struct experiment *experiment, uint64_t cells);

/* Figures of what was measured so far, judged once, with `rounds_in_group` rounds of the last group still to come. The
 * caller releases them. -1: no memory. */
int experiment_look(const struct experiment_state *state, uint32_t rounds_in_group, struct run_stats *stats,
                    struct error *error);

/* choice.c: measures the plan's cells, or searches, until numbers of workers can be chosen. Writes the cells that are
 * to be measured by rounds of their own into `chosen`, which has room for CHOSEN_MAX; none where nothing is worth it.
 */
int choice_make(struct experiment_state *state, struct plan_cell *chosen, size_t *count, struct error *error);

/* The most cells that are chosen. */
enum { CHOSEN_MAX = 32 * CONNECTION_POLICY_COUNT };

#endif
