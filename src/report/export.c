#include "export.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "conc_bench/platform/descriptor.h"
#include "conc_bench/platform/entropy.h"
#include "conc_bench/platform/file.h"
#include "conc_bench/report/stream.h"

/* Tries before a name for a temporary file is given up. */
enum { NAMES_TRIED = 100 };

/* The interval at which it is checked whether a pipe has a reader by now. */
#define READER_TICK (50 * NANOSECONDS_PER_MILLISECOND)

/* Signals that end the program; one that comes while a file is being written takes that file with it. */
static const int ending_signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
enum { ENDING_SIGNALS = sizeof(ending_signals) / sizeof(ending_signals[0]) };

static const char *volatile unfinished; /* the temporary file there is now; NULL: none */
static struct sigaction reimport_actions[ENDING_SIGNALS];

/* SA_RESETHAND has set the default effect, which what is raised here has as soon as this handler has ended. */
static void remove_unfinished(int number)
{
    if (unfinished != NULL)
        unlink(unfinished);
    raise(number);
}

static void hold_ending_signals(sigset_t *before)
{
    sigset_t held;
    sigemptyset(&held);
    for (int i = 0; i < ENDING_SIGNALS; i++)
        sigaddset(&held, ending_signals[i]);
    sigprocmask(SIG_BLOCK, &held, before);
}

/* Makes a file of a new name in the folder of `path`, which is put into `*name`; the caller frees it. The name is as
 * long as any file system takes, however long that of the file is. */
static int make_beside(const char *path, mode_t rights, char **name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    static const char form[] = "/.conc-bench-XXXXXX";
    char *folder = place_folder(path);
    size_t size = folder != NULL ? strlen(folder) + sizeof(form) : 0;
    int file = -1;
    int failure = ENOMEM;
    *name = folder != NULL ? malloc(size) : NULL;
    for (int i = 0; *name != NULL && file < 0 && i < NAMES_TRIED; i++) {
        unsigned char random[6] = {0};
        snprintf(*name, size, "%s%s", folder, form);
        if (!entropy_read(random, sizeof(random)))
            random[i % 6] = (unsigned char)i;
        for (size_t j = 0; j < sizeof(random); j++)
            (*name)[size - 1 - sizeof(random) + j] = letters[random[j] % (sizeof(letters) - 1)];
        file = open(*name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, rights);
        failure = errno;
        if (file < 0 && failure != EEXIST)
            break;
    }
    if (file < 0) {
        free(*name);
        *name = NULL;
    }
    free(folder);
    errno = failure;
    return file;
}

/* The same, for a file that a signal would not leave behind. One at a time: others wait for forget_temporary(). */
static int make_temporary(const char *path, mode_t rights, char **name)
{
    struct sigaction action = {.sa_handler = remove_unfinished, .sa_flags = (int)SA_RESETHAND};
    sigset_t before;
    sigemptyset(&action.sa_mask);
    hold_ending_signals(&before);
    int file = make_beside(path, rights, name);
    int failure = errno;
    for (int i = 0; file >= 0 && i < ENDING_SIGNALS; i++) {
        sigaction(ending_signals[i], NULL, &reimport_actions[i]);
        /* A signal that was ignored, as by nohup(1), or has a handler, stays so. */
        if (reimport_actions[i].sa_handler == SIG_DFL)
            sigaction(ending_signals[i], &action, NULL);
    }
    if (file >= 0)
        unfinished = *name;
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = failure;
    return file;
}

/* It has been renamed or removed. */
static void forget_temporary(void)
{
    if (unfinished == NULL)
        return;
    unfinished = NULL;
    for (int i = 0; i < ENDING_SIGNALS; i++)
        sigaction(ending_signals[i], &reimport_actions[i], NULL);
}

static int refuse_replacement(const char *path, int number, const char *why, struct error *error)
{
    return error_set(error, ERROR_ENVIRONMENT,
                     "cannot write \"%s\": %s (%s), and a report replaces a file as a whole: choose another name, or "
                     "write it to standard output by -",
                     path, why, strerror(number));
}

static int check_file(const char *path, const struct place *place, struct error *error)
{
    char *name;
    if (place->is_there && access(place->path, W_OK) != 0)
        return place_refuse(error, errno, path);
    if (place->is_there && file_is_mounted(place->path))
        return refuse_replacement(path, EBUSY, "something is mounted there", error);
    int file = make_temporary(place->path, S_IRUSR | S_IWUSR, &name);
    if (file < 0 && place->is_there && (errno == EACCES || errno == EROFS || errno == EPERM))
        return refuse_replacement(path, errno, "no file can be made in its folder", error);
    if (file < 0)
        return place_refuse(error, errno, path);
    close(file);
    unlink(name);
    forget_temporary();
    free(name);
    return 0;
}

