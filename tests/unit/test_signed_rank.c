#include "unit.h"

#include <math.h>
#include <string.h>

#include "conc_bench/analysis/signed_rank.h"
#include "conc_bench/analysis/stats.h"
#include "conc_bench/base/random.h"

static const double known[] = {.021, .034, -.008, .055, .012, .041, .018, .302, .027, .009};

static void assert_close(double value, double expected)
{
    if (!(fabs(value - expected) <= 1e-12))
        fail_msg("%.15g is not %.15g", value, expected);
}

static struct signed_rank compute(const double *differences, size_t count)
{
    struct signed_rank run;
    assert_int_equal(signed_rank_compute(differences, count, 0.95, 0.05, &run, NULL), 0);
    return run;
}

static void test_known_differences(void **state)
{
    (void)state;
    struct signed_rank run = compute(known, 10);
    assert_int_equal(run.count, 10);
    assert_close(run.estimate, .0265);
    assert_close(run.low, .012);
    assert_close(run.high, .1555);
    assert_close(run.lower_bound, .0135);
    assert_close(run.upper_bound, .055);
    assert_close(run.p, 4.0 / 1024); /* W+ is 54 of 55 */
    run = compute(known, 8);
    assert_close(run.estimate, .03025);
    assert_close(run.low, .0065);
    assert_close(run.high, .168);
    assert_close(run.p, 4.0 / 256);
    run = compute(known, 6);
    assert_close(run.estimate, .0265);
    assert_close(run.low, -.008);
    assert_close(run.high, .055);
    assert_close(run.p, 4.0 / 64);
    assert_close(run.confidence, 1 - 2.0 / 64);
}

/* Counted with whole numbers of any length, for 5 to 30 differences. */
static void test_critical_ranks(void **state)
{
    (void)state;
    static const size_t two_sided[] = {0,  1,  3,  4,  6,  9,  11, 14, 18, 22,  26,  30,  35,
                                       41, 47, 53, 59, 66, 74, 82, 90, 99, 108, 117, 127, 138};
    static const size_t one_sided[] = {1,  3,  4,  6,  9,  11, 14, 18,  22,  26,  31,  36,  42,
                                       48, 54, 61, 68, 76, 84, 92, 101, 111, 120, 131, 141, 152};
    static const double confidences[] = {0, .969, .953, .961, .961, .951};
    for (size_t count = 5; count <= 30; count++) {
        double probability;
        assert_int_equal(signed_rank_critical(count, 0.025, &probability), two_sided[count - 5]);
        assert_true(probability <= 0.025);
        if (count > 5 && count <= 10)
            assert_true(fabs(1 - 2 * probability - confidences[count - 5]) < 0.0006);
        assert_int_equal(signed_rank_critical(count, 0.05, &probability), one_sided[count - 5]);
        assert_true(probability <= 0.05 && probability > 0.03);
    }
    double probability = 1;
    assert_int_equal(signed_rank_critical(0, 0.05, &probability), 0);
    assert_close(probability, 0);
    assert_int_equal(signed_rank_critical(1, 0.5, &probability), 1);
    assert_close(probability, 0.5);
}

/* Every one of the 2^n ways to sign the ranks 1 to n. */
static void test_errors_are_those_of_all_signs(void **state)
{
    (void)state;
    static const double tails[] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5};
    for (size_t count = 1; count <= 12; count++) {
        size_t frequencies[80] = {0};
        for (uint32_t signs = 0; signs < UINT32_C(1) << count; signs++) {
            size_t sum = 0;
            for (size_t i = 0; i < count; i++)
                sum += (signs >> i & 1) * (i + 1);
            frequencies[sum]++;
        }
        for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
            double probability;
            size_t critical = (size_t)signed_rank_critical(count, tails[i], &probability);
            size_t below = 0;
            for (size_t sum = 0; sum < critical; sum++)
                below += frequencies[sum];
            double rows = (double)(UINT32_C(1) << count);
            assert_close(probability, (double)below / rows);
            assert_true(probability <= tails[i]);
            assert_true((double)(below + frequencies[critical]) / rows > tails[i]);
        }
    }
}

