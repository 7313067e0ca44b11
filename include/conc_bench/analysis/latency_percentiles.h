#ifndef CONC_BENCH_ANALYSIS_LATENCY_PERCENTILES_H
#define CONC_BENCH_ANALYSIS_LATENCY_PERCENTILES_H

#include <stdbool.h>
#include <stddef.h>

#include "conc_bench/analysis/validity.h"
#include "conc_bench/base/error.h"
#include "conc_bench/run/run.h"

/*
 * The distribution of a cell's service times over all its rounds that count, kept at certain per cents so that reports
 * can be made again without the samples. Pure.
 */

/* The per cents of which a cell's service times are kept: 1 to 99, then 99.5, 99.9, 99.95, 99.99, 100. */
enum { LATENCY_POINTS = 104 };

/* Service times over the rounds of a cell that count: all that reports need of them. */
struct latency_percentiles {
    uint64_t count;
    nanoseconds sum;
    nanoseconds points[LATENCY_POINTS]; /* exact nearest rank; zeros without samples */
    uint32_t slowest_url;               /* of the longest */
};

/* The percentage of point `index` < LATENCY_POINTS. */
double latency_point_percent(size_t index);

/* The point with that per cent; LATENCY_POINTS: there is none. */
size_t latency_point_find(double percent);

/* Seconds, by exact nearest rank; NAN where fewer samples lie beyond it than can carry it, without any samples, and
 * for per cents that are not kept. */
double latency_percentile(const struct latency_percentiles *times, double percent);

/* Returns whether any trial of a cell counts (validity_counts()). */
bool latency_has_counting(const struct validity *validity, const struct run_cell *cell);

/* Returns whether a trial takes part: it counts, or none does (`has_counting` is false) and it is the last. */
bool latency_counts(const struct validity *validity, const struct run_cell *cell, size_t trial, bool has_counting);

/* Pools the trials that take part, which have their latencies. -1: out of memory. */
int latency_pool(const struct validity *validity, const struct run_cell *cell, struct latency_percentiles *times,
                 struct error *error);

#endif
