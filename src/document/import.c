#include "conc_bench/document/import.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/analysis/evidence.h"
#include "conc_bench/analysis/latency_percentiles.h"
#include "conc_bench/analysis/validity.h"
#include "conc_bench/base/text.h"
#include "import_parts.h"
#include "json_parts.h"

/* What was run */

static int read_tool(const struct node *document, struct run *run)
{
    struct node tool;
    struct node machine;
    if (node_object(document, "tool", &tool) != 0 ||
        node_text(&tool, "version", run->tool_version, sizeof(run->tool_version)) != 0 ||
        node_text(&tool, "libcurl", run->libcurl_version, sizeof(run->libcurl_version)) != 0 ||
        node_text(&tool, "tls", run->tls_version, sizeof(run->tls_version)) != 0)
        return -1;
    if (node_object(document, "machine", &machine) != 0 ||
        node_text(&machine, "system", run->machine_system, sizeof(run->machine_system)) != 0 ||
        node_text(&machine, "cpu", run->machine_cpu, sizeof(run->machine_cpu)) != 0 ||
        node_count32(&machine, "cores", 1, CORES_MAX, &run->cores) != 0 ||
        node_number_or(&machine, "cpu_quota", 0, CORES_MAX, 0, &run->cpu_quota) != 0)
        return -1;
    return node_text(document, "started_at", run->started_at, sizeof(run->started_at));
}

static int read_sources(const struct node *workload, struct run *run)
{
    struct node sources;
    if (node_array(workload, "sources", 100000, &sources) != 0)
        return -1;
    size_t count = json_array_size(sources.value);
    run->sources = calloc(count + 1, sizeof(run->sources[0]));
    if (run->sources == NULL)
        return node_no_memory(&sources);
    for (size_t i = 0; i < count; i++) {
        struct node source = node_item(&sources, i);
        run->sources[i] = node_read_long_text(&source);
        if (run->sources[i] == NULL)
            return -1;
        run->source_count++;
    }
    return 0;
}

/* All in one piece of memory. */
static int read_urls(const struct node *document, struct run *run)
{
    struct node urls;
    if (node_array(document, "urls", UINT32_MAX, &urls) != 0)
        return -1;
    size_t size = 1;
    for (size_t i = 0; i < json_array_size(urls.value); i++)
        size += json_string_length(json_array_get(urls.value, i)) * strlen("\\xNN") + 1;
    if (json_array_size(urls.value) != run->distinct_urls)
        return node_refuse(&urls, "%zu URLs instead of %" PRIu32, json_array_size(urls.value), run->distinct_urls);
    run->urls = calloc((size_t)run->distinct_urls + 1, sizeof(run->urls[0]));
    char *texts = run->lent[0] = malloc(size);
    if (run->urls == NULL || texts == NULL)
        return node_no_memory(&urls);
    for (uint32_t i = 0; i < run->distinct_urls; i++) {
        struct node url = node_item(&urls, i);
        if (json_string_length(url.value) > URL_MAX_BYTES)
            return node_refuse(&url, "longer than %d bytes", (int)URL_MAX_BYTES);
        if (node_read_text(&url, texts, size) != 0)
            return -1;
        run->urls[i] = texts;
        size -= strlen(texts) + 1;
        texts += strlen(texts) + 1;
    }
    return 0;
}

static int read_workload(const struct node *document, struct run *run)
{
    struct node workload;
    char summary[17];
    char order[16];
    if (node_object(document, "workload", &workload) != 0 || read_sources(&workload, run) != 0 ||
        node_count32(&workload, "downloads", 1, UINT32_MAX, &run->downloads) != 0 ||
        node_count32(&workload, "distinct_urls", 1, UINT32_MAX, &run->distinct_urls) != 0 ||
        node_count32(&workload, "hosts", 1, UINT32_MAX, &run->hosts) != 0 ||
        node_count32(&workload, "unresolved_hosts", 0, UINT32_MAX, &run->unresolved_hosts) != 0 ||
        node_text(&workload, "digest", summary, sizeof(summary)) != 0 ||
        node_text(&workload, "order", order, sizeof(order)) != 0 ||
        node_seconds(&workload, "cpu_work_s", &run->cpu_work) != 0 ||
        node_flag(&workload, "is_server_local", &run->is_server_local) != 0 ||
        node_flag_or(&workload, "is_proxy_local", false, &run->is_proxy_local) != 0)
        return -1;
    if (strlen(summary) != 16 || strspn(summary, "0123456789abcdef") != 16) {
        struct node node = node_member(&workload, "digest");
        return node_refuse(&node, "not 16 hexadecimal digits");
    }
    run->workload_digest = strtoull(summary, NULL, 16);
    run->is_order_shuffled = strcmp(order, "shuffle") == 0;
    return read_urls(document, run);
}

