#include "result_fixture.h"

#include <math.h>

#include "conc_bench/equal_work.h"
#include "conc_bench/figures.h"

static void assert_close(double value, double expected)
{
    if (!(fabs(value - expected) <= 1e-9))
        fail_msg("%.12g is not %.12g", value, expected);
}

static struct figures compute(const struct result *result)
{
    struct figures figures;
    struct error error = {0};
    assert_int_equal(figures_compute(result, &figures, &error), 0);
    return figures;
}

static void test_figures_of_two_modes(void **state)
{
    (void)state;
    struct result result = fixture_two_modes();
    struct figures figures = compute(&result);
    assert_int_equal(figures.cell_count, 2);
    const struct cell_figures *threads = &figures.cells[0];
    const struct cell_figures *sync = &figures.cells[1];
    assert_string_equal(threads->cell->mode, "threads");
    assert_ptr_equal(figures.reference, sync);
    assert_int_equal(sync->rounds, 2);
    assert_close(sync->times[0], 0.041);
    assert_close(sync->median, 0.043);
    assert_close(sync->minimum, 0.041);
    assert_close(sync->maximum, 0.045);
    assert_close(sync->mean, 0.043);
    assert_close(sync->standard_deviation, 0.004 / sqrt(2));
    assert_close(threads->median, 0.022);
    /* Paired by round: 41 / 21 and 45 / 23. */
    assert_close(threads->speedup, (41.0 / 21 + 45.0 / 23) / 2);
    assert_close(threads->speedup_low, 41.0 / 21);
    assert_close(threads->speedup_high, 45.0 / 23);
    assert_close(sync->speedup, 1);
    assert_int_equal(threads->downloads, 4);
    assert_int_equal(threads->failures, 0);
    assert_int_equal(threads->body_bytes, 4000);
    assert_int_equal(threads->connects, 2);
    assert_int_equal(sync->connects, 1);
    /* One ends at the very instant the next begins: that is one at a time. */
    assert_int_equal(sync->peak_in_flight, 1);
    assert_int_equal(threads->peak_in_flight, 2);
    assert_close(sync->service_p50, 0.010);
    assert_close(sync->service_max, 0.011);
    assert_close(sync->cpu_user, 0.002);
    assert_close(sync->cores_used, (4.0 / 41 + 4.0 / 45) / 2);
    assert_close(sync->voluntary_switches, 8);
    assert_true(figures.is_work_equal);
    assert_int_equal(figures.failures, 0);
    figures_release(&figures);
    result_release(&result);
}

static void test_a_missing_round_is_not_paired(void **state)
{
    (void)state;
    struct result result = fixture_two_modes();
    result.cells[0].trials[0].status = TRIAL_CRASHED;
    struct figures figures = compute(&result);
    assert_int_equal(figures.cells[1].rounds, 1);
    assert_close(figures.cells[0].speedup, 45.0 / 23);
    assert_close(figures.cells[0].speedup_low, figures.cells[0].speedup_high);
    assert_true(isnan(figures.cells[1].standard_deviation));
    figures_release(&figures);
    result_release(&result);
}

static void test_a_cell_without_a_complete_trial_comes_last(void **state)
{
    (void)state;
    struct result result = fixture_two_modes();
    for (int i = 0; i < 2; i++)
        result.cells[1].trials[i].status = TRIAL_HUNG;
    fixture_cell(&result, "hybrid", 2); /* never run */
    struct figures figures = compute(&result);
    assert_string_equal(figures.cells[0].cell->mode, "sync");
    assert_string_equal(figures.cells[1].cell->mode, "threads");
    assert_string_equal(figures.cells[2].cell->mode, "hybrid");
    assert_false(figures.cells[1].has_times);
    assert_true(isnan(figures.cells[1].median));
    assert_true(isnan(figures.cells[1].speedup));
    assert_int_equal(figures.cells[1].downloads, 4);
    assert_int_equal(figures.cells[2].downloads, 0);
    figures_release(&figures);
    result_release(&result);
}

static void test_without_a_reference_there_is_no_ratio(void **state)
{
    (void)state;
    struct result result = fixture_two_modes();
    snprintf(result.reference, sizeof(result.reference), "processes");
    struct figures figures = compute(&result);
    assert_null(figures.reference);
    assert_true(isnan(figures.cells[0].speedup));
    figures_release(&figures);
    result_release(&result);
}

