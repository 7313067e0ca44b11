#ifndef CONC_BENCH_ORIGIN_ORIGIN_H
#define CONC_BENCH_ORIGIN_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conc_bench/base/clock.h"
#include "conc_bench/base/error.h"

/*
 * The embedded origin: an HTTP/1.1 server with known behaviour (libmicrohttpd), in a process of its own, on 127.0.0.1
 * or an address that it is given, and a port the system chooses. It answers every path with a body of the asked size,
 * after the asked latency, and counts what really arrived: an independent check of what the client says it did. If
 * asked to, it does all of it over TLS as well, at a second port.
 *
 * All chance is drawn from the seed, the URL and how often that URL has been asked for since the last origin_reset():
 * the k-th request for a URL gets the same delay and the same fate in every mode, in whatever order requests arrive,
 * and the same over TLS as without.
 */

/* An IPv4 address in text. */
enum { ORIGIN_ADDRESS_BYTES = 16 };

struct origin_options {
    nanoseconds latency; /* from the complete request to the first byte of the response */
    nanoseconds jitter;  /* uniform in [-jitter, +jitter] about the latency; never below 0 */
    uint64_t body_bytes;
    uint64_t bytes_per_second;  /* on each connection; 0 = as fast as it goes */
    double requests_per_second; /* of the whole server: requests beyond it wait their turn; 0 = no limit */
    double error_share;         /* share of requests answered 503, from 0 to 1 */
    uint64_t seed;
    bool has_tls; /* https URLs are served over TLS, at a port of their own */
    /* Only in a run of several machines: */
    bool is_each;                       /* every machine has a server of its own, instead of asking the leader's */
    char address[ORIGIN_ADDRESS_BYTES]; /* where the leader's listens; "": at the first address that all reach */
};

/* latency 20 ms, no jitter, 16 KiB, no limits, no errors, seed 1, no TLS. */
struct origin_options origin_options_default(void);

/* Reads "latency=20ms,jitter=5ms,size=16KiB,rate=10MB/s,limit=100/s,errors=1%,seed=7,tls" or "each", or
 * "address=10.0.0.1", over the given values. -1 with ERROR_USAGE: an unknown key (the known ones are named), or a bad
 * value. */
int origin_options_parse(const char *text, struct origin_options *options, struct error *error);

/* One line for people: "latency 20 ms, 16.0 KiB bodies". Returns `buffer`. */
char *origin_options_describe(const struct origin_options *options, char *buffer, size_t size);

/* A host that https URLs name. */
struct origin_host {
    const char *name; /* as clients ask for it, not NUL-terminated; an address without brackets */
    size_t length;
    bool is_address; /* IPv4 or IPv6 */
};

/* The header by which the server knows requests of its run, and what stands in it: drawn for each server, so that no
 * other program on the machine counts as the run. 66 bits are more than can be tried within a run, and both are short
 * since libcurl takes a hundred instructions for each character of a header. */
#define ORIGIN_TOKEN_HEADER "CB-Run"
enum { ORIGIN_TOKEN_SIZE = 12 };

/* -1: the system gives no random numbers. */
int origin_draw_token(char token[ORIGIN_TOKEN_SIZE], struct error *error);

/* The load that the server must be able to bear; borrowed while it is started. */
struct origin_demand {
    const char *token;    /* other requests are answered 403 and not counted as the run's; NULL: all are the run's */
    const char *address;  /* IPv4, at which it listens; NULL: 127.0.0.1 */
    uint32_t connections; /* at once */
    const struct origin_host *hosts; /* for TLS: those it has certificates for; the same may stand there twice */
    size_t host_count;
    struct journal *journal; /* NULL: every request names its URL itself. Otherwise `token` is given, and the run's
                                requests are those for addresses of the journal's URLs and units (journal.h) */
};

struct origin;

/* Forks the server and waits until it listens. Call while the process has one thread. The server leaves when the
 * caller's process ends, however it ends. NULL: ERROR_ENVIRONMENT, or ERROR_USAGE where hosts with TLS are too many. */