static int read_asked(const struct node *policy, struct run *run)
{
    struct node options;
    if (node_array(policy, "options", 100000, &options) != 0)
        return -1;
    for (size_t i = 0; i < json_array_size(options.value); i++) {
        struct node option = node_item(&options, i);
        char *text = node_read_long_text(&option);
        if (text == NULL)
            return -1;
        int status = run_add_asked(run, text, NULL);
        free(text);
        if (status != 0)
            return node_no_memory(&option);
    }
    return 0;
}

/* Documents of before do not have it. */
static int read_tolerance(const struct node *policy, struct tolerance *tolerance)
{
    struct node node = node_member(policy, "tolerate");
    char text[16];
    if (node.value == NULL || json_is_null(node.value))
        return 0;
    if (!json_is_string(node.value)) {
        if (node_read_number(&node, 0, 1, &tolerance->share) != 0)
            return -1;
        return tolerance->share > 0 ? 0 : node_refuse(&node, "not a share above 0");
    }
    if (node_read_text(&node, text, sizeof(text)) != 0)
        return -1;
    tolerance->is_status_only = strcmp(text, "status") == 0;
    return tolerance->is_status_only ? 0 : node_refuse(&node, "neither \"status\" nor a share");
}

static int read_policy(const struct node *document, struct run *run)
{
    struct node policy;
    uint32_t connections;
    bool is_verified = true;
    if (node_object(document, "policy", &policy) != 0 || node_flag(&policy, "is_verified", &is_verified) != 0 ||
        read_asked(&policy, run) != 0 || read_tolerance(&policy, &run->tolerance) != 0 ||
        node_text(&policy, "connections", run->connections, sizeof(run->connections)) != 0 ||
        node_text(&policy, "dns", run->dns, sizeof(run->dns)) != 0 ||
        node_text(&policy, "http_version", run->http_version, sizeof(run->http_version)) != 0 ||
        node_count32(&policy, "connections_kept", 0, UINT32_MAX, &connections) != 0 ||
        node_count32(&policy, "max_redirects", 0, UINT32_MAX, &run->max_redirects) != 0 ||
        node_seconds(&policy, "connect_timeout_s", &run->connect_timeout) != 0 ||
        node_seconds(&policy, "max_time_s", &run->max_time) != 0 ||
        node_count64(&policy, "max_body_bytes", BYTES_MAX, &run->max_body) != 0 ||
        node_count32(&policy, "buffer_bytes", 0, UINT32_MAX, &run->buffer_bytes) != 0)
        return -1;
    run->connections_kept = connections;
    run->is_unverified = !is_verified;
    struct node origin = node_member(&policy, "origin");
    return json_is_null(origin.value) ? 0 : node_read_text(&origin, run->origin, sizeof(run->origin));
}

static int read_experiment(const struct node *document, struct run *run)
{
    struct node experiment;
    uint64_t signal_number = 0;
    if (node_object(document, "experiment", &experiment) != 0 ||
        node_count32(&experiment, "warmup_rounds", 0, ROUNDS_MAX, &run->warmup_rounds) != 0 ||
        node_count32(&experiment, "rounds_planned", 0, ROUNDS_MAX, &run->rounds_planned) != 0 ||
        node_count32(&experiment, "rounds_done", 0, ROUNDS_MAX, &run->rounds_done) != 0 ||
        node_text(&experiment, "stop_reason", run->stop_reason, sizeof(run->stop_reason)) != 0 ||
        node_flag(&experiment, "is_isolated", &run->is_isolated) != 0 ||
        node_text(&experiment, "reference", run->reference, sizeof(run->reference)) != 0 ||
        node_count(document, "seed", 0, INT64_MAX, &run->seed) != 0 ||
        node_flag(document, "partial", &run->is_partial) != 0 ||
        node_count(document, "interrupting_signal", 0, 64, &signal_number) != 0)
        return -1;
    run->interrupting_signal = (int)signal_number;
    return 0;
}

