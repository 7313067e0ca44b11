#include "unit.h"

#include <string.h>

#include "conc_bench/workload/route.h"

static void assert_name(const struct route_name *name, const char *text, uint16_t port)
{
    assert_int_equal(name->length, strlen(text));
    assert_memory_equal(name->text, text, name->length);
    assert_int_equal(name->port, port);
}

static void pins_have_a_name_a_port_and_addresses(void **state)
{
    (void)state;
    struct route_pin pin;
    assert_int_equal(route_parse_pin("a.test:80:192.0.2.1,[2001:db8::1],::1", &pin, NULL), 0);
    assert_name(&pin.from, "a.test", 80);
    assert_string_equal(pin.addresses, "192.0.2.1,[2001:db8::1],::1");
    assert_int_equal(route_parse_pin("+a.test:65535:192.0.2.1", &pin, NULL), 0);
    assert_name(&pin.from, "a.test", 65535);
    assert_int_equal(route_parse_pin("*:443:192.0.2.1", &pin, NULL), 0);
    assert_name(&pin.from, "", 443);
    assert_int_equal(route_parse_pin("[2001:db8::2]:443:192.0.2.1", &pin, NULL), 0);
    assert_name(&pin.from, "2001:db8::2", 443);
}

static void pins_have_addresses_of_either_version(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool has_4;
        bool has_6;
    } cases[] = {
        {"a:80:192.0.2.1", true, false},
        {"a:80:[2001:db8::1],::2", false, true},
        {"a:80:192.0.2.1,192.0.2.2,::1", true, true},
        {"a:80:[::1],192.0.2.1", true, true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct route_pin pin;
        assert_int_equal(route_parse_pin(cases[i].text, &pin, NULL), 0);
        assert_true(route_has_version(&pin, IP_VERSION_ANY));
        assert_int_equal(route_has_version(&pin, IP_VERSION_4), cases[i].has_4);
        assert_int_equal(route_has_version(&pin, IP_VERSION_6), cases[i].has_6);
    }
}

static void other_pins_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "a",
                                        "a:80",
                                        "a:80:",
                                        ":80:192.0.2.1",
                                        "a::192.0.2.1",
                                        "a:0:192.0.2.1",
                                        "a:65536:192.0.2.1",
                                        "a:8000000000:192.0.2.1",
                                        "a:x:192.0.2.1",
                                        "a:80:b.test",
                                        "a:80:192.0.2.1,",
                                        "a:80:,192.0.2.1",
                                        "a:80:[192.0.2.1]",
                                        "a:80:[2001:db8::1",
                                        "a:80:192.0.2.1 ",
                                        "[2001:db8::2:80:192.0.2.1",
                                        "-a:80:192.0.2.1"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct route_pin pin;
        struct error error = {0};
        assert_int_equal(route_parse_pin(texts[i], &pin, &error), -1);
        assert_int_equal(error.kind, ERROR_USAGE);
        assert_non_null(strstr(error.message, "--resolve"));
    }
}

static void detours_may_leave_anything_out(void **state)
{
    (void)state;
    struct route_detour detour;
    assert_int_equal(route_parse_detour("a:80:b:8080", &detour, NULL), 0);
    assert_name(&detour.from, "a", 80);
    assert_name(&detour.to, "b", 8080);
    assert_int_equal(route_parse_detour(":::", &detour, NULL), 0);
    assert_name(&detour.from, "", 0);
    assert_name(&detour.to, "", 0);
    assert_int_equal(route_parse_detour("[::1]::[::2]:", &detour, NULL), 0);
    assert_name(&detour.from, "::1", 0);
    assert_name(&detour.to, "::2", 0);
    assert_int_equal(route_parse_detour("::", &detour, NULL), -1);
    assert_int_equal(route_parse_detour("a:80:b:80:c", &detour, NULL), -1);
    assert_int_equal(route_parse_detour("a:80:b:x", &detour, NULL), -1);
}

