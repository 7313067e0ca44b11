#include "trial_summary.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "conc_bench/analysis/backlog.h"
#include "conc_bench/analysis/stats.h"
#include "conc_bench/base/scratch.h"
#include "conc_bench/platform/memory.h"

struct summary_maker {
    const struct run *run;
    const nanoseconds *due; /* NULL: nothing was due at an instant */
    const struct trial *trial;
    struct trial_summary *summary;
    struct trial_latencies *latencies; /* the summary's; not yet cut to its size */
    nanoseconds longest;
    uint32_t *latest;  /* by URL: its last answer, from 1; 0: it has none yet */
    uint8_t *contents; /* by URL: how often its content was another than that of its last answer */
    /* Instants of settled samples after the gate: as doubles, which are exact up to a hundred days. */
    double *started;
    double *ended;
    double *waits;                       /* from being due to being begun; NULL: nothing was due at an instant */
    double *responses;                   /* from being due to being settled */
    size_t arrived;                      /* of either */
    nanoseconds first_begun, last_begun; /* instants, of what was not dropped */
    bool has_work;                       /* some were not settled when they ended */
};

/* Latencies */

/* The size of a block with so many service times in front of so many answers. */
static uint64_t block_bytes(uint64_t service_count, uint64_t answer_count)
{
    return offsetof(struct trial_latencies, services) + service_count * sizeof(double) +
           answer_count * sizeof(struct answer);
}

uint64_t trial_latencies_bytes(uint32_t unit_count)
{
    return block_bytes(unit_count, unit_count);
}

/* Mapped with room for whatever the samples may say: pages that are not touched cost nothing. */
static struct trial_latencies *create_latencies(uint32_t unit_count)
{
    size_t bytes = (size_t)trial_latencies_bytes(unit_count);
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    /* Otherwise each trial would make the forks of all later ones slower. */
    memory_keep_from_forks(memory, bytes);
    struct trial_latencies *latencies = memory;
    latencies->bytes = bytes;
    latencies->unit_count = unit_count;
    latencies->answers = (struct answer *)(void *)&latencies->services[unit_count];
    return latencies;
}

/* Gives the pages behind the last answer back. */
static void cut_latencies(struct trial_latencies *latencies)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t used = (size_t)block_bytes(latencies->unit_count, latencies->answer_count);
    size_t kept = (used + page - 1) / page * page;
    if (kept < latencies->bytes && munmap((char *)latencies + kept, latencies->bytes - kept) == 0)
        latencies->bytes = kept;
}

static void add_service(struct summary_maker *maker, uint32_t url, nanoseconds service)
{
    struct trial_latencies *latencies = maker->latencies;
    if (latencies->service_count == 0 || service > maker->longest) {
        maker->longest = service;
        latencies->slowest_url = url;
    }
    latencies->service_sum += service;
    latencies->services[latencies->service_count++] = (double)service;
}

/* The cause of a failure, for classes that alone say little. */
static uint8_t cause_of(const struct sample *sample, enum outcome outcome)
{
    return outcome == OUTCOME_TLS       ? sample->transfer_code
           : outcome == OUTCOME_CONNECT ? (uint8_t)sample->connect_failure
           : outcome == OUTCOME_CHECK   ? (uint8_t)(CAUSE_FIRST_CHECK + sample->failed_check)
                                        : 0;
}

static struct answer answer_of(const struct sample *sample, enum outcome outcome, uint32_t url)
{
    struct answer answer = {.url = url, .outcome = (uint8_t)outcome, .count = 1};
    if (outcome == OUTCOME_OK) {
        answer.body_bytes = sample->body_bytes;
        answer.status = sample->status;
        answer.http_version = sample->http_version;
        answer.digest = sample->body_digest;
    } else {
        answer.cause = cause_of(sample, outcome);
    }
    return answer;
}

/* Whether an answer is like the sample, but for its content. */
static bool is_alike(const struct answer *answer, const struct sample *sample, enum outcome outcome)
{
    if (answer->outcome != outcome)
        return false;
    if (outcome == OUTCOME_OK)
        return answer->body_bytes == sample->body_bytes && answer->status == sample->status &&
               answer->http_version == sample->http_version;
    return answer->cause == cause_of(sample, outcome);
}

/* A page that differs each time would otherwise have as many answers as downloads, all kept until the end of the
 * run. */
static bool has_its_content(struct summary_maker *maker, struct answer *answer, const struct sample *sample,
                            enum outcome outcome)
{
    enum { CONTENTS_KEPT = 16 };
    if (outcome != OUTCOME_OK || answer->digest == sample->body_digest || answer->digest == DIGEST_VARIED)
        return true;
    if (maker->contents[answer->url] < CONTENTS_KEPT) {
        maker->contents[answer->url]++;
        return false;
    }
    answer->digest = DIGEST_VARIED;
    return true;
}

