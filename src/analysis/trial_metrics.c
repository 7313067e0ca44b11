#include <math.h>

#include "conc_bench/analysis/metrics.h"
#include "conc_bench/analysis/validity.h"

static void count_downloads(const struct trial *trial, const struct trial_summary *summary, double *values)
{
    for (int outcome = 0; outcome < OUTCOME_COUNT; outcome++) {
        if (validity_is_failure(trial, (enum outcome)outcome))
            values[METRIC_FAILURES] += summary->outcomes[outcome];
    }
    values[METRIC_DOWNLOADS] = trial_downloads(summary);
    values[METRIC_RETRIES] = (double)summary->retries;
    values[METRIC_BYTES] = (double)summary->body_bytes;
    values[METRIC_CONNECTS] = (double)summary->connects;
    values[METRIC_TLS_HANDSHAKES] = (double)summary->handshakes;
    values[METRIC_PEAK_IN_FLIGHT] = summary->peak_in_flight;
}

static void count_streams(const struct trial *trial, const struct trial_summary *summary, double *values)
{
    double connections = (double)summary->http2_connects + trial->http2.warm_connects;
    values[METRIC_HTTP2] = summary->http2;
    values[METRIC_HTTP2_CONNECTIONS] = summary->http2 > 0 ? connections : NAN;
    values[METRIC_HTTP2_SHARE] = summary->http2 > 0 && connections > 0 ? (double)summary->http2 / connections : NAN;
    /* Streams are not counted where connections are not shared: there is one at a time. */
    if (summary->http2 == 0)
        values[METRIC_STREAMS] = NAN;
    else
        values[METRIC_STREAMS] = trial->http2.most_streams > 1 ? trial->http2.most_streams : 1;
}

static nanoseconds sum_phases(const struct trial_summary *summary, enum phase last)
{
    nanoseconds sum = 0;
    for (int phase = 0; phase <= (int)last; phase++)
        sum += summary->phases[phase];
    return sum;
}

/* Figures of a client that nothing has measured. */
static void forget_unseen(const struct trial *trial, double *values)
{
    if (!trial->client.is_present)
        return;
    for (int metric = METRIC_DOWNLOADS; metric <= METRIC_PEAK_IN_FLIGHT && validity_is_unproven(trial); metric++)
        values[metric] = NAN;
    if (trial->client.proof == CLIENT_SEEN)
        values[METRIC_TLS_HANDSHAKES] = (double)trial->client.handshakes;
    else
        values[METRIC_CONNECTS] = values[METRIC_TLS_HANDSHAKES] = NAN;
    if (trial->client.first_request == 0)
        values[METRIC_STARTUP] = NAN;
    values[METRIC_TEARDOWN] = NAN;
    for (int phase = 0; phase < PHASE_COUNT; phase++)
        values[METRIC_OF_PHASE(phase)] = NAN;
}

/* Counts the downloads that have a service time. */
static uint32_t count_begun(const struct trial_summary *summary)
{
    return summary->arrivals.is_present ? summary->arrivals.begun : summary->settled;
}

static void measure_phases(const struct trial_summary *summary, double *values)
{
    for (int phase = 0; phase < PHASE_COUNT; phase++)
        values[METRIC_OF_PHASE(phase)] = clock_seconds(summary->phases[phase]) / count_begun(summary);
    if (summary->handshakes > 0)
        values[METRIC_HANDSHAKE] = clock_seconds(summary->phases[PHASE_TLS]) / (double)summary->handshakes;
}

static void measure_times(const struct run_cell *cell, const struct trial *trial, const struct trial_summary *summary,
                          double *values)
{
    values[METRIC_STARTUP] = clock_seconds(trial->startup);
    values[METRIC_RUN] = clock_seconds(trial->run);
    values[METRIC_TEARDOWN] = clock_seconds(trial->teardown);
    values[METRIC_TIME] = clock_seconds(trial_time(trial));
    if (trial->run > 0)
        values[METRIC_OCCUPANCY] =
            (double)sum_phases(summary, PHASE_WORK) / ((double)trial->run * cell_workers_in_all(cell));
    if (summary->settled == 0)
        return;
    values[METRIC_P50] = clock_seconds(summary->p50);
    values[METRIC_P90] = clock_seconds(summary->p90);
    values[METRIC_P95] = clock_seconds(summary->p95);
    values[METRIC_P99] = clock_seconds(summary->p99);
    values[METRIC_MAX] = clock_seconds(summary->longest);
    values[METRIC_MEAN] = clock_seconds(sum_phases(summary, PHASE_RECEIVE)) / count_begun(summary);
    measure_phases(summary, values);
    values[METRIC_T95] = clock_seconds(trial->startup + summary->settled_p95);
    if (trial->run > 0)
        values[METRIC_DRAIN] = (double)(trial->run - summary->last_start) / (double)trial->run;
}

