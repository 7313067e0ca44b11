#ifndef CONC_BENCH_ANALYSIS_HEADLINE_H
#define CONC_BENCH_ANALYSIS_HEADLINE_H

#include <stddef.h>

#include "conc_bench/analysis/cell_stats.h"
#include "conc_bench/analysis/sweep.h"
#include "conc_bench/run/run.h"

/*
 * The first lines of every report: the answer in one sentence, and what to do with it. There is one for every run, also
 * for one that failed, was interrupted or has nothing to compare. Pure.
 */
enum headline_kind {
    HEADLINE_WINNER,     /* one is faster than all others */
    HEADLINE_TIE,        /* several share the first rank */
    HEADLINE_OPEN,       /* there are times, and too few of them to rank */
    HEADLINE_SINGLE,     /* one mode with one number of workers: nothing is compared */
    HEADLINE_TOO_SHORT,  /* one download a trial, by which modes cannot differ */
    HEADLINE_FAILED,     /* no mode downloaded enough for its time to mean anything */
    HEADLINE_INVALID,    /* a promise was broken: equal work, exactly once */
    HEADLINE_UNFINISHED, /* it ended before anything was measured */
};

struct headline {
    enum headline_kind kind;
    char sentence[768]; /* without a full stop */
    char advice[384];   /* what to use, or what to do next; "": nothing */
    char reason[160];   /* why `recommended` is recommended; "": nothing is */
};

struct rate_curves;

/* `recommended` NULL: nothing can be. `rates` are those of the run, none where trials do not differ by them. */
void headline_make(const struct run_stats *stats, const struct cell_stats *recommended, const struct rate_curves *rates,
                   struct headline *headline);

/* Returns whether times of the answer's kind mean something, so that a table of them is worth showing. */
bool headline_has_times(enum headline_kind kind);

/* The name of a cell: "threads" where that says enough, otherwise "threads/8". Returns `buffer`. */
enum { HEADLINE_NAME_BYTES = 40 };
char *headline_name(const struct run_stats *stats, const struct cell_stats *cell, char buffer[HEADLINE_NAME_BYTES]);

/* The speed-up of a cell over the reference, from the two medians, so that it never contradicts an order by time; NAN:
 * either has none. The estimate over pairs of rounds is cell->speedup. */
double headline_speedup(const struct run_stats *stats, const struct cell_stats *cell);

#endif
