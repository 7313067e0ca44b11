#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/analysis/latency_percentiles.h"
#include "conc_bench/base/number.h"
#include "content.h"

/* What stands first in every report: the answer, what limits it, one table, why, and how it was measured. */

/* Columns that leave where there is no room, the highest first. */
enum drop { DROP_NEVER, DROP_INTERVAL, DROP_PERCENTILE, DROP_CPU, DROP_MEMORY, DROP_FAILED };

enum { ENDINGS_SHOWN = 3, CAUSES_SHOWN = 6 };

struct summary {
    struct content *content;
    const struct run *run;
    const struct analysis *analysis;
    const struct run_stats *stats;
    const struct format *format;
    struct section *section;
};

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

static const char *count_text(struct summary *summary, uint64_t value)
{
    char digits[32];
    return content_text(summary->content, "%s", number_format_count(digits, sizeof(digits), value));
}

static void add_caveat(struct summary *summary, const char *text)
{
    content_add_sentence(summary->content, SENTENCE_CAVEAT, text);
}

static void add_column(struct summary *summary, const char *head, const char *title, enum drop drop)
{
    struct content_table *table = &summary->section->table;
    content_add_column(summary->content, summary->section, head, title, false);
    if (table->column_count > 0)
        table->columns[table->column_count - 1].drop = drop;
}

static void add_cell(struct summary *summary, enum paint paint, const char *text)
{
    content_add_cell(summary->content, summary->section, paint, text);
}

static void add_digits(struct summary *summary, double value, const char *suffix)
{
    char digits[FORMAT_DIGITS_BYTES];
    add_cell(summary, PAINT_NONE,
             content_text(summary->content, "%s%s", format_digits(digits, value), isfinite(value) ? suffix : ""));
}

/* What does not let the answer be believed as it stands. */

/* "12 answered with 5xx, 3 timed out connecting". */
static const char *describe_failures(struct summary *summary, uint64_t *failures, uint64_t *downloads)
{
    const struct run_stats *stats = summary->stats;
    const char *text = "";
    *failures = *downloads = 0;
    for (int outcome = OUTCOME_OK + 1; outcome < OUTCOME_COUNT; outcome++) {
        uint64_t count = 0;
        for (size_t i = 0; i < stats->cell_count; i++)
            count += stats->cells[i].failures_in_all_by_class[outcome];
        if (count > 0)
            text = content_text(summary->content, "%s%s%s %s", text, text[0] != '\0' ? ", " : "",
                                count_text(summary, count), format_outcome((enum outcome)outcome));
    }
    for (size_t i = 0; i < stats->cell_count; i++) {
        *failures += stats->cells[i].failures_in_all;
        *downloads += stats->cells[i].downloads_in_all;
    }
    return text;
}

static void add_failures(struct summary *summary)
{
    uint64_t failures, downloads;
    const struct run_stats *stats = summary->stats;
    const char *classes = describe_failures(summary, &failures, &downloads);
    const char *unsound = "";
    for (size_t i = 0; i < stats->main_count; i++) {
        if (stats->cells[i].has_times && !stats->cells[i].is_sound)
            unsound = content_text(summary->content, "%s%s%s", unsound, unsound[0] != '\0' ? ", " : "",
                                   content_name(summary->content, stats->cells[i].cell));
    }
    if (failures == 0)
        return;
    add_caveat(summary, content_text(summary->content, "%s of %s downloads failed (%s)%s",
                                     count_text(summary, failures), count_text(summary, downloads), classes,
                                     stats->validity.differs_in_failures
                                         ? ": times of modes that fail differently do not compare"
                                         : ""));
    if (unsound[0] != '\0')
        add_caveat(summary,
                   content_text(summary->content, "Not ranked, as too many of their downloads failed: %s", unsound));
}

