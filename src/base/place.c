#include "conc_bench/base/place.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conc_bench/base/number.h"
#include "conc_bench/platform/descriptor.h"

/* As many links as the system follows, path_resolution(7). */
enum { LINKS_MAX = 40 };

int place_refuse(struct error *error, int number, const char *path)
{
    return error_set_system(error, ERROR_ENVIRONMENT, number, "cannot write \"%s\"", path);
}

char *place_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return strdup(".");
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

int place_descriptor_of(const char *path)
{
    static const char *const names[] = {"/dev/stdin", "/dev/stdout", "/dev/stderr"};
    uint64_t number;
    for (int i = 0; i < (int)(sizeof(names) / sizeof(names[0])); i++) {
        if (strcmp(path, names[i]) == 0)
            return i;
    }
    const char *digits = descriptor_in_path(path);
    bool is_number = digits != NULL && number_parse_count(digits, &number) == 0 && number <= INT_MAX;
    return is_number ? (int)number : -1;
}

/* Whether all users may put something into a folder. */
static bool is_open_to_all(const struct stat *folder)
{
    return (folder->st_mode & S_IWOTH) != 0;
}

static bool is_sticky(const struct stat *folder)
{
    return (folder->st_mode & S_ISVTX) != 0 && (folder->st_mode & (S_IWOTH | S_IWGRP)) != 0;
}

/* Whether somebody else has laid it there: neither we nor the owner of the folder. As fs.protected_symlinks and
 * fs.protected_fifos have it, proc_sys_fs(5), which may be off. */
static bool is_strange(const struct stat *folder, const struct stat *status)
{
    return status->st_uid != geteuid() && status->st_uid != folder->st_uid;
}

static int look_at_folder(const char *path, struct stat *folder)
{
    char *name = place_folder(path);
    int result = name != NULL ? stat(name, folder) : -1;
    int number = name != NULL ? errno : ENOMEM;
    free(name);
    errno = number;
    return result;
}

/* Looks at each folder that a path leads through, as they stand in it. */
static int check_way(const char *whole, const char *path, struct error *error)
{
    char part[PATH_MAX];
    struct stat folder, status;
    for (const char *slash = strchr(path + 1, '/'); slash != NULL && slash[1] != '\0'; slash = strchr(slash + 1, '/')) {
        if ((size_t)(slash - path) >= sizeof(part))
            return place_refuse(error, ENAMETOOLONG, whole);
        snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
        if (lstat(part, &status) != 0 || !S_ISLNK(status.st_mode) || look_at_folder(part, &folder) != 0)
            continue;
        if ((is_open_to_all(&folder) || is_sticky(&folder)) && is_strange(&folder, &status))
            return error_set(error, ERROR_ENVIRONMENT,
                             "cannot write \"%s\": \"%s\" is a link that another user has laid in a folder that others "
                             "may write to; name the folder itself",
                             whole, part);
    }
    return 0;
}

/* The path that a link leads to, seen from where the link stands. NULL: `errno` says why not. */
static char *read_link(const char *path)
{
    char target[PATH_MAX];
    ssize_t length = readlink(path, target, sizeof(target) - 1);
    if (length < 0)
        return NULL;
    target[length] = '\0';
    const char *slash = strrchr(path, '/');
    if (target[0] == '/' || slash == NULL)
        return strdup(target);
    size_t size = (size_t)(slash - path) + 1 + (size_t)length + 1;
    char *whole = malloc(size);
    if (whole != NULL)
        snprintf(whole, size, "%.*s/%s", (int)(slash - path), path, target);
    return whole;
}

