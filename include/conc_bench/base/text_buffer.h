#ifndef CONC_BENCH_BASE_TEXT_BUFFER_H
#define CONC_BENCH_BASE_TEXT_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A text that grows by what is added to it, so that nothing is ever cut off. Without memory it stays as it is and
 * remembers that. Zero-initialise; ends with text_buffer_release() or text_buffer_take().
 */
struct text_buffer {
    char *text; /* NUL-terminated; NULL: nothing was added yet */
    size_t length;
    size_t capacity; /* private */
    bool has_failed; /* something is missing, for want of memory */
};

/* Adds a text, made as by snprintf(3). */
void text_buffer_add(struct text_buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds `length` bytes from outside, escaped as text_escape() does. */
void text_buffer_add_escaped(struct text_buffer *buffer, const char *text, size_t length);

/* Its text, "" at first; valid until the next call. */
const char *text_buffer_text(const struct text_buffer *buffer);

/* Hands over what it holds, to be freed by the caller, and leaves it empty. NULL: something is missing. */
char *text_buffer_take(struct text_buffer *buffer);

void text_buffer_release(struct text_buffer *buffer);

#endif
