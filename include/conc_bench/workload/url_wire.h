#ifndef CONC_BENCH_WORKLOAD_URL_WIRE_H
#define CONC_BENCH_WORKLOAD_URL_WIRE_H

#include <stddef.h>

#include "conc_bench/base/error.h"
#include "conc_bench/workload/urls.h"

/*
 * A list as bytes, of which another process of the same program makes the same list: URLs, how often each stands there,
 * and the messages of requests with their bodies, so that nobody else needs the files they came from.
 */

/* The caller wipes and frees it, since messages may be secret. NULL: no memory. */
char *url_wire_write(const struct url_list *urls, size_t *length);

/* Adds all of it to a list; faults are said to be of `name`, which must outlive it. -1: it is not what url_wire_write()
 * writes, or there is no memory. */
int url_wire_read(struct url_list *urls, const char *name, const char *bytes, size_t length, struct error *error);

#endif
