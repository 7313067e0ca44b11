#include "unit.h"

#include <inttypes.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conc_bench/platform/cgroup.h"
#include "conc_bench/run/resources.h"
#include "run/host_load.h"

/* A folder in which the files of a machine are made up. */

static char root[32];

static int make_root(void **state)
{
    (void)state;
    snprintf(root, sizeof(root), "/tmp/cgroup-XXXXXX");
    return mkdtemp(root) != NULL ? 0 : -1;
}

static int remove_root(void **state)
{
    (void)state;
    char command[64];
    snprintf(command, sizeof(command), "rm -rf '%s'", root);
    return system(command);
}

static void write_below(const char *folder, const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof(path), "%s%s/%s", root, folder, name);
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

static void write_self(const char *cgroup, const char *mountinfo)
{
    write_below("/proc/self", "cgroup", cgroup);
    write_below("/proc/self", "mountinfo", mountinfo);
}

static void write_cpu1(const char *folder, const char *quota, const char *throttled)
{
    char text[128];
    write_below(folder, "cpu.cfs_quota_us", quota);
    write_below(folder, "cpu.cfs_period_us", "100000\n");
    snprintf(text, sizeof(text), "nr_periods 10\nnr_throttled 5\nthrottled_time %s\n", throttled);
    write_below(folder, "cpu.stat", text);
}

static void write_cpu2(const char *folder, const char *max, const char *throttled)
{
    char text[128];
    write_below(folder, "cpu.max", max);
    snprintf(text, sizeof(text), "usage_usec 7\nnr_throttled 5\nthrottled_usec %s\n", throttled);
    write_below(folder, "cpu.stat", text);
}

/* Where control groups may be mounted, and as what they are seen there. Each shows a group whose quota is a quarter of
 * a core and that was stopped for 1.5 seconds. */
struct layout {
    const char *name;
    const char *cgroup;
    const char *mountinfo;
    const char *folder; /* of the group */
    bool is_unified;
};

#define V2         " - cgroup2 cgroup2 rw,nsdelegate\n"
#define ROOT_MOUNT "20 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"

static const struct layout layouts[] = {
    {"version 2 on a host", "0::/user.slice/session-1.scope\n",
     ROOT_MOUNT "30 20 0:26 / /sys/fs/cgroup rw,nosuid shared:4" V2, "/sys/fs/cgroup/user.slice/session-1.scope", true},
    {"version 2 in a container with a namespace", "0::/\n", "30 20 0:26 / /sys/fs/cgroup ro,nosuid" V2,
     "/sys/fs/cgroup", true},
    {"version 2 in a container without a namespace", "0::/docker/abc\n",
     "30 20 0:26 /docker/abc /sys/fs/cgroup ro master:4" V2, "/sys/fs/cgroup", true},
    {"version 2, a group below that of the container", "0::/docker/abc/job\n",
     "30 20 0:26 /docker/abc /sys/fs/cgroup ro master:4" V2, "/sys/fs/cgroup/job", true},
    {"version 2, the host's mount beside one's own", "0::/\n",
     "30 20 0:26 /../.. /host/cgroup ro" V2 "31 20 0:26 / /sys/fs/cgroup ro" V2, "/sys/fs/cgroup", true},
    {"version 2, moved to a group beside the namespace", "0::/../other\n", "30 20 0:26 /.. /sys/fs/cgroup ro" V2,
     "/sys/fs/cgroup/other", true},
    {"version 1 on a host", "4:memory:/x\n2:cpuacct:/y\n1:cpu:/jobs/one\n0::/z\n",
     "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n", "/sys/fs/cgroup/cpu/jobs/one", false},
    {"version 1 as Docker shows it", "12:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n1:name=systemd:/docker/abc\n",
     "40 39 0:28 /docker/abc /sys/fs/cgroup/systemd ro master:9 - cgroup systemd rw,xattr,name=systemd\n"
     "41 39 0:29 /docker/abc /sys/fs/cgroup/cpu,cpuacct ro master:10 - cgroup cgroup rw,cpu,cpuacct\n",
     "/sys/fs/cgroup/cpu,cpuacct", false},
    {"version 1 with the controllers in the order of RHEL 7", "5:cpuacct,cpu:/system.slice/a.service\n",
     "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpuacct,cpu\n",
     "/sys/fs/cgroup/cpu,cpuacct/system.slice/a.service", false},
    {"version 1 in a container with a namespace", "5:cpu,cpuacct:/\n",
     "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct\n", "/sys/fs/cgroup/cpu,cpuacct",
     false},
    {"version 1 with a group mounted over the whole hierarchy", "1:cpu:/q\n0::/\n",
     "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
     "99 32 0:29 /q /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n",
     "/sys/fs/cgroup/cpu", false},
    {"version 1 and 2 at once, CPU in version 1", "2:cpu,cpuacct:/a\n0::/b\n",
     "30 20 0:26 / /sys/fs/cgroup/unified rw" V2 "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup "
     "rw,cpu,cpuacct\n",
     "/sys/fs/cgroup/cpu,cpuacct/a", false},
    {"version 1 and 2 at once, CPU in version 2", "2:memory:/a\n1:name=systemd:/b\n0::/b\n",
     "32 31 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n30 20 0:26 / /sys/fs/cgroup/unified rw" V2,
     "/sys/fs/cgroup/unified/b", true},
    {"a place with a blank and a colon in its name", "0::/a b:c\n", "30 20 0:26 / /mnt/my\\040groups rw" V2,
     "/mnt/my groups/a b:c", true},
};

