#ifndef CONC_BENCH_WORKLOAD_CONFIG_H
#define CONC_BENCH_WORKLOAD_CONFIG_H

#include <stddef.h>

/*
 * The format of curl's configuration files: one option a line, its value behind spaces, '=' or ':', in quotes where it
 * holds spaces or begins with one, with \\, \", \t, \n, \r and \v in them; '#' begins a comment. Dashes before the name
 * may be left out; behind a name with dashes there are spaces only.
 */

struct config_line {
    const char *name;  /* without dashes */
    const char *value; /* "" where there is none */
    size_t number;     /* from 1 */
};

/* Takes the next line with an option from *rest, which is written to and goes on behind it; `line` is that of the call
 * before, or zero. NULL: the end. Otherwise `line`; what cannot be read has the name NULL: quotes that do not end, or
 * more behind the value. */
const struct config_line *config_next(char **rest, struct config_line *line);

#endif
