#include "conc_bench/import.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/evidence.h"
#include "conc_bench/per_url.h"
#include "conc_bench/service.h"
#include "conc_bench/text.h"
#include "conc_bench/validity.h"
#include "document.h"
#include "sample_filter.h"

/* What no run of this program exceeds; documents that do were not written by it. */
enum { CELLS_MAX = 4096, ROUNDS_MAX = 20000, WORKERS_MAX = 100000, CORES_MAX = 1 << 20 };
static const double seconds_max = 1e6;
static const double seconds_sum_max = 4e9; /* of all downloads of a cell */
static const uint64_t bytes_max = UINT64_C(1) << 60;

struct reader {
    const char *path;
    struct error *error;
    struct sample_filter *filter;
    size_t next_batch;
    uint32_t unit_count; /* for which result.unit_urls has room */
    struct import *import;
};

/* A value and where it stands. */
struct node {
    const json_t *value;
    char place[120]; /* "results[2].rounds[0]"; "": the document */
    struct reader *reader;
};

static __attribute__((format(printf, 2, 3))) int refuse(const struct node *node, const char *format, ...)
{
    char why[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, sizeof(why), format, arguments);
    va_end(arguments);
    error_set(node->reader->error, ERROR_USAGE, "%s: %s%s%s", node->reader->path, node->place,
              node->place[0] != '\0' ? ": " : "", why);
    return -1;
}

static int no_memory(const struct node *node)
{
    error_set(node->reader->error, ERROR_ENVIRONMENT, "no memory for the result in %s", node->reader->path);
    return -1;
}

/* Values */

static struct node member(const struct node *parent, const char *key)
{
    struct node node = {.value = json_object_get(parent->value, key), .reader = parent->reader};
    snprintf(node.place, sizeof(node.place), "%.90s%s%.28s", parent->place, parent->place[0] != '\0' ? "." : "", key);
    return node;
}

static struct node item(const struct node *parent, size_t index)
{
    struct node node = {.value = json_array_get(parent->value, index), .reader = parent->reader};
    snprintf(node.place, sizeof(node.place), "%.90s[%zu]", parent->place, index);
    return node;
}

static int take_object(const struct node *parent, const char *key, struct node *node)
{
    *node = member(parent, key);
    return json_is_object(node->value) ? 0 : refuse(node, node->value == NULL ? "missing" : "not an object");
}

static int take_array(const struct node *parent, const char *key, size_t most, struct node *node)
{
    *node = member(parent, key);
    if (!json_is_array(node->value))
        return refuse(node, node->value == NULL ? "missing" : "not an array");
    return json_array_size(node->value) <= most ? 0 : refuse(node, "more than %zu entries", most);
}

static int read_count(const struct node *node, uint64_t low, uint64_t high, uint64_t *value)
{
    json_int_t number = json_integer_value(node->value);
    if (!json_is_integer(node->value))
        return refuse(node, node->value == NULL ? "missing" : "not a whole number");
    if (number < 0 || (uint64_t)number < low || (uint64_t)number > high)
        return refuse(node, "%" JSON_INTEGER_FORMAT " is not between %" PRIu64 " and %" PRIu64, number, low, high);
    *value = (uint64_t)number;
    return 0;
}

static int take_count(const struct node *parent, const char *key, uint64_t low, uint64_t high, uint64_t *value)
{
    struct node node = member(parent, key);
    return read_count(&node, low, high, value);
}

static int take_count32(const struct node *parent, const char *key, uint32_t low, uint32_t high, uint32_t *value)
{
    uint64_t wide = 0;
    if (take_count(parent, key, low, high, &wide) != 0)
        return -1;
    *value = (uint32_t)wide;
    return 0;
}

static int take_count64(const struct node *parent, const char *key, uint64_t high, int64_t *value)
{
    uint64_t wide = 0;
    if (take_count(parent, key, 0, high, &wide) != 0)
        return -1;
    *value = (int64_t)wide;
    return 0;
}

static int read_number(const struct node *node, double low, double high, double *value)
{
    double number = json_number_value(node->value);
    if (!json_is_number(node->value))
        return refuse(node, node->value == NULL ? "missing" : "not a number");
    if (!(number >= low && number <= high))
        return refuse(node, "%g is not between %g and %g", number, low, high);
    *value = number;
    return 0;
}

/* null is NAN. */
static int take_number(const struct node *parent, const char *key, double low, double high, double *value)
{
    struct node node = member(parent, key);
    *value = NAN;
    return json_is_null(node.value) ? 0 : read_number(&node, low, high, value);
}

static int read_seconds(const struct node *node, double high, nanoseconds *value)
{
    double number = 0;
    if (read_number(node, 0, high, &number) != 0)
        return -1;
    *value = (nanoseconds)llround(number * 1e9);
    return 0;
}

static int take_seconds(const struct node *parent, const char *key, nanoseconds *value)
{
    struct node node = member(parent, key);
    return read_seconds(&node, seconds_max, value);
}

/* null is `absent`. */
static int take_seconds_or(const struct node *parent, const char *key, nanoseconds absent, nanoseconds *value)
{
    struct node node = member(parent, key);
    *value = absent;
    return json_is_null(node.value) ? 0 : read_seconds(&node, seconds_max, value);
}

static int take_flag(const struct node *parent, const char *key, bool *value)
{
    struct node node = member(parent, key);
    if (!json_is_boolean(node.value))
        return refuse(&node, node.value == NULL ? "missing" : "neither true nor false");
    *value = json_is_true(node.value);
    return 0;
}

/* Documents of before it was written do without. */
static int take_flag_or(const struct node *parent, const char *key, bool absent, bool *value)
{
    *value = absent;
    return json_object_get(parent->value, key) != NULL ? take_flag(parent, key, value) : 0;
}

