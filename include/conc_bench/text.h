#ifndef CONC_BENCH_TEXT_H
#define CONC_BENCH_TEXT_H

#include <stddef.h>

/*
 * Text that came from outside, made fit to be shown.
 */

/* Copies `length` bytes so that a terminal can show them: ASCII control characters and bytes that are not valid UTF-8
 * become "\xNN", and so do the C1 control characters (U+0080 to U+009F) and those that turn the direction of text round
 * or end a line. Cut off, between characters, where `size` is too small; always NUL-terminated. Returns `buffer`. */
char *text_escape(char *buffer, size_t size, const char *text, size_t length);

/* Columns a UTF-8 text takes on a terminal, for aligning; every character counts as one. */
size_t text_columns(const char *text);

/* Words longer than this are not compared letter by letter. */
enum { TEXT_DISTANCE_MAX_BYTES = 63 };

/* The smallest number of edits (insert, delete, replace, swap neighbours) between two words: for "did you mean". Where
 * a word is longer than TEXT_DISTANCE_MAX_BYTES, every letter of the longer one counts as an edit. */
size_t text_distance(const char *a, const char *b);

#endif
