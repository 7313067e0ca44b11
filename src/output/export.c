#include "conc_bench/export.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conc_bench/stream.h"

static bool is_standard_output(const char *path)
{
    return strcmp(path, "-") == 0;
}

/* Whether something stands at `path` that a rename would destroy rather than replace. */
static bool is_special(const char *path, struct stat *status)
{
    return stat(path, status) == 0 && !S_ISREG(status->st_mode);
}

static char *temporary_name(const char *path)
{
    static const char suffix[] = ".XXXXXX";
    char *name = malloc(strlen(path) + sizeof(suffix));
    if (name != NULL) {
        memcpy(name, path, strlen(path));
        memcpy(name + strlen(path), suffix, sizeof(suffix));
    }
    return name;
}

static int fail(struct error *error, int number, const char *path)
{
    return error_set_system(error, ERROR_ENVIRONMENT, number, "cannot write \"%s\"", path);
}

/* The folder that a path is in. The caller frees it; NULL: no memory. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return strdup(".");
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

static bool is_writable_by_all(const char *path)
{
    struct stat status;
    char *folder = folder_of(path);
    /* What cannot be looked at is not trusted. */
    bool is_open = folder == NULL || stat(folder, &status) != 0 || (status.st_mode & S_IWOTH) != 0;
    free(folder);
    return is_open;
}

/* Where a path really leads. A link is followed, so that what it points to is written and the link stays; but not in a
 * folder where others could have laid it, such as /tmp. The caller frees it; NULL: `error` says why not. */
static char *follow(const char *path, struct error *error)
{
    struct stat status;
    char *real;
    if (lstat(path, &status) != 0 || !S_ISLNK(status.st_mode)) {
        real = strdup(path);
        if (real == NULL)
            fail(error, ENOMEM, path);
        return real;
    }
    if (is_writable_by_all(path)) {
        error_set(error, ERROR_ENVIRONMENT,
                  "cannot write \"%s\": it is a link in a folder that everybody may write to; name the file itself",
                  path);
        return NULL;
    }
    /* What a pipe of ours is called under /proc, where /dev/stdout leads, is no path. */
    real = is_special(path, &status) ? strdup(path) : realpath(path, NULL);
    if (real == NULL)
        fail(error, errno, path);
    return real;
}

/* Signals that end the program; one that comes while a file is being written takes that file with it. */
static const int ending_signals[] = {SIGHUP, SIGINT, SIGTERM};
enum { ENDING_SIGNALS = sizeof(ending_signals) / sizeof(ending_signals[0]) };

static const char *volatile unfinished; /* the temporary file there is now; NULL: none */
static struct sigaction earlier_actions[ENDING_SIGNALS];

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

/* mkstemp(), for a file that a signal would not leave behind. One at a time: others wait for forget_temporary(). */
static int make_temporary(char *name)
{
    struct sigaction action = {.sa_handler = remove_unfinished, .sa_flags = (int)SA_RESETHAND};
    sigset_t before;
    sigemptyset(&action.sa_mask);
    hold_ending_signals(&before);
    int file = mkstemp(name);
    int failure = errno;
    for (int i = 0; file >= 0 && i < ENDING_SIGNALS; i++) {
        sigaction(ending_signals[i], NULL, &earlier_actions[i]);
        /* What was ignored, as by nohup(1), or has a handler, stays so. */
        if (earlier_actions[i].sa_handler == SIG_DFL)
            sigaction(ending_signals[i], &action, NULL);
    }
    if (file >= 0)
        unfinished = name;
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
        sigaction(ending_signals[i], &earlier_actions[i], NULL);
}

static int check_real(const char *path, const char *real, struct error *error)
{
    struct stat status;
    if (is_special(real, &status)) {
        if (S_ISDIR(status.st_mode))
            return fail(error, EISDIR, path);
        return access(real, W_OK) == 0 ? 0 : fail(error, errno, path);
    }
    if (access(real, F_OK) == 0 && access(real, W_OK) != 0)
        return fail(error, errno, path);
    char *name = temporary_name(real);
    if (name == NULL)
        return fail(error, ENOMEM, path);
    int file = make_temporary(name);
    int failure = errno;
    if (file >= 0) {
        close(file);
        unlink(name);
        forget_temporary();
    }
    free(name);
    return file >= 0 ? 0 : fail(error, failure, path);
}

int export_check(const char *path, struct error *error)
{
    if (is_standard_output(path))
        return 0;
    char *real = follow(path, error);
    int status = real != NULL ? check_real(path, real, error) : -1;
    free(real);
    return status;
}

/* mkstemp() makes files that only their owner may read; a report gets the rights any new file would get. */
static void set_ordinary_rights(int file)
{
    mode_t mask = umask(0);
    umask(mask);
    if (fchmod(file, 0666 & ~mask) != 0) {
        /* Some file systems have no rights to set. */
    }
}

static int open_temporary(struct export *export, struct error *error)
{
    export->temporary = temporary_name(export->real);
    if (export->temporary == NULL)
        return fail(error, ENOMEM, export->path);
    int file = make_temporary(export->temporary);
    if (file >= 0) {
        set_ordinary_rights(file);
        export->stream = fdopen(file, "w");
    }
    if (export->stream != NULL)
        return 0;
    int failure = errno;
    if (file >= 0) {
        close(file);
        unlink(export->temporary);
        forget_temporary();
    }
    free(export->temporary);
    export->temporary = NULL;
    return fail(error, failure, export->path);
}

/* What is not a regular file, in place. A link that was not there a moment ago is followed no further than others are.
 */
static int open_special(struct export *export, struct error *error)
{
    int file = open(export->real, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    if (file < 0 && errno == ELOOP && !is_writable_by_all(export->real))
        file = open(export->real, O_WRONLY | O_CLOEXEC);
    if (file >= 0)
        export->stream = fdopen(file, "w");
    if (export->stream != NULL)
        return 0;
    int failure = errno;
    if (file >= 0)
        close(file);
    return fail(error, failure, export->path);
}

int export_open(const char *path, struct export *export, struct error *error)
{
    *export = (struct export){.path = path};
    struct stat status;
    if (is_standard_output(path)) {
        export->stream = stdout;
        return 0;
    }
    export->real = follow(path, error);
    if (export->real == NULL)
        return -1;
    int result = is_special(export->real, &status) ? open_special(export, error) : open_temporary(export, error);
    if (result != 0)
        export_abandon(export);
    return result;
}

static void forget(struct export *export)
{
    if (export->temporary != NULL)
        forget_temporary();
    free(export->temporary);
    free(export->real);
    export->temporary = export->real = NULL;
}

int export_commit(struct export *export, struct error *error)
{
    FILE *stream = export->stream;
    int failure = stream_settle(stream);
    if (failure == 0 && export->temporary != NULL && fsync(fileno(stream)) != 0)
        failure = errno;
    bool is_whole = failure == 0;
    if (stream != stdout && fclose(stream) != 0 && is_whole) {
        is_whole = false;
        failure = errno;
    }
    export->stream = NULL;
    if (is_whole && export->temporary != NULL && rename(export->temporary, export->real) != 0) {
        is_whole = false;
        failure = errno;
    }
    if (is_whole) {
        forget(export);
        return 0;
    }
    export_abandon(export);
    return fail(error, failure, export->path);
}

void export_abandon(struct export *export)
{
    if (export->stream != NULL && export->stream != stdout)
        fclose(export->stream);
    export->stream = NULL;
    if (export->temporary != NULL)
        unlink(export->temporary);
    forget(export);
}
