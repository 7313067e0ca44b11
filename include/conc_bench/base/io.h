#ifndef CONC_BENCH_BASE_IO_H
#define CONC_BENCH_BASE_IO_H

#include <stddef.h>

/* Writes exactly `length` bytes to a file or pipe, whatever interrupts it. -1 with errno. */
int io_write_all(int descriptor, const void *bytes, size_t length);

/* Closes the descriptor if it is open, and makes it -1. */
void io_close(int *descriptor);

#endif