/* Midranks by sorting, as in a textbook; those of 0 are 0. Returns the sum of all. */
static double rank_by_sorting(const double *differences, size_t count, double *ranks)
{
    double sizes[12];
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        if (differences[i] != 0)
            sizes[used++] = fabs(differences[i]);
    }
    stats_sort(sizes, used);
    double total = 0;
    for (size_t i = 0; i < count; i++) {
        double sum = 0;
        double equal = 0;
        for (size_t place = 0; place < used; place++) {
            if (sizes[place] == fabs(differences[i])) {
                sum += (double)place + 1;
                equal++;
            }
        }
        ranks[i] = equal > 0 ? sum / equal : 0;
        total += ranks[i];
    }
    return total;
}

static double p_of_all_signs(const double *differences, size_t count)
{
    double ranks[12];
    double total = rank_by_sorting(differences, count, ranks);
    double positive = 0;
    for (size_t i = 0; i < count; i++)
        positive += differences[i] > 0 ? ranks[i] : 0;
    double smaller = fmin(positive, total - positive);
    size_t extreme = 0;
    for (uint32_t signs = 0; signs < UINT32_C(1) << count; signs++) {
        double sum = 0;
        for (size_t i = 0; i < count; i++)
            sum += signs >> i & 1 ? ranks[i] : 0;
        extreme += sum <= smaller;
    }
    return fmin(1, 2 * (double)extreme / (double)(UINT32_C(1) << count));
}

static void test_p_is_that_of_all_signs(void **state)
{
    (void)state;
    struct random random = random_stream(7, 0);
    for (size_t count = 1; count <= 12; count++) {
        for (int repetition = 0; repetition < 30; repetition++) {
            double differences[12];
            /* Every third of fractions, the others of few whole numbers: many ties and zeros. */
            for (size_t i = 0; i < count; i++)
                differences[i] =
                    repetition % 3 == 0 ? random_fraction(&random) - 0.4 : (double)random_below(&random, 7) - 2;
            assert_close(compute(differences, count).p, p_of_all_signs(differences, count));
        }
    }
}

/* An end of the interval is where the test of "the center is there" changes its mind. */
static void test_intervals_are_what_the_test_does_not_reject(void **state)
{
    (void)state;
    struct random random = random_stream(8, 0);
    for (size_t count = 6; count <= 50; count++) {
        double differences[50];
        double moved[50];
        for (size_t i = 0; i < count; i++)
            differences[i] = random_fraction(&random);
        struct signed_rank run = compute(differences, count);
        const double ends[] = {run.low, run.high};
        for (size_t end = 0; end < 2; end++) {
            double outwards = end == 0 ? -1e-9 : 1e-9;
            for (size_t i = 0; i < count; i++)
                moved[i] = differences[i] - ends[end] - outwards;
            assert_true(compute(moved, count).p <= 0.05);
            assert_close(compute(moved, count).p, 1 - run.confidence);
            for (size_t i = 0; i < count; i++)
                moved[i] = differences[i] - ends[end] + outwards;
            assert_true(compute(moved, count).p > 0.05);
        }
        assert_true(run.low <= run.lower_bound && run.lower_bound <= run.estimate);
        assert_true(run.estimate <= run.upper_bound && run.upper_bound <= run.high);
    }
}

static void test_few_differences(void **state)
{
    (void)state;
    struct signed_rank run = compute(NULL, 0);
    assert_int_equal(run.count, 0);
    assert_true(isnan(run.estimate));
    assert_close(run.p, 1);
    assert_close(run.confidence, 0);
    assert_close(run.bound_confidence, 0);
    assert_true(isinf(run.low) && run.low < 0 && isinf(run.high) && run.high > 0);
    assert_true(isinf(run.detectable_effect));
    run = compute(known, 1);
    assert_close(run.estimate, .021);
    assert_close(run.p, 1);
    assert_true(isinf(run.lower_bound) && isinf(run.upper_bound));
    run = compute(known, 5);
    assert_close(run.confidence, 0);
    assert_close(run.bound_confidence, 31.0 / 32);
    assert_close(run.lower_bound, -.008);
    assert_close(run.upper_bound, .055);
}

