#include "run_fixture.h"

static void test_a_summary_counts_what_the_samples_say(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    struct trial *trial = &run.cells[1].trials[0];
    trial->table->samples[1].outcome = OUTCOME_HTTP_5XX;
    trial->table->samples[1].status = 503;
    trial->table->samples[2].status = 429;
    trial->table->samples[2].outcome = OUTCOME_HTTP_4XX;
    trial->table->samples[2].tls_us = 5;
    trial->table->samples[2].connects = 3;
    trial->table->samples[3].state = SAMPLE_CLAIMED;
    fixture_end(&run);
    assert_int_equal(trial->summary.settled, 3);
    assert_int_equal(trial->summary.outcomes[OUTCOME_OK], 1);
    assert_int_equal(trial->summary.outcomes[OUTCOME_HTTP_5XX], 1);
    assert_int_equal(trial->summary.outcomes[OUTCOME_HTTP_4XX], 1);
    assert_int_equal(trial->summary.outcomes[OUTCOME_LOST], 1);
    assert_int_equal(trial->summary.answered, 3);
    assert_int_equal(trial->summary.refused, 2);
    assert_int_equal(trial->summary.body_bytes, 3000);
    assert_int_equal(trial->summary.connects, 5);
    assert_int_equal(trial->summary.handshakes, 3);
    assert_int_equal(trial->summary.peak_in_flight, 2);
    assert_int_equal(trial->summary.p50, 10 * FIXTURE_MS);
    assert_int_equal(trial->summary.longest, 10 * FIXTURE_MS);
    assert_int_equal(trial->summary.phases[PHASE_TLS], 5 * NANOSECONDS_PER_MICROSECOND);
    assert_int_equal(trial->summary.phases[PHASE_TLS] + trial->summary.phases[PHASE_WAIT] +
                         trial->summary.phases[PHASE_RECEIVE],
                     30 * FIXTURE_MS);
    assert_int_equal(trial->summary.phases[PHASE_WORK], 0);
    assert_int_equal(trial->summary.settled_p95, 20 * FIXTURE_MS);
    assert_int_equal(trial->summary.last_start, 10 * FIXTURE_MS);
    run_release(&run);
}

static void test_a_summary_counts_what_was_spoken_over_http2(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    struct trial *trial = &run.cells[1].trials[0];
    fixture_end(&run);
    assert_int_equal(trial->summary.http2, 0);
    assert_int_equal(trial->summary.http2_connects, 0);
    fixture_http2(trial, 2, 2);
    fixture_end(&run);
    assert_int_equal(trial->summary.http2, 4);
    assert_int_equal(trial->summary.http2_connects, 2);
    /* A connection whose download was not answered carries others: if it came as far as a handshake. */
    trial->table->samples[0].http_version = 0;
    trial->table->samples[1].http_version = 11;
    fixture_end(&run);
    assert_int_equal(trial->summary.http2, 2);
    assert_int_equal(trial->summary.http2_connects, 0);
    trial->table->samples[0].tls_us = 7;
    fixture_end(&run);
    assert_int_equal(trial->summary.http2_connects, 1);
    run_release(&run);
}

static struct run one_trial(struct trial **trial)
{
    struct run run = fixture_run();
    *trial = fixture_trial(fixture_cell(&run, "threads", 2), 10 * FIXTURE_MS);
    return run;
}

static void test_equal_answers_of_a_url_are_one(void **state)
{
    (void)state;
    struct trial *trial;
    struct run run = one_trial(&trial);
    trial->table->samples[2].end += 3 * FIXTURE_MS;
    trial->table->samples[3].body_bytes = 7; /* of the second URL, as the second sample */
    fixture_end(&run);
    const struct trial_latencies *latencies = trial->summary.latencies;
    assert_int_equal(latencies->unit_count, FIXTURE_UNITS);
    assert_int_equal(latencies->service_count, FIXTURE_UNITS);
    assert_int_equal(latencies->service_sum, 43 * FIXTURE_MS);
    assert_int_equal(latencies->slowest_url, 0);
    assert_true(latencies->services[0] == 10 * FIXTURE_MS && latencies->services[3] == 13 * FIXTURE_MS);
    static const struct answer expected[] = {{.url = 0, .body_bytes = 1000, .count = 2},
                                             {.url = 1, .body_bytes = 1000, .count = 1},
                                             {.url = 1, .body_bytes = 7, .count = 1}};
    assert_int_equal(latencies->answer_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(latencies->answers[i].url, expected[i].url);
        assert_int_equal(latencies->answers[i].body_bytes, expected[i].body_bytes);
        assert_int_equal(latencies->answers[i].count, expected[i].count);
        assert_int_equal(latencies->answers[i].status, 200);
        assert_int_equal(latencies->answers[i].http_version, 11);
        assert_int_equal(latencies->answers[i].outcome, OUTCOME_OK);
    }
    run_release(&run);
}

