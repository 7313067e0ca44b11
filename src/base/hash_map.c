#include "conc_bench/base/hash_map.h"

#include <stdlib.h>
#include <string.h>

#include "conc_bench/base/scratch.h"

/* A slot is 0 or, in its low `bits`, an item's number plus 1. Since there are more slots than items, the bits above are
 * free to hold a part of the hash, the tag, which spares most looks at items that are not meant. */

static size_t mask_of(const struct hash_map *map)
{
    return ((size_t)1 << map->bits) - 1;
}

static uint32_t tag_of(const struct hash_map *map, uint64_t hash)
{
    return (uint32_t)(hash >> 32 << map->bits);
}

/* Items that fit: one slot in eight stays empty. */
static size_t room_of(unsigned bits)
{
    return ((size_t)7 << bits) / 8;
}

static size_t find_empty(const struct hash_map *map, uint64_t hash)
{
    size_t mask = mask_of(map);
    size_t place = (size_t)hash & mask;
    while (map->slots[place] != 0)
        place = (place + 1) & mask;
    return place;
}

int hash_map_reserve(struct hash_map *map, size_t count, size_t present,
                     uint64_t (*hash_of)(const void *items, size_t item), const void *items)
{
    enum { BITS_MIN = 6 };
    if (map->slots != NULL && count <= room_of(map->bits))
        return 0;
    free(map->slots);
    *map = (struct hash_map){.bits = BITS_MIN};
    while (room_of(map->bits) < count)
        map->bits++;
    size_t bytes = ((size_t)1 << map->bits) * sizeof(map->slots[0]);
    map->slots = scratch_alloc(bytes);
    if (map->slots == NULL)
        return -1;
    memset(map->slots, 0, bytes);
    for (size_t i = 0; i < present; i++) {
        uint64_t hash = hash_of(items, i);
        hash_map_put(map, hash, find_empty(map, hash), i);
    }
    return 0;
}

size_t hash_map_find(const struct hash_map *map, uint64_t hash, bool (*is_meant)(const void *key, size_t item),
                     const void *key, size_t *place)
{
    size_t mask = mask_of(map);
    uint32_t tag = tag_of(map, hash);
    if (map->slots == NULL)
        return HASH_MAP_NONE;
    for (*place = (size_t)hash & mask;; *place = (*place + 1) & mask) {
        uint32_t slot = map->slots[*place];
        if (slot == 0)
            return HASH_MAP_NONE;
        bool is_likely = ((slot ^ tag) & ~(uint32_t)mask) == 0;
        if (is_likely && is_meant(key, (slot & mask) - 1))
            return (slot & mask) - 1;
    }
}

void hash_map_put(struct hash_map *map, uint64_t hash, size_t place, size_t item)
{
    map->slots[place] = tag_of(map, hash) | (uint32_t)(item + 1);
}

void hash_map_release(struct hash_map *map)
{
    free(map->slots);
    *map = (struct hash_map){0};
}
