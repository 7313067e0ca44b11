#ifndef CONC_BENCH_BASE_INIT_PROCESS_H
#define CONC_BENCH_BASE_INIT_PROCESS_H

#include <stdbool.h>

/*
 * The first process of a system, which a program is in a container that runs nothing else. Linux treats it in two ways
 * as no other: signals it has no handler for do not end it, and it is given every process whose parent has ended, to be
 * waited for (pid_namespaces(7)).
 */

/* Where this is the first process, leaves the program to a child and does for that child what an init does: passes on
 * SIGHUP, SIGINT, SIGQUIT and SIGTERM, and waits for every process that is given to it. True: the child has ended, and
 * `status` is what to end with, as a shell would say it (128 + N after signal N). False: the caller is the program
 * itself, the child or the only one; so it is, too, where no child can be made. Call it before anything else. */
bool init_process_stand_by(int *status);

#endif
