#include "unit.h"

#include <stdatomic.h>
#include <stdbool.h>

#include "modes/thread_pool.h"

struct record {
    _Atomic uint32_t entered;
    _Atomic uint32_t working_before_all_entered;
    _Atomic uint32_t worked;
    _Atomic uint32_t left;
    uint32_t count;
    uint32_t fails_to_enter; /* a member's number, or no member's */
    uint32_t fails_to_work;
};

enum { NOBODY = 1000000 };

static int enter(void *context, uint32_t member, struct error *error)
{
    struct record *record = context;
    if (member == record->fails_to_enter)
        return error_set(error, ERROR_ENVIRONMENT, "member %u does not come", member);
    atomic_fetch_add(&record->entered, 1);
    return 0;
}

static int work(void *context, uint32_t member, struct error *error)
{
    struct record *record = context;
    if (atomic_load(&record->entered) < record->count)
        atomic_fetch_add(&record->working_before_all_entered, 1);
    atomic_fetch_add(&record->worked, 1);
    if (member == record->fails_to_work)
        return error_set(error, ERROR_ENVIRONMENT, "member %u does not manage", member);
    return 0;
}

static void leave(void *context, uint32_t member)
{
    (void)member;
    struct record *record = context;
    atomic_fetch_add(&record->left, 1);
}

static struct thread_pool_hooks hooks_of(struct record *record)
{
    return (struct thread_pool_hooks){.context = record, .enter = enter, .leave = leave};
}

static void test_all_enter_then_work_then_leave(void **state)
{
    (void)state;
    struct record record = {.count = 50, .fails_to_enter = NOBODY, .fails_to_work = NOBODY};
    struct thread_pool_hooks hooks = hooks_of(&record);
    struct thread_pool *thread_pool;
    struct error error = {0};
    assert_int_equal(thread_pool_start(&hooks, 50, &thread_pool, &error), 0);
    assert_int_equal(record.entered, 50);
    assert_int_equal(record.worked, 0);
    assert_int_equal(thread_pool_do(thread_pool, work, &error), 0);
    assert_int_equal(record.worked, 50);
    assert_int_equal(record.working_before_all_entered, 0);
    assert_int_equal(record.left, 0);
    thread_pool_release(thread_pool);
    assert_int_equal(record.left, 50);
}

static void test_the_gate_opens_as_often_as_asked(void **state)
{
    (void)state;
    struct record record = {.count = 9, .fails_to_enter = NOBODY, .fails_to_work = NOBODY};
    struct thread_pool_hooks hooks = hooks_of(&record);
    struct thread_pool *thread_pool;
    struct error error = {0};
    assert_int_equal(thread_pool_start(&hooks, 9, &thread_pool, &error), 0);
    for (uint32_t times = 1; times <= 20; times++) {
        assert_int_equal(thread_pool_do(thread_pool, work, &error), 0);
        assert_int_equal(record.worked, 9 * times);
    }
    thread_pool_release(thread_pool);
    assert_int_equal(record.left, 9);
}

static void test_one_that_does_not_come_sends_all_home(void **state)
{
    (void)state;
    struct record record = {.count = 20, .fails_to_enter = 7, .fails_to_work = NOBODY};
    struct thread_pool_hooks hooks = hooks_of(&record);
    struct thread_pool *thread_pool;
    struct error error = {0};
    assert_int_equal(thread_pool_start(&hooks, 20, &thread_pool, &error), -1);
    assert_null(thread_pool);
    assert_string_equal(error.message, "member 7 does not come");
    assert_int_equal(record.worked, 0);
    assert_int_equal(record.left, 19);
}

static void test_a_failure_at_work_is_told_once_all_are_done(void **state)
{
    (void)state;
    struct record record = {.count = 5, .fails_to_enter = NOBODY, .fails_to_work = 3};
    struct thread_pool_hooks hooks = hooks_of(&record);
    struct thread_pool *thread_pool;
    struct error error = {0};
    assert_int_equal(thread_pool_start(&hooks, 5, &thread_pool, &error), 0);
    assert_int_equal(thread_pool_do(thread_pool, work, &error), -1);
    assert_string_equal(error.message, "member 3 does not manage");
    assert_int_equal(record.worked, 5);
    thread_pool_release(thread_pool);
    assert_int_equal(record.left, 5);
}

static void test_a_crew_may_leave_without_having_worked(void **state)
{
    (void)state;
    struct record record = {.count = 3, .fails_to_enter = NOBODY, .fails_to_work = NOBODY};
    struct thread_pool_hooks hooks = hooks_of(&record);
    struct thread_pool *thread_pool;
    struct error error = {0};
    assert_int_equal(thread_pool_start(&hooks, 3, &thread_pool, &error), 0);
    thread_pool_release(thread_pool);
    assert_int_equal(record.worked, 0);
    assert_int_equal(record.left, 3);
    thread_pool_release(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_enter_then_work_then_leave),
        cmocka_unit_test(test_the_gate_opens_as_often_as_asked),
        cmocka_unit_test(test_one_that_does_not_come_sends_all_home),
        cmocka_unit_test(test_a_failure_at_work_is_told_once_all_are_done),
        cmocka_unit_test(test_a_crew_may_leave_without_having_worked),
    };
    return cmocka_run_group_tests_name("thread_pool", tests, NULL, NULL);
}
