#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/analysis/latency_percentiles.h"
#include "content.h"
#include "rate_table.h"

/* The context in which all tables are built. */
struct builder {
    struct content *content;
    const struct run *run;
    const struct analysis *analysis;
    const struct run_stats *stats;
    const struct format *format;
    struct time_scale time_scale;
    struct time_scale service;
    struct section *section; /* the one that is being built */
};

static void open_section(struct builder *builder, enum section_kind kind, const char *title)
{
    builder->section = content_add_section(builder->content, kind, title);
}

static void add_column(struct builder *builder, const char *head, const char *title)
{
    content_add_figures(builder->content, builder->section, head, title, 0);
}

static void add_words(struct builder *builder, const char *head)
{
    content_add_column(builder->content, builder->section, head, head, true);
}

static void add_time_column(struct builder *builder, const char *name, struct time_scale scale)
{
    content_add_figures_in(builder->content, builder->section, name, name, scale.name, 0);
}

static void add_text(struct builder *builder, enum paint paint, const char *text)
{
    content_add_cell(builder->content, builder->section, paint, text);
}

static void add_digits(struct builder *builder, double value, const char *suffix)
{
    content_add_digits(builder->content, builder->section, value, suffix);
}

static void add_count(struct builder *builder, double value)
{
    add_text(builder, PAINT_NONE, isfinite(value) ? content_text(builder->content, "%.0f", value) : "-");
}

static void add_number(struct builder *builder, enum paint paint, uint64_t value)
{
    add_text(builder, paint, content_text(builder->content, "%" PRIu64, value));
}

static void add_interval(struct builder *builder, const struct estimate *estimate, size_t rounds, double factor)
{
    int decimals = format_decimals(estimate->value * factor);
    if (!isfinite(estimate->value))
        add_text(builder, PAINT_NONE, "-");
    else if (rounds == 1)
        add_text(builder, PAINT_NONE, "1 round, no interval");
    else
        add_text(builder, PAINT_NONE,
                 content_text(builder->content, "%.*f to %.*f", decimals, estimate->low * factor, decimals,
                              estimate->high * factor));
}

/* A row about a cell, with its name in front. */
static void open_row(struct builder *builder, const struct run_cell *cell)
{
    content_add_row(builder->content, builder->section, cell->mode);
    add_text(builder, PAINT_NONE, content_name(builder->content, cell));
}

/* Ranking */

static void add_rank(struct builder *builder, const struct cell_stats *cell)
{
    enum paint paint = cell->rank_low == 1 ? PAINT_GOOD : PAINT_NONE;
    if (cell->rank_low == 0)
        add_text(builder, PAINT_NONE, "-");
    else if (cell->rank_low == cell->rank_high)
        add_number(builder, paint, cell->rank_low);
    else
        add_text(builder, paint,
                 content_text(builder->content, "%" PRIu32 "-%" PRIu32, cell->rank_low, cell->rank_high));
}

const char *content_ending(const struct cell_stats *stats)
{
    if (stats->cell->trial_count == 0)
        return "not run";
    enum trial_status status = stats->cell->trials[stats->cell->trial_count - 1].status;
    return status == TRIAL_COMPLETE ? "invalid" : trial_status_name(status);
}

/* The head of the columns of intervals; all cells have about the same number of rounds. */
static const char *interval_head(const struct estimate *estimate)
{
    return estimate->confidence > 0 ? "95 % interval" : "range of rounds";
}

/* Times of the rounds in the order they ran: a drift shows at a glance, and so does a round unlike the others. */
static void add_sparks(struct builder *builder, const struct cell_stats *cell)
{
    char sparks[FORMAT_SPARKS_BYTES] = "";
    double *times = calloc(cell->rounds, sizeof(*times));
    builder->content->has_failed |= times == NULL;
    for (size_t row = 0; times != NULL && row < cell->rounds; row++)
        times[row] = cell_stats_value(cell, row, cell_stats_ranked_by(cell));
    if (times != NULL)
        format_sparks(sparks, times, cell->rounds);
    add_text(builder, PAINT_NONE, content_text(builder->content, "%s", sparks));
    free(times);
}

