#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "conc_bench/base/number.h"
#include "conc_bench/run/experiment.h"
#include "session_state.h"

/* A guess, and said to be one. */
#define ASSUMED_DOWNLOAD (100 * NANOSECONDS_PER_MILLISECOND)

enum { HOSTS_NAMED = 3 };

/* A buffer that takes text as long as there is room. */
struct sink {
    char *text;
    size_t size;
    size_t used;
};

__attribute__((format(printf, 2, 3))) static void say(struct sink *sink, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(sink->text + sink->used, sink->size - sink->used, format, arguments);
    va_end(arguments);
    if (length > 0)
        sink->used += (size_t)length < sink->size - sink->used ? (size_t)length : sink->size - sink->used - 1;
}

/* Adds the downloads of so many trials at a rate. */
static void add_downloads(const struct session *session, double rate, uint64_t trials, uint64_t *counts)
{
    const struct plan *plan = &session->plan;
    uint32_t units = plan_units(plan, rate);
    for (uint32_t unit = 0; unit < units; unit++)
        counts[session->urls.url_hosts[plan->unit_urls[unit]]] += trials;
}

/* Rounds that a sweep of rates runs of each cell at a rate; only the lowest rate has a warm-up. */
static uint32_t rounds_at(const struct plan_request *request, double rate)
{
    for (size_t i = 0; i < request->rate_count; i++) {
        if (request->rates[i] < rate)
            return request->rounds;
    }
    return request->rounds + request->warmup_rounds;
}

/* Downloads of all trials from each host, at most, in an array that the caller frees. NULL: no memory. */
static uint64_t *count_downloads(const struct session *session)
{
    const struct plan *plan = &session->plan;
    uint64_t *counts = calloc(session->urls.host_count + 1, sizeof(*counts));
    uint64_t rates = plan->request.rate_count;
    for (size_t i = 0; i < rates && rates > 1 && counts != NULL; i++)
        add_downloads(session, plan->request.rates[i],
                      plan->cell_count / rates * rounds_at(&plan->request, plan->request.rates[i]), counts);
    if (rates < 2 && counts != NULL)
        add_downloads(session, 0, plan->request.is_rate_search ? 1 : trials_most(session), counts);
    return counts;
}

static uint64_t count_all(const struct session *session, const uint64_t *counts)
{
    uint64_t all = 0;
    for (size_t i = 0; i < session->urls.host_count; i++)
        all += counts[i];
    return all;
}

/* Whether a host may be somebody else's: a public address is, though this machine may have it. */
static bool is_of_others(const struct session *session, size_t host)
{
    bool is_public = session->resolutions.hosts != NULL && session->resolutions.hosts[host].is_public;
    return is_public || !description_is_local(session, host);
}

static void say_hosts(const struct session *session, const uint64_t *counts, bool is_of_all, struct sink *sink)
{
    uint64_t rest = 0;
    size_t hosts = 0;
    char number[32];
    for (size_t i = 0; i < session->urls.host_count; i++) {
        const struct url_host *host = &session->urls.hosts[i];
        uint64_t requests = counts[i];
        if (!is_of_all && !is_of_others(session, i))
            continue;
        if (++hosts > HOSTS_NAMED) {
            rest += requests;
            continue;
        }
        number_format_count(number, sizeof(number), requests);
        say(sink, "%s%s%s to %.*s", hosts == 1 ? "Up to " : ", ", number,
            hosts > 1       ? ""
            : requests == 1 ? " request goes"
                            : " requests go",
            (int)host->name_length, host->name);
    }
    if (hosts > HOSTS_NAMED)
        say(sink, ", %s to %zu more hosts", number_format_count(number, sizeof(number), rest), hosts - HOSTS_NAMED);
}

/* Tells the cost of a search. The number of its requests depends on what it finds. */
static void tell_search(const struct session *session, const uint64_t *counts, bool is_of_all, struct sink *sink)
{
    const char *rates = "at rates that rise until they are not held";
    size_t hosts = 0;
    if (session->options->use_origin && is_of_all)
        say(sink, "Requests go to the embedded origin %s", rates);
    for (size_t i = 0; i < session->urls.host_count && !session->options->use_origin; i++) {
        const struct url_host *host = &session->urls.hosts[i];
        if (counts[i] == 0 || (!is_of_all && !is_of_others(session, i)) || ++hosts > HOSTS_NAMED)
            continue;
        say(sink, "%s%.*s", hosts == 1 ? "Requests go to " : ", ", (int)host->name_length, host->name);
    }
    if (hosts > HOSTS_NAMED)
        say(sink, " and %zu more hosts", hosts - HOSTS_NAMED);
    if (hosts > 0)
        say(sink, " %s", rates);
}

/* The time of all trials at rates, which dictate it; less where workers do not keep up. */
static nanoseconds add_up(const struct session *session)
{
    const struct plan *plan = &session->plan;
    nanoseconds sum = 0;
    for (size_t i = 0; i < plan->cell_count; i++)
        sum += (plan_span(plan, plan->cells[i].rate) + TRIAL_BESIDES) * rounds_at(&plan->request, plan->cells[i].rate);
    return sum;
}

/* The time of all rounds, if each download takes as long as is assumed. */
static nanoseconds assume(const struct session *session)
{
    const struct plan *plan = &session->plan;
    nanoseconds each = 0;
    for (size_t i = 0; i < plan->cell_count; i++)
        each += (plan->unit_count + plan->cells[i].workers - 1) / plan->cells[i].workers * ASSUMED_DOWNLOAD;
    return each * (nanoseconds)(trials_most(session) / plan->cell_count);
}

static void say_duration(const struct session *session, struct sink *sink)
{
    nanoseconds budget = session->plan.request.time_budget;
    nanoseconds most = trials_time_most(session);
    char text[64];
    if (budget == 0) {
        bool is_known = session->plan.request.rate_count > 0;
        number_format_duration(text, sizeof(text), is_known ? add_up(session) : assume(session));
        say(sink, ", in about %s%s", text, is_known ? "" : " if a download takes 0.1 s");
        return;
    }
    say(sink, ", within %s s", NUMBER(3, clock_seconds(budget)));
    if (most > budget)
        say(sink, ", or up to %s s where a ranking needs it", NUMBER(3, clock_seconds(most)));
}

char *cost_describe(const struct session *session, bool is_of_all, char *buffer, size_t size)
{
    struct sink sink = {.text = buffer, .size = size};
    buffer[0] = '\0';
    uint64_t *counts = count_downloads(session);
    if (counts == NULL)
        return NULL;
    if (session->options->rate_auto) {
        tell_search(session, counts, is_of_all, &sink);
    } else if (session->options->use_origin && is_of_all) {
        char number[32];
        number_format_count(number, sizeof(number), count_all(session, counts));
        say(&sink, "Up to %s requests go to the embedded origin", number);
    } else if (!session->options->use_origin) {
        say_hosts(session, counts, is_of_all, &sink);
    }
    free(counts);
    if (sink.used == 0)
        return NULL;
    say_duration(session, &sink);
    return buffer;
}
