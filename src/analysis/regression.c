#include "conc_bench/analysis/regression.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/base/text.h"
#include "rank_sum.h"

/* Two-sided, so that each end is a one-sided 95 % bound; and what such an interval's half-width says about what would
 * have shown with power .8: (1.645 + 0.842) / 1.645. */
static const double two_sided = 0.90;
static const double detectable_of_half_width = 1.51;

/* A gate that could not have seen a difference of this size is none. */
static const double detectable_at_most = 0.25;

void baseline_release(struct baseline *baseline)
{
    for (size_t i = 0; i < baseline->cell_count; i++) {
        free(baseline->cells[i].rounds);
        free(baseline->cells[i].times);
    }
    free(baseline->cells);
    *baseline = (struct baseline){0};
}

const struct baseline_cell *baseline_find(const struct baseline *baseline, const char *mode, uint32_t workers)
{
    for (size_t i = 0; i < baseline->cell_count; i++) {
        if (strcmp(baseline->cells[i].mode, mode) == 0 && baseline->cells[i].workers == workers)
            return &baseline->cells[i];
    }
    return NULL;
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
    const struct baseline_cell *reimport_reference;
    double *now; /* logarithms */
    size_t now_count;
    double *before;
    size_t before_count;
};

static void describe(const struct comparison *comparison, const struct baseline *baseline, double max_slowdown,
                     struct assertion_result *assertion_result)
{
    char relative[64] = "";
    if (comparison->reference != NULL)
        snprintf(relative, sizeof(relative), ", relative to %s/%" PRIu32, comparison->reference->cell->mode,
                 comparison->reference->cell->workers);
    snprintf(assertion_result->assertion, sizeof(assertion_result->assertion),
             "%s/%" PRIu32 " at most %.3g %% slower than the baseline", comparison->cell->cell->mode,
             comparison->cell->cell->workers, 100 * max_slowdown);
    if (!isfinite(assertion_result->low) || !isfinite(assertion_result->high)) {
        snprintf(assertion_result->sentence, sizeof(assertion_result->sentence),
                 "%zu rounds against %zu in %s are too few to judge: it takes 5 of each", comparison->now_count,
                 comparison->before_count, baseline->path);
        return;
    }
    snprintf(assertion_result->sentence, sizeof(assertion_result->sentence),
             "%.4g times the time in %s%s, between %.4g and %.4g (95 %% on each side)", assertion_result->value,
             baseline->path, relative, assertion_result->low, assertion_result->high);
    bool is_over = assertion_result->low > 1 + max_slowdown;
    if (assertion_result->ruling >= RULING_INCONCLUSIVE)
        text_append(assertion_result->sentence, sizeof(assertion_result->sentence),
                    "%s; a slowdown of %.1f %% would have shown",
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
        assertion_result->ruling = RULING_PASS;
    else if (test.confidence > 0 && test.low > failing)
        assertion_result->ruling = RULING_FAIL;
    else
        assertion_result->ruling =
            assertion_result->detectable <= detectable_at_most ? RULING_INCONCLUSIVE : RULING_UNMEASURABLE;
    return 0;
}

static int judge(struct comparison *comparison, const struct baseline *baseline, double max_slowdown,
                 struct assertion_result *assertion_result, struct error *error)
{
    comparison->now = calloc(comparison->cell->rounds + 1, sizeof(double));
    comparison->before = calloc(comparison->earlier->count + 1, sizeof(double));
    int status = -1;
    if (comparison->now == NULL || comparison->before == NULL) {
        error_set(error, ERROR_ENVIRONMENT, "no memory to compare with the baseline");
    } else {
        comparison->now_count = present_logs(comparison->cell, comparison->reference, comparison->now);
        comparison->before_count =
            earlier_logs(comparison->earlier, comparison->reimport_reference, comparison->before);
        status = compare(comparison, max_slowdown, assertion_result, error);
    }
    if (status == 0)
        describe(comparison, baseline, max_slowdown, assertion_result);
    free(comparison->now);
    free(comparison->before);
    return status;
}

int regressions_make(const struct run_stats *stats, const struct baseline *baseline, double max_slowdown,
                     struct assertion_result **assertion_results, size_t *count, struct error *error)
{
    int status = 0;
    const struct cell_stats *reference = stats->reference;
    const struct baseline_cell *reimport_reference =
        reference == NULL ? NULL : baseline_find(baseline, reference->cell->mode, reference->cell->workers);
    for (size_t i = 0; i < stats->main_count && status == 0; i++) {
        struct comparison comparison = {.cell = &stats->cells[i]};
        const struct run_cell *cell = comparison.cell->cell;
        comparison.earlier = baseline_find(baseline, cell->mode, cell->workers);
        if (comparison.earlier == NULL)
            continue;
        if (reimport_reference != NULL && reference != comparison.cell) {
            comparison.reference = reference;
            comparison.reimport_reference = reimport_reference;
        }
        struct assertion_result *longer = realloc(*assertion_results, (*count + 1) * sizeof(*longer));
        if (longer == NULL)
            return error_set(error, ERROR_ENVIRONMENT, "no memory to compare with the baseline");
        *assertion_results = longer;
        status = judge(&comparison, baseline, max_slowdown, &longer[(*count)++], error);
    }
    return status;
}