/* A single cell is compared with nothing. */
static bool is_compared(const struct builder *builder)
{
    return builder->stats->main_count > 1;
}

/* The scale of the figure that ranks cells. */
static struct time_scale ranked_scale(const struct builder *builder)
{
    return builder->run->arrivals.rate > 0 ? builder->service : builder->time_scale;
}

static void add_ranked(struct builder *builder, const struct cell_stats *cell)
{
    content_add_row(builder->content, builder->section, cell->cell->mode);
    add_text(builder, cell->rank_low == 1 ? PAINT_GOOD : PAINT_NONE, cell->cell->mode);
    add_number(builder, PAINT_NONE, cell->cell->workers);
    if (is_compared(builder))
        add_rank(builder, cell);
    if (!cell->has_times) {
        add_text(builder, PAINT_BAD, content_ending(cell));
        return;
    }
    double factor = ranked_scale(builder).factor;
    add_digits(builder, cell_stats_ranked_value(cell) * factor, "");
    add_interval(builder, &cell->metrics[cell_stats_ranked_by(cell)], cell->rounds, factor);
    add_number(builder, PAINT_NONE, cell->rounds);
    if (is_compared(builder))
        add_digits(builder, cell->speedup.value, "x");
    if (cell->rounds < 2)
        return;
    if (is_compared(builder) && cell != builder->stats->reference)
        add_interval(builder, &cell->speedup, cell->rounds, 1);
    else if (is_compared(builder))
        add_text(builder, PAINT_NONE, "");
    add_sparks(builder, cell);
}

static void add_ranking(struct builder *builder)
{
    const struct run_stats *stats = builder->stats;
    const char *interval = interval_head(&stats->cells[0].metrics[METRIC_TIME]);
    const char *against = content_text(builder->content, "vs %s", cell_stats_reference_name(stats));
    bool has_sparks = false, has_shared_rank = false;
    for (size_t i = 0; i < stats->main_count; i++) {
        has_sparks |= stats->cells[i].rounds > 1;
        has_shared_rank |= stats->cells[i].rank_low != stats->cells[i].rank_high;
    }
    open_section(builder, SECTION_RANKING, is_compared(builder) ? "Ranking" : "Time");
    add_words(builder, "mode");
    add_column(builder, "workers", "workers");
    if (is_compared(builder))
        add_column(builder, "rank", "rank");
    add_time_column(builder, stats->run->arrivals.rate > 0 ? "response" : "time", ranked_scale(builder));
    add_column(builder, interval, interval);
    add_column(builder, "rounds", "rounds");
    if (is_compared(builder)) {
        add_column(builder, against, content_text(builder->content, "%s, by round", against));
        if (has_sparks)
            add_column(builder, interval, interval);
    }
    if (has_sparks)
        add_column(builder, "by round", "each round");
    for (size_t i = 0; i < stats->main_count; i++)
        add_ranked(builder, &stats->cells[i]);
    if (has_shared_rank)
        builder->section->note =
            "A rank of 1-3: none is shown to be faster, and two others are not shown to be slower (95 % confidence).";
}

/* Downloads */

static bool is_any_above_0(const struct run_stats *stats, enum metric metric)
{
    for (size_t i = 0; i < stats->main_count; i++) {
        if (stats->cells[i].metrics[metric].value > 0)
            return true;
    }
    return false;
}

static void add_percentile_columns(struct builder *builder)
{
    for (size_t i = 0; i < builder->format->percentile_count; i++) {
        char name[16];
        format_percentile(name, sizeof(name), builder->format->percentiles[i]);
        add_time_column(builder, name, builder->service);
    }
}

static void add_downloads_of(struct builder *builder, const struct cell_stats *cell, bool has_tls)
{
    open_row(builder, cell->cell);
    if (cell->cell->trial_count == 0)
        return;
    add_digits(builder, cell->metrics[METRIC_THROUGHPUT].value, "");
    add_digits(builder, cell->metrics[METRIC_BANDWIDTH].value / 1e6, "");
    for (size_t i = 0; i < builder->format->percentile_count; i++)
        add_digits(builder,
                   latency_percentile(&cell->totals.service, builder->format->percentiles[i]) * builder->service.factor,
                   "");
    add_digits(builder, cell->service_max * builder->service.factor, "");
    add_digits(builder, cell->metrics[METRIC_T95].value * builder->time_scale.factor, "");
    add_number(builder, cell->failures > 0 ? PAINT_BAD : PAINT_NONE, cell->failures);
    add_count(builder, cell->metrics[METRIC_CONNECTS].value);
    if (has_tls)
        add_count(builder, cell->metrics[METRIC_TLS_HANDSHAKES].value);
}

