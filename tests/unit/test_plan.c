#include "unit.h"

#include <string.h>

#include "conc_bench/workload/plan.h"
#include "modes/modes.h"

struct fixture {
    struct url_list urls;
    struct plan_request request;
};

static const struct mode *const modes[] = {&mode_sync, &mode_threads, &mode_hybrid};
static const uint32_t workers[] = {1, 8};
static const enum connection_policy connections[] = {CONNECTIONS_FRESH, CONNECTIONS_REUSE};

static int set_up(void **state)
{
    static struct fixture fixture;
    struct error error = {0};
    memset(&fixture, 0, sizeof(fixture));
    url_list_init(&fixture.urls);
    if (url_list_add_url(&fixture.urls, "http://a.test/", &error) != 0 ||
        url_list_add_url(&fixture.urls, "http://b.test/", &error) != 0 ||
        url_list_add_url(&fixture.urls, "http://a.test/", &error) != 0)
        return -1;
    fixture.request = (struct plan_request){
        .urls = &fixture.urls,
        .modes = modes,
        .mode_count = 3,
        .workers = workers,
        .worker_count = 2,
        .connections = connections,
        .connection_count = 1,
        .repeat = 2,
        .copies = 1,
        .rounds = 3,
        .seed = 1,
        .transfer = transfer_policy_default(),
    };
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    url_list_release(&fixture->urls);
    return 0;
}

static void test_units_follow_the_list_and_its_repetitions(void **state)
{
    struct fixture *fixture = *state;
    struct plan plan;
    struct error error = {0};
    assert_int_equal(plan_build(&fixture->request, &plan, &error), 0);
    static const char *const expected[] = {"http://a.test/", "http://b.test/", "http://a.test/",
                                           "http://a.test/", "http://b.test/", "http://a.test/"};
    assert_int_equal(plan.unit_count, 6);
    for (uint32_t i = 0; i < 6; i++)
        assert_string_equal(url_text(&fixture->urls, plan.unit_urls[i]), expected[i]);
    plan_release(&plan);
}

static void test_shuffled_units_are_the_same_units(void **state)
{
    struct fixture *fixture = *state;
    struct plan plan;
    struct plan again;
    struct error error = {0};
    fixture->request.shuffle = true;
    fixture->request.repeat = 50;
    assert_int_equal(plan_build(&fixture->request, &plan, &error), 0);
    assert_int_equal(plan_build(&fixture->request, &again, &error), 0);
    uint32_t of_a = 0;
    uint32_t moved = 0;
    for (uint32_t i = 0; i < plan.unit_count; i++) {
        of_a += plan.unit_urls[i] == 0;
        moved += plan.unit_urls[i] != (i % 3 == 1);
        assert_int_equal(plan.unit_urls[i], again.unit_urls[i]);
    }
    assert_int_equal(of_a, 100);
    assert_true(moved > 10);
    plan_release(&plan);
    plan_release(&again);
}

static void test_cells_cross_modes_with_workers_and_sync_has_one(void **state)
{
    struct fixture *fixture = *state;
    struct plan plan;
    struct error error = {0};
    assert_int_equal(plan_build(&fixture->request, &plan, &error), 0);
    assert_int_equal(plan.cell_count, 5);
    assert_ptr_equal(plan.cells[0].mode, &mode_sync);
    assert_int_equal(plan.cells[0].workers, 1);
    assert_ptr_equal(plan.cells[1].mode, &mode_threads);
    assert_int_equal(plan.cells[1].workers, 1);
    assert_ptr_equal(plan.cells[4].mode, &mode_hybrid);
    assert_int_equal(plan.cells[4].workers, 8);
    plan_release(&plan);
}

static void assert_cell(const struct plan_cell *cell, const char *expected_name, uint32_t expected_workers)
{
    char name[32];
    assert_string_equal(plan_cell_name(cell, name, sizeof(name)), expected_name);
    assert_int_equal(cell->workers, expected_workers);
}

