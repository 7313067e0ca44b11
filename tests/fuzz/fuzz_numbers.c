/* libFuzzer target: what a parser of numbers takes has the value that exact arithmetic gives it, and the same value for
 * every parser that takes it; what it refuses leaves the output alone; what is written of a value is read as that value
 * again, exactly where that is promised, and otherwise to three digits. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "conc_bench/base/number.h"
#include "fuzz.h"

__extension__ typedef unsigned __int128 wide;

/* The value of outputs before a call. */
#define UNTOUCHED 77

/* Longer texts find nothing new, and fit no buffer here. */
enum { TEXT_MAX = 400 };

/* Fraction digits that are looked at; with them a unit of hours or tebibytes still fits 128 bits. */
enum { FRACTION_MAX = 18 };

/* Text and suffix in a block that ends with them, so that the address sanitizer sees a byte too many. */
static char *join(const char *text, size_t length, const char *suffix)
{
    char *joined = malloc(length + strlen(suffix) + 1);
    require(joined != NULL);
    memcpy(joined, text, length);
    memcpy(joined + length, suffix, strlen(suffix) + 1);
    return joined;
}

/* Parsers of whole numbers, made alike. */

static int parse_seconds(const char *text, uint64_t *value)
{
    nanoseconds duration = UNTOUCHED;
    int status = number_parse_duration(text, true, &duration);
    require(duration >= 0);
    *value = (uint64_t)duration;
    return status;
}

static int parse_duration(const char *text, uint64_t *value)
{
    nanoseconds duration = UNTOUCHED;
    int status = number_parse_duration(text, false, &duration);
    require(duration >= 0);
    *value = (uint64_t)duration;
    return status;
}

static const struct whole_parser {
    int (*parse)(const char *text, uint64_t *value);
    uint64_t most;
} whole_parsers[] = {
    {number_parse_count, UINT64_MAX}, {number_parse_size, UINT64_MAX}, {number_parse_byte_rate, UINT64_MAX},
    {parse_duration, INT64_MAX},      {parse_seconds, INT64_MAX},
};

/* Parses, and sees to it that the output is left alone on failure. */
static bool takes_whole(const struct whole_parser *parser, const char *text, uint64_t *value)
{
    *value = UNTOUCHED;
    int status = parser->parse(text, value);
    require(status == 0 || (status == -1 && *value == UNTOUCHED));
    return status == 0;
}

static bool takes_real(int (*parse)(const char *text, double *value), const char *text, double *value)
{
    *value = UNTOUCHED;
    int status = parse(text, value);
    require(status == 0 || (status == -1 && *value == UNTOUCHED));
    require(isfinite(*value) && *value >= 0 && !signbit(*value));
    return status == 0;
}

/* The number at the front of the text in units, rounded to the nearest, halves up: "1.5" units of 1000 are 1500. Of
 * the fraction only the first digits are looked at, so that the answer is `low`, or lies between it and `high`. */
static void multiply(const char *text, uint64_t unit, wide *low, wide *high)
{
    wide whole = 0;
    wide fraction = 0;
    wide scale = 1;
    for (; *text >= '0' && *text <= '9'; text++)
        whole = whole <= UINT64_MAX ? whole * 10 + (wide)(*text - '0') : whole;
    text += *text == '.';
    for (; *text >= '0' && *text <= '9' && scale < UINT64_C(1000000000000000000); text++) {
        fraction = fraction * 10 + (wide)(*text - '0');
        scale *= 10;
    }
    bool is_cut_off = *text >= '0' && *text <= '9';
    *low = whole * unit + (fraction * unit * 2 + scale) / (scale * 2);
    *high = whole * unit + ((fraction + is_cut_off) * unit * 2 + scale) / (scale * 2);
}

static void check_whole(const struct whole_parser *parser, const char *text, size_t digits)
{
    uint64_t value;
    uint64_t unit;
    wide low;
    wide high;
    bool is_taken = takes_whole(parser, text, &value);
    char *one = join("1", 1, text + digits);
    bool has_unit = takes_whole(parser, one, &unit);
    free(one);
    if (digits == 0) {
        require(!is_taken);
    } else if (has_unit) {
        multiply(text, unit, &low, &high);
        if (is_taken)
            require(low <= value && value <= high && value <= parser->most);
        else
            require(high > parser->most || (parser->parse == number_parse_count && memchr(text, '.', digits) != NULL));
    } else {
        require(!is_taken || value == 0); /* "0" wants no unit */
    }
}

/* Digits, perhaps with a point and more digits, at the front of the text; 0 if there is no number. */
static size_t count_digits(const char *text)
{
    size_t length = strspn(text, "0123456789");
    if (length == 0 || text[length] != '.')
        return length;
    size_t fraction = strspn(text + length + 1, "0123456789");
    length += 1 + fraction;
    return fraction == 0 || text[length] == '.' ? 0 : length;
}

static bool is_near(double a, double b)
{
    return fabs(a - b) <= 1e-13 * fabs(b) + 1e-290;
}

/* Reads the number as the C library does, in the C locale. */
static double read_real(const char *text, size_t digits, const char *exponent)
{
    char *copy = join(text, digits, exponent);
    double value = strtod(copy, NULL);
    free(copy);
    return value;
}

