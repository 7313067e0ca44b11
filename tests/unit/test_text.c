#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/base/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_what_a_terminal_would_obey_is_escaped(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *escaped;
    } cases[] = {
        {"", ""},
        {"plain \"text\" \\x41", "plain \"text\" \\x41"},
        {"\033[31mred", "\\x1b[31mred"},
        {"a\tb\r\n\x7f", "a\\x09b\\x0d\\x0a\\x7f"},
        {"Gr\xc3\xbc\xc3\x9f"
         "e",
         "Gr\xc3\xbc\xc3\x9f"
         "e"},
        {"\xe2\x82\xac \xf0\x9f\x98\x80", "\xe2\x82\xac \xf0\x9f\x98\x80"},
        {"\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0", "\\xc2\\x80\\xc2\\x9b\\xc2\\x9f\xc2\xa0"}, /* C1, then no-break space */
        {"\xe2\x80\x8d\xe2\x80\x8e\xe2\x80\x8f\xe2\x80\x90", /* the marks of direction, and their neighbours */
         "\xe2\x80\x8d\\xe2\\x80\\x8e\\xe2\\x80\\x8f\xe2\x80\x90"},
        {"\xe2\x80\xa7\xe2\x80\xa8\xe2\x80\xae\xe2\x80\xaf", /* line ends to overrides */
         "\xe2\x80\xa7\\xe2\\x80\\xa8\\xe2\\x80\\xae\xe2\x80\xaf"},
        {"\xe2\x81\xa5\xe2\x81\xa6\xe2\x81\xa9\xe2\x81\xaa", /* isolates */
         "\xe2\x81\xa5\\xe2\\x81\\xa6\\xe2\\x81\\xa9\xe2\x81\xaa"},
        {"\xd8\x9b\xd8\x9c\xd8\x9d", "\xd8\x9b\\xd8\\x9c\xd8\x9d"}, /* the Arabic letter mark */
        {"\x9b", "\\x9b"},
        {"\xc3", "\\xc3"},
        {"\xc3(", "\\xc3("},
        {"\xc0\xaf", "\\xc0\\xaf"},                               /* overlong */
        {"\xe0\x80\xaf", "\\xe0\\x80\\xaf"},                      /* overlong */
        {"\xf0\x80\x80\xaf", "\\xf0\\x80\\x80\\xaf"},             /* overlong */
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"},                      /* a surrogate */
        {"\xed\x9f\xbf\xee\x80\x80", "\xed\x9f\xbf\xee\x80\x80"}, /* its neighbours */
        {"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"},                 /* U+10FFFF */
        {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},             /* beyond */
        {"\xf5\x80\x80\x80\xff", "\\xf5\\x80\\x80\\x80\\xff"},    /* no lead bytes */
        {"\xe2\x82", "\\xe2\\x82"},                               /* cut off */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char buffer[64];
        assert_ptr_equal(text_escape(buffer, sizeof(buffer), cases[i].text, strlen(cases[i].text)), buffer);
        assert_string_equal(buffer, cases[i].escaped);
    }
}

static void test_length_counts_not_nul(void **state)
{
    (void)state;
    char buffer[32];
    assert_string_equal(text_escape(buffer, sizeof(buffer), "a\0b", 3), "a\\x00b");
    assert_string_equal(text_escape(buffer, sizeof(buffer), "abc", 2), "ab");
    assert_string_equal(text_escape(buffer, sizeof(buffer), "\xc3\xbc", 1), "\\xc3");
}

