#ifndef CONC_BENCH_PLATFORM_DESCRIPTOR_H
#define CONC_BENCH_PLATFORM_DESCRIPTOR_H

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include <time.h>

/*
 * Operations on open descriptors, and their properties, that only Linux and glibc have.
 */

/* Work as socket(2), socketpair(2) of two streams, pipe(2) and accept(2), with descriptors that are closed on exec.
 * Where the system does that in a second step, a program that another thread starts in between has them open. */
int descriptor_socket(int family, int type, int protocol);
int descriptor_socket_pair(int ends[2]);
int descriptor_pipe(int ends[2]);
int descriptor_accept(int listener);

/* Works as send(2); a peer that is gone is an error (EPIPE), and no signal. */
ssize_t descriptor_send(int socket, const void *bytes, size_t count);

/* Works as ppoll(2): waits for POLLIN and POLLOUT, for `limit` at most (NULL: any time), and has `mask` (NULL: as it
 * is) in place of the signals that are blocked just for as long. Where the system has no ppoll, descriptors from
 * FD_SETSIZE on cannot be waited for (EINVAL). */
int descriptor_poll(struct pollfd *entries, nfds_t count, const struct timespec *limit, const sigset_t *mask);

enum { DESCRIPTOR_PATH_BYTES = 32 };

/* Makes a path by which this process and its children open what the descriptor leads to. `buffer` has
 * DESCRIPTOR_PATH_BYTES. */
void descriptor_make_path(int descriptor, char *buffer);

/* The part of a path that follows the folder of descriptors, in a path such as "/dev/fd/7" or "/proc/self/fd/7"; NULL:
 * it leads elsewhere.
 */
const char *descriptor_in_path(const char *path);

/* A new, empty file that is in no folder and gone with its last descriptor (memfd_create(2)); it is closed on exec.
 * `name` is for people who look at the process. -1: errno says why not, ENOTSUP where the system has no such files. */
int descriptor_create_file(const char *name);

/* A number that no other socket of this machine had before or will have later (SO_COOKIE, Linux 4.12), while the same
 * descriptor may. 0: it is no socket, or the system does not tell. */
uint64_t descriptor_identity(int socket);

/* The state of a TCP connection. */
struct descriptor_connection {
    uint64_t received; /* bytes; the other side's announcement that no more come (FIN) is one, a reset none */
    bool is_open;      /* by both sides */
    bool is_over;      /* closed by both sides, or reset */
};

/* False: the system does not tell (TCP_INFO, Linux 4.1), or it is no TCP connection. */
bool descriptor_look(int socket, struct descriptor_connection *connection);

/* A stream for writing by functions that behave as write(2), without a result below 0, and close(2) do
 * (fopencookie(3)). NULL: no memory. */
FILE *descriptor_open_stream(void *context, ssize_t (*write)(void *context, const char *bytes, size_t count),
                             int (*close)(void *context));

/* A timer, to be read by nobody: its descriptor is readable once it has gone off (timerfd_create(2)). -1: errno says
 * why not. */
int descriptor_open_timer(void);

/* Sets it to an instant of the monotonic clock, in nanoseconds; 0: to none. That it has gone off before is forgotten.
 */
void descriptor_set_timer(int timer, int64_t instant);

#endif
