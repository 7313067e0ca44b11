#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conc_bench/workload/config.h"
#include "conc_bench/workload/header.h"
#include "conc_bench/workload/request.h"

/* The format of configuration files */

static void assert_lines(const char *text, const char *const *expected)
{
    char *copy = strdup(text);
    char *rest = copy;
    struct config_line line = {0};
    assert_non_null(copy);
    for (; expected[0] != NULL; expected += 2) {
        if (config_next(&rest, &line) == NULL)
            fail_msg("no line for %s in: %s", expected[0], text);
        if (line.name == NULL)
            fail_msg("not read: line %zu of %s", line.number, text);
        assert_string_equal(line.name, expected[0]);
        assert_string_equal(line.value, expected[1]);
    }
    assert_null(config_next(&rest, &line));
    free(copy);
}

#define LINES(...) ((const char *const[]){__VA_ARGS__, NULL})

static void config_has_names_and_values(void **state)
{
    (void)state;
    assert_lines("", LINES(NULL));
    assert_lines("\n# nothing\n  \n\t#\n\r\n", LINES(NULL));
    assert_lines("a b\na=b\na = b\na:b\n--a b\n-a b\r\n\ta b",
                 LINES("a", "b", "a", "b", "a", "b", "a", "b", "a", "b", "a", "b", "a", "b"));
    assert_lines("a\na # c\na =\n", LINES("a", "", "a", "", "a", ""));
    assert_lines("a b # c\na \"b c\" # d\na \"\"", LINES("a", "b", "a", "b c", "a", ""));
    assert_lines("a \"\\\"\\\\\\t\\n\\r\\v\\x\"", LINES("a", "\"\\\t\n\r\vx"));
    assert_lines("a b\\c\"d", LINES("a", "b\\c\"d"));
}

static void config_lines_that_do_not_end_are_told(void **state)
{
    (void)state;
    static const char *const texts[] = {"\na \"b", "# c\na \"b\\\"", "\na b c", "\na \"b\" c", "\na \"b\"c"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        char text[64];
        char *rest = text;
        struct config_line line = {0};
        snprintf(text, sizeof(text), "%s", texts[i]);
        assert_non_null(config_next(&rest, &line));
        assert_null(line.name);
        assert_int_equal(line.number, 2);
    }
}

/* Headers */

static void headers_have_three_forms(void **state)
{
    (void)state;
    static const char *const right[] = {
        "A: b", "A:b", "A:", "A: ", "A;", "A; ", "X-1_a~!: \tb\t", "A: b; c", "A: \xc3\xa4", "A: b\xc2\xa0: c"};
    static const char *const wrong[] = {"",
                                        "A",
                                        ":",
                                        ": b",
                                        ";",
                                        "A b: c",
                                        "A : b",
                                        "A; b",
                                        "A: b\r\nC: d",
                                        "A: b\n",
                                        "A\r\n: b",
                                        "A: \1",
                                        "\xc3\xa4: b",
                                        "A: \x7f",
                                        "A: b\xc2\xa0",
                                        "A: \xe2\x80\x8b"
                                        "b",
                                        "A: b\xc2\xa0 ",
                                        "A: \xc2\xa0",
                                        "\xef\xbb\xbf"
                                        "A: b",
                                        "A\xc2\xa0: b"};
    for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
        if (header_check(right[i], "here", NULL) != 0)
            fail_msg("refused: %s", right[i]);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct error error = {0};
        if (header_check(wrong[i], "here", &error) == 0)
            fail_msg("taken: %s", wrong[i]);
        assert_int_equal(error.kind, ERROR_USAGE);
        assert_memory_equal(error.message, "here: ", strlen("here: "));
    }
}

static void secrets_are_known_by_their_names(void **state)
{
    (void)state;
    static const char *const secret[] = {
        "Authorization",
        "proxy-authorization",
        "Cookie",
        "Cookie2",
        "Cookies",
        "X-API-Key",
        "api_key",
        "APIKEY",
        "X-MBX-APIKEY",
        "X-Auth-Token",
        "X-Vault-Token",
        "JOB-TOKEN",
        "PRIVATE-TOKEN",
        "X-Amz-Security-Token",
        "X-Goog-Api-Key",
        "Fastly-Key",
        "X-Functions-Key",
        "Ocp-Apim-Subscription-Key",
        "X-AccessToken",
        "X-CSRF-Token",
        "CF-Access-Client-Secret",
        "X-Password",
        "X-Passwd",
        "X-Auth-User",
        "X-OAuth-Scopes",
        "X-Authorisation",
        "X-Amz-Credential",
        "Session-Id",
        "X-JWT-Assertion",
        "X-Bearer",
        "X-Author-Token",
        "X-Signing-Keys",
        "Idempotency-Key-Token",
    };
    static const char *const harmless[] = {
        "Accept",          "Author",
        "X-Authored-By",   "Authority",
        "Idempotency-Key", "X-Idempotency-Key",
        "X-Cache-Key",     "Surrogate-Key",
        "Keep-Alive",      "Sec-WebSocket-Key",
        "X-Keyword",       "x-ms-documentdb-partitionkey",
        "X-Cache-Bypass",  "CF-Access-Client-Id",
        "X-Request-Id",    "If-None-Match",
        "Referer",         "Range",
    };
    char header[80];
    for (size_t i = 0; i < sizeof(secret) / sizeof(secret[0]); i++) {
        snprintf(header, sizeof(header), "%s: x", secret[i]);
        if (!header_is_secret(header))
            fail_msg("not taken for a secret: %s", header);
    }
    for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++) {
        snprintf(header, sizeof(header), "%s: x", harmless[i]);
        if (header_is_secret(header))
            fail_msg("taken for a secret: %s", header);
    }
    assert_true(header_is_secret("Cookie:x"));
    assert_false(header_is_secret("Authorization:"));
    assert_false(header_is_secret("Authorization: \t"));
    assert_false(header_is_secret("Cookie;"));
    assert_false(header_is_secret("Accept: Cookie: x"));
}

