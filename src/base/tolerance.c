#include "conc_bench/base/tolerance.h"

#include <stdio.h>

char *tolerance_describe(const struct tolerance *tolerance, char *buffer, size_t size)
{
    if (tolerance->is_status_only)
        snprintf(buffer, size, "status");
    else if (tolerance->share > 0)
        snprintf(buffer, size, "%.9g%%", 100 * tolerance->share);
    else
        snprintf(buffer, size, "%s", "");
    return buffer;
}
