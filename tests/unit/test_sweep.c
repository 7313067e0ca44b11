#include "run_fixture.h"

#include <inttypes.h>
#include <math.h>

#include "conc_bench/analysis/sweep.h"

/* Adds a swept cell of threads with `rounds` rounds of that service time. */
static void add_point(struct run *run, uint32_t workers, nanoseconds service, int rounds)
{
    struct run_cell *cell = fixture_cell(run, "threads", workers);
    cell->stage = STAGE_SWEEP;
    for (int round = 0; round < rounds; round++)
        fixture_trial(cell, service + 10 * round * NANOSECONDS_PER_MICROSECOND);
}

struct swept {
    struct run_stats stats;
    struct sweep *sweeps;
    size_t count;
};

static void sweep(struct run *run, struct swept *swept)
{
    struct error error = {0};
    swept->stats = fixture_stats(run);
    assert_int_equal(sweeps_make(&swept->stats, SWEEP_OF_WORKERS, &swept->sweeps, &swept->count, &error), 0);
}

static void release(struct swept *swept)
{
    sweeps_release(swept->sweeps, swept->count);
    cell_stats_release(&swept->stats);
}

static void test_the_smallest_that_is_enough(void **state)
{
    (void)state;
    struct run run = fixture_run();
    struct swept swept;
    /* Four downloads: 40, 20, 10.2 and 10 ms, and the startup of 1 ms. */
    add_point(&run, 1, 10 * FIXTURE_MS, 5);
    add_point(&run, 2, 10 * FIXTURE_MS, 5);
    add_point(&run, 3, 5100 * NANOSECONDS_PER_MICROSECOND, 5);
    add_point(&run, 4, 10 * FIXTURE_MS, 5);
    sweep(&run, &swept);
    assert_int_equal(swept.count, 1);
    assert_string_equal(swept.sweeps[0].mode, "threads");
    assert_int_equal(swept.sweeps[0].count, 4);
    assert_int_equal(swept.sweeps[0].best, 4);
    assert_int_equal(swept.sweeps[0].knee, 3);
    assert_true(swept.sweeps[0].is_knee_bounded);
    assert_non_null(strstr(swept.sweeps[0].sentence, "3 workers are enough"));
    /* All downloads take 40 ms and the longest 10: four workers need 10 ms and took 11. */
    assert_true(fabs(swept.sweeps[0].points[3].efficiency - 10.02 / 11.02) < 0.02);
    assert_false(swept.sweeps[0].has_fit); /* four numbers of workers are too few */
    release(&swept);
    run_release(&run);
}

static void test_efficiency_is_against_the_same_connections(void **state)
{
    (void)state;
    struct run run = fixture_run();
    struct swept swept;
    struct run_cell *fresh = fixture_cell(&run, "sync:fresh", 1);
    fresh->connections = CONNECTIONS_FRESH;
    fixture_trial(fresh, 20 * FIXTURE_MS);
    for (uint32_t unit = 0; unit < FIXTURE_UNITS; unit++)
        fresh->trials[0].table->samples[unit].connects = 1;
    fixture_trial(fixture_cell(&run, "sync:reuse", 1), 10 * FIXTURE_MS);
    struct run_cell *kept = fixture_cell(&run, "threads:reuse", 2);
    kept->stage = STAGE_SWEEP;
    fixture_trial(kept, 10 * FIXTURE_MS);
    sweep(&run, &swept);
    /* 40 ms of work for two workers, who took 20 and their startup of 1. */
    assert_true(fabs(swept.sweeps[0].points[0].efficiency - 20.0 / 21) < 1e-6);
    release(&swept);
    run_release(&run);
}

static void test_points_without_times_are_passed_over(void **state)
{
    (void)state;
    struct run run = fixture_run();
    struct swept swept;
    add_point(&run, 1, 10 * FIXTURE_MS, 5);
    add_point(&run, 2, 10 * FIXTURE_MS, 5);
    for (int round = 0; round < 5; round++)
        run.cells[1].trials[round].status = TRIAL_HUNG;
    sweep(&run, &swept);
    assert_int_equal(swept.sweeps[0].knee, 1);
    release(&swept);
    run.cells[0].trials[0].status = TRIAL_HUNG;
    for (int round = 0; round < 5; round++)
        run.cells[0].trials[round].status = TRIAL_HUNG;
    sweep(&run, &swept);
    assert_int_equal(swept.sweeps[0].knee, 0);
    assert_non_null(strstr(swept.sweeps[0].sentence, "no number of workers got through"));
    release(&swept);
    run_release(&run);
}

