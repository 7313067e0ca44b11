#ifndef CONC_BENCH_WORKLOAD_COOKIES_H
#define CONC_BENCH_WORKLOAD_COOKIES_H

#include <stdbool.h>
#include <stddef.h>

#include "conc_bench/base/error.h"
#include "conc_bench/workload/request.h"

/* The argument of --cookie: cookies, which curl tells apart from files by a '='; or the file of a jar. */

/* Whether it is cookies. */
bool cookies_are_data(const char *text);

/* Whether a cookie of "NAME=VALUE; NAME=VALUE" is a secret, by its name. */
bool cookies_are_secret(const char *text);

/* Adds the cookies of a jar to those of the request: lines of a browser's file (Netscape's format), or such as servers
 * send ("Set-Cookie: ..."); headers of other kinds, comments and blank lines are left out. `text` is changed. -1: it
 * has something else, or no cookie at all, or there is no memory. */
int cookies_read_jar(struct request *request, char *text, const char *path, struct error *error);

#endif
