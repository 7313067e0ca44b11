#include "tally.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 256 };

uint64_t tally_hash(const char *url, size_t length)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)url[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* The slot that holds the URL, or the free one where it belongs. The table always has a free slot. */
static struct tally_url *find(struct tally_url *slots, size_t capacity, const char *url, size_t length, uint64_t hash)
{
    /* FNV-1a mixes its high bits best, and long common beginnings are what URLs have: fold them in. */
    size_t i = (size_t)(hash ^ (hash >> 32)) & (capacity - 1);
    while (slots[i].url != NULL &&
           (slots[i].hash != hash || slots[i].length != length || memcmp(slots[i].url, url, length) != 0))
        i = (i + 1) & (capacity - 1);
    return &slots[i];
}

/* Keeps the table at most half full. */
static int make_room(struct tally *tally)
{
    if (((size_t)tally->counts.paths + 1) * 2 <= tally->capacity)
        return 0;
    size_t capacity = tally->capacity == 0 ? FIRST_CAPACITY : tally->capacity * 2;
    struct tally_url *slots = calloc(capacity, sizeof(slots[0]));
    if (slots == NULL)
        return -1;
    for (size_t i = 0; i < tally->capacity; i++) {
        const struct tally_url *old = &tally->slots[i];
        if (old->url != NULL)
            *find(slots, capacity, old->url, old->length, old->hash) = *old;
    }
    free(tally->slots);
    tally->slots = slots;
    tally->capacity = capacity;
    return 0;
}

int tally_request(struct tally *tally, const char *url, size_t length, uint64_t hash, uint64_t *occurrence)
{
    if (make_room(tally) != 0)
        return -1;
    struct tally_url *slot = find(tally->slots, tally->capacity, url, length, hash);
    if (slot->url == NULL) {
        char *copy = malloc(length + 1);
        if (copy == NULL)
            return -1;
        memcpy(copy, url, length);
        copy[length] = '\0';
        *slot = (struct tally_url){.url = copy, .length = length, .hash = hash};
        tally->counts.paths++;
    }
    *occurrence = slot->requests++;
    tally->counts.requests++;
    tally->in_flight++;
    if (tally->in_flight > tally->counts.peak_in_flight)
        tally->counts.peak_in_flight = tally->in_flight;
    return 0;
}

const struct tally_url *tally_next(const struct tally *tally, const struct tally_url *entry)
{
    for (size_t i = entry == NULL ? 0 : (size_t)(entry - tally->slots) + 1; i < tally->capacity; i++) {
        if (tally->slots[i].url != NULL)
            return &tally->slots[i];
    }
    return NULL;
}

void tally_clear(struct tally *tally)
{
    for (size_t i = 0; i < tally->capacity; i++)
        free(tally->slots[i].url);
    free(tally->slots);
    *tally = (struct tally){0};
}
