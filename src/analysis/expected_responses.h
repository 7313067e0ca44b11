#ifndef CONC_BENCH_ANALYSIS_EXPECTED_RESPONSES_H
#define CONC_BENCH_ANALYSIS_EXPECTED_RESPONSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conc_bench/base/error.h"
#include "conc_bench/run/run.h"

/* The expected response of each URL: learned from all its answers, then compared with those of every trial. */

/* The status and HTTP version that most answers had, the median size of their bodies (the size of most of them, if most
 * had the same), and the content that most of those of that size had. What came first does not count for more than what
 * came later. */
struct expectation {
    int64_t bytes;
    uint32_t digest; /* of bodies of that size; DIGEST_NONE: not known */
    uint16_t status;
    uint8_t http_version;
    bool is_known : 1; /* false: no download of it succeeded */
    bool is_mixed : 1; /* not all answers were alike, their content aside */
    /* Sizes vary by themselves, and are not compared: nobody said by how much they may, they differed already in the
     * warm-up (or in the first measured round, where the warm-up has fewer than two answers), more than one answer is
     * not of the usual size, and most cells got answers of several sizes. Where each cell always got the same, the size
     * depends on the mode. */
    bool does_vary : 1;
    /* Bodies of the usual size have other content by themselves, and are compared by their size: most cells got
     * several. Nothing has to have shown in the warm-up, since pages change over time that keep their size. */
    bool does_change : 1;
};

struct expected_round {
    uint32_t group;
    uint32_t round;
};

struct expected_responses {
    const struct run *run;
    struct expectation *urls; /* by URL */
    /* Rounds in which one URL gave answers of which no expectation fits all, in the order of groups and rounds: such a
     * round is dropped whatever the URL still answers. */
    struct expected_round *torn;
    size_t torn_count;
};

int expected_learn(const struct run *run, struct expected_responses *expected_responses, struct error *error);
void expected_release(struct expected_responses *expected_responses);

/* Whether that is what its URL answers, or a failure, which is told as such. */
bool expected_fits(const struct expected_responses *expected_responses, const struct answer *answer);

/* Whether every unit that succeeded answered what its URL answers. False: `difference` is a sentence that says which
 * did not. */
bool expected_holds(const struct expected_responses *expected_responses, const struct trial_latencies *latencies,
                    const char *place, char *difference, size_t size);

/* Whether the body of an answer that fits has another size than usual. */
bool expected_is_unusual(const struct expected_responses *expected_responses, const struct answer *answer);

bool expected_is_torn(const struct expected_responses *expected_responses, uint32_t group, uint32_t round);

#endif
