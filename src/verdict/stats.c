#include "conc_bench/stats.h"

#include <math.h>
#include <stdlib.h>

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

void stats_sort(double *values, size_t count)
{
    if (count > 1)
        qsort(values, count, sizeof(values[0]), compare);
}

double stats_median(const double *sorted, size_t count)
{
    if (count == 0)
        return NAN;
    double upper = sorted[count / 2];
    return count % 2 == 1 ? upper : (sorted[count / 2 - 1] + upper) / 2;
}

double stats_percentile(const double *sorted, size_t count, double percent)
{
    if (count == 0)
        return NAN;
    /* 95 % of 160 is 152 exactly; 0.95 * 160 in binary is not. */
    double rank = ceil(percent * (double)count / 100);
    if (rank < 1)
        return sorted[0];
    return rank >= (double)count ? sorted[count - 1] : sorted[(size_t)rank - 1];
}

double stats_mean(const double *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    return count > 0 ? sum / (double)count : NAN;
}

double stats_standard_deviation(const double *values, size_t count)
{
    if (count < 2)
        return NAN;
    double mean = stats_mean(values, count);
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (values[i] - mean) * (values[i] - mean);
    return sqrt(sum / (double)(count - 1));
}
