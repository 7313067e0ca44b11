#include "unit.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "conc_bench/base/subprocess.h"

static int look(void *context, struct error *error)
{
    (void)error;
    const pid_t *parent = context;
    return getpid() != *parent && getppid() == *parent ? 0 : -1;
}

static int complain(void *context, struct error *error)
{
    *(int *)context = 1;
    return error_set(error, ERROR_USAGE, "not like this");
}

static int crash(void *context, struct error *error)
{
    (void)context, (void)error;
    return kill(getpid(), SIGKILL);
}

static void it_runs_in_a_process_of_its_own(void **state)
{
    (void)state;
    pid_t self = getpid();
    struct error error = {0};
    assert_int_equal(subprocess_run(look, &self, &error), 0);
    assert_int_equal(error.kind, ERROR_NONE);
}

static void its_error_comes_back_and_nothing_else(void **state)
{
    (void)state;
    int touched = 0;
    struct error error = {0};
    assert_int_equal(subprocess_run(complain, &touched, &error), -1);
    assert_int_equal(error.kind, ERROR_USAGE);
    assert_string_equal(error.message, "not like this");
    assert_int_equal(touched, 0);
}

static void a_crash_is_an_error(void **state)
{
    (void)state;
    struct error error = {0};
    assert_int_equal(subprocess_run(crash, NULL, &error), -1);
    assert_int_equal(error.kind, ERROR_ENVIRONMENT);
    assert_non_null(strstr(error.message, "crashed"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_runs_in_a_process_of_its_own),
        cmocka_unit_test(its_error_comes_back_and_nothing_else),
        cmocka_unit_test(a_crash_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
