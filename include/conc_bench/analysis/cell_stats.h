#ifndef CONC_BENCH_ANALYSIS_CELL_STATS_H
#define CONC_BENCH_ANALYSIS_CELL_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conc_bench/analysis/metrics.h"
#include "conc_bench/analysis/ranking.h"
#include "conc_bench/analysis/run_totals.h"
#include "conc_bench/analysis/validity.h"
#include "conc_bench/base/error.h"
#include "conc_bench/run/run.h"

/*
 * From the trials of all cells to the figures people read. Pure: no clock, no files, no libcurl.
 * What counts is a trial that is complete and whose round was not dropped. A figure is the median over the rounds that
 * count; where there is none (interrupted, crashed), counts are those of the last trial and `has_times` is false.
 */

/* The confidence asked for where an interval is given. What is reached is a little more: order statistics come in
 * steps. */
#define CONFIDENCE_LEVEL 0.95

/* A slowdown that nobody would change a program for. */
#define NEGLIGIBLE_SLOWDOWN 0.05

/* The share of failed downloads above which times say nothing: a refused connection takes no time. The other where
 * failures were announced. */
#define FAILED_SHARE_MAX           0.1
#define FAILED_SHARE_MAX_TOLERATED 0.5

/* A value and the interval that holds it with `confidence`. Without enough rounds for one, `confidence` is 0 and low
 * and high are the extremes. All NAN: there is no value. */
struct estimate {
    double value;
    double low;
    double high;
    double confidence; /* reached; 0: low and high are no interval but the range */
};

struct cell_stats {
    const struct run_cell *cell;
    size_t rounds;    /* that count */
    bool has_times;   /* rounds > 0 */
    bool is_unproven; /* a client's that is not known to have done its work in every round: never ranked */
    bool is_overrun;  /* it did not keep up with the rate in most rounds: never ranked */
    bool
        is_sound; /* it has times, is proven, keeps up, and not so many of its downloads failed that they say nothing */
    double *values;       /* by round that counts (a row), then by enum metric; owned */
    uint32_t *row_rounds; /* the round of each row, ascending; owned */

    struct estimate metrics[METRIC_COUNT]; /* medians and their order-statistic intervals */

    /* of METRIC_TIME, seconds, for those who want them */
    double mean;
    double standard_deviation; /* NAN for one round */
    double minimum, maximum;
    size_t outliers;  /* rounds far from the others; flagged, never left out */
    double cold_time; /* of the first warm-up round; NAN without */

    /* Per round, each a median, rounded up: a failure in one of two rounds is not none. Medians do not add up. */
    uint64_t failure_classes[OUTCOME_COUNT];
    uint64_t failures;

    /* Sums over the rounds that count. */
    uint64_t downloads_in_all;
    uint64_t failures_in_all;
    uint64_t failures_in_all_by_class[OUTCOME_COUNT];

    /* Seconds, of the service times over all samples of the rounds that count: exact nearest rank, failures included.
     * NAN where fewer samples lie beyond it than can carry it. These and what they are of are zeros where the figures
     * are of a run that is not over. */
    double service_p50, service_p90, service_p95, service_p99, service_max, service_mean;
    struct cell_totals totals;

    /* The speed-up over the reference cell: its time / own time, paired by round (Hodges-Lehmann estimate of the log
     * ratio; exact signed-rank interval, or Student's where the two rank by fewer rounds). All NAN without a reference
     * in the same rounds, and where either is not sound. */
    struct estimate speedup;

    /* The range of ranks it has among the cells it was ranked with; ranges of cells that are not told apart overlap. 0:
     * not ranked. */
    uint32_t rank_low, rank_high;
};

struct run_stats {
    const struct run *run;
    struct validity validity;
    struct cell_stats *cells; /* as many as the result has: main before sweep, then fastest first, those that are not
                                   sound behind them, and those without times last */
    size_t cell_count;
    size_t main_count;                  /* cells of STAGE_MAIN, which come first */
    const struct cell_stats *reference; /* the first main cell of the reference mode; NULL: none */
    struct per_url *per_url;            /* owned; NULL: none, or the run is not over */
    struct ranking ranking;             /* of the first cells, by their place in `cells`; no cells: nothing is ranked */
};