static void add_downloads(struct builder *builder)
{
    bool has_tls = is_any_above_0(builder->stats, METRIC_TLS_HANDSHAKES);
    open_section(builder, SECTION_DOWNLOADS, "Downloads");
    add_words(builder, "mode/workers");
    add_column(builder, "dl/s", "downloads/s");
    add_column(builder, "MB/s", "MB/s");
    add_percentile_columns(builder);
    add_time_column(builder, "max", builder->service);
    add_time_column(builder, "95 %", builder->time_scale);
    add_column(builder, "failed", "failed");
    add_column(builder, "connects", "connections");
    if (has_tls)
        add_column(builder, "TLS", "TLS handshakes");
    for (size_t i = 0; i < builder->stats->main_count; i++)
        add_downloads_of(builder, &builder->stats->cells[i], has_tls);
    builder->section->note = "95 %: the time until 95 % of the downloads were done.";
    builder->section->key = "dl: downloads. 95 %: the time until 95 % of them were done.";
}

/* The numbers of charts */

static void add_times(struct builder *builder)
{
    size_t most = 0;
    open_section(builder, SECTION_TIMES, "Time, round by round");
    add_words(builder, "mode/workers");
    for (size_t i = 0; i < builder->stats->main_count; i++)
        most = builder->stats->cells[i].rounds > most ? builder->stats->cells[i].rounds : most;
    for (size_t round = 0; round < most; round++)
        add_time_column(builder, content_text(builder->content, "%zu.", round + 1), builder->time_scale);
    for (size_t i = 0; i < builder->stats->main_count; i++) {
        const struct cell_stats *cell = &builder->stats->cells[i];
        open_row(builder, cell->cell);
        for (size_t row = 0; row < most; row++)
            add_digits(builder,
                       row < cell->rounds ? cell_stats_value(cell, row, METRIC_TIME) * builder->time_scale.factor : NAN,
                       "");
    }
}

static void add_latencies(struct builder *builder)
{
    static const double percents[] = {1, 5, 10, 25, 50, 75, 90, 95, 99, 99.9, 100};
    enum { PERCENTS = sizeof(percents) / sizeof(percents[0]) };
    open_section(builder, SECTION_LATENCIES, "How long single downloads take");
    add_words(builder, "mode/workers");
    for (size_t i = 0; i < PERCENTS; i++) {
        char name[16];
        format_percentile(name, sizeof(name), percents[i]);
        add_time_column(builder, content_text(builder->content, "%s", name), builder->service);
    }
    for (size_t i = 0; i < builder->stats->main_count; i++) {
        const struct cell_stats *cell = &builder->stats->cells[i];
        open_row(builder, cell->cell);
        for (size_t j = 0; j < PERCENTS; j++)
            add_digits(builder, latency_percentile(&cell->totals.service, percents[j]) * builder->service.factor, "");
    }
}

/* Tables that consist of metrics */

/* A phase that took no time anywhere is left out. */
static bool is_shown(const struct builder *builder, enum metric metric, enum metric_table table)
{
    if (metric_row(metric)->column.table != table)
        return false;
    if (metric >= METRIC_PHASES && metric < METRIC_OF_PHASE(PHASE_COUNT))
        return cell_stats_have_phase(builder->stats, (enum phase)(metric - METRIC_PHASES));
    return metric != METRIC_HANDSHAKE || cell_stats_have_phase(builder->stats, PHASE_TLS);
}

static void add_metric_column(struct builder *builder, const struct metric_column *column)
{
    if (column->factor == 0)
        add_time_column(builder, column->title, builder->service);
    else
        add_column(builder, column->head,
                   column->unit[0] == '\0' ? column->title
                                           : content_text(builder->content, "%s [%s]", column->title, column->unit));
}

