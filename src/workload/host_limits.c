#include "conc_bench/workload/host_limits.h"

#include <stdlib.h>
#include <string.h>

#include "conc_bench/workload/own_host.h"

#define LONGEST_PAUSE (60 * NANOSECONDS_PER_SECOND)

static bool is_public(const struct url_host *host, const struct resolutions *resolutions, size_t number)
{
    if (resolutions->hosts != NULL)
        return resolutions->hosts[number].is_public;
    if (host->is_literal) {
        char text[64];
        size_t length = host->name_length < sizeof(text) ? host->name_length : sizeof(text) - 1;
        memcpy(text, host->name, length);
        text[length] = '\0';
        return resolve_is_public(text);
    }
    return !own_host_is_localhost(host->name, host->name_length);
}

static bool has_public(const struct url_list *urls, const struct resolutions *resolutions)
{
    for (size_t i = 0; i < urls->host_count; i++) {
        if (is_public(&urls->hosts[i], resolutions, i))
            return true;
    }
    return false;
}

/* The most units of each host among any `workers` in a row: units are claimed in order, so these are those that can be
 * under way at once, but for stragglers. */
static void count_units(const struct plan *plan, uint32_t workers, uint32_t *within, uint32_t *most)
{
    const uint32_t *hosts = plan->request.urls->url_hosts;
    for (uint32_t unit = 0; unit < plan->unit_count; unit++) {
        uint32_t host = hosts[plan->unit_urls[unit]];
        if (unit >= workers)
            within[hosts[plan->unit_urls[unit - workers]]]--;
        if (++within[host] > most[host])
            most[host] = within[host];
    }
}

int host_limits_look(const struct plan *plan, const struct resolutions *resolutions, uint32_t workers,
                     struct host_limits *host_limits, struct error *error)
{
    const struct url_list *urls = plan->request.urls;
    *host_limits = (struct host_limits){0};
    if (!has_public(urls, resolutions))
        return 0;
    uint32_t *within = calloc(urls->host_count, sizeof(*within));
    uint32_t *most = calloc(urls->host_count, sizeof(*most));
    int status = 0;
    if (within == NULL || most == NULL) {
        status = error_set(error, ERROR_ENVIRONMENT, "no memory to look at %zu hosts", urls->host_count);
    } else {
        count_units(plan, workers, within, most);
        for (size_t i = 0; i < urls->host_count; i++) {
            if (!is_public(&urls->hosts[i], resolutions, i))
                continue;
            if (most[i] > host_limits->at_once) {
                host_limits->at_once = most[i];
                host_limits->crowded = &urls->hosts[i];
            }
            host_limits->has_public |= most[i] > 0;
        }
    }
    free(within);
    free(most);
    return status;
}

nanoseconds host_limits_pause(uint64_t refused, uint32_t retry_after, uint32_t streak)
{
    if (refused == 0)
        return 0;
    nanoseconds pause =
        retry_after > 0 ? retry_after * NANOSECONDS_PER_SECOND : NANOSECONDS_PER_SECOND << (streak < 6 ? streak : 6);
    return pause < LONGEST_PAUSE ? pause : LONGEST_PAUSE;
}