static int read_warnings(const struct node *document, struct run *run)
{
    struct node warnings;
    if (node_array(document, "warnings", 10000, &warnings) != 0)
        return -1;
    for (size_t i = 0; i < json_array_size(warnings.value); i++) {
        struct node warning = node_item(&warnings, i);
        char *text = node_read_long_text(&warning);
        if (text == NULL)
            return -1;
        run_warn(run, "%s", text);
        free(text);
    }
    return 0;
}

/* Cells */

static int read_rounds(const struct node *entry, struct run_cell *cell)
{
    struct node rounds;
    if (node_array(entry, "rounds", ROUNDS_MAX, &rounds) != 0)
        return -1;
    size_t count = json_array_size(rounds.value);
    cell->trials = calloc(count + 1, sizeof(cell->trials[0]));
    if (cell->trials == NULL)
        return node_no_memory(&rounds);
    for (size_t i = 0; i < count; i++) {
        struct node round = node_item(&rounds, i);
        if (!json_is_object(round.value))
            return node_refuse(&round, "not an object");
        cell->trial_count++;
        if (import_trial(&round, cell, &cell->trials[i]) != 0)
            return -1;
        if (i > 0 && cell->trials[i].round <= cell->trials[i - 1].round)
            return node_refuse(&round, "round %" PRIu32 " does not follow the one before", cell->trials[i].round);
    }
    return 0;
}

static int read_warmups(const struct node *entry, struct run_cell *cell)
{
    struct node times;
    if (node_array(entry, "warmup_times_s", ROUNDS_MAX, &times) != 0)
        return -1;
    size_t count = json_array_size(times.value);
    cell->warmups = calloc(count + 1, sizeof(cell->warmups[0]));
    if (cell->warmups == NULL)
        return node_no_memory(&times);
    for (size_t i = 0; i < count; i++) {
        struct node time = node_item(&times, i);
        if (node_read_seconds(&time, 2 * SECONDS_MAX, &cell->warmups[i].run) != 0)
            return -1;
        cell->warmup_count++;
    }
    return 0;
}

static int read_service(const struct node *entry, const struct run *run, struct latency_percentiles *times)
{
    struct node node;
    struct node points;
    if (node_object(entry, "service_s", &node) != 0 ||
        node_count(&node, "count", 0, (uint64_t)run->downloads * ROUNDS_MAX, &times->count) != 0 ||
        node_array(&node, "points", LATENCY_POINTS, &points) != 0)
        return -1;
    struct node sum = node_member(&node, "sum");
    if (node_read_seconds(&sum, SECONDS_SUM_MAX, &times->sum) != 0)
        return -1;
    times->is_known = true;
    if (times->count == 0)
        return 0;
    if (json_array_size(points.value) != LATENCY_POINTS)
        return node_refuse(&points, "%zu numbers instead of %d", json_array_size(points.value), (int)LATENCY_POINTS);
    for (size_t i = 0; i < LATENCY_POINTS; i++) {
        struct node point = node_item(&points, i);
        if (node_read_seconds(&point, SECONDS_MAX, &times->points[i]) != 0)
            return -1;
        if (i > 0 && times->points[i] < times->points[i - 1])
            return node_refuse(&point, "less than the one before");
    }
    return node_count32(&node, "slowest_url", 0, run->distinct_urls - 1, &times->slowest_url);
}

