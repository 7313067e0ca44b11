#include "run_fixture.h"

#include <math.h>

#include "conc_bench/analysis/analysis.h"

/* `rounds` rounds of sync, 41 ms and a little more each, and of threads, a little more than half of that. */
static struct run make_rounds(int rounds)
{
    struct run run = fixture_run();
    fixture_cell(&run, "sync", 1);
    fixture_cell(&run, "threads", 2);
    for (int round = 0; round < rounds; round++) {
        fixture_trial(&run.cells[0], 10 * FIXTURE_MS + 10 * round * NANOSECONDS_PER_MICROSECOND);
        fixture_trial(&run.cells[1], 10 * FIXTURE_MS + 7 * (round % 4) * NANOSECONDS_PER_MICROSECOND);
    }
    return run;
}

/* Judges assertions; the caller releases the analysis. */
static struct analysis judge(struct run *run, const char *const *texts, size_t count)
{
    struct assertion assertions[8];
    struct error error = {0};
    struct analysis analysis;
    for (size_t i = 0; i < count; i++)
        assert_int_equal(assertion_parse(texts[i], &assertions[i], &error), 0);
    const struct analysis_request request = {.assertions = assertions, .assertion_count = count};
    analysis = fixture_analyse(run, &request);
    return analysis;
}

static enum assertion_verdict verdict_of(int rounds, const char *text)
{
    struct run run = make_rounds(rounds);
    struct analysis analysis = judge(&run, &text, 1);
    assert_int_equal(analysis.assertion_result_count, 1);
    enum assertion_verdict verdict = analysis.assertion_results[0].verdict;
    analysis_release(&analysis);
    run_release(&run);
    return verdict;
}

static void test_bounds_decide(void **state)
{
    (void)state;
    assert_int_equal(verdict_of(10, "sync.time < 1s"), VERDICT_PASS);
    assert_int_equal(verdict_of(10, "sync.time < 40ms"), VERDICT_FAIL);
    assert_int_equal(verdict_of(10, "sync.time > 40ms"), VERDICT_PASS);
    assert_int_equal(verdict_of(10, "sync.time >= 1s"), VERDICT_FAIL);
    /* Between the second and the last but one of ten: 41.04 and 41.32 ms. */
    assert_int_equal(verdict_of(10, "sync.time < 41.2ms"), VERDICT_INCONCLUSIVE);
    assert_int_equal(verdict_of(10, "threads.time / sync.time < 0.6"), VERDICT_PASS);
    assert_int_equal(verdict_of(10, "threads.time / sync.time < 0.4"), VERDICT_FAIL);
    assert_int_equal(verdict_of(10, "sync.time / threads.time > 150%"), VERDICT_PASS);
    assert_int_equal(verdict_of(10, "sync.throughput > 50/s"), VERDICT_PASS);
}

static void test_few_rounds_judge_nothing(void **state)
{
    (void)state;
    assert_int_equal(verdict_of(1, "sync.time < 1s"), VERDICT_UNMEASURABLE);
    assert_int_equal(verdict_of(4, "sync.time < 1s"), VERDICT_UNMEASURABLE);
    assert_int_equal(verdict_of(5, "sync.time < 1s"), VERDICT_PASS);
    assert_int_equal(verdict_of(4, "threads.time / sync.time < 0.6"), VERDICT_UNMEASURABLE);
    assert_int_equal(verdict_of(5, "threads.time / sync.time < 0.6"), VERDICT_PASS);
}

static void test_counts_are_compared_as_they_are(void **state)
{
    (void)state;
    assert_int_equal(verdict_of(1, "sync.failures == 0"), VERDICT_PASS);
    assert_int_equal(verdict_of(3, "sync.bytes == 4000"), VERDICT_PASS);
    assert_int_equal(verdict_of(3, "threads.connects <= 1"), VERDICT_FAIL);
    struct run run = make_rounds(10);
    run.cells[0].trials[3].table->samples[1].outcome = OUTCOME_TIMEOUT_WAIT;
    const char *text = "sync.failures == 0";
    struct analysis analysis = judge(&run, &text, 1);
    /* One round of ten is enough. */
    assert_int_equal(analysis.assertion_results[0].verdict, VERDICT_FAIL);
    assert_non_null(strstr(analysis.assertion_results[0].sentence, "1 of 10 rounds"));
    analysis_release(&analysis);
    run_release(&run);
}

