#include "conc_bench/html.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "assets.h"
#include "conc_bench/number.h"
#include "conc_bench/service.h"
#include "markup.h"
#include "page_data.h"
#include "page_urls.h"

struct page {
    FILE *stream;
    const struct result *result;
    const struct verdict *verdict;
    const struct figures *figures;
    struct time_scale run;
    struct time_scale service;
    const struct format *format;
};

/* Text and tables */

static void write_text(const struct page *page, const char *text)
{
    markup_write(page->stream, text);
}

static void write_name(const struct page *page, const struct cell_result *cell)
{
    write_text(page, cell->mode);
    fprintf(page->stream, "/%" PRIu32, cell->workers);
}

/* A table that scrolls by itself where the window is narrow; by keyboard too. */
static void open_table(const struct page *page, const char *label)
{
    fputs("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"", page->stream);
    write_text(page, label);
    fputs("\"><table><thead><tr>", page->stream);
}

static void write_head(const struct page *page, const char *text, const char *unit)
{
    fputs("<th scope=\"col\">", page->stream);
    write_text(page, text);
    if (unit[0] != '\0')
        fprintf(page->stream, " [%s]", unit);
    fputs("</th>", page->stream);
}

/* Of a column of words, which begin at its left: "word", or "text" of many that may be wrapped. */
static void write_word_head(const struct page *page, const char *text, const char *class)
{
    fprintf(page->stream, "<th scope=\"col\" class=\"%s\">%s</th>", class, text);
}

static void open_body(const struct page *page)
{
    fputs("</tr></thead>\n<tbody>\n", page->stream);
}

static void open_row(const struct page *page, const struct cell_result *cell)
{
    fputs("<tr data-mode=\"", page->stream);
    write_text(page, cell->mode);
    fputs("\"><th scope=\"row\">", page->stream);
    write_name(page, cell);
    fputs("</th>", page->stream);
}

static void write_digits(const struct page *page, double value, const char *suffix)
{
    char digits[FORMAT_DIGITS_BYTES];
    fprintf(page->stream, "<td>%s%s</td>", format_digits(digits, value), isfinite(value) ? suffix : "");
}

static void write_count(const struct page *page, double value)
{
    if (isfinite(value))
        fprintf(page->stream, "<td>%.0f</td>", value);
    else
        fputs("<td>-</td>", page->stream);
}

static void write_interval(const struct page *page, const struct estimate *estimate, size_t rounds, double factor)
{
    int decimals = format_decimals(estimate->value * factor);
    if (!isfinite(estimate->value) || rounds < 2)
        fputs("<td>-</td>", page->stream);
    else
        fprintf(page->stream, "<td>%.*f to %.*f</td>", decimals, estimate->low * factor, decimals,
                estimate->high * factor);
}

static void write_rank(const struct page *page, const struct cell_figures *cell)
{
    const char *class = cell->rank_low == 1 ? " class=\"good\"" : "";
    if (cell->rank_low == 0)
        fputs("<td>-</td>", page->stream);
    else if (cell->rank_low == cell->rank_high)
        fprintf(page->stream, "<td%s>%" PRIu32 "</td>", class, cell->rank_low);
    else
        fprintf(page->stream, "<td%s>%" PRIu32 "-%" PRIu32 "</td>", class, cell->rank_low, cell->rank_high);
}

static void close_row(const struct page *page)
{
    fputs("</tr>\n", page->stream);
}

static void close_table(const struct page *page)
{
    fputs("</tbody></table></div>\n", page->stream);
}

/* A chart, which is told in words to whom it cannot be shown; its numbers stand in a table beside it. */
static void write_chart(const struct page *page, const char *id, const char *label)
{
    fprintf(page->stream, "<div class=\"chart\"><canvas id=\"%s\" role=\"img\" aria-label=\"", id);
    write_text(page, label);
    fputs("\"></canvas></div>\n", page->stream);
}

static void open_numbers(const struct page *page)
{
    fputs("<details><summary>The same in numbers</summary>\n", page->stream);
}

static void close_numbers(const struct page *page)
{
    fputs("</details>\n", page->stream);
}

/* Head */

static void write_asset(const struct page *page, const struct asset *asset)
{
    fwrite(asset->start, 1, (size_t)(asset->end - asset->start), page->stream);
}

static void write_preamble(const struct page *page)
{
    fprintf(page->stream,
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'sha256-%s' "
            "'sha256-%s'; style-src 'sha256-%s'; img-src data:; base-uri 'none'; form-action 'none'\">\n"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
            "<meta name=\"referrer\" content=\"no-referrer\">\n"
            "<link rel=\"icon\" href=\"data:,\">\n<title>conc-bench: ",
            asset_chart.digest, asset_script.digest, asset_style.digest);
    for (size_t i = 0; i < page->result->source_count; i++) {
        fputs(i > 0 ? ", " : "", page->stream);
        write_text(page, page->result->sources[i]);
    }
    fputs("</title>\n<style>", page->stream);
    write_asset(page, &asset_style);
    fputs("</style>\n</head>\n<body>\n", page->stream);
}

static void write_subject(const struct page *page)
{
    const struct result *result = page->result;
    char count[32];
    fprintf(page->stream, "<header>\n<h1>Which concurrency model downloads this list best?</h1>\n<p class=\"lead\">%s ",
            number_format_count(count, sizeof(count), result->downloads));
    fprintf(page->stream, "download%s of %" PRIu32 " URL%s on %" PRIu32 " host%s from ",
            result->downloads == 1 ? "" : "s", result->distinct_urls, result->distinct_urls == 1 ? "" : "s",
            result->hosts, result->hosts == 1 ? "" : "s");
    for (size_t i = 0; i < result->source_count; i++) {
        fputs(i > 0 ? ", " : "", page->stream);
        write_text(page, result->sources[i]);
    }
    if (result->origin[0] != '\0') {
        fputs(", served by the embedded origin (", page->stream);
        write_text(page, result->origin);
        fputc(')', page->stream);
    }
    fputs("</p>\n", page->stream);
}

static void write_sentence(const struct page *page, const char *class, const char *text)
{
    fprintf(page->stream, "<li%s>", class);
    write_text(page, text);
    fputs(".</li>\n", page->stream);
}

static void write_summary(const struct page *page)
{
    const struct validity *validity = &page->figures->validity;
    fputs("<ul class=\"lead\">\n", page->stream);
    if (!validity->is_valid) {
        fputs("<li class=\"bad\">INVALID, so nothing is ranked: ", page->stream);
        write_text(page, validity->reason);
        fputs(".</li>\n", page->stream);
    }
    if (page->result->is_partial)
        write_sentence(page, " class=\"bad\"", "Interrupted: this is a partial result");
    for (size_t i = 0; i < page->verdict->sentence_count; i++)
        write_sentence(page, "", page->verdict->sentences[i]);
    if (page->verdict->gains.count > 0)
        write_sentence(page, "", page->verdict->gains.sentence);
    fputs(
        "</ul>\n</header>\n<noscript><p class=\"doubt\">Charts need JavaScript; every number is in the tables all the "
        "same.</p></noscript>\n<nav id=\"modes\" aria-label=\"Modes shown\" hidden></nav>\n<main>\n",
        page->stream);
}

/* Ranking */

static void write_ranking(const struct page *page)
{
    const struct figures *figures = page->figures;
    bool has_interval = figures->main_count > 0 && figures->cells[0].measures[METRIC_TIME].confidence > 0;
    const char *interval = has_interval ? "95 % interval" : "range of rounds";
    char against[48];
    snprintf(against, sizeof(against), "vs %s", figures_reference_name(figures));
    fputs("<section aria-labelledby=\"ranking-title\">\n<h2 id=\"ranking-title\">Ranking</h2>\n", page->stream);
    open_table(page, "Ranking");
    write_head(page, "mode/workers", "");
    write_head(page, "rank", "");
    write_head(page, "time", page->run.name);
    write_head(page, interval, "");
    write_head(page, "rounds", "");
    write_head(page, against, "");
    write_head(page, interval, "");
    write_head(page, "downloads/s", "");
    write_head(page, "MB/s", "");
    write_head(page, "failed", "");
    open_body(page);
    for (size_t i = 0; i < figures->main_count; i++) {
        const struct cell_figures *cell = &figures->cells[i];
        open_row(page, cell->cell);
        write_rank(page, cell);
        write_digits(page, cell->measures[METRIC_TIME].value * page->run.factor, "");
        write_interval(page, &cell->measures[METRIC_TIME], cell->rounds, page->run.factor);
        fprintf(page->stream, "<td>%zu</td>", cell->rounds);
        write_digits(page, cell->speedup.value, "x");
        write_interval(page, &cell->speedup, cell == figures->reference ? 0 : cell->rounds, 1);
        write_digits(page, cell->measures[METRIC_THROUGHPUT].value, "");
        write_digits(page, cell->measures[METRIC_BANDWIDTH].value / 1e6, "");
        fprintf(page->stream, "<td%s>%" PRIu64 "</td>", cell->failures > 0 ? " class=\"bad\"" : "", cell->failures);
        close_row(page);
    }
    close_table(page);
    fputs("<p class=\"faint\">Cells whose ranks overlap cannot be told apart with 95 % confidence.</p>\n</section>\n",
          page->stream);
}

/* Time by round */

static void write_times(const struct page *page)
{
    size_t most = 0;
    fputs("<section aria-labelledby=\"times-title\">\n<h2 id=\"times-title\">Time, round by round</h2>\n<p>Every dot "
          "is a "
          "round; the bar across is their median, the broad line its interval. Startup counts.</p>\n",
          page->stream);
    write_chart(page, "times", "Time of the whole list in every round, with median and interval, for each mode.");
    open_numbers(page);
    open_table(page, "Time of every round");
    write_head(page, "mode/workers", "");
    for (size_t i = 0; i < page->figures->main_count; i++)
        most = page->figures->cells[i].rounds > most ? page->figures->cells[i].rounds : most;
    for (size_t round = 0; round < most; round++) {
        char head[32];
        snprintf(head, sizeof(head), "%zu.", round + 1);
        write_head(page, head, page->run.name);
    }
    open_body(page);
    for (size_t i = 0; i < page->figures->main_count; i++) {
        const struct cell_figures *cell = &page->figures->cells[i];
        open_row(page, cell->cell);
        for (size_t row = 0; row < most; row++)
            write_digits(page, row < cell->rounds ? figures_value(cell, row, METRIC_TIME) * page->run.factor : NAN, "");
        close_row(page);
    }
    close_table(page);
    close_numbers(page);
    fputs("</section>\n", page->stream);
}

/* Service times */

static void write_latencies(const struct page *page)
{
    static const double percents[] = {1, 5, 10, 25, 50, 75, 90, 95, 99, 99.9, 100};
    enum { PERCENTS = sizeof(percents) / sizeof(percents[0]) };
    fputs("<section aria-labelledby=\"latencies-title\">\n<h2 id=\"latencies-title\">How long single downloads "
          "take</h2>\n"
          "<p>The share of downloads that took no longer than so many milliseconds, from the moment a worker took the "
          "URL; all rounds together.</p>\n",
          page->stream);
    write_chart(page, "latencies", "Cumulative distribution of service times, a line for each mode.");
    open_numbers(page);
    open_table(page, "Percentiles of service times");
    write_head(page, "mode/workers", "");
    for (size_t i = 0; i < PERCENTS; i++) {
        char name[16];
        write_head(page, format_percentile(name, sizeof(name), percents[i]), page->service.name);
    }
    open_body(page);
    for (size_t i = 0; i < page->figures->main_count; i++) {
        const struct cell_figures *cell = &page->figures->cells[i];
        open_row(page, cell->cell);
        for (size_t j = 0; j < PERCENTS; j++)
            write_digits(page, service_percentile(&cell->service, percents[j]) * page->service.factor, "");
        close_row(page);
    }
    close_table(page);
    close_numbers(page);
    fputs("</section>\n", page->stream);
}

/* Phases */

static void write_phases(const struct page *page)
{
    const struct figures *figures = page->figures;
    fputs("<section aria-labelledby=\"phases-title\">\n<h2 id=\"phases-title\">Where the time of a download "
          "goes</h2>\n<p>Means over all downloads of a round; what did not happen, as on a kept connection, took no "
          "time.</p>\n",
          page->stream);
    open_table(page, "Phases of a download");
    write_head(page, "mode/workers", "");
    for (int phase = 0; phase < PHASE_COUNT; phase++) {
        if (figures_have_phase(figures, (enum phase)phase))
            write_head(page, phase_name((enum phase)phase), page->service.name);
    }
    if (figures_have_phase(figures, PHASE_TLS))
        write_head(page, "a handshake", page->service.name);
    open_body(page);
    for (size_t i = 0; i < figures->main_count; i++) {
        const struct estimate *measures = figures->cells[i].measures;
        open_row(page, figures->cells[i].cell);
        for (int phase = 0; phase < PHASE_COUNT; phase++) {
            if (figures_have_phase(figures, (enum phase)phase))
                write_digits(page, measures[METRIC_PHASES + phase].value * page->service.factor, "");
        }
        if (figures_have_phase(figures, PHASE_TLS))
            write_digits(page, measures[METRIC_HANDSHAKE].value * page->service.factor, "");
        close_row(page);
    }
    close_table(page);
    fputs("</section>\n", page->stream);
}

/* Streams */

static void write_streams(const struct page *page)
{
    const struct figures *figures = page->figures;
    if (!figures_have_http2(figures))
        return;
    fputs("<section aria-labelledby=\"streams-title\">\n<h2 id=\"streams-title\">How connections were used</h2>\n"
          "<p>Over HTTP/2 a connection can have several downloads at once. Connections opened beforehand count "
          "too.</p>\n",
          page->stream);
    open_table(page, "Use of connections");
    write_head(page, "mode/workers", "");
    write_head(page, "downloads over HTTP/2", "");
    write_head(page, "connections", "");
    write_head(page, "downloads on each", "");
    write_head(page, "most at once on one", "");
    open_body(page);
    for (size_t i = 0; i < figures->main_count; i++) {
        const struct estimate *measures = figures->cells[i].measures;
        open_row(page, figures->cells[i].cell);
        write_count(page, measures[METRIC_HTTP2].value);
        write_count(page, measures[METRIC_HTTP2_CONNECTIONS].value);
        write_digits(page, measures[METRIC_HTTP2_SHARE].value, "");
        write_count(page, measures[METRIC_STREAMS].value);
        close_row(page);
    }
    close_table(page);
    fputs("</section>\n", page->stream);
}

/* Gains */

static void write_gains(const struct page *page)
{
    const struct gains *gains = &page->verdict->gains;
    char against[80];
    if (gains->count == 0)
        return;
    const char *interval = gains->items[0].total.confidence > 0 ? "95 % interval" : "range of rounds";
    snprintf(against, sizeof(against), "vs %s/%" PRIu32, gains->base->cell->mode, gains->base->cell->workers);
    fputs("<section aria-labelledby=\"gains-title\">\n<h2 id=\"gains-title\">The gain, taken apart</h2>\n<p>Times as "
          "fast, by concurrency and by keeping connections, each had with and without the other; both make the whole. "
          "Together: above 1 each is worth more where the other is, below 1 less.</p>\n",
          page->stream);
    open_table(page, "Gains");
    write_head(page, "mode/workers", "");
    write_head(page, against, "");
    write_head(page, interval, "");
    write_head(page, "concurrency", "");
    write_head(page, interval, "");
    write_head(page, "connections", "");
    write_head(page, interval, "");
    write_head(page, "together", "");
    write_head(page, interval, "");
    open_body(page);
    for (size_t i = 0; i < gains->count; i++) {
        const struct gain *gain = &gains->items[i];
        const struct estimate *const factors[] = {&gain->total, &gain->concurrency, &gain->connections,
                                                  &gain->interaction};
        open_row(page, gain->cell->cell);
        for (size_t j = 0; j < sizeof(factors) / sizeof(factors[0]); j++) {
            write_digits(page, factors[j]->value, "x");
            write_interval(page, factors[j], gain->cell->rounds, 1);
        }
        close_row(page);
    }
    close_table(page);
    fputs("</section>\n", page->stream);
}

/* Workers */

static void write_sweep(const struct page *page, const struct sweep *sweep)
{
    for (size_t i = 0; i < sweep->count; i++) {
        const struct cell_figures *cell = sweep->points[i].cell;
        open_row(page, cell->cell);
        write_digits(page, cell->measures[METRIC_TIME].value * page->run.factor, "");
        write_interval(page, &cell->measures[METRIC_TIME], cell->rounds, page->run.factor);
        write_digits(page, cell->measures[METRIC_THROUGHPUT].value, "");
        write_digits(page, 100 * sweep->points[i].efficiency, " %");
        fputs(cell->cell->workers == sweep->knee ? "<td class=\"good\">enough</td>" : "<td></td>", page->stream);
        close_row(page);
    }
}

static bool has_sweep(const struct verdict *verdict)
{
    for (size_t i = 0; i < verdict->sweep_count; i++) {
        if (verdict->sweeps[i].count > 1)
            return true;
    }
    return false;
}

static void write_sweeps(const struct page *page)
{
    if (!has_sweep(page->verdict))
        return;
    fputs("<section aria-labelledby=\"sweeps-title\">\n<h2 id=\"sweeps-title\">Throughput against "
          "workers</h2>\n<p>Dashed: "
          "the Universal Scalability Law as fitted to the points. A diamond marks how many workers are enough, the "
          "least number within 5 % of the best.</p>\n<ul>\n",
          page->stream);
    for (size_t i = 0; i < page->verdict->sweep_count; i++) {
        if (page->verdict->sweeps[i].count > 1)
            write_sentence(page, "", page->verdict->sweeps[i].sentence);
    }
    fputs("</ul>\n", page->stream);
    write_chart(page, "sweeps",
                "Downloads per second against the number of workers, with the fitted curve and the knee.");
    open_numbers(page);
    open_table(page, "Sweep");
    write_head(page, "mode/workers", "");
    write_head(page, "time", page->run.name);
    write_head(page, "interval", "");
    write_head(page, "downloads/s", "");
    write_head(page, "of ideal", "");
    write_head(page, "", "");
    open_body(page);
    for (size_t i = 0; i < page->verdict->sweep_count; i++)
        write_sweep(page, &page->verdict->sweeps[i]);
    close_table(page);
    close_numbers(page);
    fputs("</section>\n", page->stream);
}

/* Timelines */

static void write_timeline(const struct page *page, const struct cell_figures *cell, const struct trial *trial,
                           size_t number)
{
    char id[48], label[160], run[32], first[32], wait[32];
    number_format_duration(run, sizeof(run), trial->run);
    number_format_duration(first, sizeof(first), trial->digest.p50);
    number_format_duration(wait, sizeof(wait), trial->digest.longest);
    snprintf(id, sizeof(id), "timeline-%zu", number);
    fprintf(page->stream, "<section id=\"%s-section\">\n<h3>", id);
    write_name(page, cell->cell);
    fprintf(page->stream,
            "</h3>\n<p class=\"faint\">Round %" PRIu32 ", the nearest to the median: %" PRIu32
            " downloads in %s, at most %" PRIu32 " at once; one took %s (median), the longest %s.",
            trial->round + 1, trial->digest.settled, run, trial->digest.peak_in_flight, first, wait);
    if (cell->cell->workers > TIMELINE_WORKERS_MAX || trial->digest.settled > TIMELINE_DOWNLOADS_MAX)
        fprintf(page->stream, " Shown are the first %d downloads of up to %d workers.", TIMELINE_DOWNLOADS_MAX,
                TIMELINE_WORKERS_MAX);
    fputs("</p>\n", page->stream);
    snprintf(label, sizeof(label),
             "Timeline of %.30s with %" PRIu32 " workers: one lane a worker, one bar a download, %" PRIu32
             " downloads in %s.",
             cell->cell->mode, cell->cell->workers, trial->digest.settled, run);
    write_chart(page, id, label);
    fputs("</section>\n", page->stream);
}

static void write_timelines(const struct page *page)
{
    size_t count = 0;
    fputs("<section aria-labelledby=\"timelines-title\">\n<h2 id=\"timelines-title\">Timeline</h2>\n", page->stream);
    for (size_t i = 0; i < page->figures->main_count; i++) {
        const struct cell_figures *cell = &page->figures->cells[i];
        const struct trial *trial = page_timeline_trial(cell);
        if (trial == NULL)
            continue;
        if (count == 0)
            fputs("<p>One lane a worker, one bar a download: connecting, waiting for the first byte, receiving.</p>\n"
                  "<p><label><input type=\"checkbox\" id=\"shared-axis\" checked> the same time axis for "
                  "all</label></p>\n",
                  page->stream);
        write_timeline(page, cell, trial, count++);
    }
    if (count == 0)
        fputs("<p class=\"faint\">No downloads were kept to draw it from (--samples all keeps them).</p>\n",
              page->stream);
    fputs("</section>\n", page->stream);
}

/* Costs */

/* A table that consists of metrics. */
static void write_metrics(const struct page *page, const char *label, enum metric_table table)
{
    open_table(page, label);
    write_head(page, "mode/workers", "");
    for (enum metric metric = 0; metric < METRIC_COUNT; metric++) {
        const struct metric_column *column = &metric_row(metric)->column;
        if (column->table == table)
            write_head(page, column->title, column->unit);
    }
    open_body(page);
    for (size_t i = 0; i < page->figures->main_count; i++) {
        const struct cell_figures *cell = &page->figures->cells[i];
        open_row(page, cell->cell);
        for (enum metric metric = 0; metric < METRIC_COUNT; metric++) {
            if (metric_row(metric)->column.table != table)
                continue;
            double value = figures_shown(cell, metric);
            if ((metric_row(metric)->traits & METRIC_WHOLE) != 0 && metric_row(metric)->unit == UNIT_COUNT)
                write_count(page, value);
            else
                write_digits(page, value, "");
        }
        close_row(page);
    }
    close_table(page);
}

static void write_costs(const struct page *page)
{
    fputs("<section aria-labelledby=\"costs-title\">\n<h2 id=\"costs-title\">What it costs</h2>\n", page->stream);
    write_metrics(page, "Costs", METRIC_TABLE_COSTS);
    fputs("</section>\n", page->stream);
}

/* Failures */

static void write_failures(const struct page *page)
{
    enum { URLS_SHOWN = 20 };
    if (page->figures->validity.failures == 0)
        return;
    fputs("<section aria-labelledby=\"failures-title\">\n<h2 id=\"failures-title\">Failures</h2>\n<h3>By "
          "cause, per round (median)</h3>\n",
          page->stream);
    open_table(page, "Failures by cause");
    write_head(page, "mode/workers", "");
    write_word_head(page, "cause", "word");
    write_head(page, "downloads", "");
    open_body(page);
    for (size_t i = 0; i < page->figures->cell_count; i++) {
        const struct cell_figures *cell = &page->figures->cells[i];
        for (int outcome = OUTCOME_OK + 1; outcome < OUTCOME_COUNT; outcome++) {
            if (cell->failure_classes[outcome] == 0)
                continue;
            open_row(page, cell->cell);
            fprintf(page->stream, "<td class=\"word\">%s</td><td class=\"bad\">%" PRIu64 "</td>",
                    outcome_name((enum outcome)outcome), cell->failure_classes[outcome]);
            close_row(page);
        }
    }
    close_table(page);
    fputs("<h3>By URL, over all rounds, the most first</h3>\n", page->stream);
    open_table(page, "Failures by URL");
    write_head(page, "mode/workers", "");
    write_word_head(page, "cause", "word");
    write_head(page, "downloads, all rounds", "");
    write_word_head(page, "URL", "text");
    open_body(page);
    for (size_t i = 0; i < page->figures->main_count; i++) {
        const struct cell_result *cell = page->figures->cells[i].cell;
        for (size_t j = 0; j < cell->url_failure_count && j < URLS_SHOWN; j++) {
            const struct url_failure *failure = &cell->url_failures[j];
            open_row(page, cell);
            fprintf(page->stream, "<td class=\"word\">%s%s</td><td class=\"bad\">%" PRIu64 "</td><td class=\"text\">",
                    outcome_name(failure->outcome), format_failure(failure->code), failure->count);
            write_text(page, page->result->urls[failure->url]);
            fputs("</td>", page->stream);
            close_row(page);
        }
    }
    close_table(page);
    fputs("</section>\n", page->stream);
}

static void write_mismatches(const struct page *page)
{
    enum { SHOWN = 20 };
    const struct validity *validity = &page->figures->validity;
    if (validity->mismatches == 0)
        return;
    fprintf(page->stream,
            "<section aria-labelledby=\"mismatches-title\">\n<h2 id=\"mismatches-title\">Other answers than "
            "before</h2>\n<p>Complete answers of another size, status or HTTP version than their URLs gave before: "
            "%" PRIu64 ". Their rounds do not count.</p>\n",
            validity->mismatches);
    open_table(page, "Mismatches by URL");
    write_head(page, "mode/workers", "");
    write_word_head(page, "cause", "word");
    write_head(page, "downloads, all rounds", "");
    write_word_head(page, "URL", "text");
    open_body(page);
    for (size_t i = 0; i < validity->mismatched_url_count && i < SHOWN; i++) {
        const struct mismatch *mismatch = &validity->mismatched_urls[i];
        open_row(page, &page->result->cells[mismatch->cell]);
        fprintf(page->stream, "<td class=\"word\">mismatch</td><td class=\"bad\">%" PRIu64 "</td><td class=\"text\">",
                mismatch->count);
        write_text(page, page->result->urls[mismatch->url]);
        fputs("</td>", page->stream);
        close_row(page);
    }
    close_table(page);
    fputs("</section>\n", page->stream);
}

/* Verdicts */

static void write_judgements(const struct page *page)
{
    static const char *const classes[] = {
        [RULING_PASS] = "good",
        [RULING_FAIL] = "bad",
        [RULING_INCONCLUSIVE] = "doubt",
        [RULING_UNMEASURABLE] = "doubt",
    };
    if (page->verdict->judgement_count == 0)
        return;
    fputs("<section aria-labelledby=\"claims-title\">\n<h2 id=\"claims-title\">Claims</h2>\n", page->stream);
    open_table(page, "Claims");
    write_head(page, "claim", "");
    write_word_head(page, "verdict", "word");
    write_word_head(page, "by what", "text");
    open_body(page);
    for (size_t i = 0; i < page->verdict->judgement_count; i++) {
        const struct judgement *judgement = &page->verdict->judgements[i];
        fputs("<tr><th scope=\"row\">", page->stream);
        write_text(page, judgement->claim);
        fprintf(page->stream, "</th><td class=\"word %s\">%s</td><td class=\"text\">", classes[judgement->ruling],
                judgement_name(judgement->ruling));
        write_text(page, judgement->sentence);
        fputs("</td></tr>\n", page->stream);
    }
    close_table(page);
    fputs("</section>\n", page->stream);
}

static void write_findings(const struct page *page)
{
    const struct validity *validity = &page->figures->validity;
    fputs("<section aria-labelledby=\"why-title\">\n<h2 id=\"why-title\">Why, and what to distrust</h2>\n<ul>\n",
          page->stream);
    for (size_t i = 0; i < page->verdict->urls.count; i++)
        write_sentence(page, "", page->verdict->urls.texts[i]);
    for (size_t i = 0; i < page->verdict->diagnosis.count; i++) {
        const struct finding *finding = &page->verdict->diagnosis.findings[i];
        write_sentence(page, finding->kind >= FINDING_CLIENT_SATURATED ? " class=\"doubt\"" : "", finding->sentence);
    }
    for (size_t i = 0; i < validity->dropped_count && validity->is_valid; i++) {
        fprintf(page->stream,
                "<li class=\"doubt\">Round %" PRIu32 " does not count, for any mode: ", validity->dropped[i].round + 1);
        write_text(page, validity->dropped[i].reason);
        fputs(".</li>\n", page->stream);
    }
    for (size_t i = 0; i < page->result->warning_count; i++)
        write_sentence(page, " class=\"doubt\"", page->result->warnings[i]);
    const char *neighbours = format_neighbours(page->result->is_server_local, page->result->is_proxy_local);
    if (neighbours != NULL)
        write_sentence(page, "", neighbours);
    fputs("</ul>\n</section>\n", page->stream);
}

static void write_method(const struct page *page)
{
    const struct result *result = page->result;
    fputs("<section aria-labelledby=\"method-title\">\n<h2 id=\"method-title\">How it was measured</h2>\n<ul>\n<li>",
          page->stream);
    fprintf(page->stream,
            "%" PRIu32 " rounds after %" PRIu32 " to warm up, each with every mode once in an order of its "
            "own; seed %" PRIu64 ".",
            result->rounds_done, result->warmup_rounds, result->seed);
    if (result->stop_reason[0] != '\0') {
        fputs(" No more rounds: ", page->stream);
        write_text(page, result->stop_reason);
        fputc('.', page->stream);
    }
    fputs("</li>\n<li>", page->stream);
    write_text(page, format_http(result->http_version));
    fputs("; connections: ", page->stream);
    write_text(page, result->connections);
    fprintf(page->stream, "; %s; up to %" PRIu32 " redirects; TLS: %s.</li>\n",
            format_names(result->origin[0] != '\0' ? "none" : result->dns), result->max_redirects,
            result->is_unverified ? "not verified (--insecure)" : "verified");
    for (size_t i = 0; i < result->asked_count; i++) {
        fputs(i > 0 ? " " : "<li>Asked with ", page->stream);
        write_text(page, result->asked[i]);
    }
    fprintf(page->stream, "%s<li>conc-bench ", result->asked_count > 0 ? ".</li>\n" : "");
    write_text(page, result->tool_version);
    fputs(", ", page->stream);
    write_text(page, result->libcurl_version);
    fprintf(page->stream, "; %" PRIu32 " core%s", result->cores, result->cores == 1 ? "" : "s");
    if (result->machine_cpu[0] != '\0') {
        fputs(" of ", page->stream);
        write_text(page, result->machine_cpu);
    }
    fputs(", ", page->stream);
    write_text(page, result->machine_system);
    fputs(".</li>\n", page->stream);
    if (result->started_at[0] != '\0') {
        fputs("<li>Started at ", page->stream);
        write_text(page, result->started_at);
        fputs(".</li>\n", page->stream);
    }
    fputs("</ul>\n</section>\n</main>\n<footer class=\"faint\"><p>Charts by Chart.js, MIT licence.</p></footer>\n",
          page->stream);
}

static int write_scripts(const struct page *page, struct error *error)
{
    fputs("<script type=\"application/json\" id=\"data\">", page->stream);
    if (page_data_write(page->stream, page->result, page->verdict, error) != 0)
        return -1;
    fputs("</script>\n<!--\n", page->stream);
    write_asset(page, &asset_chart_licence);
    fputs("-->\n<script>", page->stream);
    write_asset(page, &asset_chart);
    fputs("</script>\n<script>", page->stream);
    write_asset(page, &asset_script);
    fputs("</script>\n</body>\n</html>\n", page->stream);
    return 0;
}

int html_write(FILE *stream, const struct result *result, const struct verdict *verdict, const struct format *format,
               struct error *error)
{
    const struct page page = {
        .stream = stream,
        .result = result,
        .verdict = verdict,
        .figures = &verdict->figures,
        .run = format_run_scale(format),
        .service = format_service_scale(format),
        .format = format,
    };
    write_preamble(&page);
    write_subject(&page);
    write_summary(&page);
    if (verdict->figures.main_count > 0) {
        write_ranking(&page);
        write_judgements(&page);
        write_times(&page);
        write_latencies(&page);
        write_phases(&page);
        write_streams(&page);
        write_gains(&page);
    }
    write_sweeps(&page);
    write_timelines(&page);
    if (verdict->figures.main_count > 0)
        write_costs(&page);
    write_failures(&page);
    write_mismatches(&page);
    page_urls_write(stream, result, format);
    write_findings(&page);
    write_method(&page);
    return write_scripts(&page, error);
}
