#include "conc_bench/analysis/regression.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/analysis/signed_rank.h"
#include "conc_bench/analysis/stats.h"
#include "conc_bench/base/number.h"
#include "conc_bench/base/text.h"
#include "rank_sum.h"

/* Two-sided, so that each end is a one-sided 95 % bound; and what such an interval's half-width says about what would
 * have shown with power .8: (1.645 + 0.842) / 1.645. */
static const double two_sided = 0.90;
static const double detectable_of_half_width = 1.51;

/* A gate that could not have seen a difference of this size is none. */
static const double detectable_at_most = 0.25;

/* No machine repeats itself closer than that from one series to the next: a history of copies of one result is none. */
static const double least_deviation = 0.001;

/* One-sided, of a prediction interval, and the power of what is said to have shown. */
static const double prediction_error = 0.05;
static const double power = 0.8;

static void release_document(struct baseline_document *document)
{
    for (size_t i = 0; i < document->cell_count; i++) {
        free(document->cells[i].rounds);
        free(document->cells[i].times);
    }
    free(document->cells);
}

void baseline_release(struct baseline *baseline)
{
    for (size_t i = 0; i < baseline->count; i++)
        release_document(&baseline->documents[i]);
    free(baseline->documents);
    *baseline = (struct baseline){0};
}

static const struct baseline_cell *find_cell(const struct baseline_document *document, const char *mode,
                                             uint32_t workers)
{
    for (size_t i = 0; i < document->cell_count; i++) {
        if (strcmp(document->cells[i].mode, mode) == 0 && document->cells[i].workers == workers)
            return &document->cells[i];
    }
    return NULL;
}

/* NULL: none has the cell. */
static const struct baseline_document *newest_with(const struct baseline *baseline, const char *mode, uint32_t workers)
{
    for (size_t i = baseline->count; i > 0; i--) {
        if (find_cell(&baseline->documents[i - 1], mode, workers) != NULL)
            return &baseline->documents[i - 1];
    }
    return NULL;
}

const struct baseline_cell *baseline_find(const struct baseline *baseline, const char *mode, uint32_t workers)
{
    const struct baseline_document *document = newest_with(baseline, mode, workers);
    return document != NULL ? find_cell(document, mode, workers) : NULL;
}

/* Logarithms of times, or of their ratio to those of `reference` in the same rounds. */
static size_t earlier_logs(const struct baseline_cell *cell, const struct baseline_cell *reference, double *logs)
{
    size_t count = 0;
    for (size_t i = 0, j = 0; i < cell->count; i++) {
        while (reference != NULL && j < reference->count && reference->rounds[j] < cell->rounds[i])
            j++;
        if (reference == NULL)
            logs[count++] = log(cell->times[i]);
        else if (j < reference->count && reference->rounds[j] == cell->rounds[i])
            logs[count++] = log(cell->times[i] / reference->times[j]);
    }
    return count;
}

static size_t present_logs(const struct cell_stats *cell, const struct cell_stats *reference, double *logs)
{
    if (reference != NULL)
        return cell_stats_paired_times(cell, reference, logs);
    for (size_t row = 0; row < cell->rounds; row++)
        logs[row] = log(cell_stats_value(cell, row, METRIC_TIME));
    return cell->rounds;
}

struct comparison {
    const struct cell_stats *cell;
    const struct cell_stats *reference; /* NULL: times are compared as they are */
    const struct baseline_cell *earlier;
    const struct baseline_cell *earlier_reference;
    double *now; /* logarithms */
    size_t now_count;
    double *before;
    size_t before_count;
};

static void describe_claim(const struct comparison *comparison, double max_slowdown, char relative[64],
                           struct assertion_result *assertion_result)
{
    relative[0] = '\0';
    if (comparison->reference != NULL)
        snprintf(relative, 64, ", relative to %s/%" PRIu32, comparison->reference->cell->mode,
                 comparison->reference->cell->workers);
    snprintf(assertion_result->assertion, sizeof(assertion_result->assertion),
             "%s/%" PRIu32 " at most %s %% slower than before", comparison->cell->cell->mode,
             comparison->cell->cell->workers, NUMBER(3, 100 * max_slowdown));
}

/* A clear result takes one line. */
static void describe_ratio(struct assertion_result *assertion_result)
{
    char range[48];
    number_format_range(range, sizeof(range), 3, assertion_result->low, assertion_result->high);
    snprintf(assertion_result->sentence, sizeof(assertion_result->sentence), "%s times (%s)",
             NUMBER(3, assertion_result->value), range);
}

