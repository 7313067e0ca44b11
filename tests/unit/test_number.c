#include "unit.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/base/number.h"

/* The value of outputs before a call that is to leave them alone. */
#define UNTOUCHED 77

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Texts that are a number for no parser. */
static const char *const never_numbers[] = {
    "",      " ",     " 1",     "1 ",    "+1",   "-1",     "-0",        "nan",   "inf",    "infinity", "0x10",
    "1e3",   "1e3s",  "1e3B",   "1e3/s", "1e3%", "1.",     ".5",        ".",     "1..2",   "1.2.3",    "1,5",
    "1_000", "1,000", "0x10ms", "+1ms",  "-1ms", "ms",     "KiB",       "/s",    "%",      "1 ms",     "1ms ",
    " 1ms",  "1ms\n", "nan%",   "inf/s", "-1/s", "-1%",    "1x",        "1\xff", "１",     "1.5.ms",   "--1",
    "1. 5s", "1.s",   ".5s",    "1.%",   ".5/s", "1.5e1s", "1.5MB/s/s", "1%%",   "1ms1ms",
};

static void test_nothing_parses_what_is_no_number(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(never_numbers); i++) {
        const char *text = never_numbers[i];
        uint64_t whole = UNTOUCHED;
        nanoseconds duration = UNTOUCHED;
        double real = UNTOUCHED;
        bool is_refused = number_parse_count(text, &whole) == -1 && number_parse_size(text, &whole) == -1 &&
                          number_parse_byte_rate(text, &whole) == -1 &&
                          number_parse_duration(text, false, &duration) == -1 &&
                          number_parse_duration(text, true, &duration) == -1 && number_parse_rate(text, &real) == -1 &&
                          number_parse_share(text, &real) == -1 && number_parse_ratio(text, &real) == -1;
        if (!is_refused)
            fail_msg("\"%s\" was taken for a number", text);
        assert_true(whole == UNTOUCHED && duration == UNTOUCHED && real > 76.5 && real < 77.5);
    }
}

static void test_counts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int status;
        uint64_t count;
    } cases[] = {
        {"0", 0, 0},
        {"8", 0, 8},
        {"007", 0, 7},
        {"18446744073709551615", 0, UINT64_MAX},
        {"0000000000000000000000018446744073709551615", 0, UINT64_MAX},
        {"18446744073709551616", -1, UNTOUCHED},
        {"18446744073709551620", -1, UNTOUCHED},
        {"99999999999999999999999999", -1, UNTOUCHED},
        {"1.0", -1, UNTOUCHED},
        {"8k", -1, UNTOUCHED},
        {"8%", -1, UNTOUCHED},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint64_t count = UNTOUCHED;
        int status = number_parse_count(cases[i].text, &count);
        if (status != cases[i].status || count != cases[i].count)
            fail_msg("\"%s\": %d, %" PRIu64, cases[i].text, status, count);
    }
}

static void test_durations(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int status;
        nanoseconds duration;
    } cases[] = {
        {"20ms", 0, 20000000},
        {"1.5ms", 0, 1500000},
        {"1.5s", 0, 1500000000},
        {"0.1s", 0, 100000000},
        {"0.3s", 0, 300000000}, /* 0.3 * 1e9 is 300000000 minus a little in doubles cut off */
        {"1.001s", 0, 1001000000},
        {"0.123456789s", 0, 123456789},
        {"100us", 0, 100000},
        {"100\xc2\xb5s", 0, 100000},
        {"100\xce\xbcs", 0, 100000},
        {"250ns", 0, 250},
        {"2m", 0, 120000000000},
        {"1h", 0, 3600000000000},
        {"0.5h", 0, 1800000000000},
        {"0", 0, 0},
        {"0.00", 0, 0},
        {"0s", 0, 0},
        {"0.4ns", 0, 0},
        {"0.5ns", 0, 1},
        {"1.4999999999999999999999999999ns", 0, 1},
        {"0.9999999999999999999999999999ms", 0, 1000000},
        {"9223372036854775807ns", 0, INT64_MAX},
        {"9223372036.854775807s", 0, INT64_MAX},
        {"9223372036854775807.4ns", 0, INT64_MAX},
        {"9223372036854775807.5ns", -1, UNTOUCHED},
        {"9223372036854775808ns", -1, UNTOUCHED},
        {"9223372036.854775808s", -1, UNTOUCHED},
        {"2562048h", -1, UNTOUCHED},
        {"18446744073709551616ns", -1, UNTOUCHED},
        {"18446744073709551615.9ns", -1, UNTOUCHED},
        {"5", -1, UNTOUCHED},
        {"0.1", -1, UNTOUCHED},
        {"1S", -1, UNTOUCHED},
        {"1M", -1, UNTOUCHED},
        {"1min", -1, UNTOUCHED},
        {"1d", -1, UNTOUCHED},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        nanoseconds duration = UNTOUCHED;
        int status = number_parse_duration(cases[i].text, false, &duration);
        if (status != cases[i].status || duration != cases[i].duration)
            fail_msg("\"%s\": %d, %" PRId64, cases[i].text, status, duration);
    }
}

