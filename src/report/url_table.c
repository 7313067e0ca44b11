#include "url_table.h"

#include <inttypes.h>
#include <math.h>

#include "conc_bench/analysis/stats.h"
#include "conc_bench/base/number.h"
#include "grid.h"
#include "url_rows.h"

/* Cells beside each other; further ones stand below, with the URLs beside them again. */
enum { CELLS_BESIDE = 8, LABEL_NARROW = 16, LABEL_LEAST = 24, LABEL_MOST = 48 };

struct url_table {
    FILE *stream;
    const struct run *run;
    const struct per_url *per_url;
    const struct format *format;
    struct url_rows rows;
    bool has_slowdown;
    size_t columns; /* of a URL */
};

static const struct run_cell *cell_of(const struct url_table *table, size_t cell)
{
    return &table->run->cells[table->per_url->cells[cell]];
}

static void add_head(struct grid *grid, const char *head)
{
    grid_add(grid, "%s", head);
    grid_paint(grid, PAINT_HEAD);
}

static void add_figure(struct grid *grid, const struct url_table *table, const struct url_figure *figure)
{
    char digits[FORMAT_DIGITS_BYTES];
    uint64_t failures = url_figure_failures(figure);
    double median =
        figure->count > 0 ? clock_seconds(figure->service) * format_service_scale(table->format).factor : NAN;
    format_digits(digits, median);
    if (failures == 0) {
        grid_add(grid, "%s", digits);
        return;
    }
    grid_add(grid, "%s (%" PRIu64 ")", digits, failures);
    grid_paint(grid, PAINT_BAD);
}

static void add_slowdown(struct grid *grid, const struct url_table *table, size_t row)
{
    char digits[FORMAT_DIGITS_BYTES];
    size_t cell, alone;
    double ratio = per_url_slowdown(table->run, row, &cell, &alone);
    grid_add(grid, "%s%s", format_digits(digits, ratio), isfinite(ratio) ? "x" : "");
}

/* The cells from `first` on up to `end`; behind the last of all what is about the URL as a whole. */
static void write_cells(const struct url_table *table, size_t first, size_t end)
{
    struct grid grid = {0};
    bool is_last = end == table->per_url->cell_count;
    char head[64];
    grid_begin_row(&grid);
    snprintf(head, sizeof(head), "URL, median %s", format_service_scale(table->format).name);
    add_head(&grid, head);
    for (size_t i = first; i < end; i++) {
        snprintf(head, sizeof(head), "%s/%" PRIu32, cell_of(table, i)->mode, cell_of(table, i)->workers);
        add_head(&grid, head);
    }
    if (is_last && table->has_slowdown)
        add_head(&grid, "x alone");
    if (is_last)
        add_head(&grid, "body");
    for (size_t place = 0; place < table->rows.count; place++) {
        size_t row = table->rows.rows[place];
        char label[URL_LABEL_BYTES], bodies[URL_BODIES_BYTES];
        url_rows_label(table->run, &table->rows, place, table->columns, label);
        grid_begin_row(&grid);
        grid_add(&grid, "%s", label);
        for (size_t i = first; i < end; i++)
            add_figure(&grid, table, per_url_figure(table->per_url, row, i));
        if (is_last && table->has_slowdown)
            add_slowdown(&grid, table, row);
        if (is_last)
            grid_add(&grid, "%s", url_rows_bodies(table->per_url, row, bodies));
    }
    fputc('\n', table->stream);
    grid_write(table->stream, &grid, table->format);
    grid_release(&grid);
}

/* So many columns that everything else fits beside a URL, if that leaves it enough. */
static size_t choose_columns(const struct url_table *table)
{
    size_t used = 0;
    if (table->format->width == 0)
        return LABEL_MOST;
    for (size_t i = 0; i < table->per_url->cell_count && i < CELLS_BESIDE; i++) {
        const struct run_cell *cell = cell_of(table, i);
        used += 2 + (size_t)snprintf(NULL, 0, "%s/%" PRIu32, cell->mode, cell->workers);
    }
    used += table->has_slowdown ? sizeof("  x alone") - 1 : 0;
    used += sizeof("  16.0 KiB") - 1;
    size_t left = table->format->width > used ? table->format->width - used : 0;
    if (left < LABEL_LEAST)
        return table->format->width < (size_t)2 * LABEL_LEAST ? LABEL_NARROW : LABEL_LEAST;
    return left > LABEL_MOST ? LABEL_MOST : left;
}

/* Where the URLs shown stand among all, and where the others are to be found. */
static void write_place(const struct url_table *table)
{
    const struct per_url *per_url = table->per_url;
    char half[32], most[32];
    number_format_duration(half, sizeof(half), per_url->p50);
    number_format_duration(most, sizeof(most), per_url->p90);
    if (per_url->settled <= table->rows.count) {
        fputs("Sorted by the longest median of each URL.\n", table->stream);
        return;
    }
    fprintf(table->stream, "The slowest %zu of %" PRIu32 " URLs", table->rows.slowest, per_url->settled);
    if (table->rows.count > table->rows.slowest)
        fprintf(table->stream, " and %zu more that failed most", table->rows.count - table->rows.slowest);
    fputs(", by their longest median", table->stream);
    if (per_url->settled > per_url->lost)
        fprintf(table->stream, ";\nof all URLs half have one of at most %s, and 90 %% of at most %s", half, most);
    fputs(".\n", table->stream);
    if (per_url->settled == per_url->count)
        fputs("All URLs are in --export-json, --export-urls-csv and --export-html.\n", table->stream);
    else
        fprintf(table->stream,
                "%zu URLs, the slowest and those that failed most, are in --export-json, --export-urls-csv and\n"
                "--export-html; all downloads with --samples all in --export-requests-csv.\n",
                per_url->count);
}

static void write_legend(const struct url_table *table)
{
    uint32_t least, most;
    url_rows_counts(table->per_url, &table->rows, &least, &most);
    if (most > 0 && least == most)
        fprintf(table->stream, "Each median is of %" PRIu32 " download%s", most, most == 1 ? "" : "s");
    else if (most > 0)
        fprintf(table->stream, "Medians are of %" PRIu32 " to %" PRIu32 " downloads", least, most);
    if (most > 0 && !stats_supports_percentile(least, 50))
        fputs(": too few to rely on", table->stream);
    fputs(most > 0 ? ".\n" : "", table->stream);
    if (url_rows_fail(table->per_url, &table->rows))
        fputs("(n): n downloads failed, which are in no median; -: none succeeded.\n", table->stream);
    if (table->has_slowdown)
        fputs("x alone: the longest median with several workers against that with one. It includes connecting, which\n"
              "the first downloads of each worker pay for (see --connections warm, --order shuffle).\n",
              table->stream);
}

void url_table_write(FILE *stream, const struct run *run, const struct format *format)
{
    if (run->per_url == NULL || run->per_url->count == 0)
        return;
    struct url_table table = {.stream = stream, .run = run, .per_url = run->per_url, .format = format};
    table.rows = url_rows_choose(table.per_url);
    table.has_slowdown = url_rows_have_slowdown(run, &table.rows);
    table.columns = choose_columns(&table);
    for (size_t first = 0; first < table.per_url->cell_count; first += CELLS_BESIDE) {
        size_t end = first + CELLS_BESIDE;
        write_cells(&table, first, end < table.per_url->cell_count ? end : table.per_url->cell_count);
    }
    write_place(&table);
    write_legend(&table);
}
