#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/analysis/metrics.h"
#include "conc_bench/base/number.h"
#include "conc_bench/base/text.h"
#include "conc_bench/base/text_buffer.h"
#include "option_table.h"

/* Values of our own options that are more than one of a type. */

#define RATE_MAX 1e7

enum { AUTO_RUNS = 10, RUNS_MAX = 10000 };

int option_refuse_mode(const struct value *value)
{
    struct text_guess guess = {.word = value->text};
    struct text_buffer known = {0};
    for (size_t i = 0; mode_registry[i] != NULL; i++) {
        if ((mode_registry[i]->traits & MODE_HIDDEN) != 0)
            continue;
        text_guess_consider(&guess, mode_registry[i]->name);
        text_guess_consider(&guess, mode_registry[i]->aliases);
    }
    mode_add_names(&known);
    for (size_t i = 0; value->options != NULL && i < value->options->client_count; i++) {
        text_guess_consider(&guess, value->options->clients[i].name);
        text_buffer_add(&known, ", %s", value->options->clients[i].name);
    }
    if (guess.best[0] != '\0')
        error_set(value->error, ERROR_USAGE, "--%s: unknown mode \"%s\"; did you mean \"%s\"? Known are %s",
                  value->name, value->text, guess.best, text_buffer_text(&known));
    else
        error_set(value->error, ERROR_USAGE, "--%s: unknown mode \"%.100s\"; known are %s", value->name, value->text,
                  text_buffer_text(&known));
    text_buffer_release(&known);
    return -1;
}

const struct mode *options_find_mode(const struct options *options, const char *name)
{
    for (size_t i = 0; i < options->client_count; i++) {
        if (strcmp(options->clients[i].name, name) == 0)
            return &options->clients[i].mode;
    }
    return mode_find(name);
}

bool options_have_mode(const struct options *options, const struct mode *mode)
{
    for (size_t i = 0; i < options->mode_count; i++) {
        if (options->modes[i] == mode)
            return true;
    }
    return false;
}

static void add_mode(struct options *options, const struct mode *mode)
{
    if (options_have_mode(options, mode))
        return;
    assert(options->mode_count < MODES_MAX);
    options->modes[options->mode_count++] = mode;
}

static int read_mode(const struct value *value)
{
    if (strcmp(value->text, "all") == 0) {
        for (size_t i = 0; mode_registry[i] != NULL; i++) {
            if ((mode_registry[i]->traits & MODE_HIDDEN) == 0)
                add_mode(value->options, mode_registry[i]);
        }
        return 0;
    }
    const struct mode *mode = mode_find(value->text);
    if (mode == NULL)
        return option_refuse_mode(value);
    add_mode(value->options, mode);
    return 0;
}

int store_modes(const struct value *value)
{
    return option_read_items(value, read_mode);
}

/* Another meaning of the name, where modes are named; NULL: it has none. */
static const char *find_other_meaning(const struct options *options, const char *name)
{
    if (mode_find(name) != NULL)
        return "a mode";
    if (options_find_mode(options, name) != NULL)
        return "another client";
    if (metric_find(name) != METRIC_COUNT)
        return "a metric";
    return strcmp(name, "all") == 0 ? "all modes" : NULL;
}

int store_client(const struct value *value)
{
    struct options *options = value->options;
    if (options->client_count == CLIENTS_MAX)
        return error_set(value->error, ERROR_USAGE, "--%s is given more than %d times: use fewer", value->name,
                         CLIENTS_MAX);
    /* Room for all at once: modes point into it. */
    if (options->clients == NULL)
        options->clients = calloc(CLIENTS_MAX, sizeof(options->clients[0]));
    if (options->clients == NULL)
        return error_set(value->error, ERROR_ENVIRONMENT, "no memory for the value of --%s", value->name);
    struct client *client = &options->clients[options->client_count];
    if (client_make(value->text, client, value->error) != 0)
        return -1;
    const char *meaning = find_other_meaning(options, client->name);
    if (meaning != NULL)
        return error_set(value->error, ERROR_USAGE, "--%s: \"%s\" is the name of %s: choose another", value->name,
                         client->name, meaning);
    options->client_count++;
    return 0;
}

/* Numbers of workers, or of machines. */
struct number_list {
    const struct value *value;
    uint32_t *items;
    size_t *count;
    bool doubles; /* "1..50": each number twice the one before, with the end included; else one more than that */
};

