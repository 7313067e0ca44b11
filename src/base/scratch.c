#include "conc_bench/base/scratch.h"

#include <stdlib.h>

#include "conc_bench/platform/memory.h"

void *scratch_alloc(size_t bytes)
{
    void *memory = malloc(bytes);
    if (memory != NULL)
        memory_prefer_huge_pages(memory, bytes);
    return memory;
}
