#include "unit.h"

#include <string.h>

#include "conc_bench/base/random.h"

static void test_a_seed_gives_the_same_numbers_everywhere(void **state)
{
    (void)state;
    /* splitmix64 with state 1234567, as in its reference implementation. */
    struct random random = {.state = 1234567};
    assert_true(random_next(&random) == UINT64_C(6457827717110365317));
    assert_true(random_next(&random) == UINT64_C(3203168211198807973));
    struct random a = random_stream(7, 0);
    struct random b = random_stream(7, 0);
    struct random c = random_stream(7, 1);
    struct random d = random_stream(8, 0);
    uint64_t first = random_next(&a);
    assert_true(first == random_next(&b));
    assert_true(first != random_next(&c));
    assert_true(first != random_next(&d));
}

static void test_below_stays_below_and_reaches_all(void **state)
{
    (void)state;
    struct random random = random_stream(1, 0);
    unsigned counts[7] = {0};
    for (int i = 0; i < 70000; i++) {
        uint64_t value = random_below(&random, 7);
        assert_true(value < 7);
        counts[value]++;
    }
    /* 10,000 expected, standard deviation 93: six of them either way. */
    for (int i = 0; i < 7; i++)
        assert_in_range(counts[i], 9440, 10560);
    assert_int_equal(random_below(&random, 1), 0);
}

static void test_fractions_are_in_the_unit_interval(void **state)
{
    (void)state;
    struct random random = random_stream(1, 0);
    double sum = 0;
    for (int i = 0; i < 10000; i++) {
        double value = random_fraction(&random);
        assert_true(value >= 0 && value < 1);
        sum += value;
    }
    assert_true(sum > 4800 && sum < 5200);
}

static void test_shuffling_keeps_all_items_and_every_order_is_as_likely(void **state)
{
    (void)state;
    struct random random = random_stream(3, 0);
    unsigned counts[27] = {0};
    for (int i = 0; i < 60000; i++) {
        uint32_t items[3] = {0, 1, 2};
        random_shuffle(&random, items, 3);
        counts[items[0] * 9 + items[1] * 3 + items[2]]++;
    }
    unsigned orders = 0;
    for (int i = 0; i < 27; i++) {
        if (counts[i] == 0)
            continue;
        orders++;
        assert_in_range(counts[i], 9400, 10600);
    }
    assert_int_equal(orders, 6);
    random_shuffle(&random, NULL, 0);
}

static void test_hash_depends_on_both_arguments_only(void **state)
{
    (void)state;
    assert_true(random_hash(1, 2) == random_hash(1, 2));
    assert_true(random_hash(1, 2) != random_hash(2, 1));
    assert_true(random_hash(1, 2) != random_hash(1, 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_seed_gives_the_same_numbers_everywhere),
        cmocka_unit_test(test_below_stays_below_and_reaches_all),
        cmocka_unit_test(test_fractions_are_in_the_unit_interval),
        cmocka_unit_test(test_shuffling_keeps_all_items_and_every_order_is_as_likely),
        cmocka_unit_test(test_hash_depends_on_both_arguments_only),
    };
    return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
