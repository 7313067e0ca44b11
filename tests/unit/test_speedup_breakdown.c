#include "run_fixture.h"

#include <math.h>

#include "conc_bench/analysis/speedup_breakdown.h"

/* How long the four cells take, of which 1 ms is their startup. */
struct times {
    nanoseconds alone_fresh, alone_kept, fresh, kept;
};

static void add_cell(struct run *run, const char *mode, uint32_t workers, enum connection_policy connections,
                     nanoseconds time, int rounds)
{
    struct run_cell *cell = fixture_cell(run, mode, workers);
    cell->connections = connections;
    for (int round = 0; round < rounds; round++) {
        const struct trial *trial = fixture_trial(cell, (time - FIXTURE_MS) * workers / FIXTURE_UNITS);
        for (uint32_t unit = 0; unit < FIXTURE_UNITS; unit++)
            trial->table->samples[unit].connects = connections == CONNECTIONS_FRESH;
    }
}

static struct run measure(const struct times *times, int rounds)
{
    struct run run = fixture_run();
    add_cell(&run, "sync:fresh", 1, CONNECTIONS_FRESH, times->alone_fresh, rounds);
    add_cell(&run, "sync:reuse", 1, CONNECTIONS_REUSE, times->alone_kept, rounds);
    add_cell(&run, "threads:fresh", 2, CONNECTIONS_FRESH, times->fresh, rounds);
    add_cell(&run, "threads:reuse", 2, CONNECTIONS_REUSE, times->kept, rounds);
    return run;
}

struct taken_apart {
    struct run_stats stats;
    struct speedup_breakdown breakdown;
};

static void take_apart(struct run *run, struct taken_apart *all)
{
    struct error error = {0};
    all->stats = fixture_stats(run);
    assert_int_equal(speedup_breakdown_make(&all->stats, &all->breakdown, &error), 0);
}

static void release(struct taken_apart *all)
{
    speedup_breakdown_release(&all->breakdown);
    cell_stats_release(&all->stats);
}

static void assert_near(const struct estimate *estimate, double value)
{
    if (!(fabs(estimate->value / value - 1) < 1e-6))
        fail_msg("%g is not %g", estimate->value, value);
}

static const struct speedup_parts *find(const struct speedup_breakdown *breakdown, const char *mode)
{
    for (size_t i = 0; i < breakdown->count; i++) {
        if (strcmp(breakdown->items[i].cell->cell->mode, mode) == 0)
            return &breakdown->items[i];
    }
    fail_msg("no gain of %s", mode);
    return NULL;
}

static void test_two_factors_make_the_whole(void **state)
{
    (void)state;
    /* Kept connections: twice as fast alone, 4 times with many; concurrency: 4 times with fresh ones, 8 with kept. */
    const struct times times = {80 * FIXTURE_MS, 40 * FIXTURE_MS, 20 * FIXTURE_MS, 5 * FIXTURE_MS};
    struct run run = measure(&times, 7);
    struct taken_apart all;
    take_apart(&run, &all);
    assert_int_equal(all.breakdown.count, 2);
    assert_string_equal(all.breakdown.base->cell->mode, "sync:fresh");
    const struct speedup_parts *threads = find(&all.breakdown, "threads:reuse");
    assert_near(&threads->total, 16);
    assert_near(&threads->concurrency, sqrt(4 * 8));
    assert_near(&threads->connections, sqrt(2 * 4));
    assert_near(&threads->interaction, 2);
    assert_near(&threads->total, threads->concurrency.value * threads->connections.value);
    assert_true(threads->total.confidence >= CONFIDENCE_LEVEL);
    const struct speedup_parts *sync = find(&all.breakdown, "sync:reuse");
    assert_near(&sync->total, 2);
    assert_near(&sync->connections, 2);
    assert_true(isnan(sync->concurrency.value) && isnan(sync->interaction.value));
    release(&all);
    run_release(&run);
}

