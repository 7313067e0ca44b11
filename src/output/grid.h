#ifndef CONC_BENCH_GRID_H
#define CONC_BENCH_GRID_H

#include <stddef.h>
#include <stdio.h>

/*
 * A table of text whose columns are as wide as their widest cell: the first is aligned to the left, all others to the
 * right. Private to src/output.
 */

enum { GRID_COLUMNS_MAX = 12, GRID_CELL_BYTES = 48 };

struct grid_row {
    char cells[GRID_COLUMNS_MAX][GRID_CELL_BYTES];
    size_t count;
};

struct grid {
    struct grid_row *rows;
    size_t count;
    size_t capacity;
};

/* Begins a row. Out of memory: the last row is written over, since no report may be lost over its layout. */
void grid_begin_row(struct grid *grid);

/* Adds a cell to the row begun last. */
void grid_add(struct grid *grid, const char *format, ...) __attribute__((format(printf, 2, 3)));

void grid_write(FILE *stream, const struct grid *grid);

void grid_release(struct grid *grid);

#endif
