#include "unit.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/base/text_buffer.h"

static void a_text_of_any_length_is_whole(void **state)
{
    (void)state;
    enum { COUNT = 2000 };
    struct text_buffer buffer = {0};
    char expected[COUNT * 6 + 1];
    size_t used = 0;
    for (int i = 0; i < COUNT; i++) {
        text_buffer_add(&buffer, "%s%d", buffer.length > 0 ? ", " : "", i);
        used += (size_t)snprintf(expected + used, sizeof(expected) - used, "%s%d", i > 0 ? ", " : "", i);
        assert_int_equal(buffer.length, used);
    }
    assert_string_equal(text_buffer_text(&buffer), expected);
    assert_false(buffer.has_failed);
    char *text = text_buffer_take(&buffer);
    assert_string_equal(text, expected);
    free(text);
    assert_string_equal(text_buffer_text(&buffer), "");
}

/* One that is longer than twice what there was, and one that fits to the byte. */
static void a_text_grows_by_what_is_added_at_once(void **state)
{
    (void)state;
    struct text_buffer buffer = {0};
    char sixty_three[64];
    memset(sixty_three, 'x', 63);
    sixty_three[63] = '\0';
    text_buffer_add(&buffer, "%s", sixty_three);
    assert_int_equal(buffer.length, 63);
    text_buffer_add(&buffer, "%500d", 7);
    assert_int_equal(buffer.length, 563);
    assert_int_equal(strlen(buffer.text), 563);
    assert_memory_equal(buffer.text, sixty_three, 63);
    assert_int_equal(buffer.text[562], '7');
    text_buffer_release(&buffer);
    assert_null(buffer.text);
}

static void what_comes_from_outside_is_escaped(void **state)
{
    (void)state;
    struct text_buffer buffer = {0};
    char controls[300];
    memset(controls, '\033', sizeof(controls));
    text_buffer_add(&buffer, "<");
    text_buffer_add_escaped(&buffer, "a\nb\xc3\xbc", 5);
    text_buffer_add(&buffer, ">");
    assert_string_equal(text_buffer_text(&buffer), "<a\\x0ab\xc3\xbc>");
    size_t before = buffer.length;
    text_buffer_add_escaped(&buffer, controls, sizeof(controls));
    assert_int_equal(buffer.length, before + 4 * sizeof(controls));
    assert_int_equal(strlen(buffer.text), buffer.length);
    text_buffer_release(&buffer);
}

static void nothing_is_an_empty_text(void **state)
{
    (void)state;
    struct text_buffer buffer = {0};
    assert_string_equal(text_buffer_text(&buffer), "");
    char *text = text_buffer_take(&buffer);
    assert_string_equal(text, "");
    free(text);
}

/* No part passes for the whole. */
static void a_text_that_lacks_something_is_not_handed_over(void **state)
{
    (void)state;
    struct text_buffer buffer = {0};
    text_buffer_add(&buffer, "some");
    text_buffer_add_escaped(&buffer, "", SIZE_MAX / 8); /* more than there is memory: not even looked at */
    text_buffer_add(&buffer, "thing");
    assert_true(buffer.has_failed);
    assert_string_equal(text_buffer_text(&buffer), "something");
    assert_null(text_buffer_take(&buffer));
    assert_false(buffer.has_failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_of_any_length_is_whole),
        cmocka_unit_test(a_text_grows_by_what_is_added_at_once),
        cmocka_unit_test(what_comes_from_outside_is_escaped),
        cmocka_unit_test(nothing_is_an_empty_text),
        cmocka_unit_test(a_text_that_lacks_something_is_not_handed_over),
    };
    return cmocka_run_group_tests_name("text_buffer", tests, NULL, NULL);
}