static void test_the_fastest_is_told(void **state)
{
    (void)state;
    const struct times times = {80 * FIXTURE_MS, 40 * FIXTURE_MS, 20 * FIXTURE_MS, 5 * FIXTURE_MS};
    struct run run = measure(&times, 2);
    struct taken_apart all;
    take_apart(&run, &all);
    assert_string_equal(all.breakdown.sentence,
                        "threads:reuse/2 is 16 times as fast as sync:fresh/1: concurrency makes it 5.66 times as fast, "
                        "and keeping connections 2.83 times");
    release(&all);
    run_release(&run);
}

static void test_where_concurrency_is_a_loss(void **state)
{
    (void)state;
    const struct times times = {20 * FIXTURE_MS, 20 * FIXTURE_MS, 40 * FIXTURE_MS, 40 * FIXTURE_MS};
    struct run run = measure(&times, 2);
    struct taken_apart all;
    take_apart(&run, &all);
    const struct speedup_parts *threads = find(&all.breakdown, "threads:reuse");
    assert_near(&threads->concurrency, 0.5);
    assert_near(&threads->connections, 1);
    release(&all);
    run_release(&run);
}

static void test_only_what_differs_in_nothing_else(void **state)
{
    (void)state;
    const struct times times = {80 * FIXTURE_MS, 40 * FIXTURE_MS, 20 * FIXTURE_MS, 5 * FIXTURE_MS};
    struct run run = measure(&times, 3);
    struct taken_apart all;
    /* Another number of workers, another copy and another mode have no counterpart with fresh connections. */
    add_cell(&run, "threads:reuse", 4, CONNECTIONS_REUSE, 3 * FIXTURE_MS, 3);
    add_cell(&run, "threads:reuse#2", 2, CONNECTIONS_REUSE, 5 * FIXTURE_MS, 3);
    add_cell(&run, "event-loop:reuse", 2, CONNECTIONS_REUSE, 5 * FIXTURE_MS, 3);
    take_apart(&run, &all);
    assert_int_equal(all.breakdown.count, 2);
    release(&all);
    /* A further kind of connections has its own. */
    add_cell(&run, "sync:warm", 1, CONNECTIONS_WARM, 20 * FIXTURE_MS, 3);
    add_cell(&run, "threads:warm", 2, CONNECTIONS_WARM, 5 * FIXTURE_MS, 3);
    take_apart(&run, &all);
    assert_int_equal(all.breakdown.count, 4);
    assert_near(&find(&all.breakdown, "threads:warm")->concurrency, 4);
    release(&all);
    run_release(&run);
}

static void test_rounds_of_all_four(void **state)
{
    (void)state;
    const struct times times = {80 * FIXTURE_MS, 40 * FIXTURE_MS, 20 * FIXTURE_MS, 5 * FIXTURE_MS};
    struct run run = measure(&times, 3);
    struct taken_apart all;
    /* In a round that one of them did not finish the others say nothing together. */
    run.cells[2].trials[0].status = TRIAL_HUNG;
    run.cells[3].trials[0].run *= 20;
    take_apart(&run, &all);
    assert_near(&find(&all.breakdown, "threads:reuse")->total, 16);
    release(&all);
    run_release(&run);
}

static void test_nothing_to_take_apart(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    struct taken_apart all;
    take_apart(&run, &all);
    assert_int_equal(all.breakdown.count, 0);
    assert_null(all.breakdown.base);
    release(&all);
    /* Nor where the comparison is not valid: here what was to be fresh was not. */
    run_release(&run);
    const struct times times = {80 * FIXTURE_MS, 40 * FIXTURE_MS, 20 * FIXTURE_MS, 5 * FIXTURE_MS};
    run = measure(&times, 2);
    for (size_t round = 0; round < 2; round++)
        run.cells[0].trials[round].table->samples[1].connects = 0;
    take_apart(&run, &all);
    assert_false(all.stats.validity.is_valid);
    assert_int_equal(all.breakdown.count, 0);
    release(&all);
    run_release(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_factors_make_the_whole),  cmocka_unit_test(test_the_fastest_is_told),
        cmocka_unit_test(test_where_concurrency_is_a_loss), cmocka_unit_test(test_only_what_differs_in_nothing_else),
        cmocka_unit_test(test_rounds_of_all_four),          cmocka_unit_test(test_nothing_to_take_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
