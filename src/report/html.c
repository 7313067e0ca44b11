#include "html.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "assets.h"
#include "conc_bench/base/number.h"
#include "content.h"
#include "markup.h"
#include "page_data.h"

/* With more columns than that, their heads break wherever they can. */
enum { COLUMNS_FEW = 9 };

struct page {
    FILE *stream;
    const struct run *run;
    const struct analysis *analysis;
    const struct run_stats *stats;
    struct content content;
};

/* The parts of the page for each kind of section, besides the content. Charts are drawn by page.js, and their numbers
 * stand in a table that can be unfolded. */
static const struct {
    const char *id;
    const char *intro;
    const char *chart; /* in words, for whom it cannot be shown to; NULL: there is none */
} sections[SECTION_COUNT] = {
    [SECTION_SUMMARY] = {"summary", "", NULL},
    [SECTION_GRID] = {"grid", "", NULL},
    [SECTION_CAUSES] = {"causes", "", NULL},
    [SECTION_RANKING] = {"ranking", "", NULL},
    [SECTION_DOWNLOADS] = {"downloads", "", NULL},
    [SECTION_ASSERTIONS] = {"assertions", "", NULL},
    [SECTION_TIMES] = {"times",
                       "Every dot is a round; the bar across is their median, the broad line its interval, or with "
                       "few rounds their range. Startup counts. What takes more than four times as long as the "
                       "fastest is left out here.",
                       "Time of the whole list in every round, with median and interval, for each mode."},
    [SECTION_LATENCIES] = {"latencies",
                           "The share of downloads that took no longer than so many milliseconds, from the moment a "
                           "worker took the URL; all rounds together, from the median on.",
                           "Cumulative distribution of service times, a line for each mode."},
    [SECTION_RATES] =
        {"rates",
         "Both scales are logarithmic. Response times, from when a download was due, by how many fall due "
         "a second: the figure of the objective, or the highest percentile that there are downloads enough "
         "for. A line ends where its mode does not keep up. Dashed: the objective.",
         "Response times against the rate, a line for each mode, and the objective."},
    [SECTION_MACHINES] = {"machines", "", NULL},
    [SECTION_RATE] = {"rate", "", NULL},
    [SECTION_HTTP2] = {"streams", "Over HTTP/2 a connection can have several downloads at once.", NULL},
    [SECTION_PHASES] = {"phases", "", NULL},
    [SECTION_COSTS] = {"costs", "", NULL},
    [SECTION_GAINS] = {"gains", "", NULL},
    [SECTION_SWEEP] =
        {"sweeps",
         "Both scales are logarithmic. The thin line is the ideal: with so many workers or machines, so many times "
         "the downloads. Dashed, where there are points enough: the Universal Scalability Law as fitted "
         "to them. A diamond, and an asterisk in "
         "the table, mark how many are enough: the least number within 5 % of the best.",
         "Downloads per second against the number of workers or machines, with the fitted curve and the knee."},
    [SECTION_FAILURES] = {"failures", "", NULL},
    [SECTION_MISMATCHES] =
        {"mismatches",
         "Complete answers of another size, content, status or HTTP version than their URLs gave before. "
         "Their rounds do not count.",
         NULL},
};

static void write_text(const struct page *page, const char *text)
{
    markup_write(page->stream, text);
}

/* The class of a cell in a table, as page.css has it. */
static const char *paint_class(enum paint paint)
{
    static const char *const classes[] = {
        [PAINT_NONE] = "", [PAINT_HEAD] = "", [PAINT_GOOD] = "good", [PAINT_DOUBT] = "doubt", [PAINT_BAD] = "bad"};
    return classes[paint];
}

/* The head of a column, which may break between words, but not before a per cent sign, and before a unit only where
 * there are many columns. */
static void write_title(const struct page *page, const char *title, bool are_many)
{
    while (*title != '\0') {
        size_t length = strcspn(title, " ");
        char word[128];
        snprintf(word, sizeof(word), "%.*s", (int)length, title);
        write_text(page, word);
        title += length;
        if (*title == '\0')
            break;
        title++;
        fputs((*title == '[' && !are_many) || *title == '%' ? "&nbsp;" : " ", page->stream);
    }
}