/* Has that many downloads of each trial of a cell refused a connection. */
static void refuse(struct run_cell *cell, uint32_t downloads)
{
    for (size_t i = 0; i < cell->trial_count; i++) {
        for (uint32_t unit = 0; unit < downloads; unit++)
            cell->trials[i].table->samples[unit].outcome = OUTCOME_CONNECT;
    }
}

static void test_a_number_with_which_most_were_refused_is_not_chosen(void **state)
{
    (void)state;
    struct run run = fixture_run();
    struct swept swept;
    add_point(&run, 1, 10 * FIXTURE_MS, 5);
    add_point(&run, 2, 10 * FIXTURE_MS, 5);
    add_point(&run, 4, FIXTURE_MS, 5);
    refuse(&run.cells[1], 1);
    refuse(&run.cells[2], 3);
    sweep(&run, &swept);
    assert_int_equal(swept.sweeps[0].best, 2);
    release(&swept);
    refuse(&run.cells[1], 3);
    sweep(&run, &swept);
    assert_string_equal(swept.sweeps[0].sentence, "threads: 1 worker is best");
    release(&swept);
    run_release(&run);
}

/* Follows the search where `workers` take `time_of(workers)`; returns how many numbers were tried. */
static size_t search(nanoseconds (*time_of)(uint32_t workers), const struct sweep_bounds *bounds, uint32_t *tried,
                     size_t capacity)
{
    struct run run = fixture_run();
    size_t count = 0;
    for (;;) {
        struct run_stats stats = fixture_stats(&run);
        uint32_t next = sweep_next(&stats, "threads", bounds);
        cell_stats_release(&stats);
        if (next == 0)
            break;
        assert_true(count < capacity && next <= bounds->most);
        for (size_t i = 0; i < count; i++)
            assert_int_not_equal(tried[i], next);
        tried[count++] = next;
        /* One after the other, which any number of workers can do: only the time counts here. */
        struct run_cell *cell = fixture_cell(&run, "threads", 1);
        fixture_trial(cell, time_of(next) / FIXTURE_UNITS);
        cell->workers = next;
        cell->stage = STAGE_SWEEP;
    }
    run_release(&run);
    return count;
}

/* Where one at a time takes 1600 ms. */
static nanoseconds flat_from_16(uint32_t workers)
{
    return 1600 * FIXTURE_MS / (workers < 16 ? workers : 16);
}

static nanoseconds limited_to_two(uint32_t workers)
{
    return 1600 * FIXTURE_MS / (workers < 2 ? workers : 2);
}

static nanoseconds always_better(uint32_t workers)
{
    return 1600 * FIXTURE_MS / workers;
}

static nanoseconds never_better(uint32_t workers)
{
    return (1600 + workers) * FIXTURE_MS;
}

static nanoseconds best_at_30(uint32_t workers)
{
    return 1600 * FIXTURE_MS / (workers < 30 ? workers : 30) + (workers > 30 ? (workers - 30) * 2 * FIXTURE_MS : 0);
}

static void assert_tries(nanoseconds (*time_of)(uint32_t workers), struct sweep_bounds bounds, const uint32_t *expected,
                         size_t count)
{
    uint32_t tried[32];
    assert_int_equal(search(time_of, &bounds, tried, 32), count);
    assert_memory_equal(tried, expected, count * sizeof(tried[0]));
}

