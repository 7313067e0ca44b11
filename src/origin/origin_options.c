#include "conc_bench/origin/origin.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <math.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "conc_bench/base/number.h"
#include "conc_bench/base/text_buffer.h"

#define HOUR     (3600 * NANOSECONDS_PER_SECOND)
#define TEBIBYTE (UINT64_C(1) << 40)

/* Faster than memory. What a line of the rate would have carried by now is counted in 64 bits, which a body that takes
 * seconds would overflow at much higher rates. */
#define FASTEST_RATE TEBIBYTE

/* One request in a quarter of an hour is as slow as anyone can mean; slower overflows instants. */
#define SLOWEST_LIMIT 0.001

struct origin_options origin_options_default(void)
{
    return (struct origin_options){
        .latency = 20 * NANOSECONDS_PER_MILLISECOND,
        .body_bytes = UINT64_C(16) * 1024,
        .seed = 1,
    };
}

enum reading { READ_WELL, READ_NOT, READ_OUT_OF_RANGE };

static enum reading read_duration(const char *text, nanoseconds *duration)
{
    nanoseconds value;
    if (number_parse_duration(text, false, &value) != 0)
        return READ_NOT;
    if (value < 0 || value > HOUR)
        return READ_OUT_OF_RANGE;
    *duration = value;
    return READ_WELL;
}

static enum reading read_latency(const char *text, struct origin_options *options)
{
    return read_duration(text, &options->latency);
}

static enum reading read_jitter(const char *text, struct origin_options *options)
{
    return read_duration(text, &options->jitter);
}

static enum reading read_size(const char *text, struct origin_options *options)
{
    uint64_t bytes;
    if (number_parse_size(text, &bytes) != 0)
        return READ_NOT;
    if (bytes > TEBIBYTE)
        return READ_OUT_OF_RANGE;
    options->body_bytes = bytes;
    return READ_WELL;
}

static enum reading read_rate(const char *text, struct origin_options *options)
{
    uint64_t rate;
    if (number_parse_byte_rate(text, &rate) != 0)
        return READ_NOT;
    if (rate == 0 || rate > FASTEST_RATE)
        return READ_OUT_OF_RANGE;
    options->bytes_per_second = rate;
    return READ_WELL;
}

static enum reading read_limit(const char *text, struct origin_options *options)
{
    double rate;
    if (number_parse_rate(text, &rate) != 0)
        return READ_NOT;
    if (!isfinite(rate) || rate < SLOWEST_LIMIT)
        return READ_OUT_OF_RANGE;
    options->requests_per_second = rate;
    return READ_WELL;
}

static enum reading read_errors(const char *text, struct origin_options *options)
{
    return number_parse_share(text, &options->error_share) == 0 ? READ_WELL : READ_NOT;
}

static enum reading read_seed(const char *text, struct origin_options *options)
{
    return number_parse_count(text, &options->seed) == 0 ? READ_WELL : READ_NOT;
}

static enum reading read_tls(const char *text, struct origin_options *options)
{
    (void)text;
    options->has_tls = true;
    return READ_WELL;
}

static enum reading read_each(const char *text, struct origin_options *options)
{
    (void)text;
    options->is_each = true;
    return READ_WELL;
}

static enum reading read_address(const char *text, struct origin_options *options)
{
    struct in_addr address;
    if (inet_pton(AF_INET, text, &address) != 1)
        return READ_NOT;
    if (address.s_addr == htonl(INADDR_ANY) || address.s_addr == htonl(INADDR_BROADCAST))
        return READ_OUT_OF_RANGE;
    snprintf(options->address, sizeof(options->address), "%s", text);
    return READ_WELL;
}

static const struct key {
    const char *name;
    const char *form; /* NULL: no value */
    const char *range;
    enum reading (*read)(const char *text, struct origin_options *options);
} keys[] = {
    {"latency", "a duration such as 20ms", "at most 1h", read_latency},
    {"jitter", "a duration such as 5ms", "at most 1h", read_jitter},
    {"size", "a size such as 16KiB", "at most 1TiB", read_size},
    {"rate", "bytes per second such as 10MB/s", "more than 0 and at most 1TiB/s", read_rate},
    {"limit", "requests per second such as 100/s", "at least 0.001/s", read_limit},
    {"errors", "a share from 0 to 100% such as 1%", "", read_errors},
    {"seed", "a whole number such as 1", "", read_seed},
    {"tls", NULL, "", read_tls},
    {"each", NULL, "", read_each},
    {"address", "an IPv4 address such as 10.0.0.1", "an address of one interface", read_address},
};

enum { KEY_COUNT = sizeof(keys) / sizeof(keys[0]) };

