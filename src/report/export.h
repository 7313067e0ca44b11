#ifndef CONC_BENCH_REPORT_EXPORT_H
#define CONC_BENCH_REPORT_EXPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "conc_bench/base/clock.h"
#include "conc_bench/base/error.h"
#include "conc_bench/base/place.h"

/*
 * The file that a report goes to: see place.h. A regular file appears whole or not at all: it is written under another
 * name in the same folder, and renamed when complete. One that takes the place of another has the rights of that: its
 * mode and list of access, and owner and group as far as we may set them. What is not a regular file (a pipe,
 * /dev/full, a descriptor) is written in place; sockets and block devices are not.
 *
 * Somebody has to read a pipe: within EXPORT_PATIENCE it has to be opened, and in the same time something taken from
 * it.
 */
#define EXPORT_PATIENCE (10 * NANOSECONDS_PER_SECOND)

/* Stays where it is between export_open() and its end, since the stream refers to it. */
struct export
{
    const char *path; /* borrowed */
    FILE *stream;     /* to write to */
    struct place place;
    char *temporary;      /* the name it has until it is complete; NULL: written in place; owned */
    int file;             /* what is written in place */
    int failure;          /* of that, an errno value; 0: none yet */
    nanoseconds patience; /* with who reads a pipe */
};

/* Whether `path` can be written, found out before a run rather than after it, by making a file beside it and taking it
 * away. -1 with ERROR_ENVIRONMENT. */
int export_check(const char *path, struct error *error);

/* Whether that is standard output under whatever name. */
bool export_is_standard_output(const char *path);

/* -1 with ERROR_ENVIRONMENT. */
int export_open(const char *path, struct export *export, struct error *error);

/* Completes the file. -1 with ERROR_ENVIRONMENT: not everything could be written (a full disk), and there is no file.
 */
int export_commit(struct export *export, struct error *error);

/* Gives up; leaves nothing behind. After export_commit() it does nothing. */
void export_abandon(struct export *export);

#endif
