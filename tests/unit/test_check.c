#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "conc_bench/workload/check.h"
#include "http/checking.h"

/* The hashes of "" and "abc" (FIPS 180-4). */
#define SHA256_EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define SHA256_ABC   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static const char url[] = "http://a.test/page";

static const struct check_subject page = {url, url};

static struct check_list list_of(const char *text)
{
    struct check_list list = {0};
    struct error error = {0};
    if (check_list_add(&list, text, &error) != 0)
        fail_msg("%s: %s", text, error.message);
    return list;
}

static bool is_of(const struct check_list *list, size_t index, const char *listed, const char *name)
{
    return check_is_of(&list->items[index], (struct check_subject){listed, name});
}

static void assert_refused(const char *text, size_t column, const char *part)
{
    struct check_list list = {0};
    struct error error = {0};
    assert_int_equal(check_list_add(&list, text, &error), -1);
    assert_int_equal(error.kind, ERROR_USAGE);
    if (strstr(error.message, part) == NULL || error.column != column)
        fail_msg("%s: \"%s\" at %zu", text, error.message, error.column);
    assert_int_equal(list.count, 0);
    check_list_release(&list);
}

static void test_checks_are_read(void **state)
{
    (void)state;
    struct check_list list = list_of("contains \"Wel\\\"come\\x21\\\\\\n'\"");
    assert_int_equal(list.items[0].kind, CHECK_CONTAINS);
    assert_int_equal(list.items[0].length, 12);
    assert_memory_equal(list.items[0].bytes, "Wel\"come!\\\n'", 12);
    assert_null(list.items[0].target);
    assert_int_equal(check_list_add(&list, "  http://a.test/* not  status==204 ", NULL), 0);
    assert_int_equal(list.items[1].status, 204);
    assert_true(list.items[1].is_negated);
    assert_true(check_is_of(&list.items[1], page));
    assert_false(is_of(&list, 1, "http://b.test/page", "http://b.test/page"));
    assert_int_equal(check_list_add(&list, "http://a.test/page sha256 == " SHA256_ABC, NULL), 0);
    assert_int_equal(list.items[2].sha256[0], 0xba);
    assert_int_equal(list.items[2].sha256[31], 0xad);
    assert_true(check_is_of(&list.items[2], page));
    assert_false(is_of(&list, 2, "http://a.test/page2", "http://a.test/page2"));
    check_list_release(&list);
    /* A text with a scheme in it is no URL. */
    list = list_of("contains \"http://a.test\"");
    assert_null(list.items[0].target);
    check_list_release(&list);
}

static void test_others_are_refused_where_they_go_wrong(void **state)
{
    (void)state;
    assert_refused("", 0, "a check is contains \"TEXT\", status == N or sha256 == HEX");
    assert_refused("contains Welcome", 9, "a text stands in quotes here");
    assert_refused("contains \"abc", 9, "has no \" at its end");
    assert_refused("not contains ''", 13, "every answer contains an empty text");
    assert_refused("contains \"\\q\"", 10, "behind \\ a check has one of");
    assert_refused("contains \"\\xg0\"", 10, "behind \\ a check has one of");
    assert_refused("contains \"\\", 10, "behind \\ a check has one of");
    assert_refused("status != 200", 7, "only == stands here");
    assert_refused("status == 600", 10, "a number from 200 to 599");
    assert_refused("status == 20000000000", 10, "a number from 200 to 599");
    assert_refused("sha256 == 12x", 12, "64 hexadecimal digits, as sha256sum prints them (got 2)");
    assert_refused("http://a.test/ size == 3", 15, "a check is contains");
    assert_refused("status == 200 status == 201", 14, "a check ends here");
    struct check_list list = {0};
    for (int i = 0; i < CHECKS_MAX; i++)
        assert_int_equal(check_list_add(&list, "status == 200", NULL), 0);
    assert_int_equal(check_list_add(&list, "status == 200", NULL), -1);
    check_list_release(&list);
}

static bool holds_in_pieces(struct checking *checking, const char *body, size_t piece)
{
    checking_begin(checking, page);
    for (size_t done = 0, length = strlen(body); done < length; done += piece)
        checking_add(checking, body + done, length - done < piece ? length - done : piece);
    return checking_end(checking, 200) == NULL;
}

static void assert_holds(const char *check, const char *body, bool is_expected)
{
    struct check_list list = list_of(check);
    struct checking *checking = checking_create(&list);
    assert_non_null(checking);
    for (size_t piece = 1; piece <= strlen(body) + 1; piece++) {
        if (holds_in_pieces(checking, body, piece) != is_expected)
            fail_msg("%s of \"%s\" in pieces of %zu", check, body, piece);
    }
    /* A download that was given up is forgotten. */
    checking_begin(checking, page);
    checking_add(checking, "abcabd", 6);
    assert_int_equal(holds_in_pieces(checking, body, 3), is_expected);
    checking_release(checking);
    check_list_release(&list);
}

