#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/base/hash.h"
#include "conc_bench/base/hash_map.h"

/* Items are numbers, each in an array at a place of its own. */
enum { MANY = 50000 };

struct items {
    uint64_t keys[MANY];
    size_t count;
    uint64_t (*hash_of)(const void *items, size_t item);
    struct hash_map map;
};

static uint64_t hash_well(const void *items, size_t item)
{
    return hash_spread(((const struct items *)items)->keys[item]);
}

/* All in one place, with one tag. */
static uint64_t hash_badly(const void *items, size_t item)
{
    (void)items, (void)item;
    return UINT64_C(0x1234567800000020);
}

struct wanted {
    const struct items *items;
    uint64_t key;
};

static size_t looks;

static bool is_meant(const void *key, size_t item)
{
    const struct wanted *wanted = key;
    looks++;
    return wanted->items->keys[item] == wanted->key;
}

/* Takes the key in unless it is there. */
static size_t take(struct items *items, uint64_t key)
{
    const struct wanted wanted = {items, key};
    size_t place;
    assert_true(items->count < MANY);
    items->keys[items->count] = key;
    uint64_t hash = items->hash_of(items, items->count);
    assert_int_equal(hash_map_reserve(&items->map, items->count + 1, items->count, items->hash_of, items), 0);
    size_t known = hash_map_find(&items->map, hash, is_meant, &wanted, &place);
    if (known != HASH_MAP_NONE)
        return known;
    hash_map_put(&items->map, hash, place, items->count);
    return items->count++;
}

static struct items *make(uint64_t (*hash_of)(const void *items, size_t item))
{
    struct items *items = calloc(1, sizeof(*items));
    assert_non_null(items);
    items->hash_of = hash_of;
    return items;
}

static void release(struct items *items)
{
    hash_map_release(&items->map);
    assert_null(items->map.slots);
    free(items);
}

static void every_item_is_found_while_it_grows(void **state)
{
    (void)state;
    struct items *items = make(hash_well);
    for (uint64_t i = 0; i < MANY - 1; i++) {
        assert_int_equal(take(items, i * i), i);
        assert_int_equal(take(items, i / 2 * (i / 2)), i / 2);
    }
    looks = 0;
    for (uint64_t i = 0; i < MANY - 1; i++)
        assert_int_equal(take(items, i * i), i);
    /* The tag spares nearly every look at another item. */
    assert_true(looks < MANY + MANY / 100);
    release(items);
}

static void items_of_one_hash_are_told_apart(void **state)
{
    (void)state;
    struct items *items = make(hash_badly);
    for (uint64_t i = 0; i < 300; i++)
        assert_int_equal(take(items, i), i);
    for (uint64_t i = 0; i < 300; i++)
        assert_int_equal(take(items, i), i);
    release(items);
}

static void what_is_put_in_the_place_of_another_is_found_instead(void **state)
{
    (void)state;
    struct items *items = make(hash_well);
    const struct wanted wanted = {items, 7};
    size_t place;
    take(items, 5);
    take(items, 7);
    items->keys[2] = 7;
    assert_int_equal(hash_map_find(&items->map, hash_spread(7), is_meant, &wanted, &place), 1);
    hash_map_put(&items->map, hash_spread(7), place, 2);
    assert_int_equal(hash_map_find(&items->map, hash_spread(7), is_meant, &wanted, &place), 2);
    assert_int_equal(take(items, 5), 0);
    release(items);
}

static void nothing_is_found_in_an_empty_map(void **state)
{
    (void)state;
    const struct hash_map empty = {0};
    size_t place;
    assert_true(hash_map_find(&empty, 1, is_meant, NULL, &place) == HASH_MAP_NONE);
}

static void bytes_are_hashed_as_fnv_1a_says(void **state)
{
    (void)state;
    /* From the authors' own test vectors. */
    assert_true(hash_bytes(HASH_START, "", 0) == UINT64_C(0xcbf29ce484222325));
    assert_true(hash_bytes(HASH_START, "a", 1) == UINT64_C(0xaf63dc4c8601ec8c));
    assert_true(hash_bytes(HASH_START, "foobar", 6) == UINT64_C(0x85944171f73967e8));
    assert_true(hash_bytes(hash_bytes(HASH_START, "foo", 3), "bar", 3) == UINT64_C(0x85944171f73967e8));
}

static int compare(const void *one, const void *other)
{
    uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;
    return (a > b) - (a < b);
}

/* As the hashes of addresses in a list are, in every bit that tables use first. */
static void texts_that_differ_at_their_end_are_far_apart(void **state)
{
    (void)state;
    enum { COUNT = 4096 };
    static uint64_t hashes[COUNT];
    size_t used = 0;
    static bool is_used[COUNT];
    for (int i = 0; i < COUNT; i++) {
        char text[64];
        int length = snprintf(text, sizeof(text), "http://example.test/pictures/%d", i);
        hashes[i] = hash_text(text, (size_t)length);
        used += !is_used[hashes[i] % COUNT];
        is_used[hashes[i] % COUNT] = true;
    }
    /* If numbers were drawn at random, 1 - 1/e of the entries would be used, 63 %. */
    assert_in_range(used, COUNT * 58 / 100, COUNT * 68 / 100);
    qsort(hashes, COUNT, sizeof(hashes[0]), compare);
    for (int i = 1; i < COUNT; i++)
        assert_true(hashes[i] != hashes[i - 1]);
    assert_true(hash_text("ab", 2) != hash_text("ab\0", 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_item_is_found_while_it_grows),
        cmocka_unit_test(items_of_one_hash_are_told_apart),
        cmocka_unit_test(what_is_put_in_the_place_of_another_is_found_instead),
        cmocka_unit_test(nothing_is_found_in_an_empty_map),
        cmocka_unit_test(bytes_are_hashed_as_fnv_1a_says),
        cmocka_unit_test(texts_that_differ_at_their_end_are_far_apart),
    };
    return cmocka_run_group_tests_name("hash_map", tests, NULL, NULL);
}
