#include "unit.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>

#include "conc_bench/fleet/fleet.h"

static const char *const names[] = {"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "PMI_SIZE", "PMI_RANK",
                                    "SLURM_STEP_NUM_TASKS", "SLURM_PROCID",         "PMIX_RANK"};

static void clear(void)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_int_equal(unsetenv(names[i]), 0);
}

static void a_program_started_by_hand_is_the_leader_of_nobody(void **state)
{
    (void)state;
    struct error error = {0};
    clear();
    assert_int_equal(fleet_start(&error), 0);
    assert_int_equal(fleet_rank(), 0);
    assert_int_equal(fleet_size(), 1);
    assert_false(fleet_has_lost_any());
    const struct fleet_limit limit = {.until = 0};
    assert_int_equal(fleet_broadcast(FLEET_SIGN, "x", 1, &limit, &error), 0);
    fleet_end(0);
}

static void wake(int number)
{
    (void)number;
}

/* It leaves the first process the time to say so, unless a signal comes. */
static void one_of_several_is_refused_and_knows_its_rank(void **state)
{
    (void)state;
    struct error error = {0};
    const struct itimerval often = {{.tv_usec = 10000}, {.tv_usec = 10000}};
    const struct itimerval never = {0};
    clear();
    assert_true(signal(SIGALRM, wake) != SIG_ERR);
    assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
    assert_int_equal(setenv("PMI_SIZE", "12", 1), 0);
    assert_int_equal(setenv("PMI_RANK", "11", 1), 0);
    assert_int_equal(fleet_start(&error), -1);
    assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
    assert_int_equal(error.kind, ERROR_USAGE);
    assert_int_equal(fleet_rank(), 11);
    fleet_end(2);
}

static void what_is_no_number_is_no_launcher(void **state)
{
    (void)state;
    struct error error = {0};
    clear();
    assert_int_equal(setenv("OMPI_COMM_WORLD_SIZE", "many", 1), 0);
    assert_int_equal(setenv("PMI_SIZE", "", 1), 0);
    assert_int_equal(fleet_start(&error), 0);
    assert_int_equal(fleet_size(), 1);
    fleet_end(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_started_by_hand_is_the_leader_of_nobody),
        cmocka_unit_test(one_of_several_is_refused_and_knows_its_rank),
        cmocka_unit_test(what_is_no_number_is_no_launcher),
    };
    return cmocka_run_group_tests_name("launch", tests, NULL, NULL);
}
