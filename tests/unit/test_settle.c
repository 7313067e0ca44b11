#include "unit.h"

#include <math.h>
#include <string.h>

#include "conc_bench/analysis/settle.h"
#include "conc_bench/base/random.h"

enum { MOST_CELLS = 6, MOST_ROUNDS = 6 };

static struct settlement settle(const double *log_times, size_t cells, size_t rounds)
{
    struct settlement settlement;
    struct error error = {0};
    assert_int_equal(settlement_make(log_times, cells, rounds, &settlement, &error), 0);
    return settlement;
}

/* After how many rounds the second of two cells is settled to be slower, by its ratios to the first. */
static unsigned settled_by(const double *ratios, size_t rounds)
{
    double log_times[2 * MOST_ROUNDS];
    for (size_t round = 0; round < rounds; round++) {
        log_times[round] = (double)round; /* what both share takes no part */
        log_times[rounds + round] = (double)round + log(ratios[round]);
    }
    struct settlement settlement = settle(log_times, 2, rounds);
    unsigned by = settlement_rounds(&settlement, 1, 0);
    assert_int_equal(settlement_rounds(&settlement, 0, 1), 0);
    assert_int_equal(settlement.is_any, by != 0);
    settlement_release(&settlement);
    return by;
}

static void test_factors_and_looks(void **state)
{
    (void)state;
    assert_int_equal(settled_by((const double[]){4.01, 5, 7}, 3), 3);
    assert_int_equal(settled_by((const double[]){4.01, 5}, 2), 0);
    assert_int_equal(settled_by((const double[]){3.99, 5, 7}, 3), 0);
    /* Not by three rounds, but by four. */
    assert_int_equal(settled_by((const double[]){3.9, 5, 7, 3}, 4), 4);
    assert_int_equal(settled_by((const double[]){2.01, 2.5, 3, 2.6}, 4), 4);
    assert_int_equal(settled_by((const double[]){2.01, 2.5, 3}, 3), 0);
    assert_int_equal(settled_by((const double[]){2.01, 1.99, 3, 2.6}, 4), 0);
    /* At no other time, neither to settle nor to take it back. */
    assert_int_equal(settled_by((const double[]){1.9, 2.5, 3, 2.6, 2.5, 2.5}, 6), 0);
    assert_int_equal(settled_by((const double[]){4.1, 5, 6, 1, 0.5, 0.5}, 6), 3);
    assert_int_equal(settled_by((const double[]){2.1, 3, 3, 2.1, 0.5, 1}, 6), 4);
    assert_true(settlement_factor(3) == 4 && settlement_factor(4) == 2 && settlement_factor(0) == 1);
}

static void test_missing_rounds_do_not_count(void **state)
{
    (void)state;
    /* The second cell has no second round, the third has no time at all. */
    const double log_times[] = {0, 0, 0, 0, 0, 2, NAN, 2, 2, NAN, NAN, NAN, NAN, NAN, NAN};
    struct settlement settlement = settle(log_times, 3, 5);
    bool leaves[3];
    assert_int_equal(settlement_rounds(&settlement, 1, 0), 3);
    assert_int_equal(settlement_rounds(&settlement, 2, 0), 0);
    assert_true(isnan(settlement.medians[2]));
    assert_int_equal(settlement_leaving(&settlement, NULL, leaves), 1);
    assert_true(leaves[1] && !leaves[0] && !leaves[2]);
    settlement_release(&settlement);
    settlement = settle(log_times, 3, 3); /* two rounds that both have */
    assert_false(settlement.is_any);
    assert_int_equal(settlement_leaving(&settlement, NULL, leaves), 0);
    settlement_release(&settlement);
}

/* Ratios of one pair that change by a factor of two forbid it for all pairs, from the look on that sees them. */
static void test_noise_forbids(void **state)
{
    (void)state;
    for (int noisy_round = 0; noisy_round <= 4; noisy_round++) {
        double log_times[3 * 4] = {0, 0, 0, 0, 0.1, 0.2, 0.1, 0.2, 2, 2, 2, 2};
        if (noisy_round < 4)
            log_times[4 + noisy_round] += log(2.3);
        struct settlement settlement = settle(log_times, 3, 4);
        /* A pair that was settled before the fourth round stays so. */
        unsigned expected = noisy_round < 3 ? 0 : 3;
        assert_int_equal(settlement_rounds(&settlement, 2, 0), expected);
        settlement_release(&settlement);
    }
    /* By a little less, it does not: 1.99 times the median of three. */
    const double bearable[] = {0, 0, 0, log(4.1), log(4.1), log(4.1 * 1.99)};
    struct settlement settlement = settle(bearable, 2, 3);
    assert_int_equal(settlement_rounds(&settlement, 1, 0), 3);
    settlement_release(&settlement);
}

/* Every choice of a factor (or none) and of who is slower, for each of four rounds of two equal cells, with its
 * probability: what is settled falsely is the bound of the header, exactly, if noise is only by factors of 3 or 5. */
