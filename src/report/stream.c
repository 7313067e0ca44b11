#include "conc_bench/report/stream.h"

#include <errno.h>

int stream_settle(FILE *stream)
{
    if (fflush(stream) != 0)
        return errno;
    if (!ferror(stream))
        return 0;
    /* What failed was dropped, and if nothing came behind it, nothing is left that could fail now. Anything more does,
     * for the same reason; and what is incomplete is no worse for an empty line. */
    if (fputc('\n', stream) == EOF || fflush(stream) != 0)
        return errno;
    return EIO;
}
