#include "unit.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "conc_bench/analysis/assertion.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Equal to the last bit. */
static bool is_same(double a, double b)
{
    return !(a < b) && !(b < a);
}

static struct assertion parse(const char *text)
{
    struct assertion assertion = {0};
    struct error error = {0};
    if (assertion_parse(text, &assertion, &error) != 0)
        fail_msg("\"%s\": %s", text, error.message);
    return assertion;
}

static void test_claims_of_the_documentation(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum metric metric;
        enum assertion_comparison comparison;
        enum metric_unit unit;
        double limit;
    } cases[] = {
        {"event-loop.time < 2.0s", METRIC_TIME, ASSERTION_LESS, UNIT_DURATION, 2},
        {"threads@8.time / sync.time < 0.25", METRIC_TIME, ASSERTION_LESS, UNIT_PLAIN, 0.25},
        {"event-loop.p95 < 120ms", METRIC_P95, ASSERTION_LESS, UNIT_DURATION, 0.12},
        {"processes.memory < 64MiB", METRIC_MEMORY, ASSERTION_LESS, UNIT_BYTES, 67108864},
        {"*.failures == 0", METRIC_FAILURES, ASSERTION_EQUAL, UNIT_COUNT, 0},
        {"hybrid.throughput >= 100/s", METRIC_THROUGHPUT, ASSERTION_AT_LEAST, UNIT_RATE, 100},
        {"fork.rss < 64MiB", METRIC_MEMORY, ASSERTION_LESS, UNIT_BYTES, 67108864},
        {"*.errors == 0", METRIC_FAILURES, ASSERTION_EQUAL, UNIT_COUNT, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct assertion assertion = parse(cases[i].text);
        if (assertion.operands[0].metric != cases[i].metric || assertion.comparison != cases[i].comparison ||
            assertion.unit != cases[i].unit || !is_same(assertion.limit, cases[i].limit))
            fail_msg("\"%s\" is misread", cases[i].text);
    }
}

static void test_operands_keep_mode_workers_and_place(void **state)
{
    (void)state;
    struct assertion assertion = parse("  threads@8.time /  event-loop@64.p99 < 0.25");
    assert_int_equal(assertion.operand_count, 2);
    assert_string_equal(assertion.operands[0].mode, "threads");
    assert_int_equal(assertion.operands[0].workers, 8);
    assert_int_equal(assertion.operands[0].offset, 2);
    assert_string_equal(assertion.operands[1].mode, "event-loop");
    assert_int_equal(assertion.operands[1].workers, 64);
    assert_int_equal(assertion.operands[1].metric, METRIC_P99);
    assert_int_equal(assertion.operands[1].offset, 20);
    assertion = parse("*.failures==0");
    assert_int_equal(assertion.operand_count, 1);
    assert_string_equal(assertion.operands[0].mode, "*");
    assert_int_equal(assertion.operands[0].workers, 0);
    assert_int_equal(parse("*@4294967295.failures==0").operands[0].workers, UINT32_MAX);
    assert_string_equal(parse("a2345678901234567890123.time < 1s").operands[0].mode, "a2345678901234567890123");
}

static void test_cells_may_be_named_as_reports_name_them(void **state)
{
    (void)state;
    struct assertion assertion = parse("threads/8.time/event-loop:fresh/64.time < 0.25");
    char text[ASSERTION_TEXT_MAX];
    assert_int_equal(assertion.operand_count, 2);
    assert_string_equal(assertion.operands[0].mode, "threads");
    assert_int_equal(assertion.operands[0].workers, 8);
    assert_string_equal(assertion.operands[1].mode, "event-loop:fresh");
    assert_int_equal(assertion.operands[1].workers, 64);
    assert_string_equal(assertion_format(text, sizeof(text), &assertion),
                        "threads@8.time / event-loop:fresh@64.time < 0.25");
}

