#include <stddef.h>
#include <sys/select.h>

#include "waiting.h"

/* Sets of select(2) take a number that is not negative, and their macros in musl say so by its type. */
#pragma GCC diagnostic ignored "-Wsign-conversion"

/* The variant for systems without epoll: libmicrohttpd tells which sockets it waits for, and takes none whose number
 * does not fit into a set of select(2). */

const unsigned waiting_flags = MHD_NO_FLAG;
const uint64_t waiting_descriptors = FD_SETSIZE;

struct waiting waiting_for(int control)
{
    return (struct waiting){.control = control, .epolls = {-1, -1}};
}

void waiting_add(struct waiting *waiting, int index, struct MHD_Daemon *daemon)
{
    waiting->daemons[index] = daemon;
}

/* Waits. Returns how many are ready, or -1. `readable` holds the other descriptors to wait for. */
static int wait_for_sockets(const struct waiting *waiting, fd_set *readable, int last, nanoseconds longest)
{
    fd_set writable, exceptional;
    struct timespec limit = clock_timespec(longest < 0 ? 0 : longest);
    FD_ZERO(&writable);
    FD_ZERO(&exceptional);
    for (int i = 0; i < WAITING_DAEMONS; i++) {
        if (waiting->daemons[i] != NULL)
            MHD_get_fdset2(waiting->daemons[i], readable, &writable, &exceptional, &last, FD_SETSIZE);
    }
    return pselect(last + 1, readable, &writable, &exceptional, longest < 0 ? NULL : &limit, NULL);
}

bool waiting_sleep(const struct waiting *waiting, nanoseconds longest)
{
    fd_set readable;
    FD_ZERO(&readable);
    FD_SET(waiting->control, &readable);
    return wait_for_sockets(waiting, &readable, waiting->control, longest) > 0 && FD_ISSET(waiting->control, &readable);
}

bool waiting_has_clients(const struct waiting *waiting)
{
    fd_set readable;
    FD_ZERO(&readable);
    return wait_for_sockets(waiting, &readable, -1, 0) > 0;
}
