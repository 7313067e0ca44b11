#ifndef CONC_BENCH_WORKLOAD_PINS_H
#define CONC_BENCH_WORKLOAD_PINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conc_bench/base/error.h"
#include "conc_bench/base/hash_map.h"
#include "conc_bench/workload/request.h"
#include "conc_bench/workload/resolve.h"
#include "conc_bench/workload/urls.h"

/*
 * All names whose addresses are known before the clock starts, as libcurl is told of them. What libcurl knows of names
 * it looks up in tables of 7 to 71 rows, so that it must never know many at a time: of long lists a transfer brings the
 * name that it needs, and finds it here.
 */

/* The most names that each libcurl handle knows all the time. */
enum { PINS_FEW = 64 };

#define PIN_NONE UINT32_MAX

struct pins {
    const char *
        *texts; /* for CURLOPT_RESOLVE(3), "host:port:address,..."; where several speak of one, the last counts */
    size_t count;
    const char *
        *fixed; /* those that every handle knows: all; or where they are many, proxies and what is for any host */
    size_t fixed_count;
    /* Set only where there are many: */
    const struct request *request; /* borrowed */
    const uint32_t *url_hosts;     /* borrowed from the list */
    uint32_t *of_hosts;            /* the pin of each host of the list, or PIN_NONE */
    struct hash_map map;           /* of names and ports to pins */
};

/* Pins the names that were resolved, those of proxies, and those of --resolve, in this order. Borrows all it is given.
 * `resolutions` may be empty. -1: no memory. */
int pins_make(const struct url_list *urls, const struct request *request, const struct resolutions *resolutions,
              struct pins *pins, struct error *error);
void pins_release(struct pins *pins);

/* Returns whether handles do not know all of them all the time; NULL: there are none. */
bool pins_are_many(const struct pins *pins);

/* Find a pin where there are many: the one that connections for a URL of the list need, and the one for any name and
 * port; in both cases by way of --connect-to. PIN_NONE: nothing is known of it, or it is among the fixed. */
uint32_t pins_of_url(const struct pins *pins, uint32_t url);
uint32_t pins_find(const struct pins *pins, const char *name, size_t length, uint16_t port);

/* Returns whether an entry is for any host. */
bool pin_stands_for_any(const char *text);

/* The length of "host:port" in an entry, and where it begins. */
size_t pin_measure_name(const char *text, const char **start);

#endif
