#include "conc_bench/cli/options.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/base/text.h"
#include "option_table.h"

static int store(const struct option_row *row, const char *text, struct options *options, struct error *error)
{
    return row->store(&(struct value){.name = row->name,
                                      .text = text,
                                      .row = row,
                                      .field = (char *)options + row->field,
                                      .options = options,
                                      .error = error});
}

struct command_line {
    char **arguments;
    int count;
    int next;
    bool is_given[OPTION_COUNT];
    bool is_from_config[OPTION_COUNT];
    const char *values[OPTION_COUNT]; /* as given; NULL: without */
    struct options *options;
    struct error *error;
};

static int take(struct command_line *reading, const struct option_row *row, const char *value)
{
    size_t id = (size_t)(row - option_rows);
    const char *earlier = reading->values[id];
    if (reading->is_given[id] && (row->flags & OPTION_ADDS_UP) == 0) {
        if (value == earlier || (value != NULL && earlier != NULL && strcmp(value, earlier) == 0))
            return 0;
        return error_set(reading->error, ERROR_USAGE, "--%s given twice, with different values: keep one of them",
                         row->name);
    }
    reading->is_given[id] = true;
    reading->values[id] = value;
    return store(row, value, reading->options, reading->error);
}

/* Takes the next argument as the value. One that looks like an option is rather a forgotten value; "-" and "-3" are
 * left to whoever reads the value. */
static int take_next(struct command_line *reading, const struct option_row *row)
{
    if (reading->next == reading->count)
        return error_set(reading->error, ERROR_USAGE, "--%s needs a value: --%s %s", row->name, row->name,
                         row->placeholder);
    const char *value = reading->arguments[reading->next++];
    if (value[0] == '-' && (value[1] == '-' || isalpha((unsigned char)value[1])))
        return error_set(
            reading->error, ERROR_USAGE,
            "--%s needs a value, and the option \"%.100s\" follows: write --%s=%.100s if that is the value", row->name,
            value, row->name, value);
    return take(reading, row, value);
}

/* Options of other programs, by name or letter, that have another name here or do not exist. */
static const char *find_near_miss(const char *name)
{
    static const struct {
        const char *names[4];
        const char *way;
    } misses[] = {
        {{"threads", "t", "concurrency", "parallel-max"},
         "--workers N says how many downloads run at once, and --mode threads which way"},
        {{"timeout"}, "--max-time SECONDS limits a download, and --time-budget the whole run"},
        {{"duration", "z", "time"}, "--time-budget DURATION limits the whole run"},
        {{"requests", "num-requests"}, "--repeat N goes through the list N times, and --runs N sets the rounds"},
        {{"url"}, "write URLs without an option"},
        {{"user", "u"},
         "others can read arguments, so write user = \"NAME:PASSWORD\" into a file and give --config FILE"},
        {{"silent", "s"}, "--quiet shows the answer alone"},
        {{"output", "o"}, "--export-json FILE and its like write results into files"},
        {{"verbose", "v"}, "--details shows all that was measured"},
        {{"fail", "f"}, "failed downloads always count; --allow-failures lets the result stand all the same"},
        {{"http1.0"}, "it is HTTP/1.1, or with --http2 HTTP/2 over TLS"},
        {{"http3-only"}, "--http3 asks over HTTP/3 and nothing else"},
    };
    for (size_t i = 0; i < sizeof(misses) / sizeof(misses[0]); i++) {
        for (size_t j = 0; j < 4 && misses[i].names[j] != NULL; j++) {
            if (strcmp(misses[i].names[j], name) == 0)
                return misses[i].way;
        }
    }
    return NULL;
}

static int refuse_option(const struct command_line *reading, const char *name)
{
    const char *way = find_near_miss(name);
    if (way != NULL)
        return error_set(reading->error, ERROR_USAGE, "unknown option \"--%s\": %s", name, way);
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
static int read_long(struct command_line *reading, const char *argument)
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
    else if (equals != NULL && !option_takes_value(row))
        status = error_set(reading->error, ERROR_USAGE, "--%s takes no value, not \"%s\"", row->name, equals + 1);
    else if (equals == NULL && option_needs_value(row))
        status = take_next(reading, row);
    else
        status = take(reading, row, equals != NULL ? equals + 1 : NULL);
    free(name);
    return status;
}

