#include "conc_bench/markdown.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "conc_bench/number.h"
#include "conc_bench/service.h"
#include "conc_bench/stats.h"
#include "conc_bench/text.h"
#include "url_rows.h"

/* Text within a line or a table: what Markdown or HTML would take for its own is escaped, so that it stays text. */
static void write_text(FILE *stream, const char *text)
{
    char escaped[4096];
    text_escape(escaped, sizeof(escaped), text, strlen(text));
    for (const char *letter = escaped; *letter != '\0'; letter++) {
        if (*letter == '<')
            fputs("&lt;", stream);
        else if (*letter == '&')
            fputs("&amp;", stream);
        else if (*letter == '@') /* nobody is to be called by a report */
            fputs("&#64;", stream);
        else if (strncmp(letter, "://", 3) == 0) /* nor is a link to be made of it */
            fputs("&#58;", stream);
        else if (strchr("\\`*_{}[]#|~>!", *letter) != NULL)
            fprintf(stream, "\\%c", *letter);
        else
            fputc(*letter, stream);
    }
}

static void write_digits(FILE *stream, double value, const char *suffix)
{
    char digits[FORMAT_DIGITS_BYTES];
    fprintf(stream, " %s%s |", format_digits(digits, value), isfinite(value) ? suffix : "");
}

static void write_interval(FILE *stream, const struct estimate *estimate, size_t rounds, double factor)
{
    int decimals = format_decimals(estimate->value * factor);
    if (!isfinite(estimate->value) || rounds < 2)
        fputs(" - |", stream);
    else
        fprintf(stream, " %.*f to %.*f |", decimals, estimate->low * factor, decimals, estimate->high * factor);
}

static void write_rank(FILE *stream, const struct cell_figures *cell)
{
    if (cell->rank_low == 0)
        fputs(" - |", stream);
    else if (cell->rank_low == cell->rank_high)
        fprintf(stream, " %" PRIu32 " |", cell->rank_low);
    else
        fprintf(stream, " %" PRIu32 "-%" PRIu32 " |", cell->rank_low, cell->rank_high);
}

static void write_head(FILE *stream, const struct result *result)
{
    fprintf(stream, "### conc-bench: %" PRIu32 " download%s from ", result->downloads,
            result->downloads == 1 ? "" : "s");
    for (size_t i = 0; i < result->source_count; i++) {
        fputs(i > 0 ? ", " : "", stream);
        write_text(stream, result->sources[i]);
    }
    fputs("\n\n", stream);
}

static void write_ranking(FILE *stream, const struct figures *figures, const struct format *format)
{
    struct time_scale run = format_run_scale(format);
    struct time_scale service = format_service_scale(format);
    bool has_interval = figures->main_count > 0 && figures->cells[0].measures[METRIC_TIME].confidence > 0;
    const char *interval = has_interval ? "95 % interval" : "range";
    fprintf(stream, "| Mode | Workers | Rank | Time [%s] | %s | vs ", run.name, interval);
    write_text(stream, figures_reference_name(figures));
    fprintf(stream, " | %s | Downloads/s |", interval);
    for (size_t i = 0; i < format->percentile_count; i++) {
        char name[16];
        fprintf(stream, " %s [%s] |", format_percentile(name, sizeof(name), format->percentiles[i]), service.name);
    }
    fputs(" CPU/download [ms] | Memory [MiB] | Failed |\n|:--|--:|--:|--:|--:|--:|--:|--:|", stream);
    for (size_t i = 0; i < format->percentile_count; i++)
        fputs("--:|", stream);
    fputs("--:|--:|--:|\n", stream);
    for (size_t i = 0; i < figures->main_count; i++) {
        const struct cell_figures *cell = &figures->cells[i];
        const struct estimate *measures = cell->measures;
        fputs("| ", stream);
        write_text(stream, cell->cell->mode);
        fprintf(stream, " | %" PRIu32 " |", cell->cell->workers);
        write_rank(stream, cell);
        write_digits(stream, measures[METRIC_TIME].value * run.factor, "");
        write_interval(stream, &measures[METRIC_TIME], cell->rounds, run.factor);
        write_digits(stream, cell->speedup.value, "x");
        if (cell == figures->reference)
            fputs("  |", stream);
        else
            write_interval(stream, &cell->speedup, cell->rounds, 1);
        write_digits(stream, measures[METRIC_THROUGHPUT].value, "");
        for (size_t j = 0; j < format->percentile_count; j++)
            write_digits(stream, service_percentile(&cell->service, format->percentiles[j]) * service.factor, "");
        write_digits(stream, 1e3 * measures[METRIC_CPU].value / measures[METRIC_DOWNLOADS].value, "");
        write_digits(stream, measures[METRIC_MEMORY].value / (1 << 20), "");
        fprintf(stream, " %" PRIu64 " |\n", cell->failures);
    }
    fputc('\n', stream);
}

