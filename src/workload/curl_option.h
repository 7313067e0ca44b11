#ifndef CONC_BENCH_WORKLOAD_CURL_OPTION_H
#define CONC_BENCH_WORKLOAD_CURL_OPTION_H

#include <stdbool.h>

/* Options of curl that a list of requests may have. Private to src/workload. */

enum curl_option {
    CURL_OPTION_UNKNOWN,
    CURL_OPTION_URL,
    CURL_OPTION_REQUEST,
    CURL_OPTION_HEADER,
    CURL_OPTION_DATA,        /* of files without line ends */
    CURL_OPTION_DATA_RAW,    /* never of a file */
    CURL_OPTION_DATA_BINARY, /* of files as they are */
    CURL_OPTION_JSON,
    CURL_OPTION_HEAD,
    CURL_OPTION_USER,
    CURL_OPTION_AGENT,
    CURL_OPTION_GLOBOFF,
    CURL_OPTION_NEXT,
    CURL_OPTION_UNSENT, /* what becomes of the answer, and is seen */
};

/* Finds an option by its name without dashes, long or of one letter. */
enum curl_option curl_option_named(const char *name);

/* Returns whether a line of a file begins with one, or with a dash and a name. */
bool curl_option_begins(const char *line);

#endif
