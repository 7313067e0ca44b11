#include "conc_bench/evidence.h"

#include <stdlib.h>

#include "conc_bench/digest.h"
#include "conc_bench/per_url.h"
#include "conc_bench/service.h"
#include "conc_bench/validity.h"

static int compare_keys(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

/* The most first; of equal ones those that come first in the list. */
static int compare_failures(const void *a, const void *b)
{
    const struct url_failure *left = a;
    const struct url_failure *right = b;
    if (left->count != right->count)
        return left->count > right->count ? -1 : 1;
    if (left->url != right->url)
        return left->url < right->url ? -1 : 1;
    if (left->outcome != right->outcome)
        return left->outcome < right->outcome ? -1 : 1;
    return (left->code > right->code) - (left->code < right->code);
}

/* Of a cell whose trials have their digests. */
static size_t count_failures(const struct cell_result *cell)
{
    size_t count = 0;
    for (size_t i = 0; i < cell->trial_count; i++) {
        for (int outcome = 0; outcome < OUTCOME_COUNT; outcome++) {
            if (validity_is_failure(&cell->trials[i], (enum outcome)outcome))
                count += cell->trials[i].digest.outcomes[outcome];
        }
    }
    return count;
}

/* A key for every failed download: URL, then class, then libcurl's code for tls, so that equal ones stand together once
 * sorted. */
static void list_failures(const struct result *result, const struct cell_result *cell, uint64_t *keys)
{
    size_t count = 0;
    for (size_t i = 0; i < cell->trial_count; i++) {
        const struct trial *trial = &cell->trials[i];
        for (uint32_t unit = 0; trial->table != NULL && unit < trial->table->unit_count; unit++) {
            enum outcome outcome = sample_outcome(&trial->table->samples[unit]);
            if (!validity_is_failure(trial, outcome))
                continue;
            uint64_t code = outcome == OUTCOME_TLS ? trial->table->samples[unit].transfer_code : 0;
            keys[count++] = (uint64_t)result->unit_urls[unit] << 32 | (uint64_t)outcome << 8 | code;
        }
    }
}

static int count_url_failures(const struct result *result, struct cell_result *cell, struct error *error)
{
    size_t count = count_failures(cell);
    if (count == 0)
        return 0;
    uint64_t *keys = calloc(count, sizeof(*keys));
    struct url_failure *failures = calloc(count, sizeof(*failures));
    if (keys == NULL || failures == NULL) {
        free(keys);
        free(failures);
        return error_set(error, ERROR_ENVIRONMENT, "no memory to count the failures of %zu downloads", count);
    }
    list_failures(result, cell, keys);
    free(cell->url_failures); /* of an attempt that did not get through */
    qsort(keys, count, sizeof(*keys), compare_keys);
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || keys[i] != keys[i - 1])
            failures[found++] = (struct url_failure){.url = (uint32_t)(keys[i] >> 32),
                                                     .outcome = (enum outcome)(keys[i] >> 8 & UINT8_MAX),
                                                     .code = (uint8_t)(keys[i] & UINT8_MAX)};
        failures[found - 1].count++;
    }
    qsort(failures, found, sizeof(*failures), compare_failures);
    cell->url_failures = failures;
    cell->failing_urls = found;
    cell->url_failure_count = found < URL_FAILURES_MAX ? found : URL_FAILURES_MAX;
    free(keys);
    return 0;
}

static int digest_cell(struct result *result, struct cell_result *cell, struct error *error)
{
    for (size_t i = 0; i < cell->trial_count; i++) {
        struct trial_digest digest;
        if (digest_make(&cell->trials[i], &digest, error) != 0)
            return -1;
        cell->trials[i].digest = digest;
    }
    struct service_times times;
    if (service_pool(result, result->validity, cell, &times, error) != 0)
        return -1;
    cell->service = times;
    return count_url_failures(result, cell, error);
}

static void drop_samples(struct trial *trial)
{
    sample_table_release(trial->table);
    trial->table = NULL;
}

static void drop_beyond(const struct result *result, struct cell_result *cell, enum sample_policy policy)
{
    uint64_t samples = (uint64_t)result->downloads * cell->trial_count;
    bool is_kept = policy == SAMPLES_ALL || (policy == SAMPLES_AUTO && samples <= SAMPLES_AUTO_MAX);
    for (size_t i = 0; i < cell->trial_count && !is_kept; i++)
        drop_samples(&cell->trials[i]);
    for (size_t i = 0; i < cell->warmup_count; i++)
        drop_samples(&cell->warmups[i]);
}

int evidence_settle(struct result *result, enum sample_policy policy, struct error *error)
{
    struct validity *validity = calloc(1, sizeof(*validity));
    if (validity == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the verdict");
    if (validity_judge(result, validity, error) != 0) {
        free(validity);
        return -1;
    }
    result->validity = validity;
    for (size_t i = 0; i < result->cell_count; i++) {
        if (digest_cell(result, &result->cells[i], error) != 0) {
            evidence_release(result);
            return -1;
        }
    }
    if (result->wants_per_url && per_url_make(result, error) != 0) {
        evidence_release(result);
        return -1;
    }
    for (size_t i = 0; i < result->cell_count; i++)
        drop_beyond(result, &result->cells[i], policy);
    return 0;
}

void evidence_release(struct result *result)
{
    if (result->validity != NULL)
        validity_release(result->validity);
    free(result->validity);
    result->validity = NULL;
    per_url_release(result->per_url);
    result->per_url = NULL;
}
