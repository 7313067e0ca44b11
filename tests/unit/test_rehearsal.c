#include "unit.h"

#include <curl/curl.h>
#include <string.h>

#include "conc_bench/rehearsal.h"

/* Stands before libcurl's: what that was built with. */
static curl_version_info_data library = {.age = CURLVERSION_NOW, .version = "7.99"};

curl_version_info_data *curl_version_info(CURLversion age)
{
    (void)age;
    return &library;
}

struct need {
    struct request_options options;
    int features;
    const char *option;
};

static char tls_proxy[] = "https://proxy.test";

static const struct need needs[] = {
    {{.is_unverified = true}, CURL_VERSION_SSL, "--insecure"},
    {{.ca_file = "f"}, CURL_VERSION_SSL, "--cacert"},
    {{.ca_folder = "f"}, CURL_VERSION_SSL, "--capath"},
    {{.certificate = "f"}, CURL_VERSION_SSL, "--cert"},
    {{.tls_min = TLS_VERSION_1_2}, CURL_VERSION_SSL, "--tlsv1"},
    {{.tls_max = TLS_VERSION_1_2}, CURL_VERSION_SSL, "--tls-max"},
    {{.resumes_tls = true}, CURL_VERSION_SSL, "--tls-resume"},
    {{.accepts_compressed = true}, CURL_VERSION_BROTLI, "--compressed"},
    {{.accepts_compressed = true}, CURL_VERSION_LIBZ, "--compressed"},
    {{.unix_socket = "f"}, CURL_VERSION_UNIX_SOCKETS, "--unix-socket"},
    {{.ip_version = IP_VERSION_6}, CURL_VERSION_IPV6, "--ipv6"},
    {{.proxy = tls_proxy}, CURL_VERSION_HTTPS_PROXY, "--proxy"},
};

static void what_was_not_built_in_is_told_by_its_option(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
        struct request request = {.options = &needs[i].options};
        struct error error = {0};
        if (needs[i].options.proxy != NULL)
            request.proxies[request.proxy_count++] = tls_proxy;
        library.features = 0;
        assert_int_equal(rehearsal_check_library(&request, &error), -1);
        assert_int_equal(error.kind, ERROR_ENVIRONMENT);
        if (strstr(error.message, needs[i].option) == NULL)
            fail_msg("no %s in: %s", needs[i].option, error.message);
        assert_non_null(strstr(error.message, "7.99"));
        library.features = needs[i].features;
        assert_int_equal(rehearsal_check_library(&request, &error), 0);
    }
}

static void nothing_is_needed_for_nothing(void **state)
{
    (void)state;
    const struct request_options options = {0};
    const struct request request = {.options = &options};
    library.features = 0;
    assert_int_equal(rehearsal_check_library(&request, NULL), 0);
    assert_false(rehearsal_is_needed(&request));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_not_built_in_is_told_by_its_option),
        cmocka_unit_test(nothing_is_needed_for_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
