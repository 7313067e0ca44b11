#ifndef CONC_BENCH_HTTP_DIGEST_H
#define CONC_BENCH_HTTP_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conc_bench/run/sample.h"

/*
 * The digest of a body, by which answers of one size are told apart: 32 bits of XXH3, which reads memory as fast as the
 * machine does. It is no proof against whoever wants two pages to have one. Private to src/http.
 */

struct digest {
    void *state;    /* the library's, of a body that comes in pieces; made when there is one, and kept */
    bool is_begun;  /* it has taken a piece */
    uint32_t whole; /* of a body that came in one piece; 0: it did not */
};

/* Forgets the last body. */
static inline void digest_begin(struct digest *digest)
{
    digest->is_begun = false;
    digest->whole = DIGEST_NONE;
}

uint32_t digest_of_bytes(const void *data, size_t length);
bool digest_add_piece(struct digest *digest, const void *data, size_t length);
uint32_t digest_of_pieces(const struct digest *digest);

/* The next piece; `is_whole`: there will be no other, as with most bodies of a few kilobytes, which takes half as long
 * and no state. False: no memory. */
static inline bool digest_add(struct digest *digest, const void *data, size_t length, bool is_whole)
{
    if (!is_whole)
        return digest_add_piece(digest, data, length);
    digest->whole = digest_of_bytes(data, length);
    return true;
}

/* The digest as in struct sample: never DIGEST_VARIED, and DIGEST_NONE if nothing was added. */
static inline uint32_t digest_end(const struct digest *digest)
{
    return digest->is_begun ? digest_of_pieces(digest) : digest->whole;
}

void digest_release(struct digest *digest);

#endif
