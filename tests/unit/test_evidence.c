#include "run_fixture.h"

#include <math.h>

#include "conc_bench/analysis/analysis.h"
#include "conc_bench/analysis/latency_percentiles.h"
#include "conc_bench/analysis/trial_summary.h"

static void test_a_digest_counts_what_the_samples_say(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    struct trial *trial = &run.cells[1].trials[0];
    struct trial_summary summary;
    struct error error = {0};
    trial->table->samples[1].outcome = OUTCOME_HTTP_5XX;
    trial->table->samples[1].status = 503;
    trial->table->samples[2].status = 429;
    trial->table->samples[2].outcome = OUTCOME_HTTP_4XX;
    trial->table->samples[2].tls_us = 5;
    trial->table->samples[2].connects = 3;
    trial->table->samples[3].state = SAMPLE_CLAIMED;
    assert_int_equal(trial_summary_make(trial, &summary, &error), 0);
    assert_true(summary.is_known);
    assert_int_equal(summary.settled, 3);
    assert_int_equal(summary.outcomes[OUTCOME_OK], 1);
    assert_int_equal(summary.outcomes[OUTCOME_HTTP_5XX], 1);
    assert_int_equal(summary.outcomes[OUTCOME_HTTP_4XX], 1);
    assert_int_equal(summary.outcomes[OUTCOME_LOST], 1);
    assert_int_equal(summary.answered, 3);
    assert_int_equal(summary.refused, 2);
    assert_int_equal(summary.body_bytes, 3000);
    assert_int_equal(summary.connects, 5);
    assert_int_equal(summary.handshakes, 3);
    assert_int_equal(summary.peak_in_flight, 2);
    assert_int_equal(summary.p50, 10 * FIXTURE_MS);
    assert_int_equal(summary.longest, 10 * FIXTURE_MS);
    assert_int_equal(summary.phases[PHASE_TLS], 5 * NANOSECONDS_PER_MICROSECOND);
    assert_int_equal(summary.phases[PHASE_TLS] + summary.phases[PHASE_WAIT] + summary.phases[PHASE_RECEIVE],
                     30 * FIXTURE_MS);
    assert_int_equal(summary.phases[PHASE_WORK], 0);
    assert_int_equal(summary.settled_p95, 20 * FIXTURE_MS);
    assert_int_equal(summary.last_start, 10 * FIXTURE_MS);
    run_release(&run);
}

static void test_a_digest_counts_what_was_spoken_over_http2(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    struct trial *trial = &run.cells[1].trials[0];
    struct trial_summary summary;
    struct error error = {0};
    assert_int_equal(trial_summary_make(trial, &summary, &error), 0);
    assert_int_equal(summary.http2, 0);
    assert_int_equal(summary.http2_connects, 0);
    fixture_http2(trial, 2, 2);
    assert_int_equal(trial_summary_make(trial, &summary, &error), 0);
    assert_int_equal(summary.http2, 4);
    assert_int_equal(summary.http2_connects, 2);
    /* A connection whose download was not answered carries others: if it came as far as a handshake. */
    trial->table->samples[0].http_version = 0;
    trial->table->samples[1].http_version = 11;
    assert_int_equal(trial_summary_make(trial, &summary, &error), 0);
    assert_int_equal(summary.http2, 2);
    assert_int_equal(summary.http2_connects, 0);
    trial->table->samples[0].tls_us = 7;
    assert_int_equal(trial_summary_make(trial, &summary, &error), 0);
    assert_int_equal(summary.http2_connects, 1);
    run_release(&run);
}

static void test_a_digest_that_is_there_is_taken(void **state)
{
    (void)state;
    const struct trial trial = {.summary = {.is_known = true, .settled = 7}};
    struct trial_summary summary;
    struct error error = {0};
    assert_int_equal(trial_summary_make(&trial, &summary, &error), 0);
    assert_int_equal(summary.settled, 7);
    assert_int_equal(trial_summary_make(&(struct trial){0}, &summary, &error), 0);
    assert_false(summary.is_known);
}

static void test_service_points_are_exact_ranks(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    struct error error = {0};
    /* 8 samples in 2 rounds: 4 of 10 ms and 4 of 11 ms. */
    assert_int_equal(evidence_settle(&run, SAMPLES_ALL, &error), 0);
    const struct latency_percentiles *times = &run.cells[0].service;
    assert_int_equal(times->count, 8);
    assert_int_equal(times->sum, 84 * FIXTURE_MS);
    assert_int_equal(times->points[latency_point_find(50)], 10 * FIXTURE_MS);
    assert_int_equal(times->points[latency_point_find(51)], 11 * FIXTURE_MS);
    assert_int_equal(times->points[latency_point_find(100)], 11 * FIXTURE_MS);
    assert_true(isnan(latency_percentile(times, 50))); /* 10 carry a median */
    assert_true(fabs(latency_percentile(times, 100) - 0.011) < 1e-12);
    assert_true(isnan(latency_percentile(times, 33.3)));
    assert_int_equal(times->slowest_url, 0);
    fixture_unsettle(&run);
    run_release(&run);
}