static void test_text_is_found_wherever_pieces_end(void **state)
{
    (void)state;
    assert_holds("contains 'needle'", "a haystack with a needle in it", true);
    assert_holds("contains 'needle'", "needle", true);
    assert_holds("contains 'needle'", "a haystack with need and le", false);
    assert_holds("contains 'needle'", "nee", false);
    assert_holds("contains 'needle'", "", false);
    assert_holds("contains 'aab'", "aaaaaaab", true);
    assert_holds("contains 'ababac'", "abababababac", true);
    assert_holds("contains 'x'", "abcxyz", true);
    assert_holds("not contains 'needle'", "a haystack with a needle in it", false);
    assert_holds("not contains 'needle'", "hay", true);
    assert_holds("http://b.test/ contains 'needle'", "hay", true);
    assert_holds("http://a.test/* contains 'needle'", "hay", false);
}

static void test_digests_are_of_the_whole_body(void **state)
{
    (void)state;
    assert_holds("sha256 == " SHA256_ABC, "abc", true);
    assert_holds("sha256 == " SHA256_EMPTY, "", true);
    assert_holds("sha256 == " SHA256_EMPTY, "abc", false);
    assert_holds("not sha256 == " SHA256_ABC, "abd", true);
}

static void test_the_first_check_that_does_not_hold_is_told(void **state)
{
    (void)state;
    struct check_list list = list_of("contains 'abc'");
    assert_int_equal(check_list_add(&list, "sha256 == " SHA256_ABC, NULL), 0);
    assert_int_equal(check_list_add(&list, "status == 404", NULL), 0);
    struct checking *checking = checking_create(&list);
    checking_begin(checking, page);
    checking_add(checking, "abc", 3);
    assert_null(checking_end(checking, 404));
    checking_begin(checking, page);
    checking_add(checking, "abc", 3);
    assert_ptr_equal(checking_end(checking, 200), &list.items[2]);
    checking_begin(checking, page);
    checking_add(checking, "abcd", 4);
    assert_ptr_equal(checking_end(checking, 200), &list.items[1]);
    checking_release(checking);
    assert_true(check_list_wants(&list, page, 404));
    assert_false(check_list_wants(&list, page, 403));
    check_list_release(&list);
}

static void test_requests_are_named_as_in_reports(void **state)
{
    (void)state;
    struct check_list list = list_of("POST  http://a.test/page  not contains \"x\"");
    assert_string_equal(list.items[0].target, "POST http://a.test/page");
    assert_true(list.items[0].is_negated);
    assert_true(is_of(&list, 0, url, "POST http://a.test/page"));
    assert_false(is_of(&list, 0, url, "POST http://a.test/page #2"));
    assert_false(check_is_of(&list.items[0], page));
    assert_int_equal(check_list_add(&list, "POST http://a.test/page #2 status == 201", NULL), 0);
    assert_true(is_of(&list, 1, url, "POST http://a.test/page #2"));
    assert_false(is_of(&list, 1, url, "POST http://a.test/page"));
    /* The URL alone is that of all its requests; a GET without anything is called so. */
    assert_int_equal(check_list_add(&list, "http://a.test/page status == 200", NULL), 0);
    assert_true(is_of(&list, 2, url, "POST http://a.test/page #2"));
    assert_true(check_is_of(&list.items[2], page));
    assert_int_equal(check_list_add(&list, "GET http://a.test/page status == 200", NULL), 0);
    assert_true(check_is_of(&list.items[3], page));
    assert_false(is_of(&list, 3, url, "POST http://a.test/page"));
    assert_int_equal(check_list_add(&list, "POST http://a.test/* status == 200", NULL), 0);
    assert_true(is_of(&list, 4, url, "POST http://a.test/page #2"));
    assert_false(is_of(&list, 4, url, "PUT http://a.test/page"));
    check_list_release(&list);
    assert_refused("POST contains \"x\"", 0, "a check is");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_checks_are_read),
        cmocka_unit_test(test_requests_are_named_as_in_reports),
        cmocka_unit_test(test_others_are_refused_where_they_go_wrong),
        cmocka_unit_test(test_text_is_found_wherever_pieces_end),
        cmocka_unit_test(test_digests_are_of_the_whole_body),
        cmocka_unit_test(test_the_first_check_that_does_not_hold_is_told),
    };
    return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
