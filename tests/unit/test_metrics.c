#include "unit.h"

#include <stdbool.h>
#include <string.h>

#include "conc_bench/analysis/metrics.h"

static void test_every_metric_is_found_by_its_name(void **state)
{
    (void)state;
    for (enum metric metric = 0; metric < METRIC_COUNT; metric++) {
        const struct metric_row *description = metric_row(metric);
        assert_non_null(description->assertion);
        assert_non_null(description->aliases);
        assert_true(strlen(description->meaning) > 0);
        assert_int_equal(metric_find(description->assertion), metric);
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
    struct text_buffer names = {0};
    metric_add_names(&names);
    assert_memory_equal(names.text, "time, t95, startup, run, ", strlen("time, t95, startup, run, "));
    const char *last = names.text + names.length - strlen(metric_row(METRIC_COUNT - 1)->assertion);
    assert_string_equal(last, metric_row(METRIC_COUNT - 1)->assertion);
    text_buffer_release(&names);
}

/* Gates stand on what is exact: a measured figure compared for equality would never hold. */
static void test_only_counts_of_work_are_exact(void **state)
{
    (void)state;
    for (enum metric metric = 0; metric < METRIC_COUNT; metric++) {
        bool is_work = metric >= METRIC_DOWNLOADS && metric <= METRIC_HTTP2;
        assert_int_equal((metric_row(metric)->traits & METRIC_EXACT) != 0, is_work);
    }
}

/* The document and CSV files name a unit, and no two metrics share a name. */
static void test_names(void **state)
{
    (void)state;
    for (enum metric metric = 0; metric < METRIC_COUNT; metric++) {
        const struct metric_row *row = metric_row(metric);
        const char *unit = strrchr(row->name, '_');
        bool has_seconds = unit != NULL && strcmp(unit, "_s") == 0 && strstr(row->name, "_per_s") == NULL;
        bool has_bytes = unit != NULL && strcmp(unit, "_bytes") == 0;
        assert_int_equal(has_seconds, row->unit == UNIT_DURATION);
        assert_int_equal(has_bytes, row->unit == UNIT_BYTES);
        for (enum metric other = 0; other < metric; other++) {
            assert_string_not_equal(row->name, metric_row(other)->name);
            assert_string_not_equal(row->assertion, metric_row(other)->assertion);
        }
        assert_int_equal(row->column.head != NULL, row->column.table != METRIC_TABLE_NONE);
    }
}

static void test_units(void **state)
{
    (void)state;
    assert_int_equal(metric_row(METRIC_TIME)->unit, UNIT_DURATION);
    assert_int_equal(metric_row(METRIC_MAX)->unit, UNIT_DURATION);
    assert_int_equal(metric_row(METRIC_CPU)->unit, UNIT_DURATION);
    assert_int_equal(metric_row(METRIC_THROUGHPUT)->unit, UNIT_RATE);
    assert_int_equal(metric_row(METRIC_MEMORY)->unit, UNIT_BYTES);
    assert_int_equal(metric_row(METRIC_INVOLUNTARY)->unit, UNIT_COUNT);
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
        cmocka_unit_test(test_only_counts_of_work_are_exact),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_units),
    };
    return cmocka_run_group_tests_name("metric", tests, NULL, NULL);
}
