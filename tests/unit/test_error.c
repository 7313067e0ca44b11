#include "unit.h"

#include <errno.h>
#include <string.h>

#include "conc_bench/base/error.h"
#include "conc_bench/base/text.h"

static void test_a_message_is_escaped_and_has_a_kind(void **state)
{
    (void)state;
    struct error error = {0};
    assert_int_equal(error_set(&error, ERROR_USAGE, "no \"%s\"", "a\033b"), -1);
    assert_int_equal(error.kind, ERROR_USAGE);
    assert_string_equal(error.message, "no \"a\\x1bb\"");
    assert_string_equal(error.excerpt, "");
    assert_int_equal(error_set_system(&error, ERROR_ENVIRONMENT, ENOENT, "list.txt"), -1);
    assert_int_equal(error.kind, ERROR_ENVIRONMENT);
    assert_string_equal(error.message, "list.txt: No such file or directory");
}

static void test_nobody_may_want_the_error(void **state)
{
    (void)state;
    assert_int_equal(error_set(NULL, ERROR_USAGE, "message"), -1);
    assert_int_equal(error_set_system(NULL, ERROR_USAGE, EINVAL, "message"), -1);
    assert_int_equal(error_point(NULL, "text", 2), -1);
}

static void test_an_error_points_at_a_place(void **state)
{
    (void)state;
    struct error error = {0};
    error_set(&error, ERROR_USAGE, "unknown metric");
    assert_int_equal(error_point(&error, "sync\t.tiem < 2s", 6), -1);
    assert_string_equal(error.message, "unknown metric");
    assert_int_equal(error.kind, ERROR_USAGE);
    assert_string_equal(error.excerpt, "sync\\x09.tiem < 2s");
    assert_int_equal(error.column, 9);
}

static void test_a_new_message_has_no_old_excerpt(void **state)
{
    (void)state;
    struct error error = {0};
    error_set(&error, ERROR_USAGE, "first");
    error_point(&error, "text", 2);
    error_set(&error, ERROR_ENVIRONMENT, "second");
    assert_string_equal(error.excerpt, "");
    assert_int_equal(error.column, 0);
    error_point(&error, "text", 2);
    error_set_system(&error, ERROR_ENVIRONMENT, EIO, "third");
    assert_string_equal(error.excerpt, "");
}

static void test_an_excerpt_fits_into_a_line(void **state)
{
    (void)state;
    struct error error = {0};
    char text[4000];
    for (size_t i = 0; i + 4 < sizeof(text); i += 4)
        memcpy(text + i, "\xf0\x9f\x98\x80", 5);
    for (size_t offset = 0; offset < strlen(text); offset += 4) {
        text[offset] = '!';
        text[offset + 1] = text[offset + 2] = text[offset + 3] = 'x';
        error_point(&error, text, offset);
        assert_int_equal(text_columns(error.excerpt), ERROR_EXCERPT_COLUMNS);
        /* Wherever the mark is, as many characters stand before it as the column says. */
        const char *mark = strchr(error.excerpt, '!');
        assert_non_null(mark);
        char before[sizeof(error.excerpt)] = "";
        memcpy(before, error.excerpt, (size_t)(mark - error.excerpt));
        assert_int_equal(text_columns(before), error.column);
        memcpy(text + offset, "\xf0\x9f\x98\x80", 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_message_is_escaped_and_has_a_kind),
        cmocka_unit_test(test_nobody_may_want_the_error),
        cmocka_unit_test(test_an_error_points_at_a_place),
        cmocka_unit_test(test_a_new_message_has_no_old_excerpt),
        cmocka_unit_test(test_an_excerpt_fits_into_a_line),
    };
    return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
