/* glibc's checks define recv() in the header, and clang then takes the definition below for another one of those. */
#undef _FORTIFY_SOURCE

#include "quirks.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "conc_bench/http/transfer.h"

/* HTTP/2 frames without content, at 9 bytes each, take libcurl some 10 ms for a MiB. Whatever is delivered to a
 * download comes with far fewer bytes that are not: a handshake takes some 5 KiB. */
enum {
    BYTES_FOR_NOTHING = 1 << 20,
    BYTES_PER_CALL = 512, /* the cost of a system call beyond the copying of its bytes */
    UNPACKED_PER_BYTE = 8 /* bytes unpacked in the time that a byte without content takes */
};

/* The bytes that this thread may still receive without delivering any, if it drives downloads. */
static _Thread_local bool is_limited;
static _Thread_local size_t left;

/* The socket it received from last: what one server used up is not taken from another. */
static _Thread_local int last_socket = -1;

void transfer_receive_anew(void)
{
    is_limited = is_limited || quirk_applies(QUIRK_EMPTY_FRAMES);
    left = BYTES_FOR_NOTHING;
}

void quirk_receive_delivered(void)
{
    left = BYTES_FOR_NOTHING;
}

void quirk_receive_unpacked(size_t length)
{
    size_t cost = length / UNPACKED_PER_BYTE;
    left = left > cost ? left - cost : 0;
}

/* The one that everything in this process calls: libcurl, its TLS library, the origin. */
ssize_t recv(int socket, void *buffer, size_t length, int flags)
{
    if (socket != last_socket)
        left = BYTES_FOR_NOTHING;
    last_socket = socket;
    if (is_limited && (flags & MSG_PEEK) == 0 && left == 0) {
        errno = EAGAIN;
        return -1;
    }
    ssize_t received = recvfrom(socket, buffer, length, flags, NULL, NULL);
    size_t cost = (received > 0 ? (size_t)received : 0) + BYTES_PER_CALL;
    left = left > cost ? left - cost : 0;
    return received;
}
