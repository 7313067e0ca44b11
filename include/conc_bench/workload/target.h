#ifndef CONC_BENCH_WORKLOAD_TARGET_H
#define CONC_BENCH_WORKLOAD_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conc_bench/base/error.h"
#include "conc_bench/workload/message.h"

/*
 * The URLs of a list as transfers ask for them: parsed once, before anything runs, so that no download parses its own.
 * libcurl only reads and copies what it gets by CURLOPT_CURLU(3), so that all workers of all modes share them.
 *
 * Measured with libcurl 7.88, keep-alive, small bodies: a download from a parsed URL takes 18 % fewer instructions than
 * one from its text. Parsed URLs take some 500 bytes each, so that those of long lists are not kept, but parsed again
 * for each download, by whoever transfers.
 */

enum { TARGETS_PARSED_MAX = 8192 };

struct target_list {
    const char *const *texts; /* borrowed */
    size_t count;
    bool is_plain;          /* https URLs are asked by http instead, of an origin without TLS */
    bool has_tls;           /* some are asked by https */
    void **parsed;          /* the CURLU * of each; NULL: not kept */
    const bool *unresolved; /* of each whether its host did not resolve beforehand; NULL: all did; borrowed */

    /* Set where some URLs have messages of their own; otherwise NULL. libcurl only reads the headers. */
    const uint32_t *url_messages;   /* of each the number of its message, or MESSAGE_NONE; borrowed */
    const struct message *messages; /* borrowed */
    size_t message_count;
    void **message_headers; /* of each message, a struct curl_slist *: its own, and behind them those of all requests */
    void *common_headers;   /* private: those of all */
};

/* -1: no memory. Every text must be a URL that url_list_add_url() takes. */
int target_list_make(const char *const *texts, size_t count, bool is_plain, struct target_list *list,
                     struct error *error);

/* Adds what they ask for besides: of each URL the number of a message, or MESSAGE_NONE. `headers` go with every request
 * that has none of that name itself. -1: no memory; the list can only be released then. */
int target_list_add_messages(struct target_list *list, const uint32_t *url_messages,
                             const struct message_list *messages, char *const *headers, size_t header_count,
                             struct error *error);

void target_list_release(struct target_list *list);

/* Returns whether a URL that url_list_add_url() takes is an https URL. */
bool target_is_tls(const char *url);

/* The path and query that are requested of the host of a URL that url_list_add_url() takes, "/dice?x=1". The caller
 * frees it; NULL: no memory.
 */
char *target_request(const char *url);

/* Parses a URL of the list into `parser`, a CURLU *. False: no memory. */
bool target_parse(const struct target_list *list, uint32_t url, void *parser);

#endif
