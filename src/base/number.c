#include "conc_bench/base/number.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Digits and, behind a point, more digits. Kept as text, since neither uint64_t nor double holds every decimal. Nothing
 * here asks the locale: a report made in Germany has to be readable in Britain, and so have the options. */
struct decimal {
    const char *whole;
    size_t whole_length; /* at least 1 */
    const char *fraction;
    size_t fraction_length; /* 0: no point either */
};

enum { NANOSECOND_DIGITS = 9 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t count_digits(const char *text)
{
    size_t length = 0;
    while (is_digit(text[length]))
        length++;
    return length;
}

/* Takes the number at the start of the text; returns what follows it, NULL if there is none. */
static const char *take_decimal(const char *text, struct decimal *decimal)
{
    *decimal = (struct decimal){.whole = text, .whole_length = count_digits(text)};
    if (decimal->whole_length == 0)
        return NULL;
    const char *rest = text + decimal->whole_length;
    if (*rest != '.')
        return rest;
    decimal->fraction = rest + 1;
    decimal->fraction_length = count_digits(decimal->fraction);
    return decimal->fraction_length == 0 ? NULL : decimal->fraction + decimal->fraction_length;
}

static bool is_zero(const struct decimal *decimal)
{
    for (size_t i = 0; i < decimal->whole_length; i++) {
        if (decimal->whole[i] != '0')
            return false;
    }
    for (size_t i = 0; i < decimal->fraction_length; i++) {
        if (decimal->fraction[i] != '0')
            return false;
    }
    return true;
}

static int read_whole(const char *digits, size_t length, uint64_t *value)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < length; i++) {
        if (__builtin_mul_overflow(sum, UINT64_C(10), &sum) ||
            __builtin_add_overflow(sum, (uint64_t)(digits[i] - '0'), &sum))
            return -1;
    }
    *value = sum;
    return 0;
}

/* The decimal times `unit`, exact, and then rounded to the nearest whole number, halves up. */
static int scale_decimal(const struct decimal *decimal, uint64_t unit, uint64_t *value)
{
    uint64_t whole;
    if (read_whole(decimal->whole, decimal->whole_length, &whole) != 0 || __builtin_mul_overflow(whole, unit, &whole))
        return -1;
    /* Long multiplication from the last digit on: what is carried out at the top is the whole part of the product, and
     * the digit beneath it decides the rounding. Units are small enough for nine of them and a carry. */
    uint64_t carry = 0;
    uint64_t digit = 0;
    for (size_t i = decimal->fraction_length; i-- > 0;) {
        uint64_t product = (uint64_t)(decimal->fraction[i] - '0') * unit + carry;
        digit = product % 10;
        carry = product / 10;
    }
    carry += digit >= 5;
    if (__builtin_add_overflow(whole, carry, &whole))
        return -1;
    *value = whole;
    return 0;
}

/* The decimal times 10^-shift as the nearest double: a quotient of two numbers that doubles hold exactly is rounded
 * once. Digits that no double could tell apart are left out. Infinite if it is too large. */
static double approximate(const struct decimal *decimal, int shift)
{
    const uint64_t room = UINT64_C(900000000000000); /* ten times this and nine is below 2^53 */
    uint64_t digits = 0;
    for (size_t i = 0; i < decimal->whole_length + decimal->fraction_length; i++) {
        bool is_whole = i < decimal->whole_length;
        char digit = is_whole ? decimal->whole[i] : decimal->fraction[i - decimal->whole_length];
        bool has_room = digits < room;
        if (has_room)
            digits = digits * 10 + (uint64_t)(digit - '0');
        shift += has_room && !is_whole;
        shift -= !has_room && is_whole;
    }
    double power = 1;
    for (int i = 0; i < (shift < 0 ? -shift : shift) && isfinite(power); i++)
        power *= 10;
    if (digits == 0)
        return 0;
    return shift < 0 ? (double)digits * power : (double)digits / power;
}

int number_parse_count(const char *text, uint64_t *count)
{
    size_t length = count_digits(text);
    if (length == 0 || text[length] != '\0')
        return -1;
    return read_whole(text, length, count);
}

