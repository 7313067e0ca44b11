#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/http/pool.h"
#include "conc_bench/platform/entropy.h"
#include "conc_bench/run/experiment.h"
#include "conc_bench/run/interrupt.h"
#include "conc_bench/run/resources.h"
#include "conc_bench/run/runner.h"
#include "conc_bench/workload/cpu_work.h"
#include "conc_bench/workload/header.h"
#include "conc_bench/workload/host_limits.h"
#include "session_state.h"

/* The article's list, for `--origin` without one. */
static const char *const embedded_urls[] = {"https://www.jython.org", "http://olympus.realpython.org/dice"};
enum { EMBEDDED_URL_COUNT = 2 };

/* Idle connections kept for each worker: one for each host, so that a list which goes round its hosts finds each again,
 * but never fewer than libcurl's own default (redirects lead to hosts that are in no list) nor more than the
 * descriptors bear. */
enum { CONNECTIONS_KEPT_MIN = 5, CONNECTIONS_KEPT_MAX = 64 };

/* A list that goes round more hosts than all workers keep connections to together finds none again, nor does one that
 * hardly asks any host twice; then the least does. So it does where libcurl 7.88, which goes through the whole pool for
 * each download, would take as long for that as for a new connection: with some 7,000, without TLS. */
enum { HOSTS_KEPT_MAX = 4096 };

/* Descriptors open besides those of a mode: standard streams, lines to cell and origin, libraries' files. */
enum { DESCRIPTORS_BESIDES = 64 };

/* The most workers that a search tries. */
enum { SEARCHED_WORKERS_MAX = 1024 };

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
    for (int i = 0; session->is_list_embedded && i < EMBEDDED_URL_COUNT; i++) {
        if (url_list_add_url(&session->urls, embedded_urls[i], error) != 0)
            return -1;
    }
    return 0;
}

static int check_http3(const struct session *session, struct error *error)
{
    for (uint32_t i = 0; i < session->urls.url_count; i++) {
        if (!target_is_tls(url_text(&session->urls, i)))
            return error_set(error, ERROR_USAGE,
                             "--http3 asks https URLs only, since HTTP/3 is always encrypted, and the list has an http "
                             "URL (%.200s)",
                             url_text(&session->urls, i));
    }
    return 0;
}

/* Refuses an HTTP version in which nothing of the list could be asked. */
static int check_http_version(const struct session *session, struct error *error)
{
    enum http_version version = session->options->request.http_version;
    if (version != HTTP_VERSION_2 && version != HTTP_VERSION_3)
        return 0;
    if (version == HTTP_VERSION_3)
        return check_http3(session, error);
    for (uint32_t i = 0; i < session->urls.url_count; i++) {
        if (target_is_tls(url_text(&session->urls, i)))
            return 0;
    }
    return error_set(
        error, ERROR_USAGE,
        "--http2 does nothing here: HTTP/2 is agreed on in a TLS handshake, and the list has no https URL");
}

/* Checks requests for things that every request would have, and that these have of their own. */
static int check_requests(const struct session *session, struct error *error)
{
    const struct options *options = session->options;
    const struct request_options *request = &options->request;
    const struct url_list *urls = &session->urls;
    const char *option = request->method != NULL   ? "--request"
                         : request->is_head        ? "--head"
                         : request->data.count > 0 ? "--data"
                                                   : NULL;
    if (urls->first_request.file == NULL)
        return 0;
    if (option != NULL)
        return error_set(error, ERROR_USAGE,
                         "%s does not go with requests that have methods and bodies of their own, from %s:%zu on: "
                         "write it into each",
                         option, urls->first_request.file, urls->first_request.line);
    if (options->client_count > 0)
        return error_set(
            error, ERROR_USAGE,
            "--client does not go with requests such as that at %s:%zu, since programs are given URLs alone: "
            "use a list of URLs, or compare the modes without --client",
            urls->first_request.file, urls->first_request.line);
    return 0;
}