static int read_url_failure(const struct node *entry, const struct run *run, struct url_failure *failure)
{
    struct node url = node_item(entry, 0);
    struct node class = node_item(entry, 1);
    struct node number = node_item(entry, 2);
    struct node code = node_item(entry, 3);
    uint64_t place = 0, of_libcurl = 0;
    if (node_read_count(&url, 0, run->distinct_urls - 1, &place) != 0 ||
        node_read_count(&number, 1, INT64_MAX, &failure->count) != 0 ||
        (code.value != NULL && node_read_count(&code, 1, UINT8_MAX, &of_libcurl) != 0))
        return -1;
    failure->url = (uint32_t)place;
    failure->code = (uint8_t)of_libcurl;
    const char *name = json_string_value(class.value);
    for (int outcome = OUTCOME_OK + 1; name != NULL && outcome < OUTCOME_COUNT; outcome++) {
        if (strcmp(name, outcome_name((enum outcome)outcome)) == 0) {
            failure->outcome = (enum outcome)outcome;
            return 0;
        }
    }
    return node_refuse(&class, "no class of failures");
}

static int read_url_failures(const struct node *entry, const struct run *run, struct run_cell *cell)
{
    struct node failures;
    if (node_array(entry, "url_failures", URL_FAILURES_MAX, &failures) != 0)
        return -1;
    size_t count = json_array_size(failures.value);
    cell->url_failures = calloc(count + 1, sizeof(cell->url_failures[0]));
    if (cell->url_failures == NULL)
        return node_no_memory(&failures);
    for (size_t i = 0; i < count; i++) {
        struct node failure = node_item(&failures, i);
        if (read_url_failure(&failure, run, &cell->url_failures[i]) != 0)
            return -1;
        cell->url_failure_count++;
    }
    return node_count(entry, "failing_urls", count, INT64_MAX, &cell->failing_urls);
}

static int read_traits(const struct node *entry, unsigned *traits)
{
    struct node names;
    if (node_array(entry, "traits", DOCUMENT_TRAITS, &names) != 0)
        return -1;
    for (size_t i = 0; i < json_array_size(names.value); i++) {
        struct node node = node_item(&names, i);
        const char *name = json_string_value(node.value);
        unsigned trait = 0;
        for (size_t j = 0; name != NULL && j < DOCUMENT_TRAITS; j++)
            trait |= strcmp(name, document_traits[j].name) == 0 ? document_traits[j].trait : 0;
        if (trait == 0)
            return node_refuse(&node, "unknown");
        *traits |= trait;
    }
    return 0;
}

static int read_connections(const struct node *entry, enum connection_policy *connections)
{
    struct node node = node_member(entry, "connections");
    char name[16];
    if (node_read_text(&node, name, sizeof(name)) != 0)
        return -1;
    for (int i = 0; i < CONNECTION_POLICY_COUNT; i++) {
        if (strcmp(name, connection_policy_names[i]) == 0) {
            *connections = (enum connection_policy)i;
            return 0;
        }
    }
    return node_refuse(&node, "\"%s\" is nothing that becomes of connections", name);
}

static int read_cell(const struct node *entry, struct run_cell *cell)
{
    struct node stage = node_member(entry, "stage");
    char name[16];
    if (node_text(entry, "mode", cell->mode, sizeof(cell->mode)) != 0 ||
        read_connections(entry, &cell->connections) != 0 ||
        node_count32(entry, "workers", 1, WORKERS_MAX, &cell->workers) != 0 || read_traits(entry, &cell->traits) != 0 ||
        node_read_text(&stage, name, sizeof(name)) != 0 ||
        node_count32(entry, "group", 0, UINT32_MAX, &cell->group) != 0)
        return -1;
    if (strcmp(name, "main") != 0 && strcmp(name, "sweep") != 0)
        return node_refuse(&stage, "neither main nor sweep");
    cell->stage = strcmp(name, "main") == 0 ? STAGE_MAIN : STAGE_SWEEP;
    if (read_warmups(entry, cell) != 0 || read_rounds(entry, cell) != 0)
        return -1;
    const struct run *run = &entry->reader->import->run;
    return read_url_failures(entry, run, cell) == 0 ? read_service(entry, run, &cell->service) : -1;
}

/* What a group of cells, or the main ones, come to. */
struct extent {
    uint32_t group;
    size_t cells;
    size_t main_cells;
    size_t rounds; /* the most that any of the cells has */
    uint32_t end;  /* behind the last round of any */
};

