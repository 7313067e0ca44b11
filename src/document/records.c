#include "records.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/analysis/latency_percentiles.h"
#include "conc_bench/modes/trait.h"

/* Names */

static const char *name_outcome(unsigned value)
{
    return outcome_name((enum outcome)value);
}

static const char *name_status(unsigned value)
{
    return trial_status_name((enum trial_status)value);
}

static const char *name_finding(unsigned value)
{
    return finding_name((enum finding_kind)value);
}

static const char *name_phase(unsigned value)
{
    return phase_key((enum phase)value);
}

static const char *name_column(unsigned index)
{
    return record_sample.fields[index].name;
}

static const char *const verdict_names[] = {"pass", "fail", "inconclusive", "unmeasurable"};
static const char *const stage_names[] = {[STAGE_MAIN] = "main", [STAGE_SWEEP] = "sweep"};
static const char *const proof_names[] = {
    [CLIENT_UNPROVEN] = "none", [CLIENT_REPORTED] = "report", [CLIENT_SEEN] = "origin"};
static const char *const shell_names[] = {"none", "sh"};
static const char *const order_names[] = {"file", "shuffle"};

const struct naming naming_failures = {name_outcome, OUTCOME_OK + 1, OUTCOME_COUNT};
static const struct naming naming_outcomes = {name_outcome, OUTCOME_NONE, OUTCOME_COUNT};
static const struct naming naming_settled = {name_outcome, OUTCOME_OK, OUTCOME_LOST};
static const struct naming naming_status = {name_status, TRIAL_COMPLETE, TRIAL_UNEQUAL + 1};
static const struct naming naming_findings = {name_finding, FINDING_IO_BOUND, FINDING_COLD_START + 1};
static const struct naming naming_connections = {
    .names = connection_policy_names, .first = 0, .end = CONNECTION_POLICY_COUNT};
static const struct naming naming_verdicts = {
    .names = verdict_names, .first = VERDICT_PASS, .end = VERDICT_UNMEASURABLE + 1};
static const struct naming naming_stages = {.names = stage_names, .first = STAGE_MAIN, .end = STAGE_SWEEP + 1};
static const struct naming naming_phases = {name_phase, 0, PHASE_COUNT};
static const struct naming naming_columns = {name_column, 0, SAMPLE_COLUMNS};
static const struct naming naming_proofs = {.names = proof_names, .first = CLIENT_UNPROVEN, .end = CLIENT_SEEN + 1};
static const struct naming naming_shells = {.names = shell_names, .first = 0, .end = 2};
static const struct naming naming_arrivals = {.names = arrival_process_names, .first = 0, .end = ARRIVAL_PROCESS_COUNT};
static const struct naming naming_response_figures = {
    .names = response_figure_names, .first = 0, .end = RESPONSE_FIGURE_COUNT};
static const struct naming naming_orders = {.names = order_names, .first = 0, .end = 2};

/* The machine and the conditions of the run */

static void write_own_name(struct record_writer *writer, const void *base)
{
    (void)base;
    json_put_name(&writer->json, "conc-bench");
}

static const struct field tool_fields[] = {
    {"name", "`conc-bench`", OWN(write_own_name, NULL), .schema = "\"const\": \"conc-bench\""},
    {"version", "of conc-bench", TEXT(struct run, tool_version)},
    {"libcurl", "libcurl and the libraries it uses", TEXT(struct run, libcurl_version)},
    {"tls", "the TLS library", TEXT(struct run, tls_version)},
};
static const struct record record_tool = {"tool", RECORD(struct run, tool_fields)};

static const struct field machine_fields[] = {
    {"system", "operating system and architecture", TEXT(struct run, machine_system)},
    {"cpu", "its model", TEXT(struct run, machine_cpu)},
    {"cores", "that the program may run on", COUNT(struct run, cores, 1, CORES_MAX)},
    {"cpu_quota",
     "CPU time that control groups allow in a second, in cores; `null`: no quota, or it cannot be found out",
     AMOUNT(struct run, cpu_quota, CORES_MAX)},
};
static const struct record record_machine = {"machine", RECORD(struct run, machine_fields)};

static const struct field run_machine_fields[] = {
    {"name", "of the host; with its rank where several processes are on one", TEXT(struct run_machine, name)},
    {"system", "operating system and architecture", TEXT(struct run_machine, system)},
    {"cpu", "its model", TEXT(struct run_machine, cpu)},
    {"libcurl", "libcurl and the libraries it uses", TEXT(struct run_machine, libcurl)},
    {"cores", "that the program may run on", COUNT(struct run_machine, cores, 1, CORES_MAX)},
    {"cpu_quota", "as in `machine`", AMOUNT(struct run_machine, cpu_quota, CORES_MAX)},
};
static const struct record record_run_machine = {"run_machine", RECORD(struct run_machine, run_machine_fields)};

static void write_digest(struct record_writer *writer, const void *base)
{
    char digits[24];
    snprintf(digits, sizeof(digits), "%016" PRIx64, ((const struct run *)base)->workload_digest);
    json_put_name(&writer->json, digits);
}

static int read_digest(const struct json_value *node, void *base)
{
    char digits[17];
    if (json_value_read_text(node, digits, sizeof(digits)) != 0)
        return -1;
    if (strlen(digits) != 16 || strspn(digits, "0123456789abcdef") != 16)
        return json_value_refuse(node, "not 16 hexadecimal digits");
    ((struct run *)base)->workload_digest = strtoull(digits, NULL, 16);
    return 0;
}

static const struct field objective_fields[] = {
    {"figure", "of response times", NAMED(struct objective, figure, naming_response_figures)},
    {"limit_s", "that it is to be below; 0: `factor` times what it is at a tenth of the rate",
     SECONDS(struct objective, limit, SECONDS_MAX)},
    {"factor", "see `limit_s`", AMOUNT(struct objective, factor, 1e6)},
};
static const struct record record_objective = {"objective", RECORD(struct objective, objective_fields)};

static const struct field workload_fields[] = {
    {"sources", "files of the list, and others", TEXTS(struct run, sources, source_count, TEXTS_MAX)},
    {"downloads", "in one trial, the most where they differ", COUNT(struct run, downloads, 1, UINT32_MAX)},
    {"distinct_urls", "how many the list has", COUNT(struct run, distinct_urls, 1, UINT32_MAX)},
    {"hosts", "how many the URLs have", COUNT(struct run, hosts, 1, UINT32_MAX)},
    {"unresolved_hosts", "of those, without an address", COUNT(struct run, unresolved_hosts, 0, UINT32_MAX)},
    {"digest",
     "of URLs and counts in order, and of requests their methods, names of headers and sizes of bodies; 16 hexadecimal "
     "digits",
     OWN(write_digest, read_digest), .schema = "\"type\": \"string\", \"pattern\": \"^[0-9a-f]{16}$\""},
    {"order", "of the downloads", NAMED(struct run, is_order_shuffled, naming_orders)},
    {"rate_per_s",
     "downloads that fall due in a second, the most where results differ; `null`: each worker takes the next when it "
     "is free",
     AMOUNT(struct run, arrivals.rate, RATE_MAX)},
    {"arrivals", "how they follow each other, where there is a rate",
     NAMED(struct run, arrivals.process, naming_arrivals)},
    {"max_late_s", "what has waited longer is dropped; 0: nothing is",
     SECONDS(struct run, arrivals.max_late, SECONDS_MAX * 10)},
    {"objective", "what a rate that is searched for must hold (`--slo`); `null`: no rate is",
     OPTIONAL(struct run, objective, objective.is_present, record_objective)},
    {"cpu_work_s", "CPU time spent on each response", SECONDS(struct run, cpu_work, SECONDS_MAX)},
    {"is_server_local", "the server is this machine", FLAG(struct run, is_server_local)},
    {"is_proxy_local", "a proxy is this machine", FLAG(struct run, is_proxy_local)},
};
static const struct record record_workload = {"workload", RECORD(struct run, workload_fields)};

static void write_verified(struct record_writer *writer, const void *base)
{
    json_put_flag(&writer->json, !((const struct run *)base)->is_unverified);
}

static int read_verified(const struct json_value *node, void *base)
{
    ((struct run *)base)->is_unverified = json_is_false(node->value);
    return json_is_boolean(node->value) ? 0 : json_value_refuse(node, "neither true nor false");
}

static void write_tolerance(struct record_writer *writer, const void *base)
{
    const struct tolerance *tolerance = &((const struct run *)base)->tolerance;
    if (tolerance->is_status_only)
        json_put_name(&writer->json, "status");
    else
        json_put_number(&writer->json, tolerance->share > 0 ? tolerance->share : NAN);
}

static int read_tolerance(const struct json_value *node, void *base)
{
    struct tolerance *tolerance = &((struct run *)base)->tolerance;
    if (json_is_string(node->value)) {
        tolerance->is_status_only = strcmp(json_string_value(node->value), "status") == 0;
        return tolerance->is_status_only ? 0 : json_value_refuse(node, "neither \"status\" nor a share");
    }
    if (json_is_null(node->value))
        return 0;
    if (json_value_read_number(node, 0, 1, &tolerance->share) != 0)
        return -1;
    return tolerance->share > 0 ? 0 : json_value_refuse(node, "not a share above 0");
}

