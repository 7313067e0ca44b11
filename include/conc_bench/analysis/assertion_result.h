#ifndef CONC_BENCH_ANALYSIS_ASSERTION_RESULT_H
#define CONC_BENCH_ANALYSIS_ASSERTION_RESULT_H

#include <stdbool.h>
#include <stddef.h>

#include "conc_bench/analysis/assertion.h"
#include "conc_bench/analysis/cell_stats.h"
#include "conc_bench/base/error.h"

/*
 * Judges an assertion by what the rounds can show: it fails only if the one-sided 95 % bound says so, and passes
 * only if the other bound says so; in between nothing is claimed, and what could have been seen is told. Pure.
 */
enum assertion_verdict {
    VERDICT_PASS,
    VERDICT_FAIL,
    VERDICT_INCONCLUSIVE,
    VERDICT_UNMEASURABLE, /* inconclusive, and only a huge difference could have been seen: must not pass silently */
};

/* "PASS", "FAIL", "INCONCLUSIVE", "UNMEASURABLE". */
const char *assertion_result_name(enum assertion_verdict verdict);

struct assertion_result {
    char assertion[ASSERTION_TEXT_MAX + 48]; /* in canonical form, with the cell where it is about several */
    enum assertion_verdict verdict;
    double value;     /* estimate, in the unit of the assertion; NAN: none */
    double low, high; /* one-sided 95 % bounds; infinite: none */
    double limit;
    double p;          /* one-sided, of the assertion being true */
    double detectable; /* the smallest relative difference that would have shown with power .8; NAN: unknown */
    char sentence[512];
};

/* Judges all assertions, each over every cell that it names; `*` and a mode without workers name the cells that are
 * ranked (swept ones where none is). Failures are held to Holm's adjustment over all of them. Adds to
 * `assertion_results` (to be freed by the caller, even on failure). -1: no memory, or an assertion names a cell that
 * the result does not have. */
int assertion_results_make(const struct run_stats *stats, const struct assertion *assertions, size_t assertion_count,
                           struct assertion_result **assertion_results, size_t *count, struct error *error);

/* Holds failures to Holm's adjustment over all judgements: what alone would be one may be chance among many, and
 * becomes inconclusive. -1: no memory. */
int assertion_results_adjust(struct assertion_result *assertion_results, size_t count, struct error *error);

/* The worst that any of them says, as an exit status: 1 an assertion failed, 4 unmeasurable, or inconclusive and
 * `strict`, otherwise 0. */
int assertion_results_status(const struct assertion_result *assertion_results, size_t count, bool strict);

#endif
