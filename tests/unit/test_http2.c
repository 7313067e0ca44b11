#include "unit.h"

#include <string.h>

#include "http/http2.h"

#define VERSION(major, minor, patch) ((major) << 16 | (minor) << 8 | (patch))

static void versions_that_break_are_known_with_what_they_break(void **state)
{
    (void)state;
    static const struct {
        uint32_t version;
        const char *what;
    } broken[] = {
        {VERSION(8, 1, 0), "hang"}, {VERSION(8, 1, 1), "hang"},   {VERSION(8, 1, 2), "hang"},
        {VERSION(8, 2, 0), "hang"}, {VERSION(8, 2, 1), "GOAWAY"}, {VERSION(8, 3, 0), "GOAWAY"},
    };
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        const char *flaw = http2_flaw(broken[i].version);
        assert_non_null(flaw);
        assert_non_null(strstr(flaw, broken[i].what));
        assert_non_null(strstr(flaw, "use 8.4"));
    }
}

static void versions_around_them_and_unknown_ones_are_taken(void **state)
{
    (void)state;
    static const uint32_t sound[] = {VERSION(7, 88, 0), VERSION(7, 88, 1), VERSION(8, 0, 1),  VERSION(8, 4, 0),
                                     VERSION(8, 5, 0),  VERSION(8, 16, 0), VERSION(9, 99, 9), 0};
    for (size_t i = 0; i < sizeof(sound) / sizeof(sound[0]); i++)
        assert_null(http2_flaw(sound[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_that_break_are_known_with_what_they_break),
        cmocka_unit_test(versions_around_them_and_unknown_ones_are_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
