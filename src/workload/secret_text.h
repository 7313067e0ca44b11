#ifndef CONC_BENCH_WORKLOAD_SECRET_TEXT_H
#define CONC_BENCH_WORKLOAD_SECRET_TEXT_H

#include <stddef.h>
#include <stdio.h>

#include "conc_bench/base/error.h"

/* The text of a file, or one made here, that may be secret: it is wiped wherever it is freed. Private to src/workload.
 * Zero-initialise. */
struct secret_text {
    char *bytes; /* with a NUL behind them; NULL: nothing was added */
    size_t length;
    size_t capacity; /* private */
};

/* -1: no memory. */
int secret_text_append(struct secret_text *content, const char *bytes, size_t length);

/* Adds all of a file, up to `limit` bytes in all; `place` begins the message, and `path` is its name there. -1: it
 * cannot be read, or is longer. */
int secret_text_read(struct secret_text *content, FILE *file, const char *place, const char *path, size_t limit,
                     struct error *error);

/* Drops line ends as curl's --data does: what editors add to files is not part of a form. NUL bytes go as well, as in
 * curl from version 8 on; before, the rest of their line went with them. */
void secret_text_drop_line_ends(struct secret_text *content);

void secret_text_wipe(struct secret_text *content);

#endif
