#include "conc_bench/analysis/analysis.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conclusions.h"

static int judge(const struct analysis_request *request, struct analysis *analysis, struct error *error)
{
    const struct run_stats *stats = &analysis->stats;
    if (request->assertion_result_count > 0) {
        analysis->assertion_results = calloc(request->assertion_result_count, sizeof(analysis->assertion_results[0]));
        if (analysis->assertion_results == NULL)
            return error_set(error, ERROR_ENVIRONMENT, "no memory for what became of the assertions");
        memcpy(analysis->assertion_results, request->assertion_results,
               request->assertion_result_count * sizeof(analysis->assertion_results[0]));
        analysis->assertion_result_count = request->assertion_result_count;
        return 0;
    }
    int status = assertion_results_make(stats, request->assertions, request->assertion_count,
                                        &analysis->assertion_results, &analysis->assertion_result_count, error);
    if (status == 0 && request->baseline != NULL)
        status = regressions_make(stats, request->baseline, request->max_slowdown, &analysis->assertion_results,
                                  &analysis->assertion_result_count, error);
    return status == 0 ? assertion_results_adjust(analysis->assertion_results, analysis->assertion_result_count, error)
                       : -1;
}

static void tell_rates(struct analysis *analysis)
{
    struct rate_sentences sentences;
    rate_curves_tell(&analysis->rates, &sentences);
    const char *const texts[] = {sentences.knees, sentences.unfinished};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (texts[i][0] != '\0')
            snprintf(analysis->sentences[analysis->sentence_count++], sizeof(analysis->sentences[0]), "%s", texts[i]);
    }
}

int analysis_make(const struct run *run, struct run_totals *totals, const struct analysis_request *request,
                  struct analysis *analysis, struct error *error)
{
    *analysis = (struct analysis){0};
    struct conclusions conclusions = {.sentences = analysis->sentences, .capacity = SENTENCES_MAX};
    int status = cell_stats_complete(run, totals, &analysis->stats, error);
    if (status == 0)
        status = rate_curves_make(&analysis->stats, &analysis->rates, error);
    if (status == 0)
        rate_curves_note(&analysis->rates, &analysis->stats);
    bool has_rates = analysis->rates.count > 0;
    if (status == 0 && !has_rates)
        status = sweeps_make(&analysis->stats, SWEEP_OF_WORKERS, &analysis->sweeps, &analysis->sweep_count, error);
    if (status == 0 && !has_rates)
        status = sweeps_make(&analysis->stats, SWEEP_OF_MACHINES, &analysis->machine_sweeps,
                             &analysis->machine_sweep_count, error);
    if (status == 0 && !has_rates)
        status = conclusions_make(&analysis->stats, &conclusions, error);
    if (status == 0)
        status = diagnosis_make(&analysis->stats, &analysis->diagnosis, error);
    if (status == 0 && !has_rates)
        status = speedup_breakdown_make(&analysis->stats, &analysis->breakdown, error);
    if (status == 0)
        status = judge(request, analysis, error);
    if (status == 0)
        per_url_tell(&analysis->stats, &analysis->urls);
    analysis->sentence_count = conclusions.count;
    if (status == 0 && has_rates)
        tell_rates(analysis);
    analysis->recommended = conclusions.recommended;
    if (analysis->rates.recommended != NULL)
        analysis->recommended = analysis->rates.recommended->highest->cell;
    if (status == 0)
        headline_make(&analysis->stats, analysis->recommended, &analysis->rates, &analysis->headline);
    else
        analysis_release(analysis);
    return status;
}

void analysis_release(struct analysis *analysis)
{
    sweeps_release(analysis->sweeps, analysis->sweep_count);
    sweeps_release(analysis->machine_sweeps, analysis->machine_sweep_count);
    rate_curves_release(&analysis->rates);
    speedup_breakdown_release(&analysis->breakdown);
    free(analysis->assertion_results);
    cell_stats_release(&analysis->stats);
    *analysis = (struct analysis){0};
}
