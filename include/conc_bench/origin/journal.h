#ifndef CONC_BENCH_ORIGIN_JOURNAL_H
#define CONC_BENCH_ORIGIN_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conc_bench/base/clock.h"
#include "conc_bench/base/error.h"

/*
 * A record of what the origin saw of each unit of a trial, by which programs that are not ours are judged. It
 * lies in memory that parent and server share; the server writes while a trial is open (origin_open_trial()), and the
 * parent reads once it has asked for the counts of the trial (origin_read_counts()).
 *
 * A server with a journal is asked by addresses (address.h), which name the trial and the unit; the header of a run
 * counts for nothing then. What it does with a request, and what it counts, is as if the URL that the unit stands for
 * had been asked for: the same chances, the same counts of URLs.
 */

/* A URL that units stand for: the host as a Host header has it, and the target, "www.jython.org/dice?x=1". Whoever asks
 * says which scheme it is to be reached by. */
struct journal_url {
    const char *text; /* NUL-terminated */
    uint32_t length;
    bool is_tls;
};

/* Instants are of CLOCK_MONOTONIC. Requests that come while the one before them is being answered on the same
 * connection (pipelining) arrive once that is done. */
struct journal_unit {
    nanoseconds start;   /* the instant the first request was known to have arrived, complete; no earlier than it had */
    nanoseconds end;     /* the instant the last response had been handed to the kernel, whole, or had been given up */
    int64_t body_bytes;  /* of the last response; 0 where it was given up */
    uint32_t requests;   /* complete ones. 0: all else means nothing */
    uint32_t connection; /* over which the last came, from 0 in the order in which connections asked first */
    uint16_t status;     /* of the last response: 200, or 503 where it was drawn to fail; 0: none was begun */
    uint8_t http_version; /* of the last request: 10 or 11 */
    bool is_whole;        /* every response was handed over whole, and nobody had gone before its end. False too where
                             the connection was reset behind it, which is what becomes of a response that nobody reads;
                             that is seen without TLS only, and both only where the system tells (descriptor_look()) */
    bool is_get;          /* every request was a GET */
    bool is_tls;          /* the last one came over TLS */
};

struct journal;

/* A journal with room for `units`, for one server at a time. `urls` are borrowed. Make it before the server is started.
 * NULL: no memory. */
struct journal *journal_create(const struct journal_url *urls, uint32_t url_count, uint32_t units, struct error *error);

/* Sets the units, at most as many as there is room for: the index of the URL of each. May be called at any time that no
 * trial is open; until then there are no units. */
void journal_set_units(struct journal *journal, const uint32_t *unit_urls, uint32_t unit_count);

/* The records by unit, as many as were set. */
const struct journal_unit *journal_units(const struct journal *journal);

/* NULL is allowed. No server may use it any more. */
void journal_release(struct journal *journal);

#endif
