#ifndef CONC_BENCH_WORKLOAD_FORM_H
#define CONC_BENCH_WORKLOAD_FORM_H

#include <stddef.h>
#include <stdint.h>

#include "conc_bench/base/error.h"
#include "conc_bench/workload/message.h"
#include "entry.h"

/*
 * The forms that a list may have besides a URL a line, which people have from other programs. Private to src/workload.
 *
 * FORM_HTTP is vegeta's http format: "POST https://host/path", lines with headers, "@FILE" with the body, a blank line
 * between requests. FORM_CURL is that of curl's configuration files, one request from "next" to "next".
 */

enum form { FORM_URLS, FORM_HTTP, FORM_CURL };

/* Tells the form of a file by the first line that shows one; FORM_URLS, where none does. */
enum form form_of(const char *text, size_t length);

/* The one who takes the requests. -1: they are refused, or there is no memory, and reading ends with that. */
struct form_taker {
    void *context;
    /* A message, which is moved or released, and its number. */
    int (*take_message)(void *context, struct message *message, uint32_t *number, struct error *error);
    /* A URL as it stands in the text, so many times, with the message of that number; the entry has its line. */
    int (*take_url)(void *context, const struct entry *entry, const char *url, size_t length, uint32_t count,
                    uint32_t message, struct error *error);
};

/* Read the text of a file, which ends in a NUL that `length` does not count, and is written to. -1: it is not of the
 * form, and `error` says where and what would be right, but shows nothing that may be secret. */
int form_read_http(const char *file, char *text, size_t length, const struct form_taker *taker, struct error *error);
int form_read_curl(const char *file, char *text, size_t length, const struct form_taker *taker, struct error *error);

/* Helpers of both readers, in form.c. */

enum { FORM_PLACE_BYTES = ENTRY_PATH_MAX + 32 };

/* "list.txt:12", for messages. Returns `place`. */
const char *form_place(const struct entry *entry, char place[FORM_PLACE_BYTES]);

/* Returns whether a line begins with the scheme of a URL. */
bool form_is_url(const char *text);

/* Returns whether a line is "METHOD URL", or likely meant to be. */
bool form_is_request_line(const char *text);

/* The text behind the first word of a line. */
const char *form_second_word(const char *text);

/* Adds the file of a body. -1: it cannot be read. */
struct secret_text;
int form_read_body(const struct entry *entry, const char *path, struct secret_text *content, struct error *error);

int form_fail_memory(struct error *error);

#endif
