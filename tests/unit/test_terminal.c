#include "run_fixture.h"

#include <signal.h>

#include "conc_bench/base/text.h"
#include "report/terminal.h"

/* Tests what is said and in which order, rather than the text letter by letter: columns may come and go. */

typedef int writer(FILE *stream, const struct run *run, const struct analysis *analysis, const struct format *format,
                   struct error *error);

static char *write_text(struct run *run, writer *write)
{
    char *text = NULL;
    size_t length = 0;
    struct analysis analysis;
    struct error error = {0};
    FILE *stream = open_memstream(&text, &length);
    assert_non_null(stream);
    const struct format format = format_default();
    analysis = fixture_analyse(run, &(struct analysis_request){0});
    assert_int_equal(write(stream, run, &analysis, &format, &error), 0);
    assert_int_equal(fclose(stream), 0);
    analysis_release(&analysis);
    assert_int_equal(strlen(text), length);
    return text;
}

static void assert_says(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void assert_says_not(const char *text, const char *part)
{
    if (strstr(text, part) != NULL)
        fail_msg("\"%s\" is in:\n%s", part, text);
}

static void assert_report(struct run *run, const char *part)
{
    char *text = write_text(run, terminal_write_details);
    assert_says(text, part);
    free(text);
}

static void assert_no_report(struct run *run, const char *part)
{
    char *text = write_text(run, terminal_write_details);
    assert_says_not(text, part);
    free(text);
}

/* The line of the details that begins with `start`; the caller frees it. */
static char *line_of(const char *text, const char *start)
{
    const char *details = strstr(text, "\nRanking\n");
    const char *line = details != NULL ? details : text;
    while (line != NULL && strncmp(line, start, strlen(start)) != 0) {
        line = strchr(line, '\n');
        line = line != NULL ? line + 1 : NULL;
    }
    if (line == NULL)
        fail_msg("no line begins with \"%s\":\n%s", start, text);
    return strndup(line, strcspn(line, "\n"));
}

static void test_the_head_tells_what_was_run(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    char *text = write_text(&run, terminal_write_details);
    assert_says(text, "conc-bench 0.1.0, libcurl/7.88.1, OpenSSL/3.0.19; 2 cores of Some CPU, Linux 6.1 x86_64\n");
    assert_says(text, "4 downloads of 2 URLs on 2 hosts from sites.txt\n");
    assert_says(text, "HTTP/1.1, connections reused within a trial, names resolved beforehand, up to 10 redirects");
    assert_says(text, "at most 30.0 s a download\n");
    assert_says(text, "2 rounds after one to warm up");
    assert_says(text, "(seed 7)");
    assert_says_not(text, "no more rounds");
    assert_says_not(text, "embedded origin");
    free(text);

    run.downloads = run.distinct_urls = run.hosts = run.cores = run.rounds_done = 1;
    run.max_redirects = 0;
    run.is_order_shuffled = true;
    run.cpu_work = 5 * FIXTURE_MS;
    snprintf(run.connections, sizeof(run.connections), "fresh");
    snprintf(run.dns, sizeof(run.dns), "live");
    snprintf(run.stop_reason, sizeof(run.stop_reason), "no time is left");
    text = write_text(&run, terminal_write_details);
    assert_says(text, "1 core of");
    assert_says(text, "1 download of 1 URL on 1 host from sites.txt, in shuffled order");
    assert_says(text, "with work worth 5.00 ms of CPU time on each response\n");
    assert_says(text, "a fresh connection for each download, names resolved live, redirects not followed");
    assert_says(text, "1 round after one to warm up");
    assert_says(text, "no more rounds: no time is left\n");
    free(text);

    static const char *const names[][2] = {
        {"none", ", no names to resolve, "},
        {"proxy", ", names resolved by the proxy, "},
        {"pinned,proxy", ", names resolved beforehand, or by the proxy, "},
        {"live,proxy", ", names resolved live, or by the proxy, "},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(run.dns, sizeof(run.dns), "%s", names[i][0]);
        assert_report(&run, names[i][1]);
    }

    snprintf(run.origin, sizeof(run.origin), "latency 20 ms");
    assert_report(&run, "served by the embedded origin on this machine (latency 20 ms)");
    assert_report(&run, "no names to resolve");
    run_release(&run);
}

static void test_the_use_of_connections_is_told_over_http2(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    assert_no_report(&run, "downloads each");
    assert_no_report(&run, "HTTP/2");
    for (int round = 0; round < 2; round++) {
        fixture_http2(&run.cells[0].trials[round], 1, 0);
        fixture_http2(&run.cells[1].trials[round], 1, 2);
    }
    run.cells[1].trials[0].http2.warm_connects = run.cells[1].trials[1].http2.warm_connects = 1;
    char *text = write_text(&run, terminal_write_details);
    assert_says(text, "mode/workers  HTTP/2  connections  downloads each  at once\n");
    assert_says(text, "sync/1             4            1            4.00        1\n");
    assert_says(text, "threads/2          4            2            2.00        2\n");
    free(text);
    run_release(&run);
}

static void test_rows_are_sorted_fastest_first(void **state)
{
    (void)state;
    struct run run = fixture_two_modes(); /* planned first: sync, which is slower */
    fixture_trial(fixture_cell(&run, "hybrid", 4), 10 * FIXTURE_MS);
    char *text = write_text(&run, terminal_write_details);
    const char *hybrid = strstr(text, "\nhybrid ");
    const char *threads = strstr(text, "\nthreads ");
    const char *sync = strstr(text, "\nsync ");
    assert_true(hybrid != NULL && threads != NULL && sync != NULL);
    assert_true(hybrid < threads && threads < sync);
    hybrid = strstr(text, "\nhybrid/4 ");
    threads = strstr(text, "\nthreads/2 ");
    sync = strstr(text, "\nsync/1 ");
    assert_true(hybrid != NULL && threads != NULL && sync != NULL);
    assert_true(hybrid < threads && threads < sync);
    free(text);
    run_release(&run);
}

static void test_times_have_three_digits_and_a_range(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    for (int round = 0; round < 2; round++) {
        struct trial_resources *resources = &run.cells[0].trials[round].resources;
        resources->cpu_user = 5 * FIXTURE_MS;
        resources->voluntary_switches = 12;
        resources->involuntary_switches = 5;
    }
    char *text = write_text(&run, terminal_write_details);
    char *line = line_of(text, "threads ");
    assert_says(line, " 0.0220 ");
    assert_says(line, "0.0210 to 0.0230");
    assert_says(line, " 1.95x "); /* 41 / 21 and 45 / 23 */
    assert_says(line, "1.95 to 1.96");
    free(line);
    line = line_of(text, "threads/2 ");
    assert_says(line, " 182 "); /* 4 downloads in 22 ms */
    assert_says(line, " 11.0"); /* the longest; 8 samples carry no percentile */
    free(line);
    line = line_of(text, "sync ");
    assert_says(line, "0.0410 to 0.0450");
    assert_says(line, " 1.00x");
    free(line);
    line = line_of(strstr(text, "What it costs"), "sync/1 ");
    assert_says(line, " 1.75 "); /* 7 ms of CPU time for 4 downloads */
    assert_says(line, " 3.00 "); /* 12 switches */
    assert_says(line, " 1.25 "); /* 5 switches */
    assert_says(line, " 2.00 ");
    free(line);
    free(text);
    run_release(&run);
}

static void test_one_round_claims_no_interval(void **state)
{
    (void)state;
    struct run run = fixture_run();
    fixture_trial(fixture_cell(&run, "sync", 1), 10 * FIXTURE_MS);
    fixture_trial(fixture_cell(&run, "threads", 2), 10 * FIXTURE_MS);
    char *text = write_text(&run, terminal_write_details);
    char *line = line_of(text, "threads ");
    assert_says(line, "1 round, no interval");
    assert_says(line, " 0.0210 ");
    free(line);
    line = line_of(text, "sync ");
    assert_says(line, "1 round, no interval");
    free(line);
    assert_says(text, "One round cannot tell a difference from noise");
    assert_says_not(text, "fastest");
    free(text);
    run_release(&run);
}

/* Ten rounds of sync and two other modes, whose service times are given in microseconds and vary a little. */
static struct run ten_rounds(int threads, int hybrid, const int *jitter)
{
    struct run run = fixture_run();
    fixture_cell(&run, "sync", 1);
    fixture_cell(&run, "threads", 2);
    fixture_cell(&run, "hybrid", 2);
    run.rounds_planned = run.rounds_done = 10;
    for (int round = 0; round < 10; round++) {
        fixture_trial(&run.cells[0], 10000 * NANOSECONDS_PER_MICROSECOND);
        fixture_trial(&run.cells[1], (threads + jitter[round]) * NANOSECONDS_PER_MICROSECOND);
        fixture_trial(&run.cells[2], hybrid * NANOSECONDS_PER_MICROSECOND)->resources.cpu_user = 0;
    }
    return run;
}

static void test_who_won_is_said(void **state)
{
    (void)state;
    static const int steady[10] = {1, 7, 3, 9, 5, 2, 8, 4, 6, 10};
    struct run run = ten_rounds(10000, 12000, steady);
    char *text = write_text(&run, terminal_write_details);
    assert_says(text, "\nthreads/2 is the fastest: 0.021 s, 1.95 times as fast as sync/1; hybrid/2, the "
                      "next, takes 19.0 % longer.\n");
    assert_says(text, "\nRecommended: threads/2; no other is within 5 % of it.\n");
    char *line = line_of(text, "sync ");
    assert_says(line, " 3 ");
    free(line);
    free(text);
    run_release(&run);
}

static void test_no_difference_is_said_too(void **state)
{
    (void)state;
    static const int both_ways[10] = {100, -90, 80, -70, 60, -65, 75, -85, 95, -105};
    struct run run = ten_rounds(10000, 10000, both_ways);
    char *text = write_text(&run, terminal_write_details);
    assert_says(text,
                "\nNo difference detected between the fastest (threads/2, hybrid/2): practically equal, within 5 % "
                "of the first; threads/2 is 1.95 times as fast as sync/1");
    assert_says(text, "\nRecommended: hybrid/2, with 0.5 ms of CPU time a download");
    char *line = line_of(text, "hybrid ");
    assert_says(line, " 1-2 ");
    free(line);
    free(text);
    snprintf(run.reference, sizeof(run.reference), "processes");
    assert_no_report(&run, "times as fast as");
    assert_report(&run, "vs -");
    run_release(&run);
}

static void test_one_cell_wins_nothing(void **state)
{
    (void)state;
    struct run run = fixture_run();
    struct run_cell *cell = fixture_cell(&run, "threads", 2);
    fixture_trial(cell, 10 * FIXTURE_MS);
    fixture_trial(cell, 10 * FIXTURE_MS);
    assert_no_report(&run, "least median time");
    assert_no_report(&run, "fastest");
    run_release(&run);
}

static void test_what_bounds_the_downloads_is_said(void **state)
{
    (void)state;
    static const struct {
        nanoseconds cpu; /* of trials of 41 and 45 ms */
        const char *analysis;
    } cases[] = {
        {4 * FIXTURE_MS, "I/O-bound: threads/2, sync/1 computed for 9.3 %"},
        {30 * FIXTURE_MS, "Between I/O-bound and CPU-bound: sync/1 computed for 70 % of the time it had"},
        {41 * FIXTURE_MS, "CPU-bound: sync/1 computed for 96 % of the time it had"},
    };
    struct run run = fixture_two_modes();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (int round = 0; round < 2; round++) {
            run.cells[0].trials[round].resources.on_cpu = cases[i].cpu;
        }
        assert_report(&run, cases[i].analysis);
    }
    run_release(&run);
}

