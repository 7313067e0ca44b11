#include "conc_bench/table.h"

#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/number.h"
#include "conc_bench/service.h"
#include "conc_bench/text.h"
#include "grid.h"
#include "url_table.h"

/* Text that came from outside. */
static void write_outside(FILE *stream, const char *text)
{
    char escaped[1024];
    fputs(text_escape(escaped, sizeof(escaped), text, strlen(text)), stream);
}

/* Header */

/* "libcurl 7.88.1, OpenSSL/3.0.19" of curl's long list. */
static void write_tool(FILE *stream, const struct result *result)
{
    const char *libcurl = result->libcurl_version;
    size_t length = strcspn(libcurl, " ");
    fprintf(stream, "conc-bench %s, %.*s, %s", result->tool_version, (int)length, libcurl, result->tls_version);
    fprintf(stream, "; %" PRIu32 " core%s", result->cores, result->cores == 1 ? "" : "s");
    if (result->machine_cpu[0] != '\0') {
        fputs(" of ", stream);
        write_outside(stream, result->machine_cpu);
    }
    if (result->machine_system[0] != '\0') {
        fputs(", ", stream);
        write_outside(stream, result->machine_system);
    }
    fputc('\n', stream);
}

static void write_workload(FILE *stream, const struct result *result)
{
    char count[32];
    fprintf(stream, "%s download%s of %" PRIu32 " URL%s on %" PRIu32 " host%s from ",
            number_format_count(count, sizeof(count), result->downloads), result->downloads == 1 ? "" : "s",
            result->distinct_urls, result->distinct_urls == 1 ? "" : "s", result->hosts, result->hosts == 1 ? "" : "s");
    for (size_t i = 0; i < result->source_count; i++) {
        fputs(i > 0 ? ", " : "", stream);
        write_outside(stream, result->sources[i]);
    }
    if (result->is_order_shuffled)
        fputs(", in shuffled order", stream);
    if (result->origin[0] != '\0')
        fprintf(stream, ",\nserved by the embedded origin on this machine (%s)", result->origin);
    if (result->cpu_work > 0) {
        char work[32];
        number_format_duration(work, sizeof(work), result->cpu_work);
        fprintf(stream, ",\nwith work worth %s of CPU time on each response", work);
    }
    fputc('\n', stream);
}

static void write_connections(FILE *stream, const char *connections)
{
    if (strcmp(connections, "fresh") == 0)
        fputs("a fresh connection for each download", stream);
    else if (strcmp(connections, "warm") == 0)
        fputs("connections opened before the clock starts", stream);
    else if (strcmp(connections, "reuse") == 0)
        fputs("connections reused within a trial", stream);
    else
        fprintf(stream, "connections as the mode's name says (%s)", connections);
}

static void write_policy(FILE *stream, const struct result *result)
{
    char limit[32];
    number_format_duration(limit, sizeof(limit), result->max_time);
    fprintf(stream, "%s, ", format_http(result->http_version));
    write_connections(stream, result->connections);
    fprintf(stream, ", %s, ", format_names(result->origin[0] != '\0' ? "none" : result->dns));
    if (result->max_redirects == 0)
        fputs("redirects not followed", stream);
    else
        fprintf(stream, "up to %" PRIu32 " redirects", result->max_redirects);
    fprintf(stream, ", at most %s a download\n", limit);
    for (size_t i = 0; i < result->asked_count; i++) {
        fputs(i > 0 ? " " : "asked with ", stream);
        write_outside(stream, result->asked[i]);
    }
    fputs(result->asked_count > 0 ? "\n" : "", stream);
    if (result->is_unverified)
        fputs("TLS is not verified (--insecure)\n", stream);
}

