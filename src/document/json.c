#include "conc_bench/document/json.h"

#include <ctype.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/analysis/latency_percentiles.h"
#include "conc_bench/analysis/per_url.h"
#include "conc_bench/analysis/trial_summary.h"
#include "conc_bench/base/number.h"
#include "conc_bench/base/text.h"
#include "conc_bench/modes/trait.h"
#include "json_parts.h"

/*
 * Samples and URLs are written as they come: a tree of a million downloads would take more memory than the run did.
 * Everything else is a tree of jansson's, whose calls fail for want of memory or for text that is not UTF-8. Every
 * value goes through put(), which takes it over and notes a failure; the document is then given up as a whole.
 */
struct writer {
    FILE *stream;
    const struct run *run;
    nanoseconds began;
    bool has_failed;
};

enum { LAYOUT = JSON_REAL_PRECISION(15) };

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
    const struct run *run = writer->run;
    json_t *tool = json_object();
    put(writer, tool, "name", json_string("conc-bench"));
    put(writer, tool, "version", json_string(run->tool_version));
    put(writer, tool, "libcurl", json_string(run->libcurl_version));
    put(writer, tool, "tls", json_string(run->tls_version));
    return tool;
}

static json_t *make_machine(struct writer *writer)
{
    const struct run *run = writer->run;
    json_t *machine = json_object();
    put(writer, machine, "system", outside_text(run->machine_system));
    put(writer, machine, "cpu", outside_text(run->machine_cpu));
    put(writer, machine, "cores", count(run->cores));
    put(writer, machine, "cpu_quota", run->cpu_quota > 0 ? json_real(run->cpu_quota) : json_null());
    return machine;
}

static json_t *make_workload(struct writer *writer)
{
    const struct run *run = writer->run;
    json_t *workload = json_object();
    json_t *sources = json_array();
    char summary[24];
    snprintf(summary, sizeof(summary), "%016" PRIx64, run->workload_digest);
    for (size_t i = 0; i < run->source_count; i++)
        append(writer, sources, outside_text(run->sources[i]));
    put(writer, workload, "sources", sources);
    put(writer, workload, "downloads", count(run->downloads));
    put(writer, workload, "distinct_urls", count(run->distinct_urls));
    put(writer, workload, "hosts", count(run->hosts));
    put(writer, workload, "unresolved_hosts", count(run->unresolved_hosts));
    put(writer, workload, "digest", json_string(summary));
    put(writer, workload, "order", json_string(run->is_order_shuffled ? "shuffle" : "file"));
    put(writer, workload, "cpu_work_s", seconds(run->cpu_work));
    put(writer, workload, "is_server_local", json_boolean(run->is_server_local));
    put(writer, workload, "is_proxy_local", json_boolean(run->is_proxy_local));
    return workload;
}

static json_t *make_tolerance(const struct tolerance *tolerance)
{
    if (tolerance->is_status_only)
        return json_string("status");
    return tolerance->share > 0 ? json_real(tolerance->share) : json_null();
}

static json_t *make_policy(struct writer *writer)
{
    const struct run *run = writer->run;
    json_t *policy = json_object();
    json_t *options = json_array();
    for (size_t i = 0; i < run->asked_count; i++)
        append(writer, options, outside_text(run->asked[i]));
    put(writer, policy, "connections", json_string(run->connections));
    put(writer, policy, "dns", json_string(run->dns));
    put(writer, policy, "http_version", json_string(run->http_version));
    put(writer, policy, "connections_kept", count(run->connections_kept));
    put(writer, policy, "max_redirects", count(run->max_redirects));
    put(writer, policy, "connect_timeout_s", seconds(run->connect_timeout));
    put(writer, policy, "max_time_s", seconds(run->max_time));
    put(writer, policy, "max_body_bytes", json_integer(run->max_body));
    put(writer, policy, "buffer_bytes", count(run->buffer_bytes));
    put(writer, policy, "is_verified", json_boolean(!run->is_unverified));
    put(writer, policy, "tolerate", make_tolerance(&run->tolerance));
    put(writer, policy, "options", options);
    put(writer, policy, "origin", run->origin[0] != '\0' ? outside_text(run->origin) : json_null());
    return policy;
}

