#include "content.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/base/number.h"
#include "conc_bench/base/text.h"
#include "conc_bench/base/text_buffer.h"

/* An array with room for one more, where its capacity is the next power of two; NULL, and nothing is changed: there is
 * no memory. */
static void *with_room(struct content *content, void *array, size_t count, size_t size)
{
    bool is_full = (count & (count - 1)) == 0;
    void *longer = is_full ? realloc(array, (count == 0 ? 1 : 2 * count) * size) : array;
    content->has_failed |= longer == NULL;
    return longer;
}

/* Takes the text over. */
static const char *keep(struct content *content, char *text)
{
    char **texts = text != NULL ? with_room(content, content->texts, content->text_count, sizeof(texts[0])) : NULL;
    if (texts == NULL) {
        content->has_failed = true;
        free(text);
        return "";
    }
    content->texts = texts;
    return texts[content->text_count++] = text;
}

const char *content_text(struct content *content, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    va_end(arguments);
    return keep(content, text);
}

const char *content_outside(struct content *content, const char *text)
{
    struct text_buffer escaped = {0};
    text_buffer_add_escaped(&escaped, text, strlen(text));
    return keep(content, text_buffer_take(&escaped));
}

const char *content_cause(struct content *content, const struct run *run, unsigned code)
{
    if (code < CAUSE_FIRST_CHECK)
        return format_failure(code);
    size_t check = code - CAUSE_FIRST_CHECK;
    return check < run->check_count ? content_text(content, " (%s)", content_outside(content, run->checks[check])) : "";
}

/* Several texts from outside in one, with the separator between them. */
static const char *join(struct content *content, const char *separator, char *const *texts, size_t count)
{
    struct text_buffer joined = {0};
    for (size_t i = 0; i < count; i++) {
        text_buffer_add(&joined, "%s", i > 0 ? separator : "");
        text_buffer_add_escaped(&joined, texts[i], strlen(texts[i]));
    }
    return keep(content, text_buffer_take(&joined));
}

const char *content_name(struct content *content, const struct run_cell *cell)
{
    char label[CELL_LABEL_BYTES];
    return content_text(content, "%s", cell_label(cell, label));
}

struct section *content_add_section(struct content *content, enum section_kind kind, const char *title)
{
    static struct section nowhere;
    struct section *sections = with_room(content, content->sections, content->section_count, sizeof(sections[0]));
    if (sections == NULL) {
        nowhere = (struct section){0};
        return &nowhere;
    }
    content->sections = sections;
    sections[content->section_count] =
        (struct section){.kind = kind, .title = title, .note = "", .key = "", .place = ""};
    return &sections[content->section_count++];
}

void content_add_column(struct content *content, struct section *section, const char *head, const char *title,
                        bool is_words)
{
    struct content_table *table = &section->table;
    if (content->has_failed)
        return;
    struct content_column *columns = with_room(content, table->columns, table->column_count, sizeof(columns[0]));
    if (columns == NULL)
        return;
    table->columns = columns;
    columns[table->column_count++] = (struct content_column){.head = head, .title = title, .is_words = is_words};
}

void content_add_row(struct content *content, struct section *section, const char *mode)
{
    struct content_table *table = &section->table;
    if (content->has_failed)
        return;
    struct content_row *rows = with_room(content, table->rows, table->row_count, sizeof(rows[0]));
    if (rows == NULL)
        return;
    table->rows = rows;
    struct content_cell *cells = realloc(table->cells, (table->row_count + 1) * table->column_count * sizeof(cells[0]));
    content->has_failed |= cells == NULL;
    if (cells == NULL)
        return;
    table->cells = cells;
    for (size_t i = 0; i < table->column_count; i++)
        cells[table->row_count * table->column_count + i] = (struct content_cell){.text = ""};
    rows[table->row_count++] = (struct content_row){.mode = mode};
}

void content_add_cell(struct content *content, struct section *section, enum paint paint, const char *text)
{
    struct content_table *table = &section->table;
    if (content->has_failed)
        return;
    struct content_row *row = &table->rows[table->row_count - 1];
    if (row->count < table->column_count)
        table->cells[(table->row_count - 1) * table->column_count + row->count++] =
            (struct content_cell){.text = text, .paint = paint};
}

void content_add_figures(struct content *content, struct section *section, const char *head, const char *title,
                         int drop)
{
    content_add_column(content, section, head, title, false);
    if (section->table.column_count > 0)
        section->table.columns[section->table.column_count - 1].drop = drop;
}

void content_add_figures_in(struct content *content, struct section *section, const char *head, const char *title,
                            const char *unit, int drop)
{
    content_add_figures(content, section, content_text(content, "%s %s", head, unit),
                        content_text(content, "%s [%s]", title, unit), drop);
}

