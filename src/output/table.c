#include "conc_bench/table.h"

#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <string.h>

#include "conc_bench/number.h"
#include "conc_bench/text.h"
#include "grid.h"

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

static void write_policy(FILE *stream, const struct result *result)
{
    bool is_fresh = strcmp(result->connections, "fresh") == 0;
    bool is_warm = strcmp(result->connections, "warm") == 0;
    bool is_pinned = strcmp(result->dns, "pinned") == 0;
    char limit[32];
    number_format_duration(limit, sizeof(limit), result->max_time);
    fprintf(stream, "%s, %s, %s, ", result->http_version,
            is_fresh  ? "a fresh connection for each download"
            : is_warm ? "connections opened before the clock starts"
                      : "connections reused within a trial",
            result->origin[0] != '\0' ? "no names to resolve"
            : is_pinned               ? "names resolved beforehand"
                                      : "names resolved live");
    if (result->max_redirects == 0)
        fputs("redirects not followed", stream);
    else
        fprintf(stream, "up to %" PRIu32 " redirects", result->max_redirects);
    fprintf(stream, ", at most %s a download\n", limit);
}

static void write_experiment(FILE *stream, const struct result *result)
{
    fprintf(stream,
            "%" PRIu32 " round%s after %" PRIu32 " to warm up, each with every mode once in an order of its own",
            result->rounds_done, result->rounds_done == 1 ? "" : "s", result->warmup_rounds);
    fprintf(stream, " (seed %" PRIu64 ")\n", result->seed);
    if (result->stop_reason[0] != '\0')
        fprintf(stream, "no more rounds: %s\n", result->stop_reason);
}

/* Tables */

/* Three significant digits: more would be noise. */
static void add_three_digits(struct grid *grid, double value, const char *suffix)
{
    if (!isfinite(value))
        grid_add(grid, "-");
    else if (value >= 99.95)
        grid_add(grid, "%.0f%s", value, suffix);
    else if (value >= 9.995)
        grid_add(grid, "%.1f%s", value, suffix);
    else if (value >= 0.9995 || value == 0)
        grid_add(grid, "%.2f%s", value, suffix);
    else if (value >= 0.09995)
        grid_add(grid, "%.3f%s", value, suffix);
    else
        grid_add(grid, "%.4f%s", value, suffix);
}

/* Decimals that show three digits of a value; its interval gets as many. */
static int decimals(double value)
{
    return value >= 99.95 ? 0 : value >= 9.995 ? 1 : value >= 0.9995 ? 2 : value >= 0.09995 ? 3 : 4;
}

static void add_interval(struct grid *grid, const struct estimate *estimate, size_t rounds)
{
    if (!isfinite(estimate->value))
        grid_add(grid, "-");
    else if (rounds == 1)
        grid_add(grid, "1 round, no interval");
    else
        grid_add(grid, "%.*f to %.*f", decimals(estimate->value), estimate->low, decimals(estimate->value),
                 estimate->high);
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
    bool has_interval = figures->main_count > 0 && figures->cells[0].measures[MEASURE_TIME].confidence > 0;
    return has_interval ? "95 % interval" : "range of rounds";
}

static void write_times(FILE *stream, const struct figures *figures)
{
    struct grid grid = {0};
    const char *interval = interval_head(figures);
    const char *reference = figures->reference != NULL ? figures->result->reference : "-";
    grid_begin_row(&grid);
    grid_add(&grid, "mode");
    grid_add(&grid, "workers");
    grid_add(&grid, "rank");
    grid_add(&grid, "time s");
    grid_add(&grid, "%s", interval);
    grid_add(&grid, "rounds");
    grid_add(&grid, "vs %s", reference);
    grid_add(&grid, "%s", interval);
    for (size_t i = 0; i < figures->main_count; i++) {
        const struct cell_figures *cell = &figures->cells[i];
        grid_begin_row(&grid);
        grid_add(&grid, "%s", cell->cell->mode);
        grid_add(&grid, "%" PRIu32, cell->cell->workers);
        add_rank(&grid, cell);
        if (!cell->has_times) {
            grid_add(&grid, "%s", ending(cell));
            continue;
        }
        add_three_digits(&grid, cell->measures[MEASURE_TIME].value, "");
        add_interval(&grid, &cell->measures[MEASURE_TIME], cell->rounds);
        grid_add(&grid, "%zu", cell->rounds);
        add_three_digits(&grid, cell->speedup.value, "x");
        if (cell != figures->reference && cell->rounds > 1)
            add_interval(&grid, &cell->speedup, cell->rounds);
    }
    grid_write(stream, &grid);
    grid_release(&grid);
}

