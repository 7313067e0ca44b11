#include "unit.h"

#include <math.h>

#include "conc_bench/analysis/ranking.h"
#include "conc_bench/base/random.h"

static void assert_close(double value, double expected)
{
    if (!(fabs(value - expected) <= 1e-12))
        fail_msg("%.15g is not %.15g", value, expected);
}

static void assert_ranks(const struct ranking *ranking, size_t cell, size_t low, size_t high)
{
    assert_int_equal(ranking->cells[cell].low, low);
    assert_int_equal(ranking->cells[cell].high, high);
}

static void test_adjustment_of_known_p_values(void **state)
{
    (void)state;
    const double p[] = {.01, .04, .03, .005};
    double adjusted[4];
    double scratch[8];
    ranking_adjust(p, 4, adjusted, scratch);
    assert_close(adjusted[0], .03);
    assert_close(adjusted[1], .06);
    assert_close(adjusted[2], .06);
    assert_close(adjusted[3], .02);
    const double large[] = {.5, .9, .5};
    ranking_adjust(large, 3, adjusted, scratch);
    for (size_t i = 0; i < 3; i++)
        assert_close(adjusted[i], 1);
    ranking_adjust(p, 1, adjusted, scratch);
    assert_close(adjusted[0], .01);
    ranking_adjust(NULL, 0, NULL, NULL);
}

/* Holm's steps abbreviate this: a hypothesis falls if every set it is in falls by Bonferroni. */
static double p_by_closed_testing(const double *p, size_t count, size_t index)
{
    double worst = 0;
    for (uint32_t set = 0; set < UINT32_C(1) << count; set++) {
        double least = 1;
        if (!(set >> index & 1))
            continue;
        for (size_t i = 0; i < count; i++)
            least = set >> i & 1 ? fmin(least, p[i]) : least;
        worst = fmax(worst, fmin(1, __builtin_popcount(set) * least));
    }
    return worst;
}

static void test_adjustment_is_closed_testing(void **state)
{
    (void)state;
    struct random random = random_stream(3, 0);
    for (size_t count = 1; count <= 10; count++) {
        for (int repetition = 0; repetition < 20; repetition++) {
            double p[10];
            double adjusted[10];
            double scratch[20];
            for (size_t i = 0; i < count; i++) /* every other time with ties */
                p[i] = repetition % 2 == 0 ? random_fraction(&random) / 4 : (double)random_below(&random, 5) / 64;
            ranking_adjust(p, count, adjusted, scratch);
            for (size_t i = 0; i < count; i++)
                assert_close(adjusted[i], p_by_closed_testing(p, count, i));
        }
    }
}

/* Noise of 1 % that is the same on every machine. */
static double noise(struct random *random)
{
    return (random_fraction(random) - 0.5) * 0.02;
}

static void test_equal_cells_share_their_ranks(void **state)
{
    (void)state;
    enum { CELLS = 4, ROUNDS = 12 };
    static const double centers[CELLS] = {0.3, 0, 0.3, 0.1};
    double times[CELLS * ROUNDS];
    struct random random = random_stream(4, 0);
    struct ranking ranking;
    for (size_t cell = 0; cell < CELLS; cell++) {
        for (size_t round = 0; round < ROUNDS; round++)
            times[cell * ROUNDS + round] = centers[cell] + noise(&random);
    }
    assert_int_equal(ranking_compute(times, CELLS, ROUNDS, 0.05, 0.05, &ranking, NULL), 0);
    assert_int_equal(ranking.ranked_count, 4);
    assert_int_equal(ranking.pair_count, 6);
    assert_ranks(&ranking, 1, 1, 1);
    assert_ranks(&ranking, 3, 2, 2);
    assert_ranks(&ranking, 0, 3, 4);
    assert_ranks(&ranking, 2, 3, 4);
    assert_true(ranking_beats(&ranking, 1, 0) && !ranking_beats(&ranking, 0, 1));
    assert_true(ranking_beats(&ranking, 3, 2) && !ranking_beats(&ranking, 2, 0) && !ranking_beats(&ranking, 0, 2));
    assert_false(ranking_beats(&ranking, 1, 1));
    assert_true(ranking_are_practically_equal(&ranking, 0, 2) && ranking_are_practically_equal(&ranking, 2, 0));
    assert_false(ranking_are_practically_equal(&ranking, 1, 3));
    for (size_t cell = 0; cell < CELLS; cell++) {
        for (size_t other = 0; other < CELLS; other++) {
            if (cell == other)
                continue;
            const struct ranking_pair *pair = ranking_pair(&ranking, cell, other);
            assert_int_equal(pair->first, cell < other ? cell : other);
            assert_int_equal(pair->second, cell < other ? other : cell);
            assert_true(fabs(pair->comparison.estimate - centers[pair->first] + centers[pair->second]) < 0.01);
        }
    }
    /* Five of the six have the least p that 12 rounds allow; the first of these is adjusted for all six. */
    assert_close(ranking_pair(&ranking, 0, 1)->adjusted_p, 6 * 2.0 / 4096);
    ranking_release(&ranking);
    assert_null(ranking.cells);
}

