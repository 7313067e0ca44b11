#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/http/transfer.h"
#include "conc_bench/origin/origin.h"

/* The origin over TLS, asked as the program asks: verified, by the authority that the origin names. */

enum { URLS_MAX = 64 };

static struct origin *start(const char *text, const char *const *hosts, size_t host_count, struct error *error)
{
    struct origin_options options = origin_options_default();
    struct origin_host *list = calloc(host_count + 1, sizeof(list[0]));
    assert_non_null(list);
    for (size_t i = 0; i < host_count; i++) {
        bool is_address = strchr(hosts[i], ':') != NULL || strncmp(hosts[i], "127.", 4) == 0;
        list[i] = (struct origin_host){hosts[i], strlen(hosts[i]), is_address};
    }
    if (origin_options_parse(text, &options, error) != 0)
        fail_msg("%s", error->message);
    const struct origin_demand demand = {.connections = 16, .hosts = list, .host_count = host_count};
    struct origin *origin = origin_start(&options, &demand, error);
    free(list);
    return origin;
}

static struct origin *start_for(const char *const *hosts, size_t host_count)
{
    struct error error = {0};
    struct origin *origin = start("latency=0ms,size=100,tls", hosts, host_count, &error);
    if (origin == NULL)
        fail_msg("%s", error.message);
    return origin;
}

/* Downloads each URL once, one after the other with one handle, from `origin`, trusting `authority`. */
static void download(const struct origin *origin, const char *authority, const char *const *urls, uint32_t count,
                     struct sample *samples)
{
    struct error error = {0};
    struct transfer_policy policy = transfer_policy_default();
    const struct request_options options = {0};
    struct request request = {.options = &options};
    struct target_list targets = {0};
    policy.origin_port = origin_port(origin);
    policy.origin_tls_port = origin_tls_port(origin);
    policy.authority = authority;
    policy.connections_kept = 5;
    policy.connect_timeout = policy.max_time = 120 * NANOSECONDS_PER_SECOND; /* more than a busy machine takes */
    struct sample_table *table = sample_table_create(count, &error);
    assert_non_null(table);
    assert_int_equal(target_list_make(urls, count, false, &targets, &error), 0);
    const struct transfer_plan plan = {.policy = &policy, .request = &request, .targets = &targets, .table = table};
    struct transfer *transfer = transfer_create(&plan, TRANSFER_ALONE, NULL, &error);
    if (transfer == NULL)
        fail_msg("%s", error.message);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t unit;
        struct sample *sample = sample_claim(table, 0, &unit);
        transfer_perform(transfer, i, sample);
        sample_settle(table, sample);
        samples[i] = *sample;
    }
    transfer_release(transfer);
    target_list_release(&targets);
    sample_table_release(table);
}

/* How one URL's download ends; with a handle, and so a handshake, of its own. */
static enum outcome outcome_of(const struct origin *origin, const char *url)
{
    struct sample sample;
    download(origin, origin_authority(origin), &url, 1, &sample);
    return (enum outcome)sample.outcome;
}

static void test_https_goes_over_tls_and_http_does_not(void **state)
{
    (void)state;
    static const char *const hosts[] = {"www.example"};
    static const char *const urls[] = {"https://www.example/a", "http://www.example/a", "https://www.example/b"};
    struct sample samples[3];
    struct error error;
    struct origin *origin = start_for(hosts, 1);
    assert_true(origin_tls_port(origin) != 0 && origin_tls_port(origin) != origin_port(origin));
    download(origin, origin_authority(origin), urls, 3, samples);
    for (int i = 0; i < 3; i++)
        assert_int_equal(samples[i].outcome, OUTCOME_OK);
    assert_true(samples[0].tls_us > 0);
    assert_int_equal(samples[1].tls_us, 0);
    assert_int_equal(samples[2].connects, 0); /* the first connection is still there */

    struct origin_totals counts;
    struct origin_path_count *paths;
    assert_int_equal(origin_read_counts(origin, &counts, &paths, &error), 0);
    assert_true(counts.connections == 2);
    assert_int_equal(counts.paths, 3);
    assert_string_equal(paths[0].url, "https://www.example/a");
    assert_string_equal(paths[1].url, "https://www.example/b");
    assert_string_equal(paths[2].url, "www.example/a");
    origin_path_counts_release(paths, counts.paths);
    origin_stop(origin);
}

static void test_only_its_own_authority_is_trusted(void **state)
{
    (void)state;
    static const char *const hosts[] = {"www.example"};
    static const char *const urls[] = {"https://www.example/"};
    struct sample sample;
    struct origin *origin = start_for(hosts, 1);
    struct origin *other = start_for(hosts, 1);
    assert_string_not_equal(origin_authority(origin), origin_authority(other));
    download(origin, origin_authority(other), urls, 1, &sample);
    assert_int_equal(sample.outcome, OUTCOME_TLS);
    download(origin, origin_authority(origin), urls, 1, &sample);
    assert_int_equal(sample.outcome, OUTCOME_OK);
    origin_stop(other);
    origin_stop(origin);
}