static const struct key *find_key(const char *name)
{
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (strcmp(keys[i].name, name) == 0)
            return &keys[i];
    }
    return NULL;
}

static int refuse_key(const char *name, struct error *error)
{
    struct text_buffer known = {0};
    for (size_t i = 0; i < KEY_COUNT; i++) {
        const char *separator = i == 0 ? "" : i + 1 < KEY_COUNT ? ", " : " and ";
        text_buffer_add(&known, "%s%s", separator, keys[i].name);
    }
    error_set(error, ERROR_USAGE, "--origin: unknown key \"%s\": known are %s", name, text_buffer_text(&known));
    text_buffer_release(&known);
    return -1;
}

/* One "KEY=VALUE", which is taken apart in place. `is_given` remembers the keys seen. */
static int read_item(char *item, struct origin_options *options, bool is_given[KEY_COUNT], struct error *error)
{
    char *value = strchr(item, '=');
    if (value != NULL)
        *value++ = '\0';
    if (*item == '\0')
        return error_set(error, ERROR_USAGE, "--origin must be KEY=VALUE, separated by commas, such as latency=20ms");
    const struct key *key = find_key(item);
    if (key == NULL)
        return refuse_key(item, error);
    if (value != NULL && key->form == NULL)
        return error_set(error, ERROR_USAGE, "--origin: %s has no value: write %s alone", item, item);
    if (value == NULL && key->form != NULL)
        return error_set(error, ERROR_USAGE, "--origin: %s must be %s: write %s=VALUE", item, key->form, item);
    if (is_given[key - keys])
        return error_set(error, ERROR_USAGE, "--origin: %s is given twice", item);
    is_given[key - keys] = true;
    switch (key->read(value, options)) {
    case READ_WELL:
        return 0;
    case READ_NOT:
        return error_set(error, ERROR_USAGE, "--origin: %s must be %s (got \"%s\")", item, key->form, value);
    case READ_OUT_OF_RANGE:
        break;
    }
    return error_set(error, ERROR_USAGE, "--origin: %s must be %s (got \"%s\")", item, key->range, value);
}

int origin_options_parse(const char *text, struct origin_options *options, struct error *error)
{
    char *copy = strdup(text);
    if (copy == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the options of --origin");
    /* Options are changed all or not at all, so that a caller may go on after an error. */
    struct origin_options run = *options;
    bool is_given[KEY_COUNT] = {false};
    int status = 0;
    char *rest = copy;
    while (status == 0 && rest != NULL) {
        char *item = rest;
        rest = strchr(item, ',');
        if (rest != NULL)
            *rest++ = '\0';
        status = read_item(item, &run, is_given, error);
    }
    free(copy);
    if (status == 0 && run.is_each && run.address[0] != '\0')
        status = error_set(error, ERROR_USAGE,
                           "--origin: address does not go with each, where every machine asks itself: leave one out");
    if (status == 0)
        *options = run;
    return status;
}

/* A duration as people type it, where it is a whole number of units; the rounded form would say "20.0 ms" of 20 ms. */
static char *format_duration(char *buffer, size_t size, nanoseconds duration)
{
    if (duration != 0 && duration % NANOSECONDS_PER_SECOND == 0)
        snprintf(buffer, size, "%" PRId64 " s", duration / NANOSECONDS_PER_SECOND);
    else if (duration % NANOSECONDS_PER_MILLISECOND == 0)
        snprintf(buffer, size, "%" PRId64 " ms", duration / NANOSECONDS_PER_MILLISECOND);
    else
        number_format_duration(buffer, size, duration);
    return buffer;
}

char *origin_options_describe(const struct origin_options *options, char *buffer, size_t size)
{
    char latency[32], jitter[48] = "", bodies[32], rate[64] = "", limit[64] = "", errors[48] = "", item[32];
    format_duration(latency, sizeof(latency), options->latency);
    if (options->jitter > 0)
        snprintf(jitter, sizeof(jitter), " ± %s", format_duration(item, sizeof(item), options->jitter));
    number_format_size(bodies, sizeof(bodies), (double)options->body_bytes);
    if (options->bytes_per_second > 0)
        snprintf(rate, sizeof(rate), ", %s/s on each connection",
                 number_format_size(item, sizeof(item), (double)options->bytes_per_second));
    if (options->requests_per_second > 0)
        snprintf(limit, sizeof(limit), ", at most %s requests/s", NUMBER(6, options->requests_per_second));
    if (options->error_share > 0)
        snprintf(errors, sizeof(errors), ", %s %% errors", NUMBER(6, options->error_share * 100));
    snprintf(buffer, size, "latency %s%s, %s bodies%s%s%s%s", latency, jitter, bodies, rate, limit, errors,
             options->has_tls ? ", TLS for https" : "");
    return buffer;
}
