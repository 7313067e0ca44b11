#include "conc_bench/evidence.h"

#include <stdlib.h>

#include "conc_bench/digest.h"
#include "conc_bench/extract.h"
#include "conc_bench/per_url.h"
#include "conc_bench/service.h"
#include "conc_bench/validity.h"

static int compare_ways(const struct url_failure *left, const struct url_failure *right)
{
    if (left->url != right->url)
        return left->url < right->url ? -1 : 1;
    if (left->outcome != right->outcome)
        return left->outcome < right->outcome ? -1 : 1;
    return (left->code > right->code) - (left->code < right->code);
}

static int compare_by_way(const void *a, const void *b)
{
    return compare_ways(a, b);
}

/* The most first; of equal ones those that come first in the list. */
static int compare_failures(const void *a, const void *b)
{
    const struct url_failure *left = a;
    const struct url_failure *right = b;
    if (left->count != right->count)
        return left->count > right->count ? -1 : 1;
    return compare_ways(left, right);
}

/* The failures of a cell whose trials have their extracts, as these tell them. Returns their number; `failures` NULL:
 * that only. */
static size_t list_failures(const struct cell_result *cell, struct url_failure *failures)
{
    size_t count = 0;
    for (size_t i = 0; i < cell->trial_count; i++) {
        const struct extract *extract = cell->trials[i].extract;
        for (size_t j = 0; extract != NULL && j < extract->answer_count; j++) {
            const struct answer *answer = &extract->answers[j];
            if (!validity_is_failure(&cell->trials[i], (enum outcome)answer->outcome))
                continue;
            if (failures != NULL)
                failures[count] = (struct url_failure){.url = answer->url,
                                                       .outcome = (enum outcome)answer->outcome,
                                                       .code = answer->transfer_code,
                                                       .count = answer->count};
            count++;
        }
    }
    return count;
}

static int count_url_failures(struct cell_result *cell, struct error *error)
{
    size_t count = list_failures(cell, NULL);
    if (count == 0)
        return 0;
    struct url_failure *failures = calloc(count, sizeof(*failures));
    if (failures == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory to count the failures of %zu downloads", count);
    list_failures(cell, failures);
    free(cell->url_failures); /* of an attempt that did not get through */
    qsort(failures, count, sizeof(*failures), compare_by_way);
    size_t last = 0;
    for (size_t i = 1; i < count; i++) {
        if (compare_ways(&failures[i], &failures[last]) == 0)
            failures[last].count += failures[i].count;
        else
            failures[++last] = failures[i];
    }
    size_t found = last + 1;
    qsort(failures, found, sizeof(*failures), compare_failures);
    cell->url_failures = failures;
    cell->failing_urls = found;
    cell->url_failure_count = found < URL_FAILURES_MAX ? found : URL_FAILURES_MAX;
    return 0;
}

static int extract_trials(const struct result *result, struct trial *trials, size_t count, struct error *error)
{
    int status = 0;
    for (size_t i = 0; i < count && status == 0; i++) {
        if (trials[i].table != NULL && trials[i].extract == NULL)
            trials[i].extract = extract_make(result, &trials[i], error);
        status = trials[i].table != NULL && trials[i].extract == NULL ? -1 : 0;
    }
    return status;
}

static int extract_all(struct result *result, struct error *error)
{
    int status = 0;
    for (size_t i = 0; i < result->cell_count && status == 0; i++) {
        struct cell_result *cell = &result->cells[i];
        status = extract_trials(result, cell->trials, cell->trial_count, error);
        if (status == 0)
            status = extract_trials(result, cell->warmups, cell->warmup_count, error);
    }
    return status;
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
    return count_url_failures(cell, error);
}

static void drop_samples(struct trial *trial)
{
    sample_table_release(trial->table);
    trial->table = NULL;
}

static void drop_extract(struct trial *trial)
{
    extract_release(trial->extract);
    trial->extract = NULL;
}

static void drop_beyond(const struct result *result, struct cell_result *cell, enum sample_policy policy)
{
    uint64_t samples = (uint64_t)result->downloads * cell->trial_count;
    bool is_kept = samples <= sample_policy_most(policy);
    for (size_t i = 0; i < cell->trial_count; i++) {
        drop_extract(&cell->trials[i]);
        if (!is_kept)
            drop_samples(&cell->trials[i]);
    }
    for (size_t i = 0; i < cell->warmup_count; i++) {
        drop_extract(&cell->warmups[i]);
        drop_samples(&cell->warmups[i]);
    }
}

int evidence_settle(struct result *result, enum sample_policy policy, struct error *error)
{
    if (extract_all(result, error) != 0)
        return -1;
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
