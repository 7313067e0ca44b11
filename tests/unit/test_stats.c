#include "unit.h"

#include <math.h>
#include <stdlib.h>

#include "conc_bench/analysis/stats.h"
#include "conc_bench/base/random.h"

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

static int ascending(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

/* Sizes and kinds of values for which sorting takes different ways. */
static double value_of_kind(int kind, size_t i, struct random *random)
{
    switch (kind) {
    case 0: /* almost in order */
        return (double)(i * 1000 + random_below(random, 5000));
    case 1: /* nanoseconds */
        return 20e6 + (double)random_below(random, 1000000);
    case 2: /* both signs, all sizes */
        return (random_below(random, 2) == 0 ? 1 : -1) * exp((double)random_below(random, 1400) - 700);
    case 3: /* backwards */
        return -(double)i;
    default: /* hardly any different ones, among them both zeros */
        return random_below(random, 3) == 0 ? -0.0 : (double)random_below(random, 2);
    }
}

static void test_sort_agrees_with_qsort(void **state)
{
    (void)state;
    enum { KINDS = 5, MOST = 3000 };
    static double values[MOST], expected[MOST];
    static const size_t sizes[] = {2, 17, 255, 256, 257, 1000, MOST};
    struct random random = random_stream(1, 1);
    for (int kind = 0; kind < KINDS; kind++) {
        for (size_t n = 0; n < sizeof(sizes) / sizeof(sizes[0]); n++) {
            for (size_t i = 0; i < sizes[n]; i++)
                values[i] = expected[i] = value_of_kind(kind, i, &random);
            qsort(expected, sizes[n], sizeof(expected[0]), ascending);
            stats_sort(values, sizes[n]);
            for (size_t i = 0; i < sizes[n]; i++) {
                if (values[i] != expected[i])
                    fail_msg("kind %d, %zu values: %g at %zu instead of %g", kind, sizes[n], values[i], i, expected[i]);
            }
        }
    }
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

static void fill_with_ranks(double *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        values[i] = (double)(i + 1);
}

/* The share of all 2^n rows of coins with fewer than `rank` heads. */
static double share_of_rows_below(size_t count, size_t rank)
{
    size_t below = 0;
    for (uint32_t row = 0; row < UINT32_C(1) << count; row++)
        below += (size_t)__builtin_popcount(row) < rank;
    return (double)below / (double)(UINT32_C(1) << count);
}

static void test_median_intervals_have_the_known_ranks(void **state)
{
    (void)state;
    static const size_t ranks[] = {0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 5, 5, 5, 6};
    double values[20];
    fill_with_ranks(values, 20);
    for (size_t count = 0; count <= 20; count++) {
        double low;
        double high;
        double confidence = stats_median_interval(values, count, 0.95, &low, &high);
        if (ranks[count] == 0) {
            assert_close(confidence, 0);
            assert_true(isinf(low) && low < 0 && isinf(high) && high > 0);
            continue;
        }
        assert_close(low, (double)ranks[count]);
        assert_close(high, (double)(count + 1 - ranks[count]));
        assert_close(confidence, 1 - 2 * share_of_rows_below(count, ranks[count]));
    }
}

static void test_median_bounds_are_one_sided(void **state)
{
    (void)state;
    double values[20];
    double low;
    double high;
    fill_with_ranks(values, 20);
    assert_close(stats_median_bounds(values, 4, 0.95, &low, &high), 0);
    assert_true(isinf(low) && isinf(high));
    assert_close(stats_median_bounds(values, 5, 0.95, &low, &high), 31.0 / 32);
    assert_close(low, 1);
    assert_close(high, 5);
    for (size_t count = 5; count <= 16; count++) {
        double confidence = stats_median_bounds(values, count, 0.95, &low, &high);
        assert_close(confidence, 1 - share_of_rows_below(count, (size_t)low));
        assert_true(confidence >= 0.95 && share_of_rows_below(count, (size_t)low + 1) > 0.05);
        assert_close(high, (double)count + 1 - low);
    }
}

/* 2^-n is no double then. The ranks were counted with whole numbers of any length. */
static void test_median_intervals_of_many_values(void **state)
{
    (void)state;
    static double values[5000];
    double low;
    double high;
    fill_with_ranks(values, 5000);
    double confidence = stats_median_interval(values, 5000, 0.95, &low, &high);
    assert_true(confidence >= 0.95 && confidence < 0.952);
    assert_close(low, 2431);
    assert_close(high, 2570);
}

static void test_percentiles_need_values_above_them(void **state)
{
    (void)state;
    static const struct {
        double percent;
        size_t needed;
    } cases[] = {{50, 10}, {90, 50}, {95, 100}, {99, 500}, {99.9, 5000}, {99.99, 50000}, {25, 7}, {100, 1}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(stats_percentile_needs(cases[i].percent), cases[i].needed);
        assert_true(stats_supports_percentile(cases[i].needed, cases[i].percent));
        assert_false(stats_supports_percentile(cases[i].needed - 1, cases[i].percent));
    }
}

static void test_outliers_are_judged_by_the_logarithm(void **state)
{
    (void)state;
    double low;
    double high;
    /* Logs 0, 1, 2, 3, 10: median 2, deviations 2, 1, 0, 1, 8: MAD 1. */
    const double odd[] = {1, exp(1), exp(2), exp(3), exp(10)};
    stats_outlier_limits(odd, 5, &low, &high);
    assert_close(log(low), 2 - 3.5 / 0.6745);
    assert_close(log(high), 2 + 3.5 / 0.6745);
    /* Logs 0, 1, 3, 7: median 2, deviations 2, 1, 1, 5: MAD 1.5. */
    const double even[] = {1, exp(1), exp(3), exp(7)};
    stats_outlier_limits(even, 4, &low, &high);
    assert_close(log(low), 2 - 1.5 * 3.5 / 0.6745);
    assert_close(log(high), 2 + 1.5 * 3.5 / 0.6745);
    /* Most are equal: the mean absolute deviation, 8/5, instead. */
    const double equal[] = {1, 1, 1, 1, exp(8)};
    stats_outlier_limits(equal, 5, &low, &high);
    assert_close(log(high), 3.5 * 1.2533 * 8 / 5);
    stats_outlier_limits(equal, 4, &low, &high);
    assert_true(low <= 0 && isinf(high));
    stats_outlier_limits(equal, 0, &low, &high);
    assert_true(low <= 0 && isinf(high));
    stats_outlier_limits((const double[]){0, 1, 2}, 3, &low, &high);
    assert_true(low <= 0 && isinf(high));
}

static double score_of(const double *values, size_t count)
{
    double score = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = i + 1; j < count; j++)
            score += (double)(values[j] > values[i]) - (double)(values[j] < values[i]);
    }
    return score;
}