static void test_the_search_goes_up_until_nothing_is_gained_and_then_between(void **state)
{
    (void)state;
    /* 16 and more are equal; fewer than 15 cannot be as fast, by what one at a time takes. */
    static const uint32_t flat[] = {8, 16, 32, 64};
    assert_tries(flat_from_16, (struct sweep_bounds){8, 1000, 1.6, false}, flat, 4);
    /* The bound is not known: the search tries halfway, by factors, to the number that was not enough. */
    static const uint32_t blind[] = {8, 16, 32, 64, 11};
    assert_tries(flat_from_16, (struct sweep_bounds){8, 1000, 0, false}, blind, 5);
    /* The number that is enough lies below the start, and eight workers are idle for most of the time: one step up will
     * do. */
    static const uint32_t below[] = {8, 16, 3, 2};
    assert_tries(limited_to_two, (struct sweep_bounds){8, 1000, 1.6, false}, below, 4);
    /* So it will where another mode has shown the way. */
    static const uint32_t near[] = {16, 32};
    assert_tries(flat_from_16, (struct sweep_bounds){16, 1000, 1.6, true}, near, 2);
    /* It began too high; and between the best and the next larger number there may be a better one. */
    static const uint32_t above[] = {128, 256, 28, 60};
    assert_tries(best_at_30, (struct sweep_bounds){128, 1000, 1.6, true}, above, 4);
    static const uint32_t better[] = {8, 16, 32, 50};
    assert_tries(always_better, (struct sweep_bounds){8, 50, 1.6, false}, better, 4);
    static const uint32_t never[] = {1, 2, 4};
    assert_tries(never_better, (struct sweep_bounds){1, 1000, 1.6, false}, never, 3);
    static const uint32_t one[] = {1};
    assert_tries(always_better, (struct sweep_bounds){8, 1, 1.6, false}, one, 1);
}

/* The best single trial of many is lucky: once some were measured again, only those are chosen from. */
static void test_what_was_measured_once_is_not_chosen_before_what_was_measured_again(void **state)
{
    (void)state;
    struct run run = fixture_run();
    struct swept swept;
    add_point(&run, 2, 10 * FIXTURE_MS, 1);
    add_point(&run, 4, 4 * FIXTURE_MS, 1);
    add_point(&run, 8, 3 * FIXTURE_MS, 1);
    sweep(&run, &swept);
    assert_int_equal(swept.sweeps[0].best, 8);
    release(&swept);
    add_point(&run, 4, 5 * FIXTURE_MS, 3);
    add_point(&run, 2, 9 * FIXTURE_MS, 3);
    sweep(&run, &swept);
    assert_int_equal(swept.sweeps[0].count, 3);                  /* each number once, */
    assert_int_equal(swept.sweeps[0].points[1].cell->rounds, 3); /* by its most rounds */
    assert_int_equal(swept.sweeps[0].best, 4);
    release(&swept);
    run_release(&run);
}

static void test_the_most_that_was_tried_is_no_answer(void **state)
{
    (void)state;
    struct run run = fixture_run();
    struct swept swept;
    add_point(&run, 1, 10 * FIXTURE_MS, 1);
    add_point(&run, 2, 5 * FIXTURE_MS, 1);
    run.downloads = 100;
    sweep(&run, &swept);
    assert_true(swept.sweeps[0].is_open);
    assert_string_equal(swept.sweeps[0].sentence,
                        "threads: 2 workers were fastest and the most tried; more may be faster");
    release(&swept);
    run.downloads = 2; /* more than one worker a download is no more */
    sweep(&run, &swept);
    assert_false(swept.sweeps[0].is_open);
    release(&swept);
    run.downloads = 100;
    add_point(&run, 4, 10 * FIXTURE_MS, 1);
    sweep(&run, &swept);
    assert_false(swept.sweeps[0].is_open);
    release(&swept);
    run_release(&run);
}

static void test_what_may_turn_out_to_be_enough_is_measured_again(void **state)
{
    (void)state;
    struct run run = fixture_run();
    struct run_stats stats;
    static const uint32_t workers[] = {1, 2, 4, 8, 16};
    static const nanoseconds times[] = {40, 20, 10, 10, 12};
    for (size_t i = 0; i < 5; i++) {
        struct run_cell *cell = fixture_cell(&run, "threads", 1);
        fixture_trial(cell, times[i] * FIXTURE_MS);
        cell->workers = workers[i];
        cell->stage = STAGE_SWEEP;
    }
    stats = fixture_stats(&run);
    assert_int_equal(sweep_enough(&stats, "threads"), 4);
    assert_int_equal(sweep_enough(&stats, "hybrid"), 0);
    /* The candidates are the number that is enough, the one tried next to it, and the next larger one. */
    assert_false(sweep_is_candidate(&stats, "threads", 1));
    assert_true(sweep_is_candidate(&stats, "threads", 2));
    assert_true(sweep_is_candidate(&stats, "threads", 4));
    assert_true(sweep_is_candidate(&stats, "threads", 8));
    assert_false(sweep_is_candidate(&stats, "threads", 16));
    assert_false(sweep_is_candidate(&stats, "threads", 3));
    assert_false(sweep_is_candidate(&stats, "hybrid", 4));
    cell_stats_release(&stats);
    run_release(&run);
}