static void add_endings(struct summary *summary)
{
    const struct run *run = summary->run;
    size_t shown = 0, others = 0;
    for (size_t i = 0; i < run->cell_count; i++) {
        for (size_t j = 0; j < run->cells[i].trial_count; j++) {
            const struct trial *trial = &run->cells[i].trials[j];
            if (trial->status == TRIAL_COMPLETE || trial->status == TRIAL_INTERRUPTED)
                continue;
            if (shown++ < ENDINGS_SHOWN)
                add_caveat(summary, content_describe_ending(summary->content, run, &run->cells[i], trial));
            else
                others++;
        }
    }
    if (others > 0)
        add_caveat(summary, content_text(summary->content, "%zu more trials ended early", others));
}

/* Findings that change what to believe; the others only say why. */
static bool is_caveat(enum finding_kind kind)
{
    return kind == FINDING_SERVER_SATURATED || kind == FINDING_RATE_LIMITED || kind == FINDING_NOISY_HOST ||
           kind == FINDING_DRIFTING || kind == FINDING_POSITION;
}

static void add_caveats(struct summary *summary)
{
    const struct analysis *analysis = summary->analysis;
    const struct validity *validity = &summary->stats->validity;
    enum headline_kind kind = analysis->headline.kind;
    if (kind != HEADLINE_FAILED)
        add_failures(summary);
    add_endings(summary);
    for (size_t i = 0; i < summary->run->warning_count; i++)
        add_caveat(summary, content_outside(summary->content, summary->run->warnings[i]));
    if (validity->is_valid && validity->dropped_count > 0)
        add_caveat(summary,
                   content_text(summary->content, "%zu round%s %s not count, for any mode: %s", validity->dropped_count,
                                plural(validity->dropped_count), validity->dropped_count == 1 ? "does" : "do",
                                content_outside(summary->content, validity->dropped[0].reason)));
    for (size_t i = 0; headline_has_times(kind) && i < analysis->diagnosis.count; i++) {
        if (is_caveat(analysis->diagnosis.findings[i].kind))
            add_caveat(summary, content_outside(summary->content, analysis->diagnosis.findings[i].sentence));
    }
}

/* The table */

static void add_interval(struct summary *summary, const struct cell_stats *cell, double factor)
{
    const struct estimate *time = &cell->measures[METRIC_TIME];
    int decimals = format_decimals(time->value * factor);
    add_cell(summary, PAINT_NONE,
             cell->rounds < 2 ? "-"
                              : content_text(summary->content, "%.*f - %.*f", decimals, time->low * factor, decimals,
                                             time->high * factor));
}

/* Of those that reports show, the one that tells most of slow downloads. */
static double highest_percentile(const struct format *format)
{
    return format->percentile_count > 0 ? format->percentiles[format->percentile_count - 1] : 95;
}

static void add_row(struct summary *summary, const struct cell_stats *cell, bool has_interval)
{
    double factor = format_run_scale(summary->format).factor;
    content_add_row(summary->content, summary->section, cell->cell->mode);
    add_cell(summary, cell->rank_low == 1 ? PAINT_GOOD : PAINT_NONE,
             content_outside(summary->content, cell->cell->mode));
    add_cell(summary, PAINT_NONE, content_text(summary->content, "%" PRIu32, cell->cell->workers));
    if (!cell->has_times) {
        add_cell(summary, PAINT_BAD, content_ending(cell));
        return;
    }
    add_digits(summary, cell->measures[METRIC_TIME].value * factor, "");
    if (has_interval)
        add_interval(summary, cell, factor);
    if (summary->stats->reference != NULL)
        add_digits(summary, headline_speedup(summary->stats, cell), "x");
    add_digits(summary,
               latency_percentile(&cell->service, highest_percentile(summary->format)) *
                   format_service_scale(summary->format).factor,
               "");
    add_digits(summary, cell_stats_shown(cell, METRIC_CPU), "");
    add_digits(summary, cell_stats_shown(cell, METRIC_MEMORY), "");
    add_cell(summary, cell->failures_in_all > 0 ? PAINT_BAD : PAINT_NONE,
             content_text(summary->content, "%" PRIu64, cell->failures_in_all));
}

