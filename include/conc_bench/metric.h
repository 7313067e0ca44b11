#ifndef CONC_BENCH_METRIC_H
#define CONC_BENCH_METRIC_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What can be said about a cell in one figure, and so be claimed of it: names and meanings only, no values. All figures
 * are of one round.
 */
enum metric {
    METRIC_TIME,
    METRIC_T95,
    METRIC_STARTUP,
    METRIC_THROUGHPUT,
    METRIC_P50,
    METRIC_P90,
    METRIC_P95,
    METRIC_P99,
    METRIC_MAX,
    METRIC_BYTES,
    METRIC_FAILURES,
    METRIC_CONNECTS,
    METRIC_CPU,
    METRIC_MEMORY,
    METRIC_VOLUNTARY,
    METRIC_INVOLUNTARY,
    METRIC_COUNT, /* how many there are; stands for none */
};

/* What a figure is a number of; its base unit, in which values are kept, behind it. */
enum metric_unit {
    UNIT_DURATION, /* seconds */
    UNIT_BYTES,    /* bytes */
    UNIT_COUNT,    /* pieces */
    UNIT_RATE,     /* per second */
    UNIT_PLAIN,    /* none: a ratio of two figures */
};

struct metric_description {
    const char *name;
    const char *aliases; /* further names, comma-separated; "" without */
    enum metric_unit unit;
    bool is_exact;       /* the same in every round of the same work, so that it is compared as it is; otherwise it is
                          * measured, and only an interval can tell */
    const char *meaning; /* its line in help: a phrase */
};

/* Finds a metric by name or alias; METRIC_COUNT if there is none. */
enum metric metric_find(const char *name);

/* The description of a metric other than METRIC_COUNT. */
const struct metric_description *metric_describe(enum metric metric);

/* The names of all metrics, in the order of the enumeration, comma-separated: "time, t95, ...". Returns `buffer`. */
char *metric_names(char *buffer, size_t size);

/* What a value of a unit is called, with its article, and what it looks like: "a duration", "1.5s or 120ms". */
struct metric_unit_description {
    const char *name;
    const char *example;
};

const struct metric_unit_description *metric_unit_describe(enum metric_unit unit);

#endif