static void write_experiment(FILE *stream, const struct result *result)
{
    bool is_cut_short = result->is_partial && result->rounds_done < result->rounds_planned;
    fprintf(stream, "%" PRIu32, result->rounds_done);
    if (is_cut_short)
        fprintf(stream, " of %" PRIu32, result->rounds_planned);
    fprintf(stream, " round%s after %" PRIu32 " to warm up, each with every mode once in an order of its own",
            (is_cut_short ? result->rounds_planned : result->rounds_done) == 1 ? "" : "s", result->warmup_rounds);
    fprintf(stream, " (seed %" PRIu64 ")\n", result->seed);
    if (result->stop_reason[0] != '\0')
        fprintf(stream, "no more rounds: %s\n", result->stop_reason);
}

/* Tables */

static void add_digits(struct grid *grid, double value, const char *suffix)
{
    char digits[FORMAT_DIGITS_BYTES];
    grid_add(grid, "%s%s", format_digits(digits, value), isfinite(value) ? suffix : "");
}

static void add_interval(struct grid *grid, const struct estimate *estimate, size_t rounds, double factor)
{
    int decimals = format_decimals(estimate->value * factor);
    if (!isfinite(estimate->value))
        grid_add(grid, "-");
    else if (rounds == 1)
        grid_add(grid, "1 round, no interval");
    else
        grid_add(grid, "%.*f to %.*f", decimals, estimate->low * factor, decimals, estimate->high * factor);
}

static const char *ending(const struct cell_figures *figures)
{
    if (figures->cell->trial_count == 0)
        return "not run";
    enum trial_status status = figures->cell->trials[figures->cell->trial_count - 1].status;
    return status == TRIAL_COMPLETE ? "invalid" : trial_status_name(status);
}

static void add_rank(struct grid *grid, const struct cell_figures *cell)
{
    if (cell->rank_low == 0)
        grid_add(grid, "-");
    else if (cell->rank_low == cell->rank_high)
        grid_add(grid, "%" PRIu32, cell->rank_low);
    else
        grid_add(grid, "%" PRIu32 "-%" PRIu32, cell->rank_low, cell->rank_high);
}

/* What the two columns of intervals hold: all cells have the same number of rounds, or nearly. */
static const char *interval_head(const struct figures *figures)
{
    bool has_interval = figures->main_count > 0 && figures->cells[0].measures[METRIC_TIME].confidence > 0;
    return has_interval ? "95 % interval" : "range of rounds";
}

static void add_head(struct grid *grid, const char *head)
{
    grid_add(grid, "%s", head);
    grid_paint(grid, PAINT_HEAD);
}

/* Times of the rounds in the order they ran: a drift shows at a glance, and so does a round unlike the others. */
static void add_sparks(struct grid *grid, const struct cell_figures *cell)
{
    char sparks[FORMAT_SPARKS_BYTES];
    double *times = calloc(cell->rounds + 1, sizeof(*times));
    for (size_t row = 0; times != NULL && row < cell->rounds; row++)
        times[row] = figures_value(cell, row, METRIC_TIME);
    grid_add(grid, "%s", times != NULL ? format_sparks(sparks, times, cell->rounds) : "");
    free(times);
}

