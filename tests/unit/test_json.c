#include "run_fixture.h"

#include <jansson.h>
#include <math.h>
#include <signal.h>

#include "conc_bench/document/json.h"

/* Writes the document and reads it as its readers do. */
static json_t *write_kept(struct run *run, enum sample_policy policy)
{
    char *text = NULL;
    size_t length = 0;
    struct analysis analysis;
    const struct format format = format_default();
    struct error error = {0};
    json_error_t flaw;
    FILE *stream = open_memstream(&text, &length);
    assert_non_null(stream);
    analysis = fixture_analyse(run, &(struct analysis_request){0});
    run_release_samples(run, policy);
    assert_int_equal(json_write(stream, run, &analysis, &format, &error), 0);
    assert_int_equal(fclose(stream), 0);
    analysis_release(&analysis);
    assert_int_equal(text[length - 1], '\n');
    json_t *document = json_loadb(text, length, JSON_REJECT_DUPLICATES, &flaw);
    if (document == NULL)
        fail_msg("line %d: %s", flaw.line, flaw.text);
    free(text);
    return document;
}

static json_t *write_document(struct run *run)
{
    return write_kept(run, SAMPLES_ALL);
}

/* The value at "results.0.mode". */
static json_t *at(json_t *value, const char *path)
{
    const char *key = path;
    while (value != NULL && *key != '\0') {
        char name[64];
        size_t length = strcspn(key, ".");
        snprintf(name, sizeof(name), "%.*s", (int)length, key);
        value = json_is_array(value) ? json_array_get(value, strtoul(name, NULL, 10)) : json_object_get(value, name);
        key += length + (key[length] == '.');
    }
    if (value == NULL)
        fail_msg("there is no %s", path);
    return value;
}

static void assert_text(json_t *document, const char *path, const char *expected)
{
    assert_true(json_is_string(at(document, path)));
    assert_string_equal(json_string_value(at(document, path)), expected);
}

static void assert_count(json_t *document, const char *path, json_int_t expected)
{
    if (!json_is_integer(at(document, path)) || json_integer_value(at(document, path)) != expected)
        fail_msg("%s is not %lld", path, (long long)expected);
}

static void assert_number(json_t *document, const char *path, double expected)
{
    double value = json_number_value(at(document, path));
    if (!json_is_number(at(document, path)) || !(fabs(value - expected) <= 1e-9))
        fail_msg("%s: %.12g is not %.12g", path, value, expected);
}

static void assert_null_at(json_t *document, const char *path)
{
    if (!json_is_null(at(document, path)))
        fail_msg("%s is not null", path);
}

static void assert_size(json_t *document, const char *path, size_t expected)
{
    json_t *value = at(document, path);
    assert_int_equal(json_is_array(value) ? json_array_size(value) : json_object_size(value), expected);
}

static void test_what_was_run_and_where(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    run_warn(&run, "one warning");
    json_t *document = write_document(&run);
    assert_text(document, "schema", "conc-bench/2");
    assert_text(document, "tool.name", "conc-bench");
    assert_text(document, "tool.version", "0.1.0");
    assert_text(document, "tool.libcurl", "libcurl/7.88.1 OpenSSL/3.0.19 zlib/1.2.13");
    assert_text(document, "tool.tls", "OpenSSL/3.0.19");
    assert_text(document, "machine.system", "Linux 6.1 x86_64");
    assert_text(document, "machine.cpu", "Some CPU");
    assert_count(document, "machine.cores", 2);
    assert_size(document, "workload.sources", 1);
    assert_text(document, "workload.sources.0", "sites.txt");
    assert_count(document, "workload.downloads", 4);
    assert_count(document, "workload.distinct_urls", 2);
    assert_count(document, "workload.hosts", 2);
    assert_count(document, "workload.unresolved_hosts", 0);
    assert_text(document, "workload.digest", "0000000000000abc");
    assert_text(document, "workload.order", "file");
    assert_number(document, "workload.cpu_work_s", 0);
    assert_size(document, "urls", 2);
    assert_text(document, "urls.1", "http://b.test/page");
    assert_count(document, "seed", 7);
    assert_true(json_is_false(at(document, "partial")));
    assert_count(document, "interrupting_signal", 0);
    assert_true(json_is_true(at(document, "validity.is_valid")));
    assert_true(json_is_true(at(document, "validity.is_work_equal")));
    assert_text(document, "validity.reason", "");
    assert_size(document, "validity.dropped_rounds", 0);
    assert_size(document, "sweeps", 0);
    assert_null_at(document, "recommended"); /* two rounds rank nobody */
    assert_size(document, "verdicts", 0);
    assert_size(document, "warnings", 1);
    assert_text(document, "warnings.0", "one warning");
    json_decref(document);
    run_release(&run);
}

