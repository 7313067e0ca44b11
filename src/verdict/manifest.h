#ifndef CONC_BENCH_MANIFEST_H
#define CONC_BENCH_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conc_bench/error.h"
#include "conc_bench/result.h"

/* What each URL answers: learned first, then held against every trial. Private to src/verdict. */

struct expectation {
    int64_t bytes;
    uint16_t status;
    uint8_t http_version;
    bool does_vary; /* in bytes, already while it was learned */
    uint32_t seen;  /* answers it was learned from */
};

struct manifest {
    const struct result *result;
    struct expectation *urls; /* by URL */
};

int manifest_learn(const struct result *result, struct manifest *manifest, struct error *error);
void manifest_release(struct manifest *manifest);

/* Whether that is what its URL answers, or a failure, which is told as such. */
bool manifest_fits(const struct manifest *manifest, const struct answer *answer);

/* Whether every unit that succeeded answered what its URL answers. False: `difference` is a sentence that says which
 * did not. */
bool manifest_holds(const struct manifest *manifest, const struct extract *extract, const char *place, char *difference,
                    size_t size);

#endif
