#include "conc_bench/options.h"

#include <assert.h>
#include <ctype.h>
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

enum {
    COPIES_MAX = 16,
    AUTO_RUNS = 10,
    RUNS_MAX = 10000,
    WARMUP_MAX = 1000,
    REPEAT_MAX = 1000000000,
    REDIRECTS_MAX = 50
};

/* In the order of --help. */
enum option_id {
    OPTION_MODE,
    OPTION_WORKERS,
    OPTION_REPEAT,
    OPTION_ORDER,
    OPTION_CPU_WORK,
    OPTION_RUNS,
    OPTION_TIME_BUDGET,
    OPTION_WARMUP,
    OPTION_SEED,
    OPTION_CONNECTIONS,
    OPTION_COPIES,
    OPTION_HANDICAP,
    OPTION_DNS,
    OPTION_DEADLINE,
    OPTION_NO_ISOLATE,
    OPTION_SCRIPT,
    OPTION_MAX_REDIRS,
    OPTION_MAX_TIME,
    OPTION_CONNECT_TIMEOUT,
    OPTION_ORIGIN,
    OPTION_EXPORT_JSON,
    OPTION_QUIET,
    OPTION_NO_PROGRESS,
    OPTION_ASSERT,
    OPTION_BASELINE,
    OPTION_MAX_SLOWDOWN,
    OPTION_FORCE_BASELINE,
    OPTION_STRICT,
    OPTION_ALLOW_FAILURES,
    OPTION_REFERENCE,
    OPTION_DRY_RUN,
    OPTION_HELP,
    OPTION_VERSION,
    OPTION_COUNT,
};

enum option_group {
    GROUP_WORKLOAD,
    GROUP_EXPERIMENT,
    GROUP_REQUEST,
    GROUP_ORIGIN,
    GROUP_RESULTS,
    GROUP_VERDICT,
    GROUP_OTHER,
    GROUP_COUNT,
    GROUP_HIDDEN, /* not in --help, and never suggested */
};

static const char *const group_titles[GROUP_COUNT] = {
    [GROUP_WORKLOAD] = "Workload", [GROUP_EXPERIMENT] = "Experiment", [GROUP_REQUEST] = "Request",
    [GROUP_ORIGIN] = "Origin",     [GROUP_RESULTS] = "Results",       [GROUP_VERDICT] = "Verdict",
    [GROUP_OTHER] = "Other",
};

/* A value on its way into the options. */
struct value {
    const char *name; /* of its option */
    const char *text; /* NULL: the option was given without */
    struct options *options;
    struct error *error;
};

/* One option: a row of the table behind the appliers, which drives parsing and --help alike. */
struct option_row {
    const char *name;        /* long name, without the dashes */
    char letter;             /* short name; 0: none */
    const char *placeholder; /* of its value; NULL: it takes none; begins with '[': it may go without */
    const char *fallback;    /* the value where none is given, told in --help; NULL: nothing is applied */
    enum option_group group;
    const char *help;
    int (*apply)(const struct value *value); /* stores the value; -1: it is refused */
    bool adds_up;                            /* may be given several times, each of which counts */
};

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

