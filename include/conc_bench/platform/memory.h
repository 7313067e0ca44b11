#ifndef CONC_BENCH_PLATFORM_MEMORY_H
#define CONC_BENCH_PLATFORM_MEMORY_H

#include <stddef.h>

/*
 * Wishes about memory that Linux may grant (madvise(2)). Whoever asks cannot tell whether it did: all works without,
 * and takes longer. And one that is always granted.
 */

/* Asks for huge pages for large memory, where it is not used yet. Memory around it is left alone. */
void memory_prefer_huge_pages(void *memory, size_t bytes);

/* Maps all pages of a shared mapping now, so that there are no page faults later (Linux 5.14). */
void memory_populate(void *mapping, size_t bytes);

/* Writes zeros over secrets, which no compiler leaves out (explicit_bzero(3)). */
void memory_wipe(void *memory, size_t bytes);

/* Leaves a mapping out of processes that are forked from now on, where it then must not be used. */
void memory_keep_from_forks(void *mapping, size_t bytes);

#endif
