#include "conc_bench/judgement.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/metrics.h"
#include "conc_bench/number.h"
#include "conc_bench/ranking.h"
#include "conc_bench/signed_rank.h"
#include "conc_bench/stats.h"
#include "conc_bench/text.h"

/* Of each bound, and of all failures together. */
static const double significance = 0.05;

/* A gate that could not have seen a difference of this size is none. */
static const double detectable_at_most = 0.25;

const char *judgement_name(enum ruling ruling)
{
    static const char *const names[] = {[RULING_PASS] = "PASS",
                                        [RULING_FAIL] = "FAIL",
                                        [RULING_INCONCLUSIVE] = "INCONCLUSIVE",
                                        [RULING_UNMEASURABLE] = "UNMEASURABLE"};
    return names[ruling];
}

static bool holds(enum claim_comparison comparison, double value, double limit)
{
    switch (comparison) {
    case CLAIM_LESS:
        return value < limit;
    case CLAIM_AT_MOST:
        return value <= limit;
    case CLAIM_MORE:
        return value > limit;
    case CLAIM_AT_LEAST:
        return value >= limit;
    case CLAIM_EQUAL:
        return value == limit;
    case CLAIM_UNEQUAL:
        break;
    }
    return value != limit;
}

static bool wants_small(enum claim_comparison comparison)
{
    return comparison == CLAIM_LESS || comparison == CLAIM_AT_MOST;
}

/* The values of a claim, one a round. */
struct series {
    double *values; /* in the unit of the claim, or logarithms for a ratio */
    size_t count;
};

static size_t take_values(const struct cell_figures *cell, enum metric metric, double *values)
{
    size_t count = 0;
    for (size_t row = 0; row < cell->rounds; row++) {
        double value = figures_value(cell, row, metric);
        if (isfinite(value))
            values[count++] = value;
    }
    return count;
}

