#include "run_fixture.h"

#include "report/csv.h"
#include "report/html.h"
#include "report/junit.h"
#include "report/markdown.h"
#include "report/trace.h"

/* The reasons to distrust a result stand in every report that people read or that decides whether a build passes. The
 * table has tests of its own. */

typedef int writer(FILE *stream, const struct run *run, const struct analysis *analysis, const struct format *format,
                   struct error *error);

static char *write_report(struct run *run, writer *write)
{
    char *text = NULL;
    size_t length = 0;
    struct analysis analysis;
    struct error error = {0};
    const struct format format = format_default();
    FILE *stream = open_memstream(&text, &length);
    assert_non_null(stream);
    analysis = fixture_analyse(run, &(struct analysis_request){0});
    assert_int_equal(write(stream, run, &analysis, &format, &error), 0);
    assert_int_equal(fclose(stream), 0);
    analysis_release(&analysis);
    return text;
}

static void assert_says(struct run *run, writer *write, const char *part)
{
    char *text = write_report(run, write);
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in:\n%s", part, text);
    free(text);
}

static void assert_says_not(struct run *run, writer *write, const char *part)
{
    char *text = write_report(run, write);
    if (strstr(text, part) != NULL)
        fail_msg("\"%s\" is in:\n%s", part, text);
    free(text);
}

static void test_a_sound_result_has_no_flaw(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    assert_says(&run, junit_write, "failures=\"0\"");
    assert_says_not(&run, markdown_write, "Invalid");
    assert_says_not(&run, markdown_write, "Interrupted");
    assert_says_not(&run, html_write, "INVALID");
    assert_says_not(&run, html_write, "does not count");
    run_release(&run);
}

static void test_an_interrupted_run_is_partial(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    run.is_partial = true;
    assert_says(&run, html_write, "<li class=\"bad\">Interrupted by an error: this is a partial result.</li>");
    assert_says(&run, markdown_write, "- **Interrupted by an error: this is a partial result**.\n");
    assert_says(&run, junit_write, "<failure message=\"interrupted: this is a partial result\"");
    assert_says(&run, junit_write, "failures=\"1\"");
    run_release(&run);
}

static void test_unequal_work_is_told(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    run.cells[1].trials[1].table->samples[1].status = 206;
    assert_says(&run, html_write, "Round 2 does not count, for any mode: threads/2 in round 2 had http://b.test/page");
    assert_says(&run, junit_write, "failures=\"0\"");
    run.cells[1].trials[0].table->settled_twice = 1;
    assert_says(&run, html_write, "<li class=\"bad\">INVALID, so nothing is ranked: ");
    assert_says(&run, markdown_write, "- **INVALID, so nothing is ranked: ");
    assert_says(&run, junit_write, "failures=\"1\"");
    run_release(&run);
}

static void test_a_trial_that_did_not_complete_is_the_flaw(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    run.cells[1].trials[0].status = TRIAL_CRASHED;
    snprintf(run.cells[1].trials[0].reason, sizeof(run.cells[1].trials[0].reason), "killed by signal <9>");
    assert_says(&run, junit_write, "<failure message=\"threads/2 crashed: killed by signal &lt;9&gt;\"");
    run_release(&run);
}

static void test_warnings_and_the_reason_to_stop_are_told(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    run_warn(&run, "somebody@a.test did not resolve: \"http://a.test/<b>\" & more");
    snprintf(run.stop_reason, sizeof(run.stop_reason), "the budget is spent");
    assert_says(&run, html_write,
                "somebody@a.test did not resolve: &quot;http://a.test/&lt;b&gt;&quot; &amp; more.</li>");
    assert_says(&run, html_write, "<li>no more rounds: the budget is spent</li>");
    /* In Markdown nobody is called, and no link is made. */
    assert_says(&run, markdown_write, "somebody&#64;a.test did not resolve: \"http&#58;//a.test/&lt;b\\>\" &amp; more");
    run_release(&run);
}

static void test_long_texts_are_whole(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    char url[2000];
    memset(url, '\'', sizeof(url) - 1);
    url[sizeof(url) - 1] = '\0';
    memcpy(url, "http://a.test/", strlen("http://a.test/"));
    run.urls[0] = url;
    for (size_t i = 0; i < 2; i++)
        run.cells[0].trials[i].table->samples[0].outcome = OUTCOME_RESET;
    char *text = write_report(&run, html_write);
    size_t quotes = 0;
    for (const char *quote = strstr(text, "&#39;"); quote != NULL; quote = strstr(quote + 1, "&#39;"))
        quotes++;
    assert_true(quotes >= sizeof(url) - 1 - strlen("http://a.test/"));
    free(text);
    run_release(&run);
}

