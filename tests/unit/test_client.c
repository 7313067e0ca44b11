#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/client_command.h"
#include "client/client_report.h"
#include "conc_bench/client/client.h"
#include "conc_bench/client/client_settle.h"

/* Commands */

static void assert_filled(const char *command, const char *list, const char *expected)
{
    char *filled = client_command_fill(command, &(struct client_values){list, 8, 160});
    assert_string_equal(filled, expected);
    free(filled);
}

static void test_placeholders_are_replaced_and_quoted_where_a_shell_needs_it(void **state)
{
    (void)state;
    assert_filled("a {list} -c{workers}{downloads}", "/tmp/l", "a /tmp/l -c8160");
    assert_filled("{list}", "/tmp/it's here", "'/tmp/it'\\''s here'");
    assert_filled("${list} {a,b} {\"list\": 1} ${workers:-1} {}", "/l", "${list} {a,b} {\"list\": 1} ${workers:-1} {}");
    assert_filled("", "/l", "");
}

static void assert_check(const char *command, const char *says)
{
    struct error error = {0};
    assert_int_equal(client_command_check("x", command, &error), says == NULL ? 0 : -1);
    if (says != NULL && strstr(error.message, says) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.message, says);
}

static void test_a_placeholder_that_is_misspelt_is_refused(void **state)
{
    (void)state;
    assert_check("a {lists}", "\"{lists}\" is replaced by nothing");
    assert_check("a {worker}", "{worker}");
    assert_check("a {urls}", "{urls}");
    assert_check("a ${worker} {} {a,b} {print} {LIST} { list }", NULL);
}

static void assert_words(const char *command, const char *const *expected)
{
    char **words;
    struct error error = {0};
    const struct client_values values = {"/a b", 8, 160};
    assert_int_equal(client_command_split("x", command, &values, &words, &error), 0);
    size_t count = 0;
    for (; expected[count] != NULL; count++)
        assert_string_equal(words[count], expected[count]);
    assert_null(words[count]);
    free(words);
}

static void test_words_are_split_as_a_shell_would(void **state)
{
    (void)state;
    assert_words("  a 'b c' \"d 'e\\\" \\x\" f\\ g '' -l{list} '{workers}'\t",
                 (const char *const[]){"a", "b c", "d 'e\" \\x", "f g", "", "-l/a b", "8", NULL});
    assert_words("a\xff", (const char *const[]){"a\xff", NULL});
}

static void test_what_only_a_shell_understands_is_refused(void **state)
{
    (void)state;
    const struct {
        const char *command, *says;
    } cases[] = {{"a < {list}", "\"<\" is for a shell"},
                 {"a 'b", "not closed"},
                 {"a \"b", "not closed"},
                 {"a $HOME", "\"$\" is for a shell"},
                 {"  ", "is empty"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char **words;
        struct error error = {0};
        assert_int_equal(client_command_split("x", cases[i].command, NULL, &words, &error), -1);
        assert_int_equal(error.kind, ERROR_USAGE);
        if (strstr(error.message, cases[i].says) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", error.message, cases[i].says);
    }
}

static void test_names_are_checked(void **state)
{
    (void)state;
    static const char *const wrong[] = {"a",
                                        "=true",
                                        "1a=true",
                                        "a b=true",
                                        "a/b=true",
                                        "a=",
                                        "a=  ",
                                        "\xc3\xa4=true",
                                        "-a=true",
                                        "a:b=x",
                                        "abcdefghijklmnopqrstu=x"};
    struct client client;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct error error = {0};
        if (client_make(wrong[i], &client, &error) != -1)
            fail_msg("\"%s\" was taken", wrong[i]);
        assert_int_equal(error.kind, ERROR_USAGE);
    }
    assert_int_equal(client_make("python-3.11_x=a=b", &client, NULL), 0);
    assert_string_equal(client.mode.name, "python-3.11_x");
    assert_string_equal(client.command, "a=b");
    assert_int_equal(client_make("abcdefghijklmnopqrst=x", &client, NULL), 0);
}

/* Reports */

static const char *make_file(const char *text)
{
    static char path[32];
    snprintf(path, sizeof(path), "/tmp/test_client.XXXXXX");
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), (ssize_t)strlen(text));
    close(file);
    return path;
}

static void read_report(const char *text, uint32_t units, struct client_report *report)
{
    const char *path = make_file(text);
    assert_int_equal(client_report_read(path, units, report), 0);
    unlink(path);
}