static void write_cell(const struct page *page, const struct content_table *table, size_t row, size_t column)
{
    const struct content_cell *cell = &table->cells[row * table->column_count + column];
    const char *colour = paint_class(cell->paint);
    const char *words = table->columns[column].drop > 0    ? "low"
                        : !table->columns[column].is_words ? ""
                        : column + 1 < table->column_count ? "word"
                                                           : "text";
    if (column == 0) {
        fputs("<th scope=\"row\">", page->stream);
        write_text(page, cell->text);
        fputs("</th>", page->stream);
        return;
    }
    fputs("<td", page->stream);
    if (words[0] != '\0' || colour[0] != '\0')
        fprintf(page->stream, " class=\"%s%s%s\"", words, words[0] != '\0' && colour[0] != '\0' ? " " : "", colour);
    fputc('>', page->stream);
    write_text(page, cell->text);
    fputs("</td>", page->stream);
}

/* Marks what the buttons of modes hide. */
static void write_mode(const struct page *page, const char *mode)
{
    if (mode == NULL)
        return;
    fputs(" data-mode=\"", page->stream);
    write_text(page, mode);
    fputc('"', page->stream);
}

/* Scrolls by itself where the window is narrow; by keyboard too. */
static void write_table(const struct page *page, const struct section *section)
{
    const struct content_table *table = &section->table;
    fputs("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"", page->stream);
    write_text(page, section->title);
    fprintf(page->stream, "\"><table%s><thead><tr>",
            section->kind == SECTION_SUMMARY    ? " class=\"summary\""
            : table->column_count > COLUMNS_FEW ? " class=\"many\""
                                                : "");
    for (size_t i = 0; i < table->column_count; i++) {
        const struct content_column *column = &table->columns[i];
        fprintf(page->stream, "<th scope=\"col\"%s>",
                column->drop > 0              ? " class=\"low\""
                : !column->is_words || i == 0 ? ""
                : i + 1 < table->column_count ? " class=\"word\""
                                              : " class=\"text\"");
        write_title(page, column->title, table->column_count > COLUMNS_FEW);
        fputs("</th>", page->stream);
    }
    fputs("</tr></thead>\n<tbody>\n", page->stream);
    for (size_t i = 0; i < table->row_count; i++) {
        fputs("<tr", page->stream);
        write_mode(page, table->rows[i].mode);
        fputc('>', page->stream);
        for (size_t j = 0; j < table->column_count; j++)
            write_cell(page, table, i, j);
        fputs("</tr>\n", page->stream);
    }
    fputs("</tbody></table></div>\n", page->stream);
    if (section->note[0] != '\0') {
        fputs("<p class=\"faint\">", page->stream);
        write_text(page, section->note);
        fputs("</p>\n", page->stream);
    }
}

/* A chart, which is told in words to whom it cannot be shown; its numbers stand in a table beside it. */
static void write_chart(const struct page *page, const char *id, const char *label)
{
    fprintf(page->stream, "<div class=\"chart\"><canvas id=\"%s\" role=\"img\" aria-label=\"", id);
    write_text(page, label);
    fputs("\"></canvas></div>\n", page->stream);
}

static void open_section(const struct page *page, const char *id, const char *title, const char *intro)
{
    fprintf(page->stream, "<section aria-labelledby=\"%s-title\">\n<h2 id=\"%s-title\">%s</h2>\n", id, id, title);
    if (intro[0] != '\0')
        fprintf(page->stream, "<p>%s</p>\n", intro);
}

/* Writes all sections of a kind under one heading. */
static void write_sections(const struct page *page, enum section_kind kind)
{
    size_t count = 0;
    for (size_t i = 0; i < page->content.section_count; i++) {
        const struct section *section = &page->content.sections[i];
        if (section->kind != kind)
            continue;
        if (count++ == 0) {
            open_section(page, sections[kind].id,
                         kind != SECTION_SWEEP                     ? section->title
                         : page->analysis->machine_sweep_count > 0 ? "Throughput against machines"
                                                                   : "Throughput against workers",
                         sections[kind].intro);
            if (sections[kind].chart != NULL) {
                write_chart(page, sections[kind].id, sections[kind].chart);
                fputs("<details><summary>The same in numbers</summary>\n", page->stream);
            }
        }
        if (kind == SECTION_SWEEP) {
            fputs("<h3>", page->stream);
            write_text(page, section->title);
            fputs("</h3>\n", page->stream);
        }
        write_table(page, section);
    }
    if (count > 0)
        fprintf(page->stream, "%s</section>\n", sections[kind].chart != NULL ? "</details>\n" : "");
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
            asset_chart.summary, asset_script.summary, asset_style.summary);
    for (size_t i = 0; i < page->content.sentence_count; i++) {
        if (page->content.sentences[i].kind == SENTENCE_VERDICT)
            write_text(page, page->content.sentences[i].text);
    }
    fputs("</title>\n<style>", page->stream);
    write_asset(page, &asset_style);
    fputs("</style>\n</head>\n<body>\n", page->stream);
}

