#include "conc_bench/base/io.h"

#include <errno.h>
#include <sys/types.h>
#include <unistd.h>

int io_write_all(int descriptor, const void *bytes, size_t length)
{
    const char *rest = bytes;
    while (length > 0) {
        ssize_t written = write(descriptor, rest, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written == 0)
            errno = EIO;
        if (written <= 0)
            return -1;
        rest += written;
        length -= (size_t)written;
    }
    return 0;
}

void io_close(int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
    *descriptor = -1;
}
