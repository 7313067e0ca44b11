#include "conc_bench/analysis/rate_curves.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/analysis/stats.h"
#include "conc_bench/base/number.h"

/* Costs closer than this are equal. */
static const double same_cost = 0.10;

/* Trials */

double rate_trial_figure(const struct objective *objective, const struct trial *trial)
{
    const struct trial_arrivals *arrivals = &trial->summary.arrivals;
    if (!arrivals->is_present || trial_downloads(&trial->summary) == 0)
        return NAN;
    switch (objective->figure) {
    case RESPONSE_FIGURE_P50:
        return clock_seconds(arrivals->response_p50);
    case RESPONSE_FIGURE_P95:
        return clock_seconds(arrivals->response_p95);
    case RESPONSE_FIGURE_P99:
        return clock_seconds(arrivals->response_p99);
    case RESPONSE_FIGURE_MAX:
        return clock_seconds(arrivals->response_longest);
    default:
        return clock_seconds(arrivals->response_sum) / trial_downloads(&trial->summary);
    }
}

static double failed_share(const struct trial *trial)
{
    double failed = 0, ended = 0;
    for (int outcome = OUTCOME_NONE + 1; outcome < OUTCOME_COUNT; outcome++) {
        ended += trial->summary.outcomes[outcome];
        if (validity_is_failure(trial, (enum outcome)outcome))
            failed += trial->summary.outcomes[outcome];
    }
    return ended > 0 ? failed / ended : 1;
}

bool rate_trial_holds(const struct objective *objective, double limit, const struct trial *trial)
{
    const struct trial_arrivals *arrivals = &trial->summary.arrivals;
    return trial->status == TRIAL_COMPLETE && arrivals->is_present && arrivals->is_kept_up &&
           failed_share(trial) <= RATE_FAILED_BORNE && rate_trial_figure(objective, trial) <= limit;
}

/* Points */

static bool is_of(const struct rate_curve *curve, const struct run_cell *cell)
{
    return curve->workers == cell->workers && strcmp(curve->mode, cell->mode) == 0;
}

static bool is_good(const struct run_stats *stats, const struct rate_curve *curve, const struct cell_stats *cell)
{
    const struct objective *objective = &stats->run->objective;
    size_t counted = 0, held = 0;
    double limit = isnan(curve->limit) ? INFINITY : curve->limit;
    if (!objective->is_present)
        return cell->is_sound;
    for (size_t i = 0; i < stats->cell_count; i++) {
        const struct run_cell *other = stats->cells[i].cell;
        bool is_same = is_of(curve, other) && other->rate == cell->cell->rate && other->stage == cell->cell->stage;
        for (size_t j = 0; j < other->trial_count && is_same; j++) {
            counted++;
            held += rate_trial_holds(objective, limit, &other->trials[j]);
        }
    }
    /* A rate that was missed by little is tried once more during the search, and that decides. */
    bool is_tie_enough = cell->cell->stage == STAGE_SWEEP;
    return held > 0 && (2 * held > counted || (is_tie_enough && 2 * held == counted));
}

static int compare_points(const void *a, const void *b)
{
    double left = ((const struct rate_point *)a)->cell->cell->rate;
    double right = ((const struct rate_point *)b)->cell->cell->rate;
    return (left > right) - (left < right);
}

/* Adds a point. Of several cells at a rate, the one with rounds of its own counts, then the one with more rounds, then
 * the last. */
static int add_point(struct rate_curve *curve, const struct cell_stats *cell, struct error *error)
{
    for (size_t i = 0; i < curve->count; i++) {
        const struct cell_stats *known = curve->points[i].cell;
        if (known->cell->rate != cell->cell->rate)
            continue;
        bool is_main = cell->cell->stage == STAGE_MAIN, was_main = known->cell->stage == STAGE_MAIN;
        if (is_main > was_main || (is_main == was_main && cell->rounds >= known->rounds))
            curve->points[i].cell = cell;
        return 0;
    }
    struct rate_point *longer = realloc(curve->points, (curve->count + 1) * sizeof(*longer));
    if (longer == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for what was measured at %s/s",
                         NUMBER(6, cell->cell->rate));
    curve->points = longer;
    longer[curve->count++] = (struct rate_point){.cell = cell};
    return 0;
}

