#include "conc_bench/analysis/assertion_result.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/analysis/metrics.h"
#include "conc_bench/analysis/ranking.h"
#include "conc_bench/analysis/signed_rank.h"
#include "conc_bench/analysis/stats.h"
#include "conc_bench/base/number.h"
#include "conc_bench/base/text.h"

/* The error rate of each bound, and of all failures together. */
static const double significance = 0.05;

/* A gate that could not have seen a difference of this size is none. */
static const double detectable_at_most = 0.25;

const char *assertion_result_name(enum assertion_verdict verdict)
{
    static const char *const names[] = {[VERDICT_PASS] = "PASS",
                                        [VERDICT_FAIL] = "FAIL",
                                        [VERDICT_INCONCLUSIVE] = "INCONCLUSIVE",
                                        [VERDICT_UNMEASURABLE] = "UNMEASURABLE"};
    return names[verdict];
}

static bool holds(enum assertion_comparison comparison, double value, double limit)
{
    switch (comparison) {
    case ASSERTION_LESS:
        return value < limit;
    case ASSERTION_AT_MOST:
        return value <= limit;
    case ASSERTION_MORE:
        return value > limit;
    case ASSERTION_AT_LEAST:
        return value >= limit;
    case ASSERTION_EQUAL:
        return value == limit;
    case ASSERTION_UNEQUAL:
        break;
    }
    return value != limit;
}

static bool wants_small(enum assertion_comparison comparison)
{
    return comparison == ASSERTION_LESS || comparison == ASSERTION_AT_MOST;
}

/* The values of an assertion, one a round. */
struct series {
    double *values; /* in the unit of the assertion, or logarithms for a ratio */
    size_t count;
};

static size_t take_values(const struct cell_stats *cell, enum metric metric, double *values)
{
    size_t count = 0;
    for (size_t row = 0; row < cell->rounds; row++) {
        double value = cell_stats_value(cell, row, metric);
        if (isfinite(value))
            values[count++] = value;
    }
    return count;
}

/* Every round must hold: counts have no noise to allow for. */
static void judge_exact(const struct assertion *assertion, const struct series *series,
                        struct assertion_result *assertion_result)
{
    size_t broken = 0;
    for (size_t i = 0; i < series->count; i++)
        broken += !holds(assertion->comparison, series->values[i], assertion->limit);
    assertion_result->verdict = broken > 0 ? VERDICT_FAIL : VERDICT_PASS;
    assertion_result->p = broken > 0 ? 0 : 1;
    assertion_result->low = assertion_result->high = assertion_result->value;
    assertion_result->detectable = 0;
    snprintf(assertion_result->sentence, sizeof(assertion_result->sentence),
             "%.10g (median), and it %s in %zu of %zu rounds", assertion_result->value,
             broken > 0 ? "does not hold" : "holds", broken > 0 ? broken : series->count, series->count);
}

/* The chance that so many rounds lie beyond the limit if the median does not (sign test). */
static double sign_p(const struct series *series, double limit, bool is_small_wanted)
{
    size_t beyond = 0;
    for (size_t i = 0; i < series->count; i++)
        beyond += is_small_wanted ? series->values[i] > limit : series->values[i] < limit;
    double chance = ldexp(1, -(int)series->count);
    double tail = 0;
    for (size_t k = 0; k <= series->count; k++) {
        tail += k >= beyond ? chance : 0;
        chance *= (double)(series->count - k) / (double)(k + 1);
    }
    return fmin(1, tail);
}

static int bound_value(const struct assertion *assertion, const struct series *series,
                       struct assertion_result *assertion_result)
{
    stats_sort(series->values, series->count);
    assertion_result->value = stats_median(series->values, series->count);
    stats_median_bounds(series->values, series->count, 1 - significance, &assertion_result->low,
                        &assertion_result->high);
    assertion_result->p = sign_p(series, assertion->limit, wants_small(assertion->comparison));
    double half_width = (assertion_result->high - assertion_result->low) / 2;
    /* The half-width of a two-sided 90 % interval against one-sided 5 % and power .8: (1.645 + 0.842) / 1.645. */
    assertion_result->detectable = 1.51 * half_width / fabs(assertion_result->value);
    return 0;
}

