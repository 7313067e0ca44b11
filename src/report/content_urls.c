#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "conc_bench/analysis/per_url.h"
#include "conc_bench/analysis/stats.h"
#include "conc_bench/base/number.h"
#include "content.h"

/* The table of URLs: all whose figures were kept, and of them the few that are shown where there is room for a few
 * only, the slowest, and of those that failed the ones with the most failures. */

enum { URL_ROWS_SLOWEST = 10, URL_ROWS_FAILING = 5, URL_BODIES_BYTES = 72 };

struct url_rows {
    size_t rows[URL_ROWS_SLOWEST + URL_ROWS_FAILING]; /* of the figures, ascending */
    size_t count;
    size_t slowest; /* so many of them are the slowest, which come first */
};

struct url_section {
    struct content *content;
    const struct run *run;
    const struct per_url *per_url;
    struct time_scale scale;
    struct url_rows rows;
    struct section *section;
    bool has_slowdown;
};

static uint64_t failures_of(const struct per_url *per_url, size_t row)
{
    uint64_t failures = 0;
    for (size_t i = 0; i < per_url->cell_count; i++)
        failures += url_figure_failures(per_url_figure(per_url, row, i));
    return failures;
}

/* The row from `first` on, and not among those chosen, with the most failures; `count`: none has any. */
static size_t find_failing(const struct per_url *per_url, size_t first, const struct url_rows *chosen)
{
    size_t found = per_url->count;
    uint64_t most = 0;
    for (size_t row = first; row < per_url->count; row++) {
        uint64_t failures = failures_of(per_url, row);
        bool is_chosen = false;
        for (size_t i = 0; i < chosen->count; i++)
            is_chosen |= chosen->rows[i] == row;
        if (is_chosen || failures <= most)
            continue;
        found = row;
        most = failures;
    }
    return found;
}

static struct url_rows choose_rows(const struct per_url *per_url)
{
    struct url_rows rows = {.count = 0};
    while (rows.count < URL_ROWS_SLOWEST && rows.count < per_url->count &&
           per_url_longest(per_url, rows.count) < per_url->cell_count) {
        rows.rows[rows.count] = rows.count;
        rows.count++;
    }
    rows.slowest = rows.count;
    for (size_t i = 0; i < URL_ROWS_FAILING; i++) {
        size_t row = find_failing(per_url, rows.slowest, &rows);
        if (row == per_url->count)
            break;
        /* They stand in the order of the figures. */
        size_t place = rows.count++;
        for (; place > rows.slowest && rows.rows[place - 1] > row; place--)
            rows.rows[place] = rows.rows[place - 1];
        rows.rows[place] = row;
    }
    return rows;
}

/* "16.0 KiB" or, where bodies are not the same in all cells, "1.00 KiB to 16.0 KiB"; "-": there are none. */
static char *describe_bodies(const struct per_url *per_url, size_t row, char bodies[URL_BODIES_BYTES])
{
    int64_t least = INT64_MAX;
    int64_t most = -1;
    char low[32], high[32];
    for (size_t i = 0; i < per_url->cell_count; i++) {
        const struct url_figure *figure = per_url_figure(per_url, row, i);
        if (figure->count == 0)
            continue;
        least = figure->body_bytes < least ? figure->body_bytes : least;
        most = figure->body_bytes > most ? figure->body_bytes : most;
    }
    number_format_size(low, sizeof(low), (double)least);
    number_format_size(high, sizeof(high), (double)most);
    if (most < 0)
        snprintf(bodies, URL_BODIES_BYTES, "-");
    else if (strcmp(low, high) == 0)
        snprintf(bodies, URL_BODIES_BYTES, "%s", high);
    else
        snprintf(bodies, URL_BODIES_BYTES, "%s to %s", low, high);
    return bodies;
}

