#ifndef CONC_BENCH_ORIGIN_COUNTER_H
#define CONC_BENCH_ORIGIN_COUNTER_H

#include <stddef.h>
#include <stdint.h>

#include "conc_bench/origin/origin.h"

/*
 * What arrived at the server, in all and for each URL. Zero-initialise.
 */
struct counter {
    struct origin_totals counts;
    uint32_t in_flight;        /* requests received and not yet answered */
    struct counted_url *slots; /* hash table with open addressing; private */
    size_t capacity;           /* a power of two, or 0 */
};

struct counted_url {
    char *url; /* NULL: the slot is free; otherwise owned and NUL-terminated */
    size_t length;
    uint64_t hash;
    uint64_t requests;
};

/* The same on every machine (FNV-1a): chances drawn from it have to be. */
uint64_t counter_hash(const char *url, size_t length);

/* Counts one more request, now in flight, for a URL with that hash. `occurrence` is how many came before it. -1: out
 * of memory, nothing is counted. */
int counter_request(struct counter *counter, const char *url, size_t length, uint64_t hash, uint64_t *occurrence);

/* The table's entries in no order: pass NULL first, then the entry returned. NULL: that was the last one. */
const struct counted_url *counter_next(const struct counter *counter, const struct counted_url *entry);

/* Back to nothing counted; releases all memory too. */
void counter_clear(struct counter *counter);

#endif
