#include "first_downloads.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/base/text.h"
#include "conc_bench/run/interrupt.h"
#include "trial.h"

/* The number of first failures that ends a trial: one or two may be bad luck. */
enum { FAILURES_ENOUGH = 3 };

/* Hosts asked at once, and those whose causes are told. */
enum { ASKED_AT_ONCE = 64, HOSTS_TOLD = 3 };

/* The state of a host. */
struct host_finding {
    bool is_alive;         /* something came of it, if only an error by HTTP */
    bool has_success;      /* a download from it succeeded */
    bool has_failed;       /* `failure` is set */
    struct sample failure; /* the first */
};

/* Whether it failed before a server said anything of use, and not through a fault of our own. */
static bool is_without_answer(enum outcome outcome)
{
    return (outcome >= OUTCOME_DNS && outcome <= OUTCOME_TIMEOUT_RECEIVE) || outcome == OUTCOME_RESET ||
           outcome == OUTCOME_EMPTY_REPLY || outcome == OUTCOME_PROTOCOL;
}

static bool is_answer(enum outcome outcome)
{
    return outcome == OUTCOME_OK || outcome == OUTCOME_HTTP_4XX || outcome == OUTCOME_HTTP_5XX ||
           outcome == OUTCOME_PARTIAL || outcome == OUTCOME_REDIRECT || outcome == OUTCOME_BODY_LIMIT ||
           outcome == OUTCOME_CHECK;
}

void first_downloads_watch(struct first_downloads *first, struct sample_table *table)
{
    if (!first->is_watched || first->has_answer || first->has_given_up || table == NULL ||
        atomic_load(&table->settled_count_hint) == 0)
        return;
    uint32_t failures = 0;
    for (uint32_t unit = 0; unit < table->unit_count; unit++) {
        enum outcome outcome = sample_outcome(&table->samples[unit]);
        first->has_answer |= is_answer(outcome);
        if (first->has_answer)
            return;
        failures += is_without_answer(outcome);
    }
    if (failures < FAILURES_ENOUGH)
        return;
    first->has_given_up = true;
    sample_table_stop(table);
}

static void note_sample(const struct sample *sample, struct host_finding *finding)
{
    enum outcome outcome = sample_outcome(sample);
    finding->is_alive |= is_answer(outcome);
    finding->has_success |= outcome == OUTCOME_OK;
    if (finding->has_failed || outcome == OUTCOME_OK || (!is_without_answer(outcome) && !is_answer(outcome)))
        return;
    finding->has_failed = true;
    finding->failure = *sample;
}

static void note_trial(const struct first_downloads *first, const struct sample_table *table,
                       struct host_finding *findings)
{
    const uint32_t *hosts = first->plan->request.urls->url_hosts;
    for (uint32_t unit = 0; unit < table->unit_count; unit++)
        note_sample(&table->samples[unit], &findings[hosts[first->plan->unit_urls[unit]]]);
}

/* A mode that asks many at once at little cost. */
static const struct mode *find_mode(void)
{
    size_t i = 0;
    while ((mode_registry[i]->traits & (MODE_COOPERATIVE | MODE_ALL_CORES | MODE_HIDDEN)) != MODE_COOPERATIVE)
        i++;
    return mode_registry[i];
}

/* One download from each of the hosts that are not known of, at once. `urls` and `hosts` have room for all hosts. */
static int ask(const struct first_downloads *first, struct host_finding *findings, uint32_t *urls, uint32_t *hosts,
               struct error *error)
{
    const struct url_list *list = first->plan->request.urls;
    uint32_t count = 0;
    for (uint32_t url = 0, next = 0; url < list->url_count && next < list->host_count; url++) {
        uint32_t host = list->url_hosts[url]; /* numbered in the order of the first URLs that have them */
        if (host != next)
            continue;
        next++;
        if (findings[host].is_alive || findings[host].has_failed)
            continue;
        urls[count] = url;
        hosts[count++] = host;
    }
    if (count == 0)
        return 0;
    struct sample_table *table = sample_table_create(count, error);
    if (table == NULL)
        return -1;
    struct transfer_plan transfer = *first->job->transfer;
    struct transfer_policy policy = *transfer.policy;
    policy.retries = 0;
    transfer.policy = &policy;
    transfer.table = table;
    struct mode_job job = *first->job;
    job.transfer = &transfer;
    job.table = table;
    job.unit_urls = urls;
    job.warm_url_count = 0;
    job.cpu_work = 0;
    job.workers = count < ASKED_AT_ONCE ? count : ASKED_AT_ONCE;
    const struct trial_options options = {
        .deadline = (count / ASKED_AT_ONCE + 2) * transfer.policy->max_time + 60 * NANOSECONDS_PER_SECOND,
        .isolate = true,
    };
    struct trial trial = {0};
    int status = trial_run(find_mode(), &job, &options, &trial, error);
    for (uint32_t unit = 0; unit < count && status == 0; unit++)
        note_sample(&table->samples[unit], &findings[hosts[unit]]);
    sample_table_release(table);
    return status;
}

