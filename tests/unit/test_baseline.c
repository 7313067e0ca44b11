#include "run_fixture.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "conc_bench/analysis/stats.h"
#include "conc_bench/document/baseline.h"
#include "conc_bench/document/json.h"

/* Ten rounds of sync and threads; `scale` slows down both, `slower` threads alone, in percent. */
static struct run make_rounds(int scale, int slower)
{
    struct run run = fixture_run();
    fixture_cell(&run, "sync", 1);
    fixture_cell(&run, "threads", 2);
    for (int round = 0; round < 10; round++) {
        nanoseconds wander = (17 * round % 10) * 10 * NANOSECONDS_PER_MICROSECOND;
        fixture_trial(&run.cells[0], (10 * FIXTURE_MS + wander) * scale)->startup *= scale;
        fixture_trial(&run.cells[1], (10 * FIXTURE_MS + wander) * scale * (100 + slower) / 100)->startup *= scale;
    }
    return run;
}

static char path[] = "/tmp/conc-bench-baseline-XXXXXX";

static int make_file(void **state)
{
    (void)state;
    int file = mkstemp(path);
    return file < 0 ? -1 : close(file);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static int read_path(const char *from, const struct run *run, bool is_forced, struct baseline *baseline,
                     struct error *error)
{
    return baseline_read(&from, 1, run, is_forced, baseline, error);
}

static void write_to(const char *to, struct run *run)
{
    struct analysis analysis;
    const struct format format = format_default();
    struct error error = {0};
    FILE *file = fopen(to, "we");
    assert_non_null(file);
    analysis = fixture_analyse(run, &(struct analysis_request){0});
    assert_int_equal(json_write(file, run, &analysis, &format, &error), 0);
    assert_int_equal(fclose(file), 0);
    analysis_release(&analysis);
}

static void write_document(struct run *run)
{
    write_to(path, run);
}

static void write_text(const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void assert_refused(const struct run *now, const char *part)
{
    struct baseline baseline;
    struct error error = {0};
    assert_int_equal(read_path(path, now, false, &baseline, &error), -1);
    assert_int_equal(error.kind, ERROR_USAGE);
    if (strstr(error.message, part) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.message, part);
}

static void test_what_was_written_is_read(void **state)
{
    (void)state;
    struct run run = make_rounds(1, 0);
    fixture_cell(&run, "threads", 4)->stage = STAGE_SWEEP;
    fixture_trial(&run.cells[2], FIXTURE_MS);
    run.cells[0].trials[3].status = TRIAL_CRASHED;
    run.cells[1].trials[6].table->samples[0].status = 206; /* drops the round */
    write_document(&run);
    struct baseline baseline;
    struct error error = {0};
    assert_int_equal(read_path(path, &run, false, &baseline, &error), 0);
    assert_int_equal(baseline.count, 1);
    assert_int_equal(baseline.documents[0].cell_count, 2);
    const struct baseline_cell *sync = baseline_find(&baseline, "sync", 1);
    assert_non_null(sync);
    assert_int_equal(sync->count, 8);
    assert_int_equal(sync->rounds[3], 4);
    assert_int_equal(sync->rounds[5], 7);
    assert_true(fabs(sync->times[0] - 0.041) < 1e-9);
    assert_int_equal(baseline_find(&baseline, "threads", 2)->count, 9);
    assert_null(baseline_find(&baseline, "threads", 4));
    baseline_release(&baseline);
    run_release(&run);
}

static void test_other_conditions_are_refused(void **state)
{
    (void)state;
    struct run run = make_rounds(1, 0);
    write_document(&run);
    run.cores = 64;
    assert_refused(&run, "number of cores was \"2\" and is \"64\"");
    run.cores = 2;
    run.workload_digest++;
    assert_refused(&run, "list of URLs");
    run.workload_digest--;
    snprintf(run.connections, sizeof(run.connections), "fresh");
    assert_refused(&run, "--connections was \"reuse\" and is \"fresh\"");
    struct baseline baseline;
    struct error error = {0};
    assert_int_equal(read_path(path, &run, true, &baseline, &error), 0);
    baseline_release(&baseline);
    snprintf(run.connections, sizeof(run.connections), "reuse");
    run.cpu_work = FIXTURE_MS;
    assert_refused(&run, "--cpu-work");
    run.cpu_work = 0;
    run.tolerance.share = 0.05;
    assert_refused(&run, "--tolerate was \"none\" and is \"5%\"");
    run.tolerance = (struct tolerance){0};
    snprintf(run.libcurl_version, sizeof(run.libcurl_version), "libcurl/9");
    assert_refused(&run, "version of libcurl");
    run_release(&run);
}

static void test_what_is_no_result_is_refused(void **state)
{
    (void)state;
    struct run run = make_rounds(1, 0);
    static const struct {
        const char *text;
        const char *part;
    } cases[] = {
        {"", "line 1"},
        {"{", "line 1"},
        {"[1]", "not a result of conc-bench"},
        {"{\"schema\": 3}", "not a result of conc-bench"},
        {"{\"schema\": \"conc-bench/2\\u001b\"}", "schema is \"conc-bench/2\\x1b\", and this version"},
        {"{\"schema\": \"conc-bench/1\"}", "its schema is \"conc-bench/1\", and this version"},
        {"{\"schema\": \"conc-bench/2\"}", "tool: missing"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        write_text(cases[i].text);
        assert_refused(&run, cases[i].part);
    }
    run.is_partial = true;
    write_document(&run);
    assert_refused(&run, "interrupted");
    run_release(&run);
}

static enum assertion_verdict verdict_of_threads(int scale, int slower, double max_slowdown)
{
    struct run before = make_rounds(1, 0);
    struct run now = make_rounds(scale, slower);
    struct baseline baseline;
    struct analysis analysis;
    struct error error = {0};
    write_document(&before);
    assert_int_equal(read_path(path, &now, false, &baseline, &error), 0);
    const struct analysis_request request = {.baseline = &baseline, .max_slowdown = max_slowdown};
    analysis = fixture_analyse(&now, &request);
    assert_int_equal(analysis.assertion_result_count, 2);
    enum assertion_verdict verdict = VERDICT_UNMEASURABLE;
    for (size_t i = 0; i < 2; i++) {
        if (strstr(analysis.assertion_results[i].assertion, "threads/2") != NULL)
            verdict = analysis.assertion_results[i].verdict;
    }
    analysis_release(&analysis);
    baseline_release(&baseline);
    run_release(&before);
    run_release(&now);
    return verdict;
}

static void test_slowdowns_are_judged_relative_to_the_reference(void **state)
{
    (void)state;
    assert_int_equal(verdict_of_threads(1, 0, 0.05), VERDICT_PASS);
    /* Everything takes twice as long: another day, not another program. */
    assert_int_equal(verdict_of_threads(2, 0, 0.05), VERDICT_PASS);
    assert_int_equal(verdict_of_threads(2, 25, 0.05), VERDICT_FAIL);
    assert_int_equal(verdict_of_threads(1, 25, 0.30), VERDICT_PASS);
    /* Above what is allowed, and less than series may differ by. */
    assert_int_equal(verdict_of_threads(1, 8, 0.05), VERDICT_INCONCLUSIVE);
}

/* A folder of results; some of threads with a slowdown of so many per cent. Static memory. */
static const char *make_folder(const int *slower, size_t count)
{
    static char folder[64];
    snprintf(folder, sizeof(folder), "/tmp/conc-bench-history-XXXXXX");
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < count; i++) {
        char file[96];
        struct run run = make_rounds(1 + (int)i % 2, slower[i]);
        snprintf(file, sizeof(file), "%s/%zu.json", folder, i);
        snprintf(run.started_at, sizeof(run.started_at), "2026-01-%02zuT00:00:00Z", 20 - i);
        write_to(file, &run);
        run_release(&run);
    }
    return folder;
}

static void remove_folder(const char *folder, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char file[96];
        snprintf(file, sizeof(file), "%s/%zu.json", folder, i);
        assert_int_equal(unlink(file), 0);
    }
    assert_int_equal(rmdir(folder), 0);
}

static struct assertion_result judge_threads(const char *folder, int slower)
{
    struct run now = make_rounds(1, slower);
    struct baseline baseline;
    struct analysis analysis;
    struct assertion_result found = {0};
    struct error error = {0};
    assert_int_equal(read_path(folder, &now, false, &baseline, &error), 0);
    assert_string_equal(baseline.note, "");
    const struct analysis_request request = {.baseline = &baseline, .max_slowdown = 0.05};
    analysis = fixture_analyse(&now, &request);
    for (size_t i = 0; i < analysis.assertion_result_count; i++) {
        if (strstr(analysis.assertion_results[i].assertion, "threads/2") != NULL)
            found = analysis.assertion_results[i];
    }
    analysis_release(&analysis);
    baseline_release(&baseline);
    run_release(&now);
    return found;
}

static void test_a_history_says_what_is_usual(void **state)
{
    (void)state;
    static const int slower[] = {0, 1, 2, 0, 1, 2};
    const char *folder = make_folder(slower, 6);
    /* One series more is off by 2.1 % at most, which one alone would not know. */
    struct assertion_result result = judge_threads(folder, 9);
    assert_int_equal(result.verdict, VERDICT_FAIL);
    assert_string_equal(result.assertion, "threads/2 at most 5 % slower than before");
    if (strncmp(result.sentence, "1.08 times (1.0", 15) != 0 || strlen(result.sentence) > 30)
        fail_msg("%s", result.sentence);
    assert_true(result.low > 1.05 && result.value > 1.07 && result.value < 1.09);
    assert_int_equal(judge_threads(folder, 1).verdict, VERDICT_PASS);
    /* Slower than usual, and by less than is allowed. */
    assert_true(judge_threads(folder, 5).low > 1);
    result = judge_threads(folder, 5);
    assert_int_equal(result.verdict, VERDICT_INCONCLUSIVE);
    if (strstr(result.sentence, " the usual of 6 results, relative to sync/1, of which up to 1.0") == NULL)
        fail_msg("%s", result.sentence);
    remove_folder(folder, 6);
    /* Four do not say; the newest of them is the first. */
    static const int few[] = {8, 0, 1, 2};
    folder = make_folder(few, 4);
    assert_int_equal(judge_threads(folder, 9).verdict, VERDICT_PASS);
    result = judge_threads(folder, 15);
    assert_int_equal(result.verdict, VERDICT_INCONCLUSIVE);
    assert_non_null(strstr(result.sentence, "that is the newest of 4: 5 tell how much series differ"));
    remove_folder(folder, 4);
}

/* m = 5, by hand: mean .02, deviation .0158, t of 4 degrees 2.132. */
static void test_prediction_by_hand(void **state)
{
    (void)state;
    static const double stored[] = {0, .01, .02, .03, .04};
    struct regression regression = regression_predict(stored, 5, 0.09);
    assert_true(fabs(regression.slowdown - 0.07) < 1e-12);
    assert_true(fabs(regression.deviation - sqrt(0.00025 * 1.2)) < 1e-12);
    assert_true(fabs(regression.reach - 2.1318467863266495 * sqrt(0.0003)) < 1e-9);
    assert_true(fabs(regression.p - stats_t_tails(0.07 / sqrt(0.0003), 4) / 2) < 1e-12);
    assert_true(regression_fails(&regression, 0.05) && !regression_fails(&regression, 0.08));
    regression = regression_predict(stored, 5, 0.05); /* as usual */
    assert_false(regression_fails(&regression, 0));
    assert_true(regression_predict(stored, 5, -0.05).p > 0.97);
    /* Copies of one result do not say that series never differ. */
    static const double same[5] = {0};
    assert_true(regression_predict(same, 5, 0).reach > 0.002);
}

static void test_what_does_not_fit_in_a_folder(void **state)
{
    (void)state;
    static const int slower[] = {0, 0, 0};
    struct run now = make_rounds(1, 0);
    struct baseline baseline;
    struct error error = {0};
    const char *folder = make_folder(slower, 0);
    assert_int_equal(read_path(folder, &now, false, &baseline, &error), 0);
    assert_int_equal(baseline.count, 0);
    assert_non_null(strstr(baseline.note, "holds no result yet"));
    remove_folder(folder, 0);
    folder = make_folder(slower, 3);
    char file[96];
    struct run other = make_rounds(1, 0);
    other.cores = 64;
    snprintf(file, sizeof(file), "%s/1.json", folder);
    write_to(file, &other);
    assert_int_equal(read_path(folder, &now, false, &baseline, &error), 0);
    assert_int_equal(baseline.count, 2);
    /* The oldest first, whatever they are called. */
    assert_string_equal(baseline.documents[1].started_at, "2026-01-20T00:00:00Z");
    assert_non_null(strstr(baseline.note, "1 of 3 results in "));
    assert_non_null(strstr(baseline.note, "number of cores was \"64\""));
    baseline_release(&baseline);
    now.cores = 8;
    assert_int_equal(read_path(folder, &now, false, &baseline, &error), -1);
    assert_non_null(strstr(error.message, "number of cores"));
    assert_int_equal(read_path(folder, &now, true, &baseline, &error), 0);
    assert_int_equal(baseline.count, 3);
    baseline_release(&baseline);
    remove_folder(folder, 3);
    run_release(&other);
    run_release(&now);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_written_is_read),
        cmocka_unit_test(test_other_conditions_are_refused),
        cmocka_unit_test(test_what_is_no_result_is_refused),
        cmocka_unit_test(test_a_history_says_what_is_usual),
        cmocka_unit_test(test_prediction_by_hand),
        cmocka_unit_test(test_what_does_not_fit_in_a_folder),
        cmocka_unit_test(test_slowdowns_are_judged_relative_to_the_reference),
    };
    return cmocka_run_group_tests_name("baseline", tests, make_file, remove_file);
}
