#ifndef CONC_BENCH_BASE_SCRATCH_H
#define CONC_BENCH_BASE_SCRATCH_H

#include <stddef.h>

/* Uninitialised memory for a computation over many samples, to be given back by free(). Much of it comes in huge pages
 * where the system grants them: with small ones, a page fault for every 512 numbers costs more than most of what is
 * done with them. NULL: no memory. */
void *scratch_alloc(size_t bytes);

#endif
