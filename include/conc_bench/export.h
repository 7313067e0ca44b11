#ifndef CONC_BENCH_EXPORT_H
#define CONC_BENCH_EXPORT_H

#include <stdio.h>

#include "conc_bench/error.h"

/*
 * Where a report goes: "-" is standard output, anything else a file. A regular file appears whole or not at all: it is
 * written under another name in the same folder and renamed when complete. What is not a regular file (a pipe,
 * /dev/full) is written in place. A link is followed, and what it leads to is written; but not in a folder that
 * everybody may write to, where somebody else could have laid it.
 */
struct export
{
    const char *path; /* borrowed */
    FILE *stream;     /* to write to */
    char *real;       /* where it leads, links followed; owned */
    char *temporary;  /* the name it has until it is complete; NULL: written in place */
};

/* Whether `path` can be written, found out before a run rather than after it, by making a file beside it and taking it
 * away. -1 with ERROR_ENVIRONMENT. */
int export_check(const char *path, struct error *error);

/* -1 with ERROR_ENVIRONMENT. */
int export_open(const char *path, struct export *export, struct error *error);

/* Completes the file. -1 with ERROR_ENVIRONMENT: not everything could be written (a full disk), and there is no file.
 */
int export_commit(struct export *export, struct error *error);

/* Gives up; leaves nothing behind. After export_commit() it does nothing. */
void export_abandon(struct export *export);

#endif
