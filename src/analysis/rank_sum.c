#include "rank_sum.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/analysis/stats.h"

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

/* The number of differences on each side that lie outside the interval, plus one; 0: there is no interval. */
static uint64_t critical(size_t m, size_t n, double tail, const double *chance, double *reached)
{
    if (chance == NULL) {
        double mean = (double)m * (double)n / 2;
        double deviation = sqrt((double)m * (double)n * (double)(m + n + 1) / 12);
        *reached = tail;
        /* Upper quantiles of the normal distribution for the two tails that are asked for. */
        double z = tail < 0.03 ? 1.959964 : 1.644854;
        return (uint64_t)fmax(0, floor(mean - z * deviation));
    }
    size_t count = 0;
    *reached = 0;
    while (count <= m * n && *reached + chance[count] <= tail * (1 + 1e-9))
        *reached += chance[count++];
    return count;
}

/* The chance of as few or fewer pairs in which x is smaller; ties count half. Of sorted values. */
static double p_greater(const double *x, size_t m, const double *y, size_t n, const double *chance)
{
    double smaller = 0;
    for (size_t i = 0; i < m; i++) {
        double up_to = (double)stats_count_below(y, n, x[i], true);
        double below = (double)stats_count_below(y, n, x[i], false);
        smaller += (double)n - up_to + (up_to - below) / 2;
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

/* The differences of each of x and each of y, both sorted. They are as many as the product of the two: they are not
 * listed, but counted. */
struct differences {
    const double *x;
    const double *y;
    size_t x_count;
    size_t y_count;
};

/* Counts the differences that are at most `limit`. Even rounded, they do not fall where x rises, nor rise where y
 * does. */
static uint64_t count_up_to(const void *context, double limit)
{
    const struct differences *all = context;
    uint64_t counted = 0;
    size_t above = 0; /* so many of y are too small */
    for (size_t i = 0; i < all->x_count; i++) {
        while (above < all->y_count && all->x[i] - all->y[above] > limit)
            above++;
        counted += all->y_count - above;
    }
    return counted;
}

static double difference_of_rank(const struct differences *all, uint64_t rank)
{
    return stats_value_of_rank(count_up_to, all, rank, all->x[0] - all->y[all->y_count - 1],
                               all->x[all->x_count - 1] - all->y[0]);
}

static double median_difference(const struct differences *all)
{
    uint64_t pairs = (uint64_t)all->x_count * all->y_count;
    double upper = difference_of_rank(all, pairs / 2);
    return pairs % 2 == 1 ? upper : (difference_of_rank(all, pairs / 2 - 1) + upper) / 2;
}

static void test(const struct differences *all, double confidence, const double *chance, struct rank_sum *run)
{
    double reached;
    uint64_t outside = critical(all->x_count, all->y_count, (1 - confidence) / 2, chance, &reached);
    run->estimate = median_difference(all);
    run->p_greater = p_greater(all->x, all->x_count, all->y, all->y_count, chance);
    if (outside > 0) {
        run->low = difference_of_rank(all, outside - 1);
        run->high = difference_of_rank(all, (uint64_t)all->x_count * all->y_count - outside);
        run->confidence = 1 - 2 * reached;
    }
}

int rank_sum_test(const double *x, size_t x_count, const double *y, size_t y_count, double confidence,
                  struct rank_sum *run, struct error *error)
{
    *run = (struct rank_sum){NAN, -INFINITY, INFINITY, 0, 1};
    if (x_count == 0 || y_count == 0)
        return 0;
    bool is_exact = x_count <= EXACT_MAX && y_count <= EXACT_MAX;
    double *sorted = malloc((x_count + y_count) * sizeof(*sorted));
    double *chance = is_exact ? distribution(x_count, y_count) : NULL;
    int status = sorted == NULL || (is_exact && chance == NULL) ? -1 : 0;
    if (status == 0) {
        const struct differences all = {.x = sorted, .y = sorted + x_count, .x_count = x_count, .y_count = y_count};
        memcpy(sorted, x, x_count * sizeof(*sorted));
        memcpy(sorted + x_count, y, y_count * sizeof(*sorted));
        stats_sort(sorted, x_count);
        stats_sort(sorted + x_count, y_count);
        test(&all, confidence, chance, run);
    } else {
        error_set(error, ERROR_ENVIRONMENT, "no memory to compare %zu rounds with %zu", x_count, y_count);
    }
    free(sorted);
    free(chance);
    return status;
}