static void test_service_points_have_their_per_cents(void **state)
{
    (void)state;
    assert_true(latency_point_percent(0) == 1);
    assert_true(latency_point_percent(98) == 99);
    assert_true(latency_point_percent(99) == 99.5);
    assert_true(latency_point_percent(LATENCY_POINTS - 1) == 100);
    for (size_t i = 0; i < LATENCY_POINTS; i++) {
        assert_int_equal(latency_point_find(latency_point_percent(i)), i);
        assert_true(i == 0 || latency_point_percent(i) > latency_point_percent(i - 1));
    }
    assert_int_equal(latency_point_find(0), LATENCY_POINTS);
}

static size_t count_tables(const struct run *run)
{
    size_t count = 0;
    for (size_t i = 0; i < run->cell_count; i++) {
        for (size_t j = 0; j < run->cells[i].trial_count; j++)
            count += run->cells[i].trials[j].table != NULL;
    }
    return count;
}

static void test_samples_are_kept_up_to_a_limit(void **state)
{
    (void)state;
    static const struct {
        enum sample_policy policy;
        uint32_t downloads;
        size_t kept;
    } cases[] = {
        {SAMPLES_ALL, SAMPLES_AUTO_MAX, 5},
        {SAMPLES_NONE, 4, 0},
        {SAMPLES_AUTO, SAMPLES_AUTO_MAX / 2, 5},
        {SAMPLES_AUTO, SAMPLES_AUTO_MAX / 2 + 1, 1}, /* the third cell has one round only */
        {SAMPLES_AUTO, SAMPLES_AUTO_MAX, 1},
        {SAMPLES_AUTO, SAMPLES_AUTO_MAX + 1, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct run run = fixture_two_modes();
        struct error error = {0};
        fixture_trial(fixture_cell(&run, "hybrid", 2), 10 * FIXTURE_MS);
        run.downloads = cases[i].downloads;
        assert_int_equal(evidence_settle(&run, cases[i].policy, &error), 0);
        assert_int_equal(count_tables(&run), cases[i].kept);
        fixture_unsettle(&run);
        run_release(&run);
    }
}

static void assert_same_figures(const struct run_stats *one, const struct run_stats *other)
{
    assert_int_equal(one->cell_count, other->cell_count);
    for (size_t i = 0; i < one->cell_count; i++) {
        const struct cell_stats *left = &one->cells[i];
        const struct cell_stats *right = &other->cells[i];
        assert_string_equal(left->cell->mode, right->cell->mode);
        assert_memory_equal(left->measures, right->measures, sizeof(left->measures));
        assert_memory_equal(left->failure_classes, right->failure_classes, sizeof(left->failure_classes));
        assert_memory_equal(&left->speedup, &right->speedup, sizeof(left->speedup));
        assert_int_equal(left->service_count, right->service_count);
        assert_memory_equal(&left->service_max, &right->service_max, sizeof(left->service_max));
        assert_int_equal(left->slowest_url, right->slowest_url);
    }
}

/* What the samples are for is drawn from them before they go. */
static void test_figures_are_the_same_without_samples(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    struct error error = {0};
    struct analysis before;
    struct analysis after;
    const struct analysis_request request = {0};
    run.cells[1].trials[1].table->samples[2].outcome = OUTCOME_TIMEOUT_WAIT;
    run.cells[1].trials[1].table->samples[3].end += FIXTURE_MS;
    assert_int_equal(analysis_make(&run, &request, &before, &error), 0);
    assert_int_equal(evidence_settle(&run, SAMPLES_NONE, &error), 0);
    assert_int_equal(count_tables(&run), 0);
    assert_int_equal(analysis_make(&run, &request, &after, &error), 0);
    assert_same_figures(&before.stats, &after.stats);
    assert_int_equal(before.stats.validity.failures, after.stats.validity.failures);
    assert_int_equal(before.sentence_count, after.sentence_count);
    assert_memory_equal(before.sentences, after.sentences, sizeof(before.sentences));
    assert_int_equal(before.diagnosis.count, after.diagnosis.count);
    analysis_release(&before);
    analysis_release(&after);
    fixture_unsettle(&run);
    run_release(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_digest_counts_what_the_samples_say),
        cmocka_unit_test(test_a_digest_counts_what_was_spoken_over_http2),
        cmocka_unit_test(test_a_digest_that_is_there_is_taken),
        cmocka_unit_test(test_service_points_are_exact_ranks),
        cmocka_unit_test(test_service_points_have_their_per_cents),
        cmocka_unit_test(test_samples_are_kept_up_to_a_limit),
        cmocka_unit_test(test_figures_are_the_same_without_samples),
    };
    return cmocka_run_group_tests_name("evidence", tests, NULL, NULL);
}