static void describe(const struct comparison *comparison, const struct baseline_document *baseline, double max_slowdown,
                     struct assertion_result *assertion_result)
{
    char relative[64];
    describe_claim(comparison, max_slowdown, relative, assertion_result);
    if (!isfinite(assertion_result->low) || !isfinite(assertion_result->high)) {
        snprintf(assertion_result->sentence, sizeof(assertion_result->sentence),
                 "%zu rounds against %zu in %s are too few to judge: it takes 5 of each", comparison->now_count,
                 comparison->before_count, baseline->path);
        return;
    }
    describe_ratio(assertion_result);
    bool is_over = assertion_result->low > 1 + max_slowdown;
    if (assertion_result->verdict >= VERDICT_INCONCLUSIVE)
        text_append(assertion_result->sentence, sizeof(assertion_result->sentence),
                    " in %s%s%s; a slowdown of %.1f %% would have shown", baseline->path, relative,
                    is_over ? ", which is less than one series may differ from another" : "",
                    100 * assertion_result->detectable);
}

static int compare(const struct comparison *comparison, double max_slowdown, struct assertion_result *assertion_result,
                   struct error *error)
{
    struct rank_sum test, against_limit;
    double failing = log1p(max_slowdown) + log1p(REGRESSION_SERIES_NOISE);
    if (rank_sum_test(comparison->now, comparison->now_count, comparison->before, comparison->before_count, two_sided,
                      &test, error) != 0)
        return -1;
    for (size_t i = 0; i < comparison->before_count; i++)
        comparison->before[i] += failing;
    if (rank_sum_test(comparison->now, comparison->now_count, comparison->before, comparison->before_count, two_sided,
                      &against_limit, error) != 0)
        return -1;
    *assertion_result = (struct assertion_result){.value = exp(test.estimate),
                                                  .low = exp(test.low),
                                                  .high = exp(test.high),
                                                  .limit = 1 + max_slowdown,
                                                  .p = against_limit.p_greater};
    assertion_result->detectable =
        expm1(detectable_of_half_width * (test.high - test.low) / 2 + log1p(REGRESSION_SERIES_NOISE));
    if (test.confidence > 0 && test.high <= log1p(max_slowdown))
        assertion_result->verdict = VERDICT_PASS;
    else if (test.confidence > 0 && test.low > failing)
        assertion_result->verdict = VERDICT_FAIL;
    else
        assertion_result->verdict =
            assertion_result->detectable <= detectable_at_most ? VERDICT_INCONCLUSIVE : VERDICT_UNMEASURABLE;
    return 0;
}

static int judge(struct comparison *comparison, const struct baseline_document *baseline, double max_slowdown,
                 struct assertion_result *assertion_result, struct error *error)
{
    comparison->now = calloc(comparison->cell->rounds + 1, sizeof(double));
    comparison->before = calloc(comparison->earlier->count + 1, sizeof(double));
    int status = -1;
    if (comparison->now == NULL || comparison->before == NULL) {
        error_set(error, ERROR_ENVIRONMENT, "no memory to compare with the baseline");
    } else {
        comparison->now_count = present_logs(comparison->cell, comparison->reference, comparison->now);
        comparison->before_count = earlier_logs(comparison->earlier, comparison->earlier_reference, comparison->before);
        status = compare(comparison, max_slowdown, assertion_result, error);
    }
    if (status == 0)
        describe(comparison, baseline, max_slowdown, assertion_result);
    free(comparison->now);
    free(comparison->before);
    return status;
}

/* A history */

struct regression regression_predict(const double *stored, size_t count, double now)
{
    double spread = fmax(stats_standard_deviation(stored, count), least_deviation);
    struct regression regression = {
        .slowdown = now - stats_mean(stored, count),
        .deviation = spread * sqrt(1 + 1 / (double)count),
    };
    regression.reach = stats_t_quantile(2 * prediction_error, count - 1) * regression.deviation;
    double tails = stats_t_tails(regression.slowdown / regression.deviation, count - 1);
    regression.p = regression.slowdown > 0 ? tails / 2 : 1 - tails / 2;
    return regression;
}

bool regression_fails(const struct regression *regression, double max_slowdown)
{
    return regression->slowdown > regression->reach && regression->slowdown > log1p(max_slowdown);
}