/* Four downloads of 10 ms on one to three machines of a core and a worker each: 40, 20 and 20 ms, and the startup of 1
 * ms.
 */
static struct run make_run_of_machines(nanoseconds cpu)
{
    struct run run = fixture_run();
    run.cores = 3;
    run.machine_count = 3;
    run.machines = calloc(run.machine_count, sizeof(run.machines[0]));
    assert_non_null(run.machines);
    for (uint32_t machines = 1; machines <= 3; machines++) {
        char name[16];
        run.machines[machines - 1].cores = 1;
        snprintf(name, sizeof(name), "threads:x%" PRIu32, machines);
        struct run_cell *cell = fixture_cell(&run, name, machines);
        for (int round = 0; round < 5; round++) {
            struct trial *trial = fixture_trial(cell, 10 * FIXTURE_MS + 10 * round * NANOSECONDS_PER_MICROSECOND);
            trial->resources.on_cpu = cpu;
        }
        cell->workers = 1;
        cell->machines = machines;
    }
    return run;
}

static void assert_limit(struct run *run, const char *limit)
{
    struct swept swept;
    struct error error = {0};
    swept.stats = fixture_stats(run);
    assert_int_equal(sweeps_make(&swept.stats, SWEEP_OF_MACHINES, &swept.sweeps, &swept.count, &error), 0);
    const struct sweep *machines = &swept.sweeps[0];
    assert_int_equal(swept.count, 1);
    assert_string_equal(machines->mode, "threads");
    assert_int_equal(machines->count, 3);
    assert_int_equal(machines->knee, 2);
    assert_false(machines->is_open);
    /* Against the first: 41 ms shared by two and by three, who took 21. */
    assert_true(fabs(machines->points[0].efficiency - 1) < 1e-9);
    assert_true(fabs(machines->points[1].efficiency - 41.0 / 2 / 21) < 1e-3);
    assert_true(fabs(machines->points[2].efficiency - 41.0 / 3 / 21) < 1e-3);
    if (strstr(machines->sentence, limit) == NULL)
        fail_msg("\"%s\" is not in: %s", limit, machines->sentence);
    release(&swept);
}

static void test_what_keeps_the_next_machine_from_gaining_anything(void **state)
{
    (void)state;
    struct run run = make_run_of_machines(49 * FIXTURE_MS);
    assert_limit(&run, "; the third machine gains nothing: the server is the limit, or the way to it");
    run.cells[2].workers = 2; /* six for four downloads */
    assert_limit(&run, "; the third machine gains nothing: the list is too short for so many workers");
    run_release(&run);
    /* More than 2.4 cores of three, for 21 ms; above it was less. */
    run = make_run_of_machines(52 * FIXTURE_MS);
    assert_limit(&run, "; the third machine gains nothing: the processors of the machines are the limit");
    run_release(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_number_with_which_most_were_refused_is_not_chosen),
        cmocka_unit_test(test_the_smallest_that_is_enough),
        cmocka_unit_test(test_efficiency_is_against_the_same_connections),
        cmocka_unit_test(test_points_without_times_are_passed_over),
        cmocka_unit_test(test_the_search_goes_up_until_nothing_is_gained_and_then_between),
        cmocka_unit_test(test_what_was_measured_once_is_not_chosen_before_what_was_measured_again),
        cmocka_unit_test(test_what_may_turn_out_to_be_enough_is_measured_again),
        cmocka_unit_test(test_the_most_that_was_tried_is_no_answer),
        cmocka_unit_test(test_what_keeps_the_next_machine_from_gaining_anything),
    };
    return cmocka_run_group_tests_name("sweep", tests, NULL, NULL);
}
