#ifndef CONC_BENCH_FLEET_REACH_H
#define CONC_BENCH_FLEET_REACH_H

#include "conc_bench/base/error.h"
#include "conc_bench/fleet/fleet.h"

/*
 * At which of its addresses the leader's machine is reached by all others: tried, since no machine can know. Each of
 * them connects to every address that is in question, and shows there what it was told by MPI, so that another machine
 * that has the same address is not taken for the leader's.
 */

enum { REACH_ADDRESS_BYTES = 16 };

/* On the leader; all followers have to be in reach_answer() soon. Finds an address, in text: `wanted`, or where that is
 * "", the first of loopback's, which leads to the leader where all processes share a machine, and those of its
 * interfaces. -1: there is none, with an error that says who did not get through. */
int reach_find(const char *wanted, char address[REACH_ADDRESS_BYTES], struct error *error);

/* On a follower, at a message of the kind FLEET_REACH. -1: the leader cannot be told. */
int reach_answer(const struct fleet_message *message, struct error *error);

#endif
