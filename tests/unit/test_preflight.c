#include "unit.h"

#include <curl/curl.h>
#include <string.h>

#include "conc_bench/http/preflight.h"

/* Stands before libcurl's: what that was built with. */
static curl_version_info_data library = {.age = CURLVERSION_NOW, .version = "7.99", .version_num = 0x076300};

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
    {{.http_version = HTTP_VERSION_2}, CURL_VERSION_HTTP2 | CURL_VERSION_SSL, "--http2"},
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
        assert_int_equal(preflight_check_library(&request, &error), -1);
        assert_int_equal(error.kind, ERROR_ENVIRONMENT);
        if (strstr(error.message, needs[i].option) == NULL)
            fail_msg("no %s in: %s", needs[i].option, error.message);
        assert_non_null(strstr(error.message, "7.99"));
        library.features = needs[i].features;
        assert_int_equal(preflight_check_library(&request, &error), 0);
    }
}

static void nothing_is_needed_for_nothing(void **state)
{
    (void)state;
    const struct request_options options = {0};
    const struct request request = {.options = &options};
    library.features = 0;
    assert_int_equal(preflight_check_library(&request, NULL), 0);
    assert_false(preflight_is_needed(&request));
}

static void http2_is_refused_where_the_library_breaks_it_or_lacks_a_half(void **state)
{
    (void)state;
    const struct request_options options = {.http_version = HTTP_VERSION_2};
    const struct request_options others = {.http_version = HTTP_VERSION_1_1};
    const struct request request = {.options = &options};
    const struct request other_request = {.options = &others};
    struct error error = {0};
    library.features = CURL_VERSION_HTTP2;
    assert_int_equal(preflight_check_library(&request, &error), -1);
    assert_non_null(strstr(error.message, "without TLS"));
    library.features = CURL_VERSION_SSL;
    assert_int_equal(preflight_check_library(&request, &error), -1);
    assert_non_null(strstr(error.message, "without HTTP/2"));
    assert_int_equal(preflight_check_library(&other_request, &error), 0);
    library.features = CURL_VERSION_SSL | CURL_VERSION_HTTP2;
    library.version_num = 0x080101;
    assert_int_equal(preflight_check_library(&request, &error), -1);
    assert_int_equal(error.kind, ERROR_ENVIRONMENT);
    assert_non_null(strstr(error.message, "--http2"));
    assert_non_null(strstr(error.message, "hang"));
    assert_int_equal(preflight_check_library(&other_request, &error), 0);
    library.version_num = 0x075801;
    assert_int_equal(preflight_check_library(&request, &error), 0);
    library.version_num = 0x076300;
}

static void an_old_library_is_refused_whatever_is_asked_of_it(void **state)
{
    (void)state;
    const struct request_options options = {0};
    const struct request request = {.options = &options};
    struct error error = {0};
    library.version_num = 0x0757ff;
    assert_int_equal(preflight_check_library(&request, &error), -1);
    assert_int_equal(error.kind, ERROR_ENVIRONMENT);
    assert_string_equal(error.message, "libcurl 7.88 or later is needed, and the one that is loaded is 7.99");
    library.version_num = 0x075800;
    assert_int_equal(preflight_check_library(&request, &error), 0);
    library.version_num = 0x076300;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_not_built_in_is_told_by_its_option),
        cmocka_unit_test(nothing_is_needed_for_nothing),
        cmocka_unit_test(http2_is_refused_where_the_library_breaks_it_or_lacks_a_half),
        cmocka_unit_test(an_old_library_is_refused_whatever_is_asked_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
