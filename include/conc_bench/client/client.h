#ifndef CONC_BENCH_CLIENT_CLIENT_H
#define CONC_BENCH_CLIENT_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "conc_bench/base/clock.h"
#include "conc_bench/base/error.h"
#include "conc_bench/modes/mode.h"
#include "conc_bench/run/run.h"

/*
 * A client: a program of the user's that downloads the list by its own means, and is compared as a mode is. It is a
 * struct mode made from `--client NAME=COMMAND`. Its trial starts the command once, in a session of its own, watches it
 * and everything it starts until it ends, and leaves none of that behind. What it downloaded is not seen from here: it
 * is told by the origin, or by the program itself, and settled afterwards (client_settle.h).
 */

/* A name has no more bytes than that, its NUL included, so that "NAME:fresh#16" is still the name of a cell. */
enum { CLIENT_NAME_BYTES = 21 };

enum client_shell {
    CLIENT_SHELL_SH,   /* the command is run by /bin/sh -c */
    CLIENT_SHELL_NONE, /* it is split into words as a shell would, and its first word is executed */
};

struct client {
    struct mode mode; /* the first member, by which the mode is known as a client */
    char name[CLIENT_NAME_BYTES];
    const char *command; /* as typed; borrowed */
    enum client_shell shell;
};

/* The input that a run gives to all its clients. Borrowed. */
struct client_setting {
    const char *list;               /* the path of a file with a URL for each unit, in the order of units */
    const char *report;             /* the path at which a client may say what it did (client_report.h) */
    nanoseconds cpu_work;           /* CPU time that modes spend on each response */
    bool shows_output;              /* what clients print goes to standard error as well */
    const char *const *environment; /* further variables, "NAME=value", up to a NULL; NULL: none */
};

enum { CLIENT_HEAD_BYTES = 2048, CLIENT_TAIL_BYTES = 1024 };

/* The output of a client on one of its standard streams: the beginning, and if it is too long for that, the end. */
struct client_output {
    uint64_t bytes; /* in all */
    char head[CLIENT_HEAD_BYTES];
    char tail[CLIENT_TAIL_BYTES]; /* a ring: the byte number n, from 0, is at n % CLIENT_TAIL_BYTES */
};

enum client_end {
    CLIENT_NOT_STARTED,
    CLIENT_EXITED,
    CLIENT_SIGNALLED, /* by a signal that did not come from here */
    CLIENT_HUNG,      /* ended at the deadline */
    CLIENT_STOPPED,   /* ended since the table was stopped */
};

/* The outcome of a client in one trial. Written by the process of the trial, in memory that its parent shares and reads
 * once that process has ended. */
struct client_trial {
    enum client_end end;
    int code;                         /* the exit status, or the signal */
    nanoseconds began;                /* the instant before its process was made */
    nanoseconds ended;                /* the instant the command had ended, and whatever it had started */
    uint32_t left_behind;             /* processes that were still there when the command had ended, and were killed */
    struct trial_resources resources; /* its own, and of all it started; peaks of what was there at once */
    struct client_output out;         /* standard output */
    struct client_output err;         /* standard error */
};

/* The time beyond its deadline that a trial may take to end its client. */
#define CLIENT_LONGEST_END (5 * NANOSECONDS_PER_SECOND)

/* Reads "NAME=COMMAND", borrowed, into a client, which must then stay where it is: its mode points to its name. -1 with
 * ERROR_USAGE: no name or no command, or a name that no client may have. That no mode and no other client has the name
 * is for the caller to see to. */
int client_make(const char *text, struct client *client, struct error *error);

/* Checks that the command can be run by the client's shell: that quotes are closed, and that placeholders are spelt as
 * they should be. -1 with ERROR_USAGE: it cannot. */
int client_check(const struct client *client, struct error *error);

/* The client whose mode that is; NULL: it is no client's. */
const struct client *client_of(const struct mode *mode);

/* Returns whether the command has a placeholder, "workers" of "{workers}". */
bool client_has_placeholder(const struct client *client, const char *name);

/* The command as the shell gets it, with the placeholders replaced. The caller frees it. NULL: no memory. */
char *client_describe(const struct client *client, const char *list, uint32_t workers, uint32_t downloads);

/* Adds what the client printed, made fit for one line: all of it, or its first line and its last. Standard error before
 * standard output. Nothing where it printed nothing. */
void client_add_output(const struct client_trial *trial, char *buffer, size_t size);

#endif