/* Bounds the logarithms of ratios, widened if they drift. */
static int bound_ratio(const struct assertion *assertion, const struct series *series,
                       struct assertion_result *assertion_result, struct error *error)
{
    struct signed_rank test, against_limit;
    if (signed_rank_compute(series->values, series->count, 1 - significance, significance, &test, error) != 0)
        return -1;
    signed_rank_widen(&test, stats_serial_dependence(series->values, series->count).widening);
    assertion_result->value = exp(test.estimate);
    assertion_result->low = test.bound_confidence > 0 ? exp(test.lower_bound) : -INFINITY;
    assertion_result->high = exp(test.upper_bound);
    assertion_result->detectable = test.detectable_effect;
    for (size_t i = 0; i < series->count; i++)
        series->values[i] -= log(assertion->limit);
    if (signed_rank_compute(series->values, series->count, 1 - significance, significance, &against_limit, error) != 0)
        return -1;
    bool is_beyond = wants_small(assertion->comparison) ? against_limit.estimate > 0 : against_limit.estimate < 0;
    assertion_result->p = is_beyond ? against_limit.p / 2 : 1;
    return 0;
}

static void rule(const struct assertion *assertion, struct assertion_result *assertion_result)
{
    bool is_small_wanted = wants_small(assertion->comparison);
    double near = is_small_wanted ? assertion_result->low : assertion_result->high;
    double far = is_small_wanted ? assertion_result->high : assertion_result->low;
    if (isfinite(far) && holds(assertion->comparison, far, assertion->limit))
        assertion_result->verdict = VERDICT_PASS;
    else if (isfinite(near) && near != assertion->limit && !holds(assertion->comparison, near, assertion->limit))
        assertion_result->verdict = VERDICT_FAIL;
    else if (assertion_result->detectable <= detectable_at_most)
        assertion_result->verdict = VERDICT_INCONCLUSIVE;
    else
        assertion_result->verdict = VERDICT_UNMEASURABLE;
}

/* A value in the unit in which the assertion was probably written. */
static void format_value(char *buffer, size_t size, const struct assertion *assertion, double value)
{
    switch (assertion->unit) {
    case UNIT_DURATION:
        snprintf(buffer, size, "%s s", NUMBER(4, value));
        break;
    case UNIT_BYTES:
        number_format_size(buffer, size, value);
        break;
    case UNIT_RATE:
        snprintf(buffer, size, "%s/s", NUMBER(4, value));
        break;
    case UNIT_COUNT:
    case UNIT_PLAIN:
        snprintf(buffer, size, "%s", NUMBER(4, value));
        break;
    }
}

/* `rounds` were measured, whether they have a value or not. */
static void describe(const struct assertion *assertion, const struct series *series, size_t rounds,
                     struct assertion_result *assertion_result)
{
    char value[32], low[32], high[32];
    format_value(value, sizeof(value), assertion, assertion_result->value);
    format_value(low, sizeof(low), assertion, assertion_result->low);
    format_value(high, sizeof(high), assertion, assertion_result->high);
    char *text = assertion_result->sentence;
    size_t size = sizeof(assertion_result->sentence);
    if (series->count == 0) {
        snprintf(text, size, "%s",
                 rounds == 0 ? "there is no round to judge it by"
                             : "it is not known in any round: the system did not tell it");
        return;
    }
    if (!isfinite(assertion_result->low) || !isfinite(assertion_result->high)) {
        snprintf(text, size, "%s by %zu round%s, too few to judge: it takes 5 (--runs)", value, series->count,
                 series->count == 1 ? "" : "s");
        return;
    }
    snprintf(text, size, "%s, by %zu rounds between %s and %s (95 %% on each side)", value, series->count, low, high);
    if (assertion_result->verdict == VERDICT_PASS || assertion_result->verdict == VERDICT_FAIL)
        return;
    double distance = fabs(log(assertion_result->value / assertion_result->limit));
    double needed = (double)series->count * pow(log1p(assertion_result->detectable) / distance, 2);
    text_append(text, size, "; a difference of %.1f %% would have shown", 100 * assertion_result->detectable);
    if (needed <= 1000)
        text_append(text, size, ", and this one would take about %.0f rounds", ceil(needed));
}

static bool is_of_waits(enum metric metric)
{
    return metric >= METRIC_RESPONSE_MEAN && metric <= METRIC_WAIT_MAX;
}

/* Waits of who does not keep up grow with the list: whatever they came to, a longer list would have made them longer.
 * So it fails a limit, and neither a ratio nor an assertion that it is slow means anything. False: there is no such
 * assertion. */
