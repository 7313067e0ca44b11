#ifndef CONC_BENCH_MARKDOWN_H
#define CONC_BENCH_MARKDOWN_H

#include <stdio.h>

#include "conc_bench/error.h"
#include "conc_bench/format.h"
#include "conc_bench/result.h"
#include "conc_bench/verdict.h"

/*
 * The ranking, the sweeps, what follows from them, and what became of claims in GitHub's Markdown: for job summaries
 * and comments.
 */

/* -1: out of memory. That `stream` could not be written is left to who closes it (ferror(3)). */
int markdown_write(FILE *stream, const struct result *result, const struct verdict *verdict,
                   const struct format *format, struct error *error);

#endif
