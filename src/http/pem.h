#ifndef CONC_BENCH_HTTP_PEM_H
#define CONC_BENCH_HTTP_PEM_H

#include <stdbool.h>

/* The contents of a file of certificates and keys, by the first lines of its parts: enough to tell why libcurl refused
 * it. Private to src/http. */

struct pem {
    bool is_folder;
    bool has_certificate;
    bool has_key;
    bool is_locked; /* a key needs a password */
};

/* A file that cannot be read has nothing. */
struct pem pem_look(const char *path);

#endif
