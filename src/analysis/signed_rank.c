#include "conc_bench/analysis/signed_rank.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "conc_bench/analysis/settle.h"
#include "conc_bench/analysis/stats.h"

enum { EXACT = STATS_EXACT_COUNT, EXACT_PAIRS = EXACT * (EXACT + 1) / 2, EXACT_DOUBLED_SUM = 2 * EXACT_PAIRS };

/* Counts how many of all 2^count choices of weights have each sum; `ways` has an entry for each up to the sum of all.
 * Whole numbers up to 2^50, which a double holds exactly. */
static void count_sums(const size_t *weights, size_t count, double *ways)
{
    size_t sum = 0;
    ways[0] = 1;
    for (size_t i = 0; i < count; i++) {
        for (size_t s = sum + 1; s <= sum + weights[i]; s++)
            ways[s] = 0;
        sum += weights[i];
        for (size_t s = sum; s >= weights[i]; s--)
            /* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): weights are not 0, so that all sums are set. */
            ways[s] += ways[s - weights[i]];
    }
}

static size_t exact_critical(size_t count, double tail, double *probability)
{
    size_t ranks[EXACT];
    double ways[EXACT_PAIRS + 1] = {0};
    for (size_t i = 0; i < count; i++)
        ranks[i] = i + 1;
    count_sums(ranks, count, ways);
    size_t critical = 0;
    double below = ways[0];
    while (ldexp(below, -(int)count) <= tail) {
        *probability = ldexp(below, -(int)count);
        below += ways[++critical];
    }
    return critical;
}

static double rank_sum_deviation(double count)
{
    return sqrt(count * (count + 1) * (2 * count + 1) / 24);
}

/* Rounded away from the middle. */
static uint64_t approximate_critical(size_t count, double tail, double *probability)
{
    double n = (double)count;
    double mean = n * (n + 1) / 4;
    double rank = floor(mean + stats_normal_quantile(tail) * rank_sum_deviation(n));
    if (rank < 1)
        return 0;
    *probability = stats_normal_share((rank - 0.5 - mean) / rank_sum_deviation(n));
    return (uint64_t)rank;
}

uint64_t signed_rank_critical(size_t count, double tail, double *probability)
{
    *probability = 0;
    if (count == 0)
        return 0;
    return count <= EXACT ? exact_critical(count, tail, probability) : approximate_critical(count, tail, probability);
}

/* The means of every two of `count` differences, each with itself too, of which one of a given rank is looked for. They
 * are half as many as the square of the differences: of many rounds they are not listed, but counted. */
struct means {
    const double *sorted; /* the differences */
    size_t count;
    const double *listed; /* sorted; NULL: too many */
};

static uint64_t count_means(const struct means *means)
{
    return (uint64_t)means->count * ((uint64_t)means->count + 1) / 2;
}

static double mean_of(double a, double b)
{
    return (a + b) / 2;
}

/* Counts the means that are at most `limit`. Even rounded, a mean does not fall where one of its two values rises. */
static uint64_t count_up_to(const void *context, double limit)
{
    const struct means *means = context;
    uint64_t counted = 0;
    size_t end = means->count;
    for (size_t i = 0; i < end; i++) {
        while (end > i && mean_of(means->sorted[i], means->sorted[end - 1]) > limit)
            end--;
        counted += end - i;
    }
    return counted;
}

/* The mean with `rank` smaller ones in front of it. */
static double mean_of_rank(const struct means *means, uint64_t rank)
{
    if (means->listed != NULL)
        return means->listed[rank];
    return stats_value_of_rank(count_up_to, means, rank, means->sorted[0], means->sorted[means->count - 1]);
}

static double median_mean(const struct means *means)
{
    uint64_t count = count_means(means);
    if (count == 0)
        return NAN;
    double upper = mean_of_rank(means, count / 2);
    return count % 2 == 1 ? upper : mean_of(mean_of_rank(means, count / 2 - 1), upper);
}

/* The error at either end, 1 if there are no such bounds. */
static double bound(const struct means *means, double tail, double *low, double *high)
{
    double probability;
    uint64_t critical = signed_rank_critical(means->count, tail, &probability);
    *low = critical > 0 ? mean_of_rank(means, critical - 1) : -INFINITY;
    *high = critical > 0 ? mean_of_rank(means, count_means(means) - critical) : INFINITY;
    return critical > 0 ? probability : 1;
}

/* Twice the midrank of a size among all sorted ones that are not 0. */
static size_t doubled_rank(const double *sizes, size_t count, double size)
{
    return 1 + stats_count_below(sizes, count, size, false) + stats_count_below(sizes, count, size, true);
}

/* Takes at most EXACT doubled ranks. `positive` is the sum of those of positive differences, `total` that of all. */
static double exact_p(const size_t *ranks, size_t count, size_t positive, size_t total)
{
    double ways[EXACT_DOUBLED_SUM + 1];
    count_sums(ranks, count, ways);
    size_t smaller = positive < total - positive ? positive : total - positive;
    double sum = 0;
    for (size_t s = 0; s <= smaller; s++)
        sum += ways[s];
    return fmin(1, 2 * ldexp(sum, -(int)count));
}