static int read_choice(const struct value *value, const char *first, const char *second, bool *is_second)
{
    *is_second = strcmp(value->text, second) == 0;
    if (*is_second || strcmp(value->text, first) == 0)
        return 0;
    return error_set(value->error, ERROR_USAGE, "--%s wants %s or %s, not \"%s\"", value->name, first, second,
                     value->text);
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

static int refuse_mode(const struct value *value)
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

static bool has_mode(const struct options *options, const struct mode *mode)
{
    for (size_t i = 0; i < options->mode_count; i++) {
        if (options->modes[i] == mode)
            return true;
    }
    return false;
}

static void add_mode(struct options *options, const struct mode *mode)
{
    if (has_mode(options, mode))
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
        return refuse_mode(value);
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
    return read_choice(value, "file", "shuffle", &value->options->shuffle);
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

static int apply_connections(const struct value *value)
{
    static const char *const names[] = {
        [CONNECTIONS_REUSE] = "reuse", [CONNECTIONS_FRESH] = "fresh", [CONNECTIONS_WARM] = "warm"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(value->text, names[i]) == 0) {
            value->options->transfer.connections = (enum connection_policy)i;
            return 0;
        }
    }
    return error_set(value->error, ERROR_USAGE, "--%s wants reuse, fresh or warm, not \"%s\"", value->name,
                     value->text);
}

static int apply_dns(const struct value *value)
{
    return read_choice(value, "pinned", "live", &value->options->transfer.dns_live);
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

static int apply_origin(const struct value *value)
{
    value->options->use_origin = true;
    return value->text == NULL ? 0 : origin_options_parse(value->text, &value->options->origin, value->error);
}

/* Results */

static int apply_export_json(const struct value *value)
{
    if (value->text[0] == '\0')
        return error_set(value->error, ERROR_USAGE, "--%s wants a file, or - for standard output, not an empty name",
                         value->name);
    value->options->export_json = value->text;
    return 0;
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
    return value->options->reference != NULL ? 0 : refuse_mode(value);
}

/* Other */

static int apply_dry_run(const struct value *value)
{
    value->options->dry_run = true;
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
static const struct option_row option_rows[OPTION_COUNT] = {
    [OPTION_MODE] = {"mode", 0, "LIST", "all", GROUP_WORKLOAD, "modes to compare, comma-separated", apply_mode},
    [OPTION_WORKERS] = {"workers", 'c', "LIST", "8", GROUP_WORKLOAD,
                        "downloads at once in each mode, such as 8 or 1,2,4; 1..64 doubles; auto searches",
                        apply_workers},
    [OPTION_REPEAT] = {"repeat", 'n', "N", "1", GROUP_WORKLOAD, "go through the whole list N times", apply_repeat},
    [OPTION_ORDER] = {"order", 0, "file|shuffle", "file", GROUP_WORKLOAD, "order of downloads in every mode",
                      apply_order},
    [OPTION_CPU_WORK] = {"cpu-work", 0, "DURATION", "0", GROUP_WORKLOAD, "CPU time to spend on each response",
                         apply_cpu_work},

    [OPTION_RUNS] = {"runs", 'r', "N|auto", "auto", GROUP_EXPERIMENT,
                     "measured rounds; auto: up to 10 in the time budget", apply_runs},
    [OPTION_TIME_BUDGET] = {"time-budget", 0, "DURATION", "30s", GROUP_EXPERIMENT, "time that --runs auto may take",
                            apply_time_budget},
    [OPTION_WARMUP] = {"warmup", 'w', "N", "1", GROUP_EXPERIMENT, "rounds before those that count", apply_warmup},
    [OPTION_SEED] = {"seed", 0, "N", NULL, GROUP_EXPERIMENT, "repeat the random order of an earlier run", apply_seed},
    [OPTION_CONNECTIONS] = {"connections", 0, "reuse|fresh|warm", "reuse", GROUP_EXPERIMENT,
                            "keep connections, or make one for each download, or open them beforehand",
                            apply_connections},
    [OPTION_COPIES] = {"copies", 0, "N", "1", GROUP_EXPERIMENT,
                       "run each mode N times over as if they were different; any difference told is false",
                       apply_copies},
    [OPTION_HANDICAP] = {"handicap", 0, "SHARE", NULL, GROUP_HIDDEN,
                         "let the origin answer all copies but the first later", apply_handicap},
    [OPTION_DNS] = {"dns", 0, "pinned|live", "pinned", GROUP_EXPERIMENT,
                    "resolve names once beforehand, or during the run", apply_dns},
    [OPTION_DEADLINE] = {"deadline", 0, "DURATION", NULL, GROUP_EXPERIMENT,
                         "end a trial that takes longer (default: when hung)", apply_deadline},
    [OPTION_NO_ISOLATE] = {"no-isolate", 0, NULL, NULL, GROUP_EXPERIMENT,
                           "run trials within this process, for debuggers", apply_no_isolate},
    [OPTION_SCRIPT] = {"script", 0, "LIST", NULL, GROUP_HIDDEN, "service times of mode null", apply_script},

    [OPTION_MAX_REDIRS] = {"max-redirs", 0, "N", "10", GROUP_REQUEST, "redirects to follow; 0: none", apply_max_redirs},
    [OPTION_MAX_TIME] = {"max-time", 0, "SECONDS", "30", GROUP_REQUEST, "limit of a download; also 500ms",
                         apply_max_time},
    [OPTION_CONNECT_TIMEOUT] = {"connect-timeout", 0, "SECONDS", "10", GROUP_REQUEST,
                                "limit of name, TCP and TLS together", apply_connect_timeout},

    [OPTION_ORIGIN] = {"origin", 0, "[=KEY=VALUE,...]", NULL, GROUP_ORIGIN,
                       "serve every URL from an embedded server instead of the network; keys: latency, jitter, size, "
                       "rate, limit, errors, seed (default latency=20ms,size=16KiB)",
                       apply_origin},

    [OPTION_EXPORT_JSON] = {"export-json", 0, "FILE", NULL, GROUP_RESULTS,
                            "write all results; - is standard output, which then has no table", apply_export_json},
    [OPTION_QUIET] = {"quiet", 'q', NULL, NULL, GROUP_RESULTS, "one line for each mode instead of the report",
                      apply_quiet},
    [OPTION_NO_PROGRESS] = {"no-progress", 0, NULL, NULL, GROUP_RESULTS, "do not show what runs now",
                            apply_no_progress},
    [OPTION_ASSERT] = {"assert", 0, "EXPR", NULL, GROUP_VERDICT,
                       "claim to hold the result to, such as 'threads.time / sync.time < 0.5'; exit status 1 if it "
                       "fails (may be given several times)",
                       apply_assert, true},
    [OPTION_BASELINE] = {"baseline", 0, "FILE", NULL, GROUP_VERDICT,
                         "compare with an earlier --export-json; exit status 1 if a mode became slower",
                         apply_baseline},
    [OPTION_MAX_SLOWDOWN] = {"max-slowdown", 0, "SHARE", "5%", GROUP_VERDICT, "slowdown that --baseline allows",
                             apply_max_slowdown},
    [OPTION_FORCE_BASELINE] = {"force-baseline", 0, NULL, NULL, GROUP_VERDICT,
                               "compare with a baseline of another machine, library, list or policy",
                               apply_force_baseline},
    [OPTION_STRICT] = {"strict", 0, NULL, NULL, GROUP_VERDICT, "what is inconclusive fails too, with exit status 4",
                       apply_strict},
    [OPTION_ALLOW_FAILURES] = {"allow-failures", 0, NULL, NULL, GROUP_VERDICT,
                               "failed downloads do not make the result invalid", apply_allow_failures},
    [OPTION_REFERENCE] = {"reference", 0, "MODE", NULL, GROUP_VERDICT,
                          "mode that the others are compared with (default sync, or else the first)", apply_reference},

    [OPTION_DRY_RUN] = {"dry-run", 0, NULL, NULL, GROUP_OTHER, "print what would be run, and end", apply_dry_run},
    [OPTION_HELP] = {"help", 'h', NULL, NULL, GROUP_OTHER, "print this, and end", apply_help},
    [OPTION_VERSION] = {"version", 'V', NULL, NULL, GROUP_OTHER, "print the versions of tool and libraries, and end",
                        apply_version},
};

static bool takes_value(const struct option_row *row)
{
    return row->placeholder != NULL;
}

static bool needs_value(const struct option_row *row)
{
    return row->placeholder != NULL && row->placeholder[0] != '[';
}

static int apply(const struct option_row *row, const char *text, struct options *options, struct error *error)
{
    return row->apply(&(struct value){.name = row->name, .text = text, .options = options, .error = error});
}

/* Reading the arguments */

struct reading {
    char **arguments;
    int count;
    int next;
    bool is_given[OPTION_COUNT];
    const char *values[OPTION_COUNT]; /* as given; NULL: without */
    struct options *options;
    struct error *error;
};

static int take(struct reading *reading, const struct option_row *row, const char *value)
{
    size_t id = (size_t)(row - option_rows);
    const char *earlier = reading->values[id];
    if (reading->is_given[id] && !row->adds_up) {
        if (value == earlier || (value != NULL && earlier != NULL && strcmp(value, earlier) == 0))
            return 0;
        return error_set(reading->error, ERROR_USAGE, "--%s given twice, with different values: keep one of them",
                         row->name);
    }
    reading->is_given[id] = true;
    reading->values[id] = value;
    return apply(row, value, reading->options, reading->error);
}

/* Takes the next argument as the value. One that looks like an option is rather a forgotten value; "-" and "-3" are
 * left to whoever reads the value. */
static int take_next(struct reading *reading, const struct option_row *row)
{
    if (reading->next == reading->count)
        return error_set(reading->error, ERROR_USAGE, "--%s wants a value: --%s %s", row->name, row->name,
                         row->placeholder);
    const char *value = reading->arguments[reading->next++];
    if (value[0] == '-' && (value[1] == '-' || isalpha((unsigned char)value[1])))
        return error_set(
            reading->error, ERROR_USAGE,
            "--%s wants a value, and the option \"%.100s\" follows: write --%s=%.100s if that is the value", row->name,
            value, row->name, value);
    return take(reading, row, value);
}

static int refuse_option(const struct reading *reading, const char *name)
{
    struct text_guess guess = {.word = name};
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (option_rows[i].group != GROUP_HIDDEN)
            text_guess_consider(&guess, option_rows[i].name);
    }
    if (guess.best[0] != '\0')
        return error_set(reading->error, ERROR_USAGE, "unknown option \"--%s\"; did you mean \"--%s\"?", name,
                         guess.best);
    return error_set(reading->error, ERROR_USAGE, "unknown option \"--%s\"", name);
}

static const struct option_row *find_by_name(const char *name)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (strcmp(option_rows[i].name, name) == 0)
            return &option_rows[i];
    }
    return NULL;
}