static void add_table(struct summary *summary)
{
    const struct run_stats *stats = summary->stats;
    const char *run_unit = format_run_scale(summary->format).name;
    const char *service_unit = format_service_scale(summary->format).name;
    const char *interval = stats->cells[0].measures[METRIC_TIME].confidence > 0 ? "95 % interval" : "range";
    char percentile[16];
    bool has_interval = false, has_failures = false;
    for (size_t i = 0; i < stats->main_count; i++) {
        has_interval |= stats->cells[i].rounds > 1;
        has_failures |= stats->cells[i].failures_in_all > 0;
    }
    summary->section = content_add_section(summary->content, SECTION_SUMMARY, "Modes, fastest first");
    content_add_column(summary->content, summary->section, "mode", "mode", true);
    add_column(summary, "workers", "workers", DROP_NEVER);
    add_column(summary, content_text(summary->content, "time %s", run_unit),
               content_text(summary->content, "time [%s]", run_unit), DROP_NEVER);
    if (has_interval)
        add_column(summary, interval, interval, DROP_INTERVAL);
    if (stats->reference != NULL) {
        const char *against =
            content_text(summary->content, "vs %s", content_outside(summary->content, stats->reference->cell->mode));
        add_column(summary, against, against, DROP_NEVER);
    }
    format_percentile(percentile, sizeof(percentile), highest_percentile(summary->format));
    add_column(summary, content_text(summary->content, "%s %s", percentile, service_unit),
               content_text(summary->content, "%s [%s]", percentile, service_unit), DROP_PERCENTILE);
    add_column(summary, "CPU ms", "CPU/download [ms]", DROP_CPU);
    add_column(summary, "MiB", "peak memory [MiB]", DROP_MEMORY);
    add_column(summary, "failed", "failed", has_failures ? DROP_NEVER : DROP_FAILED);
    for (size_t i = 0; i < stats->main_count; i++)
        add_row(summary, &stats->cells[i], has_interval);
}

/* The grid of a sweep: a row for each mode, a column for each number of workers. */

enum { GRID_WORKERS_MAX = 64, GRID_MODES_MAX = 64 };

struct grid_axes {
    uint32_t workers[GRID_WORKERS_MAX]; /* ascending */
    size_t worker_count;
    const char *modes[GRID_MODES_MAX]; /* in the order of cells, the fastest first */
    size_t mode_count;
};

static void add_workers(struct grid_axes *axes, uint32_t workers)
{
    size_t place = 0;
    while (place < axes->worker_count && axes->workers[place] < workers)
        place++;
    if (axes->worker_count == GRID_WORKERS_MAX || (place < axes->worker_count && axes->workers[place] == workers))
        return;
    memmove(&axes->workers[place + 1], &axes->workers[place], (axes->worker_count - place) * sizeof(axes->workers[0]));
    axes->workers[place] = workers;
    axes->worker_count++;
}

static void add_mode(struct grid_axes *axes, const char *mode)
{
    for (size_t i = 0; i < axes->mode_count; i++) {
        if (strcmp(axes->modes[i], mode) == 0)
            return;
    }
    if (axes->mode_count < GRID_MODES_MAX)
        axes->modes[axes->mode_count++] = mode;
}

static struct grid_axes find_axes(const struct run_stats *stats)
{
    struct grid_axes axes = {.worker_count = 0};
    for (size_t i = 0; i < stats->cell_count; i++) {
        add_workers(&axes, stats->cells[i].cell->workers);
        add_mode(&axes, stats->cells[i].cell->mode);
    }
    return axes;
}

/* What was measured again is what counts, and stands first among the cells. */
static const struct cell_stats *find_cell(const struct run_stats *stats, const char *mode, uint32_t workers)
{
    for (size_t i = 0; i < stats->cell_count; i++) {
        const struct cell_stats *cell = &stats->cells[i];
        if (cell->cell->workers == workers && strcmp(cell->cell->mode, mode) == 0)
            return cell;
    }
    return NULL;
}

