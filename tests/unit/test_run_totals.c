#include "run_fixture.h"

#include <math.h>

#include "conc_bench/analysis/analysis.h"
#include "conc_bench/analysis/latency_percentiles.h"
#include "conc_bench/analysis/stats.h"

static struct run_totals make_totals(struct run *run)
{
    struct run_totals totals;
    struct error error = {0};
    fixture_end(run);
    assert_int_equal(run_totals_make(run, false, &totals, &error), 0);
    return totals;
}

static void test_service_points_are_exact_ranks(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    /* 8 samples in 2 rounds: 4 of 10 ms and 4 of 11 ms. */
    struct run_totals totals = make_totals(&run);
    const struct latency_percentiles *times = &totals.cells[0].service;
    assert_int_equal(times->count, 8);
    assert_int_equal(times->sum, 84 * FIXTURE_MS);
    assert_int_equal(times->points[latency_point_find(50)], 10 * FIXTURE_MS);
    assert_int_equal(times->points[latency_point_find(51)], 11 * FIXTURE_MS);
    assert_int_equal(times->points[latency_point_find(100)], 11 * FIXTURE_MS);
    assert_true(isnan(latency_percentile(times, 50))); /* 10 carry a median */
    assert_true(fabs(latency_percentile(times, 100) - 0.011) < 1e-12);
    assert_true(isnan(latency_percentile(times, 33.3)));
    assert_int_equal(times->slowest_url, 0);
    run_totals_release(&totals);
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

/* Against all values of all rounds, sorted together. */
static void test_percentiles_over_rounds_are_those_of_all_values(void **state)
{
    (void)state;
    enum { ROUNDS = 30 };
    double values[ROUNDS * FIXTURE_UNITS];
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
    fixture_end(&run);
    struct validity validity = {.is_valid = true};
    struct latency_percentiles times;
    assert_int_equal(latency_pool(&validity, cell, &times, NULL), 0);
    assert_int_equal(times.count, ROUNDS * FIXTURE_UNITS);
    for (size_t i = 0; i < LATENCY_POINTS; i++)
        assert_true((double)times.points[i] ==
                    stats_percentile(values, ROUNDS * FIXTURE_UNITS, latency_point_percent(i)));
    run_release(&run);
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
        fixture_trial(fixture_cell(&run, "hybrid", 2), 10 * FIXTURE_MS);
        for (size_t j = 0; j < run.cell_count; j++)
            run.cells[j].downloads = cases[i].downloads;
        fixture_end(&run);
        run_release_samples(&run, cases[i].policy);
        assert_int_equal(count_tables(&run), cases[i].kept);
        assert_null(run.cells[0].trials[0].summary.latencies);
        run_release(&run);
    }
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

/* Ways of failing, the most first, and what no round counts for. */
static void test_failures_of_urls_are_counted_over_rounds(void **state)
{
    (void)state;
    struct run run = troubled();
    run.cells[0].trials[2].table->samples[3].outcome = OUTCOME_RESET;
    struct run_totals totals = make_totals(&run);
    assert_int_equal(totals.validity.mismatches, 1);
    assert_int_equal(totals.validity.dropped_count, 1);
    assert_int_equal(totals.cells[0].service.count, 2 * FIXTURE_UNITS);
    assert_int_equal(totals.cells[0].failing_urls, 2);
    assert_int_equal(totals.cells[0].url_failure_count, 2);
    assert_int_equal(totals.cells[0].url_failures[0].outcome, OUTCOME_RESET);
    assert_int_equal(totals.cells[0].url_failures[0].url, 1);
    assert_int_equal(totals.cells[0].url_failures[0].count, 2);
    assert_int_equal(totals.cells[0].url_failures[1].outcome, OUTCOME_HTTP_5XX);
    assert_int_equal(totals.cells[1].url_failure_count, 1);
    assert_int_equal(totals.cells[1].url_failures[0].code, 35);
    run_totals_release(&totals);
    run_release(&run);
}

static void assert_same_figures(const struct run_stats *one, const struct run_stats *other)
{
    assert_int_equal(one->cell_count, other->cell_count);
    for (size_t i = 0; i < one->cell_count; i++) {
        const struct cell_stats *left = &one->cells[i];
        const struct cell_stats *right = &other->cells[i];
        assert_string_equal(left->cell->mode, right->cell->mode);
        assert_memory_equal(left->metrics, right->metrics, sizeof(left->metrics));
        assert_memory_equal(left->failure_classes, right->failure_classes, sizeof(left->failure_classes));
        assert_memory_equal(&left->speedup, &right->speedup, sizeof(left->speedup));
        assert_int_equal(left->totals.service.count, right->totals.service.count);
        assert_memory_equal(&left->service_max, &right->service_max, sizeof(left->service_max));
        assert_int_equal(left->totals.service.slowest_url, right->totals.service.slowest_url);
    }
}

/* Analysis uses the totals and the summaries only, so that samples and latencies may be released before it. */
static void test_analysis_needs_no_samples(void **state)
{
    (void)state;
    const struct analysis_request request = {0};
    struct run with = troubled();
    struct run without = troubled();
    struct error error = {0};
    struct analysis after;
    struct analysis before = fixture_analyse(&with, &request);
    struct run_totals totals = make_totals(&without);
    run_release_samples(&without, SAMPLES_NONE);
    assert_int_equal(count_tables(&without), 0);
    assert_int_equal(analysis_make(&without, &totals, &request, &after, &error), 0);
    assert_same_figures(&before.stats, &after.stats);
    assert_int_equal(before.stats.validity.failures, 3);
    assert_int_equal(before.stats.validity.failures, after.stats.validity.failures);
    assert_int_equal(before.sentence_count, after.sentence_count);
    assert_memory_equal(before.sentences, after.sentences, sizeof(before.sentences));
    assert_int_equal(before.diagnosis.count, after.diagnosis.count);
    analysis_release(&before);
    analysis_release(&after);
    run_totals_release(&totals);
    run_release(&with);
    run_release(&without);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_service_points_are_exact_ranks),
        cmocka_unit_test(test_service_points_have_their_per_cents),
        cmocka_unit_test(test_percentiles_over_rounds_are_those_of_all_values),
        cmocka_unit_test(test_samples_are_kept_up_to_a_limit),
        cmocka_unit_test(test_failures_of_urls_are_counted_over_rounds),
        cmocka_unit_test(test_analysis_needs_no_samples),
    };
    return cmocka_run_group_tests_name("run_totals", tests, NULL, NULL);
}