/* How many orders of `values` from `from` on have a score at least as far from 0 as `limit`; counts them all too. */
static size_t count_orders(double *values, size_t from, size_t count, double limit, size_t *orders)
{
    if (from == count) {
        ++*orders;
        return fabs(score_of(values, count)) >= limit;
    }
    size_t extreme = 0;
    for (size_t i = from; i < count; i++) {
        double swapped = values[from];
        values[from] = values[i];
        values[i] = swapped;
        extreme += count_orders(values, from + 1, count, limit, orders);
        values[i] = values[from];
        values[from] = swapped;
    }
    return extreme;
}

static void test_trend_is_exact(void **state)
{
    (void)state;
    double values[] = {2, 1, 3, 5, 4, 7, 6, 8};
    for (size_t count = 2; count <= 8; count++) {
        double tau;
        double p = stats_trend(values, count, &tau);
        double pairs = (double)(count * (count - 1) / 2);
        assert_close(tau, score_of(values, count) / pairs);
        size_t orders = 0;
        size_t extreme = count_orders(values, 0, count, fabs(score_of(values, count)), &orders);
        assert_close(p, (double)extreme / (double)orders);
    }
    double tau;
    assert_close(stats_trend(values, 1, &tau), 1);
    assert_true(isnan(tau));
    assert_close(stats_trend((const double[]){4, 3, 2, 1}, 4, &tau), 2.0 / 24);
    assert_close(tau, -1);
    assert_close(stats_trend((const double[]){1, 1, 1, 1}, 4, NULL), 1);
}

