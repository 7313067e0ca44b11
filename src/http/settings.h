#ifndef CONC_BENCH_HTTP_SETTINGS_H
#define CONC_BENCH_HTTP_SETTINGS_H

#include <curl/curl.h>

#include "conc_bench/http/transfer.h"
#include "conc_bench/workload/request.h"

/* The settings of a handle that options ask for, made once for each, and those that requests of the list ask for.
 * Private to src/http. */

/* One place where an option can fail; the first failure is kept, later ones do not matter. */
#define SET(option, value)                                                                                             \
    do {                                                                                                               \
        CURLcode code_ = curl_easy_setopt(easy, option, value);                                                        \
        if (code_ != CURLE_OK && *failure == NULL) {                                                                   \
            *failure = #option;                                                                                        \
            *code = code_;                                                                                             \
        }                                                                                                              \
    } while (0)

/* The value of CURLOPT_HTTP_VERSION; `is_http1`: HTTP/1.1 in any case, for a server that cannot be trusted with
 * more. */
long settings_http_version(const struct request *request, bool is_http1);

/* Method, body, encodings. libcurl borrows the body. */
void settings_set_message(CURL *easy, const struct request *request, const char **failure, CURLcode *code);

/* The same for one download, of a list with requests: its message, and the headers to go with it. NULL: a plain one.
 * libcurl borrows body and headers. */
void settings_set_own_message(CURL *easy, const struct message *message, struct curl_slist *headers,
                              const char **failure, CURLcode *code);

/* The cookies that a worker begins with: once, since a jar outlives the options of its handle. */
void settings_fill_jar(CURL *easy, const struct request *request, const char **failure, CURLcode *code);

/* Sets which authorities to trust, what to present, which versions to use, and whether to resume. */
void settings_set_tls(CURL *easy, const struct request *request, const char **failure, CURLcode *code);

/* Sets an authority, in PEM, to trust instead of all others; libcurl borrows the text. */
void settings_set_authority(CURL *easy, const char *authority, const char **failure, CURLcode *code);

/* Proxies, the socket, the interface, the family of addresses. */
void settings_set_way(CURL *easy, const struct request *request, const char **failure, CURLcode *code);

#endif
