#include "run_fixture.h"

#include "conc_bench/analysis/latency_percentiles.h"
#include "conc_bench/analysis/stats.h"
#include "conc_bench/analysis/trial_latencies.h"
#include "conc_bench/analysis/trial_summary.h"
#include "conc_bench/analysis/validity.h"

static struct run one_trial(struct trial **trial)
{
    struct run run = fixture_run();
    *trial = fixture_trial(fixture_cell(&run, "threads", 2), 10 * FIXTURE_MS);
    return run;
}

static void test_equal_answers_of_a_url_are_one(void **state)
{
    (void)state;
    struct error error = {0};
    struct trial *trial;
    struct run run = one_trial(&trial);
    trial->table->samples[2].end += 3 * FIXTURE_MS;
    trial->table->samples[3].body_bytes = 7; /* of the second URL, as the second sample */
    struct trial_latencies *latencies = trial_latencies_make(&run, trial, &error);
    assert_non_null(latencies);
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
    trial_latencies_release(latencies);
    run_release(&run);
}

/* By class, and TLS by its code; whatever else came of it. */
static void test_failures_are_told_by_what_reports_tell_apart(void **state)
{
    (void)state;
    struct error error = {0};
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
    struct trial_latencies *latencies = trial_latencies_make(&run, trial, &error);
    assert_non_null(latencies);
    assert_int_equal(latencies->answer_count, 3);
    assert_int_equal(latencies->answers[0].outcome, OUTCOME_PARTIAL);
    assert_int_equal(latencies->answers[0].count, 2);
    assert_int_equal(latencies->answers[0].transfer_code, 0);
    assert_int_equal(latencies->answers[1].transfer_code, 35);
    assert_int_equal(latencies->answers[2].transfer_code, 60);
    trial_latencies_release(latencies);
    run_release(&run);
}

static void test_what_was_lost_has_no_service_time(void **state)
{
    (void)state;
    struct error error = {0};
    struct trial *trial;
    struct run run = one_trial(&trial);
    trial->table->samples[2].state = SAMPLE_CLAIMED;
    trial->table->samples[3].state = SAMPLE_FREE;
    struct trial_latencies *latencies = trial_latencies_make(&run, trial, &error);
    assert_non_null(latencies);
    assert_int_equal(latencies->unit_count, FIXTURE_UNITS);
    assert_int_equal(latencies->service_count, 2);
    assert_int_equal(latencies->answer_count, 3);
    assert_int_equal(latencies->answers[2].outcome, OUTCOME_LOST);
    trial_latencies_release(latencies);
    run_release(&run);
}

/* Three rounds of two cells, in which something of everything has gone wrong. */
static struct run troubled(void)
{
    struct run run = fixture_run();
    fixture_cell(&run, "sync", 1);
    fixture_cell(&run, "threads", 2);
    for (size_t i = 0; i < 2; i++) {
        struct run_cell *cell = &run.cells[i];
        for (uint32_t round = 0; round < 3; round++) {
            struct trial *trial = fixture_trial(cell, (nanoseconds)(8 + i + round) * FIXTURE_MS);
            trial->round = round;
        }
        fixture_trial(cell, 10 * FIXTURE_MS);
        cell->warmups = calloc(1, sizeof(cell->warmups[0]));
        cell->warmups[cell->warmup_count++] = cell->trials[--cell->trial_count];
    }
    run.cells[0].trials[1].table->samples[1].outcome = OUTCOME_HTTP_5XX;
    run.cells[0].trials[1].table->samples[3].outcome = OUTCOME_RESET;
    run.cells[1].trials[0].table->samples[1].outcome = OUTCOME_TLS;
    run.cells[1].trials[0].table->samples[1].transfer_code = 35;
    run.cells[1].trials[2].table->samples[2].body_bytes = 7;
    return run;
}