static void write_layout(const struct layout *layout)
{
    make_root(NULL);
    write_self(layout->cgroup, layout->mountinfo);
    if (layout->is_unified)
        write_cpu2(layout->folder, "25000 100000\n", "1500000");
    else
        write_cpu1(layout->folder, "25000\n", "1500000000");
}

static void test_quotas_are_found_in_every_layout(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
        write_layout(&layouts[i]);
        double quota = cgroup_cpu_quota(root);
        double throttled = cgroup_throttled(root);
        if (fabs(quota - 0.25) > 1e-9 || fabs(throttled - 1.5) > 1e-9)
            fail_msg("%s: a quota of %g, stopped for %g s", layouts[i].name, quota, throttled);
        remove_root(NULL);
    }
}

static void test_what_is_elsewhere_is_not_ours(void **state)
{
    (void)state;
    static const struct layout elsewhere[] = {
        {"another container's group", "0::/docker/abc\n", "30 20 0:26 /docker/other /sys/fs/cgroup ro" V2,
         "/sys/fs/cgroup", true},
        {"a name that only begins alike", "0::/docker/abcdef\n", "30 20 0:26 /docker/abc /sys/fs/cgroup ro" V2,
         "/sys/fs/cgroup", true},
        {"above the namespace", "0::/../x\n", "30 20 0:26 / /sys/fs/cgroup ro" V2, "/sys/fs/x", true},
        {"the host's mount, seen from a namespace", "0::/\n", "30 20 0:26 /../.. /sys/fs/cgroup ro" V2,
         "/sys/fs/cgroup", true},
        {"another controller", "1:cpuset:/a\n2:cpuacct:/a\n",
         "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpuset\n", "/sys/fs/cgroup/cpu/a", false},
        {"nothing is mounted", "1:cpu:/a\n", ROOT_MOUNT, "/sys/fs/cgroup/cpu/a", false},
        {"something else is mounted over it", "1:cpu:/a\n",
         "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n33 32 0:50 / /sys/fs/cgroup/cpu rw - tmpfs t rw\n",
         "/sys/fs/cgroup/cpu/a", false},
        {"no mounts can be read", "1:cpu:/a\n", "", "/sys/fs/cgroup/cpu/a", false},
        {"lines that are none", "cpu\n::\n1:cpu\n", "30 20 0:26\n - cgroup\n\n", "/sys/fs/cgroup/cpu/a", false},
    };
    for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++) {
        write_layout(&elsewhere[i]);
        write_below("/sys/fs/cgroup", "cgroup.controllers", ""); /* so that paths may lead through it */
        if (cgroup_cpu_quota(root) > 0 || !isnan(cgroup_throttled(root)))
            fail_msg("%s: a quota of %g", elsewhere[i].name, cgroup_cpu_quota(root));
        remove_root(NULL);
    }
}

/* Where paths do not fit together, the group itself says who is in it. */
static void test_a_group_that_lists_this_process_is_ours(void **state)
{
    (void)state;
    char pids[64];
    write_self("1:cpu:/kubepods/pod1/abc\n", "32 31 0:29 /elsewhere /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n");
    write_cpu1("/sys/fs/cgroup/cpu", "50000\n", "0");
    snprintf(pids, sizeof(pids), "1\n%ld9\n", (long)getpid());
    write_below("/sys/fs/cgroup/cpu", "cgroup.procs", pids);
    assert_true(cgroup_cpu_quota(root) == 0);
    snprintf(pids, sizeof(pids), "1\n%ld\n7\n", (long)getpid());
    write_below("/sys/fs/cgroup/cpu", "cgroup.procs", pids);
    assert_true(fabs(cgroup_cpu_quota(root) - 0.5) < 1e-9);
    assert_true(cgroup_throttled(root) == 0);
}

