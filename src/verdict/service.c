#include "conc_bench/service.h"

#include <math.h>
#include <stdlib.h>

#include "conc_bench/extract.h"
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

bool service_has_counting(const struct validity *validity, const struct cell_result *cell)
{
    for (size_t i = 0; i < cell->trial_count; i++) {
        if (validity_counts(validity, cell, &cell->trials[i]))
            return true;
    }
    return false;
}

bool service_counts(const struct validity *validity, const struct cell_result *cell, size_t trial, bool has_counting)
{
    return has_counting ? validity_counts(validity, cell, &cell->trials[trial]) : trial + 1 == cell->trial_count;
}

/* The extracts of the trials that take part. */
struct pool {
    const struct extract **extracts;
    struct extract **made; /* those of them that the trials do not have themselves; NULL: none */
    size_t count;
};

static void pool_release(struct pool *pool)
{
    for (size_t i = 0; i < pool->count; i++)
        extract_release(pool->made[i]);
    free(pool->extracts);
    free(pool->made);
}

static int pool_fill(const struct result *result, const struct validity *validity, const struct cell_result *cell,
                     struct pool *pool, struct error *error)
{
    *pool = (struct pool){
        .extracts = calloc(cell->trial_count + 1, sizeof(pool->extracts[0])),
        .made = calloc(cell->trial_count + 1, sizeof(pool->made[0])),
    };
    if (pool->extracts == NULL || pool->made == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the figures of %zu trials", cell->trial_count);
    bool has_counting = service_has_counting(validity, cell);
    for (size_t i = 0; i < cell->trial_count; i++) {
        const struct trial *trial = &cell->trials[i];
        if (!trial_has_samples(trial) || !service_counts(validity, cell, i, has_counting))
            continue;
        const struct extract *extract = extract_of(result, trial, &pool->made[pool->count], error);
        if (extract == NULL)
            return -1;
        pool->extracts[pool->count++] = extract;
    }
    return 0;
}

/* How many of sorted values are at most `limit`. */
static size_t count_up_to(const double *sorted, size_t count, nanoseconds limit)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sorted[middle] <= (double)limit)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The value of that rank, from 1, among all of the pool's, which lies from `low` to `high`: the smallest with so many
 * at or below it. Neither more memory than the trials have, nor sorting them again together, is needed for that. */
static nanoseconds value_of_rank(const struct pool *pool, uint64_t rank, nanoseconds low, nanoseconds high)
{
    while (low < high) {
        nanoseconds middle = low + (high - low) / 2;
        uint64_t up_to = 0;
        for (size_t i = 0; i < pool->count; i++)
            up_to += count_up_to(pool->extracts[i]->services, pool->extracts[i]->service_count, middle);
        if (up_to >= rank)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static void measure_pool(const struct pool *pool, struct service_times *times)
{
    nanoseconds shortest = INT64_MAX;
    nanoseconds longest = -1;
    for (size_t i = 0; i < pool->count; i++) {
        const struct extract *extract = pool->extracts[i];
        if (extract->service_count == 0)
            continue;
        times->count += extract->service_count;
        times->sum += extract->service_sum;
        nanoseconds first = (nanoseconds)extract->services[0];
        nanoseconds last = (nanoseconds)extract->services[extract->service_count - 1];
        shortest = first < shortest ? first : shortest;
        if (last > longest) {
            longest = last;
            times->slowest_url = extract->slowest_url;
        }
    }
    for (size_t i = 0; i < SERVICE_POINTS && times->count > 0; i++) {
        size_t rank = stats_percentile_rank(times->count, service_point_percent(i));
        times->points[i] = shortest = value_of_rank(pool, rank, shortest, longest);
    }
}

int service_pool(const struct result *result, const struct validity *validity, const struct cell_result *cell,
                 struct service_times *times, struct error *error)
{
    struct pool pool;
    *times = cell->service;
    if (times->is_known)
        return 0;
    int status = pool_fill(result, validity, cell, &pool, error);
    *times = (struct service_times){.is_known = true};
    if (status == 0)
        measure_pool(&pool, times);
    pool_release(&pool);
    return status;
}
