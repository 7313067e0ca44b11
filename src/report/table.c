#include "table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "content.h"
#include "grid.h"
#include "url_table.h"

/* Facts of a kind: what belongs to the workload is one sentence, all else a line each. */
static void write_facts(FILE *stream, const struct content *content, enum fact_kind kind)
{
    const char *before = "";
    for (size_t i = 0; i < content->fact_count; i++) {
        if (content->facts[i].kind != kind)
            continue;
        fprintf(stream, "%s%s", before, content->facts[i].text);
        before = kind == FACT_WORKLOAD ? ",\n" : "\n";
    }
    fputs(before[0] != '\0' ? "\n" : "", stream);
}

static void write_grid(FILE *stream, const struct content_table *table, const struct format *format)
{
    struct grid grid = {0};
    grid_begin_row(&grid);
    for (size_t i = 0; i < table->column_count; i++) {
        grid_add(&grid, "%s", table->columns[i].head);
        grid_paint(&grid, PAINT_HEAD);
    }
    for (size_t i = 0; i < table->row_count; i++) {
        grid_begin_row(&grid);
        for (size_t j = 0; j < table->rows[i].count; j++) {
            const struct content_cell *cell = &table->cells[i * table->column_count + j];
            grid_add(&grid, "%s", cell->text);
            grid_paint(&grid, cell->paint);
        }
    }
    grid_write(stream, &grid, format);
    grid_release(&grid);
}

/* URLs are too long for columns, and a few tell. */
static void write_urls(FILE *stream, const struct section *section)
{
    enum { SHOWN = 5 };
    const struct content_table *table = &section->table;
    for (size_t i = 0; i < table->row_count && i < SHOWN; i++) {
        const struct content_cell *cells = &table->cells[i * table->column_count];
        fprintf(stream, "  %s %s: %s (%s)\n", cells[2].text, cells[1].text, cells[0].text, cells[3].text);
    }
    if (table->row_count > SHOWN || section->note[0] != '\0')
        fputs("  and more of other URLs or kinds (--export-json has them)\n", stream);
}

static void write_section(FILE *stream, const struct section *section, const struct format *format)
{
    fputc('\n', stream);
    if (section->kind == SECTION_SWEEP)
        fprintf(stream, "%s\n", section->title);
    write_grid(stream, &section->table, format);
    if (section->kind != SECTION_RANKING && section->note[0] != '\0')
        fprintf(stream, "%s\n", section->note);
}

static void write_sections(FILE *stream, const struct content *content, const struct format *format)
{
    for (size_t i = 0; i < content->section_count; i++) {
        switch (content->sections[i].kind) {
        case SECTION_TIMES: /* drawn, by round */
        case SECTION_LATENCIES:
        case SECTION_CLAIMS:
        case SECTION_FAILURES:
        case SECTION_MISMATCHES:
        case SECTION_COUNT:
            break;
        case SECTION_RANKING:
        case SECTION_DOWNLOADS:
        case SECTION_HTTP2:
        case SECTION_PHASES:
        case SECTION_COSTS:
        case SECTION_GAINS:
        case SECTION_SWEEP:
            write_section(stream, &content->sections[i], format);
        }
    }
}

static void write_sentence(FILE *stream, const struct sentence *sentence, const struct format *format)
{
    static const enum paint paints[] = {
        [SENTENCE_FLAW] = PAINT_BAD,     [SENTENCE_ENDING] = PAINT_NONE, [SENTENCE_ANSWER] = PAINT_NONE,
        [SENTENCE_FINDING] = PAINT_NONE, [SENTENCE_DOUBT] = PAINT_DOUBT, [SENTENCE_NOTE] = PAINT_NONE,
    };
    enum paint paint = sentence->lead > 0 ? paints[sentence->kind] : PAINT_NONE;
    fprintf(stream, "%s%.*s%s%s%s\n", paint_on(format, paint), (int)sentence->lead, sentence->text,
            paint_off(format, paint), sentence->text + sentence->lead, sentence->kind != SENTENCE_ENDING ? "." : "");
}

