#include "unit.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conc_bench/run/sample.h"

static void test_claims_hand_out_each_unit_once_in_order(void **state)
{
    (void)state;
    struct error error = {0};
    struct sample_table *table = sample_table_create(3, &error);
    assert_non_null(table);
    uint32_t unit = 99;
    for (uint32_t i = 0; i < 3; i++) {
        struct sample *sample = sample_claim(table, 7, &unit);
        assert_ptr_equal(sample, &table->samples[i]);
        assert_int_equal(unit, i);
        assert_int_equal(sample->worker, 7);
        assert_true(sample->start > 0);
    }
    assert_null(sample_claim(table, 7, &unit));
    assert_null(sample_claim(table, 8, &unit));
    sample_table_release(table);
}

static void test_accounts_tell_claimed_settled_and_lost_apart(void **state)
{
    (void)state;
    struct error error = {0};
    struct sample_table *table = sample_table_create(4, &error);
    uint32_t unit;
    struct sample *first = sample_claim(table, 0, &unit);
    struct sample *second = sample_claim(table, 1, &unit);
    first->outcome = OUTCOME_OK;
    sample_settle(table, first);
    struct sample_account account = sample_table_account(table);
    assert_int_equal(account.claimed, 2);
    assert_int_equal(account.settled, 1);
    assert_int_equal(account.lost, 1);
    assert_int_equal(account.settled_twice, 0);
    assert_int_equal(sample_outcome(first), OUTCOME_OK);
    assert_int_equal(sample_outcome(second), OUTCOME_LOST);
    assert_int_equal(sample_outcome(&table->samples[2]), OUTCOME_NONE);
    assert_true(first->settled >= first->start);
    sample_settle(table, first);
    assert_int_equal(sample_table_account(table).settled_twice, 1);
    sample_table_release(table);
}

static void test_a_scripted_stamp_is_kept(void **state)
{
    (void)state;
    struct error error = {0};
    struct sample_table *table = sample_table_create(1, &error);
    uint32_t unit;
    struct sample *sample = sample_claim(table, 0, &unit);
    sample->settled = 12345;
    sample_settle(table, sample);
    assert_int_equal(sample->settled, 12345);
    sample_table_release(table);
}

static void test_a_stopped_table_hands_out_nothing(void **state)
{
    (void)state;
    struct error error = {0};
    struct sample_table *table = sample_table_create(5, &error);
    uint32_t unit;
    assert_non_null(sample_claim(table, 0, &unit));
    assert_false(sample_table_is_stopped(table));
    sample_table_stop(table);
    assert_true(sample_table_is_stopped(table));
    assert_null(sample_claim(table, 0, &unit));
    sample_table_release(table);
}

static void test_a_cleared_table_is_as_a_new_one(void **state)
{
    (void)state;
    struct error error = {0};
    struct sample_table *table = sample_table_create(1000, &error);
    struct sample_table *fresh = sample_table_create(1000, &error);
    sample_table_populate(table);
    uint32_t unit;
    for (uint32_t i = 0; i < 999; i++)
        sample_settle(table, sample_claim(table, 3, &unit));
    sample_settle(table, &table->samples[0]);
    sample_claim(table, 3, &unit);
    delays_note(&table->lag, 12345);
    sample_table_note_streams(table, 9);
    sample_table_stop(table);
    sample_table_clear(table);
    assert_memory_equal(table, fresh, (size_t)sample_table_bytes(1000));
    assert_ptr_equal(sample_claim(table, 0, &unit), &table->samples[0]);
    sample_table_release(table);
    sample_table_release(fresh);
}

static void test_memory_is_known_beforehand(void **state)
{
    (void)state;
    uint64_t table = sample_table_bytes(1000);
    assert_int_equal(sample_memory(1000, 0, 0), table);
    /* one table to make samples in, and of each trial less than a table, unless that is kept */
    assert_true(sample_memory(1000, 10, 999) < 11 * table);
    assert_int_equal(sample_memory(1000, 10, 1000), sample_memory(1000, 10, 999) + 10 * table);
    assert_true(sample_memory(UINT64_C(1) << 40, 1, 0) == UINT64_MAX);
    assert_true(sample_memory(UINT32_MAX, UINT64_MAX, 0) == UINT64_MAX);
    assert_true(sample_policy_most(SAMPLES_NONE) == 0);
    assert_true(sample_policy_most(SAMPLES_AUTO) == SAMPLES_AUTO_MAX);
    assert_true(sample_policy_most(SAMPLES_ALL) == UINT64_MAX);
}