/* Whoever edited the document may have put anything into it: only what a terminal can show comes out. */
static int read_text(const struct node *node, char *buffer, size_t size)
{
    const char *text = json_string_value(node->value);
    if (text == NULL)
        return refuse(node, node->value == NULL ? "missing" : "not text");
    size_t length = json_string_length(node->value);
    if (length >= size)
        return refuse(node, "longer than %zu bytes", size - 1);
    text_escape(buffer, size, text, length);
    return 0;
}

static int take_text(const struct node *parent, const char *key, char *buffer, size_t size)
{
    struct node node = member(parent, key);
    return read_text(&node, buffer, size);
}

/* Of any length. The caller frees it; NULL: refused. */
static char *read_long_text(const struct node *node)
{
    const char *text = json_string_value(node->value);
    size_t length = json_string_length(node->value);
    if (text == NULL) {
        refuse(node, node->value == NULL ? "missing" : "not text");
        return NULL;
    }
    size_t size = length * strlen("\\xNN") + 1;
    char *escaped = malloc(size);
    if (escaped == NULL)
        no_memory(node);
    else
        text_escape(escaped, size, text, length);
    return escaped;
}

/* What was run */

static int read_tool(const struct node *document, struct result *result)
{
    struct node tool;
    struct node machine;
    if (take_object(document, "tool", &tool) != 0 ||
        take_text(&tool, "version", result->tool_version, sizeof(result->tool_version)) != 0 ||
        take_text(&tool, "libcurl", result->libcurl_version, sizeof(result->libcurl_version)) != 0 ||
        take_text(&tool, "tls", result->tls_version, sizeof(result->tls_version)) != 0)
        return -1;
    if (take_object(document, "machine", &machine) != 0 ||
        take_text(&machine, "system", result->machine_system, sizeof(result->machine_system)) != 0 ||
        take_text(&machine, "cpu", result->machine_cpu, sizeof(result->machine_cpu)) != 0 ||
        take_count32(&machine, "cores", 1, CORES_MAX, &result->cores) != 0)
        return -1;
    return take_text(document, "started_at", result->started_at, sizeof(result->started_at));
}

static int read_sources(const struct node *workload, struct result *result)
{
    struct node sources;
    if (take_array(workload, "sources", 100000, &sources) != 0)
        return -1;
    size_t count = json_array_size(sources.value);
    result->sources = calloc(count + 1, sizeof(result->sources[0]));
    if (result->sources == NULL)
        return no_memory(&sources);
    for (size_t i = 0; i < count; i++) {
        struct node source = item(&sources, i);
        result->sources[i] = read_long_text(&source);
        if (result->sources[i] == NULL)
            return -1;
        result->source_count++;
    }
    return 0;
}

/* All in one piece of memory. */
static int read_urls(const struct node *document, struct result *result)
{
    struct node urls;
    if (take_array(document, "urls", UINT32_MAX, &urls) != 0)
        return -1;
    size_t size = 1;
    for (size_t i = 0; i < json_array_size(urls.value); i++)
        size += json_string_length(json_array_get(urls.value, i)) * strlen("\\xNN") + 1;
    if (json_array_size(urls.value) != result->distinct_urls)
        return refuse(&urls, "%zu URLs instead of %" PRIu32, json_array_size(urls.value), result->distinct_urls);
    result->urls = calloc((size_t)result->distinct_urls + 1, sizeof(result->urls[0]));
    char *texts = result->lent[0] = malloc(size);
    if (result->urls == NULL || texts == NULL)
        return no_memory(&urls);
    for (uint32_t i = 0; i < result->distinct_urls; i++) {
        struct node url = item(&urls, i);
        if (read_text(&url, texts, size) != 0)
            return -1;
        result->urls[i] = texts;
        size -= strlen(texts) + 1;
        texts += strlen(texts) + 1;
    }
    return 0;
}

static int read_workload(const struct node *document, struct result *result)
{
    struct node workload;
    char digest[17];
    char order[16];
    if (take_object(document, "workload", &workload) != 0 || read_sources(&workload, result) != 0 ||
        take_count32(&workload, "downloads", 1, UINT32_MAX, &result->downloads) != 0 ||
        take_count32(&workload, "distinct_urls", 1, UINT32_MAX, &result->distinct_urls) != 0 ||
        take_count32(&workload, "hosts", 1, UINT32_MAX, &result->hosts) != 0 ||
        take_count32(&workload, "unresolved_hosts", 0, UINT32_MAX, &result->unresolved_hosts) != 0 ||
        take_text(&workload, "digest", digest, sizeof(digest)) != 0 ||
        take_text(&workload, "order", order, sizeof(order)) != 0 ||
        take_seconds(&workload, "cpu_work_s", &result->cpu_work) != 0 ||
        take_flag(&workload, "is_server_local", &result->is_server_local) != 0 ||
        take_flag_or(&workload, "is_proxy_local", false, &result->is_proxy_local) != 0)
        return -1;
    if (strlen(digest) != 16 || strspn(digest, "0123456789abcdef") != 16) {
        struct node node = member(&workload, "digest");
        return refuse(&node, "not 16 hexadecimal digits");
    }
    result->workload_digest = strtoull(digest, NULL, 16);
    result->is_order_shuffled = strcmp(order, "shuffle") == 0;
    return read_urls(document, result);
}

static int read_asked(const struct node *policy, struct result *result)
{
    struct node options;
    if (take_array(policy, "options", 100000, &options) != 0)
        return -1;
    for (size_t i = 0; i < json_array_size(options.value); i++) {
        struct node option = item(&options, i);
        char *text = read_long_text(&option);
        if (text == NULL)
            return -1;
        int status = result_add_asked(result, text, NULL);
        free(text);
        if (status != 0)
            return no_memory(&option);
    }
    return 0;
}

