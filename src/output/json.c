#include "conc_bench/json.h"

#include <ctype.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
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

/* Text from outside: JSON is UTF-8, file names and URLs need not be. Whole, however long it is: URLs may differ at
 * their ends only. The caller frees it; NULL: no memory. */
static char *escape(const char *text)
{
    size_t length = strlen(text);
    size_t size = length * strlen("\\xNN") + 1;
    char *escaped = malloc(size);
    return escaped != NULL ? text_escape(escaped, size, text, length) : NULL;
}

static json_t *outside_text(const char *text)
{
    char *escaped = escape(text);
    json_t *string = json_string(escaped);
    free(escaped);
    return string;
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
    for (size_t row = 0; row < figures->rounds; row++) {
        append(writer, times, json_real(figures_value(figures, row, MEASURE_TIME)));
        append(writer, exit_codes, json_integer(0));
    }
    put(writer, parameters, "mode", json_string(figures->cell->mode));
    put(writer, parameters, "workers", json_string(workers));
    put(writer, object, "command", json_string(command));
    put(writer, object, "mean", number(figures->mean));
    put(writer, object, "stddev", number(figures->standard_deviation));
    put(writer, object, "median", number(figures->measures[MEASURE_TIME].value));
    put(writer, object, "user", number(figures->measures[MEASURE_CPU_USER].value));
    put(writer, object, "system", number(figures->measures[MEASURE_CPU_SYSTEM].value));
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
    put(writer, service, "count", count(figures->service_count));
    put(writer, service, "p50", number(figures->service_p50));
    put(writer, service, "p90", number(figures->service_p90));
    put(writer, service, "p95", number(figures->service_p95));
    put(writer, service, "p99", number(figures->service_p99));
    put(writer, service, "max", number(figures->service_max));
    put(writer, service, "mean", number(figures->service_mean));
    return service;
}

/* An interval, or where confidence is 0 a range. */
static json_t *make_estimate(struct writer *writer, const struct estimate *estimate)
{
    if (!isfinite(estimate->value))
        return json_null();
    json_t *object = json_object();
    put(writer, object, "value", number(estimate->value));
    put(writer, object, "low", number(estimate->low));
    put(writer, object, "high", number(estimate->high));
    put(writer, object, "confidence", number(estimate->confidence));
    return object;
}

static json_t *make_rank(struct writer *writer, const struct cell_figures *figures)
{
    if (figures->rank_low == 0)
        return json_null();
    json_t *rank = json_array();
    append(writer, rank, count(figures->rank_low));
    append(writer, rank, count(figures->rank_high));
    return rank;
}

/* Medians over rounds under the names they have in reports. */
static const struct {
    const char *name;
    enum measure measure;
    bool is_count;
} medians[] = {
    {"downloads", MEASURE_DOWNLOADS, true},
    {"body_bytes", MEASURE_BYTES, true},
    {"connects", MEASURE_CONNECTS, true},
    {"tls_handshakes", MEASURE_HANDSHAKES, true},
    {"peak_in_flight", MEASURE_PEAK_IN_FLIGHT, true},
    {"startup_s", MEASURE_STARTUP, false},
    {"run_s", MEASURE_RUN, false},
    {"teardown_s", MEASURE_TEARDOWN, false},
    {"t95_s", MEASURE_T95, false},
    {"downloads_per_s", MEASURE_THROUGHPUT, false},
    {"body_bytes_per_s", MEASURE_BANDWIDTH, false},
    {"cpu_user_s", MEASURE_CPU_USER, false},
    {"cpu_system_s", MEASURE_CPU_SYSTEM, false},
    {"cores_used", MEASURE_CORES, false},
    {"voluntary_switches", MEASURE_VOLUNTARY, false},
    {"involuntary_switches", MEASURE_INVOLUNTARY, false},
    {"run_queue_wait_s", MEASURE_RUN_QUEUE_WAIT, false},
    {"loop_lag_p99_s", MEASURE_LAG_P99, false},
    {"loop_lag_max_s", MEASURE_LAG_MAX, false},
    {"peak_memory_bytes", MEASURE_MEMORY, true},
    {"processes", MEASURE_PROCESSES, true},
    {"threads", MEASURE_THREADS, true},
    {"descriptors", MEASURE_DESCRIPTORS, true},
    {"drain_share", MEASURE_DRAIN, false},
    {"occupancy_share", MEASURE_OCCUPANCY, false},
};

