#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "conc_bench/modes/mode.h"
#include "conc_bench/workload/host_limits.h"

static void test_what_is_public(void **state)
{
    (void)state;
    static const char *const own[] = {
        "127.0.0.1",  "127.255.255.255", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.1.1",
        "100.64.0.1", "0.0.0.0",         "::1",      "[::1]",      "fe80::1",        "fd00::1",     "::ffff:10.0.0.1",
    };
    static const char *const others[] = {
        "8.8.8.8",     "172.15.0.1",  "172.32.0.1",    "11.0.0.1",
        "100.128.0.1", "2001:db8::1", "[2001:db8::1]", "::ffff:8.8.8.8",
    };
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        if (resolve_is_public(own[i]))
            fail_msg("%s is taken for public", own[i]);
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (!resolve_is_public(others[i]))
            fail_msg("%s is not taken for public", others[i]);
    }
}

static struct host_limits look(const char *const *urls, size_t count, uint32_t repeat, uint32_t workers)
{
    struct url_list list;
    struct plan plan;
    struct resolutions none = {0};
    struct host_limits host_limits;
    struct error error = {0};
    const struct mode *mode = mode_find("threads");
    url_list_init(&list);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(url_list_add_url(&list, urls[i], &error), 0);
    const struct plan_request request = {
        .urls = &list,
        .modes = &mode,
        .mode_count = 1,
        .workers = &workers,
        .worker_count = 1,
        .connections = (const enum connection_policy[]){CONNECTIONS_REUSE},
        .connection_count = 1,
        .repeat = repeat,
        .copies = 1,
        .rounds = 1,
    };
    assert_int_equal(plan_build(&request, &plan, &error), 0);
    assert_int_equal(host_limits_look(&plan, &none, workers, &host_limits, &error), 0);
    /* The names are gone with the list. */
    host_limits.crowded = host_limits.crowded != NULL ? (void *)1 : NULL;
    plan_release(&plan);
    url_list_release(&list);
    return host_limits;
}

static void test_public_hosts_are_counted(void **state)
{
    (void)state;
    static const char *const one[] = {"http://a.test/"};
    static const char *const two[] = {"http://a.test/", "http://b.test/1"};
    static const char *const uneven[] = {"http://a.test/", "http://a.test/2", "http://a.test/3", "http://b.test/1"};
    static const char *const own[] = {"http://127.0.0.1/", "http://localhost/", "http://x.localhost/", "http://[::1]/"};
    struct host_limits host_limits = look(one, 1, 100, 8);
    assert_int_equal(host_limits.at_once, 8);
    assert_true(host_limits.has_public);
    host_limits = look(one, 1, 5, 8);
    assert_int_equal(host_limits.at_once, 5);
    host_limits = look(two, 2, 50, 8);
    assert_int_equal(host_limits.at_once, 4);
    assert_true(host_limits.has_public);
    host_limits = look(uneven, 4, 50, 4);
    assert_int_equal(host_limits.at_once, 3);
    assert_true(host_limits.has_public);
    host_limits = look(own, 4, 50, 100);
    assert_null(host_limits.crowded);
    assert_false(host_limits.has_public);
    assert_int_equal(host_limits.at_once, 0);
}

static void test_pauses(void **state)
{
    (void)state;
    assert_int_equal(host_limits_pause(0, 30, 3), 0);
    assert_int_equal(host_limits_pause(1, 7, 0), 7 * NANOSECONDS_PER_SECOND);
    assert_int_equal(host_limits_pause(1, 3600, 0), 60 * NANOSECONDS_PER_SECOND);
    assert_int_equal(host_limits_pause(9, 0, 0), NANOSECONDS_PER_SECOND);
    assert_int_equal(host_limits_pause(9, 0, 2), 4 * NANOSECONDS_PER_SECOND);
    assert_int_equal(host_limits_pause(9, 0, 1000), 60 * NANOSECONDS_PER_SECOND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_public),
        cmocka_unit_test(test_public_hosts_are_counted),
        cmocka_unit_test(test_pauses),
    };
    return cmocka_run_group_tests_name("politeness", tests, NULL, NULL);
}
