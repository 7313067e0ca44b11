#include "conc_bench/json.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "conc_bench/text.h"

/*
 * jansson's calls fail for want of memory or for text that is not UTF-8. Every value goes through put(), which takes it
 * over and notes a failure; the document is then given up as a whole.
 */
struct writer {
    const struct result *result;
    bool has_failed;
};

static void put(struct writer *writer, json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) != 0)
        writer->has_failed = true;
}

static void append(struct writer *writer, json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) != 0)
        writer->has_failed = true;
}

/* What is not a number (no deviation of one round, no ratio without a reference) is null. */
static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *count(uint64_t value)
{
    return json_integer((json_int_t)value);
}

static json_t *seconds(nanoseconds duration)
{
    return json_real(clock_seconds(duration));
}

/* Text from outside: JSON is UTF-8, file names and URLs need not be. */
static json_t *outside_text(const char *text)
{
    char escaped[2048];
    return json_string(text_escape(escaped, sizeof(escaped), text, strlen(text)));
}

static json_t *make_tool(struct writer *writer)
{
    const struct result *result = writer->result;
    json_t *tool = json_object();
    put(writer, tool, "name", json_string("conc-bench"));
    put(writer, tool, "version", json_string(result->tool_version));
    put(writer, tool, "libcurl", json_string(result->libcurl_version));
    put(writer, tool, "tls", json_string(result->tls_version));
    return tool;
}

static json_t *make_machine(struct writer *writer)
{
    const struct result *result = writer->result;
    json_t *machine = json_object();
    put(writer, machine, "system", outside_text(result->machine_system));
    put(writer, machine, "cpu", outside_text(result->machine_cpu));
    put(writer, machine, "cores", count(result->cores));
    return machine;
}

static json_t *make_workload(struct writer *writer)
{
    const struct result *result = writer->result;
    json_t *workload = json_object();
    json_t *sources = json_array();
    json_t *urls = json_array();
    char digest[24];
    snprintf(digest, sizeof(digest), "%016" PRIx64, result->workload_digest);
    for (size_t i = 0; i < result->source_count; i++)
        append(writer, sources, outside_text(result->sources[i]));
    for (uint32_t i = 0; i < result->distinct_urls && i < JSON_SAMPLES_MAX; i++)
        append(writer, urls, outside_text(result->urls[i]));
    put(writer, workload, "sources", sources);
    put(writer, workload, "downloads", count(result->downloads));
    put(writer, workload, "distinct_urls", count(result->distinct_urls));
    put(writer, workload, "hosts", count(result->hosts));
    put(writer, workload, "unresolved_hosts", count(result->unresolved_hosts));
    put(writer, workload, "digest", json_string(digest));
    put(writer, workload, "order", json_string(result->is_order_shuffled ? "shuffle" : "file"));
    put(writer, workload, "cpu_work_s", seconds(result->cpu_work));
    put(writer, workload, "urls", urls);
    return workload;
}

static json_t *make_policy(struct writer *writer)
{
    const struct result *result = writer->result;
    json_t *policy = json_object();
    put(writer, policy, "connections", json_string(result->connections));
    put(writer, policy, "dns", json_string(result->dns));
    put(writer, policy, "http_version", json_string(result->http_version));
    put(writer, policy, "connections_kept", count(result->connections_kept));
    put(writer, policy, "max_redirects", count(result->max_redirects));
    put(writer, policy, "connect_timeout_s", seconds(result->connect_timeout));
    put(writer, policy, "max_time_s", seconds(result->max_time));
    put(writer, policy, "buffer_bytes", count(result->buffer_bytes));
    put(writer, policy, "origin", result->origin[0] != '\0' ? outside_text(result->origin) : json_null());
    return policy;
}

static json_t *make_experiment(struct writer *writer)
{
    const struct result *result = writer->result;
    json_t *experiment = json_object();
    put(writer, experiment, "warmup_rounds", count(result->warmup_rounds));
    put(writer, experiment, "rounds_planned", count(result->rounds_planned));
    put(writer, experiment, "rounds_done", count(result->rounds_done));
    put(writer, experiment, "stop_reason", json_string(result->stop_reason));
    put(writer, experiment, "is_isolated", json_boolean(result->is_isolated));
    put(writer, experiment, "reference", json_string(result->reference));
    return experiment;
}

