#include "unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conc_bench/base/child.h"
#include "conc_bench/platform/process.h"
#include "conc_bench/run/interrupt.h"
#include "conc_bench/run/resources.h"
#include "modes/modes.h"
#include "run/trial.h"

/* Modes made for going wrong. */

static int prepare_nothing(const struct mode_job *job, void **run, struct error *error)
{
    (void)error;
    *run = (void *)(uintptr_t)job;
    return 0;
}

static int prepare_in_vain(const struct mode_job *job, void **run, struct error *error)
{
    (void)job;
    *run = NULL;
    return error_set(error, ERROR_ENVIRONMENT, "there is no room");
}

static void settle_some(const struct mode_job *job, uint32_t count)
{
    uint32_t unit;
    for (uint32_t i = 0; i < count; i++) {
        struct sample *sample = sample_claim(job->table, 0, &unit);
        if (sample == NULL)
            return;
        sample->end = clock_now();
        sample->outcome = OUTCOME_OK;
        sample_settle(job->table, sample);
    }
}

static int run_to_crash(void *run, struct error *error)
{
    (void)error;
    settle_some(run, 3);
    uint32_t unit;
    sample_claim(((const struct mode_job *)run)->table, 0, &unit);
    signal(SIGSEGV, SIG_DFL); /* sanitizers have a handler of their own */
    raise(SIGSEGV);
    return 0;
}

static int run_forever(void *run, struct error *error)
{
    (void)error;
    settle_some(run, 2);
    while (pause() != 0) {}
    return 0;
}

/* The interrupt is the parent's. */
static int run_to_interrupt(void *run, struct error *error)
{
    (void)error;
    settle_some(run, 2);
    kill(getppid(), SIGINT);
    while (pause() != 0) {}
    return 0;
}

static int run_half(void *run, struct error *error)
{
    (void)error;
    settle_some(run, 5);
    return 0;
}

static int run_and_complain(void *run, struct error *error)
{
    settle_some(run, 10);
    return error_set(error, ERROR_ENVIRONMENT, "worker process 3 was lost");
}

static int run_with_memory(void *run, struct error *error)
{
    (void)error;
    enum { SIZE = 32 << 20 };
    char *memory = malloc(SIZE);
    assert_non_null(memory);
    memset(memory, 1, SIZE);
    settle_some(run, memory[SIZE / 2] == 1 ? 10 : 0);
    free(memory);
    return 0;
}

static int run_to_end(void *run, struct error *error)
{
    (void)error;
    settle_some(run, 10);
    return 0;
}

/* A worker process that outlives the run, as those of mode processes do. */
static pid_t helper;

static int run_with_child(void *run, struct error *error)
{
    (void)error;
    pid_t parent = getpid();
    helper = fork();
    if (helper == 0) {
        child_enter(parent);
        for (;;)
            pause();
    }
    settle_some(run, 10);
    return 0;
}

static void release_nothing(void *run)
{
    (void)run;
}

static void release_child(void *run)
{
    (void)run;
    kill(helper, SIGKILL);
    waitpid(helper, NULL, 0);
}

static struct mode mode_with(int (*run)(void *, struct error *))
{
    return (struct mode){.name = "test", .prepare = prepare_nothing, .run = run, .release = release_nothing};
}

/* Whether the system tells how much memory and how many threads a process has. */
static bool is_told_of_processes(void)
{
    struct process_status status;
    return process_read_status("", getpid(), &status);
}

/* Runs a mode over 10 units; the caller releases the table. */
static struct trial try_mode(const struct mode *mode, nanoseconds deadline, bool isolate)
{
    struct error error = {0};
    struct trial trial = {0};
    struct mode_job job = {.table = sample_table_create(10, &error), .workers = 1, .cores = 1};
    assert_non_null(job.table);
    const struct trial_options options = {.deadline = deadline, .isolate = isolate};
    assert_int_equal(trial_run(mode, &job, &options, &trial, &error), 0);
    return trial;
}

#define LONG (60 * NANOSECONDS_PER_SECOND)

static void test_a_trial_that_goes_well(void **state)
{
    (void)state;
    struct mode mode = mode_with(run_to_end);
    struct trial trial = try_mode(&mode, LONG, true);
    assert_int_equal(trial.status, TRIAL_COMPLETE);
    assert_string_equal(trial.reason, "");
    assert_true(trial.run > 0);
    assert_true(trial.startup >= 0);
    assert_int_equal(trial.resources.processes, is_told_of_processes() ? 1 : 0);
    assert_int_equal(sample_table_account(trial.table).settled, 10);
    sample_table_release(trial.table);
}

static void test_a_crash_is_an_outcome_and_its_settled_units_stand(void **state)
{
    (void)state;
    struct mode mode = mode_with(run_to_crash);
    struct trial trial = try_mode(&mode, LONG, true);
    assert_int_equal(trial.status, TRIAL_CRASHED);
    assert_non_null(strstr(trial.reason, "signal 11"));
    struct sample_account account = sample_table_account(trial.table);
    assert_int_equal(account.settled, 3);
    assert_int_equal(account.lost, 1);
    sample_table_release(trial.table);
}

static void test_a_hang_ends_at_the_deadline(void **state)
{
    (void)state;
    struct mode mode = mode_with(run_forever);
    nanoseconds begin = clock_now();
    /* As long as no machine takes to come to settle two units. */
    struct trial trial = try_mode(&mode, NANOSECONDS_PER_SECOND, true);
    assert_true(clock_now() - begin >= NANOSECONDS_PER_SECOND);
    assert_int_equal(trial.status, TRIAL_HUNG);
    assert_non_null(strstr(trial.reason, "2 of 10"));
    sample_table_release(trial.table);
}