static void test_cut_between_characters(void **state)
{
    (void)state;
    static const struct {
        size_t size;
        const char *text;
        const char *escaped;
    } cases[] = {
        {4, "abcdef", "abc"},
        {7, "abcdef", "abcdef"},
        {1, "abc", ""},
        {4, "a\n", "a"},
        {5, "a\n", "a"},
        {6, "a\n", "a\\x0a"},
        {3, "a\xc3\xbc", "a"},
        {4, "a\xc3\xbc", "a\xc3\xbc"},
        {4, "\xf0\x9f\x98\x80", ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        /* Just as large as it says, so that the address sanitizer sees a byte too many. */
        char *buffer = malloc(cases[i].size);
        assert_non_null(buffer);
        text_escape(buffer, cases[i].size, cases[i].text, strlen(cases[i].text));
        assert_string_equal(buffer, cases[i].escaped);
        free(buffer);
    }
    char untouched = 'z';
    text_escape(&untouched, 0, "abc", 3);
    assert_int_equal(untouched, 'z');
}

static void test_columns_count_characters(void **state)
{
    (void)state;
    assert_int_equal(text_columns(""), 0);
    assert_int_equal(text_columns("abc"), 3);
    assert_int_equal(text_columns("20.1 \xc2\xb5s \xc2\xb1"), 9);
    assert_int_equal(text_columns("\xe2\x82\xac\xf0\x9f\x98\x80"), 2);
}

static void test_distances(void **state)
{
    (void)state;
    static const struct {
        const char *a;
        const char *b;
        size_t distance;
    } cases[] = {
        {"", "", 0},
        {"", "abc", 3},
        {"same", "same", 0},
        {"thread", "threads", 1},
        {"wokers", "workers", 1},
        {"wrokers", "workers", 1},
        {"kitten", "sitting", 3},
        {"abc", "xyz", 3},
        {"ab", "ba", 1},
        {"ca", "abc", 2}, /* 3 where letters between swapped ones may not be edited */
        {"aabb", "bbaa", 3},
        {"\xff\xfe", "\xfe\xff", 1},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(text_distance(cases[i].a, cases[i].b), cases[i].distance);
        assert_int_equal(text_distance(cases[i].b, cases[i].a), cases[i].distance);
    }
}

static void test_distance_of_long_words(void **state)
{
    (void)state;
    char longest[TEXT_DISTANCE_MAX_BYTES + 1];
    char longer[TEXT_DISTANCE_MAX_BYTES + 2];
    memset(longest, 'a', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    memset(longer, 'a', sizeof(longer));
    longer[sizeof(longer) - 1] = '\0';
    assert_int_equal(text_distance(longest, "a"), TEXT_DISTANCE_MAX_BYTES - 1);
    assert_int_equal(text_distance(longest, longest), 0);
    assert_int_equal(text_distance(longer, "a"), TEXT_DISTANCE_MAX_BYTES + 1);
    assert_int_equal(text_distance("a", longer), TEXT_DISTANCE_MAX_BYTES + 1);
}

static void test_excerpts_of_short_texts_are_the_text(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t offset;
        const char *excerpt;
        size_t column;
    } cases[] = {
        {"", 0, "", 0},
        {"", 5, "", 0},
        {"sync.tiem < 2s", 5, "sync.tiem < 2s", 5},
        {"sync.time <", 11, "sync.time <", 11},
        {"sync.time <", 99, "sync.time <", 11},
        {"1234567890123456", 15, "1234567890123456", 15},
        {"1234567890123456", 16, "1234567890123456", 16},
        {"a\tb\033", 2, "a\\x09b\\x1b", 5},
        {"a\tb\033", 1, "a\\x09b\\x1b", 1},
        {"a\tb\033", 4, "a\\x09b\\x1b", 10},
        {"\xc3\xbc\xc3\xbc!", 4, "\xc3\xbc\xc3\xbc!", 2},
        {"\xc3\xbc\xc3\xbc!", 3, "\xc3\xbc\xc3\xbc!", 1}, /* within a character: at its beginning */
        {"\xff?", 1, "\\xff?", 4},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char buffer[4 * 16 + 1];
        size_t column = text_excerpt(buffer, sizeof(buffer), cases[i].text, cases[i].offset, 16);
        assert_string_equal(buffer, cases[i].excerpt);
        assert_int_equal(column, cases[i].column);
    }
}

static void test_excerpts_of_long_texts_are_what_is_around_the_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t offset;
        const char *excerpt;
        size_t column;
    } cases[] = {
        {"abcdefghijklmnopqrstuvwxyz", 0, "abcdefghijklm...", 0},
        {"abcdefghijklmnopqrstuvwxyz", 8, "abcdefghijklm...", 8},
        {"abcdefghijklmnopqrstuvwxyz", 9, "...efghijklmn...", 8},
        {"abcdefghijklmnopqrstuvwxyz", 17, "...mnopqrstuv...", 8},
        {"abcdefghijklmnopqrstuvwxyz", 18, "...nopqrstuvwxyz", 8},
        {"abcdefghijklmnopqrstuvwxyz", 26, "...nopqrstuvwxyz", 16},
        {"abcdefgh\tijklmnopqrstuvwxyz", 8, "abcdefgh\\x09i...", 8},
        {"abcdefgh\tijklmnopqrstuvwxyz", 14, "...ijklmnopqr...", 8},
        {"abcdefgh\tijklmnopqrstuvwxyz", 13, "...ijklmnopq...", 7}, /* half of an escape is none */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char buffer[4 * 16 + 1];
        size_t column = text_excerpt(buffer, sizeof(buffer), cases[i].text, cases[i].offset, 16);
        assert_string_equal(buffer, cases[i].excerpt);
        assert_int_equal(column, cases[i].column);
    }
}