static void test_a_report_is_read(void **state)
{
    (void)state;
    struct client_report report;
    read_report("1 200 16384 1764343000.5 1764343001\n0 0 0 0 0.000000001\n", 3, &report);
    assert_string_equal(report.problem, "");
    assert_int_equal(report.count, 2);
    assert_int_equal(report.units[1].status, 200);
    assert_int_equal(report.units[1].bytes, 16384);
    assert_int_equal(report.units[1].start, INT64_C(1764343000500000000));
    assert_int_equal(report.units[1].end, INT64_C(1764343001000000000));
    assert_int_equal(report.units[0].number, 2);
    assert_int_equal(report.units[0].end, 1);
    assert_int_equal(report.units[2].number, 0);
    client_report_release(&report);
    read_report("", 3, &report);
    assert_int_equal(report.count, 0);
    assert_string_equal(report.problem, "");
    client_report_release(&report);
    assert_int_equal(client_report_read("/nowhere/at/all", 3, &report), 0);
    assert_int_equal(report.count, 0);
    assert_string_equal(report.problem, "");
    client_report_release(&report);
}

static void test_a_wrong_line_of_a_report_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *line, *says;
    } cases[] = {
        {"0 200 1 0 1", "line 2 of its report is of unit 0, as line 1 is"},
        {"3 200 1 0 1", "line 2 of its report is of unit 3, and the last one is 2"},
        {"1 200 1 2 1", "line 2 of its report has an end before its start"},
        {"", "line 2 of its report is empty"},
        {"1 200 1 0", "line 2 of its report is not \"unit status bytes start end\": \"1 200 1 0\""},
        {"1 200 1 0 1 ", "is not"},
        {" 1 200 1 0 1", "is not"},
        {"1  200 1 0 1", "is not"},
        {"1 200 1 0 1 2", "is not"},
        {"1 99 1 0 1", "is not"},
        {"1 600 1 0 1", "is not"},
        {"1 OK 1 0 1", "is not"},
        {"1 200 -1 0 1", "is not"},
        {"1 200 1 -1 1", "is not"},
        {"1 200 1 0 1e3", "is not"},
        {"1 200 1 0 .5", "is not"},
        {"1 200 1 0 1.", "is not"},
        {"1 200 1 0 1.0123456789", "is not"},
        {"1 200 1 0 4000000001", "is not"},
        {"1\t200 1 0 1", "is not"},
        {"1 200 1 0 1\r", "is not"},
        {"# 1 200 1 0 1", "is not"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[128];
        struct client_report report;
        snprintf(text, sizeof(text), "0 200 1 0 1\n%s\n2 200 1 0 1\n", cases[i].line);
        read_report(text, 3, &report);
        if (strstr(report.problem, cases[i].says) == NULL)
            fail_msg("\"%s\": \"%s\" does not say \"%s\"", cases[i].line, report.problem, cases[i].says);
        assert_int_equal(report.count, 1);
        client_report_release(&report);
    }
    struct client_report report;
    read_report("0 200 1 0 1\n1 200 1 0 1", 3, &report);
    assert_string_equal(report.problem, "line 2 of its report does not end");
    client_report_release(&report);
}

/* Settling */

enum { UNITS = 4 };
#define MS    NANOSECONDS_PER_MILLISECOND
#define BEGAN (1000 * MS)

/* A client that ran for 100 ms, and did four downloads of 10 ms in the middle of that, two at a time. */
struct scene {
    struct client_trial did;
    struct journal_unit seen[UNITS];
    struct client_settle_input input;
    struct trial trial;
    const char *report;
};

static void set_scene(struct scene *scene)
{
    static const char *const urls[] = {"http://a.test/", "http://b.test/"};
    static const uint32_t unit_urls[UNITS] = {0, 1, 0, 1};
    *scene = (struct scene){
        .did = {.end = CLIENT_EXITED, .began = BEGAN, .ended = BEGAN + 100 * MS},
        .trial = {.table = sample_table_create(UNITS, NULL), .client = {.is_present = true}},
    };
    for (uint32_t i = 0; i < UNITS; i++) {
        nanoseconds start = BEGAN + (i < 2 ? 40 : 50) * MS;
        scene->seen[i] = (struct journal_unit){.requests = 1,
                                               .connection = i % 2,
                                               .status = 200,
                                               .is_get = true,
                                               .is_whole = true,
                                               .body_bytes = 16,
                                               .start = start,
                                               .end = start + 10 * MS};
    }
    scene->input = (struct client_settle_input){
        .did = &scene->did, .seen = scene->seen, .report = "/nowhere", .urls = urls, .unit_urls = unit_urls};
}

