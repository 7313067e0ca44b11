#include "conc_bench/measures.h"

#include <math.h>

#include "conc_bench/digest.h"
#include "conc_bench/validity.h"

static void count_downloads(const struct trial *trial, const struct trial_digest *digest, double *values)
{
    for (int outcome = 0; outcome < OUTCOME_COUNT; outcome++) {
        if (validity_is_failure(trial, (enum outcome)outcome))
            values[MEASURE_FAILURES] += digest->outcomes[outcome];
    }
    values[MEASURE_DOWNLOADS] = digest->settled;
    values[MEASURE_BYTES] = (double)digest->body_bytes;
    values[MEASURE_CONNECTS] = (double)digest->connects;
    values[MEASURE_HANDSHAKES] = (double)digest->handshakes;
    values[MEASURE_PEAK_IN_FLIGHT] = digest->peak_in_flight;
}

static void count_streams(const struct trial *trial, const struct trial_digest *digest, double *values)
{
    double connections = (double)digest->http2_connects + trial->http2.warm_connects;
    values[MEASURE_HTTP2] = digest->http2;
    values[MEASURE_HTTP2_CONNECTIONS] = digest->http2 > 0 ? connections : NAN;
    values[MEASURE_HTTP2_SHARE] = digest->http2 > 0 && connections > 0 ? (double)digest->http2 / connections : NAN;
    /* Where connections are not shared, nobody counts: there is one at a time. */
    if (digest->http2 == 0)
        values[MEASURE_STREAMS] = NAN;
    else
        values[MEASURE_STREAMS] = trial->http2.most_streams > 1 ? trial->http2.most_streams : 1;
}

static nanoseconds sum_phases(const struct trial_digest *digest, enum phase last)
{
    nanoseconds sum = 0;
    for (int phase = 0; phase <= (int)last; phase++)
        sum += digest->phases[phase];
    return sum;
}

static void measure_phases(const struct trial_digest *digest, double *values)
{
    for (int phase = 0; phase < PHASE_COUNT; phase++)
        values[MEASURE_PHASES + phase] = clock_seconds(digest->phases[phase]) / digest->settled;
    if (digest->handshakes > 0)
        values[MEASURE_HANDSHAKE] = clock_seconds(digest->phases[PHASE_TLS]) / (double)digest->handshakes;
}

static void measure_times(const struct cell_result *cell, const struct trial *trial, const struct trial_digest *digest,
                          double *values)
{
    values[MEASURE_STARTUP] = clock_seconds(trial->startup);
    values[MEASURE_RUN] = clock_seconds(trial->run);
    values[MEASURE_TEARDOWN] = clock_seconds(trial->teardown);
    values[MEASURE_TIME] = clock_seconds(trial_time(trial));
    if (trial->run > 0)
        values[MEASURE_OCCUPANCY] = (double)sum_phases(digest, PHASE_WORK) / ((double)trial->run * cell->workers);
    if (digest->settled == 0)
        return;
    values[MEASURE_P50] = clock_seconds(digest->p50);
    values[MEASURE_P90] = clock_seconds(digest->p90);
    values[MEASURE_P95] = clock_seconds(digest->p95);
    values[MEASURE_P99] = clock_seconds(digest->p99);
    values[MEASURE_MAX] = clock_seconds(digest->longest);
    values[MEASURE_MEAN] = clock_seconds(sum_phases(digest, PHASE_RECEIVE)) / digest->settled;
    measure_phases(digest, values);
    values[MEASURE_T95] = clock_seconds(trial->startup + digest->settled_p95);
    if (trial->run > 0)
        values[MEASURE_DRAIN] = (double)(trial->run - digest->last_start) / (double)trial->run;
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
    struct trial_digest digest;
    for (int i = 0; i < MEASURE_COUNT; i++)
        values[i] = i >= MEASURE_DOWNLOADS && i <= MEASURE_PEAK_IN_FLIGHT ? 0 : NAN;
    if (digest_make(trial, &digest, error) != 0)
        return -1;
    if (!digest.is_known)
        return 0;
    count_downloads(trial, &digest, values);
    count_streams(trial, &digest, values);
    measure_times(cell, trial, &digest, values);
    measure_costs(trial, values);
    values[MEASURE_THROUGHPUT] = values[MEASURE_DOWNLOADS] / values[MEASURE_TIME];
    values[MEASURE_BANDWIDTH] = values[MEASURE_BYTES] / values[MEASURE_TIME];
    return 0;
}