/* Every place of texts with characters of all widths: the excerpt fits, and shows at the column what stands there. */
static void test_excerpts_keep_the_place_in_view(void **state)
{
    (void)state;
    static const char *const parts[] = {"a", "\n", "\xc3\xbc", "\xf0\x9f\x98\x80", "\xff"};
    static const char *const shown[] = {"a", "\\x0a", "\xc3\xbc", "\xf0\x9f\x98\x80", "\\xff"};
    uint64_t random = 1;
    for (size_t round = 0; round < 2000; round++) {
        char text[4 * 60 + 1] = "";
        size_t place_part = 0, offset = 0, used = 0;
        size_t count = round % 60 + 1;
        for (size_t i = 0; i < count; i++) {
            random = random * 6364136223846793005U + 1442695040888963407U;
            size_t part = (size_t)(random >> 33) % COUNT(parts);
            if (i == (size_t)(random >> 40) % count || i == 0) {
                place_part = part;
                offset = used;
            }
            used += (size_t)snprintf(text + used, sizeof(text) - used, "%s", parts[part]);
        }
        char buffer[4 * 20 + 1];
        size_t column = text_excerpt(buffer, sizeof(buffer), text, offset, 20);
        assert_true(text_columns(buffer) <= 20);
        const char *at = buffer;
        for (size_t i = 0; i < column; i++)
            at += (unsigned char)*at >= 0xf0 ? 4 : (unsigned char)*at >= 0xc0 ? 2 : 1;
        if (strncmp(at, shown[place_part], strlen(shown[place_part])) != 0)
            fail_msg("\"%s\" at %zu: \"%s\" at %zu", text, offset, buffer, column);
    }
}

static void test_excerpts_are_cut_not_overrun(void **state)
{
    (void)state;
    char buffer[8] = "zzzzzzz";
    text_excerpt(buffer, 4, "abcdefghijklmnopqrstuvwxyz", 0, 16);
    assert_string_equal(buffer, "abc");
    assert_int_equal(buffer[4], 'z');
    text_excerpt(buffer, 0, "abc", 0, 16);
    assert_string_equal(buffer, "abc");
}

