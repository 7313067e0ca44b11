#include "conclusions.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/analysis/signed_rank.h"
#include "conc_bench/base/number.h"
#include "conc_bench/base/text.h"
#include "conc_bench/modes/trait.h"

/* Costs closer than this are equal. */
static const double same_cost = 0.10;

__attribute__((format(printf, 2, 3))) static void say(struct conclusions *conclusions, const char *format, ...)
{
    if (conclusions->count == conclusions->capacity)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(conclusions->sentences[conclusions->count++], sizeof(conclusions->sentences[0]), format, arguments);
    va_end(arguments);
}

static size_t count_ranked(const struct run_stats *stats)
{
    size_t count = 0;
    while (count < stats->main_count && stats->cells[count].rank_low > 0)
        count++;
    return count;
}

/* "threads/8, hybrid/8" of the cells for which `is_listed` holds; those without room are counted: ", and 3 more". */
static void list_names(const struct run_stats *stats, const bool *is_listed, size_t count, char *buffer, size_t size)
{
    enum { NAME_ROOM = 40, COUNT_ROOM = 20 };
    size_t left_out = 0;
    buffer[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        const struct run_cell *cell = stats->cells[i].cell;
        bool has_room = left_out == 0 && strlen(buffer) + NAME_ROOM + COUNT_ROOM <= size;
        if (is_listed[i] && has_room)
            text_append(buffer, size, "%s%s/%" PRIu32, buffer[0] != '\0' ? ", " : "", cell->mode, cell->workers);
        left_out += is_listed[i] && !has_room;
    }
    if (left_out > 0)
        text_append(buffer, size, ", and %zu more", left_out);
}

/* How much longer the cell at `index` takes than the fastest: logarithms. */
static struct signed_rank slowdown(const struct run_stats *stats, size_t index)
{
    const struct ranking_pair *pair = ranking_pair(&stats->ranking, 0, index);
    struct signed_rank mirrored = pair->comparison; /* of the fastest to the other */
    mirrored.estimate = -pair->comparison.estimate;
    mirrored.low = -pair->comparison.high;
    mirrored.high = -pair->comparison.low;
    mirrored.lower_bound = -pair->comparison.upper_bound;
    mirrored.upper_bound = -pair->comparison.lower_bound;
    return mirrored;
}

/* The first of its rounds from which every one up to the last failed too often; 0: there is none. */
static uint32_t first_failing_round(const struct cell_stats *cell, double tolerated)
{
    uint32_t first = 0;
    for (size_t row = 0; row < cell->rounds; row++) {
        double failed = cell_stats_value(cell, row, METRIC_FAILURES);
        bool has_failed = failed > tolerated * (double)cell->downloads_in_all / (double)cell->rounds;
        if (!has_failed && first > 0)
            return 0;
        if (has_failed && first == 0)
            first = cell->row_rounds[row] + 1;
    }
    return first;
}

static void say_failing_cell(const struct run_stats *stats, const struct cell_stats *cell,
                             struct conclusions *conclusions)
{
    double tolerated = stats->run->tolerates_failures ? FAILED_SHARE_MAX_TOLERATED : FAILED_SHARE_MAX;
    uint32_t first = first_failing_round(cell, tolerated);
    int most = OUTCOME_OK + 1;
    char since[48] = "";
    for (int outcome = most; outcome < OUTCOME_COUNT; outcome++) {
        if (cell->failures_in_all_by_class[outcome] > cell->failures_in_all_by_class[most])
            most = outcome;
    }
    if (first > cell->row_rounds[0] + 1)
        snprintf(since, sizeof(since), ", from round %" PRIu32 " on", first);
    say(conclusions, "%" PRIu64 " of %" PRIu64 " downloads of %s/%" PRIu32 " failed (%s%s)%s: its times say nothing",
        cell->failures_in_all, cell->downloads_in_all, cell->cell->mode, cell->cell->workers,
        cell->failures_in_all_by_class[most] < cell->failures_in_all ? "most of them: " : "",
        outcome_words((enum outcome)most), since);
}

