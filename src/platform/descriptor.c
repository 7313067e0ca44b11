#include "conc_bench/platform/descriptor.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

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

FILE *descriptor_open_stream(void *context, ssize_t (*write)(void *context, const char *bytes, size_t count),
                             int (*close)(void *context))
{
    const cookie_io_functions_t functions = {.write = write, .close = close};
    return fopencookie(context, "w", functions);
}