static void write_sweeps(FILE *stream, const struct verdict *verdict, const struct format *format)
{
    struct time_scale run = format_run_scale(format);
    for (size_t i = 0; i < verdict->sweep_count; i++) {
        const struct sweep *sweep = &verdict->sweeps[i];
        if (sweep->count < 2)
            continue;
        fputs("<details><summary>", stream);
        write_text(stream, sweep->mode);
        fprintf(stream, ", by number of workers</summary>\n\n| Workers | Time [%s] | Downloads/s |\n|--:|--:|--:|\n",
                run.name);
        for (size_t j = 0; j < sweep->count; j++) {
            const struct cell_figures *cell = sweep->points[j].cell;
            fprintf(stream, "| %" PRIu32 "%s |", cell->cell->workers,
                    cell->cell->workers == sweep->knee ? " (enough)" : "");
            write_digits(stream, cell->measures[METRIC_TIME].value * run.factor, "");
            write_digits(stream, cell->measures[METRIC_THROUGHPUT].value, "");
            fputc('\n', stream);
        }
        fputs("\n</details>\n\n", stream);
    }
}

static void write_phases(FILE *stream, const struct figures *figures, const struct format *format)
{
    struct time_scale service = format_service_scale(format);
    fprintf(stream, "<details><summary>Where the time of a download goes, in %s</summary>\n\n| Mode | Workers |",
            service.name);
    for (int phase = 0; phase < PHASE_COUNT; phase++) {
        if (figures_have_phase(figures, (enum phase)phase))
            fprintf(stream, " %s |", phase_name((enum phase)phase));
    }
    fputs("\n|:--|--:|", stream);
    for (int phase = 0; phase < PHASE_COUNT; phase++)
        fputs(figures_have_phase(figures, (enum phase)phase) ? "--:|" : "", stream);
    fputc('\n', stream);
    for (size_t i = 0; i < figures->main_count; i++) {
        const struct cell_figures *cell = &figures->cells[i];
        fputs("| ", stream);
        write_text(stream, cell->cell->mode);
        fprintf(stream, " | %" PRIu32 " |", cell->cell->workers);
        for (int phase = 0; phase < PHASE_COUNT; phase++) {
            if (figures_have_phase(figures, (enum phase)phase))
                write_digits(stream, cell->measures[METRIC_PHASES + phase].value * service.factor, "");
        }
        fputc('\n', stream);
    }
    fputs("\n</details>\n\n", stream);
}

static void write_count(FILE *stream, double value)
{
    if (isfinite(value))
        fprintf(stream, " %.0f |", value);
    else
        fputs(" - |", stream);
}

static void write_streams(FILE *stream, const struct figures *figures)
{
    if (!figures_have_http2(figures))
        return;
    fputs("| Mode | Workers | Over HTTP/2 | Connections | Downloads on each | Most at once on one |\n"
          "|:--|--:|--:|--:|--:|--:|\n",
          stream);
    for (size_t i = 0; i < figures->main_count; i++) {
        const struct cell_figures *cell = &figures->cells[i];
        fputs("| ", stream);
        write_text(stream, cell->cell->mode);
        fprintf(stream, " | %" PRIu32 " |", cell->cell->workers);
        write_count(stream, cell->measures[METRIC_HTTP2].value);
        write_count(stream, cell->measures[METRIC_HTTP2_CONNECTIONS].value);
        write_digits(stream, cell->measures[METRIC_HTTP2_SHARE].value, "");
        write_count(stream, cell->measures[METRIC_STREAMS].value);
        fputc('\n', stream);
    }
    fputc('\n', stream);
}