static void write_times(FILE *stream, const struct figures *figures, const struct format *format)
{
    struct grid grid = {0};
    struct time_scale scale = format_run_scale(format);
    const char *interval = interval_head(figures);
    char head[64];
    grid_begin_row(&grid);
    add_head(&grid, "mode");
    add_head(&grid, "workers");
    add_head(&grid, "rank");
    snprintf(head, sizeof(head), "time %s", scale.name);
    add_head(&grid, head);
    add_head(&grid, interval);
    add_head(&grid, "rounds");
    snprintf(head, sizeof(head), "vs %s", figures_reference_name(figures));
    add_head(&grid, head);
    add_head(&grid, interval);
    bool has_sparks = false;
    for (size_t i = 0; i < figures->main_count; i++)
        has_sparks |= figures->cells[i].rounds > 1;
    if (has_sparks)
        add_head(&grid, "by round");
    for (size_t i = 0; i < figures->main_count; i++) {
        const struct cell_figures *cell = &figures->cells[i];
        grid_begin_row(&grid);
        grid_add(&grid, "%s", cell->cell->mode);
        grid_paint(&grid, cell->rank_low == 1 ? PAINT_GOOD : PAINT_NONE);
        grid_add(&grid, "%" PRIu32, cell->cell->workers);
        add_rank(&grid, cell);
        if (!cell->has_times) {
            grid_add(&grid, "%s", ending(cell));
            grid_paint(&grid, PAINT_BAD);
            continue;
        }
        add_digits(&grid, cell->measures[METRIC_TIME].value * scale.factor, "");
        add_interval(&grid, &cell->measures[METRIC_TIME], cell->rounds, scale.factor);
        grid_add(&grid, "%zu", cell->rounds);
        add_digits(&grid, cell->speedup.value, "x");
        if (cell->rounds < 2)
            continue;
        if (cell != figures->reference)
            add_interval(&grid, &cell->speedup, cell->rounds, 1);
        else
            grid_add(&grid, "%s", "");
        add_sparks(&grid, cell);
    }
    grid_write(stream, &grid, format);
    grid_release(&grid);
}

static bool has_handshakes(const struct figures *figures)
{
    for (size_t i = 0; i < figures->main_count; i++) {
        if (figures->cells[i].measures[METRIC_TLS_HANDSHAKES].value > 0)
            return true;
    }
    return false;
}

static void add_count(struct grid *grid, double value)
{
    if (isfinite(value))
        grid_add(grid, "%.0f", value);
    else
        grid_add(grid, "-");
}

static void add_name(struct grid *grid, const struct cell_figures *cell)
{
    grid_add(grid, "%s/%" PRIu32, cell->cell->mode, cell->cell->workers);
}

static void add_heads(struct grid *grid, const char *const *heads, size_t count)
{
    grid_begin_row(grid);
    for (size_t i = 0; i < count; i++)
        add_head(grid, heads[i]);
}

static void write_downloads(FILE *stream, const struct figures *figures, const struct format *format)
{
    static const char *const heads[] = {"mode/workers", "dl/s", "MB/s"};
    bool has_tls = has_handshakes(figures);
    struct time_scale scale = format_service_scale(format);
    struct grid grid = {0};
    char head[32], percentile[16];
    add_heads(&grid, heads, sizeof(heads) / sizeof(heads[0]));
    for (size_t i = 0; i < format->percentile_count; i++) {
        format_percentile(percentile, sizeof(percentile), format->percentiles[i]);
        snprintf(head, sizeof(head), "%s %s", percentile, scale.name);
        add_head(&grid, head);
    }
    snprintf(head, sizeof(head), "max %s", scale.name);
    add_head(&grid, head);
    snprintf(head, sizeof(head), "95 %% %s", format_run_scale(format).name);
    add_head(&grid, head);
    add_head(&grid, "failed");
    add_head(&grid, "connects");
    if (has_tls)
        add_head(&grid, "TLS");
    for (size_t i = 0; i < figures->main_count; i++) {
        const struct cell_figures *cell = &figures->cells[i];
        grid_begin_row(&grid);
        add_name(&grid, cell);
        if (cell->cell->trial_count == 0)
            continue;
        add_digits(&grid, cell->measures[METRIC_THROUGHPUT].value, "");
        add_digits(&grid, cell->measures[METRIC_BANDWIDTH].value / 1e6, "");
        for (size_t j = 0; j < format->percentile_count; j++)
            add_digits(&grid, service_percentile(&cell->service, format->percentiles[j]) * scale.factor, "");
        add_digits(&grid, cell->service_max * scale.factor, "");
        add_digits(&grid, cell->measures[METRIC_T95].value * format_run_scale(format).factor, "");
        grid_add(&grid, "%" PRIu64, cell->failures);
        grid_paint(&grid, cell->failures > 0 ? PAINT_BAD : PAINT_NONE);
        add_count(&grid, cell->measures[METRIC_CONNECTS].value);
        if (has_tls)
            add_count(&grid, cell->measures[METRIC_TLS_HANDSHAKES].value);
    }
    grid_write(stream, &grid, format);
    grid_release(&grid);
}

