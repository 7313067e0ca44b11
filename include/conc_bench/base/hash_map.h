#ifndef CONC_BENCH_BASE_HASH_MAP_H
#define CONC_BENCH_BASE_HASH_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Finds the items of an array by their keys. The array is the caller's, who numbers its items from 0 and compares keys;
 * the map holds the numbers alone, four bytes each. Items are never taken out. Zero-initialise.
 */
struct hash_map {
    uint32_t *slots; /* private: 2^bits of them, probed linearly; NULL: nothing is in it */
    unsigned bits;
};

#define HASH_MAP_NONE SIZE_MAX

/* Makes room for items numbered below `count`, which must be less than 2^31; as long as there is room already, nothing
 * is done. Otherwise the map is made anew, and the items numbered below `present`, all of different keys, are put in
 * again by the hashes that `hash_of` tells of them. -1: no memory, and nothing is in the map. */
int hash_map_reserve(struct hash_map *map, size_t count, size_t present,
                     uint64_t (*hash_of)(const void *items, size_t item), const void *items);

/* The item with that key, or HASH_MAP_NONE. `hash` is that of the key, its bits well mixed (hash.h); `is_meant`
 * compares the key to an item whose hash is likely the same. `*place` is then where hash_map_put() puts an item of this
 * key; it holds until another item is put in. */
size_t hash_map_find(const struct hash_map *map, uint64_t hash, bool (*is_meant)(const void *key, size_t item),
                     const void *key, size_t *place);

/* Puts an item in, in the stead of the one that was found, if any. There has to be room for its number. */
void hash_map_put(struct hash_map *map, uint64_t hash, size_t place, size_t item);

void hash_map_release(struct hash_map *map);

#endif
