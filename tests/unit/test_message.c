#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/base/hash.h"
#include "conc_bench/workload/message.h"

static struct message make(const char *method, const char *header, const char *body)
{
    struct message message = {0};
    if (method != NULL) {
        message.custom_method = strdup(method);
        assert_non_null(message.custom_method);
    }
    if (header != NULL)
        assert_int_equal(message_add_header(&message, header), 0);
    if (body != NULL)
        assert_int_equal(message_set_body(&message, body, strlen(body)), 0);
    return message;
}

static uint64_t digest_of(struct message message)
{
    uint64_t digest = message_digest(&message, HASH_START);
    message_release(&message);
    return digest;
}

static void test_methods_follow_from_the_rest(void **state)
{
    (void)state;
    struct message plain = make(NULL, NULL, NULL);
    struct message post = make(NULL, NULL, "");
    struct message put = make("PUT", NULL, "x");
    struct message head = {.is_head = true};
    assert_true(message_is_plain(&plain));
    assert_false(message_is_plain(&post) || message_is_plain(&put) || message_is_plain(&head));
    assert_string_equal(message_method(&plain), "GET");
    assert_string_equal(message_method(&post), "POST");
    assert_string_equal(message_method(&put), "PUT");
    assert_string_equal(message_method(&head), "HEAD");
    message_release(&post);
    message_release(&put);
    assert_true(message_is_plain(&put));
}

static void test_lists_hold_each_once(void **state)
{
    (void)state;
    struct message_list list = {0};
    uint32_t numbers[7];
    static const char *const parts[7][3] = {
        {NULL, NULL, "a"}, {NULL, "X: 1", "a"}, {"PUT", NULL, "a"},  {NULL, NULL, "b"},
        {NULL, NULL, ""},  {NULL, "X: 1", "a"}, {NULL, "X: 2", "a"},
    };
    static const uint32_t expected[7] = {0, 1, 2, 3, 4, 1, 5};
    for (size_t i = 0; i < 7; i++) {
        struct message message = make(parts[i][0], parts[i][1], parts[i][2]);
        assert_int_equal(message_list_add(&list, &message, &numbers[i]), 0);
        assert_true(message_is_plain(&message));
        assert_int_equal(numbers[i], expected[i]);
    }
    assert_int_equal(list.count, 6);
    /* Found again however many there are. */
    for (size_t i = 0; i < 1000; i++) {
        char body[16];
        uint32_t number;
        snprintf(body, sizeof(body), "%zu", i);
        struct message message = make(NULL, NULL, body);
        assert_int_equal(message_list_add(&list, &message, &number), 0);
        assert_int_equal(number, 6 + i);
        message = make(NULL, NULL, body);
        assert_int_equal(message_list_add(&list, &message, &number), 0);
        assert_int_equal(number, 6 + i);
    }
    message_list_release(&list);
    assert_null(list.items);
}

static void test_digests_tell_what_reports_may(void **state)
{
    (void)state;
    uint64_t digest = digest_of(make("PUT", "Authorization: one", "abc"));
    assert_int_equal(digest, digest_of(make("PUT", "Authorization: two", "xyz")));
    assert_int_not_equal(digest, digest_of(make("PUT", "Authorization: one", "abcd")));
    assert_int_not_equal(digest, digest_of(make("POST", "Authorization: one", "abc")));
    assert_int_not_equal(digest, digest_of(make("PUT", "Accept: one", "abc")));
    assert_int_not_equal(digest, digest_of(make("PUT", NULL, "abc")));
}

static void test_own_headers_stand_for_others(void **state)
{
    (void)state;
    struct message message = make(NULL, "X-One: 1", NULL);
    assert_int_equal(message_add_header(&message, "Accept:"), 0);
    assert_true(message_replaces(&message, "x-one: 2") && message_replaces(&message, "accept;"));
    assert_false(message_replaces(&message, "X-On: 2") || message_replaces(&message, "X-One-Two: 2"));
    assert_true(message_has_header(&message, "ACCEPT"));
    message_release(&message);
}

static void add_line(void *context, const char *part)
{
    strncat(context, part, 100);
    strcat(context, "\n");
}

static void test_values_are_not_shown(void **state)
{
    (void)state;
    char text[1000] = "";
    struct message message = make(NULL, "Authorization: secret", "secret");
    static const char *const headers[] = {"X-Any:  12", "Accept: text/html", "Expect:", "X-Empty;", "Accept: "};
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
        assert_int_equal(message_add_header(&message, headers[i]), 0);
    message_describe(&message, add_line, text);
    assert_string_equal(text, "Authorization: (6 bytes)\nX-Any: (2 bytes)\nAccept: text/html\nX-Empty:\n"
                              "a body of 6 bytes\n");
    message_release(&message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_methods_follow_from_the_rest),  cmocka_unit_test(test_lists_hold_each_once),
        cmocka_unit_test(test_digests_tell_what_reports_may), cmocka_unit_test(test_own_headers_stand_for_others),
        cmocka_unit_test(test_values_are_not_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