static void test_bare_durations_are_seconds_where_curl_has_them_so(void **state)
{
    (void)state;
    nanoseconds duration = UNTOUCHED;
    assert_int_equal(number_parse_duration("5", true, &duration), 0);
    assert_true(duration == 5000000000);
    assert_int_equal(number_parse_duration("0.25", true, &duration), 0);
    assert_true(duration == 250000000);
    assert_int_equal(number_parse_duration("5ms", true, &duration), 0);
    assert_true(duration == 5000000);
    assert_int_equal(number_parse_duration("9223372037", true, &duration), -1);
}

static void test_sizes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int status;
        uint64_t bytes;
    } cases[] = {
        {"0", 0, 0},
        {"512", 0, 512},
        {"512B", 0, 512},
        {"512b", 0, 512},
        {"1k", 0, 1000},
        {"1kB", 0, 1000},
        {"1K", 0, 1000},
        {"1Ki", 0, 1024},
        {"16KiB", 0, 16384},
        {"16kib", 0, 16384},
        {"16KIB", 0, 16384},
        {"10MB", 0, 10000000},
        {"10MiB", 0, 10485760},
        {"1.5GiB", 0, 1610612736},
        {"1.5GB", 0, 1500000000},
        {"1TB", 0, 1000000000000},
        {"1TiB", 0, 1099511627776},
        {"0.1KiB", 0, 102},
        {"0.7KiB", 0, 717}, /* 716.8 */
        {"18446744073709551615", 0, UINT64_MAX},
        {"18446744073709551.615kB", 0, UINT64_MAX},
        {"18446744073709551.616kB", -1, UNTOUCHED},
        {"18446744073709551615.5", -1, UNTOUCHED},
        {"18446744073709551616", -1, UNTOUCHED},
        {"16777216TiB", -1, UNTOUCHED},
        {"1iB", -1, UNTOUCHED},
        {"1KiBi", -1, UNTOUCHED},
        {"1KK", -1, UNTOUCHED},
        {"1PB", -1, UNTOUCHED},
        {"1BB", -1, UNTOUCHED},
        {"1MB/s", -1, UNTOUCHED},
        {"1 MB", -1, UNTOUCHED},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint64_t bytes = UNTOUCHED;
        int status = number_parse_size(cases[i].text, &bytes);
        if (status != cases[i].status || bytes != cases[i].bytes)
            fail_msg("\"%s\": %d, %" PRIu64, cases[i].text, status, bytes);
    }
}

static void test_byte_rates(void **state)
{
    (void)state;
    uint64_t rate = UNTOUCHED;
    assert_int_equal(number_parse_byte_rate("10MB/s", &rate), 0);
    assert_true(rate == 10000000);
    assert_int_equal(number_parse_byte_rate("1.5KiB/s", &rate), 0);
    assert_true(rate == 1536);
    assert_int_equal(number_parse_byte_rate("7/s", &rate), 0);
    assert_true(rate == 7);
    rate = UNTOUCHED;
    static const char *const wrong[] = {"10MB", "10MB/", "10MB/S", "10MB/m", "10MB/s ", "/s", "10/MBs", "10MBs"};
    for (size_t i = 0; i < COUNT(wrong); i++)
        assert_int_equal(number_parse_byte_rate(wrong[i], &rate), -1);
    assert_true(rate == UNTOUCHED);
}

/* Equal to the last bit. */
static bool is_same(double a, double b)
{
    return !(a < b) && !(b < a);
}

static void test_rates(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double rate;
    } cases[] = {
        {"100/s", 100},       {"0.5/s", 0.5},
        {"0.1/s", 0.1},       {"1000.25/s", 1000.25},
        {"0.001/s", 0.001},   {"0.30000000000000000000000000000000000001/s", 0.3},
        {"00012.50/s", 12.5}, {"100000000000000000000000/s", 100000000000000000000000.0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        double rate = UNTOUCHED;
        assert_int_equal(number_parse_rate(cases[i].text, &rate), 0);
        if (!is_same(rate, cases[i].rate))
            fail_msg("\"%s\": %.20g", cases[i].text, rate);
    }
    static const char *const wrong[] = {"0/s", "0.000/s", "100", "1%/s", "1/min"};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        double rate = UNTOUCHED;
        assert_int_equal(number_parse_rate(wrong[i], &rate), -1);
        assert_true(is_same(rate, UNTOUCHED));
    }
}

