#include "run_fixture.h"

#include <math.h>

#include "conc_bench/analysis/cell_stats.h"
#include "conc_bench/analysis/stats.h"

static void assert_close(double value, double expected)
{
    if (!(fabs(value - expected) <= 1e-9))
        fail_msg("%.12g is not %.12g", value, expected);
}

static struct run_stats compute(struct run *run)
{
    return fixture_stats(run);
}

static void test_figures_of_two_modes(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    struct run_stats stats = compute(&run);
    assert_int_equal(stats.cell_count, 2);
    const struct cell_stats *threads = &stats.cells[0];
    const struct cell_stats *sync = &stats.cells[1];
    assert_string_equal(threads->cell->mode, "threads");
    assert_ptr_equal(stats.reference, sync);
    assert_int_equal(sync->rounds, 2);
    assert_close(cell_stats_value(sync, 0, METRIC_TIME), 0.041);
    assert_close(sync->metrics[METRIC_TIME].value, 0.043);
    assert_close(sync->metrics[METRIC_TIME].low, 0.041);
    assert_close(sync->metrics[METRIC_TIME].high, 0.045);
    assert_close(sync->metrics[METRIC_TIME].confidence, 0);
    assert_close(sync->minimum, 0.041);
    assert_close(sync->maximum, 0.045);
    assert_close(sync->mean, 0.043);
    assert_close(sync->standard_deviation, 0.004 / sqrt(2));
    assert_close(threads->metrics[METRIC_TIME].value, 0.022);
    /* Paired by round: 41 / 21 and 45 / 23, and the geometric mean of the two. */
    assert_close(threads->speedup.value, sqrt((41.0 / 21) * (45.0 / 23)));
    assert_close(threads->speedup.low, 41.0 / 21);
    assert_close(threads->speedup.high, 45.0 / 23);
    assert_close(threads->speedup.confidence, 0);
    assert_close(sync->speedup.value, 1);
    assert_close(threads->metrics[METRIC_DOWNLOADS].value, 4);
    assert_int_equal(threads->failures, 0);
    assert_close(threads->metrics[METRIC_BYTES].value, 4000);
    assert_close(threads->metrics[METRIC_CONNECTS].value, 2);
    assert_close(sync->metrics[METRIC_CONNECTS].value, 1);
    /* One ends at the very instant the next begins: that is one at a time. */
    assert_close(sync->metrics[METRIC_PEAK_IN_FLIGHT].value, 1);
    assert_close(threads->metrics[METRIC_PEAK_IN_FLIGHT].value, 2);
    /* 8 samples carry neither a median nor anything beyond. */
    assert_true(isnan(sync->service_p50));
    assert_close(sync->metrics[METRIC_P50].value, 0.0105);
    assert_int_equal(sync->totals.service.count, 8);
    assert_close(sync->service_max, 0.011);
    assert_close(sync->metrics[METRIC_CPU_USER].value, 0.002);
    assert_close(sync->metrics[METRIC_CORES].value, (4.0 / 41 + 4.0 / 45) / 2);
    assert_close(sync->metrics[METRIC_VOLUNTARY].value, 8);
    /* The last is begun when 30 of 40 ms are over; all workers are busy all the time. */
    assert_close(sync->metrics[METRIC_DRAIN].value, 0.25);
    assert_close(threads->metrics[METRIC_OCCUPANCY].value, 1);
    assert_close(sync->metrics[METRIC_T95].value, 0.043);
    /* Two rounds rank nobody. */
    assert_int_equal(stats.ranking.test, RANKING_NONE);
    assert_int_equal(sync->rank_low, 0);
    assert_true(stats.validity.is_valid);
    assert_int_equal(stats.validity.failures, 0);
    cell_stats_release(&stats);
    run_release(&run);
}

static void test_a_missing_round_is_not_paired(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    run.cells[0].trials[0].status = TRIAL_CRASHED;
    struct run_stats stats = compute(&run);
    assert_int_equal(stats.cells[1].rounds, 1);
    assert_close(stats.cells[0].speedup.value, 45.0 / 23);
    assert_close(stats.cells[0].speedup.low, stats.cells[0].speedup.high);
    assert_true(isnan(stats.cells[1].standard_deviation));
    cell_stats_release(&stats);
    run_release(&run);
}

