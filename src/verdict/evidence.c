#include "conc_bench/evidence.h"

#include <stdlib.h>

#include "conc_bench/digest.h"
#include "conc_bench/service.h"
#include "conc_bench/validity.h"

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
    return 0;
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
}
