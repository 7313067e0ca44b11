#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/base/number.h"
#include "conc_bench/base/text.h"
#include "conc_bench/platform/cgroup.h"
#include "conc_bench/platform/machine.h"
#include "conc_bench/run/resources.h"
#include "conc_bench/workload/own_host.h"
#include "session_state.h"

static int add_source(struct run *run, const char *name, struct error *error)
{
    char *copy = strdup(name);
    if (copy == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the result");
    run->sources[run->source_count++] = copy;
    return 0;
}

static int describe_sources(struct session *session, struct error *error)
{
    const struct options *options = session->options;
    struct run *run = &session->run;
    run->sources = calloc(options->input_count + 1, sizeof(run->sources[0]));
    if (run->sources == NULL)
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
        if (add_source(run, name, error) != 0)
            return -1;
    }
    return session->is_list_embedded ? add_source(run, "the embedded list", error) : 0;
}

static bool is_host_local(const struct url_host *host)
{
    char text[INET6_ADDRSTRLEN];
    if (own_host_is_localhost(host->name, host->name_length))
        return true;
    snprintf(text, sizeof(text), "%.*s", (int)host->name_length, host->name);
    return host->is_literal && own_host_has_address(text);
}

bool description_is_local(const struct session *session, size_t host)
{
    bool is_resolved = session->resolutions.hosts != NULL;
    return is_resolved ? session->resolutions.hosts[host].is_local : is_host_local(&session->urls.hosts[host]);
}

/* Whether what serves takes part in what is measured. */
static bool is_server_local(const struct session *session)
{
    for (size_t i = 0; i < session->urls.host_count; i++) {
        if (description_is_local(session, i))
            return true;
    }
    return session->options->use_origin;
}