static void check_reals(const char *text, size_t digits)
{
    double ratio;
    double share;
    double rate;
    bool is_percentage = strcmp(text + digits, "%") == 0;
    bool is_plain = text[digits] == '\0';
    double expected = read_real(text, digits, is_percentage ? "e-2" : "");
    bool is_ratio = takes_real(number_parse_ratio, text, &ratio);
    bool is_share = takes_real(number_parse_share, text, &share);
    bool is_rate = takes_real(number_parse_rate, text, &rate);
    if (digits == 0)
        require(!is_ratio && !is_share && !is_rate);
    if (is_ratio)
        require((is_percentage || is_plain) && is_near(ratio, expected));
    else
        require(digits == 0 || !(is_percentage || is_plain) || expected > 1e308);
    if (is_share)
        require(is_ratio && share == ratio && share <= 1 && (is_percentage || share == 0));
    else
        require(!is_ratio || !is_percentage || ratio > 1);
    if (is_rate)
        require(strcmp(text + digits, "/s") == 0 && rate > 0 && is_near(rate, expected));
}

/* Parsers that take the same text mean the same. */
static void check_agreement(const char *text)
{
    uint64_t count;
    uint64_t size;
    uint64_t rate;
    uint64_t duration;
    uint64_t seconds;
    double ratio;
    double real_rate;
    bool is_count = takes_whole(&whole_parsers[0], text, &count);
    bool is_size = takes_whole(&whole_parsers[1], text, &size);
    if (is_count)
        require(is_size && size == count && takes_real(number_parse_ratio, text, &ratio) &&
                is_near(ratio, (double)count));
    if (takes_whole(&whole_parsers[3], text, &duration))
        require(takes_whole(&whole_parsers[4], text, &seconds) && seconds == duration);
    char *per_second = join(text, strlen(text), "/s");
    require(takes_whole(&whole_parsers[2], per_second, &rate) == is_size && (!is_size || rate == size));
    bool is_ratio = takes_real(number_parse_ratio, text, &ratio) && strchr(text, '%') == NULL;
    require(takes_real(number_parse_rate, per_second, &real_rate) == (is_ratio && ratio > 0));
    require(!is_ratio || ratio == 0 || real_rate == ratio);
    free(per_second);
}

/* Formats */

/* Leaves out what people read and parsers do not: spaces and separators; minutes are "m" to the parser. */
static void squeeze(char *text)
{
    char *end = text;
    for (const char *c = text; *c != '\0'; c++) {
        if (*c != ' ' && *c != ',')
            *end++ = *c;
    }
    *end = '\0';
    if (end - text > 3 && strcmp(end - 3, "min") == 0)
        end[-2] = '\0';
}

/* Whether a shown value is the value to three digits. */
static bool is_shown(double shown, double value)
{
    return fabs(shown - value) <= 0.0051 * value;
}

static void check_duration_formats(nanoseconds duration)
{
    char seconds[NUMBER_SECONDS_BYTES];
    char shown[32];
    nanoseconds again;
    number_format_seconds(seconds, duration);
    require(strlen(seconds) < sizeof(seconds));
    if (duration >= 0)
        require(number_parse_duration(seconds, true, &again) == 0 && again == duration);
    else if (duration > INT64_MIN)
        require(seconds[0] == '-' && number_parse_duration(seconds + 1, true, &again) == 0 && again == -duration);
    number_format_duration(shown, sizeof(shown), duration);
    require(strlen(shown) + 1 < sizeof(shown));
    squeeze(shown);
    if (duration >= 0 && duration < INT64_MAX / 2)
        require(number_parse_duration(shown, false, &again) == 0 && is_shown((double)again, (double)duration));
}

static void check_count_formats(uint64_t count)
{
    char shown[32];
    uint64_t again;
    number_format_count(shown, sizeof(shown), count);
    require(strlen(shown) + 1 < sizeof(shown));
    squeeze(shown);
    require(number_parse_count(shown, &again) == 0 && again == count);
    number_format_size(shown, sizeof(shown), (double)count);
    require(strlen(shown) + 1 < sizeof(shown));
    squeeze(shown);
    if (count < UINT64_MAX / 2)
        require(number_parse_size(shown, &again) == 0 && is_shown((double)again, (double)count));
}

/* Values of any kind, and buffers that are too small. */
static void check_formats(const uint8_t *data, size_t size)
{
    uint64_t whole = 0;
    double real = 0;
    char shown[400];
    memcpy(&whole, data, size < sizeof(whole) ? size : sizeof(whole));
    memcpy(&real, &whole, sizeof(real));
    check_duration_formats((nanoseconds)whole);
    check_count_formats(whole);
    number_format_size(shown, sizeof(shown), real);
    size_t room = size % 8 + 1;
    char *narrow = malloc(room);
    require(narrow != NULL);
    require(strlen(number_format_size(narrow, room, real)) < room);
    require(strlen(number_format_duration(narrow, room, (nanoseconds)whole)) < room);
    require(strlen(number_format_count(narrow, room, whole)) < room);
    free(narrow);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > TEXT_MAX)
        return 0;
    char *text = join((const char *)data, strnlen((const char *)data, size), "");
    size_t digits = count_digits(text);
    for (size_t i = 0; i < sizeof(whole_parsers) / sizeof(whole_parsers[0]); i++) {
        uint64_t value;
        check_whole(&whole_parsers[i], text, digits);
        if (!takes_whole(&whole_parsers[i], text, &value))
            continue;
        check_count_formats(value);
        if (value <= INT64_MAX)
            check_duration_formats((nanoseconds)value);
    }
    check_reals(text, digits);
    check_agreement(text);
    free(text);
    check_formats(data, size);
    return 0;
}
