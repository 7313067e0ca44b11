#include "run_fixture.h"

#include <ctype.h>

#include "report/content.h"
#include "report/html.h"
#include "report/markdown.h"
#include "report/terminal.h"

/* All reports say the same: sentences, facts, tables and notes are compared with what terminal, Markdown and page make
 * of them, less what each format writes otherwise. */

typedef int writer(FILE *stream, const struct run *run, const struct analysis *analysis, const struct format *format,
                   struct error *error);

/* Letters, digits and the signs of figures, one space for everything else. */
static char *plain(const char *text, bool is_markup)
{
    static const struct {
        const char *entity;
        char letter;
    } entities[] = {{"&lt;", '<'},   {"&gt;", '>'},  {"&amp;", '&'}, {"&quot;", '"'},
                    {"&#39;", '\''}, {"&#64;", '@'}, {"&#58;", ':'}};
    char *run = malloc(strlen(text) + 1);
    size_t length = 0;
    assert_non_null(run);
    while (*text != '\0') {
        char letter = *text;
        size_t used = 1;
        if (is_markup && letter == '<') /* an element */
            used = strcspn(text, ">") + 1;
        for (size_t i = 0; is_markup && letter == '&' && i < sizeof(entities) / sizeof(entities[0]); i++) {
            if (strncmp(text, entities[i].entity, strlen(entities[i].entity)) == 0) {
                letter = entities[i].letter;
                used = strlen(entities[i].entity);
                break;
            }
        }
        bool is_kept = isalnum((unsigned char)letter) || strchr(".%:/-", letter) != NULL;
        if (is_kept)
            run[length++] = letter;
        else if (letter != '\\' && length > 0 && run[length - 1] != ' ')
            run[length++] = ' ';
        text += used;
    }
    while (length > 0 && run[length - 1] == ' ')
        length--;
    run[length] = '\0';
    return run;
}

static char *write_plain(const struct run *run, const struct analysis *analysis, writer *write)
{
    char *text = NULL;
    size_t length = 0;
    struct error error = {0};
    const struct format format = format_default();
    FILE *stream = open_memstream(&text, &length);
    assert_non_null(stream);
    assert_int_equal(write(stream, run, analysis, &format, &error), 0);
    assert_int_equal(fclose(stream), 0);
    char *reduced = plain(text, write != terminal_write_details);
    free(text);
    return reduced;
}

static void assert_has(const char *report, const char *name, const char *text)
{
    char *part = plain(text, false);
    if (strstr(report, part) == NULL)
        fail_msg("%s does not say \"%s\"", name, part);
    free(part);
}

static void assert_has_table(const char *report, const char *name, const struct content_table *table)
{
    for (size_t i = 0; i < table->row_count * table->column_count; i++)
        assert_has(report, name, table->cells[i].text);
}

/* The numbers of charts stand where the charts do. */
static bool is_of_chart(enum section_kind kind)
{
    return kind == SECTION_TIMES || kind == SECTION_LATENCIES;
}

static void assert_all_say(struct run *run, const struct analysis *analysis)
{
    static const struct {
        const char *name;
        writer *write;
    } reports[] = {{"the terminal", terminal_write_details}, {"Markdown", markdown_write}, {"the page", html_write}};
    struct content content;
    struct error error = {0};
    const struct format format = format_default();
    assert_int_equal(content_build(run, analysis, &format, &content, &error), 0);
    for (size_t i = 0; i < 3; i++) {
        char *report = write_plain(run, analysis, reports[i].write);
        bool is_page = reports[i].write == html_write;
        for (size_t j = 0; j < content.sentence_count; j++)
            assert_has(report, reports[i].name, content.sentences[j].text);
        for (size_t j = 0; j < content.fact_count; j++) {
            if (content.facts[j].kind != FACT_STARTED || reports[i].write != terminal_write_details)
                assert_has(report, reports[i].name, content.facts[j].text);
        }
        for (size_t j = 0; j < content.section_count; j++) {
            if (!is_of_chart(content.sections[j].kind) || is_page)
                assert_has_table(report, reports[i].name, &content.sections[j].table);
        }
        free(report);
    }
    content_release(&content);
}

static void test_all_reports_say_the_same(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    struct analysis analysis;
    struct error error = {0};
    struct assertion assertion;
    run_warn(&run, "the clock is <strange> & slow");
    fixture_has_per_url = true;
    run.is_server_local = true;
    for (int round = 0; round < 2; round++) {
        run.cells[0].trials[round].table->samples[0].outcome = OUTCOME_TIMEOUT_WAIT;
        fixture_http2(&run.cells[0].trials[round], 1, 0);
        fixture_http2(&run.cells[1].trials[round], 1, 2);
    }
    fixture_trial(fixture_cell(&run, "hybrid", 4), 10 * FIXTURE_MS)->status = TRIAL_HUNG;
    run.cells[1].trials[1].table->samples[1].status = 206;
    assert_int_equal(assertion_parse("threads.time < 1s", &assertion, &error), 0);
    analysis = fixture_analyse(&run, &(struct analysis_request){.assertions = &assertion, .assertion_count = 1});
    assert_all_say(&run, &analysis);
    analysis_release(&analysis);
    run_release(&run);
}

static void test_what_was_cut_short_is_told_by_all(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    struct analysis analysis;
    run.is_partial = true;
    for (size_t i = 0; i < 2; i++) {
        for (int round = 0; round < 2; round++) {
            for (uint32_t unit = 0; unit < FIXTURE_UNITS; unit++)
                run.cells[i].trials[round].table->samples[unit].outcome = OUTCOME_CONNECT;
        }
    }
    analysis = fixture_analyse(&run, &(struct analysis_request){0});
    assert_all_say(&run, &analysis);
    char *text = write_plain(&run, &analysis, markdown_write);
    assert_non_null(strstr(text, "No download succeeded"));
    free(text);
    analysis_release(&analysis);
    run_release(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_reports_say_the_same),
        cmocka_unit_test(test_what_was_cut_short_is_told_by_all),
    };
    return cmocka_run_group_tests_name("content", tests, NULL, NULL);
}