static const struct option_row *find_by_letter(char letter)
{
    for (size_t i = 0; letter != 0 && i < OPTION_COUNT; i++) {
        if (option_rows[i].letter == letter)
            return &option_rows[i];
    }
    return NULL;
}

/* "--name", "--name=value", "--name value". */
static int read_long(struct reading *reading, const char *argument)
{
    const char *equals = strchr(argument, '=');
    size_t length = equals != NULL ? (size_t)(equals - argument) : strlen(argument);
    char *name = strndup(argument + 2, length - 2);
    if (name == NULL)
        return error_set(reading->error, ERROR_ENVIRONMENT, "no memory for the command line");
    const struct option_row *row = find_by_name(name);
    int status;
    if (row == NULL)
        status = refuse_option(reading, name);
    else if (equals != NULL && !takes_value(row))
        status = error_set(reading->error, ERROR_USAGE, "--%s takes no value, not \"%s\"", row->name, equals + 1);
    else if (equals == NULL && needs_value(row))
        status = take_next(reading, row);
    else
        status = take(reading, row, equals != NULL ? equals + 1 : NULL);
    free(name);
    return status;
}

/* "-q", "-c8", "-c 8", and "-qc8": letters may share a dash up to the first that takes a value. */
static int read_short(struct reading *reading, const char *argument)
{
    if (argument[2] != '\0' && find_by_name(argument + 1) != NULL)
        return error_set(reading->error, ERROR_USAGE, "unknown option \"%s\"; did you mean \"-%s\"?", argument,
                         argument);
    for (const char *letter = argument + 1; *letter != '\0'; letter++) {
        const struct option_row *row = find_by_letter(*letter);
        if (row == NULL)
            return error_set(reading->error, ERROR_USAGE, "unknown option \"-%s\"", letter);
        if (takes_value(row))
            return letter[1] != '\0' ? take(reading, row, letter + 1) : take_next(reading, row);
        if (take(reading, row, NULL) != 0)
            return -1;
    }
    return 0;
}