bool content_add_mode(struct content *content, struct section *section, const char *mode, uint32_t workers,
                      bool is_first, const char *ending)
{
    content_add_row(content, section, mode);
    content_add_cell(content, section, is_first ? PAINT_GOOD : PAINT_NONE, content_outside(content, mode));
    content_add_cell(content, section, PAINT_NONE, content_text(content, "%" PRIu32, workers));
    if (ending != NULL)
        content_add_cell(content, section, PAINT_BAD, ending);
    return ending == NULL;
}

void content_add_digits(struct content *content, struct section *section, double value, const char *suffix)
{
    char digits[FORMAT_DIGITS_BYTES];
    content_add_cell(content, section, PAINT_NONE,
                     content_text(content, "%s%s", format_digits(digits, value), isfinite(value) ? suffix : ""));
}

void content_add_sentence(struct content *content, enum sentence_kind kind, const char *text)
{
    struct sentence *sentences = with_room(content, content->sentences, content->sentence_count, sizeof(sentences[0]));
    size_t lead = strcspn(text, ":");
    if (sentences == NULL)
        return;
    content->sentences = sentences;
    sentences[content->sentence_count++] =
        (struct sentence){.kind = kind, .text = text, .lead = text[lead] == ':' && text[lead + 1] == ' ' ? lead : 0};
}

static void add_fact(struct content *content, enum fact_kind kind, const char *text)
{
    struct fact *facts = with_room(content, content->facts, content->fact_count, sizeof(facts[0]));
    if (facts == NULL)
        return;
    content->facts = facts;
    facts[content->fact_count++] = (struct fact){.kind = kind, .text = text};
}

/* Facts */

/* "libcurl/7.88.1" of curl's long list. */
static void add_tool(struct content *content, const struct run *run)
{
    const char *libcurl = run->libcurl_version;
    const char *cpu = content_outside(content, run->machine_cpu);
    const char *system = content_outside(content, run->machine_system);
    const char *quota = "";
    if (run_usable_cores(run) < run->cores)
        quota = content_text(content, " (%s by quota)", NUMBER(3, run->cpu_quota));
    add_fact(content, FACT_TOOL,
             content_text(content, "conc-bench %s, %.*s, %s; %" PRIu32 " core%s%s%s%s%s%s", run->tool_version,
                          (int)strcspn(libcurl, " "), libcurl, run->tls_version, run->cores, text_plural(run->cores),
                          quota, cpu[0] != '\0' ? " of " : "", cpu, system[0] != '\0' ? ", " : "", system));
    if (run->started_at[0] != '\0')
        add_fact(content, FACT_STARTED, content_text(content, "started at %s", run->started_at));
}

static void add_workload(struct content *content, const struct run *run)
{
    char count[32], work[32];
    number_format_count(count, sizeof(count), run->downloads);
    add_fact(content, FACT_WORKLOAD,
             content_text(content, "%s download%s of %" PRIu32 " URL%s on %" PRIu32 " host%s from %s%s", count,
                          text_plural(run->downloads), run->distinct_urls, text_plural(run->distinct_urls), run->hosts,
                          text_plural(run->hosts), join(content, ", ", run->sources, run->source_count),
                          run->is_order_shuffled ? ", in shuffled order" : ""));
    if (run->origin[0] != '\0')
        add_fact(content, FACT_WORKLOAD,
                 content_text(content, "served by the embedded origin%s (%s)",
                              run->machine_count > 1 ? "" : " on this machine", content_outside(content, run->origin)));
    if (run->machine_count > 1)
        add_fact(content, FACT_WORKLOAD,
                 content_text(content, "shared by %zu machines, led by %s; workers are those of each%s",
                              run->machine_count, content_outside(content, run->machines[0].name),
                              content_has_machine_numbers(run)
                                  ? "; modes with :x and a number are run by so many, the first ones"
                                  : ""));
    number_format_duration(work, sizeof(work), run->cpu_work);
    if (run->cpu_work > 0)
        add_fact(content, FACT_WORKLOAD,
                 content_text(content, "with work worth %s of CPU time on each response", work));
}

static const char *describe_connections(struct content *content, const char *connections)
{
    if (strcmp(connections, "fresh") == 0)
        return "a fresh connection for each download";
    if (strcmp(connections, "warm") == 0)
        return "connections opened before the clock starts";
    if (strcmp(connections, "reuse") == 0)
        return "connections reused within a trial";
    return content_text(content, "connections as the mode's name says (%s)", connections);
}