static void test_urls_stand_in_every_report(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    assert_says_not(&run, html_write, "id=\"urls\"");
    assert_says_not(&run, markdown_write, "x alone");
    char *text = write_report(&run, csv_write_urls);
    assert_string_equal(
        text, "url,mode,workers,count,service_p50_s,body_p50_bytes,failures,failure_classes,tolerate,is_verified\n");
    free(text);
    fixture_has_per_url = true;
    run.urls[1] = "http://b.test/\"<b>|*,\033";
    for (size_t i = 0; i < 2; i++) {
        run.cells[1].trials[i].table->samples[1].outcome = OUTCOME_DNS;
        run.cells[1].trials[i].table->samples[3].outcome = i == 0 ? OUTCOME_DNS : OUTCOME_RESET;
    }
    text = write_report(&run, csv_write_urls);
    assert_string_equal(
        text, "url,mode,workers,count,service_p50_s,body_p50_bytes,failures,failure_classes,tolerate,is_verified\n"
              "\"http://a.test/\",\"sync\",1,4,0.01,1000,0,,,true\n"
              "\"http://a.test/\",\"threads\",2,4,0.01,1000,0,,,true\n"
              "\"http://b.test/\"\"<b>|*,\\x1b\",\"sync\",1,4,0.01,1000,0,,,true\n"
              "\"http://b.test/\"\"<b>|*,\\x1b\",\"threads\",2,0,,,4,dns=3;reset=1,,true\n");
    free(text);
    assert_says(&run, markdown_write, "| http&#58;//b.test/\"&lt;b\\>\\|\\*,\\\\x1b | 10.0 | - (4) | - | 1000 B |\n");
    assert_says_not(&run, markdown_write, "slowest"); /* both take the same */
    assert_says(&run, html_write,
                "<th scope=\"row\" class=\"url\">http://b.test/&quot;&lt;b&gt;|*,\\x1b</th>"
                "<td data-mode=\"sync\" data-value=\"10\">10.0</td>"
                "<td data-mode=\"threads\" class=\"bad\">- (4)</td><td>-</td>"
                "<td data-value=\"4\" class=\"bad\">4</td><td data-value=\"8\">8</td>"
                "<td data-value=\"1000\">1000 B</td></tr>");
    assert_says(&run, html_write, "<li>1 of 2 URLs failed at times, none every time.</li>");
    assert_says(&run, html_write, "Each median is of 4 downloads: too few to rely on.");
    assert_says(&run, html_write, "It includes connecting, ");
    assert_says(&run, markdown_write, "Each median is of 4 downloads: too few to rely on. (n): n downloads failed");
    assert_says(&run, markdown_write, "It includes connecting, ");
    for (uint32_t unit = 0; unit < FIXTURE_UNITS; unit += 2) {
        for (size_t i = 0; i < 2; i++) {
            run.cells[0].trials[i].table->samples[unit].end += FIXTURE_MS;
            run.cells[0].trials[i].table->samples[unit].settled += FIXTURE_MS;
            run.cells[0].trials[i].run += FIXTURE_MS;
        }
    }
    assert_says(&run, markdown_write, "- The slowest URL is http&#58;//a.test/, with a median of 11.0 ms in sync/1");
    assert_says(&run, html_write, "<li>The slowest URL is http://a.test/, with a median of 11.0 ms in sync/1");
    run_release(&run);
}

static void test_what_is_tolerated_is_told(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    assert_says_not(&run, markdown_write, "differ in size");
    assert_says_not(&run, junit_write, "<properties>");
    run.tolerance.share = 0.05;
    assert_says(&run, markdown_write, "bodies of a URL may differ in size by 5%");
    assert_says(&run, junit_write, "<property name=\"tolerate\" value=\"5%\"/>");
    assert_says_not(&run, junit_write, "bodies of another size");
    /* A size that depends on the mode: all of one URL to threads are 2 % smaller. */
    for (int unit = 0; unit < FIXTURE_UNITS; unit += 2) {
        for (size_t round = 0; round < 2; round++)
            run.cells[1].trials[round].table->samples[unit].body_bytes = 980;
    }
    run.cells[1].trials[1].table->samples[1].body_bytes = 1040;
    writer *const pages[] = {html_write, markdown_write};
    for (size_t i = 0; i < 2; i++) {
        assert_says(&run, pages[i], "(--tolerate 5%): 5, of which the furthest has 1040 bytes instead of 1000");
        assert_says(&run, pages[i], "of all bytes, that makes +0.505 % for threads/2 up to +1.01 % for sync/1");
        assert_says_not(&run, pages[i], "does not count");
    }
    assert_says(&run, junit_write, "failures=\"0\"");
    assert_says(&run, junit_write, "<property name=\"bodies of another size\" value=\"5\"/>");
    assert_says(&run, csv_write, ",tolerate,is_verified\n");
    assert_says(&run, csv_write, ",5%,true\n");
    assert_says(&run, csv_write_requests, ",5%,true\n");
    run.tolerance = (struct tolerance){.is_status_only = true};
    assert_says(&run, csv_write, ",status,true\n");
    assert_says(&run, markdown_write, "bodies of a URL may differ in size (--tolerate status)");
    run_release(&run);
}

