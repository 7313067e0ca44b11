#include "conc_bench/analysis/evidence.h"

#include <stdlib.h>

#include "conc_bench/analysis/latency_percentiles.h"
#include "conc_bench/analysis/per_url.h"
#include "conc_bench/analysis/trial_latencies.h"
#include "conc_bench/analysis/trial_summary.h"
#include "conc_bench/analysis/validity.h"

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
static size_t list_failures(const struct run_cell *cell, struct url_failure *failures)
{
    size_t count = 0;
    for (size_t i = 0; i < cell->trial_count; i++) {
        const struct trial_latencies *latencies = cell->trials[i].latencies;
        for (size_t j = 0; latencies != NULL && j < latencies->answer_count; j++) {
            const struct answer *answer = &latencies->answers[j];
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

static int count_url_failures(struct run_cell *cell, struct error *error)
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

static int latencies_of_trials(const struct run *run, struct trial *trials, size_t count, struct error *error)
{
    int status = 0;
    for (size_t i = 0; i < count && status == 0; i++) {
        if (trials[i].table != NULL && trials[i].latencies == NULL)
            trials[i].latencies = trial_latencies_make(run, &trials[i], error);
        status = trials[i].table != NULL && trials[i].latencies == NULL ? -1 : 0;
    }
    return status;
}

static int latencies_of_all(struct run *run, struct error *error)
{
    int status = 0;
    for (size_t i = 0; i < run->cell_count && status == 0; i++) {
        struct run_cell *cell = &run->cells[i];
        status = latencies_of_trials(run, cell->trials, cell->trial_count, error);
        if (status == 0)
            status = latencies_of_trials(run, cell->warmups, cell->warmup_count, error);
    }
    return status;
}

static int summarise_cell(struct run *run, struct run_cell *cell, struct error *error)
{
    for (size_t i = 0; i < cell->trial_count; i++) {
        struct trial_summary summary;
        if (trial_summary_make(&cell->trials[i], &summary, error) != 0)
            return -1;
        cell->trials[i].summary = summary;
    }
    struct latency_percentiles times;
    if (latency_pool(run, run->validity, cell, &times, error) != 0)
        return -1;
    cell->service = times;
    return count_url_failures(cell, error);
}

static void drop_samples(struct trial *trial)
{
    sample_table_release(trial->table);
    trial->table = NULL;
}

static void drop_latencies(struct trial *trial)
{
    trial_latencies_release(trial->latencies);
    trial->latencies = NULL;
}

static void drop_beyond(const struct run *run, struct run_cell *cell, enum sample_policy policy)
{
    uint64_t samples = (uint64_t)run->downloads * cell->trial_count;
    bool is_kept = samples <= sample_policy_most(policy);
    for (size_t i = 0; i < cell->trial_count; i++) {
        drop_latencies(&cell->trials[i]);
        if (!is_kept)
            drop_samples(&cell->trials[i]);
    }
    for (size_t i = 0; i < cell->warmup_count; i++) {
        drop_latencies(&cell->warmups[i]);
        drop_samples(&cell->warmups[i]);
    }
}

int evidence_settle(struct run *run, enum sample_policy policy, struct error *error)
{
    if (latencies_of_all(run, error) != 0)
        return -1;
    struct validity *validity = calloc(1, sizeof(*validity));
    if (validity == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the verdict");
    if (validity_judge(run, validity, error) != 0) {
        free(validity);
        return -1;
    }
    run->validity = validity;
    for (size_t i = 0; i < run->cell_count; i++) {
        if (summarise_cell(run, &run->cells[i], error) != 0) {
            evidence_release(run);
            return -1;
        }
    }
    if (run->wants_per_url && per_url_make(run, error) != 0) {
        evidence_release(run);
        return -1;
    }
    for (size_t i = 0; i < run->cell_count; i++)
        drop_beyond(run, &run->cells[i], policy);
    return 0;
}

void evidence_release(struct run *run)
{
    if (run->validity != NULL)
        validity_release(run->validity);
    free(run->validity);
    run->validity = NULL;
    per_url_release(run->per_url);
    run->per_url = NULL;
}