enum { NUMBERS_MAX = sizeof(((struct options *)0)->workers) / sizeof(uint32_t) };

static int add_number(const struct number_list *list, uint32_t number)
{
    for (size_t i = 0; i < *list->count; i++) {
        if (list->items[i] == number)
            return 0;
    }
    if (*list->count == NUMBERS_MAX)
        return error_set(list->value->error, ERROR_USAGE, "--%s has more than %d different numbers: use fewer",
                         list->value->name, NUMBERS_MAX);
    list->items[(*list->count)++] = number;
    return 0;
}

static int read_range(const struct number_list *list, const struct value *low, const struct value *high)
{
    uint64_t first, last;
    if (option_read_count(low, 1, WORKERS_MAX, &first) != 0 || option_read_count(high, 1, WORKERS_MAX, &last) != 0)
        return -1;
    if (first > last)
        return error_set(low->error, ERROR_USAGE,
                         "--%s: a range goes upwards, not from %" PRIu64 " to %" PRIu64 ": write %" PRIu64 "..%" PRIu64,
                         low->name, first, last, last, first);
    for (uint64_t number = first; number < last; number += list->doubles ? number : 1) {
        if (add_number(list, (uint32_t)number) != 0)
            return -1;
    }
    return add_number(list, (uint32_t)last);
}

static int read_numbers(const struct number_list *list)
{
    const struct value *value = list->value;
    const char *dots = strstr(value->text, "..");
    uint64_t number;
    unsigned low_end, high_end;
    char rest;
    if (sscanf(value->text, "%5u-%5u%c", &low_end, &high_end, &rest) == 2 && value->text[0] != '-')
        return error_set(value->error, ERROR_USAGE, "--%s %s: a range is written with two dots: %u..%u", value->name,
                         value->text, low_end, high_end);
    if (dots == NULL)
        return option_read_count(value, 1, WORKERS_MAX, &number) == 0 ? add_number(list, (uint32_t)number) : -1;
    struct value low = *value, high = *value;
    char first[32];
    /* A text too long for any number is refused as a whole: cut off, it might become a number. */
    if (dots - value->text >= (ptrdiff_t)sizeof(first))
        return option_read_count(value, 1, WORKERS_MAX, &number);
    snprintf(first, sizeof(first), "%.*s", (int)(dots - value->text), value->text);
    low.text = first;
    high.text = dots + 2;
    return read_range(list, &low, &high);
}

static int read_workers(const struct value *value)
{
    struct options *options = value->options;
    return read_numbers(&(struct number_list){value, options->workers, &options->worker_count, true});
}

static int read_machines(const struct value *value)
{
    struct options *options = value->options;
    return read_numbers(&(struct number_list){value, options->machines, &options->machine_count, false});
}

int store_machines(const struct value *value)
{
    return option_read_items(value, read_machines);
}

int store_workers(const struct value *value)
{
    value->options->workers_auto = strcmp(value->text, "auto") == 0;
    if (value->options->workers_auto)
        return read_workers(
            &(struct value){.name = value->name, .text = "1", .options = value->options, .error = value->error});
    return option_read_items(value, read_workers);
}

static int add_rate(const struct value *value, double rate)
{
    struct options *options = value->options;
    for (size_t i = 0; i < options->rate_count; i++) {
        if (options->rates[i] == rate)
            return 0;
    }
    if (options->rate_count == RATES_MAX)
        return error_set(value->error, ERROR_USAGE, "--%s has more than %d different rates: use fewer", value->name,
                         RATES_MAX);
    options->rates[options->rate_count++] = rate;
    options->arrivals.rate = fmax(options->arrivals.rate, rate);
    return 0;
}

static int parse_rate(const struct value *value, const char *text, double *rate)
{
    if (number_parse_rate(text, rate) == 0 && *rate <= RATE_MAX)
        return 0;
    return error_set(value->error, ERROR_USAGE,
                     "--%s must be a number of downloads a second, such as 500/s or 0.5/s, above 0 and at most "
                     "%.0f/s, several such as 100/s..3200/s, which doubles, or auto (got \"%s\")",
                     value->name, RATE_MAX, value->text);
}

