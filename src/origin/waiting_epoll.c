#include <poll.h>
#include <stddef.h>

#include "conc_bench/platform/descriptor.h"
#include "waiting.h"

const unsigned waiting_flags = MHD_USE_EPOLL;
const uint64_t waiting_descriptors = UINT64_MAX;

struct waiting waiting_for(int control)
{
    return (struct waiting){.control = control, .epolls = {-1, -1}};
}

void waiting_add(struct waiting *waiting, int index, struct MHD_Daemon *daemon)
{
    waiting->daemons[index] = daemon;
    waiting->epolls[index] = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

enum { POLL_CONTROL = WAITING_DAEMONS, POLL_COUNT };

/* poll(2) ignores the negative descriptors of daemons that do not run. */
static void list_sockets(const struct waiting *waiting, struct pollfd sockets[POLL_COUNT])
{
    for (int i = 0; i < WAITING_DAEMONS; i++)
        sockets[i] = (struct pollfd){.fd = waiting->epolls[i], .events = POLLIN};
    sockets[POLL_CONTROL] = (struct pollfd){.fd = waiting->control, .events = POLLIN};
}

bool waiting_sleep(const struct waiting *waiting, nanoseconds longest)
{
    struct pollfd ready[POLL_COUNT];
    struct timespec limit = clock_timespec(longest < 0 ? 0 : longest);
    list_sockets(waiting, ready);
    return descriptor_poll(ready, POLL_COUNT, longest < 0 ? NULL : &limit, NULL) > 0 &&
           ready[POLL_CONTROL].revents != 0;
}

bool waiting_has_clients(const struct waiting *waiting)
{
    struct pollfd ready[POLL_COUNT];
    list_sockets(waiting, ready);
    return poll(ready, WAITING_DAEMONS, 0) > 0;
}
