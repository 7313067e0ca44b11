#ifndef CONC_BENCH_MODES_LOOP_DRIVER_H
#define CONC_BENCH_MODES_LOOP_DRIVER_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "conc_bench/base/clock.h"
#include "conc_bench/base/error.h"
#include "conc_bench/http/group.h"
#include "conc_bench/http/transfer.h"
#include "conc_bench/modes/mode.h"

/*
 * The interface between loop.c, which knows what a loop is for, and the driver, which knows how to wait. There are two
 * drivers, loop_epoll.c and loop_poll.c; the build takes one. Private to src/modes.
 */

/* A multi handle and the transfers that live in it. A multi handle costs, for every request, a walk over all its
 * connections (libcurl 7.88: 19 us of CPU with 64 of them, 75 us with 4,000), so that a large loop is spread over
 * many. */
struct shard {
    struct loop *loop;
    struct transfer_group *group;
    CURLM *multi; /* the group's */
    uint32_t number;
    nanoseconds due;                 /* when libcurl wants to be called without an event; NEVER: it does not */
    bool was_called;                 /* since the last reaping: it may have completed transfers */
    struct shard *next;              /* of those that were called */
    struct transfer_sockets sockets; /* for the driver to hear of connections */
};

/* The epoll driver's state of a socket; all 0: it knows nothing of it. */
struct watch {
    uint32_t armed;     /* events that epoll looks for; 0: it does not know the socket */
    uint32_t wanted;    /* events that libcurl waits for; 0: none */
    uint32_t shard;     /* the number of the one that waits for them */
    bool is_connection; /* opened by a transfer, which tells when it is closed */
};

struct loop {
    const struct mode_job *job;
    uint32_t first_worker;
    uint32_t worker_count;
    struct transfer **transfers; /* one a worker; the groups' */
    uint32_t shard_count;
    struct shard *shards;
    struct shard *called; /* the last of them; NULL: none */
    uint32_t started;     /* workers that have been given their first unit */
    uint32_t in_flight;
    bool is_shared;          /* transfers share connections, and are tended to */
    bool is_exhausted;       /* a claim found nothing */
    bool is_warming;         /* downloads in flight are no units */
    nanoseconds woke;        /* when the last wait ended; 0: before the first */
    nanoseconds waited_from; /* when it began, if a unit was reserved by then; otherwise NEVER */
    /* Where units are due at instants: */
    uint32_t *idle; /* workers without a unit; the last is the next to get one */
    uint32_t idle_count;
    uint32_t next; /* the unit that is reserved, if any is */
    bool has_next;
    nanoseconds next_due; /* an instant */
    /* For the epoll driver: */
    int epoll;             /* -1: none */
    int alarm;             /* a timer that wakes it when the next unit is due; -1: none are */
    nanoseconds alarm_due; /* the instant it is set to; 0: it is not set */
    nanoseconds earliest;  /* no shard is due before */
    struct watch *watches; /* by socket number */
    uint32_t watch_count;
};

/* The number of shards for a loop of that size, whose transfers keep connections to so many hosts each; `is_shared`:
 * and share them with each other. */
uint32_t loop_driver_shards(uint32_t workers, uint32_t hosts, bool is_shared);

int loop_driver_open(struct loop *loop, struct error *error);

/* Waits until something happens in any shard, `longest` at most, and lets libcurl act on it. */
int loop_driver_turn(struct loop *loop, nanoseconds longest, struct error *error);

/* Closes the driver. Call it after all multi handles are gone, since they still call back while they end. */
void loop_driver_close(struct loop *loop);

/* Called by the driver right before it waits, and right after. Events between the end of one wait and the start of the
 * next had to wait. */
void loop_will_wait(struct loop *loop);
void loop_has_waited(struct loop *loop);

/* Called by the driver before it calls libcurl for a shard, which may complete transfers. */
void loop_will_call(struct shard *shard);

#endif
