#include "grid.h"

#include <stdarg.h>
#include <stdlib.h>

#include "conc_bench/base/text.h"

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
    grid->is_losing = grid->count == grid->capacity;
    if (grid->is_losing)
        grid->lost++;
    else
        grid->rows[grid->count++] = (struct grid_row){0};
}

/* NULL: it is lost. */
static struct grid_row *last_row(const struct grid *grid)
{
    return grid->is_losing || grid->count == 0 ? NULL : &grid->rows[grid->count - 1];
}

void grid_add(struct grid *grid, const char *format, ...)
{
    struct grid_row *row = last_row(grid);
    if (row == NULL || row->count == GRID_COLUMNS_MAX)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(row->cells[row->count++], GRID_CELL_BYTES, format, arguments);
    va_end(arguments);
}

void grid_paint(struct grid *grid, enum paint paint)
{
    struct grid_row *row = last_row(grid);
    if (row != NULL && row->count > 0)
        row->paints[row->count - 1] = paint;
}

static void write_spaces(FILE *stream, size_t count)
{
    fprintf(stream, "%*s", (int)count, "");
}

/* The first column and those from `first` up to `end`. */
static void write_row(FILE *stream, const struct grid_row *row, const struct format *format, const size_t *widths,
                      size_t first, size_t end)
{
    for (size_t i = 0; i < row->count && i < end; i++) {
        size_t padding = widths[i] - text_columns(row->cells[i]);
        if (i > 0 && i < first)
            continue;
        if (i > 0)
            write_spaces(stream, padding + 2);
        fprintf(stream, "%s%s%s", paint_on(format, row->paints[i]), row->cells[i], paint_off(format, row->paints[i]));
        if (i == 0 && row->count > 1)
            write_spaces(stream, padding);
    }
    fputc('\n', stream);
}

static size_t measure_widths(const struct grid *grid, size_t *widths)
{
    size_t columns = 0;
    for (size_t i = 0; i < grid->count; i++) {
        const struct grid_row *row = &grid->rows[i];
        columns = row->count > columns ? row->count : columns;
        for (size_t j = 0; j < row->count; j++) {
            size_t width = text_columns(row->cells[j]);
            widths[j] = width > widths[j] ? width : widths[j];
        }
    }
    return columns;
}

/* The end of the columns that fit beside the first one, if those from `first` on are to follow it. */
static size_t fitting_end(const size_t *widths, size_t columns, size_t first, size_t width)
{
    size_t used = widths[0];
    size_t end = first;
    while (end < columns && (width == 0 || end == first || used + 2 + widths[end] <= width))
        used += 2 + widths[end++];
    return end;
}

void grid_write(FILE *stream, const struct grid *grid, const struct format *format)
{
    size_t widths[GRID_COLUMNS_MAX] = {0};
    size_t columns = measure_widths(grid, widths);
    for (size_t first = 1; first < columns || first == 1;) {
        size_t end = fitting_end(widths, columns, first, format->width);
        for (size_t i = 0; i < grid->count; i++)
            write_row(stream, &grid->rows[i], format, widths, first, end);
        if (end <= first)
            break;
        first = end;
        if (first < columns)
            fputc('\n', stream);
    }
    if (grid->lost > 0)
        fprintf(stream, "(no memory for %zu more rows)\n", grid->lost);
}

void grid_release(struct grid *grid)
{
    free(grid->rows);
    *grid = (struct grid){0};
}
