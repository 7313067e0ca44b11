#include "conc_bench/measures.h"

#include <math.h>
#include <stdlib.h>

#include "conc_bench/stats.h"
#include "conc_bench/validity.h"

/* A trial's settled samples, as columns. */
struct columns {
    double *service; /* seconds */
    double *started; /* seconds after the gate */
    double *ended;
    double *settled;
    size_t count;
    double *memory; /* all of them */
};

static int make_columns(const struct trial *trial, struct columns *columns, struct error *error)
{
    size_t units = trial->table->unit_count;
    *columns = (struct columns){.memory = malloc(4 * units * sizeof(double))};
    if (columns->memory == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the figures of %zu downloads", units);
    columns->service = columns->memory;
    columns->started = columns->service + units;
    columns->ended = columns->started + units;
    columns->settled = columns->ended + units;
    for (size_t unit = 0; unit < units; unit++) {
        const struct sample *sample = &trial->table->samples[unit];
        if (atomic_load(&sample->state) != SAMPLE_SETTLED)
            continue;
        columns->service[columns->count] = clock_seconds(sample->end - sample->start);
        columns->started[columns->count] = clock_seconds(sample->start - trial->gate);
        columns->ended[columns->count] = clock_seconds(sample->end - trial->gate);
        columns->settled[columns->count++] = clock_seconds(sample->settled - trial->gate);
    }
    return 0;
}

/* The most downloads between start and end at one time: at equal instants ends come first. Of sorted columns. */
static size_t peak_in_flight(const struct columns *columns)
{
    size_t peak = 0;
    for (size_t started = 0, ended = 0; started < columns->count; started++) {
        while (ended < columns->count && columns->ended[ended] <= columns->started[started])
            ended++;
        /* A download that took no time has ended when it starts. */
        size_t in_flight = started + 1 > ended ? started + 1 - ended : 0;
        peak = in_flight > peak ? in_flight : peak;
    }
    return peak;
}

static void count_samples(const struct trial *trial, double *values)
{
    for (uint32_t unit = 0; unit < trial->table->unit_count; unit++) {
        const struct sample *sample = &trial->table->samples[unit];
        enum outcome outcome = sample_outcome(sample);
        values[MEASURE_FAILURES] += validity_is_failure(trial, outcome);
        if (outcome == OUTCOME_NONE || outcome == OUTCOME_LOST)
            continue;
        values[MEASURE_DOWNLOADS]++;
        values[MEASURE_BYTES] += (double)sample->body_bytes;
        values[MEASURE_CONNECTS] += sample->connects;
        if (sample->tls_us > 0)
            values[MEASURE_HANDSHAKES] += sample->connects;
    }
}

static void measure_times(const struct cell_result *cell, const struct trial *trial, struct columns *columns,
                          double *values)
{
    double busy = 0;
    for (size_t i = 0; i < columns->count; i++)
        busy += columns->settled[i] - columns->started[i];
    stats_sort(columns->service, columns->count);
    stats_sort(columns->started, columns->count);
    stats_sort(columns->ended, columns->count);
    stats_sort(columns->settled, columns->count);
    values[MEASURE_PEAK_IN_FLIGHT] = (double)peak_in_flight(columns);
    values[MEASURE_P50] = stats_percentile(columns->service, columns->count, 50);
    values[MEASURE_P90] = stats_percentile(columns->service, columns->count, 90);
    values[MEASURE_P95] = stats_percentile(columns->service, columns->count, 95);
    values[MEASURE_P99] = stats_percentile(columns->service, columns->count, 99);
    values[MEASURE_MAX] = stats_percentile(columns->service, columns->count, 100);
    values[MEASURE_MEAN] = stats_mean(columns->service, columns->count);
    double run = clock_seconds(trial->run);
    values[MEASURE_STARTUP] = clock_seconds(trial->startup);
    values[MEASURE_RUN] = run;
    values[MEASURE_TEARDOWN] = clock_seconds(trial->teardown);
    values[MEASURE_TIME] = clock_seconds(trial_time(trial));
    values[MEASURE_T95] = values[MEASURE_STARTUP] + stats_percentile(columns->settled, columns->count, 95);
    values[MEASURE_DRAIN] = columns->count > 0 && run > 0 ? (run - columns->started[columns->count - 1]) / run : NAN;
    values[MEASURE_OCCUPANCY] = run > 0 ? busy / (run * cell->workers) : NAN;
}

static void measure_costs(const struct trial *trial, double *values)
{
    const struct trial_resources *resources = &trial->resources;
    values[MEASURE_CPU_USER] = clock_seconds(resources->cpu_user);
    values[MEASURE_CPU_SYSTEM] = clock_seconds(resources->cpu_system);
    values[MEASURE_CPU] = clock_seconds(resources->cpu_user + resources->cpu_system);
    double alive = clock_seconds(trial->startup + trial->warm + trial->run);
    double on_cpu = resources->on_cpu >= 0 ? clock_seconds(resources->on_cpu) : values[MEASURE_CPU];
    values[MEASURE_CORES] = alive > 0 ? on_cpu / alive : NAN;
    values[MEASURE_VOLUNTARY] = (double)resources->voluntary_switches;
    values[MEASURE_INVOLUNTARY] = (double)resources->involuntary_switches;
    values[MEASURE_RUN_QUEUE_WAIT] = resources->run_queue_wait >= 0 ? clock_seconds(resources->run_queue_wait) : NAN;
    values[MEASURE_LAG_P99] = trial->lag.longest > 0 ? clock_seconds(trial->lag.p99) : NAN;
    values[MEASURE_LAG_MAX] = trial->lag.longest > 0 ? clock_seconds(trial->lag.longest) : NAN;
    values[MEASURE_MEMORY] = resources->peak_memory_bytes > 0 ? (double)resources->peak_memory_bytes : NAN;
    values[MEASURE_PROCESSES] = resources->processes > 0 ? (double)resources->processes : NAN;
    values[MEASURE_THREADS] = resources->threads > 0 ? (double)resources->threads : NAN;
    values[MEASURE_DESCRIPTORS] = resources->descriptors > 0 ? (double)resources->descriptors : NAN;
}

int measures_of_trial(const struct cell_result *cell, const struct trial *trial, double *values, struct error *error)
{
    struct columns columns;
    for (int i = 0; i < MEASURE_COUNT; i++)
        values[i] = i >= MEASURE_DOWNLOADS && i <= MEASURE_PEAK_IN_FLIGHT ? 0 : NAN;
    if (trial->table == NULL)
        return 0;
    if (make_columns(trial, &columns, error) != 0)
        return -1;
    count_samples(trial, values);
    measure_times(cell, trial, &columns, values);
    measure_costs(trial, values);
    values[MEASURE_THROUGHPUT] = values[MEASURE_DOWNLOADS] / values[MEASURE_TIME];
    values[MEASURE_BANDWIDTH] = values[MEASURE_BYTES] / values[MEASURE_TIME];
    free(columns.memory);
    return 0;
}
