#ifndef CONC_BENCH_REPORT_STREAM_H
#define CONC_BENCH_REPORT_STREAM_H

#include <stdbool.h>
#include <stdio.h>

/* Writes what a stream still holds. 0, or where that fails or anything written to it failed earlier, the number of the
 * error (errno(3)): the stream itself only remembers that there was one. */
int stream_settle(FILE *stream);

/* Whether a stream goes to a terminal that knows colours and moves its cursor: the environment has to say which one it
 * is (TERM), and that must not be "dumb". */
bool stream_is_screen(FILE *stream);

#endif
