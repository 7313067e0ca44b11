/*
 * All of platform where the system is another than Linux: what POSIX.1-2008 has, and macOS and the BSDs besides. What
 * they do not tell in one way is unknown, as the headers say.
 */

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "conc_bench/platform/cgroup.h"
#include "conc_bench/platform/descriptor.h"
#include "conc_bench/platform/entropy.h"
#include "conc_bench/platform/file.h"
#include "conc_bench/platform/machine.h"
#include "conc_bench/platform/memory.h"
#include "conc_bench/platform/process.h"

/* Sets of select(2) take a number that is not negative, and their macros in musl say so by its type. */
#pragma GCC diagnostic ignored "-Wsign-conversion"

/* Control groups: there are none. */

double cgroup_cpu_quota(const char *root)
{
    (void)root;
    return 0;
}

double cgroup_throttled(const char *root)
{
    (void)root;
    return NAN;
}

uint64_t cgroup_memory_left(const char *root)
{
    (void)root;
    return UINT64_MAX;
}

/* Descriptors */

/* Sets what cannot be asked for when a descriptor is made; none of it fails for one that is open. Returns the
 * descriptor, which may be -1. */
static int prepare(int descriptor)
{
    if (descriptor < 0)
        return descriptor;
    (void)fcntl(descriptor, F_SETFD, FD_CLOEXEC);
#ifdef SO_NOSIGPIPE
    int yes = 1; /* macOS has long had no MSG_NOSIGNAL; a pipe takes no notice */
    int number = errno;
    (void)setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &yes, sizeof(yes));
    errno = number;
#endif
    return descriptor;
}

static int prepare_both(int status, const int ends[2])
{
    for (int i = 0; i < 2 && status == 0; i++)
        prepare(ends[i]);
    return status;
}

int descriptor_socket(int family, int type, int protocol)
{
    return prepare(socket(family, type, protocol));
}

int descriptor_socket_pair(int ends[2])
{
    return prepare_both(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), ends);
}

int descriptor_pipe(int ends[2])
{
    return prepare_both(pipe(ends), ends);
}

int descriptor_accept(int listener)
{
    return prepare(accept(listener, NULL, NULL));
}

ssize_t descriptor_send(int socket, const void *bytes, size_t count)
{
#ifdef MSG_NOSIGNAL
    return send(socket, bytes, count, MSG_NOSIGNAL);
#else
    return send(socket, bytes, count, 0);
#endif
}

/* Waits by pselect(2), which lets signals in for as long as it waits and not a moment longer, as poll(2) cannot. It
 * takes small numbers only, which those of descriptors are that are opened early. */
int descriptor_poll(struct pollfd *entries, nfds_t count, const struct timespec *limit, const sigset_t *mask)
{
    fd_set sets[2];
    int end = 0;
    int ready = 0;
    FD_ZERO(&sets[0]);
    FD_ZERO(&sets[1]);
    for (nfds_t i = 0; i < count; i++) {
        entries[i].revents = 0;
        if (entries[i].fd < 0)
            continue;
        if (entries[i].fd >= FD_SETSIZE) {
            errno = EINVAL;
            return -1;
        }
        if ((entries[i].events & POLLIN) != 0)
            FD_SET(entries[i].fd, &sets[0]);
        if ((entries[i].events & POLLOUT) != 0)
            FD_SET(entries[i].fd, &sets[1]);
        end = entries[i].fd >= end ? entries[i].fd + 1 : end;
    }
    if (pselect(end, &sets[0], &sets[1], NULL, limit, mask) < 0)
        return -1;
    for (nfds_t i = 0; i < count; i++) {
        if (entries[i].fd >= 0 && FD_ISSET(entries[i].fd, &sets[0]))
            entries[i].revents |= POLLIN;
        if (entries[i].fd >= 0 && FD_ISSET(entries[i].fd, &sets[1]))
            entries[i].revents |= POLLOUT;
        ready += entries[i].revents != 0;
    }
    return ready;
}

void descriptor_make_path(int descriptor, char *buffer)
{
    snprintf(buffer, DESCRIPTOR_PATH_BYTES, "/dev/fd/%d", descriptor);
}

const char *descriptor_in_path(const char *path)
{
    static const char folder[] = "/dev/fd/";
    return strncmp(path, folder, strlen(folder)) == 0 ? path + strlen(folder) : NULL;
}

/* A temporary file would not do: who opens the path of a descriptor shares its position with all others who do. */
int descriptor_create_file(const char *name)
{
    (void)name;
    errno = ENOTSUP;
    return -1;
}

/* A file number, where the system gives sockets one; it comes again only after very many others. */
uint64_t descriptor_identity(int socket)
{
    struct stat status;
    return fstat(socket, &status) == 0 && S_ISSOCK(status.st_mode) ? (uint64_t)status.st_ino : 0;
}

bool descriptor_look(int socket, struct descriptor_connection *connection)
{
    (void)socket;
    *connection = (struct descriptor_connection){0};
    return false;
}

int descriptor_open_timer(void)
{
    errno = ENOTSUP;
    return -1;
}

void descriptor_set_timer(int timer, int64_t instant)
{
    (void)timer;
    (void)instant;
}

#if defined(__APPLE__) || defined(__FreeBSD__) || defined(__NetBSD__) || defined(__OpenBSD__) || defined(__DragonFly__)

/* funopen(3) has an int where write(2) has a size_t. */
struct stream {
    void *context;
    ssize_t (*write)(void *context, const char *bytes, size_t count);
    int (*close)(void *context);
};

