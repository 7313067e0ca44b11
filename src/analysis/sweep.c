#include "conc_bench/analysis/sweep.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/analysis/signed_rank.h"
#include "conc_bench/analysis/stats.h"
#include "conc_bench/base/text.h"

static int compare_points(const void *a, const void *b)
{
    const struct sweep_point *left = a;
    const struct sweep_point *right = b;
    return (left->cell->cell->workers > right->cell->cell->workers) -
           (left->cell->cell->workers < right->cell->cell->workers);
}

/* Where some failed there is still a number to choose: what is measured with it is judged by itself. But not one with
 * which most were refused. */
static bool is_usable(const struct cell_stats *cell)
{
    double borne = FIGURES_FAILED_TOLERATED * (double)cell->downloads_in_all;
    return cell->has_times && (double)cell->failures_in_all <= borne;
}

static double time_of(const struct sweep_point *point)
{
    return point->cell->measures[METRIC_TIME].value;
}

static void rate_efficiency(const struct run_stats *stats, struct sweep *sweep)
{
    if (sweep->count == 0)
        return;
    const struct cell_stats *alone = cell_stats_alone(stats, sweep->mode, sweep->points[0].cell->cell->connections);
    for (size_t i = 0; i < sweep->count; i++) {
        struct sweep_point *point = &sweep->points[i];
        point->efficiency = NAN;
        if (alone == NULL || !is_usable(point->cell))
            continue;
        double all = alone->measures[METRIC_MEAN].value * alone->measures[METRIC_DOWNLOADS].value;
        double bound = fmax(all / point->cell->cell->workers, alone->measures[METRIC_MAX].value);
        point->efficiency = bound / time_of(point);
    }
}

/* Whether a point is surely within the FIGURES_NEGLIGIBLE of the best. */
static bool is_near(const struct sweep_point *point, const struct sweep_point *best, bool *is_bounded)
{
    double logs[1024];
    struct signed_rank test;
    if (point->cell->rounds > sizeof(logs) / sizeof(logs[0]))
        return false;
    size_t count = cell_stats_paired_logs(point->cell, best->cell, METRIC_TIME, logs);
    *is_bounded = false;
    if (point == best)
        return true;
    if (signed_rank_compute(logs, count, FIGURES_CONFIDENCE, 1 - FIGURES_CONFIDENCE, &test, NULL) != 0 ||
        test.bound_confidence == 0)
        return time_of(point) <= time_of(best) * (1 + FIGURES_NEGLIGIBLE);
    *is_bounded = true;
    return test.upper_bound <= log1p(FIGURES_NEGLIGIBLE);
}

static void find_knee(struct sweep *sweep)
{
    const struct sweep_point *best = NULL;
    for (size_t i = 0; i < sweep->count; i++) {
        if (is_usable(sweep->points[i].cell) && (best == NULL || time_of(&sweep->points[i]) < time_of(best)))
            best = &sweep->points[i];
    }
    if (best == NULL)
        return;
    sweep->best = best->cell->cell->workers;
    for (size_t i = 0; i < sweep->count && sweep->knee == 0; i++) {
        if (is_usable(sweep->points[i].cell) && is_near(&sweep->points[i], best, &sweep->is_knee_bounded))
            sweep->knee = sweep->points[i].cell->cell->workers;
    }
}

/* Whether all points were measured in the same rounds; a search measures them one after the other. */
static bool is_one_group(const struct sweep *sweep)
{
    for (size_t i = 1; i < sweep->count; i++) {
        if (sweep->points[i].cell->cell->group != sweep->points[0].cell->cell->group)
            return false;
    }
    return sweep->count > 0;
}