static int read_policy(const struct node *document, struct result *result)
{
    struct node policy;
    uint32_t connections;
    bool is_verified = true;
    if (take_object(document, "policy", &policy) != 0 || take_flag(&policy, "is_verified", &is_verified) != 0 ||
        read_asked(&policy, result) != 0 ||
        take_text(&policy, "connections", result->connections, sizeof(result->connections)) != 0 ||
        take_text(&policy, "dns", result->dns, sizeof(result->dns)) != 0 ||
        take_text(&policy, "http_version", result->http_version, sizeof(result->http_version)) != 0 ||
        take_count32(&policy, "connections_kept", 0, UINT32_MAX, &connections) != 0 ||
        take_count32(&policy, "max_redirects", 0, UINT32_MAX, &result->max_redirects) != 0 ||
        take_seconds(&policy, "connect_timeout_s", &result->connect_timeout) != 0 ||
        take_seconds(&policy, "max_time_s", &result->max_time) != 0 ||
        take_count64(&policy, "max_body_bytes", bytes_max, &result->max_body) != 0 ||
        take_count32(&policy, "buffer_bytes", 0, UINT32_MAX, &result->buffer_bytes) != 0)
        return -1;
    result->connections_kept = connections;
    result->is_unverified = !is_verified;
    struct node origin = member(&policy, "origin");
    return json_is_null(origin.value) ? 0 : read_text(&origin, result->origin, sizeof(result->origin));
}

static int read_experiment(const struct node *document, struct result *result)
{
    struct node experiment;
    uint64_t signal_number = 0;
    if (take_object(document, "experiment", &experiment) != 0 ||
        take_count32(&experiment, "warmup_rounds", 0, ROUNDS_MAX, &result->warmup_rounds) != 0 ||
        take_count32(&experiment, "rounds_planned", 0, ROUNDS_MAX, &result->rounds_planned) != 0 ||
        take_count32(&experiment, "rounds_done", 0, ROUNDS_MAX, &result->rounds_done) != 0 ||
        take_text(&experiment, "stop_reason", result->stop_reason, sizeof(result->stop_reason)) != 0 ||
        take_flag(&experiment, "is_isolated", &result->is_isolated) != 0 ||
        take_text(&experiment, "reference", result->reference, sizeof(result->reference)) != 0 ||
        take_count(document, "seed", 0, INT64_MAX, &result->seed) != 0 ||
        take_flag(document, "partial", &result->is_partial) != 0 ||
        take_count(document, "interrupting_signal", 0, 64, &signal_number) != 0)
        return -1;
    result->interrupting_signal = (int)signal_number;
    return 0;
}

static int read_warnings(const struct node *document, struct result *result)
{
    struct node warnings;
    if (take_array(document, "warnings", 10000, &warnings) != 0)
        return -1;
    for (size_t i = 0; i < json_array_size(warnings.value); i++) {
        struct node warning = item(&warnings, i);
        char *text = read_long_text(&warning);
        if (text == NULL)
            return -1;
        result_warn(result, "%s", text);
        free(text);
    }
    return 0;
}

/* Trials */

static int read_outcomes(const struct node *downloads, uint32_t units, struct trial_digest *digest)
{
    struct node outcomes;
    uint64_t total = 0;
    if (take_object(downloads, "outcomes", &outcomes) != 0)
        return -1;
    for (int outcome = 0; outcome < OUTCOME_COUNT; outcome++) {
        struct node node = member(&outcomes, outcome_name((enum outcome)outcome));
        uint64_t count = 0;
        if (node.value != NULL && read_count(&node, 0, units, &count) != 0)
            return -1;
        digest->outcomes[outcome] = (uint32_t)count;
        total += count;
    }
    return total == units ? 0 : refuse(&outcomes, "they are not as many as there are downloads");
}

static int read_phases(const struct node *downloads, nanoseconds sums[PHASE_COUNT])
{
    struct node phases;
    if (take_object(downloads, "phase_sums_s", &phases) != 0)
        return -1;
    for (int phase = 0; phase < PHASE_COUNT; phase++) {
        struct node node = member(&phases, phase_key((enum phase)phase));
        if (read_seconds(&node, seconds_sum_max, &sums[phase]) != 0)
            return -1;
    }
    return 0;
}

static int read_digest(const struct node *round, uint32_t units, struct trial_digest *digest)
{
    struct node node = member(round, "downloads");
    if (json_is_null(node.value))
        return 0;
    if (take_object(round, "downloads", &node) != 0 || read_outcomes(&node, units, digest) != 0 ||
        take_count32(&node, "settled", 0, units, &digest->settled) != 0 ||
        take_count32(&node, "answered", 0, units, &digest->answered) != 0 ||
        take_count32(&node, "refused", 0, units, &digest->refused) != 0 ||
        take_count64(&node, "body_bytes", bytes_max, &digest->body_bytes) != 0 ||
        take_count(&node, "connects", 0, INT64_MAX, &digest->connects) != 0 ||
        take_count(&node, "tls_handshakes", 0, INT64_MAX, &digest->handshakes) != 0 ||
        take_count32(&node, "http2", 0, units, &digest->http2) != 0 ||
        take_count(&node, "http2_connects", 0, INT64_MAX, &digest->http2_connects) != 0 ||
        take_count32(&node, "peak_in_flight", 0, units, &digest->peak_in_flight) != 0 ||
        take_seconds(&node, "service_p50_s", &digest->p50) != 0 ||
        take_seconds(&node, "service_p90_s", &digest->p90) != 0 ||
        take_seconds(&node, "service_p95_s", &digest->p95) != 0 ||
        take_seconds(&node, "service_p99_s", &digest->p99) != 0 ||
        take_seconds(&node, "service_max_s", &digest->longest) != 0 ||
        take_seconds(&node, "settled_p95_s", &digest->settled_p95) != 0 ||
        take_seconds(&node, "last_start_s", &digest->last_start) != 0 || read_phases(&node, digest->phases) != 0)
        return -1;
    digest->is_known = true;
    return 0;
}

