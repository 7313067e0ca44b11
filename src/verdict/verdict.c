#include "conc_bench/verdict.h"

#include <stdlib.h>

#include "conc_bench/summary.h"

int verdict_make(const struct result *result, const struct claim *claims, size_t claim_count, struct verdict *verdict,
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
        status = judgements_make(&verdict->figures, claims, claim_count, &verdict->judgements,
                                 &verdict->judgement_count, error);
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
    free(verdict->judgements);
    figures_release(&verdict->figures);
    *verdict = (struct verdict){0};
}