static void add_metric(struct grid *grid, const struct cell_figures *cell, enum metric metric)
{
    const struct metric_row *row = metric_row(metric);
    if ((row->traits & METRIC_WHOLE) != 0 && row->unit == UNIT_COUNT)
        add_count(grid, figures_shown(cell, metric));
    else
        add_digits(grid, figures_shown(cell, metric), "");
}

/* The table that consists of these metrics. */
static void add_metrics(struct grid *grid, const struct figures *figures, enum metric_table table)
{
    grid_begin_row(grid);
    add_head(grid, "mode/workers");
    for (enum metric metric = 0; metric < METRIC_COUNT; metric++) {
        if (metric_row(metric)->column.table == table)
            add_head(grid, metric_row(metric)->column.head);
    }
    for (size_t i = 0; i < figures->main_count; i++) {
        grid_begin_row(grid);
        add_name(grid, &figures->cells[i]);
        for (enum metric metric = 0; metric < METRIC_COUNT && figures->cells[i].has_times; metric++) {
            if (metric_row(metric)->column.table == table)
                add_metric(grid, &figures->cells[i], metric);
        }
    }
}

static void write_costs(FILE *stream, const struct figures *figures, const struct format *format)
{
    struct grid grid = {0};
    add_metrics(&grid, figures, METRIC_TABLE_COSTS);
    grid_write(stream, &grid, format);
    grid_release(&grid);
    fputs("dl: downloads; 95 % s: time until 95 % of them were done. Per download: CPU time, voluntary and\n"
          "involuntary context switches, time ready to run but queued for a core. lag: event loop busy at a\n"
          "stretch (p99). MiB: peak memory of all processes. start: before the first download could begin.\n",
          stream);
}

/* How connections were used, where a connection can have several downloads at once. */
static void write_streams(FILE *stream, const struct figures *figures, const struct format *format)
{
    struct grid grid = {0};
    if (!figures_have_http2(figures))
        return;
    fputc('\n', stream);
    add_metrics(&grid, figures, METRIC_TABLE_HTTP2);
    grid_write(stream, &grid, format);
    grid_release(&grid);
    fputs("HTTP/2: downloads answered over it. Connections it was spoken over, those opened beforehand too; downloads\n"
          "on each of them; the most at once on one.\n",
          stream);
}

static bool has_phases(const struct figures *figures)
{
    for (int phase = 0; phase < PHASE_COUNT; phase++) {
        if (figures_have_phase(figures, (enum phase)phase))
            return true;
    }
    return false;
}

/* What service times consist of: what did not happen anywhere is left out. */
static void write_phases(FILE *stream, const struct figures *figures, const struct format *format)
{
    bool has_tls = has_handshakes(figures);
    struct time_scale scale = format_service_scale(format);
    struct grid grid = {0};
    char head[32];
    grid_begin_row(&grid);
    add_head(&grid, "mode/workers");
    for (int phase = 0; phase < PHASE_COUNT; phase++) {
        snprintf(head, sizeof(head), "%s %s", phase_name((enum phase)phase), scale.name);
        if (figures_have_phase(figures, (enum phase)phase))
            add_head(&grid, head);
    }
    snprintf(head, sizeof(head), "service %s", scale.name);
    add_head(&grid, head);
    snprintf(head, sizeof(head), "a handshake %s", scale.name);
    if (has_tls)
        add_head(&grid, head);
    for (size_t i = 0; i < figures->main_count; i++) {
        const struct estimate *measures = figures->cells[i].measures;
        grid_begin_row(&grid);
        add_name(&grid, &figures->cells[i]);
        for (int phase = 0; phase < PHASE_COUNT && figures->cells[i].has_times; phase++) {
            if (figures_have_phase(figures, (enum phase)phase))
                add_digits(&grid, measures[METRIC_PHASES + phase].value * scale.factor, "");
        }
        if (figures->cells[i].has_times)
            add_digits(&grid, measures[METRIC_MEAN].value * scale.factor, "");
        if (has_tls && figures->cells[i].has_times)
            add_digits(&grid, measures[METRIC_HANDSHAKE].value * scale.factor, "");
    }
    grid_write(stream, &grid, format);
    grid_release(&grid);
    fputs("What service times consist of, as means over all downloads; kept connections take no time.\n", stream);
}

