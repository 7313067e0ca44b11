#include "counter.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 256 };

uint64_t counter_hash(const char *url, size_t length)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)url[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* The slot that holds the URL, or the free one where it belongs. The table always has a free slot. */
static struct counted_url *find(struct counted_url *slots, size_t capacity, const char *url, size_t length,
                                uint64_t hash)
{
    /* FNV-1a mixes its high bits best, and long common beginnings are what URLs have: fold them in. */
    size_t i = (size_t)(hash ^ (hash >> 32)) & (capacity - 1);
    while (slots[i].url != NULL &&
           (slots[i].hash != hash || slots[i].length != length || memcmp(slots[i].url, url, length) != 0))
        i = (i + 1) & (capacity - 1);
    return &slots[i];
}

/* Keeps the table at most half full. */
static int make_room(struct counter *counter)
{
    if (((size_t)counter->counts.paths + 1) * 2 <= counter->capacity)
        return 0;
    size_t capacity = counter->capacity == 0 ? FIRST_CAPACITY : counter->capacity * 2;
    struct counted_url *slots = calloc(capacity, sizeof(slots[0]));
    if (slots == NULL)
        return -1;
    for (size_t i = 0; i < counter->capacity; i++) {
        const struct counted_url *old = &counter->slots[i];
        if (old->url != NULL)
            *find(slots, capacity, old->url, old->length, old->hash) = *old;
    }
    free(counter->slots);
    counter->slots = slots;
    counter->capacity = capacity;
    return 0;
}

int counter_request(struct counter *counter, const char *url, size_t length, uint64_t hash, uint64_t *occurrence)
{
    if (make_room(counter) != 0)
        return -1;
    struct counted_url *slot = find(counter->slots, counter->capacity, url, length, hash);
    if (slot->url == NULL) {
        char *copy = malloc(length + 1);
        if (copy == NULL)
            return -1;
        memcpy(copy, url, length);
        copy[length] = '\0';
        *slot = (struct counted_url){.url = copy, .length = length, .hash = hash};
        counter->counts.paths++;
    }
    *occurrence = slot->requests++;
    counter->counts.requests++;
    counter->in_flight++;
    if (counter->in_flight > counter->counts.peak_in_flight)
        counter->counts.peak_in_flight = counter->in_flight;
    return 0;
}

const struct counted_url *counter_next(const struct counter *counter, const struct counted_url *entry)
{
    for (size_t i = entry == NULL ? 0 : (size_t)(entry - counter->slots) + 1; i < counter->capacity; i++) {
        if (counter->slots[i].url != NULL)
            return &counter->slots[i];
    }
    return NULL;
}

void counter_clear(struct counter *counter)
{
    for (size_t i = 0; i < counter->capacity; i++)
        free(counter->slots[i].url);
    free(counter->slots);
    *counter = (struct counter){0};
}
