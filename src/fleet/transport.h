#ifndef CONC_BENCH_FLEET_TRANSPORT_H
#define CONC_BENCH_FLEET_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conc_bench/base/error.h"
#include "launch.h"

/*
 * The transport of messages between processes: MPI (mpi.c), or none, in a program that was built without (alone.c). A
 * program is linked with one of the two. Nothing here waits; fleet.c does.
 */

/* Joins the processes that were launched together; `launch` says that there are several. Writes what it finds to
 * `rank` and `size`. -1: it cannot. */
int transport_start(const struct launch *launch, uint32_t *rank, uint32_t *size, struct error *error);

/* Begins to send or to receive; one at a time. The bytes may not be touched until transport_test() says that it is
 * over. -1: the connection is broken. */
int transport_begin_send(uint32_t rank, int kind, const void *bytes, size_t size);
int transport_begin_receive(uint32_t rank, int kind, void *bytes, size_t size);

/* 1: what was begun is over, 0: not yet, -1: it has failed. */
int transport_test(void);

/* Gives up what was begun. */
void transport_drop(void);

/* 1: a message of that process can be received and is of this kind and size, 0: not yet, -1: the connection is broken.
 */
int transport_look(uint32_t rank, int *kind, size_t *size);

/* The most bytes of a message. */
size_t transport_most(void);

/* Leaves the others; all processes do. Or ends them all, this one too. If that takes too long, the process ends with
 * `status` all, this one too. */
void transport_end(int status);
void transport_abort(int status);

#endif
