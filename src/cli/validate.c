#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "conc_bench/base/number.h"
#include "conc_bench/workload/plan.h"
#include "conc_bench/workload/route.h"
#include "option_table.h"

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
        cells += ((options->modes[i]->traits & MODE_ONE_WORKER) != 0 ? 1 : options->worker_count) * options->copies *
                 options->connection_count * (options->rate_count > 0 ? options->rate_count : 1) *
                 (options->machine_count > 0 ? options->machine_count : 1);
    if (cells <= CELLS_MAX)
        return 0;
    return error_set(
        error, ERROR_USAGE,
        "--mode, --workers, --machines, --connections and --rate make %zu combinations, more than the %d of one run: "
        "use fewer of them",
        cells, CELLS_MAX);
}

/* Adds the clients behind the modes, in the order given. */
static int settle_clients(struct options *options, const bool *is_given, struct error *error)
{
    if (options->client_count == 0 && (is_given[OPTION_CLIENT_SHELL] || options->show_output))
        return error_set(error, ERROR_USAGE, "--%s does nothing without --client",
                         options->show_output ? "show-output" : "client-shell");
    for (size_t i = 0; i < options->client_count; i++) {
        options->clients[i].shell = options->client_shell;
        if (client_check(&options->clients[i], error) != 0)
            return -1;
        options->modes[options->mode_count++] = &options->clients[i].mode;
    }
    if (options->client_count > 0 && !options->isolate)
        return error_set(error, ERROR_USAGE,
                         "--client does not go with --no-isolate: a client is watched by a process of its own");
    return 0;
}

/* Options about the requests of modes have no effect on clients, and so none at all without a mode. Limits for public
 * hosts apply to both. */
static int check_clients_alone(const struct options *options, const bool *is_given, struct error *error)
{
    if (options->client_count == 0 || options->mode_count > options->client_count)
        return 0;
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        bool is_for_modes = option_rows[i].group == GROUP_REQUEST || i == OPTION_CONNECTIONS || i == OPTION_DNS;
        if (is_given[i] && is_for_modes && i != OPTION_MAX_PER_HOST)
            return error_set(error, ERROR_USAGE,
                             "--%s does nothing here, as it does not reach clients: give a --mode to compare with, or "
                             "leave it out",
                             option_rows[i].name);
    }
    return 0;
}

static int settle_reference(struct options *options, const bool *is_given, struct error *error)
{
    const struct mode *sync = mode_find("sync");
    const struct mode *mode = is_given[OPTION_REFERENCE] ? options_find_mode(options, options->reference) : NULL;
    if (options->import_json != NULL) {
        /* The document has its own, unless another is given; whether it has that is seen there. */
        options->reference = mode != NULL ? mode->name : options->reference;
        return 0;
    }
    if (!is_given[OPTION_REFERENCE])
        mode = options_have_mode(options, sync) ? sync : options->modes[0];
    if (mode == NULL)
        return option_refuse_mode(
            &(struct value){.name = "reference", .text = options->reference, .options = options, .error = error});
    options->reference = mode->name;
    if (options_have_mode(options, mode))
        return 0;
    return error_set(error, ERROR_USAGE, "--reference %s is not among the modes of --mode: add it there",
                     options->reference);
}

/* The number of cells that the plan will have of a mode, or 1 where the sweep chooses one. */
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

/* The parts of "threads:fresh:x3#2". */
struct cell_name {
    char mode[sizeof(((struct assertion_operand *)0)->mode)];
    char connections[16]; /* "": not told */
    uint32_t machines;    /* 0: not told */
    const char *copy;     /* NULL: not told */
};

static struct cell_name split_name(const char *text)
{
    struct cell_name name = {.copy = strchr(text, '#')};
    int mode = (int)strcspn(text, ":#");
    snprintf(name.mode, sizeof(name.mode), "%.*s", mode, text);
    for (const char *part = text + mode; *part == ':'; part += 1 + strcspn(part + 1, ":#")) {
        char end;
        if (sscanf(part, ":x%6" SCNu32 "%c", &name.machines, &end) == 0)
            snprintf(name.connections, sizeof(name.connections), "%.*s", (int)strcspn(part + 1, ":#"), part + 1);
    }
    if (name.copy != NULL)
        name.copy++;
    return name;
}