static void put_figures(struct writer *writer, json_t *object, const struct cell_figures *figures)
{
    put(writer, object, "mode", json_string(figures->cell->mode));
    put(writer, object, "workers", count(figures->cell->workers));
    put(writer, object, "stage", json_string(figures->cell->stage == STAGE_MAIN ? "main" : "sweep"));
    put(writer, object, "group", count(figures->cell->group));
    put(writer, object, "rank", make_rank(writer, figures));
    put(writer, object, "rounds_counted", count(figures->rounds));
    put(writer, object, "outliers", count(figures->outliers));
    put(writer, object, "cold_time_s", number(figures->cold_time));
    put(writer, object, "time_s", make_estimate(writer, &figures->measures[MEASURE_TIME]));
    put(writer, object, "speedup", make_estimate(writer, &figures->speedup));
    put(writer, object, "failures", count(figures->failures));
    put(writer, object, "failure_classes", make_failure_classes(writer, figures));
    put(writer, object, "service_s", make_service(writer, figures));
    for (size_t i = 0; i < sizeof(medians) / sizeof(medians[0]); i++) {
        double value = figures->measures[medians[i].measure].value;
        put(writer, object, medians[i].name,
            medians[i].is_count && isfinite(value) ? count((uint64_t)value) : number(value));
    }
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
    put(writer, object, "descriptors", count(resources->descriptors));
    put(writer, object, "run_queue_wait_s",
        resources->run_queue_wait >= 0 ? seconds(resources->run_queue_wait) : json_null());
    return object;
}

static json_t *make_host(struct writer *writer, const struct trial_host *host)
{
    json_t *object = json_object();
    put(writer, object, "steal_share", number(host->steal_share));
    put(writer, object, "foreign_cores", number(host->foreign_cores));
    put(writer, object, "throttled_s", number(host->throttled));
    return object;
}

static json_t *make_witness(struct writer *writer, const struct trial_witness *witness)
{
    if (!witness->is_present)
        return json_null();
    json_t *object = json_object();
    json_t *urls = json_object();
    for (uint32_t i = 0; i < witness->url_count; i++) {
        char *escaped = escape(witness->urls[i]);
        put(writer, urls, escaped, count(witness->url_requests[i]));
        free(escaped);
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
    put(writer, round, "warm_s", seconds(trial->warm));
    put(writer, round, "run_s", has_times ? seconds(trial->run) : json_null());
    put(writer, round, "teardown_s", seconds(trial->teardown));
    put(writer, round, "resources", make_resources(writer, &trial->resources));
    put(writer, round, "host", make_host(writer, &trial->host));
    put(writer, round, "loop_lag_p99_s", seconds(trial->lag.p99));
    put(writer, round, "loop_lag_max_s", seconds(trial->lag.longest));
    put(writer, round, "warm_requests", count(trial->warm_requests));
    put(writer, round, "witness", make_witness(writer, &trial->witness));
    put(writer, round, "samples", has_samples && trial->table != NULL ? make_samples(writer, trial) : json_null());
    return round;
}

/* Times only: nothing is concluded from them but how cold the start was. */
static json_t *make_warmups(struct writer *writer, const struct cell_result *cell)
{
    json_t *times = json_array();
    for (size_t i = 0; i < cell->warmup_count; i++)
        append(writer, times, seconds(trial_time(&cell->warmups[i])));
    return times;
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
        put(writer, object, "warmup_times_s", make_warmups(writer, cell));
        put(writer, object, "rounds", make_rounds(writer, cell));
        append(writer, results, object);
    }
    return results;
}

static json_t *make_validity(struct writer *writer, const struct validity *validity)
{
    json_t *object = json_object();
    json_t *dropped = json_array();
    for (size_t i = 0; i < validity->dropped_count; i++) {
        json_t *round = json_object();
        put(writer, round, "group", count(validity->dropped[i].group));
        put(writer, round, "round", count(validity->dropped[i].round));
        put(writer, round, "reason", outside_text(validity->dropped[i].reason));
        append(writer, dropped, round);
    }
    put(writer, object, "is_valid", json_boolean(validity->is_valid));
    put(writer, object, "reason", outside_text(validity->reason));
    put(writer, object, "is_work_equal", json_boolean(validity->is_work_equal));
    put(writer, object, "dropped_rounds", dropped);
    put(writer, object, "failures", count(validity->failures));
    put(writer, object, "varying_urls", count(validity->varying_urls));
    return object;
}

static json_t *make_sentences(struct writer *writer, const struct verdict *verdict)
{
    json_t *sentences = json_array();
    for (size_t i = 0; i < verdict->sentence_count; i++)
        append(writer, sentences, outside_text(verdict->sentences[i]));
    return sentences;
}

