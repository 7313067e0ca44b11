#ifndef CONC_BENCH_WORKLOAD_HOST_NAME_H
#define CONC_BENCH_WORKLOAD_HOST_NAME_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Names of hosts as they are looked up and sent: in ASCII. International ones are encoded by libcurl, as it does it
 * itself for each download (Unicode Technical Standard 46, IDNA 2008, punycode), which takes LC_CTYPE to be UTF-8.
 */

/* The longest name of DNS. */
enum { HOST_NAME_MAX_BYTES = 253 };

/* The most that host_name_explain() writes. */
enum { HOST_NAME_REASON_BYTES = 240 };

bool host_name_is_ascii(const char *name, size_t length);

enum host_name_result {
    HOST_NAME_TAKEN,
    HOST_NAME_NOT_ENCODED, /* it has no ASCII form: host_name_explain() says why */
    HOST_NAME_BROKEN,      /* its ASCII form would be taken apart: full-width characters stand for such as ':' */
    HOST_NAME_NO_MEMORY
};

/* Takes the name of the host of the URL that `parser`, a CURLU *, holds, whose host is in ASCII from then on. `*name`
 * is in lower case, or as it stands in the URL where it is not taken, or NULL where there is no memory; to be freed by
 * curl_free(). */
enum host_name_result host_name_take(void *parser, char **name);

/* Writes `name` in ASCII. False: it has no such form, or there is no memory. */
bool host_name_encode(const char *name, size_t length, char ascii[HOST_NAME_MAX_BYTES + 1]);

/* Says why a name cannot be encoded, as a sentence without its full stop. Returns `reason`. */
const char *host_name_explain(const char *name, char reason[HOST_NAME_REASON_BYTES]);

#endif
