#include "result_fixture.h"

#include <math.h>
#include <unistd.h>

#include "conc_bench/baseline.h"
#include "conc_bench/json.h"

/* Ten rounds of sync and threads; `scale` slows down both, `slower` threads alone, in percent. */
static struct result make_rounds(int scale, int slower)
{
    struct result result = fixture_result();
    fixture_cell(&result, "sync", 1);
    fixture_cell(&result, "threads", 2);
    for (int round = 0; round < 10; round++) {
        nanoseconds wander = (17 * round % 10) * 10 * NANOSECONDS_PER_MICROSECOND;
        fixture_trial(&result.cells[0], (10 * FIXTURE_MS + wander) * scale)->startup *= scale;
        fixture_trial(&result.cells[1], (10 * FIXTURE_MS + wander) * scale * (100 + slower) / 100)->startup *= scale;
    }
    return result;
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

static void write_document(const struct result *result)
{
    struct verdict verdict;
    const struct format format = format_default();
    struct error error = {0};
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(verdict_make(result, &(struct verdict_request){0}, &verdict, &error), 0);
    assert_int_equal(json_write(file, result, &verdict, &format, &error), 0);
    assert_int_equal(fclose(file), 0);
    verdict_release(&verdict);
}

static void write_text(const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void assert_refused(const struct result *now, const char *part)
{
    struct baseline baseline;
    struct error error = {0};
    assert_int_equal(baseline_read(path, now, false, &baseline, &error), -1);
    assert_int_equal(error.kind, ERROR_USAGE);
    if (strstr(error.message, part) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.message, part);
}

static void test_what_was_written_is_read(void **state)
{
    (void)state;
    struct result result = make_rounds(1, 0);
    fixture_cell(&result, "threads", 4)->stage = STAGE_SWEEP;
    fixture_trial(&result.cells[2], FIXTURE_MS);
    result.cells[0].trials[3].status = TRIAL_CRASHED;
    result.cells[1].trials[6].table->samples[0].status = 206; /* drops the round */
    write_document(&result);
    struct baseline baseline;
    struct error error = {0};
    assert_int_equal(baseline_read(path, &result, false, &baseline, &error), 0);
    assert_int_equal(baseline.cell_count, 2);
    const struct baseline_cell *sync = baseline_find(&baseline, "sync", 1);
    assert_non_null(sync);
    assert_int_equal(sync->count, 8);
    assert_int_equal(sync->rounds[3], 4);
    assert_int_equal(sync->rounds[5], 7);
    assert_true(fabs(sync->times[0] - 0.041) < 1e-9);
    assert_int_equal(baseline_find(&baseline, "threads", 2)->count, 9);
    assert_null(baseline_find(&baseline, "threads", 4));
    baseline_release(&baseline);
    result_release(&result);
}

static void test_other_circumstances_are_refused(void **state)
{
    (void)state;
    struct result result = make_rounds(1, 0);
    write_document(&result);
    result.cores = 64;
    assert_refused(&result, "number of cores was \"2\" and is \"64\"");
    result.cores = 2;
    result.workload_digest++;
    assert_refused(&result, "list of URLs");
    result.workload_digest--;
    snprintf(result.connections, sizeof(result.connections), "fresh");
    assert_refused(&result, "--connections was \"reuse\" and is \"fresh\"");
    struct baseline baseline;
    struct error error = {0};
    assert_int_equal(baseline_read(path, &result, true, &baseline, &error), 0);
    baseline_release(&baseline);
    snprintf(result.connections, sizeof(result.connections), "reuse");
    result.cpu_work = FIXTURE_MS;
    assert_refused(&result, "--cpu-work");
    result.cpu_work = 0;
    result.tolerance.share = 0.05;
    assert_refused(&result, "--tolerate was \"none\" and is \"5%\"");
    result.tolerance = (struct tolerance){0};
    snprintf(result.libcurl_version, sizeof(result.libcurl_version), "libcurl/9");
    assert_refused(&result, "version of libcurl");
    result_release(&result);
}

static void test_what_is_no_result_is_refused(void **state)
{
    (void)state;
    struct result result = make_rounds(1, 0);
    static const struct {
        const char *text;
        const char *part;
    } cases[] = {
        {"", "line 1"},
        {"{", "line 1"},
        {"[1]", "not a result of conc-bench"},
        {"{\"schema\": 3}", "not a result of conc-bench"},
        {"{\"schema\": \"conc-bench/2\\u001b\"}", "schema is \"conc-bench/2\\x1b\", not \"conc-bench/1\""},
        {"{\"schema\": \"conc-bench/1\"}", "sample_columns: missing"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        write_text(cases[i].text);
        assert_refused(&result, cases[i].part);
    }
    result.is_partial = true;
    write_document(&result);
    assert_refused(&result, "interrupted");
    result_release(&result);
}

static enum ruling ruling_of_threads(int scale, int slower, double max_slowdown)
{
    struct result before = make_rounds(1, 0);
    struct result now = make_rounds(scale, slower);
    struct baseline baseline;
    struct verdict verdict;
    struct error error = {0};
    write_document(&before);
    assert_int_equal(baseline_read(path, &now, false, &baseline, &error), 0);
    const struct verdict_request request = {.baseline = &baseline, .max_slowdown = max_slowdown};
    assert_int_equal(verdict_make(&now, &request, &verdict, &error), 0);
    assert_int_equal(verdict.judgement_count, 2);
    enum ruling ruling = RULING_UNMEASURABLE;
    for (size_t i = 0; i < 2; i++) {
        if (strstr(verdict.judgements[i].claim, "threads/2") != NULL)
            ruling = verdict.judgements[i].ruling;
    }
    verdict_release(&verdict);
    baseline_release(&baseline);
    result_release(&before);
    result_release(&now);
    return ruling;
}

static void test_slowdowns_are_judged_relative_to_the_reference(void **state)
{
    (void)state;
    assert_int_equal(ruling_of_threads(1, 0, 0.05), RULING_PASS);
    /* Everything takes twice as long: another day, not another program. */
    assert_int_equal(ruling_of_threads(2, 0, 0.05), RULING_PASS);
    assert_int_equal(ruling_of_threads(2, 25, 0.05), RULING_FAIL);
    assert_int_equal(ruling_of_threads(1, 25, 0.30), RULING_PASS);
    /* Above what is allowed, and less than series may differ by. */
    assert_int_equal(ruling_of_threads(1, 8, 0.05), RULING_INCONCLUSIVE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_written_is_read),
        cmocka_unit_test(test_other_circumstances_are_refused),
        cmocka_unit_test(test_what_is_no_result_is_refused),
        cmocka_unit_test(test_slowdowns_are_judged_relative_to_the_reference),
    };
    return cmocka_run_group_tests_name("baseline", tests, make_file, remove_file);
}
