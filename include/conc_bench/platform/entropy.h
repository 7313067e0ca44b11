#ifndef CONC_BENCH_PLATFORM_ENTROPY_H
#define CONC_BENCH_PLATFORM_ENTROPY_H

#include <stdbool.h>
#include <stddef.h>

/* Fills `bytes`, at most 256, with what nobody can foresee (getrandom(2)). False: the system has nothing to give; errno
 * says why. */
bool entropy_read(void *bytes, size_t count);

#endif
