/* libFuzzer target: no text crashes the reader of the origin's options; what it takes lies in the ranges it promises,
 * whatever the order it is written in, and can be described and written again; what it refuses changes nothing. And
 * the address of any URL leads back to its number, whatever programs are used to do to paths; no target crashes the
 * reader of addresses. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "conc_bench/base/text.h"
#include "conc_bench/origin/origin.h"
#include "conc_bench/run/run.h"
#include "fuzz.h"
#include "origin/address.h"

#define HOUR (3600 * NANOSECONDS_PER_SECOND)

static bool is_same(const struct origin_options *a, const struct origin_options *b)
{
    return a->latency == b->latency && a->jitter == b->jitter && a->body_bytes == b->body_bytes &&
           a->bytes_per_second == b->bytes_per_second && a->requests_per_second == b->requests_per_second &&
           a->error_share == b->error_share && a->seed == b->seed && a->has_tls == b->has_tls;
}

/* Values that no text gives, so that it shows what was set. */
static struct origin_options unset(void)
{
    return (struct origin_options){.latency = -1,
                                   .jitter = -1,
                                   .body_bytes = UINT64_MAX,
                                   .bytes_per_second = 0,
                                   .requests_per_second = 0,
                                   .error_share = -1,
                                   .seed = 0};
}

/* The items of a list in the opposite order. */
static char *turn_round(const char *text)
{
    size_t length = strlen(text);
    char *turned = malloc(length + 1);
    require(turned != NULL);
    char *end = turned + length;
    *end = '\0';
    for (;;) {
        size_t item = strcspn(text, ",");
        end -= item;
        memcpy(end, text, item);
        if (text[item] == '\0')
            return turned;
        *--end = ',';
        text += item + 1;
    }
}

static void check_ranges(const struct origin_options *options)
{
    require(options->latency >= -1 && options->latency <= HOUR && options->jitter >= -1 && options->jitter <= HOUR);
    require(options->body_bytes <= UINT64_C(1) << 40 || options->body_bytes == UINT64_MAX);
    require(options->bytes_per_second <= UINT64_C(1) << 40);
    require(options->requests_per_second == 0 ||
            (isfinite(options->requests_per_second) && options->requests_per_second >= 0.001));
    require(options->error_share == -1 || (options->error_share >= 0 && options->error_share <= 1));
}

/* The description is whole and fit for a terminal. */
static void check_description(const struct origin_options *options)
{
    char text[sizeof(((struct run *)NULL)->origin)];
    char escaped[sizeof(text)];
    origin_options_describe(options, text, sizeof(text));
    require(strncmp(text, "latency ", 8) == 0 && strstr(text, " bodies") != NULL);
    require(strlen(text) + 1 < sizeof(text));
    require((strstr(text, "TLS") != NULL) == options->has_tls);
    require(strcmp(text_escape(escaped, sizeof(escaped), text, strlen(text)), text) == 0);
}

/* Whole numbers are read as they were written; fractions as far as digits go. */
static void check_again(const struct origin_options *options)
{
    char text[2048];
    struct origin_options again = origin_options_default();
    int length =
        snprintf(text, sizeof(text),
                 "seed=%" PRIu64 ",errors=%.17f%%,size=%" PRIu64 "B,jitter=%" PRId64 "ns,latency=%" PRId64 "ns",
                 options->seed, options->error_share * 100, options->body_bytes, options->jitter, options->latency);
    if (options->bytes_per_second > 0)
        length +=
            snprintf(text + length, sizeof(text) - (size_t)length, ",rate=%" PRIu64 "/s", options->bytes_per_second);
    if (options->requests_per_second > 0)
        length +=
            snprintf(text + length, sizeof(text) - (size_t)length, ",limit=%.17f/s", options->requests_per_second);
    if (options->has_tls)
        snprintf(text + length, sizeof(text) - (size_t)length, ",tls");
    require(origin_options_parse(text, &again, NULL) == 0);
    require(fabs(again.error_share - options->error_share) < 1e-13);
    require(fabs(again.requests_per_second - options->requests_per_second) <= 1e-13 * options->requests_per_second);
    again.error_share = options->error_share;
    again.requests_per_second = options->requests_per_second;
    require(is_same(options, &again));
}

/* Addresses */

#define TOKEN "abcDEF-_019"