static int analyse(const struct run_stats *stats, struct sweep *sweep, const double *workers, double *log_times,
                   size_t rounds, struct error *error)
{
    for (size_t i = 0; i < sweep->count; i++) {
        const struct cell_stats *cell = sweep->points[i].cell;
        for (size_t round = 0; round < rounds; round++)
            log_times[i * rounds + round] = NAN;
        for (size_t row = 0; row < cell->rounds && is_usable(cell); row++)
            log_times[i * rounds + cell->row_rounds[row]] = log(cell_stats_value(cell, row, METRIC_TIME));
    }
    const struct usl_sweep data = {.workers = workers,
                                   .count = sweep->count,
                                   .log_times = log_times,
                                   .rounds = rounds,
                                   .units = stats->run->downloads};
    if (usl_analyse(&data, stats->run->seed, &sweep->ranges, error) != 0)
        return -1;
    sweep->has_ranges = sweep->has_fit = sweep->ranges.status == USL_FITTED;
    sweep->fit = sweep->ranges.curve;
    return 0;
}

/* Of medians alone. */
static void fit_medians(const struct run_stats *stats, struct sweep *sweep, const double *workers, double *throughput)
{
    size_t count = 0;
    while (count < sweep->count && is_usable(sweep->points[count].cell)) {
        throughput[count] = sweep->points[count].cell->measures[METRIC_THROUGHPUT].value;
        count++;
    }
    enum { POINTS_MIN = 5, DOWNLOADS_A_WORKER = 5 };
    bool is_allowed = count >= POINTS_MIN && DOWNLOADS_A_WORKER * workers[count - 1] <= stats->run->downloads;
    sweep->has_fit = is_allowed && usl_fit(workers, throughput, count, &sweep->fit);
}

static int fit(const struct run_stats *stats, struct sweep *sweep, struct error *error)
{
    size_t rounds = 1;
    for (size_t i = 0; i < sweep->count; i++) {
        const struct cell_stats *cell = sweep->points[i].cell;
        if (cell->has_times && cell->row_rounds[cell->rounds - 1] + 1 > rounds)
            rounds = cell->row_rounds[cell->rounds - 1] + 1;
    }
    double *workers = calloc(sweep->count * (rounds + 1) + 1, sizeof(*workers));
    if (workers == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the sweep");
    for (size_t i = 0; i < sweep->count; i++)
        workers[i] = sweep->points[i].cell->cell->workers;
    int status = 0;
    if (is_one_group(sweep))
        status = analyse(stats, sweep, workers, workers + sweep->count, rounds, error);
    else
        fit_medians(stats, sweep, workers, workers + sweep->count);
    free(workers);
    return status;
}

static void describe_fit(const struct sweep *sweep, char *buffer, size_t size)
{
    buffer[0] = '\0';
    if (!sweep->has_fit)
        return;
    snprintf(buffer, size,
             "; scalability law: contention %.2g, coherency %.2g (it describes these points, %.0f %% off on average), ",
             sweep->fit.sigma, sweep->fit.kappa, 100 * sweep->fit.error);
    if (sweep->has_ranges && sweep->ranges.has_peak)
        text_append(buffer, size, "peak near %.0f workers", sweep->ranges.peak);
    else
        text_append(buffer, size, "no peak within the tested range");
}

static void describe(struct sweep *sweep)
{
    char fitted[256];
    bool is_last = sweep->count > 0 && sweep->knee == sweep->points[sweep->count - 1].cell->cell->workers;
    const char *are = sweep->knee == 1 ? " is" : "s are";
    char fewer[80] = "";
    describe_fit(sweep, fitted, sizeof(fitted));
    if (sweep->knee > sweep->points[0].cell->cell->workers)
        snprintf(fewer, sizeof(fewer), ", and with fewer it is not surely within %.0f %%", 100 * FIGURES_NEGLIGIBLE);
    if (sweep->knee == 0)
        snprintf(sweep->sentence, sizeof(sweep->sentence), "%s: no number of workers got through", sweep->mode);
    else if (sweep->knee == sweep->best)
        snprintf(sweep->sentence, sizeof(sweep->sentence), "%s: %" PRIu32 " worker%s best%s%s%s", sweep->mode,
                 sweep->knee, are, fewer, is_last ? "; more were not tried" : "", fitted);
    else
        snprintf(sweep->sentence, sizeof(sweep->sentence),
                 "%s: %" PRIu32 " worker%s enough, the smallest number %s within %.0f %% of the best (%" PRIu32 ")%s",
                 sweep->mode, sweep->knee, are, sweep->is_knee_bounded ? "surely" : "by its median",
                 100 * FIGURES_NEGLIGIBLE, sweep->best, fitted);
}

static struct sweep *find_sweep(struct sweep *sweeps, size_t count, const char *mode)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(sweeps[i].mode, mode) == 0)
            return &sweeps[i];
    }
    return NULL;
}

