#include "unit.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/run/runner.h"

/* Trials that use one table after each other: each begins with an empty one, whatever those before did to it. */

enum { UNITS = 3000, ROUNDS = 3 };

static bool is_empty(const struct sample_table *table)
{
    struct sample_table *fresh = sample_table_create(UNITS, &(struct error){0});
    bool is_same = fresh != NULL && memcmp(fresh, table, (size_t)sample_table_bytes(UNITS)) == 0;
    sample_table_release(fresh);
    return is_same;
}

static int prepare_nothing(const struct mode_job *job, void **run, struct error *error)
{
    (void)error;
    *run = (void *)(uintptr_t)job;
    return 0;
}

static void settle(struct sample_table *table, uint32_t count)
{
    uint32_t unit;
    for (uint32_t i = 0; i < count; i++) {
        struct sample *sample = sample_claim(table, 0, &unit);
        sample->end = clock_now();
        sample->outcome = OUTCOME_OK;
        sample->retry_after = 7;
        sample_settle(table, sample);
    }
}

static int settle_all(void *run, struct error *error)
{
    struct sample_table *table = ((const struct mode_job *)run)->table;
    if (!is_empty(table))
        return error_set(error, ERROR_ENVIRONMENT, "an earlier trial is in the table");
    settle(table, UNITS);
    delays_note(&table->lag, 1000);
    sample_table_note_streams(table, 3);
    return 0;
}

static int claim_one_and_crash(void *run, struct error *error)
{
    (void)error;
    struct sample_table *table = ((const struct mode_job *)run)->table;
    uint32_t unit;
    settle(table, 2);
    sample_claim(table, 0, &unit);
    signal(SIGSEGV, SIG_DFL); /* sanitizers have a handler of their own */
    raise(SIGSEGV);
    return 0;
}

static void release_nothing(void *run)
{
    (void)run;
}

static const struct mode mode_good = {
    .name = "good", .prepare = prepare_nothing, .run = settle_all, .release = release_nothing};
static const struct mode mode_bad = {
    .name = "bad", .prepare = prepare_nothing, .run = claim_one_and_crash, .release = release_nothing};

/* The trials that ran, in order. */
struct observed {
    bool keeps;
    bool drops; /* has trials count for nothing */
    size_t good;
    size_t bad;
};

static int look(void *context, struct trial *trial, struct error *error)
{
    (void)error;
    struct observed *observed = context;
    struct sample_account account = sample_table_account(trial->table);
    if (trial->status == TRIAL_COMPLETE) {
        assert_int_equal(account.settled, UNITS);
        observed->good++;
    } else {
        /* Settled units stand; the rest is not taken for that of the trial before. */
        assert_int_equal(trial->status, TRIAL_CRASHED);
        assert_int_equal(account.settled, 2);
        assert_int_equal(account.lost, 1);
        assert_int_equal(account.outcomes[OUTCOME_NONE], UNITS - 3);
        observed->bad++;
    }
    assert_int_equal(account.settled_twice, 0);
    if (!observed->keeps)
        trial->table = NULL;
    return observed->drops ? 1 : 0;
}

/* Every cell once a round, unless a trial of it did not complete. */
static void make_run(struct observed *observed, const struct plan_cell *cells, size_t count, struct run *run)
{
    struct error error = {0};
    const struct plan plan = {
        .request = {.isolate = true, .transfer = transfer_policy_default()},
        .unit_count = UNITS,
    };
    const struct transfer_plan transfer = {.policy = &plan.request.transfer};
    const struct mode_job job = {.transfer = &transfer, .cores = 1};
    const struct runner_hooks hooks = {.context = observed, .after_trial = look};
    struct runner *runner = runner_create(&plan, &job, &hooks, run, &error);
    bool is_out[4] = {false};
    assert_non_null(runner);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(runner_add_cell(runner, &cells[i], STAGE_MAIN, 0, &error), 0);
    for (uint32_t round = 0; round < ROUNDS + 1; round++) {
        for (uint32_t i = 0; i < count; i++) {
            const struct runner_trial request = {.cell = &cells[i],
                                                 .index = i,
                                                 .is_warmup = round == 0,
                                                 .round = round == 0 ? 0 : round - 1,
                                                 .position = i};
            enum trial_status status = TRIAL_COMPLETE;
            if (!is_out[i])
                assert_int_equal(runner_run(runner, &request, &status, &error), 0);
            is_out[i] |= status != TRIAL_COMPLETE;
        }
    }
    runner_release(runner);
}

static void test_each_trial_begins_with_an_empty_table(void **state)
{
    (void)state;
    static const struct plan_cell cells[] = {{.mode = &mode_good, .workers = 1}, {.mode = &mode_good, .workers = 2}};
    struct run run = {0};
    struct observed observed = {0};
    make_run(&observed, cells, 2, &run);
    assert_int_equal(observed.good, 2 * (ROUNDS + 1));
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(run.cells[i].trial_count, ROUNDS);
        for (size_t j = 0; j < ROUNDS; j++)
            assert_null(run.cells[i].trials[j].table);
    }
    run_release(&run);
}

static void test_a_table_that_is_kept_is_not_used_again(void **state)
{
    (void)state;
    static const struct plan_cell cells[] = {{.mode = &mode_good, .workers = 1}};
    struct run run = {0};
    struct observed observed = {.keeps = true};
    make_run(&observed, cells, 1, &run);
    assert_int_equal(observed.good, ROUNDS + 1);
    for (size_t j = 0; j < ROUNDS; j++)
        assert_int_equal(sample_table_account(run.cells[0].trials[j].table).settled, UNITS);
    run_release(&run);
}

static void test_a_crash_leaves_nothing_behind_and_finds_nothing(void **state)
{
    (void)state;
    static const struct plan_cell cells[] = {{.mode = &mode_good, .workers = 1}, {.mode = &mode_bad, .workers = 1}};
    struct run run = {0};
    struct observed observed = {0};
    make_run(&observed, cells, 2, &run);
    assert_int_equal(observed.bad, 1);
    assert_int_equal(run.cells[1].trial_count, 1); /* though it was to warm up */
    assert_int_equal(run.cells[1].warmup_count, 0);
    assert_int_equal(observed.good, ROUNDS + 1);
    run_release(&run);
}

static void test_a_trial_that_counts_for_nothing_is_not_kept(void **state)
{
    (void)state;
    static const struct plan_cell cells[] = {{.mode = &mode_good, .workers = 1}};
    for (int keeps = 0; keeps < 2; keeps++) {
        struct run run = {0};
        struct observed observed = {.drops = true, .keeps = keeps == 1};
        make_run(&observed, cells, 1, &run);
        assert_int_equal(observed.good, ROUNDS + 1);
        assert_int_equal(run.cells[0].trial_count + run.cells[0].warmup_count, 0);
        run_release(&run);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_trial_begins_with_an_empty_table),
        cmocka_unit_test(test_a_table_that_is_kept_is_not_used_again),
        cmocka_unit_test(test_a_trial_that_counts_for_nothing_is_not_kept),
        cmocka_unit_test(test_a_crash_leaves_nothing_behind_and_finds_nothing),
    };
    return cmocka_run_group_tests_name("runner", tests, NULL, NULL);
}
