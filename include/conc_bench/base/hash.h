#ifndef CONC_BENCH_BASE_HASH_H
#define CONC_BENCH_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/*
 * Numbers that tell texts apart. Not for secrets.
 */

/* FNV-1a (Fowler, Noll and Vo), the same on every machine: where digests and chances are drawn from it. Begins with
 * HASH_START and goes on with what was returned for the bytes before. */
#define HASH_START UINT64_C(0xcbf29ce484222325)
uint64_t hash_bytes(uint64_t hash, const void *data, size_t length);

/* Mixes all bits of a number into all bits. FNV-1a leaves texts that differ in their last bytes close together. */
uint64_t hash_spread(uint64_t hash);

/* A hash for tables in memory: eight bytes at a time and spread already, but not the same on every machine. A
 * multiplication for each byte takes longer than all else that is done with most URLs. */
uint64_t hash_text(const char *text, size_t length);

#endif