static void add_answer(struct summary_maker *maker, uint32_t url, const struct sample *sample, enum outcome outcome)
{
    struct trial_latencies *latencies = maker->latencies;
    uint32_t latest = maker->latest[url];
    if (latest > 0 && is_alike(&latencies->answers[latest - 1], sample, outcome) &&
        has_its_content(maker, &latencies->answers[latest - 1], sample, outcome)) {
        latencies->answers[latest - 1].count++;
        return;
    }
    latencies->answers[latencies->answer_count++] = answer_of(sample, outcome, url);
    maker->latest[url] = (uint32_t)latencies->answer_count;
}

/* Counts */

static void count_connects(const struct sample *sample, struct trial_summary *summary)
{
    bool is_unanswered = sample->http_version == 0 && sample->tls_us > 0;
    summary->connects += sample->connects;
    summary->handshakes += phases_have_handshake(sample) ? sample->connects : 0;
    summary->http2_connects += sample->http_version == 20 || is_unanswered ? sample->connects : 0;
}

static void count_sample(const struct sample *sample, struct trial_summary *summary)
{
    nanoseconds ends[PHASE_COUNT];
    summary->settled++;
    summary->answered += sample->status != 0;
    summary->refused += sample->status == 429 || sample->status == 503;
    summary->retries += sample->retries;
    summary->body_bytes += sample->body_bytes;
    summary->redirected += sample->redirects > 0;
    summary->http2 += sample->http_version == 20;
    if (sample->connects > 0)
        count_connects(sample, summary);
    phases_of(sample, ends);
    for (int phase = 0; phase < PHASE_COUNT; phase++)
        summary->phases[phase] += ends[phase];
}

/* Takes the beginnings of phases off, in sums: each phase begins where the one before it ends. */
static void take_beginnings_off(nanoseconds phases[PHASE_COUNT])
{
    for (int phase = PHASE_COUNT - 1; phase > 0; phase--)
        phases[phase] -= phases[phase - 1];
}

static void add_arrival(struct summary_maker *maker, uint32_t unit, enum outcome outcome)
{
    const struct sample *sample = &maker->trial->table->samples[unit];
    struct trial_arrivals *arrivals = &maker->summary->arrivals;
    nanoseconds due = maker->trial->gate + maker->due[unit];
    if (outcome == OUTCOME_GIVEN_UP)
        return; /* it waited for nobody, since the trial was over */
    maker->waits[maker->arrived] = (double)(sample->start - due);
    maker->responses[maker->arrived++] = (double)(sample->settled - due);
    arrivals->wait_sum += sample->start - due;
    arrivals->response_sum += sample->settled - due;
    if (outcome == OUTCOME_LATE)
        return;
    if (arrivals->begun++ == 0 || sample->start < maker->first_begun)
        maker->first_begun = sample->start;
    if (sample->start > maker->last_begun)
        maker->last_begun = sample->start;
}

static bool is_within_run(const struct trial *trial, const struct sample *sample)
{
    return sample->start >= trial->gate && sample->end >= sample->start && sample->settled >= sample->end &&
           sample->settled <= trial->gate + trial->run;
}

/* Whether an answer came over new connections only; a redirect may have to connect anew. */
static bool is_fresh(const struct sample *sample)
{
    return sample->http_version == 0 || sample->connects >= sample->redirects + 1;
}

static void add_settled(struct summary_maker *maker, uint32_t unit, uint32_t url, enum outcome outcome)
{
    const struct trial *trial = maker->trial;
    const struct sample *sample = &trial->table->samples[unit];
    struct trial_summary *summary = maker->summary;
    size_t row = maker->latencies->service_count;
    count_sample(sample, summary);
    if (maker->waits != NULL)
        add_arrival(maker, unit, outcome);
    if (outcome == OUTCOME_LATE || outcome == OUTCOME_GIVEN_UP)
        return; /* it has no service time */
    if (summary->outside_run == 0 && !is_within_run(trial, sample))
        summary->outside_run = unit + 1;
    if (summary->not_fresh == 0 && outcome == OUTCOME_OK && !is_fresh(sample))
        summary->not_fresh = unit + 1;
    maker->started[row] = (double)(sample->start - trial->gate);
    maker->ended[row] = (double)(sample->end - trial->gate);
    maker->has_work |= sample->settled != sample->end;
    add_service(maker, url, sample->end - sample->start);
}

/* Reads the samples in one pass, since with many of them each pass has to fetch them from memory again. */
static void read_samples(struct summary_maker *maker)
{
    const struct sample_table *table = maker->trial->table;
    for (uint32_t unit = 0; unit < table->unit_count; unit++) {
        enum outcome outcome = sample_outcome(&table->samples[unit]);
        maker->summary->outcomes[outcome]++;
        if (outcome == OUTCOME_NONE)
            continue;
        uint32_t url = maker->run->unit_urls[unit];
        if (outcome != OUTCOME_LOST)
            add_settled(maker, unit, url, outcome);
        add_answer(maker, url, &table->samples[unit], outcome);
    }
    take_beginnings_off(maker->summary->phases);
}