static void settle(struct scene *scene)
{
    assert_int_equal(client_settle(&scene->input, &scene->trial, NULL), 0);
}

static const struct sample *sample_of(const struct scene *scene, uint32_t unit)
{
    return &scene->trial.table->samples[unit];
}

static void test_what_the_origin_saw_becomes_samples(void **state)
{
    (void)state;
    struct scene scene;
    set_scene(&scene);
    scene.seen[3].status = 503;
    settle(&scene);
    assert_int_equal(scene.trial.status, TRIAL_COMPLETE);
    assert_int_equal(scene.trial.client.proof, CLIENT_SEEN);
    assert_false(scene.trial.client.has_own_times);
    assert_int_equal(scene.trial.client.first_request, 40 * MS);
    struct sample_account account = sample_table_account(scene.trial.table);
    assert_int_equal(account.settled, UNITS);
    assert_int_equal(account.outcomes[OUTCOME_OK], 3);
    assert_int_equal(account.outcomes[OUTCOME_HTTP_5XX], 1);
    assert_int_equal(sample_of(&scene, 2)->start, BEGAN + 50 * MS);
    assert_int_equal(sample_of(&scene, 2)->end, BEGAN + 60 * MS);
    assert_int_equal(sample_of(&scene, 2)->body_bytes, 16);
    /* Two workers, two connections. */
    for (uint32_t i = 0; i < UNITS; i++) {
        assert_in_range(sample_of(&scene, i)->worker, 0, 1);
        assert_int_equal(sample_of(&scene, i)->connects, i < 2);
    }
    assert_int_not_equal(sample_of(&scene, 0)->worker, sample_of(&scene, 1)->worker);
    sample_table_release(scene.trial.table);
}