static bool judge_overrun(const struct assertion *assertion, const struct cell_stats *left,
                          const struct cell_stats *right, struct assertion_result *assertion_result)
{
    bool is_ratio = assertion->operand_count == 2;
    bool is_left = left->is_overrun && is_of_waits(assertion->operands[0].metric);
    bool is_right = is_ratio && right->is_overrun && is_of_waits(assertion->operands[1].metric);
    const struct cell_stats *cell = is_left ? left : right;
    if (!is_left && !is_right)
        return false;
    if (!is_ratio && wants_small(assertion->comparison)) {
        assertion_result->verdict = VERDICT_FAIL;
        assertion_result->p = assertion_result->detectable = 0;
    }
    snprintf(assertion_result->sentence, sizeof(assertion_result->sentence),
             "%s/%" PRIu32 " did not keep up: it began %s downloads a second, and its waits grow with the list",
             cell->cell->mode, cell->cell->workers, NUMBER(3, cell->metrics[METRIC_RATE].value));
    return true;
}

/* Tells which of the two waits this is: at a rate there are two, and the table that comes first shows the other. */
static void tell_waits_apart(const struct assertion *assertion, const struct cell_stats *cell,
                             struct assertion_result *assertion_result)
{
    if (cell->cell->due != NULL && assertion->operands[0].metric == METRIC_OF_PHASE(PHASE_WAIT))
        text_append(assertion_result->sentence, sizeof(assertion_result->sentence),
                    "; this is the wait for the first byte, and that for a worker is wait_mean");
}

/* The result of several rates lies between two of them; it is as certain as the rounds that showed it. */

static void describe_highest(const struct estimate *rate, const char *name, char *text, size_t size)
{
    if (!(rate->low > 0))
        text_append(text, size, "%s did not reach %s/s, the lowest that was tried", name, NUMBER(6, rate->high));
    else if (!isfinite(rate->high))
        text_append(text, size, "%s reached %s/s, the highest that was tried", name, NUMBER(6, rate->low));
    else
        text_append(text, size, "%s reached %s/s and not %s/s", name, NUMBER(6, rate->low), NUMBER(6, rate->high));
}

/* The highest rate is below the lowest that was not reached. */
static void rule_below(const struct assertion *assertion, struct assertion_result *result)
{
    if (result->high <= result->limit)
        result->verdict = wants_small(assertion->comparison) ? VERDICT_PASS : VERDICT_FAIL;
    else
        rule(assertion, result);
}

/* The highest rate of a mode. Where all rates but one were left out, that one says as much as it can. */
static struct estimate highest_of(const struct cell_stats *cell)
{
    const struct estimate *rate = &cell->metrics[METRIC_HIGHEST_RATE];
    if (cell->cell->rate == 0 || !isnan(rate->low))
        return *rate;
    return (struct estimate){
        .value = cell->is_overrun ? NAN : cell->cell->rate,
        .low = cell->is_overrun ? 0 : cell->cell->rate,
        .high = cell->is_overrun ? cell->cell->rate : INFINITY,
        .confidence = 1,
    };
}

static void judge_highest(const struct assertion *assertion, const struct cell_stats *left,
                          const struct cell_stats *right, struct assertion_result *result)
{
    const struct estimate rate = highest_of(left);
    const bool is_ratio = assertion->operand_count == 2;
    const struct estimate other = is_ratio ? highest_of(right) : (struct estimate){.value = 1, .low = 1, .high = 1};
    char text[ASSERTION_TEXT_MAX];
    snprintf(result->assertion, sizeof(result->assertion), "%s [%s/%" PRIu32 "]",
             assertion_format(text, sizeof(text), assertion), left->cell->mode, left->cell->workers);
    if (left->cell->rate == 0) {
        snprintf(result->sentence, sizeof(result->sentence),
                 "it takes several rates to know it: --rate auto, or a range such as --rate 100/s..3200/s");
        return;
    }
    result->value = rate.value / other.value;
    result->low = other.high > 0 ? rate.low / other.high : -INFINITY;
    result->high = other.low > 0 ? rate.high / other.low : INFINITY;
    char name[48], other_name[48];
    snprintf(name, sizeof(name), is_ratio ? "%s/%" PRIu32 : "it", left->cell->mode, left->cell->workers);
    describe_highest(&rate, name, result->sentence, sizeof(result->sentence));
    if (is_ratio) {
        snprintf(other_name, sizeof(other_name), "; %s/%" PRIu32, right->cell->mode, right->cell->workers);
        describe_highest(&other, other_name, result->sentence, sizeof(result->sentence));
    }
    if (rate.confidence > 0 && (!is_ratio || other.confidence > 0)) {
        result->detectable = result->low > 0 ? result->high / result->low - 1 : INFINITY;
        rule_below(assertion, result);
        if (result->verdict == VERDICT_UNMEASURABLE)
            text_append(result->sentence, sizeof(result->sentence), ": it takes rates closer together, or --rate auto");
    } else {
        text_append(result->sentence, sizeof(result->sentence),
                    ", not confirmed by rounds of its own: use a longer --time-budget");
    }
    /* The result lies between two rates, and nobody knows where; beyond them it is no matter of chance. */
    if (result->verdict == VERDICT_PASS || result->verdict == VERDICT_FAIL)
        result->detectable = 0;
    result->p = result->verdict == VERDICT_FAIL ? 0 : 1;
}

