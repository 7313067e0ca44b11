#include "result_fixture.h"

#include "conc_bench/csv.h"
#include "conc_bench/html.h"
#include "conc_bench/junit.h"
#include "conc_bench/markdown.h"

/* What keeps a result from being believed stands in every report that people read or that decides whether a build
 * passes. The table has tests of its own. */

typedef int writer(FILE *stream, const struct result *result, const struct verdict *verdict,
                   const struct format *format, struct error *error);

static char *write_report(struct result *result, writer *write)
{
    char *text = NULL;
    size_t length = 0;
    struct verdict verdict;
    struct error error = {0};
    const struct format format = format_default();
    FILE *stream = open_memstream(&text, &length);
    assert_non_null(stream);
    fixture_settle(result);
    assert_int_equal(verdict_make(result, &(struct verdict_request){0}, &verdict, &error), 0);
    assert_int_equal(write(stream, result, &verdict, &format, &error), 0);
    fixture_unsettle(result);
    assert_int_equal(fclose(stream), 0);
    verdict_release(&verdict);
    return text;
}

static void assert_says(struct result *result, writer *write, const char *part)
{
    char *text = write_report(result, write);
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in:\n%s", part, text);
    free(text);
}

static void assert_says_not(struct result *result, writer *write, const char *part)
{
    char *text = write_report(result, write);
    if (strstr(text, part) != NULL)
        fail_msg("\"%s\" is in:\n%s", part, text);
    free(text);
}

static void test_a_sound_result_has_no_flaw(void **state)
{
    (void)state;
    struct result result = fixture_two_modes();
    assert_says(&result, junit_write, "failures=\"0\"");
    assert_says_not(&result, markdown_write, "Invalid");
    assert_says_not(&result, markdown_write, "Interrupted");
    assert_says_not(&result, html_write, "INVALID");
    assert_says_not(&result, html_write, "does not count");
    result_release(&result);
}

static void test_an_interrupted_run_is_partial(void **state)
{
    (void)state;
    struct result result = fixture_two_modes();
    result.is_partial = true;
    assert_says(&result, html_write, "<li class=\"bad\">Interrupted by an error: this is a partial result.</li>");
    assert_says(&result, markdown_write, "- **Interrupted by an error: this is a partial result**.\n");
    assert_says(&result, junit_write, "<failure message=\"interrupted: this is a partial result\"");
    assert_says(&result, junit_write, "failures=\"1\"");
    result_release(&result);
}

static void test_unequal_work_is_told(void **state)
{
    (void)state;
    struct result result = fixture_two_modes();
    result.cells[1].trials[1].table->samples[1].status = 206;
    assert_says(&result, html_write,
                "Round 2 does not count, for any mode: threads/2 in round 2 had http://b.test/page");
    assert_says(&result, junit_write, "failures=\"0\"");
    result.cells[1].trials[0].table->settled_twice = 1;
    assert_says(&result, html_write, "<li class=\"bad\">INVALID, so nothing is ranked: ");
    assert_says(&result, markdown_write, "- **INVALID, so nothing is ranked: ");
    assert_says(&result, junit_write, "failures=\"1\"");
    result_release(&result);
}

static void test_a_trial_that_did_not_complete_is_the_flaw(void **state)
{
    (void)state;
    struct result result = fixture_two_modes();
    result.cells[1].trials[0].status = TRIAL_CRASHED;
    snprintf(result.cells[1].trials[0].reason, sizeof(result.cells[1].trials[0].reason), "killed by signal <9>");
    assert_says(&result, junit_write, "<failure message=\"threads/2 crashed: killed by signal &lt;9&gt;\"");
    result_release(&result);
}

static void test_warnings_and_the_reason_to_stop_are_told(void **state)
{
    (void)state;
    struct result result = fixture_two_modes();
    result_warn(&result, "somebody@a.test did not resolve: \"http://a.test/<b>\" & more");
    snprintf(result.stop_reason, sizeof(result.stop_reason), "the budget is spent");
    assert_says(&result, html_write,
                "somebody@a.test did not resolve: &quot;http://a.test/&lt;b&gt;&quot; &amp; more.</li>");
    assert_says(&result, html_write, "<li>no more rounds: the budget is spent</li>");
    /* In Markdown nobody is called, and no link is made. */
    assert_says(&result, markdown_write,
                "somebody&#64;a.test did not resolve: \"http&#58;//a.test/&lt;b\\>\" &amp; more");
    result_release(&result);
}

static void test_long_texts_are_whole(void **state)
{
    (void)state;
    struct result result = fixture_two_modes();
    char url[2000];
    memset(url, '\'', sizeof(url) - 1);
    url[sizeof(url) - 1] = '\0';
    memcpy(url, "http://a.test/", strlen("http://a.test/"));
    result.urls[0] = url;
    for (size_t i = 0; i < 2; i++)
        result.cells[0].trials[i].table->samples[0].outcome = OUTCOME_RESET;
    char *text = write_report(&result, html_write);
    size_t quotes = 0;
    for (const char *quote = strstr(text, "&#39;"); quote != NULL; quote = strstr(quote + 1, "&#39;"))
        quotes++;
    assert_true(quotes >= sizeof(url) - 1 - strlen("http://a.test/"));
    free(text);
    result_release(&result);
}