/* Signed ranks cannot tell five cells apart by fewer than nine rounds, since 2 / 2^n times the number of pairs is above
 * 5 %: then t tests do, and below five rounds nothing does, unless it is a matter of factors. */
static void test_few_rounds_show_less(void **state)
{
    (void)state;
    double times[5 * 9];
    struct ranking ranking;
    for (size_t rounds = 1; rounds <= 9; rounds++) {
        for (size_t cell = 0; cell < 5; cell++) {
            for (size_t round = 0; round < rounds; round++)
                times[cell * rounds + round] = (double)cell / 10 + (double)(round * (cell + 1) % 5) / 1000;
        }
        assert_int_equal(ranking_compute(times, 5, rounds, 0.05, 0.05, &ranking, NULL), 0);
        bool is_shown = rounds >= RANKING_ROUNDS_MIN;
        assert_int_equal(ranking.test, rounds == 9 ? RANKING_SIGNED_RANK : is_shown ? RANKING_T : RANKING_NONE);
        for (size_t cell = 0; cell < 5; cell++)
            assert_ranks(&ranking, cell, is_shown ? cell + 1 : 1, is_shown ? cell + 1 : 5);
        assert_int_equal(ranking_says_anything(&ranking), is_shown);
        ranking_release(&ranking);
    }
}

/* Four cells that are about as fast, and one that took eight times as long and left after three rounds. */
static void make_race(size_t rounds, double *times)
{
    struct random random = random_stream(5, rounds);
    for (size_t round = 0; round < rounds; round++) {
        for (size_t cell = 0; cell < 4; cell++)
            times[cell * rounds + round] = (double)cell / 10 + noise(&random);
        times[4 * rounds + round] = round < 3 ? 2.1 + noise(&random) : NAN;
    }
}

static void test_what_is_settled_ranks_from_three_rounds_on(void **state)
{
    (void)state;
    double times[5 * 10];
    struct ranking ranking;
    for (size_t rounds = 3; rounds <= 10; rounds++) {
        make_race(rounds, times);
        assert_int_equal(ranking_compute(times, 5, rounds, 0.05, 0.05, &ranking, NULL), 0);
        assert_true(ranking_says_anything(&ranking));
        assert_ranks(&ranking, 4, 5, 5);
        /* The family is what is left: six pairs, for which eight rounds are enough. */
        assert_int_equal(ranking.tested_count, 6);
        assert_int_equal(ranking.test, rounds < 5 ? RANKING_NONE : rounds < 8 ? RANKING_T : RANKING_SIGNED_RANK);
        for (size_t cell = 0; cell < 4; cell++) {
            const struct ranking_pair *pair = ranking_pair(&ranking, cell, 4);
            assert_ranks(&ranking, cell, rounds < 5 ? 1 : cell + 1, rounds < 5 ? 4 : cell + 1);
            assert_int_equal(pair->settled_by, 3);
            assert_true(isnan(pair->adjusted_p));
            assert_true(ranking_beats(&ranking, cell, 4) && !ranking_beats(&ranking, 4, cell));
        }
        if (rounds == 10)
            assert_close(ranking_pair(&ranking, 0, 1)->adjusted_p, 6 * 2.0 / 1024);
        ranking_release(&ranking);
    }
}

