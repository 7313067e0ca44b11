#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "conc_bench/workload/file_bundle.h"

static struct file_bundle *collect(void)
{
    struct error error = {0};
    struct file_bundle *bundle = file_bundle_create(&error);
    assert_non_null(bundle);
    assert_int_equal(file_bundle_add(bundle, "data", "/body", "a\0b", 3), 0);
    assert_int_equal(file_bundle_add(bundle, "header", "/body", "X: y\n", 5), 0);
    assert_int_equal(file_bundle_add(bundle, "cookie", "-", NULL, 0), 0);
    return bundle;
}

static void assert_has(const struct file_bundle *bundle, const char *option, const char *path, const char *content,
                       size_t length)
{
    size_t found = 99;
    const char *bytes = file_bundle_find(bundle, option, path, &found);
    assert_non_null(bytes);
    assert_int_equal(found, length);
    assert_memory_equal(bytes, content, length);
}

static void test_files_arrive_as_they_were(void **state)
{
    (void)state;
    struct error error = {0};
    size_t length;
    struct file_bundle *sent = collect();
    assert_false(file_bundle_is_given(sent));
    const char *bytes = file_bundle_bytes(sent, &length);
    struct file_bundle *given = file_bundle_read(bytes, length, &error);
    assert_non_null(given);
    file_bundle_release(sent);
    assert_true(file_bundle_is_given(given));
    assert_has(given, "data", "/body", "a\0b", 3);
    assert_has(given, "header", "/body", "X: y\n", 5);
    assert_has(given, "cookie", "-", "", 0);
    assert_null(file_bundle_find(given, "cookie", "/body", &length));
    file_bundle_release(given);
}

static void test_no_files_are_a_bundle_too(void **state)
{
    (void)state;
    struct error error = {0};
    size_t length;
    struct file_bundle *given = file_bundle_read("", 0, &error);
    assert_non_null(given);
    assert_true(file_bundle_is_given(given));
    assert_null(file_bundle_find(given, "data", "/body", &length));
    file_bundle_release(given);
    assert_false(file_bundle_is_given(NULL));
    file_bundle_release(NULL);
}

/* Standard input can be read only once, and what was read first stands. */
static void test_the_first_content_of_a_file_stands(void **state)
{
    (void)state;
    struct file_bundle *bundle = collect();
    assert_int_equal(file_bundle_add(bundle, "data", "/body", "other", 5), 0);
    assert_has(bundle, "data", "/body", "a\0b", 3);
    file_bundle_release(bundle);
}

static void test_what_is_cut_off_is_refused(void **state)
{
    (void)state;
    struct error error = {0};
    size_t length, whole = 0;
    struct file_bundle *bundle = collect();
    const char *bytes = file_bundle_bytes(bundle, &length);
    for (size_t cut = 0; cut < length; cut++) {
        char *part = malloc(cut + 1);
        assert_non_null(part);
        memcpy(part, bytes, cut);
        struct file_bundle *given = file_bundle_read(part, cut, &error);
        whole += given != NULL;
        if (given == NULL)
            assert_string_equal(error.message, "the files of options have not arrived as they were sent");
        file_bundle_release(given);
        free(part);
    }
    /* None, the first, and the first two. */
    assert_int_equal(whole, 3);
    file_bundle_release(bundle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files_arrive_as_they_were),
        cmocka_unit_test(test_no_files_are_a_bundle_too),
        cmocka_unit_test(test_the_first_content_of_a_file_stands),
        cmocka_unit_test(test_what_is_cut_off_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