/* Looks at `place->path`. 1: it is a link, and `place->path` is now what that leads to. */
static int take_step(const char *whole, struct place *place, struct error *error)
{
    struct stat folder, end;
    if (check_way(whole, place->path, error) != 0)
        return -1;
    if (look_at_folder(place->path, &folder) != 0)
        return place_refuse(error, errno, whole);
    place->is_there = lstat(place->path, &place->status) == 0;
    if (!place->is_there) {
        bool is_folder = place->path[0] != '\0' && place->path[strlen(place->path) - 1] == '/';
        return errno != ENOENT ? place_refuse(error, errno, whole) : is_folder ? place_refuse(error, EISDIR, whole) : 0;
    }
    if (!S_ISLNK(place->status.st_mode)) {
        bool is_untrusted =
            S_ISREG(place->status.st_mode) ? is_sticky(&folder) : is_open_to_all(&folder) || is_sticky(&folder);
        if (is_untrusted && is_strange(&folder, &place->status))
            return error_set(error, ERROR_ENVIRONMENT,
                             "cannot write \"%s\": it belongs to another user, in a folder that others may write to; "
                             "choose another name",
                             whole);
        return 0;
    }
    if (is_open_to_all(&folder))
        return error_set(error, ERROR_ENVIRONMENT,
                         "cannot write \"%s\": it is a link in a folder that everybody may write to; name the file "
                         "itself",
                         whole);
    char *target = read_link(place->path);
    if (target == NULL)
        return place_refuse(error, errno, whole);
    /* The name of a pipe below /proc is not a path. */
    if (access(target, F_OK) != 0 && stat(place->path, &end) == 0 && !S_ISREG(end.st_mode)) {
        free(target);
        place->status = end;
        return 0;
    }
    free(place->path);
    place->path = target;
    return 1;
}

void place_find_descriptor(int descriptor, struct place *place)
{
    *place = (struct place){.kind = PLACE_DESCRIPTOR, .descriptor = descriptor};
    place->is_there = fstat(descriptor, &place->status) == 0;
}

int place_find_output(const char *path, struct place *place, struct error *error)
{
    *place = (struct place){.path = strdup(path)};
    int step = place->path != NULL ? 1 : place_refuse(error, ENOMEM, path);
    for (int i = 0; step > 0; i++) {
        int descriptor = strcmp(path, "-") == 0 ? STDOUT_FILENO : place_descriptor_of(place->path);
        if (descriptor >= 0) {
            place_release(place);
            place_find_descriptor(descriptor, place);
            return 0;
        }
        step = i < LINKS_MAX ? take_step(path, place, error) : place_refuse(error, ELOOP, path);
    }
    if (step < 0) {
        place_release(place);
        return -1;
    }
    place->kind = place->is_there && !S_ISREG(place->status.st_mode) ? PLACE_SPECIAL : PLACE_FILE;
    return 0;
}

void place_find_input(const char *path, struct place *place)
{
    int descriptor = strcmp(path, "-") == 0 ? STDIN_FILENO : place_descriptor_of(path);
    if (descriptor >= 0) {
        place_find_descriptor(descriptor, place);
        return;
    }
    *place = (struct place){.kind = PLACE_FILE};
    place->is_there = stat(path, &place->status) == 0;
    if (place->is_there && !S_ISREG(place->status.st_mode))
        place->kind = PLACE_SPECIAL;
}

/* Compares the names of two files that are not there yet. */
static bool has_same_name(const char *one, const char *other)
{
    struct stat folder, other_folder;
    const char *name = strrchr(one, '/') != NULL ? strrchr(one, '/') + 1 : one;
    const char *other_name = strrchr(other, '/') != NULL ? strrchr(other, '/') + 1 : other;
    return strcmp(name, other_name) == 0 && look_at_folder(one, &folder) == 0 &&
           look_at_folder(other, &other_folder) == 0 && folder.st_dev == other_folder.st_dev &&
           folder.st_ino == other_folder.st_ino;
}

bool place_is_same(const struct place *one, const struct place *other)
{
    if (one->kind == PLACE_DESCRIPTOR && other->kind == PLACE_DESCRIPTOR && one->descriptor == other->descriptor)
        return true;
    if (!one->is_there && !other->is_there)
        return one->path != NULL && other->path != NULL && has_same_name(one->path, other->path);
    /* A terminal keeps nothing that could be lost, and what is both read and written by one side is two streams. */
    return one->is_there && other->is_there && (S_ISREG(one->status.st_mode) || S_ISFIFO(one->status.st_mode)) &&
           one->status.st_dev == other->status.st_dev && one->status.st_ino == other->status.st_ino;
}

bool place_is_read_once(const struct place *place)
{
    struct stat null;
    bool is_null =
        S_ISCHR(place->status.st_mode) && stat("/dev/null", &null) == 0 && place->status.st_rdev == null.st_rdev;
    return place->is_there && !S_ISREG(place->status.st_mode) && !S_ISDIR(place->status.st_mode) && !is_null;
}

void place_release(struct place *place)
{
    free(place->path);
    *place = (struct place){0};
}