/* Names the cells that are not ranked because downloads failed. */
static void say_failing(const struct run_stats *stats, struct conclusions *conclusions)
{
    enum { NAMED = 3 };
    size_t failing = 0;
    for (size_t i = 0; stats->validity.has_success && i < stats->main_count; i++) {
        const struct cell_stats *cell = &stats->cells[i];
        if (cell->has_times && !cell->is_sound && !cell->is_unproven && !cell->is_overrun && failing++ < NAMED)
            say_failing_cell(stats, cell, conclusions);
    }
    if (failing > NAMED)
        say(conclusions, "So many downloads of %zu more cell%s failed that %s times say nothing either",
            failing - NAMED, failing - NAMED == 1 ? "" : "s", failing - NAMED == 1 ? "its" : "their");
}

/* "1.2 s", or "71.2 ms on average" of response times. Returns `buffer`. */
static const char *describe_value(const struct cell_stats *cell, char *buffer, size_t size)
{
    bool is_time = cell_stats_ranked_by(cell) == METRIC_TIME;
    double value = cell_stats_ranked_value(cell);
    snprintf(buffer, size, "%s %s", NUMBER(3, is_time ? value : 1e3 * value), is_time ? "s" : "ms on average");
    return buffer;
}

/* " (7.2 to 8)"; nothing where both ends read the same. */
static const char *describe_interval(const struct estimate *ratio, char *buffer, size_t size)
{
    char range[48];
    number_format_range(range, sizeof(range), 3, ratio->low, ratio->high);
    buffer[0] = '\0';
    if (strstr(range, " to ") != NULL)
        snprintf(buffer, size, " (%s)", range);
    return buffer;
}

/* The same in per cent. */
static const char *describe_percents(double low, double high, char *buffer, size_t size)
{
    char first[32], last[32];
    snprintf(first, sizeof(first), "%.1f", low);
    snprintf(last, sizeof(last), "%.1f", high);
    buffer[0] = '\0';
    if (isfinite(low) && isfinite(high) && strcmp(first, last) != 0)
        snprintf(buffer, size, " (%s to %s)", first, last);
    return buffer;
}

/* The fastest that is told from all others, by how much. */
static void say_winner(const struct run_stats *stats, struct conclusions *conclusions)
{
    const struct cell_stats *best = &stats->cells[0];
    const struct cell_stats *next = &stats->cells[1];
    struct signed_rank behind = slowdown(stats, 1);
    char against[160] = "", interval[64], percents[80], value[40];
    describe_value(best, value, sizeof(value));
    if (stats->reference != NULL && stats->reference != best && isfinite(best->speedup.value))
        snprintf(against, sizeof(against), ", %s times as fast as %s/%" PRIu32 "%s", NUMBER(3, best->speedup.value),
                 stats->reference->cell->mode, stats->reference->cell->workers,
                 describe_interval(&best->speedup, interval, sizeof(interval)));
    if (stats->reference == next)
        say(conclusions, "%s/%" PRIu32 " is the fastest: %s%s", best->cell->mode, best->cell->workers, value, against);
    else
        say(conclusions, "%s/%" PRIu32 " is the fastest: %s%s; %s/%" PRIu32 ", the next, takes %.1f %% longer%s",
            best->cell->mode, best->cell->workers, value, against, next->cell->mode, next->cell->workers,
            100 * expm1(behind.estimate),
            describe_percents(100 * expm1(behind.low), 100 * expm1(behind.high), percents, sizeof(percents)));
}

/* Several share the first rank. Not to be told apart is less than to be the same: that too has to be shown. */
static void say_tie(const struct run_stats *stats, const bool *is_first, size_t ranked, struct conclusions *conclusions)
{
    char names[320];
    double widest = 0;
    bool are_equal = true;
    list_names(stats, is_first, ranked, names, sizeof(names));
    for (size_t i = 1; i < ranked; i++) {
        if (!is_first[i])
            continue;
        struct signed_rank behind = slowdown(stats, i);
        widest = fmax(widest, fmax(fabs(behind.lower_bound), fabs(behind.upper_bound)));
        are_equal &= ranking_are_practically_equal(&stats->ranking, 0, i);
    }
    const struct cell_stats *best = &stats->cells[0];
    char against[160] = "", interval[64];
    if (stats->reference != NULL && stats->reference->rank_low > 1 && isfinite(best->speedup.value))
        snprintf(against, sizeof(against), "; %s/%" PRIu32 " is %s times as fast as %s/%" PRIu32 "%s", best->cell->mode,
                 best->cell->workers, NUMBER(3, best->speedup.value), stats->reference->cell->mode,
                 stats->reference->cell->workers, describe_interval(&best->speedup, interval, sizeof(interval)));
    if (are_equal)
        say(conclusions,
            "No difference detected between the fastest (%s): practically equal, within %.0f %% of the first%s", names,
            100 * NEGLIGIBLE_SLOWDOWN, against);
    else if (isinf(widest))
        say(conclusions,
            "%zu rounds do not tell the fastest apart (%s): at least %d are needed (--runs, or a longer "
            "--time-budget)%s",
            best->rounds, names, RANKING_ROUNDS_MIN, against);
    else
        say(conclusions,
            "No difference detected between the fastest (%s); a difference of up to %.0f %% would have gone unseen%s",
            names, 100 * expm1(widest), against);
}

