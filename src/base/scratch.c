#include "conc_bench/scratch.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

/* x86-64 and 64-bit ARM with small pages of 4 KiB; elsewhere less is asked for than could be had. */
enum { HUGE_PAGE = 2 << 20 };

void *scratch_alloc(size_t bytes)
{
    void *memory = malloc(bytes);
    if (memory == NULL || bytes < (size_t)2 * HUGE_PAGE)
        return memory;
    /* Whole huge pages only: what lies around them may be others' memory. It is a wish, so failing is no failure. */
    uintptr_t begin = ((uintptr_t)memory + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    uintptr_t end = ((uintptr_t)memory + bytes) / HUGE_PAGE * HUGE_PAGE;
    (void)madvise((void *)begin, end - begin, MADV_HUGEPAGE);
    return memory;
}
