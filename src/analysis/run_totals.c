#include "conc_bench/analysis/run_totals.h"

#include <stdlib.h>

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

/* The most failures first; of equal numbers those that come first in the list. */
static int compare_failures(const void *a, const void *b)
{
    const struct url_failure *left = a;
    const struct url_failure *right = b;
    if (left->count != right->count)
        return left->count > right->count ? -1 : 1;
    return compare_ways(left, right);
}

/* The failures of a cell as the answers of its trials tell them. Returns their number; `failures` NULL: that only. */
static size_t list_failures(const struct run_cell *cell, struct url_failure *failures)
{
    size_t count = 0;
    for (size_t i = 0; i < cell->trial_count; i++) {
        const struct trial_latencies *latencies = cell->trials[i].summary.latencies;
        for (size_t j = 0; j < latencies->answer_count; j++) {
            const struct answer *answer = &latencies->answers[j];
            if (!validity_is_failure(&cell->trials[i], (enum outcome)answer->outcome))
                continue;
            if (failures != NULL)
                failures[count] = (struct url_failure){.url = answer->url,
                                                       .outcome = (enum outcome)answer->outcome,
                                                       .code = answer->cause,
                                                       .count = answer->count};
            count++;
        }
    }
    return count;
}

static int count_url_failures(const struct run_cell *cell, struct cell_totals *totals, struct error *error)
{
    size_t count = list_failures(cell, NULL);
    if (count == 0)
        return 0;
    struct url_failure *failures = calloc(count, sizeof(*failures));
    if (failures == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory to count the failures of %zu downloads", count);
    list_failures(cell, failures);
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
    totals->url_failures = failures;
    totals->failing_urls = found;
    totals->url_failure_count = found < URL_FAILURES_MAX ? found : URL_FAILURES_MAX;
    return 0;
}

static int total_cell(const struct validity *validity, const struct run_cell *cell, struct cell_totals *totals,
                      struct error *error)
{
    return latency_pool(validity, cell, &totals->service, error) == 0 ? count_url_failures(cell, totals, error) : -1;
}

int run_totals_make(const struct run *run, bool has_per_url, struct run_totals *totals, struct error *error)
{
    *totals = (struct run_totals){.cells = calloc(run->cell_count + 1, sizeof(totals->cells[0]))};
    if (totals->cells == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for what %zu cells come to", run->cell_count);
    totals->cell_count = run->cell_count;
    int status = validity_judge(run, &totals->validity, error);
    for (size_t i = 0; i < run->cell_count && status == 0; i++)
        status = total_cell(&totals->validity, &run->cells[i], &totals->cells[i], error);
    if (status == 0 && has_per_url)
        status = per_url_make(run, &totals->validity, &totals->per_url, error);
    if (status != 0)
        run_totals_release(totals);
    return status;
}

void run_totals_release(struct run_totals *totals)
{
    for (size_t i = 0; i < totals->cell_count; i++)
        free(totals->cells[i].url_failures);
    free(totals->cells);
    validity_release(&totals->validity);
    per_url_release(totals->per_url);
    *totals = (struct run_totals){0};
}
