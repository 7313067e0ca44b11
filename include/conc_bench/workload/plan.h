#ifndef CONC_BENCH_WORKLOAD_PLAN_H
#define CONC_BENCH_WORKLOAD_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conc_bench/base/arrivals.h"
#include "conc_bench/base/connections.h"
#include "conc_bench/base/error.h"
#include "conc_bench/http/transfer.h"
#include "conc_bench/modes/mode.h"
#include "conc_bench/workload/resolve.h"
#include "conc_bench/workload/share.h"
#include "conc_bench/workload/urls.h"

/*
 * The plan of a run, made before anything runs and never changed afterwards: the units of work in their order, the
 * cells, the rounds, the order of the cells in each round. Reads no files, no clock, no command line.
 */

struct plan_cell {
    const struct mode *mode;
    uint32_t workers;
    uint32_t machines;         /* that run it: those of the first ranks; 0 and 1: one */
    bool is_named_by_machines; /* cells of the plan differ by them */
    uint32_t copy;             /* 0, or which of several cells that differ in nothing else */
    enum connection_policy connections;
    bool is_named_by_connections; /* cells of the plan differ by them */
    double rate;                  /* downloads that fall due in a second; 0: none does, each is begun when it can be */
};

/* The input of a plan. Everything in it is borrowed and must outlive the plan. */
struct plan_request {
    const struct url_list *urls;
    const struct mode *const *modes;
    size_t mode_count;
    const uint32_t *workers;
    size_t worker_count;
    const enum connection_policy *connections; /* those of `transfer` are ignored */
    size_t connection_count;
    uint32_t repeat;
    bool shuffle;
    uint32_t machines;               /* that the run has; 0 and 1: one */
    const uint32_t *machine_numbers; /* how many of them run a cell together */
    size_t machine_number_count;     /* 0: all */
    enum split_policy split;
    uint32_t copies; /* of each cell; at least 1 */
    uint32_t rounds; /* the most, when the time budget may end them earlier */
    uint32_t warmup_rounds;
    nanoseconds time_budget; /* 0: all rounds, however long they take */
    nanoseconds deadline;    /* of one trial; 0: so long that only a hang can reach it */
    uint64_t seed;
    struct arrivals arrivals; /* but for the rate */
    const double *rates;
    size_t rate_count; /* 0: nothing falls due, or at rates that are searched */
    bool is_rate_search;
    uint32_t least_units; /* of a trial, where there are several rates */
    uint64_t cpu_work;    /* iterations */
    nanoseconds cpu_work_time;
    const nanoseconds *script;
    size_t script_count;
    struct transfer_policy transfer;
    bool isolate;
    uint64_t samples_kept; /* of each cell, in the rounds by whose end there are no more than so many */
    uint32_t stage;        /* the number of the run among several over the same units: each has random orders of its
                            * own */
};

struct plan {
    struct plan_request request;
    bool borrows_units;  /* from the plan of an earlier stage */
    uint32_t *unit_urls; /* the URL of each unit: index into the list */
    uint32_t unit_count; /* of the trial that has the most */
    struct plan_cell *cells;
    size_t cell_count;
};

/* The name of a cell in results: its mode, "threads:fresh" where cells differ by their connections, "threads:x3" by
 * three machines where they differ by these, and "threads#2" for the second copy of a cell. Returns `buffer`. */
char *plan_cell_name(const struct plan_cell *cell, char *buffer, size_t size);

/* The highest rate that a search tries. */
enum { RATE_SEARCHED_MAX = 100000 };

/* Whether trials differ by the rate at which their downloads fall due. */
bool plan_has_rates(const struct plan_request *request);

/* The number of units of the trial that has the most. */
uint64_t plan_count_units(const struct plan_request *request);

/* The number of units of a trial: all; or where there are several rates, the first of them, as many as fall due in two
 * seconds, and 100 or `least_units` where that is more (in a search 30). 0/s: all. */
uint32_t plan_units(const struct plan *plan, double rate);

/* The time over which they fall due, on average; 0: none does. */
nanoseconds plan_span(const struct plan *plan, double rate);

/* -1: nothing to download, too much, or no memory. */
int plan_build(const struct plan_request *request, struct plan *plan, struct error *error);
void plan_release(struct plan *plan);

/* A further stage: the same units in other cells (copied), with other random orders. `first` must outlive it. -1: no
 * memory. */
int plan_build_stage(const struct plan *first, uint32_t stage, const struct plan_cell *cells, size_t cell_count,
                     struct plan *plan, struct error *error);

/* Writes the order in which the cells run in `round` (warm-up rounds first), as indices; depends on the seed only.
 * Where the measured rounds allow, orders are balanced: in a block of as many rounds as there are cells (twice as many
 * if their number is odd), each cell stands in each place equally often and follows each other cell equally often
 * (Williams 1949, "Experimental designs balanced for the estimation of residual effects of treatments"), so that
 * neither place nor predecessor can favour one. Other rounds, and all of two cells, are plain shuffles. */
void plan_order(const struct plan *plan, uint32_t round, uint32_t *order);

/* The division of units among so many machines. */
struct share plan_share(const struct plan *plan, uint32_t machines);

/* The time a trial of this cell may take before it counts as hung. */
nanoseconds plan_deadline(const struct plan *plan, const struct plan_cell *cell);

#endif