static void test_policy_and_experiment(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    json_t *document = write_document(&run);
    assert_text(document, "policy.connections", "reuse");
    assert_text(document, "policy.dns", "pinned");
    assert_text(document, "policy.http_version", "HTTP/1.1");
    assert_count(document, "policy.connections_kept", 5);
    assert_count(document, "policy.max_redirects", 10);
    assert_number(document, "policy.connect_timeout_s", 10);
    assert_number(document, "policy.max_time_s", 30);
    assert_count(document, "policy.buffer_bytes", 65536);
    assert_null_at(document, "policy.origin");
    assert_count(document, "experiment.warmup_rounds", 1);
    assert_count(document, "experiment.rounds_planned", 2);
    assert_count(document, "experiment.rounds_done", 2);
    assert_text(document, "experiment.stop_reason", "");
    assert_true(json_is_true(at(document, "experiment.is_isolated")));
    assert_text(document, "experiment.reference", "sync");
    json_decref(document);

    run.seed = INT64_MAX; /* the largest that --seed takes */
    run.is_order_shuffled = true;
    run.is_isolated = false;
    run.cpu_work = 5 * FIXTURE_MS;
    snprintf(run.origin, sizeof(run.origin), "latency 20 ms");
    snprintf(run.stop_reason, sizeof(run.stop_reason), "no time");
    document = write_document(&run);
    assert_count(document, "seed", INT64_MAX);
    assert_text(document, "workload.order", "shuffle");
    assert_number(document, "workload.cpu_work_s", 0.005);
    assert_text(document, "policy.origin", "latency 20 ms");
    assert_text(document, "experiment.stop_reason", "no time");
    assert_true(json_is_false(at(document, "experiment.is_isolated")));
    json_decref(document);
    run_release(&run);
}

static void test_hyperfine_fields(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    json_t *document = write_document(&run);
    assert_size(document, "results", 2);
    json_t *sync = at(document, "results.0");
    assert_text(sync, "command", "sync/1");
    assert_number(sync, "mean", 0.043);
    assert_number(sync, "stddev", 0.004 / sqrt(2));
    assert_number(sync, "median", 0.043);
    assert_number(sync, "user", 0.002);
    assert_number(sync, "system", 0.002);
    assert_number(sync, "min", 0.041);
    assert_number(sync, "max", 0.045);
    assert_size(sync, "times", 2);
    assert_number(sync, "times.0", 0.041);
    assert_number(sync, "times.1", 0.045);
    assert_size(sync, "exit_codes", 2);
    assert_count(sync, "exit_codes.1", 0);
    assert_size(sync, "parameters", 2);
    json_t *threads = at(document, "results.1"); /* as planned, though it is faster */
    assert_text(threads, "command", "threads/2");
    assert_text(threads, "parameters.mode", "threads");
    assert_text(threads, "parameters.workers", "2");
    assert_number(threads, "median", 0.022);
    json_decref(document);
    run_release(&run);
}