static int read_resources(const struct node *round, struct trial_resources *resources)
{
    struct node node;
    if (take_object(round, "resources", &node) != 0)
        return -1;
    if (take_seconds(&node, "cpu_user_s", &resources->cpu_user) != 0 ||
        take_seconds(&node, "cpu_system_s", &resources->cpu_system) != 0 ||
        take_count64(&node, "voluntary_switches", INT64_MAX, &resources->voluntary_switches) != 0 ||
        take_count64(&node, "involuntary_switches", INT64_MAX, &resources->involuntary_switches) != 0 ||
        take_count64(&node, "max_rss_bytes", bytes_max, &resources->max_rss_bytes) != 0 ||
        take_count64(&node, "peak_memory_bytes", bytes_max, &resources->peak_memory_bytes) != 0 ||
        take_count32(&node, "processes", 0, UINT32_MAX, &resources->processes) != 0 ||
        take_count32(&node, "threads", 0, UINT32_MAX, &resources->threads) != 0 ||
        take_count32(&node, "descriptors", 0, UINT32_MAX, &resources->descriptors) != 0 ||
        take_seconds_or(&node, "on_cpu_s", -1, &resources->on_cpu) != 0)
        return -1;
    return take_seconds_or(&node, "run_queue_wait_s", -1, &resources->run_queue_wait);
}

static int read_host(const struct node *round, struct trial_host *host)
{
    struct node node;
    if (take_object(round, "host", &node) != 0 || take_number(&node, "steal_share", 0, 1e6, &host->steal_share) != 0 ||
        take_number(&node, "foreign_cores", 0, 1e6, &host->foreign_cores) != 0)
        return -1;
    return take_number(&node, "throttled_s", 0, seconds_max, &host->throttled);
}

static int read_witness(const struct node *round, struct trial_witness *witness)
{
    struct node node = member(round, "witness");
    struct node urls;
    const char *key;
    json_t *value;
    if (json_is_null(node.value))
        return 0;
    if (take_object(round, "witness", &node) != 0 ||
        take_count(&node, "requests", 0, INT64_MAX, &witness->requests) != 0 ||
        take_count(&node, "connections", 0, INT64_MAX, &witness->connections) != 0 ||
        take_count32(&node, "peak_in_flight", 0, UINT32_MAX, &witness->peak_in_flight) != 0 ||
        take_object(&node, "urls", &urls) != 0)
        return -1;
    size_t count = json_object_size(urls.value);
    witness->urls = calloc(count + 1, sizeof(witness->urls[0]));
    witness->url_requests = calloc(count + 1, sizeof(witness->url_requests[0]));
    if (witness->urls == NULL || witness->url_requests == NULL)
        return no_memory(&urls);
    json_object_foreach((json_t *)urls.value, key, value)
    {
        struct node requests = {.value = value, .reader = round->reader};
        snprintf(requests.place, sizeof(requests.place), "%.100s of a URL", urls.place);
        if (read_count(&requests, 0, INT64_MAX, &witness->url_requests[witness->url_count]) != 0)
            return -1;
        size_t size = strlen(key) * strlen("\\xNN") + 1;
        char *escaped = malloc(size);
        if (escaped == NULL)
            return no_memory(&urls);
        witness->urls[witness->url_count++] = text_escape(escaped, size, key, strlen(key));
    }
    witness->is_present = true;
    return 0;
}

static int read_status(const struct node *round, enum trial_status *status)
{
    struct node node = member(round, "status");
    char name[32];
    if (read_text(&node, name, sizeof(name)) != 0)
        return -1;
    for (int i = TRIAL_COMPLETE; i <= TRIAL_FAILED; i++) {
        if (strcmp(name, trial_status_name((enum trial_status)i)) == 0) {
            *status = (enum trial_status)i;
            return 0;
        }
    }
    return refuse(&node, "\"%s\" is no ending of a trial", name);
}

/* Samples */

/* Makes room for the URLs of so many units; of those not heard of yet it is not known. */
static int know_units(const struct node *node, uint32_t count)
{
    struct reader *reader = node->reader;
    struct result *result = &reader->import->result;
    if (count <= reader->unit_count)
        return 0;
    uint32_t *units = realloc(result->lent[1], (size_t)count * sizeof(*units));
    if (units == NULL)
        return no_memory(node);
    for (uint32_t unit = reader->unit_count; unit < count; unit++)
        units[unit] = UINT32_MAX;
    result->lent[1] = units;
    result->unit_urls = units;
    reader->unit_count = count;
    return 0;
}

static int place_row(const struct node *node, const struct cell_result *cell, struct trial *trial,
                     const struct filtered_sample *row)
{
    struct result *result = &node->reader->import->result;
    if (row->unit >= trial->table->unit_count)
        return refuse(node, "unit %" PRIu32 " is beyond the others", row->unit);
    if (row->url >= result->distinct_urls || row->sample.worker >= cell->workers)
        return refuse(node, "unit %" PRIu32 " has no such URL or worker", row->unit);
    struct sample *slot = &trial->table->samples[row->unit];
    if (atomic_load(&slot->state) == SAMPLE_SETTLED)
        return refuse(node, "unit %" PRIu32 " stands there twice", row->unit);
    uint32_t *units = result->lent[1];
    if (units[row->unit] != UINT32_MAX && units[row->unit] != row->url)
        return refuse(node, "unit %" PRIu32 " has different URLs", row->unit);
    units[row->unit] = row->url;
    *slot = row->sample;
    slot->start += trial->gate;
    slot->end += trial->gate;
    slot->settled += trial->gate;
    return 0;
}

/* Units are claimed in order, so those that are missing are those last claimed: at most one for each worker. The table
 * is as large as that allows, whatever the document says, and never larger than its own text. */
