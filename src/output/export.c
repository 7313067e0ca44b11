#include "conc_bench/export.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

static int fail(struct error *error, enum error_kind kind, int number, const char *path)
{
    return error_set_system(error, kind, number, "cannot write \"%s\"", path);
}

int export_check(const char *path, struct error *error)
{
    if (is_standard_output(path))
        return 0;
    struct stat status;
    if (is_special(path, &status)) {
        if (S_ISDIR(status.st_mode))
            return fail(error, ERROR_ENVIRONMENT, EISDIR, path);
        return access(path, W_OK) == 0 ? 0 : fail(error, ERROR_ENVIRONMENT, errno, path);
    }
    if (access(path, F_OK) == 0 && access(path, W_OK) != 0)
        return fail(error, ERROR_ENVIRONMENT, errno, path);
    char *name = temporary_name(path);
    if (name == NULL)
        return fail(error, ERROR_ENVIRONMENT, ENOMEM, path);
    int file = mkstemp(name);
    int failure = errno;
    if (file >= 0) {
        close(file);
        unlink(name);
    }
    free(name);
    return file >= 0 ? 0 : fail(error, ERROR_ENVIRONMENT, failure, path);
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
    export->temporary = temporary_name(export->path);
    if (export->temporary == NULL)
        return fail(error, ERROR_ENVIRONMENT, ENOMEM, export->path);
    int file = mkstemp(export->temporary);
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
    }
    free(export->temporary);
    export->temporary = NULL;
    return fail(error, ERROR_ENVIRONMENT, failure, export->path);
}

int export_open(const char *path, struct export *export, struct error *error)
{
    *export = (struct export){.path = path};
    struct stat status;
    if (is_standard_output(path)) {
        export->stream = stdout;
        return 0;
    }
    if (!is_special(path, &status))
        return open_temporary(export, error);
    export->stream = fopen(path, "we");
    return export->stream != NULL ? 0 : fail(error, ERROR_ENVIRONMENT, errno, path);
}

int export_commit(struct export *export, struct error *error)
{
    FILE *stream = export->stream;
    bool is_whole = fflush(stream) == 0 && !ferror(stream);
    if (is_whole && export->temporary != NULL)
        is_whole = fsync(fileno(stream)) == 0;
    int failure = is_whole ? 0 : errno;
    if (stream != stdout && fclose(stream) != 0 && is_whole) {
        is_whole = false;
        failure = errno;
    }
    export->stream = NULL;
    if (is_whole && export->temporary != NULL && rename(export->temporary, export->path) != 0) {
        is_whole = false;
        failure = errno;
    }
    if (is_whole) {
        free(export->temporary);
        export->temporary = NULL;
        return 0;
    }
    export_abandon(export);
    return fail(error, ERROR_ENVIRONMENT, failure, export->path);
}

void export_abandon(struct export *export)
{
    if (export->stream != NULL && export->stream != stdout)
        fclose(export->stream);
    export->stream = NULL;
    if (export->temporary != NULL)
        unlink(export->temporary);
    free(export->temporary);
    export->temporary = NULL;
}
