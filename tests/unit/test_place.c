#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conc_bench/base/place.h"

static void descriptors_have_names(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        int descriptor;
    } names[] = {
        {"/dev/stdin", 0},
        {"/dev/stdout", 1},
        {"/dev/stderr", 2},
        {"/dev/fd/0", 0},
        {"/dev/fd/63", 63},
        {"/proc/self/fd/1", 1},
        {"/dev/fd/", -1},
        {"/dev/fd/x", -1},
        {"/dev/fd/-1", -1},
        {"/dev/fd/1/2", -1},
        {"/dev/null", -1},
        {"stdout", -1},
        {"/dev/fd/99999999999999999999", -1},
        {"/dev/stdout/", -1},
        {"", -1},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        int descriptor = place_descriptor_of(names[i].path);
        if (descriptor != names[i].descriptor)
            fail_msg("%s is %d", names[i].path, descriptor);
    }
}

static void a_dash_is_the_stream_that_is_meant(void **state)
{
    (void)state;
    struct place output, input;
    assert_int_equal(place_find_output("-", &output, NULL), 0);
    place_find_input("-", &input);
    assert_int_equal(output.kind, PLACE_DESCRIPTOR);
    assert_int_equal(output.descriptor, STDOUT_FILENO);
    assert_int_equal(input.descriptor, STDIN_FILENO);
    place_release(&output);
    place_release(&input);
}

static void folders_stand_in_front(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {{"a", "."}, {"/a", "/"}, {"a/b", "a"}, {"/a/b/c", "/a/b"}, {"./a", "."}};
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        char *folder = place_folder(pairs[i][0]);
        assert_non_null(folder);
        assert_string_equal(folder, pairs[i][1]);
        free(folder);
    }
}

static void two_null_devices_are_no_collision(void **state)
{
    (void)state;
    struct place one, other;
    assert_int_equal(place_find_output("/dev/null", &one, NULL), 0);
    place_find_input("/dev/../dev/null", &other);
    assert_int_equal(one.kind, PLACE_SPECIAL);
    assert_false(place_is_same(&one, &other));
    assert_false(place_is_read_once(&other));
    place_release(&one);
    place_release(&other);
}

static void pipes_are_read_once(void **state)
{
    (void)state;
    int ends[2];
    struct place place;
    assert_int_equal(pipe(ends), 0);
    place_find_descriptor(ends[0], &place);
    assert_true(place_is_read_once(&place));
    place_release(&place);
    place_find_input("/proc/self/exe", &place);
    assert_true(place.is_there);
    assert_false(place_is_read_once(&place));
    place_release(&place);
    place_find_input("/nowhere/at/all", &place);
    assert_false(place.is_there);
    assert_false(place_is_read_once(&place));
    place_release(&place);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(descriptors_have_names), cmocka_unit_test(a_dash_is_the_stream_that_is_meant),
        cmocka_unit_test(folders_stand_in_front), cmocka_unit_test(two_null_devices_are_no_collision),
        cmocka_unit_test(pipes_are_read_once),
    };
    return cmocka_run_group_tests_name("place", tests, NULL, NULL);
}
