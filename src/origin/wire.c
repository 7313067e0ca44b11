#include "wire.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "conc_bench/platform/descriptor.h"

int wire_send(int socket, const void *data, size_t length)
{
    const char *rest = data;
    while (length > 0) {
        /* A peer that is gone is an answer here, never a SIGPIPE. */
        ssize_t sent = descriptor_send(socket, rest, length);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return -1;
        rest += sent;
        length -= (size_t)sent;
    }
    return 0;
}

int wire_receive(int socket, void *data, size_t length)
{
    char *rest = data;
    while (length > 0) {
        ssize_t received = recv(socket, rest, length, 0);
        if (received < 0 && errno == EINTR)
            continue;
        if (received == 0)
            errno = EPIPE;
        if (received <= 0)
            return -1;
        rest += received;
        length -= (size_t)received;
    }
    return 0;
}