static json_t *make_experiment(struct writer *writer)
{
    const struct run *run = writer->run;
    json_t *experiment = json_object();
    put(writer, experiment, "warmup_rounds", count(run->warmup_rounds));
    put(writer, experiment, "rounds_planned", count(run->rounds_planned));
    put(writer, experiment, "rounds_done", count(run->rounds_done));
    put(writer, experiment, "stop_reason", json_string(run->stop_reason));
    put(writer, experiment, "is_isolated", json_boolean(run->is_isolated));
    put(writer, experiment, "reference", json_string(run->reference));
    return experiment;
}

/* hyperfine's fields, with its names, units and meaning. */
static void put_hyperfine(struct writer *writer, json_t *object, const struct cell_stats *stats)
{
    char command[64];
    char workers[16];
    json_t *times = json_array();
    json_t *exit_codes = json_array();
    json_t *parameters = json_object();
    snprintf(command, sizeof(command), "%s/%" PRIu32, stats->cell->mode, stats->cell->workers);
    snprintf(workers, sizeof(workers), "%" PRIu32, stats->cell->workers);
    for (size_t row = 0; row < stats->rounds; row++) {
        append(writer, times, json_real(cell_stats_value(stats, row, METRIC_TIME)));
        append(writer, exit_codes, json_integer(0));
    }
    put(writer, parameters, "mode", json_string(stats->cell->mode));
    put(writer, parameters, "workers", json_string(workers));
    put(writer, object, "command", json_string(command));
    put(writer, object, "mean", number(stats->mean));
    put(writer, object, "stddev", number(stats->standard_deviation));
    put(writer, object, "median", number(stats->measures[METRIC_TIME].value));
    put(writer, object, "user", number(stats->measures[METRIC_CPU_USER].value));
    put(writer, object, "system", number(stats->measures[METRIC_CPU_SYSTEM].value));
    put(writer, object, "min", number(stats->minimum));
    put(writer, object, "max", number(stats->maximum));
    put(writer, object, "times", times);
    put(writer, object, "exit_codes", exit_codes);
    put(writer, object, "parameters", parameters);
}

static json_t *make_failure_classes(struct writer *writer, const struct cell_stats *stats)
{
    json_t *classes = json_object();
    for (int outcome = OUTCOME_OK + 1; outcome < OUTCOME_COUNT; outcome++) {
        if (stats->failure_classes[outcome] > 0)
            put(writer, classes, outcome_name((enum outcome)outcome), count(stats->failure_classes[outcome]));
    }
    return classes;
}

/* [URL, class, number], and perhaps libcurl's code; the most first. */
static json_t *make_url_failures(struct writer *writer, const struct run_cell *cell)
{
    json_t *failures = json_array();
    for (size_t i = 0; i < cell->url_failure_count; i++) {
        json_t *failure = json_array();
        append(writer, failure, count(cell->url_failures[i].url));
        append(writer, failure, json_string(outcome_name(cell->url_failures[i].outcome)));
        append(writer, failure, count(cell->url_failures[i].count));
        if (cell->url_failures[i].code != 0)
            append(writer, failure, count(cell->url_failures[i].code));
        append(writer, failures, failure);
    }
    return failures;
}