int number_parse_duration(const char *text, bool bare_is_seconds, nanoseconds *duration)
{
    static const struct {
        const char *name;
        nanoseconds length;
    } units[] = {
        {"ns", 1},
        {"us", NANOSECONDS_PER_MICROSECOND},
        {"\xc2\xb5s", NANOSECONDS_PER_MICROSECOND}, /* the micro sign */
        {"\xce\xbcs", NANOSECONDS_PER_MICROSECOND}, /* the Greek letter, which looks the same */
        {"ms", NANOSECONDS_PER_MILLISECOND},
        {"s", NANOSECONDS_PER_SECOND},
        {"m", 60 * NANOSECONDS_PER_SECOND},
        {"h", 3600 * NANOSECONDS_PER_SECOND},
    };
    struct decimal decimal;
    const char *unit = take_decimal(text, &decimal);
    if (unit == NULL)
        return -1;
    nanoseconds length = 0;
    if (*unit == '\0' && (bare_is_seconds || is_zero(&decimal)))
        length = NANOSECONDS_PER_SECOND;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(unit, units[i].name) == 0)
            length = units[i].length;
    }
    uint64_t value;
    if (length == 0 || scale_decimal(&decimal, (uint64_t)length, &value) != 0 || value > INT64_MAX)
        return -1;
    *duration = (nanoseconds)value;
    return 0;
}

static char to_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Takes the unit of a size, which may be empty, off the front of the text; returns what follows it. */
static const char *take_size_unit(const char *text, uint64_t *unit)
{
    static const char prefixes[] = "kmgt";
    *unit = 1;
    const char *prefix = *text == '\0' ? NULL : strchr(prefixes, to_lower(*text));
    if (prefix != NULL) {
        text++;
        bool is_binary = to_lower(*text) == 'i';
        text += is_binary;
        for (const char *power = prefixes; power <= prefix; power++)
            *unit *= is_binary ? 1024 : 1000;
    }
    return to_lower(*text) == 'b' ? text + 1 : text;
}

/* A size and, behind it, exactly `suffix`. */
static int parse_size_with(const char *text, const char *suffix, uint64_t *bytes)
{
    struct decimal decimal;
    uint64_t unit;
    const char *rest = take_decimal(text, &decimal);
    if (rest == NULL || strcmp(take_size_unit(rest, &unit), suffix) != 0)
        return -1;
    return scale_decimal(&decimal, unit, bytes);
}

int number_parse_size(const char *text, uint64_t *bytes)
{
    return parse_size_with(text, "", bytes);
}

int number_parse_byte_rate(const char *text, uint64_t *bytes_per_second)
{
    return parse_size_with(text, "/s", bytes_per_second);
}

int number_parse_rate(const char *text, double *per_second)
{
    struct decimal decimal;
    const char *rest = take_decimal(text, &decimal);
    if (rest == NULL || strcmp(rest, "/s") != 0)
        return -1;
    double value = approximate(&decimal, 0);
    if (!(value > 0) || !isfinite(value))
        return -1;
    *per_second = value;
    return 0;
}

int number_parse_share(const char *text, double *share)
{
    struct decimal decimal;
    const char *rest = take_decimal(text, &decimal);
    if (rest == NULL || (strcmp(rest, "%") != 0 && !(*rest == '\0' && is_zero(&decimal))))
        return -1;
    double value = approximate(&decimal, 2);
    if (value > 1)
        return -1;
    *share = value;
    return 0;
}

int number_parse_ratio(const char *text, double *ratio)
{
    struct decimal decimal;
    const char *rest = take_decimal(text, &decimal);
    bool is_percentage = rest != NULL && strcmp(rest, "%") == 0;
    if (rest == NULL || (*rest != '\0' && !is_percentage))
        return -1;
    double value = approximate(&decimal, is_percentage ? 2 : 0);
    if (!isfinite(value))
        return -1;
    *ratio = value;
    return 0;
}

/* One step of a scale of units: a value below `limit` of them is shown in them. */
struct step {
    const char *unit;
    double size;
    double limit;
};

