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

/* Finds, on the leader, an address at which all followers reach it, in text: `wanted`, or where that is "", the first
 * that serves of loopback's, which leads to the leader where all processes share a machine, and those of its
 * interfaces. All followers have to be in reach_answer() soon. -1: there is none, with an error that names the
 * followers that did not get through. */
int reach_find(const char *wanted, char address[REACH_ADDRESS_BYTES], struct error *error);

/* Answers a message of the kind FLEET_REACH, on a follower. -1: the answer could not be sent to the leader. */
int reach_answer(const struct fleet_message *message, struct error *error);

#endif