/* Times */

/* The most downloads between start and end at one time: at equal instants ends come first. Both are
 * sorted. */
static uint32_t peak_in_flight(const double *started, const double *ended, size_t count)
{
    size_t peak = 0;
    for (size_t begun = 0, over = 0; begun < count; begun++) {
        while (over < count && ended[over] <= started[begun])
            over++;
        /* A download that took no time has ended when it starts. */
        size_t in_flight = begun + 1 > over ? begun + 1 - over : 0;
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

/* Takes the instants, after the gate, at which samples were settled, in place of those at which they ended: reading
 * samples again costs less than more memory. */
static void take_settled(struct summary_maker *maker)
{
    const struct sample_table *table = maker->trial->table;
    size_t count = 0;
    for (uint32_t unit = 0; unit < table->unit_count; unit++) {
        enum outcome outcome = sample_outcome(&table->samples[unit]);
        if (outcome != OUTCOME_NONE && outcome != OUTCOME_LOST)
            maker->ended[count++] = (double)(table->samples[unit].settled - maker->trial->gate);
    }
    stats_sort(maker->ended, count);
}

static void measure_times(struct summary_maker *maker)
{
    size_t count = maker->latencies->service_count;
    struct trial_summary *summary = maker->summary;
    stats_sort(maker->started, count);
    stats_sort(maker->ended, count);
    stats_sort(maker->latencies->services, count);
    summary->peak_in_flight = peak_in_flight(maker->started, maker->ended, count);
    summary->last_start = percentile(maker->started, count, 100);
    if (maker->has_work)
        take_settled(maker);
    summary->settled_p95 = percentile(maker->ended, count, 95);
    measure_services(maker->latencies->services, count, summary);
}

/* The largest share that may be dropped by workers that keep up. */
static const double max_dropped_share = 0.01;

static void measure_arrivals(struct summary_maker *maker)
{
    struct trial_arrivals *arrivals = &maker->summary->arrivals;
    size_t count = maker->arrived;
    uint32_t last = maker->trial->table->unit_count - 1;
    double span = (double)(maker->due[last] - maker->due[0]);
    double dropped = (double)maker->summary->settled - arrivals->begun;
    /* Behind a server's limit the backlog is in flight first, and waits begin when no worker is left for it. */
    bool is_behind = backlog_grows(maker->waits, count, span) || backlog_grows(maker->responses, count, span);
    arrivals->is_present = true;
    arrivals->is_kept_up = !is_behind && dropped <= max_dropped_share * maker->summary->settled;
    arrivals->behind = (nanoseconds)backlog_behind(maker->waits, count);
    arrivals->begun_in = maker->last_begun - maker->first_begun;
    stats_sort(maker->waits, count);
    stats_sort(maker->responses, count);
    arrivals->response_p50 = percentile(maker->responses, count, 50);
    arrivals->response_p95 = percentile(maker->responses, count, 95);
    arrivals->response_p99 = percentile(maker->responses, count, 99);
    arrivals->response_longest = percentile(maker->responses, count, 100);
    arrivals->wait_p50 = percentile(maker->waits, count, 50);
    arrivals->wait_p95 = percentile(maker->waits, count, 95);
    arrivals->wait_p99 = percentile(maker->waits, count, 99);
    arrivals->wait_longest = percentile(maker->waits, count, 100);
}

int trial_summary_make(const struct run *run, const nanoseconds *due, struct trial *trial, struct error *error)
{
    size_t units = trial->table->unit_count;
    trial->summary = (struct trial_summary){
        .settled_twice = atomic_load(&trial->table->settled_twice),
        .latencies = create_latencies(trial->table->unit_count),
    };
    struct summary_maker maker = {
        .run = run,
        .due = due,
        .trial = trial,
        .summary = &trial->summary,
        .latencies = trial->summary.latencies,
        .latest = calloc((size_t)run->distinct_urls + 1, sizeof(maker.latest[0])),
        .contents = calloc((size_t)run->distinct_urls + 1, sizeof(maker.contents[0])),
        .started = scratch_alloc(((due != NULL ? 4 : 2) * units + 1) * sizeof(double)),
    };
    int status = 0;
    if (maker.latencies != NULL && maker.latest != NULL && maker.contents != NULL && maker.started != NULL) {
        maker.ended = maker.started + units;
        maker.waits = due != NULL ? maker.started + 2 * units : NULL;
        maker.responses = due != NULL ? maker.started + 3 * units : NULL;
        read_samples(&maker);
        measure_times(&maker);
        if (maker.waits != NULL)
            measure_arrivals(&maker);
        cut_latencies(maker.latencies);
    } else {
        trial_latencies_release(trial->summary.latencies);
        trial->summary = (struct trial_summary){0};
        status = error_set(error, ERROR_ENVIRONMENT, "no memory for what %zu downloads came to", units);
    }
    free(maker.latest);
    free(maker.contents);
    free(maker.started);
    return status;
}