static int write_stream(void *cookie, const char *bytes, int count)
{
    const struct stream *stream = cookie;
    ssize_t written = stream->write(stream->context, bytes, (size_t)count);
    return written > 0 ? (int)written : -1;
}

static int close_stream(void *cookie)
{
    struct stream *stream = cookie;
    int status = stream->close(stream->context);
    free(stream);
    return status;
}

FILE *descriptor_open_stream(void *context, ssize_t (*write)(void *context, const char *bytes, size_t count),
                             int (*close)(void *context))
{
    struct stream *stream = malloc(sizeof(*stream));
    if (stream == NULL)
        return NULL;
    *stream = (struct stream){.context = context, .write = write, .close = close};
    FILE *file = funopen(stream, NULL, write_stream, NULL, close_stream);
    if (file == NULL)
        free(stream);
    return file;
}

#else

/* POSIX has nothing of the kind, and what other systems have is in no C library of Linux. */
FILE *descriptor_open_stream(void *context, ssize_t (*write)(void *context, const char *bytes, size_t count),
                             int (*close)(void *context))
{
    const cookie_io_functions_t functions = {.write = write, .close = close};
    return fopencookie(context, "w", functions);
}

#endif

/* Randomness */

/* The file is older than getentropy(3), and where that is declared differs. */
bool entropy_read(void *bytes, size_t count)
{
    int file = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    ssize_t read_bytes = file >= 0 ? read(file, bytes, count) : -1;
    if (file >= 0)
        close(file);
    return read_bytes == (ssize_t)count;
}

/* Files */

/* Whether the file is on another file system than its folder. */
bool file_is_mounted(const char *path)
{
    struct stat status, folder;
    const char *slash = strrchr(path, '/');
    char *above = slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + 1);
    bool is_mounted =
        above != NULL && lstat(path, &status) == 0 && stat(above, &folder) == 0 && status.st_dev != folder.st_dev;
    free(above);
    return is_mounted;
}

bool file_copy_access_list(const char *path, int file)
{
    (void)path;
    (void)file;
    return false;
}

/* The machine */

uint32_t machine_cores(void)
{
    return machine_cores_online();
}

uint32_t machine_cores_online(void)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (uint32_t)online : 1;
}

void machine_cpu_name(char *buffer, size_t size)
{
    (void)size;
    buffer[0] = '\0';
}

uint64_t machine_available_memory(const char *root)
{
    (void)root;
    return UINT64_MAX;
}

struct machine_cpu_time machine_read_cpu_time(const char *root)
{
    (void)root;
    return (struct machine_cpu_time){NAN, NAN};
}

/* Memory: wishes are not granted. */

void memory_prefer_huge_pages(void *memory, size_t bytes)
{
    (void)memory;
    (void)bytes;
}

void memory_populate(void *mapping, size_t bytes)
{
    (void)mapping;
    (void)bytes;
}

void memory_keep_from_forks(void *mapping, size_t bytes)
{
    (void)mapping;
    (void)bytes;
}

/* Called through a pointer that the compiler cannot see through, so that it is not left out. */
void memory_wipe(void *memory, size_t bytes)
{
    static void *(*const volatile set)(void *, int, size_t) = memset;
    set(memory, 0, bytes);
}

/* Processes */

void process_end_with_parent(void)
{
}

void process_outlive_parent(void)
{
}

bool process_adopt_orphans(void)
{
    return false;
}

void process_yield(void)
{
    sched_yield();
}

int process_await_signal(const sigset_t *awaited, siginfo_t *signal)
{
    int number;
    if (sigwait(awaited, &number) != 0)
        return -1;
    *signal = (siginfo_t){.si_signo = number};
    return number;
}

void process_sleep_until(int64_t instant)
{
    enum { NANOSECONDS = 1000000000 };
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t left = instant - ((int64_t)now.tv_sec * NANOSECONDS + now.tv_nsec);
    const struct timespec duration = {.tv_sec = (time_t)(left / NANOSECONDS), .tv_nsec = (long)(left % NANOSECONDS)};
    if (left > 0)
        (void)nanosleep(&duration, NULL);
}

void process_be_punctual(void)
{
}

bool process_reset_peak(void)
{
    return false;
}

void process_be_killed_first(void)
{
}

int64_t process_peak_bytes(const struct rusage *usage)
{
#ifdef __APPLE__
    return (int64_t)usage->ru_maxrss;
#else
    return (int64_t)usage->ru_maxrss * 1024;
#endif
}

bool process_find_tree(const char *root, pid_t pid, struct process_tree *tree)
{
    (void)root;
    (void)pid;
    *tree = (struct process_tree){0};
    return false;
}

void process_tree_release(struct process_tree *tree)
{
    free(tree->pids);
    *tree = (struct process_tree){0};
}

bool process_read_status(const char *root, pid_t pid, struct process_status *status)
{
    (void)root;
    (void)pid;
    *status = (struct process_status){.peak_bytes = -1};
    return false;
}

bool process_read_memory(const char *root, pid_t pid, struct process_memory *memory)
{
    (void)root;
    (void)pid;
    *memory = (struct process_memory){0};
    return false;
}

int64_t process_count_descriptors(const char *root, pid_t pid)
{
    (void)root;
    (void)pid;
    return -1;
}

bool process_read_schedule(const char *root, pid_t pid, struct process_schedule *schedule)
{
    (void)root;
    (void)pid;
    *schedule = (struct process_schedule){0};
    return false;
}