static void test_long_texts_are_shortened_in_the_middle(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *shortened;
        bool is_short;
    } cases[] = {
        {"", "", false},
        {"http://a.test/12", "http://a.test/12", false},
        {"http://a.test/123", "http....test/123", true},
        {"http://a.test/long/and/longer/page-17.html", "http...e-17.html", true},
        {"\033[31m8901234567890", "\\x1b...234567890", true},       /* an escape is whole ... */
        {"123\033[31m8901234567890", "123...234567890", true},      /* ... or left out, in front */
        {"12345678901234567\03378901234", "1234...78901234", true}, /* and behind */
        {"\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc-901234567890", "\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc...234567890", true},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char buffer[4 * 16 + 1];
        assert_int_equal(text_shorten(buffer, sizeof(buffer), cases[i].text, 16), cases[i].is_short);
        assert_string_equal(buffer, cases[i].shortened);
        assert_true(text_columns(buffer) <= 16);
    }
    char buffer[8] = "";
    assert_true(text_shorten(buffer, sizeof(buffer), "http://a.test/123", 16));
    assert_string_equal(buffer, "http...");
    assert_false(text_shorten(buffer, 0, "http://a.test/123", 16));
}

static void test_lists_have_whole_words_only(void **state)
{
    (void)state;
    assert_true(text_list_has("async,multi", "async"));
    assert_true(text_list_has("async,multi", "multi"));
    assert_true(text_list_has("rss", "rss"));
    static const char *const others[] = {"", ",", "asyn", "asyncm", "async,", "async,multi", "ulti"};
    for (size_t i = 0; i < COUNT(others); i++)
        assert_false(text_list_has("async,multi", others[i]));
    assert_false(text_list_has("", ""));
    assert_false(text_list_has("", "a"));
}

static void test_guesses(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        const char *best;
    } cases[] = {
        {"thread", "threads"},
        {"asnyc", "async"},
        {"muti", "multi"},
        {"threads", "threads"},
        {"xyz", ""},
        {"", ""},
        {"an-argument-that-is-longer-than-any-name", ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct text_guess guess = {.word = cases[i].word};
        text_guess_consider(&guess, "threads");
        text_guess_consider(&guess, "");
        text_guess_consider(&guess, "async,multi");
        assert_string_equal(guess.best, cases[i].best);
    }
}

static void test_the_nearest_guess_wins_and_the_first_of_equals(void **state)
{
    (void)state;
    struct text_guess guess = {.word = "p59"};
    text_guess_consider(&guess, "t95,p50,p95,p99");
    assert_string_equal(guess.best, "p50");
    assert_int_equal(guess.distance, 1);
    guess = (struct text_guess){.word = "P95"};
    text_guess_consider(&guess, "t95,p95");
    assert_string_equal(guess.best, "p95");
}

static void test_what_is_appended_is_cut_not_overrun(void **state)
{
    (void)state;
    char buffer[9] = "";
    for (int i = 1; i <= 3; i++)
        assert_ptr_equal(text_append(buffer, 8, "%s%d", buffer[0] != '\0' ? ", " : "", i), buffer);
    assert_string_equal(buffer, "1, 2, 3");
    buffer[8] = 'z';
    text_append(buffer, 8, "more");
    assert_string_equal(buffer, "1, 2, 3");
    assert_int_equal(buffer[8], 'z');
    char full[4] = "";
    assert_string_equal(text_append(full, sizeof(full), "abcdef"), "abc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_a_terminal_would_obey_is_escaped),
        cmocka_unit_test(test_length_counts_not_nul),
        cmocka_unit_test(test_cut_between_characters),
        cmocka_unit_test(test_columns_count_characters),
        cmocka_unit_test(test_what_is_appended_is_cut_not_overrun),
        cmocka_unit_test(test_distances),
        cmocka_unit_test(test_distance_of_long_words),
        cmocka_unit_test(test_excerpts_of_short_texts_are_the_text),
        cmocka_unit_test(test_excerpts_of_long_texts_are_what_is_around_the_place),
        cmocka_unit_test(test_excerpts_keep_the_place_in_view),
        cmocka_unit_test(test_excerpts_are_cut_not_overrun),
        cmocka_unit_test(test_long_texts_are_shortened_in_the_middle),
        cmocka_unit_test(test_lists_have_whole_words_only),
        cmocka_unit_test(test_guesses),
        cmocka_unit_test(test_the_nearest_guess_wins_and_the_first_of_equals),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