static void test_missing_rounds_are_left_out(void **state)
{
    (void)state;
    const double differences[] = {NAN, .021, .034, INFINITY, -.008, .055, -INFINITY, .012, .041};
    struct signed_rank with = compute(differences, 9);
    struct signed_rank without = compute(known, 6);
    assert_int_equal(with.count, 6);
    assert_close(with.low, without.low);
    assert_close(with.p, without.p);
    const double zeros[] = {0, 0, 0, 0, 0, 0, 0};
    with = compute(zeros, 7);
    assert_close(with.p, 1);
    assert_close(with.estimate, 0);
    assert_close(with.high, 0);
    assert_int_equal(with.count, 7);
}

static void test_detectable_effect(void **state)
{
    (void)state;
    /* 1.27 half widths of the interval; 1.51 half widths of the bounds with five rounds. */
    assert_true(fabs(compute(known, 10).detectable_effect - expm1(1.27 * .1435 / 2)) < 0.0002);
    assert_true(fabs(compute(known, 5).detectable_effect - expm1(1.51 * .063 / 2)) < 0.0002);
}

static void test_widening(void **state)
{
    (void)state;
    struct signed_rank run = compute(known, 10);
    double effect = run.detectable_effect;
    signed_rank_widen(&run, 2);
    assert_close(run.estimate, .0265);
    assert_close(run.low, .0265 - 2 * .0145);
    assert_close(run.high, .0265 + 2 * .129);
    assert_close(run.lower_bound, .0265 - 2 * .013);
    assert_close(run.upper_bound, .0265 + 2 * .0285);
    assert_close(run.detectable_effect, (1 + effect) * (1 + effect) - 1);
    run = compute(known, 5);
    signed_rank_widen(&run, 2);
    assert_true(isinf(run.low) && run.low < 0 && isinf(run.high));
    run = compute(known, 0);
    signed_rank_widen(&run, 2);
    assert_true(isinf(run.low) && isinf(run.upper_bound));
}

/* P(sum of signed ranks < critical), by halving probabilities where counts would not be exact. */
static double share_below(size_t count, size_t critical)
{
    static double shares[60 * 61 / 2 + 1];
    memset(shares, 0, sizeof(shares));
    shares[0] = 1;
    for (size_t rank = 1; rank <= count; rank++) {
        for (size_t sum = count * (count + 1) / 2; sum > 0; sum--)
            shares[sum] = (shares[sum] + (sum >= rank ? shares[sum - rank] : 0)) / 2;
        shares[0] /= 2;
    }
    double below = 0;
    for (size_t sum = 0; sum < critical; sum++)
        below += shares[sum];
    return below;
}

static void test_many_differences_are_approximated(void **state)
{
    (void)state;
    static const double tails[] = {0.025, 0.05};
    for (size_t count = 51; count <= 60; count++) {
        for (size_t i = 0; i < 2; i++) {
            double probability;
            size_t critical = (size_t)signed_rank_critical(count, tails[i], &probability);
            assert_true(share_below(count, critical) <= tails[i]);
            assert_true(share_below(count, critical + 3) > tails[i]);
            assert_true(fabs(probability - share_below(count, critical)) < 0.001);
        }
    }
    double probability;
    assert_int_equal(signed_rank_critical(51, 1e-15, &probability), 0);
    double differences[60];
    for (size_t i = 0; i < 60; i++)
        differences[i] = sin((double)i) + 0.2; /* all different, no pattern */
    struct signed_rank all = compute(differences, 60);
    struct signed_rank most = compute(differences, 50);
    assert_int_equal(all.count, 60);
    assert_true(all.confidence >= 0.95 && all.confidence < 0.955);
    assert_true(fabs(all.estimate - most.estimate) < 0.1 && all.high - all.low < 1.1 * (most.high - most.low));
    size_t positive = 0;
    for (size_t i = 0; i < 60; i++) {
        for (size_t j = 0; j <= i; j++)
            positive += differences[i] + differences[j] > 0; /* Tukey: as many as the sum of the positive ranks */
    }
    size_t smaller = positive < 1830 - positive ? positive : 1830 - positive;
    assert_true(all.p > 0.01 && all.p < 0.9 && fabs(all.p - 2 * share_below(60, smaller + 1)) < 0.002);
}

