#include "conc_bench/analysis/assertion.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "conc_bench/base/number.h"
#include "conc_bench/base/reading.h"
#include "conc_bench/base/text.h"
#include "conc_bench/base/text_buffer.h"

/* Whole numbers up to here are doubles. */
#define WHOLE_MAX (UINT64_C(1) << 53)

/* A part of the text that is read as one. */
struct span {
    const char *start;
    size_t length;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A name as modes, cells of them ("sync#2", "sync:fresh") and metrics have; empty if there is none. */
static struct span take_name(struct reading *reading)
{
    struct span name = {.start = reading->next};
    while (is_letter(*reading->next) || is_digit(*reading->next) || *reading->next == '-' || *reading->next == '_' ||
           *reading->next == '#' || *reading->next == ':')
        reading->next++;
    name.length = (size_t)(reading->next - name.start);
    return name;
}

/* A client's name may have points: the last one stands before the metric. Whether the one that is next is none of those
 * but part of a name. */
static bool is_within_name(const char *point)
{
    if (*point != '.')
        return false;
    const char *end = point + 1;
    while (is_letter(*end) || is_digit(*end) || *end == '-' || *end == '_')
        end++;
    bool has_workers =
        *end == '@' || (end[0] == '/' && is_digit(end[1]) && end[1 + strspn(end + 1, "0123456789")] == '.');
    return end > point + 1 && (*end == '.' || *end == ':' || *end == '#' || has_workers);
}

/* Takes the character, and spaces before and behind it, if it is next. */
static bool take_sign(struct reading *reading, char sign)
{
    reading_skip_spaces(reading);
    if (*reading->next != sign)
        return false;
    reading->next++;
    reading_skip_spaces(reading);
    return true;
}

/* Operands */

/* There is no name where an operand should start. */
static int refuse_start(const struct reading *reading, bool is_first)
{
    /* There is nothing to point at. */
    if (is_first && *reading->next == '\0')
        return error_set(reading->error, ERROR_USAGE,
                         "an assertion is empty: write one such as 'event-loop.time < 2s'");
    if (is_digit(*reading->next))
        return reading_refuse(
            reading, reading->next,
            "the value of an assertion stands to the right of the comparison, such as in threads.time < 2s");
    return reading_refuse(
        reading, reading->next,
        "an assertion names a mode and a metric here, such as threads.time, or *.time for every mode");
}

static int read_mode(struct reading *reading, bool is_first, struct assertion_operand *operand)
{
    operand->offset = (size_t)(reading->next - reading->text);
    if (*reading->next == '*') {
        reading->next++;
        snprintf(operand->mode, sizeof(operand->mode), "*");
        return 0;
    }
    if (!is_letter(*reading->next))
        return refuse_start(reading, is_first);
    struct span name = take_name(reading);
    while (is_within_name(reading->next)) {
        reading->next++;
        take_name(reading);
    }
    name.length = (size_t)(reading->next - name.start);
    if (name.length >= sizeof(operand->mode))
        return reading_refuse(reading, name.start, "unknown mode \"%.*s...\": no mode has a name this long",
                              (int)sizeof(operand->mode), name.start);
    snprintf(operand->mode, sizeof(operand->mode), "%.*s", (int)name.length, name.start);
    return 0;
}

static int read_workers(struct reading *reading, struct assertion_operand *operand)
{
    struct span digits = take_name(reading);
    char text[32];
    uint64_t workers = 0;
    bool has_room = digits.length < sizeof(text);
    snprintf(text, sizeof(text), "%.*s", has_room ? (int)digits.length : 0, digits.start);
    if (number_parse_count(text, &workers) == 0 && workers >= 1 && workers <= UINT32_MAX) {
        operand->workers = (uint32_t)workers;
        return 0;
    }
    return reading_refuse(reading, digits.start, "workers are a whole number from 1, such as %s@8, not \"%.*s\"",
                          operand->mode, has_room ? (int)digits.length : (int)sizeof(text), digits.start);
}

/* "time < 2s", "threads < 2s": there is no metric where one should follow. */
static int refuse_missing_metric(const struct reading *reading, const struct assertion_operand *operand)
{
    const char *start = reading->text + operand->offset;
    enum metric metric = metric_find(operand->mode);
    if (metric != METRIC_COUNT)
        return reading_refuse(reading, start,
                              "\"%s\" is a metric, of which mode? Write *.%s for every mode, or one such as threads.%s",
                              operand->mode, operand->mode, operand->mode);
    return reading_refuse(reading, reading->next, "which metric of \"%s\"? Write a point and its name, such as %s.time",
                          operand->mode, operand->mode);
}

static int read_metric(struct reading *reading, struct assertion_operand *operand)
{
    struct span name = take_name(reading);
    char word[32];
    struct text_buffer names = {0};
    bool has_room = name.length < sizeof(word);
    snprintf(word, sizeof(word), "%.*s", (int)name.length, name.start);
    operand->metric = has_room ? metric_find(word) : METRIC_COUNT;
    if (operand->metric != METRIC_COUNT)
        return 0;
    struct text_guess guess = {.word = has_room ? word : ""};
    for (enum metric metric = 0; metric < METRIC_COUNT; metric++) {
        text_guess_consider(&guess, metric_row(metric)->assertion);
        text_guess_consider(&guess, metric_row(metric)->aliases);
    }
    metric_add_names(&names);
    const char *known = text_buffer_text(&names);
    if (name.length == 0)
        reading_refuse(reading, name.start, "a metric follows the point: one of %s", known);
    else if (guess.best[0] != '\0')
        reading_refuse(reading, name.start, "unknown metric \"%s\"; did you mean \"%s\"? Known are %s", word,
                       guess.best, known);
    else
        reading_refuse(reading, name.start, "unknown metric \"%s%s\"; known are %s", word, has_room ? "" : "...",
                       known);
    text_buffer_release(&names);
    return -1;
}

/* "@8", or "/8" as reports name cells: a mode is no number that could be divided, so that it means nothing else. */
static bool take_workers_sign(struct reading *reading)
{
    if (reading->next[0] == '/' && is_digit(reading->next[1])) {
        reading->next++;
        return true;
    }
    return take_sign(reading, '@');
}

static int read_operand(struct reading *reading, bool is_first, struct assertion_operand *operand)
{
    if (read_mode(reading, is_first, operand) != 0)
        return -1;
    if (take_workers_sign(reading) && read_workers(reading, operand) != 0)
        return -1;
    if (!take_sign(reading, '.'))
        return refuse_missing_metric(reading, operand);
    return read_metric(reading, operand);
}

static int check_ratio(const struct reading *reading, const struct assertion *assertion)
{
    const struct assertion_operand *above = &assertion->operands[0];
    const struct assertion_operand *below = &assertion->operands[1];
    const struct metric_row *metric = metric_row(above->metric);
    const struct metric_row *other = metric_row(below->metric);
    if (strcmp(below->mode, "*") == 0)
        return reading_refuse(reading, reading->text + below->offset,
                              "a ratio is to one mode: name it instead of *, such as in *.time / sync.time");
    if ((above->metric == METRIC_HIGHEST_RATE) != (below->metric == METRIC_HIGHEST_RATE))
        return reading_refuse(reading, reading->text + below->offset,
                              "\"highest_rate\" is compared with that of another mode, or with a rate");
    if (metric->unit == other->unit)
        return 0;
    return reading_refuse(reading, reading->text + below->offset,
                          "a ratio is of two figures of one unit, and \"%s\" is %s, but \"%s\" is %s",
                          metric->assertion, metric_unit_describe(metric->unit)->name, other->assertion,
                          metric_unit_describe(other->unit)->name);
}

static int read_operands(struct reading *reading, struct assertion *assertion)
{
    if (read_operand(reading, true, &assertion->operands[0]) != 0)
        return -1;
    const struct metric_row *metric = metric_row(assertion->operands[0].metric);
    assertion->operand_count = 1;
    assertion->unit = metric->unit;
    assertion->is_exact = (metric->traits & METRIC_EXACT) != 0;
    if (!take_sign(reading, '/'))
        return 0;
    if (read_operand(reading, false, &assertion->operands[1]) != 0)
        return -1;
    assertion->operand_count = 2;
    assertion->unit = UNIT_PLAIN;
    assertion->is_exact =
        (metric->traits & METRIC_EXACT) != 0 && (metric_row(assertion->operands[1].metric)->traits & METRIC_EXACT) != 0;
    return check_ratio(reading, assertion);
}

/* Comparison */

/* Longer signs first, since "<" also begins "<=". */
static const struct {
    const char *sign;
    enum assertion_comparison comparison;
} comparisons[] = {
    {"<=", ASSERTION_AT_MOST}, {">=", ASSERTION_AT_LEAST}, {"==", ASSERTION_EQUAL},
    {"!=", ASSERTION_UNEQUAL}, {"<", ASSERTION_LESS},      {">", ASSERTION_MORE},
};

enum { COMPARISONS = sizeof(comparisons) / sizeof(comparisons[0]) };

static int check_equality(const struct reading *reading, const struct assertion *assertion, const char *place)
{
    if (assertion->is_exact || (assertion->comparison != ASSERTION_EQUAL && assertion->comparison != ASSERTION_UNEQUAL))
        return 0;
    const struct metric_row *metric = metric_row(assertion->operands[0].metric);
    if ((metric->traits & METRIC_EXACT) != 0)
        metric = metric_row(assertion->operands[1].metric);
    return reading_refuse(reading, place,
                          "\"%s\" is measured, and never the same twice: assert a bound with < or > instead of %.2s",
                          metric->assertion, place);
}

static int read_comparison(struct reading *reading, struct assertion *assertion)
{
    reading_skip_spaces(reading);
    const char *place = reading->next;
    for (size_t i = 0; i < COMPARISONS; i++) {
        size_t length = strlen(comparisons[i].sign);
        if (strncmp(place, comparisons[i].sign, length) != 0)
            continue;
        assertion->comparison = comparisons[i].comparison;
        reading->next += length;
        return check_equality(reading, assertion, place);
    }
    if (*place == '=')
        return reading_refuse(reading, place, "no comparison begins with a single =: write ==, <= or >=");
    if (assertion->operand_count == 1)
        return reading_refuse(
            reading, place,
            "a comparison (<, <=, >, >=, ==, !=) and a value follow here, or / and what to compare with");
    return reading_refuse(reading, place, "a comparison (<, <=, >, >=, ==, !=) and a value follow here");
}

/* Value */

static bool is_in_number(char c)
{
    return is_digit(c) || c == '.';
}

static bool is_in_word(char c)
{
    return c != '\0' && !reading_is_space(c);
}

/* Adds the characters up to the first that does not belong to the value; false if it has no room for them. */
static bool add_while(struct reading *reading, bool (*belongs)(char c), char *value, size_t size)
{
    size_t length = strlen(value);
    for (; belongs(*reading->next); reading->next++) {
        if (length + 1 >= size)
            return false;
        value[length++] = *reading->next;
        value[length] = '\0';
    }
    return true;
}

/* A number and, perhaps behind spaces, its unit: "2.0s", "64 MiB", "100 / s". */
static bool take_value(struct reading *reading, char *value, size_t size)
{
    value[0] = '\0';
    if (!add_while(reading, is_in_number, value, size))
        return false;
    reading_skip_spaces(reading);
    /* Two numbers in a row must not become one. */
    if (value[0] != '\0' && is_in_number(*reading->next))
        return true;
    const char *unit = reading->next;
    if (!add_while(reading, is_in_word, value, size))
        return false;
    if (reading->next != unit + 1 || *unit != '/')
        return true;
    reading_skip_spaces(reading);
    return add_while(reading, is_in_word, value, size);
}

/* The value in the base unit of the assertion; -1 if it is none. */
static int convert(enum metric_unit unit, const char *text, double *limit)
{
    nanoseconds duration = 0;
    uint64_t whole = 0;
    int status = -1;
    switch (unit) {
    case UNIT_DURATION:
        status = number_parse_duration(text, false, &duration);
        *limit = (double)duration / (double)NANOSECONDS_PER_SECOND;
        break;
    case UNIT_BYTES:
        status = number_parse_size(text, &whole);
        *limit = (double)whole;
        break;
    case UNIT_COUNT:
        status = number_parse_count(text, &whole);
        *limit = (double)whole;
        break;
    case UNIT_RATE:
        status = number_parse_rate(text, limit);
        break;
    case UNIT_PLAIN:
        status = number_parse_ratio(text, limit);
        break;
    }
    return whole <= WHOLE_MAX ? status : -1;
}

static int refuse_value(const struct reading *reading, const struct assertion *assertion, const char *place)
{
    const struct metric_unit_description *unit = metric_unit_describe(assertion->unit);
    char subject[40] = "a ratio";
    if (assertion->operand_count == 1)
        snprintf(subject, sizeof(subject), "\"%s\"", metric_row(assertion->operands[0].metric)->assertion);
    int shown = (int)strnlen(place, sizeof(assertion->limit_text));
    if (shown == 0)
        return reading_refuse(reading, place, "the value is missing: %s is compared with %s, such as %s", subject,
                              unit->name, unit->example);
    return reading_refuse(reading, place, "%s is compared with %s, such as %s, not \"%.*s%s\"", subject, unit->name,
                          unit->example, shown, place, place[shown] == '\0' ? "" : "...");
}

static int read_value(struct reading *reading, struct assertion *assertion)
{
    reading_skip_spaces(reading);
    const char *place = reading->next;
    if (!take_value(reading, assertion->limit_text, sizeof(assertion->limit_text)) ||
        convert(assertion->unit, assertion->limit_text, &assertion->limit) != 0)
        return refuse_value(reading, assertion, place);
    reading_skip_spaces(reading);
    if (*reading->next == '\0')
        return 0;
    return reading_refuse(
        reading, reading->next,
        "an assertion ends behind its value, and more follows: it is one comparison, so write a further one apart");
}

int assertion_parse(const char *text, struct assertion *assertion, struct error *error)
{
    struct reading reading = {.text = text, .next = text, .error = error};
    struct assertion read = {0};
    reading_skip_spaces(&reading);
    if (read_operands(&reading, &read) != 0 || read_comparison(&reading, &read) != 0 ||
        read_value(&reading, &read) != 0)
        return -1;
    *assertion = read;
    return 0;
}

/* Writing */

static const char *comparison_sign(enum assertion_comparison comparison)
{
    size_t i = 0;
    while (i + 1 < COMPARISONS && comparisons[i].comparison != comparison)
        i++;
    return comparisons[i].sign;
}

static void format_operand(char *buffer, size_t size, const struct assertion_operand *operand)
{
    char workers[16] = "";
    if (operand->workers > 0)
        snprintf(workers, sizeof(workers), "@%" PRIu32, operand->workers);
    snprintf(buffer, size, "%s%s.%s", operand->mode, workers, metric_row(operand->metric)->assertion);
}

char *assertion_format(char *buffer, size_t size, const struct assertion *assertion)
{
    char first[64];
    char second[64] = "";
    format_operand(first, sizeof(first), &assertion->operands[0]);
    if (assertion->operand_count == 2)
        format_operand(second, sizeof(second), &assertion->operands[1]);
    snprintf(buffer, size, "%s%s%s %s %s", first, assertion->operand_count == 2 ? " / " : "", second,
             comparison_sign(assertion->comparison), assertion->limit_text);
    return buffer;
}