/* By class, and TLS by its code; whatever else came of it. */
static void test_failures_are_told_by_what_reports_tell_apart(void **state)
{
    (void)state;
    struct trial *trial;
    struct run run = one_trial(&trial);
    struct sample *samples = trial->table->samples;
    samples[0].outcome = samples[2].outcome = OUTCOME_PARTIAL;
    samples[0].body_bytes = 5;
    samples[0].transfer_code = 18;
    samples[1].outcome = OUTCOME_TLS;
    samples[1].transfer_code = 35;
    samples[3].outcome = OUTCOME_TLS;
    samples[3].transfer_code = 60;
    fixture_end(&run);
    const struct trial_latencies *latencies = trial->summary.latencies;
    assert_int_equal(latencies->answer_count, 3);
    assert_int_equal(latencies->answers[0].outcome, OUTCOME_PARTIAL);
    assert_int_equal(latencies->answers[0].count, 2);
    assert_int_equal(latencies->answers[0].cause, 0);
    assert_int_equal(latencies->answers[1].cause, 35);
    assert_int_equal(latencies->answers[2].cause, 60);
    run_release(&run);
}

static void test_what_was_lost_has_no_service_time(void **state)
{
    (void)state;
    struct trial *trial;
    struct run run = one_trial(&trial);
    trial->table->samples[2].state = SAMPLE_CLAIMED;
    trial->table->samples[3].state = SAMPLE_FREE;
    fixture_end(&run);
    const struct trial_latencies *latencies = trial->summary.latencies;
    assert_int_equal(latencies->unit_count, FIXTURE_UNITS);
    assert_int_equal(latencies->service_count, 2);
    assert_int_equal(latencies->answer_count, 3);
    assert_int_equal(latencies->answers[2].outcome, OUTCOME_LOST);
    run_release(&run);
}

/* No more is mapped than there is to keep, and sample_memory() foresees it. */
static void test_latencies_take_no_more_than_they_have(void **state)
{
    (void)state;
    enum { UNITS = 100000, PAGE = 65536 /* the largest there is */ };
    static uint32_t unit_urls[UNITS];
    struct error error = {0};
    struct run run = {.distinct_urls = 1, .unit_urls = unit_urls};
    struct trial trial = {.table = sample_table_create(UNITS, &error)};
    assert_non_null(trial.table);
    uint32_t unit;
    for (int i = 0; i < UNITS; i++) {
        struct sample *sample = sample_claim(trial.table, 0, &unit);
        sample->outcome = OUTCOME_OK;
        sample_settle(trial.table, sample);
    }
    assert_int_equal(trial_summary_make(&run, NULL, &trial, &error), 0);
    assert_int_equal(trial.summary.latencies->answer_count, 1);
    assert_true(trial.summary.latencies->bytes <= UNITS * sizeof(double) + PAGE);
    assert_true(trial_latencies_bytes(UNITS) >= UNITS * (sizeof(double) + sizeof(struct answer)));
    trial_release(&trial);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_summary_counts_what_the_samples_say),
        cmocka_unit_test(test_a_summary_counts_what_was_spoken_over_http2),
        cmocka_unit_test(test_equal_answers_of_a_url_are_one),
        cmocka_unit_test(test_failures_are_told_by_what_reports_tell_apart),
        cmocka_unit_test(test_what_was_lost_has_no_service_time),
        cmocka_unit_test(test_latencies_take_no_more_than_they_have),
    };
    return cmocka_run_group_tests_name("trial_summary", tests, NULL, NULL);
}
