#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/analysis/latency_percentiles.h"
#include "conc_bench/base/number.h"
#include "conc_bench/base/text.h"
#include "content.h"
#include "rate_table.h"
#include "summary_table.h"

/* The beginning of every report: the answer, what limits it, one table, why, and how it was measured. */

enum { ENDINGS_SHOWN = 3, CAUSES_SHOWN = 6 };

struct summary {
    struct content *content;
    const struct run *run;
    const struct analysis *analysis;
    const struct run_stats *stats;
    const struct format *format;
    struct section *section;
};

static const char *count_text(struct summary *summary, uint64_t value)
{
    char digits[32];
    return content_text(summary->content, "%s", number_format_count(digits, sizeof(digits), value));
}

static void add_caveat(struct summary *summary, const char *text)
{
    content_add_sentence(summary->content, SENTENCE_CAVEAT, text);
}

static void add_cell(struct summary *summary, enum paint paint, const char *text)
{
    content_add_cell(summary->content, summary->section, paint, text);
}

/* Caveats of the answer. */

/* Why, in words, if that is so of every failure of a class that is known by its URL; otherwise "". */
static const char *common_cause(struct summary *summary, enum outcome outcome)
{
    const struct run_stats *stats = summary->stats;
    const struct url_failure *first = NULL;
    for (size_t i = 0; i < stats->cell_count; i++) {
        const struct cell_totals *totals = &stats->cells[i].totals;
        for (size_t j = 0; j < totals->url_failure_count; j++) {
            const struct url_failure *failure = &totals->url_failures[j];
            if (failure->outcome != outcome)
                continue;
            if (first != NULL && failure->code != first->code)
                return "";
            first = failure;
        }
    }
    return first != NULL ? content_cause(summary->content, summary->run, first->code) : "";
}

/* "12 answered with status 5xx, 3 could not connect (connection refused)". */
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
            text = content_text(summary->content, "%s%s%s %s%s", text, text[0] != '\0' ? ", " : "",
                                count_text(summary, count), outcome_words((enum outcome)outcome),
                                common_cause(summary, (enum outcome)outcome));
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
        const struct cell_stats *cell = &stats->cells[i];
        if (cell->has_times && !cell->is_sound && !cell->is_unproven && !cell->is_overrun && stats->main_count > 1)
            unsound = content_text(summary->content, "%s%s%s", unsound, unsound[0] != '\0' ? ", " : "",
                                   content_name(summary->content, cell->cell));
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

static void add_retries(struct summary *summary)
{
    uint64_t retries = 0;
    for (size_t i = 0; i < summary->run->cell_count; i++)
        retries += run_cell_retries(&summary->run->cells[i]);
    if (retries > 0)
        add_caveat(summary, content_text(summary->content,
                                         "Downloads were begun again %s time%s after failures (--retry), which is part "
                                         "of their times",
                                         count_text(summary, retries), text_plural(retries)));
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
                add_caveat(summary, content_describe_ending(summary->content, &run->cells[i], trial));
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
           kind == FINDING_DRIFTING || kind == FINDING_POSITION || kind == FINDING_WOKEN_LATE;
}

static void add_client_caveats(struct summary *summary)
{
    struct content_client_sentences sentences;
    content_tell_clients(summary->content, summary->stats, &sentences);
    for (size_t i = 0; i < sentences.count; i++)
        add_caveat(summary, sentences.texts[i]);
}

