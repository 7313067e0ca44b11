#include "rate_table.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

/* Columns that leave where there is no room, the highest first. */
enum drop { DROP_NEVER, DROP_P95, DROP_CPU, DROP_MEMORY, DROP_FAILED };

static void add_column(struct content *content, struct section *section, const char *head, const char *title, int drop)
{
    content_add_column(content, section, head, title, false);
    if (section->table.column_count > 0)
        section->table.columns[section->table.column_count - 1].drop = drop;
}

/* "p50 ms", and where there is room "response p50 [ms]". */
static void add_time_column(struct content *content, struct section *section, const struct format *format,
                            const char *head, const char *title, int drop)
{
    const char *unit = format_service_scale(format).name;
    add_column(content, section, content_text(content, "%s %s", head, unit),
               content_text(content, "%s [%s]", title, unit), drop);
}

static void add_digits(struct content *content, struct section *section, double value)
{
    char digits[FORMAT_DIGITS_BYTES];
    content_add_cell(content, section, PAINT_NONE, content_text(content, "%s", format_digits(digits, value)));
}

static void add_row(struct content *content, struct section *section, const struct format *format,
                    const struct cell_stats *cell)
{
    static const enum metric times[] = {METRIC_RESPONSE_P50, METRIC_RESPONSE_P95, METRIC_RESPONSE_P99,
                                        METRIC_WAIT_MEAN};
    double factor = format_service_scale(format).factor;
    content_add_row(content, section, cell->cell->mode);
    content_add_cell(content, section, cell->rank_low == 1 ? PAINT_GOOD : PAINT_NONE,
                     content_outside(content, cell->cell->mode));
    content_add_cell(content, section, PAINT_NONE, content_text(content, "%" PRIu32, cell->cell->workers));
    if (!cell->has_times) {
        content_add_cell(content, section, PAINT_BAD, content_ending(cell));
        return;
    }
    add_digits(content, section, cell->measures[METRIC_RATE].value);
    content_add_cell(content, section, cell->is_overrun ? PAINT_BAD : PAINT_NONE, cell->is_overrun ? "no" : "yes");
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
        add_digits(content, section, cell_stats_response(cell, times[i]) * factor);
    add_digits(content, section, cell_stats_shown(cell, METRIC_CPU));
    add_digits(content, section, cell_stats_shown(cell, METRIC_MEMORY));
    content_add_cell(content, section, cell->failures_in_all > 0 ? PAINT_BAD : PAINT_NONE,
                     content_text(content, "%" PRIu64, cell->failures_in_all));
}

void rate_table_add(struct content *content, const struct format *format, const struct run_stats *stats)
{
    bool has_failures = false;
    struct section *section = content_add_section(content, SECTION_SUMMARY, "Modes, soonest response first");
    for (size_t i = 0; i < stats->main_count; i++)
        has_failures |= stats->cells[i].failures_in_all > 0;
    content_add_column(content, section, "mode", "mode", true);
    add_column(content, section, "workers", "workers", DROP_NEVER);
    add_column(content, section, "per s", "begun [/s]", DROP_NEVER);
    add_column(content, section, "kept up", "kept up", DROP_NEVER);
    add_time_column(content, section, format, "p50", "response p50", DROP_NEVER);
    add_time_column(content, section, format, "p95", "response p95", DROP_P95);
    add_time_column(content, section, format, "p99", "response p99", DROP_NEVER);
    add_time_column(content, section, format, "wait", "mean wait", DROP_NEVER);
    add_column(content, section, "CPU ms", "CPU/download [ms]", DROP_CPU);
    add_column(content, section, "MiB", "peak memory [MiB]", DROP_MEMORY);
    add_column(content, section, "failed", "failed", has_failures ? DROP_NEVER : DROP_FAILED);
    for (size_t i = 0; i < stats->main_count; i++)
        add_row(content, section, format, &stats->cells[i]);
}

const char *rate_table_describe_overrun(struct content *content, const struct run_stats *stats)
{
    const char *text = NULL;
    for (size_t i = 0; i < stats->main_count; i++) {
        const struct cell_stats *cell = &stats->cells[i];
        if (!cell->is_overrun)
            continue;
        text = content_text(content, "%s%s%s %.3g/s of %g/s, %.2g s behind at the end",
                            text != NULL ? text : "Not kept up: ", text != NULL ? "; " : "",
                            content_name(content, cell->cell), cell->measures[METRIC_RATE].value,
                            stats->run->arrivals.rate, cell->measures[METRIC_BEHIND].value);
    }
    return text;
}
