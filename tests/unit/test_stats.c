#include "unit.h"

#include <math.h>

#include "conc_bench/stats.h"

static void assert_close(double value, double expected)
{
    if (fabs(value - expected) > 1e-12)
        fail_msg("%.15g is not %.15g", value, expected);
}

static void test_sorting(void **state)
{
    (void)state;
    double values[] = {3, 1, 2, 1};
    stats_sort(values, 4);
    assert_close(values[0], 1);
    assert_close(values[1], 1);
    assert_close(values[2], 2);
    assert_close(values[3], 3);
    stats_sort(NULL, 0);
}

static void test_median(void **state)
{
    (void)state;
    const double values[] = {1, 2, 4, 8};
    assert_true(isnan(stats_median(values, 0)));
    assert_close(stats_median(values, 1), 1);
    assert_close(stats_median(values, 2), 1.5);
    assert_close(stats_median(values, 3), 2);
    assert_close(stats_median(values, 4), 3);
}

static void test_percentiles_are_exact_nearest_ranks(void **state)
{
    (void)state;
    double values[160];
    for (int i = 0; i < 160; i++)
        values[i] = i + 1;
    assert_true(isnan(stats_percentile(values, 0, 50)));
    assert_close(stats_percentile(values, 1, 50), 1);
    assert_close(stats_percentile(values, 1, 99), 1);
    assert_close(stats_percentile(values, 2, 50), 1);
    assert_close(stats_percentile(values, 2, 51), 2);
    /* Off by one where n p is a whole number: others take the 153rd. */
    assert_close(stats_percentile(values, 160, 95), 152);
    assert_close(stats_percentile(values, 160, 50), 80);
    assert_close(stats_percentile(values, 160, 99), 159);
    assert_close(stats_percentile(values, 160, 100), 160);
    assert_close(stats_percentile(values, 100, 7), 7);
    for (int percent = 1; percent <= 100; percent++)
        assert_close(stats_percentile(values, 100, percent), percent);
}

static void test_mean_and_deviation(void **state)
{
    (void)state;
    const double values[] = {2, 4, 4, 4, 5, 5, 7, 9};
    assert_close(stats_mean(values, 8), 5);
    assert_close(stats_standard_deviation(values, 8), sqrt(32.0 / 7));
    assert_true(isnan(stats_mean(values, 0)));
    assert_true(isnan(stats_standard_deviation(values, 1)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sorting),
        cmocka_unit_test(test_median),
        cmocka_unit_test(test_percentiles_are_exact_nearest_ranks),
        cmocka_unit_test(test_mean_and_deviation),
    };
    return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