static const struct field policy_fields[] = {
    {"connections", "`reuse`, `fresh`, `warm`, or several, such as `fresh,reuse`", TEXT(struct run, connections),
     .pattern = "^(reuse|fresh|warm)(,(reuse|fresh|warm))*$"},
    {"dns",
     "`pinned`, `live`; `none`: behind a Unix socket; `proxy`: all by the proxy; `pinned,proxy`, `live,proxy`: by the "
     "proxy where one is used",
     TEXT(struct run, dns), .pattern = "^((pinned|live)(,proxy)?|none|proxy)$"},
    {"http_version",
     "`HTTP/1.1`; `HTTP/2`: asked for by `--http2`, of https URLs; `HTTP/2 known`: by "
     "`--http2-prior-knowledge`; `HTTP/3`: by `--http3`",
     TEXT(struct run, http_version)},
    {"connections_kept", "by each worker", COUNT(struct run, connections_kept, 0, UINT32_MAX)},
    {"max_redirects", "that a download follows", COUNT(struct run, max_redirects, 0, UINT32_MAX)},
    {"connect_timeout_s", "for a connection", SECONDS(struct run, connect_timeout, SECONDS_MAX)},
    {"max_time_s", "for a download", SECONDS(struct run, max_time, SECONDS_MAX)},
    {"max_body_bytes", "of a body", COUNT(struct run, max_body, 0, BYTES_MAX)},
    {"buffer_bytes", "that libcurl receives into", COUNT(struct run, buffer_bytes, 0, UINT32_MAX)},
    {"is_verified", "TLS, unless `--insecure`", OWN(write_verified, read_verified), .schema = "\"type\": \"boolean\""},
    {"tolerate", "share by which bodies may differ in size, or `status`: by anything; `null`: they may not",
     OWN(write_tolerance, read_tolerance),
     .schema = "\"anyOf\": [{\"type\": \"null\"}, {\"const\": \"status\"}, "
               "{\"type\": \"number\", \"exclusiveMinimum\": 0, \"maximum\": 1}]"},
    {"options", "of the request, without secrets: of headers the names only",
     TEXTS(struct run, asked, asked_count, TEXTS_MAX)},
    {"checks", "that answers were held to (`--check`)", TEXTS(struct run, checks, check_count, TEXTS_MAX)},
    {"origin", "description of the embedded origin, or `null`", TEXT(struct run, origin), .is_nullable = true},
};
static const struct record record_policy = {"policy", RECORD(struct run, policy_fields)};

static const struct field experiment_fields[] = {
    {"warmup_rounds", "run before the measured ones", COUNT(struct run, warmup_rounds, 0, ROUNDS_MAX)},
    {"rounds_planned", "at most", COUNT(struct run, rounds_planned, 0, ROUNDS_MAX)},
    {"rounds_done", "complete ones", COUNT(struct run, rounds_done, 0, ROUNDS_MAX)},
    {"stop_reason", "why there are not more rounds; `\"\"`: all were run", TEXT(struct run, stop_reason)},
    {"is_isolated", "each trial had a process of its own", FLAG(struct run, is_isolated)},
    {"reference", "the mode that ratios refer to", TEXT(struct run, reference)},
};
static const struct record record_experiment = {"experiment", RECORD(struct run, experiment_fields)};

/* Conclusions */

static const struct field workers_fields[] = {{"workers", "how many", COUNT(struct run_cell, workers, 1, WORKERS_MAX)}};
static const struct record record_workers = {NULL, RECORD(struct run_cell, workers_fields), .is_concluded = true};

static const struct field cell_name_fields[] = {
    {"mode", "the mode", TEXT(struct run_cell, mode)},
    {"workers", "how many", COUNT(struct run_cell, workers, 1, WORKERS_MAX)},
};
const struct record record_cell_name = {NULL, RECORD(struct run_cell, cell_name_fields), .is_concluded = true};

static const struct field stats_name_fields[] = {
    {NULL, NULL, POINTED_MEMBERS(struct cell_stats, cell, record_cell_name)}};
static const struct record record_stats_name = {NULL, RECORD(struct cell_stats, stats_name_fields),
                                                .is_concluded = true};

static const struct field stats_workers_fields[] = {
    {NULL, NULL, POINTED_MEMBERS(struct cell_stats, cell, record_workers)}};
static const struct record record_stats_workers = {NULL, RECORD(struct cell_stats, stats_workers_fields),
                                                   .is_concluded = true};

#define FIGURE(S, member) NUMBER(S, member, -INFINITY, INFINITY)

static const struct field estimate_fields[] = {
    {"value", "the figure", FIGURE(struct estimate, value)},
    {"low", "lower end", FIGURE(struct estimate, low)},
    {"high", "upper end", FIGURE(struct estimate, high)},
    {"confidence", "that the interval from `low` to `high` holds the value; 0: these are the range of the rounds",
     NUMBER(struct estimate, confidence, 0, 1)},
};
static const struct record record_estimate = {"estimate", RECORD(struct estimate, estimate_fields),
                                              .is_concluded = true};

static void write_estimate(struct record_writer *writer, const struct field *field, const void *base)
{
    const struct estimate *estimate = field_member(field, base);
    if (isfinite(estimate->value))
        record_write(writer, &record_estimate, estimate);
    else
        json_put_null(&writer->json);
}

static const struct field_type field_estimate = {.write = write_estimate};

#define ESTIMATE(S, member)                                                                                            \
    .type = &field_estimate,                                                                                           \
    CHECKED(S, member, struct estimate                                                                                 \
            : (char)0),                                                                                                \
    .record = &record_estimate, .is_nullable = true

static int check_dropped(const struct json_value *node, void *base)
{
    struct validity *validity = base;
    struct json_value rounds = json_value_member(node, "dropped_rounds");
    validity->is_dropped_in_order = validity->dropped_count > 0;
    for (size_t i = 1; i < validity->dropped_count; i++) {
        const struct dropped_round *round = &validity->dropped[i];
        bool is_behind =
            round[-1].group < round->group || (round[-1].group == round->group && round[-1].round < round->round);
        validity->is_dropped_in_order = validity->is_dropped_in_order && is_behind;
    }
    /* Each trial is searched for among them. */
    if (!validity->is_dropped_in_order && validity->dropped_count > DROPPED_IN_ANY_ORDER_MAX)
        return json_value_refuse(&rounds, "not in the order of groups and rounds");
    return 0;
}

static const struct field dropped_fields[] = {
    {"group", "cells of one group ran in the same rounds", COUNT(struct dropped_round, group, 0, UINT32_MAX)},
    {"round", "its number", COUNT(struct dropped_round, round, 0, ROUNDS_MAX)},
    {"reason", "a sentence", TEXT(struct dropped_round, reason)},
};
static const struct record record_dropped = {"dropped_round", RECORD(struct dropped_round, dropped_fields)};

static const struct field mismatch_fields[] = {
    {"result", "index into `results`", COUNT(struct mismatch, cell, 0, UINT32_MAX), .bound = BOUND_RESULTS},
    {"url", "index into `urls`", COUNT(struct mismatch, url, 0, UINT32_MAX), .bound = BOUND_URLS},
    {"count", "of such answers", COUNT(struct mismatch, count, 1, INT64_MAX)},
};
static const struct record record_mismatch = {"mismatched_url", RECORD(struct mismatch, mismatch_fields),
                                              .is_row = true};

static const struct field variation_fields[] = {
    {"result", "index into `results`", COUNT(struct variation, cell, 0, UINT32_MAX), .bound = BOUND_RESULTS},
    {"count", "of bodies of another size than usual", COUNT(struct variation, count, 0, INT64_MAX)},
    {"bytes", "of all downloads of the cell that count", COUNT(struct variation, bytes, 0, INT64_MAX)},
    {"usual_bytes", "of the same, had each been of the usual size", COUNT(struct variation, usual_bytes, 0, INT64_MAX)},
};
static const struct record record_variation = {"varied_cell", RECORD(struct variation, variation_fields),
                                               .is_row = true};

static const struct field furthest_fields[] = {
    {"url", "index into `urls`", COUNT(struct validity, furthest_url, 0, UINT32_MAX), .bound = BOUND_URLS},
    {"bytes", "of its body", COUNT(struct validity, furthest_bytes, 0, INT64_MAX)},
    {"usual_bytes", "of its URL", COUNT(struct validity, furthest_usual, 0, INT64_MAX)},
};
static const struct record record_furthest = {"varied_furthest", RECORD(struct validity, furthest_fields),
                                              .is_row = true};

static bool has_varied(const void *base)
{
    return ((const struct validity *)base)->varied > 0;
}

static bool has_varying_urls(const void *base)
{
    return ((const struct validity *)base)->varying_urls > 0;
}

static bool has_changing_urls(const void *base)
{
    return ((const struct validity *)base)->changing_urls > 0;
}

