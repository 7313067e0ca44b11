#ifndef CONC_BENCH_REPORT_PROGRESS_H
#define CONC_BENCH_REPORT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "conc_bench/base/clock.h"

/*
 * One line on a terminal's stderr that says what runs now, how far it is, and how long the rest may take. Drawn at most
 * ten times a second, gone without a trace when it ends, and never written where stderr is not a terminal.
 */
struct progress {
    FILE *stream; /* NULL: silent */
    nanoseconds began;
    nanoseconds drawn; /* last time something was drawn */
    bool is_visible;
};

/* `wanted` is false for --no-progress and --quiet. */
void progress_init(struct progress *progress, FILE *stream, bool wanted);

/* What is going on. `fraction` of the whole run that is done, from 0 to 1; negative: not known. */
void progress_show(struct progress *progress, double fraction, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A sentence that stays, terminal or not: for what somebody should know while there is still time. */
void progress_note(struct progress *progress, FILE *stream, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Takes the line away; call before anything else is printed. */
void progress_clear(struct progress *progress);

#endif
