#ifndef CONC_BENCH_BASE_PLACE_H
#define CONC_BENCH_BASE_PLACE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "conc_bench/base/error.h"

/*
 * The file that a path leads to, found without opening it: several paths may lead to one place.
 *
 * "-" is standard output or standard input, as the caller says; /dev/stdout, /dev/fd/N and /proc/self/fd/N are
 * descriptors that the program was started with. Links are followed, also one to a file that is not there yet. But in a
 * folder where others may put something, as in /tmp, nothing that they may have laid there is trusted.
 */

enum place_kind {
    PLACE_DESCRIPTOR, /* open already */
    PLACE_FILE,       /* a regular file, or one that is not there yet */
    PLACE_SPECIAL,    /* anything else: a pipe, a device, a socket, a folder */
};

struct place {
    enum place_kind kind;
    int descriptor;     /* of PLACE_DESCRIPTOR */
    char *path;         /* of the others, links followed; owned */
    bool is_there;      /* `status` is known */
    struct stat status; /* of what is there */
};

/* Finds where a report goes. -1: it is not to be written there; `place` can only be released then. */
int place_find_output(const char *path, struct place *place, struct error *error);

/* Finds what is read, whoever laid it. Without an error: what is not there is found missing by whoever reads it. */
void place_find_input(const char *path, struct place *place);

/* The descriptor of the program that is meant by a path as it stands, such as 1 by /dev/stdout; -1: none is. */
int place_descriptor_of(const char *path);

/* Says that a path cannot be written, and why by an errno(3). Returns -1. */
int place_refuse(struct error *error, int number, const char *path);

/* Finds the place that a descriptor leads to. */
void place_find_descriptor(int descriptor, struct place *place);

/* Returns whether writing to both would lose or mix up what is written. */
bool place_is_same(const struct place *one, const struct place *other);

/* Returns whether reading consumes its content, as with a pipe or a terminal. */
bool place_is_read_once(const struct place *place);

void place_release(struct place *place);

/* The folder that a path is in, as it stands. The caller frees it; NULL: no memory. */
char *place_folder(const char *path);

#endif
