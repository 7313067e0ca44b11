#include "conc_bench/client/client.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client_command.h"
#include "client_process.h"
#include "conc_bench/base/child.h"
#include "conc_bench/base/number.h"
#include "conc_bench/base/text.h"
#include "conc_bench/platform/process.h"

/* The state made for one trial before its clock starts. */
struct client_run {
    const struct client *client;
    const struct mode_job *job;
    pid_t parent;
    char *command;      /* the shell's command; NULL: there is none */
    char **words;       /* one block */
    char **environment; /* an array of our own, */
    char **variables;   /* whose first variables are these */
    size_t variable_count;
};

/* The variables that say what placeholders do, and what modes are told by options. */
enum { OWN_VARIABLES = 5 };

static void client_release(void *context)
{
    struct client_run *run = context;
    if (run == NULL)
        return;
    for (size_t i = 0; i < run->variable_count; i++)
        free(run->variables[i]);
    free(run->variables);
    free(run->environment);
    free(run->words);
    free(run->command);
    free(run);
}

/* Words */

static int make_words(struct client_run *run, struct error *error)
{
    const struct client_values values = {run->job->setting->list, run->job->workers, run->job->table->unit_count};
    if (run->client->shell == CLIENT_SHELL_NONE)
        return client_command_split(run->client->name, run->client->command, &values, &run->words, error);
    run->command = client_command_fill(run->client->command, &values);
    run->words = calloc(4, sizeof(run->words[0]));
    if (run->command == NULL || run->words == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the command of client %s", run->client->name);
    run->words[0] = (char *)"/bin/sh";
    run->words[1] = (char *)"-c";
    run->words[2] = run->command;
    return 0;
}

/* Environment */

static void add_variable(struct client_run *run, const char *name, const char *value)
{
    char *variable;
    if (asprintf(&variable, "%s=%s", name, value) >= 0)
        run->variables[run->variable_count++] = variable;
}

static void add_number(struct client_run *run, const char *name, uint32_t value)
{
    char digits[16];
    snprintf(digits, sizeof(digits), "%" PRIu32, value);
    add_variable(run, name, digits);
}

/* Whether a variable of the environment is replaced by one of the first. */
static bool is_replaced(const struct client_run *run, const char *variable)
{
    size_t length = strcspn(variable, "=") + 1;
    for (size_t i = 0; run->environment[i] != NULL; i++) {
        if (strncmp(run->environment[i], variable, length) == 0)
            return true;
    }
    return false;
}

static size_t count_variables(char *const *variables)
{
    size_t count = 0;
    while (variables != NULL && variables[count] != NULL)
        count++;
    return count;
}

static int make_environment(struct client_run *run, struct error *error)
{
    const struct client_setting *setting = run->job->setting;
    char seconds[NUMBER_SECONDS_BYTES];
    size_t others = count_variables(environ);
    size_t given = count_variables((char *const *)setting->environment);
    run->variables = calloc(OWN_VARIABLES, sizeof(run->variables[0]));
    run->environment = calloc(OWN_VARIABLES + given + others + 1, sizeof(run->environment[0]));
    if (run->variables != NULL && run->environment != NULL) {
        add_variable(run, "CONC_BENCH_LIST", setting->list);
        add_number(run, "CONC_BENCH_WORKERS", run->job->workers);
        add_number(run, "CONC_BENCH_DOWNLOADS", run->job->table->unit_count);
        add_variable(run, "CONC_BENCH_REPORT", setting->report);
        add_variable(run, "CONC_BENCH_CPU_WORK", number_format_seconds(seconds, setting->cpu_work));
    }
    if (run->variable_count < OWN_VARIABLES)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the environment of client %s", run->client->name);
    size_t count = 0;
    for (size_t i = 0; i < OWN_VARIABLES; i++)
        run->environment[count++] = run->variables[i];
    for (size_t i = 0; i < given; i++)
        run->environment[count++] = (char *)setting->environment[i];
    for (size_t i = 0; i < others; i++) {
        if (!is_replaced(run, environ[i]))
            run->environment[count++] = environ[i];
    }
    return 0;
}

/* The mode */

static int client_prepare(const struct mode_job *job, void **result, struct error *error)
{
    *result = NULL;
    struct client_run *run = calloc(1, sizeof(*run));
    if (run == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for a client");
    *run = (struct client_run){.client = client_of(job->mode), .job = job, .parent = getppid()};
    int status = 0;
    /* This process ends what it started where its parent goes, for which it must live on. */
    process_outlive_parent();
    if (!process_adopt_orphans())
        status = error_set(error, ERROR_ENVIRONMENT, "this system cannot find what a client leaves behind");
    if (status == 0)
        status = make_words(run, error);
    if (status == 0)
        status = make_environment(run, error);
    /* The report of an earlier trial does not count. */
    if (status == 0)
        unlink(job->setting->report);
    if (status != 0)
        client_release(run);
    else
        *result = run;
    return status;
}

static int client_warm(void *context, struct error *error)
{
    (void)context;
    (void)error;
    return 0; /* its connections are its own */
}

/* "it ended with exit status 3"; "" for one that ended well. */
static const char *describe_end(const struct client_trial *trial, char *buffer, size_t size)
{
    char signal[96];
    buffer[0] = '\0';
    if (trial->end == CLIENT_SIGNALLED) {
        child_describe_signal(trial->code, signal, sizeof(signal));
        snprintf(buffer, size, "it %s", signal);
    } else if (trial->end == CLIENT_EXITED && trial->code == 127)
        snprintf(buffer, size, "its command was not found (exit status 127)");
    else if (trial->end == CLIENT_EXITED && trial->code == 126)
        snprintf(buffer, size, "its command cannot be executed (exit status 126)");
    else if (trial->end == CLIENT_EXITED && trial->code != 0)
        snprintf(buffer, size, "it ended with exit status %d", trial->code);
    else if (trial->end == CLIENT_HUNG)
        snprintf(buffer, size, "it did not end in time, and was killed");
    return buffer;
}

static int client_run(void *context, struct error *error)
{
    struct client_run *run = context;
    struct client_trial *trial = run->job->client;
    const struct client_command command = {
        .words = run->words,
        .environment = run->environment,
        .is_searched = run->client->shell == CLIENT_SHELL_NONE,
        .shows_output = run->job->setting->shows_output,
        .deadline = clock_now() + run->job->deadline,
        .parent = run->parent,
        .table = run->job->table,
    };
    char end[128], output[384] = "";
    if (client_process_run(&command, trial, error) != 0)
        return -1;
    if (describe_end(trial, end, sizeof(end))[0] == '\0')
        return 0;
    client_add_output(trial, output, sizeof(output));
    return error_set(error, ERROR_ENVIRONMENT, "%s%s%s", end, output[0] != '\0' ? "; it said: " : "", output);
}

/* Counts those of the trial's process; a client has a table of descriptors of its own. */
static uint64_t client_descriptors(uint32_t workers, const struct transfer_policy *policy)
{
    (void)workers;
    (void)policy;
    return 16;
}

const struct client *client_of(const struct mode *mode)
{
    return (mode->traits & MODE_IS_CLIENT) != 0 ? (const struct client *)(const void *)mode : NULL;
}

/* Names */

static bool is_name(const char *name, size_t length)
{
    if (!isalpha((unsigned char)name[0]))
        return false;
    for (size_t i = 0; i < length; i++) {
        bool is_plain = (unsigned char)name[i] < 128 && (isalnum((unsigned char)name[i]) || strchr("-_.", name[i]));
        if (!is_plain)
            return false;
    }
    return true;
}

int client_make(const char *text, struct client *client, struct error *error)
{
    const char *equals = strchr(text, '=');
    size_t length = equals != NULL ? (size_t)(equals - text) : 0;
    if (equals == NULL)
        return error_set(error, ERROR_USAGE,
                         "--client must be NAME=COMMAND, such as 'mine=./fetch {list} {workers}' (got \"%.200s\")",
                         text);
    if (length == 0)
        return error_set(error, ERROR_USAGE, "--client must be NAME=COMMAND, and there is no name before \"%.200s\"",
                         text);
    if (!is_name(text, length) || length >= CLIENT_NAME_BYTES)
        return error_set(error, ERROR_USAGE,
                         "--client: \"%.*s\" is no name for a client: it must be a letter and up to %d letters, "
                         "digits, \"-\", \"_\" and \".\"",
                         (int)(length < 100 ? length : 100), text, CLIENT_NAME_BYTES - 2);
    *client = (struct client){.command = equals + 1};
    snprintf(client->name, sizeof(client->name), "%.*s", (int)length, text);
    if (client->command[strspn(client->command, " \t\n")] == '\0')
        return error_set(error, ERROR_USAGE, "--client %s: the command is empty", client->name);
    client->mode = (struct mode){
        .name = client->name,
        .aliases = "",
        .summary = "",
        .traits = MODE_IS_CLIENT | MODE_OWN_PROCESSES | MODE_ALL_CORES,
        .descriptors = client_descriptors,
        .prepare = client_prepare,
        .warm = client_warm,
        .run = client_run,
        .release = client_release,
    };
    return 0;
}

int client_check(const struct client *client, struct error *error)
{
    char **words;
    if (client_command_check(client->name, client->command, error) != 0)
        return -1;
    return client->shell == CLIENT_SHELL_NONE ? client_command_split(client->name, client->command, NULL, &words, error)
                                              : 0;
}

bool client_has_placeholder(const struct client *client, const char *name)
{
    char placeholder[32];
    snprintf(placeholder, sizeof(placeholder), "{%s}", name);
    return strstr(client->command, placeholder) != NULL;
}

char *client_describe(const struct client *client, const char *list, uint32_t workers, uint32_t downloads)
{
    return client_command_fill(client->command, &(struct client_values){list, workers, downloads});
}

/* Output */

/* Copies the last bytes that are not in the beginning. */
static size_t read_tail(const struct client_output *output, char *text)
{
    uint64_t beyond = output->bytes > CLIENT_HEAD_BYTES ? output->bytes - CLIENT_HEAD_BYTES : 0;
    size_t count = beyond < CLIENT_TAIL_BYTES ? (size_t)beyond : CLIENT_TAIL_BYTES;
    for (size_t i = 0; i < count; i++)
        text[i] = output->tail[(output->bytes - count + i) % CLIENT_TAIL_BYTES];
    return count;
}

/* A line without the blanks around it; of one that is too long the middle is left out. */
static void add_line(const char *line, size_t length, char *buffer, size_t size)
{
    enum { COLUMNS = 100 };
    char text[COLUMNS * 4 + 1], copy[CLIENT_HEAD_BYTES + 1];
    for (; length > 0 && isspace((unsigned char)*line); length--)
        line++;
    snprintf(copy, sizeof(copy), "%.*s", (int)length, line);
    text_shorten(text, sizeof(text), copy, COLUMNS);
    text_append(buffer, size, "%s", text);
}

void client_add_output(const struct client_trial *trial, char *buffer, size_t size)
{
    const struct client_output *output = trial->err.bytes > 0 ? &trial->err : &trial->out;
    char text[CLIENT_HEAD_BYTES + CLIENT_TAIL_BYTES];
    size_t length = output->bytes < CLIENT_HEAD_BYTES ? (size_t)output->bytes : CLIENT_HEAD_BYTES;
    memcpy(text, output->head, length);
    length += read_tail(output, text + length);
    while (length > 0 && isspace((unsigned char)text[length - 1]))
        length--;
    size_t begin = 0;
    while (begin < length && isspace((unsigned char)text[begin]))
        begin++;
    const char *line_end = memchr(text + begin, '\n', length - begin);
    size_t first = line_end != NULL ? (size_t)(line_end - text) : length;
    add_line(text + begin, first - begin, buffer, size);
    if (line_end == NULL)
        return;
    size_t last = length;
    while (last > 0 && text[last - 1] != '\n')
        last--;
    bool has_more = last > first + 1;
    text_append(buffer, size, has_more ? " ... " : " / ");
    add_line(text + last, length - last, buffer, size);
}