static int read_samples(const struct node *round, const struct cell_result *cell, struct trial *trial)
{
    struct node node = member(round, "samples");
    struct reader *reader = round->reader;
    if (json_is_null(node.value))
        return 0;
    if (!json_is_integer(node.value) || reader->next_batch >= reader->filter->batch_count ||
        json_integer_value(node.value) != (json_int_t)reader->next_batch)
        return refuse(&node, "not an array");
    const struct sample_batch *batch = &reader->filter->batches[reader->next_batch++];
    if (reader->filter->is_discarding)
        return 0;
    uint64_t units = (uint64_t)batch->count + cell->workers;
    if (batch->count != trial->digest.settled)
        return refuse(&node, "%zu samples instead of %" PRIu32, batch->count, trial->digest.settled);
    units = units < reader->import->result.downloads ? units : reader->import->result.downloads;
    trial->table = sample_table_create((uint32_t)units, reader->error);
    if (trial->table == NULL || know_units(&node, (uint32_t)units) != 0)
        return -1;
    for (size_t i = 0; i < batch->count; i++) {
        if (place_row(&node, cell, trial, &batch->rows[i]) != 0)
            return -1;
    }
    free(reader->filter->batches[reader->next_batch - 1].rows);
    reader->filter->batches[reader->next_batch - 1] = (struct sample_batch){0};
    return 0;
}

static int read_trial(const struct node *round, const struct cell_result *cell, struct trial *trial)
{
    struct result *result = &round->reader->import->result;
    if (take_count32(round, "round", 0, ROUNDS_MAX, &trial->round) != 0 ||
        take_count32(round, "position", 0, CELLS_MAX, &trial->position) != 0 ||
        read_status(round, &trial->status) != 0 ||
        take_text(round, "reason", trial->reason, sizeof(trial->reason)) != 0 ||
        take_seconds(round, "gate_s", &trial->gate) != 0 || take_seconds(round, "startup_s", &trial->startup) != 0 ||
        take_seconds(round, "warm_s", &trial->warm) != 0 || take_seconds_or(round, "run_s", 0, &trial->run) != 0 ||
        take_seconds(round, "teardown_s", &trial->teardown) != 0 || read_resources(round, &trial->resources) != 0 ||
        read_host(round, &trial->host) != 0 || take_seconds(round, "loop_lag_p99_s", &trial->lag.p99) != 0 ||
        take_seconds(round, "loop_lag_max_s", &trial->lag.longest) != 0 ||
        take_count32(round, "warm_requests", 0, UINT32_MAX, &trial->warm_requests) != 0 ||
        take_count32(round, "http2_warm_connects", 0, UINT32_MAX, &trial->http2.warm_connects) != 0 ||
        take_count32(round, "http2_most_streams", 0, UINT32_MAX, &trial->http2.most_streams) != 0 ||
        read_witness(round, &trial->witness) != 0 || read_digest(round, result->downloads, &trial->digest) != 0)
        return -1;
    return read_samples(round, cell, trial);
}

/* Cells */

static int read_rounds(const struct node *entry, struct cell_result *cell)
{
    struct node rounds;
    if (take_array(entry, "rounds", ROUNDS_MAX, &rounds) != 0)
        return -1;
    size_t count = json_array_size(rounds.value);
    cell->trials = calloc(count + 1, sizeof(cell->trials[0]));
    if (cell->trials == NULL)
        return no_memory(&rounds);
    for (size_t i = 0; i < count; i++) {
        struct node round = item(&rounds, i);
        if (!json_is_object(round.value))
            return refuse(&round, "not an object");
        cell->trial_count++;
        if (read_trial(&round, cell, &cell->trials[i]) != 0)
            return -1;
        if (i > 0 && cell->trials[i].round <= cell->trials[i - 1].round)
            return refuse(&round, "round %" PRIu32 " does not follow the one before", cell->trials[i].round);
    }
    return 0;
}

static int read_warmups(const struct node *entry, struct cell_result *cell)
{
    struct node times;
    if (take_array(entry, "warmup_times_s", ROUNDS_MAX, &times) != 0)
        return -1;
    size_t count = json_array_size(times.value);
    cell->warmups = calloc(count + 1, sizeof(cell->warmups[0]));
    if (cell->warmups == NULL)
        return no_memory(&times);
    for (size_t i = 0; i < count; i++) {
        struct node time = item(&times, i);
        if (read_seconds(&time, 2 * seconds_max, &cell->warmups[i].run) != 0)
            return -1;
        cell->warmup_count++;
    }
    return 0;
}

static int read_service(const struct node *entry, const struct result *result, struct service_times *times)
{
    struct node node;
    struct node points;
    if (take_object(entry, "service_s", &node) != 0 ||
        take_count(&node, "count", 0, (uint64_t)result->downloads * ROUNDS_MAX, &times->count) != 0 ||
        take_array(&node, "points", SERVICE_POINTS, &points) != 0)
        return -1;
    struct node sum = member(&node, "sum");
    if (read_seconds(&sum, seconds_sum_max, &times->sum) != 0)
        return -1;
    times->is_known = true;
    if (times->count == 0)
        return 0;
    if (json_array_size(points.value) != SERVICE_POINTS)
        return refuse(&points, "%zu numbers instead of %d", json_array_size(points.value), (int)SERVICE_POINTS);
    for (size_t i = 0; i < SERVICE_POINTS; i++) {
        struct node point = item(&points, i);
        if (read_seconds(&point, seconds_max, &times->points[i]) != 0)
            return -1;
        if (i > 0 && times->points[i] < times->points[i - 1])
            return refuse(&point, "less than the one before");
    }
    return take_count32(&node, "slowest_url", 0, result->distinct_urls - 1, &times->slowest_url);
}

