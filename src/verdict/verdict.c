#include "conc_bench/verdict.h"

#include <stdlib.h>
#include <string.h>

#include "conc_bench/summary.h"

static int judge(const struct verdict_request *request, struct verdict *verdict, struct error *error)
{
    const struct figures *figures = &verdict->figures;
    if (request->judgement_count > 0) {
        verdict->judgements = calloc(request->judgement_count, sizeof(verdict->judgements[0]));
        if (verdict->judgements == NULL)
            return error_set(error, ERROR_ENVIRONMENT, "no memory for what became of the claims");
        memcpy(verdict->judgements, request->judgements, request->judgement_count * sizeof(verdict->judgements[0]));
        verdict->judgement_count = request->judgement_count;
        return 0;
    }
    int status = judgements_make(figures, request->claims, request->claim_count, &verdict->judgements,
                                 &verdict->judgement_count, error);
    if (status == 0 && request->baseline != NULL)
        status = regressions_make(figures, request->baseline, request->max_slowdown, &verdict->judgements,
                                  &verdict->judgement_count, error);
    return status == 0 ? judgements_adjust(verdict->judgements, verdict->judgement_count, error) : -1;
}

int verdict_make(const struct result *result, const struct verdict_request *request, struct verdict *verdict,
                 struct error *error)
{
    *verdict = (struct verdict){0};
    struct summary summary = {.sentences = verdict->sentences, .capacity = SENTENCES_MAX};
    int status = figures_compute(result, &verdict->figures, error);
    if (status == 0)
        status = sweeps_make(&verdict->figures, verdict->sweeps, &verdict->sweep_count, error);
    if (status == 0)
        status = summary_make(&verdict->figures, &summary, error);
    if (status == 0)
        status = diagnosis_make(&verdict->figures, &verdict->diagnosis, error);
    if (status == 0)
        status = gains_make(&verdict->figures, &verdict->gains, error);
    if (status == 0)
        status = judge(request, verdict, error);
    per_url_tell(result, &verdict->urls);
    verdict->sentence_count = summary.count;
    verdict->recommended = summary.recommended;
    if (status != 0)
        verdict_release(verdict);
    return status;
}

void verdict_release(struct verdict *verdict)
{
    for (size_t i = 0; i < verdict->sweep_count; i++)
        sweep_release(&verdict->sweeps[i]);
    gains_release(&verdict->gains);
    free(verdict->judgements);
    figures_release(&verdict->figures);
    *verdict = (struct verdict){0};
}
