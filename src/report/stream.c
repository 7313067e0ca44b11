#include "conc_bench/report/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

bool stream_is_screen(FILE *stream)
{
    const char *kind = getenv("TERM");
    return isatty(fileno(stream)) == 1 && kind != NULL && kind[0] != '\0' && strcmp(kind, "dumb") != 0;
}