static void add_policy(struct content *content, const struct run *run)
{
    char limit[32];
    const char *redirects = run->max_redirects == 0
                                ? "redirects not followed"
                                : content_text(content, "up to %" PRIu32 " redirects", run->max_redirects);
    number_format_duration(limit, sizeof(limit), run->max_time);
    add_fact(content, FACT_POLICY,
             content_text(content, "%s, %s, %s, %s, at most %s a download", format_http(run->http_version),
                          describe_connections(content, run->connections),
                          format_names(run->origin[0] != '\0' ? "none" : run->dns), redirects, limit));
    if (run->asked_count > 0)
        add_fact(content, FACT_POLICY,
                 content_text(content, "asked with %s", join(content, " ", run->asked, run->asked_count)));
    if (run->check_count > 0)
        add_fact(
            content, FACT_POLICY,
            content_text(content, "answers held to %s (--check)", join(content, ", ", run->checks, run->check_count)));
    char tolerance[32];
    tolerance_describe(&run->tolerance, tolerance, sizeof(tolerance));
    if (tolerance[0] != '\0')
        add_fact(content, FACT_POLICY,
                 content_text(content, "bodies of a URL may differ in size%s%s (--tolerate %s)",
                              run->tolerance.is_status_only ? "" : " by ",
                              run->tolerance.is_status_only ? "" : tolerance, tolerance));
    if (run->is_unverified)
        add_fact(content, FACT_POLICY, "TLS is not verified (--insecure)");
}

static void add_method(struct content *content, const struct run *run)
{
    bool is_cut_short = run->is_partial && run->rounds_done < run->rounds_planned;
    const char *planned = is_cut_short ? content_text(content, " of %" PRIu32, run->rounds_planned) : "";
    const char *warmup = run->warmup_rounds == 0 ? "without a warm-up"
                         : run->warmup_rounds == 1
                             ? "after one to warm up"
                             : content_text(content, "after %" PRIu32 " to warm up", run->warmup_rounds);
    add_fact(content, FACT_METHOD,
             content_text(content,
                          "%" PRIu32 "%s round%s %s, each with every mode once in an order of its own "
                          "(seed %" PRIu64 ")",
                          run->rounds_done, planned, text_plural(is_cut_short ? run->rounds_planned : run->rounds_done),
                          warmup, run->seed));
    if (run->stop_reason[0] != '\0')
        add_fact(content, FACT_METHOD,
                 content_text(content, "no more rounds: %s", content_outside(content, run->stop_reason)));
}

int content_build(const struct run *run, const struct analysis *analysis, const struct format *format,
                  struct content *content, struct error *error)
{
    *content = (struct content){0};
    content_add_summary(content, run, analysis, format);
    add_workload(content, run);
    add_policy(content, run);
    add_method(content, run);
    add_tool(content, run);
    content_add_tables(content, run, analysis, format);
    content_add_urls(content, &analysis->stats, format);
    content_add_sentences(content, run, analysis);
    if (!content->has_failed)
        return 0;
    content_release(content);
    return error_set(error, ERROR_ENVIRONMENT, "no memory for the report");
}

void content_label_url(const struct content_table *table, size_t row, size_t columns, char label[CONTENT_LABEL_BYTES])
{
    const char *text = table->cells[row * table->column_count].text;
    bool is_alike = false;
    text_shorten(label, CONTENT_LABEL_BYTES, text, columns);
    for (size_t i = 0; i < table->row_count; i++) {
        char other[CONTENT_LABEL_BYTES];
        if (i == row || !table->rows[i].is_chosen)
            continue;
        text_shorten(other, sizeof(other), table->cells[i * table->column_count].text, columns);
        is_alike |= strcmp(label, other) == 0;
    }
    if (is_alike) {
        enum { LEAST = 8 };
        char number[24];
        size_t length = (size_t)snprintf(number, sizeof(number), " #%zu", table->rows[row].number);
        text_shorten(label, CONTENT_LABEL_BYTES, text, columns > LEAST + length ? columns - length : LEAST);
        text_append(label, CONTENT_LABEL_BYTES, "%s", number);
    }
}

bool content_is_detail(enum section_kind kind)
{
    static const bool details[SECTION_COUNT] = {
        [SECTION_RANKING] = true, [SECTION_DOWNLOADS] = true, [SECTION_RATES] = true,  [SECTION_MACHINES] = true,
        [SECTION_RATE] = true,    [SECTION_HTTP2] = true,     [SECTION_PHASES] = true, [SECTION_COSTS] = true,
        [SECTION_GAINS] = true,   [SECTION_SWEEP] = true,
    };
    return details[kind];
}

const struct section *content_find(const struct content *content, enum section_kind kind)
{
    for (size_t i = 0; i < content->section_count; i++) {
        if (content->sections[i].kind == kind)
            return &content->sections[i];
    }
    return NULL;
}

void content_release(struct content *content)
{
    for (size_t i = 0; i < content->section_count; i++) {
        free(content->sections[i].table.columns);
        free(content->sections[i].table.rows);
        free(content->sections[i].table.cells);
    }
    for (size_t i = 0; i < content->text_count; i++)
        free(content->texts[i]);
    free(content->texts);
    free(content->sections);
    free(content->sentences);
    free(content->facts);
    *content = (struct content){0};
}