static void write_gains(FILE *stream, const struct gains *gains)
{
    if (gains->count == 0)
        return;
    const char *interval = gains->items[0].total.confidence > 0 ? "95 % interval" : "range";
    fputs("| Gain over ", stream);
    write_text(stream, gains->base->cell->mode);
    fprintf(stream, "/%" PRIu32 " | Workers | In all | Concurrency | %s | Connections | %s | Together |\n",
            gains->base->cell->workers, interval, interval);
    fputs("|:--|--:|--:|--:|--:|--:|--:|--:|\n", stream);
    for (size_t i = 0; i < gains->count; i++) {
        const struct gain *gain = &gains->items[i];
        fputs("| ", stream);
        write_text(stream, gain->cell->cell->mode);
        fprintf(stream, " | %" PRIu32 " |", gain->cell->cell->workers);
        write_digits(stream, gain->total.value, "x");
        write_digits(stream, gain->concurrency.value, "x");
        write_interval(stream, &gain->concurrency, gain->cell->rounds, 1);
        write_digits(stream, gain->connections.value, "x");
        write_interval(stream, &gain->connections, gain->cell->rounds, 1);
        write_digits(stream, gain->interaction.value, "x");
        fputc('\n', stream);
    }
    fputc('\n', stream);
}

static void write_url_row(FILE *stream, const struct result *result, const struct url_rows *rows, size_t place,
                          const struct format *format)
{
    const struct per_url *per_url = result->per_url;
    char label[URL_LABEL_BYTES], bodies[URL_BODIES_BYTES];
    size_t row = rows->rows[place];
    size_t beside, alone;
    url_rows_label(result, rows, place, URL_LABEL_COLUMNS, label);
    fputs("| ", stream);
    write_text(stream, label);
    fputs(" |", stream);
    for (size_t i = 0; i < per_url->cell_count; i++) {
        const struct url_figure *figure = per_url_figure(per_url, row, i);
        char digits[FORMAT_DIGITS_BYTES];
        double median = figure->count > 0 ? clock_seconds(figure->service) * format_service_scale(format).factor : NAN;
        uint64_t failures = url_figure_failures(figure);
        fprintf(stream, " %s", format_digits(digits, median));
        if (failures > 0)
            fprintf(stream, " (%" PRIu64 ")", failures);
        fputs(" |", stream);
    }
    write_digits(stream, per_url_slowdown(result, row, &beside, &alone), "x");
    fprintf(stream, " %s |\n", url_rows_bodies(per_url, row, bodies));
}

static void write_urls(FILE *stream, const struct result *result, const struct format *format)
{
    const struct per_url *per_url = result->per_url;
    uint32_t least, most;
    if (per_url == NULL || per_url->count == 0)
        return;
    const struct url_rows rows = url_rows_choose(per_url);
    fprintf(stream, "<details><summary>URLs, median service times in %s</summary>\n\n| URL |",
            format_service_scale(format).name);
    for (size_t i = 0; i < per_url->cell_count; i++) {
        const struct cell_result *cell = &result->cells[per_url->cells[i]];
        fputc(' ', stream);
        write_text(stream, cell->mode);
        fprintf(stream, "/%" PRIu32 " |", cell->workers);
    }
    fputs(" x alone | Body |\n|:--|", stream);
    for (size_t i = 0; i < per_url->cell_count; i++)
        fputs("--:|", stream);
    fputs("--:|--:|\n", stream);
    for (size_t place = 0; place < rows.count; place++)
        write_url_row(stream, result, &rows, place, format);
    url_rows_counts(per_url, &rows, &least, &most);
    char downloads[32];
    number_format_range(downloads, sizeof(downloads), 9, least, most);
    fprintf(stream,
            "\n%zu of %" PRIu32
            " URLs, by their longest median; medians of %s downloads that succeeded%s; in brackets how many failed. x "
            "alone: the longest median with several workers against that with one. It includes connecting, which the "
            "first downloads of each worker pay for (see `--connections warm`, `--order shuffle`).\n\n</details>\n\n",
            rows.count, per_url->settled, downloads,
            most > 0 && !stats_supports_percentile(least, 50) ? ", too few to rely on" : "");
}