/* hyperfine's fields, with its names, units and meaning. */
static void put_hyperfine(struct writer *writer, json_t *object, const struct cell_figures *figures)
{
    char command[64];
    char workers[16];
    json_t *times = json_array();
    json_t *exit_codes = json_array();
    json_t *parameters = json_object();
    snprintf(command, sizeof(command), "%s/%" PRIu32, figures->cell->mode, figures->cell->workers);
    snprintf(workers, sizeof(workers), "%" PRIu32, figures->cell->workers);
    for (size_t i = 0; i < figures->rounds; i++) {
        append(writer, times, json_real(figures->times[i]));
        append(writer, exit_codes, json_integer(0));
    }
    put(writer, parameters, "mode", json_string(figures->cell->mode));
    put(writer, parameters, "workers", json_string(workers));
    put(writer, object, "command", json_string(command));
    put(writer, object, "mean", number(figures->mean));
    put(writer, object, "stddev", number(figures->standard_deviation));
    put(writer, object, "median", number(figures->median));
    put(writer, object, "user", number(figures->cpu_user));
    put(writer, object, "system", number(figures->cpu_system));
    put(writer, object, "min", number(figures->minimum));
    put(writer, object, "max", number(figures->maximum));
    put(writer, object, "times", times);
    put(writer, object, "exit_codes", exit_codes);
    put(writer, object, "parameters", parameters);
}

static json_t *make_failure_classes(struct writer *writer, const struct cell_figures *figures)
{
    json_t *classes = json_object();
    for (int outcome = OUTCOME_OK + 1; outcome < OUTCOME_COUNT; outcome++) {
        if (figures->failure_classes[outcome] > 0)
            put(writer, classes, outcome_name((enum outcome)outcome), count(figures->failure_classes[outcome]));
    }
    return classes;
}

static json_t *make_service(struct writer *writer, const struct cell_figures *figures)
{
    json_t *service = json_object();
    put(writer, service, "p50", number(figures->service_p50));
    put(writer, service, "p90", number(figures->service_p90));
    put(writer, service, "p95", number(figures->service_p95));
    put(writer, service, "p99", number(figures->service_p99));
    put(writer, service, "max", number(figures->service_max));
    put(writer, service, "mean", number(figures->service_mean));
    return service;
}

static json_t *make_speedup(struct writer *writer, const struct cell_figures *figures)
{
    if (!isfinite(figures->speedup))
        return json_null();
    json_t *speedup = json_object();
    put(writer, speedup, "median", number(figures->speedup));
    put(writer, speedup, "low", number(figures->speedup_low));
    put(writer, speedup, "high", number(figures->speedup_high));
    return speedup;
}

static void put_figures(struct writer *writer, json_t *object, const struct cell_figures *figures)
{
    put(writer, object, "mode", json_string(figures->cell->mode));
    put(writer, object, "workers", count(figures->cell->workers));
    put(writer, object, "rounds_complete", count(figures->rounds));
    put(writer, object, "downloads", count(figures->downloads));
    put(writer, object, "failures", count(figures->failures));
    put(writer, object, "failure_classes", make_failure_classes(writer, figures));
    put(writer, object, "body_bytes", count(figures->body_bytes));
    put(writer, object, "connects", count(figures->connects));
    put(writer, object, "peak_in_flight", count(figures->peak_in_flight));
    put(writer, object, "startup_s", number(figures->startup));
    put(writer, object, "run_s", number(figures->run));
    put(writer, object, "teardown_s", number(figures->teardown));
    put(writer, object, "downloads_per_s", number((double)figures->downloads / figures->median));
    put(writer, object, "body_bytes_per_s", number((double)figures->body_bytes / figures->median));
    put(writer, object, "service_s", make_service(writer, figures));
    put(writer, object, "cpu_user_s", number(figures->cpu_user));
    put(writer, object, "cpu_system_s", number(figures->cpu_system));
    put(writer, object, "cores_used", number(figures->cores_used));
    put(writer, object, "voluntary_switches", number(figures->voluntary_switches));
    put(writer, object, "involuntary_switches", number(figures->involuntary_switches));
    put(writer, object, "peak_memory_bytes", number(figures->peak_memory_bytes));
    put(writer, object, "processes", count(figures->processes));
    put(writer, object, "threads", count(figures->threads));
    put(writer, object, "speedup", make_speedup(writer, figures));
}