static void let_go(struct run *run, struct trial *trial)
{
    struct error error = {0};
    struct trial_summary summary;
    trial->latencies = trial_latencies_make(run, trial, &error);
    assert_non_null(trial->latencies);
    assert_int_equal(trial_summary_make(trial, &summary, &error), 0);
    trial->summary = summary;
    sample_table_release(trial->table);
    trial->table = NULL;
}

static void test_a_result_is_the_same_by_extracts_alone(void **state)
{
    (void)state;
    struct error error = {0};
    struct run with = troubled();
    struct run without = troubled();
    for (size_t i = 0; i < without.cell_count; i++) {
        for (size_t j = 0; j < without.cells[i].trial_count; j++)
            let_go(&without, &without.cells[i].trials[j]);
        let_go(&without, &without.cells[i].warmups[0]);
    }
    assert_int_equal(evidence_settle(&with, SAMPLES_NONE, &error), 0);
    assert_int_equal(evidence_settle(&without, SAMPLES_NONE, &error), 0);
    assert_string_equal(with.validity->reason, without.validity->reason);
    assert_int_equal(with.validity->mismatches, 1);
    assert_int_equal(without.validity->mismatches, 1);
    assert_int_equal(without.validity->dropped_count, with.validity->dropped_count);
    assert_string_equal(without.validity->dropped[0].reason, with.validity->dropped[0].reason);
    for (size_t i = 0; i < with.cell_count; i++) {
        const struct run_cell *left = &with.cells[i];
        const struct run_cell *right = &without.cells[i];
        assert_memory_equal(&left->service, &right->service, sizeof(left->service));
        assert_int_equal(left->url_failure_count, right->url_failure_count);
        for (size_t j = 0; j < left->url_failure_count; j++)
            assert_memory_equal(&left->url_failures[j], &right->url_failures[j], sizeof(left->url_failures[j]));
        for (size_t j = 0; j < left->trial_count; j++) {
            assert_memory_equal(&left->trials[j].summary, &right->trials[j].summary, sizeof(left->trials[j].summary));
            assert_null(right->trials[j].latencies);
        }
    }
    fixture_unsettle(&with);
    fixture_unsettle(&without);
    run_release(&with);
    run_release(&without);
}

/* Against all values of all rounds, sorted together. */
static void test_percentiles_over_rounds_are_those_of_all_values(void **state)
{
    (void)state;
    enum { ROUNDS = 30 };
    double values[ROUNDS * FIXTURE_UNITS];
    struct error error = {0};
    struct run run = fixture_run();
    struct run_cell *cell = fixture_cell(&run, "threads", 2);
    uint32_t random = 12345;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        struct trial *trial = fixture_trial(cell, 10 * FIXTURE_MS);
        trial->round = round;
        for (uint32_t unit = 0; unit < FIXTURE_UNITS; unit++) {
            random = random * 1664525 + 1013904223;
            nanoseconds service = random >> (round % 3 == 0 ? 28 : 8); /* equal ones among them */
            trial->table->samples[unit].end = trial->table->samples[unit].start + service;
            values[round * FIXTURE_UNITS + unit] = (double)service;
        }
    }
    stats_sort(values, ROUNDS * FIXTURE_UNITS);
    struct validity validity = {.is_valid = true};
    struct latency_percentiles times;
    assert_int_equal(latency_pool(&run, &validity, cell, &times, &error), 0);
    assert_int_equal(times.count, ROUNDS * FIXTURE_UNITS);
    for (size_t i = 0; i < LATENCY_POINTS; i++)
        assert_true((double)times.points[i] ==
                    stats_percentile(values, ROUNDS * FIXTURE_UNITS, latency_point_percent(i)));
    run_release(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_answers_of_a_url_are_one),
        cmocka_unit_test(test_failures_are_told_by_what_reports_tell_apart),
        cmocka_unit_test(test_what_was_lost_has_no_service_time),
        cmocka_unit_test(test_a_result_is_the_same_by_extracts_alone),
        cmocka_unit_test(test_percentiles_over_rounds_are_those_of_all_values),
    };
    return cmocka_run_group_tests_name("extract", tests, NULL, NULL);
}