static int judge_cell(const struct assertion *assertion, const struct cell_stats *left, const struct cell_stats *right,
                      struct assertion_result *assertion_result, struct error *error)
{
    *assertion_result = (struct assertion_result){.value = NAN,
                                                  .low = -INFINITY,
                                                  .high = INFINITY,
                                                  .limit = assertion->limit,
                                                  .p = 1,
                                                  .detectable = INFINITY,
                                                  .verdict = VERDICT_UNMEASURABLE};
    bool is_ratio = assertion->operand_count == 2;
    enum metric metric = assertion->operands[0].metric;
    if (metric == METRIC_HIGHEST_RATE) {
        judge_highest(assertion, left, right, assertion_result);
        return 0;
    }
    char text[ASSERTION_TEXT_MAX], label[CELL_LABEL_BYTES];
    assertion_format(text, sizeof(text), assertion);
    if (assertion->operands[0].workers == 0 || left->cell->is_named_by_rate)
        snprintf(assertion_result->assertion, sizeof(assertion_result->assertion), "%s [%s]", text,
                 cell_label(left->cell, label));
    else
        snprintf(assertion_result->assertion, sizeof(assertion_result->assertion), "%s", text);
    const struct cell_stats *unproven = left->is_unproven ? left : is_ratio && right->is_unproven ? right : NULL;
    if (unproven != NULL) {
        snprintf(assertion_result->sentence, sizeof(assertion_result->sentence),
                 "nobody knows whether %s did its work in every round", unproven->cell->mode);
        return 0;
    }
    if (judge_overrun(assertion, left, right, assertion_result))
        return 0;
    struct series series = {.values = calloc(left->rounds + 1, sizeof(double))};
    if (series.values == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory to judge an assertion");
    if (is_ratio)
        series.count =
            cell_stats_paired_logs((struct cell_metric){left, metric},
                                   (struct cell_metric){right, assertion->operands[1].metric}, series.values);
    else
        series.count = take_values(left, metric, series.values);
    int status = 0;
    if (series.count > 0 && !is_ratio && assertion->is_exact) {
        assertion_result->value = left->metrics[metric].value;
        judge_exact(assertion, &series, assertion_result);
    } else {
        if (series.count > 0) {
            status = is_ratio ? bound_ratio(assertion, &series, assertion_result, error)
                              : bound_value(assertion, &series, assertion_result);
            rule(assertion, assertion_result);
        }
        describe(assertion, &series, left->rounds, assertion_result);
    }
    tell_waits_apart(assertion, left, assertion_result);
    free(series.values);
    return status;
}

static bool is_named(const struct assertion_operand *operand, const struct cell_stats *cell)
{
    bool is_mode = strcmp(operand->mode, "*") == 0 || cell_has_name(cell->cell, operand->mode);
    return is_mode && (operand->workers == 0 || operand->workers == cell->cell->workers);
}

/* A ratio needs rounds that both took part in; and where the divisor's connections are not told, it is of the same. */
static const struct cell_stats *find_partner(const struct run_stats *stats, const struct assertion *assertion,
                                             const struct cell_stats *left)
{
    bool is_told = strchr(assertion->operands[1].mode, ':') != NULL;
    bool is_of_rates = assertion->operands[1].metric == METRIC_HIGHEST_RATE; /* no round is that of others */
    for (size_t i = 0; i < stats->cell_count; i++) {
        const struct cell_stats *cell = &stats->cells[i];
        bool is_alike = is_told || cell->cell->connections == left->cell->connections;
        bool is_beside = is_of_rates || cell->cell->group == left->cell->group;
        if (is_alike && is_beside && is_named(&assertion->operands[1], cell))
            return cell;
    }
    return NULL;
}

static int add_assertion_result(const struct assertion *assertion, const struct cell_stats *left,
                                const struct cell_stats *right, struct assertion_result **assertion_results,
                                size_t *count, struct error *error)
{
    struct assertion_result *longer = realloc(*assertion_results, (*count + 1) * sizeof(*longer));
    if (longer == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory to judge an assertion");
    *assertion_results = longer;
    return judge_cell(assertion, left, right, &longer[(*count)++], error);
}

/* Adds a result for an assertion that has nothing to be judged by, because the run ended early or the cell never got
 * through. */
static int add_unmeasured(const struct assertion *assertion, struct assertion_result **assertion_results, size_t *count,
                          struct error *error)
{
    const struct run_cell nothing = {.mode = "?"};
    const struct cell_stats none = {.cell = &nothing};
    if (add_assertion_result(assertion, &none, &none, assertion_results, count, error) != 0)
        return -1;
    assertion_format((*assertion_results)[*count - 1].assertion, sizeof((*assertion_results)[0].assertion), assertion);
    return 0;
}

/* Whether one of the cells before, of the same mode and workers, has the same highest rate: all rates have one. */
static bool is_told_already(const struct run_stats *stats, const struct assertion *assertion, size_t index)
{
    const struct run_cell *cell = stats->cells[index].cell;
    for (size_t i = 0; i < index && assertion->operands[0].metric == METRIC_HIGHEST_RATE; i++) {
        const struct run_cell *other = stats->cells[i].cell;
        if (other->workers == cell->workers && strcmp(other->mode, cell->mode) == 0)
            return true;
    }
    return false;
}

static int judge(const struct run_stats *stats, const struct assertion *assertion,
                 struct assertion_result **assertion_results, size_t *count, struct error *error)
{
    size_t found = 0;
    bool is_main_found = false;
    int status = 0;
    bool is_ratio = assertion->operand_count == 2;
    for (size_t i = 0; i < stats->cell_count && status == 0; i++) {
        const struct cell_stats *left = &stats->cells[i];
        /* Main cells come first: swept ones stand in where there is none. */
        if (!is_named(&assertion->operands[0], left) || (is_main_found && left->cell->stage == STAGE_SWEEP) ||
            is_told_already(stats, assertion, i))
            continue;
        const struct cell_stats *right = is_ratio ? find_partner(stats, assertion, left) : NULL;
        if (is_ratio && right == NULL)
            continue;
        found++;
        is_main_found |= left->cell->stage == STAGE_MAIN;
        status = add_assertion_result(assertion, left, right, assertion_results, count, error);
    }
    return status == 0 && found == 0 ? add_unmeasured(assertion, assertion_results, count, error) : status;
}

/* A failure must stand although several assertions were looked at. */
int assertion_results_adjust(struct assertion_result *assertion_results, size_t count, struct error *error)
{
    double *p = calloc(4 * count + 1, sizeof(*p));
    if (p == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory to judge %zu assertions", count);
    double *adjusted = p + count;
    /* Counts are no matter of chance. */
    size_t family = 0;
    for (size_t i = 0; i < count; i++) {
        if (assertion_results[i].detectable > 0)
            p[family++] = assertion_results[i].p;
    }
    ranking_adjust(p, family, adjusted, adjusted + count);
    for (size_t i = 0, j = 0; i < count; i++) {
        if (!(assertion_results[i].detectable > 0))
            continue;
        double own = adjusted[j++];
        if (assertion_results[i].verdict != VERDICT_FAIL || own <= significance * (1 + 1e-9) || family == 1)
            continue;
        assertion_results[i].verdict = VERDICT_INCONCLUSIVE;
        size_t used = strlen(assertion_results[i].sentence);
        snprintf(assertion_results[i].sentence + used, sizeof(assertion_results[i].sentence) - used,
                 "; a failure alone, but among %zu assertions it may be chance (adjusted p %s)", family,
                 NUMBER(2, own));
    }
    free(p);
    return 0;
}

int assertion_results_make(const struct run_stats *stats, const struct assertion *assertions, size_t assertion_count,
                           struct assertion_result **assertion_results, size_t *count, struct error *error)
{
    int status = 0;
    for (size_t i = 0; i < assertion_count && status == 0; i++)
        status = judge(stats, &assertions[i], assertion_results, count, error);
    return status;
}

int assertion_results_status(const struct assertion_result *assertion_results, size_t count, bool strict)
{
    enum { FAILED = 1, INCONCLUSIVE = 4 };
    int status = 0;
    for (size_t i = 0; i < count; i++) {
        if (assertion_results[i].verdict == VERDICT_FAIL)
            return FAILED;
        if (assertion_results[i].verdict == VERDICT_UNMEASURABLE ||
            (assertion_results[i].verdict == VERDICT_INCONCLUSIVE && strict))
            status = INCONCLUSIVE;
    }
    return status;
}
