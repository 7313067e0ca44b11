#include "conc_bench/digest.h"

#include <stdlib.h>

#include "conc_bench/scratch.h"
#include "conc_bench/stats.h"

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

static void count_sample(const struct sample *sample, struct trial_digest *digest)
{
    nanoseconds ends[PHASE_COUNT];
    digest->settled++;
    digest->answered += sample->status != 0;
    digest->refused += sample->status == 429 || sample->status == 503;
    digest->body_bytes += sample->body_bytes;
    digest->connects += sample->connects;
    digest->handshakes += phases_have_handshake(sample) ? sample->connects : 0;
    digest->redirected += sample->redirects > 0;
    digest->http2 += sample->http_version == 20;
    bool is_unanswered = sample->http_version == 0 && sample->tls_us > 0;
    digest->http2_connects += sample->http_version == 20 || is_unanswered ? sample->connects : 0;
    phases_of(sample, ends);
    nanoseconds before = 0;
    for (int phase = 0; phase < PHASE_COUNT; phase++) {
        digest->phases[phase] += ends[phase] - before;
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
static void read_samples(const struct trial *trial, struct trial_digest *digest, struct columns *columns)
{
    for (uint32_t unit = 0; unit < trial->table->unit_count; unit++) {
        const struct sample *sample = &trial->table->samples[unit];
        enum outcome outcome = sample_outcome(sample);
        digest->outcomes[outcome]++;
        if (outcome == OUTCOME_NONE || outcome == OUTCOME_LOST)
            continue;
        count_sample(sample, digest);
        if (digest->outside_run == 0 && !is_within_run(trial, sample))
            digest->outside_run = unit + 1;
        if (digest->not_fresh == 0 && outcome == OUTCOME_OK && !is_fresh(sample))
            digest->not_fresh = unit + 1;
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

static void measure_services(const double *sorted, size_t count, struct trial_digest *digest)
{
    digest->p50 = percentile(sorted, count, 50);
    digest->p90 = percentile(sorted, count, 90);
    digest->p95 = percentile(sorted, count, 95);
    digest->p99 = percentile(sorted, count, 99);
    digest->longest = percentile(sorted, count, 100);
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

static void measure_times(const struct trial *trial, struct columns *columns, struct trial_digest *digest)
{
    size_t count = columns->count;
    stats_sort(columns->started, count);
    stats_sort(columns->ended, count);
    digest->peak_in_flight = peak_in_flight(columns);
    digest->last_start = percentile(columns->started, count, 100);
    /* Memory is slower than reading some samples once more. */
    if (columns->has_work)
        fill(trial, settled_of, columns->ended);
    digest->settled_p95 = percentile(columns->ended, count, 95);
    const double *services = columns->started;
    if (trial->extract != NULL)
        services = trial->extract->services;
    else
        fill(trial, service_of, columns->started);
    measure_services(services, count, digest);
}

int digest_make(const struct trial *trial, struct trial_digest *digest, struct error *error)
{
    struct columns columns;
    *digest = trial->digest;
    if (digest->is_known || trial->table == NULL)
        return 0;
    if (make_columns(trial->table->unit_count, &columns, error) != 0)
        return -1;
    *digest = (struct trial_digest){.is_known = true, .settled_twice = atomic_load(&trial->table->settled_twice)};
    read_samples(trial, digest, &columns);
    measure_times(trial, &columns, digest);
    free(columns.started);
    return 0;
}
