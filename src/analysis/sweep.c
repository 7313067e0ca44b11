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

/* Points of one sweep differ in this alone, or in workers only by what is best there. */
static int compare_points(const void *a, const void *b)
{
    const struct run_cell *left = ((const struct sweep_point *)a)->cell->cell;
    const struct run_cell *right = ((const struct sweep_point *)b)->cell->cell;
    if (left->machines != right->machines)
        return left->machines > right->machines ? 1 : -1;
    return (left->workers > right->workers) - (left->workers < right->workers);
}

uint32_t sweep_number(const struct sweep *sweep, const struct cell_stats *cell)
{
    return sweep->of == SWEEP_OF_MACHINES ? cell_machines(cell->cell) : cell->cell->workers;
}

const char *sweep_noun(const struct sweep *sweep, bool is_one)
{
    if (sweep->of == SWEEP_OF_MACHINES)
        return is_one ? "machine" : "machines";
    return is_one ? "worker" : "workers";
}

/* A number with which some downloads failed may still be chosen, since what is measured with it is judged by itself.
 * One with which most were refused may not. */
static bool is_usable(const struct cell_stats *cell)
{
    double tolerated = FAILED_SHARE_MAX_TOLERATED * (double)cell->downloads_in_all;
    return cell->has_times && (double)cell->failures_in_all <= tolerated;
}

static double time_of(const struct sweep_point *point)
{
    return point->cell->metrics[METRIC_TIME].value;
}

static void compare_with_fewest(struct sweep *sweep)
{
    const struct sweep_point *fewest = &sweep->points[0];
    for (size_t i = 0; i < sweep->count; i++) {
        struct sweep_point *point = &sweep->points[i];
        double share = (double)sweep_number(sweep, fewest->cell) / sweep_number(sweep, point->cell);
        bool is_known = is_usable(fewest->cell) && is_usable(point->cell);
        point->efficiency = is_known ? time_of(fewest) * share / time_of(point) : NAN;
    }
}

static void rate_efficiency(const struct run_stats *stats, struct sweep *sweep)
{
    if (sweep->count == 0)
        return;
    if (sweep->of == SWEEP_OF_MACHINES) {
        compare_with_fewest(sweep);
        return;
    }
    const struct cell_stats *alone = cell_stats_alone(stats, sweep->mode, sweep->points[0].cell->cell->connections);
    for (size_t i = 0; i < sweep->count; i++) {
        struct sweep_point *point = &sweep->points[i];
        point->efficiency = NAN;
        if (alone == NULL || !is_usable(point->cell))
            continue;
        double all = alone->metrics[METRIC_MEAN].value * alone->metrics[METRIC_DOWNLOADS].value;
        double bound = fmax(all / point->cell->cell->workers, alone->metrics[METRIC_MAX].value);
        point->efficiency = bound / time_of(point);
    }
}

/* Whether a point is surely within the NEGLIGIBLE_SLOWDOWN of the best. */
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
    if (signed_rank_compute(logs, count, CONFIDENCE_LEVEL, 1 - CONFIDENCE_LEVEL, &test, NULL) != 0 ||
        test.bound_confidence == 0)
        return time_of(point) <= time_of(best) * (1 + NEGLIGIBLE_SLOWDOWN);
    *is_bounded = true;
    return test.upper_bound <= log1p(NEGLIGIBLE_SLOWDOWN);
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
    sweep->best = sweep_number(sweep, best->cell);
    for (size_t i = 0; i < sweep->count && sweep->knee == 0; i++) {
        if (is_eligible(sweep, i) && is_near(&sweep->points[i], best, &sweep->is_knee_bounded))
            sweep->knee = sweep_number(sweep, sweep->points[i].cell);
    }
    /* More workers than downloads would have nothing to do, and some modes have only one worker. */
    uint32_t most = sweep_number(sweep, sweep->points[sweep->count - 1].cell);
    bool has_one = sweep->of == SWEEP_OF_WORKERS && (best->cell->cell->traits & MODE_ONE_WORKER) != 0;
    bool can_have_more =
        cell_workers_in_all(sweep->points[sweep->count - 1].cell->cell) < stats->run->downloads && !has_one;
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
        throughput[count] = sweep->points[count].cell->metrics[METRIC_THROUGHPUT].value;
        count++;
    }
    enum { POINTS_MIN = 5, DOWNLOADS_A_WORKER = 5 };
    bool is_allowed = count >= POINTS_MIN && (double)DOWNLOADS_A_WORKER * workers[count - 1] <= stats->run->downloads;
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
        workers[i] = sweep_number(sweep, sweep->points[i].cell);
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
        text_append(buffer, size, "peak near %.0f %s", sweep->peak, sweep_noun(sweep, false));
    else
        text_append(buffer, size, "no peak within the tested range");
}

