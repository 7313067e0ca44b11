#ifndef CONC_BENCH_REPORT_STREAM_H
#define CONC_BENCH_REPORT_STREAM_H

#include <stdio.h>

/* Writes what a stream still holds. 0, or where that fails or anything written to it failed earlier, the number of the
 * error (errno(3)): the stream itself only remembers that there was one. */
int stream_settle(FILE *stream);

#endif
