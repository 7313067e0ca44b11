#include <inttypes.h>

#include "conc_bench/base/number.h"
#include "rate_table.h"

/* Columns that leave where there is no room, the highest first. */
enum drop { DROP_NEVER, DROP_P50, DROP_P95, DROP_MEMORY, DROP_WAIT };

/* The most curves shown: where there are more, one number of workers of each mode is, and all in the details. */
enum { CURVES_MOST = 10 };

struct curve_table {
    struct content *content;
    struct section *section;
    const struct format *format;
};

static void add_column(struct curve_table *maker, const char *head, const char *title, int drop)
{
    content_add_figures(maker->content, maker->section, head, title, drop);
}

static void add_time_column(struct curve_table *maker, const char *head, const char *title, int drop)
{
    content_add_figures_in(maker->content, maker->section, head, title, format_service_scale(maker->format).name, drop);
}

static void add_text(struct curve_table *maker, enum paint paint, const char *text)
{
    content_add_cell(maker->content, maker->section, paint, text);
}

static void add_digits(struct curve_table *maker, double value)
{
    content_add_digits(maker->content, maker->section, value, "");
}

static void add_rate(struct curve_table *maker, enum paint paint, const struct rate_point *point)
{
    add_text(maker, paint,
             point == NULL ? "-" : content_text(maker->content, "%s/s", NUMBER(6, point->cell->cell->rate)));
}

static void add_figures(struct curve_table *maker, const struct cell_stats *cell)
{
    static const enum metric times[] = {METRIC_RESPONSE_P50, METRIC_RESPONSE_P95, METRIC_RESPONSE_P99,
                                        METRIC_WAIT_MEAN};
    double factor = format_service_scale(maker->format).factor;
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
        add_digits(maker, cell_stats_response(cell, times[i]) * factor);
    add_digits(maker, cell_stats_shown(cell, METRIC_CPU));
    add_digits(maker, cell_stats_shown(cell, METRIC_MEMORY));
}

static void add_figure_columns(struct curve_table *maker)
{
    add_time_column(maker, "p50", "response p50", DROP_P50);
    add_time_column(maker, "p95", "response p95", DROP_P95);
    add_time_column(maker, "p99", "response p99", DROP_NEVER);
    add_time_column(maker, "mean wait", "mean wait", DROP_WAIT);
    add_column(maker, "CPU ms", "CPU/download [ms]", DROP_NEVER);
    add_column(maker, "MiB", "peak memory [MiB]", DROP_MEMORY);
}

void rate_table_add_curves(struct content *content, const struct format *format, const struct rate_curves *curves)
{
    struct curve_table maker = {.content = content, .format = format};
    maker.section =
        content_add_section(content, SECTION_SUMMARY,
                            curves->is_search ? "Modes, the highest rate held first, figures at that rate"
                                              : "Modes, the highest rate kept up with first, figures there");
    content_add_column(content, maker.section, "mode", "mode", true);
    add_column(&maker, "workers", "workers", DROP_NEVER);
    add_column(&maker, curves->is_search ? "held" : "keeps up", curves->is_search ? "rate held" : "keeps up to",
               DROP_NEVER);
    if (curves->is_search)
        add_column(&maker, "not held", "lowest rate not held", DROP_NEVER);
    else
        add_column(&maker, "flat to", "response flat to", DROP_NEVER);
    add_figure_columns(&maker);
    for (size_t i = 0; i < curves->count; i++) {
        const struct rate_curve *curve = &curves->items[i];
        if (curves->count > CURVES_MOST && !rate_curve_stands_for_mode(curves, curve))
            continue;
        enum paint paint = curve->rank_low == 1 ? PAINT_GOOD : curve->highest == NULL ? PAINT_BAD : PAINT_NONE;
        content_add_mode(content, maker.section, curve->mode, curve->workers, curve->rank_low == 1, NULL);
        if (curve->highest != NULL)
            add_rate(&maker, paint, curve->highest);
        else
            add_text(&maker, paint, "none");
        add_rate(&maker, PAINT_NONE, curves->is_search ? curve->next : curve->flat);
        if (curve->highest != NULL)
            add_figures(&maker, curve->highest->cell);
    }
}

void rate_table_add_points(struct content *content, const struct format *format, const struct rate_curves *curves)
{
    struct curve_table maker = {.content = content, .format = format};
    maker.section = content_add_section(content, SECTION_RATES, "Response time at each rate");
    content_add_column(content, maker.section, "mode/workers", "mode/workers", true);
    add_column(&maker, "due", "due [/s]", DROP_NEVER);
    add_column(&maker, "begun", "begun [/s]", DROP_NEVER);
    add_column(&maker, curves->is_search ? "held" : "kept up", curves->is_search ? "held" : "kept up", DROP_NEVER);
    add_figure_columns(&maker);
    add_column(&maker, "rounds", "rounds", DROP_NEVER);
    for (size_t i = 0; i < curves->count; i++) {
        const struct rate_curve *curve = &curves->items[i];
        for (size_t j = 0; j < curve->count; j++) {
            const struct rate_point *point = &curve->points[j];
            content_add_row(content, maker.section, curve->mode);
            add_text(&maker, PAINT_NONE, content_text(content, "%s/%" PRIu32, curve->mode, curve->workers));
            add_text(&maker, PAINT_NONE, content_text(content, "%s", NUMBER(6, point->cell->cell->rate)));
            add_digits(&maker, point->cell->metrics[METRIC_RATE].value);
            add_text(&maker, point->is_good ? PAINT_NONE : PAINT_BAD, point->is_good ? "yes" : "no");
            add_figures(&maker, point->cell);
            add_text(&maker, PAINT_NONE, content_text(content, "%zu", point->cell->rounds));
        }
    }
    maker.section->note = "Response times run from when a download was due; where a mode does not keep up they grow "
                          "with the list, and are not told.";
}
