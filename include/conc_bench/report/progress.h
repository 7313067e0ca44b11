#ifndef CONC_BENCH_REPORT_PROGRESS_H
#define CONC_BENCH_REPORT_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "conc_bench/base/clock.h"
#include "conc_bench/report/format.h"
#include "conc_bench/run/run.h"

/*
 * Shows what a run has found so far, while it goes on: on a terminal's stderr the table of the report, which fills in,
 * and below it one line that says what runs now and how long the rest may take. Drawn at most ten times a second, by
 * the process that waits for the trials: the line now and then, the table when a trial has ended. Gone without a trace
 * when it ends, on Ctrl-C, and while the program is stopped by Ctrl-Z; it draws nothing in the background. Where stderr
 * is no terminal, the line is written every ten seconds, and stays.
 */
enum { PROGRESS_LINES_MAX = 40 };

struct live_table; /* figures of the trials so far */

struct progress {
    FILE *stream; /* NULL: silent */
    bool is_terminal;
    nanoseconds every; /* between two drawings */
    nanoseconds began;
    nanoseconds drawn; /* last time something was drawn; where that is no terminal, or when it began */
    bool is_visible;
    unsigned width;                           /* of the terminal, when that was */
    size_t line_count;                        /* of the table on the screen, above the line */
    unsigned columns[PROGRESS_LINES_MAX + 1]; /* that each of them takes, and the line behind them */
    struct live_table *table;                 /* owned; NULL: no trial has begun */
    bool is_table_new;                        /* since it was drawn */
};

/* `wanted` is false for --no-progress and --quiet. */
void progress_init(struct progress *progress, FILE *stream, bool wanted);

/* A trial begins, of a mode by its name, and with so many workers. `reference` is the mode that times are compared
 * with; both are copied. Its downloads fall due at `rate`; 0: at none; NAN: at none yet, in a run that looks for one.
 */
void progress_begin_trial(struct progress *progress, const struct format *format, const char *reference,
                          const char *mode, uint32_t workers, double rate);

/* It has ended, and its figures count. */
void progress_end_trial(struct progress *progress, const struct trial *trial);

/* Says what is going on. `fraction` is the part of the whole run that is done, from 0 to 1; negative: not known. */
void progress_show(struct progress *progress, double fraction, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A sentence that stays, terminal or not: for what somebody should know while there is still time. */
void progress_note(struct progress *progress, FILE *stream, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Takes it all off the screen; call before anything else is printed. */
void progress_clear(struct progress *progress);

/* Clears it for good, and frees what it holds. */
void progress_release(struct progress *progress);

#endif
