#include "conc_bench/table.h"

#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <string.h>

#include "conc_bench/number.h"
#include "conc_bench/text.h"
#include "grid.h"

/* Header */

/* "libcurl 7.88.1, OpenSSL/3.0.19" of curl's long list. */
static void write_tool(FILE *stream, const struct result *result)
{
    const char *libcurl = result->libcurl_version;
    size_t length = strcspn(libcurl, " ");
    fprintf(stream, "conc-bench %s, %.*s, %s", result->tool_version, (int)length, libcurl, result->tls_version);
    fprintf(stream, "; %" PRIu32 " core%s", result->cores, result->cores == 1 ? "" : "s");
    if (result->machine_cpu[0] != '\0')
        fprintf(stream, " of %s", result->machine_cpu);
    if (result->machine_system[0] != '\0')
        fprintf(stream, ", %s", result->machine_system);
    fputc('\n', stream);
}

static void write_workload(FILE *stream, const struct result *result)
{
    char count[32];
    fprintf(stream, "%s download%s of %" PRIu32 " URL%s on %" PRIu32 " host%s from ",
            number_format_count(count, sizeof(count), result->downloads), result->downloads == 1 ? "" : "s",
            result->distinct_urls, result->distinct_urls == 1 ? "" : "s", result->hosts, result->hosts == 1 ? "" : "s");
    for (size_t i = 0; i < result->source_count; i++) {
        char name[512];
        text_escape(name, sizeof(name), result->sources[i], strlen(result->sources[i]));
        fprintf(stream, "%s%s", i > 0 ? ", " : "", name);
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

/* Decimals that show three digits of a time; its range gets as many. */
static int time_decimals(double median)
{
    return median >= 99.95 ? 0 : median >= 9.995 ? 1 : median >= 0.9995 ? 2 : median >= 0.09995 ? 3 : 4;
}

static void add_range(struct grid *grid, const struct cell_figures *figures)
{
    if (figures->rounds == 1)
        grid_add(grid, "1 round, no interval");
    else
        grid_add(grid, "%.*f to %.*f", time_decimals(figures->median), figures->minimum, time_decimals(figures->median),
                 figures->maximum);
}

static void add_times(struct grid *grid, const struct cell_figures *figures)
{
    add_three_digits(grid, figures->median, "");
    add_range(grid, figures);
    add_three_digits(grid, figures->speedup, "x");
    add_three_digits(grid, (double)figures->downloads / figures->median, "");
    add_three_digits(grid, (double)figures->body_bytes / figures->median / 1e6, "");
    add_three_digits(grid, figures->service_p50 * 1e3, "");
    add_three_digits(grid, figures->service_p95 * 1e3, "");
    add_three_digits(grid, figures->service_max * 1e3, "");
}

static const char *ending(const struct cell_figures *figures)
{
    if (figures->cell->trial_count == 0)
        return "not run";
    return trial_status_name(figures->cell->trials[figures->cell->trial_count - 1].status);
}

static void write_times(FILE *stream, const struct result *result, const struct figures *figures)
{
    struct grid grid = {0};
    static const char *const heads[] = {"dl/s", "MB/s", "p50 ms", "p95 ms", "max ms"};
    grid_begin_row(&grid);
    grid_add(&grid, "mode");
    grid_add(&grid, "workers");
    grid_add(&grid, "time s");
    grid_add(&grid, "range of rounds");
    grid_add(&grid, "vs %s", figures->reference != NULL ? result->reference : "-");
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
        grid_add(&grid, "%s", heads[i]);
    for (size_t i = 0; i < figures->cell_count; i++) {
        grid_begin_row(&grid);
        grid_add(&grid, "%s", figures->cells[i].cell->mode);
        grid_add(&grid, "%" PRIu32, figures->cells[i].cell->workers);
        if (figures->cells[i].has_times)
            add_times(&grid, &figures->cells[i]);
        else
            grid_add(&grid, "%s", ending(&figures->cells[i]));
    }
    grid_write(stream, &grid);
    grid_release(&grid);
}

static void add_costs(struct grid *grid, const struct cell_figures *figures)
{
    double downloads = (double)figures->downloads;
    char memory[32] = "-";
    if (figures->peak_memory_bytes > 0)
        number_format_size(memory, sizeof(memory), figures->peak_memory_bytes);
    add_three_digits(grid, 1e3 * (figures->cpu_user + figures->cpu_system) / downloads, "");
    add_three_digits(grid, figures->cores_used, "");
    add_three_digits(grid, figures->voluntary_switches / downloads, "");
    add_three_digits(grid, figures->involuntary_switches / downloads, "");
    grid_add(grid, "%s", memory);
    grid_add(grid, "%" PRIu64, figures->connects);
    grid_add(grid, "%" PRIu32, figures->processes);
    grid_add(grid, "%" PRIu32, figures->threads);
    add_three_digits(grid, figures->startup * 1e3, "");
    grid_add(grid, "%" PRIu64, figures->failures);
}

static void write_costs(FILE *stream, const struct figures *figures)
{
    struct grid grid = {0};
    static const char *const heads[] = {"mode/workers", "CPU ms/dl", "cores",   "vol/dl",     "invol/dl", "memory",
                                        "connects",     "processes", "threads", "startup ms", "failed"};
    grid_begin_row(&grid);
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
        grid_add(&grid, "%s", heads[i]);
    for (size_t i = 0; i < figures->cell_count; i++) {
        grid_begin_row(&grid);
        grid_add(&grid, "%s/%" PRIu32, figures->cells[i].cell->mode, figures->cells[i].cell->workers);
        if (figures->cells[i].cell->trial_count > 0)
            add_costs(&grid, &figures->cells[i]);
    }
    grid_write(stream, &grid);
    grid_release(&grid);
    fputs("dl: download; vol, invol: voluntary and involuntary context switches\n", stream);
}

/* What happened besides */

static void write_name(FILE *stream, const struct cell_figures *figures)
{
    fprintf(stream, "%s/%" PRIu32, figures->cell->mode, figures->cell->workers);
}

static void write_failures(FILE *stream, const struct result *result, const struct figures *figures)
{
    for (size_t i = 0; i < figures->cell_count; i++) {
        const struct cell_figures *cell = &figures->cells[i];
        if (cell->failures == 0)
            continue;
        write_name(stream, cell);
        fprintf(stream, ": %" PRIu64 " of %" PRIu32 " downloads failed:", cell->failures, result->downloads);
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
            if (trial->status != TRIAL_INTERRUPTED)
                fprintf(stream, ": %s", trial->reason);
            fputc('\n', stream);
        }
    }
}

/* Sentences */

static bool do_ranges_overlap(const struct cell_figures *fastest, const struct cell_figures *other)
{
    return other->has_times && other->minimum <= fastest->maximum;
}

static void write_rest(FILE *stream, const struct figures *figures)
{
    const struct cell_figures *fastest = &figures->cells[0];
    const char *separator = "";
    for (size_t i = 1; i < figures->cell_count; i++) {
        if (!do_ranges_overlap(fastest, &figures->cells[i]))
            continue;
        fputs(separator, stream);
        write_name(stream, &figures->cells[i]);
        separator = ", ";
    }
    if (separator[0] != '\0')
        fprintf(stream, ": no difference from it is claimed, since the ranges of their rounds overlap.\n");
}

/* Of the fastest and those that cannot be told from it, the one that computes least. */
static void write_cheapest(FILE *stream, const struct figures *figures)
{
    const struct cell_figures *fastest = &figures->cells[0];
    const struct cell_figures *cheapest = fastest;
    size_t candidates = 1;
    for (size_t i = 1; i < figures->cell_count; i++) {
        const struct cell_figures *cell = &figures->cells[i];
        if (!do_ranges_overlap(fastest, cell))
            continue;
        candidates++;
        if (cell->cpu_user + cell->cpu_system < cheapest->cpu_user + cheapest->cpu_system)
            cheapest = cell;
    }
    if (candidates == 1)
        return;
    fputs("Of these, ", stream);
    write_name(stream, cheapest);
    fprintf(stream, " took the least CPU time: %.3g ms a download.\n",
            1e3 * (cheapest->cpu_user + cheapest->cpu_system) / (double)cheapest->downloads);
}

static void write_winner(FILE *stream, const struct figures *figures)
{
    const struct cell_figures *fastest = &figures->cells[0];
    if (figures->cell_count < 2 || !figures->cells[1].has_times)
        return;
    write_name(stream, fastest);
    fprintf(stream, " took the least time, %.3g s", fastest->median);
    if (figures->reference != NULL && figures->reference != fastest && isfinite(fastest->speedup)) {
        fprintf(stream, ": %.3g times as fast as ", fastest->speedup);
        write_name(stream, figures->reference);
        if (fastest->rounds > 1)
            fprintf(stream, " (%.3g to %.3g over %zu rounds)", fastest->speedup_low, fastest->speedup_high,
                    fastest->rounds);
    }
    fputs(".\n", stream);
    if (fastest->rounds == 1) {
        fputs("By one round a difference cannot be told from noise: run more (--runs).\n", stream);
        return;
    }
    write_rest(stream, figures);
    write_cheapest(stream, figures);
}

/* The cell that shows best whether downloads wait or compute: with the fewest workers. */
static const struct cell_figures *least_concurrent(const struct figures *figures)
{
    const struct cell_figures *least = NULL;
    for (size_t i = 0; i < figures->cell_count; i++) {
        const struct cell_figures *cell = &figures->cells[i];
        if (cell->has_times && (least == NULL || cell->cell->workers < least->cell->workers))
            least = cell;
    }
    return least;
}

static void write_boundness(FILE *stream, const struct result *result, const struct figures *figures)
{
    static const double mostly_waiting = 0.5;
    static const double mostly_computing = 0.85;
    const struct cell_figures *cell = least_concurrent(figures);
    if (cell == NULL || cell->cell->workers > 1 || !(cell->cores_used >= 0))
        return;
    double busy = 100 * cell->cores_used;
    if (cell->cores_used < mostly_waiting) {
        fputs("I/O-bound: with one download at a time, ", stream);
        write_name(stream, cell);
        fprintf(stream, " computed for %.2g %% of its time and waited for the rest; more in flight can help.\n", busy);
    } else if (cell->cores_used > mostly_computing) {
        fputs("CPU-bound: with one download at a time, ", stream);
        write_name(stream, cell);
        fprintf(stream, " computed for %.3g %% of its time; only more cores can help.\n", busy);
    } else {
        fputs("Mixed: with one download at a time, ", stream);
        write_name(stream, cell);
        fprintf(stream, " computed for %.2g %% of its time and waited for the rest.\n", busy);
    }
    if (result->origin[0] != '\0')
        fputs("The origin runs on the same cores as the downloads.\n", stream);
}

static void write_doubts(FILE *stream, const struct result *result, const struct figures *figures)
{
    for (size_t i = 0; i < result->warning_count; i++) {
        char text[1024];
        text_escape(text, sizeof(text), result->warnings[i], strlen(result->warnings[i]));
        fprintf(stream, "Note: %s.\n", text);
    }
    if (!figures->is_work_equal)
        fprintf(stream, "INVALID: the work was not equal: %s.\n", figures->inequality);
    if (figures->failures > 0)
        fputs("Downloads failed: times of modes that fail differently do not compare.\n", stream);
    if (result->is_partial)
        fprintf(stream, "Interrupted by %s: this is a partial result.\n",
                result->interrupting_signal == SIGINT ? "SIGINT" : "SIGTERM");
}

void table_write(FILE *stream, const struct result *result, const struct figures *figures)
{
    write_tool(stream, result);
    write_workload(stream, result);
    write_policy(stream, result);
    write_experiment(stream, result);
    fputc('\n', stream);
    write_times(stream, result, figures);
    fputc('\n', stream);
    write_costs(stream, figures);
    fputc('\n', stream);
    write_failures(stream, result, figures);
    write_endings(stream, result);
    write_winner(stream, figures);
    write_boundness(stream, result, figures);
    write_doubts(stream, result, figures);
}

void table_write_quiet(FILE *stream, const struct result *result, const struct figures *figures)
{
    for (size_t i = 0; i < figures->cell_count; i++) {
        const struct cell_figures *cell = &figures->cells[i];
        write_name(stream, cell);
        if (cell->has_times) {
            fprintf(stream, ": Downloaded %" PRIu64 " sites in %.3f seconds", cell->downloads - cell->failures,
                    cell->median);
            if (cell->failures > 0)
                fprintf(stream, ", %" PRIu64 " failed", cell->failures);
        } else {
            fprintf(stream, ": %s after %" PRIu64 " of %" PRIu32 " sites", ending(cell), cell->downloads,
                    result->downloads);
        }
        fputc('\n', stream);
    }
    if (!figures->is_work_equal)
        fprintf(stream, "INVALID: the work was not equal: %s.\n", figures->inequality);
}