static int describe_workload(struct session *session, struct error *error)
{
    struct run *run = &session->run;
    const struct plan *plan = &session->plan;
    run->downloads = plan->unit_count;
    run->distinct_urls = (uint32_t)session->urls.url_count;
    run->hosts = (uint32_t)session->urls.host_count;
    run->unresolved_hosts = (uint32_t)session->resolutions.failed_count;
    run->is_server_local = is_server_local(session);
    run->is_proxy_local = session->resolutions.is_proxy_local || resolve_has_local_proxy(&session->request);
    run->workload_digest = url_list_digest(&session->urls);
    run->is_order_shuffled = plan->request.shuffle;
    run->cpu_work = plan->request.cpu_work_time;
    run->arrivals = plan->request.arrivals;
    if (plan->request.is_rate_search)
        run->objective = session->options->objective;
    run->unit_urls = plan->unit_urls;
    run->urls = calloc(session->urls.url_count, sizeof(run->urls[0]));
    if (run->urls == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the result");
    for (uint32_t i = 0; i < session->urls.url_count; i++)
        run->urls[i] = url_name(&session->urls, i);
    return describe_sources(session, error);
}

struct description {
    struct run *run;
    struct error *error;
    int status;
};

static void add_asked(void *context, const char *option)
{
    struct description *description = context;
    if (description->status == 0)
        description->status = run_add_asked(description->run, option, description->error);
}

/* Options about downloads, rather than about servers. */
static void describe_transfer(const struct transfer_policy *policy, struct description *description)
{
    char option[64];
    if (!policy->digests_bodies)
        add_asked(description, "--no-digest");
    snprintf(option, sizeof(option), "--limit-rate %" PRId64, policy->receive_speed);
    if (policy->receive_speed > 0)
        add_asked(description, option);
    snprintf(option, sizeof(option), "--retry %" PRIu32, policy->retries);
    if (policy->retries > 0)
        add_asked(description, option);
    snprintf(option, sizeof(option), "--retry-delay %s", NUMBER(6, clock_seconds(policy->retry_delay)));
    if (policy->retries > 0 && policy->retry_delay > 0)
        add_asked(description, option);
}

static int describe_request(struct session *session, struct error *error)
{
    struct description description = {.run = &session->run, .error = error};
    request_describe(&session->request, add_asked, &description);
    describe_transfer(&session->policy, &description);
    for (size_t i = 0; i < session->options->checks.count && description.status == 0; i++)
        description.status = run_add_check(&session->run, session->options->checks.items[i].text, error);
    session->run.tolerates_failures = session->options->allow_failures;
    session->run.is_unverified = session->options->request.is_unverified;
    if (session->run.is_unverified)
        run_warn(&session->run, "TLS was not verified (--insecure): anybody may have answered");
    return description.status;
}

static void describe_names(struct session *session)
{
    enum resolver resolver = resolve_resolver(&session->request);
    char *dns = session->run.dns;
    const char *own = session->policy.dns_live ? "live" : "pinned";
    snprintf(dns, sizeof(session->run.dns), "%s%s",
             resolver == RESOLVER_NONE    ? "none"
             : resolver == RESOLVER_PROXY ? "proxy"
                                          : own,
             resolver == RESOLVER_SELF_AND_PROXY ? ",proxy" : "");
}

static void describe_policy(struct session *session)
{
    struct run *run = &session->run;
    const struct transfer_policy *policy = &session->policy;
    for (size_t i = 0; i < session->options->connection_count; i++) {
        size_t used = strlen(run->connections);
        snprintf(run->connections + used, sizeof(run->connections) - used, "%s%s", i > 0 ? "," : "",
                 connection_policy_names[session->options->connections[i]]);
    }
    describe_names(session);
    static const char *const versions[] = {[HTTP_VERSION_ANY] = "HTTP/1.1",
                                           [HTTP_VERSION_1_1] = "HTTP/1.1",
                                           [HTTP_VERSION_2] = "HTTP/2",
                                           [HTTP_VERSION_2_KNOWN] = "HTTP/2 known",
                                           [HTTP_VERSION_3] = "HTTP/3"};
    snprintf(run->http_version, sizeof(run->http_version), "%s", versions[session->options->request.http_version]);
    run->connections_kept = policy->connections_kept;
    run->max_redirects = policy->max_redirects;
    run->connect_timeout = policy->connect_timeout;
    run->max_time = policy->max_time;
    run->max_body = policy->max_body;
    run->buffer_bytes = policy->buffer_bytes;
    run->tolerance = session->options->tolerance;
    if (session->options->use_origin)
        origin_options_describe(&session->options->origin, run->origin, sizeof(run->origin));
    if (session->options->use_origin && fleet_size() > 1)
        text_append(run->origin, sizeof(run->origin), "%s",
                    machines_share_origin(session) ? ", on the machine that leads" : RUN_ORIGIN_EACH);
    if (session->options->use_origin && session->options->client_count > 0)
        text_append(run->origin, sizeof(run->origin), ", all hosts at one address");
}

static void describe_experiment(struct session *session)
{
    struct run *run = &session->run;
    const struct plan_request *request = &session->plan.request;
    run->seed = request->seed;
    run->warmup_rounds = request->warmup_rounds;
    run->rounds_planned = request->rounds;
    run->is_isolated = request->isolate;
    if (session->options->reference != NULL)
        snprintf(run->reference, sizeof(run->reference), "%s", session->options->reference);
    snprintf(run->tool_version, sizeof(run->tool_version), "%s", CONC_BENCH_VERSION);
    snprintf(run->libcurl_version, sizeof(run->libcurl_version), "%s", transfer_library_version());
    snprintf(run->tls_version, sizeof(run->tls_version), "%s", transfer_tls_version());
    clock_utc(run->started_at);
    resources_system_name(run->machine_system, sizeof(run->machine_system));
    resources_cpu_name(run->machine_cpu, sizeof(run->machine_cpu));
    run->cores = machine_cores();
    run->cpu_quota = cgroup_cpu_quota("");
}

/* Warns users who rely on a proxy that none is used. */
static void warn_of_proxies(struct run *run)
{
    static const char *const names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && value[0] != '\0') {
            run_warn(run, "%s is set in the environment and not used", names[i]);
            return;
        }
    }
}

int description_fill(struct session *session, struct error *error)
{
    const struct options *options = session->options;
    if (!options->request.proxy_from_environment && session->request.proxy_count == 0)
        warn_of_proxies(&session->run);
    describe_policy(session);
    if (describe_request(session, error) != 0)
        return -1;
    describe_experiment(session);
    return describe_workload(session, error);
}