static void test_trend_of_many_and_of_equal_values(void **state)
{
    (void)state;
    double values[51];
    for (size_t i = 0; i < 51; i++)
        values[i] = (double)(i * 37 % 51) + (double)i * 0.4142;
    /* At the change from exact to approximate the two agree. */
    double exact = stats_trend(values, 50, NULL);
    double z = (fabs(score_of(values, 50)) - 1) / sqrt(50.0 * 49 * 105 / 18);
    assert_true(exact < 0.5 && fabs(exact - 2 * stats_normal_share(-z)) < 0.002);
    z = (fabs(score_of(values, 51)) - 1) / sqrt(51.0 * 50 * 107 / 18);
    assert_close(stats_trend(values, 51, NULL), 2 * stats_normal_share(-z));
    /* 1 and 3 of the 21 pairs are equal, and 17 rise. Ties of 2 and 3: the variance falls by (2 1 9 + 3 2 11) / 18. */
    const double ties[] = {1, 1, 2, 3, 3, 3, 4};
    z = (17 - 1) / sqrt((7.0 * 6 * 19 - 18 - 66) / 18);
    assert_close(stats_trend(ties, 7, NULL), 2 * stats_normal_share(-z));
}

static void test_serial_dependence(void **state)
{
    (void)state;
    /* Ranks less their mean: -2, -1, 0, 1, 2; products 2 + 0 + 0 + 2, squares 10. */
    struct stats_serial serial = stats_serial_dependence((const double[]){1, 10, 11, 12, 50}, 5);
    assert_close(serial.autocorrelation, 0.4);
    assert_close(serial.z, 0.6 * sqrt(5));
    assert_false(serial.is_dependent);
    assert_close(serial.widening, 1);
    /* Alternating: as far from a wander as can be. */
    serial = stats_serial_dependence((const double[]){1, 9, 2, 8, 3, 7}, 6);
    assert_true(serial.autocorrelation < -0.5);
    assert_close(serial.widening, 1);
    /* Ranks 1 to 8 less 4.5, twice: -7, -5, ... 7; products 35 + 15 + 3 - 1 + 3 + 15 + 35, squares 168: 0.625. */
    double rising[20];
    fill_with_ranks(rising, 20);
    serial = stats_serial_dependence(rising, 8);
    double r = 0.625 + (1 + 3 * 0.625) / 8;
    assert_close(serial.autocorrelation, 0.625);
    assert_close(serial.z, 0.75 * sqrt(8));
    assert_true(serial.is_dependent && r < 1);
    assert_close(serial.widening, sqrt(1.9 / 0.1)); /* r is 0.98, cut to 0.9 */
    /* With ties: midranks 1.5, 1.5, 3, 4, 5, 6, less 3.5: products 4 + 1 - 0.25 + 0.75 + 3.75, squares 17. */
    serial = stats_serial_dependence((const double[]){2, 2, 3, 4, 5, 6}, 6);
    assert_close(serial.autocorrelation, 9.25 / 17);
    serial = stats_serial_dependence(rising, 2);
    assert_true(isnan(serial.autocorrelation) && isnan(serial.z) && !serial.is_dependent);
    serial = stats_serial_dependence((const double[]){5, 5, 5, 5}, 4);
    assert_true(isnan(serial.autocorrelation));
    assert_close(serial.widening, 1);
}

static void test_serial_dependence_widens_by_the_corrected_autocorrelation(void **state)
{
    (void)state;
    /* Doubled ranks less their mean: -9 -3 -7 -5 -1 3 1 7 5 9: products 27 21 35 5 -3 3 7 35 45 = 175, squares 330. */
    const double values[] = {1, 4, 2, 3, 5, 7, 6, 9, 8, 10};
    struct stats_serial serial = stats_serial_dependence(values, 10);
    double r1 = 175.0 / 330;
    double r = r1 + (1 + 3 * r1) / 10;
    assert_close(serial.autocorrelation, r1);
    assert_true(serial.is_dependent);
    assert_close(serial.widening, sqrt((1 + r) / (1 - r)));
}

static void test_normal_distribution(void **state)
{
    (void)state;
    assert_close(stats_normal_share(0), 0.5);
    assert_close(stats_normal_share(1.959963984540054), 0.975);
    assert_close(stats_normal_quantile(0.95), 1.6448536269514722);
    assert_close(stats_normal_quantile(0.8), 0.8416212335729143);
    assert_close(stats_normal_quantile(1e-10), -6.361340902404056);
    assert_close(stats_normal_quantile(0.5), 0);
    assert_true(isinf(stats_normal_quantile(0)) && isinf(stats_normal_quantile(1)));
    assert_true(isnan(stats_normal_quantile(-1)));
    for (int percent = 1; percent < 100; percent++)
        assert_close(stats_normal_share(stats_normal_quantile(percent / 100.0)), percent / 100.0);
}