/* The reason why machines beyond those that are enough add nothing. */
static const char *find_limit(const struct run_stats *stats, const struct cell_stats *cell)
{
    static const double busy = 0.8;
    if (cell_workers_in_all(cell->cell) > cell->metrics[METRIC_DOWNLOADS].value)
        return "the list is too short for so many workers";
    if (cell->metrics[METRIC_CORES].value > busy * cell_usable_cores(stats->run, cell->cell))
        return "the processors of the machines are the limit";
    return "the server is the limit, or the way to it";
}

static const char *ordinal(uint32_t number, char *buffer, size_t size)
{
    static const char *const words[] = {"second",  "third",  "fourth", "fifth", "sixth",
                                        "seventh", "eighth", "ninth",  "tenth"};
    const size_t count = sizeof(words) / sizeof(words[0]);
    bool is_teen = number % 100 / 10 == 1;
    const char *end = is_teen            ? "th"
                      : number % 10 == 1 ? "st"
                      : number % 10 == 2 ? "nd"
                      : number % 10 == 3 ? "rd"
                                         : "th";
    if (number >= 2 && number - 2 < count)
        snprintf(buffer, size, "%s", words[number - 2]);
    else
        snprintf(buffer, size, "%" PRIu32 "%s", number, end);
    return buffer;
}

/* "; the third machine gains nothing: the server is the limit, or the way to it". */
static void describe_limit(const struct run_stats *stats, const struct sweep *sweep, char *buffer, size_t size)
{
    const struct sweep_point *next = NULL;
    char which[32];
    buffer[0] = '\0';
    for (size_t i = 0; i < sweep->count && next == NULL; i++) {
        if (sweep_number(sweep, sweep->points[i].cell) > sweep->knee && is_usable(sweep->points[i].cell))
            next = &sweep->points[i];
    }
    if (sweep->of != SWEEP_OF_MACHINES || sweep->knee == 0 || sweep->is_open || next == NULL)
        return;
    uint32_t number = sweep_number(sweep, next->cell);
    const char *limit = find_limit(stats, next->cell);
    if (number == sweep->knee + 1)
        snprintf(buffer, size, "; the %s machine gains nothing: %s", ordinal(number, which, sizeof(which)), limit);
    else
        snprintf(buffer, size, "; %" PRIu32 " gain nothing more: %s", number, limit);
}

