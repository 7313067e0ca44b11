#include "unit.h"

#include <string.h>

#include "conc_bench/base/unicode.h"

static void characters_are_those_of_utf8(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t length;
        uint32_t code;
    } cases[] = {
        {"a", 1, 'a'},
        {"\xc2\x80", 2, 0x80},
        {"\xdf\xbf", 2, 0x7ff},
        {"\xe0\xa0\x80", 3, 0x800},
        {"\xef\xbf\xbf", 3, 0xffff},
        {"\xf0\x90\x80\x80", 4, 0x10000},
        {"\xf4\x8f\xbf\xbf", 4, 0x10ffff},
        {"\xc1\xbf", 0, 0xc1},         /* overlong */
        {"\xe0\x9f\xbf", 0, 0xe0},     /* overlong */
        {"\xed\xa0\x80", 0, 0xed},     /* a surrogate */
        {"\xf4\x90\x80\x80", 0, 0xf4}, /* beyond Unicode */
        {"\xe2\x82", 0, 0xe2},         /* cut off */
        {"\xe2\x41\x41", 0, 0xe2},
        {"\x80", 0, 0x80},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint32_t code;
        assert_int_equal(unicode_decode(cases[i].text, strlen(cases[i].text), &code), cases[i].length);
        assert_int_equal(code, cases[i].code);
    }
}

static void what_shows_nothing_is_invisible(void **state)
{
    (void)state;
    static const uint32_t hidden[] = {0x80,   0x85,   0xa0,   0xad,   0x34f,  0x1680, 0x180e,  0x2000,
                                      0x200b, 0x200d, 0x200e, 0x2028, 0x202e, 0x2060, 0x2069,  0x2800,
                                      0x3000, 0x3164, 0xfe0f, 0xfeff, 0xffa0, 0xfffb, 0xe0001, 0xe0fff};
    static const uint32_t shown[] = {' ',    'a',    0xa1,   0xac,   0xae,    0xe4,    0x300,   0x2010,
                                     0x2027, 0x20ac, 0x3001, 0xfffd, 0x1f600, 0xe1000, 0x10ffff};
    for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
        if (!unicode_is_invisible(hidden[i]))
            fail_msg("U+%04X", (unsigned)hidden[i]);
    }
    for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
        if (unicode_is_invisible(shown[i]))
            fail_msg("U+%04X", (unsigned)shown[i]);
    }
}

static void faults_are_told_by_their_place(void **state)
{
    (void)state;
    struct unicode_fault fault;
    char text[UNICODE_DESCRIPTION_BYTES];
    assert_false(unicode_find_fault("", 0, &fault));
    assert_false(unicode_find_fault("a\xc3\xbc\n", 4, &fault));
    assert_true(unicode_find_fault("\xc3\xbc\xe2\x80\x8b", 5, &fault));
    assert_int_equal(fault.offset, 2);
    assert_string_equal(unicode_describe_fault(&fault, text), "character 2 is invisible (U+200B, zero width space)");
    assert_true(unicode_find_fault("\xcd\x8f", 2, &fault));
    assert_string_equal(unicode_describe_fault(&fault, text), "character 1 is invisible (U+034F)");
    assert_true(unicode_find_fault("ab\xff\xa0", 4, &fault));
    assert_string_equal(unicode_describe_fault(&fault, text), "character 3 is not UTF-8 (byte 0xff)");
    assert_int_equal(unicode_mark_length("\xef\xbb\xbfx", 4), 3);
    assert_int_equal(unicode_mark_length("\xef\xbb", 2), 0);
    assert_int_equal(unicode_mark_length("x\xef\xbb\xbf", 4), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters_are_those_of_utf8),
        cmocka_unit_test(what_shows_nothing_is_invisible),
        cmocka_unit_test(faults_are_told_by_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
