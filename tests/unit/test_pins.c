#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/workload/pins.h"

/* A list of `count` hosts h0.test, h1.test ..., all of which resolved. */
struct many {
    struct url_list urls;
    struct request_options options;
    struct request request;
    struct resolutions resolutions;
    struct pins pins;
};

static void fill(struct many *many, int count)
{
    struct error error = {0};
    many->request.options = &many->options;
    url_list_init(&many->urls);
    many->resolutions.hosts = calloc((size_t)count, sizeof(many->resolutions.hosts[0]));
    many->resolutions.host_count = (size_t)count;
    assert_non_null(many->resolutions.hosts);
    for (int i = 0; i < count; i++) {
        char url[64];
        snprintf(url, sizeof(url), "http://h%d.test/%d", i, i);
        assert_int_equal(url_list_add_url(&many->urls, url, &error), 0);
        assert_true(asprintf(&many->resolutions.hosts[i].pin, "h%d.test:80:192.0.2.%d", i, i % 250) > 0);
    }
}

static void make(struct many *many)
{
    struct error error = {0};
    assert_int_equal(pins_make(&many->urls, &many->request, &many->resolutions, &many->pins, &error), 0);
}

static void release(struct many *many)
{
    pins_release(&many->pins);
    resolutions_release(&many->resolutions);
    url_list_release(&many->urls);
}

static const char *find(const struct pins *pins, const char *name, uint16_t port)
{
    uint32_t pin = pins_find(pins, name, strlen(name), port);
    return pin == PIN_NONE ? NULL : pins->texts[pin];
}

static void test_few_are_known_all_the_time(void **state)
{
    (void)state;
    struct many many = {0};
    fill(&many, PINS_FEW);
    make(&many);
    assert_false(pins_are_many(&many.pins));
    assert_int_equal(many.pins.fixed_count, PINS_FEW);
    assert_string_equal(many.pins.fixed[PINS_FEW - 1], "h63.test:80:192.0.2.63");
    release(&many);
    assert_false(pins_are_many(NULL));
}

static void test_of_many_each_is_found_by_url_and_by_name(void **state)
{
    (void)state;
    struct many many = {0};
    fill(&many, 5000);
    many.resolutions.proxy_pins[0] = strdup("proxy.test:3128:192.0.2.7");
    make(&many);
    assert_true(pins_are_many(&many.pins));
    assert_int_equal(many.pins.fixed_count, 1);
    assert_string_equal(many.pins.fixed[0], "proxy.test:3128:192.0.2.7");
    for (uint32_t i = 0; i < 5000; i++)
        assert_string_equal(many.pins.texts[pins_of_url(&many.pins, i)], many.resolutions.hosts[i].pin);
    assert_string_equal(find(&many.pins, "H4711.Test", 80), "h4711.test:80:192.0.2.211");
    assert_null(find(&many.pins, "h4711.test", 443));
    assert_null(find(&many.pins, "h5000.test", 80));
    assert_null(find(&many.pins, "h4711.tes", 80));
    release(&many);
}

static void test_what_is_given_counts_by_the_way_it_goes(void **state)
{
    (void)state;
    struct many many = {0};
    struct request_text given[] = {
        {.text = "h5.test:80:192.0.2.99"}, {.text = "*:80:192.0.2.1"}, {.text = "+H6.test:80:192.0.2.98"}};
    struct request_text ways[] = {{.text = "h7.test:80:h8.test:"}, {.text = "far.test::h9.test:80"}};
    fill(&many, 100);
    free(many.resolutions.hosts[6].pin);
    many.resolutions.hosts[6].pin = NULL;
    many.options.resolve = (struct request_texts){.items = given, .count = 3};
    many.options.connect_to = (struct request_texts){.items = ways, .count = 2};
    make(&many);
    assert_int_equal(many.pins.fixed_count, 1);
    assert_string_equal(many.pins.fixed[0], "*:80:192.0.2.1");
    assert_string_equal(many.pins.texts[pins_of_url(&many.pins, 5)], "h5.test:80:192.0.2.99");
    assert_string_equal(many.pins.texts[pins_of_url(&many.pins, 6)], "+H6.test:80:192.0.2.98");
    assert_string_equal(many.pins.texts[pins_of_url(&many.pins, 7)], "h8.test:80:192.0.2.8");
    assert_string_equal(find(&many.pins, "far.test", 443), "h9.test:80:192.0.2.9");
    release(&many);
}

static void test_names_in_entries(void **state)
{
    (void)state;
    const char *start;
    assert_int_equal(pin_measure_name("+a.test:8080:192.0.2.1", &start), strlen("a.test:8080"));
    assert_memory_equal(start, "a.test:8080", strlen("a.test:8080"));
    assert_true(pin_stands_for_any("*:80:192.0.2.1"));
    assert_true(pin_stands_for_any("+*:80:192.0.2.1"));
    assert_false(pin_stands_for_any("a*:80:192.0.2.1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_few_are_known_all_the_time),
        cmocka_unit_test(test_of_many_each_is_found_by_url_and_by_name),
        cmocka_unit_test(test_what_is_given_counts_by_the_way_it_goes),
        cmocka_unit_test(test_names_in_entries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
