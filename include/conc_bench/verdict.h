#ifndef CONC_BENCH_VERDICT_H
#define CONC_BENCH_VERDICT_H

#include <stddef.h>

#include "conc_bench/claim.h"
#include "conc_bench/diagnosis.h"
#include "conc_bench/error.h"
#include "conc_bench/figures.h"
#include "conc_bench/gains.h"
#include "conc_bench/judgement.h"
#include "conc_bench/per_url.h"
#include "conc_bench/regression.h"
#include "conc_bench/result.h"
#include "conc_bench/sweep.h"

/*
 * All that follows from a result: figures, what they say in sentences, and whether claims hold. Pure; writers see a
 * result and its verdict, and nothing else.
 */
enum { SENTENCES_MAX = 8 };

struct verdict {
    struct figures figures;
    struct sweep sweeps[SWEEPS_MAX];
    size_t sweep_count;
    char sentences[SENTENCES_MAX][512]; /* who won, who is cheapest, what to use; without a full stop */
    size_t sentence_count;
    const struct cell_figures *recommended; /* NULL: nothing is ranked */
    struct diagnosis diagnosis;
    struct gains gains;
    struct per_url_sentences urls; /* none without figures of URLs */
    struct judgement *judgements;  /* owned */
    size_t judgement_count;
};

/* What a result is to be held to. Zeros: nothing. */
struct verdict_request {
    const struct claim *claims;
    size_t claim_count;
    const struct baseline *baseline; /* NULL: none */
    double max_slowdown;
    const struct judgement *judgements; /* made earlier, to be taken over as they are */
    size_t judgement_count;
};

/* -1: no memory. `result` must outlive the verdict. */
int verdict_make(const struct result *result, const struct verdict_request *request, struct verdict *verdict,
                 struct error *error);
void verdict_release(struct verdict *verdict);

#endif
