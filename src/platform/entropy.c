#include "conc_bench/platform/entropy.h"

#include <sys/random.h>
#include <sys/types.h>

bool entropy_read(void *bytes, size_t count)
{
    return getrandom(bytes, count, 0) == (ssize_t)count;
}
