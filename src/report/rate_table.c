#include "rate_table.h"

#include <inttypes.h>
#include <stdlib.h>

#include "conc_bench/base/number.h"

/* Columns that leave where there is no room, the highest first. */
enum drop { DROP_NEVER, DROP_P95, DROP_CPU, DROP_MEMORY, DROP_FAILED };

static void add_row(struct content *content, struct section *section, const struct format *format,
                    const struct rate_row *row)
{
    double factor = format_service_scale(format).factor;
    if (!content_add_mode(content, section, row->mode, row->workers, row->is_first, row->ending))
        return;
    content_add_digits(content, section, row->begun, "");
    content_add_cell(content, section, row->is_overrun ? PAINT_BAD : PAINT_NONE, row->is_overrun ? "no" : "yes");
    for (size_t i = 0; i < RATE_TIME_COUNT; i++)
        content_add_digits(content, section, row->times[i] * factor, "");
    content_add_digits(content, section, row->cpu, "");
    content_add_digits(content, section, row->memory, "");
    content_add_cell(content, section, row->failed > 0 ? PAINT_BAD : PAINT_NONE,
                     content_text(content, "%" PRIu64, row->failed));
}

void rate_table_add_rows(struct content *content, const struct format *format, const struct rate_row *rows,
                         size_t count)
{
    bool has_failures = false;
    const char *unit = format_service_scale(format).name;
    struct section *section = content_add_section(content, SECTION_SUMMARY, "Modes, soonest response first");
    for (size_t i = 0; i < count; i++)
        has_failures |= rows[i].failed > 0;
    content_add_column(content, section, "mode", "mode", true);
    content_add_figures(content, section, "workers", "workers", DROP_NEVER);
    content_add_figures(content, section, "per s", "begun [/s]", DROP_NEVER);
    content_add_figures(content, section, "kept", "kept up", DROP_NEVER);
    content_add_figures_in(content, section, "p50", "response p50", unit, DROP_NEVER);
    content_add_figures_in(content, section, "p95", "response p95", unit, DROP_P95);
    content_add_figures_in(content, section, "p99", "response p99", unit, DROP_NEVER);
    content_add_figures_in(content, section, "mean wait", "mean wait", unit, DROP_NEVER);
    content_add_figures(content, section, "CPU ms", "CPU/download [ms]", DROP_CPU);
    content_add_figures(content, section, "MiB", "peak memory [MiB]", DROP_MEMORY);
    content_add_figures(content, section, "failed", "failed", has_failures ? DROP_NEVER : DROP_FAILED);
    for (size_t i = 0; i < count; i++)
        add_row(content, section, format, &rows[i]);
}

static struct rate_row make_row(const struct cell_stats *cell)
{
    static const enum metric times[RATE_TIME_COUNT] = {METRIC_RESPONSE_P50, METRIC_RESPONSE_P95, METRIC_RESPONSE_P99,
                                                       METRIC_WAIT_MEAN};
    struct rate_row row = {
        .mode = cell->cell->mode,
        .workers = cell->cell->workers,
        .ending = cell->has_times ? NULL : content_ending(cell),
        .begun = cell->metrics[METRIC_RATE].value,
        .is_overrun = cell->is_overrun,
        .cpu = cell_stats_shown(cell, METRIC_CPU),
        .memory = cell_stats_shown(cell, METRIC_MEMORY),
        .failed = cell->failures_in_all,
        .is_first = cell->rank_low == 1,
    };
    for (size_t i = 0; i < RATE_TIME_COUNT; i++)
        row.times[i] = cell_stats_response(cell, times[i]);
    return row;
}

void rate_table_add(struct content *content, const struct format *format, const struct run_stats *stats)
{
    struct rate_row *rows = calloc(stats->main_count + 1, sizeof(*rows));
    content->has_failed |= rows == NULL;
    for (size_t i = 0; rows != NULL && i < stats->main_count; i++)
        rows[i] = make_row(&stats->cells[i]);
    if (rows != NULL)
        rate_table_add_rows(content, format, rows, stats->main_count);
    free(rows);
}

const char *rate_table_describe_overrun(struct content *content, const struct run_stats *stats)
{
    const char *text = NULL;
    for (size_t i = 0; i < stats->main_count; i++) {
        const struct cell_stats *cell = &stats->cells[i];
        if (!cell->is_overrun)
            continue;
        text = content_text(content, "%s%s%s %s/s of %s/s, %s s behind %s",
                            text != NULL ? text : "Not kept up: ", text != NULL ? "; " : "",
                            content_name(content, cell->cell), NUMBER(3, cell->metrics[METRIC_RATE].value),
                            NUMBER(6, stats->run->arrivals.rate), NUMBER(2, cell->metrics[METRIC_BEHIND].value),
                            cell_stats_behind_when(cell));
    }
    return text;
}