/* Without connections in the name, `cell` is not named by them. */
static int read_cell_connections(const struct options *options, const struct cell_name *name, struct plan_cell *cell,
                                 struct error *error)
{
    const struct value value = {.name = "assert", .text = name->connections, .error = error};
    if (name->connections[0] == '\0')
        return 0;
    int choice = option_read_name(&value, connection_policy_names);
    if (choice < 0)
        return -1;
    cell->connections = (enum connection_policy)choice;
    cell->is_named_by_connections = options->import_json != NULL || options->connection_count > 1;
    if (options->import_json != NULL || options_have_connections(options, cell->connections))
        return 0;
    return error_set(error, ERROR_USAGE, "--assert: there will be no %s connections: add them to --connections",
                     name->connections);
}

/* Without machines in the name, `cell` is not named by them. */
static int read_cell_machines(const struct options *options, const struct cell_name *name, struct plan_cell *cell,
                              struct error *error)
{
    bool is_there = options->import_json != NULL;
    for (size_t i = 0; i < options->machine_count; i++)
        is_there |= options->machines[i] == name->machines;
    cell->machines = name->machines;
    cell->is_named_by_machines = name->machines > 0 && (options->import_json != NULL || options->machine_count > 1);
    if (name->machines == 0 || is_there)
        return 0;
    return error_set(error, ERROR_USAGE,
                     "--assert: nothing will be run by %" PRIu32 " machine%s: add the number to --machines",
                     name->machines, name->machines == 1 ? "" : "s");
}

/* Whether there will be such a cell; and by the name it will have, whatever alias was written. */
static int settle_operand(struct options *options, const char *text, struct assertion_operand *operand, bool is_divisor,
                          struct error *error)
{
    if (strcmp(operand->mode, "*") == 0)
        return 0;
    uint64_t copy = 1;
    const struct cell_name name = split_name(operand->mode);
    const struct mode *mode = options_find_mode(options, name.mode);
    bool is_import = options->import_json != NULL;   /* its contents are checked when it is read */
    const struct mode unknown = {.name = name.mode}; /* which may be a client there */
    if (is_import && mode == NULL)
        mode = &unknown;
    struct plan_cell cell = {.mode = mode};
    uint64_t copies = is_import ? COPIES_MAX : options->copies;
    if (name.copy != NULL && (number_parse_count(name.copy, &copy) != 0 || copy < 2 || copy > copies))
        error_set(error, ERROR_USAGE, "--assert: there is no copy \"#%s\" of a mode: --copies says how many there are",
                  name.copy);
    else if (mode == NULL)
        option_refuse_mode(&(struct value){.name = "assert", .text = name.mode, .options = options, .error = error});
    else if (!is_import && !options_have_mode(options, mode))
        error_set(error, ERROR_USAGE, "--assert: mode %s will not be run: add it to --mode", mode->name);
    else if (!is_import && operand->workers != 0 && !has_workers(options, mode, operand->workers))
        error_set(error, ERROR_USAGE, "--assert: %s will not be run with %" PRIu32 " workers: add them to --workers",
                  mode->name, operand->workers);
    else if (!is_import && is_divisor && operand->workers == 0 && count_cells(options, mode) > 1)
        error_set(error, ERROR_USAGE, "--assert: %s has several numbers of workers: say which, such as %s@%" PRIu32,
                  mode->name, mode->name, options->workers[0]);
    else if (read_cell_connections(options, &name, &cell, error) == 0 &&
             read_cell_machines(options, &name, &cell, error) == 0) {
        cell.copy = (uint32_t)copy - 1;
        plan_cell_name(&cell, operand->mode, sizeof(operand->mode));
        return 0;
    }
    return error_point(error, text, operand->offset);
}

/* Whether the run can tell the metric. */
static int check_metric(const struct options *options, const char *text, const struct assertion_operand *operand,
                        struct error *error)
{
    bool has_rates = options->rate_auto || options->rate_count > 1 || options->import_json != NULL;
    if (operand->metric != METRIC_HIGHEST_RATE || has_rates)
        return 0;
    error_set(error, ERROR_USAGE,
              "--assert: highest_rate takes several rates: add --rate auto, or a range such as --rate 100/s..3200/s");
    return error_point(error, text, operand->offset);
}

static int settle_assertions(struct options *options, struct error *error)
{
    for (size_t i = 0; i < options->assertion_count; i++) {
        struct assertion *assertion = &options->assertions[i];
        for (size_t j = 0; j < assertion->operand_count; j++) {
            struct assertion_operand *operand = &assertion->operands[j];
            const char *text = options->assertion_texts[i];
            if (check_metric(options, text, operand, error) != 0 ||
                settle_operand(options, text, operand, j == 1, error) != 0)
                return -1;
        }
    }
    return 0;
}