static void test_the_least_quota_above_counts(void **state)
{
    (void)state;
    write_self("0::/a/b\n", "30 20 0:26 / /sys/fs/cgroup rw" V2);
    write_cpu2("/sys/fs/cgroup/a/b", "max 100000\n", "0");
    assert_true(cgroup_cpu_quota(root) == 0);
    write_cpu2("/sys/fs/cgroup/a", "150000 100000\n", "500000");
    assert_true(fabs(cgroup_cpu_quota(root) - 1.5) < 1e-9);
    write_cpu2("/sys/fs/cgroup/a/b", "20000 10000\n", "250000");
    assert_true(fabs(cgroup_cpu_quota(root) - 1.5) < 1e-9);
    /* A group does not count what stops those above it. */
    assert_true(fabs(cgroup_throttled(root) - 0.75) < 1e-9);
    write_below("/sys/fs/cgroup", "cpu.max", "10000 100000\n");
    assert_true(fabs(cgroup_cpu_quota(root) - 0.1) < 1e-9);
    /* A limit outside of what is mounted is not ours. */
    write_below("/sys/fs", "cpu.max", "1000 100000\n");
    assert_true(fabs(cgroup_cpu_quota(root) - 0.1) < 1e-9);
}

static void test_no_quota(void **state)
{
    (void)state;
    write_self("1:cpu:/a\n", "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n");
    write_cpu1("/sys/fs/cgroup/cpu/a", "-1\n", "0");
    assert_true(cgroup_cpu_quota(root) == 0);
    assert_true(cgroup_throttled(root) == 0);
    write_below("/sys/fs/cgroup/cpu/a", "cpu.cfs_quota_us", "");
    write_below("/sys/fs/cgroup/cpu/a", "cpu.stat", "nr_periods 0\n");
    assert_true(cgroup_cpu_quota(root) == 0);
    assert_true(isnan(cgroup_throttled(root)));
}

/* Memory */

enum { MIB = 1 << 20 };

static void write_number(const char *folder, const char *name, int64_t number)
{
    char text[32];
    snprintf(text, sizeof(text), "%" PRId64 "\n", number);
    write_below(folder, name, text);
}

static void write_memory2(const char *folder, int64_t max, int64_t high, int64_t current, int64_t files)
{
    char text[96];
    if (max >= 0)
        write_number(folder, "memory.max", max);
    else
        write_below(folder, "memory.max", "max\n");
    if (high >= 0)
        write_number(folder, "memory.high", high);
    else
        write_below(folder, "memory.high", "max\n");
    write_number(folder, "memory.current", current);
    snprintf(text, sizeof(text), "anon 1\ninactive_file %" PRId64 "\nactive_file %" PRId64 "\n", files / 2, files / 2);
    write_below(folder, "memory.stat", text);
}

static void test_memory_of_version_2(void **state)
{
    (void)state;
    write_self("0::/a/b\n", "30 20 0:26 / /sys/fs/cgroup rw" V2);
    write_memory2("/sys/fs/cgroup/a/b", -1, -1, 10 * MIB, 0);
    assert_true(cgroup_memory_left(root) == UINT64_MAX);
    write_memory2("/sys/fs/cgroup/a/b", 100 * MIB, -1, 70 * MIB, 0);
    assert_int_equal(cgroup_memory_left(root), 30 * MIB);
    /* Files that it holds are given up for others. */
    write_memory2("/sys/fs/cgroup/a/b", 100 * MIB, -1, 70 * MIB, 20 * MIB);
    assert_int_equal(cgroup_memory_left(root), 50 * MIB);
    write_memory2("/sys/fs/cgroup/a/b", 100 * MIB, 80 * MIB, 70 * MIB, 20 * MIB);
    assert_int_equal(cgroup_memory_left(root), 30 * MIB);
    /* The group above is fuller, by others. */
    write_memory2("/sys/fs/cgroup/a", 200 * MIB, -1, 190 * MIB, 0);
    assert_int_equal(cgroup_memory_left(root), 10 * MIB);
    write_memory2("/sys/fs/cgroup/a", 200 * MIB, -1, 210 * MIB, 0);
    assert_int_equal(cgroup_memory_left(root), 0);
}

