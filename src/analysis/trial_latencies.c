#include "conc_bench/analysis/trial_latencies.h"

#include <stdlib.h>

#include "conc_bench/analysis/stats.h"
#include "conc_bench/base/scratch.h"

struct maker {
    const uint32_t *unit_urls;
    double *services;
    size_t service_count;
    nanoseconds service_sum;
    nanoseconds longest;
    uint32_t slowest_url;
    struct answer *answers;
    size_t answer_count;
    size_t answer_capacity;
    uint32_t *latest; /* by URL: its last answer, from 1; 0: it has none yet */
};

static void add_service(struct maker *maker, uint32_t url, nanoseconds service)
{
    if (maker->service_count == 0 || service > maker->longest) {
        maker->longest = service;
        maker->slowest_url = url;
    }
    maker->service_sum += service;
    maker->services[maker->service_count++] = (double)service;
}

static struct answer answer_of(const struct sample *sample, enum outcome outcome, uint32_t url)
{
    struct answer answer = {.url = url, .outcome = (uint8_t)outcome, .count = 1};
    if (outcome == OUTCOME_OK) {
        answer.body_bytes = sample->body_bytes;
        answer.status = sample->status;
        answer.http_version = sample->http_version;
    } else if (outcome == OUTCOME_TLS) {
        answer.transfer_code = sample->transfer_code;
    }
    return answer;
}

static bool is_another(const struct answer *answer, const struct sample *sample, enum outcome outcome)
{
    if (answer->outcome != outcome)
        return false;
    if (outcome == OUTCOME_OK)
        return answer->body_bytes == sample->body_bytes && answer->status == sample->status &&
               answer->http_version == sample->http_version;
    return outcome != OUTCOME_TLS || answer->transfer_code == sample->transfer_code;
}

static bool has_room(struct maker *maker)
{
    enum { FIRST_CAPACITY = 64 };
    if (maker->answer_count < maker->answer_capacity)
        return true;
    size_t capacity = maker->answer_capacity > 0 ? 2 * maker->answer_capacity : FIRST_CAPACITY;
    struct answer *longer = realloc(maker->answers, capacity * sizeof(*longer));
    if (longer == NULL)
        return false;
    maker->answers = longer;
    maker->answer_capacity = capacity;
    return true;
}

static bool add_answer(struct maker *maker, uint32_t url, const struct sample *sample, enum outcome outcome)
{
    uint32_t latest = maker->latest[url];
    if (latest > 0 && is_another(&maker->answers[latest - 1], sample, outcome)) {
        maker->answers[latest - 1].count++;
        return true;
    }
    if (!has_room(maker))
        return false;
    maker->answers[maker->answer_count++] = answer_of(sample, outcome, url);
    maker->latest[url] = (uint32_t)maker->answer_count;
    return true;
}

static bool read_samples(struct maker *maker, const struct trial *trial)
{
    for (uint32_t slot = 0; slot < trial->table->unit_count; slot++) {
        const struct sample *sample = &trial->table->samples[slot];
        enum outcome outcome = sample_outcome(sample);
        if (outcome == OUTCOME_NONE)
            continue;
        uint32_t url = maker->unit_urls[trial_unit(trial, slot)];
        if (outcome != OUTCOME_LOST)
            add_service(maker, url, sample->end - sample->start);
        if (!add_answer(maker, url, sample, outcome))
            return false;
    }
    return true;
}

struct trial_latencies *trial_latencies_make(const struct run *run, const struct trial *trial, struct error *error)
{
    uint32_t units = trial->table->unit_count;
    struct maker maker = {
        .unit_urls = run->unit_urls,
        .services = scratch_alloc(((size_t)units + 1) * sizeof(maker.services[0])),
        .latest = calloc((size_t)run->distinct_urls + 1, sizeof(maker.latest[0])),
    };
    struct trial_latencies *latencies = NULL;
    if (maker.services != NULL && maker.latest != NULL && read_samples(&maker, trial)) {
        stats_sort(maker.services, maker.service_count);
        latencies = trial_latencies_create(maker.services, maker.service_count, maker.answers, maker.answer_count);
    }
    if (latencies != NULL) {
        latencies->unit_count = units;
        latencies->slowest_url = maker.slowest_url;
        latencies->service_sum = maker.service_sum;
    } else {
        error_set(error, ERROR_ENVIRONMENT, "no memory for what %lu downloads came to", (unsigned long)units);
    }
    free(maker.services);
    free(maker.latest);
    free(maker.answers);
    return latencies;
}

const struct trial_latencies *trial_latencies_of(const struct run *run, const struct trial *trial,
                                                 struct trial_latencies **made, struct error *error)
{
    *made = trial->latencies == NULL ? trial_latencies_make(run, trial, error) : NULL;
    return trial->latencies != NULL ? trial->latencies : *made;
}