/* Every round must hold: counts have no noise to allow for. */
static void judge_exact(const struct claim *claim, const struct series *series, struct judgement *judgement)
{
    size_t broken = 0;
    for (size_t i = 0; i < series->count; i++)
        broken += !holds(claim->comparison, series->values[i], claim->limit);
    judgement->ruling = broken > 0 ? RULING_FAIL : RULING_PASS;
    judgement->p = broken > 0 ? 0 : 1;
    judgement->low = judgement->high = judgement->value;
    judgement->detectable = 0;
    snprintf(judgement->sentence, sizeof(judgement->sentence), "%.10g (median), and it %s in %zu of %zu rounds",
             judgement->value, broken > 0 ? "does not hold" : "holds", broken > 0 ? broken : series->count,
             series->count);
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

static int bound_value(const struct claim *claim, const struct series *series, struct judgement *judgement)
{
    stats_sort(series->values, series->count);
    judgement->value = stats_median(series->values, series->count);
    stats_median_bounds(series->values, series->count, 1 - significance, &judgement->low, &judgement->high);
    judgement->p = sign_p(series, claim->limit, wants_small(claim->comparison));
    double half_width = (judgement->high - judgement->low) / 2;
    /* The half-width of a two-sided 90 % interval against one-sided 5 % and power .8: (1.645 + 0.842) / 1.645. */
    judgement->detectable = 1.51 * half_width / fabs(judgement->value);
    return 0;
}

/* Of logarithms of ratios, widened if they drift. */
static int bound_ratio(const struct claim *claim, const struct series *series, struct judgement *judgement,
                       struct error *error)
{
    struct signed_rank test, against_limit;
    if (signed_rank_compute(series->values, series->count, 1 - significance, significance, &test, error) != 0)
        return -1;
    signed_rank_widen(&test, stats_serial_dependence(series->values, series->count).widening);
    judgement->value = exp(test.estimate);
    judgement->low = test.bound_confidence > 0 ? exp(test.lower_bound) : -INFINITY;
    judgement->high = exp(test.upper_bound);
    judgement->detectable = test.detectable_effect;
    for (size_t i = 0; i < series->count; i++)
        series->values[i] -= log(claim->limit);
    if (signed_rank_compute(series->values, series->count, 1 - significance, significance, &against_limit, error) != 0)
        return -1;
    bool is_beyond = wants_small(claim->comparison) ? against_limit.estimate > 0 : against_limit.estimate < 0;
    judgement->p = is_beyond ? against_limit.p / 2 : 1;
    return 0;
}

static void rule(const struct claim *claim, struct judgement *judgement)
{
    bool is_small_wanted = wants_small(claim->comparison);
    double near = is_small_wanted ? judgement->low : judgement->high;
    double far = is_small_wanted ? judgement->high : judgement->low;
    if (isfinite(far) && holds(claim->comparison, far, claim->limit))
        judgement->ruling = RULING_PASS;
    else if (isfinite(near) && near != claim->limit && !holds(claim->comparison, near, claim->limit))
        judgement->ruling = RULING_FAIL;
    else if (judgement->detectable <= detectable_at_most)
        judgement->ruling = RULING_INCONCLUSIVE;
    else
        judgement->ruling = RULING_UNMEASURABLE;
}

/* A value in the unit in which the claim was probably written. */
static void format_value(char *buffer, size_t size, const struct claim *claim, double value)
{
    switch (claim->unit) {
    case UNIT_DURATION:
        snprintf(buffer, size, "%.4g s", value);
        break;
    case UNIT_BYTES:
        number_format_size(buffer, size, value);
        break;
    case UNIT_RATE:
        snprintf(buffer, size, "%.4g/s", value);
        break;
    case UNIT_COUNT:
    case UNIT_PLAIN:
        snprintf(buffer, size, "%.4g", value);
        break;
    }
}

/* `rounds` were measured, whether they have a value or not. */
static void describe(const struct claim *claim, const struct series *series, size_t rounds, struct judgement *judgement)
{
    char value[32], low[32], high[32];
    format_value(value, sizeof(value), claim, judgement->value);
    format_value(low, sizeof(low), claim, judgement->low);
    format_value(high, sizeof(high), claim, judgement->high);
    char *text = judgement->sentence;
    size_t size = sizeof(judgement->sentence);
    if (series->count == 0) {
        snprintf(text, size, "%s",
                 rounds == 0 ? "there is no round to judge it by"
                             : "it is not known in any round: the system did not tell it");
        return;
    }
    if (!isfinite(judgement->low) || !isfinite(judgement->high)) {
        snprintf(text, size, "%s by %zu round%s, too few to judge: it takes 5 (--runs)", value, series->count,
                 series->count == 1 ? "" : "s");
        return;
    }
    snprintf(text, size, "%s, by %zu rounds between %s and %s (95 %% on each side)", value, series->count, low, high);
    if (judgement->ruling == RULING_PASS || judgement->ruling == RULING_FAIL)
        return;
    double distance = fabs(log(judgement->value / judgement->limit));
    double needed = (double)series->count * pow(log1p(judgement->detectable) / distance, 2);
    text_append(text, size, "; a difference of %.1f %% would have shown", 100 * judgement->detectable);
    if (needed <= 1000)
        text_append(text, size, ", and this one would take about %.0f rounds", ceil(needed));
}

/* By round: the two figures may be different ones, such as cpu / time, even of one cell. */
static size_t paired_logs(const struct cell_figures *left, const struct cell_figures *right, const struct claim *claim,
                          double *logs)
{
    size_t count = 0;
    for (size_t i = 0, j = 0; i < left->rounds && j < right->rounds;) {
        if (left->row_rounds[i] < right->row_rounds[j]) {
            i++;
        } else if (left->row_rounds[i] > right->row_rounds[j]) {
            j++;
        } else {
            double value = log(figures_value(left, i++, claim->operands[0].metric)) -
                           log(figures_value(right, j++, claim->operands[1].metric));
            if (isfinite(value))
                logs[count++] = value;
        }
    }
    return count;
}

static int judge_cell(const struct claim *claim, const struct cell_figures *left, const struct cell_figures *right,
                      struct judgement *judgement, struct error *error)
{
    *judgement = (struct judgement){.value = NAN,
                                    .low = -INFINITY,
                                    .high = INFINITY,
                                    .limit = claim->limit,
                                    .p = 1,
                                    .detectable = INFINITY,
                                    .ruling = RULING_UNMEASURABLE};
    bool is_ratio = claim->operand_count == 2;
    enum metric metric = claim->operands[0].metric;
    char text[CLAIM_TEXT_MAX];
    claim_format(text, sizeof(text), claim);
    if (claim->operands[0].workers == 0)
        snprintf(judgement->claim, sizeof(judgement->claim), "%s [%s/%" PRIu32 "]", text, left->cell->mode,
                 left->cell->workers);
    else
        snprintf(judgement->claim, sizeof(judgement->claim), "%s", text);
    struct series series = {.values = calloc(left->rounds + 1, sizeof(double))};
    if (series.values == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory to judge a claim");
    series.count = is_ratio ? paired_logs(left, right, claim, series.values) : take_values(left, metric, series.values);
    int status = 0;
    if (series.count > 0 && !is_ratio && claim->is_exact) {
        judgement->value = left->measures[metric].value;
        judge_exact(claim, &series, judgement);
    } else {
        if (series.count > 0) {
            status = is_ratio ? bound_ratio(claim, &series, judgement, error) : bound_value(claim, &series, judgement);
            rule(claim, judgement);
        }
        describe(claim, &series, left->rounds, judgement);
    }
    free(series.values);
    return status;
}

static bool is_named(const struct claim_operand *operand, const struct cell_figures *cell)
{
    bool is_mode = strcmp(operand->mode, "*") == 0 || cell_has_name(cell->cell, operand->mode);
    return is_mode && (operand->workers == 0 || operand->workers == cell->cell->workers);
}

/* A ratio needs rounds that both took part in; and where the divisor's connections are not told, it is of the same. */
static const struct cell_figures *find_partner(const struct figures *figures, const struct claim *claim,
                                               const struct cell_figures *left)
{
    bool is_told = strchr(claim->operands[1].mode, ':') != NULL;
    for (size_t i = 0; i < figures->cell_count; i++) {
        const struct cell_figures *cell = &figures->cells[i];
        bool is_alike = is_told || cell->cell->connections == left->cell->connections;
        if (is_alike && cell->cell->group == left->cell->group && is_named(&claim->operands[1], cell))
            return cell;
    }
    return NULL;
}

static int add_judgement(const struct claim *claim, const struct cell_figures *left, const struct cell_figures *right,
                         struct judgement **judgements, size_t *count, struct error *error)
{
    struct judgement *longer = realloc(*judgements, (*count + 1) * sizeof(*longer));
    if (longer == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory to judge a claim");
    *judgements = longer;
    return judge_cell(claim, left, right, &longer[(*count)++], error);
}

/* Nothing was measured that it could be judged by, because the run ended early or the cell never got through. */
static int add_unmeasured(const struct claim *claim, struct judgement **judgements, size_t *count, struct error *error)
{
    const struct cell_result nothing = {.mode = "?"};
    const struct cell_figures none = {.cell = &nothing};
    if (add_judgement(claim, &none, &none, judgements, count, error) != 0)
        return -1;
    claim_format((*judgements)[*count - 1].claim, sizeof((*judgements)[0].claim), claim);
    return 0;
}

static int judge(const struct figures *figures, const struct claim *claim, struct judgement **judgements, size_t *count,
                 struct error *error)
{
    size_t found = 0;
    bool is_main_found = false;
    int status = 0;
    bool is_ratio = claim->operand_count == 2;
    for (size_t i = 0; i < figures->cell_count && status == 0; i++) {
        const struct cell_figures *left = &figures->cells[i];
        /* Main cells come first: swept ones stand in where there is none. */
        if (!is_named(&claim->operands[0], left) || (is_main_found && left->cell->stage == STAGE_SWEEP))
            continue;
        const struct cell_figures *right = is_ratio ? find_partner(figures, claim, left) : NULL;
        if (is_ratio && right == NULL)
            continue;
        found++;
        is_main_found |= left->cell->stage == STAGE_MAIN;
        status = add_judgement(claim, left, right, judgements, count, error);
    }
    return status == 0 && found == 0 ? add_unmeasured(claim, judgements, count, error) : status;
}

/* A failure must stand although several claims were looked at. */
int judgements_adjust(struct judgement *judgements, size_t count, struct error *error)
{
    double *p = calloc(4 * count + 1, sizeof(*p));
    if (p == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory to judge %zu claims", count);
    double *adjusted = p + count;
    /* Counts are no matter of chance. */
    size_t family = 0;
    for (size_t i = 0; i < count; i++) {
        if (judgements[i].detectable > 0)
            p[family++] = judgements[i].p;
    }
    ranking_adjust(p, family, adjusted, adjusted + count);
    for (size_t i = 0, j = 0; i < count; i++) {
        if (!(judgements[i].detectable > 0))
            continue;
        double own = adjusted[j++];
        if (judgements[i].ruling != RULING_FAIL || own <= significance * (1 + 1e-9) || family == 1)
            continue;
        judgements[i].ruling = RULING_INCONCLUSIVE;
        size_t used = strlen(judgements[i].sentence);
        snprintf(judgements[i].sentence + used, sizeof(judgements[i].sentence) - used,
                 "; a failure alone, but among %zu claims it may be chance (adjusted p %.2g)", family, own);
    }
    free(p);
    return 0;
}

int judgements_make(const struct figures *figures, const struct claim *claims, size_t claim_count,
                    struct judgement **judgements, size_t *count, struct error *error)
{
    int status = 0;
    for (size_t i = 0; i < claim_count && status == 0; i++)
        status = judge(figures, &claims[i], judgements, count, error);
    return status;
}

int judgements_status(const struct judgement *judgements, size_t count, bool strict)
{
    enum { FAILED = 1, INCONCLUSIVE = 4 };
    int status = 0;
    for (size_t i = 0; i < count; i++) {
        if (judgements[i].ruling == RULING_FAIL)
            return FAILED;
        if (judgements[i].ruling == RULING_UNMEASURABLE || (judgements[i].ruling == RULING_INCONCLUSIVE && strict))
            status = INCONCLUSIVE;
    }
    return status;
}
