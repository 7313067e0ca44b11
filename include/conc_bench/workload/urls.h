#ifndef CONC_BENCH_WORKLOAD_URLS_H
#define CONC_BENCH_WORKLOAD_URLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conc_bench/base/error.h"
#include "conc_bench/workload/message.h"

/*
 * The list of URLs to download, from files, standard input and the command line, joined in the order they were added.
 *
 * Format: one URL a line; blank lines and lines that begin with '#' are skipped; spaces and tabs around a URL are not
 * part of it; CRLF line ends and a UTF-8 byte order mark are tolerated; "URL xN" stands for N such lines.
 * Or a file holds requests, as vegeta's http format or curl's configuration files have them; what counts is the first
 * line that has any of these forms. Then a "URL" of the list is one with its message: the same URL with two of them
 * counts as two.
 *
 * Only http and https. Refused, with "file:line" and the reason: anything curl's URL API (curl_url_set(3)) cannot parse
 * or that has another scheme, credentials (never echoed), NUL bytes, control characters, characters that nobody sees,
 * bytes that are not UTF-8, names of hosts that have no ASCII form, lines over 8 KiB. The list is UTF-8 in every
 * locale.
 *
 * Each distinct URL is parsed once. Memory: the text of the files, plus at most 64 bytes a line, plus the names of
 * hosts that are spelt in the list otherwise than libcurl spells them; so lists of millions of lines are ordinary.
 */

enum { URL_LINE_MAX_BYTES = 8192 };

/* Indices fit 32 bits; the number of downloads of a list is at most this. */
#define URL_DOWNLOADS_MAX UINT32_C(4000000000)

/* One host and port that appears in the list. */
struct url_host {
    /* The name as libcurl looks it up: lower case, punycode where it is not ASCII, an address in its normal form and
     * without brackets. Not NUL-terminated. */
    const char *name;
    uint16_t name_length;
    uint16_t port;   /* given or the scheme's default */
    bool is_literal; /* an IPv4 or IPv6 address: nothing to resolve */
};

/* A URL that stands `count` times in a row in the list. */
struct url_line {
    uint32_t url; /* index into the distinct URLs */
    uint32_t count;
};

struct url_list {
    /* Distinct URLs in order of first appearance; url_text() reads the first. */
    const char **texts;
    uint32_t *url_hosts; /* the host of each: index into `hosts` */
    size_t url_count;
    struct url_host *hosts;
    size_t host_count;
    struct url_line *lines;
    size_t line_count;
    uint64_t downloads; /* the sum of all line counts */

    /* Set only where some are requests: the message of each, or MESSAGE_NONE, and its name in reports. Otherwise
     * NULL. */
    uint32_t *url_messages;
    const char **names;
    struct message_list messages;
    struct {
        const char *file; /* as it was given; NULL: there is none */
        size_t line;
    } first_request;

    bool is_for_tls_origin; /* set it before anything is added: hosts of https URLs must have names it can serve */

    struct url_storage *storage; /* private to urls.c */
};

/* An empty list. Zero-initialisation does as well. */
void url_list_init(struct url_list *list);

/* Reads `path`, or standard input where it is "-", and adds its lines. The path must outlive the list. A file without a
 * URL is an error, so that a wrong path to an empty file does not go unnoticed. -1: `error` says what and where; the
 * list can only be released then. */
int url_list_add_file(struct url_list *list, const char *path, struct error *error);

/* The same of a text, which is copied; messages call it `name`. */
int url_list_add_text(struct url_list *list, const char *name, const char *text, size_t length, struct error *error);

/* Adds one URL from the command line; "xN" is not understood here, and blanks around it are an error. -1 as above. */
int url_list_add_url(struct url_list *list, const char *url, struct error *error);

/* Takes in a message, which is moved or released, and tells its number in the list. -1 as above. */
int url_list_add_message(struct url_list *list, struct message *message, uint32_t *number, struct error *error);

/* A URL with its message, so many times in a row. */
struct url_request {
    const char *url;
    uint32_t count;
    uint32_t message; /* MESSAGE_NONE: it is a plain download */
};

/* Adds one; faults are said to be of that line of `file`, which must outlive the list. -1 as above. */
int url_list_add_request(struct url_list *list, const char *file, size_t line, const struct url_request *request,
                         struct error *error);

/* The text of a distinct URL, NUL-terminated, as it stood in the list. Valid until the list is released. */
const char *url_text(const struct url_list *list, uint32_t url);

/* Its name in reports: its text, "POST http://a.test/", or "POST http://a.test/ #2" for the second
 * that would be called so. Valid as the text is. */
const char *url_name(const struct url_list *list, uint32_t url);

/* NULL: it is a plain download. */
const struct message *url_message(const struct url_list *list, uint32_t url);

/* 64 bits that tell lists apart: over every URL and its count, in order (FNV-1a). How the list was split into files or
 * lines does not matter. */
uint64_t url_list_digest(const struct url_list *list);

void url_list_release(struct url_list *list);

#endif
