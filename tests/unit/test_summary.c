#include "result_fixture.h"

#include "conc_bench/verdict.h"

/* Which of several cells that are as fast is recommended: the cheapest, or else the simplest. */

enum { ROUNDS = 8 };

/* Rounds of 40 ms, a little different from each other but alike in every cell. */
static struct cell_result *add_cell(struct result *result, const char *mode, uint32_t workers, unsigned traits)
{
    struct cell_result *cell = fixture_cell(result, mode, workers);
    cell->traits = traits;
    for (int round = 0; round < ROUNDS; round++)
        fixture_trial(cell, (nanoseconds)workers * (10 * FIXTURE_MS + round % 3 * NANOSECONDS_PER_MICROSECOND));
    return cell;
}

static void set_cpu(struct cell_result *cell, nanoseconds time)
{
    for (size_t i = 0; i < cell->trial_count; i++)
        cell->trials[i].resources.cpu_user = time;
}

static void assert_recommended(struct result *result, const char *mode, uint32_t workers)
{
    struct verdict verdict;
    struct error error = {0};
    assert_int_equal(verdict_make(result, &(struct verdict_request){0}, &verdict, &error), 0);
    assert_non_null(verdict.recommended);
    assert_string_equal(verdict.recommended->cell->mode, mode);
    assert_int_equal(verdict.recommended->cell->workers, workers);
    verdict_release(&verdict);
}

static void test_the_simplest_of_equals_is_recommended(void **state)
{
    (void)state;
    static const struct {
        const char *mode;
        unsigned traits;
    } from_the_simplest[] = {
        {"sync", MODE_ONE_WORKER},
        {"threads", MODE_ALL_CORES},
        {"event-loop", MODE_COOPERATIVE},
        {"processes", MODE_OWN_PROCESSES | MODE_ALL_CORES},
        {"hybrid", MODE_COOPERATIVE | MODE_ALL_CORES},
    };
    enum { MODES = sizeof(from_the_simplest) / sizeof(from_the_simplest[0]) };
    /* Without the first, then without the first two, and in both orders. */
    for (size_t first = 0; first + 1 < MODES; first++) {
        struct result upwards = fixture_result();
        struct result downwards = fixture_result();
        for (size_t i = first; i < MODES; i++)
            add_cell(&upwards, from_the_simplest[i].mode, 1, from_the_simplest[i].traits);
        for (size_t i = MODES; i-- > first;)
            add_cell(&downwards, from_the_simplest[i].mode, 1, from_the_simplest[i].traits);
        assert_recommended(&upwards, from_the_simplest[first].mode, 1);
        assert_recommended(&downwards, from_the_simplest[first].mode, 1);
        result_release(&upwards);
        result_release(&downwards);
    }
}

static void test_fewer_workers_are_simpler(void **state)
{
    (void)state;
    struct result result = fixture_result();
    add_cell(&result, "threads", 4, MODE_ALL_CORES);
    add_cell(&result, "threads", 2, MODE_ALL_CORES);
    assert_recommended(&result, "threads", 2);
    result_release(&result);
}

static void test_the_cheapest_comes_before_the_simplest(void **state)
{
    (void)state;
    struct result result = fixture_result();
    add_cell(&result, "threads", 1, MODE_ALL_CORES);
    add_cell(&result, "hybrid", 1, MODE_COOPERATIVE | MODE_ALL_CORES);
    set_cpu(&result.cells[0], 3 * FIXTURE_MS);
    assert_recommended(&result, "hybrid", 1);
    result_release(&result);
}

static void set_memory(struct cell_result *cell, int64_t bytes)
{
    for (size_t i = 0; i < cell->trial_count; i++)
        cell->trials[i].resources.peak_memory_bytes = bytes;
}

/* Neither cheaper nor dearer than what is known; and what it took is not told as a number. */
static void test_memory_that_is_not_known_decides_nothing(void **state)
{
    (void)state;
    for (int unknown = 0; unknown < 2; unknown++) {
        struct result result = fixture_result();
        add_cell(&result, "threads", 1, MODE_ALL_CORES);
        add_cell(&result, "hybrid", 1, MODE_COOPERATIVE | MODE_ALL_CORES);
        set_memory(&result.cells[unknown], 0);
        assert_recommended(&result, "threads", 1);
        struct verdict verdict;
        struct error error = {0};
        assert_int_equal(verdict_make(&result, &(struct verdict_request){0}, &verdict, &error), 0);
        const char *last = verdict.sentences[verdict.sentence_count - 1];
        assert_non_null(strstr(last, "ms of CPU time a download"));
        assert_null(strstr(last, "inf"));
        assert_null(strstr(last, "nan"));
        assert_int_equal(strstr(last, "MiB") != NULL, unknown == 1);
        verdict_release(&verdict);
        result_release(&result);
    }
}

