#ifndef CONC_BENCH_WORKLOAD_ROUTE_H
#define CONC_BENCH_WORKLOAD_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conc_bench/base/error.h"
#include "conc_bench/workload/request.h"

/*
 * The way to a host where it is not simply the host's address: --resolve, --connect-to, proxies. Parts point into the
 * texts that were parsed.
 */

struct route_name {
    const char *text; /* without brackets */
    size_t length;    /* 0: any host */
    uint16_t port;    /* 0: any port */
};

/* "HOST:PORT:ADDRESS[,ADDRESS]...", with "*" for any host and perhaps a '+' in front, as CURLOPT_RESOLVE(3) wants it.
 */
struct route_pin {
    struct route_name from;
    const char *addresses;
};

/* "HOST1:PORT1:HOST2:PORT2", any of which may be empty, as CURLOPT_CONNECT_TO(3) wants it. */
struct route_detour {
    struct route_name from;
    struct route_name to; /* empty parts stay as they are */
};

struct route_proxy {
    struct route_name name;
    bool has_credentials;
    bool resolves_names; /* the proxy does, rather than libcurl (not: socks4, socks5) */
};

/* -1: `error` names the option and says what is wrong. */
int route_parse_pin(const char *text, struct route_pin *pin, struct error *error);
int route_parse_detour(const char *text, struct route_detour *detour, struct error *error);

/* Returns whether a pin's addresses have one of this family. */
bool route_has_version(const struct route_pin *pin, enum ip_version version);

/* The port that libcurl takes where none is given is 1080. `place` is what to call it in errors, which show nothing of
 * the text: it may hold a password. */
int route_parse_proxy(const char *text, const char *place, struct route_proxy *proxy, struct error *error);

/* Returns whether a name and port is one that `from` stands for. Letters count alike. */
bool route_matches(const struct route_name *from, const char *name, size_t length, uint16_t port);

#endif
