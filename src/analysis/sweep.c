#include "conc_bench/analysis/sweep.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/analysis/signed_rank.h"
#include "conc_bench/base/number.h"
#include "conc_bench/base/text.h"
#include "conc_bench/modes/trait.h"

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
    double tolerated = FIGURES_FAILED_TOLERATED * (double)cell->downloads_in_all;
    return cell->has_times && (double)cell->failures_in_all <= tolerated;
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
    size_t count = cell_stats_paired_times(point->cell, best->cell, logs);
    *is_bounded = false;
    if (point == best)
        return true;
    if (signed_rank_compute(logs, count, FIGURES_CONFIDENCE, 1 - FIGURES_CONFIDENCE, &test, NULL) != 0 ||
        test.bound_confidence == 0)
        return time_of(point) <= time_of(best) * (1 + FIGURES_NEGLIGIBLE);
    *is_bounded = true;
    return test.upper_bound <= log1p(FIGURES_NEGLIGIBLE);
}

/* A single trial says too little to be chosen by where others were measured again and again. */
static bool is_eligible(const struct sweep *sweep, size_t index)
{
    size_t most = 0;
    for (size_t i = 0; i < sweep->count; i++)
        most = sweep->points[i].cell->rounds > most ? sweep->points[i].cell->rounds : most;
    return is_usable(sweep->points[index].cell) && 2 * sweep->points[index].cell->rounds >= most;
}

static void find_knee(const struct run_stats *stats, struct sweep *sweep)
{
    const struct sweep_point *best = NULL;
    for (size_t i = 0; i < sweep->count; i++) {
        if (is_eligible(sweep, i) && (best == NULL || time_of(&sweep->points[i]) < time_of(best)))
            best = &sweep->points[i];
    }
    if (best == NULL)
        return;
    sweep->best = best->cell->cell->workers;
    for (size_t i = 0; i < sweep->count && sweep->knee == 0; i++) {
        if (is_eligible(sweep, i) && is_near(&sweep->points[i], best, &sweep->is_knee_bounded))
            sweep->knee = sweep->points[i].cell->cell->workers;
    }
    /* More workers than downloads have nothing to do, and a mode that has but one worker has no more. */
    uint32_t most = sweep->points[sweep->count - 1].cell->cell->workers;
    bool can_have_more = most < stats->run->downloads && (best->cell->cell->traits & MODE_ONE_WORKER) == 0;
    sweep->is_open = sweep->best == most && sweep->knee == most && can_have_more;
}

/* Whether all points were measured in the same rounds. A search measures them one after the other, and within a time
 * budget only some of them again. */
static bool is_one_group(const struct sweep *sweep)
{
    for (size_t i = 0; i < sweep->count; i++) {
        const struct cell_stats *cell = sweep->points[i].cell;
        if (cell->cell->group != sweep->points[0].cell->cell->group ||
            cell->cell->trial_count != sweep->points[0].cell->cell->trial_count)
            return false;
    }
    return sweep->count > 0;
}

static int analyse(const struct run_stats *stats, struct sweep *sweep, const double *workers, double *log_times,
                   size_t rounds, struct error *error)
{
    for (size_t i = 0; i < sweep->count; i++) {
        const struct cell_stats *cell = sweep->points[i].cell;
        cell_stats_log_times(cell, &log_times[i * rounds], rounds);
        for (size_t round = 0; round < rounds && !is_usable(cell); round++)
            log_times[i * rounds + round] = NAN;
    }
    const struct usl_sweep data = {.workers = workers,
                                   .count = sweep->count,
                                   .log_times = log_times,
                                   .rounds = rounds,
                                   .units = stats->run->downloads};
    struct usl law;
    if (usl_analyse(&data, &law, error) != 0)
        return -1;
    sweep->has_fit = law.is_fitted;
    sweep->fit = law.curve;
    sweep->peak = law.peak;
    return 0;
}

