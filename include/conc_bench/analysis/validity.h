#ifndef CONC_BENCH_ANALYSIS_VALIDITY_H
#define CONC_BENCH_ANALYSIS_VALIDITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conc_bench/base/error.h"
#include "conc_bench/run/run.h"

/*
 * Checks that the figures of a run may be compared at all: the work was the same everywhere, and nothing measured is
 * impossible. Pure.
 *
 * A violation never makes a mode faster: it makes its round invalid for all modes, and too many of them the whole run.
 * What the tool itself promises (each unit settled exactly once, times that can be) is held to without tolerance.
 */

/* A round that does not count, for every cell of its group. */
struct dropped_round {
    uint32_t group;
    uint32_t round;
    bool is_certain;  /* whatever is still answered in rounds to come; asked while there may be some, and not kept */
    char reason[512]; /* one sentence */
};

/* Complete answers of one URL to one cell that are not what the URL usually answers: another size or content of the
 * body, status or HTTP version. Over all complete rounds. */
struct mismatch {
    uint32_t cell; /* index into the result's cells */
    uint32_t url;
    uint64_t count;
};

/* The most URLs kept; those with the most mismatches are kept. */
enum { MISMATCHES_MAX = 100 };

/* The bytes that a cell received in downloads whose bodies fit, over all complete rounds. */
struct variation {
    uint32_t cell;        /* index into the result's cells */
    uint64_t count;       /* downloads with a body of another size than usual, which was accepted */
    uint64_t bytes;       /* of all that fit */
    uint64_t usual_bytes; /* of the same, had each been of the usual size */
};

struct validity {
    bool is_valid;            /* whether modes may be ranked */
    char reason[640];         /* why not: one sentence */
    bool is_lost;             /* looked at between rounds: it will not be, whatever the rounds to come answer; that
                               * failures differ is not looked at */
    bool has_success;         /* any download at all succeeded: without, there is nothing to rank either */
    bool is_work_equal;       /* no violation anywhere, dropped rounds included */
    uint64_t failures;        /* downloads that failed, over all measured trials */
    bool differs_in_failures; /* by more than chance: the modes did not do the same */

    struct dropped_round *dropped;
    size_t dropped_count;
    bool is_dropped_in_order; /* by group and round, so that a round need not be looked for among all */

    uint64_t mismatches;              /* downloads, over all cells; each has its round dropped */
    struct mismatch *mismatched_urls; /* the most first; owned */
    size_t mismatched_url_count;

    /* Downloads with a body of another size than is usual for their URL that was accepted, since that URL varies by
     * itself or by the result's tolerance; and the one that is furthest from the usual size, by its share. */
    uint64_t varied;
    uint32_t furthest_url;
    uint64_t furthest_bytes;
    uint64_t furthest_usual;
    struct variation *variations; /* of all cells, if `varied` is above 0; owned */
    size_t variation_count;

    /* URLs whose answers vary in size by themselves: see docs/measurement.md. Without a tolerance, their sizes are not
     * compared. */
    uint32_t varying_urls;
    uint32_t varying_url; /* the first of them */
    /* URLs whose answers have other content by themselves, of one size; these contents are not compared. */
    uint32_t changing_urls;
    uint32_t changing_url; /* the first of them */
    /* Downloads over connections that were open beforehand and had to be opened again all the same, under `warm`. */
    uint64_t cold_connects;
};

/* Learns what each URL answers from all answers, those of the warm-up included: the status and HTTP version that most
 * have, the median size, from which bodies may be as far as the result's tolerance says, and the content of most. Then
 * every complete trial is held to: each unit settled exactly once; a unit that succeeded has the status, the bytes, the
 * HTTP version and, where that is known, the content of its URL; with fresh connections, one connection for each
 * request; the embedded origin saw every URL as often as planned (not asked of trials with failures or redirects, which
 * add requests to the plan or take them from it); all of a download lies within its run, and no more were under way on
 * average than there were workers (Little's law). A run may lose one round, or 5 % of all if that is more, but not all
 * rounds of a group.  That takes the answers of all trials, which their summaries hold in memory only: a document holds
 * what was judged. -1: out of memory. */
int validity_judge(const struct run *run, struct validity *validity, struct error *error);

/* The rounds that may still come. */
struct rounds_to_come {
    uint32_t rounds_in_group; /* of the last group */
    uint32_t rounds_behind;   /* of groups behind it, at most */
};

/* The same for a result that is not yet complete: is_lost says whether the rounds that may still come could make it
 * valid. */
int validity_look(const struct run *run, const struct rounds_to_come *to_come, struct validity *validity,
                  struct error *error);

void validity_release(struct validity *validity);

/* Whether nobody knows what a client did in that trial: it then has times, and no downloads. */
bool validity_is_unproven(const struct trial *trial);

/* Returns whether a trial is complete and its round was not dropped. */
bool validity_counts(const struct validity *validity, const struct run_cell *cell, const struct trial *trial);

/* Whether a download failed, as opposed to being done, never begun, given up because somebody pressed Ctrl-C, or not
 * begun at a rate that the workers do not keep up with, which is told otherwise. */
bool validity_is_failure(const struct trial *trial, enum outcome outcome);

#endif