static int add_input(struct reading *reading, const char *input)
{
    struct options *options = reading->options;
    for (size_t i = 0; strcmp(input, "-") == 0 && i < options->input_count; i++) {
        if (strcmp(options->inputs[i], "-") == 0)
            return error_set(reading->error, ERROR_USAGE, "\"-\" given twice: standard input can be read only once");
    }
    options->inputs[options->input_count++] = input;
    return 0;
}

static int read_arguments(struct reading *reading)
{
    bool has_options_ended = false;
    int status = 0;
    while (status == 0 && reading->next < reading->count) {
        const char *argument = reading->arguments[reading->next++];
        bool is_input = has_options_ended || argument[0] != '-' || argument[1] == '\0';
        if (is_input)
            status = add_input(reading, argument);
        else if (strcmp(argument, "--") == 0)
            has_options_ended = true;
        else if (argument[1] == '-')
            status = read_long(reading, argument);
        else
            status = read_short(reading, argument);
    }
    return status;
}

static int apply_fallbacks(struct reading *reading)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_rows[i];
        if (reading->is_given[i] || row->fallback == NULL)
            continue;
        if (apply(row, row->fallback, reading->options, reading->error) != 0)
            return -1;
    }
    return 0;
}

/* What does not go together */

static size_t count_scripted(const struct options *options)
{
    size_t count = 0;
    for (size_t i = 0; i < options->mode_count; i++)
        count += (options->modes[i]->traits & MODE_SCRIPTED) != 0;
    return count;
}

