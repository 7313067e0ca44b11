#include "conc_bench/analysis/ranking.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/analysis/stats.h"

void ranking_adjust(const double *p, size_t count, double *adjusted, double *scratch)
{
    double *sorted = scratch;
    if (count == 0)
        return;
    double *raised = scratch + count;
    memcpy(sorted, p, count * sizeof(*sorted));
    stats_sort(sorted, count);
    for (size_t i = 0; i < count; i++) {
        double own = fmin(1, (double)(count - i) * sorted[i]);
        raised[i] = i > 0 ? fmax(raised[i - 1], own) : own;
    }
    /* The first of equal ones counts most, and raises the others to its own. */
    for (size_t i = 0; i < count; i++)
        adjusted[i] = raised[stats_count_below(sorted, count, p[i], false)];
}

const struct ranking_pair *ranking_pair(const struct ranking *ranking, size_t cell, size_t other)
{
    size_t first = cell < other ? cell : other;
    size_t second = cell < other ? other : cell;
    /* The pairs of all cells before `first` stand before its own: count - 1 of them, count - 2, ... */
    return &ranking->pairs[first * (2 * ranking->cell_count - first - 1) / 2 + second - first - 1];
}

bool ranking_beats(const struct ranking *ranking, size_t cell, size_t other)
{
    if (cell == other)
        return false;
    const struct ranking_pair *pair = ranking_pair(ranking, cell, other);
    if (pair->settled_by > 0)
        return settlement_rounds(&ranking->settlement, other, cell) > 0;
    double estimate = pair->first == cell ? pair->comparison.estimate : -pair->comparison.estimate;
    return pair->adjusted_p < ranking->error_rate - SETTLE_ERROR_RATE && estimate < 0;
}

bool ranking_says_anything(const struct ranking *ranking)
{
    return ranking->test != RANKING_NONE || ranking->settlement.is_any;
}

bool ranking_are_practically_equal(const struct ranking *ranking, size_t cell, size_t other)
{
    if (cell == other)
        return true;
    const struct signed_rank *comparison = &ranking_pair(ranking, cell, other)->comparison;
    /* The ratio of the slower to the faster, whichever it is: then which comes first does not matter. */
    double limit = log1p(ranking->margin);
    return comparison->lower_bound >= -limit && comparison->upper_bound <= limit;
}

/* Chooses by the rounds of the pair that has most: a pair that lost some keeps its weaker test. */
static enum ranking_test choose_test(const struct ranking *ranking)
{
    size_t most = 0;
    for (size_t i = 0; i < ranking->pair_count; i++) {
        const struct ranking_pair *pair = &ranking->pairs[i];
        if (!isnan(pair->adjusted_p) && pair->comparison.count > most)
            most = pair->comparison.count;
    }
    if (most < RANKING_ROUNDS_MIN)
        return RANKING_NONE;
    return most < signed_rank_rounds_needed(ranking->tested_count) ? RANKING_T : RANKING_SIGNED_RANK;
}

static size_t take_differences(const double *first, const double *second, size_t round_count, double *differences)
{
    size_t count = 0;
    for (size_t round = 0; round < round_count; round++) {
        double difference = first[round] - second[round];
        if (isfinite(difference))
            differences[count++] = difference;
    }
    return count;
}

/* The pair's differences go by Student's t where ranks cannot: in a test of too few rounds for them, and for the
 * interval of what ranks by fewer than those have one for. */
static void use_t(const double *differences, size_t count, const struct ranking *ranking, struct ranking_pair *pair)
{
    struct signed_rank *comparison = &pair->comparison;
    bool is_tested = !isnan(pair->adjusted_p) && ranking->test != RANKING_NONE && count >= RANKING_ROUNDS_MIN;
    if (!is_tested)
        comparison->p = 1;
    else if (ranking->test == RANKING_T)
        comparison->p = stats_t_test(differences, count);
    if (comparison->confidence == 0 && (is_tested || pair->settled_by > 0))
        comparison->confidence =
            stats_t_interval(differences, count, 1 - ranking->error_rate, &comparison->low, &comparison->high);
}

/* Four numbers of scratch for each pair. */
static void adjust_pairs(struct ranking *ranking, double *scratch)
{
    double *p = scratch;
    double *adjusted = scratch + ranking->pair_count;
    size_t count = 0;
    for (size_t i = 0; i < ranking->pair_count; i++) {
        if (!isnan(ranking->pairs[i].adjusted_p))
            p[count++] = ranking->pairs[i].comparison.p;
    }
    ranking_adjust(p, count, adjusted, scratch + 2 * ranking->pair_count);
    count = 0;
    for (size_t i = 0; i < ranking->pair_count; i++) {
        if (!isnan(ranking->pairs[i].adjusted_p))
            ranking->pairs[i].adjusted_p = adjusted[count++];
    }
}

