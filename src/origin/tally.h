#ifndef CONC_BENCH_ORIGIN_TALLY_H
#define CONC_BENCH_ORIGIN_TALLY_H

#include <stddef.h>
#include <stdint.h>

#include "conc_bench/origin.h"

/*
 * What arrived at the server, in all and for each URL. Zero-initialise.
 */
struct tally {
    struct origin_counts counts;
    uint32_t in_flight;      /* requests received and not yet answered */
    struct tally_url *slots; /* hash table with open addressing; private */
    size_t capacity;         /* a power of two, or 0 */
};

struct tally_url {
    char *url; /* NULL: the slot is free; otherwise owned and NUL-terminated */
    size_t length;
    uint64_t hash;
    uint64_t requests;
};

/* The same on every machine (FNV-1a): chances drawn from it have to be. */
uint64_t tally_hash(const char *url, size_t length);

/* Counts one more request, now in flight, for a URL with that hash. `occurrence` is how many came before it. -1: out
 * of memory, nothing is counted. */
int tally_request(struct tally *tally, const char *url, size_t length, uint64_t hash, uint64_t *occurrence);

/* The table's entries in no order: pass NULL first, then the entry returned. NULL: that was the last one. */
const struct tally_url *tally_next(const struct tally *tally, const struct tally_url *entry);

/* Back to nothing counted; releases all memory too. */
void tally_clear(struct tally *tally);

#endif