static const struct field validity_fields[] = {
    {"is_valid",
     "whether modes may be compared at all: they did the same, and nothing measured is impossible. It says nothing of "
     "downloads that failed alike in every mode: those make exit status 3 (without `--allow-failures`), and cells with "
     "many of them unranked, in a document that is valid. Whoever wants neither asks for `is_valid` and `failures` 0",
     FLAG(struct validity, is_valid)},
    {"reason", "why it is not valid", TEXT(struct validity, reason)},
    {"is_work_equal", "no violation anywhere, dropped rounds included", FLAG(struct validity, is_work_equal)},
    {"has_success", "any download succeeded", FLAG(struct validity, has_success)},
    {"differs_in_failures", "by more than chance between modes", FLAG(struct validity, differs_in_failures)},
    {"dropped_rounds", "rounds that count for no cell of their group",
     LIST(struct validity, dropped, dropped_count, record_dropped, (size_t)CELLS_MAX *ROUNDS_MAX)},
    {"failures", "downloads that failed, over all trials", COUNT(struct validity, failures, 0, INT64_MAX)},
    {"mismatches", "complete answers of another size, content, status or HTTP version than is usual for their URL",
     COUNT(struct validity, mismatches, 0, INT64_MAX)},
    {"mismatched_urls", "the 100 URLs with the most of them: `[result, url, count]`",
     LIST(struct validity, mismatched_urls, mismatched_url_count, record_mismatch, MISMATCHES_MAX)},
    {"varied", "downloads with a body of another size than usual that count all the same",
     COUNT(struct validity, varied, 0, INT64_MAX)},
    {"varied_furthest", "the one furthest from the usual size: `[url, bytes, usual_bytes]`, or `null`",
     SELF(record_furthest), .is_there = has_varied},
    {"varied_cells", "each cell, if any varied: `[result, count, bytes, usual_bytes]`",
     LIST(struct validity, variations, variation_count, record_variation, CELLS_MAX), .bound = BOUND_RESULT_COUNT},
    {"varying_urls", "URLs whose answers differ in size by themselves",
     COUNT(struct validity, varying_urls, 0, UINT32_MAX), .bound = BOUND_URL_COUNT},
    {"varying_url", "the first of them (index into `urls`), or `null`",
     COUNT(struct validity, varying_url, 0, UINT32_MAX), .bound = BOUND_URLS, .is_there = has_varying_urls},
    {"changing_urls", "URLs whose answers differ in content by themselves, and not in size",
     COUNT(struct validity, changing_urls, 0, UINT32_MAX), .bound = BOUND_URL_COUNT},
    {"changing_url", "the first of them (index into `urls`), or `null`",
     COUNT(struct validity, changing_url, 0, UINT32_MAX), .bound = BOUND_URLS, .is_there = has_changing_urls},
    {"cold_connects", "connections opened within the run under `warm`",
     COUNT(struct validity, cold_connects, 0, INT64_MAX)},
};
static const struct record record_validity = {"validity", RECORD(struct validity, validity_fields),
                                              .check = check_dropped};

static const struct field finding_fields[] = {
    {"label", "what it is (docs/measurement.md)", NAMED(struct finding, kind, naming_findings)},
    {"sentence", "what it amounts to", TEXT(struct finding, sentence)},
};
static const struct record record_finding = {"finding", RECORD(struct finding, finding_fields), .is_concluded = true};

static const struct field sweep_point_fields[] = {
    {NULL, NULL, POINTED_MEMBERS(struct sweep_point, cell, record_stats_workers)},
    {"efficiency", "against the bound over the run", FIGURE(struct sweep_point, efficiency)},
};
static const struct record record_sweep_point = {"sweep_point", RECORD(struct sweep_point, sweep_point_fields),
                                                 .is_concluded = true};

static bool has_fit(const void *base)
{
    return ((const struct sweep *)base)->has_fit;
}

static const struct field fit_fields[] = {
    {"lambda", "throughput of one worker", FIGURE(struct sweep, fit.lambda)},
    {"sigma", "contention", FIGURE(struct sweep, fit.sigma)},
    {"kappa", "coherency", FIGURE(struct sweep, fit.kappa)},
    {"error", "root of the mean squared relative error", FIGURE(struct sweep, fit.error)},
    {"peak_workers", "where the curve is highest; `null`: no peak within what was tested", FIGURE(struct sweep, peak)},
};
static const struct record record_fit = {"scalability_law", RECORD(struct sweep, fit_fields), .is_concluded = true};

static const struct field sweep_fields[] = {
    {"mode", "the mode", TEXT(struct sweep, mode)},
    {"best_workers", "with the lowest median time", COUNT(struct sweep, best, 0, WORKERS_MAX)},
    {"enough_workers", "the fewest that are about as fast", COUNT(struct sweep, knee, 0, WORKERS_MAX)},
    {"points", "one for each number of workers", CONCLUDED_LIST(struct sweep, points, count, record_sweep_point)},
    {"scalability_law", "`null`: too few points for one", SELF(record_fit), .is_there = has_fit},
    {"sentence", "what it amounts to", TEXT(struct sweep, sentence)},
};
static const struct record record_sweep = {"sweep", RECORD(struct sweep, sweep_fields), .is_concluded = true};

static const struct field machines_fields[] = {
    {"machines", "how many", COUNT(struct run_cell, machines, 1, MACHINES_MAX)},
    {"workers", "on each, the fastest of those ranked", COUNT(struct run_cell, workers, 1, WORKERS_MAX)},
};
static const struct record record_machines = {NULL, RECORD(struct run_cell, machines_fields), .is_concluded = true};

static const struct field stats_machines_fields[] = {
    {NULL, NULL, POINTED_MEMBERS(struct cell_stats, cell, record_machines)}};
static const struct record record_stats_machines = {NULL, RECORD(struct cell_stats, stats_machines_fields),
                                                    .is_concluded = true};

static const struct field machine_sweep_point_fields[] = {
    {NULL, NULL, POINTED_MEMBERS(struct sweep_point, cell, record_stats_machines)},
    {"efficiency", "of a machine, against one of the fewest", FIGURE(struct sweep_point, efficiency)},
};
static const struct record record_machine_sweep_point = {
    "machine_sweep_point", RECORD(struct sweep_point, machine_sweep_point_fields), .is_concluded = true};

static const struct field machine_fit_fields[] = {
    {"lambda", "throughput of one machine", FIGURE(struct sweep, fit.lambda)},
    {"sigma", "contention", FIGURE(struct sweep, fit.sigma)},
    {"kappa", "coherency", FIGURE(struct sweep, fit.kappa)},
    {"error", "root of the mean squared relative error", FIGURE(struct sweep, fit.error)},
    {"peak_machines", "where the curve is highest; `null`: no peak within what was tested", FIGURE(struct sweep, peak)},
};
static const struct record record_machine_fit = {"machine_scalability_law", RECORD(struct sweep, machine_fit_fields),
                                                 .is_concluded = true};

static const struct field machine_sweep_fields[] = {
    {"mode", "the mode, without the number of machines", TEXT(struct sweep, mode)},
    {"best_machines", "with the lowest median time", COUNT(struct sweep, best, 0, MACHINES_MAX)},
    {"enough_machines", "the fewest that are about as fast", COUNT(struct sweep, knee, 0, MACHINES_MAX)},
    {"points", "one for each number of machines",
     CONCLUDED_LIST(struct sweep, points, count, record_machine_sweep_point)},
    {"scalability_law", "`null`: too few points for one", SELF(record_machine_fit), .is_there = has_fit},
    {"sentence", "what it amounts to", TEXT(struct sweep, sentence)},
};
static const struct record record_machine_sweep = {"machine_sweep", RECORD(struct sweep, machine_sweep_fields),
                                                   .is_concluded = true};

static const struct field rate_curve_fields[] = {
    {"mode", "the mode", TEXT(struct rate_curve, mode)},
    {"workers", "how many", COUNT(struct rate_curve, workers, 1, WORKERS_MAX)},
    {"rate_per_s", "the highest rate that it keeps up with, or that holds the objective; `null`: none of those tried",
     AMOUNT(struct rate_curve, highest_rate, RATE_MAX)},
    {"next_rate_per_s", "the lowest rate above that which it does not; `null`: none was tried",
     AMOUNT(struct rate_curve, next_rate, RATE_MAX)},
    {"flat_rate_per_s", "up to where response times are flat; `null`: nowhere",
     AMOUNT(struct rate_curve, flat_rate, RATE_MAX)},
    {"limit_s", "of the objective; `null`: there is none", FIGURE(struct rate_curve, limit)},
    {"is_confirmed", "the first two rates of a search are, by rounds of their own",
     FLAG(struct rate_curve, is_confirmed)},
    {"rank_low", "where it stands by its rate: lower end; 0: it has none",
     COUNT(struct rate_curve, rank_low, 0, CELLS_MAX)},
    {"rank_high", "upper end", COUNT(struct rate_curve, rank_high, 0, CELLS_MAX)},
};
static const struct record record_rate_curve = {"rate_curve", RECORD(struct rate_curve, rate_curve_fields),
                                                .is_concluded = true};

static const struct field gain_fields[] = {
    {NULL, NULL, POINTED_MEMBERS(struct speedup_parts, cell, record_stats_name)},
    {"total", "times as fast", ESTIMATE(struct speedup_parts, total)},
    {"concurrency", "of that", ESTIMATE(struct speedup_parts, concurrency)},
    {"connections", "of that; the two multiplied make the total", ESTIMATE(struct speedup_parts, connections)},
    {"interaction", "of the two; `null` for the reference mode itself, which has none",
     ESTIMATE(struct speedup_parts, interaction)},
};
static const struct record record_gain = {"gain", RECORD(struct speedup_parts, gain_fields), .is_concluded = true};

static const struct field speedup_breakdown_fields[] = {
    {NULL, NULL, POINTED_MEMBERS(struct speedup_breakdown, base, record_stats_name)},
    {"cells", "one for each cell with kept connections",
     CONCLUDED_LIST(struct speedup_breakdown, items, count, record_gain)},
    {"sentence", "what it amounts to", TEXT(struct speedup_breakdown, sentence)},
};
static const struct record record_speedup_breakdown = {
    "gains", RECORD(struct speedup_breakdown, speedup_breakdown_fields), .is_concluded = true};

static const struct field recommended_fields[] = {
    {NULL, NULL, POINTED_MEMBERS(struct analysis, recommended, record_stats_name)},
    {"reason", "in words", TEXT(struct analysis, headline.reason)},
};
static const struct record record_recommended = {"recommended", RECORD(struct analysis, recommended_fields),
                                                 .is_concluded = true};

static bool has_recommended(const void *base)
{
    return ((const struct analysis *)base)->recommended != NULL;
}

static bool has_gains(const void *base)
{
    return ((const struct analysis *)base)->breakdown.count > 0;
}