static void test_every_ending_is_named_with_its_reason(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    struct trial *trial = &run.cells[1].trials[0];
    trial->table->samples[2].state = SAMPLE_CLAIMED;
    trial->table->samples[3].state = SAMPLE_FREE;
    snprintf(trial->reason, sizeof(trial->reason), "the reason");
    trial->status = TRIAL_CRASHED;
    assert_report(&run, "\nthreads/2: crashed after 2 of 4 downloads: the reason\n");
    trial->status = TRIAL_HUNG;
    assert_report(&run, "\nthreads/2: hung after 2 of 4 downloads: the reason\n");
    trial->status = TRIAL_FAILED;
    assert_report(&run, "\nthreads/2: failed after 2 of 4 downloads: the reason\n");
    trial->status = TRIAL_INTERRUPTED;
    assert_report(&run, "\nthreads/2: interrupted after 2 of 4 downloads\n");
    trial->table->samples[1].outcome = OUTCOME_CANCELLED;
    assert_report(&run, "\nthreads/2: interrupted after 1 of 4 downloads\n");
    sample_table_release(trial->table);
    trial->table = NULL;
    trial->status = TRIAL_FAILED;
    assert_report(&run, "\nthreads/2: failed after 0 of 4 downloads: the reason\n");
    run_release(&run);
}