/* Two reports must not share a file: the last one written would replace the other. */
static int check_exports(const struct options *options, struct error *error)
{
    for (size_t i = 0; i < EXPORT_COUNT; i++) {
        const char *path = options->exports[i];
        for (size_t j = 0; path != NULL && j < i; j++) {
            const char *other = options->exports[j];
            if (other != NULL && strcmp(path, other) == 0)
                return error_set(
                    error, ERROR_USAGE, "--%s and --%s both write to \"%s\": choose another for one of them",
                    options_name_export((enum export_format)j), options_name_export((enum export_format)i), path);
        }
    }
    return 0;
}

/* --import-json runs nothing, so nothing about a run goes with it. */
static int check_import(const struct options *options, const bool *is_given, struct error *error)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (is_given[i] && (option_rows[i].flags & OPTION_REPORTS) == 0)
            return error_set(error, ERROR_USAGE, "--%s does not go with --import-json, which runs nothing",
                             option_rows[i].name);
    }
    if (options->input_count > 0)
        return error_set(error, ERROR_USAGE,
                         "\"%s\" does not go with --import-json, which downloads nothing: give one of the two",
                         options->inputs[0]);
    return 0;
}

static int refuse_pair(struct error *error, const char *one, const char *other, const char *why)
{
    return error_set(error, ERROR_USAGE, "--%s does not go with --%s, %s", one, other, why);
}

/* The origin's authority is the only one trusted, and it asks for no certificate. */
static int check_tls_origin(const struct request_options *request, struct error *error)
{
    const char *authority = request->ca_file != NULL ? "cacert" : "capath";
    if (request->ca_file != NULL || request->ca_folder != NULL)
        return refuse_pair(error, authority, "origin=tls", "which brings the one authority to trust");
    if (request->certificate != NULL)
        return refuse_pair(error, "cert", "origin=tls", "which asks for no certificate");
    if (request->tls_max != TLS_VERSION_ANY && request->tls_max < TLS_VERSION_1_2)
        return error_set(error, ERROR_USAGE, "--tls-max %s does not go with --origin=tls, which speaks TLS 1.2 and 1.3",
                         option_tls_version(request->tls_max));
    return 0;
}

/* The origin is asked over loopback, whatever the URL says. */
static int check_origin(const struct request_options *request, struct error *error)
{
    const struct {
        bool is_given;
        const char *option;
    } ways[] = {
        {request->resolve.count > 0, "resolve"},
        {request->connect_to.count > 0, "connect-to"},
        {request->unix_socket != NULL, "unix-socket"},
        {request->proxy != NULL, "proxy"},
        {request->proxy_from_environment, "proxy-from-env"},
        {request->interface != NULL, "interface"},
        {request->ip_version == IP_VERSION_6, "ipv6"},
    };
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        if (ways[i].is_given)
            return refuse_pair(error, ways[i].option, "origin", "which is asked on this machine, whatever the host");
    }
    if (request_is_multiplexed(request))
        return refuse_pair(error, request_version_option(request->http_version), "origin",
                           "which speaks HTTP/1.1 only");
    return 0;
}

static bool reads_input(const struct request_texts *texts)
{
    for (size_t i = 0; i < texts->count; i++) {
        if (strcmp(texts->items[i].text, "@-") == 0)
            return true;
    }
    return false;
}

/* The list of URLs may be read from there as well. */
static int check_standard_input(const struct options *options, struct error *error)
{
    const struct request_options *request = &options->request;
    const char *option = reads_input(&request->headers)                                   ? "header"
                         : reads_input(&request->data)                                    ? "data"
                         : request->config != NULL && strcmp(request->config, "-") == 0   ? "config"
                         : request->cookies != NULL && strcmp(request->cookies, "-") == 0 ? "cookie"
                                                                                          : NULL;
    for (size_t i = 0; option != NULL && i < options->input_count; i++) {
        if (strcmp(options->inputs[i], "-") == 0)
            return error_set(error, ERROR_USAGE,
                             "--%s and the list of URLs both read standard input: give one of them a file", option);
    }
    return 0;
}

