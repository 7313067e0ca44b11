#include "conc_bench/service.h"

#include <math.h>
#include <stdlib.h>

#include "conc_bench/scratch.h"
#include "conc_bench/stats.h"

/* Per cents that are no whole numbers, and the maximum: behind 1 to 99. */
static const double upper[] = {99.5, 99.9, 99.95, 99.99, 100};

enum { WHOLE = 99 };
_Static_assert(WHOLE + sizeof(upper) / sizeof(upper[0]) == SERVICE_POINTS, "every point has its per cent");

double service_point_percent(size_t index)
{
    return index < WHOLE ? (double)(index + 1) : upper[index - WHOLE];
}

size_t service_point_find(double percent)
{
    size_t index = 0;
    while (index < SERVICE_POINTS && service_point_percent(index) != percent)
        index++;
    return index;
}

double service_percentile(const struct service_times *times, double percent)
{
    size_t index = service_point_find(percent);
    bool is_supported = times->count > 0 && (percent == 100 || stats_supports_percentile(times->count, percent));
    return index < SERVICE_POINTS && is_supported ? clock_seconds(times->points[index]) : NAN;
}

bool service_counts(const struct validity *validity, const struct cell_result *cell, size_t trial)
{
    for (size_t i = 0; i < cell->trial_count; i++) {
        if (validity_counts(validity, cell, &cell->trials[i]))
            return validity_counts(validity, cell, &cell->trials[trial]);
    }
    return trial + 1 == cell->trial_count;
}

/* Which trials take part, decided once for each. NULL: no memory. */
static const struct trial **list_trials(const struct validity *validity, const struct cell_result *cell, size_t *count)
{
    const struct trial **trials = calloc(cell->trial_count + 1, sizeof(*trials));
    *count = 0;
    for (size_t i = 0; trials != NULL && i < cell->trial_count; i++) {
        if (cell->trials[i].table != NULL && service_counts(validity, cell, i))
            trials[(*count)++] = &cell->trials[i];
    }
    return trials;
}

static void add_trial(const struct result *result, const struct trial *trial, double *values,
                      struct service_times *times, nanoseconds *slowest)
{
    for (uint32_t unit = 0; unit < trial->table->unit_count; unit++) {
        const struct sample *sample = &trial->table->samples[unit];
        nanoseconds service = sample->end - sample->start;
        if (atomic_load(&sample->state) != SAMPLE_SETTLED)
            continue;
        if (service > *slowest) {
            *slowest = service;
            times->slowest_url = result->unit_urls[unit];
        }
        times->sum += service;
        values[times->count++] = (double)service;
    }
}

int service_pool(const struct result *result, const struct validity *validity, const struct cell_result *cell,
                 struct service_times *times, struct error *error)
{
    size_t trial_count;
    size_t capacity = 1;
    nanoseconds slowest = -1;
    *times = cell->service;
    if (times->is_known)
        return 0;
    const struct trial **trials = list_trials(validity, cell, &trial_count);
    for (size_t i = 0; trials != NULL && i < trial_count; i++)
        capacity += trials[i]->table->unit_count;
    double *values = scratch_alloc(capacity * sizeof(*values));
    int status = 0;
    *times = (struct service_times){.is_known = true};
    if (trials == NULL || values == NULL) {
        status = error_set(error, ERROR_ENVIRONMENT, "no memory for the figures of %zu downloads", capacity);
    } else {
        for (size_t i = 0; i < trial_count; i++)
            add_trial(result, trials[i], values, times, &slowest);
        stats_sort(values, times->count);
        for (size_t i = 0; i < SERVICE_POINTS && times->count > 0; i++)
            times->points[i] = (nanoseconds)stats_percentile(values, times->count, service_point_percent(i));
    }
    free(trials);
    free(values);
    return status;
}