/* exp(mean -+ 4.303 s / sqrt 3) by three rounds, 3.182 s / 2 by four. */
static void test_the_ratio_of_a_cell_that_left_has_an_interval(void **state)
{
    (void)state;
    const double times[] = {0, 0, 0, 0, 0, 2, 2.1, 2.3, NAN, NAN, 1, 1.2, 0.9, 1.1, NAN};
    const double by_three = 4.302652729749464 * 0.15275252316519466 / sqrt(3);
    const double by_four = 3.182446305283705 * 0.12909944487358055 / 2;
    struct ranking ranking;
    assert_int_equal(ranking_compute(times, 3, 5, 0.05, 0.05, &ranking, NULL), 0);
    const struct signed_rank *three = &ranking_pair(&ranking, 0, 1)->comparison;
    const struct signed_rank *four = &ranking_pair(&ranking, 0, 2)->comparison;
    assert_int_equal(three->count, 3);
    assert_close(three->low, -6.4 / 3 - by_three);
    assert_close(three->high, -6.4 / 3 + by_three);
    assert_close(three->confidence, 0.95);
    assert_int_equal(ranking_pair(&ranking, 0, 2)->settled_by, 4);
    assert_close(four->low, -1.05 - by_four);
    assert_close(four->high, -1.05 + by_four);
    /* Four rounds test nothing, so that these two are not told apart, and have no interval. */
    assert_int_equal(ranking_pair(&ranking, 1, 2)->settled_by, 0);
    assert_true(ranking_pair(&ranking, 1, 2)->comparison.confidence == 0);
    assert_ranks(&ranking, 0, 1, 1);
    assert_ranks(&ranking, 1, 2, 3);
    ranking_release(&ranking);
}

/* Two that left together have three rounds, by which a t test would tell them apart: it must not. */
static void test_three_rounds_are_not_tested(void **state)
{
    (void)state;
    double times[4 * 8];
    struct ranking ranking;
    for (size_t round = 0; round < 8; round++) {
        times[round] = (double)(round % 3) / 1000;
        times[8 + round] = 0.1 + (double)(round % 2) / 1000;
        times[16 + round] = round < 3 ? 2 + (double)round / 1000 : NAN;
        times[24 + round] = round < 3 ? 2.1 + (double)round / 1001 : NAN;
    }
    assert_int_equal(ranking_compute(times, 4, 8, 0.05, 0.05, &ranking, NULL), 0);
    assert_int_equal(ranking.tested_count, 2);
    assert_ranks(&ranking, 0, 1, 1);
    assert_ranks(&ranking, 1, 2, 2);
    assert_ranks(&ranking, 2, 3, 4);
    assert_ranks(&ranking, 3, 3, 4);
    ranking_release(&ranking);
}

static void test_not_to_be_distinguished_is_no_order(void **state)
{
    (void)state;
    enum { ROUNDS = 10 };
    double times[3 * ROUNDS];
    struct ranking ranking;
    for (size_t round = 0; round < ROUNDS; round++) {
        times[round] = 0;
        times[ROUNDS + round] = round % 2 == 0 ? -0.4 : 0.5 + (double)round / 1000;
        times[2 * ROUNDS + round] = 0.1 + (double)round / 1000;
    }
    assert_int_equal(ranking_compute(times, 3, ROUNDS, 0.05, 0.05, &ranking, NULL), 0);
    assert_true(ranking_beats(&ranking, 0, 2));
    assert_ranks(&ranking, 0, 1, 2);
    assert_ranks(&ranking, 1, 1, 3);
    assert_ranks(&ranking, 2, 2, 3);
    assert_false(ranking_are_practically_equal(&ranking, 0, 1));
    ranking_release(&ranking);
}