static void test_rates_beyond_doubles_are_refused(void **state)
{
    (void)state;
    char text[512];
    double rate = UNTOUCHED;
    snprintf(text, sizeof(text), "1%0400d/s", 0);
    assert_int_equal(number_parse_rate(text, &rate), -1);
    snprintf(text, sizeof(text), "0.%0400d1/s", 0);
    assert_int_equal(number_parse_rate(text, &rate), -1);
    assert_true(is_same(rate, UNTOUCHED));
}

static void test_rates_are_the_nearest_double(void **state)
{
    (void)state;
    for (int i = 1; i < 20000; i++) {
        char text[40];
        char number[32];
        double rate = 0;
        snprintf(number, sizeof(number), "%d.%04d", i / 7, i % 10000);
        snprintf(text, sizeof(text), "%s/s", number);
        double expected = strtod(number, NULL);
        assert_int_equal(number_parse_rate(text, &rate), expected > 0 ? 0 : -1);
        assert_true(is_same(rate, expected));
    }
}

static void test_shares(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int status;
        double share;
    } cases[] = {
        {"1%", 0, 0.01},
        {"0.5%", 0, 0.005},
        {"33%", 0, 0.33},
        {"0", 0, 0},
        {"0.0", 0, 0},
        {"0%", 0, 0},
        {"100%", 0, 1},
        {"99.9%", 0, 0.999},
        {"7%", 0, 0.07},
        {"101%", -1, UNTOUCHED},
        {"100.01%", -1, UNTOUCHED},
        {"1", -1, UNTOUCHED},
        {"0.5", -1, UNTOUCHED},
        {"1/s", -1, UNTOUCHED},
        {"1% ", -1, UNTOUCHED},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        double share = UNTOUCHED;
        int status = number_parse_share(cases[i].text, &share);
        if (status != cases[i].status || !is_same(share, cases[i].share))
            fail_msg("\"%s\": %d, %.20g", cases[i].text, status, share);
    }
}

static void test_ratios(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int status;
        double ratio;
    } cases[] = {
        {"0.25", 0, 0.25},       {"25%", 0, 0.25},      {"4", 0, 4},
        {"150%", 0, 1.5},        {"0", 0, 0},           {"0%", 0, 0},
        {"1.05", 0, 1.05},       {"105%", 0, 1.05},     {"99.9%", 0, 0.999},
        {"25 %", -1, UNTOUCHED}, {"4x", -1, UNTOUCHED}, {"1/4", -1, UNTOUCHED},
        {"4/s", -1, UNTOUCHED},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        double ratio = UNTOUCHED;
        int status = number_parse_ratio(cases[i].text, &ratio);
        if (status != cases[i].status || !is_same(ratio, cases[i].ratio))
            fail_msg("\"%s\": %d, %.20g", cases[i].text, status, ratio);
    }
    char text[512];
    double ratio = UNTOUCHED;
    snprintf(text, sizeof(text), "1%0400d", 0);
    assert_int_equal(number_parse_ratio(text, &ratio), -1);
    assert_true(is_same(ratio, UNTOUCHED));
}

