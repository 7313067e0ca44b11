#ifndef CONC_BENCH_WORKLOAD_HOST_LIMITS_H
#define CONC_BENCH_WORKLOAD_HOST_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conc_bench/base/error.h"
#include "conc_bench/workload/plan.h"
#include "conc_bench/workload/resolve.h"

/*
 * Limits that protect the servers of others. Public is a host with an address that is neither this machine's, nor of a
 * private or link-local network; a name that was not resolved beforehand is taken for public.
 */

struct host_limits {
    const struct url_host *crowded; /* the public host with the most downloads at once; NULL: there is none */
    uint32_t at_once;               /* of it: the most among as many consecutive downloads as there are workers */
    bool has_public;                /* one of the hosts that are asked */
};

/* Looks at what a plan does to public hosts with so many workers. `resolutions` may have none (names are resolved
 * live). -1: out of memory. */
int host_limits_look(const struct plan *plan, const struct resolutions *resolutions, uint32_t workers,
                     struct host_limits *host_limits, struct error *error);

/* The pause for a server that answered `refused` downloads of a trial with status 429 or 503 and asked for
 * `retry_after` seconds (0: did not say), when the trials before had refused `streak` times in a row: what it asked
 * for, or else a second, doubled each time; at most a minute. */
nanoseconds host_limits_pause(uint64_t refused, uint32_t retry_after, uint32_t streak);

#endif