static int compare_groups(const void *a, const void *b)
{
    const struct run_cell *left = *(const struct run_cell *const *)a;
    const struct run_cell *right = *(const struct run_cell *const *)b;
    return (left->group > right->group) - (left->group < right->group);
}

/* Comparisons have a row for each cell and a column for each round up to the last. A cell may leave before the others,
 * but some cell has (nearly) all rounds. */
static int check_extent(const struct node *results, const struct extent *extent)
{
    enum { SPARE_ROUNDS = 64 };
    if (extent->cells > COMPARED_CELLS_MAX || extent->main_cells > COMPARED_CELLS_MAX)
        return node_refuse(results, "more than %d entries are compared with each other, which no run has",
                           (int)COMPARED_CELLS_MAX);
    if (extent->end > 2 * extent->rounds + SPARE_ROUNDS)
        return node_refuse(results, "group %" PRIu32 " has round %" PRIu32 ", but no more than %zu rounds",
                           extent->group, extent->end - 1, extent->rounds);
    return 0;
}

static int check_groups(const struct node *results, const struct run *run)
{
    const struct run_cell **cells = calloc(run->cell_count, sizeof(*cells));
    struct extent extent = {0};
    int status = 0;
    if (cells == NULL)
        return node_no_memory(results);
    for (size_t i = 0; i < run->cell_count; i++)
        cells[i] = &run->cells[i];
    qsort(cells, run->cell_count, sizeof(*cells), compare_groups);
    for (size_t i = 0; i < run->cell_count && status == 0; i++) {
        const struct run_cell *cell = cells[i];
        uint32_t end = cell->trial_count > 0 ? cell->trials[cell->trial_count - 1].round + 1 : 0;
        if (cell->group != extent.group)
            extent = (struct extent){.group = cell->group, .main_cells = extent.main_cells};
        extent.cells++;
        extent.main_cells += cell->stage == STAGE_MAIN;
        extent.rounds = cell->trial_count > extent.rounds ? cell->trial_count : extent.rounds;
        extent.end = end > extent.end ? end : extent.end;
        if (i + 1 == run->cell_count || cells[i + 1]->group != cell->group)
            status = check_extent(results, &extent);
    }
    free(cells);
    return status;
}

static int read_results(const struct node *document, struct run *run)
{
    struct node results;
    if (node_array(document, "results", CELLS_MAX, &results) != 0)
        return -1;
    size_t count = json_array_size(results.value);
    if (count == 0)
        return node_refuse(&results, "empty");
    run->cells = calloc(count, sizeof(run->cells[0]));
    if (run->cells == NULL)
        return node_no_memory(&results);
    for (size_t i = 0; i < count; i++) {
        struct node entry = node_item(&results, i);
        if (!json_is_object(entry.value))
            return node_refuse(&entry, "not an object");
        run->cell_count++;
        if (read_cell(&entry, &run->cells[i]) != 0)
            return -1;
    }
    return check_groups(&results, run);
}

/* What was drawn from the samples */

static int read_dropped(const struct node *node, struct validity *validity)
{
    struct node rounds;
    if (node_array(node, "dropped_rounds", (size_t)CELLS_MAX * ROUNDS_MAX, &rounds) != 0)
        return -1;
    size_t count = json_array_size(rounds.value);
    validity->dropped = calloc(count + 1, sizeof(validity->dropped[0]));
    if (validity->dropped == NULL)
        return node_no_memory(&rounds);
    for (size_t i = 0; i < count; i++) {
        struct node entry = node_item(&rounds, i);
        struct dropped_round *dropped = &validity->dropped[i];
        if (node_count32(&entry, "group", 0, UINT32_MAX, &dropped->group) != 0 ||
            node_count32(&entry, "round", 0, ROUNDS_MAX, &dropped->round) != 0 ||
            node_text(&entry, "reason", dropped->reason, sizeof(dropped->reason)) != 0)
            return -1;
        validity->dropped_count++;
        bool is_behind = i == 0 || dropped[-1].group < dropped->group ||
                         (dropped[-1].group == dropped->group && dropped[-1].round < dropped->round);
        validity->is_dropped_in_order = is_behind && (i == 0 || validity->is_dropped_in_order);
    }
    /* Each trial is looked for among them. */
    if (!validity->is_dropped_in_order && count > DROPPED_IN_ANY_ORDER_MAX)
        return node_refuse(&rounds, "not in the order of groups and rounds");
    return 0;
}