/* Has the first downloads of every trial from `round` on refused a connection. */
static void refuse(struct cell_result *cell, size_t round, uint32_t downloads)
{
    for (size_t i = round; i < cell->trial_count; i++) {
        for (uint32_t unit = 0; unit < downloads; unit++)
            cell->trials[i].table->samples[unit].outcome = OUTCOME_CONNECT;
    }
}

static void assert_says(struct result *result, const char *first, bool is_recommended)
{
    struct verdict verdict;
    struct error error = {0};
    assert_int_equal(verdict_make(result, &(struct verdict_request){0}, &verdict, &error), 0);
    assert_true(verdict.sentence_count > 0);
    assert_string_equal(verdict.sentences[0], first);
    assert_int_equal(verdict.recommended != NULL, is_recommended);
    for (size_t i = 0; i < verdict.diagnosis.count && !is_recommended; i++) {
        assert_int_not_equal(verdict.diagnosis.findings[i].kind, FINDING_IO_BOUND);
        assert_int_not_equal(verdict.diagnosis.findings[i].kind, FINDING_CROSSING);
        assert_int_not_equal(verdict.diagnosis.findings[i].kind, FINDING_DRIFTING);
        assert_int_not_equal(verdict.diagnosis.findings[i].kind, FINDING_OUTLIERS);
    }
    verdict_release(&verdict);
}

static void test_what_mostly_failed_is_not_recommended(void **state)
{
    (void)state;
    struct result result = fixture_result();
    add_cell(&result, "sync", 1, MODE_ONE_WORKER);
    add_cell(&result, "threads", 1, MODE_ALL_CORES);
    assert_says(&result,
                "No difference detected between the fastest (sync/1, threads/1): practically equal, within 5 % "
                "of the first",
                true);
    /* The server dies behind the third round; the slower it had become. */
    for (size_t i = 0; i < ROUNDS; i++)
        result.cells[0].trials[i].startup = result.cells[1].trials[i].startup = (nanoseconds)(i * i * i) * FIXTURE_MS;
    refuse(&result.cells[0], 3, FIXTURE_UNITS);
    refuse(&result.cells[1], 3, FIXTURE_UNITS);
    assert_says(&result, "20 of 32 downloads of sync/1 failed (connect), from round 4 on: its times say nothing",
                false);
    result_release(&result);
}

static void test_of_many_that_failed_three_are_named(void **state)
{
    (void)state;
    struct result result = fixture_result();
    struct verdict verdict;
    struct error error = {0};
    for (uint32_t workers = 1; workers <= 5; workers++)
        refuse(add_cell(&result, "threads", workers, MODE_ALL_CORES), 0, 2);
    assert_int_equal(verdict_make(&result, &(struct verdict_request){0}, &verdict, &error), 0);
    assert_int_equal(verdict.sentence_count, 4);
    assert_string_equal(verdict.sentences[3], "So many downloads of 2 more cells failed that their times say nothing "
                                              "either");
    verdict_release(&verdict);
    result_release(&result);
}

static void test_failures_that_were_announced_are_borne(void **state)
{
    (void)state;
    struct result result = fixture_result();
    add_cell(&result, "sync", 1, MODE_ONE_WORKER);
    add_cell(&result, "threads", 1, MODE_ALL_CORES);
    refuse(&result.cells[0], 0, 1);
    refuse(&result.cells[1], 0, 1);
    assert_says(&result, "8 of 32 downloads of sync/1 failed (connect): its times say nothing", false);
    result.tolerates_failures = true;
    assert_recommended(&result, "sync", 1);
    refuse(&result.cells[0], 0, 3);
    refuse(&result.cells[1], 0, 3);
    assert_says(&result, "24 of 32 downloads of sync/1 failed (connect): its times say nothing", false);
    result_release(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_simplest_of_equals_is_recommended),
        cmocka_unit_test(test_fewer_workers_are_simpler),
        cmocka_unit_test(test_the_cheapest_comes_before_the_simplest),
        cmocka_unit_test(test_memory_that_is_not_known_decides_nothing),
        cmocka_unit_test(test_what_mostly_failed_is_not_recommended),
        cmocka_unit_test(test_of_many_that_failed_three_are_named),
        cmocka_unit_test(test_failures_that_were_announced_are_borne),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
