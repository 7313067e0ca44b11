#ifndef CONC_BENCH_PLATFORM_DESCRIPTOR_H
#define CONC_BENCH_PLATFORM_DESCRIPTOR_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/*
 * What Linux and glibc make of open descriptors, and tell of them.
 */

enum { DESCRIPTOR_PATH_BYTES = 32 };

/* Makes a path by which this process and its children open what the descriptor leads to. `buffer` has
 * DESCRIPTOR_PATH_BYTES. */
void descriptor_make_path(int descriptor, char *buffer);

/* What follows the folder of descriptors in a path such as "/dev/fd/7" or "/proc/self/fd/7"; NULL: it leads elsewhere.
 */
const char *descriptor_in_path(const char *path);

/* A new, empty file that is in no folder and gone with its last descriptor (memfd_create(2)); it is closed on exec.
 * `name` is for people who look at the process. -1: errno says why not. */
int descriptor_create_file(const char *name);

/* A number that no other socket of this machine had before or will have later (SO_COOKIE, Linux 4.12), while the same
 * descriptor may. 0: it is no socket, or the system does not tell. */
uint64_t descriptor_identity(int socket);

/* A stream for writing by functions that behave as write(2), without a result below 0, and close(2) do
 * (fopencookie(3)). NULL: no memory. */
FILE *descriptor_open_stream(void *context, ssize_t (*write)(void *context, const char *bytes, size_t count),
                             int (*close)(void *context));

#endif