static void write_sentence(const struct page *page, const struct sentence *sentence)
{
    static const char *const classes[] = {
        [SENTENCE_VERDICT] = "",
        [SENTENCE_ADVICE] = "",
        [SENTENCE_CAVEAT] = " class=\"doubt\"",
        [SENTENCE_WHY] = "",
        [SENTENCE_HOW] = " class=\"faint\"",
        [SENTENCE_FLAW] = " class=\"bad\"",
        [SENTENCE_ENDING] = " class=\"bad\"",
        [SENTENCE_ANSWER] = "",
        [SENTENCE_FINDING] = "",
        [SENTENCE_DOUBT] = " class=\"doubt\"",
        [SENTENCE_NOTE] = " class=\"doubt\"",
    };
    fprintf(page->stream, "<li%s>", classes[sentence->kind]);
    write_text(page, sentence->text);
    fputs(".</li>\n", page->stream);
}

static void write_sentences(const struct page *page, enum sentence_kind first, enum sentence_kind last)
{
    for (int kind = (int)first; kind <= (int)last; kind++) {
        for (size_t i = 0; i < page->content.sentence_count; i++) {
            if ((int)page->content.sentences[i].kind == kind)
                write_sentence(page, &page->content.sentences[i]);
        }
    }
}

/* Sentences of a kind, each in an element of its own. */
static void write_kind(const struct page *page, enum sentence_kind kind, const char *element, const char *class)
{
    for (size_t i = 0; i < page->content.sentence_count; i++) {
        if (page->content.sentences[i].kind != kind)
            continue;
        fprintf(page->stream, "<%s class=\"%s\">", element, class);
        write_text(page, page->content.sentences[i].text);
        fprintf(page->stream, "%s</%s>\n", kind == SENTENCE_VERDICT ? "" : ".", element);
    }
}

/* Draws the speed-up of each cell over the reference as bars: for the eye, since the numbers stand beside them and in
 * the table. */
static void write_speedups(const struct page *page)
{
    const struct run_stats *stats = page->stats;
    double most = 0;
    char digits[FORMAT_DIGITS_BYTES], name[HEADLINE_NAME_BYTES];
    for (size_t i = 0; i < stats->main_count; i++)
        most = fmax(most, headline_speedup(stats, &stats->cells[i]));
    if (!headline_has_times(page->analysis->headline.kind) || !(most > 0) || stats->reference == NULL)
        return;
    fputs("<ol class=\"bars\" aria-label=\"Times as fast as ", page->stream);
    write_text(page, stats->reference->cell->mode);
    fputs("\">\n", page->stream);
    for (size_t i = 0; i < stats->main_count; i++) {
        const struct cell_stats *cell = &stats->cells[i];
        double speedup = headline_speedup(stats, cell);
        if (!isfinite(speedup))
            continue;
        fputs("<li", page->stream);
        write_mode(page, cell->cell->mode);
        fputs("><span>", page->stream);
        write_text(page, headline_name(stats, cell, name));
        fprintf(page->stream,
                "</span><svg aria-hidden=\"true\" width=\"100%%\" height=\"14\"><rect%s width=\"%.2f%%\" height=\"14\" "
                "rx=\"3\"/></svg><strong>%sx</strong></li>\n",
                cell->rank_low == 1 ? " class=\"first\"" : "", 100 * speedup / most, format_digits(digits, speedup));
    }
    fputs("</ol>\n", page->stream);
}