static int check_cells(const struct options *options, struct error *error)
{
    size_t cells = 0;
    for (size_t i = 0; i < options->mode_count; i++)
        cells += ((options->modes[i]->traits & MODE_ONE_WORKER) != 0 ? 1 : options->worker_count) * options->copies;
    if (cells <= CELLS_MAX)
        return 0;
    return error_set(error, ERROR_USAGE,
                     "--mode and --workers make %zu combinations, more than the %d of one run: use fewer of either",
                     cells, CELLS_MAX);
}

static int settle_reference(const struct reading *reading)
{
    struct options *options = reading->options;
    const struct mode *sync = mode_find("sync");
    if (!reading->is_given[OPTION_REFERENCE])
        options->reference = has_mode(options, sync) ? sync : options->modes[0];
    if (has_mode(options, options->reference))
        return 0;
    return error_set(reading->error, ERROR_USAGE, "--reference %s is not among the modes of --mode: add it there",
                     options->reference->name);
}

/* How many cells the plan will have of a mode, or 1 where the sweep chooses one. */
static size_t count_cells(const struct options *options, const struct mode *mode)
{
    return (mode->traits & MODE_ONE_WORKER) != 0 || options->worker_count >= SWEPT_FROM ? 1 : options->worker_count;
}

static bool has_workers(const struct options *options, const struct mode *mode, uint32_t workers)
{
    if (options->workers_auto)
        return true;
    for (size_t i = 0; i < options->worker_count; i++) {
        if (mode_workers(mode, options->workers[i]) == workers)
            return true;
    }
    return false;
}

/* Whether there will be such a cell; and by the name it will have, whatever alias was written. */
static int settle_operand(const struct options *options, const char *text, struct claim_operand *operand,
                          bool is_divisor, struct error *error)
{
    if (strcmp(operand->mode, "*") == 0)
        return 0;
    char name[sizeof(operand->mode)];
    uint64_t copy = 1;
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(operand->mode, "#"), operand->mode);
    const char *mark = strchr(operand->mode, '#');
    const struct mode *mode = mode_find(name);
    if (mark != NULL && (number_parse_count(mark + 1, &copy) != 0 || copy < 2 || copy > options->copies))
        error_set(error, ERROR_USAGE, "--assert: there is no copy \"%s\" of a mode: --copies says how many there are",
                  mark);
    else if (mode == NULL)
        refuse_mode(&(struct value){.name = "assert", .text = operand->mode, .error = error});
    else if (!has_mode(options, mode))
        error_set(error, ERROR_USAGE, "--assert: mode %s will not be run: add it to --mode", mode->name);
    else if (operand->workers != 0 && !has_workers(options, mode, operand->workers))
        error_set(error, ERROR_USAGE, "--assert: %s will not be run with %" PRIu32 " workers: add them to --workers",
                  mode->name, operand->workers);
    else if (is_divisor && operand->workers == 0 && count_cells(options, mode) > 1)
        error_set(error, ERROR_USAGE, "--assert: %s has several numbers of workers: say which, such as %s@%" PRIu32,
                  mode->name, mode->name, options->workers[0]);
    else {
        const struct plan_cell cell = {.mode = mode, .copy = (uint32_t)copy - 1};
        plan_cell_name(&cell, operand->mode, sizeof(operand->mode));
        return 0;
    }
    return error_point(error, text, operand->offset);
}