static void test_figures_of_a_cell(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    json_t *document = write_document(&run);
    json_t *cell = at(document, "results.1");
    assert_text(cell, "mode", "threads");
    assert_count(cell, "workers", 2);
    assert_count(cell, "rounds_counted", 2);
    assert_count(cell, "downloads", 4);
    assert_count(cell, "failures", 0);
    assert_size(cell, "failure_classes", 0);
    assert_count(cell, "body_bytes", 4000);
    assert_count(cell, "connects", 2);
    assert_count(cell, "peak_in_flight", 2);
    assert_number(cell, "startup_s", 0.001);
    assert_number(cell, "run_s", 0.021);
    assert_number(cell, "teardown_s", 0.002);
    assert_number(cell, "downloads_per_s", (4 / 0.021 + 4 / 0.023) / 2);
    assert_number(cell, "body_bytes_per_s", (4000 / 0.021 + 4000 / 0.023) / 2);
    assert_count(cell, "service_s.count", 8);
    assert_null_at(cell, "service_s.p50"); /* 8 samples carry no percentile */
    assert_null_at(cell, "service_s.p99");
    assert_number(cell, "service_s.max", 0.011);
    assert_number(cell, "service_s.mean", 0.0105);
    assert_number(cell, "cpu_user_s", 0.002);
    assert_number(cell, "cpu_system_s", 0.002);
    assert_number(cell, "cores_used", (4.0 / 21 + 4.0 / 23) / 2);
    assert_number(cell, "voluntary_switches", 8);
    assert_number(cell, "involuntary_switches", 4);
    assert_number(cell, "peak_memory_bytes", 2 << 20);
    assert_count(cell, "processes", 1);
    assert_count(cell, "threads", 2);
    assert_number(cell, "time_s.value", 0.022);
    assert_number(cell, "time_s.low", 0.021);
    assert_number(cell, "time_s.high", 0.023);
    assert_number(cell, "time_s.confidence", 0); /* two rounds have a range, and no interval */
    assert_number(cell, "t95_s", 0.022);
    assert_number(cell, "drain_share", 0.5);
    assert_number(cell, "occupancy_share", 1);
    assert_text(cell, "stage", "main");
    assert_null_at(cell, "rank");
    assert_number(cell, "speedup.value", sqrt((41.0 / 21) * (45.0 / 23)));
    assert_number(cell, "speedup.low", 41.0 / 21);
    assert_number(cell, "speedup.high", 45.0 / 23);
    assert_number(document, "results.0.speedup.value", 1);
    json_decref(document);
    run_release(&run);
}

static void test_the_use_of_connections_over_http2(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    json_t *document = write_document(&run);
    assert_count(document, "results.1.http2_downloads", 0);
    assert_null_at(document, "results.1.http2_connections");
    assert_null_at(document, "results.1.http2_downloads_per_connection");
    assert_null_at(document, "results.1.http2_most_streams");
    json_decref(document);
    for (int round = 0; round < 2; round++) {
        fixture_http2(&run.cells[1].trials[round], 1, 2);
        run.cells[1].trials[round].http2.warm_connects = 1;
    }
    document = write_document(&run);
    assert_count(document, "results.1.http2_downloads", 4);
    assert_count(document, "results.1.http2_connections", 2);
    assert_number(document, "results.1.http2_downloads_per_connection", 2);
    assert_count(document, "results.1.http2_most_streams", 2);
    assert_count(document, "results.1.rounds.1.http2_warm_connects", 1);
    assert_count(document, "results.1.rounds.1.http2_most_streams", 2);
    assert_count(document, "results.1.rounds.1.downloads.http2", 4);
    assert_count(document, "results.1.rounds.1.downloads.http2_connects", 1);
    assert_count(document, "results.0.http2_downloads", 0);
    json_decref(document);
    run_release(&run);
}

static void test_rounds_tell_each_trial(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    struct trial *trial = &run.cells[1].trials[1];
    trial->position = 1;
    fixture_origin_counts(trial);
    trial->origin_counts.connections = 2;
    trial->origin_counts.peak_in_flight = 2;
    json_t *document = write_document(&run);
    assert_size(document, "results.1.rounds", 2);
    json_t *round = at(document, "results.1.rounds.1");
    assert_count(round, "round", 1);
    assert_count(round, "position", 1);
    assert_text(round, "status", "complete");
    assert_text(round, "reason", "");
    assert_number(round, "time_s", 0.023);
    assert_number(round, "startup_s", 0.001);
    assert_number(round, "run_s", 0.022);
    assert_number(round, "teardown_s", 0.002);
    assert_number(round, "resources.cpu_user_s", 0.002);
    assert_number(round, "resources.cpu_system_s", 0.002);
    assert_count(round, "resources.voluntary_switches", 8);
    assert_count(round, "resources.involuntary_switches", 4);
    assert_count(round, "resources.max_rss_bytes", 3 << 20);
    assert_count(round, "resources.peak_memory_bytes", 2 << 20);
    assert_count(round, "resources.processes", 1);
    assert_count(round, "resources.threads", 2);
    assert_count(round, "witness.requests", 4);
    assert_count(round, "witness.connections", 2);
    assert_count(round, "witness.peak_in_flight", 2);
    assert_size(round, "witness.urls", 2);
    assert_int_equal(json_integer_value(json_object_get(at(round, "witness.urls"), "b.test/page")), 2);
    assert_null_at(document, "results.1.rounds.0.witness");
    json_decref(document);
    run_release(&run);
}