static int read_url_failure(const struct node *entry, const struct result *result, struct url_failure *failure)
{
    struct node url = item(entry, 0);
    struct node class = item(entry, 1);
    struct node number = item(entry, 2);
    struct node code = item(entry, 3);
    uint64_t place = 0, of_libcurl = 0;
    if (read_count(&url, 0, result->distinct_urls - 1, &place) != 0 ||
        read_count(&number, 1, INT64_MAX, &failure->count) != 0 ||
        (code.value != NULL && read_count(&code, 1, UINT8_MAX, &of_libcurl) != 0))
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
    return refuse(&class, "no class of failures");
}

static int read_url_failures(const struct node *entry, const struct result *result, struct cell_result *cell)
{
    struct node failures;
    if (take_array(entry, "url_failures", URL_FAILURES_MAX, &failures) != 0)
        return -1;
    size_t count = json_array_size(failures.value);
    cell->url_failures = calloc(count + 1, sizeof(cell->url_failures[0]));
    if (cell->url_failures == NULL)
        return no_memory(&failures);
    for (size_t i = 0; i < count; i++) {
        struct node failure = item(&failures, i);
        if (read_url_failure(&failure, result, &cell->url_failures[i]) != 0)
            return -1;
        cell->url_failure_count++;
    }
    return take_count(entry, "failing_urls", count, INT64_MAX, &cell->failing_urls);
}

static int read_traits(const struct node *entry, unsigned *traits)
{
    struct node names;
    if (take_array(entry, "traits", DOCUMENT_TRAITS, &names) != 0)
        return -1;
    for (size_t i = 0; i < json_array_size(names.value); i++) {
        struct node node = item(&names, i);
        const char *name = json_string_value(node.value);
        unsigned trait = 0;
        for (size_t j = 0; name != NULL && j < DOCUMENT_TRAITS; j++)
            trait |= strcmp(name, document_traits[j].name) == 0 ? document_traits[j].trait : 0;
        if (trait == 0)
            return refuse(&node, "unknown");
        *traits |= trait;
    }
    return 0;
}

static int read_connections(const struct node *entry, enum connection_policy *connections)
{
    struct node node = member(entry, "connections");
    char name[16];
    if (read_text(&node, name, sizeof(name)) != 0)
        return -1;
    for (int i = 0; i < CONNECTION_POLICY_COUNT; i++) {
        if (strcmp(name, connection_policy_names[i]) == 0) {
            *connections = (enum connection_policy)i;
            return 0;
        }
    }
    return refuse(&node, "\"%s\" is nothing that becomes of connections", name);
}

static int read_cell(const struct node *entry, struct cell_result *cell)
{
    struct node stage = member(entry, "stage");
    char name[16];
    if (take_text(entry, "mode", cell->mode, sizeof(cell->mode)) != 0 ||
        read_connections(entry, &cell->connections) != 0 ||
        take_count32(entry, "workers", 1, WORKERS_MAX, &cell->workers) != 0 || read_traits(entry, &cell->traits) != 0 ||
        read_text(&stage, name, sizeof(name)) != 0 || take_count32(entry, "group", 0, UINT32_MAX, &cell->group) != 0)
        return -1;
    if (strcmp(name, "main") != 0 && strcmp(name, "sweep") != 0)
        return refuse(&stage, "neither main nor sweep");
    cell->stage = strcmp(name, "main") == 0 ? STAGE_MAIN : STAGE_SWEEP;
    if (read_warmups(entry, cell) != 0 || read_rounds(entry, cell) != 0)
        return -1;
    const struct result *result = &entry->reader->import->result;
    return read_url_failures(entry, result, cell) == 0 ? read_service(entry, result, &cell->service) : -1;
}

static int read_results(const struct node *document, struct result *result)
{
    struct node results;
    if (take_array(document, "results", CELLS_MAX, &results) != 0)
        return -1;
    size_t count = json_array_size(results.value);
    if (count == 0)
        return refuse(&results, "empty");
    result->cells = calloc(count, sizeof(result->cells[0]));
    if (result->cells == NULL)
        return no_memory(&results);
    for (size_t i = 0; i < count; i++) {
        struct node entry = item(&results, i);
        if (!json_is_object(entry.value))
            return refuse(&entry, "not an object");
        result->cell_count++;
        if (read_cell(&entry, &result->cells[i]) != 0)
            return -1;
    }
    return 0;
}

/* URLs */

static int read_url_failure_classes(const struct node *entry, struct url_figure *figure)
{
    struct node classes;
    size_t known = 0;
    if (take_object(entry, "failure_classes", &classes) != 0)
        return -1;
    for (int outcome = OUTCOME_OK + 1; outcome < OUTCOME_COUNT; outcome++) {
        struct node node = member(&classes, outcome_name((enum outcome)outcome));
        uint64_t count = 0;
        if (node.value != NULL && read_count(&node, 1, UINT32_MAX, &count) != 0)
            return -1;
        figure->failures[outcome] = (uint32_t)count;
        known += node.value != NULL;
    }
    return known == json_object_size(classes.value) ? 0 : refuse(&classes, "has no class of failures");
}

/* That an entry is about the cell it stands for. */
static int check_url_cell(const struct node *entry, const struct cell_result *cell)
{
    char mode[sizeof(cell->mode)];
    uint32_t workers;
    if (take_text(entry, "mode", mode, sizeof(mode)) != 0 ||
        take_count32(entry, "workers", 1, WORKERS_MAX, &workers) != 0)
        return -1;
    if (strcmp(mode, cell->mode) != 0 || workers != cell->workers)
        return refuse(entry, "not about %s/%" PRIu32, cell->mode, cell->workers);
    return 0;
}