/* A pipe is not opened now: closed again, it would have ended for who reads it. */
static int check_special(const char *path, const struct place *place, struct error *error)
{
    mode_t mode = place->status.st_mode;
    if (S_ISDIR(mode))
        return place_refuse(error, EISDIR, path);
    if (!S_ISFIFO(mode) && !S_ISCHR(mode))
        return error_set(error, ERROR_ENVIRONMENT, "cannot write \"%s\": it is a %s; choose a file, a pipe or -", path,
                         S_ISSOCK(mode) ? "socket" : "block device");
    return access(place->path, W_OK) == 0 ? 0 : place_refuse(error, errno, path);
}

/* Standard output that is closed is told when there is something to write to it, as it is of the table. */
static int check_descriptor(const char *path, const struct place *place, struct error *error)
{
    if (place->descriptor == STDOUT_FILENO)
        return 0;
    int flags = fcntl(place->descriptor, F_GETFL);
    return flags >= 0 && (flags & O_ACCMODE) != O_RDONLY ? 0 : place_refuse(error, EBADF, path);
}

int export_check(const char *path, struct error *error)
{
    struct place place;
    if (place_find_output(path, &place, error) != 0)
        return -1;
    int status = place.kind == PLACE_DESCRIPTOR ? check_descriptor(path, &place, error)
                 : place.kind == PLACE_SPECIAL  ? check_special(path, &place, error)
                                                : check_file(path, &place, error);
    place_release(&place);
    return status;
}

bool export_is_standard_output(const char *path)
{
    struct place place;
    bool is_it = place_find_output(path, &place, NULL) == 0 && place.kind == PLACE_DESCRIPTOR &&
                 place.descriptor == STDOUT_FILENO;
    place_release(&place);
    return is_it;
}

/* Exports that are written in place */

/* Whether it can be written to within the export's patience. Who reads at a terminal may take any time. */
static bool wait_for_room(const struct export *export)
{
    struct pollfd entry = {.fd = export->file, .events = POLLOUT};
    struct timespec limit = clock_timespec(export->patience);
    int count;
    do {
        count = descriptor_poll(&entry, 1, isatty(export->file) == 1 ? NULL : &limit, NULL);
    } while (count < 0 && errno == EINTR);
    return count > 0;
}

/* Works as write(2), for the stream. After a failure every write fails at once, until the stream is closed. */
static ssize_t write_in_place(void *cookie, const char *bytes, size_t count)
{
    struct export *export = cookie;
    size_t done = 0;
    while (export->failure == 0 && done < count) {
        ssize_t written = write(export->file, bytes + done, count - done);
        if (written >= 0)
            done += (size_t)written;
        else if (errno == EAGAIN && !wait_for_room(export))
            export->failure = ETIMEDOUT;
        else if (errno != EAGAIN && errno != EINTR)
            export->failure = errno;
    }
    errno = export->failure;
    return export->failure == 0 ? (ssize_t)count : 0;
}

static int close_in_place(void *cookie)
{
    struct export *export = cookie;
    return close(export->file);
}

/* Takes over the file. */
static int write_to(struct export *export, int file, struct error *error)
{
    export->file = file;
    export->stream = descriptor_open_stream(export, write_in_place, close_in_place);
    if (export->stream != NULL)
        return 0;
    close(file);
    return place_refuse(error, ENOMEM, export->path);
}

static int open_descriptor(struct export *export, int descriptor, struct error *error)
{
    if (descriptor == STDOUT_FILENO) {
        export->stream = stdout;
        return 0;
    }
    int file = fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    return file >= 0 ? write_to(export, file, error) : place_refuse(error, errno, export->path);
}