/* A column of a row by its name, as a reader has to look it up. */
static json_t *column(json_t *document, json_t *row, const char *name)
{
    size_t index;
    json_t *value;
    json_array_foreach(at(document, "sample_columns"), index, value)
    {
        if (strcmp(json_string_value(value), name) == 0)
            return json_array_get(row, index);
    }
    fail_msg("there is no column %s", name);
    return NULL;
}

static void test_samples_are_rows_of_the_named_columns(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double value;
    } expected[] = {
        {"unit", 3},
        {"url", 1},
        {"worker", 1},
        {"start_s", 0.011},
        {"settled_s", 0.025},
        {"service_s", 0.011},
        {"name_lookup_s", 0.000001},
        {"connect_s", 0.0015},
        {"tls_s", 0.002},
        {"first_byte_s", 0.005},
        {"body_bytes", 500},
        {"status", 503},
        {"connects", 2},
        {"redirects", 3},
        {"http_version", 11},
        {"curl_code", 22},
        {"retries", 2},
        {"body_digest", 0},
    };
    struct run run = fixture_two_modes();
    struct sample *sample = &run.cells[1].trials[1].table->samples[3];
    sample->settled += 3 * FIXTURE_MS;
    sample->name_lookup_us = 1;
    sample->connect_us = 1500;
    sample->tls_us = 2000;
    sample->first_byte_us = 5000;
    sample->body_bytes = 500;
    sample->status = 503;
    sample->connects = 2;
    sample->redirects = 3;
    sample->retries = 2;
    sample->transfer_code = 22;
    sample->outcome = OUTCOME_HTTP_5XX;
    run.cells[1].trials[1].table->samples[2].body_digest = 4000000000;
    json_t *document = write_document(&run);
    json_t *row = at(document, "results.1.rounds.1.samples.3");
    const size_t count = sizeof(expected) / sizeof(expected[0]);
    assert_size(document, "results.1.rounds.1.samples", 4);
    assert_size(document, "sample_columns", count + 1);
    assert_int_equal(json_array_size(row), count + 1);
    for (size_t i = 0; i < count; i++)
        assert_true(fabs(json_number_value(column(document, row, expected[i].name)) - expected[i].value) < 1e-12);
    assert_string_equal(json_string_value(column(document, row, "outcome")), "http_5xx");
    /* The digest is that of a whole body. */
    row = at(document, "results.1.rounds.1.samples.2");
    assert_int_equal(json_integer_value(column(document, row, "body_digest")), 4000000000);
    json_t *first = at(document, "results.1.rounds.1.samples.0");
    assert_string_equal(json_string_value(column(document, first, "outcome")), "ok");
    json_decref(document);
    run_release(&run);
}

static void test_samples_that_were_not_kept_are_null(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    json_t *document = write_kept(&run, SAMPLES_NONE);
    assert_null_at(document, "results.0.rounds.0.samples");
    assert_count(document, "results.0.rounds.0.downloads.settled", 4);
    assert_count(document, "results.0.service_s.count", 8);
    json_decref(document);
    run_release(&run);
}

static void test_null_where_there_is_no_number(void **state)
{
    (void)state;
    struct run run = fixture_run();
    fixture_trial(fixture_cell(&run, "threads", 2), 10 * FIXTURE_MS); /* one round, no reference */
    fixture_cell(&run, "hybrid", 2);                                  /* never run */
    json_t *document = write_document(&run);
    assert_null_at(document, "results.0.stddev");
    assert_null_at(document, "results.0.speedup");
    assert_number(document, "results.0.median", 0.021);
    json_t *cell = at(document, "results.1");
    static const char *const unknown[] = {"mean",
                                          "stddev",
                                          "median",
                                          "min",
                                          "max",
                                          "downloads_per_s",
                                          "body_bytes_per_s",
                                          "service_s.p50",
                                          "service_s.p90",
                                          "service_s.p95",
                                          "service_s.p99",
                                          "service_s.max",
                                          "service_s.mean",
                                          "speedup"};
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
        assert_null_at(cell, unknown[i]);
    assert_size(cell, "times", 0);
    assert_size(cell, "exit_codes", 0);
    assert_size(cell, "rounds", 0);
    assert_count(cell, "downloads", 0);
    assert_count(cell, "rounds_counted", 0);
    json_decref(document);
    run_release(&run);
}