static void test_a_cell_without_a_complete_trial_comes_last(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    for (int i = 0; i < 2; i++)
        run.cells[1].trials[i].status = TRIAL_HUNG;
    fixture_cell(&run, "hybrid", 2); /* never run */
    struct run_stats stats = compute(&run);
    assert_string_equal(stats.cells[0].cell->mode, "sync");
    assert_string_equal(stats.cells[1].cell->mode, "threads");
    assert_string_equal(stats.cells[2].cell->mode, "hybrid");
    assert_false(stats.cells[1].has_times);
    assert_true(isnan(stats.cells[1].metrics[METRIC_TIME].value));
    assert_true(isnan(stats.cells[1].speedup.value));
    assert_close(stats.cells[1].metrics[METRIC_DOWNLOADS].value, 4);
    assert_close(stats.cells[2].metrics[METRIC_DOWNLOADS].value, 0);
    cell_stats_release(&stats);
    run_release(&run);
}

static void test_without_a_reference_there_is_no_ratio(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    snprintf(run.reference, sizeof(run.reference), "processes");
    struct run_stats stats = compute(&run);
    assert_null(stats.reference);
    assert_true(isnan(stats.cells[0].speedup.value));
    cell_stats_release(&stats);
    run_release(&run);
}

static void test_failures_are_counted_by_class(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    for (int round = 0; round < 2; round++) {
        run.cells[0].trials[round].table->samples[1].outcome = OUTCOME_TIMEOUT_WAIT;
        run.cells[0].trials[round].table->samples[2].outcome = OUTCOME_HTTP_5XX;
    }
    /* In one round of two: not none. */
    run.cells[0].trials[0].table->samples[3].outcome = OUTCOME_TIMEOUT_WAIT;
    struct run_stats stats = compute(&run);
    const struct cell_stats *sync = &stats.cells[1];
    assert_int_equal(sync->failure_classes[OUTCOME_TIMEOUT_WAIT], 2);
    assert_int_equal(sync->failure_classes[OUTCOME_HTTP_5XX], 1);
    /* 3 in one round and 2 in the other. */
    assert_int_equal(sync->failures, 3);
    assert_int_equal(stats.cells[0].failures, 0);
    assert_int_equal(stats.validity.failures, 5);
    cell_stats_release(&stats);
    run_release(&run);
}

static void test_what_ctrl_c_cancelled_has_not_failed(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    struct trial *trial = &run.cells[1].trials[1];
    trial->table->samples[3].outcome = OUTCOME_CANCELLED;
    trial->status = TRIAL_INTERRUPTED;
    struct run_stats stats = compute(&run);
    assert_int_equal(stats.validity.failures, 0);
    trial->status = TRIAL_HUNG;
    cell_stats_release(&stats);
    stats = compute(&run);
    assert_int_equal(stats.validity.failures, 1);
    cell_stats_release(&stats);
    run_release(&run);
}

/* Ten rounds of two modes; `slower` by round is added to the second, in microseconds. */
static struct run ten_rounds(const int *slower)
{
    struct run run = fixture_run();
    fixture_cell(&run, "sync", 1);
    fixture_cell(&run, "threads", 2);
    for (int round = 0; round < 10; round++) {
        fixture_trial(&run.cells[0], (10000 + 37 * round % 100) * NANOSECONDS_PER_MICROSECOND);
        fixture_trial(&run.cells[1], (20000 + 53 * round % 100 + slower[round]) * NANOSECONDS_PER_MICROSECOND);
    }
    return run;
}

static void test_intervals_and_ranks_come_with_rounds(void **state)
{
    (void)state;
    static const int slower[10] = {600, 700, 800, 500, 650, 620, 710, 800, 900, 640};
    struct run run = ten_rounds(slower);
    struct run_stats stats = compute(&run);
    /* threads takes 40 ms and more, sync 40 ms: with ten of ten rounds for it, sync is faster. */
    assert_string_equal(stats.cells[0].cell->mode, "sync");
    assert_int_equal(stats.ranking.test, RANKING_SIGNED_RANK);
    assert_int_equal(stats.cells[0].rank_high, 1);
    assert_int_equal(stats.cells[1].rank_low, 2);
    assert_true(stats.cells[1].speedup.high < 1);
    /* n = 10: the second smallest and the second largest round, 97.9 %; pairs: 95.1 %. */
    assert_close(stats.cells[0].metrics[METRIC_TIME].confidence, 1 - 22.0 / 1024);
    assert_true(fabs(stats.cells[1].speedup.confidence - 0.951171875) < 1e-12);
    cell_stats_release(&stats);
    run_release(&run);
}