static int ask_others(const struct first_downloads *first, struct host_finding *findings, struct error *error)
{
    size_t hosts = first->plan->request.urls->host_count;
    uint32_t *room = calloc(2 * hosts + 1, sizeof(*room));
    if (room == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory to ask %zu hosts", hosts);
    int status = ask(first, findings, room, room + hosts, error);
    free(room);
    return status;
}

/* "connection refused by a.test:80; could not resolve host: b.test" of the hosts of which nothing came, or of all. */
static size_t describe(const struct first_downloads *first, const struct host_finding *findings, bool is_of_all,
                       char *buffer, size_t size)
{
    const struct url_list *list = first->plan->request.urls;
    size_t count = 0;
    buffer[0] = '\0';
    for (size_t i = 0; i < list->host_count; i++) {
        char name[256], words[384], who[sizeof(name) + 8];
        if (!findings[i].has_failed || (findings[i].is_alive && !is_of_all) || ++count > HOSTS_TOLD)
            continue;
        text_escape(name, sizeof(name), list->hosts[i].name, list->hosts[i].name_length);
        bool has_port = sample_outcome(&findings[i].failure) != OUTCOME_DNS;
        bool has_colon = strchr(name, ':') != NULL;
        if (has_port)
            snprintf(who, sizeof(who), "%s%s%s:%u", has_colon ? "[" : "", name, has_colon ? "]" : "",
                     (unsigned)list->hosts[i].port);
        else
            snprintf(who, sizeof(who), "%s", name);
        transfer_describe_failure(&findings[i].failure, first->job->transfer, who, words, sizeof(words));
        text_append(buffer, size, "%s%s", count > 1 ? "; " : "", words);
    }
    if (count > HOSTS_TOLD)
        text_append(buffer, size, "; and so on from %zu more hosts", count - HOSTS_TOLD);
    return count;
}

static int judge(struct first_downloads *first, const struct trial *trial, struct host_finding *findings,
                 struct error *error)
{
    size_t hosts = first->plan->request.urls->host_count;
    bool has_success = false;
    bool is_alive = false;
    char causes[768];
    note_trial(first, trial->table, findings);
    if (first->has_given_up && ask_others(first, findings, error) != 0)
        return -1;
    for (size_t i = 0; i < hosts; i++) {
        has_success |= findings[i].has_success;
        is_alive |= findings[i].is_alive;
    }
    if (!has_success && !(first->has_given_up && is_alive)) {
        describe(first, findings, true, causes, sizeof(causes));
        return error_set(error, ERROR_SERVERS, "nothing can be downloaded: %s", causes);
    }
    size_t dead = describe(first, findings, false, causes, sizeof(causes));
    if (dead > 0 && first->note != NULL) {
        char sentence[1024];
        snprintf(sentence, sizeof(sentence), "nothing comes of %zu of %zu hosts, and what is asked of %s fails: %s",
                 dead, hosts, dead == 1 ? "it" : "them", causes);
        first->note(first->context, sentence);
    }
    return 0;
}

int first_downloads_judge(struct first_downloads *first, struct trial *trial, bool *is_void, struct error *error)
{
    *is_void = false;
    /* The downloads of a client say more about the client than about the servers. */
    if (trial->client.is_present)
        return 0;
    if (!first->is_watched || interrupt_signal() != 0 || (trial->status != TRIAL_COMPLETE && !first->has_given_up))
        return 0;
    struct host_finding *findings = calloc(first->plan->request.urls->host_count + 1, sizeof(*findings));
    if (findings == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory to judge the first downloads");
    int status = judge(first, trial, findings, error);
    free(findings);
    first->is_watched = false;
    *is_void = status == 0 && first->has_given_up;
    first->has_given_up = false;
    return status;
}
