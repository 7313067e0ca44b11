#include "terminal.h"

#include <stdlib.h>
#include <string.h>

#include "conc_bench/base/text.h"
#include "content.h"
#include "grid.h"

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

/* Drops columns of a table so that the others fit into a terminal of that width; 0: it is wide enough. */
static void drop_columns(const struct content_table *table, size_t width, bool *is_dropped)
{
    size_t widths[GRID_COLUMNS_MAX] = {0};
    size_t used = 0;
    for (size_t i = 0; i < table->column_count && i < GRID_COLUMNS_MAX; i++) {
        widths[i] = text_columns(table->columns[i].head);
        for (size_t row = 0; row < table->row_count; row++) {
            size_t columns = text_columns(table->cells[row * table->column_count + i].text);
            widths[i] = columns > widths[i] ? columns : widths[i];
        }
        used += widths[i] + (i > 0 ? 2 : 0);
    }
    while (width > 0 && used > width) {
        size_t first = 0;
        for (size_t i = 1; i < table->column_count && i < GRID_COLUMNS_MAX; i++) {
            if (!is_dropped[i] && table->columns[i].drop > (first > 0 ? table->columns[first].drop : 0))
                first = i;
        }
        if (first == 0)
            return;
        is_dropped[first] = true;
        used -= widths[first] + 2;
    }
}

static void write_grid(FILE *stream, const struct content_table *table, const struct format *format, bool may_drop)
{
    struct grid grid = {0};
    bool is_dropped[GRID_COLUMNS_MAX] = {false};
    if (may_drop)
        drop_columns(table, format->width, is_dropped);
    grid_begin_row(&grid);
    for (size_t i = 0; i < table->column_count && i < GRID_COLUMNS_MAX; i++) {
        if (is_dropped[i])
            continue;
        grid_add(&grid, "%s", table->columns[i].head);
        grid_paint(&grid, PAINT_HEAD);
    }
    for (size_t i = 0; i < table->row_count; i++) {
        grid_begin_row(&grid);
        for (size_t j = 0; j < table->rows[i].count && j < GRID_COLUMNS_MAX; j++) {
            const struct content_cell *cell = &table->cells[i * table->column_count + j];
            if (is_dropped[j])
                continue;
            grid_add(&grid, "%s", cell->text);
            grid_paint(&grid, cell->paint);
        }
    }
    grid_write(stream, &grid, format);
    grid_release(&grid);
}

