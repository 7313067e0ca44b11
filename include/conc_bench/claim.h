#ifndef CONC_BENCH_CLAIM_H
#define CONC_BENCH_CLAIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conc_bench/error.h"
#include "conc_bench/measures.h"

/*
 * What a user claims of a result, to be judged by it: `threads@8.time / sync.time < 0.5`. Pure.
 */
enum comparison {
    COMPARISON_LESS,
    COMPARISON_AT_MOST,
    COMPARISON_GREATER,
    COMPARISON_AT_LEAST,
    COMPARISON_EQUAL,
    COMPARISON_DIFFERENT
};

struct claim_operand {
    char mode[24];    /* as written; "*": every cell */
    uint32_t workers; /* 0: the cell of the mode, whatever its workers */
    enum measure measure;
    bool is_exact; /* a count that is the same in every round, compared as it is; else judged by intervals */
    size_t column; /* where it stands in the text, for whoever has to say that there is no such mode */
};

struct claim {
    char text[256]; /* as written */
    struct claim_operand left;
    bool is_ratio;
    struct claim_operand right; /* of a ratio: what `left` is divided by */
    enum comparison comparison;
    double limit; /* in seconds, bytes, counts, per second, or as a plain ratio */
};

#endif
