#include "conc_bench/judgement.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/ranking.h"
#include "conc_bench/signed_rank.h"
#include "conc_bench/stats.h"
#include "conc_bench/text.h"

/* Two-sided, so that each end is a one-sided 95 % bound. */
static const double two_sided = 0.90;

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

static bool holds(enum comparison comparison, double value, double limit)
{
    switch (comparison) {
    case COMPARISON_LESS:
        return value < limit;
    case COMPARISON_AT_MOST:
        return value <= limit;
    case COMPARISON_GREATER:
        return value > limit;
    case COMPARISON_AT_LEAST:
        return value >= limit;
    case COMPARISON_EQUAL:
        return value == limit;
    case COMPARISON_DIFFERENT:
        break;
    }
    return value != limit;
}

static bool wants_small(enum comparison comparison)
{
    return comparison == COMPARISON_LESS || comparison == COMPARISON_AT_MOST;
}

/* The values of a claim, one a round. */
struct series {
    double *values; /* in the unit of the claim, or logarithms for a ratio */
    size_t count;
};

static size_t take_values(const struct cell_figures *cell, enum measure measure, double *values)
{
    size_t count = 0;
    for (size_t row = 0; row < cell->rounds; row++) {
        double value = figures_value(cell, row, measure);
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
    if (stats_median_interval(series->values, series->count, two_sided, &judgement->low, &judgement->high) == 0) {
        judgement->low = -INFINITY;
        judgement->high = INFINITY;
    }
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
    double widening = stats_widening(series->values, series->count);
    double detectable = signed_rank_detectable(series->values, series->count, error);
    if (signed_rank_test(series->values, series->count, two_sided, &test, error) != 0)
        return -1;
    judgement->value = exp(test.estimate);
    judgement->low = exp(test.estimate - widening * (test.estimate - test.low));
    judgement->high = exp(test.estimate + widening * (test.high - test.estimate));
    judgement->detectable = exp(widening * detectable) - 1;
    for (size_t i = 0; i < series->count; i++)
        series->values[i] -= log(claim->limit);
    if (signed_rank_test(series->values, series->count, two_sided, &against_limit, error) != 0)
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
    enum measure measure = claim->left.measure;
    bool is_time = measure <= MEASURE_MEAN || (measure >= MEASURE_CPU && measure <= MEASURE_CPU_SYSTEM);
    if (!claim->is_ratio && is_time)
        snprintf(buffer, size, "%.4g s", value);
    else if (!claim->is_ratio && measure == MEASURE_MEMORY)
        snprintf(buffer, size, "%.4g MiB", value / (1 << 20));
    else
        snprintf(buffer, size, "%.4g", value);
}

static void describe(const struct claim *claim, const struct series *series, struct judgement *judgement)
{
    char value[32], low[32], high[32];
    format_value(value, sizeof(value), claim, judgement->value);
    format_value(low, sizeof(low), claim, judgement->low);
    format_value(high, sizeof(high), claim, judgement->high);
    size_t used = 0;
    char *text = judgement->sentence;
    size_t size = sizeof(judgement->sentence);
    if (series->count == 0) {
        snprintf(text, size, "there is no round to judge it by");
        return;
    }
    if (!isfinite(judgement->low) || !isfinite(judgement->high)) {
        snprintf(text, size, "%s by %zu round%s, too few to judge: it takes 5 (--runs)", value, series->count,
                 series->count == 1 ? "" : "s");
        return;
    }
    used = (size_t)snprintf(text, size, "%s, by %zu rounds between %s and %s (95 %% on each side)", value,
                            series->count, low, high);
    if (judgement->ruling == RULING_PASS || judgement->ruling == RULING_FAIL || used >= size)
        return;
    double distance = fabs(log(judgement->value / judgement->limit));
    double needed = (double)series->count * pow(log1p(judgement->detectable) / distance, 2);
    used += (size_t)snprintf(text + used, size - used, "; a difference of %.1f %% would have shown",
                             100 * judgement->detectable);
    if (used < size && needed <= 1000)
        snprintf(text + used, size - used, ", and this one would take about %.0f rounds", ceil(needed));
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
    char text[sizeof(judgement->claim)];
    text_escape(text, sizeof(text), claim->text, strlen(claim->text));
    if (strcmp(claim->left.mode, "*") == 0)
        snprintf(judgement->claim, sizeof(judgement->claim), "%.200s [%s/%" PRIu32 "]", text, left->cell->mode,
                 left->cell->workers);
    else
        snprintf(judgement->claim, sizeof(judgement->claim), "%s", text);
    struct series series = {.values = calloc(left->rounds + 1, sizeof(double))};
    if (series.values == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory to judge a claim");
    series.count = claim->is_ratio ? figures_paired_logs(left, right, claim->left.measure, series.values)
                                   : take_values(left, claim->left.measure, series.values);
    int status = 0;
    if (series.count > 0 && !claim->is_ratio && claim->left.is_exact) {
        judgement->value = left->measures[claim->left.measure].value;
        judge_exact(claim, &series, judgement);
    } else {
        if (series.count > 0) {
            status = claim->is_ratio ? bound_ratio(claim, &series, judgement, error)
                                     : bound_value(claim, &series, judgement);
            rule(claim, judgement);
        }
        describe(claim, &series, judgement);
    }
    free(series.values);
    return status;
}

static const struct cell_figures *find_partner(const struct figures *figures, const struct claim *claim,
                                               const struct cell_figures *left)
{
    /* A ratio needs rounds that both took part in. */
    for (size_t i = 0; i < figures->cell_count; i++) {
        const struct cell_figures *cell = &figures->cells[i];
        if (cell->cell->group == left->cell->group && strcmp(cell->cell->mode, claim->right.mode) == 0 &&
            (claim->right.workers == 0 || cell->cell->workers == claim->right.workers))
            return cell;
    }
    return NULL;
}

static int add_judgement(const struct figures *figures, const struct claim *claim, const struct cell_figures *left,
                         struct judgement **judgements, size_t *count, struct error *error)
{
    const struct cell_figures *right = claim->is_ratio ? find_partner(figures, claim, left) : NULL;
    if (claim->is_ratio && right == NULL)
        return error_set(error, ERROR_USAGE, "\"%s\": %s was not run in the same rounds as %s", claim->text,
                         claim->right.mode, left->cell->mode);
    struct judgement *longer = realloc(*judgements, (*count + 1) * sizeof(*longer));
    if (longer == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory to judge a claim");
    *judgements = longer;
    return judge_cell(claim, left, right, &longer[(*count)++], error);
}

static int judge(const struct figures *figures, const struct claim *claim, struct judgement **judgements, size_t *count,
                 struct error *error)
{
    bool is_for_all = strcmp(claim->left.mode, "*") == 0;
    size_t found = 0;
    int status = 0;
    for (size_t i = 0; i < figures->cell_count && status == 0; i++) {
        const struct cell_result *cell = figures->cells[i].cell;
        bool is_meant = is_for_all || strcmp(cell->mode, claim->left.mode) == 0;
        is_meant &= claim->left.workers == 0 || cell->workers == claim->left.workers;
        if (!is_meant || (found > 0 && !is_for_all))
            continue;
        found++;
        status = add_judgement(figures, claim, &figures->cells[i], judgements, count, error);
    }
    if (status == 0 && found == 0)
        return error_set(error, ERROR_USAGE, "\"%s\": no such mode and number of workers was run", claim->text);
    return status;
}

/* A failure must stand although several claims were looked at. */
static int adjust_failures(struct judgement *judgements, size_t count, struct error *error)
{
    double *p = calloc(count + 1, sizeof(*p));
    if (p == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory to judge %zu claims", count);
    for (size_t i = 0; i < count; i++)
        p[i] = judgements[i].p;
    int status = ranking_holm(p, count, p, error);
    for (size_t i = 0; i < count && status == 0; i++) {
        if (judgements[i].ruling != RULING_FAIL || p[i] <= significance * (1 + 1e-9) || count == 1)
            continue;
        judgements[i].ruling = RULING_INCONCLUSIVE;
        size_t used = strlen(judgements[i].sentence);
        snprintf(judgements[i].sentence + used, sizeof(judgements[i].sentence) - used,
                 "; a failure alone, but among %zu claims it may be chance (adjusted p %.2g)", count, p[i]);
    }
    free(p);
    return status;
}

int judgements_make(const struct figures *figures, const struct claim *claims, size_t claim_count,
                    struct judgement **judgements, size_t *count, struct error *error)
{
    int status = 0;
    for (size_t i = 0; i < claim_count && status == 0; i++)
        status = judge(figures, &claims[i], judgements, count, error);
    return status == 0 ? adjust_failures(*judgements, *count, error) : -1;
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