static const struct field analysis_fields[] = {
    {"answer",
     "the sentence that every report begins with: what is fastest, that there is a tie, or why there is no answer",
     TEXT(struct analysis, headline.sentence)},
    {"summary",
     "sentences: of which cells too many downloads failed, who is fastest or that no difference was detected, and what "
     "to use",
     SENTENCES(struct analysis, sentences, sentence_count)},
    {"recommended", "what to use; `null`: nothing is ranked", SELF(record_recommended), .is_there = has_recommended},
    {"diagnosis", "why the figures are what they are, and why not to believe them",
     CONCLUDED_LIST(struct analysis, diagnosis.findings, diagnosis.count, record_finding), .is_inline = true},
    {"sweeps", "one for each mode whose workers were swept",
     CONCLUDED_LIST(struct analysis, sweeps, sweep_count, record_sweep)},
    {"machine_sweeps", "one for each mode that was run by several numbers of machines",
     CONCLUDED_LIST(struct analysis, machine_sweeps, machine_sweep_count, record_machine_sweep)},
    {"rates", "one for each mode and number of workers, where results differ by rates",
     CONCLUDED_LIST(struct analysis, rates.items, rates.count, record_rate_curve)},
    {"gains",
     "what modes gain over the reference mode with fresh connections (its `mode` and `workers`), taken apart; `null` "
     "unless both kinds of connections were measured (`--connections fresh,reuse`)",
     OBJECT(struct analysis, breakdown, record_speedup_breakdown), .is_there = has_gains},
};
static const struct record record_analysis = {NULL, RECORD(struct analysis, analysis_fields), .is_by_line = true,
                                              .is_concluded = true};

static const struct field verdict_fields[] = {
    {"claim", "in canonical form", TEXT(struct assertion_result, assertion)},
    {"verdict", "what became of it", NAMED(struct assertion_result, verdict, naming_verdicts)},
    {"value", "the estimate, in the unit of the assertion", FIGURE(struct assertion_result, value)},
    {"low", "one-sided 95 % bound", FIGURE(struct assertion_result, low)},
    {"high", "one-sided 95 % bound", FIGURE(struct assertion_result, high)},
    {"limit", "the limit that the assertion sets", FIGURE(struct assertion_result, limit)},
    {"detectable", "the smallest relative difference that would have shown",
     FIGURE(struct assertion_result, detectable)},
    {"sentence", "what it amounts to", TEXT(struct assertion_result, sentence)},
};
static const struct record record_verdict = {"verdict", RECORD(struct assertion_result, verdict_fields)};

/* Rounds */

static bool has_schedule(const void *base)
{
    return ((const struct trial_resources *)base)->on_cpu > 0;
}

static const struct field resources_fields[] = {
    {"cpu_user_s", "CPU time in user mode", SECONDS(struct trial_resources, cpu_user, SECONDS_MAX)},
    {"cpu_system_s", "CPU time in the kernel", SECONDS(struct trial_resources, cpu_system, SECONDS_MAX)},
    {"voluntary_switches", "context switches to wait for something",
     COUNT(struct trial_resources, voluntary_switches, 0, INT64_MAX)},
    {"involuntary_switches", "context switches because others were to run",
     COUNT(struct trial_resources, involuntary_switches, 0, INT64_MAX)},
    {"max_rss_bytes", "of the largest process", COUNT(struct trial_resources, max_rss_bytes, 0, BYTES_MAX),
     .is_nullable = true},
    {"peak_memory_bytes", "of all processes", COUNT(struct trial_resources, peak_memory_bytes, 0, BYTES_MAX),
     .is_nullable = true},
    {"processes", "at the end of the run", COUNT(struct trial_resources, processes, 0, UINT32_MAX),
     .is_nullable = true},
    {"threads", "of all processes", COUNT(struct trial_resources, threads, 0, UINT32_MAX), .is_nullable = true},
    {"descriptors", "open in all processes", COUNT(struct trial_resources, descriptors, 0, UINT32_MAX),
     .is_nullable = true},
    {"on_cpu_s", "CPU time up to the end of the run", SECONDS(struct trial_resources, on_cpu, SECONDS_MAX),
     .is_nullable = true},
    {"run_queue_wait_s", "time in which threads could have run and no core was free",
     SECONDS(struct trial_resources, run_queue_wait, SECONDS_MAX), .is_there = has_schedule},
};
static const struct record record_resources = {"resources", RECORD(struct trial_resources, resources_fields)};

static const struct field host_fields[] = {
    {"steal_share", "of all cores' time", NUMBER(struct trial_host, steal_share, 0, 1e6)},
    {"foreign_cores", "of those the program may run on, kept busy by other processes",
     NUMBER(struct trial_host, foreign_cores, 0, 1e6)},
    {"throttled_s", "for which CPU quotas stopped it, summed over cores",
     NUMBER(struct trial_host, throttled, 0, SECONDS_MAX)},
};
static const struct record record_host = {"host", RECORD(struct trial_host, host_fields)};

static void write_witnessed_urls(struct record_writer *writer, const void *base)
{
    const struct trial_origin_counts *counts = base;
    json_open(&writer->json, '{');
    for (uint32_t i = 0; i < counts->url_count; i++) {
        json_text_key(&writer->json, counts->urls[i]);
        json_put_whole(&writer->json, counts->url_requests[i]);
    }
    json_close(&writer->json, '}');
}

static int read_witnessed_url(const struct json_value *node, struct trial_origin_counts *counts)
{
    struct json_value name = {.value = json_string(node->key), .reader = node->reader, .parent = node};
    if (json_value_read_whole(node, 0, (double)INT64_MAX, &counts->url_requests[counts->url_count]) == 0)
        counts->urls[counts->url_count] = json_value_read_long_text(&name);
    json_decref((json_t *)name.value);
    if (counts->urls[counts->url_count] == NULL)
        return -1;
    counts->url_count++;
    return 0;
}

static int read_witnessed_urls(const struct json_value *node, void *base)
{
    struct trial_origin_counts *counts = base;
    const char *key;
    json_t *value;
    if (json_value_expect_object(node) != 0)
        return -1;
    size_t count = json_object_size(node->value);
    counts->urls = calloc(count + 1, sizeof(counts->urls[0]));
    counts->url_requests = calloc(count + 1, sizeof(counts->url_requests[0]));
    if (counts->urls == NULL || counts->url_requests == NULL)
        return json_value_no_memory(node);
    json_object_foreach((json_t *)node->value, key, value)
    {
        struct json_value requests = {.value = value, .reader = node->reader, .parent = node, .key = key};
        if (read_witnessed_url(&requests, counts) != 0)
            return -1;
    }
    return 0;
}

static const struct field origin_counts_fields[] = {
    {"requests", "it answered", COUNT(struct trial_origin_counts, requests, 0, INT64_MAX)},
    {"connections", "they came over", COUNT(struct trial_origin_counts, connections, 0, INT64_MAX)},
    {"peak_in_flight", "the most at once", COUNT(struct trial_origin_counts, peak_in_flight, 0, UINT32_MAX)},
    {"urls", "how often each was asked for, with the method in front unless it is GET",
     OWN(write_witnessed_urls, read_witnessed_urls),
     .schema = "\"type\": \"object\", \"additionalProperties\": {\"type\": \"integer\", \"minimum\": 0}"},
};
static const struct record record_origin_counts = {"witness", RECORD(struct trial_origin_counts, origin_counts_fields)};

static void write_phases(struct record_writer *writer, const void *base)
{
    const nanoseconds *sums = ((const struct trial_summary *)base)->phases;
    json_open(&writer->json, '{');
    for (int phase = 0; phase < PHASE_COUNT; phase++) {
        json_key(&writer->json, phase_key((enum phase)phase));
        json_put_seconds(&writer->json, sums[phase]);
    }
    json_close(&writer->json, '}');
}

static int read_phases(const struct json_value *node, void *base)
{
    struct trial_summary *summary = base;
    if (json_value_expect_object(node) != 0)
        return -1;
    for (int phase = 0; phase < PHASE_COUNT; phase++) {
        struct json_value sum = json_value_member(node, phase_key((enum phase)phase));
        if (json_value_read_seconds(&sum, SECONDS_SUM_MAX, &summary->phases[phase]) != 0)
            return -1;
    }
    return 0;
}

static int check_outcomes(const struct json_value *node, void *base)
{
    const struct trial_summary *summary = base;
    struct json_value outcomes = json_value_member(node, "outcomes");
    uint64_t total = 0;
    for (int outcome = 0; outcome < OUTCOME_COUNT; outcome++)
        total += summary->outcomes[outcome];
    return total == node->reader->cell->downloads
               ? 0
               : json_value_refuse(&outcomes, "they are not as many as there are downloads");
}

#define DOWNLOADS(member) COUNT(struct trial_summary, member, 0, UINT32_MAX), .bound = BOUND_DOWNLOADS

static const struct field arrivals_fields[] = {
    {"is_kept_up", "the backlog did not grow, and hardly anything was dropped",
     FLAG(struct trial_arrivals, is_kept_up)},
    {"behind_s", "mean wait of the last tenth of what was not given up",
     SECONDS(struct trial_arrivals, behind, SECONDS_MAX)},
    {"begun", "that were neither dropped for --max-late nor given up",
     COUNT(struct trial_arrivals, begun, 0, UINT32_MAX), .bound = BOUND_DOWNLOADS},
    {"begun_in_s", "from the first start of those to the last", SECONDS(struct trial_arrivals, begun_in, SECONDS_MAX)},
    {"response_sum_s", "of response times, from being due to being settled",
     SECONDS(struct trial_arrivals, response_sum, SECONDS_SUM_MAX)},
    {"response_p50_s", "of response times", SECONDS(struct trial_arrivals, response_p50, SECONDS_MAX)},
    {"response_p95_s", "of response times", SECONDS(struct trial_arrivals, response_p95, SECONDS_MAX)},
    {"response_p99_s", "of response times", SECONDS(struct trial_arrivals, response_p99, SECONDS_MAX)},
    {"response_max_s", "of response times", SECONDS(struct trial_arrivals, response_longest, SECONDS_MAX)},
    {"wait_sum_s", "of waits, from being due to being begun",
     SECONDS(struct trial_arrivals, wait_sum, SECONDS_SUM_MAX)},
    {"wait_p50_s", "of waits", SECONDS(struct trial_arrivals, wait_p50, SECONDS_MAX)},
    {"wait_p95_s", "of waits", SECONDS(struct trial_arrivals, wait_p95, SECONDS_MAX)},
    {"wait_p99_s", "of waits", SECONDS(struct trial_arrivals, wait_p99, SECONDS_MAX)},
    {"wait_max_s", "of waits", SECONDS(struct trial_arrivals, wait_longest, SECONDS_MAX)},
};
static const struct record record_arrivals = {"arrivals", RECORD(struct trial_arrivals, arrivals_fields)};

