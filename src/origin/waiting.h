#ifndef CONC_BENCH_ORIGIN_WAITING_H
#define CONC_BENCH_ORIGIN_WAITING_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

#include "conc_bench/base/clock.h"

/*
 * Waits for the server's clients and for commands. There are two drivers, waiting_epoll.c and waiting_select.c; the
 * build takes one.
 */

/* The flags with which daemons are to be started (MHD_start_daemon(3)). */
extern const unsigned waiting_flags;

/* The largest number that a descriptor of the server may have, and one more. */
extern const uint64_t waiting_descriptors;

enum { WAITING_DAEMONS = 2 };

/* The things that the server waits for. */
struct waiting {
    struct MHD_Daemon *daemons[WAITING_DAEMONS]; /* NULL: there is none */
    int control;                                 /* for commands */
    int epolls[WAITING_DAEMONS];                 /* the epoll driver's; -1: none */
};

/* Waits for commands only, until daemons are added. */
struct waiting waiting_for(int control);

void waiting_add(struct waiting *waiting, int index, struct MHD_Daemon *daemon);

/* Waits until a client wants something or a command has come, `longest` at most; for ever if it is negative. True: a
 * command has come, or the parent is gone. */
bool waiting_sleep(const struct waiting *waiting, nanoseconds longest);

/* Whether a client wants something now. */
bool waiting_has_clients(const struct waiting *waiting);

#endif
