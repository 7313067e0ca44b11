#ifndef CONC_BENCH_ORIGIN_COUNTER_H
#define CONC_BENCH_ORIGIN_COUNTER_H

#include <stddef.h>
#include <stdint.h>

#include "conc_bench/base/hash_map.h"
#include "conc_bench/origin/origin.h"

/*
 * Counts what arrived at the server, in all and for each URL. Zero-initialise.
 */
struct counter {
    struct origin_totals counts;
    uint32_t in_flight;       /* requests received and not yet answered */
    struct counted_url *urls; /* `counts.paths` of them, in the order in which they were first asked for */
    size_t capacity;          /* private: of `urls` */
    struct hash_map map;      /* private: of URLs to their numbers */
};

struct counted_url {
    char *url; /* owned and NUL-terminated */
    size_t length;
    uint64_t hash;
    uint64_t requests;
};

/* Counts one more request, now in flight, for a URL with that hash (hash_bytes()). `occurrence` is how many came before
 * it. -1: out of memory, nothing is counted. */
int counter_request(struct counter *counter, const char *url, size_t length, uint64_t hash, uint64_t *occurrence);

/* Back to nothing counted; releases all memory too. */
void counter_clear(struct counter *counter);

#endif
