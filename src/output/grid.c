#include "grid.h"

#include <stdarg.h>
#include <stdlib.h>

#include "conc_bench/text.h"

void grid_begin_row(struct grid *grid)
{
    if (grid->count == grid->capacity) {
        size_t capacity = grid->capacity == 0 ? 16 : grid->capacity * 2;
        struct grid_row *rows = realloc(grid->rows, capacity * sizeof(*rows));
        if (rows != NULL) {
            grid->rows = rows;
            grid->capacity = capacity;
        }
    }
    if (grid->count < grid->capacity)
        grid->count++;
    if (grid->count > 0)
        grid->rows[grid->count - 1].count = 0;
}

void grid_add(struct grid *grid, const char *format, ...)
{
    if (grid->count == 0 || grid->rows[grid->count - 1].count == GRID_COLUMNS_MAX)
        return;
    struct grid_row *row = &grid->rows[grid->count - 1];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(row->cells[row->count++], GRID_CELL_BYTES, format, arguments);
    va_end(arguments);
}

static void write_spaces(FILE *stream, size_t count)
{
    fprintf(stream, "%*s", (int)count, "");
}

static void write_row(FILE *stream, const struct grid_row *row, const size_t *widths)
{
    for (size_t i = 0; i < row->count; i++) {
        size_t padding = widths[i] - text_columns(row->cells[i]);
        if (i > 0)
            write_spaces(stream, padding + 2);
        fputs(row->cells[i], stream);
        if (i == 0 && row->count > 1)
            write_spaces(stream, padding);
    }
    fputc('\n', stream);
}

void grid_write(FILE *stream, const struct grid *grid)
{
    size_t widths[GRID_COLUMNS_MAX] = {0};
    for (size_t i = 0; i < grid->count; i++) {
        for (size_t j = 0; j < grid->rows[i].count; j++) {
            size_t columns = text_columns(grid->rows[i].cells[j]);
            widths[j] = columns > widths[j] ? columns : widths[j];
        }
    }
    for (size_t i = 0; i < grid->count; i++)
        write_row(stream, &grid->rows[i], widths);
}

void grid_release(struct grid *grid)
{
    free(grid->rows);
    *grid = (struct grid){0};
}