static void test_no_rank_where_rounds_disagree(void **state)
{
    (void)state;
    static const int slower[10] = {300, -300, 280, -310, 290, -305, 310, -290, 305, -295};
    struct run run = ten_rounds(slower);
    struct run_stats stats = compute(&run);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(stats.cells[i].rank_low, 1);
        assert_int_equal(stats.cells[i].rank_high, 2);
    }
    cell_stats_release(&stats);
    run_release(&run);
}

/* Eight times as slow by three rounds, then gone: it ranks, and its ratio has Student's interval. */
static void test_a_cell_that_left_is_ranked_by_its_rounds(void **state)
{
    (void)state;
    static const int of_sync[3] = {80000, 82000, 84000};
    struct run run = fixture_run();
    fixture_cell(&run, "sync", 1);
    fixture_cell(&run, "threads", 2);
    for (int round = 0; round < 10; round++) {
        if (round < 3)
            fixture_trial(&run.cells[0], of_sync[round] * NANOSECONDS_PER_MICROSECOND);
        fixture_trial(&run.cells[1], 20000 * NANOSECONDS_PER_MICROSECOND);
    }
    struct run_stats stats = compute(&run);
    const struct cell_stats *threads = &stats.cells[0];
    const struct cell_stats *sync = &stats.cells[1];
    assert_string_equal(threads->cell->mode, "threads");
    assert_int_equal(threads->rounds, 10);
    assert_int_equal(sync->rounds, 3);
    assert_true(threads->rank_low == 1 && threads->rank_high == 1 && sync->rank_low == 2 && sync->rank_high == 2);
    double logs[3], low, high;
    assert_int_equal(cell_stats_paired_times(sync, threads, logs), 3);
    stats_t_interval(logs, 3, 0.95, &low, &high);
    assert_close(threads->speedup.low, exp(low));
    assert_close(threads->speedup.high, exp(high));
    assert_close(threads->speedup.confidence, 0.95);
    assert_close(sync->speedup.value, 1);
    cell_stats_release(&stats);
    run_release(&run);
}

static void test_a_dropped_round_counts_for_nobody(void **state)
{
    (void)state;
    static const int slower[10] = {0};
    struct run run = ten_rounds(slower);
    run.cells[0].trials[4].table->samples[2].body_bytes = 7;
    struct run_stats stats = compute(&run);
    assert_int_equal(stats.validity.dropped_count, 1);
    assert_true(stats.validity.is_valid);
    assert_int_equal(stats.cells[0].rounds, 9);
    assert_int_equal(stats.cells[1].rounds, 9);
    cell_stats_release(&stats);
    run.cells[1].trials[7].table->samples[2].body_bytes = 7;
    stats = compute(&run);
    assert_false(stats.validity.is_valid);
    assert_int_equal(stats.cells[0].rank_low, 0);
    cell_stats_release(&stats);
    run_release(&run);
}

static void test_warnings_are_kept_whole_and_in_order(void **state)
{
    (void)state;
    struct run run = {0};
    run_warn(&run, "first %d", 1);
    run_warn(&run, "second %s", "two");
    assert_int_equal(run.warning_count, 2);
    assert_string_equal(run.warnings[0], "first 1");
    assert_string_equal(run.warnings[1], "second two");
    run_release(&run);
    assert_null(run.warnings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_figures_of_two_modes),
        cmocka_unit_test(test_a_missing_round_is_not_paired),
        cmocka_unit_test(test_a_cell_without_a_complete_trial_comes_last),
        cmocka_unit_test(test_without_a_reference_there_is_no_ratio),
        cmocka_unit_test(test_failures_are_counted_by_class),
        cmocka_unit_test(test_what_ctrl_c_cancelled_has_not_failed),
        cmocka_unit_test(test_intervals_and_ranks_come_with_rounds),
        cmocka_unit_test(test_no_rank_where_rounds_disagree),
        cmocka_unit_test(test_a_cell_that_left_is_ranked_by_its_rounds),
        cmocka_unit_test(test_a_dropped_round_counts_for_nobody),
        cmocka_unit_test(test_warnings_are_kept_whole_and_in_order),
    };
    return cmocka_run_group_tests_name("figures", tests, NULL, NULL);
}
