#ifndef CONC_BENCH_WORKLOAD_OWN_HOST_H
#define CONC_BENCH_WORKLOAD_OWN_HOST_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Tells which hosts are this machine, so that servers there take part in what is measured. These are the only places
 * that decide it.
 */

/* Returns whether a name is this machine without being looked up: localhost and names below it (RFC 6761, section 6.3),
 * with a full stop at their end or without, in either case. */
bool own_host_is_localhost(const char *name, size_t length);

/* Returns whether an IPv4 or IPv6 address, with or without brackets, is one of this machine: of its loopback, of its
 * interfaces, or the unspecified address, which connections to reach the loopback. What is no address is not. Asks the
 * kernel where it would send to, and sends nothing. */
bool own_host_has_address(const char *address);

#endif