/* The card that answers the question, and the table it rests on. */
static void write_summary(const struct page *page)
{
    static const enum section_kind kinds[] = {SECTION_CAUSES, SECTION_SUMMARY, SECTION_GRID};
    fputs("<header class=\"card\">\n", page->stream);
    write_kind(page, SENTENCE_VERDICT, "h1", "verdict");
    write_kind(page, SENTENCE_ADVICE, "p", "lead");
    write_kind(page, SENTENCE_CAVEAT, "p", "caveat");
    write_speedups(page);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const struct section *section = content_find(&page->content, kinds[i]);
        if (section != NULL)
            write_table(page, section);
    }
    write_kind(page, SENTENCE_WHY, "p", "why");
    write_kind(page, SENTENCE_HOW, "p", "faint");
    fputs("</header>\n<noscript><p class=\"doubt\">Charts need JavaScript; every number is in the tables all the "
          "same.</p></noscript>\n<nav id=\"modes\" aria-label=\"Modes shown\" hidden></nav>\n<main>\n",
          page->stream);
}

/* Writes the table of all URLs whose figures were kept. Its heads become buttons that sort by data-value; cells without
 * one come last. */
static void write_url_row(const struct page *page, const struct content_table *table, size_t row)
{
    const struct content_cell *cells = &table->cells[row * table->column_count];
    fputs("<tr><th scope=\"row\" class=\"url\">", page->stream);
    write_text(page, cells[0].text);
    fputs("</th>", page->stream);
    for (size_t i = 1; i < table->column_count; i++) {
        fputs("<td", page->stream);
        write_mode(page, table->columns[i].mode);
        if (isfinite(cells[i].value))
            fprintf(page->stream, " data-value=\"%.9g\"", cells[i].value);
        fprintf(page->stream, "%s>", cells[i].paint == PAINT_BAD ? " class=\"bad\"" : "");
        write_text(page, cells[i].text);
        fputs("</td>", page->stream);
    }
    fputs("</tr>\n", page->stream);
}

static void write_urls(const struct page *page)
{
    const struct section *section = content_find(&page->content, SECTION_URLS);
    if (section == NULL)
        return;
    const struct content_table *table = &section->table;
    open_section(page, "urls", section->title, "");
    fputs("<p>", page->stream);
    write_text(page, section->note);
    fputs("</p>\n<p id=\"urls-search\" hidden><label>Only URLs with <input type=\"search\" id=\"urls-filter\"></label> "
          "<span id=\"urls-shown\" class=\"faint\" role=\"status\"></span></p>\n"
          "<div class=\"scroll tall\" role=\"region\" tabindex=\"0\" aria-label=\"URLs\"><table "
          "id=\"urls\"><thead><tr>",
          page->stream);
    for (size_t i = 0; i < table->column_count; i++) {
        fprintf(page->stream, "<th scope=\"col\" data-sort=\"%s\"", i == 0 ? "text" : "number");
        write_mode(page, table->columns[i].mode);
        fputc('>', page->stream);
        write_text(page, table->columns[i].title);
        fputs("</th>", page->stream);
    }
    fputs("</tr></thead>\n<tbody>\n", page->stream);
    for (size_t row = 0; row < table->row_count; row++)
        write_url_row(page, table, row);
    fputs("</tbody></table></div>\n</section>\n", page->stream);
}

/* Timelines */

static void write_name(const struct page *page, const struct run_cell *cell)
{
    write_text(page, cell->mode);
    fprintf(page->stream, "/%" PRIu32, cell->workers);
}

static void write_timeline(const struct page *page, const struct cell_stats *cell, const struct trial *trial,
                           size_t number)
{
    char id[48], label[160], run[32], first[32], wait[32];
    number_format_duration(run, sizeof(run), trial->run);
    number_format_duration(first, sizeof(first), trial->summary.p50);
    number_format_duration(wait, sizeof(wait), trial->summary.longest);
    snprintf(id, sizeof(id), "timeline-%zu", number);
    fprintf(page->stream, "<section id=\"%s-section\">\n<h3>", id);
    write_name(page, cell->cell);
    fprintf(page->stream,
            "</h3>\n<p class=\"faint\">Round %" PRIu32 ", the nearest to the median: %" PRIu32
            " downloads in %s, at most %" PRIu32 " at once; one took %s (median), the longest %s.",
            trial->round + 1, trial->summary.settled, run, trial->summary.peak_in_flight, first, wait);
    if (cell->cell->workers > TIMELINE_WORKERS_MAX || trial->summary.settled > TIMELINE_DOWNLOADS_MAX)
        fprintf(page->stream, " Shown are the first %d downloads of up to %d workers.", TIMELINE_DOWNLOADS_MAX,
                TIMELINE_WORKERS_MAX);
    fputs("</p>\n", page->stream);
    snprintf(label, sizeof(label),
             "Timeline of %.30s with %" PRIu32 " workers: each row is a worker, each bar a download, %" PRIu32
             " downloads in %s.",
             cell->cell->mode, cell->cell->workers, trial->summary.settled, run);
    write_chart(page, id, label);
    fputs("</section>\n", page->stream);
}

