#ifndef CONC_BENCH_ANALYSIS_ASSERTION_H
#define CONC_BENCH_ANALYSIS_ASSERTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conc_bench/analysis/metrics.h"
#include "conc_bench/base/error.h"

/*
 * An assertion about a result, as --assert takes it:
 *
 *     assertion   = operand [ "/" operand ] comparison value
 *     operand     = ( mode | "*" ) [ ( "@" | "/" ) workers ] "." metric
 *     mode        = as typed; "threads#2" is the second copy of a mode
 *     comparison  = "<" | "<=" | ">" | ">=" | "==" | "!="
 *
 *     event-loop.time < 2.0s      threads@8.time / sync.time < 25%      *.failures == 0
 *
 * Spaces may stand between any two parts, also between a number and its unit, but not around the "/" of workers. The
 * value has the unit of the metric; that of a ratio is a number or a percentage. A ratio is of two figures of one unit:
 * of two cells, or of one (cpu / time).
 *
 * The first operand may name several cells: "*" is every mode, and without workers every cell of the mode. The
 * assertion holds if it holds for each of them. The second is what these are measured against, so it names a mode,
 * never "*"; that it is one cell (with workers where the mode has several) is for the caller to see to. So is whether
 * modes and cells exist: this module knows neither the modes nor the plan. Pure: no clock, no files, no values.
 */

enum assertion_comparison {
    ASSERTION_LESS,
    ASSERTION_AT_MOST,
    ASSERTION_MORE,
    ASSERTION_AT_LEAST,
    ASSERTION_EQUAL,
    ASSERTION_UNEQUAL
};

struct assertion_operand {
    char mode[32];    /* a name or alias as typed, unchecked; "*": every mode, in the first operand only */
    uint32_t workers; /* 0: not given */
    enum metric metric;
    size_t offset; /* of the operand in the text, bytes: for error_point() */
};

struct assertion {
    struct assertion_operand operands[2];
    size_t operand_count; /* 2: the ratio of the first to the second */
    enum assertion_comparison comparison;
    enum metric_unit unit; /* of the limit; UNIT_PLAIN for a ratio */
    bool is_exact;         /* made of exact metrics only: compared as it is, and the only kind that knows == and != */
    double limit;          /* in the base unit; counts and bytes are exact */
    char limit_text[32];   /* as typed, without spaces: for reports */
};

/* Bytes of the longest canonical text, with its NUL. */
enum { ASSERTION_TEXT_MAX = 160 };

/* Reads an assertion. On failure -1 and an error that points at the place in `text`; `assertion` is then untouched. */
int assertion_parse(const char *text, struct assertion *assertion, struct error *error);

/* Writes the canonical text, "threads@8.time / sync.time < 0.25": single spaces, and metrics by name, not by alias. It
 * parses into the same assertion but for the offsets. Returns `buffer`; ASSERTION_TEXT_MAX holds any. */
char *assertion_format(char *buffer, size_t size, const struct assertion *assertion);

#endif
