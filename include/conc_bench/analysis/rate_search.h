#ifndef CONC_BENCH_ANALYSIS_RATE_SEARCH_H
#define CONC_BENCH_ANALYSIS_RATE_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The search of --rate auto for one mode with one number of workers: which rate to try next, from what came of those
 * that were tried. Rates are steps of 2.4 % (the E96 series of IEC 60063: 100, 102, 105, ... 976), so that all modes
 * try the same ones. Pure.
 */

/* The rate of a step, in downloads a second: 96 steps are a factor of ten, and step 0 is 1/s. */
double rate_of_step(int step);

/* The last step whose rate is at most that, which is above 0. */
int rate_step(double rate);

/* The results of the trials at a step. */
struct rate_try {
    int step;
    uint32_t held, missed; /* in so many trials */
    double reached;        /* the most that was begun a second where it was missed for want of keeping up; 0: never */
    bool is_clear;         /* it was missed beyond doubt */
};

enum { RATE_TRIES_MAX = 64 };

struct rate_search {
    double guess;                           /* where it begins */
    int most;                               /* the highest step that may be tried */
    struct rate_try looked[RATE_TRIES_MAX]; /* trials that look for the rate, by step */
    size_t looked_count;
    struct rate_try confirmed[RATE_TRIES_MAX]; /* and those of rounds of their own */
    size_t confirmed_count;
};

/* The outcome of a trial. `reached` is what was begun a second where workers did not keep up, otherwise 0. */
struct rate_outcome {
    bool is_held;
    bool is_clear; /* it is missed beyond doubt */
    double reached;
};

void rate_search_note(struct rate_search *search, int step, const struct rate_outcome *outcome, bool is_confirming);

/* Finds the step to look at next. The search goes upwards from just below the guess by steps that grow, or downwards,
 * to the rate that was reached; then it bisects between the highest step that holds and the lowest above it that does
 * not. A step that was missed by little is tried once more. False: two steps next to each other are found, the lower of
 * which holds, or an end of what may be tried. */
bool rate_search_next(const struct rate_search *search, int *step);

/* The highest step that holds, by rounds of its own if there are any. False: none does. */
bool rate_search_found(const struct rate_search *search, int *step);

/* Finds the step that confirming rounds measure next, until each has been measured often enough: the step that was
 * found, and the one above it, each moved one step further where rounds contradict it. False: it is confirmed, or
 * nothing holds. */
bool rate_search_confirm(const struct rate_search *search, uint32_t rounds, int *step);

#endif
