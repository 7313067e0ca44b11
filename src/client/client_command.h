#ifndef CONC_BENCH_CLIENT_CLIENT_COMMAND_H
#define CONC_BENCH_CLIENT_CLIENT_COMMAND_H

#include <stddef.h>
#include <stdint.h>

#include "conc_bench/base/error.h"

/*
 * The command of a client. `{list}`, `{workers}` and `{downloads}` are replaced in it, wherever they stand, but for
 * `${list}`, which is the shell's. Other braces are left alone: shells and JSON have them. But a word in braces that is
 * nearly one of the three is refused, since it would be taken for the name of a file.
 */

/* The values of placeholders. */
struct client_values {
    const char *list;
    uint32_t workers;
    uint32_t downloads;
};

/* -1 with ERROR_USAGE: a placeholder is misspelt. `name` is the client's. */
int client_command_check(const char *name, const char *command, struct error *error);

/* The command for a shell: what needs it is quoted. The caller frees it. NULL: no memory. */
char *client_command_fill(const char *command, const struct client_values *values);

/* The words of a command without a shell, split at blanks outside of quotes; quotes and backslashes mean what they mean
 * to sh(1), and nothing is expanded but placeholders. With `values` NULL it is only checked, and *words is NULL.
 * Otherwise *words is one block that ends with a NULL pointer, to be freed by the caller. -1: quotes are not closed,
 * there is no word, or a word is one that only a shell understands (ERROR_USAGE); or no memory. */
int client_command_split(const char *name, const char *command, const struct client_values *values, char ***words,
                         struct error *error);

#endif