static void write_memory1(const char *folder, int64_t limit, int64_t usage, int64_t least_above)
{
    char text[160];
    write_number(folder, "memory.limit_in_bytes", limit);
    write_number(folder, "memory.usage_in_bytes", usage);
    snprintf(text, sizeof(text),
             "inactive_file 1\nhierarchical_memory_limit %" PRId64 "\ntotal_inactive_file %d\ntotal_active_file %d\n",
             least_above, 3 * MIB, 2 * MIB);
    write_below(folder, "memory.stat", text);
}

static void test_memory_of_version_1(void **state)
{
    (void)state;
    static const int64_t no_limit = INT64_C(9223372036854771712);
    static const int64_t no_limit_in_large_pages = INT64_C(9223372036854710272);
    write_self("1:cpu:/x\n4:memory:/docker/abc/b\n",
               "32 31 0:29 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
    write_memory1("/sys/fs/cgroup/memory/b", no_limit, 70 * MIB, no_limit);
    assert_true(cgroup_memory_left(root) == UINT64_MAX);
    write_memory1("/sys/fs/cgroup/memory/b", no_limit_in_large_pages, 70 * MIB, no_limit_in_large_pages);
    assert_true(cgroup_memory_left(root) == UINT64_MAX);
    write_memory1("/sys/fs/cgroup/memory/b", 100 * MIB, 70 * MIB, no_limit);
    assert_int_equal(cgroup_memory_left(root), 35 * MIB);
    /* One above what is mounted here. */
    write_memory1("/sys/fs/cgroup/memory/b", 100 * MIB, 70 * MIB, 90 * MIB);
    assert_int_equal(cgroup_memory_left(root), 25 * MIB);
    write_memory1("/sys/fs/cgroup/memory", 80 * MIB, 75 * MIB, no_limit);
    write_number("/sys/fs/cgroup/memory", "memory.use_hierarchy", 1);
    assert_int_equal(cgroup_memory_left(root), 10 * MIB);
    /* A group that does not count what those below it take does not limit them either. */
    write_number("/sys/fs/cgroup/memory", "memory.use_hierarchy", 0);
    assert_int_equal(cgroup_memory_left(root), 25 * MIB);
}

static void test_the_lesser_of_machine_and_group_is_available(void **state)
{
    (void)state;
    bool is_limited = true;
    assert_true(resources_available_memory(root, &is_limited) == UINT64_MAX);
    assert_false(is_limited);
    write_below("/proc", "meminfo", "MemTotal: 900 kB\nMemAvailable:   500 kB\n");
    assert_int_equal(resources_available_memory(root, &is_limited), 500 * 1024);
    assert_false(is_limited);
    write_self("0::/\n", "30 20 0:26 / /sys/fs/cgroup rw" V2);
    write_memory2("/sys/fs/cgroup", 100 * MIB, -1, 70 * MIB, 0);
    assert_int_equal(resources_available_memory(root, &is_limited), 500 * 1024);
    assert_false(is_limited);
    write_memory2("/sys/fs/cgroup", 100 * MIB, -1, 100 * MIB, 0);
    assert_int_equal(resources_available_memory(root, &is_limited), 0);
    assert_true(is_limited);
    char command[96];
    snprintf(command, sizeof(command), "rm %s/proc/meminfo", root);
    assert_int_equal(system(command), 0);
    write_memory2("/sys/fs/cgroup", 100 * MIB, -1, 99 * MIB, 0);
    assert_int_equal(resources_available_memory(root, &is_limited), MIB);
    assert_true(is_limited);
}

/* Other work of the machine */

/* Two processors of which the second is busy with other things. */
static void write_stat(int ours, int others)
{
    char text[400];
    int sum = ours + others;
    snprintf(text, sizeof(text),
             "cpu  %d 0 0 9 0 0 0 %d 0 0\ncpu0 %d 0 0 4 0 0 0 %d 0 0\ncpu1 %d 0 0 5 0 0 0 %d 0 0\nintr 5 4 3\n", sum,
             sum, ours, ours, others, others);
    write_below("/proc", "stat", text);
}

static void test_cores_that_are_not_ours_do_not_count(void **state)
{
    (void)state;
    cpu_set_t before, one;
    struct host_reading reading;
    double ticks = (double)sysconf(_SC_CLK_TCK);
    assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
    host_load_read(root, &reading);
    assert_true(isnan(reading.cpu.busy) && isnan(reading.cpu.steal) && isnan(reading.throttled));
    write_stat(100, 700);
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    if (sched_setaffinity(0, sizeof(one), &one) != 0)
        skip();
    host_load_read(root, &reading);
    sched_setaffinity(0, sizeof(before), &before);
    assert_true(fabs(reading.cpu.busy * ticks - 100) < 1e-6);
    assert_true(fabs(reading.cpu.steal * ticks - 100) < 1e-6);
    /* Ours is not listed: nobody knows which of them it is. */
    write_below("/proc", "stat", "cpu  800 0 0 9 0 0 0 30 0 0\nintr 5\n");
    host_load_read(root, &reading);
    assert_true(fabs(reading.cpu.busy * ticks - 800) < 1e-6);
    write_below("/proc", "stat", "cpu  800 0 0 9\n");
    host_load_read(root, &reading);
    assert_true(isnan(reading.cpu.busy) && isnan(reading.cpu.steal));
}

/* The machine's own groups */

static bool write_real(const char *folder, const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return false;
    bool is_written = fputs(text, file) >= 0;
    return fclose(file) == 0 && is_written;
}

enum { FOUND = 0, NOT_FOUND = 1, NOT_POSSIBLE = 77 };

/* In a process of its own, which then is in a group with a quota of 0.3 cores. */
static int look_from_within(const char *group)
{
    char pid[24];
    snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
    if (!write_real(group, "cpu.cfs_period_us", "100000\n") || !write_real(group, "cpu.cfs_quota_us", "30000\n") ||
        !write_real(group, "cgroup.procs", pid))
        return NOT_POSSIBLE;
    bool is_found = fabs(cgroup_cpu_quota("") - 0.3) < 1e-9 && cgroup_throttled("") >= 0;
    /* Now as a container shows it. */
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount(group, "/sys/fs/cgroup/cpu", NULL, MS_BIND, NULL) != 0)
        return is_found ? FOUND : NOT_FOUND;
    is_found &= fabs(cgroup_cpu_quota("") - 0.3) < 1e-9 && cgroup_throttled("") >= 0;
    return is_found ? FOUND : NOT_FOUND;
}