/* The estimate of a series; NAN: it has no rounds. `logs` has room for them. */
static int estimate_earlier(const struct baseline_cell *cell, const struct baseline_cell *reference, double *estimate,
                            struct error *error)
{
    struct signed_rank series;
    double *logs = calloc(cell->count + 1, sizeof(*logs));
    if (logs == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory to compare with the baseline");
    size_t count = earlier_logs(cell, reference, logs);
    int status = signed_rank_compute(logs, count, two_sided, (1 - two_sided) / 2, &series, error);
    *estimate = series.estimate;
    free(logs);
    return status;
}

static int estimate_present(const struct comparison *comparison, double *estimate, struct error *error)
{
    struct signed_rank series;
    double *logs = calloc(comparison->cell->rounds + 1, sizeof(*logs));
    if (logs == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory to compare with the baseline");
    size_t count = present_logs(comparison->cell, comparison->reference, logs);
    int status = signed_rank_compute(logs, count, two_sided, (1 - two_sided) / 2, &series, error);
    *estimate = series.estimate;
    free(logs);
    return status;
}

/* Writes the estimates of all documents that can be compared with, and their number. */
static int estimate_history(const struct comparison *comparison, const struct baseline *baseline, double *stored,
                            size_t *count, struct error *error)
{
    *count = 0;
    for (size_t i = 0; i < baseline->count; i++) {
        const struct baseline_document *document = &baseline->documents[i];
        const struct run_cell *cell = comparison->cell->cell;
        const struct baseline_cell *earlier = find_cell(document, cell->mode, cell->workers);
        const struct baseline_cell *reference = NULL;
        if (comparison->reference != NULL)
            reference = find_cell(document, comparison->reference->cell->mode, comparison->reference->cell->workers);
        if (earlier == NULL || (comparison->reference != NULL && reference == NULL))
            continue;
        if (estimate_earlier(earlier, reference, &stored[*count], error) != 0)
            return -1;
        *count += isfinite(stored[*count]) ? 1 : 0;
    }
    return 0;
}

static void judge_by_history(const struct comparison *comparison, const struct regression *regression, size_t count,
                             double max_slowdown, struct assertion_result *assertion_result)
{
    char relative[64];
    double limit = log1p(max_slowdown);
    *assertion_result = (struct assertion_result){
        .value = exp(regression->slowdown),
        .low = exp(regression->slowdown - regression->reach),
        .high = exp(regression->slowdown + regression->reach),
        .limit = 1 + max_slowdown,
        .p = regression->p,
        .detectable = expm1(fmax(limit, regression->reach) + stats_normal_quantile(power) * regression->deviation),
    };
    assertion_result->verdict = regression_fails(regression, max_slowdown)           ? VERDICT_FAIL
                                : regression->slowdown + regression->reach <= limit  ? VERDICT_PASS
                                : assertion_result->detectable <= detectable_at_most ? VERDICT_INCONCLUSIVE
                                                                                     : VERDICT_UNMEASURABLE;
    describe_claim(comparison, max_slowdown, relative, assertion_result);
    describe_ratio(assertion_result);
    if (assertion_result->verdict >= VERDICT_INCONCLUSIVE)
        text_append(assertion_result->sentence, sizeof(assertion_result->sentence),
                    " the usual of %zu results%s, of which up to %s is usual; a slowdown of %.1f %% would have shown",
                    count, relative, NUMBER(3, exp(regression->reach)), 100 * assertion_result->detectable);
}

static int judge_cell(struct comparison *comparison, const struct baseline *baseline, double max_slowdown,
                      struct assertion_result *assertion_result, struct error *error)
{
    const struct run_cell *cell = comparison->cell->cell;
    const struct baseline_document *newest = newest_with(baseline, cell->mode, cell->workers);
    double *stored = calloc(baseline->count, sizeof(*stored));
    double now = NAN;
    size_t count = 0;
    if (stored == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory to compare with the baseline");
    int status = estimate_history(comparison, baseline, stored, &count, error);
    if (status == 0)
        status = estimate_present(comparison, &now, error);
    if (status == 0 && count >= REGRESSION_HISTORY_MIN && isfinite(now)) {
        const struct regression regression = regression_predict(stored, count, now);
        judge_by_history(comparison, &regression, count, max_slowdown, assertion_result);
    } else if (status == 0) {
        status = judge(comparison, newest, max_slowdown, assertion_result, error);
        if (status == 0 && baseline->count > 1 && assertion_result->verdict >= VERDICT_INCONCLUSIVE)
            text_append(assertion_result->sentence, sizeof(assertion_result->sentence),
                        "; that is the newest of %zu: %d tell how much series differ", baseline->count,
                        REGRESSION_HISTORY_MIN);
    }
    free(stored);
    return status;
}

int regressions_make(const struct run_stats *stats, const struct baseline *baseline, double max_slowdown,
                     struct assertion_result **assertion_results, size_t *count, struct error *error)
{
    int status = 0;
    const struct cell_stats *reference = stats->reference;
    for (size_t i = 0; i < stats->main_count && status == 0; i++) {
        struct comparison comparison = {.cell = &stats->cells[i]};
        const struct run_cell *cell = comparison.cell->cell;
        const struct baseline_document *newest = newest_with(baseline, cell->mode, cell->workers);
        if (newest == NULL)
            continue;
        comparison.earlier = find_cell(newest, cell->mode, cell->workers);
        if (reference != NULL && reference != comparison.cell)
            comparison.earlier_reference = find_cell(newest, reference->cell->mode, reference->cell->workers);
        if (comparison.earlier_reference != NULL)
            comparison.reference = reference;
        struct assertion_result *longer = realloc(*assertion_results, (*count + 1) * sizeof(*longer));
        if (longer == NULL)
            return error_set(error, ERROR_ENVIRONMENT, "no memory to compare with the baseline");
        *assertion_results = longer;
        status = judge_cell(&comparison, baseline, max_slowdown, &longer[*count], error);
        *count += status == 0;
    }
    return status;
}