static const struct field downloads_fields[] = {
    {"settled", "downloads that ended in any way", DOWNLOADS(settled)},
    {"outcomes", "how many ended how (`none`: never begun)",
     COUNTS_BY_NAME(struct trial_summary, outcomes, naming_outcomes), .bound = BOUND_DOWNLOADS},
    {"answered", "with any status", DOWNLOADS(answered)},
    {"refused", "of those, with 429 or 503", DOWNLOADS(refused)},
    {"retries", "how often downloads were begun again after failures (`--retry`)",
     COUNT(struct trial_summary, retries, 0, INT64_MAX)},
    {"body_bytes", "of bodies", COUNT(struct trial_summary, body_bytes, 0, BYTES_MAX)},
    {"connects", "new connections", COUNT(struct trial_summary, connects, 0, INT64_MAX)},
    {"tls_handshakes", "of those, with TLS", COUNT(struct trial_summary, handshakes, 0, INT64_MAX)},
    {"http2", "answered over HTTP/2", DOWNLOADS(http2)},
    {"http2_connects", "made for those, or over TLS for what was not answered",
     COUNT(struct trial_summary, http2_connects, 0, INT64_MAX)},
    {"peak_in_flight", "the most at once", DOWNLOADS(peak_in_flight)},
    {"service_p50_s", "of service times", SECONDS(struct trial_summary, p50, SECONDS_MAX)},
    {"service_p90_s", "of service times", SECONDS(struct trial_summary, p90, SECONDS_MAX)},
    {"service_p95_s", "of service times", SECONDS(struct trial_summary, p95, SECONDS_MAX)},
    {"service_p99_s", "of service times", SECONDS(struct trial_summary, p99, SECONDS_MAX)},
    {"service_max_s", "of service times", SECONDS(struct trial_summary, longest, SECONDS_MAX)},
    {"phase_sums_s", "of all of them: `name_lookup`, `connect`, `tls`, `wait`, `receive`, `work`",
     OWN(write_phases, read_phases), .json = "object", .naming = &naming_phases},
    {"settled_p95_s", "after the gate: when 95 % were done", SECONDS(struct trial_summary, settled_p95, SECONDS_MAX)},
    {"last_start_s", "after the gate: when the last was begun", SECONDS(struct trial_summary, last_start, SECONDS_MAX)},
    {"arrivals", "what became of them at a rate; `null` without `--rate`",
     OPTIONAL(struct trial_summary, arrivals, arrivals.is_present, record_arrivals)},
};
static const struct record record_downloads = {"downloads", RECORD(struct trial_summary, downloads_fields),
                                               .check = check_outcomes};

static bool has_run(const void *base)
{
    return ((const struct trial *)base)->status == TRIAL_COMPLETE;
}

static void write_time(struct record_writer *writer, const void *base)
{
    json_put_seconds(&writer->json, trial_time(base));
}

static void write_gate(struct record_writer *writer, const void *base)
{
    nanoseconds gate = ((const struct trial *)base)->gate;
    json_put_seconds(&writer->json, gate > writer->began ? gate - writer->began : 0);
}

static int read_gate(const struct json_value *node, void *base)
{
    return json_value_read_seconds(node, SECONDS_MAX, &((struct trial *)base)->gate);
}

static const struct field trial_client_fields[] = {
    {"proof", "whose word there is for its downloads: that of the `origin`, its own `report`, or `none`",
     NAMED(struct trial_client, proof, naming_proofs)},
    {"own_times", "whether times of downloads are those of its report; otherwise the origin's",
     FLAG(struct trial_client, has_own_times)},
    {"first_request_s", "after its start (0: not known)", SECONDS(struct trial_client, first_request, SECONDS_MAX)},
    {"tls_handshakes", "that the origin saw", COUNT(struct trial_client, handshakes, 0, INT64_MAX)},
    {"http10", "downloads asked for in HTTP/1.0", COUNT(struct trial_client, http10, 0, UINT32_MAX)},
    {"left_behind", "processes that were there when it had ended, and were killed",
     COUNT(struct trial_client, left_behind, 0, UINT32_MAX)},
};
static const struct record record_trial_client = {"trial_client", RECORD(struct trial_client, trial_client_fields)};

static const struct field trial_machine_fields[] = {
    {"settled", "downloads of its share that ended in any way", COUNT(struct trial_machine, settled, 0, UINT32_MAX)},
    {"failed", "of those", COUNT(struct trial_machine, failed, 0, UINT32_MAX)},
    {"startup_s", "until it was ready", SECONDS(struct trial_machine, startup, SECONDS_MAX)},
    {"run_s", "from the common gate to its own last download", SECONDS(struct trial_machine, run, SECONDS_MAX)},
    {"cpu_s", "CPU time", SECONDS(struct trial_machine, cpu, SECONDS_SUM_MAX)},
    {"clock_error_s", "what its clock may differ by from what was found out; 0 of the leader",
     SECONDS(struct trial_machine, clock_error, SECONDS_MAX)},
};
static const struct record record_trial_machine = {"trial_machine", RECORD(struct trial_machine, trial_machine_fields)};

#define SCHEMA_SECONDS "\"type\": \"number\", \"minimum\": 0"

static const struct field round_fields[] = {
    {"round", "from 0, among the measured rounds", COUNT(struct trial, round, 0, ROUNDS_MAX)},
    {"position", "from 0, within the round", COUNT(struct trial, position, 0, CELLS_MAX)},
    {"status", "how it ended", NAMED(struct trial, status, naming_status)},
    {"reason", "why, for all but `complete`", TEXT(struct trial, reason)},
    {"time_s", "startup + run", OWN(write_time, NULL), .is_there = has_run,
     .schema = "\"type\": [\"number\", \"null\"], \"minimum\": 0"},
    {"gate_s", "when its gate opened, since the first one of all", OWN(write_gate, read_gate),
     .schema = SCHEMA_SECONDS},
    {"startup_s", "making handles, threads and processes", SECONDS(struct trial, startup, SECONDS_MAX)},
    {"warm_s", "opening connections beforehand, which does not count", SECONDS(struct trial, warm, SECONDS_MAX)},
    {"run_s", "from the gate to the last download", SECONDS(struct trial, run, SECONDS_MAX), .is_there = has_run},
    {"teardown_s", "which does not count", SECONDS(struct trial, teardown, SECONDS_MAX)},
    {"resources",
     "of all processes; `null` where the system did not tell it of every one, or the trial ended before it could be "
     "read",
     OBJECT(struct trial, resources, record_resources)},
    {"host", "what else went on; `null` where that cannot be found out", OBJECT(struct trial, host, record_host)},
    {"loop_lag_p99_s", "of event loops", SECONDS(struct trial, lag.p99, SECONDS_MAX)},
    {"loop_lag_max_s", "of event loops", SECONDS(struct trial, lag.longest, SECONDS_MAX)},
    {"late_p50_s", "after what a download was due who waited for it woke up, half of the time at most (`--rate`)",
     SECONDS(struct trial, late.p50, SECONDS_MAX)},
    {"late_p99_s", "the same, 99 % of the time at most", SECONDS(struct trial, late.p99, SECONDS_MAX)},
    {"late_max_s", "the same, the longest", SECONDS(struct trial, late.longest, SECONDS_MAX)},
    {"warm_requests", "made before the clock started", COUNT(struct trial, warm_requests, 0, UINT32_MAX)},
    {"http2_warm_connects", "connections HTTP/2 was spoken over that were made beforehand",
     COUNT(struct trial, http2.warm_connects, 0, UINT32_MAX)},
    {"http2_most_streams", "downloads under way at once on one connection that transfers share (0: none is shared)",
     COUNT(struct trial, http2.most_streams, 0, UINT32_MAX)},
    {"witness", "what the embedded origin saw of the run; `null` without an origin",
     OPTIONAL(struct trial, origin_counts, origin_counts.is_present, record_origin_counts)},
    {"client", "of a client's trial; `null` of a mode's",
     OPTIONAL(struct trial, client, client.is_present, record_trial_client)},
    {"machines", "what each of several did, in the order of the document's `machines`; `[]`: there is one",
     LIST(struct trial, machines, machine_count, record_trial_machine, MACHINES_MAX)},
    {"downloads", "what the samples amount to", OBJECT(struct trial, summary, record_downloads)},
    {"samples", "settled downloads as rows; `null` where they were not kept (`--samples`)",
     OWN(samples_write, samples_read), .json = "array", .is_nullable = true, .record = &record_sample},
};
const struct record record_round = {"round", RECORD(struct trial, round_fields)};

/* Samples: 19 columns, of times since the gate */

static void write_service(struct record_writer *writer, const void *base)
{
    const struct filtered_sample *row = base;
    json_put_seconds(&writer->json, row->sample.end - row->sample.start);
}

