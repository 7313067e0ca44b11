#include "conc_bench/ranking.h"

#include <math.h>
#include <stdlib.h>

#include "conc_bench/signed_rank.h"
#include "conc_bench/stats.h"

static const double significance = 0.05;

struct indexed {
    double p;
    size_t index;
};

static int compare(const void *a, const void *b)
{
    const struct indexed *left = a;
    const struct indexed *right = b;
    return (left->p > right->p) - (left->p < right->p);
}

int ranking_holm(const double *p, size_t count, double *adjusted, struct error *error)
{
    struct indexed *sorted = malloc((count + 1) * sizeof(*sorted));
    if (sorted == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory to adjust %zu comparisons", count);
    for (size_t i = 0; i < count; i++)
        sorted[i] = (struct indexed){p[i], i};
    qsort(sorted, count, sizeof(*sorted), compare);
    double largest = 0;
    for (size_t i = 0; i < count; i++) {
        largest = fmax(largest, fmin(1, (double)(count - i) * sorted[i].p));
        adjusted[sorted[i].index] = largest;
    }
    free(sorted);
    return 0;
}

/* One test for each pair (i, j), i < j, in that order. */
struct family {
    double *p;
    double *differences; /* estimates of ln(time i / time j) */
    double *paired;      /* scratch */
    size_t count;
    enum ranking_test test;
};

/* By the rounds that most have: a cell that lost some keeps its weaker tests. */
static enum ranking_test choose_test(const struct contestant *contestants, size_t count, size_t rounds)
{
    size_t most = 0;
    for (size_t i = 0; i < count; i++) {
        size_t own = 0;
        for (size_t round = 0; round < rounds; round++)
            own += isfinite(contestants[i].logs[round]) != 0;
        most = own > most ? own : most;
    }
    if (most < RANKING_ROUNDS_MIN || count < 2)
        return RANKING_NONE;
    return most < signed_rank_rounds_needed(count * (count - 1) / 2) ? RANKING_T : RANKING_SIGNED_RANK;
}

static int test_pair(const struct contestant *i, const struct contestant *j, size_t rounds, struct family *family,
                     struct error *error)
{
    struct signed_rank test;
    size_t paired = 0;
    for (size_t round = 0; round < rounds; round++) {
        double difference = i->logs[round] - j->logs[round];
        if (isfinite(difference))
            family->paired[paired++] = difference;
    }
    if (signed_rank_test(family->paired, paired, 1 - significance, &test, error) != 0)
        return -1;
    family->p[family->count] = family->test == RANKING_T ? stats_t_test(family->paired, paired) : test.p;
    family->differences[family->count++] = test.estimate;
    return 0;
}

static void assign(struct contestant *contestants, size_t count, const struct family *family)
{
    for (size_t i = 0; i < count; i++) {
        contestants[i].rank_low = 1;
        contestants[i].rank_high = (uint32_t)count;
    }
    size_t test = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = i + 1; j < count; j++, test++) {
            if (!(family->p[test] < significance) || family->differences[test] == 0)
                continue;
            size_t winner = family->differences[test] < 0 ? i : j;
            contestants[winner == i ? j : i].rank_low++;
            contestants[winner].rank_high--;
        }
    }
}

int ranking_rank(struct contestant *contestants, size_t count, size_t rounds, struct error *error)
{
    size_t pairs = count * (count - (count > 0)) / 2;
    struct family family = {
        .p = calloc(pairs + 1, sizeof(double)),
        .differences = calloc(pairs + 1, sizeof(double)),
        .paired = calloc(rounds + 1, sizeof(double)),
        .test = choose_test(contestants, count, rounds),
    };
    int status = 0;
    if (family.p == NULL || family.differences == NULL || family.paired == NULL)
        status = error_set(error, ERROR_ENVIRONMENT, "no memory to rank %zu cells", count);
    for (size_t i = 0; i < count && status == 0; i++) {
        for (size_t j = i + 1; j < count && status == 0; j++)
            status = test_pair(&contestants[i], &contestants[j], rounds, &family, error);
    }
    if (status == 0)
        status = ranking_holm(family.p, pairs, family.p, error);
    for (size_t i = 0; i < pairs && family.test == RANKING_NONE; i++)
        family.p[i] = 1;
    if (status == 0)
        assign(contestants, count, &family);
    free(family.p);
    free(family.differences);
    free(family.paired);
    return status == 0 ? (int)family.test : -1;
}
