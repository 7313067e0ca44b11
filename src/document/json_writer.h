#ifndef CONC_BENCH_DOCUMENT_JSON_WRITER_H
#define CONC_BENCH_DOCUMENT_JSON_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "conc_bench/base/clock.h"

/*
 * Writes JSON to a stream as it comes, so that a document of a million rows takes no memory. The writer sets commas and
 * spaces; the caller opens and closes objects and arrays in the right order and gives each member of an object its key
 * first. Errors of the stream are left to the caller (ferror(3)).
 */
struct json_writer {
    FILE *stream;
    bool has_failed; /* no memory for a text, which was left out */
    bool has_previous;
    bool is_behind_key;
    bool is_new_line;
};

/* The bracket, '{' or '[', and its counterpart. */
void json_open(struct json_writer *writer, char bracket);
void json_close(struct json_writer *writer, char bracket);

/* The next member or item begins a line of its own. */
void json_new_line(struct json_writer *writer);

void json_key(struct json_writer *writer, const char *key);
void json_put_null(struct json_writer *writer);
void json_put_flag(struct json_writer *writer, bool value);
void json_put_whole(struct json_writer *writer, uint64_t value);
void json_put_number(struct json_writer *writer, double value); /* 15 digits; null where it is not finite */
void json_put_seconds(struct json_writer *writer, nanoseconds duration);

/* Adds text that is JSON already: a value, or members of the object at hand, of which the last may still lack its
 * value. */
void json_put_raw(struct json_writer *writer, const char *json);

/* Text of the program's own. */
void json_put_name(struct json_writer *writer, const char *name);

/* Text from outside, which need not be UTF-8: escaped as by text_escape(), and never cut off. */
void json_put_text(struct json_writer *writer, const char *text);
void json_text_key(struct json_writer *writer, const char *text);

#endif
