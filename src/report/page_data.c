#include "page_data.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>

#include "conc_bench/analysis/latency_percentiles.h"
#include "conc_bench/run/phases.h"

/* A failure of any call is noted, and the page given up, as in json.c. */
struct page_data_maker {
    const struct run *run;
    bool has_failed;
};

static void put(struct page_data_maker *maker, json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) != 0)
        maker->has_failed = true;
}

static void append(struct page_data_maker *maker, json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) != 0)
        maker->has_failed = true;
}

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *text(const struct run_cell *cell)
{
    char name[CELL_LABEL_BYTES];
    return json_string(cell_label(cell, name));
}

/* Cells */

static json_t *make_cell(struct page_data_maker *maker, const struct cell_stats *stats)
{
    json_t *cell = json_object();
    json_t *time = json_object();
    json_t *times = json_array();
    json_t *rounds = json_array();
    json_t *service = json_array();
    const struct estimate *estimate = &stats->metrics[METRIC_TIME];
    put(maker, time, "value", number(estimate->value));
    put(maker, time, "low", number(estimate->low));
    put(maker, time, "high", number(estimate->high));
    for (size_t row = 0; row < stats->rounds; row++) {
        append(maker, times, number(cell_stats_value(stats, row, METRIC_TIME)));
        append(maker, rounds, json_integer(stats->row_rounds[row]));
    }
    for (size_t i = 0; i < LATENCY_POINTS && stats->totals.service.count > 0; i++)
        append(maker, service, json_real(clock_seconds(stats->totals.service.points[i])));
    put(maker, cell, "name", text(stats->cell));
    put(maker, cell, "mode", json_string(stats->cell->mode));
    put(maker, cell, "main", json_boolean(stats->cell->stage == STAGE_MAIN));
    put(maker, cell, "time", time);
    put(maker, cell, "times", times);
    put(maker, cell, "rounds", rounds);
    put(maker, cell, "service", service);
    return cell;
}

/* Sweeps */

static json_t *make_sweep(struct page_data_maker *maker, const struct sweep *sweep)
{
    json_t *object = json_object();
    json_t *points = json_array();
    for (size_t i = 0; i < sweep->count; i++) {
        const struct cell_stats *cell = sweep->points[i].cell;
        const struct estimate *throughput = &cell->metrics[METRIC_THROUGHPUT];
        json_t *point = json_object();
        if (!cell->has_times) {
            json_decref(point);
            continue;
        }
        put(maker, point, "workers", json_integer(sweep_number(sweep, cell)));
        put(maker, point, "throughput", number(throughput->value));
        put(maker, point, "low", number(throughput->low));
        put(maker, point, "high", number(throughput->high));
        append(maker, points, point);
    }
    put(maker, object, "mode", json_string(sweep->mode));
    put(maker, object, "knee", json_integer(sweep->knee));
    put(maker, object, "points", points);
    if (sweep->has_fit) {
        json_t *fit = json_object();
        put(maker, fit, "lambda", number(sweep->fit.lambda));
        put(maker, fit, "sigma", number(sweep->fit.sigma));
        put(maker, fit, "kappa", number(sweep->fit.kappa));
        put(maker, object, "fit", fit);
    } else {
        put(maker, object, "fit", json_null());
    }
    return object;
}

/* Response times against rates */

static const enum metric metric_of_figure[] = {
    [RESPONSE_FIGURE_MEAN] = METRIC_RESPONSE_MEAN, [RESPONSE_FIGURE_P50] = METRIC_RESPONSE_P50,
    [RESPONSE_FIGURE_P95] = METRIC_RESPONSE_P95,   [RESPONSE_FIGURE_P99] = METRIC_RESPONSE_P99,
    [RESPONSE_FIGURE_MAX] = METRIC_RESPONSE_MAX,
};

/* Whether there are downloads enough for a percentile in all points that have one. */
static bool is_supported(const struct rate_curves *curves, enum metric percentile)
{
    for (size_t i = 0; i < curves->count; i++) {
        for (size_t j = 0; j < curves->items[i].count; j++) {
            const struct cell_stats *cell = curves->items[i].points[j].cell;
            if (!cell->is_overrun && !isfinite(cell_stats_response(cell, percentile)))
                return false;
        }
    }
    return true;
}