static int read_url_cell(const struct node *entry, const struct cell_result *cell, struct url_figure *figure)
{
    if (check_url_cell(entry, cell) != 0 || take_count32(entry, "count", 0, UINT32_MAX, &figure->count) != 0 ||
        read_url_failure_classes(entry, figure) != 0)
        return -1;
    if (figure->count == 0)
        return 0;
    return take_seconds(entry, "service_p50_s", &figure->service) == 0
               ? take_count64(entry, "body_p50_bytes", bytes_max, &figure->body_bytes)
               : -1;
}

static int read_url_totals(const struct node *node, const struct result *result, struct per_url *per_url)
{
    struct node totals;
    if (take_array(node, "totals", CELLS_MAX, &totals) != 0)
        return -1;
    per_url->cells = calloc(result->cell_count + 1, sizeof(per_url->cells[0]));
    per_url->totals = calloc(result->cell_count + 1, sizeof(per_url->totals[0]));
    if (per_url->cells == NULL || per_url->totals == NULL)
        return no_memory(node);
    for (size_t i = 0; i < result->cell_count; i++) {
        if (result->cells[i].stage == STAGE_MAIN)
            per_url->cells[per_url->cell_count++] = (uint32_t)i;
    }
    if (json_array_size(totals.value) != per_url->cell_count)
        return refuse(&totals, "%zu entries instead of %zu", json_array_size(totals.value), per_url->cell_count);
    for (size_t i = 0; i < per_url->cell_count; i++) {
        struct node entry = item(&totals, i);
        if (check_url_cell(&entry, &result->cells[per_url->cells[i]]) != 0 ||
            take_count(&entry, "count", 0, INT64_MAX, &per_url->totals[i].count) != 0 ||
            take_count(&entry, "failures", 0, INT64_MAX, &per_url->totals[i].failures) != 0)
            return -1;
    }
    return 0;
}

static int read_url_rows(const struct node *node, const struct result *result, struct per_url *per_url)
{
    struct node urls;
    if (take_array(node, "urls", 2 * (size_t)PER_URL_KEPT, &urls) != 0)
        return -1;
    size_t count = json_array_size(urls.value);
    per_url->urls = calloc(count + 1, sizeof(per_url->urls[0]));
    per_url->figures = calloc(count * per_url->cell_count + 1, sizeof(per_url->figures[0]));
    if (per_url->urls == NULL || per_url->figures == NULL)
        return no_memory(&urls);
    for (size_t row = 0; row < count; row++) {
        struct node url = item(&urls, row);
        struct node cells;
        if (take_count32(&url, "url", 0, result->distinct_urls - 1, &per_url->urls[row]) != 0 ||
            take_array(&url, "cells", per_url->cell_count, &cells) != 0)
            return -1;
        if (json_array_size(cells.value) != per_url->cell_count)
            return refuse(&cells, "%zu entries instead of %zu", json_array_size(cells.value), per_url->cell_count);
        for (size_t i = 0; i < per_url->cell_count; i++) {
            struct node cell = item(&cells, i);
            if (read_url_cell(&cell, &result->cells[per_url->cells[i]],
                              &per_url->figures[row * per_url->cell_count + i]) != 0)
                return -1;
        }
    }
    per_url->count = count;
    return 0;
}

/* Documents made without figures of URLs have null, and earlier ones nothing. */
static int read_per_url(const struct node *document, struct result *result)
{
    struct node node = member(document, "per_url");
    if (node.value == NULL || json_is_null(node.value))
        return 0;
    if (take_object(document, "per_url", &node) != 0)
        return -1;
    struct per_url *per_url = calloc(1, sizeof(*per_url));
    result->per_url = per_url;
    if (per_url == NULL)
        return no_memory(&node);
    if (take_count32(&node, "settled_urls", 0, result->distinct_urls, &per_url->settled) != 0 ||
        take_count32(&node, "failing_urls", 0, per_url->settled, &per_url->failed) != 0 ||
        take_count32(&node, "lost_urls", 0, per_url->failed, &per_url->lost) != 0 ||
        take_seconds_or(&node, "longest_p50_s", 0, &per_url->p50) != 0 ||
        take_seconds_or(&node, "longest_p90_s", 0, &per_url->p90) != 0 ||
        take_seconds_or(&node, "longest_p99_s", 0, &per_url->p99) != 0 || read_url_totals(&node, result, per_url) != 0)
        return -1;
    return read_url_rows(&node, result, per_url);
}

/* What was drawn from the samples */

static int read_dropped(const struct node *node, struct validity *validity)
{
    struct node rounds;
    if (take_array(node, "dropped_rounds", (size_t)CELLS_MAX * ROUNDS_MAX, &rounds) != 0)
        return -1;
    size_t count = json_array_size(rounds.value);
    validity->dropped = calloc(count + 1, sizeof(validity->dropped[0]));
    if (validity->dropped == NULL)
        return no_memory(&rounds);
    for (size_t i = 0; i < count; i++) {
        struct node entry = item(&rounds, i);
        struct dropped_round *dropped = &validity->dropped[i];
        if (take_count32(&entry, "group", 0, UINT32_MAX, &dropped->group) != 0 ||
            take_count32(&entry, "round", 0, ROUNDS_MAX, &dropped->round) != 0 ||
            take_text(&entry, "reason", dropped->reason, sizeof(dropped->reason)) != 0)
            return -1;
        validity->dropped_count++;
    }
    return 0;
}