static void rank_cells(struct ranking *ranking)
{
    for (size_t cell = 0; cell < ranking->cell_count; cell++) {
        struct ranking_cell *ranked = &ranking->cells[cell];
        if (ranked->low == 0)
            continue;
        ranked->high = ranking->ranked_count;
        for (size_t other = 0; other < ranking->cell_count; other++) {
            ranked->low += ranking_beats(ranking, other, cell); // NOLINT(readability-suspicious-call-argument): meant
            ranked->high -= ranking_beats(ranking, cell, other);
        }
    }
}

/* Ranks start at 1 for a cell that has a time at all, at 0 for one that has none. */
static void find_ranked(const double *log_times, size_t round_count, struct ranking *ranking)
{
    for (size_t cell = 0; cell < ranking->cell_count; cell++) {
        for (size_t round = 0; round < round_count; round++) {
            if (isfinite(log_times[cell * round_count + round]))
                ranking->cells[cell].low = 1;
        }
        ranking->ranked_count += ranking->cells[cell].low;
    }
}

static struct ranking_pair make_pair(const struct ranking *ranking, size_t first, size_t second)
{
    unsigned first_slower = settlement_rounds(&ranking->settlement, first, second);
    unsigned second_slower = settlement_rounds(&ranking->settlement, second, first);
    bool is_ranked = ranking->cells[first].low > 0 && ranking->cells[second].low > 0;
    bool is_settled = first_slower + second_slower > 0;
    return (struct ranking_pair){
        .first = first,
        .second = second,
        .settled_by = first_slower + second_slower,
        .adjusted_p = is_ranked && !is_settled ? 1 : NAN,
    };
}

/* The choice of the test needs the rounds of all pairs, so this goes through them twice. */
static int compare_pairs(const double *log_times, size_t round_count, double *differences, struct ranking *ranking,
                         struct error *error)
{
    size_t next = 0;
    double error_rate = ranking->error_rate;
    for (size_t first = 0; first < ranking->cell_count; first++) {
        for (size_t second = first + 1; second < ranking->cell_count; second++) {
            struct ranking_pair *pair = &ranking->pairs[next++];
            *pair = make_pair(ranking, first, second);
            if (!isnan(pair->adjusted_p))
                ranking->tested_count++;
            size_t count = take_differences(&log_times[first * round_count], &log_times[second * round_count],
                                            round_count, differences);
            if (signed_rank_compute(differences, count, 1 - error_rate, error_rate, &pair->comparison, error) != 0)
                return -1;
        }
    }
    ranking->test = choose_test(ranking);
    for (size_t i = 0; i < ranking->pair_count; i++) {
        struct ranking_pair *pair = &ranking->pairs[i];
        size_t count = take_differences(&log_times[pair->first * round_count], &log_times[pair->second * round_count],
                                        round_count, differences);
        use_t(differences, count, ranking, pair);
    }
    return 0;
}

int ranking_compute(const double *log_times, size_t cell_count, size_t round_count, double error_rate, double margin,
                    struct ranking *ranking, struct error *error)
{
    int status = -1;
    size_t pair_count = cell_count * (cell_count - (cell_count > 0)) / 2;
    *ranking = (struct ranking){
        .cells = calloc(cell_count + 1, sizeof(ranking->cells[0])),
        .cell_count = cell_count,
        .pairs = calloc(pair_count + 1, sizeof(ranking->pairs[0])),
        .pair_count = pair_count,
        .error_rate = error_rate,
        .margin = margin,
    };
    double *scratch = calloc(4 * pair_count + round_count + 1, sizeof(*scratch));
    if (ranking->cells == NULL || ranking->pairs == NULL || scratch == NULL) {
        error_set(error, ERROR_ENVIRONMENT, "no memory to rank %zu cells", cell_count);
        goto out;
    }
    find_ranked(log_times, round_count, ranking);
    if (settlement_make(log_times, cell_count, round_count, &ranking->settlement, error) != 0 ||
        compare_pairs(log_times, round_count, scratch, ranking, error) != 0)
        goto out;
    adjust_pairs(ranking, scratch);
    rank_cells(ranking);
    status = 0;
out:
    free(scratch);
    if (status != 0)
        ranking_release(ranking);
    return status;
}

void ranking_release(struct ranking *ranking)
{
    free(ranking->cells);
    free(ranking->pairs);
    settlement_release(&ranking->settlement);
    *ranking = (struct ranking){0};
}
