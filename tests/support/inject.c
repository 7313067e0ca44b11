#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <netdb.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/*
 * Preloaded (LD_PRELOAD), makes one call of one function fail, as if the system had run out of something; or makes it
 * take long, so that a test can do something to the program just then.
 *
 *   INJECT_CALL  which functions, with commas between: their calls are counted together
 *   INJECT_AT    which of these calls, from 1
 *   INJECT_FROM  count only calls made by the object whose file name begins so, "program" being the program itself;
 *                "!libcrypto": by any but that one. Without it, by all.
 *   INJECT_HOLD  seconds by which the call takes longer, at most, instead of failing
 *   INJECT_MARK  a file that is made when the call comes; a call that is held goes on when that file is removed
 *
 * There is one counter for all processes of a run, in memory that they share. Counted in each process, or on in each
 * child from what its parent had counted, the same number would strike several processes at once, where one failure
 * hides what another would have led to, and where the faults that only one cell of a run can have would never come
 * alone. With one counter, a test that goes through all numbers has had every call of a run fail by itself, wherever it
 * is made: in the program, the origin, a cell or a worker. That costs more runs, but they are short.
 *
 * What is called before main(), by the start-up of libc and of libraries that were loaded earlier, is not counted.
 */

/* The functions behind malloc() and its kin; dlsym() would call these back. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

struct range {
    uintptr_t begin;
    uintptr_t end;
};

enum { RANGES_MAX = 16 };

static struct {
    const char *calls; /* NULL: nothing is counted yet */
    unsigned long at;
    double hold; /* 0: the call fails */
    const char *mark;
    bool is_from_others; /* the ranges tell whose calls do not count */
    size_t range_count;
    struct range ranges[RANGES_MAX];
    _Atomic unsigned long *counted; /* shared by all processes */
} settings;

static int note_object(struct dl_phdr_info *info, size_t size, void *wanted)
{
    (void)size;
    const char *slash = strrchr(info->dlpi_name, '/');
    const char *name = info->dlpi_name[0] == '\0' ? "program" : slash != NULL ? slash + 1 : info->dlpi_name;
    if (strncmp(name, wanted, strlen(wanted)) != 0)
        return 0;
    for (size_t i = 0; i < info->dlpi_phnum && settings.range_count < RANGES_MAX; i++) {
        uintptr_t begin = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
        if (info->dlpi_phdr[i].p_type == PT_LOAD && (info->dlpi_phdr[i].p_flags & PF_X) != 0)
            settings.ranges[settings.range_count++] = (struct range){begin, begin + info->dlpi_phdr[i].p_memsz};
    }
    return 0;
}

