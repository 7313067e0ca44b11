#include "table.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/number.h"
#include "conc_bench/plan.h"
#include "conc_bench/text.h"

#define HOUR (3600 * NANOSECONDS_PER_SECOND)

/* Durations longer than this are slips of the pen, and would overflow sums of instants. */
#define DURATION_MAX (720 * HOUR)

/* CPU work and scripted times are multiplied by workers and downloads, so they have less room. */
#define UNIT_DURATION_MAX HOUR

#define FILESIZE_MAX UINT64_C(1000000000000000)

enum { AUTO_RUNS = 10, RUNS_MAX = 10000, WARMUP_MAX = 1000, REPEAT_MAX = 1000000000, REDIRECTS_MAX = 50 };

/* What values have in common */

static int read_count(const struct value *value, uint64_t low, uint64_t high, uint64_t *count)
{
    if (number_parse_count(value->text, count) == 0 && *count >= low && *count <= high)
        return 0;
    return error_set(value->error, ERROR_USAGE, "--%s wants a whole number from %" PRIu64 " to %" PRIu64 ", not \"%s\"",
                     value->name, low, high, value->text);
}

static int read_count32(const struct value *value, uint32_t low, uint32_t high, uint32_t *count)
{
    uint64_t wide;
    if (read_count(value, low, high, &wide) != 0)
        return -1;
    *count = (uint32_t)wide;
    return 0;
}

static int read_time(const struct value *value, nanoseconds low, nanoseconds high, nanoseconds *duration)
{
    if (number_parse_duration(value->text, false, duration) == 0 && *duration >= low && *duration <= high)
        return 0;
    return error_set(value->error, ERROR_USAGE,
                     "--%s wants a duration with its unit, such as 500ms or 1.5s, %s and at most %" PRId64
                     "h, not \"%s\"",
                     value->name, low > 0 ? "above 0" : "from 0", high / HOUR, value->text);
}

/* As curl has it: a bare number is seconds. */
static int read_timeout(const struct value *value, nanoseconds *duration)
{
    if (number_parse_duration(value->text, true, duration) == 0 && *duration > 0 && *duration <= DURATION_MAX)
        return 0;
    return error_set(value->error, ERROR_USAGE,
                     "--%s wants seconds or a duration, such as 30 or 500ms, above 0 and at most %" PRId64
                     "h, not \"%s\"",
                     value->name, DURATION_MAX / HOUR, value->text);
}

int option_read_name(const struct value *value, const char *const *names)
{
    char known[128] = "";
    for (int i = 0; names[i] != NULL; i++) {
        if (strcmp(value->text, names[i]) == 0)
            return i;
        size_t used = strlen(known);
        snprintf(known + used, sizeof(known) - used, "%s%s",
                 i == 0                 ? ""
                 : names[i + 1] == NULL ? " or "
                                        : ", ",
                 names[i]);
    }
    return error_set(value->error, ERROR_USAGE, "--%s wants %s, not \"%s\"", value->name, known, value->text);
}

/* Gives each item between commas to `read_item`; an empty one too, which no reader takes. */
static int read_items(const struct value *list, int (*read_item)(const struct value *item))
{
    char *copy = strdup(list->text);
    if (copy == NULL)
        return error_set(list->error, ERROR_ENVIRONMENT, "no memory for the value of --%s", list->name);
    int status = 0;
    char *rest = copy;
    while (status == 0 && rest != NULL) {
        struct value item = *list;
        item.text = rest;
        rest = strchr(rest, ',');
        if (rest != NULL)
            *rest++ = '\0';
        status = read_item(&item);
    }
    free(copy);
    return status;
}

/* Workload */

