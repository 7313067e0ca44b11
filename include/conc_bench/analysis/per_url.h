#ifndef CONC_BENCH_ANALYSIS_PER_URL_H
#define CONC_BENCH_ANALYSIS_PER_URL_H

#include <stddef.h>
#include <stdint.h>

#include "conc_bench/analysis/validity.h"
#include "conc_bench/base/error.h"
#include "conc_bench/run/run.h"

/*
 * The figures of each URL in each cell, so that it can be seen which URLs are slow in every mode,
 * which only beside others, and which fail. Pure.
 *
 * Of each cell of STAGE_MAIN the settled samples of its rounds that count are taken, as for its service times. Medians
 * are those of the downloads that succeeded, by exact nearest rank; those that failed are counted and in no median. A
 * download that was redirected is one: it has the time of all its requests, and the body at their end.
 *
 * A list may have millions of URLs, so figures are kept of some: of the slowest, and of those that failed most often.
 */

/* The most URLs kept by duration, and by failures; fewer are kept where there are so many cells that it would be more
 * figures than PER_URL_FIGURES_MAX. */
enum { PER_URL_KEPT = 1000, PER_URL_FIGURES_MAX = 100000 };

/* One URL in one cell. */
struct url_figure {
    uint32_t count;      /* downloads that succeeded */
    nanoseconds service; /* median of their service times; 0 without any */
    int64_t body_bytes;  /* median of their bodies */
    uint32_t failures[OUTCOME_COUNT];
};

/* The figures of all URLs together in one cell. */
struct url_total {
    uint64_t count; /* downloads that succeeded */
    uint64_t failures;
};

struct per_url {
    size_t cell_count;
    uint32_t *cells;          /* places in the run's, ascending; owned, as all here is */
    struct url_total *totals; /* by cell */

    size_t count;             /* URLs kept */
    uint32_t *urls;           /* places in the run's: those with the longest median in any cell first, then those
                                 that never succeeded, with the most failures first; otherwise as in the list */
    struct url_figure *stats; /* by URL kept (a row), then by cell */

    /* over all URLs, kept or not */
    uint32_t settled; /* that have downloads at all */
    uint32_t failed;  /* of those, failed at least once */
    uint32_t lost;    /* of those, never succeeded */
    /* Percentiles of the longest medians of all URLs that succeeded; zeros without any. */
    nanoseconds p50, p90, p99;
};

/* A main cell without the samples it would take; NULL: all have them. */
const struct run_cell *per_url_lacks(const struct run *run, const struct validity *validity);

/* Makes the figures of a run that lacks no samples; the caller releases them. -1: out of memory; `per_url` is then
 * NULL.
 */
int per_url_make(const struct run *run, const struct validity *validity, struct per_url **per_url, struct error *error);

/* Frees the figures, which may be NULL. */
void per_url_release(struct per_url *per_url);

/* The figure of a row and a cell. */
const struct url_figure *per_url_figure(const struct per_url *per_url, size_t row, size_t cell);

uint64_t url_figure_failures(const struct url_figure *figure);

/* The cell with the longest median of a row, the first of several; `cell_count`: the URL never succeeded. */
size_t per_url_longest(const struct per_url *per_url, size_t row);

/* How many times as long a URL took as it took alone: the greatest ratio of its median in a cell with several workers
 * to that in the cell with one worker and, if there is one, the same connections; the reference mode before others. In
 * `cell` and `alone` (not NULL) which cells these are. NAN: there are none. */
double per_url_slowdown(const struct run *run, const struct per_url *per_url, size_t row, size_t *cell, size_t *alone);

/* Sentences about it, without full stops: the slowest URL, the one slowed most beside others, what failed. */
enum { PER_URL_SENTENCES = 3 };
struct per_url_sentences {
    char texts[PER_URL_SENTENCES][1024];
    size_t count;
};

struct run_stats; /* analysis/cell_stats */

/* Writes the sentences about URLs; none where there are no figures of URLs. */
void per_url_tell(const struct run_stats *stats, struct per_url_sentences *sentences);

#endif