static void test_certificates_are_for_the_hosts_of_the_list_alone(void **state)
{
    (void)state;
    static const char *const hosts[] = {"www.example", "dotted.example.", "UPPER.example", "127.0.0.5", "::1"};
    struct origin *origin = start_for(hosts, 5);
    static const char *const known[] = {"https://www.example/",   "https://WWW.example/", "https://dotted.example./",
                                        "https://upper.example/", "https://127.0.0.5/",   "https://[::1]/"};
    static const char *const unknown[] = {"https://example/", "https://a.www.example/", "https://127.0.0.6/",
                                          "https://[::2]/"};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (outcome_of(origin, known[i]) != OUTCOME_OK)
            fail_msg("%s", known[i]);
    }
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
        if (outcome_of(origin, unknown[i]) != OUTCOME_TLS)
            fail_msg("%s", unknown[i]);
    }
    origin_stop(origin);
}

/* More than are made at start: the last are made when they are asked for, and then kept. */
static void test_many_hosts(void **state)
{
    (void)state;
    enum {
#if defined(__SANITIZE_THREAD__)
        HOSTS = 2010, /* more would take too long */
#else
        HOSTS = 10010,
#endif
        NAME_BYTES = 24
    };
    char(*names)[NAME_BYTES] = calloc(HOSTS, sizeof(names[0]));
    const char **hosts = calloc(HOSTS, sizeof(hosts[0]));
    assert_non_null(names);
    assert_non_null(hosts);
    for (int i = 0; i < HOSTS; i++) {
        snprintf(names[i], sizeof(names[i]), "h%05d.example", i);
        hosts[i] = names[i];
    }
    struct origin *origin = start_for(hosts, HOSTS);
    assert_int_equal(outcome_of(origin, "https://h00000.example/"), OUTCOME_OK);
    char last[2 * NAME_BYTES];
    snprintf(last, sizeof(last), "https://%s/", names[HOSTS - 1]);
    assert_int_equal(outcome_of(origin, last), OUTCOME_OK);
    assert_int_equal(outcome_of(origin, last), OUTCOME_OK);
    assert_int_equal(outcome_of(origin, "https://h10010.example/"), OUTCOME_TLS);
    origin_stop(origin);
    free(hosts);
    free(names);
}

static void test_too_many_addresses_are_refused(void **state)
{
    (void)state;
    enum { HOSTS = 1001, NAME_BYTES = 24 };
    static char names[HOSTS][NAME_BYTES];
    static const char *hosts[HOSTS];
    for (int i = 0; i < HOSTS; i++) {
        snprintf(names[i], sizeof(names[i]), "127.0.%d.%d", i / 250, i % 250 + 1);
        hosts[i] = names[i];
    }
    struct error error = {0};
    assert_null(start("tls", hosts, HOSTS, &error));
    assert_int_equal(error.kind, ERROR_USAGE);
    assert_non_null(strstr(error.message, "1001 addresses, more than the 1000"));

    struct origin *origin = start_for(hosts, HOSTS - 1);
    assert_int_equal(outcome_of(origin, "https://127.0.3.250/"), OUTCOME_OK);
    assert_int_equal(outcome_of(origin, "https://127.0.4.1/"), OUTCOME_TLS);
    origin_stop(origin);
}

static void test_fates_are_the_same_with_tls_as_without(void **state)
{
    (void)state;
    static const char *const hosts[] = {"www.example"};
    const char *plain[URLS_MAX], *secure[URLS_MAX];
    struct sample with[URLS_MAX], without[URLS_MAX];
    struct error error = {0};
    uint32_t errors = 0;
    for (int i = 0; i < URLS_MAX; i++) {
        plain[i] = "http://www.example/x";
        secure[i] = "https://www.example/x";
    }
    struct origin *origin = start("latency=0ms,size=10,errors=30%,seed=5,tls", hosts, 1, &error);
    assert_non_null(origin);
    download(origin, origin_authority(origin), plain, URLS_MAX, without);
    download(origin, origin_authority(origin), secure, URLS_MAX, with);
    for (int i = 0; i < URLS_MAX; i++) {
        assert_int_equal(with[i].status, without[i].status);
        errors += with[i].status == 503;
    }
    assert_true(errors > 5 && errors < URLS_MAX - 5);
    origin_stop(origin);
}

static void test_without_tls_there_is_no_port_for_it(void **state)
{
    (void)state;
    struct error error = {0};
    struct origin *origin = start("latency=0ms", NULL, 0, &error);
    assert_non_null(origin);
    assert_int_equal(origin_tls_port(origin), 0);
    assert_null(origin_authority(origin));
    origin_stop(origin);
}

static int start_library(void **state)
{
    (void)state;
    struct error error;
    return transfer_library_init(&error);
}

static int stop_library(void **state)
{
    (void)state;
    transfer_library_cleanup();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_https_goes_over_tls_and_http_does_not),
        cmocka_unit_test(test_only_its_own_authority_is_trusted),
        cmocka_unit_test(test_certificates_are_for_the_hosts_of_the_list_alone),
        cmocka_unit_test(test_many_hosts),
        cmocka_unit_test(test_too_many_addresses_are_refused),
        cmocka_unit_test(test_fates_are_the_same_with_tls_as_without),
        cmocka_unit_test(test_without_tls_there_is_no_port_for_it),
    };
    return cmocka_run_group_tests(tests, start_library, stop_library);
}