static int read_mismatches(const struct node *node, const struct result *result, struct validity *validity)
{
    struct node mismatches;
    if (take_count(node, "mismatches", 0, INT64_MAX, &validity->mismatches) != 0 ||
        take_array(node, "mismatched_urls", MISMATCHES_MAX, &mismatches) != 0)
        return -1;
    size_t count = json_array_size(mismatches.value);
    validity->mismatched_urls = calloc(count + 1, sizeof(validity->mismatched_urls[0]));
    if (validity->mismatched_urls == NULL)
        return no_memory(&mismatches);
    for (size_t i = 0; i < count; i++) {
        struct node entry = item(&mismatches, i);
        struct node cell = item(&entry, 0);
        struct node url = item(&entry, 1);
        struct node number = item(&entry, 2);
        uint64_t cell_place = 0;
        uint64_t url_place = 0;
        struct mismatch *mismatch = &validity->mismatched_urls[i];
        if (read_count(&cell, 0, result->cell_count - 1, &cell_place) != 0 ||
            read_count(&url, 0, result->distinct_urls - 1, &url_place) != 0 ||
            read_count(&number, 1, INT64_MAX, &mismatch->count) != 0)
            return -1;
        mismatch->cell = (uint32_t)cell_place;
        mismatch->url = (uint32_t)url_place;
        validity->mismatched_url_count++;
    }
    return 0;
}

static int read_validity(const struct node *document, struct result *result)
{
    struct node node;
    struct validity *validity = calloc(1, sizeof(*validity));
    result->validity = validity;
    if (validity == NULL)
        return no_memory(document);
    if (take_object(document, "validity", &node) != 0 || take_flag(&node, "is_valid", &validity->is_valid) != 0 ||
        take_text(&node, "reason", validity->reason, sizeof(validity->reason)) != 0 ||
        take_flag(&node, "is_work_equal", &validity->is_work_equal) != 0 ||
        take_flag(&node, "has_success", &validity->has_success) != 0 ||
        take_flag(&node, "differs_in_failures", &validity->differs_in_failures) != 0 ||
        read_dropped(&node, validity) != 0 || take_count(&node, "failures", 0, INT64_MAX, &validity->failures) != 0 ||
        take_count32(&node, "varying_urls", 0, result->distinct_urls, &validity->varying_urls) != 0 ||
        take_count(&node, "cold_connects", 0, INT64_MAX, &validity->cold_connects) != 0)
        return -1;
    /* Documents of before do not have it. */
    if (member(&node, "mismatches").value != NULL && read_mismatches(&node, result, validity) != 0)
        return -1;
    if (validity->varying_urls == 0)
        return 0;
    return take_count32(&node, "varying_url", 0, result->distinct_urls - 1, &validity->varying_url);
}

static int read_ruling(const struct node *entry, enum ruling *ruling)
{
    struct node node = member(entry, "verdict");
    char name[16];
    if (read_text(&node, name, sizeof(name)) != 0)
        return -1;
    for (int i = RULING_PASS; i <= RULING_UNMEASURABLE; i++) {
        if (strcasecmp(name, judgement_name((enum ruling)i)) == 0) {
            *ruling = (enum ruling)i;
            return 0;
        }
    }
    return refuse(&node, "\"%s\" is no verdict", name);
}

static int read_judgement(const struct node *entry, struct judgement *judgement)
{
    static const double all = INFINITY;
    if (!json_is_object(entry->value))
        return refuse(entry, "not an object");
    if (take_text(entry, "claim", judgement->claim, sizeof(judgement->claim)) != 0 ||
        read_ruling(entry, &judgement->ruling) != 0 || take_number(entry, "value", -all, all, &judgement->value) != 0 ||
        take_number(entry, "low", -all, all, &judgement->low) != 0 ||
        take_number(entry, "high", -all, all, &judgement->high) != 0 ||
        take_number(entry, "limit", -all, all, &judgement->limit) != 0 ||
        take_number(entry, "detectable", -all, all, &judgement->detectable) != 0)
        return -1;
    return take_text(entry, "sentence", judgement->sentence, sizeof(judgement->sentence));
}

static int read_judgements(const struct node *document, struct import *import)
{
    struct node verdicts;
    if (take_array(document, "verdicts", 100000, &verdicts) != 0)
        return -1;
    size_t count = json_array_size(verdicts.value);
    import->judgements = calloc(count + 1, sizeof(import->judgements[0]));
    if (import->judgements == NULL)
        return no_memory(&verdicts);
    for (size_t i = 0; i < count; i++) {
        struct node entry = item(&verdicts, i);
        if (read_judgement(&entry, &import->judgements[i]) != 0)
            return -1;
        import->judgement_count++;
    }
    return 0;
}

/* The document */

static int check_columns(const struct node *document)
{
    struct node columns;
    if (take_array(document, "sample_columns", DOCUMENT_COLUMNS, &columns) != 0)
        return -1;
    for (size_t i = 0; i < DOCUMENT_COLUMNS; i++) {
        struct node column = item(&columns, i);
        const char *name = json_string_value(column.value);
        if (name == NULL || strcmp(name, document_columns[i]) != 0)
            return refuse(&column, "not \"%s\"", document_columns[i]);
    }
    return 0;
}

static int read_document(const struct node *document)
{
    struct import *import = document->reader->import;
    char schema[64];
    if (!json_is_string(json_object_get(document->value, "schema")))
        return refuse(document, "not a result of conc-bench, which has a \"schema\"");
    if (take_text(document, "schema", schema, sizeof(schema)) != 0)
        return -1;
    if (strcmp(schema, DOCUMENT_SCHEMA) != 0)
        return refuse(document, "its schema is \"%s\", not \"%s\"", schema, DOCUMENT_SCHEMA);
    if (check_columns(document) != 0 || read_tool(document, &import->result) != 0 ||
        read_workload(document, &import->result) != 0 || read_policy(document, &import->result) != 0 ||
        read_experiment(document, &import->result) != 0 || read_warnings(document, &import->result) != 0 ||
        read_results(document, &import->result) != 0 || read_validity(document, &import->result) != 0 ||
        read_per_url(document, &import->result) != 0)
        return -1;
    return read_judgements(document, import);
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
    evidence_release(&import->result);
    result_release(&import->result);
    free(import->judgements);
    *import = (struct import){0};
}