static void test_a_cell_that_cannot_be_set_up_says_why(void **state)
{
    (void)state;
    struct mode mode = mode_with(run_to_end);
    mode.prepare = prepare_in_vain;
    struct trial trial = try_mode(&mode, LONG, true);
    assert_int_equal(trial.status, TRIAL_FAILED);
    assert_string_equal(trial.reason, "there is no room");
    sample_table_release(trial.table);
}

static void test_work_left_undone_is_no_success(void **state)
{
    (void)state;
    struct mode mode = mode_with(run_half);
    struct trial trial = try_mode(&mode, LONG, true);
    assert_int_equal(trial.status, TRIAL_CRASHED);
    sample_table_release(trial.table);
    mode.run = run_and_complain;
    trial = try_mode(&mode, LONG, true);
    assert_int_equal(trial.status, TRIAL_CRASHED);
    assert_string_equal(trial.reason, "worker process 3 was lost");
    sample_table_release(trial.table);
}

static void test_the_memory_peak_is_the_trial_s_own(void **state)
{
    (void)state;
    if (!is_told_of_processes())
        skip();
    enum { MEBIBYTE = 1 << 20, PARENT = 64 * MEBIBYTE };
    char *memory = malloc(PARENT);
    assert_non_null(memory);
    memset(memory, 1, PARENT);
    struct mode mode = mode_with(run_with_memory);
    struct trial with = try_mode(&mode, LONG, true);
    mode.run = run_to_end;
    struct trial without = try_mode(&mode, LONG, true);
    /* Memory that the parent touched is not the cell's; memory that the cell touched and gave back is: 32 MiB. The
     * thread sanitizer remembers every byte in five. */
#if defined(__SANITIZE_THREAD__)
    const uint64_t most = 200 * MEBIBYTE;
#else
    const uint64_t most = 40 * MEBIBYTE;
#endif
    assert_in_range(with.resources.peak_memory_bytes - without.resources.peak_memory_bytes, 28 * MEBIBYTE, most);
    assert_in_range(with.resources.max_rss_bytes - without.resources.max_rss_bytes, 28 * MEBIBYTE, most);
    assert_int_equal(memory[PARENT - 1], 1);
    free(memory);
    sample_table_release(with.table);
    sample_table_release(without.table);
}

static void test_worker_processes_are_counted_while_they_live(void **state)
{
    (void)state;
    struct mode mode = mode_with(run_with_child);
    mode.release = release_child;
    struct trial trial = try_mode(&mode, LONG, true);
    assert_int_equal(trial.status, TRIAL_COMPLETE);
    assert_int_equal(trial.resources.processes, is_told_of_processes() ? 2 : 0);
    sample_table_release(trial.table);
}

static void test_scripted_times_are_exact(void **state)
{
    (void)state;
    static const nanoseconds script[] = {10 * NANOSECONDS_PER_MILLISECOND, 30 * NANOSECONDS_PER_MILLISECOND};
    struct error error = {0};
    struct trial trial = {0};
    struct mode_job job = {.table = sample_table_create(10, &error), .workers = 2, .cores = 1};
    job.script = script;
    job.script_count = 2;
    const struct trial_options options = {.deadline = LONG, .isolate = true};
    assert_int_equal(trial_run(&mode_null, &job, &options, &trial, &error), 0);
    assert_int_equal(trial.status, TRIAL_COMPLETE);
    /* Two workers, 10 30 10 30 ... ms: the first is free at 10, 20 (30 and 50 wait), ... */
    assert_int_equal(trial.startup, 0);
    assert_int_equal(trial.teardown, 0);
    assert_int_equal(trial.run, 110 * NANOSECONDS_PER_MILLISECOND);
    sample_table_release(trial.table);
}

static void test_a_trial_can_run_in_place(void **state)
{
    (void)state;
    struct mode mode = mode_with(run_to_end);
    struct trial trial = try_mode(&mode, LONG, false);
    assert_int_equal(trial.status, TRIAL_COMPLETE);
    sample_table_release(trial.table);
}

/* Last: from then on the process is interrupted for good. */
static void test_a_signal_ends_a_trial_that_would_not_end(void **state)
{
    (void)state;
    struct mode mode = mode_with(run_to_interrupt);
    nanoseconds begin = clock_now();
    struct trial trial = try_mode(&mode, LONG, true);
    assert_true(clock_now() - begin < LONG / 2);
    assert_int_equal(trial.status, TRIAL_INTERRUPTED);
    assert_int_equal(interrupt_signal(), SIGINT);
    assert_true(sample_table_is_stopped(trial.table));
    assert_int_equal(sample_table_account(trial.table).settled, 2);
    sample_table_release(trial.table);
}

static int set_up(void **state)
{
    (void)state;
    struct error error = {0};
    return interrupt_install(&error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_trial_that_goes_well),
        cmocka_unit_test(test_a_crash_is_an_outcome_and_its_settled_units_stand),
        cmocka_unit_test(test_a_hang_ends_at_the_deadline),
        cmocka_unit_test(test_a_cell_that_cannot_be_set_up_says_why),
        cmocka_unit_test(test_work_left_undone_is_no_success),
        cmocka_unit_test(test_the_memory_peak_is_the_trial_s_own),
        cmocka_unit_test(test_worker_processes_are_counted_while_they_live),
        cmocka_unit_test(test_scripted_times_are_exact),
        cmocka_unit_test(test_a_trial_can_run_in_place),
        cmocka_unit_test(test_a_signal_ends_a_trial_that_would_not_end),
    };
    return cmocka_run_group_tests_name("cell", tests, set_up, NULL);
}