static void test_comparisons(void **state)
{
    (void)state;
    assert_int_equal(parse("a.failures<1").comparison, ASSERTION_LESS);
    assert_int_equal(parse("a.failures<=1").comparison, ASSERTION_AT_MOST);
    assert_int_equal(parse("a.failures>1").comparison, ASSERTION_MORE);
    assert_int_equal(parse("a.failures>=1").comparison, ASSERTION_AT_LEAST);
    assert_int_equal(parse("a.failures==1").comparison, ASSERTION_EQUAL);
    assert_int_equal(parse("a.failures!=1").comparison, ASSERTION_UNEQUAL);
}

static void test_a_claim_is_exact_if_all_of_it_is(void **state)
{
    (void)state;
    assert_true(parse("a.bytes == 512").is_exact);
    assert_true(parse("a.connects / b.connects == 1").is_exact);
    assert_true(parse("a.bytes < 1kB").is_exact);
    assert_false(parse("a.bytes / b.memory < 1").is_exact);
    assert_false(parse("a.involuntary / b.connects < 1").is_exact);
    assert_false(parse("a.time < 1s").is_exact);
}

static void test_canonical_text(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *canonical;
    } cases[] = {
        {"event-loop.time<2.0s", "event-loop.time < 2.0s"},
        {"event-loop.time < 2.0s", "event-loop.time < 2.0s"},
        {" * . errors\t==\n0 ", "*.failures == 0"},
        {"threads @ 008 . rss / sync . rss >= 1.5", "threads@8.memory / sync.memory >= 1.5"},
        {"a.time/b.time<25 %", "a.time / b.time < 25%"},
        {"a.throughput > 100 / s", "a.throughput > 100/s"},
        {"a.throughput > 100/ s", "a.throughput > 100/s"},
        {"a.throughput > 100 /s", "a.throughput > 100/s"},
        {"a.memory <= 64 MiB", "a.memory <= 64MiB"},
        {"a.max <= 20 \xc2\xb5s", "a.max <= 20\xc2\xb5s"},
        {"a.max > 0", "a.max > 0"},
        {"a.rss < 0.300000000000000000000000000kB", "a.memory < 0.300000000000000000000000000kB"},
        {"a.cpu / a.time < 1", "a.cpu / a.time < 1"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char buffer[ASSERTION_TEXT_MAX];
        struct assertion assertion = parse(cases[i].text);
        assert_ptr_equal(assertion_format(buffer, sizeof(buffer), &assertion), buffer);
        assert_string_equal(buffer, cases[i].canonical);
    }
}

static void test_the_longest_canonical_text_has_room(void **state)
{
    (void)state;
    char buffer[ASSERTION_TEXT_MAX];
    static const char longest[] =
        "abcdefghijklmnopqrstuvwxyzabcde@4294967295.involuntary / "
        "abcdefghijklmnopqrstuvwxyzabcde@4294967295.involuntary <= 0.12345678901234567890123456789";
    struct assertion assertion = parse(longest);
    assert_string_equal(assertion_format(buffer, sizeof(buffer), &assertion), longest);
    char shorter[8] = "zzzzzzz";
    assertion_format(shorter, 7, &assertion);
    assert_string_equal(shorter, "abcdef");
}

/* A text that is refused, at which byte, and what the message must say. */
struct refusal {
    const char *text;
    size_t column;
    const char *says;
};

static void refuse_all(const struct refusal *refusals, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct assertion assertion;
        struct assertion before;
        struct error error = {0};
        memset(&assertion, 0x5a, sizeof(assertion));
        memcpy(&before, &assertion, sizeof(assertion));
        if (assertion_parse(refusals[i].text, &assertion, &error) != -1)
            fail_msg("\"%s\" was taken for an assertion", refusals[i].text);
        assert_int_equal(error.kind, ERROR_USAGE);
        assert_memory_equal(&assertion, &before, sizeof(assertion));
        if (strstr(error.message, refusals[i].says) == NULL)
            fail_msg("\"%s\": \"%s\" does not say \"%s\"", refusals[i].text, error.message, refusals[i].says);
        if (error.column != refusals[i].column)
            fail_msg("\"%s\": points at %zu", refusals[i].text, error.column);
        if (strcmp(error.excerpt, refusals[i].text) != 0)
            fail_msg("\"%s\": shows \"%s\"", refusals[i].text, error.excerpt);
    }
}

