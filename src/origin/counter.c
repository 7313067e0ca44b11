#include "counter.h"

#include <stdlib.h>
#include <string.h>

#include "conc_bench/base/hash.h"

/* A URL that is looked for. */
struct wanted_path {
    const struct counter *counter;
    const char *url;
    size_t length;
};

static bool is_url(const void *key, size_t number)
{
    const struct wanted_path *wanted = key;
    const struct counted_url *known = &wanted->counter->urls[number];
    return known->length == wanted->length && memcmp(known->url, wanted->url, known->length) == 0;
}

static uint64_t hash_of(const void *urls, size_t number)
{
    return hash_spread(((const struct counted_url *)urls)[number].hash);
}

static int make_room(struct counter *counter)
{
    enum { FIRST_CAPACITY = 256 };
    size_t count = (size_t)counter->counts.paths;
    if (count == counter->capacity) {
        size_t capacity = counter->capacity == 0 ? FIRST_CAPACITY : counter->capacity * 2;
        struct counted_url *urls = realloc(counter->urls, capacity * sizeof(urls[0]));
        if (urls == NULL)
            return -1;
        counter->urls = urls;
        counter->capacity = capacity;
    }
    return hash_map_reserve(&counter->map, count + 1, count, hash_of, counter->urls);
}

/* The number of the URL, which is taken in if it is new; HASH_MAP_NONE: no memory. */
static size_t find(struct counter *counter, const char *url, size_t length, uint64_t hash)
{
    const struct wanted_path wanted = {.counter = counter, .url = url, .length = length};
    size_t place;
    if (make_room(counter) != 0)
        return HASH_MAP_NONE;
    size_t known = hash_map_find(&counter->map, hash_spread(hash), is_url, &wanted, &place);
    if (known != HASH_MAP_NONE)
        return known;
    char *copy = malloc(length + 1);
    if (copy == NULL)
        return HASH_MAP_NONE;
    memcpy(copy, url, length);
    copy[length] = '\0';
    size_t number = (size_t)counter->counts.paths++;
    counter->urls[number] = (struct counted_url){.url = copy, .length = length, .hash = hash};
    hash_map_put(&counter->map, hash_spread(hash), place, number);
    return number;
}

int counter_request(struct counter *counter, const char *url, size_t length, uint64_t hash, uint64_t *occurrence)
{
    size_t number = find(counter, url, length, hash);
    if (number == HASH_MAP_NONE)
        return -1;
    *occurrence = counter->urls[number].requests++;
    counter->counts.requests++;
    counter->in_flight++;
    if (counter->in_flight > counter->counts.peak_in_flight)
        counter->counts.peak_in_flight = counter->in_flight;
    return 0;
}

void counter_clear(struct counter *counter)
{
    for (size_t i = 0; i < (size_t)counter->counts.paths; i++)
        free(counter->urls[i].url);
    free(counter->urls);
    hash_map_release(&counter->map);
    *counter = (struct counter){0};
}