static void write_item(FILE *stream, const char *text)
{
    fputs("- ", stream);
    write_text(stream, text);
    fputs(".\n", stream);
}

static void write_sentences(FILE *stream, const struct result *result, const struct verdict *verdict)
{
    const struct validity *validity = &verdict->figures.validity;
    for (size_t i = 0; i < verdict->sentence_count; i++)
        write_item(stream, verdict->sentences[i]);
    if (verdict->gains.count > 0)
        write_item(stream, verdict->gains.sentence);
    for (size_t i = 0; i < verdict->sweep_count; i++)
        write_item(stream, verdict->sweeps[i].sentence);
    for (size_t i = 0; i < verdict->urls.count; i++)
        write_item(stream, verdict->urls.texts[i]);
    for (size_t i = 0; i < verdict->diagnosis.count; i++)
        write_item(stream, verdict->diagnosis.findings[i].sentence);
    for (size_t i = 0; i < result->warning_count; i++)
        write_item(stream, result->warnings[i]);
    if (!validity->is_valid) {
        fputs("- **Invalid, so nothing is ranked**: ", stream);
        write_text(stream, validity->reason);
        fputs(".\n", stream);
    }
    if (validity->failures > 0)
        fprintf(stream, "- **%" PRIu64 " downloads failed**, over all rounds.\n", validity->failures);
    if (result->is_partial)
        fputs("- **Interrupted**: this is a partial result.\n", stream);
    fputc('\n', stream);
}

static void write_claims(FILE *stream, const struct verdict *verdict)
{
    static const char *const marks[] = {
        [RULING_PASS] = "✅ pass",
        [RULING_FAIL] = "❌ fail",
        [RULING_INCONCLUSIVE] = "❔ inconclusive",
        [RULING_UNMEASURABLE] = "⚠️ unmeasurable",
    };
    if (verdict->judgement_count == 0)
        return;
    fputs("| Claim | | |\n|:--|:--|:--|\n", stream);
    for (size_t i = 0; i < verdict->judgement_count; i++) {
        const struct judgement *judgement = &verdict->judgements[i];
        fputs("| ", stream);
        write_text(stream, judgement->claim);
        fprintf(stream, " | %s | ", marks[judgement->ruling]);
        write_text(stream, judgement->sentence);
        fputs(" |\n", stream);
    }
    fputc('\n', stream);
}

/* Where and how it was measured, in one line. */
static void write_foot(FILE *stream, const struct result *result)
{
    fprintf(stream, "<sub>%" PRIu32 " rounds, seed %" PRIu64 ", conc-bench ", result->rounds_done, result->seed);
    write_text(stream, result->tool_version);
    fprintf(stream, ", %" PRIu32 " core%s", result->cores, result->cores == 1 ? "" : "s");
    if (result->machine_cpu[0] != '\0') {
        fputs(" of ", stream);
        write_text(stream, result->machine_cpu);
    }
    if (result->origin[0] != '\0') {
        fputs(", embedded origin: ", stream);
        write_text(stream, result->origin);
    }
    fputs("</sub>\n", stream);
}

int markdown_write(FILE *stream, const struct result *result, const struct verdict *verdict,
                   const struct format *format, struct error *error)
{
    (void)error;
    write_head(stream, result);
    if (verdict->figures.main_count > 0)
        write_ranking(stream, &verdict->figures, format);
    write_streams(stream, &verdict->figures);
    write_gains(stream, &verdict->gains);
    if (verdict->figures.main_count > 0)
        write_phases(stream, &verdict->figures, format);
    write_urls(stream, result, format);
    write_sweeps(stream, verdict, format);
    write_sentences(stream, result, verdict);
    write_claims(stream, verdict);
    write_foot(stream, result);
    return 0;
}