/* Addresses that may not be used are none to libcurl, which would ask for the name while the clock runs. */
static int check_pins(const struct request_options *request, struct error *error)
{
    for (size_t i = 0; i < request->resolve.count; i++) {
        struct route_pin pin;
        if (route_parse_pin(request->resolve.items[i].text, &pin, error) != 0)
            return -1;
        if (!route_has_version(&pin, request->ip_version))
            return error_set(error, ERROR_USAGE, "--resolve %s has no address that --%s allows",
                             request->resolve.items[i].text, request->ip_version == IP_VERSION_4 ? "ipv4" : "ipv6");
    }
    return 0;
}

/* Without bodies only statuses can be checked. */
static int check_checks(const struct options *options, struct error *error)
{
    for (size_t i = 0; i < options->checks.count && options->request.is_head; i++) {
        if (options->checks.items[i].kind != CHECK_STATUS)
            return error_set(error, ERROR_USAGE,
                             "--head gets no bodies, so that of an answer only its status can be checked");
    }
    return 0;
}

static int check_request(const struct options *options, const bool *is_given, struct error *error)
{
    const struct request_options *request = &options->request;
    if (check_checks(options, error) != 0)
        return -1;
    if (options->transfer.retries == 0 && (is_given[OPTION_RETRY_DELAY] || is_given[OPTION_RETRY_MAX_TIME]))
        return error_set(error, ERROR_USAGE, "--%s does nothing without --retry",
                         is_given[OPTION_RETRY_DELAY] ? "retry-delay" : "retry-max-time");
    if (check_standard_input(options, error) != 0)
        return -1;
    if (request->is_head && request->data.count > 0)
        return refuse_pair(error, "head", "data", "which needs a method with a body");
    if (request->is_head && request->method != NULL)
        return refuse_pair(error, "head", "request", "which is another method");
    if (request->tls_max != TLS_VERSION_ANY && request->tls_min > request->tls_max)
        return error_set(error, ERROR_USAGE, "--tls-max %s is below --tlsv%s: no version is left",
                         option_tls_version(request->tls_max), option_tls_version(request->tls_min));
    if (request->key != NULL && request->certificate == NULL)
        return error_set(error, ERROR_USAGE, "--key does nothing without --cert, whose key it is");
    if (request->unix_socket != NULL && (request->proxy != NULL || request->proxy_from_environment))
        return refuse_pair(error, "unix-socket", request->proxy != NULL ? "proxy" : "proxy-from-env",
                           "which is another way to the server");
    if (request->proxy != NULL && request->proxy_from_environment)
        return refuse_pair(error, "proxy", "proxy-from-env", "which brings its own");
    if (check_pins(request, error) != 0)
        return -1;
    if (options->use_origin && check_origin(request, error) != 0)
        return -1;
    return options->use_origin && options->origin.has_tls ? check_tls_origin(request, error) : 0;
}

/* A search of rates has a length, a number of trials and a budget of its own. */
static int check_rate_search(struct options *options, const bool *is_given, struct error *error)
{
    if (!options->objective.is_present)
        options->objective = objective_default();
    if (is_given[OPTION_REPEAT])
        return error_set(error, ERROR_USAGE,
                         "--repeat does nothing with --rate auto, which goes through the list as often as it takes");
    if (!options->runs_auto)
        return refuse_pair(error, "runs", "rate auto", "which runs as many rounds as --time-budget holds");
    if (is_given[OPTION_WARMUP])
        return refuse_pair(error, "warmup", "rate auto", "whose first trials only look for the rate");
    if (options->copies > 1)
        return refuse_pair(error, "copies", "rate auto", "which measures each mode by itself");
    return 0;
}

