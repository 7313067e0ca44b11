#include "run_fixture.h"

#include "conc_bench/analysis/analysis.h"

/* The cheapest of several cells that are as fast is recommended, or else the simplest. */

enum { ROUNDS = 8 };

/* Rounds of 40 ms, a little different from each other but alike in every cell. */
static struct run_cell *add_cell(struct run *run, const char *mode, uint32_t workers, unsigned traits)
{
    struct run_cell *cell = fixture_cell(run, mode, workers);
    cell->traits = traits;
    for (int round = 0; round < ROUNDS; round++)
        fixture_trial(cell, (nanoseconds)workers * (10 * FIXTURE_MS + round % 3 * NANOSECONDS_PER_MICROSECOND));
    return cell;
}

static void set_cpu(struct run_cell *cell, nanoseconds time)
{
    for (size_t i = 0; i < cell->trial_count; i++)
        cell->trials[i].resources.cpu_user = time;
}

static void assert_recommended(struct run *run, const char *mode, uint32_t workers)
{
    struct analysis analysis;
    analysis = fixture_analyse(run, &(struct analysis_request){0});
    assert_non_null(analysis.recommended);
    assert_string_equal(analysis.recommended->cell->mode, mode);
    assert_int_equal(analysis.recommended->cell->workers, workers);
    analysis_release(&analysis);
}

static void assert_told(const struct analysis *analysis, const char *part)
{
    for (size_t i = 0; i < analysis->sentence_count; i++) {
        if (strstr(analysis->sentences[i], part) != NULL)
            return;
    }
    fail_msg("not told: %s", part);
}

/* In noise of 20 % no bound shows that two are as fast. The cheaper of two that share the first rank is recommended by
 * the estimate all the same, and one that takes 9 % longer by it is not. */
static void test_the_cheapest_of_a_noisy_tie(void **state)
{
    (void)state;
    static const int off[ROUNDS] = {20, -20, 15, -14, 9, -8, 3, -1}; /* per cent, of the second alone */
    for (int longer = 2; longer <= 9; longer += 7) {
        struct run run = fixture_run();
        struct analysis analysis;
        fixture_cell(&run, "threads", 1);
        fixture_cell(&run, "processes", 1);
        for (int round = 0; round < ROUNDS; round++) {
            fixture_trial(&run.cells[0], 10 * FIXTURE_MS + round * NANOSECONDS_PER_MICROSECOND);
            fixture_trial(&run.cells[1], 10 * FIXTURE_MS * (100 + longer + off[round]) / 100);
        }
        set_cpu(&run.cells[1], 0);
        set_cpu(&run.cells[0], 8 * FIXTURE_MS);
        analysis = fixture_analyse(&run, &(struct analysis_request){0});
        assert_true(analysis.stats.cells[0].rank_high == 2 && analysis.stats.cells[1].rank_low == 1);
        assert_string_equal(analysis.recommended->cell->mode, longer < 5 ? "processes" : "threads");
        assert_told(&analysis, longer < 5 ? "of those that share the first rank, within 5 % of the fastest (threads/1, "
                                            "processes/1)"
                                          : "Recommended: threads/1; no other is within 5 % of it");
        analysis_release(&analysis);
        run_release(&run);
    }
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
        struct run upwards = fixture_run();
        struct run downwards = fixture_run();
        for (size_t i = first; i < MODES; i++)
            add_cell(&upwards, from_the_simplest[i].mode, 1, from_the_simplest[i].traits);
        for (size_t i = MODES; i-- > first;)
            add_cell(&downwards, from_the_simplest[i].mode, 1, from_the_simplest[i].traits);
        assert_recommended(&upwards, from_the_simplest[first].mode, 1);
        assert_recommended(&downwards, from_the_simplest[first].mode, 1);
        run_release(&upwards);
        run_release(&downwards);
    }
}

/* Every one of them is named or counted. */
static void test_many_equals_are_counted(void **state)
{
    (void)state;
    enum { MANY = 60 };
    struct run run = fixture_run();
    struct analysis analysis;
    for (uint32_t i = 0; i < MANY; i++) {
        struct run_cell *cell = fixture_cell(&run, "event-loop", FIXTURE_UNITS + i);
        for (int round = 0; round < ROUNDS; round++)
            fixture_trial(cell, 10 * FIXTURE_MS + round % 3 * NANOSECONDS_PER_MICROSECOND);
    }
    analysis = fixture_analyse(&run, &(struct analysis_request){0});
    const char *list = strstr(analysis.sentences[0], "(event-loop/");
    assert_non_null(list);
    int named = 0;
    int more = 0;
    for (const char *name = list; (name = strstr(name, "event-loop/")) != NULL && name < strchr(list, ')'); name++)
        named++;
    const char *rest = strstr(list, ", and ");
    assert_non_null(rest);
    assert_int_equal(sscanf(rest, ", and %d more)", &more), 1);
    assert_true(named > 10);
    assert_int_equal(named + more, MANY);
    analysis_release(&analysis);
    run_release(&run);
}

