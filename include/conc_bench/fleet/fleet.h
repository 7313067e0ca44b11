#ifndef CONC_BENCH_FLEET_FLEET_H
#define CONC_BENCH_FLEET_FLEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conc_bench/base/clock.h"
#include "conc_bench/base/error.h"

/*
 * The processes of one run that a launcher (mpirun, srun) has started together, usually one on each machine. They have
 * ranks from 0. Rank 0 leads: it decides, prints and sets the exit status; the others follow. Messages go between the
 * leader and one follower, in the order they were sent. A program that was started by hand is a leader without
 * followers.
 *
 * Nothing waits for ever: whatever waits takes a limit. A process that did not answer within it, or to which the
 * connection broke, is lost for the rest of the run: nothing is sent to it or expected of it any more.
 *
 * The state is that of the process. Only the process that called fleet_start() may call the rest, never a child of it.
 */

/* The kinds of messages, and who sends them. Only those who send and receive a message know what it holds. */
enum fleet_kind {
    FLEET_SIGN,     /* both: names, clocks */
    FLEET_REACH,    /* leader: try to reach it (reach.h) */
    FLEET_REACHED,  /* follower */
    FLEET_PLAN,     /* leader: what is to be run */
    FLEET_MACHINE,  /* follower: that it can take part, and what it is; or why not */
    FLEET_TRIAL,    /* leader: prepare this */
    FLEET_PREPARED, /* follower */
    FLEET_CLOCK,    /* leader: tell your clock, once */
    FLEET_OPEN,     /* leader: begin at that instant */
    FLEET_SHUT,     /* leader: do not begin */
    FLEET_BEAT,     /* both: whoever sends it is alive; of a follower, and so far */
    FLEET_STOP,     /* leader: end the trial */
    FLEET_RESULT,   /* follower: the trial has ended */
    FLEET_COLLECT,  /* leader: send the samples */
    FLEET_SAMPLES,  /* follower */
    FLEET_DONE,     /* leader: there are no more trials */
    FLEET_RESET,    /* leader: begin to count anew at the origin of the machine */
    FLEET_COUNT,    /* leader: tell what that has counted */
    FLEET_COUNTS,   /* follower */
    FLEET_END,      /* leader: leave, with this exit status */
};

struct fleet_message {
    enum fleet_kind kind;
    void *bytes; /* owned by whoever received it; a zero byte stands behind them */
    size_t size;
};

/* A limit for waiting. */
struct fleet_limit {
    nanoseconds until;              /* an instant */
    bool (*is_over)(void *context); /* asked now and then; true: wait no longer. NULL: never asked */
    void *context;
};

/* Finds out whether the process is one of several, and connects it to the others. -1: it is, and they cannot be
 * connected, for one because the program was built without MPI. fleet_rank() tells the rank in that case, too, so that
 * one of them can say so for all. */
int fleet_start(struct error *error);

uint32_t fleet_rank(void); /* 0: the leader */
uint32_t fleet_size(void); /* how many there are; 1 before fleet_start(), and for a program that was started by hand */

/* The machine of a process as messages call it: "node3", or where several run there, "node3 (rank 2)". Only the leader
 * knows those of others; to followers it is "the leader". */
const char *fleet_name(uint32_t rank);

/* Whether a process is lost, and whether any is. */
bool fleet_is_lost(uint32_t rank);
bool fleet_has_lost_any(void);

/* Counts a process as lost, of which no more is expected. */
void fleet_lose(uint32_t rank);

/* Sends a message: the leader to any process, a follower to rank 0. Returns when the bytes may be used again. -1: the
 * process is lost, with an error that names it; or the limit's is_over() said so, which loses nobody. */
int fleet_send(uint32_t rank, enum fleet_kind kind, const void *bytes, size_t size, const struct fleet_limit *limit,
               struct error *error);

/* The same to all followers that are not lost, by the leader. -1: one of them became lost; the others have it. */
int fleet_broadcast(enum fleet_kind kind, const void *bytes, size_t size, const struct fleet_limit *limit,
                    struct error *error);

/* Waits for the next message of a process. -1 as above; there are no bytes then. */
int fleet_receive(uint32_t rank, struct fleet_message *message, const struct fleet_limit *limit, struct error *error);

/* The same for a message of that kind and size, which is written to `bytes`. -1, too: another one came. */
int fleet_receive_exactly(uint32_t rank, enum fleet_kind kind, void *bytes, size_t size,
                          const struct fleet_limit *limit, struct error *error);

/* Whether fleet_receive() would not wait: a message of that process is there, or the connection to it is broken. */
bool fleet_has_message(uint32_t rank);

/* The difference of another machine's clock from this one's. */
struct fleet_clock {
    nanoseconds offset; /* its clock minus ours, at the same instant */
    nanoseconds error;  /* the offset is wrong by this at most: half of the fastest way there and back */
};

/* Compares a follower's clock with the leader's: Cristian 1989, "Probabilistic clock synchronization". The leader asks
 * several times (FLEET_CLOCK), which the follower answers each time. */
int fleet_ask_clock(uint32_t rank, const struct fleet_limit *limit, struct fleet_clock *clock, struct error *error);
int fleet_tell_clock(const struct fleet_limit *limit, struct error *error);

/* Disconnects; the leader tells the followers with which status to leave, who receive that as FLEET_END. Where a
 * process is lost, the launcher is asked to end all others with `status`, and this process with them: then it may not
 * return.
 */
void fleet_end(int status);

#endif