static json_t *make_resources(struct writer *writer, const struct trial_resources *resources)
{
    json_t *object = json_object();
    put(writer, object, "cpu_user_s", seconds(resources->cpu_user));
    put(writer, object, "cpu_system_s", seconds(resources->cpu_system));
    put(writer, object, "voluntary_switches", json_integer(resources->voluntary_switches));
    put(writer, object, "involuntary_switches", json_integer(resources->involuntary_switches));
    put(writer, object, "max_rss_bytes", json_integer(resources->max_rss_bytes));
    put(writer, object, "peak_memory_bytes", json_integer(resources->peak_memory_bytes));
    put(writer, object, "processes", count(resources->processes));
    put(writer, object, "threads", count(resources->threads));
    return object;
}

static json_t *make_witness(struct writer *writer, const struct trial_witness *witness)
{
    if (!witness->is_present)
        return json_null();
    json_t *object = json_object();
    json_t *urls = json_object();
    for (uint32_t i = 0; i < witness->url_count; i++) {
        char escaped[2048];
        text_escape(escaped, sizeof(escaped), witness->urls[i], strlen(witness->urls[i]));
        put(writer, urls, escaped, count(witness->url_requests[i]));
    }
    put(writer, object, "requests", count(witness->requests));
    put(writer, object, "connections", count(witness->connections));
    put(writer, object, "peak_in_flight", count(witness->peak_in_flight));
    put(writer, object, "urls", urls);
    return object;
}

/* The columns of a sample; docs/json.md says what each means. */
static const char *const sample_columns[] = {
    "unit",         "url",        "worker", "start_s",  "service_s", "settled_s", "name_lookup_s", "connect_s", "tls_s",
    "first_byte_s", "body_bytes", "status", "connects", "redirects", "outcome",   "http_version",  "curl_code",
};

static json_t *microseconds(uint32_t value)
{
    return json_real((double)value / 1e6);
}

static json_t *make_sample(struct writer *writer, const struct trial *trial, uint32_t unit)
{
    const struct sample *sample = &trial->table->samples[unit];
    json_t *row = json_array();
    append(writer, row, count(unit));
    append(writer, row, count(writer->result->unit_urls[unit]));
    append(writer, row, count(sample->worker));
    append(writer, row, seconds(sample->start - trial->gate));
    append(writer, row, seconds(sample->end - sample->start));
    append(writer, row, seconds(sample->settled - trial->gate));
    append(writer, row, microseconds(sample->name_lookup_us));
    append(writer, row, microseconds(sample->connect_us));
    append(writer, row, microseconds(sample->tls_us));
    append(writer, row, microseconds(sample->first_byte_us));
    append(writer, row, json_integer(sample->body_bytes));
    append(writer, row, count(sample->status));
    append(writer, row, count(sample->connects));
    append(writer, row, count(sample->redirects));
    append(writer, row, json_string(outcome_name(sample_outcome(sample))));
    append(writer, row, count(sample->http_version));
    append(writer, row, count(sample->transfer_code));
    return row;
}

/* Settled samples only: of the others no time is known. */
static json_t *make_samples(struct writer *writer, const struct trial *trial)
{
    json_t *samples = json_array();
    for (uint32_t unit = 0; unit < trial->table->unit_count; unit++) {
        if (atomic_load(&trial->table->samples[unit].state) == SAMPLE_SETTLED)
            append(writer, samples, make_sample(writer, trial, unit));
    }
    return samples;
}

