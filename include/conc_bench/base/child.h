#ifndef CONC_BENCH_BASE_CHILD_H
#define CONC_BENCH_BASE_CHILD_H

#include <stddef.h>
#include <sys/types.h>

/*
 * The first and the last step of every forked process of the program, and how its parent tells of one that was killed.
 */

/* Prepares a freshly forked child: SIGINT, SIGTERM and SIGHUP are ignored, since a terminal sends them to all and the
 * parent alone decides; nothing is blocked; and it dies with `parent`, however that ends, where the system can do that
 * (process.h). Leaves the process if the parent is gone already. */
void child_enter(pid_t parent);

/* Ends the process without running what its parent registered for its own exit. In builds with the leak sanitizer,
 * looks for leaks first, since _exit(2) would skip that, and then ends with status 23 if there are any. */
_Noreturn void child_leave(int status);

/* Writes "was killed by signal 11 (Segmentation fault)", and for SIGKILL the usual reason besides. */
void child_describe_signal(int number, char *buffer, size_t size);

#endif