static void assert_unequal(struct scene *scene, const char *says)
{
    settle(scene);
    assert_int_equal(scene->trial.status, TRIAL_UNEQUAL);
    if (strstr(scene->trial.reason, says) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", scene->trial.reason, says);
    sample_table_release(scene->trial.table);
}

static void test_other_work_than_asked_for_is_unequal(void **state)
{
    (void)state;
    struct scene scene;
    set_scene(&scene);
    scene.seen[1].requests = 0;
    assert_unequal(&scene, "1 of 4 downloads were never asked for, number 2 (http://b.test/)");
    set_scene(&scene);
    scene.seen[2].requests = scene.seen[3].requests = 2;
    assert_unequal(&scene, "2 of 4 downloads were asked for more than once, the first is number 3 (http://a.test/)");
    set_scene(&scene);
    scene.seen[0].is_whole = false;
    assert_unequal(&scene, "1 of 4 downloads were given up before they were whole");
    set_scene(&scene);
    scene.seen[0].is_get = false;
    assert_unequal(&scene, "1 of 4 downloads were not asked for by GET");
    set_scene(&scene);
    scene.input.strays = 2;
    assert_unequal(&scene, "2 requests were for what is not in the list");
}

static void test_a_client_that_failed_is_not_called_unequal(void **state)
{
    (void)state;
    struct scene scene;
    set_scene(&scene);
    scene.did.code = 3;
    scene.seen[1].requests = 0;
    settle(&scene);
    assert_int_equal(scene.trial.status, TRIAL_COMPLETE); /* as it was */
    assert_int_equal(sample_table_account(scene.trial.table).settled, 3);
    sample_table_release(scene.trial.table);
}

/* Lines for all four units, from `start` ms on and half a millisecond longer than the origin has them. */
static const char *make_report(double start, int bytes)
{
    char text[256] = "";
    for (int i = 0; i < UNITS; i++) {
        double at = start + (i < 2 ? 0 : 10);
        size_t used = strlen(text);
        snprintf(text + used, sizeof(text) - used, "%d 200 %d %.6f %.6f\n", i, bytes, at / 1e3, (at + 10.5) / 1e3);
    }
    return make_file(text);
}

static void settle_reported(struct scene *scene, double start, int bytes)
{
    scene->input.report = make_report(start, bytes);
    settle(scene);
    unlink(scene->input.report);
}

static void test_times_of_the_monotonic_clock_are_taken_as_they_are(void **state)
{
    (void)state;
    struct scene scene;
    set_scene(&scene);
    settle_reported(&scene, 1039, 16);
    assert_int_equal(scene.trial.status, TRIAL_COMPLETE);
    assert_true(scene.trial.client.has_own_times);
    assert_int_equal(sample_of(&scene, 0)->start, BEGAN + 39 * MS);
    assert_int_equal(sample_of(&scene, 3)->end, BEGAN + 59 * MS + MS / 2);
    assert_int_equal(scene.trial.client.first_request, 39 * MS);
    sample_table_release(scene.trial.table);
}

static void test_times_of_another_clock_end_with_the_last_answer_or_the_client(void **state)
{
    (void)state;
    struct scene scene;
    set_scene(&scene);
    settle_reported(&scene, 5, 16);
    assert_int_equal(sample_of(&scene, 3)->end, BEGAN + 60 * MS);
    assert_int_equal(sample_of(&scene, 0)->end - sample_of(&scene, 0)->start, 10 * MS + MS / 2);
    sample_table_release(scene.trial.table);
    set_scene(&scene);
    scene.input.seen = NULL;
    settle_reported(&scene, 5, 16);
    assert_int_equal(scene.trial.client.proof, CLIENT_REPORTED);
    assert_int_equal(sample_of(&scene, 3)->end, scene.did.ended);
    assert_int_equal(sample_of(&scene, 3)->connects, 0);
    sample_table_release(scene.trial.table);
}

static void test_a_report_that_cannot_be_true_is_unequal(void **state)
{
    (void)state;
    struct scene scene;
    set_scene(&scene);
    scene.input.report = make_report(1039, 15);
    assert_unequal(&scene, "4 of 4 downloads have another status or size in its report than the origin sent");
    unlink(scene.input.report);
    set_scene(&scene);
    scene.did.ended = BEGAN + 15 * MS;
    scene.input.seen = NULL;
    scene.input.report = make_report(5, 16);
    assert_unequal(&scene, "its report is of 0.021 s, and it ran for 0.015 s");
    unlink(scene.input.report);
}

static void test_without_anybody_s_word_nothing_is_known(void **state)
{
    (void)state;
    struct scene scene;
    set_scene(&scene);
    scene.input.seen = NULL;
    settle(&scene);
    assert_int_equal(scene.trial.status, TRIAL_COMPLETE);
    assert_int_equal(scene.trial.client.proof, CLIENT_UNPROVEN);
    assert_int_equal(scene.trial.client.first_request, 0);
    assert_int_equal(sample_table_account(scene.trial.table).settled, 0);
    sample_table_release(scene.trial.table);
}

/* Output */

static void assert_output(const char *text, const char *expected)
{
    struct client_trial trial = {0};
    char shown[384] = "";
    size_t length = strlen(text);
    trial.err.bytes = length;
    for (size_t i = 0; i < length; i++) {
        if (i < CLIENT_HEAD_BYTES)
            trial.err.head[i] = text[i];
        trial.err.tail[i % CLIENT_TAIL_BYTES] = text[i];
    }
    client_add_output(&trial, shown, sizeof(shown));
    assert_string_equal(shown, expected);
}

static void test_of_what_a_client_says_the_first_and_last_line_are_told(void **state)
{
    (void)state;
    assert_output("", "");
    assert_output("one\n\n", "one");
    assert_output("one\n  two\n", "one / two");
    assert_output("one\ntwo\nthree", "one ... three");
    assert_output("\x1b[31mred\n", "\\x1b[31mred");
    char *much = malloc(100000);
    memset(much, 'x', 99999);
    memcpy(much, "begin\n", 6);
    memcpy(much + 99990, "\nend\n", 6);
    assert_output(much, "begin ... end");
    free(much);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_placeholders_are_replaced_and_quoted_where_a_shell_needs_it),
        cmocka_unit_test(test_a_placeholder_that_is_misspelt_is_refused),
        cmocka_unit_test(test_words_are_split_as_a_shell_would),
        cmocka_unit_test(test_what_only_a_shell_understands_is_refused),
        cmocka_unit_test(test_names_are_checked),
        cmocka_unit_test(test_a_report_is_read),
        cmocka_unit_test(test_a_wrong_line_of_a_report_is_named),
        cmocka_unit_test(test_what_the_origin_saw_becomes_samples),
        cmocka_unit_test(test_other_work_than_asked_for_is_unequal),
        cmocka_unit_test(test_a_client_that_failed_is_not_called_unequal),
        cmocka_unit_test(test_times_of_the_monotonic_clock_are_taken_as_they_are),
        cmocka_unit_test(test_times_of_another_clock_end_with_the_last_answer_or_the_client),
        cmocka_unit_test(test_a_report_that_cannot_be_true_is_unequal),
        cmocka_unit_test(test_without_anybody_s_word_nothing_is_known),
        cmocka_unit_test(test_of_what_a_client_says_the_first_and_last_line_are_told),
    };
    return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
