#include "conc_bench/figures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/equal_work.h"
#include "conc_bench/stats.h"

/* One number of a trial, so that its median over the rounds can be taken. */
typedef double trial_number(const struct trial *trial);

static double startup_of(const struct trial *trial)
{
    return clock_seconds(trial->startup);
}

static double run_of(const struct trial *trial)
{
    return clock_seconds(trial->run);
}

static double teardown_of(const struct trial *trial)
{
    return clock_seconds(trial->teardown);
}

static double cpu_user_of(const struct trial *trial)
{
    return clock_seconds(trial->resources.cpu_user);
}

static double cpu_system_of(const struct trial *trial)
{
    return clock_seconds(trial->resources.cpu_system);
}

static double cores_of(const struct trial *trial)
{
    double time = clock_seconds(trial_time(trial));
    return time > 0 ? (cpu_user_of(trial) + cpu_system_of(trial)) / time : NAN;
}

static double voluntary_of(const struct trial *trial)
{
    return (double)trial->resources.voluntary_switches;
}

static double involuntary_of(const struct trial *trial)
{
    return (double)trial->resources.involuntary_switches;
}

static double memory_of(const struct trial *trial)
{
    return (double)trial->resources.peak_memory_bytes;
}

static double processes_of(const struct trial *trial)
{
    return (double)trial->resources.processes;
}

static double threads_of(const struct trial *trial)
{
    return (double)trial->resources.threads;
}

static double bytes_of(const struct trial *trial)
{
    double bytes = 0;
    for (uint32_t unit = 0; unit < trial->table->unit_count; unit++)
        bytes += (double)trial->table->samples[unit].body_bytes;
    return bytes;
}

static double connects_of(const struct trial *trial)
{
    double connects = 0;
    for (uint32_t unit = 0; unit < trial->table->unit_count; unit++)
        connects += trial->table->samples[unit].connects;
    return connects;
}

static double downloads_of(const struct trial *trial)
{
    return (double)sample_table_account(trial->table).settled;
}

static bool counts(const struct cell_figures *figures, const struct trial *trial)
{
    return trial->table != NULL && (trial->status == TRIAL_COMPLETE || !figures->has_times);
}

/* The median over the complete rounds, or over all trials if there is no complete one. `values` is scratch. */
static double median_of(const struct cell_figures *figures, trial_number *number, double *values)
{
    size_t count = 0;
    for (size_t i = 0; i < figures->cell->trial_count; i++) {
        if (counts(figures, &figures->cell->trials[i]))
            values[count++] = number(&figures->cell->trials[i]);
    }
    stats_sort(values, count);
    double median = stats_median(values, count);
    return isnan(median) ? 0 : median;
}

static void figure_times(struct cell_figures *figures, double *values)
{
    for (size_t i = 0; i < figures->rounds; i++)
        values[i] = figures->times[i];
    stats_sort(values, figures->rounds);
    figures->median = stats_median(values, figures->rounds);
    figures->mean = stats_mean(values, figures->rounds);
    figures->standard_deviation = stats_standard_deviation(values, figures->rounds);
    figures->minimum = figures->has_times ? values[0] : NAN;
    figures->maximum = figures->has_times ? values[figures->rounds - 1] : NAN;
    figures->startup = median_of(figures, startup_of, values);
    figures->run = median_of(figures, run_of, values);
    figures->teardown = median_of(figures, teardown_of, values);
}

static void figure_costs(struct cell_figures *figures, double *values)
{
    figures->cpu_user = median_of(figures, cpu_user_of, values);
    figures->cpu_system = median_of(figures, cpu_system_of, values);
    figures->cores_used = median_of(figures, cores_of, values);
    figures->voluntary_switches = median_of(figures, voluntary_of, values);
    figures->involuntary_switches = median_of(figures, involuntary_of, values);
    figures->peak_memory_bytes = median_of(figures, memory_of, values);
    figures->processes = (uint32_t)median_of(figures, processes_of, values);
    figures->threads = (uint32_t)median_of(figures, threads_of, values);
}

/* Whether a download failed, as opposed to being done, never begun, or given up because somebody pressed Ctrl-C. */
static bool is_failure(const struct trial *trial, enum outcome outcome)
{
    bool is_given_up = outcome == OUTCOME_CANCELLED || outcome == OUTCOME_LOST;
    return outcome != OUTCOME_OK && outcome != OUTCOME_NONE && !(is_given_up && trial->status == TRIAL_INTERRUPTED);
}