/* Fits the medians alone. */
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
             "; scalability law: contention %s, coherency %s (it describes these points, %.0f %% off on average), ",
             NUMBER(2, sweep->fit.sigma), NUMBER(2, sweep->fit.kappa), 100 * sweep->fit.error);
    if (isfinite(sweep->peak))
        text_append(buffer, size, "peak near %.0f workers", sweep->peak);
    else
        text_append(buffer, size, "no peak within the tested range");
}

static void describe(struct sweep *sweep)
{
    char fitted[256];
    const char *are = sweep->knee == 1 ? " is" : "s are";
    char fewer[80] = "";
    describe_fit(sweep, fitted, sizeof(fitted));
    if (sweep->knee > sweep->points[0].cell->cell->workers)
        snprintf(fewer, sizeof(fewer), ", and with fewer it is not reliably within %.0f %%", 100 * FIGURES_NEGLIGIBLE);
    if (sweep->is_open)
        snprintf(sweep->sentence, sizeof(sweep->sentence),
                 "%s: %" PRIu32 " worker%s fastest and the most tried; more may be faster%s", sweep->mode, sweep->best,
                 sweep->best == 1 ? " was" : "s were", fitted);
    else if (sweep->knee == 0)
        snprintf(sweep->sentence, sizeof(sweep->sentence), "%s: no number of workers got through", sweep->mode);
    else if (sweep->knee == sweep->best)
        snprintf(sweep->sentence, sizeof(sweep->sentence), "%s: %" PRIu32 " worker%s best%s%s", sweep->mode,
                 sweep->knee, are, fewer, fitted);
    else
        snprintf(sweep->sentence, sizeof(sweep->sentence),
                 "%s: %" PRIu32 " worker%s enough, the smallest number %s within %.0f %% of the best (%" PRIu32 ")%s",
                 sweep->mode, sweep->knee, are, sweep->is_knee_bounded ? "reliably" : "by its median",
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
    for (size_t i = 0; i < sweep->count; i++) {
        struct sweep_point *point = &sweep->points[i];
        if (point->cell->cell->workers != cell->cell->workers)
            continue;
        if (cell->rounds > point->cell->rounds)
            point->cell = cell;
        return 0;
    }
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
            *sweep = (struct sweep){.peak = NAN};
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
        find_knee(stats, sweep);
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

/* The trials of a mode, by number of workers. */
struct tried {
    struct point {
        uint32_t workers;
        double time; /* INFINITY: it did not get through */
        size_t rounds;
    } points[64];
    size_t count;
};

static void add_tried(struct tried *tried, const struct cell_stats *cell)
{
    size_t place = 0;
    struct point point = {cell->cell->workers, INFINITY, cell->rounds};
    if (is_usable(cell))
        point.time = cell->measures[METRIC_TIME].value;
    while (place < tried->count && tried->points[place].workers < point.workers)
        place++;
    if (place < tried->count && tried->points[place].workers == point.workers) {
        if (point.rounds > tried->points[place].rounds)
            tried->points[place] = point;
        return;
    }
    if (tried->count == sizeof(tried->points) / sizeof(tried->points[0]))
        return;
    memmove(&tried->points[place + 1], &tried->points[place], (tried->count - place) * sizeof(point));
    tried->points[place] = point;
    tried->count++;
}

static struct tried find_tried(const struct run_stats *stats, const char *mode)
{
    struct tried tried = {.count = 0};
    for (size_t i = 0; i < stats->cell_count; i++) {
        const struct cell_stats *cell = &stats->cells[i];
        if (cell->cell->stage == STAGE_SWEEP && strcmp(cell->cell->mode, mode) == 0)
            add_tried(&tried, cell);
    }
    return tried;
}

static size_t find_best(const struct tried *tried)
{
    size_t best = 0;
    for (size_t i = 1; i < tried->count; i++)
        best = tried->points[i].time < tried->points[best].time ? i : best;
    return best;
}

/* The first that is enough, by what was measured. */
static size_t find_enough(const struct tried *tried)
{
    double enough = tried->points[find_best(tried)].time * (1 + FIGURES_NEGLIGIBLE);
    size_t first = 0;
    while (tried->points[first].time > enough)
        first++;
    return first;
}

/* How many of the largest numbers, in a row, gained nothing over all that are smaller. */
static size_t count_flat(const struct tried *tried)
{
    size_t flat = 0;
    double best = INFINITY;
    for (size_t i = 0; i < tried->count; i++) {
        bool has_gained = tried->points[i].time < best * (1 - FIGURES_NEGLIGIBLE);
        flat = has_gained ? 0 : flat + 1;
        best = fmin(best, tried->points[i].time);
    }
    return flat;
}

/* Between two numbers, by factors, if there is one. */
static uint32_t middle(double low, double high)
{
    double between = low > 0 ? round(sqrt(low * high)) : ceil(high / 2);
    return (uint32_t)fmin(fmax(between, low + 1), high - 1);
}

static uint32_t look_between(const struct tried *tried, double alone)
{
    size_t enough = find_enough(tried);
    size_t best = find_best(tried);
    const struct point *peak = &tried->points[best];
    const struct point *next = &tried->points[best + 1];
    bool has_fallen = best + 1 < tried->count && next->time > peak->time * (1 + FIGURES_NEGLIGIBLE);
    if (has_fallen && 2.0 * next->workers > 5.0 * peak->workers)
        return middle(peak->workers, next->workers);
    double high = tried->points[enough].workers;
    double low = enough > 0 ? tried->points[enough - 1].workers : 0;
    if (isfinite(tried->points[best].time) && alone > 0)
        low = fmax(low, floor(alone / (tried->points[best].time * (1 + FIGURES_NEGLIGIBLE))));
    return 2 * high <= 3 * low || high - low <= 1 ? 0 : middle(low, high);
}

/* Whether workers had nothing to do for nearly half of the time: something else is the limit. */
static bool is_saturated(const struct tried *tried, double alone)
{
    const struct point *best = &tried->points[find_best(tried)];
    return alone > 0 && alone / (best->workers * best->time) < 0.6;
}

uint32_t sweep_next(const struct run_stats *stats, const char *mode, const struct sweep_bounds *bounds)
{
    struct tried tried = find_tried(stats, mode);
    uint32_t first = bounds->first < bounds->most ? bounds->first : bounds->most;
    /* One at a time is measured before, by one mode for all. */
    if (tried.count == 0 || (tried.count == 1 && tried.points[0].workers < first))
        return first;
    if (tried.count == sizeof(tried.points) / sizeof(tried.points[0]))
        return 0;
    uint32_t last = tried.points[tried.count - 1].workers;
    size_t flat = bounds->is_near || is_saturated(&tried, bounds->alone) ? 1 : 2;
    if (last < bounds->most && count_flat(&tried) < flat)
        return last <= bounds->most / 2 ? 2 * last : bounds->most;
    return look_between(&tried, bounds->alone);
}

uint32_t sweep_enough(const struct run_stats *stats, const char *mode)
{
    struct tried tried = find_tried(stats, mode);
    bool is_any = tried.count > 0 && isfinite(tried.points[find_best(&tried)].time);
    return is_any ? tried.points[find_enough(&tried)].workers : 0;
}

bool sweep_is_candidate(const struct run_stats *stats, const char *mode, uint32_t workers)
{
    struct tried tried = find_tried(stats, mode);
    if (tried.count == 0 || isinf(tried.points[find_best(&tried)].time))
        return false;
    size_t best = find_best(&tried);
    size_t enough = find_enough(&tried);
    for (size_t i = 0; i < tried.count; i++) {
        /* One worker takes longest, and once is enough to tell. */
        bool is_below = i + 1 == enough && workers > 1;
        bool is_near = i == best || i == best + 1 || i == enough || is_below;
        if (tried.points[i].workers == workers)
            return is_near && isfinite(tried.points[i].time);
    }
    return false;
}
