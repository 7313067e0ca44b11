#ifndef CONC_BENCH_ANALYSIS_METRICS_H
#define CONC_BENCH_ANALYSIS_METRICS_H

#include <stdbool.h>
#include <stddef.h>

#include "conc_bench/base/error.h"
#include "conc_bench/base/text_buffer.h"
#include "conc_bench/run/phases.h"
#include "conc_bench/run/run.h"

/*
 * The metrics: every figure that is known of one trial. A trial is a row of these numbers, and the rounds are what is
 * replicated, since the requests within one are not independent of each other. All else that is said of a metric (its
 * names, its unit, where reports show it, what it means) is its row in metrics.c, from which the JSON document, the CSV
 * files, the tables of reports and the vocabulary of --assert are made. Pure.
 *
 * A new metric is an enumerator here, a row there, and its computation in trial_metrics.c.
 */
enum metric {
    METRIC_TIME,
    METRIC_T95,
    METRIC_STARTUP,
    METRIC_RUN,
    METRIC_TEARDOWN,
    METRIC_P50,
    METRIC_P90,
    METRIC_P95,
    METRIC_P99,
    METRIC_MAX,
    METRIC_PHASES, /* one for each phase, by enum phase */
    METRIC_HANDSHAKE = METRIC_PHASES + PHASE_COUNT,
    METRIC_MEAN,
    METRIC_THROUGHPUT,
    METRIC_BANDWIDTH,
    METRIC_DOWNLOADS, /* from here to METRIC_PEAK_IN_FLIGHT: known of trials that are not complete, too */
    METRIC_FAILURES,
    METRIC_BYTES,
    METRIC_CONNECTS,
    METRIC_TLS_HANDSHAKES,
    METRIC_HTTP2,
    METRIC_HTTP2_CONNECTIONS,
    METRIC_HTTP2_SHARE,
    METRIC_STREAMS,
    METRIC_RETRIES,
    METRIC_PEAK_IN_FLIGHT,
    METRIC_CPU,
    METRIC_CPU_USER,
    METRIC_CPU_SYSTEM,
    METRIC_CORES,
    METRIC_VOLUNTARY,
    METRIC_INVOLUNTARY,
    METRIC_RUN_QUEUE_WAIT,
    METRIC_LAG_P99,
    METRIC_LAG_MAX,
    METRIC_MEMORY,
    METRIC_PROCESSES,
    METRIC_THREADS,
    METRIC_DESCRIPTORS,
    METRIC_KEPT_UP, /* from here to METRIC_LATE_MAX: known where downloads are due at a rate */
    METRIC_RESPONSE_MEAN,
    METRIC_RESPONSE_P50,
    METRIC_RESPONSE_P95,
    METRIC_RESPONSE_P99,
    METRIC_RESPONSE_MAX,
    METRIC_WAIT_MEAN,
    METRIC_WAIT_P50,
    METRIC_WAIT_P95,
    METRIC_WAIT_P99,
    METRIC_WAIT_MAX,
    METRIC_RATE,
    METRIC_BEHIND,
    METRIC_LATE_P50,
    METRIC_LATE_P99,
    METRIC_LATE_MAX,
    METRIC_HIGHEST_RATE, /* of a mode and number of workers over several rates: no trial has it (rate_curves.h) */
    METRIC_DRAIN,
    METRIC_OCCUPANCY,
    METRIC_COUNT, /* how many there are; stands for none */
};

/* The metric of a phase. Enumerations are not added up: clang 19 warns of that. */
#define METRIC_OF_PHASE(phase) ((enum metric)((int)METRIC_PHASES + (int)(phase)))

/* The unit of a figure; behind it the base unit, in which values are kept. */
enum metric_unit {
    UNIT_DURATION, /* seconds */
    UNIT_BYTES,    /* bytes */
    UNIT_COUNT,    /* pieces */
    UNIT_RATE,     /* pieces per second */
    UNIT_PLAIN,    /* none: a share, or a ratio of two figures */
};

/* The special properties of a metric. */
enum metric_trait {
    METRIC_WHOLE = 1,        /* written as a whole number; medians are rounded up */
    METRIC_EXACT = 2,        /* the same in every round of the same work, so that it is compared as it is; others are
                              * measured, and only an interval can tell */
    METRIC_HAS_INTERVAL = 4, /* the document and CSV files give its interval, too */
    METRIC_PER_DOWNLOAD = 8, /* tables show it divided by METRIC_DOWNLOADS */
};

/* The tables of reports. */
enum metric_table {
    METRIC_TABLE_NONE,
    METRIC_TABLE_PHASES, /* what service times consist of */
    METRIC_TABLE_HTTP2,  /* how connections were shared */
    METRIC_TABLE_RATE,   /* what became of downloads that were due at a rate */
    METRIC_TABLE_COSTS,  /* what a mode costs the client */
};

/* How a table shows a metric. */
struct metric_column {
    enum metric_table table;
    double factor;     /* by which values are multiplied; 0: by that of the unit of service times */
    const char *head;  /* where room is short, unit included: "CPU ms" */
    const char *title; /* where there is room, without the unit: "CPU/download" */
    const char *unit;  /* "ms"; "": none, or that of service times */
};

struct metric_row {
    const char *name;      /* in the document and CSV files, unit included: "peak_memory_bytes" */
    const char *assertion; /* in --assert: "memory" */
    const char *aliases;   /* further names there, comma-separated; "" without */
    enum metric_unit unit;
    unsigned traits;     /* enum metric_trait, or-ed */
    const char *meaning; /* a phrase */
    struct metric_column column;
};

/* The row of a metric other than METRIC_COUNT. */
const struct metric_row *metric_row(enum metric metric);

/* Finds a metric by its name or an alias in --assert; METRIC_COUNT if there is none. */
enum metric metric_find(const char *assertion);

/* Adds the names of all metrics in --assert, in the order of the enumeration, comma-separated: "time, t95, ...". */
void metric_add_names(struct text_buffer *names);

/* The name of a value in a unit, with its article, and examples of it: "a duration", "1.5s or 120ms". */
struct metric_unit_description {
    const char *name;
    const char *example;
};

const struct metric_unit_description *metric_unit_describe(enum metric_unit unit);

/* Fills `values`, indexed by enum metric; NAN where a trial has none. Of a trial that is not complete, only counts mean
 * something. */
void metrics_of_trial(const struct run_cell *cell, const struct trial *trial, double *values);

#endif