static void test_bound_by_enumeration(void **state)
{
    (void)state;
    static const double factors[] = {1, 3, 1 / 3.0, 5, 1 / 5.0};
    const double q4 = 0.2; /* of 5 */
    const double q2 = 0.5; /* of 3 or 5 */
    const double shares[] = {1 - q2, (q2 - q4) / 2, (q2 - q4) / 2, q4 / 2, q4 / 2};
    double settled = 0;
    double all = 0;
    for (int choice = 0; choice < 5 * 5 * 5 * 5; choice++) {
        double log_times[2 * 4] = {0};
        double share = 1;
        for (int round = 0, left = choice; round < 4; round++, left /= 5) {
            log_times[4 + round] = log(factors[left % 5]);
            share *= shares[left % 5];
        }
        struct settlement settlement = settle(log_times, 2, 4);
        settled += settlement.is_any ? share : 0;
        all += share;
        settlement_release(&settlement);
    }
    double by_three = 2 * pow(q4 / 2, 3);
    double by_four = 2 * pow(q2 / 2, 4);
    assert_true(fabs(all - 1) < 1e-12);
    /* Four rounds of 5 are counted twice by the bound: as three, and as four. */
    double both = 2 * pow(q4 / 2, 3) * (q2 / 2);
    if (!(fabs(settled - (by_three + by_four - both)) < 1e-12))
        fail_msg("%.15g is not %.15g", settled, by_three + by_four - both);
}

/* All cuts tried, the largest front taken: by sorted places, as the rule is written down. */
static size_t largest_front(const struct settlement *settlement, const size_t *sorted, size_t cells)
{
    for (size_t front = cells - 1; front > 0; front--) {
        bool is_cut = true;
        for (size_t i = front; i < cells; i++) {
            for (size_t j = 0; j < front; j++)
                is_cut = is_cut && settlement_rounds(settlement, sorted[i], sorted[j]) != 0;
        }
        if (is_cut)
            return front;
    }
    return cells;
}

static void sort_cells(const struct settlement *settlement, size_t *sorted, size_t cells)
{
    for (size_t i = 0; i < cells; i++) {
        size_t place = i;
        for (; place > 0 && settlement->medians[sorted[place - 1]] > settlement->medians[i]; place--)
            sorted[place] = sorted[place - 1];
        sorted[place] = i;
    }
}

static void test_who_leaves_by_brute_force(void **state)
{
    (void)state;
    struct random random = random_stream(17, 0);
    size_t with_leaving = 0;
    for (int repetition = 0; repetition < 4000; repetition++) {
        size_t cells = 2 + (size_t)random_below(&random, MOST_CELLS - 1);
        size_t rounds = 3 + (size_t)random_below(&random, 2);
        double log_times[MOST_CELLS * MOST_ROUNDS];
        size_t sorted[MOST_CELLS];
        bool leaves[MOST_CELLS];
        for (size_t cell = 0; cell < cells; cell++) {
            double center = (double)random_below(&random, 5) * 0.75;
            for (size_t round = 0; round < rounds; round++)
                log_times[cell * rounds + round] = center + 0.3 * random_fraction(&random);
        }
        struct settlement settlement = settle(log_times, cells, rounds);
        sort_cells(&settlement, sorted, cells);
        size_t front = largest_front(&settlement, sorted, cells);
        assert_int_equal(settlement_leaving(&settlement, NULL, leaves), cells - front);
        for (size_t i = 0; i < cells; i++)
            assert_int_equal(leaves[sorted[i]], i >= front);
        with_leaving += front < cells;
        settlement_release(&settlement);
    }
    assert_true(with_leaving > 400 && with_leaving < 3600);
}

static void test_what_is_needed_stays(void **state)
{
    (void)state;
    const double log_times[] = {0, 0, 0, 2, 2, 2, 2.1, 2.1, 2.1, 0.1, 0.1, 0.1};
    const bool must_stay[] = {false, true, false, true};
    struct settlement settlement = settle(log_times, 4, 3);
    bool leaves[4];
    /* The two slow ones are not told apart, and leave all the same. */
    assert_int_equal(settlement_rounds(&settlement, 2, 1), 0);
    assert_int_equal(settlement_leaving(&settlement, NULL, leaves), 2);
    assert_memory_equal(leaves, ((bool[]){false, true, true, false}), sizeof(leaves));
    assert_int_equal(settlement_leaving(&settlement, must_stay, leaves), 1);
    assert_memory_equal(leaves, ((bool[]){false, false, true, false}), sizeof(leaves));
    settlement_release(&settlement);
    assert_null(settlement.rounds);
}

/* A slow one leaves; one that is settled to be the fastest does not end the race of those in between. */
static void test_the_race_goes_on_behind_a_winner(void **state)
{
    (void)state;
    const double log_times[] = {0, 0, 0, 1.5, 1.5, 1.5, 1.6, 1.6, 1.6, 3.2, 3.2, 3.2};
    struct settlement settlement = settle(log_times, 4, 3);
    bool leaves[4];
    assert_int_equal(settlement_leaving(&settlement, NULL, leaves), 1);
    assert_true(leaves[3]);
    settlement_release(&settlement);
}

static void test_no_cells_and_no_rounds(void **state)
{
    (void)state;
    bool leaves[2];
    for (size_t cells = 0; cells <= 2; cells++) {
        struct settlement settlement = settle(&(double){0}, cells, 0);
        assert_false(settlement.is_any);
        assert_int_equal(settlement_leaving(&settlement, NULL, leaves), 0);
        settlement_release(&settlement);
    }
    settlement_release(&(struct settlement){0});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_factors_and_looks),
        cmocka_unit_test(test_missing_rounds_do_not_count),
        cmocka_unit_test(test_noise_forbids),
        cmocka_unit_test(test_bound_by_enumeration),
        cmocka_unit_test(test_who_leaves_by_brute_force),
        cmocka_unit_test(test_what_is_needed_stays),
        cmocka_unit_test(test_the_race_goes_on_behind_a_winner),
        cmocka_unit_test(test_no_cells_and_no_rounds),
    };
    return cmocka_run_group_tests_name("settle", tests, NULL, NULL);
}