static void test_cells_cross_with_connections_and_are_named_by_them(void **state)
{
    struct fixture *fixture = *state;
    struct plan plan;
    struct error error = {0};
    fixture->request.copies = 2;
    fixture->request.mode_count = 2;
    assert_int_equal(plan_build(&fixture->request, &plan, &error), 0);
    assert_int_equal(plan.cell_count, 6);
    assert_cell(&plan.cells[1], "sync#2", 1);
    assert_int_equal(plan.cells[1].connections, CONNECTIONS_FRESH);
    plan_release(&plan);
    fixture->request.connection_count = 2;
    assert_int_equal(plan_build(&fixture->request, &plan, &error), 0);
    static const char *const names[] = {"sync:fresh", "sync:fresh#2", "sync:reuse", "sync:reuse#2"};
    assert_int_equal(plan.cell_count, 12);
    for (int i = 0; i < 4; i++)
        assert_cell(&plan.cells[i], names[i], 1);
    assert_cell(&plan.cells[4], "threads:fresh", 1);
    assert_cell(&plan.cells[6], "threads:fresh", 8);
    assert_cell(&plan.cells[11], "threads:reuse#2", 8);
    assert_int_equal(plan.cells[11].connections, CONNECTIONS_REUSE);
    plan_release(&plan);
}

static void test_each_round_has_every_cell_once_in_an_order_of_its_own(void **state)
{
    struct fixture *fixture = *state;
    struct plan plan;
    struct error error = {0};
    assert_int_equal(plan_build(&fixture->request, &plan, &error), 0);
    unsigned first_counts[5] = {0};
    for (uint32_t round = 0; round < 1000; round++) {
        uint32_t order[5];
        uint32_t again[5];
        bool seen[5] = {false};
        plan_order(&plan, round, order);
        plan_order(&plan, round, again);
        assert_memory_equal(order, again, sizeof(order));
        for (int i = 0; i < 5; i++) {
            assert_false(seen[order[i]]);
            seen[order[i]] = true;
        }
        first_counts[order[0]]++;
    }
    /* 200 expected, standard deviation 12.6. */
    for (int i = 0; i < 5; i++)
        assert_in_range(first_counts[i], 125, 275);
    plan_release(&plan);
}

/* Counts over `rounds` rounds how often each cell stands in each place and right behind each other cell. */
static void count_neighbours(const struct plan *plan, uint32_t rounds, uint32_t place[8][8], uint32_t behind[8][8])
{
    memset(place, 0, 64 * sizeof(place[0][0]));
    memset(behind, 0, 64 * sizeof(behind[0][0]));
    for (uint32_t round = 0; round < rounds; round++) {
        uint32_t order[8];
        plan_order(plan, plan->request.warmup_rounds + round, order);
        for (uint32_t i = 0; i < plan->cell_count; i++) {
            place[order[i]][i]++;
            if (i > 0)
                behind[order[i]][order[i - 1]]++;
        }
    }
}

/* Whether a round begins with the same cell as the one before is a toss of a coin, whether their number is even or odd:
 * in blocks of AB and BA every second round would begin with the other. */
static void test_orders_of_two_cells_are_independent(void **state)
{
    struct fixture *fixture = *state;
    struct error error = {0};
    static const struct plan_cell cells[] = {{.mode = &mode_sync, .workers = 1}, {.mode = &mode_threads, .workers = 1}};
    struct plan first, plan;
    unsigned same[2] = {0};
    assert_int_equal(plan_build(&fixture->request, &first, &error), 0);
    assert_int_equal(plan_build_stage(&first, 0, cells, 2, &plan, &error), 0);
    plan.request.rounds = 2000;
    for (uint32_t round = 1; round < 2000; round++) {
        uint32_t before[2], order[2];
        plan_order(&plan, plan.request.warmup_rounds + round - 1, before);
        plan_order(&plan, plan.request.warmup_rounds + round, order);
        same[round % 2] += order[0] == before[0];
    }
    /* 500 expected of each, standard deviation 16. */
    assert_in_range(same[0], 400, 600);
    assert_in_range(same[1], 400, 600);
    plan_release(&plan);
    plan_release(&first);
}

static void test_places_and_predecessors_are_balanced(void **state)
{
    struct fixture *fixture = *state;
    struct error error = {0};
    static const struct plan_cell cells[] = {
        {.mode = &mode_sync, .workers = 1},    {.mode = &mode_threads, .workers = 1},
        {.mode = &mode_threads, .workers = 2}, {.mode = &mode_threads, .workers = 3},
        {.mode = &mode_threads, .workers = 4}, {.mode = &mode_threads, .workers = 5},
    };
    struct plan first;
    assert_int_equal(plan_build(&fixture->request, &first, &error), 0);
    for (uint32_t count = 3; count <= 6; count++) {
        uint32_t rounds = count % 2 == 0 ? 2 * count : 4 * count;
        struct plan plan;
        first.request.rounds = rounds;
        first.request.warmup_rounds = 1;
        assert_int_equal(plan_build_stage(&first, 1, cells, count, &plan, &error), 0);
        uint32_t place[8][8], behind[8][8];
        count_neighbours(&plan, rounds, place, behind);
        for (uint32_t i = 0; i < count; i++) {
            for (uint32_t j = 0; j < count; j++) {
                assert_int_equal(place[i][j], rounds / count);
                assert_int_equal(behind[i][j], i == j ? 0 : rounds / count);
            }
        }
        plan_release(&plan);
    }
    plan_release(&first);
}

