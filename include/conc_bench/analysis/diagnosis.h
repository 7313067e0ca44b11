#ifndef CONC_BENCH_ANALYSIS_DIAGNOSIS_H
#define CONC_BENCH_ANALYSIS_DIAGNOSIS_H

#include <stddef.h>

#include "conc_bench/analysis/cell_stats.h"
#include "conc_bench/base/error.h"

/*
 * The reasons why the figures are what they are, and why not to trust them: rules over figures, each of which gives
 * its figures in its sentence. Pure. Thresholds stand in the source beside their rules, and in docs/measurement.md.
 */
enum finding_kind {
    FINDING_IO_BOUND,         /* the client waits */
    FINDING_CPU_BOUND,        /* the client computes */
    FINDING_MIXED,            /* neither is in the majority */
    FINDING_CROSSING,         /* how many at once it takes to turn the one into the other */
    FINDING_MULTIPLEXED,      /* some had several downloads at once on a connection, and others could not */
    FINDING_HTTP2_DECLINED,   /* asked for, and HTTP/1.1 was answered */
    FINDING_CLIENT_SATURATED, /* downloads wait for the client: an event loop that is busy, threads without a core */
    FINDING_SERVER_SATURATED, /* the more at once, the longer each: server or link is the limit */
    FINDING_RATE_LIMITED,     /* the same rate whoever asks, or answers of status 429 or 503 */
    FINDING_TAIL_BOUND,       /* the last downloads decide */
    FINDING_WORKERS_IDLE,     /* with downloads left to begin, workers had none */
    FINDING_NOISY_HOST,       /* others took the processor */
    FINDING_NOISY_RATIOS,     /* rounds differ too much for small differences to show */
    FINDING_DRIFTING,         /* times rise or fall during the run */
    FINDING_POSITION,         /* the place in a round decides */
    FINDING_OUTLIERS,
    FINDING_WOKEN_LATE, /* at a rate, the program itself was late */
    FINDING_COLD_START, /* the first round was slower: warm-up matters here */
};

/* The name as it stands in reports: "io_bound". */
const char *finding_name(enum finding_kind kind);

struct finding {
    enum finding_kind kind;
    char sentence[640]; /* complete, with its figures, control characters escaped */
};

enum { FINDINGS_MAX = 24 };

struct diagnosis {
    struct finding findings[FINDINGS_MAX]; /* boundness first, doubts last */
    size_t count;
    char brief[320]; /* what bounds the downloads, in one line; "": nobody knows */
};

/* Whether a cell that did not keep up with a rate lacked cores, so that more workers would not have helped. */
bool diagnosis_is_short_of_cores(const struct run_stats *stats, const struct cell_stats *cell);

/* Diagnoses the main cells. -1: out of memory. */
int diagnosis_make(const struct run_stats *stats, struct diagnosis *diagnosis, struct error *error);

#endif