static void test_a_cell_without_times_shows_why_instead(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    for (int round = 0; round < 2; round++)
        run.cells[1].trials[round].status = TRIAL_HUNG;
    fixture_cell(&run, "hybrid", 2);
    char *text = write_text(&run, terminal_write_details);
    char *line = line_of(text, "threads ");
    assert_says(line, "hung");
    assert_says_not(line, "nan");
    free(line);
    line = line_of(text, "hybrid ");
    assert_says(line, "not run");
    free(line);
    assert_says_not(text, "nan");
    assert_says_not(text, "inf");
    assert_true(strstr(text, "\nsync ") < strstr(text, "\nthreads "));
    assert_says_not(text, "least");
    free(text);
    run_release(&run);
}

static void test_failures_are_counted_by_class(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    assert_no_report(&run, "failed:");
    for (int round = 0; round < 2; round++) {
        struct sample *samples = run.cells[0].trials[round].table->samples;
        samples[0].outcome = samples[1].outcome = OUTCOME_TIMEOUT_WAIT;
        samples[2].outcome = OUTCOME_HTTP_5XX;
    }
    char *text = write_text(&run, terminal_write_details);
    assert_says(text,
                "\nsync/1: 6 of 8 downloads failed: 2 answered with status 5xx, 4 timed out waiting for an answer\n");
    assert_says_not(text, "\nDownloads failed: "); /* of so few it may be chance that only one mode has any */
    assert_says_not(text, "threads/2: ");
    char *line = line_of(text, "sync/1 ");
    assert_says(line, "  3 ");
    free(line);
    free(text);
    run_release(&run);
}

