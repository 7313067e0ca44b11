#ifndef CONC_BENCH_CLIENT_CLIENT_PROCESS_H
#define CONC_BENCH_CLIENT_CLIENT_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "conc_bench/base/clock.h"
#include "conc_bench/base/error.h"
#include "conc_bench/client/client.h"
#include "conc_bench/run/sample.h"

/*
 * A command from its start to the end of everything it started: run, watched, and ended where it does not end by
 * itself. For the process of a trial, which has one thread and no other children, and adopts all orphans (process.h).
 */

struct client_command {
    char *const *words; /* of the program and its arguments, as execve(2) has them */
    char *const *environment;
    bool is_searched;                 /* the program is looked for in PATH */
    bool shows_output;                /* on standard error as well */
    nanoseconds deadline;             /* an instant */
    pid_t parent;                     /* without it, everything ends */
    const struct sample_table *table; /* when it is stopped, everything ends */
};

/* Returns when nothing is left of the command. `trial` says what became of it. -1: the program could not be started,
 * which the error says; or the system refused something. */
int client_process_run(const struct client_command *command, struct client_trial *trial, struct error *error);

#endif
