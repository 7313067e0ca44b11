#include "markdown.h"

#include <string.h>

#include "conc_bench/base/text.h"
#include "content.h"

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

static void write_kind(FILE *stream, const struct content *content, enum sentence_kind kind, const char *before,
                       const char *behind)
{
    for (size_t i = 0; i < content->sentence_count; i++) {
        if (content->sentences[i].kind != kind)
            continue;
        fputs(before, stream);
        write_text(stream, content->sentences[i].text);
        fputs(behind, stream);
    }
}

static void write_table(FILE *stream, const struct content_table *table)
{
    fputc('|', stream);
    for (size_t i = 0; i < table->column_count; i++) {
        fputc(' ', stream);
        write_text(stream, table->columns[i].title);
        fputs(" |", stream);
    }
    fputs("\n|", stream);
    for (size_t i = 0; i < table->column_count; i++)
        fputs(table->columns[i].is_words ? ":--|" : "--:|", stream);
    fputc('\n', stream);
    for (size_t i = 0; i < table->row_count; i++) {
        fputc('|', stream);
        for (size_t j = 0; j < table->column_count; j++) {
            fputc(' ', stream);
            write_text(stream, table->cells[i * table->column_count + j].text);
            fputs(" |", stream);
        }
        fputc('\n', stream);
    }
    fputc('\n', stream);
}

/* Marks that stand out in a comment. */
static const char *verdict_mark(const char *name)
{
    static const char *const marks[] = {
        [VERDICT_PASS] = "✅",
        [VERDICT_FAIL] = "❌",
        [VERDICT_INCONCLUSIVE] = "❔",
        [VERDICT_UNMEASURABLE] = "⚠️",
    };
    int verdict = VERDICT_PASS;
    while (verdict < VERDICT_UNMEASURABLE && strcmp(name, assertion_result_name((enum assertion_verdict)verdict)) != 0)
        verdict++;
    return marks[verdict];
}

static void write_assertions(FILE *stream, const struct content_table *table)
{
    fputs("| Assertion | | |\n|:--|:--|:--|\n", stream);
    for (size_t i = 0; i < table->row_count; i++) {
        const struct content_cell *cells = &table->cells[i * table->column_count];
        fputs("| ", stream);
        write_text(stream, cells[0].text);
        fprintf(stream, " | %s %s | ", verdict_mark(cells[1].text), cells[1].text);
        write_text(stream, cells[2].text);
        fputs(" |\n", stream);
    }
    fputc('\n', stream);
}

/* The summary. The title is the answer, as it is what a list of comments shows of each. */
static void write_summary(FILE *stream, const struct content *content)
{
    static const enum section_kind kinds[] = {SECTION_CAUSES, SECTION_SUMMARY, SECTION_GRID};
    const struct section *assertions = content_find(content, SECTION_ASSERTIONS);
    fputs("### conc-bench: ", stream);
    write_kind(stream, content, SENTENCE_VERDICT, "", "");
    fputs("\n\n", stream);
    write_kind(stream, content, SENTENCE_ADVICE, "**", ".**\n\n");
    write_kind(stream, content, SENTENCE_CAVEAT, "- ⚠️ ", ".\n");
    fputc('\n', stream);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const struct section *section = content_find(content, kinds[i]);
        if (section == NULL)
            continue;
        write_table(stream, &section->table);
        write_text(stream, section->note);
        fputs(section->note[0] != '\0' ? "\n\n" : "", stream);
    }
    if (assertions != NULL)
        write_assertions(stream, &assertions->table);
    write_kind(stream, content, SENTENCE_WHY, "", ".\n\n");
    write_kind(stream, content, SENTENCE_HOW, "", ".\n\n");
}

/* Opens a part that can be unfolded, for all but the answer. */
static void open_fold(FILE *stream, const char *title)
{
    fputs("<details><summary>", stream);
    write_text(stream, title);
    fputs("</summary>\n\n", stream);
}

static void write_sentences(FILE *stream, const struct content *content)
{
    open_fold(stream, "Findings");
    write_kind(stream, content, SENTENCE_FLAW, "- **", "**.\n");
    for (int kind = SENTENCE_FLAW + 1; kind <= SENTENCE_NOTE; kind++)
        write_kind(stream, content, (enum sentence_kind)kind, "- ", ".\n");
    fputs("\n</details>\n\n", stream);
}

static void write_folded(FILE *stream, const struct section *section)
{
    open_fold(stream, section->title);
    write_table(stream, &section->table);
    if (section->note[0] != '\0') {
        write_text(stream, section->note);
        fputs("\n\n", stream);
    }
    fputs("</details>\n\n", stream);
}

static void write_sections(FILE *stream, const struct content *content)
{
    for (size_t i = 0; i < content->section_count; i++) {
        const struct section *section = &content->sections[i];
        if (content_is_detail(section->kind) || section->kind == SECTION_FAILURES ||
            section->kind == SECTION_MISMATCHES)
            write_folded(stream, section);
    }
}

/* The chosen rows of the table of URLs. */
static void write_urls(FILE *stream, const struct content *content)
{
    const struct section *section = content_find(content, SECTION_URLS);
    if (section == NULL)
        return;
    const struct content_table *table = &section->table;
    open_fold(stream, section->title);
    fputc('|', stream);
    for (size_t i = 0; i < table->column_count; i++) {
        if (table->columns[i].is_extra)
            continue;
        fputc(' ', stream);
        write_text(stream, table->columns[i].title);
        fputs(" |", stream);
    }
    fputs("\n|", stream);
    for (size_t i = 0; i < table->column_count; i++)
        fputs(table->columns[i].is_extra ? "" : i == 0 ? ":--|" : "--:|", stream);
    for (size_t row = 0; row < table->row_count; row++) {
        char label[CONTENT_LABEL_BYTES];
        if (!table->rows[row].is_chosen)
            continue;
        content_label_url(table, row, CONTENT_LABEL_COLUMNS, label);
        fputs("\n| ", stream);
        write_text(stream, label);
        fputs(" |", stream);
        for (size_t i = 1; i < table->column_count; i++) {
            if (table->columns[i].is_extra)
                continue;
            fputc(' ', stream);
            write_text(stream, table->cells[row * table->column_count + i].text);
            fputs(" |", stream);
        }
    }
    fputs("\n\n", stream);
    write_text(stream, section->place);
    fputc(' ', stream);
    write_text(stream, section->note);
    fputs("\n\n</details>\n\n", stream);
}

/* Writes what was measured, where and how. */
static void write_foot(FILE *stream, const struct content *content)
{
    const char *before = "<sub>";
    for (size_t i = 0; i < content->fact_count; i++) {
        fputs(before, stream);
        write_text(stream, content->facts[i].text);
        before = i + 1 < content->fact_count && content->facts[i + 1].kind == FACT_WORKLOAD ? ", " : "; ";
    }
    fputs("</sub>\n", stream);
}

int markdown_write(FILE *stream, const struct run *run, const struct analysis *analysis, const struct format *format,
                   struct error *error)
{
    struct content content;
    if (content_build(run, analysis, format, &content, error) != 0)
        return -1;
    write_summary(stream, &content);
    write_sentences(stream, &content);
    write_sections(stream, &content);
    write_urls(stream, &content);
    write_foot(stream, &content);
    content_release(&content);
    return 0;
}