static int settle_claims(struct options *options, struct error *error)
{
    for (size_t i = 0; i < options->claim_count; i++) {
        struct claim *claim = &options->claims[i];
        for (size_t j = 0; j < claim->operand_count; j++) {
            if (settle_operand(options, options->claim_texts[i], &claim->operands[j], j == 1, error) != 0)
                return -1;
        }
    }
    return 0;
}

static int check_combination(const struct reading *reading)
{
    const struct options *options = reading->options;
    const bool *is_given = reading->is_given;
    struct error *error = reading->error;
    size_t scripted = count_scripted(options);
    if (is_given[OPTION_TIME_BUDGET] && !options->runs_auto)
        return error_set(error, ERROR_USAGE,
                         "--time-budget goes with --runs auto: --runs %" PRIu32 " takes as long as it takes",
                         options->runs);
    if ((is_given[OPTION_MAX_SLOWDOWN] || options->force_baseline) && options->baseline == NULL)
        return error_set(error, ERROR_USAGE, "--%s does nothing without --baseline",
                         options->force_baseline ? "force-baseline" : "max-slowdown");
    if (is_given[OPTION_DEADLINE] && !options->isolate)
        return error_set(error, ERROR_USAGE,
                         "--deadline does not go with --no-isolate: only a trial in a process of its own can be ended");
    if (is_given[OPTION_HANDICAP] && (!options->use_origin || options->copies < 2))
        return error_set(error, ERROR_USAGE, "--handicap does nothing without --origin and --copies 2 or more");
    if (options->copies > 1 && (options->worker_count >= SWEPT_FROM || options->workers_auto))
        return error_set(error, ERROR_USAGE, "--copies does not go with a sweep of --workers");
    if (options->transfer.dns_live && options->use_origin)
        return error_set(error, ERROR_USAGE, "--dns live does not go with --origin, where no name is resolved");
    if (is_given[OPTION_SCRIPT] && scripted == 0)
        return error_set(error, ERROR_USAGE, "--script does nothing without --mode null");
    if (options->cpu_work > 0 && scripted == options->mode_count)
        return error_set(error, ERROR_USAGE, "--cpu-work does nothing in mode null, which has no responses");
    if (options->input_count == 0 && !options->use_origin)
        return error_set(error, ERROR_USAGE,
                         "nothing to download: name a list, such as sites.txt, or a URL, or try --origin, which brings "
                         "a list along");
    return check_cells(options, error);
}