/* Computes the figures from the summaries of trials and from the validity, which is taken over, and released even on
 * failure. The run need not be over. -1: out of memory. `run` must outlive `stats`. */
int cell_stats_compute(const struct run *run, struct validity *validity, struct run_stats *stats, struct error *error);

/* The same of a run that is over, whose totals are taken over; the caller releases what is left of them. */
int cell_stats_complete(const struct run *run, struct run_totals *totals, struct run_stats *stats, struct error *error);

void cell_stats_release(struct run_stats *stats);

/* The figures of a cell of the run. */
const struct cell_stats *cell_stats_of(const struct run_stats *stats, const struct run_cell *cell);

/* The metric by which a cell is compared and ranked: its time, or, where downloads were due at a rate, its mean
 * response time, since that rate dictates the time. */
enum metric cell_stats_ranked_by(const struct cell_stats *cell);

/* The median of that, in seconds. */
double cell_stats_ranked_value(const struct cell_stats *cell);

/* The median of METRIC_RESPONSE_... or METRIC_WAIT_... in seconds. NAN where the cell did not keep up, since they then
 * grow with the list, and of percentiles that fewer downloads lie beyond than can carry them. */
double cell_stats_response(const struct cell_stats *cell, enum metric metric);

/* The time at which a cell that did not keep up was as far behind as METRIC_BEHIND says: "at the end", or "when
 * stopped" where a trial was given up before. */
const char *cell_stats_behind_when(const struct cell_stats *cell);

/* The value of one round, `row` < rounds. */
double cell_stats_value(const struct cell_stats *cell, size_t row, enum metric metric);

/* The median as tables show it: per download and in the column's unit, as far as the metric's row says so. */
double cell_stats_shown(const struct cell_stats *cell, enum metric metric);

/* The name of the reference cell; "-": there is none. */
const char *cell_stats_reference_name(const struct run_stats *stats);

/* How well a cell serves as the reference whose downloads went one at a time: a cell of a single machine is preferred,
 * then one with these connections, then one of that name (NULL: any). -1: they did not go one at a time. */
int cell_alone_likeness(const struct run_cell *cell, const char *name, enum connection_policy connections);

/* The sound cell that serves best, the first of several. NULL: there is none. */
const struct cell_stats *cell_stats_alone(const struct run_stats *stats, const char *name,
                                          enum connection_policy connections);

/* Whether the downloads of any main cell spent time in a phase. */
bool cell_stats_have_phase(const struct run_stats *stats, enum phase phase);

/* Whether any download of a main cell was answered over HTTP/2. */
bool cell_stats_have_http2(const struct run_stats *stats);

/* One figure of one cell, by round. */
struct cell_metric {
    const struct cell_stats *cell;
    enum metric metric;
};

/* Logarithms of the ratio of two figures, which may be different ones of one cell, for each round that counts in both
 * cells, in the order of rounds; those that are no numbers are left out. `logs` has room for the rounds of either.
 * Returns their number; 0: the cells did not run in the same rounds. */
size_t cell_stats_paired_logs(struct cell_metric numerator, struct cell_metric denominator, double *logs);

/* The same for the time of two cells. */
size_t cell_stats_paired_times(const struct cell_stats *numerator, const struct cell_stats *denominator, double *logs);

/* The number of rounds in which the first cell can be compared: a run that was interrupted in a round has one round
 * more of some cells. */
size_t cell_stats_rounds_to_compare(const struct run_stats *stats);

/* The logarithm of a cell's time in each of the first `rounds` rounds; NAN: the round does not count. */
void cell_stats_log_times(const struct cell_stats *cell, double *logs, size_t rounds);

/* A ratio from its logarithms in `count` rounds, which may come back in another order: Hodges-Lehmann estimate and
 * exact signed-rank interval, or their range. All NAN without rounds. -1: out of memory. */
int cell_stats_estimate_ratio(double *logs, size_t count, struct estimate *ratio, struct error *error);

#endif
