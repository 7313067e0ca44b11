#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "conc_bench/workload/url_wire.h"

static const char requests[] =
    "POST http://a.test/1 \nX-Token: secret\n\nGET http://a.test/2\n\nGET http://a.test/2\n\n"
    "HEAD http://b.test:81/\nAccept: text/html\n\nPOST http://a.test/1\n";

static char *write_list(const char *text, struct url_list *list, size_t *length)
{
    struct error error = {0};
    url_list_init(list);
    if (url_list_add_text(list, "list", text, strlen(text), &error) != 0)
        fail_msg("%s", error.message);
    char *wire = url_wire_write(list, length);
    assert_non_null(wire);
    return wire;
}

static void assert_same_message(const struct message *one, const struct message *other)
{
    assert_int_equal(one == NULL, other == NULL);
    if (one == NULL)
        return;
    assert_string_equal(message_method(one), message_method(other));
    assert_int_equal(one->is_head, other->is_head);
    assert_int_equal(one->header_count, other->header_count);
    for (size_t i = 0; i < one->header_count; i++)
        assert_string_equal(one->headers[i], other->headers[i]);
    assert_int_equal(one->body == NULL, other->body == NULL);
    assert_int_equal(one->body_bytes, other->body_bytes);
    if (one->body_bytes > 0)
        assert_memory_equal(one->body, other->body, one->body_bytes);
}

static void assert_same(const struct url_list *one, const struct url_list *other)
{
    assert_int_equal(one->url_count, other->url_count);
    assert_int_equal(one->host_count, other->host_count);
    assert_int_equal(one->line_count, other->line_count);
    assert_int_equal(one->downloads, other->downloads);
    assert_memory_equal(one->lines, other->lines, one->line_count * sizeof(one->lines[0]));
    for (uint32_t i = 0; i < one->url_count; i++) {
        assert_string_equal(url_text(one, i), url_text(other, i));
        assert_string_equal(url_name(one, i), url_name(other, i));
        assert_same_message(url_message(one, i), url_message(other, i));
    }
    assert_int_equal(url_list_digest(one), url_list_digest(other));
}

static void check_way(const char *text)
{
    struct url_list list;
    struct url_list copy;
    struct error error = {0};
    size_t length;
    char *wire = write_list(text, &list, &length);
    url_list_init(&copy);
    if (url_wire_read(&copy, "copy", wire, length, &error) != 0)
        fail_msg("%s", error.message);
    assert_same(&list, &copy);
    free(wire);
    url_list_release(&copy);
    url_list_release(&list);
}

static void test_a_list_arrives_as_it_was(void **state)
{
    (void)state;
    check_way("http://a.test/ x3\nhttps://b.test/x\nhttp://a.test/\n");
    check_way(requests);
    check_way("url = \"http://a.test/\"\ndata = \"x=1\"\nheader = \"X: y\"\nnext\nurl = \"http://a.test/\"\n");
}

/* A body may have NUL bytes, or none at all. */
static void test_bodies_arrive_whole(void **state)
{
    (void)state;
    static const char *const bodies[] = {"a\0b", ""};
    static const size_t lengths[] = {3, 0};
    struct url_list list;
    struct url_list copy;
    struct error error = {0};
    size_t length;
    url_list_init(&list);
    url_list_init(&copy);
    for (size_t i = 0; i < 2; i++) {
        struct message message = {0};
        struct url_request request = {.url = "http://a.test/", .count = 2};
        assert_int_equal(message_set_body(&message, bodies[i], lengths[i]), 0);
        assert_int_equal(url_list_add_message(&list, &message, &request.message, &error), 0);
        assert_int_equal(url_list_add_request(&list, "list", 1, &request, &error), 0);
    }
    char *wire = url_wire_write(&list, &length);
    assert_non_null(wire);
    assert_int_equal(url_wire_read(&copy, "copy", wire, length, &error), 0);
    assert_same(&list, &copy);
    free(wire);
    url_list_release(&copy);
    url_list_release(&list);
}

static void test_what_was_cut_off_is_refused(void **state)
{
    (void)state;
    struct url_list list;
    size_t length;
    char *wire = write_list(requests, &list, &length);
    for (size_t shorter = 0; shorter < length; shorter++) {
        struct url_list copy;
        struct error error = {0};
        char *cut = malloc(shorter + 1); /* so that whatever reads on is found out */
        assert_non_null(cut);
        memcpy(cut, wire, shorter);
        url_list_init(&copy);
        assert_int_equal(url_wire_read(&copy, "copy", cut, shorter, &error), -1);
        assert_string_equal(error.message, "copy has not arrived as it was sent");
        url_list_release(&copy);
        free(cut);
    }
    free(wire);
    url_list_release(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_list_arrives_as_it_was),
        cmocka_unit_test(test_bodies_arrive_whole),
        cmocka_unit_test(test_what_was_cut_off_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
