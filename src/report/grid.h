#ifndef CONC_BENCH_REPORT_GRID_H
#define CONC_BENCH_REPORT_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "conc_bench/report/format.h"
#include "paint.h"

/*
 * A table of text whose columns are as wide as their widest cell: the first is aligned to the left, all others to the
 * right. Where a terminal is narrower, columns that do not fit stand below, with the first one beside them again.
 * Private to src/report.
 */

enum { GRID_COLUMNS_MAX = 20, GRID_CELL_BYTES = 208 };

struct grid_row {
    char cells[GRID_COLUMNS_MAX][GRID_CELL_BYTES];
    enum paint paints[GRID_COLUMNS_MAX];
    size_t count;
};

struct grid {
    struct grid_row *rows;
    size_t count;
    size_t capacity;
    size_t lost;    /* rows that there was no memory for */
    bool is_losing; /* the row begun last is one of them */
};

/* Begins a row. Out of memory: the table says that there was one more, since no report may be lost over its layout. */
void grid_begin_row(struct grid *grid);

/* Adds a cell to the row begun last. */
void grid_add(struct grid *grid, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Gives the cell added last its colour. */
void grid_paint(struct grid *grid, enum paint paint);

void grid_write(FILE *stream, const struct grid *grid, const struct format *format);

void grid_release(struct grid *grid);

#endif