/* The least and the most downloads that any median of the shown rows rests on. 0: there is no median. */
static void count_downloads(const struct per_url *per_url, const struct url_rows *rows, uint32_t *least, uint32_t *most)
{
    *least = *most = 0;
    for (size_t i = 0; i < rows->count; i++) {
        for (size_t j = 0; j < per_url->cell_count; j++) {
            uint32_t count = per_url_figure(per_url, rows->rows[i], j)->count;
            if (count == 0)
                continue;
            *least = *least == 0 || count < *least ? count : *least;
            *most = count > *most ? count : *most;
        }
    }
}

static bool has_slowdown(const struct url_section *urls)
{
    size_t cell, alone;
    for (size_t row = 0; row < urls->per_url->count; row++) {
        if (isfinite(per_url_slowdown(urls->run, urls->per_url, row, &cell, &alone)))
            return true;
    }
    return false;
}

/* A cell with what it is sorted by. */
static void add_cell(struct url_section *urls, enum paint paint, double value, const char *text)
{
    struct content_table *table = &urls->section->table;
    content_add_cell(urls->content, urls->section, paint, text);
    if (!urls->content->has_failed)
        table->cells[(table->row_count - 1) * table->column_count + table->rows[table->row_count - 1].count - 1].value =
            value;
}

static void add_column(struct url_section *urls, const char *head, const char *title, const char *mode, bool is_extra)
{
    struct content_table *table = &urls->section->table;
    content_add_column(urls->content, urls->section, head, title, false);
    if (urls->content->has_failed)
        return;
    table->columns[table->column_count - 1].mode = mode;
    table->columns[table->column_count - 1].is_extra = is_extra;
}

static void add_columns(struct url_section *urls)
{
    content_add_column(urls->content, urls->section, content_text(urls->content, "URL, median %s", urls->scale.name),
                       "URL", true);
    for (size_t i = 0; i < urls->per_url->cell_count; i++) {
        const struct run_cell *cell = &urls->run->cells[urls->per_url->cells[i]];
        const char *name = content_outside(urls->content, content_name(urls->content, cell));
        add_column(urls, name, content_text(urls->content, "%s [%s]", name, urls->scale.name), cell->mode, false);
    }
    if (urls->has_slowdown)
        add_column(urls, "x alone", "x alone", NULL, false);
    add_column(urls, "failed", "failed", NULL, true);
    add_column(urls, "downloads", "downloads", NULL, true);
    add_column(urls, "body", "body", NULL, false);
}

static void add_figure(struct url_section *urls, const struct url_figure *figure)
{
    char digits[FORMAT_DIGITS_BYTES];
    uint64_t failures = url_figure_failures(figure);
    double median = figure->count > 0 ? clock_seconds(figure->service) * urls->scale.factor : NAN;
    format_digits(digits, median);
    if (failures == 0)
        add_cell(urls, PAINT_NONE, median, content_text(urls->content, "%s", digits));
    else
        add_cell(urls, PAINT_BAD, median, content_text(urls->content, "%s (%" PRIu64 ")", digits, failures));
}

static void add_row(struct url_section *urls, size_t row)
{
    const struct per_url *per_url = urls->per_url;
    char digits[FORMAT_DIGITS_BYTES], bodies[URL_BODIES_BYTES];
    uint64_t failures = failures_of(per_url, row), downloads = failures;
    double most_bytes = NAN;
    size_t cell, alone;
    content_add_row(urls->content, urls->section, NULL);
    if (urls->content->has_failed)
        return;
    struct content_row *added = &urls->section->table.rows[urls->section->table.row_count - 1];
    added->number = per_url->urls[row] + (size_t)1;
    for (size_t i = 0; i < urls->rows.count; i++)
        added->is_chosen |= urls->rows.rows[i] == row;
    add_cell(urls, PAINT_NONE, NAN, content_outside(urls->content, urls->run->urls[per_url->urls[row]]));
    for (size_t i = 0; i < per_url->cell_count; i++) {
        const struct url_figure *figure = per_url_figure(per_url, row, i);
        add_figure(urls, figure);
        downloads += figure->count;
        most_bytes = figure->count > 0 ? fmax(most_bytes, (double)figure->body_bytes) : most_bytes;
    }
    double ratio = per_url_slowdown(urls->run, urls->per_url, row, &cell, &alone);
    if (urls->has_slowdown)
        add_cell(urls, PAINT_NONE, ratio,
                 content_text(urls->content, "%s%s", format_digits(digits, ratio), isfinite(ratio) ? "x" : ""));
    add_cell(urls, failures > 0 ? PAINT_BAD : PAINT_NONE, (double)failures,
             content_text(urls->content, "%" PRIu64, failures));
    add_cell(urls, PAINT_NONE, (double)downloads, content_text(urls->content, "%" PRIu64, downloads));
    add_cell(urls, PAINT_NONE, most_bytes, content_text(urls->content, "%s", describe_bodies(per_url, row, bodies)));
}

