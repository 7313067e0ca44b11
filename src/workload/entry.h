#ifndef CONC_BENCH_WORKLOAD_ENTRY_H
#define CONC_BENCH_WORKLOAD_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conc_bench/base/error.h"

/* A line of a list, or an argument: what may not be in it, and how its fault is told. Private to src/workload. */

/* Its text is whole, but for a NUL where the URL ends. */
struct entry {
    const char *file; /* NULL: an argument */
    size_t number;
    const char *text;
    size_t length;
    size_t indent; /* blanks in front of the text */
};

enum quoting { QUOTE, DO_NOT_QUOTE };

/* Says where, why and, where it is allowed and shows nobody's password, what. -1. */
__attribute__((format(printf, 4, 5))) int entry_refuse(const struct entry *entry, enum quoting quoting,
                                                       struct error *error, const char *format, ...);

/* -1: the line is too long, or has a NUL byte; and: it has control characters, characters that nobody sees, or bytes
 * that are not UTF-8. */
int entry_check_bytes(const struct entry *entry, struct error *error);
int entry_check_characters(const struct entry *entry, struct error *error);

/* Reads "URL xN", without blanks around it, and without control characters; without "xN" it is 1. -1: something else
 * follows the URL. */
int entry_split(const struct entry *entry, const char *text, size_t length, size_t *url_length, uint32_t *count,
                struct error *error);

/* Returns whether there is an at sign, or what becomes one on the way to the name of a host. */
bool entry_has_at_sign(const char *text, size_t length);

/* The most bytes of a file's name that a message quotes. */
enum { ENTRY_PATH_MAX = 240 };

/* Copies what fits a message, cut between characters; a NUL stands for the blank it replaced. `buffer` has room for
 * `most` bytes and four more. Returns `buffer`. */
const char *entry_abridge(char *buffer, size_t most, const char *text, size_t length);

static inline bool entry_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

#endif
