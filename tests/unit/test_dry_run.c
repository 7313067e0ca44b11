#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/report/dry_run.h"
#include "modes/modes.h"

/* 3 downloads of 2 URLs in 3 cells: sync/1, threads/1 and threads/8. */

static const struct mode *const modes[] = {&mode_sync, &mode_threads};
static const uint32_t workers[] = {1, 8};

static struct url_list urls;

static int set_up(void **state)
{
    static struct plan_request request;
    static const enum connection_policy connections[] = {CONNECTIONS_REUSE};
    struct error error = {0};
    url_list_init(&urls);
    if (url_list_add_url(&urls, "http://a.test/", &error) != 0 ||
        url_list_add_url(&urls, "http://a.test/2", &error) != 0 ||
        url_list_add_url(&urls, "http://a.test/", &error) != 0)
        return -1;
    request = (struct plan_request){
        .urls = &urls,
        .modes = modes,
        .mode_count = 2,
        .workers = workers,
        .worker_count = 2,
        .connections = connections,
        .connection_count = 1,
        .repeat = 1,
        .copies = 1,
        .rounds = 3,
        .warmup_rounds = 2,
        .seed = 5,
        .transfer = transfer_policy_default(),
    };
    *state = &request;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    url_list_release(&urls);
    return 0;
}

static char *write_dry_run(const struct plan_request *request)
{
    char *text = NULL;
    size_t length = 0;
    struct plan plan;
    struct error error = {0};
    FILE *stream = open_memstream(&text, &length);
    assert_non_null(stream);
    assert_int_equal(plan_build(request, &plan, &error), 0);
    dry_run_write(stream, &plan, "It costs nothing");
    assert_int_equal(fclose(stream), 0);
    plan_release(&plan);
    return text;
}

static void assert_says(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void test_sums_come_first(void **state)
{
    struct plan_request *request = *state;
    char *text = write_dry_run(request);
    assert_says(text, "3 downloads of 2 URLs on 1 host in each trial, in list order\n"
                      "It costs nothing\n"
                      "3 cells, 2 warm-up and 3 measured rounds, seed 5\n");
    free(text);
    request->repeat = 4;
    request->shuffle = true;
    request->time_budget = 90 * NANOSECONDS_PER_SECOND;
    text = write_dry_run(request);
    assert_says(text, "12 downloads of 2 URLs on 1 host in each trial, in shuffled order\n");
    assert_says(text, "2 warm-up and up to 3 measured rounds within 90 s, seed 5\n");
    free(text);
}

static void test_one_of_anything_is_singular(void **state)
{
    struct plan_request changed = *(struct plan_request *)*state;
    struct url_list one;
    struct error error = {0};
    url_list_init(&one);
    assert_int_equal(url_list_add_url(&one, "http://a.test/", &error), 0);
    changed.urls = &one;
    changed.mode_count = 1;
    changed.rounds = 1;
    char *text = write_dry_run(&changed);
    assert_says(text, "1 download of 1 URL on 1 host in each trial, in list order\n");
    assert_says(text, "1 cell, 2 warm-up and 1 measured round, seed 5\n");
    free(text);
    url_list_release(&one);
}

static size_t count(const char *text, const char *part)
{
    size_t found = 0;
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part))
        found++;
    return found;
}

static void test_every_round_names_every_cell_once(void **state)
{
    char *text = write_dry_run(*state);
    static const char *const rounds[] = {"warm-up 1:", "warm-up 2:", "round 1:", "round 2:", "round 3:"};
    const char *before = text;
    for (size_t i = 0; i < sizeof(rounds) / sizeof(rounds[0]); i++) {
        const char *start = strstr(text, rounds[i]);
        assert_non_null(start);
        assert_true(start > before && start[-1] == '\n');
        before = start;
        char *line = strndup(start, strcspn(start, "\n"));
        assert_non_null(line);
        assert_int_equal(count(line, " sync/1"), 1);
        assert_int_equal(count(line, " threads/1"), 1);
        assert_int_equal(count(line, " threads/8"), 1);
        assert_int_equal(count(line, "/"), 3);
        free(line);
    }
    assert_int_equal(count(text, "\n"), 9);
    assert_non_null(strstr(text, "samples of all trials take up to"));
    free(text);
}

static void test_it_is_the_order_that_will_be_run(void **state)
{
    const struct plan_request *request = *state;
    struct plan plan;
    struct error error = {0};
    char *text = write_dry_run(request);
    assert_int_equal(plan_build(request, &plan, &error), 0);
    for (uint32_t round = 0; round < 5; round++) {
        uint32_t order[3];
        char line[128];
        assert_int_equal(plan.cell_count, 3);
        plan_order(&plan, round, order);
        int length = snprintf(line, sizeof(line), "\n%s %u:", round < 2 ? "warm-up" : "round",
                              round < 2 ? round + 1 : round - 1);
        for (int i = 0; i < 3; i++)
            length += snprintf(line + length, sizeof(line) - (size_t)length, " %s/%u", plan.cells[order[i]].mode->name,
                               plan.cells[order[i]].workers);
        snprintf(line + length, sizeof(line) - (size_t)length, "\n");
        assert_says(text, line);
    }
    plan_release(&plan);
    free(text);
}

static void test_the_seed_alone_decides(void **state)
{
    struct plan_request *request = *state;
    request->rounds = 30;
    char *text = write_dry_run(request);
    char *again = write_dry_run(request);
    assert_string_equal(text, again);
    free(again);
    request->seed = 6;
    again = write_dry_run(request);
    assert_string_not_equal(strstr(text, "warm-up 1"), strstr(again, "warm-up 1"));
    free(again);
    free(text);
}

#define UNIT_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_sums_come_first),
        UNIT_TEST(test_one_of_anything_is_singular),
        UNIT_TEST(test_every_round_names_every_cell_once),
        UNIT_TEST(test_it_is_the_order_that_will_be_run),
        UNIT_TEST(test_the_seed_alone_decides),
    };
    return cmocka_run_group_tests_name("outline", tests, NULL, NULL);
}