void terminal_write_table(FILE *stream, const struct content_table *table, const struct format *format)
{
    write_grid(stream, table, format, true);
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

/* Cells beside each other; further ones stand below, with the URLs beside them again. */
enum { CELLS_BESIDE = 8, LABEL_NARROW = 16, LABEL_LEAST = 24, LABEL_MOST = 48 };

/* Chooses the width of URLs so that everything else fits beside them, if that leaves them enough. */
static size_t choose_label_columns(const struct content_table *table, const struct format *format)
{
    size_t used = sizeof("  16.0 KiB") - 1;
    if (format->width == 0)
        return LABEL_MOST;
    for (size_t i = 1, cells = 0; i + 1 < table->column_count; i++) {
        bool is_cell = table->columns[i].mode != NULL;
        if (!table->columns[i].is_extra && (!is_cell || cells++ < CELLS_BESIDE))
            used += 2 + text_columns(table->columns[i].head);
    }
    size_t left = format->width > used ? format->width - used : 0;
    if (left < LABEL_LEAST)
        return format->width < (size_t)2 * LABEL_LEAST ? LABEL_NARROW : LABEL_LEAST;
    return left > LABEL_MOST ? LABEL_MOST : left;
}

/* The URLs that are chosen, and of the other columns those from `first` up to `end`. */
static void write_url_columns(FILE *stream, const struct content_table *table, size_t first, size_t end,
                              const struct format *format)
{
    struct grid grid = {0};
    size_t columns = choose_label_columns(table, format);
    grid_begin_row(&grid);
    grid_add(&grid, "%s", table->columns[0].head);
    grid_paint(&grid, PAINT_HEAD);
    for (size_t i = first; i < end; i++) {
        if (table->columns[i].is_extra)
            continue;
        grid_add(&grid, "%s", table->columns[i].head);
        grid_paint(&grid, PAINT_HEAD);
    }
    for (size_t row = 0; row < table->row_count; row++) {
        char label[CONTENT_LABEL_BYTES];
        if (!table->rows[row].is_chosen)
            continue;
        content_label_url(table, row, columns, label);
        grid_begin_row(&grid);
        grid_add(&grid, "%s", label);
        for (size_t i = first; i < end; i++) {
            if (table->columns[i].is_extra)
                continue;
            grid_add(&grid, "%s", table->cells[row * table->column_count + i].text);
            grid_paint(&grid, table->cells[row * table->column_count + i].paint);
        }
    }
    fputc('\n', stream);
    grid_write(stream, &grid, format);
    grid_release(&grid);
}

static void write_url_section(FILE *stream, const struct content *content, const struct format *format)
{
    const struct section *section = content_find(content, SECTION_URLS);
    if (section == NULL)
        return;
    const struct content_table *table = &section->table;
    for (size_t first = 1; first < table->column_count;) {
        size_t end = first;
        while (end < table->column_count && (end < first + CELLS_BESIDE || table->columns[end].mode == NULL))
            end++;
        write_url_columns(stream, table, first, end, format);
        first = end;
    }
    fprintf(stream, "%s\n", section->place);
    if (section->note[0] != '\0')
        fprintf(stream, "%s\n", section->note);
}

static void write_heading(FILE *stream, const char *title, const struct format *format)
{
    fprintf(stream, "\n%s%s%s\n", paint_on(format, PAINT_HEAD), title, paint_off(format, PAINT_HEAD));
}

static void write_section(FILE *stream, const struct section *section, const struct format *format)
{
    write_heading(stream, section->title, format);
    write_grid(stream, &section->table, format, false);
    const char *note = section->key[0] != '\0' ? section->key : section->note;
    if (note[0] != '\0')
        fprintf(stream, "%s\n", note);
}

/* The tables of the details. */
static void write_sections(FILE *stream, const struct content *content, const struct format *format)
{
    for (size_t i = 0; i < content->section_count; i++) {
        if (content_is_detail(content->sections[i].kind))
            write_section(stream, &content->sections[i], format);
    }
}

static void write_sentence(FILE *stream, const struct sentence *sentence, const struct format *format)
{
    static const enum paint paints[] = {
        [SENTENCE_VERDICT] = PAINT_NONE, [SENTENCE_ADVICE] = PAINT_NONE, [SENTENCE_CAVEAT] = PAINT_DOUBT,
        [SENTENCE_WHY] = PAINT_NONE,     [SENTENCE_HOW] = PAINT_NONE,    [SENTENCE_FLAW] = PAINT_BAD,
        [SENTENCE_ENDING] = PAINT_NONE,  [SENTENCE_ANSWER] = PAINT_NONE, [SENTENCE_FINDING] = PAINT_NONE,
        [SENTENCE_DOUBT] = PAINT_DOUBT,  [SENTENCE_NOTE] = PAINT_NONE,
    };
    enum paint paint = sentence->lead > 0 ? paints[sentence->kind] : PAINT_NONE;
    bool has_stop = sentence->text[0] != '\0' && strchr(".?!", sentence->text[strlen(sentence->text) - 1]) != NULL;
    fprintf(stream, "%s%.*s%s%s%s\n", paint_on(format, paint), (int)sentence->lead, sentence->text,
            paint_off(format, paint), sentence->text + sentence->lead,
            sentence->kind != SENTENCE_ENDING && !has_stop ? "." : "");
}

static void write_kind(FILE *stream, const struct content *content, enum sentence_kind kind,
                       const struct format *format)
{
    for (size_t i = 0; i < content->sentence_count; i++) {
        if (content->sentences[i].kind == kind)
            write_sentence(stream, &content->sentences[i], format);
    }
}

/* The sentences of the details. Which URLs failed stands behind how many did. */
static void write_sentences(FILE *stream, const struct content *content, const struct format *format)
{
    write_heading(stream, "Findings", format);
    for (int kind = SENTENCE_FLAW; kind <= SENTENCE_NOTE; kind++) {
        write_kind(stream, content, (enum sentence_kind)kind, format);
        for (size_t i = 0; kind == SENTENCE_ENDING && i < content->section_count; i++) {
            if (content->sections[i].kind == SECTION_FAILURES || content->sections[i].kind == SECTION_MISMATCHES)
                write_urls(stream, &content->sections[i]);
        }
    }
}

/* One line an assertion. */
static void write_assertions(FILE *stream, const struct content *content, const struct format *format)
{
    for (size_t i = 0; i < content->section_count; i++) {
        const struct content_table *table = &content->sections[i].table;
        for (size_t row = 0; content->sections[i].kind == SECTION_ASSERTIONS && row < table->row_count; row++) {
            const struct content_cell *cells = &table->cells[row * table->column_count];
            fprintf(stream, "%s%s%s  %s: %s.\n", paint_on(format, cells[1].paint), cells[1].text,
                    paint_off(format, cells[1].paint), cells[0].text, cells[2].text);
        }
    }
}

/* The summary */

enum { WIDTH_DEFAULT = 80 };

/* A report has no more lines than these, with and without a table. */
enum { LINES_MOST = 20, LINES_SINGLE = 6 };

/* The parts of a summary that are shown. */
struct kept_parts {
    size_t caveats; /* so many of them */
    bool has_gap;   /* an empty line in front of why and how */
    bool has_why;
};

/* The first ones. Returns how many are left out. */
static size_t write_caveats(FILE *stream, const struct content *content, const struct format *format, size_t most)
{
    size_t count = 0;
    for (size_t i = 0; i < content->sentence_count; i++) {
        const struct sentence *sentence = &content->sentences[i];
        if (sentence->kind == SENTENCE_CAVEAT && count++ < most)
            write_sentence(stream, sentence, format);
    }
    return count > most ? count - most : 0;
}

/* Hosts and causes are sentences rather than a table. */
static void write_causes(FILE *stream, const struct section *section)
{
    const struct content_table *table = &section->table;
    for (size_t i = 0; i < table->row_count; i++) {
        const struct content_cell *cells = &table->cells[i * table->column_count];
        fprintf(stream, "  %s: %s (%s download%s)\n", cells[0].text, cells[2].text, cells[1].text,
                strcmp(cells[1].text, "1") == 0 ? "" : "s");
    }
}

static void write_summary_table(FILE *stream, const struct content *content, const struct format *format)
{
    const struct section *causes = content_find(content, SECTION_CAUSES);
    const struct section *table = content_find(content, SECTION_SUMMARY);
    table = table != NULL ? table : content_find(content, SECTION_GRID);
    if (causes != NULL)
        write_causes(stream, causes);
    if (table == NULL)
        return;
    fputc('\n', stream);
    terminal_write_table(stream, &table->table, format);
    if (table->note[0] != '\0')
        fprintf(stream, "%s\n", table->note);
}

/* The words that lead to caveats that were left out say so. */
static void write_how(FILE *stream, const struct content *content, size_t left_out, bool has_more)
{
    for (size_t i = 0; i < content->sentence_count; i++) {
        if (content->sentences[i].kind != SENTENCE_HOW)
            continue;
        fprintf(stream, "%s.", content->sentences[i].text);
        if (has_more && left_out > 0)
            fprintf(stream, " %zu more warning%s and all figures: --details", left_out, left_out == 1 ? "" : "s");
        else if (has_more)
            fputs(" More: --details", stream);
        fputc('\n', stream);
    }
}

/* Writes the parts. Those that come on demand, URLs and assertions, are left out if lines are only to be counted. */
static void write_summary(FILE *stream, const struct content *content, const struct format *format,
                          const struct kept_parts *parts, bool has_more, bool is_counted)
{
    write_kind(stream, content, SENTENCE_VERDICT, format);
    write_kind(stream, content, SENTENCE_ADVICE, format);
    size_t left_out = write_caveats(stream, content, format, parts->caveats);
    write_summary_table(stream, content, format);
    if (has_more && !is_counted)
        write_url_section(stream, content, format);
    if (!is_counted && content_find(content, SECTION_ASSERTIONS) != NULL) {
        fputc('\n', stream);
        write_assertions(stream, content, format);
    }
    fputs(parts->has_gap ? "\n" : "", stream);
    if (parts->has_why)
        write_kind(stream, content, SENTENCE_WHY, format);
    write_how(stream, content, left_out, has_more);
}

/* Lines of a summary on the terminal; 0: there is no memory to count them. */
static size_t count_lines(const struct content *content, const struct format *format, const struct kept_parts *parts)
{
    char *texts[2] = {NULL, NULL};
    size_t length, lines = 0;
    FILE *memory = open_memstream(&texts[0], &length);
    if (memory != NULL) {
        write_summary(memory, content, format, parts, true, true);
        memory = fclose(memory) == 0 ? open_memstream(&texts[1], &length) : NULL;
    }
    if (memory != NULL) {
        paint_wrap(memory, format, texts[0]);
        bool is_whole = fclose(memory) == 0;
        for (const char *end = is_whole ? texts[1] : ""; (end = strchr(end, '\n')) != NULL; end++)
            lines++;
    }
    free(texts[0]);
    free(texts[1]);
    return lines;
}

/* Leaves out parts until the report is short enough, the least important first: without a table the gap, then caveats
 * but for the first, then the reason. */
static struct kept_parts choose_kept_parts(const struct content *content, const struct format *format)
{
    bool has_table = content_find(content, SECTION_SUMMARY) != NULL || content_find(content, SECTION_GRID) != NULL;
    struct kept_parts parts = {.has_gap = true, .has_why = true};
    /* More caveats than lines never fit, and a document may hold thousands. */
    for (size_t i = 0; i < content->sentence_count && parts.caveats < LINES_MOST; i++)
        parts.caveats += content->sentences[i].kind == SENTENCE_CAVEAT;
    while (count_lines(content, format, &parts) > (has_table ? LINES_MOST : LINES_SINGLE)) {
        if (!has_table && parts.has_gap)
            parts.has_gap = false;
        else if (parts.caveats > 1)
            parts.caveats--;
        else if (parts.has_why)
            parts.has_why = false;
        else
            break;
    }
    return parts;
}

static void write_brief(FILE *stream, const struct content *content, const struct format *format)
{
    struct kept_parts parts = choose_kept_parts(content, format);
    write_summary(stream, content, format, &parts, true, false);
}

/* The summary, and then all there is. */
static void write_details(FILE *stream, const struct content *content, const struct format *format)
{
    static const struct kept_parts whole = {.caveats = SIZE_MAX, .has_gap = true, .has_why = true};
    write_summary(stream, content, format, &whole, false, false);
    write_heading(stream, "Run", format);
    write_facts(stream, content, FACT_TOOL);
    write_facts(stream, content, FACT_WORKLOAD);
    write_facts(stream, content, FACT_POLICY);
    write_facts(stream, content, FACT_METHOD);
    write_sections(stream, content, format);
    write_url_section(stream, content, format);
    write_sentences(stream, content, format);
}

typedef void layout(FILE *stream, const struct content *content, const struct format *format);

/* Lays the content out, and breaks lines where the terminal ends. */
static int write_report(FILE *stream, const struct run *run, const struct analysis *analysis,
                        const struct format *format, layout *write, struct error *error)
{
    char *text = NULL;
    size_t length = 0;
    struct content content;
    if (content_build(run, analysis, format, &content, error) != 0)
        return -1;
    FILE *memory = format->width > 0 ? open_memstream(&text, &length) : NULL;
    write(memory != NULL ? memory : stream, &content, format);
    if (memory != NULL && fclose(memory) == 0)
        paint_wrap(stream, format, text);
    free(text);
    content_release(&content);
    return 0;
}

int terminal_write_brief(FILE *stream, const struct run *run, const struct analysis *analysis,
                         const struct format *format, struct error *error)
{
    struct format bounded = *format;
    bounded.width = format->width > 0 ? format->width : WIDTH_DEFAULT;
    return write_report(stream, run, analysis, &bounded, write_brief, error);
}

int terminal_write_details(FILE *stream, const struct run *run, const struct analysis *analysis,
                           const struct format *format, struct error *error)
{
    return write_report(stream, run, analysis, format, write_details, error);
}

static void write_verdict(FILE *stream, const struct content *content, const struct format *format)
{
    const char *caveat = NULL;
    size_t caveats = 0;
    for (size_t i = 0; i < content->sentence_count; i++) {
        const struct sentence *sentence = &content->sentences[i];
        if (sentence->kind == SENTENCE_VERDICT)
            fprintf(stream, "%s.", sentence->text);
        else if (sentence->kind == SENTENCE_CAVEAT && caveats++ == 0)
            caveat = sentence->text;
    }
    if (caveat != NULL)
        fprintf(stream, " %s.", caveat);
    if (caveats > 1)
        fprintf(stream, " %zu more warning%s: --details.", caveats - 1, caveats > 2 ? "s" : "");
    fputc('\n', stream);
    write_assertions(stream, content, format);
}

int terminal_write_verdict(FILE *stream, const struct run *run, const struct analysis *analysis,
                           const struct format *format, struct error *error)
{
    struct format unbounded = *format;
    unbounded.width = 0;
    return write_report(stream, run, analysis, &unbounded, write_verdict, error);
}