struct origin *origin_start(const struct origin_options *options, const struct origin_demand *demand,
                            struct error *error);

/* Lets waits for the server end within half a second once `signal_arrived` returns anything but 0. */
void origin_set_interrupt(struct origin *origin, int (*signal_arrived)(void));

uint16_t origin_port(const struct origin *origin);

/* The port at which it speaks TLS (1.2 and 1.3), and the authority that stands for it: a certificate in PEM that is
 * made anew for each server and lives as long as `origin`. 0 and NULL: without TLS. The server shows a certificate for
 * the host that the client names in its handshake (SNI), or for all addresses to one that names none; it hands out
 * session tickets. */
enum { ORIGIN_AUTHORITY_BYTES = 4096 }; /* at most, with the NUL */
uint16_t origin_tls_port(const struct origin *origin);
const char *origin_authority(const struct origin *origin);

/* The requests of the run that arrived since the last reset. */
struct origin_totals {
    uint64_t requests;       /* complete requests seen */
    uint64_t responses;      /* responses sent completely */
    uint64_t errors;         /* of those, answered 503 */
    uint64_t connections;    /* over which any of them came */
    uint32_t peak_in_flight; /* most requests received and not yet answered at one time */
    uint32_t paths;          /* different URLs asked for */
    uint64_t strangers;      /* requests of others, since the server was started */
    nanoseconds first;       /* the instant the first request had arrived; 0: none has, or there is no journal */
    uint64_t handshakes;     /* of TLS, on those connections */
    uint64_t resumed;        /* of these, by a ticket */
    uint64_t strays;         /* with a journal: requests for an address of the open trial that stands for nothing */
    uint64_t late;           /* with a journal: requests for addresses of trials that are over, since it was started */
    nanoseconds cpu;         /* time that the server took for it */
};

/* The number of times one URL was asked for: "www.jython.org/", that is Host header and request target as sent, and
 * with "https://" in front what came over TLS; but ":PORT" behind the host is left out where PORT is the origin's own,
 * which differs from run to run. */
struct origin_path_count {
    char *url;
    uint64_t requests;
};

/* Forgets all counts and starts every URL's sequence of chances anew. Call between trials, with no request in flight;
 * those that dead clients left behind are dropped, with their connections. */
int origin_reset(struct origin *origin, struct error *error);

/* Does what origin_reset() does, and opens a trial, for a server with a journal. In the trial, the addresses of its
 * units are those that origin_write_list() writes from now on. Until the next origin_reset() or origin_open_trial();
 * only the addresses of origin_address() may be asked for outside of trials, and only there. */
int origin_open_trial(struct origin *origin, struct error *error);

/* Writes the address of each unit of the open trial, a line each, to a file that is open for writing:
 * "http://127.0.0.1:PORT/TOKEN/TRIAL/UNIT/https/www.jython.org/dice?x=1", or https:// for URLs that are served over
 * TLS. Units are numbered from 0. All characters are of those that URLs have without being encoded, and neither quotes
 * nor brackets, so that every program takes them as they are. -1: it could not be written. */
int origin_write_list(const struct origin *origin, int file, const char *name, struct error *error);

/* The address of a URL of the journal for clients whose downloads need no proof: it may be asked for any number of
 * times, outside of trials. The caller frees it. NULL: no memory. */
char *origin_address(const struct origin *origin, uint32_t url);

/* The latency of requests that arrive from now on, instead of that of the options. -1 as above. */
int origin_set_latency(struct origin *origin, nanoseconds latency, struct error *error);

/* Asks the server for its counts. `paths` (may be NULL) receives an array of counts.paths entries, sorted by URL, to be
 * freed with origin_path_counts_release(). -1: the server is gone. */
int origin_read_counts(struct origin *origin, struct origin_totals *counts, struct origin_path_count **paths,
                       struct error *error);
void origin_path_counts_release(struct origin_path_count *paths, uint32_t count);

/* Ends the server and reaps it. NULL is allowed. */
void origin_stop(struct origin *origin);

#endif
