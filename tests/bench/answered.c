/*
 * Preloaded, lets a program that sends a request find its answer there as soon as it looks: send() returns once there
 * is something to read. Whether a client must wait for an answer, which costs it instructions and system calls,
 * otherwise depends on how busy the machine is.
 */
#include <dlfcn.h>
#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

#define LIMIT_MS 60000

ssize_t send(int descriptor, const void *data, size_t size, int flags)
{
    static ssize_t (*next)(int, const void *, size_t, int);
    if (next == NULL)
        *(void **)&next = dlsym(RTLD_NEXT, "send");
    ssize_t sent = next(descriptor, data, size, flags);
    if (sent > 0)
        poll(&(struct pollfd){.fd = descriptor, .events = POLLIN}, 1, LIMIT_MS);
    return sent;
}