static int read_service(const struct json_value *node, void *base)
{
    struct filtered_sample *row = base;
    nanoseconds service = 0;
    int status = json_value_read_seconds(node, SECONDS_MAX, &service);
    row->sample.end = row->sample.start + service;
    return status;
}

static int read_settled(const struct json_value *node, void *base)
{
    struct filtered_sample *row = base;
    if (json_value_read_seconds(node, 2 * SECONDS_MAX, &row->sample.settled) != 0)
        return -1;
    return row->sample.settled >= row->sample.end ? 0 : json_value_refuse(node, "before the response was there");
}

static void write_settled(struct record_writer *writer, const void *base)
{
    json_put_seconds(&writer->json, ((const struct filtered_sample *)base)->sample.settled);
}

static void write_curl_code(struct record_writer *writer, const void *base)
{
    json_put_whole(&writer->json, sample_transfer_code(&((const struct filtered_sample *)base)->sample));
}

/* Behind the outcome. */
static int read_curl_code(const struct json_value *node, void *base)
{
    struct filtered_sample *row = base;
    uint64_t code = 0;
    int status = json_value_read_whole(node, 0, UINT8_MAX, &code);
    if (row->sample.outcome != OUTCOME_OK)
        row->sample.transfer_code = (uint8_t)code;
    return status;
}

static void write_body_digest(struct record_writer *writer, const void *base)
{
    json_put_whole(&writer->json, sample_digest(&((const struct filtered_sample *)base)->sample));
}

/* Behind the outcome. */
static int read_body_digest(const struct json_value *node, void *base)
{
    struct filtered_sample *row = base;
    uint64_t digest = 0;
    int status = json_value_read_whole(node, 0, UINT32_MAX, &digest);
    if (row->sample.outcome == OUTCOME_OK)
        row->sample.body_digest = (uint32_t)digest;
    return status;
}

#define SAMPLE_COUNT(member, most) COUNT(struct filtered_sample, member, 0, most)

static const struct field sample_fields[] = {
    {"unit", "number in the plan, from 0", SAMPLE_COUNT(unit, UINT32_MAX)},
    {"url", "index into `urls`", SAMPLE_COUNT(url, UINT32_MAX)},
    {"worker", "from 0", SAMPLE_COUNT(sample.worker, UINT32_MAX)},
    {"start_s", "since the gate opened: a worker took the URL",
     SECONDS(struct filtered_sample, sample.start, SECONDS_MAX)},
    {"service_s", "from taking the URL to having the response", OWN(write_service, read_service),
     .schema = SCHEMA_SECONDS},
    {"settled_s", "since the gate opened: the response was there and worked on", OWN(write_settled, read_settled),
     .schema = SCHEMA_SECONDS},
    {"name_lookup_s", "by libcurl, since the transfer began, as the next three; 0: did not happen",
     MICROSECONDS(struct filtered_sample, sample.name_lookup_us)},
    {"connect_s", "cumulative, as above", MICROSECONDS(struct filtered_sample, sample.connect_us)},
    {"tls_s", "cumulative, as above", MICROSECONDS(struct filtered_sample, sample.tls_us)},
    {"first_byte_s",
     "of the final answer, not of an interim one (1xx); that of a download that waited for an HTTP/2 connection made "
     "by another counts that wait",
     MICROSECONDS(struct filtered_sample, sample.first_byte_us)},
    {"body_bytes", "of bodies", SAMPLE_COUNT(sample.body_bytes, INT64_MAX)},
    {"status", "of the last response; 0 without one", SAMPLE_COUNT(sample.status, UINT16_MAX)},
    {"connects", "connections made for it", SAMPLE_COUNT(sample.connects, UINT8_MAX)},
    {"redirects", "that were followed", SAMPLE_COUNT(sample.redirects, UINT8_MAX)},
    {"outcome", "`ok` or a failure class", NAMED(struct filtered_sample, sample.outcome, naming_settled)},
    {"http_version", "10, 11, 20, 30; 0 without a response", SAMPLE_COUNT(sample.http_version, UINT8_MAX)},
    {"curl_code", "libcurl's result code", OWN(write_curl_code, read_curl_code),
     .schema = "\"type\": \"integer\", \"minimum\": 0, \"maximum\": 255"},
    {"retries", "how often it was begun again (`--retry`)", SAMPLE_COUNT(sample.retries, UINT8_MAX)},
    {"body_digest", "32 bits (XXH3) by which bodies are told apart; 0: not known, empty, or not `ok`",
     OWN(write_body_digest, read_body_digest),
     .schema = "\"type\": \"integer\", \"minimum\": 0, \"maximum\": 4294967295"},
};
_Static_assert(sizeof(sample_fields) / sizeof(sample_fields[0]) == SAMPLE_COLUMNS, "every column has its row");
const struct record record_sample = {"sample", RECORD(struct filtered_sample, sample_fields), .is_row = true};

/* Results */

static void write_times(struct record_writer *writer, const void *base)
{
    const struct cell_stats *stats = base;
    json_open(&writer->json, '[');
    for (size_t row = 0; row < stats->rounds; row++)
        json_put_number(&writer->json, cell_stats_value(stats, row, METRIC_TIME));
    json_close(&writer->json, ']');
}

static void write_exit_codes(struct record_writer *writer, const void *base)
{
    const struct cell_stats *stats = base;
    json_open(&writer->json, '[');
    for (size_t row = 0; row < stats->rounds; row++)
        json_put_whole(&writer->json, 0);
    json_close(&writer->json, ']');
}

static void write_command(struct record_writer *writer, const void *base)
{
    const struct cell_stats *stats = base;
    char command[64];
    snprintf(command, sizeof(command), "%s/%" PRIu32, stats->cell->mode, stats->cell->workers);
    json_put_name(&writer->json, command);
}

static void write_parameters(struct record_writer *writer, const void *base)
{
    const struct cell_stats *stats = base;
    char workers[16];
    snprintf(workers, sizeof(workers), "%" PRIu32, stats->cell->workers);
    json_open(&writer->json, '{');
    json_key(&writer->json, "mode");
    json_put_name(&writer->json, stats->cell->mode);
    json_key(&writer->json, "workers");
    json_put_name(&writer->json, workers);
    json_close(&writer->json, '}');
}

static const struct field hyperfine_fields[] = {
    {"command",
     "this and the next ten are hyperfine's fields with hyperfine's meaning, in seconds, of the rounds that count: "
     "like `threads/8`",
     OWN(write_command, NULL), .schema = "\"type\": \"string\""},
    {"mean", "as hyperfine has it", FIGURE(struct cell_stats, mean)},
    {"stddev", "as hyperfine has it", FIGURE(struct cell_stats, standard_deviation)},
    {"median", "as hyperfine has it", FIGURE(struct cell_stats, metrics[METRIC_TIME].value)},
    {"user", "as hyperfine has it", FIGURE(struct cell_stats, metrics[METRIC_CPU_USER].value)},
    {"system", "as hyperfine has it", FIGURE(struct cell_stats, metrics[METRIC_CPU_SYSTEM].value)},
    {"min", "as hyperfine has it", FIGURE(struct cell_stats, minimum)},
    {"max", "as hyperfine has it", FIGURE(struct cell_stats, maximum)},
    {"times", "startup + run", OWN(write_times, NULL),
     .schema = "\"type\": \"array\", \"items\": {" SCHEMA_SECONDS "}"},
    {"exit_codes", "0 for each of `times`", OWN(write_exit_codes, NULL),
     .schema = "\"type\": \"array\", \"items\": {\"const\": 0}"},
    {"parameters", "like `{\"mode\": \"threads\", \"workers\": \"8\"}`", OWN(write_parameters, NULL),
     .schema = "\"type\": \"object\", \"properties\": {\"mode\": {\"type\": \"string\"}, \"workers\": {\"type\": "
               "\"string\", \"pattern\": \"^[0-9]+$\"}}, \"required\": [\"mode\", \"workers\"], "
               "\"additionalProperties\": false"},
};
static const struct record record_hyperfine = {NULL, RECORD(struct cell_stats, hyperfine_fields), .is_concluded = true};

static const struct {
    const char *name;
    unsigned trait;
} trait_names[] = {
    {"one_worker", MODE_ONE_WORKER},   {"own_processes", MODE_OWN_PROCESSES},
    {"cooperative", MODE_COOPERATIVE}, {"all_cores", MODE_ALL_CORES},
    {"hidden", MODE_HIDDEN},           {"scripted", MODE_SCRIPTED},
    {"client", MODE_IS_CLIENT},
};
enum { TRAITS = sizeof(trait_names) / sizeof(trait_names[0]) };

static const char *name_trait(unsigned index)
{
    return trait_names[index].name;
}

static const struct naming naming_traits = {name_trait, 0, TRAITS};

static void write_traits(struct record_writer *writer, const void *base)
{
    const struct run_cell *cell = base;
    json_open(&writer->json, '[');
    for (size_t i = 0; i < TRAITS; i++) {
        if ((cell->traits & trait_names[i].trait) != 0)
            json_put_name(&writer->json, trait_names[i].name);
    }
    json_close(&writer->json, ']');
}

static int read_traits(const struct json_value *node, void *base)
{
    struct run_cell *cell = base;
    if (json_value_expect_array(node, 0, TRAITS) != 0)
        return -1;
    for (size_t i = 0; i < json_array_size(node->value); i++) {
        struct json_value item = json_value_item(node, i);
        const char *name = json_string_value(item.value);
        unsigned trait = 0;
        for (size_t j = 0; name != NULL && j < TRAITS; j++)
            trait |= strcmp(name, trait_names[j].name) == 0 ? trait_names[j].trait : 0;
        if (trait == 0)
            return json_value_refuse(&item, "unknown");
        cell->traits |= trait;
    }
    return 0;
}