static json_t *make_recommendation(struct writer *writer, const struct verdict *verdict)
{
    if (verdict->recommended == NULL)
        return json_null();
    json_t *object = json_object();
    put(writer, object, "mode", json_string(verdict->recommended->cell->mode));
    put(writer, object, "workers", count(verdict->recommended->cell->workers));
    return object;
}

static json_t *make_diagnosis(struct writer *writer, const struct diagnosis *diagnosis)
{
    json_t *findings = json_array();
    for (size_t i = 0; i < diagnosis->count; i++) {
        json_t *finding = json_object();
        put(writer, finding, "label", json_string(finding_name(diagnosis->findings[i].kind)));
        put(writer, finding, "sentence", outside_text(diagnosis->findings[i].sentence));
        append(writer, findings, finding);
    }
    return findings;
}

static json_t *make_sweep(struct writer *writer, const struct sweep *sweep)
{
    json_t *object = json_object();
    json_t *points = json_array();
    for (size_t i = 0; i < sweep->count; i++) {
        json_t *point = json_object();
        put(writer, point, "workers", count(sweep->points[i].cell->cell->workers));
        put(writer, point, "efficiency", number(sweep->points[i].efficiency));
        append(writer, points, point);
    }
    put(writer, object, "mode", json_string(sweep->mode));
    put(writer, object, "best_workers", count(sweep->best));
    put(writer, object, "enough_workers", count(sweep->knee));
    put(writer, object, "points", points);
    if (sweep->has_fit) {
        json_t *fit = json_object();
        put(writer, fit, "lambda", number(sweep->fit.lambda));
        put(writer, fit, "sigma", number(sweep->fit.sigma));
        put(writer, fit, "kappa", number(sweep->fit.kappa));
        put(writer, fit, "error", number(sweep->fit.error));
        put(writer, fit, "peak_workers",
            number(sweep->has_ranges && sweep->ranges.has_peak ? sweep->ranges.peak : NAN));
        put(writer, object, "scalability_law", fit);
    } else {
        put(writer, object, "scalability_law", json_null());
    }
    put(writer, object, "sentence", json_string(sweep->sentence));
    return object;
}

static json_t *make_sweeps(struct writer *writer, const struct verdict *verdict)
{
    json_t *sweeps = json_array();
    for (size_t i = 0; i < verdict->sweep_count; i++)
        append(writer, sweeps, make_sweep(writer, &verdict->sweeps[i]));
    return sweeps;
}

static json_t *make_verdicts(struct writer *writer, const struct verdict *verdict)
{
    json_t *verdicts = json_array();
    for (size_t i = 0; i < verdict->judgement_count; i++) {
        const struct judgement *judgement = &verdict->judgements[i];
        json_t *object = json_object();
        char name[32];
        snprintf(name, sizeof(name), "%s", judgement_name(judgement->ruling));
        for (char *letter = name; *letter != '\0'; letter++)
            *letter = (char)tolower((unsigned char)*letter);
        put(writer, object, "claim", outside_text(judgement->claim));
        put(writer, object, "verdict", json_string(name));
        put(writer, object, "value", number(judgement->value));
        put(writer, object, "low", number(judgement->low));
        put(writer, object, "high", number(judgement->high));
        put(writer, object, "limit", number(judgement->limit));
        put(writer, object, "detectable", number(judgement->detectable));
        put(writer, object, "sentence", outside_text(judgement->sentence));
        append(writer, verdicts, object);
    }
    return verdicts;
}

static json_t *make_document(struct writer *writer, const struct verdict *verdict)
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
    put(writer, document, "validity", make_validity(writer, &verdict->figures.validity));
    put(writer, document, "summary", make_sentences(writer, verdict));
    put(writer, document, "recommended", make_recommendation(writer, verdict));
    put(writer, document, "diagnosis", make_diagnosis(writer, &verdict->diagnosis));
    put(writer, document, "sweeps", make_sweeps(writer, verdict));
    put(writer, document, "sample_columns", columns);
    put(writer, document, "results", make_results(writer, &verdict->figures));
    put(writer, document, "verdicts", make_verdicts(writer, verdict));
    put(writer, document, "warnings", warnings);
    return document;
}

int json_write(FILE *stream, const struct result *result, const struct verdict *verdict, struct error *error)
{
    struct writer writer = {.result = result};
    json_t *document = make_document(&writer, verdict);
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