/* Loading */

struct told {
    char text[1000];
};

static void note(void *context, const char *option)
{
    struct told *told = context;
    size_t used = strlen(told->text);
    snprintf(told->text + used, sizeof(told->text) - used, "%s\n", option);
}

static void the_program_is_named_unless_told_otherwise(void **state)
{
    (void)state;
    struct request_options options = {0};
    struct request request;
    assert_int_equal(request_load(&options, &request, NULL), 0);
    assert_int_equal(request.header_count, 1);
    assert_string_equal(request.headers[0], "User-Agent: conc-bench/" CONC_BENCH_VERSION);
    assert_null(request.body);
    struct told told = {0};
    request_describe(&request, note, &told);
    assert_string_equal(told.text, "");
    request_release(&request);
    options.user_agent = "";
    assert_int_equal(request_load(&options, &request, NULL), 0);
    assert_int_equal(request.header_count, 0);
    request_release(&request);
    assert_null(request.headers);
}

static void write_file(char *path, const char *text, size_t length)
{
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, length), length);
    close(file);
}

static void files_are_read_and_their_secrets_not_told(void **state)
{
    (void)state;
    char headers[] = "/tmp/conc-bench-headers-XXXXXX";
    char body[] = "/tmp/conc-bench-body-XXXXXX";
    char config[] = "/tmp/conc-bench-config-XXXXXX";
    static const char body_text[] = "a\0\r\nb";
    static const char config_text[] =
        "header = \"Cookie: geheim\"\nproxy = http://u:geheim@p.test\nproxy-user = u:geheim\n";
    char at_headers[64], at_body[64];
    write_file(headers, "A: geheim\r\n\nB: geheim", strlen("A: geheim\r\n\nB: geheim"));
    write_file(body, body_text, sizeof(body_text) - 1);
    write_file(config, config_text, sizeof(config_text) - 1);
    snprintf(at_headers, sizeof(at_headers), "@%s", headers);
    snprintf(at_body, sizeof(at_body), "@%s", body);
    struct request_text header = {.text = at_headers};
    struct request_text data[] = {{.text = at_body, .is_binary = true}, {.text = at_body}, {.text = "c"}};
    const struct request_options options = {
        .headers = {&header, 1}, .data = {data, 3}, .is_unverified = true, .config = config};
    struct request request;
    struct error error = {0};
    if (request_load(&options, &request, &error) != 0)
        fail_msg("%s", error.message);
    assert_int_equal(request.header_count, 4);
    assert_string_equal(request.headers[0], "A: geheim");
    assert_string_equal(request.headers[1], "B: geheim");
    assert_string_equal(request.headers[2], "Cookie: geheim");
    assert_int_equal(request.body_bytes, 10);
    assert_memory_equal(request.body, "a\0\r\nb&ab&c", 10);
    assert_string_equal(request.proxies[0], "http://u:geheim@p.test");
    assert_string_equal(request.proxy_user, "u:geheim");
    assert_true(request.is_always_proxied);
    struct told told = {0};
    request_describe(&request, note, &told);
    assert_string_equal(told.text, "--header A\n--header B\n--header Cookie\n--data (10 bytes)\n--insecure\n"
                                   "--proxy p.test:1080\n");
    request_release(&request);
    unlink(headers);
    unlink(body);
    unlink(config);
}

static void a_file_that_cannot_be_read_is_named(void **state)
{
    (void)state;
    struct request_text header = {.text = "@/nowhere/headers"};
    const struct request_options options[] = {
        {.headers = {&header, 1}},         {.data = {&header, 1}},
        {.ca_file = "/nowhere/headers"},   {.config = "/nowhere/headers"},
        {.ca_folder = "/nowhere/headers"}, {.certificate = "/nowhere/headers"},
    };
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        struct request request;
        struct error error = {0};
        assert_int_equal(request_load(&options[i], &request, &error), -1);
        assert_int_equal(error.kind, ERROR_USAGE);
        assert_non_null(strstr(error.message, "/nowhere/headers: No such file or directory"));
        request_release(&request);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(config_has_names_and_values),
        cmocka_unit_test(config_lines_that_do_not_end_are_told),
        cmocka_unit_test(headers_have_three_forms),
        cmocka_unit_test(secrets_are_known_by_their_names),
        cmocka_unit_test(the_program_is_named_unless_told_otherwise),
        cmocka_unit_test(files_are_read_and_their_secrets_not_told),
        cmocka_unit_test(a_file_that_cannot_be_read_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