enum { UNITS = 20000, CLAIMERS = 4 };

static void *assertion_all(void *context)
{
    struct sample_table *table = context;
    uint32_t unit;
    struct sample *sample;
    while ((sample = sample_claim(table, 0, &unit)) != NULL) {
        sample->outcome = OUTCOME_OK;
        sample_settle(table, sample);
    }
    return NULL;
}

static void assert_all_settled_once(const struct sample_table *table)
{
    struct sample_account account = sample_table_account(table);
    assert_int_equal(account.claimed, UNITS);
    assert_int_equal(account.settled, UNITS);
    assert_int_equal(account.settled_twice, 0);
}

static void test_threads_share_the_work_exactly_once(void **state)
{
    (void)state;
    struct error error = {0};
    struct sample_table *table = sample_table_create(UNITS, &error);
    pthread_t threads[CLAIMERS];
    for (int i = 0; i < CLAIMERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, assertion_all, table), 0);
    for (int i = 0; i < CLAIMERS; i++)
        pthread_join(threads[i], NULL);
    assert_all_settled_once(table);
    sample_table_release(table);
}

static void test_processes_share_the_work_exactly_once(void **state)
{
    (void)state;
    struct error error = {0};
    struct sample_table *table = sample_table_create(UNITS, &error);
    pid_t children[CLAIMERS];
    for (int i = 0; i < CLAIMERS; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0) {
            assertion_all(table);
            _exit(0);
        }
    }
    for (int i = 0; i < CLAIMERS; i++)
        waitpid(children[i], NULL, 0);
    assert_all_settled_once(table);
    sample_table_release(table);
}

static void test_every_outcome_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        assert_non_null(outcome_name((enum outcome)i));
        for (int j = 0; j < i; j++)
            assert_string_not_equal(outcome_name((enum outcome)i), outcome_name((enum outcome)j));
    }
    assert_string_equal(outcome_name(OUTCOME_COUNT), "unknown");
}

static void test_what_is_due_and_not_taken_waits(void **state)
{
    (void)state;
    struct error error = {0};
    const nanoseconds due[] = {0, 1, 2, 3600 * NANOSECONDS_PER_SECOND};
    struct sample_table *table = sample_table_create(4, &error);
    uint32_t unit;
    assert_int_equal(sample_table_waiting(table, due), 0); /* the gate is closed */
    atomic_store(&table->gate, clock_now() - NANOSECONDS_PER_SECOND);
    assert_int_equal(sample_table_waiting(table, due), 3);
    assert_true(sample_reserve(table, &unit));
    assert_int_equal(sample_table_waiting(table, due), 2);
    /* Workers sleep until those that are not yet due. */
    while (sample_reserve(table, &unit)) {}
    assert_int_equal(sample_table_waiting(table, due), 0);
    sample_table_release(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_claims_hand_out_each_unit_once_in_order),
        cmocka_unit_test(test_accounts_tell_claimed_settled_and_lost_apart),
        cmocka_unit_test(test_a_scripted_stamp_is_kept),
        cmocka_unit_test(test_a_stopped_table_hands_out_nothing),
        cmocka_unit_test(test_what_is_due_and_not_taken_waits),
        cmocka_unit_test(test_a_cleared_table_is_as_a_new_one),
        cmocka_unit_test(test_memory_is_known_beforehand),
        cmocka_unit_test(test_threads_share_the_work_exactly_once),
        cmocka_unit_test(test_processes_share_the_work_exactly_once),
        cmocka_unit_test(test_every_outcome_has_a_name_of_its_own),
    };
    return cmocka_run_group_tests_name("sample", tests, NULL, NULL);
}