static void add_metric(struct builder *builder, const struct cell_stats *cell, enum metric metric)
{
    const struct metric_row *row = metric_row(metric);
    double value = cell_stats_shown(cell, metric);
    if ((row->traits & METRIC_WHOLE) != 0 && row->unit == UNIT_COUNT)
        add_count(builder, value);
    else
        add_digits(builder, row->column.factor == 0 ? value * builder->service.factor : value, "");
}

static void add_metrics(struct builder *builder, enum section_kind kind, enum metric_table table, const char *title,
                        const char *note)
{
    const struct run_stats *stats = builder->stats;
    open_section(builder, kind, title);
    add_words(builder, "mode/workers");
    for (enum metric metric = 0; metric < METRIC_COUNT; metric++) {
        if (is_shown(builder, metric, table))
            add_metric_column(builder, &metric_row(metric)->column);
    }
    for (size_t i = 0; i < stats->main_count; i++) {
        open_row(builder, stats->cells[i].cell);
        for (enum metric metric = 0; metric < METRIC_COUNT && stats->cells[i].has_times; metric++) {
            if (is_shown(builder, metric, table))
                add_metric(builder, &stats->cells[i], metric);
        }
    }
    builder->section->note = note;
}

/* Gains */

static void add_gains(struct builder *builder)
{
    const struct speedup_breakdown *breakdown = &builder->analysis->breakdown;
    if (breakdown->count == 0)
        return;
    const char *interval = interval_head(&breakdown->items[0].total);
    open_section(builder, SECTION_GAINS, "The gain, taken apart");
    add_words(builder,
              content_text(builder->content, "gain over %s", content_name(builder->content, breakdown->base->cell)));
    static const char *const heads[] = {"in all", "concurrency", "connections", "together"};
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        add_column(builder, heads[i], heads[i]);
        add_column(builder, interval, interval);
    }
    for (size_t i = 0; i < breakdown->count; i++) {
        const struct speedup_parts *gain = &breakdown->items[i];
        const struct estimate *const factors[] = {&gain->total, &gain->concurrency, &gain->connections,
                                                  &gain->interaction};
        open_row(builder, gain->cell->cell);
        for (size_t j = 0; j < sizeof(factors) / sizeof(factors[0]); j++) {
            add_digits(builder, factors[j]->value, "x");
            add_interval(builder, factors[j], gain->cell->rounds, 1);
        }
    }
    builder->section->note = "In all is concurrency times kept connections, each had with and without the other. "
                             "Together: above 1x one is worth more where the other is, below 1x less.";
}

/* Sweeps */

static void add_point(struct builder *builder, const struct sweep *sweep, const struct sweep_point *point)
{
    const struct cell_stats *cell = point->cell;
    uint32_t number = sweep_number(sweep, cell);
    bool is_enough = number == sweep->knee;
    content_add_row(builder->content, builder->section, cell->cell->mode);
    add_text(builder, is_enough ? PAINT_GOOD : PAINT_NONE,
             content_text(builder->content, "%" PRIu32 "%s", number, is_enough ? " *" : ""));
    if (!cell->has_times) {
        add_text(builder, PAINT_BAD, content_ending(cell));
        return;
    }
    add_digits(builder, cell->metrics[METRIC_TIME].value * builder->time_scale.factor, "");
    add_interval(builder, &cell->metrics[METRIC_TIME], cell->rounds, builder->time_scale.factor);
    add_digits(builder, cell->metrics[METRIC_THROUGHPUT].value, "");
    add_text(builder, PAINT_NONE,
             isfinite(point->efficiency) ? content_text(builder->content, "%.0f %%", 100 * point->efficiency) : "-");
    add_digits(builder, cell->service_p50 * builder->service.factor, "");
    add_digits(builder, cell_stats_shown(cell, METRIC_CPU), "");
}