/* A slip of the pen would check nothing. */
static int find_checked_urls(const struct session *session, struct error *error)
{
    const struct check_list *checks = &session->options->checks;
    for (size_t i = 0; i < checks->count; i++) {
        uint32_t url = 0;
        const char *target = checks->items[i].target;
        while (target != NULL && url < session->urls.url_count &&
               !check_is_of(&checks->items[i], (struct check_subject){.url = url_text(&session->urls, url),
                                                                      .name = url_name(&session->urls, url)}))
            url++;
        if (target != NULL && url == session->urls.url_count)
            return error_set(error, ERROR_USAGE, "--check: no %s of the list %s \"%s\"%s",
                             session->urls.names != NULL ? "request" : "URL",
                             checks->items[i].is_of_many ? "begins with" : "is", target,
                             checks->items[i].is_of_many ? "" : ": write it as the list does, or end it with a *");
    }
    return 0;
}

int setup_list(struct session *session, struct error *error)
{
    session->urls.is_for_tls_origin = session->options->use_origin && session->options->origin.has_tls;
    session->is_list_embedded = session->options->input_count == 0;
    if ((session->plan_message != NULL ? machines_load_list : load_urls)(session, error) != 0)
        return -1;
    if (check_requests(session, error) != 0 || find_checked_urls(session, error) != 0)
        return -1;
    return check_http_version(session, error);
}

bool session_is_scripted(const struct options *options)
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

int setup_names(struct session *session, struct error *error)
{
    if (session->options->use_origin || session_is_scripted(session->options))
        return 0;
    if (session->policy.dns_live)
        return pins_make(&session->urls, &session->request, &session->resolutions, &session->pins, error);
    if (resolve_hosts(&session->urls, &session->request, &session->resolutions, show_resolving, session, error) != 0)
        return -1;
    for (size_t i = 0; i < session->resolutions.host_count; i++) {
        const struct resolution *host = &session->resolutions.hosts[i];
        if (host->why != NULL && session->run.warning_count < 3)
            run_warn(&session->run, "%.*s did not resolve (%s), so its downloads fail",
                     (int)session->urls.hosts[i].name_length, session->urls.hosts[i].name, host->why);
    }
    return pins_make(&session->urls, &session->request, &session->resolutions, &session->pins, error);
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
    if (options->split == SPLIT_LIST && downloads > fleet_size())
        downloads /= fleet_size();
    session->most_workers = downloads < SEARCHED_WORKERS_MAX ? (uint32_t)downloads : SEARCHED_WORKERS_MAX;
    while (session->most_workers > 1 && descriptors_needed(session) > resources_descriptors_limit())
        session->most_workers /= 2;
    return session->most_workers;
}

static bool has_too_many_hosts(const struct session *session, uint32_t workers)
{
    uint64_t hosts = session->urls.host_count;
    uint64_t downloads = session->urls.downloads * session->options->repeat;
    return hosts > CONNECTIONS_KEPT_MAX &&
           (hosts > HOSTS_KEPT_MAX || hosts > (uint64_t)workers * CONNECTIONS_KEPT_MAX || downloads / 2 < hosts);
}