static void add_grid(struct summary *summary, const struct grid_axes *axes)
{
    struct time_scale scale = format_run_scale(summary->format);
    const struct cell_stats *recommended = summary->analysis->recommended;
    char digits[FORMAT_DIGITS_BYTES];
    summary->section = content_add_section(summary->content, SECTION_GRID, "Time by mode and number of workers");
    const char *head = content_text(summary->content, "time %s, by workers", scale.name);
    content_add_column(summary->content, summary->section, head, head, true);
    for (size_t i = 0; i < axes->worker_count; i++) {
        const char *number = content_text(summary->content, "%" PRIu32, axes->workers[i]);
        /* The few that do little leave first. */
        add_column(summary, number, number, i == 0 ? DROP_NEVER : (enum drop)(axes->worker_count - i));
    }
    for (size_t i = 0; i < axes->mode_count; i++) {
        content_add_row(summary->content, summary->section, axes->modes[i]);
        add_cell(summary, PAINT_NONE, content_outside(summary->content, axes->modes[i]));
        for (size_t j = 0; j < axes->worker_count; j++) {
            const struct cell_stats *cell = find_cell(summary->stats, axes->modes[i], axes->workers[j]);
            bool is_recommended = cell != NULL && cell == recommended;
            if (cell == NULL || !cell->has_times)
                add_cell(summary, PAINT_NONE, cell == NULL ? "" : content_ending(cell));
            else
                add_cell(summary, is_recommended ? PAINT_GOOD : PAINT_NONE,
                         content_text(summary->content, "%s%s",
                                      format_digits(digits, cell->measures[METRIC_TIME].value * scale.factor),
                                      is_recommended ? "*" : ""));
        }
    }
    if (recommended != NULL)
        summary->section->note = "*: recommended";
}

/* Whether the numbers of workers are what was asked about. */
static bool is_sweep(const struct run_stats *stats)
{
    enum { ROWS_MAX = 10 };
    return stats->main_count < stats->cell_count || stats->main_count > ROWS_MAX;
}

/* Causes of failures, by host */

struct cause {
    const char *host;
    const char *text;
    uint64_t count;
};

/* "a.test:8080" of a URL; behind any number of slashes, as libcurl takes them. */
static const char *host_of(struct summary *summary, const char *url)
{
    const char *colon = strchr(url, ':');
    const char *host = colon != NULL ? colon + 1 : url;
    host += strspn(host, "/");
    return content_outside(summary->content, content_text(summary->content, "%.*s", (int)strcspn(host, "/?#"), host));
}

static void count_cause(struct summary *summary, struct cause *causes, size_t *count, const struct url_failure *failure)
{
    const char *host = host_of(summary, summary->run->urls[failure->url]);
    const char *text =
        content_text(summary->content, "%s%s", format_outcome(failure->outcome), format_failure(failure->code));
    size_t i = 0;
    while (i < *count && (strcmp(causes[i].host, host) != 0 || strcmp(causes[i].text, text) != 0))
        i++;
    if (i == CAUSES_SHOWN)
        return;
    if (i == *count)
        causes[(*count)++] = (struct cause){.host = host, .text = text};
    causes[i].count += failure->count;
}

static void add_causes(struct summary *summary)
{
    struct cause causes[CAUSES_SHOWN];
    size_t count = 0;
    for (size_t i = 0; i < summary->run->cell_count; i++) {
        const struct run_cell *cell = &summary->run->cells[i];
        for (size_t j = 0; j < cell->url_failure_count; j++)
            count_cause(summary, causes, &count, &cell->url_failures[j]);
    }
    if (count == 0)
        return;
    summary->section = content_add_section(summary->content, SECTION_CAUSES, "Why downloads failed");
    content_add_column(summary->content, summary->section, "host", "host", true);
    content_add_column(summary->content, summary->section, "downloads", "downloads", false);
    content_add_column(summary->content, summary->section, "cause", "cause", true);
    for (size_t i = 0; i < count; i++) {
        content_add_row(summary->content, summary->section, NULL);
        add_cell(summary, PAINT_NONE, causes[i].host);
        add_cell(summary, PAINT_BAD, count_text(summary, causes[i].count));
        add_cell(summary, PAINT_NONE, causes[i].text);
    }
}