static void test_resources_that_are_not_known_are_null(void **state)
{
    (void)state;
    static const char *const unknown[] = {"max_rss_bytes", "peak_memory_bytes", "processes",       "threads",
                                          "descriptors",   "on_cpu_s",          "run_queue_wait_s"};
    static const char *const medians[] = {"peak_memory_bytes", "processes", "threads", "descriptors",
                                          "run_queue_wait_s"};
    struct run run = fixture_run();
    struct trial *trial = fixture_trial(fixture_cell(&run, "threads", 2), 10 * FIXTURE_MS);
    json_t *document = write_document(&run);
    assert_number(document, "results.0.rounds.0.resources.run_queue_wait_s", 0);
    json_decref(document);
    trial->resources = (struct trial_resources){.cpu_user = 2 * FIXTURE_MS, .voluntary_switches = 3};
    document = write_document(&run);
    json_t *resources = at(document, "results.0.rounds.0.resources");
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
        assert_null_at(resources, unknown[i]);
    assert_number(resources, "cpu_user_s", 0.002);
    assert_count(resources, "voluntary_switches", 3);
    assert_count(resources, "involuntary_switches", 0);
    for (size_t i = 0; i < sizeof(medians) / sizeof(medians[0]); i++)
        assert_null_at(at(document, "results.0"), medians[i]);
    json_decref(document);
    run_release(&run);
}

static void test_failures_by_class(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    for (int round = 0; round < 2; round++) {
        struct sample *samples = run.cells[1].trials[round].table->samples;
        samples[0].outcome = samples[1].outcome = OUTCOME_TIMEOUT_WAIT;
        samples[2].outcome = OUTCOME_INCOMPLETE_HEADERS;
    }
    json_t *document = write_document(&run);
    assert_count(document, "results.0.failures", 0);
    assert_count(document, "results.1.failures", 3);
    assert_size(document, "results.1.failure_classes", 2);
    assert_count(document, "results.1.failure_classes.timeout_wait", 2);
    assert_count(document, "results.1.failure_classes.incomplete_headers", 1);
    json_decref(document);
    run_release(&run);
}

static void test_a_crashed_trial_has_no_times(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    struct trial *trial = &run.cells[1].trials[0];
    trial->status = TRIAL_CRASHED;
    snprintf(trial->reason, sizeof(trial->reason), "its process was killed by signal 9 (Killed)");
    trial->table->samples[2].state = SAMPLE_CLAIMED;
    trial->table->samples[3].state = SAMPLE_FREE;
    json_t *document = write_document(&run);
    json_t *round = at(document, "results.1.rounds.0");
    assert_text(round, "status", "crashed");
    assert_text(round, "reason", "its process was killed by signal 9 (Killed)");
    assert_null_at(round, "time_s");
    assert_null_at(round, "run_s");
    assert_size(round, "samples", 2);
    assert_count(round, "samples.1.0", 1);
    assert_count(document, "results.1.rounds_counted", 1);
    assert_size(document, "results.1.times", 1);
    assert_number(document, "results.1.median", 0.023);
    json_decref(document);

    run.cells[1].trials[1].status = TRIAL_HUNG;
    document = write_document(&run);
    assert_text(document, "results.1.rounds.1.status", "hung");
    assert_null_at(document, "results.1.median");
    assert_size(document, "results.1.times", 0);
    json_decref(document);
    run_release(&run);
}

