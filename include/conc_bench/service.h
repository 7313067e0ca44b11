#ifndef CONC_BENCH_SERVICE_H
#define CONC_BENCH_SERVICE_H

#include <stdbool.h>
#include <stddef.h>

#include "conc_bench/error.h"
#include "conc_bench/result.h"
#include "conc_bench/validity.h"

/*
 * The distribution of a cell's service times over all its rounds that count, kept at certain per cents so that reports
 * can be made again without the samples. Pure.
 */

/* Of point `index` < SERVICE_POINTS. */
double service_point_percent(size_t index);

/* The point with that per cent; SERVICE_POINTS: there is none. */
size_t service_point_find(double percent);

/* Seconds, by exact nearest rank; NAN where fewer samples lie beyond it than can carry it, without any samples, and
 * for per cents that are not kept. */
double service_percentile(const struct service_times *times, double percent);

/* Whether any trial of a cell counts (validity_counts()). */
bool service_has_counting(const struct validity *validity, const struct cell_result *cell);

/* Whether a trial takes part: it counts, or none does (`has_counting` is false) and it is the last. */
bool service_counts(const struct validity *validity, const struct cell_result *cell, size_t trial, bool has_counting);

/* Those the cell already has, or else made of its samples. -1: out of memory. */
int service_pool(const struct result *result, const struct validity *validity, const struct cell_result *cell,
                 struct service_times *times, struct error *error);

#endif
