#include "conc_bench/platform/memory.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

/* x86-64 and 64-bit ARM with small pages of 4 KiB; elsewhere less is asked for than could be had. */
enum { HUGE_PAGE = 2 << 20 };

void memory_prefer_huge_pages(void *memory, size_t bytes)
{
    if (bytes < (size_t)2 * HUGE_PAGE)
        return;
    /* Whole huge pages only: what lies around them may be others' memory. */
    size_t before = (HUGE_PAGE - (uintptr_t)memory % HUGE_PAGE) % HUGE_PAGE;
    size_t whole = (bytes - before) / HUGE_PAGE * HUGE_PAGE;
    (void)madvise((char *)memory + before, whole, MADV_HUGEPAGE);
}

void memory_populate(void *mapping, size_t bytes)
{
#ifdef MADV_POPULATE_READ
    /* Populates for reading: of a shared mapping that makes the pages too, they may be written to as well, and where
     * they are there already, Linux maps sixteen at a time instead of one. */
    (void)madvise(mapping, bytes, MADV_POPULATE_READ);
#else
    (void)mapping; /* headers older than the kernel's wish, as musl's */
    (void)bytes;
#endif
}

void memory_wipe(void *memory, size_t bytes)
{
    explicit_bzero(memory, bytes);
}

void memory_keep_from_forks(void *mapping, size_t bytes)
{
    (void)madvise(mapping, bytes, MADV_DONTFORK);
}
