#ifndef CONC_BENCH_BASE_RANDOM_H
#define CONC_BENCH_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/*
 * Seeded randomness that is the same on every machine. Not for secrets.
 * Generator: splitmix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
 */
struct random {
    uint64_t state;
};

/* Starts a stream; different streams of one seed do not overlap in practice. */
struct random random_stream(uint64_t seed, uint64_t stream);

/* The next 64 bits. */
uint64_t random_next(struct random *random);

/* Uniform in [0, bound), without modulo bias. `bound` is at least 1. */
uint64_t random_below(struct random *random, uint64_t bound);

/* Uniform in [0, 1). */
double random_fraction(struct random *random);

/* Fisher-Yates over an array of 32-bit numbers. */
void random_shuffle(struct random *random, uint32_t *items, size_t count);

/* A value that depends on its two arguments only: the same question gets the same answer, in whatever order it is
 * asked. */
uint64_t random_hash(uint64_t seed, uint64_t value);

#endif