static void test_failures_are_counted_by_class(void **state)
{
    (void)state;
    struct result result = fixture_two_modes();
    for (int round = 0; round < 2; round++) {
        result.cells[0].trials[round].table->samples[1].outcome = OUTCOME_TIMEOUT;
        result.cells[0].trials[round].table->samples[2].outcome = OUTCOME_HTTP_5XX;
    }
    /* In one round of two: not none. */
    result.cells[0].trials[0].table->samples[3].outcome = OUTCOME_TIMEOUT;
    struct figures figures = compute(&result);
    const struct cell_figures *sync = &figures.cells[1];
    assert_int_equal(sync->failure_classes[OUTCOME_TIMEOUT], 2);
    assert_int_equal(sync->failure_classes[OUTCOME_HTTP_5XX], 1);
    assert_int_equal(sync->failures, 3);
    assert_int_equal(figures.cells[0].failures, 0);
    assert_int_equal(figures.failures, 5);
    figures_release(&figures);
    result_release(&result);
}

static void test_what_ctrl_c_cancelled_has_not_failed(void **state)
{
    (void)state;
    struct result result = fixture_two_modes();
    struct trial *trial = &result.cells[1].trials[1];
    trial->table->samples[3].outcome = OUTCOME_CANCELLED;
    trial->status = TRIAL_INTERRUPTED;
    struct figures figures = compute(&result);
    assert_int_equal(figures.failures, 0);
    trial->status = TRIAL_HUNG;
    figures_release(&figures);
    figures = compute(&result);
    assert_int_equal(figures.failures, 1);
    figures_release(&figures);
    result_release(&result);
}

static void assert_unequal(const struct result *result, const char *part)
{
    char difference[512] = "";
    assert_false(equal_work_check(result, difference, sizeof(difference)));
    if (strstr(difference, part) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", difference, part);
}

static void test_unequal_work_is_found(void **state)
{
    (void)state;
    struct result result = fixture_two_modes();
    char difference[512];
    for (size_t i = 0; i < 2; i++) {
        fixture_witness(&result.cells[i].trials[0]);
        fixture_witness(&result.cells[i].trials[1]);
    }
    assert_true(equal_work_check(&result, difference, sizeof(difference)));

    struct trial *trial = &result.cells[1].trials[1];
    struct sample *sample = &trial->table->samples[3];
    sample->body_bytes = 999;
    assert_unequal(&result, "http://b.test/page gave sync/1 in round 1 status 200 and 1000 bytes, and threads/2 in "
                            "round 2 status 200 and 999");
    /* A failure is told as a failure. */
    sample->outcome = OUTCOME_TIMEOUT;
    assert_true(equal_work_check(&result, difference, sizeof(difference)));
    sample->outcome = OUTCOME_OK;
    sample->body_bytes = 1000;
    sample->status = 201;
    assert_unequal(&result, "status 201");
    sample->status = 200;

    trial->table->settled_twice = 1;
    assert_unequal(&result, "threads/2 in round 2 settled 1 downloads more than once");
    trial->table->settled_twice = 0;
    sample->state = SAMPLE_CLAIMED;
    assert_unequal(&result, "3 of 4");
    sample->state = SAMPLE_SETTLED;

    trial->witness.requests = 5;
    assert_unequal(&result, "the origin saw 5 requests");
    /* Redirects add requests: then nothing follows from their number. */
    sample->redirects = 1;
    assert_true(equal_work_check(&result, difference, sizeof(difference)));
    sample->redirects = 0;
    trial->witness.requests = 4;
    trial->witness.url_requests[0] = 3;
    assert_unequal(&result, "not asked for the same URLs by sync/1 in round 1 and threads/2 in round 2");
    trial->witness.url_requests[0] = 2;
    trial->witness.urls[1][0] = 'c';
    assert_unequal(&result, "not asked for the same URLs");
    trial->witness.urls[1][0] = 'b';
    assert_true(equal_work_check(&result, difference, sizeof(difference)));
    result_release(&result);
}

static void test_warnings_are_kept_whole_and_in_order(void **state)
{
    (void)state;
    struct result result = {0};
    result_warn(&result, "first %d", 1);
    result_warn(&result, "second %s", "two");
    assert_int_equal(result.warning_count, 2);
    assert_string_equal(result.warnings[0], "first 1");
    assert_string_equal(result.warnings[1], "second two");
    result_release(&result);
    assert_null(result.warnings);
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
        cmocka_unit_test(test_unequal_work_is_found),
        cmocka_unit_test(test_warnings_are_kept_whole_and_in_order),
    };
    return cmocka_run_group_tests_name("figures", tests, NULL, NULL);
}
