#ifndef CONC_BENCH_PLATFORM_FILE_H
#define CONC_BENCH_PLATFORM_FILE_H

#include <stdbool.h>

/*
 * Properties of files that Linux knows beyond stat(2).
 */

/* Returns whether something is mounted at exactly that path, so that no other file can take its place (statx(2),
 * Linux 5.8). False where the system does not tell. */
bool file_is_mounted(const char *path);

/* Gives a file the list of who else may read it, acl(5), that the file at `path` has; none where that has none, though
 * its folder may have given it one. False: the two are not the same, or the system does not tell. */
bool file_copy_access_list(const char *path, int file);

#endif