static bool has_handshakes(const struct figures *figures)
{
    for (size_t i = 0; i < figures->main_count; i++) {
        if (figures->cells[i].measures[MEASURE_HANDSHAKES].value > 0)
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
        grid_add(grid, "%s", heads[i]);
}

static void write_downloads(FILE *stream, const struct figures *figures)
{
    static const char *const heads[] = {"mode/workers", "dl/s",   "MB/s",   "p50 ms",   "p95 ms",
                                        "max ms",       "95 % s", "failed", "connects", "TLS"};
    bool has_tls = has_handshakes(figures);
    struct grid grid = {0};
    add_heads(&grid, heads, sizeof(heads) / sizeof(heads[0]) - !has_tls);
    for (size_t i = 0; i < figures->main_count; i++) {
        const struct cell_figures *cell = &figures->cells[i];
        grid_begin_row(&grid);
        add_name(&grid, cell);
        if (cell->cell->trial_count == 0)
            continue;
        add_three_digits(&grid, cell->measures[MEASURE_THROUGHPUT].value, "");
        add_three_digits(&grid, cell->measures[MEASURE_BANDWIDTH].value / 1e6, "");
        add_three_digits(&grid, cell->service_p50 * 1e3, "");
        add_three_digits(&grid, cell->service_p95 * 1e3, "");
        add_three_digits(&grid, cell->service_max * 1e3, "");
        add_three_digits(&grid, cell->measures[MEASURE_T95].value, "");
        grid_add(&grid, "%" PRIu64, cell->failures);
        add_count(&grid, cell->measures[MEASURE_CONNECTS].value);
        if (has_tls)
            add_count(&grid, cell->measures[MEASURE_HANDSHAKES].value);
    }
    grid_write(stream, &grid);
    grid_release(&grid);
}

static void add_costs(struct grid *grid, const struct cell_figures *cell)
{
    double downloads = cell->measures[MEASURE_DOWNLOADS].value;
    add_three_digits(grid, 1e3 * cell->measures[MEASURE_CPU].value / downloads, "");
    add_three_digits(grid, cell->measures[MEASURE_CORES].value, "");
    add_three_digits(grid, cell->measures[MEASURE_VOLUNTARY].value / downloads, "");
    add_three_digits(grid, cell->measures[MEASURE_INVOLUNTARY].value / downloads, "");
    add_three_digits(grid, 1e3 * cell->measures[MEASURE_RUN_QUEUE_WAIT].value / downloads, "");
    add_three_digits(grid, 1e3 * cell->measures[MEASURE_LAG_P99].value, "");
    add_three_digits(grid, cell->measures[MEASURE_MEMORY].value / (1 << 20), "");
    add_count(grid, cell->measures[MEASURE_PROCESSES].value);
    add_count(grid, cell->measures[MEASURE_THREADS].value);
    add_count(grid, cell->measures[MEASURE_DESCRIPTORS].value);
    add_three_digits(grid, cell->measures[MEASURE_STARTUP].value * 1e3, "");
}

static void write_costs(FILE *stream, const struct figures *figures)
{
    static const char *const heads[] = {"mode/workers", "CPU ms", "cores", "vol", "invol", "queue ms",
                                        "lag ms",       "MiB",    "proc",  "thr", "fds",   "start ms"};
    struct grid grid = {0};
    add_heads(&grid, heads, sizeof(heads) / sizeof(heads[0]));
    for (size_t i = 0; i < figures->main_count; i++) {
        grid_begin_row(&grid);
        add_name(&grid, &figures->cells[i]);
        if (figures->cells[i].has_times)
            add_costs(&grid, &figures->cells[i]);
    }
    grid_write(stream, &grid);
    grid_release(&grid);
    fputs("dl: downloads; 95 % s: time until 95 % of them were done. Per download: CPU time, voluntary and\n"
          "involuntary context switches, time ready to run but queued for a core. lag: event loop busy at a\n"
          "stretch (p99). MiB: peak memory of all processes. start: before the first download could begin.\n",
          stream);
}

static void write_sweep(FILE *stream, const struct sweep *sweep)
{
    static const char *const heads[] = {"workers", "time s", "interval", "dl/s", "of ideal", "p50 ms", "CPU ms/dl"};
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
        if (!cell->has_times) {
            grid_add(&grid, "%s", ending(cell));
            continue;
        }
        add_three_digits(&grid, cell->measures[MEASURE_TIME].value, "");
        add_interval(&grid, &cell->measures[MEASURE_TIME], cell->rounds);
        add_three_digits(&grid, cell->measures[MEASURE_THROUGHPUT].value, "");
        if (isfinite(point->efficiency))
            grid_add(&grid, "%.0f %%", 100 * point->efficiency);
        else
            grid_add(&grid, "-");
        add_three_digits(&grid, cell->service_p50 * 1e3, "");
        add_three_digits(&grid, 1e3 * cell->measures[MEASURE_CPU].value / cell->measures[MEASURE_DOWNLOADS].value, "");
    }
    grid_write(stream, &grid);
    grid_release(&grid);
    fprintf(stream, "%s.\n", sweep->sentence);
}

/* What happened besides */

static void write_name(FILE *stream, const struct cell_figures *cell)
{
    fprintf(stream, "%s/%" PRIu32, cell->cell->mode, cell->cell->workers);
}