/* All means of two, listed and sorted, which the code spares itself. */
static void list_means(const double *differences, size_t count, double *means)
{
    size_t mean_count = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j <= i; j++)
            means[mean_count++] = (differences[i] + differences[j]) / 2;
    }
    stats_sort(means, mean_count);
}

static void test_of_many_differences_the_means_are_counted_as_if_listed(void **state)
{
    (void)state;
    enum { MOST = 200 };
    static double means[MOST * (MOST + 1) / 2];
    struct random random = random_stream(11, 0);
    for (size_t repetition = 0; repetition < 60; repetition++) {
        double differences[MOST];
        double probability;
        size_t count = STATS_EXACT_COUNT + 1 + (size_t)random_below(&random, MOST - STATS_EXACT_COUNT);
        for (size_t i = 0; i < count; i++) {
            double fraction = random_fraction(&random) - 0.4;
            /* wide, with ties and zeros, or on one side of 0 */
            differences[i] = repetition % 3 == 0   ? fraction * pow(10, (double)random_below(&random, 20) - 10)
                             : repetition % 3 == 1 ? (double)random_below(&random, 7) - 3
                                                   : -1 - fraction;
        }
        struct signed_rank run = compute(differences, count);
        size_t mean_count = count * (count + 1) / 2;
        list_means(differences, count, means);
        size_t critical = (size_t)signed_rank_critical(count, 0.025, &probability);
        assert_true(run.estimate == stats_median(means, mean_count));
        assert_true(run.low == means[critical - 1] && run.high == means[mean_count - critical]);
        critical = (size_t)signed_rank_critical(count, 0.05, &probability);
        assert_true(run.lower_bound == means[critical - 1] && run.upper_bound == means[mean_count - critical]);
    }
}

/* Listed, their means would take 40 GB. */
static void test_the_rounds_of_a_long_run_take_little_memory(void **state)
{
    (void)state;
    enum { ROUNDS = 100000 };
    static double differences[ROUNDS];
    struct random random = random_stream(12, 0);
    for (size_t i = 0; i < ROUNDS; i++)
        differences[i] = 0.1 + random_fraction(&random);
    struct signed_rank run = compute(differences, ROUNDS);
    assert_true(fabs(run.estimate - 0.6) < 0.01 && run.low < run.estimate && run.estimate < run.high);
    assert_true(run.p < 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_differences),
        cmocka_unit_test(test_critical_ranks),
        cmocka_unit_test(test_errors_are_those_of_all_signs),
        cmocka_unit_test(test_p_is_that_of_all_signs),
        cmocka_unit_test(test_intervals_are_what_the_test_does_not_reject),
        cmocka_unit_test(test_few_differences),
        cmocka_unit_test(test_missing_rounds_are_left_out),
        cmocka_unit_test(test_detectable_effect),
        cmocka_unit_test(test_widening),
        cmocka_unit_test(test_many_differences_are_approximated),
        cmocka_unit_test(test_of_many_differences_the_means_are_counted_as_if_listed),
        cmocka_unit_test(test_the_rounds_of_a_long_run_take_little_memory),
    };
    return cmocka_run_group_tests_name("signed_rank", tests, NULL, NULL);
}
