#include "unit.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conc_bench/run/resources.h"

/* A folder in which /proc is made up: process 10 has the children 11 and 12, and process 13 is none of theirs. */

static char root[] = "/tmp/resources-XXXXXX";

static void write_file(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/proc/%s", root, name);
    for (char *slash = path + strlen(root) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        mkdir(path, 0755);
        *slash = '/';
    }
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void remove_file(const char *name)
{
    char command[300];
    snprintf(command, sizeof(command), "rm -r %s/proc/%s", root, name);
    assert_int_equal(system(command), 0);
}

static void write_process(int pid, int parent, const char *children)
{
    char name[64], text[200];
    snprintf(name, sizeof(name), "%d/status", pid);
    snprintf(text, sizeof(text), "Name:\tx\nPPid:\t%d\nVmHWM:\t    300 kB\nVmRSS:\t    200 kB\nThreads:\t2\n", parent);
    write_file(name, text);
    snprintf(name, sizeof(name), "%d/smaps_rollup", pid);
    write_file(name,
               "00-ff ---p 00 00:00 0 [rollup]\nRss:  200 kB\nPss:  150 kB\nPss_Anon: 100 kB\nPss_Shmem: 50 kB\n");
    snprintf(name, sizeof(name), "%d/task/%d/schedstat", pid, pid);
    write_file(name, "1000 20 3\n");
    snprintf(name, sizeof(name), "%d/task/%d/schedstat", pid, pid + 100);
    write_file(name, "500 5 1\n");
    snprintf(name, sizeof(name), "%d/task/%d/children", pid, pid);
    write_file(name, children);
    for (int i = 0; i < 3; i++) {
        snprintf(name, sizeof(name), "%d/fd/%d", pid, i);
        write_file(name, "");
    }
}

static int make_proc(void **state)
{
    (void)state;
    snprintf(root, sizeof(root), "/tmp/resources-XXXXXX");
    assert_non_null(mkdtemp(root));
    write_process(10, 1, "11 12 ");
    write_process(11, 10, "");
    write_process(12, 10, "");
    write_process(13, 1, "");
    write_file("stat", "cpu 0");
    return 0;
}

static int remove_proc(void **state)
{
    (void)state;
    char command[64];
    snprintf(command, sizeof(command), "rm -rf '%s'", root);
    return system(command);
}

static struct trial_resources read_tree(void)
{
    /* Earlier values do not count. */
    struct trial_resources resources = {.processes = 77, .threads = 77, .descriptors = 77, .on_cpu = 77};
    resources_of_tree(root, 10, &resources);
    return resources;
}

static void assert_whole(const struct trial_resources *resources)
{
    assert_int_equal(resources->processes, 3);
    assert_int_equal(resources->threads, 6);
    assert_int_equal(resources->descriptors, 9);
    assert_int_equal(resources->on_cpu, 4500);
    assert_int_equal(resources->run_queue_wait, 75);
    assert_int_equal(resources->peak_memory_bytes, 3 * (300 - 200 + 150 - 50) * 1024);
}

static void assert_unknown(const struct trial_resources *resources)
{
    assert_int_equal(resources->processes, 0);
    assert_int_equal(resources->threads, 0);
    assert_int_equal(resources->descriptors, 0);
    assert_int_equal(resources->on_cpu, 0);
    assert_int_equal(resources->run_queue_wait, 0);
    assert_int_equal(resources->peak_memory_bytes, 0);
}

static void test_sums_are_of_the_whole_tree(void **state)
{
    (void)state;
    const struct trial_resources resources = read_tree();
    assert_whole(&resources);
}

static void test_children_are_found_where_the_kernel_does_not_list_them(void **state)
{
    (void)state;
    remove_file("10/task/10/children");
    remove_file("11/task/11/children");
    remove_file("12/task/12/children");
    const struct trial_resources resources = read_tree();
    assert_whole(&resources);
}

static void test_without_proc_nothing_is_known(void **state)
{
    (void)state;
    remove_file("1*");
    const struct trial_resources resources = read_tree();
    assert_unknown(&resources);
}

static void test_a_child_that_cannot_be_read_leaves_no_sum(void **state)
{
    (void)state;
    remove_file("12");
    const struct trial_resources resources = read_tree();
    assert_unknown(&resources);
}

/* A sum is unknown where one process did not tell its part; the others stand. */
static void test_what_one_process_does_not_tell_is_unknown(void **state)
{
    (void)state;
    remove_file("12/smaps_rollup");
    struct trial_resources resources = read_tree();
    assert_int_equal(resources.peak_memory_bytes, 0);
    assert_int_equal(resources.processes, 3);
    assert_int_equal(resources.threads, 6);
    assert_int_equal(resources.descriptors, 9);
    assert_int_equal(resources.on_cpu, 4500);
    remove_file("11/fd");
    resources = read_tree();
    assert_int_equal(resources.descriptors, 0);
    assert_int_equal(resources.processes, 3);
    remove_file("11/task/111/schedstat");
    resources = read_tree();
    assert_int_equal(resources.on_cpu, 0);
    assert_int_equal(resources.run_queue_wait, 0);
    assert_int_equal(resources.threads, 6);
    write_file("11/status", "Name:\tx\n");
    resources = read_tree();
    assert_int_equal(resources.threads, 0);
    assert_int_equal(resources.processes, 3);
}

/* A worker that has died and was not waited for has no memory any more: what it had at its peak is lost. */
static void test_a_zombie_leaves_no_memory(void **state)
{
    (void)state;
    write_file("12/status", "Name:\tx\nState:\tZ (zombie)\nPPid:\t10\nThreads:\t1\n");
    write_file("12/smaps_rollup", "");
    const struct trial_resources resources = read_tree();
    assert_int_equal(resources.peak_memory_bytes, 0);
    assert_int_equal(resources.processes, 3);
}

static void test_a_kernel_that_does_not_count_time_says_zero(void **state)
{
    (void)state;
    write_file("12/task/12/schedstat", "0 0 0\n");
    write_file("12/task/112/schedstat", "0 0 0\n");
    const struct trial_resources resources = read_tree();
    assert_int_equal(resources.on_cpu, 0);
    assert_int_equal(resources.run_queue_wait, 0);
    assert_int_equal(resources.processes, 3);
}

static void test_a_schedstat_that_is_no_figure_is_unknown(void **state)
{
    (void)state;
    write_file("12/task/12/schedstat", "1000\n");
    const struct trial_resources resources = read_tree();
    assert_int_equal(resources.on_cpu, 0);
    assert_int_equal(resources.run_queue_wait, 0);
}

/* A ring of children would never end. */
static void test_a_tree_without_an_end_is_unknown(void **state)
{
    (void)state;
    write_file("12/task/12/children", "10 ");
    const struct trial_resources resources = read_tree();
    assert_unknown(&resources);
}

/* On the machine the test runs on, with and without the list of children the kernel gives. */
static void test_this_process_and_a_child(void **state)
{
    (void)state;
    int line[2];
    assert_int_equal(pipe(line), 0);
    pid_t child = fork();
    if (child == 0) {
        char byte;
        close(line[1]);
        _exit(read(line[0], &byte, 1) == 0 ? 0 : 1);
    }
    assert_true(child > 0);
    struct trial_resources resources = {0};
    resources_of_tree("", getpid(), &resources);
    close(line[0]);
    close(line[1]);
    waitpid(child, NULL, 0);
    if (access("/proc/self/status", R_OK) != 0) {
        assert_unknown(&resources);
        return;
    }
    assert_int_equal(resources.processes, 2);
    assert_true(resources.threads >= 2);
    assert_true(resources.descriptors >= 6);
}

#define IN_PROC(test) cmocka_unit_test_setup_teardown(test, make_proc, remove_proc)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_PROC(test_sums_are_of_the_whole_tree),
        IN_PROC(test_children_are_found_where_the_kernel_does_not_list_them),
        IN_PROC(test_without_proc_nothing_is_known),
        IN_PROC(test_a_child_that_cannot_be_read_leaves_no_sum),
        IN_PROC(test_what_one_process_does_not_tell_is_unknown),
        IN_PROC(test_a_zombie_leaves_no_memory),
        IN_PROC(test_a_kernel_that_does_not_count_time_says_zero),
        IN_PROC(test_a_schedstat_that_is_no_figure_is_unknown),
        IN_PROC(test_a_tree_without_an_end_is_unknown),
        cmocka_unit_test(test_this_process_and_a_child),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
