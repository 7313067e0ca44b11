#include "conc_bench/signed_rank.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "conc_bench/stats.h"

/* Above this the number of Walsh averages grows for no more precision than the normal approximation has. */
enum { EXACT_MAX = 50, AVERAGES_MAX = EXACT_MAX * (EXACT_MAX + 1) / 2 };

/* The probability of every value of W+, the sum of the ranks of positive differences, if signs are a matter of chance.
 * `doubled` ranks are integers even where ties share ranks. Returns the largest value. */
static size_t distribution(const size_t *doubled, size_t count, double *probability)
{
    size_t largest = 0;
    probability[0] = 1;
    for (size_t i = 0; i < count; i++) {
        size_t rank = doubled[i];
        for (size_t sum = largest + 1; sum <= largest + rank; sum++)
            probability[sum] = 0;
        largest += rank;
        /* Halving at each step keeps the numbers probabilities, of any count. */
        for (size_t sum = largest + 1; sum-- > 0;)
            probability[sum] = (probability[sum] + (sum >= rank ? probability[sum - rank] : 0)) / 2;
    }
    return largest;
}

/* The upper quantile of the normal distribution, by bisection: its few callers have time. */
static double normal_quantile(double tail)
{
    double low = 0;
    double high = 40;
    for (int i = 0; i < 100; i++) {
        double middle = (low + high) / 2;
        if (erfc(middle / sqrt(2)) / 2 > tail)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static size_t critical_exact(size_t count, double tail, double *reached)
{
    size_t ranks[EXACT_MAX];
    double probability[2 * AVERAGES_MAX + 1];
    for (size_t i = 0; i < count; i++)
        ranks[i] = i + 1;
    size_t largest = distribution(ranks, count, probability);
    size_t critical = 0;
    double sum = 0;
    while (critical <= largest && sum + probability[critical] <= tail * (1 + 1e-12))
        sum += probability[critical++];
    *reached = sum;
    return critical;
}

static size_t critical_of(size_t count, double tail, double *reached)
{
    if (count <= EXACT_MAX)
        return critical_exact(count, tail, reached);
    double n = (double)count;
    double averages = n * (n + 1) / 2;
    *reached = tail;
    return (size_t)fmax(0, floor(averages / 2 - normal_quantile(tail) * sqrt(n * (n + 1) * (2 * n + 1) / 24)));
}

size_t signed_rank_critical(size_t count, double tail)
{
    double reached;
    return critical_of(count, tail, &reached);
}

/* All averages of two differences, each with itself included, ascending. The caller frees them. */
static double *walsh_averages(const double *differences, size_t count, size_t *averages_count)
{
    size_t total = count * (count + 1) / 2;
    double *averages = malloc((total + 1) * sizeof(*averages));
    if (averages == NULL)
        return NULL;
    size_t filled = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = i; j < count; j++)
            averages[filled++] = (differences[i] + differences[j]) / 2;
    }
    stats_sort(averages, total);
    *averages_count = total;
    return averages;
}

/* Twice the rank of each absolute value, ties sharing the mean of theirs. `sorted` holds the absolute values ascending.
 */
static size_t doubled_rank(const double *sorted, size_t count, double absolute)
{
    size_t below = 0;
    while (below < count && sorted[below] < absolute)
        below++;
    size_t last = below;
    while (last < count && sorted[last] <= absolute)
        last++;
    return below + 1 + last;
}

static double p_exact(const size_t *doubled, size_t count, size_t statistic)
{
    double probability[2 * AVERAGES_MAX + 1];
    size_t largest = distribution(doubled, count, probability);
    size_t smaller = statistic < largest - statistic ? statistic : largest - statistic;
    double sum = 0;
    for (size_t value = 0; value <= smaller; value++)
        sum += probability[value];
    return fmin(1, 2 * sum);
}

static double p_normal(const size_t *doubled, size_t count, size_t statistic)
{
    double mean = 0;
    double variance = 0;
    for (size_t i = 0; i < count; i++) {
        mean += (double)doubled[i] / 2;
        variance += (double)doubled[i] * (double)doubled[i] / 4;
    }
    return variance > 0 ? erfc(fabs((double)statistic - mean) / sqrt(variance) / sqrt(2)) : 1;
}

/* `absolute` and `doubled` are scratch, each as long as the differences. */
static double two_sided_p(const double *differences, size_t count, double *absolute, size_t *doubled)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (differences[i] != 0)
            absolute[kept++] = fabs(differences[i]);
    }
    if (kept == 0)
        return 1;
    stats_sort(absolute, kept);
    size_t statistic = 0;
    for (size_t i = 0, k = 0; i < count; i++) {
        if (differences[i] == 0)
            continue;
        doubled[k] = doubled_rank(absolute, kept, fabs(differences[i]));
        statistic += differences[i] > 0 ? doubled[k] : 0;
        k++;
    }
    return kept <= EXACT_MAX ? p_exact(doubled, kept, statistic) : p_normal(doubled, kept, statistic);
}

int signed_rank_test(const double *differences, size_t count, double confidence, struct signed_rank *result,
                     struct error *error)
{
    *result = (struct signed_rank){
        .count = count, .estimate = NAN, .low = -INFINITY, .high = INFINITY, .confidence = 0, .p = 1};
    if (count == 0)
        return 0;
    size_t total = 0;
    double *averages = walsh_averages(differences, count, &total);
    double *absolute = malloc(count * sizeof(*absolute));
    size_t *doubled = malloc(count * sizeof(*doubled));
    bool has_memory = averages != NULL && absolute != NULL && doubled != NULL;
    if (has_memory) {
        double reached;
        size_t critical = critical_of(count, (1 - confidence) / 2, &reached);
        result->estimate = stats_median(averages, total);
        result->p = two_sided_p(differences, count, absolute, doubled);
        if (critical > 0) {
            result->low = averages[critical - 1];
            result->high = averages[total - critical];
            result->confidence = 1 - 2 * reached;
        }
    }
    free(averages);
    free(absolute);
    free(doubled);
    return has_memory ? 0 : error_set(error, ERROR_ENVIRONMENT, "no memory to compare %zu rounds", count);
}

double signed_rank_detectable(const double *differences, size_t count, struct error *error)
{
    /* (1.645 + 0.842) / 1.96: one-sided 5 % and power .8 against a two-sided 95 % interval. */
    static const double of_half_width = 1.27;
    static const double of_half_width_90 = 1.51;
    struct signed_rank test;
    bool has_95 = signed_rank_critical(count, 0.025) > 0;
    if (signed_rank_test(differences, count, has_95 ? 0.95 : 0.90, &test, error) != 0 || test.confidence == 0)
        return NAN;
    return (has_95 ? of_half_width : of_half_width_90) * (test.high - test.low) / 2;
}

size_t signed_rank_rounds_needed(size_t comparisons)
{
    size_t rounds = 1;
    while (2 * ldexp(1, -(int)rounds) > 0.05 / (double)comparisons)
        rounds++;
    return rounds;
}