int option_refuse_mode(const struct value *value)
{
    struct text_guess guess = {.word = value->text};
    for (size_t i = 0; mode_registry[i] != NULL; i++) {
        if ((mode_registry[i]->traits & MODE_HIDDEN) != 0)
            continue;
        text_guess_consider(&guess, mode_registry[i]->name);
        text_guess_consider(&guess, mode_registry[i]->aliases);
    }
    char known[256];
    mode_names(known, sizeof(known));
    if (guess.best[0] != '\0')
        return error_set(value->error, ERROR_USAGE, "--%s: unknown mode \"%s\"; did you mean \"%s\"? Known are %s",
                         value->name, value->text, guess.best, known);
    return error_set(value->error, ERROR_USAGE, "--%s: unknown mode \"%.100s\"; known are %s", value->name, value->text,
                     known);
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
    assert(options->mode_count < sizeof(options->modes) / sizeof(options->modes[0]));
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

static int apply_mode(const struct value *value)
{
    return read_items(value, read_mode);
}

static int add_workers(const struct value *value, uint32_t workers)
{
    struct options *options = value->options;
    enum { CAPACITY = sizeof(options->workers) / sizeof(options->workers[0]) };
    for (size_t i = 0; i < options->worker_count; i++) {
        if (options->workers[i] == workers)
            return 0;
    }
    if (options->worker_count == CAPACITY)
        return error_set(value->error, ERROR_USAGE, "--%s has more than %d different numbers: use fewer", value->name,
                         CAPACITY);
    options->workers[options->worker_count++] = workers;
    return 0;
}

/* "1..50": doubling, with the end included. */
static int read_worker_range(const struct value *low, const struct value *high)
{
    uint32_t first, last;
    if (read_count32(low, 1, WORKERS_MAX, &first) != 0 || read_count32(high, 1, WORKERS_MAX, &last) != 0)
        return -1;
    if (first > last)
        return error_set(low->error, ERROR_USAGE,
                         "--%s: a range goes upwards, not from %" PRIu32 " to %" PRIu32 ": write %" PRIu32 "..%" PRIu32,
                         low->name, first, last, last, first);
    for (uint32_t workers = first; workers < last; workers *= 2) {
        if (add_workers(low, workers) != 0)
            return -1;
    }
    return add_workers(low, last);
}

static int read_workers(const struct value *value)
{
    const char *dots = strstr(value->text, "..");
    uint32_t workers;
    if (dots == NULL)
        return read_count32(value, 1, WORKERS_MAX, &workers) == 0 ? add_workers(value, workers) : -1;
    struct value low = *value, high = *value;
    char first[32];
    /* What is too long for any number is refused as a whole: cut off, it might become one. */
    if (dots - value->text >= (ptrdiff_t)sizeof(first))
        return read_count32(value, 1, WORKERS_MAX, &workers);
    snprintf(first, sizeof(first), "%.*s", (int)(dots - value->text), value->text);
    low.text = first;
    high.text = dots + 2;
    return read_worker_range(&low, &high);
}

static int apply_workers(const struct value *value)
{
    value->options->workers_auto = strcmp(value->text, "auto") == 0;
    if (value->options->workers_auto)
        return add_workers(value, 1);
    return read_items(value, read_workers);
}

static int apply_copies(const struct value *value)
{
    return read_count32(value, 1, COPIES_MAX, &value->options->copies);
}

static int apply_handicap(const struct value *value)
{
    if (number_parse_ratio(value->text, &value->options->handicap) == 0 && value->options->handicap <= 1)
        return 0;
    return error_set(value->error, ERROR_USAGE, "--%s wants a share such as 5%%, at most 100%%, not \"%s\"",
                     value->name, value->text);
}

static int apply_repeat(const struct value *value)
{
    return read_count32(value, 1, REPEAT_MAX, &value->options->repeat);
}

static int apply_order(const struct value *value)
{
    static const char *const names[] = {"file", "shuffle", NULL};
    int choice = option_read_name(value, names);
    value->options->shuffle = choice == 1;
    return choice >= 0 ? 0 : -1;
}

static int apply_cpu_work(const struct value *value)
{
    return read_time(value, 0, UNIT_DURATION_MAX, &value->options->cpu_work);
}

/* Experiment */

static int apply_runs(const struct value *value)
{
    uint64_t runs = AUTO_RUNS;
    value->options->runs_auto = strcmp(value->text, "auto") == 0;
    if (!value->options->runs_auto && (number_parse_count(value->text, &runs) != 0 || runs < 1 || runs > RUNS_MAX))
        return error_set(value->error, ERROR_USAGE, "--%s wants auto or a whole number from 1 to %d, not \"%s\"",
                         value->name, RUNS_MAX, value->text);
    value->options->runs = (uint32_t)runs;
    return 0;
}

static int apply_time_budget(const struct value *value)
{
    return read_time(value, 1, DURATION_MAX, &value->options->time_budget);
}

static int apply_warmup(const struct value *value)
{
    return read_count32(value, 0, WARMUP_MAX, &value->options->warmup);
}

static int apply_seed(const struct value *value)
{
    value->options->has_seed = true;
    /* JSON documents hold it as a signed number, and are to give it back. */
    return read_count(value, 0, INT64_MAX, &value->options->seed);
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

static int apply_connections(const struct value *value)
{
    value->options->connection_count = 0;
    return read_items(value, read_connections);
}

static int apply_dns(const struct value *value)
{
    static const char *const names[] = {"pinned", "live", NULL};
    int choice = option_read_name(value, names);
    value->options->transfer.dns_live = choice == 1;
    return choice >= 0 ? 0 : -1;
}

static int apply_deadline(const struct value *value)
{
    return read_time(value, 1, DURATION_MAX, &value->options->deadline);
}

static int apply_no_isolate(const struct value *value)
{
    value->options->isolate = false;
    return 0;
}

static int read_script_time(const struct value *value)
{
    return read_time(value, 0, UNIT_DURATION_MAX, &value->options->script[value->options->script_count++]);
}

static int apply_script(const struct value *value)
{
    size_t count = 1;
    for (const char *comma = strchr(value->text, ','); comma != NULL; comma = strchr(comma + 1, ','))
        count++;
    value->options->script = calloc(count, sizeof(value->options->script[0]));
    if (value->options->script == NULL)
        return error_set(value->error, ERROR_ENVIRONMENT, "no memory for the value of --%s", value->name);
    return read_items(value, read_script_time);
}

/* Request and origin */

/* It is what is done anyway, and can be said. */
static int apply_location(const struct value *value)
{
    (void)value;
    return 0;
}

static int apply_max_redirs(const struct value *value)
{
    return read_count32(value, 0, REDIRECTS_MAX, &value->options->transfer.max_redirects);
}

static int apply_max_time(const struct value *value)
{
    return read_timeout(value, &value->options->transfer.max_time);
}

static int apply_connect_timeout(const struct value *value)
{
    return read_timeout(value, &value->options->transfer.connect_timeout);
}

static int apply_max_filesize(const struct value *value)
{
    uint64_t bytes;
    if (number_parse_size(value->text, &bytes) == 0 && bytes > 0 && bytes <= FILESIZE_MAX) {
        value->options->transfer.max_body = (int64_t)bytes;
        return 0;
    }
    return error_set(value->error, ERROR_USAGE,
                     "--%s wants a size such as 10MB or 1GiB, above 0 and at most 1 PB, not \"%s\"", value->name,
                     value->text);
}

static int apply_max_per_host(const struct value *value)
{
    return read_count32(value, 1, WORKERS_MAX, &value->options->max_per_host);
}

static int apply_origin(const struct value *value)
{
    value->options->use_origin = true;
    return value->text == NULL ? 0 : origin_options_parse(value->text, &value->options->origin, value->error);
}

/* Results */

static int read_file(const struct value *value, const char **path)
{
    if (value->text[0] == '\0')
        return error_set(value->error, ERROR_USAGE, "--%s wants a file, or - for standard %s, not an empty name",
                         value->name, strcmp(value->name, "import-json") == 0 ? "input" : "output");
    *path = value->text;
    return 0;
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

static int apply_export(const struct value *value)
{
    size_t format = 0;
    while (strcmp(export_names[format], value->name) != 0)
        format++;
    value->options->per_url |= format == EXPORT_URLS_CSV;
    return read_file(value, &value->options->exports[format]);
}

static int apply_import_json(const struct value *value)
{
    return read_file(value, &value->options->import_json);
}

static int apply_samples(const struct value *value)
{
    static const char *const names[] = {[SAMPLES_AUTO] = "auto", [SAMPLES_ALL] = "all", [SAMPLES_NONE] = "none", NULL};
    int choice = option_read_name(value, names);
    if (choice >= 0)
        value->options->samples = (enum sample_policy)choice;
    return choice >= 0 ? 0 : -1;
}

static int apply_per_url(const struct value *value)
{
    value->options->per_url = true;
    return 0;
}

static int apply_time_unit(const struct value *value)
{
    static const char *const names[] = {[TIME_UNIT_AUTO] = "auto",
                                        [TIME_UNIT_SECONDS] = "s",
                                        [TIME_UNIT_MILLISECONDS] = "ms",
                                        [TIME_UNIT_MICROSECONDS] = "us",
                                        NULL};
    int choice = option_read_name(value, names);
    if (choice >= 0)
        value->options->format.time_unit = (enum time_unit)choice;
    return choice >= 0 ? 0 : -1;
}

static int apply_color(const struct value *value)
{
    static const char *const names[] = {
        [COLOR_AUTO] = "auto", [COLOR_ALWAYS] = "always", [COLOR_NEVER] = "never", NULL};
    int choice = option_read_name(value, names);
    if (choice >= 0)
        value->options->color = (enum color_policy)choice;
    return choice >= 0 ? 0 : -1;
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
                     "--%s wants numbers from 1 to 99, or 99.5, 99.9, 99.95, 99.99, not \"%s\"", value->name,
                     value->text);
}

static int apply_percentiles(const struct value *value)
{
    value->options->format.percentile_count = 0;
    return read_items(value, read_percentile);
}

static int apply_quiet(const struct value *value)
{
    value->options->quiet = true;
    return 0;
}

static int apply_no_progress(const struct value *value)
{
    value->options->no_progress = true;
    return 0;
}

static int apply_assert(const struct value *value)
{
    struct options *options = value->options;
    struct claim *longer = realloc(options->claims, (options->claim_count + 1) * sizeof(*longer));
    const char **texts = realloc(options->claim_texts, (options->claim_count + 1) * sizeof(*texts));
    options->claims = longer != NULL ? longer : options->claims;
    options->claim_texts = texts != NULL ? texts : options->claim_texts;
    if (longer == NULL || texts == NULL)
        return error_set(value->error, ERROR_ENVIRONMENT, "no memory for the value of --%s", value->name);
    if (claim_parse(value->text, &longer[options->claim_count], value->error) != 0)
        return -1;
    texts[options->claim_count++] = value->text;
    return 0;
}

static int apply_baseline(const struct value *value)
{
    value->options->baseline = value->text;
    return 0;
}

static int apply_max_slowdown(const struct value *value)
{
    if (number_parse_ratio(value->text, &value->options->max_slowdown) == 0 && value->options->max_slowdown <= 10)
        return 0;
    return error_set(value->error, ERROR_USAGE, "--%s wants a share such as 5%%, from 0 to 1000%%, not \"%s\"",
                     value->name, value->text);
}

static int apply_force_baseline(const struct value *value)
{
    value->options->force_baseline = true;
    return 0;
}

static int apply_strict(const struct value *value)
{
    value->options->strict = true;
    return 0;
}

static int apply_allow_failures(const struct value *value)
{
    value->options->allow_failures = true;
    return 0;
}

static int apply_reference(const struct value *value)
{
    value->options->reference = mode_find(value->text);
    return value->options->reference != NULL ? 0 : option_refuse_mode(value);
}

/* Other */

static int apply_dry_run(const struct value *value)
{
    value->options->dry_run = true;
    return 0;
}

static int apply_completion(const struct value *value)
{
    static const char *const names[] = {[SHELL_BASH] = "bash", [SHELL_ZSH] = "zsh", [SHELL_FISH] = "fish", NULL};
    int choice = option_read_name(value, names);
    if (choice < 0)
        return -1;
    value->options->show_completion = true;
    value->options->shell = (enum shell)choice;
    return 0;
}

static int apply_help(const struct value *value)
{
    value->options->show_help = true;
    return 0;
}

static int apply_version(const struct value *value)
{
    value->options->show_version = true;
    return 0;
}

/* The one table. Help is a phrase; its default is added to it. */
const struct option_row option_rows[OPTION_COUNT] = {
    [OPTION_MODE] = {"mode", 0, "LIST", "all", GROUP_WORKLOAD, "modes to compare, comma-separated", apply_mode, 0},
    [OPTION_WORKERS] = {"workers", 'c', "LIST", "8", GROUP_WORKLOAD,
                        "downloads at once in each mode, such as 8 or 1,2,4; 1..64 doubles; auto searches",
                        apply_workers, 0},
    [OPTION_REPEAT] = {"repeat", 'n', "N", "1", GROUP_WORKLOAD, "go through the whole list N times", apply_repeat, 0},
    [OPTION_ORDER] = {"order", 0, "file|shuffle", "file", GROUP_WORKLOAD, "order of downloads in every mode",
                      apply_order, 0},
    [OPTION_CPU_WORK] = {"cpu-work", 0, "DURATION", "0", GROUP_WORKLOAD, "CPU time to spend on each response",
                         apply_cpu_work, 0},

    [OPTION_RUNS] = {"runs", 'r', "N|auto", "auto", GROUP_EXPERIMENT,
                     "measured rounds; auto: up to 10 in the time budget", apply_runs, 0},
    [OPTION_TIME_BUDGET] = {"time-budget", 0, "DURATION", "30s", GROUP_EXPERIMENT, "time that --runs auto may take",
                            apply_time_budget, 0},
    [OPTION_WARMUP] = {"warmup", 'w', "N", "1", GROUP_EXPERIMENT, "rounds before those that count", apply_warmup, 0},
    [OPTION_SEED] = {"seed", 0, "N", NULL, GROUP_EXPERIMENT, "repeat the random order of an earlier run", apply_seed,
                     0},
    [OPTION_CONNECTIONS] = {"connections", 0, "reuse|fresh|warm", "reuse", GROUP_EXPERIMENT,
                            "keep them, make one a download, or open them beforehand; fresh,reuse compares",
                            apply_connections, 0},
    [OPTION_COPIES] = {"copies", 0, "N", "1", GROUP_EXPERIMENT,
                       "run each mode N times over as if they were different; any difference told is false",
                       apply_copies, 0},
    [OPTION_HANDICAP] = {"handicap", 0, "SHARE", NULL, GROUP_HIDDEN,
                         "let the origin answer all copies but the first later", apply_handicap, 0},
    [OPTION_DNS] = {"dns", 0, "pinned|live", "pinned", GROUP_EXPERIMENT,
                    "resolve names once beforehand, or during the run", apply_dns, 0},
    [OPTION_DEADLINE] = {"deadline", 0, "DURATION", NULL, GROUP_EXPERIMENT,
                         "end a trial that takes longer (default: when hung)", apply_deadline, 0},
    [OPTION_NO_ISOLATE] = {"no-isolate", 0, NULL, NULL, GROUP_EXPERIMENT,
                           "run trials within this process, for debuggers", apply_no_isolate, 0},
    [OPTION_SCRIPT] = {"script", 0, "LIST", NULL, GROUP_HIDDEN, "service times of mode null", apply_script, 0},

    [OPTION_HEADER] = {"header", 'H', "HEADER|@FILE", NULL, GROUP_REQUEST,
                       "send 'Name: value'; 'Name:' leaves one out, 'Name;' sends it empty; @FILE has one a line, and "
                       "is the place for secrets (may be given several times)",
                       option_apply_request, OPTION_ADDS_UP},
    [OPTION_USER_AGENT] = {"user-agent", 'A', "NAME", NULL, GROUP_REQUEST,
                           "send this name instead of conc-bench's; \"\": none", option_apply_request, 0},
    [OPTION_REQUEST] = {"request", 'X', "METHOD", NULL, GROUP_REQUEST, "ask by this method, behind redirects as well",
                        option_apply_request, 0},
    [OPTION_HEAD] = {"head", 'I', NULL, NULL, GROUP_REQUEST, "ask for headers only", option_apply_request, 0},
    [OPTION_DATA] = {"data", 'd', "TEXT|@FILE", NULL, GROUP_REQUEST,
                     "post this, the same with every request; of files without line ends; several are joined by &",
                     option_apply_request, OPTION_ADDS_UP},
    [OPTION_DATA_BINARY] = {"data-binary", 0, "TEXT|@FILE", NULL, GROUP_REQUEST, "the same, of files as they are",
                            option_apply_request, OPTION_ADDS_UP},
    [OPTION_COMPRESSED] = {"compressed", 0, NULL, NULL, GROUP_REQUEST, "ask for compressed bodies and unpack them",
                           option_apply_request, 0},
    [OPTION_LOCATION] = {"location", 'L', NULL, NULL, GROUP_REQUEST, "follow redirects, as is done anyway",
                         apply_location, 0},
    [OPTION_MAX_REDIRS] = {"max-redirs", 0, "N", "10", GROUP_REQUEST, "redirects to follow; 0: none", apply_max_redirs,
                           0},
    [OPTION_MAX_TIME] = {"max-time", 0, "SECONDS", "30", GROUP_REQUEST, "limit of a download; also 500ms",
                         apply_max_time, 0},
    [OPTION_CONNECT_TIMEOUT] = {"connect-timeout", 0, "SECONDS", "10", GROUP_REQUEST,
                                "limit of name, TCP and TLS together", apply_connect_timeout, 0},
    [OPTION_MAX_FILESIZE] = {"max-filesize", 0, "SIZE", "1GiB", GROUP_REQUEST, "longest body; longer ones are given up",
                             apply_max_filesize, 0},
    [OPTION_MAX_PER_HOST] = {"max-per-host", 0, "N", "64", GROUP_REQUEST,
                             "downloads at once that one public host may get; more workers are refused",
                             apply_max_per_host, 0},
    [OPTION_INSECURE] = {"insecure", 'k', NULL, NULL, GROUP_REQUEST,
                         "do not verify who answers by TLS; every report says so", option_apply_request, 0},
    [OPTION_CACERT] = {"cacert", 0, "FILE", NULL, GROUP_REQUEST, "trust these certificates (PEM) and no others",
                       option_apply_request, 0},
    [OPTION_CAPATH] = {"capath", 0, "FOLDER", NULL, GROUP_REQUEST,
                       "trust the certificates of a folder made by c_rehash, too", option_apply_request, 0},
    [OPTION_CERT] = {"cert", 'E', "FILE", NULL, GROUP_REQUEST, "certificate to present (PEM)", option_apply_request, 0},
    [OPTION_KEY] = {"key", 0, "FILE", NULL, GROUP_REQUEST, "its private key, if --cert does not hold it",
                    option_apply_request, 0},
    [OPTION_TLSV1] = {"tlsv1", '1', NULL, NULL, GROUP_REQUEST, "TLS 1.0 or later", option_apply_request, 0},
    [OPTION_TLSV1_0] = {"tlsv1.0", 0, NULL, NULL, GROUP_REQUEST, "the same", option_apply_request, 0},
    [OPTION_TLSV1_1] = {"tlsv1.1", 0, NULL, NULL, GROUP_REQUEST, "TLS 1.1 or later", option_apply_request, 0},
    [OPTION_TLSV1_2] = {"tlsv1.2", 0, NULL, NULL, GROUP_REQUEST, "TLS 1.2 or later", option_apply_request, 0},
    [OPTION_TLSV1_3] = {"tlsv1.3", 0, NULL, NULL, GROUP_REQUEST, "TLS 1.3 or later", option_apply_request, 0},
    [OPTION_TLS_MAX] = {"tls-max", 0, "VERSION", NULL, GROUP_REQUEST, "no later TLS: 1.0, 1.1, 1.2, 1.3 or default",
                        option_apply_request, 0},
    [OPTION_TLS_RESUME] = {"tls-resume", 0, NULL, NULL, GROUP_REQUEST,
                           "let each worker resume its TLS sessions on new connections", option_apply_request, 0},
    [OPTION_RESOLVE] = {"resolve", 0, "HOST:PORT:ADDRESS[,ADDRESS]...", NULL, GROUP_REQUEST,
                        "use these addresses for a host (may be given several times)", option_apply_request,
                        OPTION_ADDS_UP},
    [OPTION_CONNECT_TO] = {"connect-to", 0, "HOST1:PORT1:HOST2:PORT2", NULL, GROUP_REQUEST,
                           "connect to the second for what is asked of the first (may be given several times)",
                           option_apply_request, OPTION_ADDS_UP},
    [OPTION_UNIX_SOCKET] = {"unix-socket", 0, "PATH", NULL, GROUP_REQUEST, "connect to this socket, whatever the host",
                            option_apply_request, 0},
    [OPTION_PROXY] = {"proxy", 'x', "PROXY", NULL, GROUP_REQUEST,
                      "ask through [SCHEME://]HOST[:PORT]; its password belongs into --config", option_apply_request,
                      0},
    [OPTION_PROXY_FROM_ENV] = {"proxy-from-env", 0, NULL, NULL, GROUP_REQUEST,
                               "use the proxies of http_proxy, https_proxy, all_proxy and no_proxy",
                               option_apply_request, 0},
    [OPTION_NOPROXY] = {"noproxy", 0, "LIST", NULL, GROUP_REQUEST, "hosts to ask without the proxy",
                        option_apply_request, 0},
    [OPTION_INTERFACE] = {"interface", 0, "NAME", NULL, GROUP_REQUEST, "interface, address or host to connect from",
                          option_apply_request, 0},
    [OPTION_IPV4] = {"ipv4", '4', NULL, NULL, GROUP_REQUEST, "IPv4 addresses only", option_apply_request, 0},
    [OPTION_IPV6] = {"ipv6", '6', NULL, NULL, GROUP_REQUEST, "IPv6 addresses only", option_apply_request, 0},
    [OPTION_HTTP1_1] = {"http1.1", 0, NULL, NULL, GROUP_REQUEST, "HTTP/1.1, as is used anyway", option_apply_request,
                        0},
    [OPTION_HTTP2] = {"http2", 0, NULL, NULL, GROUP_REQUEST,
                      "HTTP/2 for https URLs, where the server agrees; event loops then share connections",
                      option_apply_request, 0},
    [OPTION_CONFIG] = {"config", 'K', "FILE", NULL, GROUP_REQUEST,
                       "read header, proxy, proxy-user and pass from a file, as curl does; the place for secrets",
                       option_apply_request, 0},

    [OPTION_ORIGIN] = {"origin", 0, "[=KEY=VALUE,...]", NULL, GROUP_ORIGIN,
                       "serve every URL from an embedded server instead of the network; keys: latency, jitter, size, "
                       "rate, limit, errors, seed (default latency=20ms,size=16KiB); tls: https URLs over TLS",
                       apply_origin, 0},

    [OPTION_EXPORT_JSON] = {"export-json", 0, "FILE", NULL, GROUP_RESULTS,
                            "write all results; - is standard output, which then has no table", apply_export,
                            OPTION_REPORTS},
    [OPTION_EXPORT_CSV] = {"export-csv", 0, "FILE", NULL, GROUP_RESULTS, "write a table, one row a mode and workers",
                           apply_export, OPTION_REPORTS},
    [OPTION_EXPORT_REQUESTS_CSV] = {"export-requests-csv", 0, "FILE", NULL, GROUP_RESULTS,
                                    "write a table, one row a download", apply_export, OPTION_REPORTS},
    [OPTION_EXPORT_URLS_CSV] = {"export-urls-csv", 0, "FILE", NULL, GROUP_RESULTS,
                                "write a table, one row a URL, mode and workers; implies --per-url", apply_export,
                                OPTION_REPORTS},
    [OPTION_EXPORT_MARKDOWN] = {"export-markdown", 0, "FILE", NULL, GROUP_RESULTS,
                                "write tables and verdict for job summaries", apply_export, OPTION_REPORTS},
    [OPTION_EXPORT_HTML] = {"export-html", 0, "FILE", NULL, GROUP_RESULTS, "write a page with charts", apply_export,
                            OPTION_REPORTS},
    [OPTION_EXPORT_JUNIT] = {"export-junit", 0, "FILE", NULL, GROUP_RESULTS, "write claims as JUnit test cases",
                             apply_export, OPTION_REPORTS},
    [OPTION_EXPORT_TRACE] = {"export-trace", 0, "FILE", NULL, GROUP_RESULTS,
                             "write a timeline for ui.perfetto.dev or chrome://tracing", apply_export, OPTION_REPORTS},
    [OPTION_IMPORT_JSON] = {"import-json", 0, "FILE", NULL, GROUP_RESULTS,
                            "report on an earlier --export-json again, without running anything", apply_import_json,
                            OPTION_REPORTS},
    [OPTION_SAMPLES] = {"samples", 0, "auto|all|none", "auto", GROUP_RESULTS,
                        "downloads to keep for exports; auto: up to 100,000 of each mode and workers", apply_samples,
                        0},
    [OPTION_PER_URL] = {"per-url", 0, NULL, NULL, GROUP_RESULTS,
                        "show medians, bytes and failures of each URL in each mode, the slowest first", apply_per_url,
                        OPTION_REPORTS},
    [OPTION_TIME_UNIT] = {"time-unit", 0, "auto|s|ms|us", "auto", GROUP_RESULTS, "unit of times in reports",
                          apply_time_unit, OPTION_REPORTS},
    [OPTION_PERCENTILES] = {"percentiles", 0, "LIST", "50,95", GROUP_RESULTS,
                            "percentiles of service times in reports: 1 to 99, 99.5, 99.9, 99.95, 99.99",
                            apply_percentiles, OPTION_REPORTS},
    [OPTION_COLOR] = {"color", 0, "auto|always|never", "auto", GROUP_RESULTS,
                      "colours in the report; auto: on terminals, unless NO_COLOR is set", apply_color, OPTION_REPORTS},
    [OPTION_QUIET] = {"quiet", 'q', NULL, NULL, GROUP_RESULTS, "one line for each mode instead of the report",
                      apply_quiet, OPTION_REPORTS},
    [OPTION_NO_PROGRESS] = {"no-progress", 0, NULL, NULL, GROUP_RESULTS, "do not show what runs now", apply_no_progress,
                            OPTION_REPORTS},
    [OPTION_ASSERT] = {"assert", 0, "EXPR", NULL, GROUP_VERDICT,
                       "claim to hold the result to, such as 'threads@8.time / sync.time < 0.5'; exit status 1 if it "
                       "fails (may be given several times)",
                       apply_assert, OPTION_ADDS_UP | OPTION_REPORTS},
    [OPTION_BASELINE] = {"baseline", 0, "FILE", NULL, GROUP_VERDICT,
                         "compare with an earlier --export-json; exit status 1 if a mode became slower", apply_baseline,
                         OPTION_REPORTS},
    [OPTION_MAX_SLOWDOWN] = {"max-slowdown", 0, "SHARE", "5%", GROUP_VERDICT, "slowdown that --baseline allows",
                             apply_max_slowdown, OPTION_REPORTS},
    [OPTION_FORCE_BASELINE] = {"force-baseline", 0, NULL, NULL, GROUP_VERDICT,
                               "compare with a baseline of another machine, library, list or policy",
                               apply_force_baseline, OPTION_REPORTS},
    [OPTION_STRICT] = {"strict", 0, NULL, NULL, GROUP_VERDICT, "what is inconclusive fails too, with exit status 4",
                       apply_strict, OPTION_REPORTS},
    [OPTION_ALLOW_FAILURES] = {"allow-failures", 0, NULL, NULL, GROUP_VERDICT,
                               "failed downloads do not make the result invalid", apply_allow_failures, OPTION_REPORTS},
    [OPTION_REFERENCE] = {"reference", 0, "MODE", NULL, GROUP_VERDICT,
                          "mode that the others are compared with (default sync, or else the first)", apply_reference,
                          OPTION_REPORTS},

    [OPTION_DRY_RUN] = {"dry-run", 0, NULL, NULL, GROUP_OTHER, "print what would be run, and end", apply_dry_run, 0},
    [OPTION_COMPLETION] = {"completion", 0, "bash|zsh|fish", NULL, GROUP_OTHER,
                           "print completions for a shell, and end", apply_completion, 0},
    [OPTION_HELP] = {"help", 'h', NULL, NULL, GROUP_OTHER, "print this, and end", apply_help, OPTION_REPORTS},
    [OPTION_VERSION] = {"version", 'V', NULL, NULL, GROUP_OTHER, "print the versions of tool and libraries, and end",
                        apply_version, OPTION_REPORTS},
};

bool option_takes_value(const struct option_row *row)
{
    return row->placeholder != NULL;
}

bool option_needs_value(const struct option_row *row)
{
    return row->placeholder != NULL && row->placeholder[0] != '[';
}