static void test_reasons_for_distrust_are_told(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    assert_no_report(&run, "INVALID");
    assert_no_report(&run, "Note");
    assert_no_report(&run, "partial");
    run_warn(&run, "the clock is strange");
    run.is_partial = true;
    run.rounds_planned = 500;
    assert_report(&run, "\n2 of 500 rounds after one to warm up, ");
    run.interrupting_signal = SIGINT;
    assert_report(&run, "\nNote: the clock is strange.\n");
    assert_report(&run, "\nInterrupted by SIGINT: this is a partial result.\n");
    run.interrupting_signal = SIGTERM;
    assert_report(&run, "\nInterrupted by SIGTERM: this is a partial result.\n");
    run.cells[1].trials[1].table->samples[1].status = 206;
    assert_report(&run, "\nRound 2 does not count, for any mode: threads/2 in round 2 had http://b.test/page answered");
    run.cells[1].trials[0].table->settled_twice = 1;
    assert_report(&run, "\nINVALID, so nothing is ranked: ");
    run_release(&run);
}

static void assert_harmless(const char *text)
{
    size_t length = strlen(text);
    char *escaped = malloc(4 * length + 1);
    assert_non_null(escaped);
    text_escape(escaped, 4 * length + 1, text, length);
    for (size_t i = 0, j = 0; i < length; i++, j++) {
        if (text[i] == '\n' && strncmp(escaped + j, "\\x0a", 4) == 0)
            j += 3; /* the report's own lines */
        else if (text[i] != escaped[j])
            fail_msg("byte 0x%02x got through: %.60s", (unsigned char)text[i], escaped + j);
    }
    free(escaped);
    static const char *const bidirectional[] = {"\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x80\x8f"};
    for (size_t i = 0; i < sizeof(bidirectional) / sizeof(bidirectional[0]); i++)
        assert_null(strstr(text, bidirectional[i]));
    assert_says_not(text, "\nforged");
}

static void test_hostile_text_is_shown_and_not_obeyed(void **state)
{
    (void)state;
    /* A colour, a line of its own, CSI in one byte, C1 in UTF-8, what is not UTF-8, and text from right to left. */
    static const char hostile[] = "x\033[31m\nforged\r\x9b"
                                  "2J\xc2\x9b"
                                  "2J\xff\xe2\x80\xae\xe2\x81\xa6\xe2\x80\x8f\xe2\x82";
    struct run run = fixture_two_modes();
    struct trial *trial = &run.cells[0].trials[1];
    char url[128];
    snprintf(url, sizeof(url), "http://a.test/%s", hostile);
    run.urls[0] = url;
    fixture_has_per_url = true;
    for (uint32_t unit = 0; unit < FIXTURE_UNITS; unit += 2) { /* the slowest */
        run.cells[0].trials[0].table->samples[unit].end += FIXTURE_MS;
        run.cells[0].trials[0].table->samples[unit].settled += FIXTURE_MS;
        run.cells[0].trials[0].run += FIXTURE_MS;
    }
    free(run.sources[0]);
    run.sources[0] = strdup(hostile);
    run_warn(&run, "%s", hostile);
    snprintf(run.machine_cpu, sizeof(run.machine_cpu), "%s", hostile);
    snprintf(run.machine_system, sizeof(run.machine_system), "%s", hostile);
    snprintf(trial->reason, sizeof(trial->reason), "%s", hostile);
    trial->status = TRIAL_CRASHED;
    run.cells[1].trials[1].table->samples[0].status = 206; /* the URL stands in the sentence about it */
    char *text = write_text(&run, terminal_write_details);
    assert_says(text, "had http://a.test/x\\x1b[31m\\x0aforged");
    assert_says(text, "\nThe slowest URL is http://a.test/x\\x1b[31m");
    assert_says(text, "crashed after 4 of 4 downloads: x\\x1b[31m");
    assert_harmless(text);
    free(text);
    text = write_text(&run, terminal_write_verdict);
    assert_harmless(text);
    free(text);
    run_release(&run);
}

/* Lines of the tables, as opposed to sentences, which a terminal may wrap. */
static void assert_tables_within(const char *text, size_t columns)
{
    size_t rows = 0;
    for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1) {
        char row[512];
        snprintf(row, sizeof(row), "%.*s", (int)strcspn(line, "\n"), line);
        bool is_row = strstr(row, "   ") != NULL || strncmp(row, "event-loop", 10) == 0;
        rows += is_row;
        if (is_row && text_columns(row) > columns)
            fail_msg("%zu columns: %s", text_columns(row), row);
    }
    assert_in_range(rows, 12, 40);
}