static void write_gains(FILE *stream, const struct gains *gains, const struct format *format)
{
    struct grid grid = {0};
    char head[64];
    if (gains->count == 0)
        return;
    const char *interval = gains->items[0].total.confidence > 0 ? "95 % interval" : "range of rounds";
    snprintf(head, sizeof(head), "gain over %s/%" PRIu32, gains->base->cell->mode, gains->base->cell->workers);
    const char *const heads[] = {head, "in all", "concurrency", interval, "connections", interval, "together"};
    add_heads(&grid, heads, sizeof(heads) / sizeof(heads[0]));
    for (size_t i = 0; i < gains->count; i++) {
        const struct gain *gain = &gains->items[i];
        grid_begin_row(&grid);
        add_name(&grid, gain->cell);
        add_digits(&grid, gain->total.value, "x");
        add_digits(&grid, gain->concurrency.value, "x");
        add_interval(&grid, &gain->concurrency, gain->cell->rounds, 1);
        add_digits(&grid, gain->connections.value, "x");
        add_interval(&grid, &gain->connections, gain->cell->rounds, 1);
        add_digits(&grid, gain->interaction.value, "x");
    }
    fputc('\n', stream);
    grid_write(stream, &grid, format);
    grid_release(&grid);
    fputs("In all is concurrency times kept connections, each had with and without the other; together:\n"
          "above 1x one is worth more where the other is, below 1x less.\n",
          stream);
}

static void write_sweep(FILE *stream, const struct sweep *sweep, const struct format *format)
{
    struct time_scale run = format_run_scale(format);
    struct time_scale service = format_service_scale(format);
    char time_head[32], median_head[32];
    snprintf(time_head, sizeof(time_head), "time %s", run.name);
    snprintf(median_head, sizeof(median_head), "p50 %s", service.name);
    const char *const heads[] = {"workers", time_head, "interval", "dl/s", "of ideal", median_head, "CPU ms/dl"};
    struct grid grid = {0};
    if (sweep->count < 2)
        return; /* a mode that has but one worker */
    fprintf(stream, "\n%s, by number of workers\n", sweep->mode);
    add_heads(&grid, heads, sizeof(heads) / sizeof(heads[0]));
    for (size_t i = 0; i < sweep->count; i++) {
        const struct sweep_point *point = &sweep->points[i];
        const struct cell_figures *cell = point->cell;
        grid_begin_row(&grid);
        grid_add(&grid, "%" PRIu32 "%s", cell->cell->workers, cell->cell->workers == sweep->knee ? " *" : "");
        grid_paint(&grid, cell->cell->workers == sweep->knee ? PAINT_GOOD : PAINT_NONE);
        if (!cell->has_times) {
            grid_add(&grid, "%s", ending(cell));
            continue;
        }
        add_digits(&grid, cell->measures[METRIC_TIME].value * run.factor, "");
        add_interval(&grid, &cell->measures[METRIC_TIME], cell->rounds, run.factor);
        add_digits(&grid, cell->measures[METRIC_THROUGHPUT].value, "");
        if (isfinite(point->efficiency))
            grid_add(&grid, "%.0f %%", 100 * point->efficiency);
        else
            grid_add(&grid, "-");
        add_digits(&grid, cell->service_p50 * service.factor, "");
        add_digits(&grid, 1e3 * cell->measures[METRIC_CPU].value / cell->measures[METRIC_DOWNLOADS].value, "");
    }
    grid_write(stream, &grid, format);
    grid_release(&grid);
    fprintf(stream, "%s.\n", sweep->sentence);
}

