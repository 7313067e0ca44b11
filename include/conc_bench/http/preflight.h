#ifndef CONC_BENCH_HTTP_PREFLIGHT_H
#define CONC_BENCH_HTTP_PREFLIGHT_H

#include <stdbool.h>

#include "conc_bench/base/error.h"
#include "conc_bench/http/transfer.h"

/*
 * Finds what is wrong with the options of a request, as far as libcurl can tell before anything is run: a run in which
 * every download fails for the same reason tells nobody anything.
 */

/* Checks that the loaded libcurl is new enough, and was built with all that the options need. -1: `error` names the
 * version, and the option and what is missing. May be called without transfer_library_init(). */
int preflight_check_library(const struct request *request, struct error *error);

/* Returns whether there is anything to check. */
bool preflight_is_needed(const struct request *request);

/* Connects to the Unix socket. Lets libcurl read certificates and keys, connect from the interface, and ask the proxy
 * for a way to the first http and the first https URL: a connection for the latter, for the former the headers of a
 * response (HEAD), as a proxy says only then whether it takes a request; servers that --noproxy exempts are connected
 * to at most. -1: `error` names the option and the cause. Starts libcurl and ends it: for a process of its own. */
int preflight_run(const struct transfer_plan *plan, struct error *error);

#endif
