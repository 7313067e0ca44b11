#include "conc_bench/session.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "conc_bench/apart.h"
#include "conc_bench/baseline.h"
#include "conc_bench/clock.h"
#include "conc_bench/cpu_work.h"
#include "conc_bench/evidence.h"
#include "conc_bench/experiment.h"
#include "conc_bench/import.h"
#include "conc_bench/interrupt.h"
#include "conc_bench/origin.h"
#include "conc_bench/outline.h"
#include "conc_bench/per_url.h"
#include "conc_bench/plan.h"
#include "conc_bench/politeness.h"
#include "conc_bench/progress.h"
#include "conc_bench/rehearsal.h"
#include "conc_bench/report.h"
#include "conc_bench/request.h"
#include "conc_bench/resolve.h"
#include "conc_bench/resources.h"
#include "conc_bench/runner.h"
#include "conc_bench/target.h"
#include "conc_bench/urls.h"

/* The article's list, for `--origin` without one. */
static const char *const embedded_urls[] = {"https://www.jython.org", "http://olympus.realpython.org/dice"};
enum { EMBEDDED_URL_COUNT = 2, EMBEDDED_REPEAT = 80 };

/* Idle connections kept for each worker: one for each host, so that a list which goes round its hosts finds each again,
 * but never fewer than libcurl's own default (redirects lead to hosts that are in no list) nor more than the
 * descriptors bear. */
enum { CONNECTIONS_KEPT_MIN = 5, CONNECTIONS_KEPT_MAX = 64 };

/* Descriptors open besides those of a mode: standard streams, lines to cell and origin, libraries' files. */
enum { DESCRIPTORS_BESIDES = 64 };

/* Different URLs up to which a trial keeps what the origin counted for each. */
enum { WITNESS_URLS_MAX = 10000 };

/* More workers than this a search does not try. */
enum { SEARCHED_WORKERS_MAX = 1024 };

struct session {
    const struct options *options;
    uint32_t most_workers;
    struct url_list urls;
    bool is_list_embedded;
    struct resolutions resolutions;
    struct target_list targets;
    bool *unresolved;    /* of each URL whether its host did not resolve; NULL: all did */
    uint32_t *warm_urls; /* one of each host that resolved */
    uint32_t warm_url_count;
    const char **pins;
    size_t pin_count;
    struct transfer_policy policy;
    struct request request;
    struct origin *origin;
    struct plan plan;
    struct progress progress;
    struct result result;
    struct baseline baseline;
    uint32_t refusals;  /* trials in a row with answers of status 429 or 503 */
    nanoseconds pause;  /* before the next trial, because of them */
    nanoseconds paused; /* in all */
    bool is_public;     /* some of the hosts are */
};

/* How often a pause looks for a signal. */
#define PAUSE_TICK (100 * NANOSECONDS_PER_MILLISECOND)

/* Steps before the run */

static int load_urls(struct session *session, struct error *error)
{
    const struct options *options = session->options;
    for (size_t i = 0; i < options->input_count; i++) {
        const char *input = options->inputs[i];
        int status = options_is_url(input) ? url_list_add_url(&session->urls, input, error)
                                           : url_list_add_file(&session->urls, input, error);
        if (status != 0)
            return -1;
    }
    session->is_list_embedded = options->input_count == 0;
    for (int i = 0; session->is_list_embedded && i < EMBEDDED_URL_COUNT; i++) {
        if (url_list_add_url(&session->urls, embedded_urls[i], error) != 0)
            return -1;
    }
    return 0;
}

/* Nothing of the list could be asked in it. */
static int check_http_version(const struct session *session, struct error *error)
{
    if (session->options->request.http_version != HTTP_VERSION_2)
        return 0;
    for (uint32_t i = 0; i < session->urls.url_count; i++) {
        if (target_is_tls(url_text(&session->urls, i)))
            return 0;
    }
    return error_set(
        error, ERROR_USAGE,
        "--http2 does nothing here: HTTP/2 is agreed on in a TLS handshake, and the list has no https URL");
}

static bool is_scripted_only(const struct options *options)
{
    for (size_t i = 0; i < options->mode_count; i++) {
        if ((options->modes[i]->traits & MODE_SCRIPTED) == 0)
            return false;
    }
    return true;
}

static void show_resolving(void *context, size_t done, size_t total)
{
    struct session *session = context;
    progress_show(&session->progress, -1, "resolving names, %zu of %zu", done, total);
}