static void add_sweep(struct builder *builder, const struct sweep *sweep)
{
    if (sweep->count < 2)
        return; /* a mode that has but one worker */
    open_section(builder, SECTION_SWEEP,
                 content_text(builder->content, "%s, by number of %s", sweep->mode, sweep_noun(sweep, false)));
    add_words(builder, sweep_noun(sweep, false));
    add_time_column(builder, "time", builder->time_scale);
    add_column(builder, "interval", "interval");
    add_column(builder, "dl/s", "downloads/s");
    add_column(builder, "of ideal", "of ideal");
    add_time_column(builder, "p50", builder->service);
    add_column(builder, "CPU ms/dl", "CPU/download [ms]");
    for (size_t i = 0; i < sweep->count; i++)
        add_point(builder, sweep, &sweep->points[i]);
    builder->section->note = content_text(builder->content, "%s.", sweep->sentence);
}

/* Failures */

static void add_url_columns(struct builder *builder)
{
    add_words(builder, "URL");
    add_words(builder, "cause");
    add_column(builder, "downloads", "downloads, all rounds");
    add_words(builder, "modes");
}

/* The failures of a URL of one kind, in any mode. */
struct url_trouble {
    uint32_t url;
    const char *cause;
    uint64_t count;
    const char *modes; /* "sync/1, threads/8" */
};

enum { URLS_SHOWN = 20 };

struct url_troubles {
    struct url_trouble items[URLS_SHOWN];
    size_t count;
    uint64_t others; /* downloads of which none is shown */
};

static void count_trouble(struct builder *builder, struct url_troubles *troubles, const struct run_cell *cell,
                          uint32_t url, const char *cause, uint64_t count)
{
    const char *name = content_name(builder->content, cell);
    for (size_t i = 0; i < troubles->count; i++) {
        struct url_trouble *item = &troubles->items[i];
        if (item->url != url || strcmp(item->cause, cause) != 0)
            continue;
        item->count += count;
        item->modes = content_text(builder->content, "%s, %s", item->modes, name);
        return;
    }
    if (troubles->count == URLS_SHOWN)
        troubles->others += count;
    else
        troubles->items[troubles->count++] = (struct url_trouble){url, cause, count, name};
}

static int compare_troubles(const void *a, const void *b)
{
    const struct url_trouble *left = a;
    const struct url_trouble *right = b;
    if (left->count != right->count)
        return left->count > right->count ? -1 : 1;
    return (left->url > right->url) - (left->url < right->url);
}

static void add_troubles(struct builder *builder, enum section_kind kind, const char *title,
                         struct url_troubles *troubles)
{
    if (troubles->count == 0)
        return;
    qsort(troubles->items, troubles->count, sizeof(troubles->items[0]), compare_troubles);
    open_section(builder, kind, title);
    add_url_columns(builder);
    for (size_t i = 0; i < troubles->count; i++) {
        const struct url_trouble *item = &troubles->items[i];
        content_add_row(builder->content, builder->section, NULL);
        add_text(builder, PAINT_NONE, content_outside(builder->content, builder->run->urls[item->url]));
        add_text(builder, PAINT_NONE, item->cause);
        add_number(builder, PAINT_BAD, item->count);
        add_text(builder, PAINT_NONE, item->modes);
    }
    if (troubles->others > 0)
        builder->section->note = content_text(
            builder->content, "%" PRIu64 " more of other URLs or causes are in --export-json.", troubles->others);
}

/* The URLs that fail say more than their number. */
static void add_failures(struct builder *builder)
{
    struct url_troubles troubles = {.count = 0};
    for (size_t i = 0; i < builder->stats->main_count; i++) {
        const struct cell_stats *figures = &builder->stats->cells[i];
        for (size_t j = 0; j < figures->totals.url_failure_count; j++) {
            const struct url_failure *failure = &figures->totals.url_failures[j];
            const char *cause = content_text(builder->content, "%s%s", outcome_words(failure->outcome),
                                             content_cause(builder->content, builder->run, failure->code));
            count_trouble(builder, &troubles, figures->cell, failure->url, cause, failure->count);
        }
    }
    add_troubles(builder, SECTION_FAILURES, "Failures by URL", &troubles);
}