static void test_tables_stay_within_their_width(void **state)
{
    (void)state;
    enum { REPORT_COLUMNS = 110 }; /* as wide as the tables may grow before somebody has to decide it */
    static const char *const modes[] = {"sync", "threads", "event-loop", "processes", "hybrid"};
    struct run run = fixture_run();
    for (size_t i = 0; i < 5; i++) {
        struct run_cell *cell = fixture_cell(&run, modes[i], i == 0 ? 1 : 8);
        for (int round = 0; round < 2; round++)
            fixture_trial(cell, (102 + (nanoseconds)i) * FIXTURE_MS)->resources.peak_memory_bytes = INT64_C(123) << 20;
    }
    char *text = write_text(&run, terminal_write_details);
    assert_tables_within(text, REPORT_COLUMNS);
    free(text);
    run_release(&run);
}

/* The report of a terminal of so many columns; the caller frees it. */
static char *write_wide(struct run *run, size_t width)
{
    char *text = NULL;
    size_t length = 0;
    struct analysis analysis;
    struct error error = {0};
    struct format format = format_default();
    FILE *stream = open_memstream(&text, &length);
    assert_non_null(stream);
    format.width = width;
    analysis = fixture_analyse(run, &(struct analysis_request){0});
    assert_int_equal(terminal_write_details(stream, run, &analysis, &format, &error), 0);
    assert_int_equal(fclose(stream), 0);
    analysis_release(&analysis);
    return text;
}

static void assert_line(const char *text, const char *start, const char *expected)
{
    char *line = line_of(text, start);
    assert_string_equal(line, expected);
    free(line);
}

static void test_urls_are_rows_the_slowest_first(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    assert_no_report(&run, "URL, median ms");
    fixture_has_per_url = true;
    for (size_t i = 0; i < 2; i++) {
        struct sample *samples = run.cells[1].trials[i].table->samples;
        samples[1].outcome = OUTCOME_HTTP_4XX;
        samples[3].end -= 9 * FIXTURE_MS;                          /* URL 1 without the failures: 1 and 2 ms */
        for (uint32_t unit = 0; unit < FIXTURE_UNITS; unit += 2) { /* URL 0 alone: 12 and 13 ms */
            run.cells[0].trials[i].table->samples[unit].end += 2 * FIXTURE_MS;
            run.cells[0].trials[i].table->samples[unit].settled += 2 * FIXTURE_MS;
            run.cells[0].trials[i].run += 2 * FIXTURE_MS;
        }
    }
    char *text = write_text(&run, terminal_write_details);
    assert_line(text, "URL, median ms", "URL, median ms      sync/1  threads/2  x alone    body");
    assert_line(text, "http://a.test/ ", "http://a.test/        12.0       10.0   0.833x  1000 B");
    assert_line(text, "http://b.test/page ", "http://b.test/page    10.0   1.00 (2)   0.100x  1000 B");
    assert_says(text, "Sorted by the longest median of each URL.\n");
    assert_says(
        text, "\nMedians are of 2 to 4 downloads: too few to rely on. (n): n downloads failed, which are in no median; "
              "-: none succeeded. x alone: the longest median with several workers against that with one. It "
              "includes connecting, which the first downloads of each worker pay for (see --connections warm, "
              "--order shuffle).\n");
    assert_says(text,
                "\nThe slowest URL is http://a.test/, with a median of 12.0 ms in sync/1 and of at least 10.0 ms in "
                "every mode, of at least 4 downloads; half of all URLs stay below 10.0 ms in "
                "every mode.\n");
    assert_says(text, "\n1 of 2 URLs failed at times, none every time.\n");
    free(text);
    for (size_t i = 0; i < 4; i++) {
        struct sample *samples = run.cells[i / 2].trials[i % 2].table->samples;
        samples[1].outcome = samples[3].outcome = OUTCOME_RESET;
    }
    text = write_text(&run, terminal_write_details);
    assert_line(text, "http://b.test/page ", "http://b.test/page   - (4)      - (4)        -       -");
    assert_says(text, "\n1 of 2 URLs failed every time.\n");
    free(text);
    run_release(&run);
}

/* A cell with one round in which every URL is downloaded once; the longer the later in either half of the list. */
static void add_cell_of_many(struct run *run, uint32_t workers)
{
    struct error error = {0};
    struct trial *trial = fixture_trial(fixture_cell(run, "event-loop", workers), FIXTURE_MS);
    sample_table_release(trial->table);
    trial->table = sample_table_create(run->downloads, &error);
    assert_non_null(trial->table);
    trial->run = 1000 * FIXTURE_MS;
    for (uint32_t i = 0; i < run->downloads; i++) {
        uint32_t unit;
        struct sample *sample = sample_claim(trial->table, 0, &unit);
        sample->start = trial->gate;
        sample->end = sample->settled = trial->gate + (i % (run->downloads / 2) + 1) * FIXTURE_MS / 3000;
        sample->status = 200;
        sample->http_version = 11;
        sample->body_bytes = 1000;
        sample->outcome = i % 7 == 3 ? OUTCOME_DNS : OUTCOME_OK;
        sample_settle(trial->table, sample);
    }
}

