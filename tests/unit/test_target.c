#include "unit.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/workload/target.h"

static void expect_url(CURLU *parsed, const char *expected)
{
    char *text = NULL;
    assert_int_equal(curl_url_get(parsed, CURLUPART_URL, &text, 0), CURLUE_OK);
    assert_string_equal(text, expected);
    curl_free(text);
}

static const char *const texts[] = {"http://a.test/x?y=z", "https://b.test/", "https://c.test:8443/%7Eme#part"};

static void test_every_url_is_parsed_once(void **state)
{
    (void)state;
    struct target_list list;
    struct error error = {0};
    assert_int_equal(target_list_make(texts, 3, false, &list, &error), 0);
    for (size_t i = 0; i < 3; i++)
        expect_url(list.parsed[i], texts[i]);
    target_list_release(&list);
}

static void test_plain_lists_ask_the_same_hosts_without_tls(void **state)
{
    (void)state;
    struct target_list list;
    struct error error = {0};
    assert_int_equal(target_list_make(texts, 3, true, &list, &error), 0);
    expect_url(list.parsed[0], "http://a.test/x?y=z");
    expect_url(list.parsed[1], "http://b.test/");
    expect_url(list.parsed[2], "http://c.test:8443/%7Eme#part");
    target_list_release(&list);
}

static void test_long_lists_are_parsed_one_by_one(void **state)
{
    (void)state;
    struct target_list list;
    struct error error = {0};
    size_t count = TARGETS_PARSED_MAX + 1;
    const char **many = calloc(count, sizeof(many[0]));
    CURLU *parser = curl_url();
    assert_non_null(many);
    for (size_t i = 0; i < count; i++)
        many[i] = texts[i % 3];
    assert_int_equal(target_list_make(many, count, false, &list, &error), 0);
    assert_null(list.parsed);
    for (uint32_t i = 0; i < 6; i++) {
        assert_true(target_parse(&list, i, parser));
        expect_url(parser, texts[i % 3]);
    }
    curl_url_cleanup(parser);
    target_list_release(&list);
    free(many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_url_is_parsed_once),
        cmocka_unit_test(test_plain_lists_ask_the_same_hosts_without_tls),
        cmocka_unit_test(test_long_lists_are_parsed_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
