#include "conc_bench/analysis/cell_stats.h"

#include <math.h>
#include <stdlib.h>

#include "conc_bench/analysis/latency_percentiles.h"
#include "conc_bench/analysis/signed_rank.h"
#include "conc_bench/analysis/stats.h"

static const struct estimate no_estimate = {NAN, NAN, NAN, 0};

double cell_stats_value(const struct cell_stats *cell, size_t row, enum metric metric)
{
    return cell->values[row * METRIC_COUNT + metric];
}

const struct cell_stats *cell_stats_of(const struct run_stats *stats, const struct run_cell *cell)
{
    size_t i = 0;
    while (stats->cells[i].cell != cell)
        i++;
    return &stats->cells[i];
}

/* Cells */

double cell_stats_shown(const struct cell_stats *cell, enum metric metric)
{
    const struct metric_row *row = metric_row(metric);
    double value = cell->metrics[metric].value * (row->column.factor != 0 ? row->column.factor : 1);
    return (row->traits & METRIC_PER_DOWNLOAD) != 0 ? value / cell->metrics[METRIC_DOWNLOADS].value : value;
}

static int measure_rounds(const struct run_stats *stats, struct cell_stats *cell, struct error *error)
{
    cell->values = calloc((cell->cell->trial_count + 1) * METRIC_COUNT, sizeof(cell->values[0]));
    cell->row_rounds = calloc(cell->cell->trial_count + 1, sizeof(cell->row_rounds[0]));
    if (cell->values == NULL || cell->row_rounds == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the figures");
    for (size_t i = 0; i < cell->cell->trial_count; i++) {
        const struct trial *trial = &cell->cell->trials[i];
        bool is_cut_short = trial->status == TRIAL_INTERRUPTED;
        bool is_done = trial->status == TRIAL_COMPLETE && !validity_is_unproven(trial);
        cell->is_unproven |= trial->client.is_present && !is_done && !is_cut_short;
        if (!validity_counts(&stats->validity, cell->cell, trial))
            continue;
        cell->row_rounds[cell->rounds] = trial->round;
        metrics_of_trial(cell->cell, trial, &cell->values[cell->rounds++ * METRIC_COUNT]);
    }
    cell->has_times = cell->rounds > 0;
    return 0;
}

/* Uses the values that are numbers. `sorted` is scratch for the rounds. */
static struct estimate estimate_median(const struct cell_stats *cell, enum metric metric, double *sorted)
{
    size_t count = 0;
    for (size_t row = 0; row < cell->rounds; row++) {
        double value = cell_stats_value(cell, row, metric);
        if (isfinite(value))
            sorted[count++] = value;
    }
    if (count == 0)
        return no_estimate;
    stats_sort(sorted, count);
    struct estimate estimate = {.value = stats_median(sorted, count), .low = sorted[0], .high = sorted[count - 1]};
    double low, high;
    estimate.confidence = stats_median_interval(sorted, count, CONFIDENCE_LEVEL, &low, &high);
    if (estimate.confidence > 0) {
        estimate.low = low;
        estimate.high = high;
    }
    return estimate;
}

/* With fewer rounds, none can be far from the others. */
enum { OUTLIERS_FROM = 5 };

static void spread_of_times(struct cell_stats *cell, double *times)
{
    for (size_t row = 0; row < cell->rounds; row++)
        times[row] = cell_stats_value(cell, row, METRIC_TIME);
    cell->mean = stats_mean(times, cell->rounds);
    cell->standard_deviation = stats_standard_deviation(times, cell->rounds);
    stats_sort(times, cell->rounds);
    double low, high;
    stats_outlier_limits(times, cell->rounds, &low, &high);
    for (size_t row = 0; row < cell->rounds && cell->rounds >= OUTLIERS_FROM; row++)
        cell->outliers += times[row] < low || times[row] > high;
    cell->minimum = cell->has_times ? times[0] : NAN;
    cell->maximum = cell->has_times ? times[cell->rounds - 1] : NAN;
    cell->cold_time = cell->cell->warmup_count > 0 ? clock_seconds(trial_time(&cell->cell->warmups[0])) : NAN;
}

/* Takes the counts of the last trial there is, where no round counts. */
static void count_last_trial(struct cell_stats *cell)
{
    const struct run_cell *run = cell->cell;
    double values[METRIC_COUNT] = {0};
    if (cell->has_times)
        return;
    if (run->trial_count > 0)
        metrics_of_trial(run, &run->trials[run->trial_count - 1], values);
    for (int metric = METRIC_DOWNLOADS; metric <= METRIC_PEAK_IN_FLIGHT; metric++)
        cell->metrics[metric] = (struct estimate){values[metric], values[metric], values[metric], 0};
}

/* Counts the outcomes of one class as failures; `failed` holds those of all trials that take part, in turn. */
static void count_class(struct cell_stats *cell, enum outcome outcome, const uint32_t *failed, size_t trials,
                        double *values)
{
    for (size_t i = 0; i < trials; i++) {
        values[i] = failed[i * OUTCOME_COUNT + (size_t)outcome];
        cell->failures_in_all_by_class[outcome] += failed[i * OUTCOME_COUNT + (size_t)outcome];
    }
    cell->failures_in_all += cell->failures_in_all_by_class[outcome];
    stats_sort(values, trials);
    cell->failure_classes[outcome] = trials > 0 ? (uint64_t)ceil(stats_median(values, trials)) : 0;
}

/* Counts failures by class, in a usual round and in all rounds together. */
static int count_failures(const struct run_stats *stats, struct cell_stats *cell, double *values, struct error *error)
{
    const struct run_cell *run = cell->cell;
    bool has_counting = latency_has_counting(&stats->validity, run);
    uint32_t *failed = calloc(run->trial_count * OUTCOME_COUNT + 1, sizeof(*failed));
    size_t trials = 0;
    if (failed == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the figures");
    for (size_t i = 0; i < run->trial_count; i++) {
        const struct trial_summary *summary = &run->trials[i].summary;
        if (!latency_counts(&stats->validity, run, i, has_counting))
            continue;
        for (int outcome = OUTCOME_OK; outcome < OUTCOME_COUNT; outcome++) {
            cell->downloads_in_all += outcome == OUTCOME_GIVEN_UP ? 0 : summary->outcomes[outcome];
            if (validity_is_failure(&run->trials[i], (enum outcome)outcome))
                failed[trials * OUTCOME_COUNT + (size_t)outcome] = summary->outcomes[outcome];
        }
        trials++;
    }
    for (int outcome = OUTCOME_OK + 1; outcome < OUTCOME_COUNT; outcome++)
        count_class(cell, (enum outcome)outcome, failed, trials, values);
    free(failed);
    return 0;
}

static int figure_cell(const struct run_stats *stats, const struct run_cell *run, struct cell_stats *cell,
                       struct error *error)
{
    *cell = (struct cell_stats){.cell = run, .speedup = no_estimate};
    double *scratch = calloc(run->trial_count + 1, sizeof(*scratch));
    if (scratch == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the figures");
    int status = measure_rounds(stats, cell, error);
    if (status == 0) {
        for (int metric = 0; metric < METRIC_COUNT; metric++)
            cell->metrics[metric] = estimate_median(cell, (enum metric)metric, scratch);
        spread_of_times(cell, scratch);
        status = count_failures(stats, cell, scratch, error);
    }
    if (status == 0) {
        count_last_trial(cell);
        double tolerated = stats->run->tolerates_failures ? FAILED_SHARE_MAX_TOLERATED : FAILED_SHARE_MAX;
        cell->is_overrun = cell->metrics[METRIC_KEPT_UP].value < 0.5;
        cell->is_sound = cell->has_times && !cell->is_unproven && !cell->is_overrun &&
                         (double)cell->failures_in_all <= tolerated * (double)cell->downloads_in_all;
        /* Rounded up, as its classes are; not their sum, since medians do not add up. */
        if (cell->metrics[METRIC_FAILURES].value > 0)
            cell->failures = (uint64_t)ceil(cell->metrics[METRIC_FAILURES].value);
    }
    free(scratch);
    return status;
}

/* Between cells */

enum metric cell_stats_ranked_by(const struct cell_stats *cell)
{
    return isfinite(cell->metrics[METRIC_RESPONSE_MEAN].value) ? METRIC_RESPONSE_MEAN : METRIC_TIME;
}

static double percent_of(enum metric metric)
{
    switch (metric) {
    case METRIC_RESPONSE_P95:
    case METRIC_WAIT_P95:
        return 95;
    case METRIC_RESPONSE_P99:
    case METRIC_WAIT_P99:
        return 99;
    default:
        return 50;
    }
}

double cell_stats_response(const struct cell_stats *cell, enum metric metric)
{
    bool is_supported = stats_supports_percentile(cell->downloads_in_all, percent_of(metric));
    return cell->is_overrun || !is_supported ? NAN : cell->metrics[metric].value;
}

const char *cell_stats_behind_when(const struct cell_stats *cell)
{
    for (size_t i = 0; i < cell->cell->trial_count; i++) {
        if (cell->cell->trials[i].summary.outcomes[OUTCOME_GIVEN_UP] > 0)
            return "when stopped";
    }
    return "at the end";
}

double cell_stats_ranked_value(const struct cell_stats *cell)
{
    return cell->metrics[cell_stats_ranked_by(cell)].value;
}

size_t cell_stats_paired_logs(struct cell_metric numerator, struct cell_metric denominator, double *logs)
{
    const struct cell_stats *above = numerator.cell;
    const struct cell_stats *below = denominator.cell;
    size_t count = 0;
    if (above->cell->group != below->cell->group)
        return 0;
    for (size_t i = 0, j = 0; i < above->rounds && j < below->rounds;) {
        if (above->row_rounds[i] < below->row_rounds[j]) {
            i++;
        } else if (above->row_rounds[i] > below->row_rounds[j]) {
            j++;
        } else {
            double log_ratio = log(cell_stats_value(above, i++, numerator.metric)) -
                               log(cell_stats_value(below, j++, denominator.metric));
            if (isfinite(log_ratio))
                logs[count++] = log_ratio;
        }
    }
    return count;
}

size_t cell_stats_paired_times(const struct cell_stats *numerator, const struct cell_stats *denominator, double *logs)
{
    return cell_stats_paired_logs((struct cell_metric){numerator, cell_stats_ranked_by(numerator)},
                                  (struct cell_metric){denominator, cell_stats_ranked_by(denominator)}, logs);
}

size_t cell_stats_rounds_to_compare(const struct run_stats *stats)
{
    size_t rounds = stats->cells[0].rounds;
    if (stats->main_count > 1 && stats->cells[1].has_times && stats->cells[1].rounds < rounds)
        rounds = stats->cells[1].rounds;
    return rounds;
}

void cell_stats_log_times(const struct cell_stats *cell, double *logs, size_t rounds)
{
    for (size_t round = 0; round < rounds; round++)
        logs[round] = NAN;
    for (size_t row = 0; row < cell->rounds && cell->row_rounds[row] < rounds; row++)
        logs[cell->row_rounds[row]] = log(cell_stats_value(cell, row, cell_stats_ranked_by(cell)));
}

const char *cell_stats_reference_name(const struct run_stats *stats)
{
    return stats->reference != NULL ? stats->reference->cell->mode : "-";
}

int cell_alone_likeness(const struct run_cell *cell, const char *name, enum connection_policy connections)
{
    return cell->workers != 1 ? -1
                              : 4 * (cell_machines(cell) == 1) + 2 * (cell->connections == connections) +
                                    (name != NULL && cell_has_name(cell, name));
}

const struct cell_stats *cell_stats_alone(const struct run_stats *stats, const char *name,
                                          enum connection_policy connections)
{
    const struct cell_stats *alone = NULL;
    int best = -1;
    for (size_t i = 0; i < stats->cell_count; i++) {
        const struct cell_stats *cell = &stats->cells[i];
        int likeness = cell_alone_likeness(cell->cell, name, connections);
        if (!cell->is_sound || likeness <= best)
            continue;
        alone = cell;
        best = likeness;
    }
    return alone;
}

bool cell_stats_have_phase(const struct run_stats *stats, enum phase phase)
{
    /* Without work of its own, settling a download takes the last phase a moment. */
    if (phase == PHASE_WORK)
        return stats->run->cpu_work > 0;
    for (size_t i = 0; i < stats->main_count; i++) {
        if (stats->cells[i].metrics[METRIC_OF_PHASE(phase)].value > 0)
            return true;
    }
    return false;
}

bool cell_stats_have_http2(const struct run_stats *stats)
{
    for (size_t i = 0; i < stats->main_count; i++) {
        if (stats->cells[i].metrics[METRIC_HTTP2].value > 0)
            return true;
    }
    return false;
}

int cell_stats_estimate_ratio(double *logs, size_t count, struct estimate *ratio, struct error *error)
{
    struct signed_rank test;
    *ratio = no_estimate;
    if (count == 0)
        return 0;
    if (signed_rank_compute(logs, count, CONFIDENCE_LEVEL, 1 - CONFIDENCE_LEVEL, &test, error) != 0)
        return -1;
    *ratio = (struct estimate){exp(test.estimate), exp(test.low), exp(test.high), test.confidence};
    if (test.confidence == 0) {
        stats_sort(logs, count);
        ratio->low = exp(logs[0]);
        ratio->high = exp(logs[count - 1]);
    }
    return 0;
}

/* A cell that ranks by fewer rounds than a signed-rank interval needs takes the interval of its ranking. */
static void take_ranked_interval(const struct run_stats *stats, const struct cell_stats *cell, struct estimate *speedup)
{
    size_t place = (size_t)(cell - stats->cells);
    size_t reference = (size_t)(stats->reference - stats->cells);
    bool are_ranked = place < stats->ranking.cell_count && reference < stats->ranking.cell_count;
    if (speedup->confidence > 0 || !are_ranked || place == reference)
        return;
    const struct ranking_pair *pair = ranking_pair(&stats->ranking, reference, place);
    bool is_mirrored = pair->first == place;
    if (pair->comparison.confidence == 0)
        return;
    speedup->low = exp(is_mirrored ? -pair->comparison.high : pair->comparison.low);
    speedup->high = exp(is_mirrored ? -pair->comparison.low : pair->comparison.high);
    speedup->confidence = pair->comparison.confidence;
}

/* Paired by round: what disturbs the machine for a while then disturbs both. */
static int estimate_speedup(const struct run_stats *stats, struct cell_stats *cell, struct error *error)
{
    if (stats->reference == NULL || stats->reference->cell->group != cell->cell->group)
        return 0;
    if (!stats->reference->is_sound || !cell->is_sound)
        return 0;
    double *logs = calloc(cell->rounds + 1, sizeof(*logs));
    if (logs == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the figures");
    size_t count = cell_stats_paired_times(stats->reference, cell, logs);
    int status = cell_stats_estimate_ratio(logs, count, &cell->speedup, error);
    take_ranked_interval(stats, cell, &cell->speedup);
    free(logs);
    return status;
}

/* Cells at different rates are not compared, and stay in the order of the plan. Otherwise the fastest first, behind
 * them those that failed too often, those without times last, and otherwise as in the plan; what was swept behind what
 * was chosen. */
static int compare_cells(const void *a, const void *b)
{
    const struct cell_stats *left = a;
    const struct cell_stats *right = b;
    double left_time = cell_stats_ranked_value(left);
    double right_time = cell_stats_ranked_value(right);
    if (left->cell->stage != right->cell->stage)
        return left->cell->stage == STAGE_MAIN ? -1 : 1;
    bool is_by_time = !left->cell->is_named_by_rate;
    if (left->is_sound != right->is_sound && is_by_time)
        return left->is_sound ? -1 : 1;
    if (left->has_times != right->has_times)
        return left->has_times ? -1 : 1;
    if (left->has_times && left_time != right_time && is_by_time)
        return left_time < right_time ? -1 : 1;
    return (left->cell > right->cell) - (left->cell < right->cell);
}

/* The first main cell of the reference mode, in the order of the plan. */
static const struct cell_stats *find_reference(const struct run_stats *stats)
{
    const struct cell_stats *found = NULL;
    for (size_t i = 0; i < stats->main_count; i++) {
        const struct cell_stats *cell = &stats->cells[i];
        if (!cell->cell->is_named_by_rate && cell_has_name(cell->cell, stats->run->reference) &&
            (found == NULL || cell->cell < found->cell))
            found = cell;
    }
    return found;
}

/* Ranks the main cells that are sound, if the run is valid. */
static int rank(struct run_stats *stats, struct error *error)
{
    size_t ranked = 0;
    size_t rounds = 1;
    for (size_t i = 0; i < stats->main_count && stats->cells[i].is_sound; i++) {
        if (stats->cells[i].cell->is_named_by_rate)
            return 0;
        const struct cell_stats *cell = &stats->cells[i];
        uint32_t last = cell->row_rounds[cell->rounds - 1];
        rounds = last + 1 > rounds ? last + 1 : rounds;
        ranked++;
    }
    if (ranked < 2 || !stats->validity.is_valid || !stats->validity.has_success)
        return 0;
    double *logs = calloc(ranked * rounds, sizeof(*logs));
    if (logs == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory to rank %zu cells", ranked);
    for (size_t i = 0; i < ranked; i++)
        cell_stats_log_times(&stats->cells[i], &logs[i * rounds], rounds);
    int status =
        ranking_compute(logs, ranked, rounds, 1 - CONFIDENCE_LEVEL, NEGLIGIBLE_SLOWDOWN, &stats->ranking, error);
    for (size_t i = 0; i < ranked && status == 0 && ranking_says_anything(&stats->ranking); i++) {
        stats->cells[i].rank_low = (uint32_t)stats->ranking.cells[i].low;
        stats->cells[i].rank_high = (uint32_t)stats->ranking.cells[i].high;
    }
    free(logs);
    return status;
}

static int compute_cells(struct run_stats *stats, struct error *error)
{
    const struct run *run = stats->run;
    stats->cells = calloc(run->cell_count + 1, sizeof(stats->cells[0]));
    if (stats->cells == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the figures");
    for (size_t i = 0; i < run->cell_count; i++) {
        stats->cell_count = i + 1;
        stats->main_count += run->cells[i].stage == STAGE_MAIN;
        if (figure_cell(stats, &run->cells[i], &stats->cells[i], error) != 0)
            return -1;
    }
    qsort(stats->cells, stats->cell_count, sizeof(stats->cells[0]), compare_cells);
    stats->reference = find_reference(stats);
    if (rank(stats, error) != 0)
        return -1;
    for (size_t i = 0; i < stats->cell_count; i++) {
        if (estimate_speedup(stats, &stats->cells[i], error) != 0)
            return -1;
    }
    return 0;
}

int cell_stats_compute(const struct run *run, struct validity *validity, struct run_stats *stats, struct error *error)
{
    *stats = (struct run_stats){.run = run, .validity = *validity};
    *validity = (struct validity){0};
    if (compute_cells(stats, error) == 0)
        return 0;
    cell_stats_release(stats);
    return -1;
}

static void add_services(struct cell_stats *cell)
{
    const struct latency_percentiles *times = &cell->totals.service;
    cell->service_p50 = latency_percentile(times, 50);
    cell->service_p90 = latency_percentile(times, 90);
    cell->service_p95 = latency_percentile(times, 95);
    cell->service_p99 = latency_percentile(times, 99);
    cell->service_max = latency_percentile(times, 100);
    cell->service_mean = times->count > 0 ? clock_seconds(times->sum) / (double)times->count : NAN;
}

int cell_stats_complete(const struct run *run, struct run_totals *totals, struct run_stats *stats, struct error *error)
{
    if (cell_stats_compute(run, &totals->validity, stats, error) != 0)
        return -1;
    for (size_t i = 0; i < stats->cell_count; i++) {
        struct cell_stats *cell = &stats->cells[i];
        struct cell_totals *of_cell = &totals->cells[cell->cell - run->cells];
        cell->totals = *of_cell;
        *of_cell = (struct cell_totals){0};
        add_services(cell);
    }
    stats->per_url = totals->per_url;
    totals->per_url = NULL;
    return 0;
}

void cell_stats_release(struct run_stats *stats)
{
    for (size_t i = 0; i < stats->cell_count; i++) {
        free(stats->cells[i].values);
        free(stats->cells[i].row_rounds);
        free(stats->cells[i].totals.url_failures);
    }
    free(stats->cells);
    ranking_release(&stats->ranking);
    validity_release(&stats->validity);
    per_url_release(stats->per_url);
    *stats = (struct run_stats){0};
}