/* What libcurl is told of names beforehand. Where several speak of one, the last counts. */
static int pin_names(struct session *session, struct error *error)
{
    const struct request_texts *given = &session->options->request.resolve;
    const struct resolutions *resolutions = &session->resolutions;
    session->pins = calloc(resolutions->host_count + REQUEST_PROXIES_MAX + given->count + 1, sizeof(session->pins[0]));
    if (session->pins == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the addresses of %zu hosts", resolutions->host_count);
    for (size_t i = 0; i < resolutions->host_count; i++) {
        if (resolutions->hosts[i].pin != NULL)
            session->pins[session->pin_count++] = resolutions->hosts[i].pin;
    }
    for (size_t i = 0; i < REQUEST_PROXIES_MAX; i++) {
        if (resolutions->proxy_pins[i] != NULL)
            session->pins[session->pin_count++] = resolutions->proxy_pins[i];
    }
    for (size_t i = 0; i < given->count; i++)
        session->pins[session->pin_count++] = given->items[i].text;
    return 0;
}

static int resolve(struct session *session, struct error *error)
{
    if (session->options->use_origin || is_scripted_only(session->options))
        return 0;
    if (session->policy.dns_live)
        return pin_names(session, error);
    if (resolve_hosts(&session->urls, &session->request, &session->resolutions, show_resolving, session, error) != 0)
        return -1;
    for (size_t i = 0; i < session->resolutions.host_count; i++) {
        const struct resolution *host = &session->resolutions.hosts[i];
        if (host->why != NULL && session->result.warning_count < 3)
            result_warn(&session->result, "%.*s did not resolve (%s): its downloads fail as dns",
                        (int)session->urls.hosts[i].name_length, session->urls.hosts[i].name, host->why);
    }
    return pin_names(session, error);
}

static uint64_t descriptors_needed(const struct session *session)
{
    uint64_t most = 0;
    for (size_t i = 0; i < session->options->mode_count; i++) {
        const struct mode *mode = session->options->modes[i];
        uint64_t needed = mode->descriptors(mode_workers(mode, session->most_workers), &session->policy);
        most = needed > most ? needed : most;
    }
    return most + DESCRIPTORS_BESIDES;
}

/* The largest number of workers there will be. A search goes no further than the descriptors do. */
static uint32_t most_workers(struct session *session)
{
    const struct options *options = session->options;
    uint64_t downloads = session->urls.downloads * options->repeat;
    session->most_workers = 1;
    for (size_t i = 0; i < options->worker_count; i++)
        session->most_workers =
            options->workers[i] > session->most_workers ? options->workers[i] : session->most_workers;
    if (!options->workers_auto)
        return session->most_workers;
    if (session->is_list_embedded)
        downloads *= EMBEDDED_REPEAT;
    session->most_workers = downloads < SEARCHED_WORKERS_MAX ? (uint32_t)downloads : SEARCHED_WORKERS_MAX;
    while (session->most_workers > 1 && descriptors_needed(session) > resources_descriptors_limit())
        session->most_workers /= 2;
    return session->most_workers;
}

/* Decides the size of the connection pools, the same for all modes, and makes room for it. */
static int make_room(struct session *session, struct error *error)
{
    size_t hosts = session->urls.host_count;
    uint32_t *kept = &session->policy.connections_kept;
    *kept = hosts < CONNECTIONS_KEPT_MAX ? (uint32_t)hosts : CONNECTIONS_KEPT_MAX;
    *kept = *kept > CONNECTIONS_KEPT_MIN ? *kept : CONNECTIONS_KEPT_MIN;
    uint32_t workers = most_workers(session);
    while (*kept > 1 && descriptors_needed(session) > resources_descriptors_limit())
        --*kept;
    if (*kept < hosts && *kept < CONNECTIONS_KEPT_MAX)
        result_warn(&session->result,
                    "the limit of open descriptors leaves each worker %" PRIu32 " idle connections for %zu hosts",
                    *kept, hosts);
    char purpose[64];
    snprintf(purpose, sizeof(purpose), "a run with %" PRIu32 " workers", workers);
    return resources_need_descriptors(descriptors_needed(session), purpose, error);
}

/* The hosts that https URLs name, into an array that the caller frees. NULL: no memory. */
static struct origin_host *list_tls_hosts(const struct url_list *urls, size_t *count)
{
    struct origin_host *hosts = calloc(urls->host_count + 1, sizeof(hosts[0]));
    bool *is_listed = calloc(urls->host_count + 1, sizeof(*is_listed));
    *count = 0;
    for (uint32_t i = 0; hosts != NULL && is_listed != NULL && i < urls->url_count; i++) {
        const struct url_host *host = &urls->hosts[urls->url_hosts[i]];
        if (is_listed[urls->url_hosts[i]] || !target_is_tls(url_text(urls, i)))
            continue;
        hosts[(*count)++] = (struct origin_host){host->name, host->name_length, host->is_literal};
        is_listed[urls->url_hosts[i]] = true;
    }
    if (is_listed == NULL) {
        free(hosts);
        return NULL;
    }
    free(is_listed);
    return hosts;
}

static int start_origin(struct session *session, struct error *error)
{
    if (!session->options->use_origin)
        return 0;
    struct origin_demand demand = {.connections = session->most_workers * session->policy.connections_kept};
    struct origin_host *hosts = list_tls_hosts(&session->urls, &demand.host_count);
    if (hosts == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the hosts of https URLs");
    demand.hosts = hosts;
    if (session->options->origin.has_tls && demand.host_count == 0)
        result_warn(&session->result, "--origin=tls: the list has no https URL, and nothing is asked over TLS");
    session->origin = origin_start(&session->options->origin, &demand, error);
    free(hosts);
    if (session->origin == NULL)
        return -1;
    origin_heed(session->origin, interrupt_signal);
    session->policy.origin_port = origin_port(session->origin);
    session->policy.origin_tls_port = origin_tls_port(session->origin);
    session->policy.authority = origin_authority(session->origin);
    return 0;
}

static uint64_t draw_seed(void)
{
    uint32_t seed = 1;
    if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
        seed = (uint32_t)clock_now();
    return seed; /* 32 bits: it is to be typed again by hand */
}

static int make_plan(struct session *session, struct error *error)
{
    const struct options *options = session->options;
    struct plan_request request = {
        .urls = &session->urls,
        .modes = options->modes,
        .mode_count = options->mode_count,
        .workers = options->workers,
        .worker_count = options->worker_count,
        .connections = options->connections,
        .connection_count = options->connection_count,
        .repeat = options->repeat,
        .copies = options->copies,
        .shuffle = options->shuffle,
        .rounds = options->runs,
        .warmup_rounds = options->warmup,
        .time_budget = options->runs_auto ? options->time_budget : 0,
        .deadline = options->deadline,
        .seed = options->has_seed ? options->seed : draw_seed(),
        .cpu_work = cpu_work_calibrate(options->cpu_work),
        .cpu_work_time = options->cpu_work,
        .script = options->script,
        .script_count = options->script_count,
        .transfer = session->policy,
        .isolate = options->isolate,
    };
    if (session->is_list_embedded) {
        if (request.repeat > UINT32_MAX / EMBEDDED_REPEAT)
            return error_set(error, ERROR_USAGE, "--repeat %" PRIu32 " of the embedded list is too much",
                             options->repeat);
        request.repeat *= EMBEDDED_REPEAT;
    }
    /* At least that; a plan of so many downloads would itself take long to make. */
    uint64_t rounds = (uint64_t)request.rounds + request.warmup_rounds;
    if (!options->dry_run && runner_check_memory(session->urls.downloads * request.repeat, rounds, error) != 0)
        return -1;
    return plan_build(&request, &session->plan, error);
}

/* Whoever types a large number by accident should not overrun somebody's server with it. */
static int check_politeness(struct session *session, struct error *error)
{
    const struct options *options = session->options;
    const struct plan *plan = &session->plan;
    struct politeness politeness;
    if (options->use_origin || options->dry_run || is_scripted_only(options))
        return 0;
    if (politeness_look(plan, &session->resolutions, session->most_workers, &politeness, error) != 0)
        return -1;
    session->is_public = politeness.busiest != NULL;
    bool is_crowded = politeness.crowded != NULL && politeness.at_once > options->max_per_host;
    if (is_crowded && options->workers_auto)
        session->most_workers = options->max_per_host;
    else if (is_crowded)
        return error_set(error, ERROR_USAGE,
                         "up to %" PRIu32 " downloads at once would go to %.*s, more than the %" PRIu32
                         " that one public host gets: use fewer --workers, or if it is yours, --max-per-host %" PRIu32,
                         politeness.at_once, (int)politeness.crowded->name_length, politeness.crowded->name,
                         options->max_per_host, politeness.at_once);
    uint64_t trials = (uint64_t)plan->cell_count * (plan->request.rounds + plan->request.warmup_rounds);
    if (session->is_public && politeness.requests * trials > POLITENESS_NOTICE_FROM && !options->quiet)
        progress_note(&session->progress, stderr,
                      "Note: up to %" PRIu64 " requests will go to %.*s. Ask only servers you may ask.",
                      politeness.requests * trials, (int)politeness.busiest->name_length, politeness.busiest->name);
    return 0;
}

/* Downloads from hosts that did not resolve fail as data, at once and alike in every mode. */
static int make_targets(struct session *session, struct error *error)
{
    const struct url_list *urls = &session->urls;
    const struct transfer_policy *policy = &session->policy;
    bool is_plain = policy->origin_port != 0 && policy->origin_tls_port == 0;
    if (target_list_make(urls->texts, urls->url_count, is_plain, &session->targets, error) != 0)
        return -1;
    if (session->resolutions.failed_count == 0)
        return 0;
    session->unresolved = calloc(urls->url_count, sizeof(session->unresolved[0]));
    if (session->unresolved == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the URLs whose hosts did not resolve");
    for (uint32_t i = 0; i < urls->url_count; i++)
        session->unresolved[i] = session->resolutions.hosts[urls->url_hosts[i]].why != NULL;
    session->targets.unresolved = session->unresolved;
    return 0;
}

/* A URL of each host, the first of the list. */
static int choose_warm_urls(struct session *session, struct error *error)
{
    const struct url_list *urls = &session->urls;
    bool is_wanted = false;
    for (size_t i = 0; i < session->options->connection_count; i++)
        is_wanted |= session->options->connections[i] == CONNECTIONS_WARM;
    if (!is_wanted)
        return 0;
    session->warm_urls = calloc(urls->host_count, sizeof(session->warm_urls[0]));
    bool *is_chosen = calloc(urls->host_count, sizeof(*is_chosen));
    if (session->warm_urls == NULL || is_chosen == NULL) {
        free(is_chosen);
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the URLs that open connections");
    }
    for (uint32_t i = 0; i < urls->url_count; i++) {
        uint32_t host = urls->url_hosts[i];
        bool is_known = session->resolutions.hosts == NULL || session->resolutions.hosts[host].why == NULL;
        if (is_known && !is_chosen[host])
            session->warm_urls[session->warm_url_count++] = i;
        is_chosen[host] = true;
    }
    free(is_chosen);
    if (session->warm_url_count > session->policy.connections_kept)
        result_warn(&session->result,
                    "each worker keeps %" PRIu32 " idle connections, fewer than the %" PRIu32
                    " hosts, so that not every connection is still warm when it is needed",
                    session->policy.connections_kept, session->warm_url_count);
    return 0;
}

/* What the result says about the run before it starts */

static int add_source(struct result *result, const char *name, struct error *error)
{
    char *copy = strdup(name);
    if (copy == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the result");
    result->sources[result->source_count++] = copy;
    return 0;
}

static int describe_sources(struct session *session, struct error *error)
{
    const struct options *options = session->options;
    struct result *result = &session->result;
    result->sources = calloc(options->input_count + 1, sizeof(result->sources[0]));
    if (result->sources == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the result");
    bool has_arguments = false;
    for (size_t i = 0; i < options->input_count; i++) {
        const char *input = options->inputs[i];
        if (options_is_url(input) && has_arguments)
            continue;
        has_arguments |= options_is_url(input);
        const char *name = options_is_url(input)     ? "the command line"
                           : strcmp(input, "-") == 0 ? "standard input"
                                                     : input;
        if (add_source(result, name, error) != 0)
            return -1;
    }
    return session->is_list_embedded ? add_source(result, "the embedded list", error) : 0;
}

static bool is_host_local(const struct url_host *host)
{
    static const char localhost[] = "localhost";
    size_t length = strlen(localhost);
    if (host->is_literal)
        return strncmp(host->name, "127.", 4) == 0 || (host->name_length == 3 && memcmp(host->name, "::1", 3) == 0);
    return host->name_length >= length && memcmp(host->name + host->name_length - length, localhost, length) == 0;
}

/* Whether what serves takes part in what is measured. */
static bool is_server_local(const struct session *session)
{
    for (size_t i = 0; i < session->urls.host_count; i++) {
        bool is_resolved = session->resolutions.hosts != NULL;
        if (is_resolved ? session->resolutions.hosts[i].is_local : is_host_local(&session->urls.hosts[i]))
            return true;
    }
    return session->options->use_origin;
}

static int describe_workload(struct session *session, struct error *error)
{
    struct result *result = &session->result;
    const struct plan *plan = &session->plan;
    result->downloads = plan->unit_count;
    result->distinct_urls = (uint32_t)session->urls.url_count;
    result->hosts = (uint32_t)session->urls.host_count;
    result->unresolved_hosts = (uint32_t)session->resolutions.failed_count;
    result->is_server_local = is_server_local(session);
    result->workload_digest = url_list_digest(&session->urls);
    result->is_order_shuffled = plan->request.shuffle;
    result->cpu_work = plan->request.cpu_work_time;
    result->unit_urls = plan->unit_urls;
    result->urls = calloc(session->urls.url_count, sizeof(result->urls[0]));
    if (result->urls == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the result");
    for (uint32_t i = 0; i < session->urls.url_count; i++)
        result->urls[i] = url_text(&session->urls, i);
    return describe_sources(session, error);
}

struct description {
    struct result *result;
    struct error *error;
    int status;
};

static void add_asked(void *context, const char *option)
{
    struct description *description = context;
    if (description->status == 0)
        description->status = result_add_asked(description->result, option, description->error);
}

static int describe_request(struct session *session, struct error *error)
{
    struct description description = {.result = &session->result, .error = error};
    request_describe(&session->request, add_asked, &description);
    session->result.is_unverified = session->options->request.is_unverified;
    if (session->result.is_unverified)
        result_warn(&session->result, "TLS was not verified (--insecure): anybody may have answered");
    return description.status;
}

static void describe_policy(struct session *session)
{
    struct result *result = &session->result;
    const struct transfer_policy *policy = &session->policy;
    for (size_t i = 0; i < session->options->connection_count; i++) {
        size_t used = strlen(result->connections);
        snprintf(result->connections + used, sizeof(result->connections) - used, "%s%s", i > 0 ? "," : "",
                 connection_policy_names[session->options->connections[i]]);
    }
    snprintf(result->dns, sizeof(result->dns), "%s", policy->dns_live ? "live" : "pinned");
    snprintf(result->http_version, sizeof(result->http_version), "%s",
             session->options->request.http_version == HTTP_VERSION_2 ? "HTTP/2" : "HTTP/1.1");
    result->connections_kept = policy->connections_kept;
    result->max_redirects = policy->max_redirects;
    result->connect_timeout = policy->connect_timeout;
    result->max_time = policy->max_time;
    result->max_body = policy->max_body;
    result->buffer_bytes = policy->buffer_bytes;
    if (session->options->use_origin)
        origin_options_describe(&session->options->origin, result->origin, sizeof(result->origin));
}

static void describe_experiment(struct session *session)
{
    struct result *result = &session->result;
    const struct plan_request *request = &session->plan.request;
    result->seed = request->seed;
    result->warmup_rounds = request->warmup_rounds;
    result->rounds_planned = request->rounds;
    result->is_isolated = request->isolate;
    if (session->options->reference != NULL)
        snprintf(result->reference, sizeof(result->reference), "%s", session->options->reference->name);
    snprintf(result->tool_version, sizeof(result->tool_version), "%s", CONC_BENCH_VERSION);
    snprintf(result->libcurl_version, sizeof(result->libcurl_version), "%s", transfer_library_version());
    snprintf(result->tls_version, sizeof(result->tls_version), "%s", transfer_tls_version());
    clock_utc(result->started_at);
    resources_system_name(result->machine_system, sizeof(result->machine_system));
    resources_cpu_name(result->machine_cpu, sizeof(result->machine_cpu));
    result->cores = resources_cores();
}

/* Who relies on a proxy should know that none is used. */
static void warn_of_proxies(struct result *result)
{
    static const char *const names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && value[0] != '\0') {
            result_warn(result, "%s is set in the environment and not used", names[i]);
            return;
        }
    }
}

/* The run */

/* What a public server wishes that has had enough; one's own is left to its owner. */
static void note_refusals(struct session *session, const struct trial *trial)
{
    uint32_t longest = 0;
    for (uint32_t unit = 0; unit < trial->table->unit_count; unit++) {
        uint32_t seconds = trial->table->samples[unit].retry_after;
        longest = seconds > longest ? seconds : longest;
    }
    session->pause = politeness_pause(trial->digest.refused, longest, session->refusals);
    session->refusals = trial->digest.refused > 0 ? session->refusals + 1 : 0;
}

/* Between trials, where no clock is running. */
static void spare_server(struct session *session)
{
    nanoseconds begin = clock_now();
    nanoseconds end = begin + session->pause;
    for (nanoseconds left = session->pause; left > 0 && interrupt_signal() == 0; left = end - clock_now()) {
        progress_show(&session->progress, -1, "the server asks to be left alone, %.0f s more", clock_seconds(left));
        interrupt_wait(-1, left < PAUSE_TICK ? left : PAUSE_TICK);
    }
    if (session->pause > 0)
        session->paused += clock_now() - begin;
    session->pause = 0;
}

static int before_trial(void *context, const struct plan_cell *cell, struct error *error)
{
    struct session *session = context;
    const struct options *options = session->options;
    spare_server(session);
    if (session->origin == NULL)
        return 0;
    if (origin_reset(session->origin, error) != 0)
        return -1;
    if (options->handicap == 0)
        return 0;
    double factor = cell->copy > 0 ? 1 + options->handicap : 1;
    return origin_set_latency(session->origin, (nanoseconds)((double)options->origin.latency * factor), error);
}

/* All of them or, where there are too many, none: with some of them it would look like unequal work. */
static int copy_paths(struct trial_witness *witness, const struct origin_path_count *paths, uint32_t count,
                      struct error *error)
{
    if (count > WITNESS_URLS_MAX)
        return 0;
    witness->urls = calloc((size_t)count + 1, sizeof(witness->urls[0]));
    witness->url_requests = calloc((size_t)count + 1, sizeof(witness->url_requests[0]));
    bool has_memory = witness->urls != NULL && witness->url_requests != NULL;
    for (uint32_t i = 0; i < count && has_memory; i++) {
        witness->urls[i] = strdup(paths[i].url);
        has_memory = witness->urls[i] != NULL;
        witness->url_requests[i] = paths[i].requests;
        witness->url_count += has_memory;
    }
    return has_memory ? 0 : error_set(error, ERROR_ENVIRONMENT, "no memory for what the origin saw");
}

static int after_trial(void *context, struct trial *trial, struct error *error)
{
    struct session *session = context;
    if (session->is_public && trial->table != NULL)
        note_refusals(session, trial);
    struct origin_counts counts;
    struct origin_path_count *paths = NULL;
    if (session->origin == NULL)
        return 0;
    /* Without a witness, what an interrupted trial has done still stands. */
    if (origin_read_counts(session->origin, &counts, &paths, error) != 0)
        return interrupt_signal() != 0 ? 0 : -1;
    trial->witness = (struct trial_witness){
        .is_present = true,
        .requests = counts.requests,
        .connections = counts.connections,
        .peak_in_flight = counts.peak_in_flight,
    };
    int status = copy_paths(&trial->witness, paths, counts.paths, error);
    origin_path_counts_release(paths, counts.paths);
    return status;
}

static void show_position(void *context, const struct runner_position *position)
{
    struct session *session = context;
    char name[32];
    plan_cell_name(position->cell, name, sizeof(name));
    progress_show(&session->progress, position->fraction,
                  "%s %" PRIu32 " of %" PRIu32 ": %s/%" PRIu32 ", %" PRIu32 " of %" PRIu32 " downloads",
                  position->is_warmup ? "warm-up" : "round", position->round + 1, position->rounds, name,
                  position->cell->workers, position->settled, session->plan.unit_count);
}

static struct transfer_plan describe_transfers(const struct session *session)
{
    return (struct transfer_plan){
        .policy = &session->plan.request.transfer,
        .request = &session->request,
        .targets = &session->targets,
        .pins = session->pins,
        .pin_count = session->pin_count,
    };
}

static int run_rehearsal(void *context, struct error *error)
{
    return rehearsal_run(context, error);
}

/* This process is to hold no state of libcurl when it forks: see cell.c. */
static int rehearse(struct session *session, struct error *error)
{
    struct transfer_plan transfer = describe_transfers(session);
    if (is_scripted_only(session->options) || !rehearsal_is_needed(&session->request))
        return 0;
    progress_show(&session->progress, -1, "trying certificates and proxies");
    return apart_run(run_rehearsal, &transfer, error);
}

static int run(struct session *session, struct error *error)
{
    const struct plan_request *request = &session->plan.request;
    const struct transfer_plan transfer = describe_transfers(session);
    const struct mode_job job = {
        .transfer = &transfer,
        .unit_urls = session->plan.unit_urls,
        .warm_urls = session->warm_urls,
        .warm_url_count = session->warm_url_count,
        .cores = resources_cores(),
        .cpu_work = request->cpu_work,
        .script = request->script,
        .script_count = request->script_count,
    };
    const struct runner_hooks hooks = {
        .context = session,
        .before_trial = before_trial,
        .after_trial = after_trial,
        .progress = show_position,
    };
    const struct experiment experiment = {
        .plan = &session->plan,
        .job = &job,
        .hooks = &hooks,
        .result = &session->result,
        .is_auto = session->options->runs_auto,
        .is_sweep = session->options->worker_count >= SWEPT_FROM,
        .is_search = session->options->workers_auto,
        .most_workers = session->most_workers,
    };
    if (interrupt_install(error) != 0)
        return -1;
    int status = experiment_run(&experiment, error);
    if (session->paused > 0)
        result_warn(&session->result, "the server refused downloads (429 or 503) and was left alone for %.0f s in all",
                    clock_seconds(session->paused));
    interrupt_restore();
    progress_clear(&session->progress);
    return status;
}

/* The end */

static int report(struct session *session, struct error *error)
{
    const struct report_request request = {
        .options = session->options,
        .result = &session->result,
        .baseline = session->options->baseline != NULL ? &session->baseline : NULL,
    };
    if (session->result.cell_count == 0)
        return 0;
    session->result.wants_per_url = session->options->per_url;
    if (evidence_settle(&session->result, session->options->samples, error) != 0)
        return -1;
    return report_write(&request, error);
}

static void release(struct session *session)
{
    progress_clear(&session->progress);
    evidence_release(&session->result);
    result_release(&session->result);
    baseline_release(&session->baseline);
    plan_release(&session->plan);
    origin_stop(session->origin);
    free(session->pins);
    free(session->warm_urls);
    target_list_release(&session->targets);
    free(session->unresolved);
    resolutions_release(&session->resolutions);
    url_list_release(&session->urls);
    request_release(&session->request);
}

/* Before anything is run: a gate that cannot work is no reason to spend minutes. */
static int read_baseline(struct session *session, struct error *error)
{
    const struct options *options = session->options;
    if (options->baseline == NULL)
        return 0;
    if (baseline_read(options->baseline, &session->result, options->force_baseline, &session->baseline, error) != 0)
        return -1;
    for (size_t i = 0; i < session->plan.cell_count; i++) {
        const struct plan_cell *cell = &session->plan.cells[i];
        if (options->workers_auto || baseline_find(&session->baseline, cell->mode->name, cell->workers) != NULL)
            return 0;
    }
    return error_set(error, ERROR_USAGE,
                     "the baseline %s has none of the modes and numbers of workers that would be run",
                     options->baseline);
}

static int prepare(struct session *session, struct error *error)
{
    const struct options *options = session->options;
    if (!options->dry_run && report_check(options, error) != 0)
        return -1;
    if (request_load(&options->request, &session->request, error) != 0)
        return -1;
    if (rehearsal_check_library(&session->request, error) != 0)
        return -1;
    if (load_urls(session, error) != 0 || check_http_version(session, error) != 0 || make_room(session, error) != 0)
        return -1;
    if (!options->dry_run && (resolve(session, error) != 0 || start_origin(session, error) != 0))
        return -1;
    if (make_plan(session, error) != 0)
        return -1;
    if (!options->dry_run && make_targets(session, error) != 0)
        return -1;
    if (check_politeness(session, error) != 0)
        return -1;
    if (!options->dry_run && rehearse(session, error) != 0)
        return -1;
    if (choose_warm_urls(session, error) != 0)
        return -1;
    if (!options->request.proxy_from_environment && session->request.proxy_count == 0)
        warn_of_proxies(&session->result);
    describe_policy(session);
    if (describe_request(session, error) != 0)
        return -1;
    describe_experiment(session);
    if (describe_workload(session, error) != 0)
        return -1;
    return read_baseline(session, error);
}

int session_run(const struct options *options, struct error *error)
{
    struct session session = {.options = options, .policy = options->transfer};
    url_list_init(&session.urls);
    progress_init(&session.progress, stderr, !options->quiet && !options->no_progress);
    int status = prepare(&session, error);
    if (status == 0 && options->dry_run) {
        if (options->workers_auto || options->worker_count >= SWEPT_FROM)
            outline_write_choice(stdout, &session.plan, options->workers_auto);
        else
            outline_write(stdout, &session.plan);
    } else if (status == 0) {
        status = run(&session, error);
        struct error report_error = {0};
        int verdict = report(&session, &report_error);
        /* The first failure is the one to tell. */
        if (status == 0) {
            status = verdict;
            *error = report_error;
        }
    }
    release(&session);
    return status;
}

/* Import */

/* Cells of a mode, with that number of workers if it is not 0. */
static size_t count_cells(const struct result *result, const char *mode, uint32_t workers, bool is_main)
{
    size_t count = 0;
    for (size_t i = 0; i < result->cell_count; i++) {
        const struct cell_result *cell = &result->cells[i];
        bool is_wanted = workers == 0 || cell->workers == workers;
        count += is_wanted && cell_has_name(cell, mode) && (!is_main || cell->stage == STAGE_MAIN);
    }
    return count;
}

static bool has_several_workers(const struct result *result, const char *mode)
{
    uint32_t workers = 0;
    for (size_t i = 0; i < result->cell_count; i++) {
        const struct cell_result *cell = &result->cells[i];
        if (cell->stage != STAGE_MAIN || !cell_has_name(cell, mode))
            continue;
        if (workers != 0 && cell->workers != workers)
            return true;
        workers = cell->workers;
    }
    return false;
}

/* What the options ask for must be in the document: there is no run that could still bring it. */
static int check_asked(const struct options *options, const struct result *result, struct error *error)
{
    if (options->reference != NULL && count_cells(result, options->reference->name, 0, true) == 0)
        return error_set(error, ERROR_USAGE, "--reference: %s has no mode %s", options->import_json,
                         options->reference->name);
    for (size_t i = 0; i < options->claim_count; i++) {
        for (size_t j = 0; j < options->claims[i].operand_count; j++) {
            const struct claim_operand *operand = &options->claims[i].operands[j];
            if (strcmp(operand->mode, "*") == 0)
                continue;
            if (count_cells(result, operand->mode, operand->workers, false) == 0)
                error_set(error, ERROR_USAGE, "--assert: %s has no such mode and workers", options->import_json);
            else if (j == 1 && operand->workers == 0 && has_several_workers(result, operand->mode))
                error_set(error, ERROR_USAGE, "--assert: %s has several numbers of workers in %s: say which",
                          operand->mode, options->import_json);
            else
                continue;
            return error_point(error, options->claim_texts[i], operand->offset);
        }
    }
    return 0;
}

/* Of a document saved without them, where its samples are there. */
static int add_per_url(const struct options *options, struct result *result, struct error *error)
{
    if (!options->per_url || result->per_url != NULL)
        return 0;
    const struct cell_result *lacking = per_url_lacks(result);
    if (lacking == NULL)
        return per_url_make(result, error);
    return error_set(error, ERROR_USAGE,
                     "--per-url: %s has neither figures of each URL nor the downloads of %s/%" PRIu32
                     " to make them from: measure again with --per-url, or with --samples all",
                     options->import_json, lacking->mode, lacking->workers);
}

int session_import(const struct options *options, struct error *error)
{
    struct import import;
    struct baseline baseline = {0};
    if (report_check(options, error) != 0 || import_read(options->import_json, true, &import, error) != 0)
        return -1;
    int status = check_asked(options, &import.result, error);
    if (status == 0)
        status = add_per_url(options, &import.result, error);
    if (status == 0 && options->baseline != NULL)
        status = baseline_read(options->baseline, &import.result, options->force_baseline, &baseline, error);
    if (status == 0) {
        if (options->reference != NULL)
            snprintf(import.result.reference, sizeof(import.result.reference), "%s", options->reference->name);
        const struct report_request request = {
            .options = options,
            .result = &import.result,
            .baseline = options->baseline != NULL ? &baseline : NULL,
            .judgements = import.judgements,
            .judgement_count = import.judgement_count,
        };
        status = report_write(&request, error);
    }
    baseline_release(&baseline);
    import_release(&import);
    return status;
}