/* What happened besides */

static void write_name(FILE *stream, const struct cell_figures *cell)
{
    fprintf(stream, "%s/%" PRIu32, cell->cell->mode, cell->cell->workers);
}

/* Of all rounds together: in a usual one all may have failed that were asked of a server that had died by then. */
static void write_failures(FILE *stream, const struct figures *figures)
{
    for (size_t i = 0; i < figures->cell_count; i++) {
        const struct cell_figures *cell = &figures->cells[i];
        if (cell->failures_in_all == 0)
            continue;
        write_name(stream, cell);
        fprintf(stream, ": %" PRIu64 " of %" PRIu64 " downloads failed:", cell->failures_in_all,
                cell->downloads_in_all);
        const char *separator = " ";
        for (int outcome = OUTCOME_OK + 1; outcome < OUTCOME_COUNT; outcome++) {
            if (cell->failures_in_all_by_class[outcome] == 0)
                continue;
            fprintf(stream, "%s%" PRIu64 " %s", separator, cell->failures_in_all_by_class[outcome],
                    outcome_name((enum outcome)outcome));
            separator = ", ";
        }
        fputc('\n', stream);
    }
}

/* One URL that fails in one way, over all cells and rounds. */
struct failing_url {
    const struct url_failure *first; /* of a cell */
    uint64_t count;
};

/* The few that failed most often: which they are says more than how many. */
static void write_failing_urls(FILE *stream, const struct figures *figures)
{
    enum { SHOWN = 5 };
    struct failing_url most[SHOWN] = {{NULL, 0}};
    uint64_t others = 0;
    for (size_t i = 0; i < figures->main_count; i++) {
        const struct cell_result *cell = figures->cells[i].cell;
        for (size_t j = 0; j < cell->url_failure_count; j++) {
            const struct url_failure *failure = &cell->url_failures[j];
            size_t place = 0;
            while (place < SHOWN && most[place].first != NULL &&
                   (most[place].first->url != failure->url || most[place].first->outcome != failure->outcome ||
                    most[place].first->code != failure->code))
                place++;
            if (place == SHOWN) {
                others += failure->count;
                continue;
            }
            most[place].first = failure;
            most[place].count += failure->count;
        }
    }
    for (size_t i = 0; i < SHOWN && most[i].first != NULL; i++) {
        fprintf(stream, "  %" PRIu64 " %s%s: ", most[i].count, outcome_name(most[i].first->outcome),
                format_failure(most[i].first->code));
        write_outside(stream, figures->result->urls[most[i].first->url]);
        fputc('\n', stream);
    }
    if (others > 0)
        fprintf(stream, "  %" PRIu64 " more of other URLs or kinds (--export-json has them)\n", others);
}

/* What was given up when the trial ended is settled, but not done. */
static uint32_t count_done(const struct trial *trial)
{
    return trial->digest.settled - trial->digest.outcomes[OUTCOME_CANCELLED];
}

static void write_endings(FILE *stream, const struct result *result)
{
    for (size_t i = 0; i < result->cell_count; i++) {
        const struct cell_result *cell = &result->cells[i];
        for (size_t j = 0; j < cell->trial_count; j++) {
            const struct trial *trial = &cell->trials[j];
            if (trial->status == TRIAL_COMPLETE)
                continue;
            fprintf(stream, "%s/%" PRIu32 ": %s after %" PRIu32 " of %" PRIu32 " downloads", cell->mode, cell->workers,
                    trial_status_name(trial->status), count_done(trial), result->downloads);
            if (trial->status != TRIAL_INTERRUPTED) {
                fputs(": ", stream);
                write_outside(stream, trial->reason);
            }
            fputc('\n', stream);
        }
    }
}

