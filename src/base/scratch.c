#include "conc_bench/base/scratch.h"

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
    size_t before = (HUGE_PAGE - (uintptr_t)memory % HUGE_PAGE) % HUGE_PAGE;
    size_t whole = (bytes - before) / HUGE_PAGE * HUGE_PAGE;
    (void)madvise((char *)memory + before, whole, MADV_HUGEPAGE);
    return memory;
}
