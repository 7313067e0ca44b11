#include "unit.h"

#include <curl/curl.h>
#include <string.h>

#include "http/quirks.h"

static void versions_that_break_are_known_with_what_they_break(void **state)
{
    (void)state;
    static const struct {
        uint32_t version;
        const char *what;
    } broken[] = {
        {QUIRK_VERSION(8, 1, 0), "hang"}, {QUIRK_VERSION(8, 1, 1), "hang"},   {QUIRK_VERSION(8, 1, 2), "hang"},
        {QUIRK_VERSION(8, 2, 0), "hang"}, {QUIRK_VERSION(8, 2, 1), "GOAWAY"}, {QUIRK_VERSION(8, 3, 0), "GOAWAY"},
    };
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        const char *flaw = quirk_of_http2(broken[i].version);
        assert_non_null(flaw);
        assert_non_null(strstr(flaw, broken[i].what));
        assert_non_null(strstr(flaw, "use 8.4"));
    }
}

static void versions_around_them_and_unknown_ones_are_taken(void **state)
{
    (void)state;
    static const uint32_t sound[] = {
        QUIRK_VERSION(7, 88, 0), QUIRK_VERSION(7, 88, 1), QUIRK_VERSION(8, 0, 1),  QUIRK_VERSION(8, 4, 0),
        QUIRK_VERSION(8, 5, 0),  QUIRK_VERSION(8, 16, 0), QUIRK_VERSION(9, 99, 9), 0};
    for (size_t i = 0; i < sizeof(sound) / sizeof(sound[0]); i++)
        assert_null(quirk_of_http2(sound[i]));
}

static void a_quirk_is_of_the_versions_of_its_row(void **state)
{
    (void)state;
    assert_false(quirk_is_of(QUIRK_FREED_HEADER, QUIRK_VERSION(7, 82, 0)));
    assert_true(quirk_is_of(QUIRK_FREED_HEADER, QUIRK_VERSION(7, 83, 0)));
    assert_true(quirk_is_of(QUIRK_FREED_HEADER, QUIRK_VERSION(8, 1, 255)));
    assert_false(quirk_is_of(QUIRK_FREED_HEADER, QUIRK_VERSION(8, 2, 0)));
    assert_false(quirk_is_of(QUIRK_FORGOTTEN_NAMES, QUIRK_VERSION(8, 0, 255)));
    assert_true(quirk_is_of(QUIRK_FORGOTTEN_NAMES, QUIRK_VERSION(8, 1, 0)));
    assert_true(quirk_is_of(QUIRK_FORGOTTEN_NAMES, QUIRK_VERSION(8, 16, 255)));
    assert_false(quirk_is_of(QUIRK_FORGOTTEN_NAMES, QUIRK_VERSION(8, 17, 0)));
    assert_true(quirk_is_of(QUIRK_RETRIES_ADD_UP, QUIRK_VERSION(7, 85, 0)));
    assert_true(quirk_is_of(QUIRK_RETRIES_ADD_UP, QUIRK_VERSION(99, 0, 0)));
}

static void all_are_of_a_version_they_were_seen_with(void **state)
{
    (void)state;
    for (enum quirk quirk = 0; quirk < QUIRK_COUNT; quirk++) {
        const struct quirk_row *row = quirk_row(quirk);
        /* The versions of Debian 12, Debian 13 and sid. */
        assert_true(quirk_is_of(quirk, QUIRK_VERSION(7, 88, 1)) || quirk_is_of(quirk, QUIRK_VERSION(8, 14, 1)) ||
                    quirk_is_of(quirk, QUIRK_VERSION(8, 23, 0)));
        assert_true(row->fixed == 0 || row->fixed > row->first);
        assert_non_null(strchr(row->suite, '/'));
        for (enum quirk other = 0; other < quirk; other++)
            assert_string_not_equal(row->name, quirk_row(other)->name);
    }
}

static void which_apply_is_asked_of_the_libcurl_that_is_loaded(void **state)
{
    (void)state;
    uint32_t version = curl_version_info(CURLVERSION_NOW)->version_num;
    for (enum quirk quirk = 0; quirk < QUIRK_COUNT; quirk++)
        assert_int_equal(quirk_applies(quirk), quirk_is_of(quirk, version));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quirk_is_of_the_versions_of_its_row),
        cmocka_unit_test(all_are_of_a_version_they_were_seen_with),
        cmocka_unit_test(which_apply_is_asked_of_the_libcurl_that_is_loaded),
        cmocka_unit_test(versions_that_break_are_known_with_what_they_break),
        cmocka_unit_test(versions_around_them_and_unknown_ones_are_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
