#ifndef CONC_BENCH_ANALYSIS_BACKLOG_H
#define CONC_BENCH_ANALYSIS_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conc_bench/base/clock.h"

/*
 * Whether workers keep up with downloads that fall due at a rate: whether the backlog of those that wait grows. Pure.
 */

/* Fewer waits than that say nothing. */
enum { BACKLOG_MIN = 20 };

/* Whether the backlog of a trial grew. `waits`: how long its downloads waited, or their response times, in the order in
 * which they were due; `span`: from the instant at which the first was due to that of the last, in the same unit. The
 * waits are cut into ten blocks of equal length. The backlog grows if the means of the blocks rise (Kendall's tau of at
 * least 33/45: of the 45 pairs of blocks, 39 rise or more) and the last is longer than the first by more than a
 * hundredth of the span: workers then do less than 99 % of what falls due. The error and the power of that are in
 * docs/measurement.md. Fewer than BACKLOG_MIN waits keep up. */
bool backlog_grows(const double *waits, size_t count, double span);

/* How far behind the workers are at the end: the mean of the last block. 0: there are no waits. */
double backlog_behind(const double *waits, size_t count);

/* The state of a trial that is under way. Zeroed before it begins. */
struct backlog_watch {
    nanoseconds since; /* the end of the last stretch, after the gate; and how many had been begun by then */
    uint32_t begun;
    uint32_t seen;           /* begun by the last look */
    unsigned slow_stretches; /* in a row */
};

/* One more look, `now` after the gate, when `begun` of `count` downloads had been taken that fall due at the instants
 * `due`. Whether the workers plainly cannot keep up: since the gate, and in each of two stretches in a row, they have
 * begun less than half of what fell due. A stretch is an eighth of the time over which downloads fall due, or longer,
 * until ten were begun in it and some since the last look: a server that stalls once makes one stretch slow, however
 * long it stalls. So workers that do less than half throughout are
 * found after a quarter of that time, or when they have begun 20. */
bool backlog_is_hopeless(struct backlog_watch *watch, const nanoseconds *due, uint32_t count, uint32_t begun,
                         nanoseconds now);

#endif