/* Many URLs, whose names differ in their middle, and in each half of the list at their end. */
static struct run make_many(uint32_t count, uint32_t cells)
{
    static char names[3000][200];
    static uint32_t units[3000];
    struct run run = fixture_run();
    run.downloads = run.distinct_urls = count;
    free(run.urls);
    run.urls = calloc(count, sizeof(run.urls[0]));
    assert_non_null(run.urls);
    for (uint32_t i = 0; i < count; i++) {
        snprintf(names[i], sizeof(names[i]), "http://a.test/%0100u/%060u/page-%05u.html", i, 0U, i % (count / 2) + 1);
        run.urls[i] = names[i];
        units[i] = i;
    }
    run.unit_urls = units;
    fixture_has_per_url = true;
    for (uint32_t i = 0; i < cells; i++)
        add_cell_of_many(&run, i + 1);
    return run;
}

static void test_of_many_urls_some_are_shown_and_the_others_accounted_for(void **state)
{
    (void)state;
    struct run run = make_many(60, 1);
    char *text = write_text(&run, terminal_write_details);
    assert_says(text, "\nThe slowest 10 of 60 URLs and 5 more that failed most, by their longest median; of all URLs "
                      "half have one of at most ");
    assert_says(text, ". All URLs are in --export-json, --export-urls-csv and --export-html.\n");
    /* The 29th and the 59th would look alike. */
    assert_says(text, "0/page-00029.html #29 ");
    assert_says(text, "0/page-00029.html #59 ");
    free(text);
    run_release(&run);
    run = make_many(3000, 1);
    text = write_text(&run, terminal_write_details);
    assert_says(text, "The slowest 10 of 3000 URLs and 5 more that failed most");
    assert_says(text, " URLs, the slowest and those that failed most, are in --export-json, --export-urls-csv and ");
    free(text);
    run_release(&run);
}

/* The line of a URL, by its end. */
static size_t place_of(const char *text, const char *label)
{
    assert_says(text, label);
    return (size_t)(strstr(text, label) - text);
}

static void test_what_fails_most_is_shown_in_the_order_of_all(void **state)
{
    (void)state;
    struct run run = make_many(60, 2);
    /* Twice what fails once elsewhere; only these and one more are left to fail. */
    static const uint32_t twice[] = {5, 17, 11};
    for (size_t i = 0; i < 2; i++) {
        struct sample *samples = run.cells[i].trials[0].table->samples;
        for (uint32_t unit = 0; unit < 60; unit++)
            samples[unit].outcome = OUTCOME_OK;
        for (size_t j = 0; j < 3; j++)
            samples[twice[j]].outcome = i == 0 || j == 1 ? OUTCOME_DNS : OUTCOME_OK;
    }
    char *text = write_text(&run, terminal_write_details);
    assert_says(text, "The slowest 10 of 60 URLs and 3 more that failed most,");
    assert_true(place_of(text, "page-00012.html") < place_of(text, "page-00006.html")); /* the slower first ... */
    assert_true(place_of(text, "page-00006.html") < place_of(text, "page-00018.html")); /* ... what has no time last */
    free(text);
    run_release(&run);
}

static void test_tables_of_urls_stay_within_a_terminal(void **state)
{
    (void)state;
    for (size_t width = 40; width <= 140; width += 20) {
        struct run run = make_many(60, 19);
        char *text = write_wide(&run, width);
        size_t rows = 0;
        for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1) {
            char row[512];
            snprintf(row, sizeof(row), "%.*s", (int)strcspn(line, "\n"), line);
            if (strncmp(row, "htt", 3) != 0)
                continue;
            rows++;
            if (text_columns(row) > width)
                fail_msg("%zu columns: %s", text_columns(row), row);
        }
        assert_true(rows >= (size_t)15 * 3 && rows % 15 == 0);
        assert_says(text, "event-loop/19");
        assert_says(text, "  body\n");
        free(text);
        run_release(&run);
    }
}

static void test_quiet_is_the_answer_in_one_line(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    char *text = write_text(&run, terminal_write_verdict);
    assert_string_equal(text, "No winner yet: 2 rounds are too few to rank; threads had the lowest median time, "
                              "0.022 s, 1.95 times as fast as sync.\n");
    free(text);
    run_warn(&run, "the clock is strange");
    run_warn(&run, "the weather, too");
    text = write_text(&run, terminal_write_verdict);
    assert_says(text, "sync. the clock is strange. 1 more warning: --details.\n");
    free(text);
    run_release(&run);
}

/* Ten rounds of five modes, of which four are alike. */
static struct run make_five_modes(void)
{
    struct run run = fixture_run();
    static const char *const modes[] = {"sync", "threads", "event-loop", "processes", "hybrid"};
    for (size_t i = 0; i < 5; i++) {
        fixture_cell(&run, modes[i], i == 0 ? 1 : 2);
        for (int round = 0; round < 10; round++)
            fixture_trial(&run.cells[i],
                          (i == 0 ? 400 : 50) * FIXTURE_MS + (round * 7 + (int)i * 3) % 5 * FIXTURE_MS / 8);
    }
    run.rounds_planned = run.rounds_done = 10;
    return run;
}