/* Of the few URLs that did so most often. */
static void write_mismatches(FILE *stream, const struct result *result, const struct validity *validity)
{
    enum { SHOWN = 5 };
    if (validity->mismatches == 0)
        return;
    fprintf(stream, "Note: downloads answered otherwise than before, in size, status or HTTP version: %" PRIu64 ".\n",
            validity->mismatches);
    for (size_t i = 0; i < validity->mismatched_url_count && i < SHOWN; i++) {
        const struct mismatch *mismatch = &validity->mismatched_urls[i];
        fprintf(stream, "  %" PRIu64 " mismatch with %s/%" PRIu32 ": ", mismatch->count,
                result->cells[mismatch->cell].mode, result->cells[mismatch->cell].workers);
        write_outside(stream, result->urls[mismatch->url]);
        fputc('\n', stream);
    }
    if (validity->mismatched_url_count > SHOWN)
        fputs("  and more of other URLs or modes (--export-json has them)\n", stream);
}

/* Of those that end a run. */
static const char *name_signal(int number)
{
    return number == SIGINT ? "SIGINT" : number == SIGHUP ? "SIGHUP" : "SIGTERM";
}

static void write_doubts(FILE *stream, const struct result *result, const struct figures *figures,
                         const struct format *format)
{
    const struct validity *validity = &figures->validity;
    for (size_t i = 0; i < result->warning_count; i++) {
        fputs("Note: ", stream);
        write_outside(stream, result->warnings[i]);
        fputs(".\n", stream);
    }
    write_mismatches(stream, result, validity);
    if (validity->varying_urls > 0) {
        char url[200];
        const char *text = result->urls[validity->varying_url];
        text_escape(url, sizeof(url), text, strlen(text));
        fprintf(stream,
                "Note: %" PRIu32 " URL%s answers of different sizes by %s; sizes are not compared there (%s).\n",
                validity->varying_urls, validity->varying_urls == 1 ? " gives" : "s give",
                validity->varying_urls == 1 ? "itself" : "themselves", url);
    }
    if (validity->cold_connects > 0)
        fprintf(stream, "Note: %" PRIu64 " connections were opened within the run, although all were open before it.\n",
                validity->cold_connects);
    for (size_t i = 0; i < validity->dropped_count && validity->is_valid; i++)
        fprintf(stream, "Round %" PRIu32 " does not count, for any mode: %s.\n", validity->dropped[i].round + 1,
                validity->dropped[i].reason);
    if (!validity->is_valid)
        fprintf(stream, "%sINVALID%s, so nothing is ranked: %s.\n", paint_on(format, PAINT_BAD),
                paint_off(format, PAINT_BAD), validity->reason);
    if (validity->failures > 0 && !validity->has_success)
        fputs("No download succeeded, so nothing is ranked.\n", stream);
    else if (validity->differs_in_failures)
        fputs("Downloads failed: times of modes that fail differently do not compare.\n", stream);
    const char *neighbours = format_neighbours(result->is_server_local, result->is_proxy_local);
    if (neighbours != NULL)
        fprintf(stream, "%s.\n", neighbours);
    if (result->is_partial && result->interrupting_signal == 0)
        fputs("Interrupted by an error: this is a partial result.\n", stream);
    else if (result->is_partial)
        fprintf(stream, "Interrupted by %s: this is a partial result.\n", name_signal(result->interrupting_signal));
}

static void write_judgements(FILE *stream, const struct verdict *verdict, const struct format *format)
{
    static const enum paint paints[] = {
        [RULING_PASS] = PAINT_GOOD,
        [RULING_FAIL] = PAINT_BAD,
        [RULING_INCONCLUSIVE] = PAINT_DOUBT,
        [RULING_UNMEASURABLE] = PAINT_DOUBT,
    };
    for (size_t i = 0; i < verdict->judgement_count; i++) {
        const struct judgement *judgement = &verdict->judgements[i];
        enum paint paint = paints[judgement->ruling];
        fprintf(stream, "%s%s%s  %s: %s.\n", paint_on(format, paint), judgement_name(judgement->ruling),
                paint_off(format, paint), judgement->claim, judgement->sentence);
    }
}