static int read_mismatches(const struct node *node, const struct run *run, struct validity *validity)
{
    struct node mismatches;
    if (node_count(node, "mismatches", 0, INT64_MAX, &validity->mismatches) != 0 ||
        node_array(node, "mismatched_urls", MISMATCHES_MAX, &mismatches) != 0)
        return -1;
    size_t count = json_array_size(mismatches.value);
    validity->mismatched_urls = calloc(count + 1, sizeof(validity->mismatched_urls[0]));
    if (validity->mismatched_urls == NULL)
        return node_no_memory(&mismatches);
    for (size_t i = 0; i < count; i++) {
        struct node entry = node_item(&mismatches, i);
        struct node cell = node_item(&entry, 0);
        struct node url = node_item(&entry, 1);
        struct node number = node_item(&entry, 2);
        uint64_t cell_place = 0;
        uint64_t url_place = 0;
        struct mismatch *mismatch = &validity->mismatched_urls[i];
        if (node_read_count(&cell, 0, run->cell_count - 1, &cell_place) != 0 ||
            node_read_count(&url, 0, run->distinct_urls - 1, &url_place) != 0 ||
            node_read_count(&number, 1, INT64_MAX, &mismatch->count) != 0)
            return -1;
        mismatch->cell = (uint32_t)cell_place;
        mismatch->url = (uint32_t)url_place;
        validity->mismatched_url_count++;
    }
    return 0;
}

static int read_variation(const struct node *entry, const struct run *run, struct variation *variation)
{
    struct node cell = node_item(entry, 0);
    struct node number = node_item(entry, 1);
    struct node bytes = node_item(entry, 2);
    struct node usual = node_item(entry, 3);
    uint64_t cell_place;
    if (node_read_count(&cell, 0, run->cell_count - 1, &cell_place) != 0 ||
        node_read_count(&number, 0, INT64_MAX, &variation->count) != 0 ||
        node_read_count(&bytes, 0, INT64_MAX, &variation->bytes) != 0 ||
        node_read_count(&usual, 0, INT64_MAX, &variation->usual_bytes) != 0)
        return -1;
    variation->cell = (uint32_t)cell_place;
    return 0;
}

static int read_furthest(const struct node *node, const struct run *run, struct validity *validity)
{
    struct node furthest;
    uint64_t url_place;
    if (node_array(node, "varied_furthest", 3, &furthest) != 0)
        return -1;
    struct node url = node_item(&furthest, 0);
    struct node bytes = node_item(&furthest, 1);
    struct node usual = node_item(&furthest, 2);
    if (node_read_count(&url, 0, run->distinct_urls - 1, &url_place) != 0 ||
        node_read_count(&bytes, 0, INT64_MAX, &validity->furthest_bytes) != 0 ||
        node_read_count(&usual, 0, INT64_MAX, &validity->furthest_usual) != 0)
        return -1;
    validity->furthest_url = (uint32_t)url_place;
    return 0;
}

static int read_variations(const struct node *node, const struct run *run, struct validity *validity)
{
    struct node cells;
    if (node_count(node, "varied", 0, INT64_MAX, &validity->varied) != 0 ||
        node_array(node, "varied_cells", run->cell_count, &cells) != 0)
        return -1;
    size_t count = json_array_size(cells.value);
    validity->variations = calloc(count + 1, sizeof(validity->variations[0]));
    if (validity->variations == NULL)
        return node_no_memory(&cells);
    for (size_t i = 0; i < count; i++) {
        struct node entry = node_item(&cells, i);
        if (read_variation(&entry, run, &validity->variations[i]) != 0)
            return -1;
        validity->variation_count++;
    }
    return validity->varied > 0 ? read_furthest(node, run, validity) : 0;
}