static void test_fewer_workers_are_simpler(void **state)
{
    (void)state;
    struct run run = fixture_run();
    add_cell(&run, "threads", 4, MODE_ALL_CORES);
    add_cell(&run, "threads", 2, MODE_ALL_CORES);
    assert_recommended(&run, "threads", 2);
    run_release(&run);
}

static void test_the_cheapest_comes_before_the_simplest(void **state)
{
    (void)state;
    struct run run = fixture_run();
    add_cell(&run, "threads", 1, MODE_ALL_CORES);
    add_cell(&run, "hybrid", 1, MODE_COOPERATIVE | MODE_ALL_CORES);
    set_cpu(&run.cells[0], 3 * FIXTURE_MS);
    assert_recommended(&run, "hybrid", 1);
    run_release(&run);
}

/* A cheaper one that is 2 % slower, and surely so, is chosen in place of a winner, but not in place of a tie. */
static void test_of_a_tie_one_of_the_tied_is_recommended(void **state)
{
    (void)state;
    for (int tied = 1; tied <= 2; tied++) {
        struct run run = fixture_run();
        for (int i = 0; i < tied; i++)
            add_cell(&run, i == 0 ? "threads" : "processes", 1, MODE_ALL_CORES);
        struct run_cell *slower = fixture_cell(&run, "hybrid", 1);
        for (int round = 0; round < ROUNDS; round++)
            fixture_trial(slower, 10200 * NANOSECONDS_PER_MICROSECOND + round % 3 * NANOSECONDS_PER_MICROSECOND);
        for (int i = 0; i < tied; i++)
            set_cpu(&run.cells[i], 8 * FIXTURE_MS);
        assert_recommended(&run, tied == 1 ? "hybrid" : "threads", 1);
        run_release(&run);
    }
}

static void set_memory(struct run_cell *cell, int64_t bytes)
{
    for (size_t i = 0; i < cell->trial_count; i++)
        cell->trials[i].resources.peak_memory_bytes = bytes;
}

/* Neither cheaper nor dearer than what is known; and what it took is not told as a number. */
static void test_memory_that_is_not_known_decides_nothing(void **state)
{
    (void)state;
    for (int unknown = 0; unknown < 2; unknown++) {
        struct run run = fixture_run();
        add_cell(&run, "threads", 1, MODE_ALL_CORES);
        add_cell(&run, "hybrid", 1, MODE_COOPERATIVE | MODE_ALL_CORES);
        set_memory(&run.cells[unknown], 0);
        assert_recommended(&run, "threads", 1);
        struct analysis analysis;
        analysis = fixture_analyse(&run, &(struct analysis_request){0});
        const char *last = analysis.sentences[analysis.sentence_count - 1];
        assert_non_null(strstr(last, "ms of CPU time a download"));
        assert_null(strstr(last, "inf"));
        assert_null(strstr(last, "nan"));
        assert_int_equal(strstr(last, "MiB") != NULL, unknown == 1);
        analysis_release(&analysis);
        run_release(&run);
    }
}

/* Has the first downloads of every trial from `round` on refused a connection. */
static void refuse(struct run_cell *cell, size_t round, uint32_t downloads)
{
    for (size_t i = round; i < cell->trial_count; i++) {
        for (uint32_t unit = 0; unit < downloads; unit++)
            cell->trials[i].table->samples[unit].outcome = OUTCOME_CONNECT;
    }
}

static void assert_says(struct run *run, const char *first, bool is_recommended)
{
    struct analysis analysis;
    analysis = fixture_analyse(run, &(struct analysis_request){0});
    assert_true(analysis.sentence_count > 0);
    assert_string_equal(analysis.sentences[0], first);
    assert_int_equal(analysis.recommended != NULL, is_recommended);
    for (size_t i = 0; i < analysis.diagnosis.count && !is_recommended; i++) {
        assert_int_not_equal(analysis.diagnosis.findings[i].kind, FINDING_IO_BOUND);
        assert_int_not_equal(analysis.diagnosis.findings[i].kind, FINDING_CROSSING);
        assert_int_not_equal(analysis.diagnosis.findings[i].kind, FINDING_DRIFTING);
        assert_int_not_equal(analysis.diagnosis.findings[i].kind, FINDING_OUTLIERS);
    }
    analysis_release(&analysis);
}