static uint64_t class_count(const struct trial *trial, enum outcome outcome)
{
    uint64_t count = 0;
    if (!is_failure(trial, outcome))
        return 0;
    for (uint32_t unit = 0; unit < trial->table->unit_count; unit++)
        count += sample_outcome(&trial->table->samples[unit]) == outcome;
    return count;
}

static void figure_counts(struct cell_figures *figures, double *values)
{
    figures->downloads = (uint64_t)median_of(figures, downloads_of, values);
    figures->body_bytes = (uint64_t)median_of(figures, bytes_of, values);
    figures->connects = (uint64_t)median_of(figures, connects_of, values);
    for (int outcome = OUTCOME_OK + 1; outcome < OUTCOME_COUNT; outcome++) {
        size_t count = 0;
        for (size_t i = 0; i < figures->cell->trial_count; i++) {
            if (counts(figures, &figures->cell->trials[i]))
                values[count++] = (double)class_count(&figures->cell->trials[i], (enum outcome)outcome);
        }
        stats_sort(values, count);
        /* Rounded up: a failure in one of two rounds is not none. */
        figures->failure_classes[outcome] = count > 0 ? (uint64_t)ceil(stats_median(values, count)) : 0;
        figures->failures += figures->failure_classes[outcome];
    }
}

/* Service times of all complete trials (or, without one, of all): pooled, exact. */
static int figure_service(struct cell_figures *figures)
{
    size_t capacity = 0;
    for (size_t i = 0; i < figures->cell->trial_count; i++)
        capacity += figures->cell->trials[i].table != NULL ? figures->cell->trials[i].table->unit_count : 0;
    double *values = malloc((capacity + 1) * sizeof(*values));
    if (values == NULL)
        return -1;
    size_t count = 0;
    for (size_t i = 0; i < figures->cell->trial_count; i++) {
        const struct trial *trial = &figures->cell->trials[i];
        for (uint32_t unit = 0; counts(figures, trial) && unit < trial->table->unit_count; unit++) {
            const struct sample *sample = &trial->table->samples[unit];
            if (atomic_load(&sample->state) == SAMPLE_SETTLED)
                values[count++] = clock_seconds(sample->end - sample->start);
        }
    }
    stats_sort(values, count);
    figures->service_p50 = stats_percentile(values, count, 50);
    figures->service_p90 = stats_percentile(values, count, 90);
    figures->service_p95 = stats_percentile(values, count, 95);
    figures->service_p99 = stats_percentile(values, count, 99);
    figures->service_max = stats_percentile(values, count, 100);
    figures->service_mean = stats_mean(values, count);
    free(values);
    return 0;
}

static int compare_instants(const void *a, const void *b)
{
    nanoseconds left = *(const nanoseconds *)a;
    nanoseconds right = *(const nanoseconds *)b;
    return (left > right) - (left < right);
}

/* The most downloads between their start and end stamps at one time: at equal instants ends come first. -1: no memory.
 */
static int peak_of(const struct trial *trial, uint32_t *peak)
{
    uint32_t units = trial->table->unit_count;
    nanoseconds *starts = malloc(2 * (size_t)units * sizeof(*starts));
    if (starts == NULL)
        return -1;
    nanoseconds *ends = starts + units;
    uint32_t count = 0;
    for (uint32_t unit = 0; unit < units; unit++) {
        const struct sample *sample = &trial->table->samples[unit];
        if (atomic_load(&sample->state) != SAMPLE_SETTLED)
            continue;
        starts[count] = sample->start;
        ends[count++] = sample->end;
    }
    qsort(starts, count, sizeof(*starts), compare_instants);
    qsort(ends, count, sizeof(*ends), compare_instants);
    *peak = 0;
    for (uint32_t started = 0, ended = 0; started < count; started++) {
        while (ends[ended] <= starts[started])
            ended++;
        uint32_t in_flight = started + 1 - ended;
        *peak = in_flight > *peak ? in_flight : *peak;
    }
    free(starts);
    return 0;
}

static int figure_peak(struct cell_figures *figures)
{
    for (size_t i = 0; i < figures->cell->trial_count; i++) {
        uint32_t peak;
        if (!counts(figures, &figures->cell->trials[i]))
            continue;
        if (peak_of(&figures->cell->trials[i], &peak) != 0)
            return -1;
        figures->peak_in_flight = peak > figures->peak_in_flight ? peak : figures->peak_in_flight;
    }
    return 0;
}