static json_t *make_service(struct writer *writer, const struct cell_stats *stats)
{
    json_t *service = json_object();
    json_t *points = json_array();
    const struct latency_percentiles *times = &stats->service;
    put(writer, service, "count", count(times->count));
    put(writer, service, "p50", number(stats->service_p50));
    put(writer, service, "p90", number(stats->service_p90));
    put(writer, service, "p95", number(stats->service_p95));
    put(writer, service, "p99", number(stats->service_p99));
    put(writer, service, "max", number(stats->service_max));
    put(writer, service, "mean", number(stats->service_mean));
    put(writer, service, "sum", seconds(times->sum));
    put(writer, service, "slowest_url", times->count > 0 ? count(times->slowest_url) : json_null());
    for (size_t i = 0; i < LATENCY_POINTS && times->count > 0; i++)
        append(writer, points, seconds(times->points[i]));
    put(writer, service, "points", points);
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

static json_t *make_rank(struct writer *writer, const struct cell_stats *stats)
{
    if (stats->rank_low == 0)
        return json_null();
    json_t *rank = json_array();
    append(writer, rank, count(stats->rank_low));
    append(writer, rank, count(stats->rank_high));
    return rank;
}

static json_t *make_traits(struct writer *writer, unsigned traits)
{
    json_t *names = json_array();
    for (size_t i = 0; i < DOCUMENT_TRAITS; i++) {
        if ((traits & document_traits[i].trait) != 0)
            append(writer, names, json_string(document_traits[i].name));
    }
    return names;
}

/* Medians over rounds. */
static void put_metrics(struct writer *writer, json_t *object, const struct cell_stats *stats)
{
    for (enum metric metric = 0; metric < METRIC_COUNT; metric++) {
        const struct metric_row *row = metric_row(metric);
        const struct estimate *median = &stats->measures[metric];
        bool is_whole = (row->traits & METRIC_WHOLE) != 0 && isfinite(median->value);
        if ((row->traits & METRIC_HAS_INTERVAL) != 0)
            put(writer, object, row->name, make_estimate(writer, median));
        else
            put(writer, object, row->name, is_whole ? count((uint64_t)ceil(median->value)) : number(median->value));
    }
}

static void put_figures(struct writer *writer, json_t *object, const struct cell_stats *stats)
{
    put(writer, object, "mode", json_string(stats->cell->mode));
    put(writer, object, "connections", json_string(connection_policy_names[stats->cell->connections]));
    put(writer, object, "workers", count(stats->cell->workers));
    put(writer, object, "traits", make_traits(writer, stats->cell->traits));
    put(writer, object, "stage", json_string(stats->cell->stage == STAGE_MAIN ? "main" : "sweep"));
    put(writer, object, "group", count(stats->cell->group));
    put(writer, object, "rank", make_rank(writer, stats));
    put(writer, object, "rounds_counted", count(stats->rounds));
    put(writer, object, "outliers", count(stats->outliers));
    put(writer, object, "cold_time_s", number(stats->cold_time));
    put(writer, object, "speedup", make_estimate(writer, &stats->speedup));
    put(writer, object, "failure_classes", make_failure_classes(writer, stats));
    put(writer, object, "failing_urls", count(stats->cell->failing_urls));
    put(writer, object, "url_failures", make_url_failures(writer, stats->cell));
    put(writer, object, "service_s", make_service(writer, stats));
    put_metrics(writer, object, stats);
}

/* What cannot be 0 is not known where it is. */
static json_t *known_count(int64_t value)
{
    return value > 0 ? json_integer(value) : json_null();
}

static json_t *make_resources(struct writer *writer, const struct trial_resources *resources)
{
    json_t *object = json_object();
    put(writer, object, "cpu_user_s", seconds(resources->cpu_user));
    put(writer, object, "cpu_system_s", seconds(resources->cpu_system));
    put(writer, object, "voluntary_switches", json_integer(resources->voluntary_switches));
    put(writer, object, "involuntary_switches", json_integer(resources->involuntary_switches));
    put(writer, object, "max_rss_bytes", known_count(resources->max_rss_bytes));
    put(writer, object, "peak_memory_bytes", known_count(resources->peak_memory_bytes));
    put(writer, object, "processes", known_count(resources->processes));
    put(writer, object, "threads", known_count(resources->threads));
    put(writer, object, "descriptors", known_count(resources->descriptors));
    bool is_schedule_known = resources->on_cpu > 0;
    put(writer, object, "on_cpu_s", is_schedule_known ? seconds(resources->on_cpu) : json_null());
    put(writer, object, "run_queue_wait_s", is_schedule_known ? seconds(resources->run_queue_wait) : json_null());
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

static json_t *make_origin_counts(struct writer *writer, const struct trial_origin_counts *origin_counts)
{
    if (!origin_counts->is_present)
        return json_null();
    json_t *object = json_object();
    json_t *urls = json_object();
    for (uint32_t i = 0; i < origin_counts->url_count; i++) {
        char *escaped = escape(origin_counts->urls[i]);
        put(writer, urls, escaped, count(origin_counts->url_requests[i]));
        free(escaped);
    }
    put(writer, object, "requests", count(origin_counts->requests));
    put(writer, object, "connections", count(origin_counts->connections));
    put(writer, object, "peak_in_flight", count(origin_counts->peak_in_flight));
    put(writer, object, "urls", urls);
    return object;
}

static json_t *make_outcomes(struct writer *writer, const struct trial_summary *summary)
{
    json_t *outcomes = json_object();
    for (int outcome = 0; outcome < OUTCOME_COUNT; outcome++) {
        if (summary->outcomes[outcome] > 0)
            put(writer, outcomes, outcome_name((enum outcome)outcome), count(summary->outcomes[outcome]));
    }
    return outcomes;
}

static json_t *make_phase_sums(struct writer *writer, const struct trial_summary *summary)
{
    json_t *object = json_object();
    for (int phase = 0; phase < PHASE_COUNT; phase++)
        put(writer, object, phase_key((enum phase)phase), seconds(summary->phases[phase]));
    return object;
}

static json_t *make_downloads(struct writer *writer, const struct trial_summary *summary)
{
    if (!summary->is_known)
        return json_null();
    json_t *object = json_object();
    put(writer, object, "settled", count(summary->settled));
    put(writer, object, "outcomes", make_outcomes(writer, summary));
    put(writer, object, "answered", count(summary->answered));
    put(writer, object, "refused", count(summary->refused));
    put(writer, object, "body_bytes", json_integer(summary->body_bytes));
    put(writer, object, "connects", count(summary->connects));
    put(writer, object, "tls_handshakes", count(summary->handshakes));
    put(writer, object, "http2", count(summary->http2));
    put(writer, object, "http2_connects", count(summary->http2_connects));
    put(writer, object, "peak_in_flight", count(summary->peak_in_flight));
    put(writer, object, "service_p50_s", seconds(summary->p50));
    put(writer, object, "service_p90_s", seconds(summary->p90));
    put(writer, object, "service_p95_s", seconds(summary->p95));
    put(writer, object, "service_p99_s", seconds(summary->p99));
    put(writer, object, "service_max_s", seconds(summary->longest));
    put(writer, object, "phase_sums_s", make_phase_sums(writer, summary));
    put(writer, object, "settled_p95_s", seconds(summary->settled_p95));
    put(writer, object, "last_start_s", seconds(summary->last_start));
    return object;
}

static json_t *make_round(struct writer *writer, const struct trial *trial)
{
    json_t *round = json_object();
    bool has_times = trial->status == TRIAL_COMPLETE;
    struct trial_summary summary;
    if (trial_summary_make(trial, &summary, NULL) != 0)
        writer->has_failed = true;
    put(writer, round, "round", count(trial->round));
    put(writer, round, "position", count(trial->position));
    put(writer, round, "status", json_string(trial_status_name(trial->status)));
    put(writer, round, "reason", outside_text(trial->reason));
    put(writer, round, "time_s", has_times ? seconds(trial_time(trial)) : json_null());
    put(writer, round, "gate_s", seconds(trial->gate > writer->began ? trial->gate - writer->began : 0));
    put(writer, round, "startup_s", seconds(trial->startup));
    put(writer, round, "warm_s", seconds(trial->warm));
    put(writer, round, "run_s", has_times ? seconds(trial->run) : json_null());
    put(writer, round, "teardown_s", seconds(trial->teardown));
    put(writer, round, "resources", make_resources(writer, &trial->resources));
    put(writer, round, "host", make_host(writer, &trial->host));
    put(writer, round, "loop_lag_p99_s", seconds(trial->lag.p99));
    put(writer, round, "loop_lag_max_s", seconds(trial->lag.longest));
    put(writer, round, "warm_requests", count(trial->warm_requests));
    put(writer, round, "http2_warm_connects", count(trial->http2.warm_connects));
    put(writer, round, "http2_most_streams", count(trial->http2.most_streams));
    put(writer, round, "witness", make_origin_counts(writer, &trial->origin_counts));
    put(writer, round, "downloads", make_downloads(writer, &summary));
    return round;
}

/* Times only: nothing is concluded from them but how cold the start was. */
static json_t *make_warmups(struct writer *writer, const struct run_cell *cell)
{
    json_t *times = json_array();
    for (size_t i = 0; i < cell->warmup_count; i++)
        append(writer, times, seconds(trial_time(&cell->warmups[i])));
    return times;
}

static const struct cell_stats *figures_of(const struct run_stats *stats, const struct run_cell *cell)
{
    for (size_t i = 0; i < stats->cell_count; i++) {
        if (stats->cells[i].cell == cell)
            return &stats->cells[i];
    }
    return NULL;
}

/* [index into results, URL, number], the most first. */
static json_t *make_mismatches(struct writer *writer, const struct validity *validity)
{
    json_t *mismatches = json_array();
    for (size_t i = 0; i < validity->mismatched_url_count; i++) {
        json_t *mismatch = json_array();
        append(writer, mismatch, count(validity->mismatched_urls[i].cell));
        append(writer, mismatch, count(validity->mismatched_urls[i].url));
        append(writer, mismatch, count(validity->mismatched_urls[i].count));
        append(writer, mismatches, mismatch);
    }
    return mismatches;
}

/* [index into results, number, bytes received, bytes had all been usual]. */
static json_t *make_variations(struct writer *writer, const struct validity *validity)
{
    json_t *variations = json_array();
    for (size_t i = 0; i < validity->variation_count; i++) {
        json_t *variation = json_array();
        append(writer, variation, count(validity->variations[i].cell));
        append(writer, variation, count(validity->variations[i].count));
        append(writer, variation, count(validity->variations[i].bytes));
        append(writer, variation, count(validity->variations[i].usual_bytes));
        append(writer, variations, variation);
    }
    return variations;
}

/* [URL, its bytes, the usual ones]. */
static json_t *make_furthest(struct writer *writer, const struct validity *validity)
{
    if (validity->varied == 0)
        return json_null();
    json_t *furthest = json_array();
    append(writer, furthest, count(validity->furthest_url));
    append(writer, furthest, count(validity->furthest_bytes));
    append(writer, furthest, count(validity->furthest_usual));
    return furthest;
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
    put(writer, object, "has_success", json_boolean(validity->has_success));
    put(writer, object, "differs_in_failures", json_boolean(validity->differs_in_failures));
    put(writer, object, "dropped_rounds", dropped);
    put(writer, object, "failures", count(validity->failures));
    put(writer, object, "mismatches", count(validity->mismatches));
    put(writer, object, "mismatched_urls", make_mismatches(writer, validity));
    put(writer, object, "varied", count(validity->varied));
    put(writer, object, "varied_furthest", make_furthest(writer, validity));
    put(writer, object, "varied_cells", make_variations(writer, validity));
    put(writer, object, "varying_urls", count(validity->varying_urls));
    put(writer, object, "varying_url", validity->varying_urls > 0 ? count(validity->varying_url) : json_null());
    put(writer, object, "cold_connects", count(validity->cold_connects));
    return object;
}

static json_t *make_sentences(struct writer *writer, const struct analysis *analysis)
{
    json_t *sentences = json_array();
    for (size_t i = 0; i < analysis->sentence_count; i++)
        append(writer, sentences, outside_text(analysis->sentences[i]));
    return sentences;
}

static json_t *make_recommendation(struct writer *writer, const struct analysis *analysis)
{
    if (analysis->recommended == NULL)
        return json_null();
    json_t *object = json_object();
    put(writer, object, "mode", json_string(analysis->recommended->cell->mode));
    put(writer, object, "workers", count(analysis->recommended->cell->workers));
    put(writer, object, "reason", outside_text(analysis->headline.reason));
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

static json_t *make_sweeps(struct writer *writer, const struct analysis *analysis)
{
    json_t *sweeps = json_array();
    for (size_t i = 0; i < analysis->sweep_count; i++)
        append(writer, sweeps, make_sweep(writer, &analysis->sweeps[i]));
    return sweeps;
}

static json_t *make_gains(struct writer *writer, const struct speedup_breakdown *breakdown)
{
    json_t *object = json_object();
    json_t *cells = json_array();
    if (breakdown->count == 0) {
        json_decref(cells);
        json_decref(object);
        return json_null();
    }
    for (size_t i = 0; i < breakdown->count; i++) {
        const struct speedup_parts *gain = &breakdown->items[i];
        json_t *cell = json_object();
        put(writer, cell, "mode", json_string(gain->cell->cell->mode));
        put(writer, cell, "workers", count(gain->cell->cell->workers));
        put(writer, cell, "total", make_estimate(writer, &gain->total));
        put(writer, cell, "concurrency", make_estimate(writer, &gain->concurrency));
        put(writer, cell, "connections", make_estimate(writer, &gain->connections));
        put(writer, cell, "interaction", make_estimate(writer, &gain->interaction));
        append(writer, cells, cell);
    }
    put(writer, object, "mode", json_string(breakdown->base->cell->mode));
    put(writer, object, "workers", count(breakdown->base->cell->workers));
    put(writer, object, "cells", cells);
    put(writer, object, "sentence", json_string(breakdown->sentence));
    return object;
}

static json_t *make_verdicts(struct writer *writer, const struct analysis *analysis)
{
    json_t *verdicts = json_array();
    for (size_t i = 0; i < analysis->assertion_result_count; i++) {
        const struct assertion_result *assertion_result = &analysis->assertion_results[i];
        json_t *object = json_object();
        char name[32];
        snprintf(name, sizeof(name), "%s", assertion_result_name(assertion_result->ruling));
        for (char *letter = name; *letter != '\0'; letter++)
            *letter = (char)tolower((unsigned char)*letter);
        put(writer, object, "claim", outside_text(assertion_result->assertion));
        put(writer, object, "verdict", json_string(name));
        put(writer, object, "value", number(assertion_result->value));
        put(writer, object, "low", number(assertion_result->low));
        put(writer, object, "high", number(assertion_result->high));
        put(writer, object, "limit", number(assertion_result->limit));
        put(writer, object, "detectable", number(assertion_result->detectable));
        put(writer, object, "sentence", outside_text(assertion_result->sentence));
        append(writer, verdicts, object);
    }
    return verdicts;
}

/* URLs */

static json_t *make_url_totals(struct writer *writer, const struct per_url *per_url)
{
    json_t *cells = json_array();
    for (size_t i = 0; i < per_url->cell_count; i++) {
        json_t *cell = json_object();
        put(writer, cell, "mode", json_string(writer->run->cells[per_url->cells[i]].mode));
        put(writer, cell, "workers", count(writer->run->cells[per_url->cells[i]].workers));
        put(writer, cell, "count", count(per_url->totals[i].count));
        put(writer, cell, "failures", count(per_url->totals[i].failures));
        append(writer, cells, cell);
    }
    return cells;
}

static json_t *make_url_cell(struct writer *writer, const struct run_cell *cell, const struct url_figure *figure)
{
    json_t *object = json_object();
    json_t *failures = json_object();
    for (int outcome = OUTCOME_OK + 1; outcome < OUTCOME_COUNT; outcome++) {
        if (figure->failures[outcome] > 0)
            put(writer, failures, outcome_name((enum outcome)outcome), count(figure->failures[outcome]));
    }
    put(writer, object, "mode", json_string(cell->mode));
    put(writer, object, "workers", count(cell->workers));
    put(writer, object, "count", count(figure->count));
    put(writer, object, "service_p50_s", figure->count > 0 ? seconds(figure->service) : json_null());
    put(writer, object, "body_p50_bytes", figure->count > 0 ? json_integer(figure->body_bytes) : json_null());
    put(writer, object, "failure_classes", failures);
    return object;
}

static json_t *make_url(struct writer *writer, const struct per_url *per_url, size_t row)
{
    json_t *url = json_object();
    json_t *cells = json_array();
    for (size_t i = 0; i < per_url->cell_count; i++)
        append(writer, cells,
               make_url_cell(writer, &writer->run->cells[per_url->cells[i]], per_url_figure(per_url, row, i)));
    put(writer, url, "url", count(per_url->urls[row]));
    put(writer, url, "cells", cells);
    return url;
}

/* Everything of it in front of the URLs. */
static json_t *make_per_url(struct writer *writer, const struct analysis *analysis)
{
    const struct per_url *per_url = writer->run->per_url;
    bool has_medians = per_url->settled > per_url->lost;
    json_t *object = json_object();
    json_t *sentences = json_array();
    for (size_t i = 0; i < analysis->urls.count; i++)
        append(writer, sentences, outside_text(analysis->urls.texts[i]));
    put(writer, object, "settled_urls", count(per_url->settled));
    put(writer, object, "failing_urls", count(per_url->failed));
    put(writer, object, "lost_urls", count(per_url->lost));
    put(writer, object, "longest_p50_s", has_medians ? seconds(per_url->p50) : json_null());
    put(writer, object, "longest_p90_s", has_medians ? seconds(per_url->p90) : json_null());
    put(writer, object, "longest_p99_s", has_medians ? seconds(per_url->p99) : json_null());
    put(writer, object, "sentences", sentences);
    put(writer, object, "totals", make_url_totals(writer, per_url));
    return object;
}

/* Everything in front of the results. */
static json_t *make_head(struct writer *writer, const struct analysis *analysis)
{
    const struct run *run = writer->run;
    json_t *document = json_object();
    json_t *columns = json_array();
    json_t *points = json_array();
    json_t *warnings = json_array();
    for (size_t i = 0; i < DOCUMENT_COLUMNS; i++)
        append(writer, columns, json_string(document_columns[i]));
    for (size_t i = 0; i < LATENCY_POINTS; i++)
        append(writer, points, number(latency_point_percent(i)));
    for (size_t i = 0; i < run->warning_count; i++)
        append(writer, warnings, outside_text(run->warnings[i]));
    put(writer, document, "schema", json_string(DOCUMENT_SCHEMA));
    put(writer, document, "tool", make_tool(writer));
    put(writer, document, "machine", make_machine(writer));
    put(writer, document, "started_at", json_string(run->started_at));
    put(writer, document, "workload", make_workload(writer));
    put(writer, document, "policy", make_policy(writer));
    put(writer, document, "experiment", make_experiment(writer));
    put(writer, document, "seed", count(run->seed));
    put(writer, document, "partial", json_boolean(run->is_partial));
    put(writer, document, "interrupting_signal", json_integer(run->interrupting_signal));
    put(writer, document, "validity", make_validity(writer, &analysis->stats.validity));
    put(writer, document, "answer", outside_text(analysis->headline.sentence));
    put(writer, document, "summary", make_sentences(writer, analysis));
    put(writer, document, "recommended", make_recommendation(writer, analysis));
    put(writer, document, "diagnosis", make_diagnosis(writer, &analysis->diagnosis));
    put(writer, document, "sweeps", make_sweeps(writer, analysis));
    put(writer, document, "gains", make_gains(writer, &analysis->breakdown));
    put(writer, document, "verdicts", make_verdicts(writer, analysis));
    put(writer, document, "warnings", warnings);
    put(writer, document, "service_points", points);
    put(writer, document, "sample_columns", columns);
    return document;
}

/* Writing */

static void write_value(struct writer *writer, json_t *value)
{
    if (value == NULL || (json_dumpf(value, writer->stream, LAYOUT | JSON_ENCODE_ANY) != 0 && !ferror(writer->stream)))
        writer->has_failed = true;
    json_decref(value);
}

/* Members, each on a line, of an object that stays open for more. */
static void write_members(struct writer *writer, json_t *object)
{
    const char *key;
    json_t *value;
    const char *separator = "";
    json_object_foreach(object, key, value)
    {
        fprintf(writer->stream, "%s\n\"%s\": ", separator, key);
        write_value(writer, json_incref(value));
        separator = ",";
    }
    writer->has_failed |= object == NULL;
    json_decref(object);
}

/* The stream, and the last byte that was to be written there and is held back. */
struct tail {
    FILE *stream;
    char last;
    bool has_last;
};

static int write_all_but_last(const char *text, size_t length, void *context)
{
    struct tail *tail = context;
    if (length == 0)
        return 0;
    if (tail->has_last)
        fputc(tail->last, tail->stream);
    fwrite(text, 1, length - 1, tail->stream);
    tail->last = text[length - 1];
    tail->has_last = true;
    return 0;
}

/* An object on one line, open for more: without its last brace. Not by json_dumps(), which may leave out a name when
 * its buffer cannot grow, and not say so (jansson 2.14). */
static void write_open(struct writer *writer, json_t *object)
{
    struct tail tail = {.stream = writer->stream};
    if (object == NULL || json_dump_callback(object, write_all_but_last, &tail, LAYOUT) != 0)
        writer->has_failed = true;
    json_decref(object);
}

static void write_seconds(struct writer *writer, nanoseconds duration)
{
    char buffer[NUMBER_SECONDS_BYTES];
    fputs(number_format_seconds(buffer, duration), writer->stream);
}

/* The columns are named in document.c; docs/json.md says what each means. */
static void write_sample(struct writer *writer, const struct trial *trial, uint32_t slot)
{
    const struct sample *sample = &trial->table->samples[slot];
    uint32_t unit = trial_unit(trial, slot);
    const nanoseconds times[] = {
        sample->start - trial->gate,
        sample->end - sample->start,
        sample->settled - trial->gate,
        sample->name_lookup_us * NANOSECONDS_PER_MICROSECOND,
        sample->connect_us * NANOSECONDS_PER_MICROSECOND,
        sample->tls_us * NANOSECONDS_PER_MICROSECOND,
        sample->first_byte_us * NANOSECONDS_PER_MICROSECOND,
    };
    fprintf(writer->stream, "[%" PRIu32 ", %" PRIu32 ", %" PRIu32, unit, writer->run->unit_urls[unit], sample->worker);
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        fputs(", ", writer->stream);
        write_seconds(writer, times[i]);
    }
    fprintf(writer->stream, ", %" PRId64 ", %u, %u, %u, \"%s\", %u, %u]", sample->body_bytes, (unsigned)sample->status,
            (unsigned)sample->connects, (unsigned)sample->redirects, outcome_name(sample_outcome(sample)),
            (unsigned)sample->http_version, (unsigned)sample->transfer_code);
}

/* Settled samples only: of the others no time is known. */
static void write_samples(struct writer *writer, const struct trial *trial)
{
    const char *separator = "";
    fputc('[', writer->stream);
    for (uint32_t slot = 0; slot < trial->table->unit_count; slot++) {
        if (atomic_load(&trial->table->samples[slot].state) != SAMPLE_SETTLED)
            continue;
        fprintf(writer->stream, "%s\n", separator);
        write_sample(writer, trial, slot);
        separator = ",";
    }
    fputc(']', writer->stream);
}

static void write_rounds(struct writer *writer, const struct run_cell *cell)
{
    for (size_t i = 0; i < cell->trial_count; i++) {
        fputs(i > 0 ? ",\n" : "\n", writer->stream);
        write_open(writer, make_round(writer, &cell->trials[i]));
        fputs(", \"samples\": ", writer->stream);
        if (cell->trials[i].table != NULL)
            write_samples(writer, &cell->trials[i]);
        else
            fputs("null", writer->stream);
        fputc('}', writer->stream);
    }
}

static void write_results(struct writer *writer, const struct run_stats *stats)
{
    for (size_t i = 0; i < writer->run->cell_count; i++) {
        const struct run_cell *cell = &writer->run->cells[i];
        const struct cell_stats *cell_stats = figures_of(stats, cell);
        json_t *object = json_object();
        put_hyperfine(writer, object, cell_stats);
        put_figures(writer, object, cell_stats);
        put(writer, object, "warmup_times_s", make_warmups(writer, cell));
        fputs(i > 0 ? ",\n" : "\n", writer->stream);
        write_open(writer, object);
        fputs(", \"rounds\": [", writer->stream);
        write_rounds(writer, cell);
        fputs("]}", writer->stream);
    }
}

static void write_urls(struct writer *writer)
{
    for (uint32_t i = 0; i < writer->run->distinct_urls; i++) {
        fputs(i > 0 ? ",\n" : "\n", writer->stream);
        write_value(writer, outside_text(writer->run->urls[i]));
    }
}

static void write_per_url(struct writer *writer, const struct analysis *analysis)
{
    const struct per_url *per_url = writer->run->per_url;
    if (per_url == NULL) {
        fputs("null", writer->stream);
        return;
    }
    write_open(writer, make_per_url(writer, analysis));
    fputs(", \"urls\": [", writer->stream);
    for (size_t row = 0; row < per_url->count; row++) {
        fputs(row > 0 ? ",\n" : "\n", writer->stream);
        write_value(writer, make_url(writer, per_url, row));
    }
    fputs("]}", writer->stream);
}

int json_write(FILE *stream, const struct run *run, const struct analysis *analysis, const struct format *format,
               struct error *error)
{
    (void)format;
    struct writer writer = {.stream = stream, .run = run, .began = run_began(run)};
    fputc('{', stream);
    write_members(&writer, make_head(&writer, analysis));
    fputs(",\n\"urls\": [", stream);
    write_urls(&writer);
    fputs("],\n\"per_url\": ", stream);
    write_per_url(&writer, analysis);
    fputs(",\n\"results\": [", stream);
    write_results(&writer, &analysis->stats);
    fputs("]\n}\n", stream);
    if (writer.has_failed)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the JSON document");
    return 0;
}