static int read_validity(const struct node *document, struct run *run)
{
    struct node node;
    struct validity *validity = calloc(1, sizeof(*validity));
    run->validity = validity;
    if (validity == NULL)
        return node_no_memory(document);
    if (node_object(document, "validity", &node) != 0 || node_flag(&node, "is_valid", &validity->is_valid) != 0 ||
        node_text(&node, "reason", validity->reason, sizeof(validity->reason)) != 0 ||
        node_flag(&node, "is_work_equal", &validity->is_work_equal) != 0 ||
        node_flag(&node, "has_success", &validity->has_success) != 0 ||
        node_flag(&node, "differs_in_failures", &validity->differs_in_failures) != 0 ||
        read_dropped(&node, validity) != 0 || node_count(&node, "failures", 0, INT64_MAX, &validity->failures) != 0 ||
        node_count32(&node, "varying_urls", 0, run->distinct_urls, &validity->varying_urls) != 0 ||
        node_count(&node, "cold_connects", 0, INT64_MAX, &validity->cold_connects) != 0)
        return -1;
    /* Documents of before do not have it. */
    if (node_member(&node, "mismatches").value != NULL && read_mismatches(&node, run, validity) != 0)
        return -1;
    if (node_member(&node, "varied").value != NULL && read_variations(&node, run, validity) != 0)
        return -1;
    if (validity->varying_urls == 0)
        return 0;
    return node_count32(&node, "varying_url", 0, run->distinct_urls - 1, &validity->varying_url);
}

static int read_ruling(const struct node *entry, enum ruling *ruling)
{
    struct node node = node_member(entry, "verdict");
    char name[16];
    if (node_read_text(&node, name, sizeof(name)) != 0)
        return -1;
    for (int i = RULING_PASS; i <= RULING_UNMEASURABLE; i++) {
        if (strcasecmp(name, assertion_result_name((enum ruling)i)) == 0) {
            *ruling = (enum ruling)i;
            return 0;
        }
    }
    return node_refuse(&node, "\"%s\" is no verdict", name);
}

static int read_assertion_result(const struct node *entry, struct assertion_result *assertion_result)
{
    static const double all = INFINITY;
    if (!json_is_object(entry->value))
        return node_refuse(entry, "not an object");
    if (node_text(entry, "claim", assertion_result->assertion, sizeof(assertion_result->assertion)) != 0 ||
        read_ruling(entry, &assertion_result->ruling) != 0 ||
        node_number(entry, "value", -all, all, &assertion_result->value) != 0 ||
        node_number(entry, "low", -all, all, &assertion_result->low) != 0 ||
        node_number(entry, "high", -all, all, &assertion_result->high) != 0 ||
        node_number(entry, "limit", -all, all, &assertion_result->limit) != 0 ||
        node_number(entry, "detectable", -all, all, &assertion_result->detectable) != 0)
        return -1;
    return node_text(entry, "sentence", assertion_result->sentence, sizeof(assertion_result->sentence));
}

static int read_assertion_results(const struct node *document, struct import *import)
{
    struct node verdicts;
    if (node_array(document, "verdicts", 100000, &verdicts) != 0)
        return -1;
    size_t count = json_array_size(verdicts.value);
    import->assertion_results = calloc(count + 1, sizeof(import->assertion_results[0]));
    if (import->assertion_results == NULL)
        return node_no_memory(&verdicts);
    for (size_t i = 0; i < count; i++) {
        struct node entry = node_item(&verdicts, i);
        if (read_assertion_result(&entry, &import->assertion_results[i]) != 0)
            return -1;
        import->assertion_result_count++;
    }
    return 0;
}

/* The document */

static int check_columns(const struct node *document)
{
    struct node columns;
    if (node_array(document, "sample_columns", DOCUMENT_COLUMNS, &columns) != 0)
        return -1;
    for (size_t i = 0; i < DOCUMENT_COLUMNS; i++) {
        struct node column = node_item(&columns, i);
        const char *name = json_string_value(column.value);
        if (name == NULL || strcmp(name, document_columns[i]) != 0)
            return node_refuse(&column, "not \"%s\"", document_columns[i]);
    }
    return 0;
}