static void test_wrong_operands(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"/", 0, "names a mode and a metric"},
        {".time < 1s", 0, "*.time for every mode"},
        {"a.time / < 1", 9, "names a mode and a metric"},
        {"a.time /", 8, "names a mode and a metric"},
        {"\xc3\xbc.time < 1s", 0, "names a mode"},
        {"time < 2s", 0, "*.time"},
        {"p95 < 2s", 0, "threads.p95"},
        {"threads < 2s", 8, "threads.time"},
        {"threads", 7, "threads.time"},
        {"* < 2s", 2, "*.time"},
        {"2s > sync.time", 0, "to the right"},
        {"0.25 > a.time / b.time", 0, "to the right"},
        {"a.time / 2 < 1s", 9, "to the right"},
        {"threads. < 1s", 9, "one of time, t95"},
        {"threads.tiem < 2s", 8, "unknown metric \"tiem\"; did you mean \"time\"? Known are time, "},
        {"threads.P95 < 2s", 8, "did you mean \"p95\"?"},
        {"threads.eror < 2", 8, "did you mean \"errors\"?"},
        {"threads.latency < 2s", 8, "unknown metric \"latency\"; known are time, "},
        {"a.time / threads.tim < 2", 17, "did you mean \"time\"?"},
        {"a.abcdefghijklmnopqrstuvwxyz0123456 < 2", 2, "unknown metric \"abcdefghijklmnopqrstuvwxyz01234...\""},
        {"abcdefghijklmnopqrstuvwxyzabcdef.time < 2s", 0, "this long"},
        {"a@0.time < 1s", 2, "from 1, such as a@8, not \"0\""},
        {"a@.time < 1s", 2, "a@8"},
        {"a@x.time < 1s", 2, "not \"x\""},
        {"a@-1.time < 1s", 2, "not \"-1\""},
        {"a@4294967296.time < 1s", 2, "not \"4294967296\""},
        {"a@00000000000000000000000000000000008.time < 1s", 2, "whole number"},
        {"a@1@2.time < 1s", 3, "which metric"},
    };
    refuse_all(refusals, COUNT(refusals));
}

static void test_wrong_ratios(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"a.time / *.time < 1", 9, "name it instead of *"},
        {"*.time / *@8.time < 1", 9, "name it instead of *"},
        {"a.time / b.rss < 1", 9, "\"time\" is a duration, but \"memory\" is a size"},
        {"a.connects / b.time == 1", 13, "\"connects\" is a whole number, but \"time\" is a duration"},
        {"a.throughput/b.connects < 1", 13, "\"throughput\" is a rate"},
        {"a.time / b.time / c.time < 1", 16, "a comparison"},
    };
    refuse_all(refusals, COUNT(refusals));
}

static void test_wrong_comparisons(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"a.failures", 10, "a comparison"},
        {"a.failures 0", 11, "a comparison"},
        {"a.failures = 0", 11, "write =="},
        {"a.failures =< 0", 11, "<="},
        {"a.failures ! 0", 11, "!="},
        {"a.failures \xe2\x89\xa4 0", 11, "<="},
        {"a.time == 2s", 7, "\"time\" is measured"},
        {"a.time != 2s", 7, "assert a bound with < or > instead of !="},
        {"a.time == nonsense", 7, "instead of =="},
        {"a.startup / a.time != 1", 19, "instead of !="},
        {"a.connects / a.voluntary == 1", 25, "\"voluntary\" is measured"},
    };
    refuse_all(refusals, COUNT(refusals));
}

