#include "conc_bench/analysis/settle.h"

#include <math.h>
#include <stdlib.h>

#include "conc_bench/analysis/stats.h"

struct look {
    unsigned rounds;
    double factor; /* in every one of them */
};

static const struct look looks[] = {{SETTLE_ROUNDS_MIN, 4}, {SETTLE_ROUNDS_MAX, 2}};
enum { LOOKS = sizeof(looks) / sizeof(looks[0]) };

/* A ratio that differs from its pair's median by this factor is of a noise that the guarantee does not cover. */
static const double noise_factor = 2;

/* The first rounds that both cells of a pair have. */
struct pair_rounds {
    double differences[SETTLE_ROUNDS_MAX]; /* log(time of slower) - log(time of faster) */
    size_t count;
};

static struct pair_rounds first_rounds(const double *slower, const double *faster, size_t round_count)
{
    struct pair_rounds pair = {.count = 0};
    for (size_t round = 0; round < round_count && pair.count < SETTLE_ROUNDS_MAX; round++) {
        double difference = slower[round] - faster[round];
        if (isfinite(difference))
            pair.differences[pair.count++] = difference;
    }
    return pair;
}

/* Considers the rounds that a look sees: all that the pair has, since a cell that left has no more. */
static bool is_steady(const struct pair_rounds *pair, const struct look *look)
{
    double sorted[SETTLE_ROUNDS_MAX];
    size_t count = pair->count < look->rounds ? pair->count : look->rounds;
    for (size_t i = 0; i < count; i++)
        sorted[i] = pair->differences[i];
    stats_sort(sorted, count);
    double middle = stats_median(sorted, count);
    return count == 0 || fmax(sorted[count - 1] - middle, middle - sorted[0]) < log(noise_factor);
}

static bool is_slower(const struct pair_rounds *pair, const struct look *look)
{
    for (size_t i = 0; i < look->rounds && i < pair->count; i++) {
        if (pair->differences[i] < log(look->factor))
            return false;
    }
    return pair->count >= look->rounds;
}

/* Whether no noise forbids to settle by this look. In `is_taken`: whether any pair has rounds enough for it. */
static bool are_all_steady(const double *log_times, size_t cell_count, size_t round_count, const struct look *look,
                           bool *is_taken)
{
    bool are_steady = true;
    *is_taken = false;
    for (size_t first = 0; first < cell_count; first++) {
        for (size_t second = first + 1; second < cell_count; second++) {
            const struct pair_rounds pair =
                first_rounds(&log_times[first * round_count], &log_times[second * round_count], round_count);
            *is_taken = *is_taken || pair.count >= look->rounds;
            are_steady = are_steady && is_steady(&pair, look);
        }
    }
    return are_steady;
}

static void settle_pairs(const double *log_times, size_t round_count, const struct look *look,
                         struct settlement *settlement)
{
    size_t cells = settlement->cell_count;
    for (size_t i = 0; i < cells * cells; i++) {
        const double *slower = &log_times[i / cells * round_count];
        const double *faster = &log_times[i % cells * round_count];
        const struct pair_rounds pair = first_rounds(slower, faster, round_count);
        if (settlement->rounds[i] != 0 || !is_slower(&pair, look))
            continue;
        settlement->rounds[i] = (unsigned char)look->rounds;
        settlement->is_any = true;
    }
}

/* The median of the rounds that are looked at. */
static double median_of_cell(const double *log_times, size_t round_count)
{
    double sorted[SETTLE_ROUNDS_MAX];
    size_t count = 0;
    for (size_t round = 0; round < round_count && count < SETTLE_ROUNDS_MAX; round++) {
        if (isfinite(log_times[round]))
            sorted[count++] = log_times[round];
    }
    stats_sort(sorted, count);
    return stats_median(sorted, count);
}

int settlement_make(const double *log_times, size_t cell_count, size_t round_count, struct settlement *settlement,
                    struct error *error)
{
    *settlement = (struct settlement){
        .cell_count = cell_count,
        .rounds = calloc(cell_count * cell_count + 1, sizeof(settlement->rounds[0])),
        .medians = calloc(cell_count + 1, sizeof(settlement->medians[0])),
    };
    if (settlement->rounds == NULL || settlement->medians == NULL) {
        settlement_release(settlement);
        return error_set(error, ERROR_ENVIRONMENT, "no memory to compare the first rounds of %zu cells", cell_count);
    }
    for (size_t cell = 0; cell < cell_count; cell++)
        settlement->medians[cell] = median_of_cell(&log_times[cell * round_count], round_count);
    for (size_t i = 0; i < LOOKS; i++) {
        /* A look at noisy rounds settles nothing; what the look before settled stands. */
        bool is_taken;
        bool are_steady = are_all_steady(log_times, cell_count, round_count, &looks[i], &is_taken);
        if (is_taken && are_steady)
            settle_pairs(log_times, round_count, &looks[i], settlement);
    }
    return 0;
}

void settlement_release(struct settlement *settlement)
{
    free(settlement->rounds);
    free(settlement->medians);
    *settlement = (struct settlement){0};
}

unsigned settlement_rounds(const struct settlement *settlement, size_t slower, size_t faster)
{
    return settlement->rounds[slower * settlement->cell_count + faster];
}

double settlement_factor(unsigned rounds)
{
    for (size_t i = 0; i < LOOKS; i++) {
        if (looks[i].rounds == rounds)
            return looks[i].factor;
    }
    return 1;
}

/* Whether `cell` belongs to the front if all cells up to this median do. */
static bool is_in_front(const struct settlement *settlement, size_t cell, double last)
{
    return settlement->medians[cell] <= last; /* false without times */
}

static bool is_cut(const struct settlement *settlement, double last)
{
    for (size_t slower = 0; slower < settlement->cell_count; slower++) {
        if (isnan(settlement->medians[slower]) || is_in_front(settlement, slower, last))
            continue;
        for (size_t faster = 0; faster < settlement->cell_count; faster++) {
            if (is_in_front(settlement, faster, last) && settlement_rounds(settlement, slower, faster) == 0)
                return false;
        }
    }
    return true;
}

size_t settlement_leaving(const struct settlement *settlement, const bool *must_stay, bool *leaves)
{
    double slowest = -INFINITY;
    double last = -INFINITY; /* of the largest front that leaves a back */
    size_t leaving = 0;
    for (size_t cell = 0; cell < settlement->cell_count; cell++)
        slowest = fmax(slowest, settlement->medians[cell]);
    for (size_t cell = 0; cell < settlement->cell_count; cell++) {
        double median = settlement->medians[cell];
        if (median < slowest && median > last && is_cut(settlement, median))
            last = median;
    }
    for (size_t cell = 0; cell < settlement->cell_count; cell++) {
        bool is_needed = must_stay != NULL && must_stay[cell];
        leaves[cell] = isfinite(last) && settlement->medians[cell] > last && !is_needed;
        leaving += leaves[cell];
    }
    return leaving;
}