static void add_caveats(struct summary *summary)
{
    const struct analysis *analysis = summary->analysis;
    const struct validity *validity = &summary->stats->validity;
    enum headline_kind kind = analysis->headline.kind;
    if (kind != HEADLINE_FAILED)
        add_failures(summary);
    add_retries(summary);
    const char *overrun = rate_table_describe_overrun(summary->content, summary->stats);
    const struct rate_curves *rates = &analysis->rates;
    for (size_t i = rates->count > 0 ? 1 : 0; i < analysis->sentence_count && rates->count > 0; i++)
        add_caveat(summary, content_outside(summary->content, analysis->sentences[i]));
    if (rates->count == 0 && overrun != NULL && headline_has_times(kind))
        add_caveat(summary, overrun);
    add_endings(summary);
    add_client_caveats(summary);
    for (size_t i = 0; i < summary->run->warning_count; i++)
        add_caveat(summary, content_outside(summary->content, summary->run->warnings[i]));
    if (validity->is_valid && validity->dropped_count > 0)
        add_caveat(summary,
                   content_text(summary->content, "%zu round%s %s not count, for any mode: %s", validity->dropped_count,
                                text_plural(validity->dropped_count), validity->dropped_count == 1 ? "does" : "do",
                                content_outside(summary->content, validity->dropped[0].reason)));
    for (size_t i = 0; i < analysis->diagnosis.count; i++) {
        enum finding_kind found = analysis->diagnosis.findings[i].kind;
        /* Times that are too long are so of a single mode, too. */
        if (headline_has_times(kind) ? is_caveat(found) : kind == HEADLINE_SINGLE && found == FINDING_WOKEN_LATE)
            add_caveat(summary, content_outside(summary->content, analysis->diagnosis.findings[i].sentence));
    }
}

/* The table */

static struct summary_row make_row(const struct summary *summary, const struct cell_stats *cell)
{
    const struct estimate *time = &cell->metrics[METRIC_TIME];
    return (struct summary_row){
        .mode = cell->cell->mode,
        .workers = cell->cell->workers,
        .ending = cell->has_times ? NULL : content_ending(cell),
        .time = time->value,
        .low = cell->rounds > 1 ? time->low : NAN,
        .high = cell->rounds > 1 ? time->high : NAN,
        .percentile = latency_percentile(&cell->totals.service, summary_table_percentile(summary->format)),
        .cpu = cell_stats_shown(cell, METRIC_CPU),
        .memory = cell_stats_shown(cell, METRIC_MEMORY),
        .is_unproven = cell->is_unproven,
        .failed = cell->failures_in_all,
        .is_first = cell->rank_low == 1,
        .is_recommended = cell == summary->analysis->recommended,
    };
}

/* The trials of a sweep are shown as a grid, together with the cells that were measured again, which come first. */
static void add_table(struct summary *summary)
{
    const struct run_stats *stats = summary->stats;
    size_t reference = stats->main_count;
    if (summary->analysis->rates.count > 0) {
        rate_table_add_curves(summary->content, summary->format, &summary->analysis->rates);
        return;
    }
    if (summary->run->arrivals.rate > 0) {
        rate_table_add(summary->content, summary->format, stats);
        return;
    }
    struct summary_row *rows = calloc(stats->cell_count, sizeof(*rows));
    summary->content->has_failed |= rows == NULL;
    for (size_t i = 0; rows != NULL && i < stats->cell_count; i++) {
        rows[i] = make_row(summary, &stats->cells[i]);
        if (&stats->cells[i] == stats->reference)
            reference = i;
    }
    if (rows != NULL && (stats->main_count < stats->cell_count || summary_table_is_grid(rows, stats->cell_count)))
        summary_table_add_grid(summary->content, summary->format, rows, stats->cell_count);
    else if (rows != NULL)
        summary_table_add(summary->content, summary->format, rows, stats->main_count,
                          stats->cells[0].metrics[METRIC_TIME].confidence > 0 ? "95 % interval" : "range", reference);
    free(rows);
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
    const char *text = content_text(summary->content, "%s%s", outcome_words(failure->outcome),
                                    content_cause(summary->content, summary->run, failure->code));
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
        const struct cell_totals *totals = &cell_stats_of(summary->stats, &summary->run->cells[i])->totals;
        for (size_t j = 0; j < totals->url_failure_count; j++)
            count_cause(summary, causes, &count, &totals->url_failures[j]);
    }
    if (count == 0)
        return;
    summary->section = content_add_section(summary->content, SECTION_CAUSES, "Why downloads failed");
    content_add_column(summary->content, summary->section, "host", "host", true);
    content_add_figures(summary->content, summary->section, "downloads", "downloads", 0);
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
    const struct run_stats *stats = summary->stats;
    const struct cell_stats *chosen =
        stats->main_count == 1 && stats->cells[0].has_times ? &stats->cells[0] : analysis->recommended;
    for (size_t i = 0; i < analysis->sweep_count && chosen != NULL; i++) {
        const struct sweep *sweep = &analysis->sweeps[i];
        if (sweep->count > 1 && strcmp(sweep->mode, chosen->cell->mode) == 0)
            why = sweep->sentence;
    }
    for (size_t i = 0; i < analysis->machine_sweep_count && chosen != NULL; i++) {
        const struct sweep *sweep = &analysis->machine_sweeps[i];
        if (sweep->count > 1 && cell_has_name(chosen->cell, sweep->mode))
            why = sweep->sentence;
    }
    if (analysis->rates.count > 0 && analysis->sentence_count > 0)
        why = analysis->sentences[0];
    enum headline_kind kind = analysis->headline.kind;
    if (why[0] != '\0' && (headline_has_times(kind) || kind == HEADLINE_SINGLE))
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
    return content_text(summary->content, "%" PRIu32 " round%s%s%s%s", most, text_plural(most),
                        fewer[0] != '\0' ? " (" : "", fewer, fewer[0] != '\0' ? ")" : "");
}

