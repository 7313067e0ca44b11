#ifndef CONC_BENCH_SESSION_SESSION_H
#define CONC_BENCH_SESSION_SESSION_H

#include "conc_bench/base/error.h"
#include "conc_bench/cli/options.h"

/*
 * One use of the program: from the options to the reports. Knows the order of the steps and how what one finds is
 * handed to the next; how a step works is the step's own business.
 */

/* Checks that each file has one use: no report may overwrite what the run reads, another report or a standard
 * stream, and what can be read only once has one reader. Files are compared, whatever they are called. -1 with
 * ERROR_USAGE. session_run() and session_import() check it, too. */
int session_check_files(const struct options *options, struct error *error);

/* Loads the list, resolves, starts the origin, runs, and writes table and exports. Returns the exit status that the
 * results call for: 0, 3 (invalid), 5 (a cell could not be set up) or 128 + signal. -1: `error` says what failed; what
 * was measured until then has been reported all the same. */
int session_run(const struct options *options, struct error *error);

/* Takes part in the run that the leader of several machines makes (fleet/fleet.h), until that ends it: `status` is then
 * what to leave with. What this machine cannot do, the leader is told. -1: the leader is lost. */
int session_follow(int *status, struct error *error);

/* Reports on an earlier result instead (--import-json). Returns as session_run() does. */
int session_import(const struct options *options, struct error *error);

#endif
