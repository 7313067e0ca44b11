#ifndef CONC_BENCH_MEASURES_H
#define CONC_BENCH_MEASURES_H

#include "conc_bench/error.h"
#include "conc_bench/phases.h"
#include "conc_bench/result.h"

/*
 * What is known of one trial as a row of numbers: the unit that statistics work on, since the rounds are what is
 * replicated and the requests within one are not independent of each other. Pure.
 */
enum measure {
    /* seconds */
    MEASURE_TIME,     /* startup + run: the headline */
    MEASURE_T95,      /* startup + until 95 % of the downloads were done: the makespan without its stragglers */
    MEASURE_STARTUP,  /* handles, threads, processes */
    MEASURE_RUN,      /* from the gate to the last settled download */
    MEASURE_TEARDOWN, /* joins, reaps, frees */
    /* seconds; service times: from taking a unit to having its response; exact nearest rank */
    MEASURE_P50,
    MEASURE_P90,
    MEASURE_P95,
    MEASURE_P99,
    MEASURE_MAX,
    MEASURE_MEAN,
    /* seconds, each a mean over all downloads: what MEASURE_MEAN consists of, and the work behind it */
    MEASURE_PHASES,                                   /* and those behind it, by enum phase */
    MEASURE_HANDSHAKE = MEASURE_PHASES + PHASE_COUNT, /* PHASE_TLS of those that had one */
    /* per second of MEASURE_TIME */
    MEASURE_THROUGHPUT, /* downloads */
    MEASURE_BANDWIDTH,  /* body bytes */
    /* counts */
    MEASURE_DOWNLOADS, /* settled */
    MEASURE_FAILURES,
    MEASURE_BYTES,      /* of bodies */
    MEASURE_CONNECTS,   /* new connections, by libcurl's count */
    MEASURE_HANDSHAKES, /* of those, with TLS */
    MEASURE_HTTP2,      /* downloads answered over HTTP/2 */
    /* of those; NAN without any */
    MEASURE_HTTP2_CONNECTIONS, /* made for them, beforehand too */
    MEASURE_HTTP2_SHARE,       /* downloads on each connection */
    MEASURE_STREAMS,           /* the most at once on one */
    MEASURE_PEAK_IN_FLIGHT,
    /* costs */
    MEASURE_CPU, /* seconds, user and system */
    MEASURE_CPU_USER,
    MEASURE_CPU_SYSTEM,
    MEASURE_CORES,          /* kept busy on average, from startup to the end of the run */
    MEASURE_VOLUNTARY,      /* context switches */
    MEASURE_INVOLUNTARY,    /* context switches */
    MEASURE_RUN_QUEUE_WAIT, /* seconds, all threads together */
    MEASURE_LAG_P99,        /* seconds; of event loops */
    MEASURE_LAG_MAX,
    MEASURE_MEMORY, /* bytes, at the peak, of all processes; shared pages in proportion */
    MEASURE_PROCESSES,
    MEASURE_THREADS,
    MEASURE_DESCRIPTORS,
    /* shares, 0 to 1 */
    MEASURE_DRAIN,     /* of the run, after the last download was begun */
    MEASURE_OCCUPANCY, /* of the workers' time, spent on downloads */
    MEASURE_COUNT,
};

/* Fills `values`, indexed by enum measure; NAN where a trial has none. Of a trial that is not complete, only counts
 * mean something. -1: out of memory. */
int measures_of_trial(const struct cell_result *cell, const struct trial *trial, double *values, struct error *error);

#endif
