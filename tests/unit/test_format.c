#include "unit.h"

#include <math.h>
#include <string.h>

#include "conc_bench/base/clock.h"
#include "conc_bench/base/number.h"
#include "conc_bench/report/format.h"

static void test_three_digits(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0, "0.00"},      {0.00012, "0.0001"}, {0.0412, "0.0412"}, {0.412, "0.412"}, {0.99949, "0.999"},
        {0.9996, "1.00"}, {4.126, "4.13"},     {41.26, "41.3"},    {99.94, "99.9"},  {99.96, "100"},
        {412.6, "413"},   {41260, "41260"},    {NAN, "-"},         {INFINITY, "-"},
    };
    char buffer[FORMAT_DIGITS_BYTES];
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(format_digits(buffer, cases[i].value), cases[i].text);
}

static void test_percentiles_have_names(void **state)
{
    (void)state;
    char buffer[16];
    assert_string_equal(format_percentile(buffer, sizeof(buffer), 50), "p50");
    assert_string_equal(format_percentile(buffer, sizeof(buffer), 99.95), "p99.95");
    assert_string_equal(format_percentile(buffer, sizeof(buffer), 100), "max");
}

static void test_sparks_rise_with_their_values(void **state)
{
    (void)state;
    static const double values[] = {1, 2, 3, 8, 4.5, 1};
    static const double same[] = {2, 2, 2};
    char buffer[FORMAT_SPARKS_BYTES];
    assert_string_equal(format_sparks(buffer, values, 6), "▁▂▃█▅▁");
    assert_string_equal(format_sparks(buffer, same, 3), "▁▁▁");
    assert_string_equal(format_sparks(buffer, same, 0), "");
    double many[1000];
    for (size_t i = 0; i < 1000; i++)
        many[i] = (double)i;
    format_sparks(buffer, many, 1000);
    assert_int_equal(strlen(buffer), 3 * FORMAT_SPARKS);
    assert_memory_equal(buffer, "▁", 3);
    assert_string_equal(buffer + 3 * (FORMAT_SPARKS - 1), "█");
}

static void test_units_of_time(void **state)
{
    (void)state;
    struct format format = format_default();
    assert_string_equal(format_run_scale(&format).name, "s");
    assert_string_equal(format_service_scale(&format).name, "ms");
    format.time_unit = TIME_UNIT_MICROSECONDS;
    assert_string_equal(format_run_scale(&format).name, "µs");
    assert_true(format_service_scale(&format).factor == 1e6);
}

static void test_seconds_are_exact(void **state)
{
    (void)state;
    static const struct {
        nanoseconds duration;
        const char *text;
    } cases[] = {
        {0, "0"},
        {1, "0.000000001"},
        {20512000, "0.020512"},
        {NANOSECONDS_PER_SECOND, "1"},
        {3 * NANOSECONDS_PER_SECOND + 500000000, "3.5"},
        {1234567890123456789, "1234567890.123456789"},
        {-1500000000, "-1.5"},
        {INT64_MAX, "9223372036.854775807"},
        {INT64_MIN, "-9223372036.854775808"},
    };
    char buffer[NUMBER_SECONDS_BYTES];
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(number_format_seconds(buffer, cases[i].duration), cases[i].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_three_digits),
        cmocka_unit_test(test_percentiles_have_names),
        cmocka_unit_test(test_sparks_rise_with_their_values),
        cmocka_unit_test(test_units_of_time),
        cmocka_unit_test(test_seconds_are_exact),
    };
    return cmocka_run_group_tests_name("format", tests, NULL, NULL);
}
