#include "conc_bench/analysis/trial_summary.h"

#include <stdlib.h>

#include "conc_bench/analysis/stats.h"
#include "conc_bench/base/scratch.h"

/* Instants of a trial's settled samples after the gate: as doubles, which are exact up to a hundred days. */
struct columns {
    double *started;
    double *ended;
    size_t count;
    bool has_work; /* some were not settled when they ended */
};

static int make_columns(size_t units, struct columns *columns, struct error *error)
{
    *columns = (struct columns){.started = scratch_alloc((2 * units + 1) * sizeof(double))};
    if (columns->started == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the figures of %zu downloads", units);
    columns->ended = columns->started + units;
    return 0;
}

static void add_times(const struct trial *trial, const struct sample *sample, struct columns *columns)
{
    size_t row = columns->count++;
    columns->started[row] = (double)(sample->start - trial->gate);
    columns->ended[row] = (double)(sample->end - trial->gate);
    columns->has_work |= sample->settled != sample->end;
}

static void count_sample(const struct sample *sample, struct trial_summary *summary)
{
    nanoseconds ends[PHASE_COUNT];
    summary->settled++;
    summary->answered += sample->status != 0;
    summary->refused += sample->status == 429 || sample->status == 503;
    summary->body_bytes += sample->body_bytes;
    summary->connects += sample->connects;
    summary->handshakes += phases_have_handshake(sample) ? sample->connects : 0;
    summary->redirected += sample->redirects > 0;
    summary->http2 += sample->http_version == 20;
    bool is_unanswered = sample->http_version == 0 && sample->tls_us > 0;
    summary->http2_connects += sample->http_version == 20 || is_unanswered ? sample->connects : 0;
    phases_of(sample, ends);
    nanoseconds before = 0;
    for (int phase = 0; phase < PHASE_COUNT; phase++) {
        summary->phases[phase] += ends[phase] - before;
        before = ends[phase];
    }
}

static bool is_within_run(const struct trial *trial, const struct sample *sample)
{
    return sample->start >= trial->gate && sample->end >= sample->start && sample->settled >= sample->end &&
           sample->settled <= trial->gate + trial->run;
}

/* Of what was answered; a redirect may have to connect anew. */
static bool is_fresh(const struct sample *sample)
{
    return sample->http_version == 0 || sample->connects >= sample->redirects + 1;
}

/* In one pass, since with many samples each pass has to fetch them from memory again. */
static void read_samples(const struct trial *trial, struct trial_summary *summary, struct columns *columns)
{
    for (uint32_t unit = 0; unit < trial->table->unit_count; unit++) {
        const struct sample *sample = &trial->table->samples[unit];
        enum outcome outcome = sample_outcome(sample);
        summary->outcomes[outcome]++;
        if (outcome == OUTCOME_NONE || outcome == OUTCOME_LOST)
            continue;
        count_sample(sample, summary);
        if (summary->outside_run == 0 && !is_within_run(trial, sample))
            summary->outside_run = unit + 1;
        if (summary->not_fresh == 0 && outcome == OUTCOME_OK && !is_fresh(sample))
            summary->not_fresh = unit + 1;
        add_times(trial, sample, columns);
    }
}

/* The most downloads between start and end at one time: at equal instants ends come first. Of sorted columns. */
static uint32_t peak_in_flight(const struct columns *columns)
{
    size_t peak = 0;
    for (size_t started = 0, ended = 0; started < columns->count; started++) {
        while (ended < columns->count && columns->ended[ended] <= columns->started[started])
            ended++;
        /* A download that took no time has ended when it starts. */
        size_t in_flight = started + 1 > ended ? started + 1 - ended : 0;
        peak = in_flight > peak ? in_flight : peak;
    }
    return (uint32_t)peak;
}

static nanoseconds percentile(const double *sorted, size_t count, double percent)
{
    return count > 0 ? (nanoseconds)stats_percentile(sorted, count, percent) : 0;
}

static void measure_services(const double *sorted, size_t count, struct trial_summary *summary)
{
    summary->p50 = percentile(sorted, count, 50);
    summary->p90 = percentile(sorted, count, 90);
    summary->p95 = percentile(sorted, count, 95);
    summary->p99 = percentile(sorted, count, 99);
    summary->longest = percentile(sorted, count, 100);
}

static nanoseconds service_of(const struct trial *trial, const struct sample *sample)
{
    (void)trial;
    return sample->end - sample->start;
}

static nanoseconds settled_of(const struct trial *trial, const struct sample *sample)
{
    return sample->settled - trial->gate;
}

/* Another time of all settled samples, sorted. */
static void fill(const struct trial *trial, nanoseconds (*time_of)(const struct trial *, const struct sample *),
                 double *column)
{
    size_t count = 0;
    for (uint32_t unit = 0; unit < trial->table->unit_count; unit++) {
        enum outcome outcome = sample_outcome(&trial->table->samples[unit]);
        if (outcome != OUTCOME_NONE && outcome != OUTCOME_LOST)
            column[count++] = (double)time_of(trial, &trial->table->samples[unit]);
    }
    stats_sort(column, count);
}

static void measure_times(const struct trial *trial, struct columns *columns, struct trial_summary *summary)
{
    size_t count = columns->count;
    stats_sort(columns->started, count);
    stats_sort(columns->ended, count);
    summary->peak_in_flight = peak_in_flight(columns);
    summary->last_start = percentile(columns->started, count, 100);
    /* Memory is slower than reading some samples once more. */
    if (columns->has_work)
        fill(trial, settled_of, columns->ended);
    summary->settled_p95 = percentile(columns->ended, count, 95);
    const double *services = columns->started;
    if (trial->latencies != NULL)
        services = trial->latencies->services;
    else
        fill(trial, service_of, columns->started);
    measure_services(services, count, summary);
}

int trial_summary_make(const struct trial *trial, struct trial_summary *summary, struct error *error)
{
    struct columns columns;
    *summary = trial->summary;
    if (summary->is_known || trial->table == NULL)
        return 0;
    if (make_columns(trial->table->unit_count, &columns, error) != 0)
        return -1;
    *summary = (struct trial_summary){.is_known = true, .settled_twice = atomic_load(&trial->table->settled_twice)};
    read_samples(trial, summary, &columns);
    measure_times(trial, &columns, summary);
    free(columns.started);
    return 0;
}