/* `sizes` is scratch for as many. */
static double two_sided_p(const double *differences, size_t count, double *sizes)
{
    size_t ranks[EXACT];
    size_t sized = 0;
    size_t used = 0;
    size_t positive = 0;
    size_t total = 0;
    double squares = 0; /* of the midranks: four times the variance of their sum, less for ties */
    for (size_t i = 0; i < count; i++) {
        if (differences[i] != 0)
            sizes[sized++] = fabs(differences[i]);
    }
    stats_sort(sizes, sized);
    for (size_t i = 0; i < count; i++) {
        if (differences[i] == 0)
            continue;
        size_t rank = doubled_rank(sizes, sized, fabs(differences[i]));
        if (used < EXACT)
            ranks[used] = rank;
        used++;
        total += rank;
        positive += differences[i] > 0 ? rank : 0;
        squares += (double)rank * (double)rank / 4;
    }
    if (used <= EXACT)
        return used > 0 ? exact_p(ranks, used, positive, total) : 1;
    double distance = fabs((double)positive - (double)total / 2) / 2;
    return fmin(1, 2 * stats_normal_share(-(distance - 0.5) / sqrt(squares / 4)));
}

/* Power 0.8 wants the truth as far beyond the bound as the bound's own quantile and that of 0.8 together. */
static double detectable_effect(const struct signed_rank *run, double confidence, double bound_error)
{
    double wanted = stats_normal_quantile(1 - bound_error) + stats_normal_quantile(0.8);
    if (run->confidence > 0)
        return expm1((run->high - run->low) / 2 * wanted / stats_normal_quantile((1 + confidence) / 2));
    if (run->bound_confidence > 0 && bound_error < 0.5)
        return expm1((run->upper_bound - run->lower_bound) / 2 * wanted / stats_normal_quantile(1 - bound_error));
    return INFINITY;
}

/* Takes sorted differences. `sizes` is scratch for as many, `listed` for all means of two of them; NULL: too many. */
static void compute(const double *sorted, size_t count, double *sizes, double *listed, double confidence,
                    double bound_error, struct signed_rank *run)
{
    const struct means means = {.sorted = sorted, .count = count, .listed = listed};
    size_t mean_count = 0;
    for (size_t i = 0; listed != NULL && i < count; i++) {
        for (size_t j = 0; j <= i; j++)
            listed[mean_count++] = mean_of(sorted[i], sorted[j]);
    }
    stats_sort(listed, mean_count);
    *run = (struct signed_rank){.count = count, .estimate = median_mean(&means)};
    double tail = bound(&means, (1 - confidence) / 2, &run->low, &run->high);
    run->confidence = tail < 1 ? 1 - 2 * tail : 0;
    tail = bound(&means, bound_error, &run->lower_bound, &run->upper_bound);
    run->bound_confidence = 1 - tail;
    run->p = two_sided_p(sorted, count, sizes);
    run->detectable_effect = detectable_effect(run, confidence, bound_error);
}

static size_t copy_finite(const double *differences, size_t count, double *copy, size_t capacity)
{
    size_t finite = 0;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(differences[i]))
            continue;
        if (finite < capacity)
            copy[finite] = differences[i];
        finite++;
    }
    return finite;
}

int signed_rank_compute(const double *differences, size_t count, double confidence, double bound_error,
                        struct signed_rank *run, struct error *error)
{
    double few[EXACT];
    double few_sizes[EXACT];
    double few_means[EXACT_PAIRS];
    size_t used = copy_finite(differences, count, few, EXACT);
    if (used <= EXACT) {
        stats_sort(few, used);
        compute(few, used, few_sizes, few_means, confidence, bound_error, run);
        return 0;
    }
    double *all = used < (size_t)UINT32_MAX ? calloc(2 * used, sizeof(*all)) : NULL;
    if (all == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory to compare %zu rounds", used);
    copy_finite(differences, count, all, used);
    stats_sort(all, used);
    compute(all, used, all + used, NULL, confidence, bound_error, run);
    free(all);
    return 0;
}

void signed_rank_widen(struct signed_rank *run, double factor)
{
    if (run->count == 0)
        return;
    run->low = run->estimate - factor * (run->estimate - run->low);
    run->high = run->estimate + factor * (run->high - run->estimate);
    run->lower_bound = run->estimate - factor * (run->estimate - run->lower_bound);
    run->upper_bound = run->estimate + factor * (run->upper_bound - run->estimate);
    run->detectable_effect = expm1(factor * log1p(run->detectable_effect));
}

size_t signed_rank_rounds_needed(size_t comparisons)
{
    const double wanted = 0.05 - SETTLE_ERROR_RATE;
    size_t rounds = 1;
    while (2 * ldexp(1, -(int)rounds) > wanted / (double)comparisons)
        rounds++;
    return rounds;
}