static const struct field cell_fields[] = {
    {"mode", "where cells differ by their connections, like `threads:fresh`", TEXT(struct run_cell, mode)},
    {"connections", "what becomes of them", NAMED(struct run_cell, connections, naming_connections)},
    {"workers", "how many, on each machine", COUNT(struct run_cell, workers, 1, WORKERS_MAX)},
    {"machines", "how many (0, too, is one)", COUNT(struct run_cell, machines, 0, MACHINES_MAX)},
    {"rate_per_s", "downloads that fall due in a second; `null`: each worker takes the next when it is free",
     AMOUNT(struct run_cell, rate, RATE_MAX)},
    {"planned_downloads", "of one trial", COUNT(struct run_cell, downloads, 1, UINT32_MAX), .bound = BOUND_DOWNLOADS},
    {"traits", "what is known of the mode", OWN(write_traits, read_traits), .json = "array", .naming = &naming_traits},
    {"stage", "`main`: ranked; `sweep`: looked at to choose a number of workers",
     NAMED(struct run_cell, stage, naming_stages)},
    {"group", "cells of one group ran in the same rounds", COUNT(struct run_cell, group, 0, UINT32_MAX)},
};
static const struct record record_cell = {NULL, RECORD(struct run_cell, cell_fields)};

static void write_client_command(struct record_writer *writer, const void *base)
{
    json_put_text(&writer->json, ((const struct run_cell *)base)->command);
}

static int read_client_command(const struct json_value *node, void *base)
{
    struct run_cell *cell = base;
    cell->command = json_value_read_long_text(node);
    return cell->command != NULL ? 0 : -1;
}

static const struct field client_command_fields[] = {
    {"command", "as it was typed", OWN(write_client_command, read_client_command), .json = "string"},
    {"shell", "what ran it: `sh`, or `none`, which split it into words",
     NAMED(struct run_cell, has_shell, naming_shells)},
};
static const struct record record_client_command = {NULL, RECORD(struct run_cell, client_command_fields)};

static const struct field client_figure_fields[] = {
    {"first_request_s", "from its start to its first request (median; `null`: not known)",
     FIGURE(struct cell_stats, metrics[METRIC_STARTUP].value)},
};
static const struct record record_client_figures = {NULL, RECORD(struct cell_stats, client_figure_fields),
                                                    .is_concluded = true};

static const struct field client_fields[] = {
    {NULL, NULL, POINTED_MEMBERS(struct result, cell, record_client_command)},
    {NULL, NULL, POINTED_MEMBERS(struct result, stats, record_client_figures)},
};
static const struct record record_client = {"client", RECORD(struct result, client_fields)};

static bool has_client(const void *base)
{
    return (((const struct result *)base)->cell->traits & MODE_IS_CLIENT) != 0;
}

static const struct field rank_fields[] = {
    {"low", "lower end", COUNT(struct cell_stats, rank_low, 1, CELLS_MAX)},
    {"high", "upper end", COUNT(struct cell_stats, rank_high, 1, CELLS_MAX)},
};
static const struct record record_rank = {"rank", RECORD(struct cell_stats, rank_fields), .is_row = true,
                                          .is_concluded = true};

static bool has_rank(const void *base)
{
    return ((const struct cell_stats *)base)->rank_low != 0;
}

/* Medians over rounds. */
static void write_metrics(struct record_writer *writer, const struct field *field, const void *base)
{
    const struct cell_stats *stats = base;
    (void)field;
    for (enum metric metric = 0; metric < METRIC_COUNT; metric++) {
        const struct metric_row *row = metric_row(metric);
        const struct field median = {.offset = (size_t)((const char *)&stats->metrics[metric] - (const char *)stats)};
        double value = stats->metrics[metric].value;
        json_key(&writer->json, row->name);
        if ((row->traits & METRIC_HAS_INTERVAL) != 0)
            write_estimate(writer, &median, stats);
        else
            json_put_number(&writer->json, (row->traits & METRIC_WHOLE) != 0 ? ceil(value) : value);
    }
}

static void describe_metrics(struct json_writer *json, bool names_only)
{
    for (enum metric metric = 0; metric < METRIC_COUNT; metric++) {
        const struct metric_row *row = metric_row(metric);
        if (names_only) {
            json_put_name(json, row->name);
            continue;
        }
        json_key(json, row->name);
        json_open(json, '{');
        if ((row->traits & METRIC_HAS_INTERVAL) != 0)
            json_put_raw(json, "\"anyOf\": [{\"type\": \"null\"}, {\"$ref\": \"#/$defs/estimate\"}]");
        else if ((row->traits & METRIC_WHOLE) != 0)
            json_put_raw(json, "\"type\": [\"integer\", \"null\"], \"minimum\": 0");
        else
            json_put_raw(json, "\"type\": [\"number\", \"null\"], \"minimum\": 0");
        json_key(json, "description");
        json_put_name(json, row->meaning);
        json_close(json, '}');
    }
}

const struct field_type field_metrics = {.write = write_metrics, .describe = describe_metrics};

static const struct field stats_fields[] = {
    {"rank",
     "`[low, high]`: 1 and how many beat it, and all less how many it beats; `null`: not ranked, for want of rounds or "
     "because "
     "too many downloads failed",
     SELF(record_rank), .is_there = has_rank},
    {"rounds_counted", "complete rounds that were not dropped: what all figures rest on",
     COUNT(struct cell_stats, rounds, 0, ROUNDS_MAX)},
    {"outliers", "rounds far from the others (kept)", COUNT(struct cell_stats, outliers, 0, ROUNDS_MAX)},
    {"cold_time_s", "time of the first warm-up round", FIGURE(struct cell_stats, cold_time)},
    {"speedup",
     "how many times as fast as the reference, paired by round. `null` without a reference in the same rounds, and "
     "where too many downloads of either failed",
     ESTIMATE(struct cell_stats, speedup)},
    {"failure_classes", "how many downloads failed of each class, per round (median, rounded up)",
     COUNTS_BY_NAME(struct cell_stats, failure_classes, naming_failures)},
    {NULL, NULL, METRICS()},
};
static const struct record record_stats = {NULL, RECORD(struct cell_stats, stats_fields), .is_concluded = true};

static const struct field url_failure_fields[] = {
    {"url", "index into `urls`", COUNT(struct url_failure, url, 0, UINT32_MAX), .bound = BOUND_URLS},
    {"class", "the failure class", NAMED(struct url_failure, outcome, naming_failures)},
    {"count", "how often", COUNT(struct url_failure, count, 1, INT64_MAX)},
    {"code",
     "which reports put into words: of `tls` libcurl's code (60: the certificate is not trusted); of `connect` 1: "
     "refused, 2: no route, 3: no network, 4: reset, 5: by a proxy; of `check` 128: the first of `policy.checks`, 129: "
     "the "
     "next, and so on; 0: not known, and of others",
     COUNT(struct url_failure, code, 0, UINT8_MAX)},
};
static const struct record record_url_failure = {"url_failure", RECORD(struct url_failure, url_failure_fields),
                                                 .is_row = true};

static void write_points(struct record_writer *writer, const void *base)
{
    const struct latency_percentiles *times = base;
    json_open(&writer->json, '[');
    for (size_t i = 0; i < LATENCY_POINTS && times->count > 0; i++)
        json_put_seconds(&writer->json, times->points[i]);
    json_close(&writer->json, ']');
}

static int read_points(const struct json_value *node, void *base)
{
    struct latency_percentiles *times = base;
    size_t count = times->count > 0 ? LATENCY_POINTS : 0;
    if (json_value_expect_array(node, count, LATENCY_POINTS) != 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        struct json_value point = json_value_item(node, i);
        if (json_value_read_seconds(&point, SECONDS_MAX, &times->points[i]) != 0)
            return -1;
        if (i > 0 && times->points[i] < times->points[i - 1])
            return json_value_refuse(&point, "less than the one before");
    }
    return 0;
}

static bool has_service(const void *base)
{
    return ((const struct latency_percentiles *)base)->count > 0;
}

static const struct field latency_fields[] = {
    {"count", "samples over all rounds", COUNT(struct latency_percentiles, count, 0, INT64_MAX),
     .bound = BOUND_SAMPLES},
    {"sum", "of all of them", SECONDS(struct latency_percentiles, sum, SECONDS_SUM_MAX)},
    {"slowest_url", "index into `urls`", COUNT(struct latency_percentiles, slowest_url, 0, UINT32_MAX),
     .bound = BOUND_URLS, .is_there = has_service},
    {"points", "the distribution, at the per cents of `service_points`", OWN(write_points, read_points),
     .schema = "\"type\": \"array\", \"items\": {" SCHEMA_SECONDS "}"},
};
static const struct record record_latency = {NULL, RECORD(struct latency_percentiles, latency_fields)};

static const struct field service_stats_fields[] = {
    {"p50", "exact nearest rank, as the next three; `null` where the sample cannot carry it",
     FIGURE(struct cell_stats, service_p50)},
    {"p90", "as above", FIGURE(struct cell_stats, service_p90)},
    {"p95", "as above", FIGURE(struct cell_stats, service_p95)},
    {"p99", "as above", FIGURE(struct cell_stats, service_p99)},
    {"max", "the slowest", FIGURE(struct cell_stats, service_max)},
    {"mean", "of all of them", FIGURE(struct cell_stats, service_mean)},
};
static const struct record record_service_stats = {NULL, RECORD(struct cell_stats, service_stats_fields),
                                                   .is_concluded = true};

