#ifndef CONC_BENCH_BASE_READING_H
#define CONC_BENCH_BASE_READING_H

#include <stdbool.h>

#include "conc_bench/base/error.h"

/* A text of the user's that is read from left to right. */
struct reading {
    const char *text;
    const char *next; /* the text that is not read yet */
    struct error *error;
};

/* Sets an error of usage that lies at `place` in the text. Returns -1. */
int reading_refuse(const struct reading *reading, const char *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* White space, in ASCII, whatever the locale. */
bool reading_is_space(char c);
void reading_skip_spaces(struct reading *reading);

#endif