static void test_wrong_values(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"a.time <", 8, "the value is missing: \"time\" is compared with a duration, such as 1.5s"},
        {"a.time < ", 9, "the value is missing"},
        {"a.time < 2", 9, "\"time\" is compared with a duration, such as 1.5s or 120ms, not \"2\""},
        {"a.time < 2MiB", 9, "a duration"},
        {"a.time < 50%", 9, "a duration"},
        {"a.time < -2s", 9, "not \"-2s\""},
        {"a.time < b.time", 9, "a duration"},
        {"a.time < 999999999h", 9, "a duration"},
        {"a.rss < 2s", 8, "\"memory\" is compared with a size, such as 64MiB"},
        {"a.bytes == 9007199254740993", 11, "a size"},
        {"a.failures < 1%", 13, "\"failures\" is compared with a whole number"},
        {"a.failures < 1.5", 13, "a whole number"},
        {"a.failures < 100/s", 13, "a whole number"},
        {"a.throughput > 100", 15, "\"throughput\" is compared with a rate above 0, such as 100/s"},
        {"a.throughput > 0/s", 15, "above 0"},
        {"a.throughput > 1MB/s", 15, "a rate"},
        {"a.time / b.time < 2s", 18, "a ratio is compared with a number or a percentage, such as 0.25 or 25%"},
        {"a.time / b.time < 1/4", 18, "not \"1/4\""},
        {"a.time <> 1s", 8, "not \"> 1s\""},
        {"a.time < < 1s", 9, "not \"< 1s\""},
        {"a.rss < 0.3000000000000000000000000000kB", 8, "not \"0.3000000000000000000000000000kB\""},
        {"a.rss < 0.30000000000000000000000000000kB", 8, "not \"0.30000000000000000000000000000k...\""},
        {"a.failures < 1 2", 15, "one comparison"},
        {"a.failures < 1 .2", 15, "one comparison"},
        {"a.time < 2s and b.time < 1s", 12, "one comparison"},
        {"a.throughput > 1 / s s", 21, "one comparison"},
        {"a.time < 2s;", 9, "a duration"},
    };
    refuse_all(refusals, COUNT(refusals));
}

static void test_an_empty_claim_has_no_place(void **state)
{
    (void)state;
    static const char *const texts[] = {"", " ", "\t\n "};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct assertion assertion;
        struct error error = {0};
        assert_int_equal(assertion_parse(texts[i], &assertion, &error), -1);
        assert_non_null(strstr(error.message, "an assertion is empty: write one"));
        assert_string_equal(error.excerpt, "");
    }
}

static void test_what_a_terminal_would_obey_is_escaped(void **state)
{
    (void)state;
    struct assertion assertion;
    struct error error = {0};
    assert_int_equal(assertion_parse("a.time\t< \033[31m2s", &assertion, &error), -1);
    assert_null(strchr(error.message, '\033'));
    assert_string_equal(error.excerpt, "a.time\\x09< \\x1b[31m2s");
    assert_int_equal(error.column, 12);
}

static void test_nobody_may_want_the_error(void **state)
{
    (void)state;
    struct assertion assertion;
    assert_int_equal(assertion_parse("", &assertion, NULL), -1);
    assert_int_equal(assertion_parse("a.tiem < 2s", &assertion, NULL), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_claims_of_the_documentation),
        cmocka_unit_test(test_operands_keep_mode_workers_and_place),
        cmocka_unit_test(test_cells_may_be_named_as_reports_name_them),
        cmocka_unit_test(test_comparisons),
        cmocka_unit_test(test_a_claim_is_exact_if_all_of_it_is),
        cmocka_unit_test(test_canonical_text),
        cmocka_unit_test(test_the_longest_canonical_text_has_room),
        cmocka_unit_test(test_wrong_operands),
        cmocka_unit_test(test_wrong_ratios),
        cmocka_unit_test(test_wrong_comparisons),
        cmocka_unit_test(test_wrong_values),
        cmocka_unit_test(test_an_empty_claim_has_no_place),
        cmocka_unit_test(test_what_a_terminal_would_obey_is_escaped),
        cmocka_unit_test(test_nobody_may_want_the_error),
    };
    return cmocka_run_group_tests_name("assertion", tests, NULL, NULL);
}