static void write_timelines(const struct page *page)
{
    size_t count = 0;
    fputs("<section aria-labelledby=\"timelines-title\">\n<h2 id=\"timelines-title\">Timeline</h2>\n", page->stream);
    for (size_t i = 0; i < page->stats->main_count; i++) {
        const struct cell_stats *cell = &page->stats->cells[i];
        const struct trial *trial = page_timeline_trial(cell);
        if (trial == NULL)
            continue;
        if (count == 0)
            fprintf(
                page->stream,
                "<p>Each row is a worker, each bar a download: connecting, waiting for the first byte, "
                "receiving.%s</p>\n"
                "<p id=\"axis-choice\" hidden><label><input type=\"checkbox\" id=\"shared-axis\" checked> use the same "
                "time axis for "
                "all</label></p>\n",
                cell->cell->due != NULL
                    ? " A thin line goes from when a download was due to when the worker was free to begin it."
                    : "");
        if (count == 1)
            fputs("<div class=\"multiples\">\n", page->stream);
        write_timeline(page, cell, trial, count++);
    }
    fputs(count > 1 ? "</div>\n" : "", page->stream);
    if (count == 0)
        fputs("<p class=\"faint\">No downloads were kept to draw it from (--samples all keeps them).</p>\n",
              page->stream);
    fputs("</section>\n", page->stream);
}

static void write_findings(const struct page *page)
{
    open_section(page, "why", "Why, and what to distrust", "");
    fputs("<ul>\n", page->stream);
    write_sentences(page, SENTENCE_FLAW, SENTENCE_NOTE);
    fputs("</ul>\n</section>\n", page->stream);
}

static void write_method(const struct page *page)
{
    open_section(page, "method", "How it was measured", "");
    fputs("<ul>\n", page->stream);
    for (size_t i = 0; i < page->content.fact_count; i++) {
        bool continues = i > 0 && page->content.facts[i].kind == FACT_WORKLOAD;
        fputs(i == 0 ? "<li>" : continues ? ", " : "</li>\n<li>", page->stream);
        write_text(page, page->content.facts[i].text);
    }
    fputs(
        "</li>\n</ul>\n</section>\n</main>\n<footer class=\"faint\"><p>Charts by Chart.js, MIT licence.</p></footer>\n",
        page->stream);
}

static int write_scripts(const struct page *page, struct error *error)
{
    fputs("<script type=\"application/json\" id=\"data\">", page->stream);
    if (page_data_write(page->stream, page->run, page->analysis, error) != 0)
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

int html_write(FILE *stream, const struct run *run, const struct analysis *analysis, const struct format *format,
               struct error *error)
{
    static const enum section_kind before_timelines[] = {SECTION_ASSERTIONS, SECTION_RATES, SECTION_SWEEP,
                                                         SECTION_TIMES, SECTION_LATENCIES};
    static const enum section_kind behind_timelines[] = {
        SECTION_MACHINES, SECTION_RATE,  SECTION_RANKING, SECTION_DOWNLOADS, SECTION_PHASES,
        SECTION_HTTP2,    SECTION_GAINS, SECTION_COSTS,   SECTION_FAILURES,  SECTION_MISMATCHES};
    struct page page = {.stream = stream, .run = run, .analysis = analysis, .stats = &analysis->stats};
    if (content_build(run, analysis, format, &page.content, error) != 0)
        return -1;
    write_preamble(&page);
    write_summary(&page);
    for (size_t i = 0; i < sizeof(before_timelines) / sizeof(before_timelines[0]); i++)
        write_sections(&page, before_timelines[i]);
    if (analysis->rates.count == 0)
        write_timelines(&page);
    for (size_t i = 0; i < sizeof(behind_timelines) / sizeof(behind_timelines[0]); i++)
        write_sections(&page, behind_timelines[i]);
    write_urls(&page);
    write_findings(&page);
    write_method(&page);
    int status = write_scripts(&page, error);
    content_release(&page.content);
    return status;
}
