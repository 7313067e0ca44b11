#ifndef CONC_BENCH_WORKLOAD_RESOLVE_H
#define CONC_BENCH_WORKLOAD_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>

#include "conc_bench/base/error.h"
#include "conc_bench/workload/request.h"
#include "conc_bench/workload/urls.h"

/*
 * Names resolved once, before any clock starts, so that every mode connects to the same addresses and none pays for
 * DNS: an easy handle and a multi handle of libcurl each keep a cache of their own, and a cold event loop with 50
 * handles asks 49 times for one name.
 */

struct resolution {
    bool is_public;  /* has an address for which resolve_is_public() holds */
    bool is_local;   /* has an address of this machine */
    char *pin;       /* "host:port:address[,address...]" as CURLOPT_RESOLVE(3) wants it; NULL: nothing to pin */
    const char *why; /* NULL, or why the name has no address, such as gai_strerror(3) says; its downloads then fail */
};

struct resolutions {
    struct resolution *hosts; /* parallel to the list's hosts */
    size_t host_count;
    char *proxy_pins[REQUEST_PROXIES_MAX]; /* NULL: an address, or none */
    size_t failed_count;
    bool is_proxy_local; /* the name of a proxy has an address of this machine */
};

/* Returns whether an IPv4 or IPv6 address, with or without brackets, is one of the public Internet: not of this
 * machine, nor of a private, shared or link-local network (RFC 1918, 4193, 6598, 6890). What is no address is. */
bool resolve_is_public(const char *address);

/* The destination of connections for a host: that of the first --connect-to that matches it, or itself. */
struct url_host resolve_destination(const struct url_host *host, const struct request_texts *detours);

/* The one that looks up names of hosts; none does behind a Unix socket. */
enum resolver { RESOLVER_NONE, RESOLVER_SELF, RESOLVER_PROXY, RESOLVER_SELF_AND_PROXY };
enum resolver resolve_resolver(const struct request *request);

/* Returns whether a proxy is this machine by its name: an address of it, or localhost and names below it. */
bool resolve_has_local_proxy(const struct request *request);

/* Resolves every host of the list with getaddrinfo(3), one after the other; localhost and names
 * below it are the loopback addresses without being asked for (RFC 6761); a name that stands at several ports is asked
 * for once; a temporary failure is asked about once more. Blocks. `notify` (may be NULL) is called before each look-up
 * with the number of hosts done so far. A name that does not resolve is not an error.
 *
 * The way of the request counts: where --connect-to leads elsewhere, that name is resolved, and pinned, instead; a host
 * with --resolve is not asked for; of --ipv4 and --ipv6 only those addresses are. Behind a Unix socket there are no
 * names. A proxy is resolved like a host, and hosts that it resolves itself are not; those that libcurl may yet have to
 * connect to (--noproxy, the environment) are, but no failure is made of it. -1: out of memory, or a proxy that does
 * not resolve, and there is nothing to release. */
int resolve_hosts(const struct url_list *list, const struct request *request, struct resolutions *resolutions,
                  void (*notify)(void *context, size_t done, size_t total), void *context, struct error *error);

void resolutions_release(struct resolutions *resolutions);

#endif