/* "500/s", or "100/s..3200/s": doubling, with the end included. */
static int read_rates(const struct value *value)
{
    const char *dots = strstr(value->text, "..");
    double first, last;
    char low[32] = "";
    if (dots == NULL)
        return parse_rate(value, value->text, &first) == 0 ? add_rate(value, first) : -1;
    if (dots - value->text < (ptrdiff_t)sizeof(low))
        snprintf(low, sizeof(low), "%.*s", (int)(dots - value->text), value->text);
    if (parse_rate(value, low, &first) != 0 || parse_rate(value, dots + 2, &last) != 0)
        return -1;
    if (first > last)
        return error_set(value->error, ERROR_USAGE,
                         "--%s: a range goes upwards, not from %s/s to %s/s: write %s/s..%s/s", value->name,
                         NUMBER(6, first), NUMBER(6, last), NUMBER(6, last), NUMBER(6, first));
    for (double rate = first; rate < last; rate *= 2) {
        if (add_rate(value, rate) != 0)
            return -1;
    }
    return add_rate(value, last);
}

int store_rate(const struct value *value)
{
    struct options *options = value->options;
    options->rate_count = 0;
    options->arrivals.rate = 0;
    options->rate_auto = strcmp(value->text, "auto") == 0;
    return options->rate_auto ? 0 : option_read_items(value, read_rates);
}

int store_objective(const struct value *value)
{
    if (objective_parse(value->text, value->field) == 0)
        return 0;
    return error_set(value->error, ERROR_USAGE,
                     "--%s must be a bound of a figure of response times (mean, p50, p95, p99 or max), such as "
                     "'p99 < 200ms' (got \"%s\")",
                     value->name, value->text);
}

int store_runs(const struct value *value)
{
    uint64_t runs = AUTO_RUNS;
    value->options->runs_auto = strcmp(value->text, "auto") == 0;
    if (!value->options->runs_auto && (number_parse_count(value->text, &runs) != 0 || runs < 1 || runs > RUNS_MAX))
        return error_set(value->error, ERROR_USAGE, "--%s must be auto or a whole number from 1 to %d (got \"%s\")",
                         value->name, RUNS_MAX, value->text);
    value->options->runs = (uint32_t)runs;
    return 0;
}

int store_seed(const struct value *value)
{
    value->options->has_seed = true;
    /* JSON documents hold it as a signed number, and are to give it back. */
    return option_read_count(value, 0, INT64_MAX, &value->options->seed);
}

bool options_have_connections(const struct options *options, enum connection_policy connections)
{
    for (size_t i = 0; i < options->connection_count; i++) {
        if (options->connections[i] == connections)
            return true;
    }
    return false;
}

static int read_connections(const struct value *value)
{
    int choice = option_read_name(value, connection_policy_names);
    if (choice < 0)
        return -1;
    if (options_have_connections(value->options, (enum connection_policy)choice))
        return error_set(value->error, ERROR_USAGE, "--%s has %s twice: each is compared once", value->name,
                         value->text);
    value->options->connections[value->options->connection_count++] = (enum connection_policy)choice;
    return 0;
}

int store_connections(const struct value *value)
{
    value->options->connection_count = 0;
    return option_read_items(value, read_connections);
}

int store_tolerance(const struct value *value)
{
    struct tolerance *tolerance = value->field;
    *tolerance = (struct tolerance){.is_status_only = strcmp(value->text, "status") == 0};
    if (tolerance->is_status_only)
        return 0;
    if (number_parse_ratio(value->text, &tolerance->share) == 0 && tolerance->share > 0 && tolerance->share <= 1)
        return 0;
    return error_set(value->error, ERROR_USAGE,
                     "--%s must be status or a share such as 5%%, above 0 and at most 100%% (got \"%s\")", value->name,
                     value->text);
}

static int read_script_time(const struct value *value)
{
    struct value item = *value;
    item.field = &value->options->script[value->options->script_count++];
    return store_time(&item);
}

int store_script(const struct value *value)
{
    size_t count = 1;
    for (const char *comma = strchr(value->text, ','); comma != NULL; comma = strchr(comma + 1, ','))
        count++;
    value->options->script = calloc(count, sizeof(value->options->script[0]));
    if (value->options->script == NULL)
        return error_set(value->error, ERROR_ENVIRONMENT, "no memory for the value of --%s", value->name);
    return option_read_items(value, read_script_time);
}

int store_origin(const struct value *value)
{
    value->options->use_origin = true;
    return value->text == NULL ? 0 : origin_options_parse(value->text, &value->options->origin, value->error);
}