/* Opens a file without waiting, except for somebody who is about to read a pipe. */
static int open_for_reader(const struct export *export)
{
    nanoseconds end = clock_now() + export->patience;
    for (;;) {
        int file = open(export->place.path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (file >= 0 || errno != ENXIO || !S_ISFIFO(export->place.status.st_mode) || clock_now() >= end)
            return file;
        const struct timespec tick = clock_timespec(READER_TICK);
        nanosleep(&tick, NULL);
    }
}

static int open_special(struct export *export, struct error *error)
{
    struct stat status;
    int file = open_for_reader(export);
    if (file < 0 && errno == ENXIO && S_ISFIFO(export->place.status.st_mode))
        return error_set(error, ERROR_ENVIRONMENT, "cannot write \"%s\": nobody reads from this pipe", export->path);
    if (file < 0)
        return place_refuse(error, errno, export->path);
    if (fstat(file, &status) == 0 && status.st_dev == export->place.status.st_dev &&
        status.st_ino == export->place.status.st_ino)
        return write_to(export, file, error);
    close(file);
    return error_set(error, ERROR_ENVIRONMENT, "cannot write \"%s\": something else was put in its place just now",
                     export->path);
}

/* A file that replaces another is unreadable until it has the rights of the other. */
static int open_temporary(struct export *export, struct error *error)
{
    const mode_t ordinary = S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH;
    int file =
        make_temporary(export->place.path, export->place.is_there ? S_IRUSR | S_IWUSR : ordinary, &export->temporary);
    if (file >= 0)
        export->stream = fdopen(file, "w");
    if (export->stream != NULL)
        return 0;
    int failure = errno;
    if (file >= 0)
        close(file);
    return place_refuse(error, failure, export->path);
}

int export_open(const char *path, struct export *export, struct error *error)
{
    *export = (struct export){.path = path, .file = -1, .patience = EXPORT_PATIENCE};
    if (place_find_output(path, &export->place, error) != 0)
        return -1;
    int run = export->place.kind == PLACE_DESCRIPTOR ? open_descriptor(export, export->place.descriptor, error)
              : export->place.kind == PLACE_SPECIAL  ? open_special(export, error)
                                                     : open_temporary(export, error);
    if (run != 0)
        export_abandon(export);
    return run;
}

/* The rights of what a report replaces */

/* Owner and group as far as we may set them. Where the group is another one, or the list of others is lost, the group
 * gets what everybody has. Some file systems have no rights to set. */
static void keep_rights(const struct export *export)
{
    struct stat old, new;
    int file = fileno(export->stream);
    if (lstat(export->place.path, &old) != 0 || !S_ISREG(old.st_mode) || fstat(file, &new) != 0)
        return;
    bool has_group = old.st_gid == new.st_gid || fchown(file, (uid_t)-1, old.st_gid) == 0;
    bool has_owner = old.st_uid == new.st_uid || fchown(file, old.st_uid, (gid_t)-1) == 0;
    mode_t mode = old.st_mode & (S_IRWXU | S_IRWXG | S_IRWXO);
    bool has_list = file_copy_access_list(export->place.path, file);
    if (!has_group || !has_list)
        mode = (mode & ~(mode_t)S_IRWXG) | (mode & S_IRWXG & ((mode & S_IRWXO) << 3));
    /* Where an access list could not be kept, the bits for the group would be those of its mask. */
    if (fchmod(file, mode) != 0 || !has_owner)
        return;
}

static void forget(struct export *export)
{
    if (export->temporary != NULL)
        forget_temporary();
    free(export->temporary);
    export->temporary = NULL;
    place_release(&export->place);
}

int export_commit(struct export *export, struct error *error)
{
    FILE *stream = export->stream;
    int failure = stream_settle(stream);
    if (failure == 0 && export->temporary != NULL && fsync(fileno(stream)) != 0)
        failure = errno;
    bool is_whole = failure == 0;
    if (is_whole && export->temporary != NULL)
        keep_rights(export);
    if (stream != stdout && fclose(stream) != 0 && is_whole) {
        is_whole = false;
        failure = errno;
    }
    export->stream = NULL;
    if (is_whole && export->temporary != NULL && rename(export->temporary, export->place.path) != 0) {
        is_whole = false;
        failure = errno;
    }
    if (is_whole) {
        forget(export);
        return 0;
    }
    export_abandon(export);
    if (failure == ETIMEDOUT)
        return error_set(error, ERROR_ENVIRONMENT,
                         "cannot write \"%s\": whoever reads from this pipe has taken nothing for %.0f s", export->path,
                         clock_seconds(export->patience));
    return place_refuse(error, failure, export->path);
}

void export_abandon(struct export *export)
{
    /* The bytes that the stream still holds are given up. */
    if (export->failure == 0)
        export->failure = ECANCELED;
    if (export->stream != NULL && export->stream != stdout)
        fclose(export->stream);
    export->stream = NULL;
    if (export->temporary != NULL)
        unlink(export->temporary);
    forget(export);
}
