#ifndef CONC_BENCH_FLEET_LAUNCH_H
#define CONC_BENCH_FLEET_LAUNCH_H

#include <stdint.h>

/*
 * Recognises by the environment the launcher that has started the process, whatever the program was built with, so that
 * several processes that cannot find each other are no independent runs.
 */
struct launch {
    const char *launcher; /* in words; NULL: there is none, or it started this process alone */
    const char *advice;   /* if the MPI library does not find the others */
    uint32_t rank;
    uint32_t size; /* 0: several, but nobody tells how many */
};

struct launch launch_look(void);

#endif