/* Which URLs failed stands behind how many did. */
static void write_sentences(FILE *stream, const struct content *content, const struct format *format)
{
    for (int kind = 0; kind <= SENTENCE_NOTE; kind++) {
        for (size_t i = 0; i < content->sentence_count; i++) {
            if ((int)content->sentences[i].kind == kind)
                write_sentence(stream, &content->sentences[i], format);
        }
        for (size_t i = 0; kind == SENTENCE_ENDING && i < content->section_count; i++) {
            if (content->sections[i].kind == SECTION_FAILURES || content->sections[i].kind == SECTION_MISMATCHES)
                write_urls(stream, &content->sections[i]);
        }
    }
}

/* One line a claim. */
static void write_assertions(FILE *stream, const struct content *content, const struct format *format)
{
    for (size_t i = 0; i < content->section_count; i++) {
        const struct content_table *table = &content->sections[i].table;
        for (size_t row = 0; content->sections[i].kind == SECTION_CLAIMS && row < table->row_count; row++) {
            const struct content_cell *cells = &table->cells[row * table->column_count];
            fprintf(stream, "%s%s%s  %s: %s.\n", paint_on(format, cells[1].paint), cells[1].text,
                    paint_off(format, cells[1].paint), cells[0].text, cells[2].text);
        }
    }
}

static void write_report(FILE *stream, const struct run *run, const struct content *content,
                         const struct format *format)
{
    write_facts(stream, content, FACT_TOOL);
    write_facts(stream, content, FACT_WORKLOAD);
    write_facts(stream, content, FACT_POLICY);
    write_facts(stream, content, FACT_METHOD);
    write_sections(stream, content, format);
    url_table_write(stream, run, format);
    fputc('\n', stream);
    write_sentences(stream, content, format);
    write_assertions(stream, content, format);
}

int table_write(FILE *stream, const struct run *run, const struct analysis *analysis, const struct format *format,
                struct error *error)
{
    char *text = NULL;
    size_t length = 0;
    struct content content;
    if (content_build(run, analysis, format, &content, error) != 0)
        return -1;
    FILE *memory = format->width > 0 ? open_memstream(&text, &length) : NULL;
    write_report(memory != NULL ? memory : stream, run, &content, format);
    if (memory != NULL && fclose(memory) == 0)
        paint_wrap(stream, format, text);
    free(text);
    content_release(&content);
    return 0;
}

static void write_quiet(FILE *stream, const struct run *run, const struct cell_stats *cell)
{
    fprintf(stream, "%s/%" PRIu32, cell->cell->mode, cell->cell->workers);
    if (!cell->has_times) {
        size_t trials = cell->cell->trial_count;
        fprintf(stream, ": %s after %" PRIu32 " of %" PRIu32 " sites\n", content_ending(cell),
                trials > 0 ? content_done(&cell->cell->trials[trials - 1]) : 0, run->downloads);
        return;
    }
    uint64_t sites = (uint64_t)cell->measures[METRIC_DOWNLOADS].value - cell->failures;
    fprintf(stream, ": Downloaded %" PRIu64 " site%s in %.3f seconds", sites, sites == 1 ? "" : "s",
            cell->measures[METRIC_TIME].value);
    if (cell->failures > 0)
        fprintf(stream, ", %" PRIu64 " failed", cell->failures);
    fputc('\n', stream);
}

int table_write_quiet(FILE *stream, const struct run *run, const struct analysis *analysis, const struct format *format,
                      struct error *error)
{
    struct content content;
    if (content_build(run, analysis, format, &content, error) != 0)
        return -1;
    for (size_t i = 0; i < analysis->stats.main_count; i++)
        write_quiet(stream, run, &analysis->stats.cells[i]);
    write_assertions(stream, &content, format);
    content_release(&content);
    return 0;
}
