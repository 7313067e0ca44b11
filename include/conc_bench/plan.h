#ifndef CONC_BENCH_PLAN_H
#define CONC_BENCH_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conc_bench/error.h"
#include "conc_bench/mode.h"
#include "conc_bench/resolve.h"
#include "conc_bench/transfer.h"
#include "conc_bench/urls.h"

/*
 * What will be run, decided before anything runs and never changed afterwards: the units of work in their order, the
 * cells, the rounds, the order of the cells in each round. Reads no files, no clock, no command line.
 */

struct plan_cell {
    const struct mode *mode;
    uint32_t workers;
};

/* What the plan is made from. Everything in it is borrowed and must outlive the plan. */
struct plan_request {
    const struct url_list *urls;
    const struct mode *const *modes;
    size_t mode_count;
    const uint32_t *workers;
    size_t worker_count;
    uint32_t repeat;
    bool shuffle;
    uint32_t rounds; /* the most, when the time budget may end them earlier */
    uint32_t warmup_rounds;
    nanoseconds time_budget; /* 0: all rounds, however long they take */
    nanoseconds deadline;    /* of one trial; 0: so long that only a hang can reach it */
    uint64_t seed;
    uint64_t cpu_work; /* iterations */
    nanoseconds cpu_work_time;
    const nanoseconds *script;
    size_t script_count;
    struct transfer_policy transfer;
    bool isolate;
};

struct plan {
    struct plan_request request;
    const char **unit_texts; /* the URL of each unit, as text */
    uint32_t *unit_urls;     /* the URL of each unit, as index */
    uint32_t unit_count;
    struct plan_cell *cells;
    size_t cell_count;
};

/* -1: nothing to download, too much, or no memory. */
int plan_build(const struct plan_request *request, struct plan *plan, struct error *error);
void plan_release(struct plan *plan);

/* Writes the order in which the cells run in `round` (warm-up rounds first), as indices; depends on the seed only. */
void plan_order(const struct plan *plan, uint32_t round, uint32_t *order);

/* The time a trial of this cell may take before it counts as hung. */
nanoseconds plan_deadline(const struct plan *plan, const struct plan_cell *cell);

#endif
