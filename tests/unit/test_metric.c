#include "unit.h"

#include <stdbool.h>
#include <string.h>

#include "conc_bench/metric.h"

static void test_every_metric_is_found_by_its_name(void **state)
{
    (void)state;
    for (enum metric metric = 0; metric < METRIC_COUNT; metric++) {
        const struct metric_description *description = metric_describe(metric);
        assert_non_null(description->name);
        assert_non_null(description->aliases);
        assert_true(strlen(description->meaning) > 0);
        assert_int_equal(metric_find(description->name), metric);
    }
}

static void test_aliases(void **state)
{
    (void)state;
    assert_int_equal(metric_find("errors"), METRIC_FAILURES);
    assert_int_equal(metric_find("rss"), METRIC_MEMORY);
}

static void test_nothing_else_is_found(void **state)
{
    (void)state;
    static const char *const others[] = {"", "TIME", "tim", "times", "p5", "p500", "time ", "*", "errors,"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_int_equal(metric_find(others[i]), METRIC_COUNT);
}

static void test_names_are_listed_in_order(void **state)
{
    (void)state;
    char buffer[256];
    assert_ptr_equal(metric_names(buffer, sizeof(buffer)), buffer);
    assert_string_equal(buffer, "time, t95, startup, throughput, p50, p90, p95, p99, max, bytes, failures, connects, "
                                "cpu, memory, voluntary, involuntary");
    char shorter[8] = "zzzzzzz";
    metric_names(shorter, 7);
    assert_string_equal(shorter, "time, ");
    assert_int_equal(shorter[7], '\0');
}

/* What is deterministic is a promise that gates stand on: a measured figure compared for equality would never hold. */
static void test_only_work_is_exact(void **state)
{
    (void)state;
    for (enum metric metric = 0; metric < METRIC_COUNT; metric++) {
        bool is_work = metric == METRIC_BYTES || metric == METRIC_FAILURES || metric == METRIC_CONNECTS;
        assert_int_equal(metric_describe(metric)->is_exact, is_work);
    }
}

static void test_units(void **state)
{
    (void)state;
    assert_int_equal(metric_describe(METRIC_TIME)->unit, UNIT_DURATION);
    assert_int_equal(metric_describe(METRIC_MAX)->unit, UNIT_DURATION);
    assert_int_equal(metric_describe(METRIC_CPU)->unit, UNIT_DURATION);
    assert_int_equal(metric_describe(METRIC_THROUGHPUT)->unit, UNIT_RATE);
    assert_int_equal(metric_describe(METRIC_MEMORY)->unit, UNIT_BYTES);
    assert_int_equal(metric_describe(METRIC_INVOLUNTARY)->unit, UNIT_COUNT);
    for (enum metric_unit unit = UNIT_DURATION; unit <= UNIT_PLAIN; unit++) {
        assert_non_null(metric_unit_describe(unit)->name);
        assert_non_null(metric_unit_describe(unit)->example);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_metric_is_found_by_its_name),
        cmocka_unit_test(test_aliases),
        cmocka_unit_test(test_nothing_else_is_found),
        cmocka_unit_test(test_names_are_listed_in_order),
        cmocka_unit_test(test_only_work_is_exact),
        cmocka_unit_test(test_units),
    };
    return cmocka_run_group_tests_name("metric", tests, NULL, NULL);
}