static void names_match_whatever_their_case(void **state)
{
    (void)state;
    struct route_detour detour;
    assert_int_equal(route_parse_detour("A.test:80::", &detour, NULL), 0);
    assert_true(route_matches(&detour.from, "a.TEST", 6, 80));
    assert_false(route_matches(&detour.from, "a.TEST", 6, 81));
    assert_false(route_matches(&detour.from, "a.TES", 5, 80));
    assert_int_equal(route_parse_detour(":80::", &detour, NULL), 0);
    assert_true(route_matches(&detour.from, "b", 1, 80));
    assert_false(route_matches(&detour.from, "b", 1, 81));
    assert_int_equal(route_parse_detour("a:::", &detour, NULL), 0);
    assert_true(route_matches(&detour.from, "a", 1, 1));
}

static void assert_proxy(const char *text, const char *name, uint16_t port, bool has_credentials, bool resolves_names)
{
    struct route_proxy proxy;
    struct error error = {0};
    if (route_parse_proxy(text, "--proxy", &proxy, &error) != 0)
        fail_msg("%s: %s", text, error.message);
    assert_name(&proxy.name, name, port);
    assert_int_equal(proxy.has_credentials, has_credentials);
    assert_int_equal(proxy.resolves_names, resolves_names);
    assert_true(proxy.name.text >= text && proxy.name.text <= text + strlen(text));
}

static void proxies_are_as_libcurl_takes_them(void **state)
{
    (void)state;
    assert_proxy("proxy.test", "proxy.test", 1080, false, true);
    assert_proxy("proxy.test:3128", "proxy.test", 3128, false, true);
    assert_proxy("HTTP://proxy.test/", "proxy.test", 1080, false, true);
    assert_proxy("https://proxy.test", "proxy.test", 443, false, true);
    assert_proxy("socks5://proxy.test", "proxy.test", 1080, false, false);
    assert_proxy("socks5h://proxy.test", "proxy.test", 1080, false, true);
    assert_proxy("http://user:pass@[2001:db8::1]:3128", "2001:db8::1", 3128, true, true);
    assert_proxy("user:p@ss@proxy.test", "proxy.test", 1080, true, true);
}

static void other_proxies_are_refused_and_not_shown(void **state)
{
    (void)state;
    static const char *const texts[] = {"",        "http://",     "ftp://geheim",  "geheim:x", "geheim:1:2",
                                        ":3128",   "geheim/path", "geheim gehe",   "[::1",     "user:geheim@",
                                        "geheim?", "http:///a",   "geheim://host", "a:0:0"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct route_proxy proxy;
        struct error error = {0};
        if (route_parse_proxy(texts[i], "--proxy", &proxy, &error) == 0)
            fail_msg("taken: %s", texts[i]);
        assert_null(strstr(error.message, "geheim"));
    }
}

static void a_port_that_is_too_high_is_told_as_that(void **state)
{
    (void)state;
    struct error error = {0};
    struct route_pin pin;
    struct route_detour detour;
    struct route_proxy proxy;
    assert_int_equal(route_parse_detour("::127.0.0.1:99999", &detour, &error), -1);
    assert_string_equal(error.message, "--connect-to ::127.0.0.1:99999: the port 99999 is above 65535");
    assert_int_equal(route_parse_detour("[::1]:65536::", &detour, &error), -1);
    assert_string_equal(error.message, "--connect-to [::1]:65536::: the port 65536 is above 65535");
    assert_int_equal(route_parse_detour("a:99999999999999999999:b:1", &detour, &error), -1);
    assert_non_null(strstr(error.message, "99999999999999999999 is above 65535"));
    assert_int_equal(route_parse_pin("a:70000:192.0.2.1", &pin, &error), -1);
    assert_string_equal(error.message, "--resolve a:70000:192.0.2.1: the port 70000 is above 65535");
    assert_int_equal(route_parse_proxy("http://geheim:70000", "--proxy", &proxy, &error), -1);
    assert_string_equal(error.message, "--proxy has a port above 65535");
    assert_int_equal(route_parse_detour("a:80:b:99999x", &detour, &error), -1);
    assert_null(strstr(error.message, "above"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pins_have_a_name_a_port_and_addresses),
        cmocka_unit_test(pins_have_addresses_of_either_version),
        cmocka_unit_test(other_pins_are_refused),
        cmocka_unit_test(detours_may_leave_anything_out),
        cmocka_unit_test(names_match_whatever_their_case),
        cmocka_unit_test(a_port_that_is_too_high_is_told_as_that),
        cmocka_unit_test(proxies_are_as_libcurl_takes_them),
        cmocka_unit_test(other_proxies_are_refused_and_not_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