static const char *const export_names[EXPORT_COUNT] = {
    [EXPORT_JSON] = "export-json",
    [EXPORT_CSV] = "export-csv",
    [EXPORT_REQUESTS_CSV] = "export-requests-csv",
    [EXPORT_URLS_CSV] = "export-urls-csv",
    [EXPORT_MARKDOWN] = "export-markdown",
    [EXPORT_HTML] = "export-html",
    [EXPORT_JUNIT] = "export-junit",
    [EXPORT_TRACE] = "export-trace",
};

const char *options_name_export(enum export_format format)
{
    return export_names[format];
}

int store_export(const struct value *value)
{
    size_t format = 0;
    while (strcmp(export_names[format], value->name) != 0)
        format++;
    value->options->per_url |= format == EXPORT_URLS_CSV;
    return store_file(value);
}

/* Keeps them ascending, each once. */
static int add_percentile(const struct value *value, double percent)
{
    struct format *format = &value->options->format;
    size_t place = 0;
    while (place < format->percentile_count && format->percentiles[place] < percent)
        place++;
    if (place < format->percentile_count && format->percentiles[place] == percent)
        return 0;
    if (format->percentile_count == PERCENTILES_MAX)
        return error_set(value->error, ERROR_USAGE, "--%s has more than %d percentiles: use fewer", value->name,
                         PERCENTILES_MAX);
    for (size_t i = format->percentile_count++; i > place; i--)
        format->percentiles[i] = format->percentiles[i - 1];
    format->percentiles[place] = percent;
    return 0;
}

static int read_percentile(const struct value *value)
{
    static const struct {
        const char *text;
        double percent;
    } fine[] = {{"99.5", 99.5}, {"99.9", 99.9}, {"99.95", 99.95}, {"99.99", 99.99}};
    uint64_t whole;
    if (number_parse_count(value->text, &whole) == 0 && whole >= 1 && whole <= 99)
        return add_percentile(value, (double)whole);
    for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
        if (strcmp(value->text, fine[i].text) == 0)
            return add_percentile(value, fine[i].percent);
    }
    return error_set(value->error, ERROR_USAGE,
                     "--%s must be numbers from 1 to 99, or 99.5, 99.9, 99.95, 99.99 (got \"%s\")", value->name,
                     value->text);
}

int store_percentiles(const struct value *value)
{
    value->options->format.percentile_count = 0;
    return option_read_items(value, read_percentile);
}

int store_check(const struct value *value)
{
    return check_list_add(value->field, value->text, value->error);
}

int store_assertion(const struct value *value)
{
    struct options *options = value->options;
    struct assertion *longer = realloc(options->assertions, (options->assertion_count + 1) * sizeof(*longer));
    const char **texts = realloc(options->assertion_texts, (options->assertion_count + 1) * sizeof(*texts));
    options->assertions = longer != NULL ? longer : options->assertions;
    options->assertion_texts = texts != NULL ? texts : options->assertion_texts;
    if (longer == NULL || texts == NULL)
        return error_set(value->error, ERROR_ENVIRONMENT, "no memory for the value of --%s", value->name);
    if (assertion_parse(value->text, &longer[options->assertion_count], value->error) != 0)
        return -1;
    texts[options->assertion_count++] = value->text;
    return 0;
}

int store_baseline(const struct value *value)
{
    struct options *options = value->options;
    if (value->text[0] == '\0')
        return error_set(value->error, ERROR_USAGE, "--%s must be a file or a folder, not an empty name", value->name);
    const char **paths = realloc(options->baselines, (options->baseline_count + 1) * sizeof(*paths));
    if (paths == NULL)
        return error_set(value->error, ERROR_ENVIRONMENT, "no memory for the value of --%s", value->name);
    options->baselines = paths;
    paths[options->baseline_count++] = value->text;
    return 0;
}

int store_reference(const struct value *value)
{
    /* The clients are known only when all options are read. */
    value->options->reference = value->text;
    return 0;
}

int store_completion(const struct value *value)
{
    static const char *const names[] = {[SHELL_BASH] = "bash", [SHELL_ZSH] = "zsh", [SHELL_FISH] = "fish", NULL};
    int choice = option_read_name(value, names);
    if (choice < 0)
        return -1;
    value->options->show_completion = true;
    value->options->shell = (enum shell)choice;
    return 0;
}
