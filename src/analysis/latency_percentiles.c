#include "conc_bench/analysis/latency_percentiles.h"

#include <math.h>
#include <stdlib.h>

#include "conc_bench/analysis/stats.h"

/* Per cents that are no whole numbers, and the maximum: behind 1 to 99. */
static const double upper[] = {99.5, 99.9, 99.95, 99.99, 100};

enum { WHOLE = 99 };
_Static_assert(WHOLE + sizeof(upper) / sizeof(upper[0]) == LATENCY_POINTS, "every point has its per cent");

double latency_point_percent(size_t index)
{
    return index < WHOLE ? (double)(index + 1) : upper[index - WHOLE];
}

size_t latency_point_find(double percent)
{
    size_t index = 0;
    while (index < LATENCY_POINTS && latency_point_percent(index) != percent)
        index++;
    return index;
}

double latency_percentile(const struct latency_percentiles *times, double percent)
{
    size_t index = latency_point_find(percent);
    bool is_supported = times->count > 0 && (percent == 100 || stats_supports_percentile(times->count, percent));
    return index < LATENCY_POINTS && is_supported ? clock_seconds(times->points[index]) : NAN;
}

bool latency_has_counting(const struct validity *validity, const struct run_cell *cell)
{
    for (size_t i = 0; i < cell->trial_count; i++) {
        if (validity_counts(validity, cell, &cell->trials[i]))
            return true;
    }
    return false;
}

bool latency_counts(const struct validity *validity, const struct run_cell *cell, size_t trial, bool has_counting)
{
    return has_counting ? validity_counts(validity, cell, &cell->trials[trial]) : trial + 1 == cell->trial_count;
}

/* The latencies of the trials that take part. */
struct latency_list {
    const struct trial_latencies **items;
    size_t count;
};

static int list_latencies(const struct validity *validity, const struct run_cell *cell, struct latency_list *list,
                          struct error *error)
{
    *list = (struct latency_list){.items = calloc(cell->trial_count + 1, sizeof(list->items[0]))};
    if (list->items == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the figures of %zu trials", cell->trial_count);
    bool has_counting = latency_has_counting(validity, cell);
    for (size_t i = 0; i < cell->trial_count; i++) {
        if (latency_counts(validity, cell, i, has_counting))
            list->items[list->count++] = cell->trials[i].summary.latencies;
    }
    return 0;
}

/* Counts the sorted values that are at most `limit`. */
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

/* The value of that rank, from 1, among all of the list's, which lies from `low` to `high`: the smallest with so many
 * at or below it. Neither more memory than the trials have, nor sorting them again together, is needed for that. */
static nanoseconds value_of_rank(const struct latency_list *list, uint64_t rank, nanoseconds low, nanoseconds high)
{
    if (list->count == 1)
        return (nanoseconds)list->items[0]->services[rank - 1];
    while (low < high) {
        nanoseconds middle = low + (high - low) / 2;
        uint64_t up_to = 0;
        for (size_t i = 0; i < list->count; i++)
            up_to += count_up_to(list->items[i]->services, list->items[i]->service_count, middle);
        if (up_to >= rank)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static void measure_list(const struct latency_list *list, struct latency_percentiles *times)
{
    nanoseconds shortest = INT64_MAX;
    nanoseconds longest = -1;
    for (size_t i = 0; i < list->count; i++) {
        const struct trial_latencies *latencies = list->items[i];
        if (latencies->service_count == 0)
            continue;
        times->count += latencies->service_count;
        times->sum += latencies->service_sum;
        nanoseconds first = (nanoseconds)latencies->services[0];
        nanoseconds last = (nanoseconds)latencies->services[latencies->service_count - 1];
        shortest = first < shortest ? first : shortest;
        if (last > longest) {
            longest = last;
            times->slowest_url = latencies->slowest_url;
        }
    }
    for (size_t i = 0; i < LATENCY_POINTS && times->count > 0; i++) {
        size_t rank = stats_percentile_rank((size_t)times->count, latency_point_percent(i));
        times->points[i] = shortest = value_of_rank(list, rank, shortest, longest);
    }
}

int latency_pool(const struct validity *validity, const struct run_cell *cell, struct latency_percentiles *times,
                 struct error *error)
{
    struct latency_list list;
    *times = (struct latency_percentiles){0};
    if (list_latencies(validity, cell, &list, error) != 0)
        return -1;
    measure_list(&list, times);
    free(list.items);
    return 0;
}