/* What it is about stands in front of the colon: "Noisy host: ...". */
static void write_finding(FILE *stream, const struct finding *finding, const struct format *format)
{
    enum paint paint = finding->kind >= FINDING_CLIENT_SATURATED ? PAINT_DOUBT : PAINT_NONE;
    size_t lead = strcspn(finding->sentence, ":");
    if (finding->sentence[lead] == '\0')
        lead = 0;
    fprintf(stream, "%s%.*s%s%s.\n", paint_on(format, lead > 0 ? paint : PAINT_NONE), (int)lead, finding->sentence,
            paint_off(format, lead > 0 ? paint : PAINT_NONE), finding->sentence + lead);
}

static void write_report(FILE *stream, const struct result *result, const struct verdict *verdict,
                         const struct format *format)
{
    const struct figures *figures = &verdict->figures;
    write_tool(stream, result);
    write_workload(stream, result);
    write_policy(stream, result);
    write_experiment(stream, result);
    if (figures->main_count > 0) {
        fputc('\n', stream);
        write_times(stream, figures, format);
        fputc('\n', stream);
        write_downloads(stream, figures, format);
        write_streams(stream, figures, format);
        fputc('\n', stream);
        if (has_phases(figures)) {
            write_phases(stream, figures, format);
            fputc('\n', stream);
        }
        write_costs(stream, figures, format);
        write_gains(stream, &verdict->gains, format);
        url_table_write(stream, result, format);
    }
    for (size_t i = 0; i < verdict->sweep_count; i++)
        write_sweep(stream, &verdict->sweeps[i], format);
    fputc('\n', stream);
    write_failures(stream, figures);
    write_failing_urls(stream, figures);
    write_endings(stream, result);
    for (size_t i = 0; i < verdict->sentence_count; i++)
        fprintf(stream, "%s.\n", verdict->sentences[i]);
    if (verdict->gains.count > 0)
        fprintf(stream, "%s.\n", verdict->gains.sentence);
    for (size_t i = 0; i < verdict->urls.count; i++)
        fprintf(stream, "%s.\n", verdict->urls.texts[i]);
    for (size_t i = 0; i < verdict->diagnosis.count; i++)
        write_finding(stream, &verdict->diagnosis.findings[i], format);
    write_doubts(stream, result, figures, format);
    write_judgements(stream, verdict, format);
}

void table_write(FILE *stream, const struct result *result, const struct verdict *verdict, const struct format *format)
{
    char *text = NULL;
    size_t length = 0;
    FILE *memory = format->width > 0 ? open_memstream(&text, &length) : NULL;
    write_report(memory != NULL ? memory : stream, result, verdict, format);
    if (memory != NULL && fclose(memory) == 0)
        paint_wrap(stream, format, text);
    free(text);
}

void table_write_quiet(FILE *stream, const struct result *result, const struct verdict *verdict,
                       const struct format *format)
{
    for (size_t i = 0; i < verdict->figures.main_count; i++) {
        const struct cell_figures *cell = &verdict->figures.cells[i];
        uint64_t downloads = (uint64_t)cell->measures[METRIC_DOWNLOADS].value;
        write_name(stream, cell);
        if (cell->has_times) {
            uint64_t sites = downloads - cell->failures;
            fprintf(stream, ": Downloaded %" PRIu64 " site%s in %.3f seconds", sites, sites == 1 ? "" : "s",
                    cell->measures[METRIC_TIME].value);
            if (cell->failures > 0)
                fprintf(stream, ", %" PRIu64 " failed", cell->failures);
        } else {
            size_t trials = cell->cell->trial_count;
            fprintf(stream, ": %s after %" PRIu32 " of %" PRIu32 " sites", ending(cell),
                    trials > 0 ? count_done(&cell->cell->trials[trials - 1]) : 0, result->downloads);
        }
        fputc('\n', stream);
    }
    write_judgements(stream, verdict, format);
}
