#include "conc_bench/report/stream.h"

#include <errno.h>

int stream_settle(FILE *stream)
{
    if (fflush(stream) != 0)
        return errno;
    if (!ferror(stream))
        return 0;
    /* The bytes that failed were dropped, and if none came after them, nothing is left that could fail now. Writing
     * more does, for the same reason; and an incomplete file is no worse for an empty line. */
    if (fputc('\n', stream) == EOF || fflush(stream) != 0)
        return errno;
    return EIO;
}
