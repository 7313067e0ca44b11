#ifndef CONC_BENCH_BASE_TEXT_H
#define CONC_BENCH_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Text that came from outside, made fit to be shown, and names that were not typed quite right.
 */

/* Copies `length` bytes so that a terminal can show them: ASCII control characters and bytes that are not valid UTF-8
 * become "\xNN", and so do the C1 control characters (U+0080 to U+009F) and those that turn the direction of text round
 * or end a line. Cut off, between characters, where `size` is too small; always NUL-terminated. Returns `buffer`. */
char *text_escape(char *buffer, size_t size, const char *text, size_t length);

/* Adds a text, made as by snprintf(3), behind the one that `buffer` holds already; what goes beyond `size` bytes, the
 * NUL included, is left out. Returns `buffer`. */
char *text_append(char *buffer, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Copies the part of `text` around the byte at `offset` that fits into `columns` columns, at least 16, escaped as
 * text_escape() does; "..." stands for what is left out at either end. A `size` of 4 * columns + 1 holds any. Returns
 * the column, from 0, at which what stands at `offset` begins; behind the last character for an offset at the end or
 * beyond. */
size_t text_excerpt(char *buffer, size_t size, const char *text, size_t offset, size_t columns);

/* Copies `text` escaped as text_escape() does; of one that takes more than `columns` columns, at least 8, the middle
 * is left out, for which "..." stands: what many have in common is in front, and what tells them apart behind. A `size`
 * of 4 * columns + 1 holds any. Returns whether anything was left out. */
bool text_shorten(char *buffer, size_t size, const char *text, size_t columns);

/* Columns a UTF-8 text takes on a terminal, for aligning; every character counts as one. */
size_t text_columns(const char *text);

/* Words longer than this are not compared letter by letter. */
enum { TEXT_DISTANCE_MAX_BYTES = 63 };

/* The smallest number of edits (insert, delete, replace, swap neighbours) between two words: for "did you mean". Where
 * a word is longer than TEXT_DISTANCE_MAX_BYTES, every letter of the longer one counts as an edit. */
size_t text_distance(const char *a, const char *b);

/* "s" behind a noun of which there are so many; "": there is one. */
const char *text_plural(uint64_t count);

/* Returns whether the word is among those of a comma-separated list without spaces. */
bool text_list_has(const char *list, const char *word);

/* Looks among candidates for the word that was probably meant. Starts with `word` alone set. */
struct text_guess {
    const char *word;
    char best[32];   /* the nearest candidate so far, the first of several; "": none is near */
    size_t distance; /* of the best */
};

/* Considers each word of a comma-separated list without spaces; a single word is one too. */
void text_guess_consider(struct text_guess *guess, const char *list);

#endif