/* Reference values by integrating the density of Student's distribution. */
static void test_kruskal_wallis(void **state)
{
    (void)state;
    static const double ascending[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    static const double same[] = {2, 2, 2, 2};
    static const double tied[] = {1, 2, 2, 3};
    static const uint32_t threes[] = {0, 0, 0, 1, 1, 1, 2, 2, 2};
    static const uint32_t twos[] = {0, 0, 1, 1, 2, 2, 3, 3};
    double scratch[9 + 2 * 4];
    /* H is 7.2 with two degrees of freedom, and 20 / 3 with three. */
    assert_close(stats_kruskal_wallis(ascending, threes, 9, 3, scratch), exp(-3.6));
    assert_close(stats_kruskal_wallis(ascending, twos, 8, 4, scratch), 0.08331630551120188);
    /* A group without values is none. */
    assert_close(stats_kruskal_wallis(ascending, threes, 9, 4, scratch), exp(-3.6));
    assert_close(stats_kruskal_wallis(same, threes, 4, 2, scratch), 1);
    assert_close(stats_kruskal_wallis(ascending, threes, 3, 3, scratch), 1);
    assert_close(stats_kruskal_wallis(ascending, threes, 0, 0, scratch), 1);
    /* Midranks 1, 2.5, 2.5, 4: H is 1.5. */
    assert_close(stats_kruskal_wallis(tied, twos, 4, 2, scratch), erfc(sqrt(1.5 / 2)));
}

static void test_t_test(void **state)
{
    (void)state;
    static const double golden[] = {.021, .034, -.008, .055, .012, .041, .018, .302, .027, .009};
    static const double two[] = {1, 2};
    static const double same[] = {3, 3, 3};
    static const double zeros[] = {0, 0, 0};
    assert_true(fabs(stats_t_test(golden, 10) - 0.10581131612756589) < 1e-12);
    assert_true(fabs(stats_t_test(two, 2) - 0.2048327646991348) < 1e-12);
    assert_true(stats_t_test(same, 3) == 0);
    assert_true(stats_t_test(zeros, 3) == 1);
    assert_true(stats_t_test(two, 1) == 1);
    /* Tables of Student's t. */
    assert_true(fabs(stats_t_quantile(0.05, 2) - 4.302652729749464) < 1e-12);
    assert_true(fabs(stats_t_quantile(0.05, 3) - 3.182446305283705) < 1e-12);
    assert_true(fabs(stats_t_quantile(0.1, 9) - 1.8331129326562356) < 1e-12);
    assert_true(isnan(stats_t_quantile(0.05, 0)));
    double low, high;
    assert_true(stats_t_interval(golden, 10, 0.95, &low, &high) == 0.95);
    assert_true(low < 0 && high > 0); /* as its p says */
    assert_true(stats_t_interval(golden, 10, 1 - stats_t_test(golden, 10), &low, &high) > 0 && fabs(low) < 1e-9);
    assert_true(stats_t_interval(same, 3, 0.95, &low, &high) == 0 && isinf(low) && isinf(high));
    assert_true(stats_t_interval(two, 1, 0.95, &low, &high) == 0 && isinf(low) && isinf(high));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sort_agrees_with_qsort),
        cmocka_unit_test(test_t_test),
        cmocka_unit_test(test_kruskal_wallis),
        cmocka_unit_test(test_sorting),
        cmocka_unit_test(test_median),
        cmocka_unit_test(test_percentiles_are_exact_nearest_ranks),
        cmocka_unit_test(test_mean_and_deviation),
        cmocka_unit_test(test_median_intervals_have_the_known_ranks),
        cmocka_unit_test(test_median_bounds_are_one_sided),
        cmocka_unit_test(test_median_intervals_of_many_values),
        cmocka_unit_test(test_percentiles_need_values_above_them),
        cmocka_unit_test(test_outliers_are_judged_by_the_logarithm),
        cmocka_unit_test(test_trend_is_exact),
        cmocka_unit_test(test_trend_of_many_and_of_equal_values),
        cmocka_unit_test(test_serial_dependence),
        cmocka_unit_test(test_serial_dependence_widens_by_the_corrected_autocorrelation),
        cmocka_unit_test(test_normal_distribution),
    };
    return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