int options_parse(int argc, char **argv, struct options *options, struct error *error)
{
    *options = (struct options){
        .isolate = true,
        .transfer = transfer_policy_default(),
        .origin = origin_options_default(),
        .inputs = calloc((size_t)argc + 1, sizeof(options->inputs[0])),
    };
    if (options->inputs == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the command line");
    struct reading reading = {.arguments = argv, .count = argc, .next = 1, .options = options, .error = error};
    if (read_arguments(&reading) != 0 || apply_fallbacks(&reading) != 0)
        return -1;
    /* Who asks for help may not know yet what goes together. */
    if (options->show_help || options->show_version)
        return 0;
    if (settle_reference(&reading) != 0 || settle_claims(options, error) != 0)
        return -1;
    return check_combination(&reading);
}

void options_release(struct options *options)
{
    free(options->script);
    free(options->claims);
    free(options->claim_texts);
    free(options->inputs);
    *options = (struct options){0};
}

bool options_is_url(const char *argument)
{
    return strstr(argument, "://") != NULL;
}

/* Help */

enum { HELP_WIDTH = 79, HELP_COLUMN = 30, MODES_COLUMN = 14 };

/* Writes words from `column` on, where the cursor already is, and breaks lines so that they stay in that column. */
static void print_wrapped(FILE *stream, int column, const char *text)
{
    int used = column;
    while (*text != '\0') {
        int length = (int)strcspn(text, " ");
        if (used > column && used + 1 + length > HELP_WIDTH) {
            fprintf(stream, "\n%*s", column, "");
            used = column;
        }
        used += fprintf(stream, "%s%.*s", used > column ? " " : "", length, text);
        text += length + (text[length] == ' ');
    }
    fputc('\n', stream);
}

static void print_option(FILE *stream, const struct option_row *row)
{
    char left[64], help[256];
    const char *separator = needs_value(row) ? " " : "";
    const char *placeholder = takes_value(row) ? row->placeholder : "";
    int width = row->letter != 0
                    ? snprintf(left, sizeof(left), "  -%c, --%s%s%s", row->letter, row->name, separator, placeholder)
                    : snprintf(left, sizeof(left), "      --%s%s%s", row->name, separator, placeholder);
    bool has_room = width + 2 <= HELP_COLUMN;
    fprintf(stream, "%s%s%*s", left, has_room ? "" : "\n", has_room ? HELP_COLUMN - width : HELP_COLUMN, "");
    snprintf(help, sizeof(help), "%s", row->help);
    if (row->fallback != NULL)
        snprintf(help, sizeof(help), "%s (default %s)", row->help, row->fallback);
    print_wrapped(stream, HELP_COLUMN, help);
}

static void print_mode(FILE *stream, const struct mode *mode)
{
    char aliases[64] = "", text[256];
    if (mode->aliases[0] != '\0')
        snprintf(aliases, sizeof(aliases), " (or: %s)", mode->aliases);
    fprintf(stream, "  %-*s", MODES_COLUMN - 2, mode->name);
    snprintf(text, sizeof(text), "%s%s", mode->summary, aliases);
    print_wrapped(stream, MODES_COLUMN, text);
}

void options_print_help(FILE *stream)
{
    fputs("Usage: conc-bench [OPTION]... [FILE|URL]...\n"
          "Download a list of URLs in several concurrency models, the same work in each,\n"
          "and tell which is fastest, by how much, and what each costs.\n\n"
          "FILE has one URL a line; \"URL xN\" stands for N lines; - is standard input.\n",
          stream);
    for (enum option_group group = 0; group < GROUP_COUNT; group++) {
        fprintf(stream, "\n%s:\n", group_titles[group]);
        for (size_t i = 0; i < OPTION_COUNT; i++) {
            if (option_rows[i].group == group)
                print_option(stream, &option_rows[i]);
        }
    }
    fputs("\nModes:\n", stream);
    for (size_t i = 0; mode_registry[i] != NULL; i++) {
        if ((mode_registry[i]->traits & MODE_HIDDEN) == 0)
            print_mode(stream, mode_registry[i]);
    }
    fputs("\nExamples:\n"
          "  conc-bench --origin\n"
          "  conc-bench --origin=latency=50ms,jitter=5ms,limit=100/s,errors=1%\n"
          "  conc-bench --mode threads --workers 8 sites.txt\n"
          "  conc-bench --mode sync,event-loop -c 1..32 --export-json r.json sites.txt\n"
          "  conc-bench --assert 'threads.time / sync.time < 0.5' sites.txt\n"
          "\n"
          "Exit status: 0 done; 1 a claim failed; 2 usage or input; 3 the measurement is\n"
          "invalid; 4 a claim could not be judged; 5 the environment failed; 130, 143\n"
          "interrupted.\n",
          stream);
}