static json_t *make_round(struct writer *writer, const struct trial *trial, bool has_samples)
{
    json_t *round = json_object();
    bool has_times = trial->status == TRIAL_COMPLETE;
    put(writer, round, "round", count(trial->round));
    put(writer, round, "position", count(trial->position));
    put(writer, round, "status", json_string(trial_status_name(trial->status)));
    put(writer, round, "reason", outside_text(trial->reason));
    put(writer, round, "time_s", has_times ? seconds(trial_time(trial)) : json_null());
    put(writer, round, "startup_s", seconds(trial->startup));
    put(writer, round, "run_s", has_times ? seconds(trial->run) : json_null());
    put(writer, round, "teardown_s", seconds(trial->teardown));
    put(writer, round, "resources", make_resources(writer, &trial->resources));
    put(writer, round, "witness", make_witness(writer, &trial->witness));
    put(writer, round, "samples", has_samples ? make_samples(writer, trial) : json_null());
    return round;
}

static json_t *make_rounds(struct writer *writer, const struct cell_result *cell)
{
    json_t *rounds = json_array();
    bool has_samples = (uint64_t)writer->result->downloads * cell->trial_count <= JSON_SAMPLES_MAX;
    for (size_t i = 0; i < cell->trial_count; i++)
        append(writer, rounds, make_round(writer, &cell->trials[i], has_samples));
    return rounds;
}

static const struct cell_figures *figures_of(const struct figures *figures, const struct cell_result *cell)
{
    for (size_t i = 0; i < figures->cell_count; i++) {
        if (figures->cells[i].cell == cell)
            return &figures->cells[i];
    }
    return NULL;
}

static json_t *make_results(struct writer *writer, const struct figures *figures)
{
    json_t *results = json_array();
    for (size_t i = 0; i < writer->result->cell_count; i++) {
        const struct cell_result *cell = &writer->result->cells[i];
        const struct cell_figures *cell_figures = figures_of(figures, cell);
        json_t *object = json_object();
        put_hyperfine(writer, object, cell_figures);
        put_figures(writer, object, cell_figures);
        put(writer, object, "rounds", make_rounds(writer, cell));
        append(writer, results, object);
    }
    return results;
}

static json_t *make_document(struct writer *writer, const struct figures *figures)
{
    const struct result *result = writer->result;
    json_t *document = json_object();
    json_t *columns = json_array();
    json_t *warnings = json_array();
    for (size_t i = 0; i < sizeof(sample_columns) / sizeof(sample_columns[0]); i++)
        append(writer, columns, json_string(sample_columns[i]));
    for (size_t i = 0; i < result->warning_count; i++)
        append(writer, warnings, outside_text(result->warnings[i]));
    put(writer, document, "schema", json_string("conc-bench/1"));
    put(writer, document, "tool", make_tool(writer));
    put(writer, document, "machine", make_machine(writer));
    put(writer, document, "workload", make_workload(writer));
    put(writer, document, "policy", make_policy(writer));
    put(writer, document, "experiment", make_experiment(writer));
    put(writer, document, "seed", count(result->seed));
    put(writer, document, "partial", json_boolean(result->is_partial));
    put(writer, document, "interrupting_signal", json_integer(result->interrupting_signal));
    put(writer, document, "is_work_equal", json_boolean(figures->is_work_equal));
    put(writer, document, "inequality", outside_text(figures->inequality));
    put(writer, document, "sample_columns", columns);
    put(writer, document, "results", make_results(writer, figures));
    put(writer, document, "verdicts", json_array());
    put(writer, document, "warnings", warnings);
    return document;
}

int json_write(FILE *stream, const struct result *result, const struct figures *figures, struct error *error)
{
    struct writer writer = {.result = result};
    json_t *document = make_document(&writer, figures);
    int status = 0;
    if (document == NULL || writer.has_failed)
        status = error_set(error, ERROR_ENVIRONMENT, "no memory for the JSON document");
    else if ((json_dumpf(document, stream, JSON_INDENT(1) | JSON_REAL_PRECISION(15)) != 0 ||
              fputc('\n', stream) == EOF) &&
             !ferror(stream))
        status = error_set(error, ERROR_ENVIRONMENT, "no memory for the text of the JSON document");
    json_decref(document);
    return status;
}