/* Describes which URLs these are, where only a few are shown. */
static const char *describe_place(struct url_section *urls)
{
    const struct per_url *per_url = urls->per_url;
    char half[32], most[32];
    if (per_url->settled <= urls->rows.count)
        return "Sorted by the longest median of each URL.";
    number_format_duration(half, sizeof(half), per_url->p50);
    number_format_duration(most, sizeof(most), per_url->p90);
    const char *more =
        urls->rows.count == urls->rows.slowest
            ? ""
            : content_text(urls->content, " and %zu more that failed most", urls->rows.count - urls->rows.slowest);
    const char *all =
        per_url->settled == per_url->lost
            ? ""
            : content_text(urls->content, "; of all URLs half have one of at most %s, and 90 %% of at most %s", half,
                           most);
    const char *where =
        per_url->settled == per_url->count
            ? "All URLs are in --export-json, --export-urls-csv and --export-html."
            : content_text(urls->content,
                           "%zu URLs, the slowest and those that failed most, are in --export-json, --export-urls-csv "
                           "and --export-html; all downloads with --samples all in --export-requests-csv.",
                           per_url->count);
    return content_text(urls->content, "The slowest %zu of %" PRIu32 " URLs%s, by their longest median%s. %s",
                        urls->rows.slowest, per_url->settled, more, all, where);
}

/* Describes how to read the figures. */
static const char *describe_figures(struct url_section *urls)
{
    uint32_t least, most;
    const char *medians = "";
    count_downloads(urls->per_url, &urls->rows, &least, &most);
    const char *doubt = most > 0 && !stats_supports_percentile(least, 50) ? ": too few to rely on" : "";
    if (most > 0 && least == most)
        medians = content_text(urls->content, "Each median is of %" PRIu32 " download%s%s. ", most,
                               most == 1 ? "" : "s", doubt);
    else if (most > 0)
        medians =
            content_text(urls->content, "Medians are of %" PRIu32 " to %" PRIu32 " downloads%s. ", least, most, doubt);
    return content_text(
        urls->content, "%s%s%s", medians,
        urls->per_url->failed > 0 ? "(n): n downloads failed, which are in no median; -: none succeeded. " : "",
        urls->has_slowdown ? "x alone: the longest median with several workers against that with one. It includes "
                             "connecting, which the first downloads of each worker pay for (see --connections warm, "
                             "--order shuffle)."
                           : "");
}

void content_add_urls(struct content *content, const struct run_stats *stats, const struct format *format)
{
    const struct per_url *per_url = stats->per_url;
    if (per_url == NULL || per_url->count == 0)
        return;
    struct url_section urls = {.content = content,
                               .run = stats->run,
                               .per_url = per_url,
                               .scale = format_service_scale(format),
                               .rows = choose_rows(per_url)};
    urls.has_slowdown = has_slowdown(&urls);
    urls.section = content_add_section(content, SECTION_URLS, "URLs");
    add_columns(&urls);
    for (size_t row = 0; row < per_url->count && !content->has_failed; row++)
        add_row(&urls, row);
    urls.section->note = describe_figures(&urls);
    urls.section->place = describe_place(&urls);
}