/* The response time that the chart shows: the objective's figure, or the highest percentile that all points have. */
static enum response_figure drawn_figure(const struct run *run, const struct rate_curves *curves)
{
    if (run->objective.is_present)
        return run->objective.figure;
    return is_supported(curves, METRIC_RESPONSE_P99)   ? RESPONSE_FIGURE_P99
           : is_supported(curves, METRIC_RESPONSE_P95) ? RESPONSE_FIGURE_P95
                                                       : RESPONSE_FIGURE_P50;
}

/* [rate, that figure of response times in seconds, whether it was good] */
static json_t *make_rate_point(struct page_data_maker *maker, const struct rate_point *point,
                               enum response_figure figure)
{
    json_t *row = json_array();
    append(maker, row, json_real(point->cell->cell->rate));
    append(maker, row, number(point->cell->is_overrun ? NAN : point->cell->metrics[metric_of_figure[figure]].value));
    append(maker, row, json_boolean(point->is_good));
    return row;
}

static json_t *make_rate_curve(struct page_data_maker *maker, const struct rate_curves *curves,
                               const struct rate_curve *curve, enum response_figure figure)
{
    char name[HEADLINE_NAME_BYTES];
    json_t *object = json_object();
    json_t *points = json_array();
    for (size_t i = 0; i < curve->count; i++)
        append(maker, points, make_rate_point(maker, &curve->points[i], figure));
    put(maker, object, "name", json_string(rate_curve_name(curves, curve, name)));
    put(maker, object, "mode", json_string(curve->mode));
    put(maker, object, "limit", number(curve->limit));
    put(maker, object, "highest", number(curve->highest != NULL ? curve->highest->cell->cell->rate : NAN));
    put(maker, object, "points", points);
    return object;
}

/* Timelines */

const struct trial *page_timeline_trial(const struct cell_stats *cell)
{
    const struct trial *nearest = NULL;
    double distance = INFINITY;
    size_t next = 0;
    for (size_t row = 0; row < cell->rounds; row++) {
        double off = fabs(cell_stats_value(cell, row, METRIC_TIME) - cell->metrics[METRIC_TIME].value);
        /* Rounds ascend in both. */
        while (next < cell->cell->trial_count && cell->cell->trials[next].round < cell->row_rounds[row])
            next++;
        if (next == cell->cell->trial_count || cell->cell->trials[next].table == NULL || !(off < distance))
            continue;
        nearest = &cell->cell->trials[next];
        distance = off;
    }
    return nearest;
}

/* [worker, start, connected, first byte, received, done, unit, whether it succeeded, and at a rate when it was due];
 * seconds since the gate. */
static json_t *make_download(struct page_data_maker *maker, const struct run_cell *cell, const struct trial *trial,
                             uint32_t slot)
{
    const struct sample *sample = &trial->table->samples[slot];
    nanoseconds ends[PHASE_COUNT];
    json_t *download = json_array();
    nanoseconds start = sample->start - trial->gate;
    bool has_work = maker->run->cpu_work > 0;
    phases_of(sample, ends);
    append(maker, download, json_integer(sample->worker));
    append(maker, download, json_real(clock_seconds(start)));
    append(maker, download, json_real(clock_seconds(start + ends[PHASE_TLS])));
    append(maker, download, json_real(clock_seconds(start + ends[PHASE_WAIT])));
    append(maker, download, json_real(clock_seconds(start + ends[PHASE_RECEIVE])));
    append(maker, download, json_real(clock_seconds(start + ends[has_work ? PHASE_WORK : PHASE_RECEIVE])));
    append(maker, download, json_integer(trial_unit(trial, slot)));
    append(maker, download, json_boolean(sample_outcome(sample) == OUTCOME_OK));
    if (cell->due != NULL)
        append(maker, download, json_real(clock_seconds(start - cell_wait(cell, trial, slot))));
    return download;
}

