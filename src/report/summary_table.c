#include "summary_table.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* Columns that leave where there is no room, the highest first. */
enum drop { DROP_NEVER, DROP_INTERVAL, DROP_PERCENTILE, DROP_CPU, DROP_MEMORY, DROP_FAILED };

double summary_table_percentile(const struct format *format)
{
    return format->percentile_count > 0 ? format->percentiles[format->percentile_count - 1] : 95;
}

static void add_interval(struct content *content, struct section *section, const struct summary_row *row, double factor)
{
    int decimals = format_decimals(row->time * factor);
    content_add_cell(content, section, PAINT_NONE,
                     !isfinite(row->low) ? "-"
                                         : content_text(content, "%.*f - %.*f", decimals, row->low * factor, decimals,
                                                        row->high * factor));
}

static void add_row(struct content *content, struct section *section, const struct format *format,
                    const struct summary_row *row, bool has_interval, const struct summary_row *reference)
{
    double factor = format_run_scale(format).factor;
    bool has_ratio = reference != NULL && reference->ending == NULL && !reference->is_unproven && !row->is_unproven;
    if (!content_add_mode(content, section, row->mode, row->workers, row->is_first, row->ending))
        return;
    content_add_digits(content, section, row->time * factor, "");
    if (has_interval)
        add_interval(content, section, row, factor);
    if (reference != NULL)
        content_add_digits(content, section, has_ratio ? reference->time / row->time : NAN, "x");
    content_add_digits(content, section, row->percentile * format_service_scale(format).factor, "");
    content_add_digits(content, section, row->cpu, "");
    content_add_digits(content, section, row->memory, "");
    content_add_cell(content, section, row->failed > 0 ? PAINT_BAD : PAINT_NONE,
                     row->is_unproven ? "-" : content_text(content, "%" PRIu64, row->failed));
}

void summary_table_add(struct content *content, const struct format *format, const struct summary_row *rows,
                       size_t count, const char *interval, size_t reference)
{
    char percentile[16];
    bool has_interval = false, has_failures = false;
    struct section *section = content_add_section(content, SECTION_SUMMARY, "Modes, fastest first");
    for (size_t i = 0; i < count; i++) {
        has_interval |= rows[i].ending == NULL && isfinite(rows[i].low);
        has_failures |= rows[i].ending == NULL && rows[i].failed > 0;
    }
    content_add_column(content, section, "mode", "mode", true);
    content_add_figures(content, section, "workers", "workers", DROP_NEVER);
    content_add_figures_in(content, section, "time", "time", format_run_scale(format).name, DROP_NEVER);
    if (has_interval)
        content_add_figures(content, section, interval, interval, DROP_INTERVAL);
    if (reference < count) {
        const char *against = content_text(content, "vs %s", content_outside(content, rows[reference].mode));
        content_add_figures(content, section, against, against, DROP_NEVER);
    }
    format_percentile(percentile, sizeof(percentile), summary_table_percentile(format));
    content_add_figures_in(content, section, percentile, percentile, format_service_scale(format).name,
                           DROP_PERCENTILE);
    content_add_figures(content, section, "CPU ms", "CPU/download [ms]", DROP_CPU);
    content_add_figures(content, section, "MiB", "peak memory [MiB]", DROP_MEMORY);
    content_add_figures(content, section, "failed", "failed", has_failures ? DROP_NEVER : DROP_FAILED);
    for (size_t i = 0; i < count; i++)
        add_row(content, section, format, &rows[i], has_interval, reference < count ? &rows[reference] : NULL);
}

/* The grid */

enum { GRID_WORKERS_MAX = 64, GRID_MODES_MAX = 64, GRID_ROWS_MIN = 11 };

struct grid_axes {
    uint32_t workers[GRID_WORKERS_MAX]; /* ascending */
    size_t worker_count;
    const char *modes[GRID_MODES_MAX]; /* in the order of rows */
    size_t mode_count;
};

static void add_workers(struct grid_axes *axes, uint32_t workers)
{
    size_t place = 0;
    while (place < axes->worker_count && axes->workers[place] < workers)
        place++;
    if (axes->worker_count == GRID_WORKERS_MAX || (place < axes->worker_count && axes->workers[place] == workers))
        return;
    memmove(&axes->workers[place + 1], &axes->workers[place], (axes->worker_count - place) * sizeof(axes->workers[0]));
    axes->workers[place] = workers;
    axes->worker_count++;
}

static void add_mode(struct grid_axes *axes, const char *mode)
{
    for (size_t i = 0; i < axes->mode_count; i++) {
        if (strcmp(axes->modes[i], mode) == 0)
            return;
    }
    if (axes->mode_count < GRID_MODES_MAX)
        axes->modes[axes->mode_count++] = mode;
}

static struct grid_axes find_axes(const struct summary_row *rows, size_t count)
{
    struct grid_axes axes = {.worker_count = 0};
    for (size_t i = 0; i < count; i++) {
        add_workers(&axes, rows[i].workers);
        add_mode(&axes, rows[i].mode);
    }
    return axes;
}

bool summary_table_is_grid(const struct summary_row *rows, size_t count)
{
    return count >= GRID_ROWS_MIN && find_axes(rows, count).mode_count < count;
}

static const struct summary_row *find_row(const struct summary_row *rows, size_t count, const char *mode,
                                          uint32_t workers)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].workers == workers && strcmp(rows[i].mode, mode) == 0)
            return &rows[i];
    }
    return NULL;
}

static void add_grid_cell(struct content *content, struct section *section, const struct format *format,
                          const struct summary_row *row)
{
    char digits[FORMAT_DIGITS_BYTES];
    if (row == NULL || row->ending != NULL)
        content_add_cell(content, section, PAINT_NONE, row == NULL ? "" : row->ending);
    else
        content_add_cell(content, section, row->is_recommended ? PAINT_GOOD : PAINT_NONE,
                         content_text(content, "%s%s",
                                      format_digits(digits, row->time * format_run_scale(format).factor),
                                      row->is_recommended ? "*" : ""));
}

void summary_table_add_grid(struct content *content, const struct format *format, const struct summary_row *rows,
                            size_t count)
{
    const struct grid_axes axes = find_axes(rows, count);
    struct section *section = content_add_section(content, SECTION_GRID, "Time by mode and number of workers");
    const char *head = content_text(content, "time %s, by workers", format_run_scale(format).name);
    content_add_column(content, section, head, head, true);
    for (size_t i = 0; i < axes.worker_count; i++) {
        const char *number = content_text(content, "%" PRIu32, axes.workers[i]);
        /* Few workers leave before many, but one at a time is what all is compared with. */
        content_add_figures(content, section, number, number, i == 0 ? DROP_NEVER : (int)(axes.worker_count - i));
    }
    for (size_t i = 0; i < axes.mode_count; i++) {
        content_add_row(content, section, axes.modes[i]);
        content_add_cell(content, section, PAINT_NONE, content_outside(content, axes.modes[i]));
        for (size_t j = 0; j < axes.worker_count; j++)
            add_grid_cell(content, section, format, find_row(rows, count, axes.modes[i], axes.workers[j]));
    }
    for (size_t i = 0; i < count; i++) {
        if (rows[i].is_recommended)
            section->note = "*: recommended";
    }
}
