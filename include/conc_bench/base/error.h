#ifndef CONC_BENCH_BASE_ERROR_H
#define CONC_BENCH_BASE_ERROR_H

#include <stddef.h>

/*
 * One failure, told once.
 *
 * A function that can fail takes `struct error *` as its last parameter, returns 0 or -1 (or a pointer or NULL) and, on
 * failure only, writes one complete sentence that names the object and the way out. It neither prints nor exits; `main`
 * alone does both. The structure holds no pointers, so it may live in memory shared between processes.
 */

/* The kind of a failure. The value is the exit status of the program. */
enum error_kind {
    ERROR_NONE = 0,
    ERROR_USAGE = 2,       /* the command line or an input file is wrong: the user can mend it */
    ERROR_SERVERS = 3,     /* nothing can be downloaded: no server is there, or none answers as it should */
    ERROR_ENVIRONMENT = 5, /* descriptors, memory, fork, a file that can't be written */
};

/* With four spaces in front, an excerpt fits into 80 columns. */
enum { ERROR_EXCERPT_COLUMNS = 72 };

struct error {
    enum error_kind kind;
    char message[1024]; /* no trailing full stop or newline; control characters already escaped */

    /* The place in a text that is wrong, for errors that know it: to be printed with a caret under `column`, from 0.
     * "": no text. One line; control characters already escaped. */
    char excerpt[4 * ERROR_EXCERPT_COLUMNS + 1];
    size_t column;
};

/* Fills `error` and returns -1, so that `return error_set(...)` reads as one step. Bytes of the finished message that
 * are control characters are replaced by "\xNN": messages quote text that came from files and servers. An earlier
 * message and its excerpt are gone. `error` may be NULL. */
int error_set(struct error *error, enum error_kind kind, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Like error_set(), followed by ": " and the text of the system error `number` (an errno value). */
int error_set_system(struct error *error, enum error_kind kind, int number, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Adds to an error that was just set where in `text` it lies: at the byte `offset`, or behind the last one. Of a long
 * text it keeps what is around that place. Returns -1; `error` may be NULL. */
int error_point(struct error *error, const char *text, size_t offset);

#endif