/* Refuses options that have no meaning, or none yet, where downloads fall due at a rate. */
static int check_rate(struct options *options, const bool *is_given, struct error *error)
{
    bool has_rate = is_given[OPTION_RATE];
    if (!has_rate && (is_given[OPTION_ARRIVALS] || is_given[OPTION_MAX_LATE]))
        return error_set(error, ERROR_USAGE, "--%s does nothing without --rate",
                         is_given[OPTION_ARRIVALS] ? "arrivals" : "max-late");
    if (is_given[OPTION_SLO] && !options->rate_auto)
        return error_set(error, ERROR_USAGE,
                         "--slo says what --rate auto searches for: add that, or assert it of a rate by "
                         "--assert '*.response_p99 < 200ms'");
    if (!has_rate)
        return 0;
    bool is_single = options->rate_count == 1;
    if (options->client_count > 0)
        return error_set(error, ERROR_USAGE,
                         "--rate does not go with --client, since a program takes its list as fast as it likes: run it "
                         "beside the modes without --rate, or the modes alone at one");
    if (options->workers_auto && !is_single)
        return error_set(error, ERROR_USAGE,
                         "--workers auto does not go with several rates: give numbers of workers, such as 1..64");
    if (is_single && (options->workers_auto || options->worker_count >= SWEPT_FROM))
        return error_set(error, ERROR_USAGE,
                         "--rate does not go with a sweep of --workers, which looks for the shortest time: give one or "
                         "two numbers of workers, or several rates, or --rate auto");
    if (options->connection_count > 1)
        return error_set(error, ERROR_USAGE,
                         "--rate does not go with several --connections, whose gains are of times: give one of them");
    if (options->baseline_count > 0)
        return refuse_pair(error, "rate", "baseline",
                           is_single
                               ? "which compares times: assert response times by --assert, such as "
                                 "'*.response_p99 < 200ms'"
                               : "which compares times: assert the highest rate of the earlier result by --assert, "
                                 "such as '*.highest_rate > 500/s'");
    return options->rate_auto ? check_rate_search(options, is_given, error) : 0;
}

/* Several numbers of machines are compared by the time they take for the same list. */
static int check_machines(const struct options *options, struct error *error)
{
    if (options->machine_count < 2)
        return 0;
    if (options->split == SPLIT_NONE)
        return error_set(error, ERROR_USAGE,
                         "several numbers of --machines do not go with --split none, by which more machines have more "
                         "to do: leave it out");
    if (options->rate_count > 0 || options->rate_auto)
        return error_set(
            error, ERROR_USAGE,
            "several numbers of --machines do not go with --rate, which dictates the time: give one number");
    if (options->copies > 1)
        return error_set(error, ERROR_USAGE,
                         "--copies does not go with several numbers of --machines: give one number");
    return 0;
}

static int check_combination(struct options *options, const bool *is_given, struct error *error)
{
    size_t scripted = count_scripted(options);
    if (check_exports(options, error) != 0)
        return -1;
    if ((is_given[OPTION_MAX_SLOWDOWN] || options->force_baseline) && options->baseline_count == 0)
        return error_set(error, ERROR_USAGE, "--%s does nothing without --baseline",
                         options->force_baseline ? "force-baseline" : "max-slowdown");
    if (options->import_json != NULL)
        return check_import(options, is_given, error);
    if (check_clients_alone(options, is_given, error) != 0)
        return -1;
    if (is_given[OPTION_TIME_BUDGET] && !options->runs_auto)
        return error_set(error, ERROR_USAGE,
                         "--time-budget goes with --runs auto: --runs %" PRIu32 " takes as long as it takes",
                         options->runs);
    if (is_given[OPTION_DEADLINE] && !options->isolate)
        return error_set(error, ERROR_USAGE,
                         "--deadline does not go with --no-isolate: only a trial in a process of its own can be ended");
    if (is_given[OPTION_HANDICAP] && (!options->use_origin || options->copies < 2))
        return error_set(error, ERROR_USAGE, "--handicap does nothing without --origin and --copies 2 or more");
    bool is_swept = options->rate_count < 2 && (options->worker_count >= SWEPT_FROM || options->workers_auto);
    if (options->copies > 1 && is_swept)
        return error_set(error, ERROR_USAGE, "--copies does not go with a sweep of --workers");
    if (check_machines(options, error) != 0)
        return -1;
    if (options->transfer.dns_live && options->use_origin)
        return error_set(error, ERROR_USAGE, "--dns live does not go with --origin, where no name is resolved");
    if (is_given[OPTION_LOCATION] && options->transfer.max_redirects == 0)
        return error_set(error, ERROR_USAGE, "--location does not go with --max-redirs 0, which follows none");
    if (check_rate(options, is_given, error) != 0 || check_request(options, is_given, error) != 0)
        return -1;
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

int options_validate(struct options *options, const bool *is_given, struct error *error)
{
    options->is_time_budget_given = is_given[OPTION_TIME_BUDGET];
    options->is_repeat_given = is_given[OPTION_REPEAT];
    if (settle_clients(options, is_given, error) != 0)
        return -1;
    if (settle_reference(options, is_given, error) != 0 || settle_assertions(options, error) != 0)
        return -1;
    return check_combination(options, is_given, error);
}