static void test_urls_stand_in_every_report(void **state)
{
    (void)state;
    struct result result = fixture_two_modes();
    assert_says_not(&result, html_write, "id=\"urls\"");
    assert_says_not(&result, markdown_write, "x alone");
    char *text = write_report(&result, csv_write_urls);
    assert_string_equal(
        text, "url,mode,workers,count,service_p50_s,body_p50_bytes,failures,failure_classes,tolerate,is_verified\n");
    free(text);
    result.wants_per_url = true;
    result.urls[1] = "http://b.test/\"<b>|*,\033";
    for (size_t i = 0; i < 2; i++) {
        result.cells[1].trials[i].table->samples[1].outcome = OUTCOME_DNS;
        result.cells[1].trials[i].table->samples[3].outcome = i == 0 ? OUTCOME_DNS : OUTCOME_RESET;
    }
    text = write_report(&result, csv_write_urls);
    assert_string_equal(
        text, "url,mode,workers,count,service_p50_s,body_p50_bytes,failures,failure_classes,tolerate,is_verified\n"
              "\"http://a.test/\",\"sync\",1,4,0.01,1000,0,,,true\n"
              "\"http://a.test/\",\"threads\",2,4,0.01,1000,0,,,true\n"
              "\"http://b.test/\"\"<b>|*,\\x1b\",\"sync\",1,4,0.01,1000,0,,,true\n"
              "\"http://b.test/\"\"<b>|*,\\x1b\",\"threads\",2,0,,,4,dns=3;reset=1,,true\n");
    free(text);
    assert_says(&result, markdown_write,
                "| http&#58;//b.test/\"&lt;b\\>\\|\\*,\\\\x1b | 10.0 | - (4) | - | 1000 B |\n");
    assert_says_not(&result, markdown_write, "slowest"); /* both take the same */
    assert_says(&result, html_write,
                "<th scope=\"row\" class=\"url\">http://b.test/&quot;&lt;b&gt;|*,\\x1b</th>"
                "<td data-mode=\"sync\" data-value=\"10000000\">10.0</td>"
                "<td data-mode=\"threads\" class=\"bad\">- (4)</td><td>-</td>"
                "<td data-value=\"4\" class=\"bad\">4</td><td data-value=\"8\">8</td>"
                "<td data-value=\"1000\">1000 B</td></tr>");
    assert_says(&result, html_write, "<li>1 of 2 URLs failed at times, none every time.</li>");
    assert_says(&result, html_write,
                "<p class=\"doubt\">Medians are of fewer than ten downloads: too few to rely on.</p>");
    assert_says(&result, html_write, "It includes connecting, ");
    assert_says(&result, markdown_write, "medians of 4 downloads that succeeded, too few to rely on; in brackets how");
    assert_says(&result, markdown_write, "It includes connecting, ");
    for (uint32_t unit = 0; unit < FIXTURE_UNITS; unit += 2) {
        for (size_t i = 0; i < 2; i++) {
            result.cells[0].trials[i].table->samples[unit].end += FIXTURE_MS;
            result.cells[0].trials[i].table->samples[unit].settled += FIXTURE_MS;
            result.cells[0].trials[i].run += FIXTURE_MS;
        }
    }
    assert_says(&result, markdown_write, "- The slowest URL is http&#58;//a.test/, with a median of 11.0 ms in sync/1");
    assert_says(&result, html_write, "<li>The slowest URL is http://a.test/, with a median of 11.0 ms in sync/1");
    result_release(&result);
}

static void test_what_is_tolerated_is_told(void **state)
{
    (void)state;
    struct result result = fixture_two_modes();
    assert_says_not(&result, markdown_write, "differ in size");
    assert_says_not(&result, junit_write, "<properties>");
    result.tolerance.share = 0.05;
    assert_says(&result, markdown_write, "bodies of a URL may differ in size by 5%");
    assert_says(&result, junit_write, "<property name=\"tolerate\" value=\"5%\"/>");
    assert_says_not(&result, junit_write, "bodies of another size");
    /* A size that depends on the mode: all of one URL to threads are 2 % smaller. */
    for (int unit = 0; unit < FIXTURE_UNITS; unit += 2) {
        for (size_t round = 0; round < 2; round++)
            result.cells[1].trials[round].table->samples[unit].body_bytes = 980;
    }
    result.cells[1].trials[1].table->samples[1].body_bytes = 1040;
    writer *const pages[] = {html_write, markdown_write};
    for (size_t i = 0; i < 2; i++) {
        assert_says(&result, pages[i], "(--tolerate 5%): 5, of which the furthest has 1040 bytes instead of 1000");
        assert_says(&result, pages[i], "of all bytes, that makes +0.505 % for threads/2 up to +1.01 % for sync/1");
        assert_says_not(&result, pages[i], "does not count");
    }
    assert_says(&result, junit_write, "failures=\"0\"");
    assert_says(&result, junit_write, "<property name=\"bodies of another size\" value=\"5\"/>");
    assert_says(&result, csv_write, ",tolerate,is_verified\n");
    assert_says(&result, csv_write, ",5%,true\n");
    assert_says(&result, csv_write_requests, ",5%,true\n");
    result.tolerance = (struct tolerance){.is_status_only = true};
    assert_says(&result, csv_write, ",status,true\n");
    assert_says(&result, markdown_write, "bodies of a URL may differ in size (--tolerate status)");
    result_release(&result);
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
