#ifndef CONC_BENCH_CLIENT_CLIENT_REPORT_H
#define CONC_BENCH_CLIENT_CLIENT_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "conc_bench/base/clock.h"

/*
 * The report of a client on its own downloads: a file, at the path that CONC_BENCH_REPORT names, with a line for each
 * download, in any order:
 *
 *     UNIT STATUS BYTES START END
 *
 * separated by one blank each. UNIT is the number of the line of the list, from 0; STATUS is that of the answer, 100 to
 * 599, or 0 where there was none; BYTES counts those of the body; START and END are seconds since an instant that is
 * the same for all lines, with up to nine decimals. Each unit stands there once at most. Empty lines, comments, signs
 * and exponents are errors, and so is a last line without its line end: it may have been cut off.
 */

/* One line. */
struct client_line {
    uint32_t number; /* of the line, from 1; 0: there is none for this unit */
    uint16_t status;
    int64_t bytes;
    nanoseconds start, end;
};

struct client_report {
    struct client_line *units; /* by unit; owned */
    uint32_t count;            /* of lines */
    char problem[192];         /* what is wrong, with the number of the line; "": nothing is */
};

/* Reads the file, if there is one: without one, or where it is empty, `count` is 0. Reads up to the first line that is
 * wrong. -1: no memory. Either way the caller releases it. */
int client_report_read(const char *path, uint32_t unit_count, struct client_report *report);
void client_report_release(struct client_report *report);

#endif