/* Two workers on each of two machines, with a download each; the last begins 1 ms after the others. */
static struct run make_run_of_two_machines(void)
{
    struct run run = fixture_run();
    struct run_cell *cell = fixture_cell(&run, "threads", 4);
    fixture_trial(cell, 10 * FIXTURE_MS)->table->samples[3].start += 1 * FIXTURE_MS;
    cell->workers = 2;
    cell->machines = 2;
    run.machine_count = 2;
    run.machines = calloc(run.machine_count, sizeof(run.machines[0]));
    assert_non_null(run.machines);
    snprintf(run.machines[0].name, sizeof(run.machines[0].name), "h1");
    snprintf(run.machines[1].name, sizeof(run.machines[1].name), "h\"2");
    return run;
}

static void test_each_machine_has_a_process_in_the_trace(void **state)
{
    (void)state;
    struct run run = make_run_of_two_machines();
    assert_says(&run, trace_write,
                "\"pid\":1,\"tid\":0,\"name\":\"process_name\",\"args\":{\"name\":\"threads/2 on h1\"}");
    assert_says(&run, trace_write,
                "\"pid\":2,\"tid\":0,\"name\":\"process_name\",\"args\":{\"name\":\"threads/2 on h\\\"2\"}");
    /* The third and the fourth worker of all are the first and the second of their machine. */
    assert_says(&run, trace_write, "\"pid\":1,\"tid\":2,\"name\":\"http://b.test/page\"");
    assert_says(&run, trace_write, "\"pid\":2,\"tid\":1,\"name\":\"http://a.test/\"");
    assert_says(&run, trace_write, "\"pid\":2,\"tid\":2,\"name\":\"http://b.test/page\"");
    assert_says(&run, trace_write, "\"pid\":2,\"tid\":2,\"name\":\"thread_name\",\"args\":{\"name\":\"worker 2\"}");
    assert_says_not(&run, trace_write, "worker 3");
    assert_says(&run, trace_write,
                "{\"ph\":\"C\",\"pid\":2,\"tid\":0,\"name\":\"in flight\",\"ts\":1000.000,\"args\":{\"downloads\":2}}");
    assert_says_not(&run, trace_write, "\"downloads\":4");
    /* The document describes one of the two machines that the cell is said to have. */
    run.machine_count = 1;
    assert_says(&run, trace_write, "\"pid\":1,\"tid\":4,\"name\":\"http://b.test/page\"");
    assert_says_not(&run, trace_write, "\"pid\":2");
    run_release(&run);
}

static void test_one_machine_has_no_name_in_the_trace(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    assert_says(&run, trace_write, "\"args\":{\"name\":\"threads/2\"}");
    assert_says_not(&run, trace_write, " on ");
    assert_says_not(&run, trace_write, "\"pid\":3");
    run_release(&run);
}

/* Two trials, in which the machines had work for so many milliseconds. */
static void add_machine_times(struct run *run, const nanoseconds times[2][3])
{
    struct run_cell *cell = &run->cells[0];
    fixture_trial(cell, 10 * FIXTURE_MS);
    for (size_t i = 0; i < 2; i++) {
        cell->trials[i].machines = calloc(3, sizeof(cell->trials[i].machines[0]));
        assert_non_null(cell->trials[i].machines);
        cell->trials[i].machine_count = 3;
        for (size_t machine = 0; machine < 3; machine++)
            cell->trials[i].machines[machine].run = times[i][machine] * FIXTURE_MS;
    }
}

static void test_balance_is_told_by_the_last_machine_and_the_one_before_it(void **state)
{
    (void)state;
    /* The third is last by 20 % and 10 %. The others idle for 40 % and 20 %, and for 10 % and 50 %: that is 120 % in
     * six parts. */
    static const nanoseconds times[2][3] = {{60, 80, 100}, {180, 100, 200}};
    struct run run = make_run_of_two_machines();
    run.machine_count = 3;
    run.machines = realloc(run.machines, 3 * sizeof(run.machines[0]));
    assert_non_null(run.machines);
    run.machines[2] = (struct run_machine){.name = "h3", .cores = 1};
    run.cells[0].machines = 3;
    add_machine_times(&run, times);
    assert_says(
        &run, markdown_write,
        "Balance: h3 was the last to finish in 2 of 2 trials, on average 15.0 % of a trial behind the machine before "
        "it; a machine had nothing left to do for 20.0 % of a trial, on average");
    run_release(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_sound_result_has_no_flaw),
        cmocka_unit_test(test_an_interrupted_run_is_partial),
        cmocka_unit_test(test_unequal_work_is_told),
        cmocka_unit_test(test_a_trial_that_did_not_complete_is_the_flaw),
        cmocka_unit_test(test_warnings_and_the_reason_to_stop_are_told),
        cmocka_unit_test(test_long_texts_are_whole),
        cmocka_unit_test(test_urls_stand_in_every_report),
        cmocka_unit_test(test_what_is_tolerated_is_told),
        cmocka_unit_test(test_each_machine_has_a_process_in_the_trace),
        cmocka_unit_test(test_one_machine_has_no_name_in_the_trace),
        cmocka_unit_test(test_balance_is_told_by_the_last_machine_and_the_one_before_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
