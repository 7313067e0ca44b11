/* With it, fopen() would be another name of fopen64(), and both are defined here. */
#undef _FILE_OFFSET_BITS

/* libFuzzer target: no command line crashes its reader, which opens no file; what it takes lies in the ranges it
 * promises, and the command line written of it is taken for the same; what it refuses has a sentence. */
#include <dlfcn.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include "conc_bench/base/number.h"
#include "conc_bench/base/text.h"
#include "conc_bench/cli/options.h"
#include "conc_bench/workload/plan.h"
#include "fuzz.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define HOUR         (3600 * NANOSECONDS_PER_SECOND)

/* The input is split into arguments at each NUL or, without one, at each newline. */
enum { ARGUMENTS_MAX = 64 };

/* Files: these stand in for the C library's functions, also where other libraries call them. libFuzzer opens files as
 * well, but not while a command line is read. */

static bool is_reading;

/* NULL, and so a crash, if there is no such function. */
static void *next_function(const char *name)
{
    require(!is_reading);
    return dlsym(RTLD_NEXT, name);
}

#define STANDS_IN_FOR_OPEN(name)                                                                                       \
    int name(const char *path, int flags, ...);                                                                        \
    int name(const char *path, int flags, ...)                                                                         \
    {                                                                                                                  \
        int (*next)(const char *, int, ...);                                                                           \
        va_list rest;                                                                                                  \
        va_start(rest, flags);                                                                                         \
        mode_t mode = va_arg(rest, mode_t); /* anything, where it is not given */                                      \
        va_end(rest);                                                                                                  \
        *(void **)&next = next_function(#name);                                                                        \
        return next(path, flags, mode);                                                                                \
    }

#define STANDS_IN_FOR_OPENAT(name)                                                                                     \
    int name(int folder, const char *path, int flags, ...);                                                            \
    int name(int folder, const char *path, int flags, ...)                                                             \
    {                                                                                                                  \
        int (*next)(int, const char *, int, ...);                                                                      \
        va_list rest;                                                                                                  \
        va_start(rest, flags);                                                                                         \
        mode_t mode = va_arg(rest, mode_t);                                                                            \
        va_end(rest);                                                                                                  \
        *(void **)&next = next_function(#name);                                                                        \
        return next(folder, path, flags, mode);                                                                        \
    }

#define STANDS_IN_FOR_FOPEN(name)                                                                                      \
    FILE *name(const char *restrict path, const char *restrict mode)                                                   \
    {                                                                                                                  \
        FILE *(*next)(const char *, const char *);                                                                     \
        *(void **)&next = next_function(#name);                                                                        \
        return next(path, mode);                                                                                       \
    }

STANDS_IN_FOR_OPEN(open)
STANDS_IN_FOR_OPEN(open64)
STANDS_IN_FOR_OPENAT(openat)
STANDS_IN_FOR_OPENAT(openat64)
STANDS_IN_FOR_FOPEN(fopen)
STANDS_IN_FOR_FOPEN(fopen64)

/* Command lines */

struct command_line {
    int count;
    char *arguments[ARGUMENTS_MAX + 1]; /* each in a block just as large, so that a byte too many is seen */
};

static void release(struct command_line *line)
{
    for (int i = 0; i < line->count; i++)
        free(line->arguments[i]);
    *line = (struct command_line){0};
}

static void add(struct command_line *line, const char *text, size_t length)
{
    require(line->count < ARGUMENTS_MAX);
    line->arguments[line->count] = strndup(text, length);
    require(line->arguments[line->count++] != NULL);
}

__attribute__((format(printf, 2, 3))) static void print(struct command_line *line, const char *format, ...)
{
    va_list arguments;
    require(line->count < ARGUMENTS_MAX);
    va_start(arguments, format);
    require(vasprintf(&line->arguments[line->count++], format, arguments) >= 0);
    va_end(arguments);
}

static void split(const uint8_t *data, size_t size, struct command_line *line)
{
    const char *text = (const char *)data;
    char separator = memchr(text, '\0', size) == NULL ? '\n' : '\0';
    add(line, "conc-bench", strlen("conc-bench"));
    while (size > 0 && line->count < ARGUMENTS_MAX) {
        const char *end = memchr(text, separator, size);
        size_t length = end == NULL ? size : (size_t)(end - text);
        add(line, text, length);
        length += end != NULL;
        text += length;
        size -= length;
    }
}

/* Refuses files: their contents are for other fuzzers. */
static int refuse_files(const struct options *options, struct error *error)
{
    return error_set(error, ERROR_USAGE, "%s is not read here", options->request.config);
}

/* Reads it, and sees to it that it stays as it is and that no file is opened. */
static int parse(struct command_line *line, struct options *options, struct error *error)
{
    struct command_line before = {0};
    for (int i = 0; i < line->count; i++)
        add(&before, line->arguments[i], strlen(line->arguments[i]));
    is_reading = true;
    int status = options_parse(line->count, line->arguments, refuse_files, options, error);
    is_reading = false;
    for (int i = 0; i < line->count; i++)
        require(strcmp(line->arguments[i], before.arguments[i]) == 0);
    release(&before);
    return status;
}

/* Properties of every command line that is accepted */

static void check_workload(const struct options *options)
{
    require(options->mode_count > 0 && options->mode_count <= COUNT(options->modes));
    for (size_t i = 0; i < options->mode_count; i++) {
        bool is_client = client_of(options->modes[i]) != NULL;
        require((mode_find(options->modes[i]->name) == options->modes[i]) == !is_client);
        require(is_client == (i >= options->mode_count - options->client_count));
        for (size_t j = 0; j < i; j++)
            require(options->modes[i] != options->modes[j]);
    }
    require(options->worker_count > 0 && options->worker_count <= COUNT(options->workers));
    for (size_t i = 0; i < options->worker_count; i++) {
        require(options->workers[i] >= 1 && options->workers[i] <= WORKERS_MAX);
        for (size_t j = 0; j < i; j++)
            require(options->workers[i] != options->workers[j]);
    }
    require(!options->workers_auto || (options->worker_count == 1 && options->workers[0] == 1));
    require(options->copies >= 1 && options->handicap >= 0 && options->handicap <= 1);
    require(options->repeat >= 1 && options->cpu_work >= 0 && options->cpu_work <= HOUR);
}

static void check_experiment(const struct options *options)
{
    require(options->runs >= 1 && options->time_budget > 0 && options->deadline >= 0);
    require(options->seed <= INT64_MAX && (options->has_seed || options->seed == 0));
    require((options->script_count == 0) == (options->script == NULL));
    for (size_t i = 0; i < options->script_count; i++)
        require(options->script[i] >= 0 && options->script[i] <= HOUR);
    require(options->transfer.max_time > 0 && options->transfer.connect_timeout > 0);
    require(options->transfer.max_body > 0 && options->max_per_host >= 1 && options->max_per_host <= WORKERS_MAX);
}

static void check_format(const struct format *format)
{
    require(format->percentile_count >= 1 && format->percentile_count <= PERCENTILES_MAX);
    for (size_t i = 0; i < format->percentile_count; i++) {
        require(format->percentiles[i] >= 1 && format->percentiles[i] < 100);
        require(i == 0 || format->percentiles[i - 1] < format->percentiles[i]);
    }
}

/* Every text is an argument or the end of one. */
static void check_is_argument(const struct command_line *line, const char *text)
{
    int i = 0;
    while (i < line->count && !(text >= line->arguments[i] && text <= line->arguments[i] + strlen(line->arguments[i])))
        i++;
    require(text == NULL || i < line->count);
}

static void check_request_texts(const struct command_line *line, const struct request_options *request)
{
    const struct request_texts *lists[] = {&request->headers, &request->data, &request->resolve, &request->connect_to};
    const char *const texts[] = {request->user_agent,  request->method,    request->ca_file,     request->ca_folder,
                                 request->certificate, request->key,       request->unix_socket, request->proxy,
                                 request->no_proxy,    request->interface, request->config};
    if (request->config_text != NULL)
        return; /* some may be of that file */
    for (size_t i = 0; i < COUNT(lists); i++) {
        for (size_t j = 0; j < lists[i]->count; j++)
            check_is_argument(line, lists[i]->items[j].text);
    }
    for (size_t i = 0; i < COUNT(texts); i++)
        check_is_argument(line, texts[i]);
    /* Only bodies may have line breaks in what would be sent. */
    for (size_t i = 0; i < request->headers.count; i++)
        require(request->headers.items[i].text[0] == '@' || strpbrk(request->headers.items[i].text, "\r\n") == NULL);
    require(request->method == NULL || strpbrk(request->method, " \r\n") == NULL);
    require(request->user_agent == NULL || strpbrk(request->user_agent, "\r\n") == NULL);
}

static void check_texts(const struct command_line *line, const struct options *options)
{
    check_request_texts(line, &options->request);
    for (size_t i = 0; i < options->input_count; i++)
        check_is_argument(line, options->inputs[i]);
    for (size_t i = 0; i < options->assertion_count; i++)
        check_is_argument(line, options->assertion_texts[i]);
    for (size_t i = 0; i < EXPORT_COUNT; i++)
        check_is_argument(line, options->exports[i]);
    check_is_argument(line, options->import_json);
    for (size_t i = 0; i < options->baseline_count; i++)
        check_is_argument(line, options->baselines[i]);
}

/* Options that were accepted go together, so that runs and reports need not check again. */
static void check_combination(const struct options *options)
{
    size_t cells = 0;
    bool has_reference = false;
    for (size_t i = 0; i < options->mode_count; i++) {
        bool has_one = (options->modes[i]->traits & MODE_ONE_WORKER) != 0;
        cells += (has_one ? 1 : options->worker_count) * options->copies;
        has_reference |= options->reference != NULL && strcmp(options->reference, options->modes[i]->name) == 0;
    }
    require(options->baseline_count > 0 || !options->force_baseline);
    if (options->import_json != NULL) {
        require(options->input_count == 0);
        return;
    }
    require(cells <= CELLS_MAX && has_reference && (options->input_count > 0 || options->use_origin));
    require(options->copies == 1 || (options->worker_count < SWEPT_FROM && !options->workers_auto));
    for (size_t i = 0; i < options->assertion_count; i++) {
        for (size_t j = 0; j < options->assertions[i].operand_count; j++) {
            const struct assertion_operand *operand = &options->assertions[i].operands[j];
            size_t found = strcmp(operand->mode, "*") == 0;
            for (size_t k = 0; k < options->mode_count * options->copies; k++) {
                const struct plan_cell cell = {.mode = options->modes[k / options->copies],
                                               .copy = (uint32_t)(k % options->copies)};
                char name[sizeof(operand->mode)];
                found += strcmp(plan_cell_name(&cell, name, sizeof(name)), operand->mode) == 0;
            }
            require(found == 1);
        }
    }
}

/* The command line of options, with all that has a default written out: the same for options that are the same. */

static void write_modes(struct command_line *line, const struct options *options)
{
    char list[512] = "--mode=";
    size_t count = options->mode_count - options->client_count;
    for (size_t i = 0, used = strlen(list); i < count; i++)
        used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", i > 0 ? "," : "", options->modes[i]->name);
    if (count > 0)
        add(line, list, sizeof(list));
}

static void write_clients(struct command_line *line, const struct options *options)
{
    for (size_t i = 0; i < options->client_count; i++)
        print(line, "--client=%s=%s", options->clients[i].name, options->clients[i].command);
    if (options->client_count > 0)
        print(line, "--client-shell=%s", options->client_shell == CLIENT_SHELL_NONE ? "none" : "sh");
    if (options->show_output)
        print(line, "--show-output");
}

static void write_workers(struct command_line *line, const struct options *options)
{
    char list[512] = "--workers=";
    for (size_t i = 0, used = strlen(list); i < options->worker_count; i++)
        used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%" PRIu32, i > 0 ? "," : "", options->workers[i]);
    if (options->workers_auto)
        print(line, "--workers=auto");
    else
        add(line, list, sizeof(list));
}

static void write_script(struct command_line *line, const struct options *options)
{
    char *list = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&list, &length);
    fputs("--script=", stream);
    for (size_t i = 0; i < options->script_count; i++)
        fprintf(stream, "%s%" PRId64 "ns", i > 0 ? "," : "", options->script[i]);
    fclose(stream);
    if (options->script != NULL)
        add(line, list, length);
    free(list);
}

static void write_percentiles(struct command_line *line, const struct format *format)
{
    char list[128] = "--percentiles=";
    for (size_t i = 0, used = strlen(list); i < format->percentile_count; i++)
        used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%g", i > 0 ? "," : "", format->percentiles[i]);
    add(line, list, sizeof(list));
}

/* The rate of --origin is not bounded, and of a fraction without bounds no text is as exact as its double. */
static void write_origin(struct command_line *line, const struct origin_options *origin)
{
    char rate[64] = "";
    if (origin->bytes_per_second > 0)
        snprintf(rate, sizeof(rate), ",rate=%" PRIu64 "/s", origin->bytes_per_second);
    print(line, "--origin=latency=%" PRId64 "ns,jitter=%" PRId64 "ns,size=%" PRIu64 ",errors=%.9f%%,seed=%" PRIu64 "%s",
          origin->latency, origin->jitter, origin->body_bytes, origin->error_share * 100, origin->seed, rate);
}

static void write_request(struct command_line *line, const struct request_options *request)
{
    for (size_t i = 0; i < request->headers.count; i++)
        print(line, "--header=%s", request->headers.items[i].text);
    for (size_t i = 0; i < request->data.count; i++)
        print(line, "--data%s=%s", request->data.items[i].is_binary ? "-binary" : "", request->data.items[i].text);
    for (size_t i = 0; i < request->resolve.count; i++)
        print(line, "--resolve=%s", request->resolve.items[i].text);
    for (size_t i = 0; i < request->connect_to.count; i++)
        print(line, "--connect-to=%s", request->connect_to.items[i].text);
    if (request->proxy != NULL)
        print(line, "--proxy=%s", request->proxy);
    if (request->method != NULL)
        print(line, "--request=%s", request->method);
    if (request->user_agent != NULL)
        print(line, "--user-agent=%s", request->user_agent);
}

static size_t count_request_texts(const struct request_options *request)
{
    return request->headers.count + request->data.count + request->resolve.count + request->connect_to.count;
}

static void write_run(struct command_line *line, const struct options *options)
{
    static const char *const connections[] = {"reuse", "fresh", "warm"};
    static const char *const samples[] = {"auto", "all", "none"};
    write_modes(line, options);
    write_clients(line, options);
    write_workers(line, options);
    write_script(line, options);
    print(line, "--repeat=%" PRIu32, options->repeat);
    print(line, "--order=%s", options->shuffle ? "shuffle" : "file");
    print(line, "--cpu-work=%" PRId64 "ns", options->cpu_work);
    if (options->runs_auto)
        print(line, "--time-budget=%" PRId64 "ns", options->time_budget);
    else
        print(line, "--runs=%" PRIu32, options->runs);
    print(line, "--warmup=%" PRIu32, options->warmup);
    if (options->has_seed)
        print(line, "--seed=%" PRIu64, options->seed);
    print(line, "--connections=%s", connections[options->transfer.connections]);
    print(line, "--copies=%" PRIu32, options->copies);
    if (options->handicap > 0)
        print(line, "--handicap=%.12f", options->handicap);
    print(line, "--dns=%s", options->transfer.dns_live ? "live" : "pinned");
    if (options->deadline > 0)
        print(line, "--deadline=%" PRId64 "ns", options->deadline);
    if (!options->isolate)
        print(line, "--no-isolate");
    print(line, "--max-redirs=%" PRIu32, options->transfer.max_redirects);
    print(line, "--max-time=%" PRId64 "ns", options->transfer.max_time);
    print(line, "--connect-timeout=%" PRId64 "ns", options->transfer.connect_timeout);
    print(line, "--max-filesize=%" PRId64, options->transfer.max_body);
    print(line, "--max-per-host=%" PRIu32, options->max_per_host);
    write_request(line, &options->request);
    if (options->use_origin)
        write_origin(line, &options->origin);
    print(line, "--samples=%s", samples[options->samples]);
    if (options->dry_run)
        print(line, "--dry-run");
}

static void write_assertions(struct command_line *line, const struct options *options)
{
    for (size_t i = 0; i < options->assertion_count; i++) {
        char text[ASSERTION_TEXT_MAX];
        print(line, "--assert=%s", assertion_format(text, sizeof(text), &options->assertions[i]));
    }
}

static void write_reports(struct command_line *line, const struct options *options)
{
    static const char *const formats[] = {"json",     "csv",  "requests-csv", "urls-csv",
                                          "markdown", "html", "junit",        "trace"};
    static const char *const units[] = {"auto", "s", "ms", "us"};
    static const char *const colors[] = {"auto", "always", "never"};
    const struct {
        bool is_set;
        const char *argument;
    } flags[] = {
        {options->quiet, "-q"},          {options->no_progress, "--no-progress"},
        {options->per_url, "--per-url"}, {options->force_baseline, "--force-baseline"},
        {options->strict, "--strict"},   {options->allow_failures, "--allow-failures"},
    };
    _Static_assert(COUNT(formats) == EXPORT_COUNT, "every format has its option");
    for (size_t i = 0; i < EXPORT_COUNT; i++) {
        if (options->exports[i] != NULL)
            print(line, "--export-%s=%s", formats[i], options->exports[i]);
    }
    for (size_t i = 0; i < COUNT(flags); i++) {
        if (flags[i].is_set)
            print(line, "%s", flags[i].argument);
    }
    print(line, "--time-unit=%s", units[options->format.time_unit]);
    print(line, "--color=%s", colors[options->color]);
    write_percentiles(line, &options->format);
    write_assertions(line, options);
    for (size_t i = 0; i < options->baseline_count; i++)
        print(line, "--baseline=%s", options->baselines[i]);
    if (options->baseline_count > 0)
        print(line, "--max-slowdown=%.12f", options->max_slowdown);
    if (options->reference != NULL)
        print(line, "--reference=%s", options->reference);
    if (options->import_json != NULL)
        print(line, "--import-json=%s", options->import_json);
}

static void write_line(struct command_line *line, const struct options *options)
{
    print(line, "conc-bench");
    if (options->import_json == NULL)
        write_run(line, options);
    write_reports(line, options);
    print(line, "--");
    for (size_t i = 0; i < options->input_count; i++)
        print(line, "%s", options->inputs[i]);
}

/* Whether there is room for it: with what write_run() and write_reports() write. */
static bool has_room(const struct options *options)
{
    return options->input_count + options->assertion_count + count_request_texts(&options->request) + 51 <=
           ARGUMENTS_MAX;
}

static void check_again(const struct options *options)
{
    struct command_line line = {0};
    struct command_line again = {0};
    struct options second;
    struct error error = {0};
    write_line(&line, options);
    require(parse(&line, &second, &error) == 0);
    require(second.origin.requests_per_second == 0);
    write_line(&again, &second);
    require(line.count == again.count);
    for (int i = 0; i < line.count; i++)
        require(strcmp(line.arguments[i], again.arguments[i]) == 0);
    options_release(&second);
    release(&line);
    release(&again);
}

/* A sentence that a terminal can show, and an excerpt that has room there. */
static void check_refusal(const struct error *error)
{
    char escaped[sizeof(error->message)];
    require(error->kind == ERROR_USAGE && error->message[0] != '\0');
    text_escape(escaped, sizeof(escaped), error->message, strlen(error->message));
    require(strcmp(escaped, error->message) == 0);
    require(text_columns(error->excerpt) <= ERROR_EXCERPT_COLUMNS);
    require(error->column <= text_columns(error->excerpt));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct command_line line = {0};
    struct options options;
    struct error error = {0};
    split(data, size, &line);
    if (parse(&line, &options, &error) == 0) {
        require(error.kind == ERROR_NONE);
        check_workload(&options);
        check_experiment(&options);
        check_format(&options.format);
        check_texts(&line, &options);
        if (!options.show_help && !options.show_version && !options.show_completion) {
            check_combination(&options);
            if (has_room(&options))
                check_again(&options);
        }
    } else {
        check_refusal(&error);
    }
    options_release(&options);
    release(&line);
    return 0;
}