static void add_mismatches(struct builder *builder)
{
    const struct validity *validity = &builder->stats->validity;
    struct url_troubles troubles = {.count = 0};
    for (size_t i = 0; i < validity->mismatched_url_count; i++) {
        const struct mismatch *mismatch = &validity->mismatched_urls[i];
        count_trouble(builder, &troubles, &builder->run->cells[mismatch->cell], mismatch->url,
                      "another size, content, status or HTTP version", mismatch->count);
    }
    add_troubles(builder, SECTION_MISMATCHES, "Other answers than before", &troubles);
}

static void add_assertions(struct builder *builder)
{
    static const enum paint paints[] = {
        [VERDICT_PASS] = PAINT_GOOD,
        [VERDICT_FAIL] = PAINT_BAD,
        [VERDICT_INCONCLUSIVE] = PAINT_DOUBT,
        [VERDICT_UNMEASURABLE] = PAINT_DOUBT,
    };
    if (builder->analysis->assertion_result_count == 0)
        return;
    open_section(builder, SECTION_ASSERTIONS, "Assertions");
    add_words(builder, "assertion");
    add_words(builder, "verdict");
    add_words(builder, "by what");
    for (size_t i = 0; i < builder->analysis->assertion_result_count; i++) {
        const struct assertion_result *assertion_result = &builder->analysis->assertion_results[i];
        content_add_row(builder->content, builder->section, NULL);
        add_text(builder, PAINT_NONE, content_outside(builder->content, assertion_result->assertion));
        add_text(builder, paints[assertion_result->verdict], assertion_result_name(assertion_result->verdict));
        add_text(builder, PAINT_NONE, content_outside(builder->content, assertion_result->sentence));
    }
}

void content_add_tables(struct content *content, const struct run *run, const struct analysis *analysis,
                        const struct format *format)
{
    struct builder builder = {
        .content = content,
        .run = run,
        .analysis = analysis,
        .stats = &analysis->stats,
        .format = format,
        .time_scale = format_run_scale(format),
        .service = format_service_scale(format),
    };
    if (analysis->rates.count > 0)
        rate_table_add_points(content, format, &analysis->rates);
    if (analysis->stats.main_count > 0) {
        if (analysis->rates.count == 0)
            add_ranking(&builder);
        add_downloads(&builder);
        if (builder.stats->validity.has_success && analysis->rates.count == 0) {
            add_times(&builder);
            add_latencies(&builder);
        }
        content_add_machines(content, run);
        if (cell_stats_have_http2(builder.stats))
            add_metrics(&builder, SECTION_HTTP2, METRIC_TABLE_HTTP2, "How connections were used",
                        "HTTP/2: downloads answered over it. Connections it was spoken over, those opened beforehand "
                        "too; downloads on each of them; the most at once on one.");
        if (run->arrivals.rate > 0)
            add_metrics(
                &builder, SECTION_RATE, METRIC_TABLE_RATE, "At the given rate",
                "Response times run from when a download was due, waits from then until it was begun. Late: how "
                "long after a download was due an idle worker woke up (p99), which no mode is to blame for.");
        if (is_any_above_0(builder.stats, METRIC_MEAN))
            add_metrics(&builder, SECTION_PHASES, METRIC_TABLE_PHASES, "Where the time of a download goes",
                        "What service times consist of, as means over all downloads; kept connections take no time.");
        add_metrics(&builder, SECTION_COSTS, METRIC_TABLE_COSTS, "What it costs",
                    "CPU time, context switches and time queued for a core are per download. Loop delay: how long an "
                    "event loop was busy at a stretch. Memory: the peak of all processes together.");
        builder.section->key =
            "Per download: CPU time, context switches to wait (yields) and to let others run (forced), time ready "
            "to run but queued for a core. loop, max: how long an event loop was busy at a stretch (p99 and "
            "longest). MiB: peak memory of all processes. start: before the first download could begin.";
        add_gains(&builder);
    }
    for (size_t i = 0; i < analysis->sweep_count; i++)
        add_sweep(&builder, &analysis->sweeps[i]);
    for (size_t i = 0; i < analysis->machine_sweep_count; i++)
        add_sweep(&builder, &analysis->machine_sweeps[i]);
    add_failures(&builder);
    add_mismatches(&builder);
    add_assertions(&builder);
}
