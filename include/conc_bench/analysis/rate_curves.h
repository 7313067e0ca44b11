#ifndef CONC_BENCH_ANALYSIS_RATE_CURVES_H
#define CONC_BENCH_ANALYSIS_RATE_CURVES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conc_bench/analysis/cell_stats.h"
#include "conc_bench/analysis/headline.h"
#include "conc_bench/base/error.h"

/*
 * The performance of a mode with a number of workers at different rates, where trials differ by them: the rate up to
 * which it keeps up, or holds the run's objective, and the one at which response times leave their flat part. Pure.
 */

/* Response times are flat as long as their mean is at most so many times that at the lowest rate. */
#define RATE_FLAT 1.5

/* A trial holds an objective only if at most this share of its downloads failed. */
#define RATE_FAILED_BORNE 0.01

struct rate_point {
    const struct cell_stats *cell;
    bool is_good; /* in most of its rounds it kept up, and held the objective if there is one */
};

struct rate_curve {
    char mode[32];
    uint32_t workers;
    struct rate_point *points; /* by rate, one for each; owned */
    size_t count;
    const struct rate_point *highest;          /* the highest that is good; NULL: none is */
    const struct rate_point *next;             /* the lowest above that which is not; NULL: none was measured */
    const struct rate_point *flat;             /* the last that is flat; NULL: none is */
    double highest_rate, next_rate, flat_rate; /* of these; 0: there is none */
    double limit;                 /* of the objective, in seconds; NAN: there is none, or it is not known */
    bool is_confirmed;            /* of a search: both of these by as many rounds of their own as count */
    uint32_t rank_low, rank_high; /* by the highest rate: equal ranks overlap; 0: none is good */
};

struct rate_curves {
    struct rate_curve *items; /* the one with the highest rate first; owned */
    size_t count;
    bool is_search;
    double most;                          /* the highest rate of any */
    const struct rate_curve *recommended; /* of those that share the first rank the one that costs least; NULL: none */
};

/* Rounds of the rate that was found, and of the one above, that confirm it. */
enum { RATE_ROUNDS_CONFIRMING = 3 };

/* Makes the curves; none where trials do not differ by rates. -1: no memory. */
int rate_curves_make(const struct run_stats *stats, struct rate_curves *curves, struct error *error);
void rate_curves_release(struct rate_curves *curves);

/* Notes of each cell what its curve has come to, as METRIC_HIGHEST_RATE: between the highest rate that is good and the
 * lowest above it that is not, 0 or infinite where there is none. The confidence is 1, or 0 where a search has not
 * confirmed it. */
void rate_curves_note(const struct rate_curves *curves, struct run_stats *stats);

/* Whether a curve stands for its mode where there is no room for all numbers of workers: the first of them that is
 * confirmed, or the first. */
bool rate_curve_stands_for_mode(const struct rate_curves *curves, const struct rate_curve *curve);

/* Whether a trial held the objective: it kept up, few downloads failed, and the figure of its response times is within
 * `limit`, in seconds. */
bool rate_trial_holds(const struct objective *objective, double limit, const struct trial *trial);

/* The objective's figure of a trial's response times, in seconds; NAN: it has none. */
double rate_trial_figure(const struct objective *objective, const struct trial *trial);

/* The name of a curve in reports: "threads", or "threads/64" where modes have several numbers of workers. */
char *rate_curve_name(const struct rate_curves *curves, const struct rate_curve *curve,
                      char buffer[HEADLINE_NAME_BYTES]);

/* The answer: who keeps up to which rate, or holds the objective up to it, and what to use. */
void rate_curves_headline(const struct run_stats *stats, const struct rate_curves *curves, struct headline *headline);

/* "Response stays flat up to 400/s with threads": what else there is to say, each a sentence without a full stop, ""
 * where there is nothing. */
struct rate_sentences {
    char knees[512];
    char unfinished[512];
};
void rate_curves_tell(const struct rate_curves *curves, struct rate_sentences *sentences);

#endif
