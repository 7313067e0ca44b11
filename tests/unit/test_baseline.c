#include "run_fixture.h"

#include <math.h>
#include <unistd.h>

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

static void write_document(const struct run *run)
{
    struct analysis analysis;
    const struct format format = format_default();
    struct error error = {0};
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(analysis_make(run, &(struct analysis_request){0}, &analysis, &error), 0);
    assert_int_equal(json_write(file, run, &analysis, &format, &error), 0);
    assert_int_equal(fclose(file), 0);
    analysis_release(&analysis);
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
    assert_int_equal(baseline_read(path, now, false, &baseline, &error), -1);
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
    assert_int_equal(baseline_read(path, &run, false, &baseline, &error), 0);
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
    run_release(&run);
}

static void test_other_circumstances_are_refused(void **state)
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
    assert_int_equal(baseline_read(path, &run, true, &baseline, &error), 0);
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

static enum ruling ruling_of_threads(int scale, int slower, double max_slowdown)
{
    struct run before = make_rounds(1, 0);
    struct run now = make_rounds(scale, slower);
    struct baseline baseline;
    struct analysis analysis;
    struct error error = {0};
    write_document(&before);
    assert_int_equal(baseline_read(path, &now, false, &baseline, &error), 0);
    const struct analysis_request request = {.baseline = &baseline, .max_slowdown = max_slowdown};
    assert_int_equal(analysis_make(&now, &request, &analysis, &error), 0);
    assert_int_equal(analysis.assertion_result_count, 2);
    enum ruling ruling = RULING_UNMEASURABLE;
    for (size_t i = 0; i < 2; i++) {
        if (strstr(analysis.assertion_results[i].assertion, "threads/2") != NULL)
            ruling = analysis.assertion_results[i].ruling;
    }
    analysis_release(&analysis);
    baseline_release(&baseline);
    run_release(&before);
    run_release(&now);
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