/* Decides the size of the connection pools, the same for all modes, and makes room for it. */
int setup_room(struct session *session, struct error *error)
{
    /* Clients ask the origin by addresses, and modes then do the same. */
    bool has_addresses = session->options->use_origin && session->options->client_count > 0;
    size_t hosts = has_addresses ? 1 : session->urls.host_count;
    uint32_t *kept = &session->policy.connections_kept;
    *kept = hosts < CONNECTIONS_KEPT_MAX ? (uint32_t)hosts : CONNECTIONS_KEPT_MAX;
    *kept = *kept > CONNECTIONS_KEPT_MIN ? *kept : CONNECTIONS_KEPT_MIN;
    uint32_t workers = most_workers(session);
    session->policy.host_count = (uint32_t)hosts;
    session->policy.has_too_many_hosts = !has_addresses && has_too_many_hosts(session, workers);
    if (session->policy.has_too_many_hosts)
        *kept = CONNECTIONS_KEPT_MIN;
    uint32_t wanted = *kept;
    while (*kept > 1 && descriptors_needed(session) > resources_descriptors_limit())
        --*kept;
    if (*kept < hosts && *kept < wanted)
        run_warn(&session->run,
                 "The limit of open descriptors leaves each worker %" PRIu32 " idle connections for %zu hosts", *kept,
                 hosts);
    char purpose[64];
    snprintf(purpose, sizeof(purpose), "a run with %" PRIu32 " workers", workers);
    if (session->plan_message != NULL && machines_take_room(session, error) != 0)
        return -1;
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

static bool has_header(const struct session *session, const char *name)
{
    for (size_t i = 0; i < session->request.header_count; i++) {
        if (header_has_name(session->request.headers[i], name))
            return true;
    }
    for (size_t i = 0; i < session->urls.messages.count; i++) {
        if (message_has_header(&session->urls.messages.items[i], name))
            return true;
    }
    return false;
}

/* Lets every request carry the mark by which the origin knows its run. */
static int sign_requests(struct session *session, struct error *error)
{
    char header[sizeof(ORIGIN_TOKEN_HEADER ": ") + ORIGIN_TOKEN_SIZE];
    if (has_header(session, ORIGIN_TOKEN_HEADER))
        return error_set(error, ERROR_USAGE,
                         "--header " ORIGIN_TOKEN_HEADER " does not go with --origin, which knows its run by it");
    snprintf(header, sizeof(header), ORIGIN_TOKEN_HEADER ": %s", session->place.token);
    return request_add_own_header(&session->request, header, error);
}

/* Modes have as many connections as they keep. Clients may have more, and are to be told so rather than kept waiting.
 */
static uint32_t connections_needed(const struct session *session)
{
    enum { OF_CLIENTS = 2048, BESIDES = 512 };
    uint32_t pools = pool_wears_out(&session->policy, TRANSFER_IN_MULTI) ? 2 : 1;
    uint32_t machines = machines_share_origin(session) ? fleet_size() : 1;
    uint32_t needed = session->most_workers * session->policy.connections_kept * pools * machines;
    bool has_room = resources_descriptors_limit() >= OF_CLIENTS + BESIDES;
    return session->options->client_count > 0 && has_room && needed < OF_CLIENTS ? OF_CLIENTS : needed;
}

/* Starts it, and writes down where it is to be asked. */
static int start_origin(struct session *session, struct error *error)
{
    struct origin_place *place = &session->place;
    struct origin_demand demand = {
        .token = place->token, .connections = connections_needed(session), .journal = session->clients.journal};
    if (machines_find_place(session, error) != 0)
        return -1;
    demand.address = place->address[0] != '\0' ? place->address : NULL;
    struct origin_host *hosts = list_tls_hosts(&session->urls, &demand.host_count);
    if (hosts == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the hosts of https URLs");
    if (demand.journal != NULL && demand.host_count > 0) {
        hosts[0] = (struct origin_host){"127.0.0.1", strlen("127.0.0.1"), true};
        demand.host_count = 1;
    }
    demand.hosts = hosts;
    if (session->options->origin.has_tls && demand.host_count == 0)
        run_warn(&session->run, "--origin=tls: the list has no https URL, and nothing is asked over TLS");
    session->origin = origin_start(&session->options->origin, &demand, error);
    free(hosts);
    if (session->origin == NULL)
        return -1;
    origin_set_interrupt(session->origin, interrupt_signal);
    place->port = origin_port(session->origin);
    place->tls_port = origin_tls_port(session->origin);
    if (origin_authority(session->origin) != NULL)
        snprintf(place->authority, sizeof(place->authority), "%s", origin_authority(session->origin));
    return 0;
}

int setup_origin(struct session *session, struct error *error)
{
    const struct origin_place *place = &session->place;
    bool is_others = session->plan_message != NULL && machines_share_origin(session);
    if (!session->options->use_origin)
        return 0;
    if (is_others)
        machines_take_place(session);
    else if (clients_make_journal(session, error) != 0 || origin_draw_token(session->place.token, error) != 0)
        return -1;
    bool has_addresses = session->clients.journal != NULL;
    if ((!has_addresses && sign_requests(session, error) != 0) || (!is_others && start_origin(session, error) != 0))
        return -1;
    /* Addresses lead there by themselves. */
    if (!has_addresses) {
        session->policy.origin_port = place->port;
        session->policy.origin_tls_port = place->tls_port;
        session->policy.origin_address = place->address[0] != '\0' ? place->address : NULL;
    }
    session->policy.authority = place->authority[0] != '\0' ? place->authority : NULL;
    return 0;
}

static uint64_t draw_seed(void)
{
    uint32_t seed = 1;
    if (!entropy_read(&seed, sizeof(seed)))
        seed = (uint32_t)clock_now();
    return seed; /* 32 bits: it is to be typed again by hand */
}

/* The time budget of a search of rates if none is given: as long as a search usually takes. */
static nanoseconds search_budget(const struct options *options)
{
    enum { SECONDS_A_MODE = 20, SECONDS_A_CURVE = 20 };
    uint64_t curves = 0;
    for (size_t i = 0; i < options->mode_count; i++)
        curves += (options->modes[i]->traits & MODE_ONE_WORKER) != 0 ? 1 : options->worker_count;
    return (nanoseconds)(options->mode_count * SECONDS_A_MODE + curves * SECONDS_A_CURVE) * NANOSECONDS_PER_SECOND;
}

int setup_plan(struct session *session, struct error *error)
{
    const struct options *options = session->options;
    /* The time that a sweep of rates takes is known beforehand, and told. */
    bool has_budget = options->runs_auto && (options->rate_count < 2 || options->is_time_budget_given);
    nanoseconds budget =
        options->rate_auto && !options->is_time_budget_given ? search_budget(options) : options->time_budget;
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
        .machines = fleet_size(),
        .machine_numbers = options->machines,
        .machine_number_count = options->machine_count,
        .split = options->split,
        .rounds = options->runs_auto && options->rate_count > 1 ? RATE_ROUNDS : options->runs,
        .warmup_rounds = options->warmup,
        .time_budget = has_budget ? budget : 0,
        .deadline = options->deadline,
        .seed = options->has_seed ? options->seed : draw_seed(),
        .arrivals = options->arrivals,
        .rates = options->rates,
        .rate_count = options->rate_count,
        .is_rate_search = options->rate_auto,
        .cpu_work = cpu_work_calibrate(options->cpu_work),
        .cpu_work_time = options->cpu_work,
        .script = options->script,
        .script_count = options->script_count,
        .transfer = session->policy,
        .isolate = options->isolate,
        .samples_kept = sample_policy_most(options->per_url ? SAMPLES_ALL : options->samples),
    };
    if (session->is_list_embedded) {
        if (request.repeat > UINT32_MAX / EMBEDDED_REPEAT)
            return error_set(error, ERROR_USAGE, "--repeat %" PRIu32 " of the embedded list is too much",
                             options->repeat);
        request.repeat *= EMBEDDED_REPEAT;
    }
    uint64_t listed = session->urls.downloads * request.repeat;
    if (options->is_repeat_given && plan_has_rates(&request))
        request.least_units = listed < UINT32_MAX ? (uint32_t)listed : UINT32_MAX;
    /* This is the least it takes; a plan of so many downloads would itself take long to make. */
    uint64_t rounds = (uint64_t)request.rounds + request.warmup_rounds;
    uint64_t units = plan_count_units(&request);
    bool is_searched = options->rate_auto; /* which takes as many downloads as the rates that are found need */
    if (!options->dry_run && !is_searched && runner_check_memory(units, rounds, request.samples_kept, error) != 0)
        return -1;
    return plan_build(&request, &session->plan, error);
}

/* A large number that was typed by mistake must not overload a public server. */
int setup_host_limits(struct session *session, struct error *error)
{
    const struct options *options = session->options;
    const struct plan *plan = &session->plan;
    struct host_limits host_limits;
    if (options->use_origin || options->dry_run || session_is_scripted(options))
        return 0;
    /* Machines take their units from the plan side by side. */
    uint64_t at_once = (uint64_t)session->most_workers * fleet_size();
    if (host_limits_look(plan, &session->resolutions, at_once < UINT32_MAX ? (uint32_t)at_once : UINT32_MAX,
                         &host_limits, error) != 0)
        return -1;
    session->is_public = host_limits.has_public;
    bool is_crowded = host_limits.crowded != NULL && host_limits.at_once > options->max_per_host;
    if (is_crowded && options->workers_auto && options->max_per_host >= fleet_size())
        session->most_workers = options->max_per_host / fleet_size();
    else if (is_crowded)
        return error_set(error, ERROR_USAGE,
                         "up to %" PRIu32 " downloads at once would go to %.*s, more than the %" PRIu32
                         " that one public host gets: use fewer --workers, or if it is yours, --max-per-host %" PRIu32,
                         host_limits.at_once, (int)host_limits.crowded->name_length, host_limits.crowded->name,
                         options->max_per_host, host_limits.at_once);
    return 0;
}

void setup_tell_cost(struct session *session)
{
    const struct options *options = session->options;
    char cost[1024];
    /* A rate says how much is asked of a server, and for how long, whoever's it is. */
    bool is_at_rate = options->rate_count > 0 || options->rate_auto;
    bool is_asked =
        (!options->use_origin || is_at_rate) && !session_is_scripted(options) && options->request.unix_socket == NULL;
    if (options->quiet || !is_asked || cost_describe(session, is_at_rate, cost, sizeof(cost)) == NULL)
        return;
    progress_note(&session->progress, stderr, "%s.%s", cost,
                  session->is_public ? " Ask only servers you may ask." : "");
}

/* Downloads from hosts that did not resolve fail as data, at once and alike in every mode. */
int setup_targets(struct session *session, struct error *error)
{
    const struct url_list *urls = &session->urls;
    const struct transfer_policy *policy = &session->policy;
    bool is_plain = policy->origin_port != 0 && policy->origin_tls_port == 0;
    const char *const *texts = urls->texts;
    if (session->clients.journal != NULL && (texts = clients_list_addresses(session, error)) == NULL)
        return -1;
    if (target_list_make(texts, urls->url_count, is_plain, &session->targets, error) != 0)
        return -1;
    if (urls->url_messages != NULL &&
        target_list_add_messages(&session->targets, urls->url_messages, &urls->messages, session->request.headers,
                                 session->request.header_count, error) != 0)
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

/* Adds one of each host that has none yet: plain downloads, or whatever is left. */
static void choose_warm_urls(struct session *session, bool is_of_plain, bool *is_chosen)
{
    const struct url_list *urls = &session->urls;
    for (uint32_t i = 0; i < urls->url_count; i++) {
        uint32_t host = urls->url_hosts[i];
        bool is_known = session->resolutions.hosts == NULL || session->resolutions.hosts[host].why == NULL;
        if (!is_known || is_chosen[host] || (is_of_plain && url_message(urls, i) != NULL))
            continue;
        session->warm_urls[session->warm_url_count++] = i;
        is_chosen[host] = true;
    }
}

/* A URL of each host, the first of the list; but no request that may change something, if there is another. */
int setup_warm_urls(struct session *session, struct error *error)
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
    choose_warm_urls(session, true, is_chosen);
    choose_warm_urls(session, false, is_chosen);
    free(is_chosen);
    if (session->warm_url_count > session->policy.connections_kept)
        run_warn(&session->run,
                 "Each worker keeps %" PRIu32 " idle connections, fewer than the %" PRIu32
                 " hosts, so that not every connection is still warm when it is needed",
                 session->policy.connections_kept, session->warm_url_count);
    return 0;
}