static void test_an_interrupted_run_is_partial(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    struct trial *trial = &run.cells[0].trials[1];
    trial->status = TRIAL_INTERRUPTED;
    trial->table->samples[3].outcome = OUTCOME_CANCELLED;
    run.is_partial = true;
    run.interrupting_signal = SIGTERM;
    json_t *document = write_document(&run);
    assert_true(json_is_true(at(document, "partial")));
    assert_count(document, "interrupting_signal", 15);
    assert_text(document, "results.0.rounds.1.status", "interrupted");
    assert_null_at(document, "results.0.rounds.1.time_s");
    assert_count(document, "results.0.failures", 0);
    assert_null_at(document, "results.0.stddev");
    json_decref(document);
    run_release(&run);
}

static void test_a_trial_without_a_table_has_no_samples(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    struct trial *trial = &run.cells[1].trials[1];
    sample_table_release(trial->table);
    trial->table = NULL;
    trial->status = TRIAL_FAILED;
    json_t *document = write_document(&run);
    assert_text(document, "results.1.rounds.1.status", "failed");
    assert_null_at(document, "results.1.rounds.1.samples");
    json_decref(document);
    run_release(&run);
}

static void test_unequal_work_is_told(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    run.cells[1].trials[1].table->samples[1].body_bytes = 7;
    json_t *document = write_document(&run);
    assert_true(json_is_false(at(document, "validity.is_work_equal")));
    assert_count(document, "validity.dropped_rounds.0.round", 1);
    assert_non_null(strstr(json_string_value(at(document, "validity.dropped_rounds.0.reason")), "http://b.test/page"));
    assert_count(document, "validity.mismatches", 1);
    assert_size(document, "validity.mismatched_urls", 1);
    assert_count(document, "validity.mismatched_urls.0.2", 1);
    json_decref(document);
    run_release(&run);
}

static void test_text_from_outside_is_valid(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    struct trial *trial = &run.cells[1].trials[1];
    run.urls[0] = "http://a.test/\xff\x1b[2J\"\\\n";
    free(run.sources[0]);
    run.sources[0] = strdup("list\xc3.txt");
    run_warn(&run, "about \x9b\xe2\x82\xac");
    snprintf(run.machine_cpu, sizeof(run.machine_cpu), "CPU\x80");
    snprintf(trial->reason, sizeof(trial->reason), "cut off \xe2\x82");
    fixture_origin_counts(trial);
    snprintf(trial->origin_counts.urls[0], strlen("a.test/") + 1, "a/\xfe");
    json_t *document = write_document(&run);
    assert_text(document, "urls.0", "http://a.test/\\xff\\x1b[2J\"\\\\x0a");
    assert_text(document, "workload.sources.0", "list\\xc3.txt");
    assert_text(document, "warnings.0", "about \\x9b\xe2\x82\xac");
    assert_text(document, "machine.cpu", "CPU\\x80");
    assert_text(document, "results.1.rounds.1.reason", "cut off \\xe2\\x82");
    assert_int_equal(json_integer_value(json_object_get(at(document, "results.1.rounds.1.witness.urls"), "a/\\xfe")),
                     2);
    json_decref(document);
    run_release(&run);
}

/* As long as a list may have them, and different at the very end only. */
static void test_long_urls_are_whole(void **state)
{
    (void)state;
    enum { LENGTH = 8000 };
    char texts[2][LENGTH + 1];
    struct run run = fixture_two_modes();
    struct trial *trial = &run.cells[1].trials[1];
    fixture_origin_counts(trial);
    for (int i = 0; i < 2; i++) {
        memset(texts[i], 'a', LENGTH);
        memcpy(texts[i], "http://", 7);
        texts[i][LENGTH - 1] = (char)('0' + i);
        texts[i][LENGTH] = '\0';
        run.urls[i] = texts[i];
        free(trial->origin_counts.urls[i]);
        trial->origin_counts.urls[i] = strdup(texts[i] + 7);
    }
    json_t *document = write_document(&run);
    assert_text(document, "urls.0", texts[0]);
    assert_text(document, "urls.1", texts[1]);
    assert_size(document, "results.1.rounds.1.witness.urls", 2);
    assert_non_null(json_object_get(at(document, "results.1.rounds.1.witness.urls"), texts[1] + 7));
    json_decref(document);
    run_release(&run);
}