static json_t *make_timeline(struct page_data_maker *maker, const struct cell_stats *cell, const struct trial *trial)
{
    json_t *timeline = json_object();
    json_t *downloads = json_array();
    for (uint32_t slot = 0; slot < trial->table->unit_count; slot++) {
        const struct sample *sample = &trial->table->samples[slot];
        bool is_shown = atomic_load(&sample->state) == SAMPLE_SETTLED && sample->worker < TIMELINE_WORKERS_MAX;
        if (is_shown && json_array_size(downloads) < TIMELINE_DOWNLOADS_MAX)
            append(maker, downloads, make_download(maker, cell->cell, trial, slot));
    }
    put(maker, timeline, "name", text(cell->cell));
    put(maker, timeline, "mode", json_string(cell->cell->mode));
    put(maker, timeline, "run", json_real(clock_seconds(trial->run)));
    put(maker, timeline, "downloads", downloads);
    return timeline;
}

static json_t *make_data(struct page_data_maker *maker, const struct analysis *analysis)
{
    json_t *data = json_object();
    json_t *cells = json_array();
    json_t *percents = json_array();
    json_t *sweeps = json_array();
    json_t *rates = json_array();
    json_t *timelines = json_array();
    for (size_t i = 0; i < analysis->stats.cell_count; i++) {
        const struct cell_stats *cell = &analysis->stats.cells[i];
        const struct trial *trial = i < analysis->stats.main_count ? page_timeline_trial(cell) : NULL;
        append(maker, cells, make_cell(maker, cell));
        if (trial != NULL && analysis->rates.count == 0)
            append(maker, timelines, make_timeline(maker, cell, trial));
    }
    for (size_t i = 0; i < LATENCY_POINTS; i++)
        append(maker, percents, json_real(latency_point_percent(i)));
    /* The chart is of machines where their number was what was asked. */
    bool is_of_machines = analysis->machine_sweep_count > 0;
    const struct sweep *drawn = is_of_machines ? analysis->machine_sweeps : analysis->sweeps;
    size_t drawn_count = is_of_machines ? analysis->machine_sweep_count : analysis->sweep_count;
    for (size_t i = 0; i < drawn_count; i++) {
        if (drawn[i].count > 1)
            append(maker, sweeps, make_sweep(maker, &drawn[i]));
    }
    put(maker, data, "downloads", json_integer(maker->run->downloads));
    put(maker, data, "percents", percents);
    put(maker, data, "cells", cells);
    put(maker, data, "sweeps", sweeps);
    put(maker, data, "swept", json_string(is_of_machines ? "machines" : "workers"));
    enum response_figure figure = drawn_figure(maker->run, &analysis->rates);
    for (size_t i = 0; i < analysis->rates.count; i++)
        append(maker, rates, make_rate_curve(maker, &analysis->rates, &analysis->rates.items[i], figure));
    put(maker, data, "figure", json_string(response_figure_names[figure]));
    put(maker, data, "rates", rates);
    put(maker, data, "timelines", timelines);
    return data;
}

/* Escapes letters that in JSON stand in strings only, where they may be written otherwise. */
static int write_defused(const char *buffer, size_t size, void *context)
{
    FILE *stream = context;
    for (size_t i = 0; i < size; i++) {
        if (buffer[i] == '<' || buffer[i] == '>' || buffer[i] == '&')
            fprintf(stream, "\\u%04x", (unsigned)buffer[i]);
        else
            fputc(buffer[i], stream);
    }
    return 0;
}

int page_data_write(FILE *stream, const struct run *run, const struct analysis *analysis, struct error *error)
{
    struct page_data_maker maker = {.run = run};
    json_t *data = make_data(&maker, analysis);
    int status = 0;
    if (data == NULL || maker.has_failed ||
        json_dump_callback(data, write_defused, stream, JSON_COMPACT | JSON_REAL_PRECISION(9)) != 0)
        status = error_set(error, ERROR_ENVIRONMENT, "no memory for the page");
    json_decref(data);
    return status;
}
