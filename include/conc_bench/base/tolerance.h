#ifndef CONC_BENCH_BASE_TOLERANCE_H
#define CONC_BENCH_BASE_TOLERANCE_H

#include <stdbool.h>
#include <stddef.h>

/* The distance that bodies may have from the usual size of their URL while the work still counts as equal. Zeros:
 * none. */
struct tolerance {
    bool is_status_only; /* sizes are not compared */
    double share;        /* of the usual size */
};

/* "5%", "status", as --tolerate has it; "": no tolerance. Returns `buffer`. */
char *tolerance_describe(const struct tolerance *tolerance, char *buffer, size_t size);

#endif