static size_t count_lines(const char *text, size_t *widest)
{
    size_t lines = 0;
    *widest = 0;
    for (; *text != '\0'; lines++) {
        char *line = strndup(text, strcspn(text, "\n"));
        size_t columns = text_columns(line);
        *widest = columns > *widest ? columns : *widest;
        text += strlen(line) + 1;
        free(line);
    }
    return lines;
}

static void test_the_report_is_an_answer_a_table_why_and_how(void **state)
{
    (void)state;
    size_t widest;
    struct run run = make_five_modes();
    run.is_server_local = true;
    for (int i = 0; i < 30; i++)
        run_warn(&run, "warning %d, which takes some words to say so that it does not fit into one line of the report",
                 i);
    char *text = write_text(&run, terminal_write_brief);
    size_t lines = count_lines(text, &widest);
    if (lines > 20 || widest > 80)
        fail_msg("%zu lines of %zu columns:\n%s", lines, widest, text);
    assert_int_equal(strncmp(text, "Tie: ", 5), 0);
    assert_says(text, "\nUse ");
    const char *table = strstr(text, "\nmode ");
    assert_non_null(table);
    assert_non_null(strstr(table, "\nsync  "));
    const char *how = strstr(table, "\n4 downloads of 2 URLs in 10 rounds");
    assert_non_null(how);
    assert_non_null(strstr(how, "server on this machine"));
    assert_non_null(strstr(how, "--details"));
    assert_says_not(text, "Ranking");
    free(text);
    run_release(&run);
}

/* Where there is no room, columns leave; what answers the question stays. */
static void test_columns_leave_a_narrow_report(void **state)
{
    (void)state;
    struct run run = make_five_modes();
    strcpy(run.cells[2].mode, "event-loop:reuse,dogs#2");
    char *text = write_text(&run, terminal_write_brief);
    size_t widest;
    count_lines(text, &widest);
    assert_true(widest <= 80);
    assert_says(text, "vs sync");
    assert_says_not(text, "MiB");
    free(text);
    run_release(&run);
}

static void test_one_mode_is_told_in_words(void **state)
{
    (void)state;
    struct run run = fixture_run();
    size_t widest;
    fixture_trial(fixture_cell(&run, "threads", 2), 20 * FIXTURE_MS);
    fixture_trial(&run.cells[0], 22 * FIXTURE_MS);
    char *text = write_text(&run, terminal_write_brief);
    assert_int_equal(strncmp(text, "threads with 2 workers: 4 downloads in 0.0", 42), 0);
    assert_says(text, "; none\n  failed.\n");
    assert_says_not(text, "vs ");
    assert_true(count_lines(text, &widest) <= 6);
    free(text);
    run_release(&run);
}

static void test_one_download_compares_nothing(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    run.downloads = 1;
    char *text = write_text(&run, terminal_write_brief);
    assert_int_equal(strncmp(text, "One download cannot compare modes", 33), 0);
    assert_says(text, "--repeat");
    assert_says_not(text, "workers ");
    free(text);
    run_release(&run);
}

static void test_where_nothing_was_downloaded_the_cause_is_told_by_host(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    for (size_t i = 0; i < 2; i++) {
        for (int round = 0; round < 2; round++) {
            for (uint32_t unit = 0; unit < FIXTURE_UNITS; unit++)
                run.cells[i].trials[round].table->samples[unit].outcome =
                    unit % 2 == 0 ? OUTCOME_CONNECT : OUTCOME_TIMEOUT_WAIT;
        }
    }
    char *text = write_text(&run, terminal_write_brief);
    assert_int_equal(strncmp(text, "Nothing was downloaded: all 16 downloads failed.\n", 49), 0);
    assert_says(text, "\n  a.test: could not connect (8 downloads)\n");
    assert_says(text, "\n  b.test: timed out waiting for an answer (8 downloads)\n");
    assert_says_not(text, "vs ");
    free(text);
    run_release(&run);
}

static void test_what_was_cut_short_says_so_first(void **state)
{
    (void)state;
    struct run run = make_five_modes();
    run.is_partial = true;
    run.interrupting_signal = SIGINT;
    run.rounds_planned = 12;
    char *text = write_text(&run, terminal_write_brief);
    assert_int_equal(strncmp(text, "Interrupted (SIGINT) after 10 of 12 rounds. Tie: ", 49), 0);
    free(text);
    run_release(&run);
}