/* Why and how */

static void add_why(struct summary *summary)
{
    const struct analysis *analysis = summary->analysis;
    const char *why = analysis->diagnosis.brief;
    for (size_t i = 0; i < analysis->sweep_count && analysis->recommended != NULL; i++) {
        const struct sweep *sweep = &analysis->sweeps[i];
        if (sweep->count > 1 && strcmp(sweep->mode, analysis->recommended->cell->mode) == 0)
            why = sweep->sentence;
    }
    if (why[0] != '\0')
        content_add_sentence(summary->content, SENTENCE_WHY, content_outside(summary->content, why));
}

/* "10 rounds (sync 3)": modes that ran in fewer stand behind. */
static const char *describe_rounds(struct summary *summary)
{
    const struct run_stats *stats = summary->stats;
    uint32_t most = summary->run->rounds_done;
    const char *fewer = "";
    for (size_t i = 0; i < stats->main_count; i++)
        most = stats->cells[i].rounds > most ? (uint32_t)stats->cells[i].rounds : most;
    for (size_t i = 0; i < stats->main_count; i++) {
        if (stats->cells[i].cell->trial_count < most && stats->cells[i].rounds > 0)
            fewer = content_text(summary->content, "%s%s%s %zu", fewer, fewer[0] != '\0' ? ", " : "",
                                 content_outside(summary->content, stats->cells[i].cell->mode), stats->cells[i].rounds);
    }
    return content_text(summary->content, "%" PRIu32 " round%s%s%s%s", most, plural(most), fewer[0] != '\0' ? " (" : "",
                        fewer, fewer[0] != '\0' ? ")" : "");
}

static void add_how(struct summary *summary)
{
    const struct run *run = summary->run;
    const char *server = run->origin[0] != '\0'                        ? "; embedded server on this machine"
                         : run->is_server_local && run->is_proxy_local ? "; server and proxy on this machine"
                         : run->is_server_local                        ? "; server on this machine"
                         : run->is_proxy_local                         ? "; proxy on this machine"
                                                                       : "";
    content_add_sentence(summary->content, SENTENCE_HOW,
                         content_text(summary->content, "%s download%s of %" PRIu32 " URL%s in %s, seed %" PRIu64 "%s",
                                      count_text(summary, run->downloads), plural(run->downloads), run->distinct_urls,
                                      plural(run->distinct_urls), describe_rounds(summary), run->seed, server));
}

void content_add_summary(struct content *content, const struct run *run, const struct analysis *analysis,
                         const struct format *format)
{
    struct summary summary = {
        .content = content, .run = run, .analysis = analysis, .stats = &analysis->stats, .format = format};
    const struct headline *headline = &analysis->headline;
    content_add_sentence(content, SENTENCE_VERDICT, content_outside(content, headline->sentence));
    if (headline->advice[0] != '\0')
        content_add_sentence(content, SENTENCE_ADVICE, content_outside(content, headline->advice));
    add_caveats(&summary);
    if (headline->kind == HEADLINE_FAILED)
        add_causes(&summary);
    if (headline_has_times(headline->kind) || (headline->kind == HEADLINE_SINGLE && is_sweep(summary.stats))) {
        struct grid_axes axes = find_axes(summary.stats);
        if (is_sweep(summary.stats))
            add_grid(&summary, &axes);
        else
            add_table(&summary);
    }
    add_why(&summary);
    add_how(&summary);
}
