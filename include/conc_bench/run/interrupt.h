#ifndef CONC_BENCH_RUN_INTERRUPT_H
#define CONC_BENCH_RUN_INTERRUPT_H

#include <signal.h>
#include <stdbool.h>

#include "conc_bench/base/error.h"
#include "conc_bench/run/sample.h"

/*
 * SIGINT, SIGTERM and SIGHUP ask for an end, once: they set one flag and stop the table of the running trial; nothing
 * else happens in the handler. The first signal ends the run with what is done; a second SIGINT or SIGTERM has its
 * default effect. Those that were ignored when the program was started stay ignored. Process-wide; used by the parent
 * only. Workers ignore all three: the parent tells them.
 */

/* Installs the handlers; SIGPIPE is ignored from here on, in this process and its children. Blocks SIGINT, SIGTERM,
 * SIGHUP and SIGCHLD but within interrupt_wait(), so that none is missed. */
int interrupt_install(struct error *error);

/* The table to stop when a signal arrives; NULL: none runs. */
void interrupt_watch(struct sample_table *table);

/* The signal that arrived; 0: none yet. Takes in signals that are pending. */
int interrupt_signal(void);

/* Sleeps until a signal (SIGCHLD included) arrives or the time is over. With a descriptor (not -1), also until it can
 * be read. True if it can. */
bool interrupt_wait(int descriptor, nanoseconds timeout);

/* Lets signals in while the process does something that does not look for them itself. */
void interrupt_let_in(bool is_let_in);

/* Signals do again what they did before interrupt_install(): when what is left could only hang. But where one has ended
 * the run, SIGHUP is ignored. */
void interrupt_restore(void);

/* The number of times the process was told to continue (SIGCONT), as it is after a stop, since interrupt_install(). */
int interrupt_continuations(void);

#endif