/* Names the cells that left after the first rounds, or have no more than these, and says why they are ranked. */
static int say_settled(const struct run_stats *stats, size_t ranked, struct conclusions *conclusions,
                       struct error *error)
{
    bool *is_settled = calloc(ranked, sizeof(*is_settled));
    if (is_settled == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the ranking");
    size_t count = settlement_leaving(&stats->ranking.settlement, NULL, is_settled);
    size_t named = 0;
    unsigned by = SETTLE_ROUNDS_MIN;
    for (size_t i = 0; i < ranked; i++) {
        is_settled[i] = is_settled[i] && stats->cells[i].rounds < RANKING_ROUNDS_MIN;
        named += is_settled[i];
        for (size_t other = 0; other < ranked && is_settled[i]; other++) {
            unsigned rounds = settlement_rounds(&stats->ranking.settlement, i, other);
            by = rounds > by ? rounds : by;
        }
    }
    char names[320];
    list_names(stats, is_settled, ranked, names, sizeof(names));
    free(is_settled);
    if (named > 0)
        say(conclusions,
            "%s %stook more than %.0f times as long as %s in each of %u rounds, which ranks %s without more", names,
            named > 1 ? "each " : "", settlement_factor(by), count == 1 ? "any other" : "all before them", by,
            named > 1 ? "them" : "it");
    return 0;
}

/* Rankless: what there is, and what it would take. */
static void say_medians(const struct run_stats *stats, struct conclusions *conclusions)
{
    const struct cell_stats *best = &stats->cells[0];
    if (!best->is_sound || !stats->cells[1].is_sound)
        return; /* nobody to compare with */
    char value[40];
    say(conclusions, "%s/%" PRIu32 " had the lowest median %stime, %s", best->cell->mode, best->cell->workers,
        cell_stats_ranked_by(best) == METRIC_TIME ? "" : "response ", describe_value(best, value, sizeof(value)));
    size_t rounds = cell_stats_rounds_to_compare(stats);
    if (rounds == 1)
        say(conclusions,
            "One round cannot tell a difference from noise: at least %d are needed (--runs, or a longer "
            "--time-budget)",
            RANKING_ROUNDS_MIN);
    else
        say(conclusions,
            "%zu rounds are too few to rank: at least %d are needed (--runs, or a longer "
            "--time-budget)",
            rounds, RANKING_ROUNDS_MIN);
}

/* Recommendation */

static double cost(const struct cell_stats *cell, enum metric metric)
{
    return cell->metrics[metric].value;
}

/* Lower is simpler. */
static int machinery(const struct cell_stats *cell)
{
    unsigned traits = cell->cell->traits;
    if ((traits & MODE_ONE_WORKER) != 0)
        return 0;
    if ((traits & MODE_COOPERATIVE) != 0)
        return (traits & MODE_ALL_CORES) != 0 ? 4 : 2;
    return (traits & MODE_OWN_PROCESSES) != 0 ? 3 : 1;
}

/* Whether `other` is the better choice of two that are as fast. A cost that is not known of one of them decides
 * nothing: a comparison with NAN is false. */
static bool is_cheaper(const struct cell_stats *cell, const struct cell_stats *other)
{
    static const enum metric costs[] = {METRIC_CPU, METRIC_MEMORY};
    for (size_t i = 0; i < sizeof(costs) / sizeof(costs[0]); i++) {
        double own = cost(cell, costs[i]);
        double others = cost(other, costs[i]);
        if (others < own * (1 - same_cost))
            return true;
        if (own < others * (1 - same_cost))
            return false;
    }
    if (machinery(other) != machinery(cell))
        return machinery(other) < machinery(cell);
    return other->cell->workers < cell->cell->workers;
}

bool conclusions_are_as_fast(const struct run_stats *stats, size_t index)
{
    return index == 0 || slowdown(stats, index).estimate <= log1p(NEGLIGIBLE_SLOWDOWN);
}

/* The reason that holds for all candidates, as far as the rounds show it. */
static const char *describe_candidates(const struct run_stats *stats, const bool *is_candidate, size_t ranked)
{
    bool are_surely = true;
    bool are_tied = true;
    for (size_t i = 1; i < ranked; i++) {
        are_surely = are_surely && (!is_candidate[i] || slowdown(stats, i).upper_bound <= log1p(NEGLIGIBLE_SLOWDOWN));
        are_tied = are_tied && (!is_candidate[i] || stats->cells[i].rank_low == 1);
    }
    return are_tied ? "that share the first rank, within" : are_surely ? "reliably within" : "within";
}

static int recommend(const struct run_stats *stats, size_t ranked, struct conclusions *conclusions, struct error *error)
{
    bool *is_candidate = calloc(ranked, sizeof(*is_candidate));
    if (is_candidate == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for a recommendation");
    const struct cell_stats *chosen = &stats->cells[0];
    bool is_tie = false;
    for (size_t i = 1; i < ranked; i++)
        is_tie = is_tie || stats->cells[i].rank_low == 1;
    size_t candidates = 0;
    for (size_t i = 0; i < ranked; i++) {
        /* A winner may be beaten by a cheaper one that is nearly as fast; of a tie, one of the tied is the answer. */
        is_candidate[i] = conclusions_are_as_fast(stats, i) && (!is_tie || stats->cells[i].rank_low == 1);
        candidates += is_candidate[i];
        if (is_candidate[i] && is_cheaper(chosen, &stats->cells[i]))
            chosen = &stats->cells[i];
    }
    char names[320];
    conclusions->recommended = chosen;
    list_names(stats, is_candidate, ranked, names, sizeof(names));
    double downloads = chosen->metrics[METRIC_DOWNLOADS].value;
    char memory[32] = "";
    if (isfinite(cost(chosen, METRIC_MEMORY)))
        snprintf(memory, sizeof(memory), " and %s MiB", NUMBER(3, cost(chosen, METRIC_MEMORY) / (1 << 20)));
    if (candidates == 1)
        say(conclusions, "Recommended: %s/%" PRIu32 "; no other is within %.0f %% of it", chosen->cell->mode,
            chosen->cell->workers, 100 * NEGLIGIBLE_SLOWDOWN);
    else
        say(conclusions,
            "Recommended: %s/%" PRIu32 ", with %s ms of CPU time a download%s the cheapest, or else the simplest, of "
            "those %s %.0f %% of the fastest (%s)",
            chosen->cell->mode, chosen->cell->workers, NUMBER(3, 1e3 * cost(chosen, METRIC_CPU) / downloads), memory,
            describe_candidates(stats, is_candidate, ranked), 100 * NEGLIGIBLE_SLOWDOWN, names);
    free(is_candidate);
    return 0;
}

static int say_ranking(const struct run_stats *stats, size_t ranked, struct conclusions *conclusions,
                       struct error *error)
{
    bool *is_first = calloc(ranked, sizeof(*is_first));
    size_t first = 0;
    if (is_first == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the ranking");
    for (size_t i = 0; i < ranked; i++) {
        is_first[i] = stats->cells[i].rank_low == 1;
        first += is_first[i];
    }
    if (first == 1)
        say_winner(stats, conclusions);
    else
        say_tie(stats, is_first, ranked, conclusions);
    free(is_first);
    return 0;
}

int conclusions_make(const struct run_stats *stats, struct conclusions *conclusions, struct error *error)
{
    conclusions->count = 0;
    conclusions->recommended = NULL;
    say_failing(stats, conclusions);
    if (stats->main_count < 2 || !stats->validity.is_valid || !stats->validity.has_success)
        return 0;
    size_t ranked = count_ranked(stats);
    if (ranked < 2) {
        say_medians(stats, conclusions);
        return 0;
    }
    if (say_ranking(stats, ranked, conclusions, error) != 0)
        return -1;
    if (say_settled(stats, ranked, conclusions, error) != 0)
        return -1;
    if (stats->ranking.test == RANKING_T)
        say(conclusions, "Ranked by paired t tests: rank tests of %zu pair%s take %zu rounds",
            stats->ranking.tested_count, stats->ranking.tested_count == 1 ? "" : "s",
            signed_rank_rounds_needed(stats->ranking.tested_count));
    return recommend(stats, ranked, conclusions, error);
}