static void test_a_stage_has_the_same_units_and_other_orders(void **state)
{
    struct fixture *fixture = *state;
    struct error error = {0};
    struct plan first, second;
    fixture->request.rounds = 50;
    assert_int_equal(plan_build(&fixture->request, &first, &error), 0);
    assert_int_equal(plan_build_stage(&first, 1, first.cells, first.cell_count, &second, &error), 0);
    assert_ptr_equal(second.unit_urls, first.unit_urls);
    assert_int_equal(second.cell_count, first.cell_count);
    unsigned differences = 0;
    for (uint32_t round = 0; round < 50; round++) {
        uint32_t order[5], other[5];
        plan_order(&first, round, order);
        plan_order(&second, round, other);
        differences += memcmp(order, other, sizeof(order)) != 0;
    }
    assert_true(differences > 25);
    plan_release(&second);
    assert_string_equal(url_text(&fixture->urls, first.unit_urls[0]), "http://a.test/");
    plan_release(&first);
}

static void test_deadlines_bear_the_slowest_honest_trial(void **state)
{
    struct fixture *fixture = *state;
    struct plan plan;
    struct error error = {0};
    fixture->request.transfer.max_time = 10 * NANOSECONDS_PER_SECOND;
    assert_int_equal(plan_build(&fixture->request, &plan, &error), 0);
    assert_true(plan_deadline(&plan, &plan.cells[0]) >= 6 * 10 * NANOSECONDS_PER_SECOND);
    assert_true(plan_deadline(&plan, &plan.cells[2]) >= 10 * NANOSECONDS_PER_SECOND);
    assert_true(plan_deadline(&plan, &plan.cells[2]) < plan_deadline(&plan, &plan.cells[0]));
    plan_release(&plan);
    fixture->request.deadline = 5 * NANOSECONDS_PER_SECOND;
    assert_int_equal(plan_build(&fixture->request, &plan, &error), 0);
    assert_int_equal(plan_deadline(&plan, &plan.cells[0]), 5 * NANOSECONDS_PER_SECOND);
    plan_release(&plan);
}

static void test_too_many_downloads_are_refused(void **state)
{
    struct fixture *fixture = *state;
    struct plan plan;
    struct error error = {0};
    fixture->request.repeat = 2000000000;
    assert_int_equal(plan_build(&fixture->request, &plan, &error), -1);
    assert_int_equal(error.kind, ERROR_USAGE);
    assert_non_null(strstr(error.message, "--repeat"));
}

static void test_machines_that_each_take_the_whole_list_have_each_unit_side_by_side(void **state)
{
    struct fixture *fixture = *state;
    struct plan plan, alone;
    struct error error = {0};
    assert_int_equal(plan_build(&fixture->request, &alone, &error), 0);
    fixture->request.machines = 3;
    fixture->request.split = SPLIT_NONE;
    assert_int_equal(plan_build(&fixture->request, &plan, &error), 0);
    struct share share = plan_share(&plan, plan.request.machines);
    assert_int_equal(plan.unit_count, 3 * alone.unit_count);
    for (uint32_t rank = 0; rank < 3; rank++) {
        assert_int_equal(share_count(&share, rank), alone.unit_count);
        for (uint32_t own = 0; own < alone.unit_count; own++)
            assert_int_equal(plan.unit_urls[share_unit(&share, rank, own)], alone.unit_urls[own]);
    }
    /* A machine has as long for it as it would have alone. */
    assert_int_equal(plan_deadline(&plan, &plan.cells[0]), plan_deadline(&alone, &alone.cells[0]));
    plan_release(&plan);
    plan_release(&alone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_machines_that_each_take_the_whole_list_have_each_unit_side_by_side, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_units_follow_the_list_and_its_repetitions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_shuffled_units_are_the_same_units, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cells_cross_modes_with_workers_and_sync_has_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cells_cross_with_connections_and_are_named_by_them, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_each_round_has_every_cell_once_in_an_order_of_its_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_orders_of_two_cells_are_independent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_places_and_predecessors_are_balanced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_stage_has_the_same_units_and_other_orders, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_deadlines_bear_the_slowest_honest_trial, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_too_many_downloads_are_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