static bool is_dot(const char *part, size_t length, bool is_decoded)
{
    while (length > 0) {
        size_t dot = *part == '.' ? 1 : !is_decoded && length >= 3 && strncasecmp(part, "%2e", 3) == 0 ? 3 : 0;
        if (dot == 0)
            return false;
        part += dot;
        length -= dot;
    }
    return true;
}

/* As programs do it (RFC 3986, 5.2.4; the URL standard of browsers): parts that are dots, encoded or not, lead nowhere
 * and upwards, "\\" is "/", and "//" is "/". */
static void normalise(char *target, bool is_decoded)
{
    char *query = strchr(target, '?');
    char *end = query != NULL ? query : target + strlen(target);
    char *to = target;
    for (char *from = target; from < end;) {
        char *part = from + 1;
        size_t length = 0;
        while (part + length < end && part[length] != '/' && part[length] != '\\')
            length++;
        bool is_up = length > 1 && is_dot(part, length, is_decoded);
        if (is_up) {
            while (to > target && *--to != '/')
                continue;
        } else if (length > 0 && !is_dot(part, length, is_decoded)) {
            *to++ = '/';
            memmove(to, part, length);
            to += length;
        }
        from = part + length;
    }
    memmove(to, end, strlen(end) + 1);
}

/* Decodes the target, as far as the characters can stand in one. */
static void decode(char *target)
{
    char *to = target;
    for (const char *from = target; *from != '\0';) {
        unsigned value;
        if (from[0] == '%' && from[1] != '\0' && from[2] != '\0' && sscanf(from + 1, "%2x", &value) == 1 &&
            value > ' ') {
            *to++ = (char)value;
            from += 3;
        } else {
            *to++ = *from++;
        }
    }
    *to = '\0';
}

static void require_number(const char *target, uint32_t trial, uint32_t number)
{
    uint32_t trial_read;
    uint32_t number_read;
    require(address_read(target, TOKEN, &trial_read, &number_read) == ADDRESS_RIGHT);
    require(trial_read == trial && number_read == number);
}

static void check_address(const char *text, size_t length)
{
    static const char unsafe[] = " \"'\\<>[]{}^`|#";
    const struct journal_url url = {.text = text, .length = (uint32_t)length, .is_tls = length % 2 == 1};
    uint32_t number = (uint32_t)length * UINT32_C(2654435761);
    /* Just as large as it may become. */
    char *address = malloc(ADDRESS_HEAD_BYTES + ADDRESS_CHARACTER_BYTES * length);
    require(address != NULL);
    size_t written = address_write(address, TOKEN, number / 3, number, &url);
    require(strlen(address) == written);
    for (const char *c = address; *c != '\0'; c++)
        require(*c > ' ' && *c < 0x7f && strchr(unsafe, *c) == NULL);
    require_number(address, number / 3, number);
    char *changed = strdup(address);
    require(changed != NULL);
    normalise(changed, false);
    require_number(changed, number / 3, number);
    decode(changed);
    require_number(changed, number / 3, number);
    free(changed);
    decode(address);
    normalise(address, true);
    require_number(address, number / 3, number);
    free(address);
}

static void check_target(const char *target)
{
    uint32_t trial = 0;
    uint32_t number = 0;
    char again[64];
    if (address_read(target, TOKEN, &trial, &number) != ADDRESS_RIGHT)
        return;
    snprintf(again, sizeof(again), "/" TOKEN "/%" PRIu32 "/%" PRIu32 "/", trial, number);
    require(strstr(target, again) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct origin_options options = unset();
    struct origin_options turned = unset();
    struct origin_options defaults = origin_options_default();
    struct error error = {0};
    const struct origin_options before = options;
    /* Just as large as the text, so that the address sanitizer sees a byte too many. */
    char *text = strndup((const char *)data, size);
    require(text != NULL);
    char *opposite = turn_round(text);
    if (origin_options_parse(text, &options, &error) == 0) {
        require(error.kind == ERROR_NONE);
        check_ranges(&options);
        require(origin_options_parse(opposite, &turned, &error) == 0 && is_same(&options, &turned));
        require(origin_options_parse(text, &defaults, &error) == 0);
        check_description(&defaults);
        check_again(&defaults);
    } else {
        require(is_same(&options, &before));
        require(error.kind == ERROR_USAGE && strncmp(error.message, "--origin", 8) == 0);
        require(origin_options_parse(opposite, &turned, &error) == -1 && is_same(&turned, &before));
    }
    check_address(text, strlen(text));
    check_target(text);
    free(text);
    free(opposite);
    return 0;
}
