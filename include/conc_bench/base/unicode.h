#ifndef CONC_BENCH_BASE_UNICODE_H
#define CONC_BENCH_BASE_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Characters of UTF-8 text, whatever the locale.
 */

/* Reads the character at the start of the text, which is not empty. Returns its length in bytes, or 0 where the text
 * does not begin with a character: RFC 3629, section 4, which leaves out overlong forms and surrogates. */
size_t unicode_decode(const char *text, size_t length, uint32_t *code);

/* Bytes of the byte order mark that some editors put in front of a file; 0 where there is none. */
size_t unicode_mark_length(const char *text, size_t length);

/* Returns whether a character shows nothing, or no more than a gap: controls other than those of ASCII, spaces other
 * than ' ', ends of lines, what turns the direction of the text around it, and what the Unicode Standard calls "default
 * ignorable" (DerivedCoreProperties.txt, version 15), such as the zero width space and the soft hyphen. Two texts that
 * differ in such a character only look the same. Not so for ASCII characters. */
bool unicode_is_invisible(uint32_t code);

/* The first thing that is wrong with a text to be read by people. */
struct unicode_fault {
    size_t character; /* which, from 1 */
    size_t offset;    /* of its first byte */
    bool is_invalid;  /* the bytes there are not UTF-8; otherwise the character there is invisible */
    uint32_t code;    /* of the invisible character, or the first of the invalid bytes */
};

/* Looks for a character that is invisible, or bytes that are none. False: there are neither. */
bool unicode_find_fault(const char *text, size_t length, struct unicode_fault *fault);

enum { UNICODE_DESCRIPTION_BYTES = 160 };

/* Says what the fault is and where, such as "character 24 is invisible: U+200B, zero width space". Returns `text`. */
const char *unicode_describe_fault(const struct unicode_fault *fault, char text[UNICODE_DESCRIPTION_BYTES]);

#endif
