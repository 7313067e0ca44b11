#ifndef CONC_BENCH_VALIDITY_H
#define CONC_BENCH_VALIDITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conc_bench/error.h"
#include "conc_bench/result.h"

/*
 * Whether the figures of a run may be compared at all: the work was the same everywhere, and nothing measured is
 * impossible. Pure.
 *
 * A violation never makes a mode faster: it makes its round invalid for all modes, and too many of them the whole run.
 * What the tool itself promises (each unit settled exactly once, times that can be) is held to without tolerance.
 */

/* A round that does not count, for every cell of its group. */
struct dropped_round {
    uint32_t group;
    uint32_t round;
    char reason[512]; /* one sentence */
};

/* Complete answers of one URL to one cell that are not what the URL answered while it was learned: another size of the
 * body, status or HTTP version. Over all complete rounds. */
struct mismatch {
    uint32_t cell; /* index into the result's cells */
    uint32_t url;
    uint64_t count;
};

/* Of those with the most so many are kept. */
enum { MISMATCHES_MAX = 100 };

struct validity {
    bool is_valid;            /* whether modes may be ranked */
    char reason[640];         /* why not: one sentence */
    bool has_success;         /* any download at all succeeded: without, there is nothing to rank either */
    bool is_work_equal;       /* no violation anywhere, dropped rounds included */
    uint64_t failures;        /* downloads that failed, over all measured trials */
    bool differs_in_failures; /* by more than chance: the modes did not do the same */

    struct dropped_round *dropped;
    size_t dropped_count;

    uint64_t mismatches;              /* downloads, over all cells; each has its round dropped */
    struct mismatch *mismatched_urls; /* the most first; owned */
    size_t mismatched_url_count;

    /* URLs whose answers were of different sizes already while they were learned. Their sizes are not held against
     * anybody. */
    uint32_t varying_urls;
    uint32_t varying_url; /* the first of them */
    /* Downloads over connections that were open beforehand and had to be opened again all the same, under `warm`. */
    uint64_t cold_connects;
};

/* What each URL answers (status, bytes) is learned from the warm-up rounds, or where there are none or a URL was asked
 * only once, from the first measured round too. Then every complete trial is held to:
 * each unit settled exactly once; a unit that succeeded has the status, the bytes and the HTTP version of its URL; with
 * fresh connections, one connection for each request; the embedded origin saw every URL as often as planned (not asked
 * of trials with failures or redirects, which add requests to the plan or take them from it); all of a download lies
 * within its run, and no more were under way on average than there were workers (Little's law).
 * -1: out of memory. */
int validity_judge(const struct result *result, struct validity *validity, struct error *error);
void validity_release(struct validity *validity);

/* -1: out of memory. */
int validity_copy(const struct validity *validity, struct validity *copy, struct error *error);

/* Whether a trial is complete and its round was not dropped. */
bool validity_counts(const struct validity *validity, const struct cell_result *cell, const struct trial *trial);

/* Whether a download failed, as opposed to being done, never begun, or given up because somebody pressed Ctrl-C. */
bool validity_is_failure(const struct trial *trial, enum outcome outcome);

#endif