static void test_what_mostly_failed_is_not_recommended(void **state)
{
    (void)state;
    struct run run = fixture_run();
    add_cell(&run, "sync", 1, MODE_ONE_WORKER);
    add_cell(&run, "threads", 1, MODE_ALL_CORES);
    assert_says(&run,
                "No difference detected between the fastest (sync/1, threads/1): practically equal, within 5 % "
                "of the first",
                true);
    /* The server dies behind the third round; the slower it had become. */
    for (size_t i = 0; i < ROUNDS; i++)
        run.cells[0].trials[i].startup = run.cells[1].trials[i].startup = (nanoseconds)(i * i * i) * FIXTURE_MS;
    refuse(&run.cells[0], 3, FIXTURE_UNITS);
    refuse(&run.cells[1], 3, FIXTURE_UNITS);
    assert_says(&run, "20 of 32 downloads of sync/1 failed (could not connect), from round 4 on: its times say nothing",
                false);
    run_release(&run);
}

static void test_of_many_that_failed_three_are_named(void **state)
{
    (void)state;
    struct run run = fixture_run();
    struct analysis analysis;
    for (uint32_t workers = 1; workers <= 5; workers++)
        refuse(add_cell(&run, "threads", workers, MODE_ALL_CORES), 0, 2);
    analysis = fixture_analyse(&run, &(struct analysis_request){0});
    assert_int_equal(analysis.sentence_count, 4);
    assert_string_equal(analysis.sentences[3], "So many downloads of 2 more cells failed that their times say nothing "
                                               "either");
    analysis_release(&analysis);
    run_release(&run);
}

static void test_failures_that_were_announced_are_borne(void **state)
{
    (void)state;
    struct run run = fixture_run();
    add_cell(&run, "sync", 1, MODE_ONE_WORKER);
    add_cell(&run, "threads", 1, MODE_ALL_CORES);
    refuse(&run.cells[0], 0, 1);
    refuse(&run.cells[1], 0, 1);
    assert_says(&run, "8 of 32 downloads of sync/1 failed (could not connect): its times say nothing", false);
    run.tolerates_failures = true;
    assert_recommended(&run, "sync", 1);
    refuse(&run.cells[0], 0, 3);
    refuse(&run.cells[1], 0, 3);
    assert_says(&run, "24 of 32 downloads of sync/1 failed (could not connect): its times say nothing", false);
    run_release(&run);
}

/* Two that are slower by factors leave after three rounds, or after four; what ranks them is told. */
static void test_what_is_settled_is_told(void **state)
{
    (void)state;
    for (size_t left_after = 3; left_after <= 4; left_after++) {
        struct run run = fixture_run();
        struct analysis analysis;
        add_cell(&run, "threads", 1, MODE_ALL_CORES);
        add_cell(&run, "event-loop", 1, MODE_COOPERATIVE);
        for (uint32_t i = 0; i < 2; i++) {
            struct run_cell *cell = fixture_cell(&run, "sync", 1);
            snprintf(cell->mode, sizeof(cell->mode), i == 0 ? "sync" : "sync#2");
            for (size_t round = 0; round < left_after; round++)
                fixture_trial(cell, (left_after == 3 ? 60 : 30) * FIXTURE_MS + i * FIXTURE_MS);
        }
        analysis = fixture_analyse(&run, &(struct analysis_request){0});
        assert_told(&analysis,
                    left_after == 3
                        ? "sync/1, sync#2/1 each took more than 4 times as long as all before them in each of 3 "
                          "rounds, which ranks them without more"
                        : "sync/1, sync#2/1 each took more than 2 times as long as all before them in each of 4 "
                          "rounds, which ranks them without more");
        analysis_release(&analysis);
        run_release(&run);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_settled_is_told),
        cmocka_unit_test(test_the_cheapest_of_a_noisy_tie),
        cmocka_unit_test(test_the_simplest_of_equals_is_recommended),
        cmocka_unit_test(test_many_equals_are_counted),
        cmocka_unit_test(test_fewer_workers_are_simpler),
        cmocka_unit_test(test_the_cheapest_comes_before_the_simplest),
        cmocka_unit_test(test_of_a_tie_one_of_the_tied_is_recommended),
        cmocka_unit_test(test_memory_that_is_not_known_decides_nothing),
        cmocka_unit_test(test_what_mostly_failed_is_not_recommended),
        cmocka_unit_test(test_of_many_that_failed_three_are_named),
        cmocka_unit_test(test_failures_that_were_announced_are_borne),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