static int read_document(const struct node *document)
{
    struct import *import = document->reader->import;
    char schema[64];
    if (!json_is_string(json_object_get(document->value, "schema")))
        return node_refuse(document, "not a result of conc-bench, which has a \"schema\"");
    if (node_text(document, "schema", schema, sizeof(schema)) != 0)
        return -1;
    if (strcmp(schema, DOCUMENT_SCHEMA) != 0)
        return node_refuse(document, "its schema is \"%s\", not \"%s\"", schema, DOCUMENT_SCHEMA);
    if (check_columns(document) != 0 || read_tool(document, &import->run) != 0 ||
        read_workload(document, &import->run) != 0 || read_policy(document, &import->run) != 0 ||
        read_experiment(document, &import->run) != 0 || read_warnings(document, &import->run) != 0 ||
        read_results(document, &import->run) != 0 || read_validity(document, &import->run) != 0 ||
        import_per_url(document, &import->run) != 0)
        return -1;
    return read_assertion_results(document, import);
}

/* jansson calls a document wrong that it had no memory for. So what it asks for is watched: the reader is the only one
 * at the time, and what is allocated so is freed by free() like all else. */
static bool was_memory_short;

static void *watch_memory(size_t size)
{
    void *memory = malloc(size);
    was_memory_short |= memory == NULL;
    return memory;
}

/* Whether reading failed at the very beginning, as with a list of URLs; an empty file may be a document cut short. */
static bool is_no_json(const json_error_t *flaw)
{
    enum json_error_code code = json_error_code(flaw);
    bool is_at_beginning = strncmp(flaw->text, "'[' or '{' expected", strlen("'[' or '{' expected")) == 0 ||
                           (code == json_error_invalid_syntax && flaw->line == 1 && flaw->column <= 1);
    return is_at_beginning && code != json_error_premature_end_of_input;
}

static json_t *parse(struct reader *reader)
{
    json_error_t flaw;
    struct error *error = reader->error;
    was_memory_short = false;
    json_set_alloc_funcs(watch_memory, free);
    json_t *value = json_load_callback(sample_filter_read, reader->filter, JSON_REJECT_DUPLICATES, &flaw);
    if (was_memory_short || (reader->filter->has_failed && error->kind == ERROR_ENVIRONMENT)) {
        error_set(error, ERROR_ENVIRONMENT, "no memory to read %s", reader->path);
    } else if (reader->filter->has_failed) {
        char why[sizeof(error->message)];
        snprintf(why, sizeof(why), "%s", error->message);
        error_set(error, ERROR_USAGE, "%s is damaged: %.900s", reader->path, why);
    } else if (ferror(reader->filter->stream)) {
        error_set_system(error, ERROR_USAGE, errno, "cannot read %s", reader->path);
    } else if (value == NULL && is_no_json(&flaw)) {
        error_set(error, ERROR_USAGE, "%s is not a conc-bench document, as --export-json writes them", reader->path);
    } else if (value == NULL) {
        error_set(error, ERROR_USAGE, "%s is damaged: line %d, column %d: %s", reader->path, flaw.line, flaw.column,
                  flaw.text);
    } else {
        return value;
    }
    json_decref(value);
    return NULL;
}

static int read_stream(struct reader *reader)
{
    json_t *value = parse(reader);
    const struct node document = {.value = value, .reader = reader};
    int status = value != NULL ? read_document(&document) : -1;
    json_decref(value);
    return status;
}

int import_read(const char *path, bool with_samples, struct import *import, struct error *error)
{
    bool is_standard = strcmp(path, "-") == 0;
    *import = (struct import){0};
    struct sample_filter filter = {
        .stream = is_standard ? stdin : fopen(path, "re"),
        .is_discarding = !with_samples,
        .error = error,
        .line = 1,
    };
    if (filter.stream == NULL)
        return error_set_system(error, ERROR_USAGE, errno, "cannot read %s", path);
    struct reader reader = {
        .path = is_standard ? "standard input" : path, .error = error, .filter = &filter, .import = import};
    int status = read_stream(&reader);
    sample_filter_release(&filter);
    if (!is_standard)
        fclose(filter.stream);
    if (status != 0)
        import_release(import);
    return status;
}

void import_release(struct import *import)
{
    evidence_release(&import->run);
    run_release(&import->run);
    free(import->assertion_results);
    *import = (struct import){0};
}