/* The first cell of the third round was done, and the second one was not. */
static void test_a_round_that_was_begun_is_not_one_to_compare(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    fixture_trial(&run.cells[1], 10 * FIXTURE_MS);
    run.is_partial = true;
    run.interrupting_signal = SIGINT;
    run.rounds_planned = 12;
    char *text = write_text(&run, terminal_write_brief);
    assert_says(text, "Interrupted (SIGINT) after 2 of 12 rounds. No winner yet: 2 rounds are too few");
    assert_says(text, "in 3 rounds (sync 2)");
    free(text);
    assert_report(&run, "\n2 rounds are too few to rank: ");
    run_release(&run);
}

static void test_a_sweep_is_one_grid(void **state)
{
    (void)state;
    struct run run = fixture_run();
    size_t widest;
    for (uint32_t workers = 1; workers <= 64; workers *= 2) {
        for (int mode = 0; mode < 2; mode++) {
            struct run_cell *cell = fixture_cell(&run, mode == 0 ? "threads" : "event-loop", workers);
            cell->stage = STAGE_SWEEP;
            for (int round = 0; round < 2; round++)
                fixture_trial(cell, 400 / workers * FIXTURE_MS + round * FIXTURE_MS);
        }
    }
    for (int mode = 0; mode < 2; mode++) {
        fixture_cell(&run, mode == 0 ? "threads" : "event-loop", 64);
        for (int round = 0; round < 8; round++)
            fixture_trial(&run.cells[run.cell_count - 1], (7 + mode * 3) * FIXTURE_MS + round * FIXTURE_MS / 16);
    }
    char *text = write_text(&run, terminal_write_brief);
    assert_says(text, "\ntime s, by workers ");
    assert_int_equal(strncmp(text, "threads is fastest", 18), 0);
    assert_says_not(text, "vs ");
    assert_true(count_lines(text, &widest) <= 20 && widest <= 80);
    char *line = line_of(text, "threads  ");
    assert_says(line, "*");
    free(line);
    free(text);
    run_release(&run);
}

static void test_modes_that_fail_differently_do_not_compare(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < FIXTURE_UNITS; i++)
            run.cells[0].trials[round].table->samples[i].outcome = OUTCOME_CONNECT;
    }
    assert_report(&run, "\nDownloads failed: times of modes that fail differently do not compare.\n");
    run_release(&run);
}

/* Eight classes with one failure each, four in each of two rounds: no more than four downloads can have failed. */
static void test_no_more_failures_than_downloads(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < FIXTURE_UNITS; i++)
            run.cells[0].trials[round].table->samples[i].outcome =
                (uint8_t)(OUTCOME_HTTP_4XX + FIXTURE_UNITS * round + i);
    }
    assert_report(&run, "\nsync/1: 8 of 8 downloads failed: 1 answered with status 4xx, ");
    run_release(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_head_tells_what_was_run),
        cmocka_unit_test(test_the_use_of_connections_is_told_over_http2),
        cmocka_unit_test(test_rows_are_sorted_fastest_first),
        cmocka_unit_test(test_times_have_three_digits_and_a_range),
        cmocka_unit_test(test_one_round_claims_no_interval),
        cmocka_unit_test(test_who_won_is_said),
        cmocka_unit_test(test_no_difference_is_said_too),
        cmocka_unit_test(test_one_cell_wins_nothing),
        cmocka_unit_test(test_what_bounds_the_downloads_is_said),
        cmocka_unit_test(test_every_ending_is_named_with_its_reason),
        cmocka_unit_test(test_a_cell_without_times_shows_why_instead),
        cmocka_unit_test(test_failures_are_counted_by_class),
        cmocka_unit_test(test_reasons_for_distrust_are_told),
        cmocka_unit_test(test_hostile_text_is_shown_and_not_obeyed),
        cmocka_unit_test(test_tables_stay_within_their_width),
        cmocka_unit_test(test_urls_are_rows_the_slowest_first),
        cmocka_unit_test(test_of_many_urls_some_are_shown_and_the_others_accounted_for),
        cmocka_unit_test(test_what_fails_most_is_shown_in_the_order_of_all),
        cmocka_unit_test(test_tables_of_urls_stay_within_a_terminal),
        cmocka_unit_test(test_quiet_is_the_answer_in_one_line),
        cmocka_unit_test(test_the_report_is_an_answer_a_table_why_and_how),
        cmocka_unit_test(test_columns_leave_a_narrow_report),
        cmocka_unit_test(test_one_mode_is_told_in_words),
        cmocka_unit_test(test_one_download_compares_nothing),
        cmocka_unit_test(test_where_nothing_was_downloaded_the_cause_is_told_by_host),
        cmocka_unit_test(test_what_was_cut_short_says_so_first),
        cmocka_unit_test(test_a_round_that_was_begun_is_not_one_to_compare),
        cmocka_unit_test(test_a_sweep_is_one_grid),
        cmocka_unit_test(test_modes_that_fail_differently_do_not_compare),
        cmocka_unit_test(test_no_more_failures_than_downloads),
    };
    return cmocka_run_group_tests_name("terminal", tests, NULL, NULL);
}