/* The objective that follows from what the figure is at the lowest rate, at a tenth of those of interest. */
static double find_limit(const struct run_stats *stats, const struct rate_curve *curve)
{
    const struct objective *objective = &stats->run->objective;
    double figures[64];
    size_t count = 0;
    if (!objective->is_present)
        return NAN;
    if (objective->limit > 0)
        return clock_seconds(objective->limit);
    const struct run_cell *lowest = curve->points[0].cell->cell;
    for (size_t i = 0; i < lowest->trial_count && count < sizeof(figures) / sizeof(figures[0]); i++) {
        double figure = rate_trial_figure(objective, &lowest->trials[i]);
        if (isfinite(figure))
            figures[count++] = figure;
    }
    stats_sort(figures, count);
    return count > 0 ? objective->factor * stats_median(figures, count) : NAN;
}

static void judge_points(const struct run_stats *stats, struct rate_curve *curve)
{
    double lowest = curve->points[0].cell->metrics[METRIC_RESPONSE_MEAN].value;
    bool is_flat = true;
    for (size_t i = 0; i < curve->count; i++) {
        struct rate_point *point = &curve->points[i];
        double mean = point->cell->metrics[METRIC_RESPONSE_MEAN].value;
        point->is_good = is_good(stats, curve, point->cell);
        is_flat = is_flat && point->cell->is_sound && point->is_good && mean <= RATE_FLAT * lowest;
        if (is_flat)
            curve->flat = point;
    }
}

static bool is_main(const struct rate_point *point)
{
    return point->cell->cell->stage == STAGE_MAIN;
}

static double rate_of(const struct rate_point *point)
{
    return point != NULL ? point->cell->cell->rate : 0;
}

/* The result of a search counts only as far as separate rounds confirm it. */
static void find_highest(struct rate_curve *curve)
{
    bool has_main = false;
    for (size_t i = 0; i < curve->count; i++)
        has_main |= is_main(&curve->points[i]) && curve->points[i].is_good;
    for (size_t i = 0; i < curve->count; i++) {
        const struct rate_point *point = &curve->points[i];
        if (point->is_good && (is_main(point) || !has_main)) {
            curve->highest = point;
            curve->next = NULL;
        } else if (!point->is_good && curve->next == NULL) {
            curve->next = point;
        }
    }
    curve->highest_rate = rate_of(curve->highest);
    curve->next_rate = rate_of(curve->next);
    curve->flat_rate = rate_of(curve->flat);
    curve->is_confirmed = curve->highest != NULL && curve->next != NULL && is_main(curve->highest) &&
                          is_main(curve->next) && curve->highest->cell->rounds >= RATE_ROUNDS_CONFIRMING &&
                          curve->next->cell->rounds >= RATE_ROUNDS_CONFIRMING;
}

/* Curves */

/* The highest rate first; of equal ones the one that responds sooner there. */
static int compare_curves(const void *a, const void *b)
{
    const struct rate_curve *left = a;
    const struct rate_curve *right = b;
    double left_rate = left->highest_rate, right_rate = right->highest_rate;
    if (left_rate != right_rate)
        return left_rate > right_rate ? -1 : 1;
    if (left->highest != NULL) {
        double left_mean = left->highest->cell->metrics[METRIC_RESPONSE_MEAN].value;
        double right_mean = right->highest->cell->metrics[METRIC_RESPONSE_MEAN].value;
        if (left_mean != right_mean)
            return left_mean < right_mean ? -1 : 1;
    }
    int by_name = strcmp(left->mode, right->mode);
    return by_name != 0 ? by_name : (left->workers > right->workers) - (left->workers < right->workers);
}

/* Among rates that were given, the mode that keeps up with a higher one is better. A search finds them within 5 %. */
static bool is_better(const struct rate_curves *curves, const struct rate_curve *one, const struct rate_curve *other)
{
    double margin = curves->is_search ? 1 + NEGLIGIBLE_SLOWDOWN : 1;
    return one->highest_rate > margin * other->highest_rate;
}

static void rank(struct rate_curves *curves)
{
    uint32_t ranked = 0;
    for (size_t i = 0; i < curves->count; i++)
        ranked += curves->items[i].highest != NULL;
    for (size_t i = 0; i < ranked; i++) {
        struct rate_curve *curve = &curves->items[i];
        curve->rank_low = 1;
        curve->rank_high = ranked;
        for (size_t j = 0; j < ranked; j++) {
            curve->rank_low += is_better(curves, &curves->items[j], curve);
            curve->rank_high -= is_better(curves, curve, &curves->items[j]);
        }
    }
}

static double cost_of(const struct rate_curve *curve, enum metric metric)
{
    return cell_stats_shown(curve->highest->cell, metric);
}

