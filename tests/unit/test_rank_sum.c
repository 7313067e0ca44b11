#include "unit.h"

#include <math.h>
#include <string.h>

#include "analysis/rank_sum.h"
#include "conc_bench/analysis/stats.h"
#include "conc_bench/base/random.h"

static struct rank_sum test(const double *x, size_t m, const double *y, size_t n)
{
    struct rank_sum run;
    struct error error = {0};
    assert_int_equal(rank_sum_test(x, m, y, n, 0.95, &run, &error), 0);
    return run;
}

static void assert_close(double value, double expected)
{
    if (!(fabs(value - expected) <= 1e-12))
        fail_msg("%.15g is not %.15g", value, expected);
}

static void test_known_values(void **state)
{
    (void)state;
    static const double x[] = {6, 7, 8, 9, 10, 11};
    static const double y[] = {1, 2, 3, 4, 5};
    struct rank_sum run = test(x, 6, y, 5);
    assert_close(run.estimate, 5.5);
    assert_close(run.p_greater, 1.0 / 462);
    /* U is 0, 1, 2 or 3 in 1, 1, 2 and 3 of 462 orders. */
    assert_close(run.low, 3);
    assert_close(run.high, 8);
    assert_close(run.confidence, 1 - 2 * 7.0 / 462);
}

/* How often, over all ways to choose which of the ranks are x's, as many or fewer pairs have the smaller x. */
static double enumerate(size_t m, size_t n, double smaller)
{
    unsigned long orders = 0;
    unsigned long as_few = 0;
    for (unsigned long set = 0; set < 1UL << (m + n); set++) {
        size_t members = 0;
        double pairs = 0;
        for (size_t i = 0; i < m + n; i++) {
            members += set >> i & 1;
            for (size_t j = i + 1; j < m + n; j++)
                pairs += (set >> i & 1) == 1 && (set >> j & 1) == 0;
        }
        if (members != m)
            continue;
        orders++;
        as_few += pairs <= smaller;
    }
    return (double)as_few / (double)orders;
}

static void test_p_by_enumeration(void **state)
{
    (void)state;
    for (size_t m = 1; m <= 6; m++) {
        for (size_t n = 1; n <= 6; n++) {
            double x[6], y[6];
            double smaller = 0;
            for (size_t i = 0; i < m; i++)
                x[i] = (double)((7 * i + 3 * n) % 13);
            for (size_t j = 0; j < n; j++)
                y[j] = (double)((5 * j + 2 * m) % 13) + 0.5;
            for (size_t i = 0; i < m; i++) {
                for (size_t j = 0; j < n; j++)
                    smaller += x[i] < y[j];
            }
            assert_close(test(x, m, y, n).p_greater, enumerate(m, n, smaller));
        }
    }
}

static void test_too_few_have_no_interval(void **state)
{
    (void)state;
    static const double values[] = {1, 2, 3, 4, 5, 6};
    struct rank_sum run = test(values, 3, values, 3);
    assert_true(run.confidence == 0 && isinf(run.low) && isinf(run.high));
    run = test(values, 0, values, 3);
    assert_true(isnan(run.estimate));
    assert_true(run.p_greater == 1);
    assert_true(test(values, 4, values, 4).confidence > 0.95);
}

/* Where exact and approximate meet, they agree. */
static void test_many_values_are_approximated(void **state)
{
    (void)state;
    double x[60], y[60];
    for (size_t i = 0; i < 60; i++) {
        x[i] = (double)(i * 37 % 61) + 4;
        y[i] = (double)(i * 23 % 61) + 0.25;
    }
    struct rank_sum exact = test(x, 50, y, 50);
    struct rank_sum approximate = test(x, 51, y, 50);
    assert_true(fabs(exact.low - approximate.low) < 2.5);
    assert_true(fabs(exact.high - approximate.high) < 2.5);
    assert_true(fabs(exact.p_greater - approximate.p_greater) < 0.05);
}

/* Estimate and interval are of all differences, which are not listed: here they are. */
static void test_differences_are_counted_as_if_listed(void **state)
{
    (void)state;
    enum { MOST = 90 };
    static double differences[MOST * MOST];
    struct random random = random_stream(5, 0);
    for (int repetition = 0; repetition < 100; repetition++) {
        double x[MOST], y[MOST];
        size_t x_count = 10 + (size_t)random_below(&random, MOST - 10);
        size_t y_count = 10 + (size_t)random_below(&random, MOST - 10);
        /* every other time with ties */
        for (size_t i = 0; i < x_count; i++)
            x[i] = repetition % 2 == 0 ? random_fraction(&random) : (double)random_below(&random, 9) / 8;
        for (size_t i = 0; i < y_count; i++)
            y[i] = repetition % 2 == 0 ? random_fraction(&random) - 0.1 : (double)random_below(&random, 9) / 8;
        for (size_t i = 0; i < x_count * y_count; i++)
            differences[i] = x[i / y_count] - y[i % y_count];
        stats_sort(differences, x_count * y_count);
        struct rank_sum run = test(x, x_count, y, y_count);
        assert_true(run.estimate == stats_median(differences, x_count * y_count));
        size_t outside = stats_count_below(differences, x_count * y_count, run.low, false);
        assert_true(differences[outside] == run.low);
        assert_true(stats_count_below(differences, x_count * y_count, run.high, true) > outside);
        if (repetition % 2 == 0) /* without ties as many lie outside at either end */
            assert_true(differences[x_count * y_count - 1 - outside] == run.high);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_values),
        cmocka_unit_test(test_p_by_enumeration),
        cmocka_unit_test(test_too_few_have_no_interval),
        cmocka_unit_test(test_many_values_are_approximated),
        cmocka_unit_test(test_differences_are_counted_as_if_listed),
    };
    return cmocka_run_group_tests_name("rank_sum", tests, NULL, NULL);
}