static void measure_costs(const struct trial *trial, double *values)
{
    const struct trial_resources *resources = &trial->resources;
    values[METRIC_CPU_USER] = clock_seconds(resources->cpu_user);
    values[METRIC_CPU_SYSTEM] = clock_seconds(resources->cpu_system);
    values[METRIC_CPU] = clock_seconds(resources->cpu_user + resources->cpu_system);
    bool is_schedule_known = resources->on_cpu > 0;
    /* wait4(2) counts to the end of the teardown. */
    nanoseconds end = is_schedule_known ? 0 : trial->teardown;
    double alive = clock_seconds(trial->startup + trial->warm + trial->run + end);
    double on_cpu = is_schedule_known ? clock_seconds(resources->on_cpu) : values[METRIC_CPU];
    values[METRIC_CORES] = alive > 0 ? on_cpu / alive : NAN;
    values[METRIC_VOLUNTARY] = (double)resources->voluntary_switches;
    values[METRIC_INVOLUNTARY] = (double)resources->involuntary_switches;
    values[METRIC_RUN_QUEUE_WAIT] = is_schedule_known ? clock_seconds(resources->run_queue_wait) : NAN;
    values[METRIC_LAG_P99] = trial->lag.longest > 0 ? clock_seconds(trial->lag.p99) : NAN;
    values[METRIC_LAG_MAX] = trial->lag.longest > 0 ? clock_seconds(trial->lag.longest) : NAN;
    values[METRIC_MEMORY] = resources->peak_memory_bytes > 0 ? (double)resources->peak_memory_bytes : NAN;
    values[METRIC_PROCESSES] = resources->processes > 0 ? (double)resources->processes : NAN;
    values[METRIC_THREADS] = resources->threads > 0 ? (double)resources->threads : NAN;
    values[METRIC_DESCRIPTORS] = resources->descriptors > 0 ? (double)resources->descriptors : NAN;
}

static void measure_arrivals(const struct trial *trial, double *values)
{
    const struct trial_arrivals *arrivals = &trial->summary.arrivals;
    if (!arrivals->is_present || trial_downloads(&trial->summary) == 0)
        return;
    values[METRIC_KEPT_UP] = arrivals->is_kept_up;
    values[METRIC_RESPONSE_MEAN] = clock_seconds(arrivals->response_sum) / trial_downloads(&trial->summary);
    values[METRIC_RESPONSE_P50] = clock_seconds(arrivals->response_p50);
    values[METRIC_RESPONSE_P95] = clock_seconds(arrivals->response_p95);
    values[METRIC_RESPONSE_P99] = clock_seconds(arrivals->response_p99);
    values[METRIC_RESPONSE_MAX] = clock_seconds(arrivals->response_longest);
    values[METRIC_WAIT_MEAN] = clock_seconds(arrivals->wait_sum) / trial_downloads(&trial->summary);
    values[METRIC_WAIT_P50] = clock_seconds(arrivals->wait_p50);
    values[METRIC_WAIT_P95] = clock_seconds(arrivals->wait_p95);
    values[METRIC_WAIT_P99] = clock_seconds(arrivals->wait_p99);
    values[METRIC_WAIT_MAX] = clock_seconds(arrivals->wait_longest);
    values[METRIC_BEHIND] = clock_seconds(arrivals->behind);
    if (arrivals->begun > 1 && arrivals->begun_in > 0)
        values[METRIC_RATE] = (arrivals->begun - 1) / clock_seconds(arrivals->begun_in);
    if (trial->late.longest == 0)
        return; /* nobody ever waited for a download */
    values[METRIC_LATE_P50] = clock_seconds(trial->late.p50);
    values[METRIC_LATE_P99] = clock_seconds(trial->late.p99);
    values[METRIC_LATE_MAX] = clock_seconds(trial->late.longest);
}

void metrics_of_trial(const struct run_cell *cell, const struct trial *trial, double *values)
{
    const struct trial_summary *summary = &trial->summary;
    for (int i = 0; i < METRIC_COUNT; i++)
        values[i] = i >= METRIC_DOWNLOADS && i <= METRIC_PEAK_IN_FLIGHT ? 0 : NAN;
    count_downloads(trial, summary, values);
    count_streams(trial, summary, values);
    measure_times(cell, trial, summary, values);
    measure_costs(trial, values);
    measure_arrivals(trial, values);
    forget_unseen(trial, values);
    values[METRIC_THROUGHPUT] = values[METRIC_DOWNLOADS] / values[METRIC_TIME];
    values[METRIC_BANDWIDTH] = values[METRIC_BYTES] / values[METRIC_TIME];
}