static const struct field service_fields[] = {
    {NULL, NULL, POINTED_MEMBERS(struct result, service, record_latency)},
    {NULL, NULL, POINTED_MEMBERS(struct result, stats, record_service_stats)},
};
static const struct record record_service = {"service", RECORD(struct result, service_fields)};

/* Times only: nothing is concluded from them but how cold the start was. */
static void write_warmups(struct record_writer *writer, const void *base)
{
    const struct run_cell *cell = base;
    json_open(&writer->json, '[');
    for (size_t i = 0; i < cell->warmup_count; i++)
        json_put_seconds(&writer->json, trial_time(&cell->warmups[i]));
    json_close(&writer->json, ']');
}

static int read_warmups(const struct json_value *node, void *base)
{
    struct run_cell *cell = base;
    cell->warmups = node_make_items(node, 0, ROUNDS_MAX, sizeof(cell->warmups[0]));
    for (size_t i = 0; cell->warmups != NULL && i < json_array_size(node->value); i++) {
        struct json_value time = json_value_item(node, i);
        if (json_value_read_seconds(&time, 2 * SECONDS_MAX, &cell->warmups[i].run) != 0)
            return -1;
        cell->warmup_count++;
    }
    return cell->warmups != NULL ? 0 : -1;
}

static int check_rounds(const struct json_value *node, void *base)
{
    const struct run_cell *cell = base;
    struct json_value rounds = json_value_member(node, "rounds");
    for (size_t i = 1; i < cell->trial_count; i++) {
        struct json_value round = json_value_item(&rounds, i);
        if (cell->trials[i].round <= cell->trials[i - 1].round)
            return json_value_refuse(&round, "round %" PRIu32 " does not follow the one before", cell->trials[i].round);
    }
    return 0;
}

static int check_failing(const struct json_value *node, void *base)
{
    const struct cell_totals *totals = base;
    if (totals->failing_urls >= totals->url_failure_count)
        return 0;
    struct json_value failing = json_value_member(node, "failing_urls");
    return json_value_refuse(&failing, "fewer than are listed");
}

static const struct field totals_fields[] = {
    {"failing_urls", "how many URLs failed over all rounds, each way of failing counted",
     COUNT(struct cell_totals, failing_urls, 0, INT64_MAX)},
    {"url_failures", "the 100 that failed most often: `[url, class, count, code]`",
     LIST(struct cell_totals, url_failures, url_failure_count, record_url_failure, URL_FAILURES_MAX)},
};
static const struct record record_totals = {NULL, RECORD(struct cell_totals, totals_fields), .check = check_failing};

static const struct field trials_fields[] = {
    {"warmup_times_s", "of the warm-up rounds", OWN(write_warmups, read_warmups),
     .schema = "\"type\": \"array\", \"items\": {" SCHEMA_SECONDS "}"},
    {"rounds", "one object for each trial", LIST(struct run_cell, trials, trial_count, record_round, ROUNDS_MAX),
     .is_by_line = true},
};
static const struct record record_trials = {NULL, RECORD(struct run_cell, trials_fields), .check = check_rounds};

static const struct field result_fields[] = {
    {NULL, NULL, POINTED_MEMBERS(struct result, stats, record_hyperfine)},
    {NULL, NULL, POINTED_MEMBERS(struct result, cell, record_cell)},
    {"client", "the program behind a client; `null` of a mode", SELF(record_client), .is_there = has_client},
    {NULL, NULL, POINTED_MEMBERS(struct result, stats, record_stats)},
    {"service_s", "service times over all rounds", SELF(record_service)},
    {NULL, NULL, POINTED_MEMBERS(struct result, totals, record_totals)},
    {NULL, NULL, POINTED_MEMBERS(struct result, cell, record_trials)},
};
const struct record record_result = {"result", RECORD(struct result, result_fields)};

/* The document */

static void write_schema_name(struct record_writer *writer, const void *base)
{
    (void)base;
    json_put_name(&writer->json, DOCUMENT_SCHEMA);
}

static int read_schema_name(const struct json_value *node, void *base)
{
    char name[64];
    (void)base;
    if (json_value_read_text(node, name, sizeof(name)) != 0)
        return -1;
    return strcmp(name, DOCUMENT_SCHEMA) == 0
               ? 0
               : json_value_refuse(node->parent,
                                   "its schema is \"%s\", and this version of conc-bench reads \"" DOCUMENT_SCHEMA
                                   "\" only; make the document again, or read it with the version that wrote it",
                                   name);
}

static void write_service_points(struct record_writer *writer, const void *base)
{
    (void)base;
    json_open(&writer->json, '[');
    for (size_t i = 0; i < LATENCY_POINTS; i++)
        json_put_number(&writer->json, latency_point_percent(i));
    json_close(&writer->json, ']');
}

static void put_columns(struct json_writer *json)
{
    json_open(json, '[');
    for (size_t i = 0; i < record_sample.count; i++)
        json_put_name(json, record_sample.fields[i].name);
    json_close(json, ']');
}

static void write_columns(struct record_writer *writer, const void *base)
{
    (void)base;
    put_columns(&writer->json);
}

static int read_columns(const struct json_value *node, void *base)
{
    (void)base;
    if (json_value_expect_array(node, record_sample.count, record_sample.count) != 0)
        return -1;
    for (size_t i = 0; i < record_sample.count; i++) {
        struct json_value column = json_value_item(node, i);
        const char *name = json_string_value(column.value);
        if (name == NULL || strcmp(name, record_sample.fields[i].name) != 0)
            return json_value_refuse(&column, "not \"%s\"", record_sample.fields[i].name);
    }
    return 0;
}

static const struct field head_fields[] = {
    {"schema", "`" DOCUMENT_SCHEMA "`", OWN(write_schema_name, read_schema_name),
     .schema = "\"const\": \"" DOCUMENT_SCHEMA "\""},
    {"tool", "what measured", SELF(record_tool)},
    {"machine", "where; of several, the one that led the run, with the cores of all", SELF(record_machine)},
    {"machines", "of a run of several, the one that led it first; `[]`: there is one",
     LIST(struct run, machines, machine_count, record_run_machine, MACHINES_MAX)},
    {"started_at", "date and time of day in UTC (ISO 8601)", TEXT(struct run, started_at),
     .pattern = "^([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?$"},
    {"workload", "what was downloaded", SELF(record_workload)},
    {"policy", "how", SELF(record_policy)},
    {"experiment", "how often", SELF(record_experiment)},
    {"seed", "repeats the order with `--seed`", COUNT(struct run, seed, 0, INT64_MAX)},
    {"partial", "whether the run was cut short", FLAG(struct run, is_partial)},
    {"interrupting_signal", "by which signal (0: none, or by an error, which is then the `stop_reason`)",
     COUNT(struct run, interrupting_signal, 0, 64)},
};
static const struct record record_head = {NULL, RECORD(struct run, head_fields), .is_by_line = true};

static const struct field tail_fields[] = {
    {"warnings", "sentences", TEXTS(struct run, warnings, warning_count, WARNINGS_MAX)},
    {"service_points", "the per cents that `points` of service times stand for", OWN(write_service_points, NULL),
     .schema = "\"type\": \"array\", \"items\": {\"type\": \"number\", \"exclusiveMinimum\": 0, \"maximum\": 100}"},
    {"sample_columns", "what the columns of samples are", OWN(write_columns, read_columns), .json = "array",
     .naming = &naming_columns},
    {"urls",
     "distinct URLs, in the order of the list; of requests `POST http://a.test/`, and `POST http://a.test/ #2` for a "
     "second of that name",
     OWN(urls_write, urls_read), .json = "array", .low = 1,
     .schema = "\"type\": \"array\", \"items\": {\"type\": \"string\"}, \"minItems\": 1"},
    {"results", "one object for each mode and number of workers, in the order they were planned",
     OWN(results_write, results_read), .json = "array", .low = 1, .record = &record_result},
};
static const struct record record_tail = {NULL, RECORD(struct run, tail_fields), .is_by_line = true};

static const struct field document_fields[] = {
    {NULL, NULL, POINTED_MEMBERS(struct document, run, record_head)},
    {NULL, NULL, POINTED_MEMBERS(struct document, analysis, record_analysis)},
    {"verdicts", "the results of assertions (`--assert`, `--baseline`)",
     LIST(struct document, assertion_results, assertion_result_count, record_verdict, TEXTS_MAX)},
    {"validity", "whether the figures can be compared", POINTED(struct document, validity, record_validity)},
    {NULL, NULL, POINTED_MEMBERS(struct document, run, record_tail)},
    {"per_url", "figures of each URL, or `null` without `--per-url`",
     POINTED(struct document, per_url, record_per_url)},
};
const struct record record_document_all = {"document", RECORD(struct document, document_fields), .is_by_line = true};

const struct record *const document_records[] = {
    &record_document_all,
    &record_tool,
    &record_machine,
    &record_workload,
    &record_policy,
    &record_experiment,
    &record_recommended,
    &record_finding,
    &record_sweep,
    &record_machine_sweep,
    &record_machine_sweep_point,
    &record_machine_fit,
    &record_sweep_point,
    &record_objective,
    &record_rate_curve,
    &record_fit,
    &record_speedup_breakdown,
    &record_gain,
    &record_verdict,
    &record_validity,
    &record_dropped,
    &record_mismatch,
    &record_furthest,
    &record_variation,
    &record_estimate,
    &record_result,
    &record_client,
    &record_trial_client,
    &record_rank,
    &record_service,
    &record_url_failure,
    &record_round,
    &record_resources,
    &record_host,
    &record_origin_counts,
    &record_downloads,
    &record_arrivals,
    &record_sample,
    &record_per_url,
    &record_url_total,
    &record_url,
    &record_url_cell,
    &record_run_machine,
    &record_trial_machine,
    NULL,
};
