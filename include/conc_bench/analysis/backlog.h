#ifndef CONC_BENCH_ANALYSIS_BACKLOG_H
#define CONC_BENCH_ANALYSIS_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether workers keep up with downloads that fall due at a rate: whether the backlog of those that wait grows. Pure.
 */

/* Fewer waits than that say nothing. */
enum { BACKLOG_MIN = 20 };

/* By what the downloads of one trial waited, or by their response times, in the order in which they were due; `span`
 * from the first one's being due to the last one's, in the same unit as waits. The waits are cut into ten blocks of
 * equal length. The backlog grows if the means of the blocks rise (Kendall's tau of at least 33/45: of the 45 pairs of
 * blocks, 39 rise or more) and the last is longer than the first by more than a hundredth of the span: workers then do
 * less than 99 % of what falls due. The error and the power of that are in docs/measurement.md. Fewer than BACKLOG_MIN
 * waits keep up. */
bool backlog_grows(const double *waits, size_t count, double span);

/* How far behind the workers are in the end: the mean of the last block. 0: there are no waits. */
double backlog_behind(const double *waits, size_t count);

#endif