static int figure_cell(const struct cell_result *cell, struct cell_figures *figures)
{
    *figures = (struct cell_figures){.cell = cell, .speedup = NAN, .speedup_low = NAN, .speedup_high = NAN};
    double *values = calloc(cell->trial_count + 1, sizeof(*values));
    figures->times = calloc(cell->trial_count + 1, sizeof(*figures->times));
    if (values == NULL || figures->times == NULL) {
        free(values);
        return -1;
    }
    for (size_t i = 0; i < cell->trial_count; i++) {
        if (cell->trials[i].status == TRIAL_COMPLETE)
            figures->times[figures->rounds++] = clock_seconds(trial_time(&cell->trials[i]));
    }
    figures->has_times = figures->rounds > 0;
    figure_times(figures, values);
    figure_costs(figures, values);
    figure_counts(figures, values);
    free(values);
    return figure_service(figures) == 0 && figure_peak(figures) == 0 ? 0 : -1;
}

static const struct trial *complete_trial_of_round(const struct cell_result *cell, uint32_t round)
{
    for (size_t i = 0; i < cell->trial_count; i++) {
        if (cell->trials[i].round == round && cell->trials[i].status == TRIAL_COMPLETE)
            return &cell->trials[i];
    }
    return NULL;
}

/* Paired by round: what disturbs the machine for a while then disturbs both. */
static int figure_speedup(struct cell_figures *figures, const struct cell_figures *reference)
{
    double *ratios = malloc((figures->cell->trial_count + 1) * sizeof(*ratios));
    if (ratios == NULL)
        return -1;
    size_t count = 0;
    for (size_t i = 0; i < figures->cell->trial_count; i++) {
        const struct trial *own = &figures->cell->trials[i];
        const struct trial *other = complete_trial_of_round(reference->cell, own->round);
        if (own->status == TRIAL_COMPLETE && other != NULL && trial_time(own) > 0)
            ratios[count++] = (double)trial_time(other) / (double)trial_time(own);
    }
    stats_sort(ratios, count);
    figures->speedup = stats_median(ratios, count);
    figures->speedup_low = count > 0 ? ratios[0] : NAN;
    figures->speedup_high = count > 0 ? ratios[count - 1] : NAN;
    free(ratios);
    return 0;
}

/* Fastest first, those without times last, and otherwise as in the plan. */
static int compare_cells(const void *a, const void *b)
{
    const struct cell_figures *left = a;
    const struct cell_figures *right = b;
    if (left->has_times != right->has_times)
        return left->has_times ? -1 : 1;
    if (left->has_times && left->median != right->median)
        return left->median < right->median ? -1 : 1;
    return (left->cell > right->cell) - (left->cell < right->cell);
}

/* The first cell of the reference mode, in the order of the plan. */
static const struct cell_figures *find_reference(const struct result *result, const struct figures *figures)
{
    const struct cell_figures *found = NULL;
    for (size_t i = 0; i < figures->cell_count; i++) {
        const struct cell_figures *cell = &figures->cells[i];
        if (strcmp(cell->cell->mode, result->reference) == 0 && (found == NULL || cell->cell < found->cell))
            found = cell;
    }
    return found;
}

static uint64_t count_failures(const struct result *result)
{
    uint64_t failures = 0;
    for (size_t i = 0; i < result->cell_count; i++) {
        for (size_t j = 0; j < result->cells[i].trial_count; j++) {
            const struct trial *trial = &result->cells[i].trials[j];
            for (uint32_t unit = 0; trial->table != NULL && unit < trial->table->unit_count; unit++)
                failures += is_failure(trial, sample_outcome(&trial->table->samples[unit]));
        }
    }
    return failures;
}

int figures_compute(const struct result *result, struct figures *figures, struct error *error)
{
    *figures = (struct figures){.cells = calloc(result->cell_count + 1, sizeof(figures->cells[0]))};
    bool is_whole = figures->cells != NULL;
    for (size_t i = 0; is_whole && i < result->cell_count; i++) {
        figures->cell_count = i + 1;
        is_whole = figure_cell(&result->cells[i], &figures->cells[i]) == 0;
    }
    if (is_whole)
        qsort(figures->cells, figures->cell_count, sizeof(figures->cells[0]), compare_cells);
    figures->reference = is_whole ? find_reference(result, figures) : NULL;
    for (size_t i = 0; is_whole && figures->reference != NULL && i < figures->cell_count; i++)
        is_whole = figure_speedup(&figures->cells[i], figures->reference) == 0;
    if (!is_whole) {
        figures_release(figures);
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the figures");
    }
    figures->failures = count_failures(result);
    figures->is_work_equal = equal_work_check(result, figures->inequality, sizeof(figures->inequality));
    return 0;
}

void figures_release(struct figures *figures)
{
    for (size_t i = 0; i < figures->cell_count; i++)
        free(figures->cells[i].times);
    free(figures->cells);
    *figures = (struct figures){0};
}