static void test_a_cell_can_win_and_be_practically_equal(void **state)
{
    (void)state;
    double times[2 * 8];
    struct ranking ranking;
    for (size_t round = 0; round < 8; round++) {
        times[round] = (double)round;
        times[8 + round] = (double)round + 0.02;
    }
    assert_int_equal(ranking_compute(times, 2, 8, 0.05, 0.05, &ranking, NULL), 0);
    assert_true(ranking_beats(&ranking, 0, 1) && ranking_are_practically_equal(&ranking, 0, 1));
    ranking_release(&ranking);
    assert_int_equal(ranking_compute(times, 2, 8, 0.05, 0.01, &ranking, NULL), 0);
    assert_false(ranking_are_practically_equal(&ranking, 1, 0));
    ranking_release(&ranking);
    /* Four rounds bound nothing. */
    assert_int_equal(ranking_compute(times, 4, 4, 0.05, 1e9, &ranking, NULL), 0);
    assert_false(ranking_are_practically_equal(&ranking, 0, 2));
    ranking_release(&ranking);
}

static void test_missing_rounds_and_cells(void **state)
{
    (void)state;
    enum { ROUNDS = 10 };
    double times[3 * ROUNDS];
    struct ranking ranking;
    for (size_t round = 0; round < ROUNDS; round++) {
        times[round] = round == 2 ? NAN : 0;
        times[ROUNDS + round] = NAN;
        times[2 * ROUNDS + round] = round == 5 ? NAN : 0.5 + (double)round / 100;
    }
    assert_int_equal(ranking_compute(times, 3, ROUNDS, 0.05, 0.05, &ranking, NULL), 0);
    assert_int_equal(ranking.ranked_count, 2);
    assert_ranks(&ranking, 0, 1, 1);
    assert_ranks(&ranking, 1, 0, 0);
    assert_ranks(&ranking, 2, 2, 2);
    assert_int_equal(ranking_pair(&ranking, 2, 0)->comparison.count, 8);
    assert_close(ranking_pair(&ranking, 2, 0)->adjusted_p, 2.0 / 256); /* alone in its family */
    assert_true(isnan(ranking_pair(&ranking, 0, 1)->adjusted_p));
    assert_false(ranking_are_practically_equal(&ranking, 0, 1));
    ranking_release(&ranking);
}

static void test_no_cells_and_no_rounds(void **state)
{
    (void)state;
    struct ranking ranking;
    for (size_t cells = 0; cells <= 2; cells++) {
        assert_int_equal(ranking_compute(&(double){0}, cells, 0, 0.05, 0.05, &ranking, NULL), 0);
        assert_int_equal(ranking.ranked_count, 0);
        assert_int_equal(ranking.cell_count, cells);
        ranking_release(&ranking);
    }
    assert_int_equal(ranking_compute((const double[]){1}, 1, 1, 0.05, 0.05, &ranking, NULL), 0);
    assert_ranks(&ranking, 0, 1, 1);
    ranking_release(&ranking);
    ranking_release(&(struct ranking){0});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_adjustment_of_known_p_values),
        cmocka_unit_test(test_adjustment_is_closed_testing),
        cmocka_unit_test(test_equal_cells_share_their_ranks),
        cmocka_unit_test(test_few_rounds_show_less),
        cmocka_unit_test(test_what_is_settled_ranks_from_three_rounds_on),
        cmocka_unit_test(test_the_ratio_of_a_cell_that_left_has_an_interval),
        cmocka_unit_test(test_three_rounds_are_not_tested),
        cmocka_unit_test(test_not_to_be_distinguished_is_no_order),
        cmocka_unit_test(test_a_cell_can_win_and_be_practically_equal),
        cmocka_unit_test(test_missing_rounds_and_cells),
        cmocka_unit_test(test_no_cells_and_no_rounds),
    };
    return cmocka_run_group_tests_name("ranking", tests, NULL, NULL);
}
