#include "conc_bench/platform/descriptor.h"

#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

int descriptor_socket(int family, int type, int protocol)
{
    return socket(family, type | SOCK_CLOEXEC, protocol);
}

int descriptor_socket_pair(int ends[2])
{
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends);
}

int descriptor_pipe(int ends[2])
{
    return pipe2(ends, O_CLOEXEC);
}

int descriptor_accept(int listener)
{
    return accept4(listener, NULL, NULL, SOCK_CLOEXEC);
}

ssize_t descriptor_send(int socket, const void *bytes, size_t count)
{
    return send(socket, bytes, count, MSG_NOSIGNAL);
}

int descriptor_poll(struct pollfd *entries, nfds_t count, const struct timespec *limit, const sigset_t *mask)
{
    return ppoll(entries, count, limit, mask);
}

void descriptor_make_path(int descriptor, char *buffer)
{
    snprintf(buffer, DESCRIPTOR_PATH_BYTES, "/proc/self/fd/%d", descriptor);
}

const char *descriptor_in_path(const char *path)
{
    static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/", "/proc/thread-self/fd/"};
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        size_t length = strlen(folders[i]);
        if (strncmp(path, folders[i], length) == 0)
            return path + length;
    }
    return NULL;
}

int descriptor_create_file(const char *name)
{
    return memfd_create(name, MFD_CLOEXEC);
}

uint64_t descriptor_identity(int socket)
{
    uint64_t cookie = 0;
#ifdef SO_COOKIE
    socklen_t size = sizeof(cookie);
    if (getsockopt(socket, SOL_SOCKET, SO_COOKIE, &cookie, &size) != 0)
        return 0;
#else
    (void)socket;
#endif
    return cookie;
}

bool descriptor_look(int socket, struct descriptor_connection *connection)
{
    enum { ESTABLISHED = 1, CLOSED = 7 }; /* as in the kernel's net/tcp_states.h */
    struct tcp_info info;
    socklen_t size = sizeof(info);
    *connection = (struct descriptor_connection){0};
    if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 ||
        size < offsetof(struct tcp_info, tcpi_bytes_received) + sizeof(info.tcpi_bytes_received))
        return false;
    *connection = (struct descriptor_connection){.received = info.tcpi_bytes_received,
                                                 .is_open = info.tcpi_state == ESTABLISHED,
                                                 .is_over = info.tcpi_state == CLOSED};
    return true;
}

FILE *descriptor_open_stream(void *context, ssize_t (*write)(void *context, const char *bytes, size_t count),
                             int (*close)(void *context))
{
    const cookie_io_functions_t functions = {.write = write, .close = close};
    return fopencookie(context, "w", functions);
}

int descriptor_open_timer(void)
{
    return timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
}

void descriptor_set_timer(int timer, int64_t instant)
{
    enum { NANOSECONDS = 1000000000 };
    const struct itimerspec when = {
        .it_value = {.tv_sec = (time_t)(instant / NANOSECONDS), .tv_nsec = (long)(instant % NANOSECONDS)}};
    (void)timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL); /* cannot fail with such values */
}