static void test_equality_is_for_counts(void **state)
{
    (void)state;
    assert_int_equal(verdict_of(1, "sync.failures != 0"), VERDICT_FAIL);
    assert_int_equal(verdict_of(3, "sync.bytes != 4001"), VERDICT_PASS);
    assert_int_equal(verdict_of(3, "sync.bytes == 4001"), VERDICT_FAIL);
}

/* Rounds that only one of two cells completed are no pairs. */
static void test_ratios_are_of_rounds_that_both_completed(void **state)
{
    (void)state;
    struct run run = make_rounds(10);
    run.cells[0].trials[2].status = TRIAL_CRASHED;
    run.cells[1].trials[5].status = TRIAL_CRASHED;
    const char *text = "threads.time / sync.time < 0.6";
    struct analysis analysis = judge(&run, &text, 1);
    assert_int_equal(analysis.assertion_results[0].verdict, VERDICT_PASS);
    assert_non_null(strstr(analysis.assertion_results[0].sentence, "by 8 rounds"));
    analysis_release(&analysis);
    run_release(&run);
}

static void test_values_are_told_in_their_unit(void **state)
{
    (void)state;
    static const struct {
        const char *assertion, *value;
    } cases[] = {
        {"sync.memory < 1MiB", "2.00 MiB, by 10 rounds"},
        {"sync.time < 1ms", "0.04118 s, by 10 rounds"},
        {"sync.throughput > 1000/s", "97.13/s, by 10 rounds"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct run run = make_rounds(10);
        struct analysis analysis = judge(&run, &cases[i].assertion, 1);
        assert_int_equal(analysis.assertion_results[0].verdict, VERDICT_FAIL);
        if (strstr(analysis.assertion_results[0].sentence, cases[i].value) == NULL)
            fail_msg("%s: %s", cases[i].assertion, analysis.assertion_results[0].sentence);
        analysis_release(&analysis);
        run_release(&run);
    }
}

static void test_what_is_close_is_told_how_many_rounds_it_takes(void **state)
{
    (void)state;
    struct run run = make_rounds(10);
    const char *text = "sync.time < 41.28ms";
    struct analysis analysis = judge(&run, &text, 1);
    assert_int_equal(analysis.assertion_results[0].verdict, VERDICT_INCONCLUSIVE);
    assert_non_null(
        strstr(analysis.assertion_results[0].sentence, "% would have shown, and this one would take about "));
    analysis_release(&analysis);
    run_release(&run);
}

static void test_a_star_is_about_every_cell(void **state)
{
    (void)state;
    struct run run = make_rounds(10);
    const char *text = "*.time < 30ms";
    struct analysis analysis = judge(&run, &text, 1);
    assert_int_equal(analysis.assertion_result_count, 2);
    assert_string_equal(analysis.assertion_results[0].assertion, "*.time < 30ms [threads/2]");
    assert_int_equal(analysis.assertion_results[0].verdict, VERDICT_PASS);
    assert_int_equal(analysis.assertion_results[1].verdict, VERDICT_FAIL);
    assert_int_equal(assertion_results_status(analysis.assertion_results, 2, false), 1);
    analysis_release(&analysis);
    run_release(&run);
}

static void test_what_was_not_measured_is_unmeasurable(void **state)
{
    (void)state;
    struct run run = make_rounds(10);
    const char *text = "hybrid.time < 1s";
    struct analysis analysis = judge(&run, &text, 1);
    assert_int_equal(analysis.assertion_result_count, 1);
    assert_int_equal(analysis.assertion_results[0].verdict, VERDICT_UNMEASURABLE);
    assert_string_equal(analysis.assertion_results[0].assertion, "hybrid.time < 1s");
    assert_int_equal(assertion_results_status(analysis.assertion_results, 1, false), 4);
    analysis_release(&analysis);
    run_release(&run);
}

/* An assertion about it is not met, and not broken either. */
static void test_what_the_system_does_not_tell_is_unmeasurable(void **state)
{
    (void)state;
    static const char *const texts[] = {"sync.memory < 1GiB", "sync.memory > 1B", "threads.memory / sync.memory < 2"};
    struct run run = make_rounds(10);
    struct analysis analysis = judge(&run, texts, 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(analysis.assertion_results[i].verdict, VERDICT_PASS);
    analysis_release(&analysis);
    for (size_t i = 0; i < run.cells[0].trial_count; i++)
        run.cells[0].trials[i].resources.peak_memory_bytes = 0;
    analysis = judge(&run, texts, 3);
    assert_int_equal(analysis.assertion_result_count, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(analysis.assertion_results[i].verdict, VERDICT_UNMEASURABLE);
        assert_string_equal(analysis.assertion_results[i].sentence,
                            "it is not known in any round: the system did not tell it");
    }
    assert_int_equal(assertion_results_status(analysis.assertion_results, 3, false), 4);
    analysis_release(&analysis);
    run_release(&run);
}

/* With five rounds a failure can reach p = 1/32, which is none among two: Holm asks for 1/40. */
static void test_several_claims_share_their_false_alarms(void **state)
{
    (void)state;
    assert_int_equal(verdict_of(5, "sync.time < 40ms"), VERDICT_FAIL);
    struct run run = make_rounds(5);
    static const char *const texts[] = {"sync.time < 40ms", "sync.time < 1s"};
    struct analysis analysis = judge(&run, texts, 2);
    assert_int_equal(analysis.assertion_results[0].verdict, VERDICT_INCONCLUSIVE);
    assert_non_null(strstr(analysis.assertion_results[0].sentence, "among 2 assertions"));
    assert_int_equal(analysis.assertion_results[1].verdict, VERDICT_PASS);
    assert_int_equal(assertion_results_status(analysis.assertion_results, 2, false), 0);
    assert_int_equal(assertion_results_status(analysis.assertion_results, 2, true), 4);
    analysis_release(&analysis);
    run_release(&run);
}

/* Swept cells stand in only where no cell of the mode was measured again. */
static void test_main_cells_before_swept_ones(void **state)
{
    (void)state;
    struct run run = make_rounds(10);
    struct run_cell *swept = fixture_cell(&run, "threads", 4);
    swept->stage = STAGE_SWEEP;
    for (int round = 0; round < 10; round++)
        fixture_trial(swept, 100 * FIXTURE_MS);
    static const char *const texts[] = {"threads.time < 30ms", "threads@4.time < 30ms"};
    struct analysis analysis = judge(&run, texts, 2);
    assert_int_equal(analysis.assertion_result_count, 2);
    assert_int_equal(analysis.assertion_results[0].verdict, VERDICT_PASS);
    assert_int_equal(analysis.assertion_results[1].verdict, VERDICT_FAIL);
    analysis_release(&analysis);
    run_release(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounds_decide),
        cmocka_unit_test(test_few_rounds_judge_nothing),
        cmocka_unit_test(test_counts_are_compared_as_they_are),
        cmocka_unit_test(test_equality_is_for_counts),
        cmocka_unit_test(test_ratios_are_of_rounds_that_both_completed),
        cmocka_unit_test(test_values_are_told_in_their_unit),
        cmocka_unit_test(test_what_is_close_is_told_how_many_rounds_it_takes),
        cmocka_unit_test(test_a_star_is_about_every_cell),
        cmocka_unit_test(test_what_was_not_measured_is_unmeasurable),
        cmocka_unit_test(test_what_the_system_does_not_tell_is_unmeasurable),
        cmocka_unit_test(test_several_claims_share_their_false_alarms),
        cmocka_unit_test(test_main_cells_before_swept_ones),
    };
    return cmocka_run_group_tests_name("judgement", tests, NULL, NULL);
}
