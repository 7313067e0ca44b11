#ifndef CONC_BENCH_HTTP_TRANSFER_H
#define CONC_BENCH_HTTP_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conc_bench/base/clock.h"
#include "conc_bench/base/connections.h"
#include "conc_bench/base/error.h"
#include "conc_bench/run/sample.h"
#include "conc_bench/workload/check.h"
#include "conc_bench/workload/pins.h"
#include "conc_bench/workload/request.h"
#include "conc_bench/workload/target.h"

/*
 * Defines a download, for all modes: the one place that sets libcurl's options and reads libcurl's answers. A mode that
 * wanted to download differently would have to come here, and then all modes would.
 */

struct transfer_policy {
    enum connection_policy connections;
    bool dns_live;               /* libcurl resolves names during the run; otherwise they are pinned beforehand */
    uint32_t connections_kept;   /* idle connections kept for each worker: the pool is the same size in every mode */
    uint32_t host_count;         /* of the list */
    bool has_too_many_hosts;     /* to keep a connection to each, even in a pool of all workers */
    uint32_t max_redirects;      /* 0: redirects are not followed, and are results */
    nanoseconds connect_timeout; /* name, TCP and TLS */
    nanoseconds max_time;        /* the whole download */
    int64_t max_body;            /* bytes; longer bodies are given up */
    bool digests_bodies;         /* so that answers are compared by their content */
    int64_t receive_speed;       /* bytes a second, of each download; 0: as fast as it goes */
    uint32_t retries;            /* of a download that fails, at most 255 */
    nanoseconds retry_delay;     /* before each; 0: a second, doubled each time */
    nanoseconds retry_max_time;  /* after which a download is not begun again */
    uint32_t buffer_bytes;       /* libcurl's receive buffer */
    uint16_t origin_port;        /* not 0: every URL is asked of the origin at this port, over plain HTTP */
    uint16_t origin_tls_port;    /* not 0: except https URLs, which are asked at this one, over TLS */
    const char *origin_address;  /* of the origin, borrowed; NULL: 127.0.0.1 */
    const char *authority;       /* PEM, borrowed: trusted instead of all others; NULL: there is no such */
};

/* The longest pause before a retry that no server and no option asks for. */
#define TRANSFER_LONGEST_PAUSE (600 * NANOSECONDS_PER_SECOND)

/* The receive buffer for a policy: smaller where bodies are unpacked (--compressed), and where they are received
 * slowly. */
uint32_t transfer_buffer_bytes(const struct transfer_policy *policy, bool is_packed);

/* The defaults; what each value rests on is said where it is set. */
struct transfer_policy transfer_policy_default(void);

/* The settings that a transfer reads while it runs; borrowed by every transfer, which it must outlive. */
struct transfer_plan {
    const struct transfer_policy *policy;
    const struct request *request;
    const struct target_list *targets;
    const struct pins *pins;          /* NULL: no name is known beforehand */
    const struct check_list *checks;  /* that answers are held to; NULL: there are none */
    const char *const *listed_urls;   /* as the list has them, for checks; */
    const char *const *listed_names;  /* and as reports name them: the same array where the list holds no requests */
    const struct sample_table *table; /* asked, while a transfer runs, whether to give up */
};

/* One libcurl easy handle with everything set. Made once by its worker and kept; only the URL changes. May move between
 * threads but is used by one at a time. */
struct transfer;

/* libcurl's process-wide state. Once in each process that transfers, before its first thread, after any fork. */
int transfer_library_init(struct error *error);
void transfer_library_cleanup(void);

/* "libcurl/7.88.1 OpenSSL/3.0.19 ..."; static storage. May be called without transfer_library_init(). */
const char *transfer_library_version(void);

/* The version of the libcurl that the program was built against ("8.14.1"), where that is not the one it runs with;
 * else NULL. */
const char *transfer_library_built_against(void);

const char *transfer_tls_version(void);

/* Why a download failed, in words: "connection refused by a.test:80". `host` is who was asked. Returns `buffer`. */
char *transfer_describe_failure(const struct sample *sample, const struct transfer_plan *plan, const char *host,
                                char *buffer, size_t size);

/* The way a transfer is driven, which decides where its connections and pinned names live. */
enum transfer_driver {
    TRANSFER_ALONE,          /* by transfer_perform(): they belong to this handle */
    TRANSFER_FIRST_IN_MULTI, /* by a multi handle of the caller: they belong to that, and this one brings the names
                                along */
    TRANSFER_IN_MULTI,       /* beside a first one in the same multi handle */
};

/* A watcher of connections: it is told of each right after it was opened and right before it is closed, in the thread
 * that drives the transfer. Sockets of attempts that came to nothing may be closed without a word. Connections outlive
 * transfers, and this must outlive both. */
struct transfer_sockets {
    void *context;
    int (*opened)(void *context, int socket); /* -1, with errno: it is given up again. NULL: nobody wants to know */
    void (*closed)(void *context, int socket);
};

/* Returns whether transfers in a multi handle go over one connection several at a time, as far as servers agree: over
 * HTTP/2, and unless each is to have a connection of its own. What goes alone has no other to share with, whatever is
 * spoken.
 */
bool transfer_shares_connections(const struct transfer_plan *plan);

/* The most that share one, if the server allows as many: libcurl's own limit, stated. */
enum { STREAMS_MAX = 100 };

/* No network. `sockets` may be NULL. NULL: out of memory, or an option this libcurl refuses. Needs
 * transfer_library_init(). */
struct transfer *transfer_create(const struct transfer_plan *plan, enum transfer_driver driver,
                                 const struct transfer_sockets *sockets, struct error *error);
void transfer_release(struct transfer *transfer); /* NULL is allowed */

/* Downloads a URL, given by its index in the plan's targets, into nothing, and describes it in `sample`, which the
 * caller has claimed and will settle; again after failures, as often as the policy says. One whose host did not resolve
 * beforehand fails at once, as DNS. */
void transfer_perform(struct transfer *transfer, uint32_t url, struct sample *sample);

/* The same in two halves, for a driver of the handle. transfer_begin() arms it with a URL and a slot; false: there
 * is nothing to drive, and the sample is described already. Later, when libcurl reports it done with `code` (a
 * CURLcode), transfer_finish() describes the outcome. Between the two the easy handle belongs to the multi handle. */
bool transfer_begin(struct transfer *transfer, uint32_t url, struct sample *sample);
void transfer_finish(struct transfer *transfer, int code);

/* Describes a transfer that is taken out of its multi handle before it was done: cancelled, or given up because the
 * loop failed. What libcurl knows of it may still be of the transfer before. */
void transfer_give_up(struct transfer *transfer, bool is_cancelled);

/* Limits what libcurl receives without delivering anything of it. To be called in the thread that drives transfers,
 * before it calls libcurl for a multi handle. */
void transfer_receive_anew(void);

/* The slot that transfer_begin() was given. */
struct sample *transfer_sample(const struct transfer *transfer);

#endif