static void describe(const struct run_stats *stats, struct sweep *sweep)
{
    char fitted[256], limit[128];
    bool is_one = sweep->knee == 1;
    const char *noun = sweep_noun(sweep, is_one);
    const char *are = is_one ? "is" : "are";
    char fewer[80] = "";
    describe_fit(sweep, fitted, sizeof(fitted));
    describe_limit(stats, sweep, limit, sizeof(limit));
    if (sweep->knee > sweep_number(sweep, sweep->points[0].cell))
        snprintf(fewer, sizeof(fewer), ", and with fewer it is not reliably within %.0f %%", 100 * NEGLIGIBLE_SLOWDOWN);
    if (sweep->is_open)
        snprintf(sweep->sentence, sizeof(sweep->sentence),
                 "%s: %" PRIu32 " %s %s fastest and the most tried; more may be faster%s", sweep->mode, sweep->best,
                 sweep_noun(sweep, sweep->best == 1), sweep->best == 1 ? "was" : "were", fitted);
    else if (sweep->knee == 0)
        snprintf(sweep->sentence, sizeof(sweep->sentence), "%s: no number of %s got through", sweep->mode,
                 sweep_noun(sweep, false));
    else if (sweep->knee == sweep->best)
        snprintf(sweep->sentence, sizeof(sweep->sentence), "%s: %" PRIu32 " %s %s best%s%s%s", sweep->mode, sweep->knee,
                 noun, are, fewer, limit, fitted);
    else
        snprintf(sweep->sentence, sizeof(sweep->sentence),
                 "%s: %" PRIu32 " %s %s enough, the smallest number %s within %.0f %% of the best (%" PRIu32 ")%s%s",
                 sweep->mode, sweep->knee, noun, are, sweep->is_knee_bounded ? "reliably" : "by its median",
                 100 * NEGLIGIBLE_SLOWDOWN, sweep->best, limit, fitted);
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
        if (sweep_number(sweep, point->cell) != sweep_number(sweep, cell))
            continue;
        /* Numbers of workers that were ranked are measured in as many rounds. */
        bool is_better =
            sweep->of == SWEEP_OF_MACHINES
                ? is_usable(cell) && (!is_usable(point->cell) ||
                                      cell->metrics[METRIC_TIME].value < point->cell->metrics[METRIC_TIME].value)
                : cell->rounds > point->cell->rounds;
        if (is_better)
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

/* The name of a cell without its number of machines; false: it has none. */
static bool name_without_machines(const struct run_cell *cell, char *name, size_t size)
{
    char machines[16];
    snprintf(machines, sizeof(machines), ":x%" PRIu32, cell_machines(cell));
    const char *place = strstr(cell->mode, machines);
    if (place == NULL)
        return false;
    snprintf(name, size, "%.*s%s", (int)(place - cell->mode), cell->mode, place + strlen(machines));
    return true;
}

static struct sweep *add_sweep(struct sweep **sweeps, size_t *count, enum sweep_of of, const char *mode,
                               struct error *error)
{
    struct sweep *longer = realloc(*sweeps, (*count + 1) * sizeof(*longer));
    if (longer == NULL) {
        error_set(error, ERROR_ENVIRONMENT, "no memory for the sweep of %s", mode);
        return NULL;
    }
    *sweeps = longer;
    struct sweep *sweep = &longer[(*count)++];
    *sweep = (struct sweep){.of = of, .peak = NAN};
    snprintf(sweep->mode, sizeof(sweep->mode), "%s", mode);
    return sweep;
}

static int collect(const struct run_stats *stats, enum sweep_of of, struct sweep **sweeps, size_t *count,
                   struct error *error)
{
    for (size_t i = 0; i < stats->cell_count; i++) {
        const struct cell_stats *cell = &stats->cells[i];
        char mode[sizeof(cell->cell->mode)];
        bool is_machines = of == SWEEP_OF_MACHINES;
        snprintf(mode, sizeof(mode), "%s", cell->cell->mode);
        if (cell->cell->stage != (is_machines ? STAGE_MAIN : STAGE_SWEEP) ||
            (is_machines && !name_without_machines(cell->cell, mode, sizeof(mode))))
            continue;
        struct sweep *sweep = find_sweep(*sweeps, *count, mode);
        if (sweep == NULL)
            sweep = add_sweep(sweeps, count, of, mode, error);
        if (sweep == NULL || add_point(sweep, cell, error) != 0)
            return -1;
    }
    return 0;
}

int sweeps_make(const struct run_stats *stats, enum sweep_of of, struct sweep **sweeps, size_t *count,
                struct error *error)
{
    *sweeps = NULL;
    *count = 0;
    int status = collect(stats, of, sweeps, count, error);
    for (size_t i = 0; i < *count && status == 0; i++) {
        struct sweep *sweep = &(*sweeps)[i];
        qsort(sweep->points, sweep->count, sizeof(sweep->points[0]), compare_points);
        rate_efficiency(stats, sweep);
        find_knee(stats, sweep);
        status = fit(stats, sweep, error);
        if (status == 0)
            describe(stats, sweep);
    }
    return status;
}

void sweeps_release(struct sweep *sweeps, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(sweeps[i].points);
    free(sweeps);
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
        point.time = cell->metrics[METRIC_TIME].value;
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
    double enough = tried->points[find_best(tried)].time * (1 + NEGLIGIBLE_SLOWDOWN);
    size_t first = 0;
    while (tried->points[first].time > enough)
        first++;
    return first;
}

/* Counts the largest numbers, in a row, that gained nothing over all smaller ones. */
static size_t count_flat(const struct tried *tried)
{
    size_t flat = 0;
    double best = INFINITY;
    for (size_t i = 0; i < tried->count; i++) {
        bool has_gained = tried->points[i].time < best * (1 - NEGLIGIBLE_SLOWDOWN);
        flat = has_gained ? 0 : flat + 1;
        best = fmin(best, tried->points[i].time);
    }
    return flat;
}

/* Finds a number between two, by factors, if there is one. */
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
    bool has_fallen = best + 1 < tried->count && next->time > peak->time * (1 + NEGLIGIBLE_SLOWDOWN);
    if (has_fallen && 2.0 * next->workers > 5.0 * peak->workers)
        return middle(peak->workers, next->workers);
    double high = tried->points[enough].workers;
    double low = enough > 0 ? tried->points[enough - 1].workers : 0;
    if (isfinite(tried->points[best].time) && alone > 0)
        low = fmax(low, floor(alone / (tried->points[best].time * (1 + NEGLIGIBLE_SLOWDOWN))));
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