static void test_figures_of_urls(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    json_t *document = write_document(&run);
    assert_null_at(document, "per_url");
    json_decref(document);
    for (size_t i = 0; i < 2; i++) {
        run.cells[0].trials[i].table->samples[0].outcome = OUTCOME_DNS;
        run.cells[1].trials[i].table->samples[0].outcome = OUTCOME_DNS;
        run.cells[1].trials[i].table->samples[2].outcome = OUTCOME_RESET;
        run.cells[0].trials[i].table->samples[1].end += FIXTURE_MS;
        run.cells[0].trials[i].table->samples[1].settled += FIXTURE_MS;
        run.cells[0].trials[i].run += FIXTURE_MS;
    }
    /* Without its samples it has them all the same. */
    fixture_has_per_url = true;
    document = write_kept(&run, SAMPLES_NONE);
    assert_count(document, "per_url.settled_urls", 2);
    assert_count(document, "per_url.failing_urls", 1);
    assert_count(document, "per_url.lost_urls", 0);
    assert_number(document, "per_url.longest_p50_s", 0.01);
    assert_number(document, "per_url.longest_p99_s", 0.011);
    assert_size(document, "per_url.sentences", 2);
    assert_size(document, "per_url.totals", 2);
    assert_text(document, "per_url.totals.1.mode", "threads");
    assert_count(document, "per_url.totals.1.workers", 2);
    assert_count(document, "per_url.totals.1.count", 4);
    assert_count(document, "per_url.totals.1.failures", 4);
    assert_size(document, "per_url.urls", 2);
    assert_count(document, "per_url.urls.0.url", 1);
    assert_count(document, "per_url.urls.1.url", 0);
    assert_text(document, "per_url.urls.0.cells.0.mode", "sync");
    assert_count(document, "per_url.urls.0.cells.0.count", 4);
    assert_number(document, "per_url.urls.0.cells.0.service_p50_s", 0.011);
    assert_count(document, "per_url.urls.0.cells.0.body_p50_bytes", 1000);
    assert_size(document, "per_url.urls.0.cells.0.failure_classes", 0);
    assert_count(document, "per_url.urls.1.cells.1.count", 0);
    assert_null_at(document, "per_url.urls.1.cells.1.service_p50_s");
    assert_null_at(document, "per_url.urls.1.cells.1.body_p50_bytes");
    assert_count(document, "per_url.urls.1.cells.1.failure_classes.dns", 2);
    assert_count(document, "per_url.urls.1.cells.1.failure_classes.reset", 2);
    json_decref(document);
    run_release(&run);
}

static void test_a_full_disk_is_left_to_who_closes_the_stream(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    struct analysis analysis;
    const struct format format = format_default();
    struct error error = {0};
    FILE *stream = fopen("/dev/full", "we");
    assert_non_null(stream);
    setvbuf(stream, NULL, _IONBF, 0);
    analysis = fixture_analyse(&run, &(struct analysis_request){0});
    assert_int_equal(json_write(stream, &run, &analysis, &format, &error), 0);
    assert_int_equal(error.kind, ERROR_NONE);
    assert_true(ferror(stream));
    fclose(stream);
    analysis_release(&analysis);
    run_release(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_run_and_where),
        cmocka_unit_test(test_policy_and_experiment),
        cmocka_unit_test(test_hyperfine_fields),
        cmocka_unit_test(test_figures_of_a_cell),
        cmocka_unit_test(test_the_use_of_connections_over_http2),
        cmocka_unit_test(test_rounds_tell_each_trial),
        cmocka_unit_test(test_samples_are_rows_of_the_named_columns),
        cmocka_unit_test(test_samples_that_were_not_kept_are_null),
        cmocka_unit_test(test_null_where_there_is_no_number),
        cmocka_unit_test(test_resources_that_are_not_known_are_null),
        cmocka_unit_test(test_failures_by_class),
        cmocka_unit_test(test_a_crashed_trial_has_no_times),
        cmocka_unit_test(test_an_interrupted_run_is_partial),
        cmocka_unit_test(test_a_trial_without_a_table_has_no_samples),
        cmocka_unit_test(test_unequal_work_is_told),
        cmocka_unit_test(test_text_from_outside_is_valid),
        cmocka_unit_test(test_long_urls_are_whole),
        cmocka_unit_test(test_figures_of_urls),
        cmocka_unit_test(test_a_full_disk_is_left_to_who_closes_the_stream),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