/* Three significant digits, or all digits before the point. The bounds lie where rounding would add a digit. */
static char *format_digits(char *buffer, size_t size, double value, const char *unit)
{
    double magnitude = fabs(value);
    int decimals = magnitude < 9.995 ? 2 : magnitude < 99.95 ? 1 : 0;
    snprintf(buffer, size, "%.*f %s", decimals, value, unit);
    return buffer;
}

/* Formats a value in the first unit in which it stays below the limit when rounded; in the last one if there is
 * none. */
static char *format_scaled(char *buffer, size_t size, double value, const struct step *step)
{
    while (step->limit > 0 && !(fabs(value) / step->size < step->limit))
        step++;
    return format_digits(buffer, size, value / step->size, step->unit);
}

char *number_format_size(char *buffer, size_t size, double bytes)
{
    static const struct step steps[] = {
        {"B", 1, 1023.5}, {"KiB", 0x1p10, 1023.5}, {"MiB", 0x1p20, 1023.5}, {"GiB", 0x1p30, 1023.5}, {"TiB", 0x1p40, 0},
    };
    /* Bytes are whole but for means of them; "16.0 B" would claim a measurement. */
    if (fabs(bytes) < 1024 && bytes == floor(bytes)) {
        snprintf(buffer, size, "%.0f B", bytes);
        return buffer;
    }
    return format_scaled(buffer, size, bytes, steps);
}

char *number_format_duration(char *buffer, size_t size, nanoseconds duration)
{
    static const struct step steps[] = {
        {"\xc2\xb5s", 1e3, 999.5}, {"ms", 1e6, 999.5}, {"s", 1e9, 59.95}, {"min", 60e9, 59.95}, {"h", 3600e9, 0},
    };
    if (duration == 0)
        snprintf(buffer, size, "0 s");
    else if (duration > -1000 && duration < 1000)
        snprintf(buffer, size, "%" PRId64 " ns", duration);
    else
        format_scaled(buffer, size, (double)duration, steps);
    return buffer;
}

char *number_format_count(char *buffer, size_t size, uint64_t count)
{
    char digits[32];
    char text[48];
    int length = snprintf(digits, sizeof(digits), "%" PRIu64, count);
    size_t used = 0;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            text[used++] = ',';
        text[used++] = digits[i];
    }
    text[used] = '\0';
    snprintf(buffer, size, "%s", text);
    return buffer;
}

char *number_format(char *buffer, int digits, double value)
{
    /* A number that rounds up to the next power of ten is a large one, too; beyond a quadrillion digits do not
     * matter. */
    bool is_large = fabs(value) >= pow(10, digits) - 0.5 && fabs(value) < 1e15;
    if (is_large)
        snprintf(buffer, NUMBER_BYTES, "%.0f", value);
    else
        snprintf(buffer, NUMBER_BYTES, "%.*g", digits, value);
    return buffer;
}

char *number_format_seconds(char *buffer, nanoseconds duration)
{
    /* Written by hand, since documents hold millions of them. */
    char digits[NUMBER_SECONDS_BYTES];
    uint64_t rest = duration < 0 ? -(uint64_t)duration : (uint64_t)duration;
    size_t length = 0;
    size_t out = 0;
    while (rest > 0 || length <= NANOSECOND_DIGITS) {
        digits[length++] = (char)('0' + rest % 10);
        rest /= 10;
    }
    size_t last = 0;
    while (last < NANOSECOND_DIGITS && digits[last] == '0')
        last++;
    if (duration < 0)
        buffer[out++] = '-';
    while (length > last) {
        if (length == NANOSECOND_DIGITS)
            buffer[out++] = '.';
        buffer[out++] = digits[--length];
    }
    buffer[out] = '\0';
    return buffer;
}

char *number_format_range(char *buffer, size_t size, int digits, double low, double high)
{
    const char *first = NUMBER(digits, low);
    const char *last = NUMBER(digits, high);
    if (strcmp(first, last) == 0)
        snprintf(buffer, size, "%s", first);
    else
        snprintf(buffer, size, "%s to %s", first, last);
    return buffer;
}