/* "100/s to 3200/s (even), up to 6,400 downloads of 160 URLs a trial in 3 rounds". */
static const char *describe_rates(struct summary *summary, const char *urls, const char *rounds)
{
    const struct run *run = summary->run;
    double lowest = INFINITY;
    for (size_t i = 0; i < run->cell_count; i++)
        lowest = fmin(lowest, run->cells[i].rate);
    return content_text(summary->content, "%s/s to %s/s (%s), up to %s downloads of %s a trial in %s",
                        NUMBER(6, lowest), NUMBER(6, run->arrivals.rate), arrival_process_names[run->arrivals.process],
                        count_text(summary, run->downloads), urls, rounds);
}

static void add_how(struct summary *summary)
{
    const struct run *run = summary->run;
    const char *server = run->origin[0] != '\0'
                             ? summary->analysis->headline.kind == HEADLINE_SINGLE || run->machine_count > 1
                                   ? "; embedded server"
                                   : "; embedded server on this machine"
                         : run->is_server_local && run->is_proxy_local ? "; server and proxy on this machine"
                         : run->is_server_local                        ? "; server on this machine"
                         : run->is_proxy_local                         ? "; proxy on this machine"
                                                                       : "";
    bool has_rates = summary->analysis->rates.count > 0;
    const char *rate = run->arrivals.rate == 0 || has_rates
                           ? ""
                           : content_text(summary->content, " at %s/s (%s)", NUMBER(6, run->arrivals.rate),
                                          arrival_process_names[run->arrivals.process]);
    /* A rate that was clearly missed ran once, and is told by itself. */
    const char *rounds = has_rates ? content_text(summary->content, "%" PRIu32 " round%s", run->rounds_done,
                                                  text_plural(run->rounds_done))
                                   : describe_rounds(summary);
    const char *urls = content_text(summary->content, "%" PRIu32 " URL%s%s", run->distinct_urls,
                                    text_plural(run->distinct_urls), content_on_machines(summary->content, run));
    /* The answer about a single mode begins with its downloads. */
    const char *what =
        has_rates ? describe_rates(summary, urls, rounds)
        : summary->analysis->headline.kind == HEADLINE_SINGLE && rate[0] == '\0'
            ? content_text(summary->content, "%s of %s", rounds, urls)
            : content_text(summary->content, "%s download%s%s of %s in %s", count_text(summary, run->downloads),
                           text_plural(run->downloads), rate, urls, rounds);
    content_add_sentence(summary->content, SENTENCE_HOW,
                         content_text(summary->content, "%s, seed %" PRIu64 "%s", what, run->seed, server));
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
    bool is_swept = summary.stats->main_count < summary.stats->cell_count;
    is_swept |= analysis->rates.count > 0;
    if (headline_has_times(headline->kind) || (headline->kind == HEADLINE_SINGLE && is_swept))
        add_table(&summary);
    add_why(&summary);
    add_how(&summary);
}