static int add_point(struct sweep *sweep, const struct cell_stats *cell, struct error *error)
{
    struct sweep_point *longer = realloc(sweep->points, (sweep->count + 1) * sizeof(*longer));
    if (longer == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the sweep");
    sweep->points = longer;
    longer[sweep->count++] = (struct sweep_point){.cell = cell};
    return 0;
}

static int collect(const struct run_stats *stats, struct sweep *sweeps, size_t *count, struct error *error)
{
    for (size_t i = 0; i < stats->cell_count; i++) {
        const struct cell_stats *cell = &stats->cells[i];
        if (cell->cell->stage != STAGE_SWEEP)
            continue;
        struct sweep *sweep = find_sweep(sweeps, *count, cell->cell->mode);
        if (sweep == NULL && *count < SWEEPS_MAX) {
            sweep = &sweeps[(*count)++];
            *sweep = (struct sweep){0};
            snprintf(sweep->mode, sizeof(sweep->mode), "%s", cell->cell->mode);
        }
        if (sweep != NULL && add_point(sweep, cell, error) != 0)
            return -1;
    }
    return 0;
}

int sweeps_make(const struct run_stats *stats, struct sweep *sweeps, size_t *count, struct error *error)
{
    *count = 0;
    int status = collect(stats, sweeps, count, error);
    for (size_t i = 0; i < *count && status == 0; i++) {
        struct sweep *sweep = &sweeps[i];
        qsort(sweep->points, sweep->count, sizeof(sweep->points[0]), compare_points);
        rate_efficiency(stats, sweep);
        find_knee(sweep);
        status = fit(stats, sweep, error);
        if (status == 0)
            describe(sweep);
    }
    return status;
}

void sweep_release(struct sweep *sweep)
{
    free(sweep->points);
    *sweep = (struct sweep){0};
}

/* Search */

static double time_with(const struct run_stats *stats, const char *mode, uint32_t workers)
{
    for (size_t i = 0; i < stats->cell_count; i++) {
        const struct cell_stats *cell = &stats->cells[i];
        if (cell->cell->workers == workers && strcmp(cell->cell->mode, mode) == 0)
            return is_usable(cell) ? cell->measures[METRIC_TIME].value : INFINITY;
    }
    return NAN;
}

/* The largest power of two that was tried in an unbroken row from 1 on, and the best of that row. */
static uint32_t follow_doublings(const struct run_stats *stats, const char *mode, uint32_t *best)
{
    uint32_t last = 0;
    for (uint32_t workers = 1; workers <= UINT32_MAX / 2 && !isnan(time_with(stats, mode, workers)); workers *= 2) {
        if (last == 0 || time_with(stats, mode, workers) < time_with(stats, mode, *best))
            *best = workers;
        last = workers;
    }
    return last;
}

static bool has_gained(const struct run_stats *stats, const char *mode, uint32_t workers)
{
    return time_with(stats, mode, workers) < time_with(stats, mode, workers / 2) * (1 - FIGURES_NEGLIGIBLE);
}

uint32_t sweep_next(const struct run_stats *stats, const char *mode, uint32_t most)
{
    uint32_t best = 0;
    uint32_t last = follow_doublings(stats, mode, &best);
    if (last == 0)
        return 1;
    bool is_flat = last >= 4 && !has_gained(stats, mode, last) && !has_gained(stats, mode, last / 2);
    if (!is_flat && last <= most / 2)
        return 2 * last;
    if (!is_flat && last < most && isnan(time_with(stats, mode, most)))
        return most;
    const uint32_t middles[] = {best - best / 4, best + best / 2};
    for (size_t i = 0; i < sizeof(middles) / sizeof(middles[0]); i++) {
        if (middles[i] != best && middles[i] <= most && isnan(time_with(stats, mode, middles[i])))
            return middles[i];
    }
    return 0;
}