/* Prefers less CPU time, then less memory, then fewer workers; otherwise the one that stands in front in the run. */
static bool is_cheaper(const struct rate_curve *one, const struct rate_curve *other)
{
    static const enum metric costs[] = {METRIC_CPU, METRIC_MEMORY};
    for (size_t i = 0; i < sizeof(costs) / sizeof(costs[0]); i++) {
        double left = cost_of(one, costs[i]), right = cost_of(other, costs[i]);
        if (left * (1 + same_cost) < right || right * (1 + same_cost) < left)
            return left < right;
    }
    if (one->workers != other->workers)
        return one->workers < other->workers;
    return one->highest->cell->cell < other->highest->cell->cell;
}

/* CPU time that is saved by responding much later is not a saving. */
static bool is_responsive(const struct rate_curves *curves, const struct rate_curve *curve)
{
    double best = INFINITY;
    for (size_t i = 0; i < curves->count; i++) {
        if (curves->items[i].rank_low == 1)
            best = fmin(best, curves->items[i].highest->cell->metrics[METRIC_RESPONSE_MEAN].value);
    }
    return curve->highest->cell->metrics[METRIC_RESPONSE_MEAN].value <= RATE_FLAT * best;
}

static void recommend(struct rate_curves *curves)
{
    bool has_confirmed = false;
    for (size_t i = 0; i < curves->count; i++)
        has_confirmed |= curves->items[i].rank_low == 1 && curves->items[i].is_confirmed;
    for (size_t i = 0; i < curves->count; i++) {
        const struct rate_curve *curve = &curves->items[i];
        bool is_sure = curve->is_confirmed || !has_confirmed;
        if (curve->rank_low == 1 && is_sure && is_responsive(curves, curve) &&
            (curves->recommended == NULL || is_cheaper(curve, curves->recommended)))
            curves->recommended = curve;
    }
}

bool rate_curve_stands_for_mode(const struct rate_curves *curves, const struct rate_curve *curve)
{
    const struct rate_curve *first = NULL;
    for (size_t i = 0; i < curves->count; i++) {
        const struct rate_curve *other = &curves->items[i];
        if (strcmp(other->mode, curve->mode) == 0 && (first == NULL || (other->is_confirmed && !first->is_confirmed)))
            first = other;
    }
    return first == curve;
}

static struct rate_curve *find_curve(struct rate_curves *curves, const struct run_cell *cell)
{
    for (size_t i = 0; i < curves->count; i++) {
        if (is_of(&curves->items[i], cell))
            return &curves->items[i];
    }
    struct rate_curve *curve = &curves->items[curves->count++];
    *curve = (struct rate_curve){.workers = cell->workers};
    snprintf(curve->mode, sizeof(curve->mode), "%s", cell->mode);
    return curve;
}

int rate_curves_make(const struct run_stats *stats, struct rate_curves *curves, struct error *error)
{
    *curves = (struct rate_curves){.is_search = stats->run->objective.is_present};
    if (!run_has_rates(stats->run) && !curves->is_search)
        return 0;
    curves->items = calloc(stats->cell_count + 1, sizeof(curves->items[0]));
    if (curves->items == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for what was measured at different rates");
    for (size_t i = 0; i < stats->cell_count; i++) {
        const struct cell_stats *cell = &stats->cells[i];
        curves->most = fmax(curves->most, cell->cell->rate);
        if (cell->has_times && add_point(find_curve(curves, cell->cell), cell, error) != 0) {
            rate_curves_release(curves);
            return -1;
        }
    }
    for (size_t i = 0; i < curves->count; i++) {
        struct rate_curve *curve = &curves->items[i];
        qsort(curve->points, curve->count, sizeof(curve->points[0]), compare_points);
        curve->limit = find_limit(stats, curve);
        judge_points(stats, curve);
        find_highest(curve);
    }
    qsort(curves->items, curves->count, sizeof(curves->items[0]), compare_curves);
    rank(curves);
    recommend(curves);
    return 0;
}

void rate_curves_note(const struct rate_curves *curves, struct run_stats *stats)
{
    for (size_t i = 0; i < stats->cell_count; i++) {
        struct cell_stats *cell = &stats->cells[i];
        for (size_t j = 0; j < curves->count; j++) {
            const struct rate_curve *curve = &curves->items[j];
            if (!is_of(curve, cell->cell))
                continue;
            cell->metrics[METRIC_HIGHEST_RATE] = (struct estimate){
                .value = curve->highest != NULL ? curve->highest_rate : NAN,
                .low = curve->highest_rate,
                .high = curve->next != NULL ? curve->next_rate : INFINITY,
                /* It is certain enough that not even the lowest rate was good. */
                .confidence = curve->is_confirmed || !curves->is_search || curve->highest == NULL,
            };
        }
    }
}

void rate_curves_release(struct rate_curves *curves)
{
    for (size_t i = 0; i < curves->count; i++)
        free(curves->items[i].points);
    free(curves->items);
    *curves = (struct rate_curves){0};
}