static void test_sizes_are_written_with_three_digits(void **state)
{
    (void)state;
    static const struct {
        double bytes;
        const char *text;
    } cases[] = {
        {0, "0 B"},
        {16, "16 B"},
        {512, "512 B"},
        {1023, "1023 B"},
        {0.5, "0.50 B"},
        {1023.7, "1.00 KiB"},
        {1024, "1.00 KiB"},
        {16384, "16.0 KiB"},
        {10.235e3, "10.0 KiB"},
        {9.996 * 1024, "10.0 KiB"},
        {99.96 * 1024, "100 KiB"},
        {1023.4 * 1024, "1023 KiB"},
        {1023.6 * 1024, "1.00 MiB"},
        {1610612736, "1.50 GiB"},
        {0x1p40, "1.00 TiB"},
        {0x1p52, "4096 TiB"},
        {-1536, "-1.50 KiB"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char buffer[32];
        assert_ptr_equal(number_format_size(buffer, sizeof(buffer), cases[i].bytes), buffer);
        assert_string_equal(buffer, cases[i].text);
    }
    /* No such size, but no crash and no endless loop either. */
    char buffer[32];
    number_format_size(buffer, sizeof(buffer), NAN);
    assert_non_null(strstr(buffer, "nan"));
    number_format_size(buffer, sizeof(buffer), INFINITY);
    assert_non_null(strstr(buffer, "inf"));
}

static void test_durations_are_written_with_three_digits(void **state)
{
    (void)state;
    static const struct {
        nanoseconds duration;
        const char *text;
    } cases[] = {
        {0, "0 s"},
        {1, "1 ns"},
        {999, "999 ns"},
        {1000, "1.00 \xc2\xb5s"},
        {20123, "20.1 \xc2\xb5s"},
        {999499, "999 \xc2\xb5s"},
        {999500, "1.00 ms"},
        {20100000, "20.1 ms"},
        {9995000, "10.0 ms"},
        {9994000, "9.99 ms"},
        {999600000, "1.00 s"},
        {1234000000, "1.23 s"},
        {59940000000, "59.9 s"},
        {59960000000, "1.00 min"},
        {90000000000, "1.50 min"},
        {3600000000000, "1.00 h"},
        {720 * INT64_C(3600000000000), "720 h"},
        {-1500000, "-1.50 ms"},
        {-20, "-20 ns"},
        {INT64_MIN, "-2562048 h"},
        {INT64_MAX, "2562048 h"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char buffer[32];
        assert_ptr_equal(number_format_duration(buffer, sizeof(buffer), cases[i].duration), buffer);
        assert_string_equal(buffer, cases[i].text);
    }
}

static void test_counts_are_written_with_separators(void **state)
{
    (void)state;
    static const struct {
        uint64_t count;
        const char *text;
    } cases[] = {
        {0, "0"},
        {7, "7"},
        {999, "999"},
        {1000, "1,000"},
        {12345, "12,345"},
        {999999, "999,999"},
        {10000000, "10,000,000"},
        {UINT64_MAX, "18,446,744,073,709,551,615"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char buffer[32];
        assert_ptr_equal(number_format_count(buffer, sizeof(buffer), cases[i].count), buffer);
        assert_string_equal(buffer, cases[i].text);
    }
}

static void test_numbers_are_never_written_with_an_exponent(void **state)
{
    (void)state;
    const struct {
        int digits;
        double value;
        const char *text;
    } cases[] = {
        {3, 0.25, "0.25"}, {3, 7.125, "7.12"},   {3, 7200, "7200"},         {2, 104.4, "104"},
        {2, 99.4, "99"},   {2, 99.6, "100"},     {3, 999.7, "1000"},        {3, -7200, "-7200"},
        {6, 500, "500"},   {6, 1e7, "10000000"}, {6, 1234567.8, "1234568"}, {3, 0, "0"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(NUMBER(cases[i].digits, cases[i].value), cases[i].text);
}

static void test_ranges_whose_ends_read_the_same_are_one_number(void **state)
{
    (void)state;
    char buffer[32];
    assert_ptr_equal(number_format_range(buffer, sizeof(buffer), 2, 1.8, 6.81), buffer);
    assert_string_equal(buffer, "1.8 to 6.8");
    assert_string_equal(number_format_range(buffer, sizeof(buffer), 2, 6.78, 6.81), "6.8");
    assert_string_equal(number_format_range(buffer, sizeof(buffer), 3, 6.78, 6.81), "6.78 to 6.81");
    assert_string_equal(number_format_range(buffer, sizeof(buffer), 3, 4, 4), "4");
    assert_string_equal(number_format_range(buffer, sizeof(buffer), 2, 95, 1240), "95 to 1240");
}

static void test_short_buffers_are_cut_not_overrun(void **state)
{
    (void)state;
    char buffer[8] = "zzzzzzz";
    number_format_count(buffer, 4, 1234567);
    assert_string_equal(buffer, "1,2");
    assert_int_equal(buffer[4], 'z');
    number_format_size(buffer, 4, 16384);
    assert_string_equal(buffer, "16.");
    assert_int_equal(buffer[4], 'z');
    number_format_duration(buffer, 4, 20100000);
    assert_string_equal(buffer, "20.");
    assert_int_equal(buffer[4], 'z');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_parses_what_is_no_number),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_bare_durations_are_seconds_where_curl_has_them_so),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_byte_rates),
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_rates_beyond_doubles_are_refused),
        cmocka_unit_test(test_rates_are_the_nearest_double),
        cmocka_unit_test(test_shares),
        cmocka_unit_test(test_ratios),
        cmocka_unit_test(test_sizes_are_written_with_three_digits),
        cmocka_unit_test(test_durations_are_written_with_three_digits),
        cmocka_unit_test(test_counts_are_written_with_separators),
        cmocka_unit_test(test_numbers_are_never_written_with_an_exponent),
        cmocka_unit_test(test_ranges_whose_ends_read_the_same_are_one_number),
        cmocka_unit_test(test_short_buffers_are_cut_not_overrun),
    };
    return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