__attribute__((constructor)) static void begin(void)
{
    const char *calls = getenv("INJECT_CALL");
    const char *at = getenv("INJECT_AT");
    const char *hold = getenv("INJECT_HOLD");
    char *from = getenv("INJECT_FROM");
    void *memory = mmap(NULL, sizeof(*settings.counted), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (calls == NULL || at == NULL || memory == MAP_FAILED)
        return;
    settings.at = strtoul(at, NULL, 10);
    settings.hold = hold != NULL ? strtod(hold, NULL) : 0;
    settings.mark = getenv("INJECT_MARK");
    settings.is_from_others = from == NULL || from[0] == '!';
    if (from != NULL)
        dl_iterate_phdr(note_object, from + settings.is_from_others);
    settings.counted = memory;
    settings.calls = calls;
}

static bool is_chosen(const char *call)
{
    size_t length = strlen(call);
    for (const char *word = settings.calls; word != NULL; word = strchr(word, ',')) {
        word += word[0] == ',';
        if (strncmp(word, call, length) == 0 && (word[length] == '\0' || word[length] == ','))
            return true;
    }
    return false;
}

static bool is_counted_from(uintptr_t address)
{
    for (size_t i = 0; i < settings.range_count; i++) {
        if (address >= settings.ranges[i].begin && address < settings.ranges[i].end)
            return !settings.is_from_others;
    }
    return settings.is_from_others;
}

/* By system calls, since open() and write() may be what is counted. */
static void leave_mark(const char *call)
{
    char text[64];
    if (settings.mark == NULL)
        return;
    int length = snprintf(text, sizeof(text), "%s %ld\n", call, (long)getpid());
    long file = syscall(SYS_openat, AT_FDCWD, settings.mark, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (file >= 0) {
        syscall(SYS_write, file, text, length);
        syscall(SYS_close, file);
    }
}

static bool is_marked(void)
{
    return settings.mark == NULL || syscall(SYS_faccessat, AT_FDCWD, settings.mark, F_OK) == 0;
}

static void hold(void)
{
    enum { LOOKS_PER_SECOND = 50 };
    for (double look = 0; look < settings.hold * LOOKS_PER_SECOND && is_marked(); look++) {
        struct timespec left = {.tv_nsec = 1000000000 / LOOKS_PER_SECOND};
        while (nanosleep(&left, &left) != 0 && errno == EINTR) {}
    }
}

/* Counts a call; true: it is the one, and has to fail. */
static bool has_to_fail(const char *call, const void *caller)
{
    if (settings.calls == NULL || !is_chosen(call) || !is_counted_from((uintptr_t)caller))
        return false;
    if (atomic_fetch_add(settings.counted, 1) + 1 != settings.at)
        return false;
    leave_mark(call);
    if (settings.hold > 0)
        hold();
    return settings.hold == 0;
}

/* The function that would have been called without this file, into the pointer `function`. */
static void find_next(const char *name, void *function)
{
    void *symbol = dlsym(RTLD_NEXT, name);
    memcpy(function, &symbol, sizeof(symbol));
}

#define HAS_TO_FAIL(call) has_to_fail(#call, __builtin_return_address(0))

/* A function that takes `parameters`, is called with `arguments`, and fails by `number` in errno and the result
 * `failure`. */
#define CALL(type, name, parameters, arguments, number, failure)                                                       \
    type name parameters                                                                                               \
    {                                                                                                                  \
        type(*next) parameters;                                                                                        \
        if (HAS_TO_FAIL(name)) {                                                                                       \
            errno = number;                                                                                            \
            return failure;                                                                                            \
        }                                                                                                              \
        find_next(#name, &next);                                                                                       \
        return next arguments;                                                                                         \
    }

/* Memory */

void *malloc(size_t size)
{
    if (!HAS_TO_FAIL(malloc))
        return __libc_malloc(size);
    errno = ENOMEM;
    return NULL;
}

void *calloc(size_t count, size_t size)
{
    if (!HAS_TO_FAIL(calloc))
        return __libc_calloc(count, size);
    errno = ENOMEM;
    return NULL;
}

void *realloc(void *old, size_t size)
{
    if (!HAS_TO_FAIL(realloc))
        return __libc_realloc(old, size);
    errno = ENOMEM;
    return NULL;
}

CALL(void *, mmap, (void *where, size_t length, int protection, int flags, int file, off_t offset),
     (where, length, protection, flags, file, offset), ENOMEM, MAP_FAILED)
CALL(void *, mmap64, (void *where, size_t length, int protection, int flags, int file, off64_t offset),
     (where, length, protection, flags, file, offset), ENOMEM, MAP_FAILED)

/* Threads and processes */

CALL(pid_t, fork, (void), (), EAGAIN, -1)
CALL(int, pthread_create,
     (pthread_t *restrict thread, const pthread_attr_t *restrict attributes, void *(*start)(void *),
      void *restrict argument),
     (thread, attributes, start, argument), 0, EAGAIN)

/* Descriptors */

CALL(int, socket, (int domain, int type, int protocol), (domain, type, protocol), EMFILE, -1)
CALL(int, socketpair, (int domain, int type, int protocol, int ends[2]), (domain, type, protocol, ends), EMFILE, -1)
CALL(int, accept4, (int file, __SOCKADDR_ARG address, socklen_t *restrict length, int flags),
     (file, address, length, flags), EMFILE, -1)
CALL(int, pipe, (int ends[2]), (ends), EMFILE, -1)
CALL(int, pipe2, (int ends[2], int flags), (ends, flags), EMFILE, -1)
CALL(int, epoll_create1, (int flags), (flags), EMFILE, -1)
CALL(int, epoll_ctl, (int epoll, int operation, int file, struct epoll_event *event), (epoll, operation, file, event),
     ENOSPC, -1)
CALL(FILE *, fopen, (const char *restrict path, const char *restrict mode), (path, mode), EMFILE, NULL)
CALL(FILE *, fopen64, (const char *restrict path, const char *restrict mode), (path, mode), EMFILE, NULL)
CALL(int, memfd_create, (const char *name, unsigned flags), (name, flags), EMFILE, -1)

/* The rights stand in the call only where a file may be made. */
static unsigned rights(int flags, va_list arguments)
{
    bool has_rights = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
    return has_rights ? va_arg(arguments, unsigned) : 0;
}

#define OPEN(name)                                                                                                     \
    int name(const char *path, int flags, ...)                                                                         \
    {                                                                                                                  \
        int (*next)(const char *, int, ...);                                                                           \
        va_list arguments;                                                                                             \
        va_start(arguments, flags);                                                                                    \
        unsigned mode = rights(flags, arguments);                                                                      \
        va_end(arguments);                                                                                             \
        if (HAS_TO_FAIL(name)) {                                                                                       \
            errno = EMFILE;                                                                                            \
            return -1;                                                                                                 \
        }                                                                                                              \
        find_next(#name, &next);                                                                                       \
        return next(path, flags, mode);                                                                                \
    }

OPEN(open)
OPEN(open64)

/* The call that libc's checks make of an open64() whose flags are not constant. */
int __open64_2(const char *path, int flags);
CALL(int, __open64_2, (const char *path, int flags), (path, flags), EMFILE, -1)

/* Files, names and libraries */

CALL(ssize_t, write, (int file, const void *data, size_t length), (file, data, length), ENOSPC, -1)
CALL(int, fsync, (int file), (file), EIO, -1)
CALL(int, rename, (const char *from, const char *to), (from, to), EIO, -1)
CALL(int, getaddrinfo,
     (const char *restrict name, const char *restrict service, const struct addrinfo *restrict hints,
      struct addrinfo **restrict found),
     (name, service, hints, found), ENOMEM, EAI_MEMORY)

/* libcurl's; it cannot fail, only take long. */
void curl_global_cleanup(void);
void curl_global_cleanup(void)
{
    void (*next)(void);
    (void)HAS_TO_FAIL(curl_global_cleanup);
    find_next("curl_global_cleanup", &next);
    next();
}