/* "-q", "-c8", "-c 8", and "-qc8": letters may share a dash up to the first that takes a value. */
static int read_short(struct command_line *reading, const char *argument)
{
    if (argument[2] != '\0' && find_by_name(argument + 1) != NULL)
        return error_set(reading->error, ERROR_USAGE, "unknown option \"%s\"; did you mean \"-%s\"?", argument,
                         argument);
    for (const char *letter = argument + 1; *letter != '\0'; letter++) {
        const struct option_row *row = find_by_letter(*letter);
        const char *way = row == NULL ? find_near_miss((char[]){*letter, '\0'}) : NULL;
        if (way != NULL)
            return error_set(reading->error, ERROR_USAGE, "unknown option \"-%c\": %s", *letter, way);
        if (row == NULL)
            return error_set(reading->error, ERROR_USAGE, "unknown option \"-%s\"", letter);
        if (option_takes_value(row))
            return letter[1] != '\0' ? take(reading, row, letter + 1) : take_next(reading, row);
        if (take(reading, row, NULL) != 0)
            return -1;
    }
    return 0;
}

static int add_input(struct command_line *reading, const char *input)
{
    struct options *options = reading->options;
    const char *before = reading->next > 1 ? reading->arguments[reading->next - 2] : "";
    struct origin_options settings = options->origin;
    struct error none = {0};
    if (strcmp(before, "--origin") == 0 && origin_options_parse(input, &settings, &none) == 0)
        return error_set(reading->error, ERROR_USAGE,
                         "\"%s\" would be a list of URLs: settings of the origin stand behind an equals sign, as in "
                         "--origin=%s",
                         input, input);
    for (size_t i = 0; strcmp(input, "-") == 0 && i < options->input_count; i++) {
        if (strcmp(options->inputs[i], "-") == 0)
            return error_set(reading->error, ERROR_USAGE, "\"-\" given twice: standard input can be read only once");
    }
    options->inputs[options->input_count++] = input;
    return 0;
}

static int read_arguments(struct command_line *reading)
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

/* An option of the --config file; the command line's own count before it. */
static int take_from_config(void *context, const char *name, const char *value)
{
    struct command_line *reading = context;
    const struct option_row *row = name[1] == '\0' ? find_by_letter(name[0]) : find_by_name(name);
    if (row == NULL || row->group != GROUP_REQUEST || row == &option_rows[OPTION_CONFIG])
        return 1;
    if (reading->is_given[row - option_rows] && !reading->is_from_config[row - option_rows] &&
        (row->flags & OPTION_ADDS_UP) == 0)
        return 0;
    reading->is_from_config[row - option_rows] = true;
    return take(reading, row, option_takes_value(row) ? value : NULL);
}

static int store_fallbacks(struct command_line *reading)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_rows[i];
        bool is_left_out = i == OPTION_MODE && reading->options->client_count > 0; /* clients alone */
        if (reading->is_given[i] || row->fallback == NULL || is_left_out)
            continue;
        if (store(row, row->fallback, reading->options, reading->error) != 0)
            return -1;
    }
    return 0;
}

int options_parse(int argc, char **argv, int (*check_files)(const struct options *options, struct error *error),
                  struct options *options, struct error *error)
{
    *options = (struct options){
        .isolate = true,
        .request = {.files = options->request.files},
        .transfer = transfer_policy_default(),
        .origin = origin_options_default(),
        .format = format_default(),
        .inputs = calloc((size_t)argc + 1, sizeof(options->inputs[0])),
        .arguments = argv,
        .argument_count = argc,
    };
    if (options->inputs == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the command line");
    struct command_line reading = {.arguments = argv, .count = argc, .next = 1, .options = options, .error = error};
    if (read_arguments(&reading) != 0)
        return -1;
    bool is_asked = options->show_help || options->show_version || options->show_completion;
    if (options->request.config != NULL && !is_asked &&
        (check_files(options, error) != 0 || config_file_apply(options, take_from_config, &reading, error) != 0))
        return -1;
    if (store_fallbacks(&reading) != 0)
        return -1;
    /* A user who asks for help may not know yet what goes together. */
    if (is_asked)
        return 0;
    return options_validate(options, reading.is_given, error);
}

void options_release(struct options *options)
{
    free(options->script);
    free(options->clients);
    check_list_release(&options->checks);
    free(options->assertions);
    free(options->assertion_texts);
    free(options->baselines);
    free(options->inputs);
    free(options->request.headers.items);
    free(options->request.data.items);
    free(options->request.resolve.items);
    free(options->request.connect_to.items);
    request_wipe(options->request.config_text);
    request_wipe(options->config_values);
    *options = (struct options){0};
}

bool options_is_url(const char *argument)
{
    return strstr(argument, "://") != NULL;
}
