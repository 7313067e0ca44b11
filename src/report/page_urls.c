#include "page_urls.h"

#include <inttypes.h>
#include <math.h>

#include "conc_bench/analysis/per_url.h"
#include "conc_bench/analysis/stats.h"
#include "conc_bench/base/number.h"
#include "markup.h"
#include "url_rows.h"

/* Heads become buttons that sort; what they sort by stands in data-value, and cells without one come last. */
static void write_head(FILE *stream, const char *kind, const char *text)
{
    fprintf(stream, "<th scope=\"col\" data-sort=\"%s\">", kind);
    markup_write(stream, text);
    fputs("</th>", stream);
}

static void write_heads(FILE *stream, const struct run *run, const struct format *format)
{
    const struct per_url *per_url = run->per_url;
    write_head(stream, "text", "URL");
    for (size_t i = 0; i < per_url->cell_count; i++) {
        const struct run_cell *cell = &run->cells[per_url->cells[i]];
        fputs("<th scope=\"col\" data-sort=\"number\" data-mode=\"", stream);
        markup_write(stream, cell->mode);
        fputs("\">", stream);
        markup_write(stream, cell->mode);
        fprintf(stream, "/%" PRIu32 " [%s]</th>", cell->workers, format_service_scale(format).name);
    }
    write_head(stream, "number", "x alone");
    write_head(stream, "number", "failed");
    write_head(stream, "number", "downloads");
    write_head(stream, "number", "body");
}

static void write_figure(FILE *stream, const struct run_cell *cell, const struct url_figure *figure,
                         const struct format *format)
{
    char digits[FORMAT_DIGITS_BYTES];
    uint64_t failures = url_figure_failures(figure);
    fputs("<td data-mode=\"", stream);
    markup_write(stream, cell->mode);
    fputc('"', stream);
    if (figure->count > 0)
        fprintf(stream, " data-value=\"%" PRId64 "\"", figure->service);
    double median = figure->count > 0 ? clock_seconds(figure->service) * format_service_scale(format).factor : NAN;
    fprintf(stream, "%s>%s", failures > 0 ? " class=\"bad\"" : "", format_digits(digits, median));
    if (failures > 0)
        fprintf(stream, " (%" PRIu64 ")", failures);
    fputs("</td>", stream);
}

static void write_row(FILE *stream, const struct run *run, size_t row, const struct format *format)
{
    const struct per_url *per_url = run->per_url;
    char digits[FORMAT_DIGITS_BYTES], bodies[URL_BODIES_BYTES];
    uint64_t failures = 0, downloads = 0;
    int64_t most_bytes = -1;
    size_t cell, alone;
    double ratio = per_url_slowdown(run, row, &cell, &alone);
    fputs("<tr><th scope=\"row\" class=\"url\">", stream);
    markup_write(stream, run->urls[per_url->urls[row]]);
    fputs("</th>", stream);
    for (size_t i = 0; i < per_url->cell_count; i++) {
        const struct url_figure *figure = per_url_figure(per_url, row, i);
        write_figure(stream, &run->cells[per_url->cells[i]], figure, format);
        failures += url_figure_failures(figure);
        downloads += figure->count;
        most_bytes = figure->count > 0 && figure->body_bytes > most_bytes ? figure->body_bytes : most_bytes;
    }
    if (isfinite(ratio))
        fprintf(stream, "<td data-value=\"%.6g\">%sx</td>", ratio, format_digits(digits, ratio));
    else
        fputs("<td>-</td>", stream);
    fprintf(stream, "<td data-value=\"%" PRIu64 "\"%s>%" PRIu64 "</td>", failures, failures > 0 ? " class=\"bad\"" : "",
            failures);
    fprintf(stream, "<td data-value=\"%" PRIu64 "\">%" PRIu64 "</td>", downloads + failures, downloads + failures);
    if (most_bytes >= 0)
        fprintf(stream, "<td data-value=\"%" PRId64 "\">%s</td>", most_bytes, url_rows_bodies(per_url, row, bodies));
    else
        fputs("<td>-</td>", stream);
    fputs("</tr>\n", stream);
}

/* A median of a few downloads is one of them. */
static void write_doubt(FILE *stream, const struct per_url *per_url)
{
    size_t few = 0;
    for (size_t row = 0; row < per_url->count; row++) {
        bool is_doubtful = false;
        for (size_t i = 0; i < per_url->cell_count; i++) {
            uint32_t count = per_url_figure(per_url, row, i)->count;
            is_doubtful |= count > 0 && !stats_supports_percentile(count, 50);
        }
        few += is_doubtful;
    }
    if (few == per_url->count)
        fputs("<p class=\"doubt\">Medians are of fewer than ten downloads: too few to rely on.</p>\n", stream);
    else if (few > 0)
        fprintf(stream,
                "<p class=\"doubt\">Medians of %zu of these URLs are of fewer than ten downloads in some mode: too few "
                "to rely on.</p>\n",
                few);
}

void page_urls_write(FILE *stream, const struct run *run, const struct format *format)
{
    const struct per_url *per_url = run->per_url;
    if (per_url == NULL || per_url->count == 0)
        return;
    fputs("<section aria-labelledby=\"urls-title\">\n<h2 id=\"urls-title\">URLs</h2>\n<p>Medians of the service times "
          "and bodies of downloads that succeeded; in brackets how many failed, which are in no median. x alone: the "
          "longest median with several workers against that with one. It includes connecting, which the first "
          "downloads of each worker pay for (see <code>--connections warm</code>, <code>--order shuffle</code>). "
          "Downloads: in all modes together.</p>\n",
          stream);
    write_doubt(stream, per_url);
    if (per_url->settled > per_url->count)
        fprintf(stream,
                "<p class=\"faint\">%zu of %" PRIu32
                " URLs: those with the longest medians and those that failed most.</p>\n",
                per_url->count, per_url->settled);
    fputs(
        "<p id=\"urls-search\" hidden><label>Only URLs with <input type=\"search\" id=\"urls-filter\"></label> "
        "<span id=\"urls-shown\" class=\"faint\" role=\"status\"></span></p>\n"
        "<div class=\"scroll tall\" role=\"region\" tabindex=\"0\" aria-label=\"URLs\"><table id=\"urls\"><thead><tr>",
        stream);
    write_heads(stream, run, format);
    fputs("</tr></thead>\n<tbody>\n", stream);
    for (size_t row = 0; row < per_url->count; row++)
        write_row(stream, run, row, format);
    fputs("</tbody></table></div>\n</section>\n", stream);
}