/* Whether a group at the top of version 1's CPU hierarchy is one below this process's own: it leaves no limit it has.
 */
static bool is_at_the_top(void)
{
    char line[512];
    bool is_found = false;
    FILE *file = fopen("/proc/self/cgroup", "r");
    while (file != NULL && !is_found && fgets(line, sizeof(line), file) != NULL)
        is_found = strstr(line, ":cpu:/\n") != NULL;
    if (file != NULL)
        fclose(file);
    return is_found;
}

static void test_a_quota_of_this_machine(void **state)
{
    (void)state;
    char group[96];
    snprintf(group, sizeof(group), "/sys/fs/cgroup/cpu/conc-bench-test-%ld", (long)getpid());
    if (!is_at_the_top() || mkdir(group, 0755) != 0) {
        print_message("no group can be made below this process's own in /sys/fs/cgroup/cpu\n");
        skip();
    }
    int status = -1;
    pid_t child = fork();
    if (child == 0)
        _exit(look_from_within(group));
    waitpid(child, &status, 0);
    assert_int_equal(rmdir(group), 0);
    assert_true(child > 0 && WIFEXITED(status));
    if (WEXITSTATUS(status) == NOT_POSSIBLE) {
        print_message("no process can be put into a group of /sys/fs/cgroup/cpu\n");
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), FOUND);
}

#define IN_ROOT(test) cmocka_unit_test_setup_teardown(test, make_root, remove_root)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quotas_are_found_in_every_layout),
        cmocka_unit_test(test_what_is_elsewhere_is_not_ours),
        IN_ROOT(test_a_group_that_lists_this_process_is_ours),
        IN_ROOT(test_the_least_quota_above_counts),
        IN_ROOT(test_no_quota),
        IN_ROOT(test_memory_of_version_2),
        IN_ROOT(test_memory_of_version_1),
        IN_ROOT(test_the_lesser_of_machine_and_group_is_available),
        IN_ROOT(test_cores_that_are_not_ours_do_not_count),
        cmocka_unit_test(test_a_quota_of_this_machine),
    };
    return cmocka_run_group_tests_name("cgroup", tests, NULL, NULL);
}
