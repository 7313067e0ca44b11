#include "run_fixture.h"

#include <math.h>

static void cells_have_their_name_and_that_without_connections(void **state)
{
    (void)state;
    static const struct {
        const char *cell;
        const char *name;
        bool is_name;
    } cases[] = {
        {"threads", "threads", true},
        {"threads", "thread", false},
        {"threads", "threads:fresh", false},
        {"threads#2", "threads#2", true},
        {"threads#2", "threads", false},
        {"threads:fresh", "threads:fresh", true},
        {"threads:fresh", "threads", true},
        {"threads:fresh", "threads:reuse", false},
        {"threads:fresh", "thread", false},
        {"threads:fresh", "threads2", false},
        {"threads:fresh", "threads#2", false},
        {"threads:fresh#2", "threads#2", true},
        {"threads:fresh#2", "threads", false},
        {"threads:fresh#2", "threads:fresh", false},
        {"threads:fresh#2", "threads#3", false},
        {"sync:fresh", "", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct run_cell cell = {.workers = 1};
        snprintf(cell.mode, sizeof(cell.mode), "%s", cases[i].cell);
        if (cell_has_name(&cell, cases[i].name) != cases[i].is_name)
            fail_msg("%s of %s", cases[i].name, cases[i].cell);
    }
}

static void known_cpu_time_is_no_strangers(void **state)
{
    (void)state;
    struct trial_host host = {.foreign_cores = 1.25, .watched = 2 * NANOSECONDS_PER_SECOND};
    trial_host_exclude(&host, NANOSECONDS_PER_SECOND);
    assert_true(host.foreign_cores == 0.75);
    trial_host_exclude(&host, 4 * NANOSECONDS_PER_SECOND); /* the kernel counts in ticks */
    assert_true(host.foreign_cores == 0);
    host.foreign_cores = NAN;
    trial_host_exclude(&host, 1);
    assert_true(isnan(host.foreign_cores));
    host = (struct trial_host){.foreign_cores = 1}; /* from a document */
    trial_host_exclude(&host, 1);
    assert_true(host.foreign_cores == 1);
}

static void a_run_at_one_of_several_rates_is_at_that_rate(void **state)
{
    (void)state;
    struct run_cell cells[] = {{.rate = 50, .downloads = 100}, {.rate = 50, .downloads = 100}};
    struct run run = {.cells = cells, .cell_count = 2, .downloads = 800, .arrivals = {.rate = 400}};
    run_name_by_rates(&run);
    assert_true(run.arrivals.rate == 50);
    assert_int_equal(run.downloads, 100);
    assert_false(cells[0].is_named_by_rate);
    cells[1] = (struct run_cell){.rate = 200, .downloads = 400};
    run_name_by_rates(&run);
    assert_true(run.arrivals.rate == 200);
    assert_int_equal(run.downloads, 400);
    assert_true(cells[0].is_named_by_rate && cells[1].is_named_by_rate);
    run = (struct run){.downloads = 160, .arrivals = {.rate = 400}};
    run_name_by_rates(&run);
    assert_true(run.arrivals.rate == 400);
    assert_int_equal(run.downloads, 160);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_at_one_of_several_rates_is_at_that_rate),
        cmocka_unit_test(known_cpu_time_is_no_strangers),
        cmocka_unit_test(cells_have_their_name_and_that_without_connections),
    };
    return cmocka_run_group_tests_name("result", tests, NULL, NULL);
}