static void write_failures(FILE *stream, const struct figures *figures)
{
    for (size_t i = 0; i < figures->cell_count; i++) {
        const struct cell_figures *cell = &figures->cells[i];
        if (cell->failures == 0)
            continue;
        write_name(stream, cell);
        fprintf(stream, ": %" PRIu64 " of %" PRIu32 " downloads failed:", cell->failures, figures->result->downloads);
        const char *separator = " ";
        for (int outcome = OUTCOME_OK + 1; outcome < OUTCOME_COUNT; outcome++) {
            if (cell->failure_classes[outcome] == 0)
                continue;
            fprintf(stream, "%s%" PRIu64 " %s", separator, cell->failure_classes[outcome],
                    outcome_name((enum outcome)outcome));
            separator = ", ";
        }
        fputc('\n', stream);
    }
}

static void write_endings(FILE *stream, const struct result *result)
{
    for (size_t i = 0; i < result->cell_count; i++) {
        const struct cell_result *cell = &result->cells[i];
        for (size_t j = 0; j < cell->trial_count; j++) {
            const struct trial *trial = &cell->trials[j];
            if (trial->status == TRIAL_COMPLETE)
                continue;
            struct sample_account account = {0};
            if (trial->table != NULL)
                account = sample_table_account(trial->table);
            fprintf(stream, "%s/%" PRIu32 ": %s after %" PRIu32 " of %" PRIu32 " downloads", cell->mode, cell->workers,
                    trial_status_name(trial->status), account.settled, result->downloads);
            if (trial->status != TRIAL_INTERRUPTED) {
                fputs(": ", stream);
                write_outside(stream, trial->reason);
            }
            fputc('\n', stream);
        }
    }
}

static void write_doubts(FILE *stream, const struct result *result, const struct figures *figures)
{
    const struct validity *validity = &figures->validity;
    for (size_t i = 0; i < result->warning_count; i++) {
        fputs("Note: ", stream);
        write_outside(stream, result->warnings[i]);
        fputs(".\n", stream);
    }
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
        fprintf(stream, "INVALID, so nothing is ranked: %s.\n", validity->reason);
    if (validity->failures > 0 && !validity->has_success)
        fputs("No download succeeded, so nothing is ranked.\n", stream);
    else if (validity->failures > 0)
        fputs("Downloads failed: times of modes that fail differently do not compare.\n", stream);
    if (result->is_server_local)
        fputs("The server runs on this machine, on the same cores as the downloads.\n", stream);
    if (result->is_partial)
        fprintf(stream, "Interrupted by %s: this is a partial result.\n",
                result->interrupting_signal == SIGINT ? "SIGINT" : "SIGTERM");
}

static void write_judgements(FILE *stream, const struct verdict *verdict)
{
    for (size_t i = 0; i < verdict->judgement_count; i++) {
        const struct judgement *judgement = &verdict->judgements[i];
        fprintf(stream, "%s  %s: %s.\n", judgement_name(judgement->ruling), judgement->claim, judgement->sentence);
    }
}

void table_write(FILE *stream, const struct result *result, const struct verdict *verdict)
{
    const struct figures *figures = &verdict->figures;
    write_tool(stream, result);
    write_workload(stream, result);
    write_policy(stream, result);
    write_experiment(stream, result);
    if (figures->main_count > 0) {
        fputc('\n', stream);
        write_times(stream, figures);
        fputc('\n', stream);
        write_downloads(stream, figures);
        fputc('\n', stream);
        write_costs(stream, figures);
    }
    for (size_t i = 0; i < verdict->sweep_count; i++)
        write_sweep(stream, &verdict->sweeps[i]);
    fputc('\n', stream);
    write_failures(stream, figures);
    write_endings(stream, result);
    for (size_t i = 0; i < verdict->sentence_count; i++)
        fprintf(stream, "%s.\n", verdict->sentences[i]);
    for (size_t i = 0; i < verdict->diagnosis.count; i++)
        fprintf(stream, "%s.\n", verdict->diagnosis.findings[i].sentence);
    write_doubts(stream, result, figures);
    write_judgements(stream, verdict);
}

void table_write_quiet(FILE *stream, const struct result *result, const struct verdict *verdict)
{
    for (size_t i = 0; i < verdict->figures.main_count; i++) {
        const struct cell_figures *cell = &verdict->figures.cells[i];
        uint64_t downloads = (uint64_t)cell->measures[MEASURE_DOWNLOADS].value;
        write_name(stream, cell);
        if (cell->has_times) {
            fprintf(stream, ": Downloaded %" PRIu64 " sites in %.3f seconds", downloads - cell->failures,
                    cell->measures[MEASURE_TIME].value);
            if (cell->failures > 0)
                fprintf(stream, ", %" PRIu64 " failed", cell->failures);
        } else {
            fprintf(stream, ": %s after %" PRIu64 " of %" PRIu32 " sites", ending(cell), downloads, result->downloads);
        }
        fputc('\n', stream);
    }
    write_judgements(stream, verdict);
}
