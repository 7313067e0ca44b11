#include "conc_bench/rank_sum.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "conc_bench/stats.h"

enum { EXACT_MAX = 50 };

/* The chance of every value of U, the number of pairs in which x is smaller, if both come from one distribution: the
 * coefficients of the Gaussian binomial (x + y over x), divided by their sum. Returns m n + 1 values, to be freed. */
static double *distribution(size_t m, size_t n)
{
    size_t largest = m * n;
    double *chance = calloc(largest + 1, sizeof(*chance));
    if (chance == NULL)
        return NULL;
    chance[0] = 1;
    for (size_t i = 1; i <= m; i++) {
        /* Times (1 - q^(n+i)), over (1 - q^i); and what it adds up to is kept 1. */
        for (size_t u = largest + 1; u-- > n + i;)
            chance[u] -= chance[u - n - i];
        for (size_t u = i; u <= largest; u++)
            chance[u] += chance[u - i];
        for (size_t u = 0; u <= largest; u++)
            chance[u] *= (double)i / (double)(n + i);
    }
    return chance;
}

/* How many of the differences on each side lie outside the interval, plus one; 0: no interval. */
static size_t critical(size_t m, size_t n, double tail, const double *chance, double *reached)
{
    if (chance == NULL) {
        double mean = (double)m * (double)n / 2;
        double deviation = sqrt((double)m * (double)n * (double)(m + n + 1) / 12);
        *reached = tail;
        /* Upper quantiles of the normal distribution for the two tails that are asked for. */
        double z = tail < 0.03 ? 1.959964 : 1.644854;
        return (size_t)fmax(0, floor(mean - z * deviation));
    }
    size_t count = 0;
    *reached = 0;
    while (count <= m * n && *reached + chance[count] <= tail * (1 + 1e-9))
        *reached += chance[count++];
    return count;
}

/* The chance of as few or fewer pairs in which x is smaller; ties count half. */
static double p_greater(const double *x, size_t m, const double *y, size_t n, const double *chance)
{
    double smaller = 0;
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++)
            smaller += x[i] < y[j] ? 1 : x[i] == y[j] ? 0.5 : 0;
    }
    if (chance == NULL) {
        double deviation = sqrt((double)m * (double)n * (double)(m + n + 1) / 12);
        return erfc(((double)m * (double)n / 2 - smaller - 0.5) / deviation / sqrt(2)) / 2;
    }
    double sum = 0;
    for (size_t u = 0; u <= (size_t)floor(smaller); u++)
        sum += chance[u];
    return fmin(1, sum);
}

int rank_sum_test(const double *x, size_t x_count, const double *y, size_t y_count, double confidence,
                  struct rank_sum *result, struct error *error)
{
    *result = (struct rank_sum){NAN, -INFINITY, INFINITY, 0, 1};
    if (x_count == 0 || y_count == 0)
        return 0;
    bool is_exact = x_count <= EXACT_MAX && y_count <= EXACT_MAX;
    size_t pairs = x_count * y_count;
    double *differences = malloc(pairs * sizeof(*differences));
    double *chance = is_exact ? distribution(x_count, y_count) : NULL;
    if (differences == NULL || (is_exact && chance == NULL)) {
        free(differences);
        free(chance);
        return error_set(error, ERROR_ENVIRONMENT, "no memory to compare %zu rounds with %zu", x_count, y_count);
    }
    for (size_t i = 0; i < pairs; i++)
        differences[i] = x[i / y_count] - y[i % y_count];
    stats_sort(differences, pairs);
    result->estimate = stats_median(differences, pairs);
    result->p_greater = p_greater(x, x_count, y, y_count, chance);
    double reached;
    size_t outside = critical(x_count, y_count, (1 - confidence) / 2, chance, &reached);
    if (outside > 0) {
        result->low = differences[outside - 1];
        result->high = differences[pairs - outside];
        result->confidence = 1 - 2 * reached;
    }
    free(differences);
    free(chance);
    return 0;
}
