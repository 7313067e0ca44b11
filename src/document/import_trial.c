#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/base/text.h"
#include "conc_bench/run/phases.h"
#include "conc_bench/run/sample.h"
#include "import_parts.h"

static int read_outcomes(const struct node *downloads, uint32_t units, struct trial_summary *summary)
{
    struct node outcomes;
    uint64_t total = 0;
    if (node_object(downloads, "outcomes", &outcomes) != 0)
        return -1;
    for (int outcome = 0; outcome < OUTCOME_COUNT; outcome++) {
        struct node node = node_member(&outcomes, outcome_name((enum outcome)outcome));
        uint64_t count = 0;
        if (node.value != NULL && node_read_count(&node, 0, units, &count) != 0)
            return -1;
        summary->outcomes[outcome] = (uint32_t)count;
        total += count;
    }
    return total == units ? 0 : node_refuse(&outcomes, "they are not as many as there are downloads");
}

static int read_phases(const struct node *downloads, nanoseconds sums[PHASE_COUNT])
{
    struct node phases;
    if (node_object(downloads, "phase_sums_s", &phases) != 0)
        return -1;
    for (int phase = 0; phase < PHASE_COUNT; phase++) {
        struct node node = node_member(&phases, phase_key((enum phase)phase));
        if (node_read_seconds(&node, SECONDS_SUM_MAX, &sums[phase]) != 0)
            return -1;
    }
    return 0;
}

static int read_summary(const struct node *round, uint32_t units, struct trial_summary *summary)
{
    struct node node = node_member(round, "downloads");
    if (json_is_null(node.value))
        return 0;
    if (node_object(round, "downloads", &node) != 0 || read_outcomes(&node, units, summary) != 0 ||
        node_count32(&node, "settled", 0, units, &summary->settled) != 0 ||
        node_count32(&node, "answered", 0, units, &summary->answered) != 0 ||
        node_count32(&node, "refused", 0, units, &summary->refused) != 0 ||
        node_count64(&node, "body_bytes", BYTES_MAX, &summary->body_bytes) != 0 ||
        node_count(&node, "connects", 0, INT64_MAX, &summary->connects) != 0 ||
        node_count(&node, "tls_handshakes", 0, INT64_MAX, &summary->handshakes) != 0 ||
        node_count32(&node, "http2", 0, units, &summary->http2) != 0 ||
        node_count(&node, "http2_connects", 0, INT64_MAX, &summary->http2_connects) != 0 ||
        node_count32(&node, "peak_in_flight", 0, units, &summary->peak_in_flight) != 0 ||
        node_seconds(&node, "service_p50_s", &summary->p50) != 0 ||
        node_seconds(&node, "service_p90_s", &summary->p90) != 0 ||
        node_seconds(&node, "service_p95_s", &summary->p95) != 0 ||
        node_seconds(&node, "service_p99_s", &summary->p99) != 0 ||
        node_seconds(&node, "service_max_s", &summary->longest) != 0 ||
        node_seconds(&node, "settled_p95_s", &summary->settled_p95) != 0 ||
        node_seconds(&node, "last_start_s", &summary->last_start) != 0 || read_phases(&node, summary->phases) != 0)
        return -1;
    summary->is_known = true;
    return 0;
}

/* null is 0, which stands for what is not known; documents of earlier versions say 0. */
static int read_known(const struct node *parent, const char *key, uint64_t high, uint64_t *value)
{
    struct node node = node_member(parent, key);
    *value = 0;
    return json_is_null(node.value) ? 0 : node_read_count(&node, 0, high, value);
}

static int read_known_bytes(const struct node *parent, const char *key, int64_t *value)
{
    uint64_t wide = 0;
    int status = read_known(parent, key, BYTES_MAX, &wide);
    *value = (int64_t)wide;
    return status;
}

static int read_known_count(const struct node *parent, const char *key, uint32_t *value)
{
    uint64_t wide = 0;
    int status = read_known(parent, key, UINT32_MAX, &wide);
    *value = (uint32_t)wide;
    return status;
}

static int read_resources(const struct node *round, struct trial_resources *resources)
{
    struct node node;
    if (node_object(round, "resources", &node) != 0)
        return -1;
    if (node_seconds(&node, "cpu_user_s", &resources->cpu_user) != 0 ||
        node_seconds(&node, "cpu_system_s", &resources->cpu_system) != 0 ||
        node_count64(&node, "voluntary_switches", INT64_MAX, &resources->voluntary_switches) != 0 ||
        node_count64(&node, "involuntary_switches", INT64_MAX, &resources->involuntary_switches) != 0 ||
        read_known_bytes(&node, "max_rss_bytes", &resources->max_rss_bytes) != 0 ||
        read_known_bytes(&node, "peak_memory_bytes", &resources->peak_memory_bytes) != 0 ||
        read_known_count(&node, "processes", &resources->processes) != 0 ||
        read_known_count(&node, "threads", &resources->threads) != 0 ||
        read_known_count(&node, "descriptors", &resources->descriptors) != 0 ||
        node_seconds_or(&node, "on_cpu_s", 0, &resources->on_cpu) != 0)
        return -1;
    return node_seconds_or(&node, "run_queue_wait_s", 0, &resources->run_queue_wait);
}

static int read_host(const struct node *round, struct trial_host *host)
{
    struct node node;
    if (node_object(round, "host", &node) != 0 || node_number(&node, "steal_share", 0, 1e6, &host->steal_share) != 0 ||
        node_number(&node, "foreign_cores", 0, 1e6, &host->foreign_cores) != 0)
        return -1;
    return node_number(&node, "throttled_s", 0, SECONDS_MAX, &host->throttled);
}

static int read_origin_counts(const struct node *round, struct trial_origin_counts *origin_counts)
{
    struct node node = node_member(round, "witness");
    struct node urls;
    const char *key;
    json_t *value;
    if (json_is_null(node.value))
        return 0;
    if (node_object(round, "witness", &node) != 0 ||
        node_count(&node, "requests", 0, INT64_MAX, &origin_counts->requests) != 0 ||
        node_count(&node, "connections", 0, INT64_MAX, &origin_counts->connections) != 0 ||
        node_count32(&node, "peak_in_flight", 0, UINT32_MAX, &origin_counts->peak_in_flight) != 0 ||
        node_object(&node, "urls", &urls) != 0)
        return -1;
    size_t count = json_object_size(urls.value);
    origin_counts->urls = calloc(count + 1, sizeof(origin_counts->urls[0]));
    origin_counts->url_requests = calloc(count + 1, sizeof(origin_counts->url_requests[0]));
    if (origin_counts->urls == NULL || origin_counts->url_requests == NULL)
        return node_no_memory(&urls);
    json_object_foreach((json_t *)urls.value, key, value)
    {
        struct node requests = {.value = value, .reader = round->reader};
        snprintf(requests.place, sizeof(requests.place), "%.100s of a URL", urls.place);
        if (node_read_count(&requests, 0, INT64_MAX, &origin_counts->url_requests[origin_counts->url_count]) != 0)
            return -1;
        size_t size = strlen(key) * strlen("\\xNN") + 1;
        char *escaped = malloc(size);
        if (escaped == NULL)
            return node_no_memory(&urls);
        origin_counts->urls[origin_counts->url_count++] = text_escape(escaped, size, key, strlen(key));
    }
    origin_counts->is_present = true;
    return 0;
}

static int read_status(const struct node *round, enum trial_status *status)
{
    struct node node = node_member(round, "status");
    char name[32];
    if (node_read_text(&node, name, sizeof(name)) != 0)
        return -1;
    for (int i = TRIAL_COMPLETE; i <= TRIAL_FAILED; i++) {
        if (strcmp(name, trial_status_name((enum trial_status)i)) == 0) {
            *status = (enum trial_status)i;
            return 0;
        }
    }
    return node_refuse(&node, "\"%s\" is no ending of a trial", name);
}

/* Samples */

/* Makes room for the URLs of so many units; of those not heard of yet it is not known. */
static int know_units(const struct node *node, uint32_t count)
{
    struct reader *reader = node->reader;
    struct run *run = &reader->import->run;
    if (count <= reader->unit_count)
        return 0;
    /* Half as many again, so that what is there is not copied for each that follows. */
    uint64_t half_more = (uint64_t)reader->unit_count + reader->unit_count / 2;
    if (half_more > count)
        count = half_more < UINT32_MAX ? (uint32_t)half_more : UINT32_MAX;
    uint32_t *units = realloc(run->lent[1], (size_t)count * sizeof(*units));
    if (units == NULL)
        return node_no_memory(node);
    for (uint32_t unit = reader->unit_count; unit < count; unit++)
        units[unit] = UINT32_MAX;
    run->lent[1] = units;
    run->unit_urls = units;
    reader->unit_count = count;
    return 0;
}

static int place_row(const struct node *node, const struct run_cell *cell, struct trial *trial, uint32_t place,
                     const struct filtered_sample *row)
{
    struct run *run = &node->reader->import->run;
    if (row->url >= run->distinct_urls || row->sample.worker >= cell->workers)
        return node_refuse(node, "unit %" PRIu32 " has no such URL or worker", row->unit);
    if (place > 0 && trial->units[place - 1] == row->unit)
        return node_refuse(node, "unit %" PRIu32 " stands there twice", row->unit);
    uint32_t *units = run->lent[1];
    if (units[row->unit] != UINT32_MAX && units[row->unit] != row->url)
        return node_refuse(node, "unit %" PRIu32 " has different URLs", row->unit);
    units[row->unit] = row->url;
    trial->units[place] = row->unit;
    struct sample *slot = &trial->table->samples[place];
    *slot = row->sample;
    slot->start += trial->gate;
    slot->end += trial->gate;
    slot->settled += trial->gate;
    return 0;
}

static int compare_rows(const void *a, const void *b)
{
    const struct filtered_sample *left = a;
    const struct filtered_sample *right = b;
    return (left->unit > right->unit) - (left->unit < right->unit);
}

/* Units are claimed in order, so those that are missing are those last claimed: at most one for each worker. Memory is
 * taken for the samples there are, whatever the document says of downloads and workers. */
static int place_rows(const struct node *node, const struct run_cell *cell, struct trial *trial,
                      const struct sample_batch *batch)
{
    struct reader *reader = node->reader;
    uint64_t units = (uint64_t)batch->count + cell->workers;
    units = units < reader->import->run.downloads ? units : reader->import->run.downloads;
    if (batch->count == 0)
        return 0;
    qsort(batch->rows, batch->count, sizeof(batch->rows[0]), compare_rows);
    uint32_t last = batch->rows[batch->count - 1].unit;
    if (last >= units)
        return node_refuse(node, "unit %" PRIu32 " is beyond the others", last);
    trial->units = calloc(batch->count, sizeof(trial->units[0]));
    if (trial->units == NULL)
        return node_no_memory(node);
    if (know_units(node, last + 1) != 0)
        return -1;
    for (size_t i = 0; i < batch->count; i++) {
        if (place_row(node, cell, trial, (uint32_t)i, &batch->rows[i]) != 0)
            return -1;
    }
    return 0;
}

static int read_samples(const struct node *round, const struct run_cell *cell, struct trial *trial)
{
    struct node node = node_member(round, "samples");
    struct reader *reader = round->reader;
    if (json_is_null(node.value))
        return 0;
    if (!json_is_integer(node.value) || reader->next_batch >= reader->filter->batch_count ||
        json_integer_value(node.value) != (json_int_t)reader->next_batch)
        return node_refuse(&node, "not an array");
    struct sample_batch *batch = &reader->filter->batches[reader->next_batch++];
    if (reader->filter->is_discarding)
        return 0;
    if (batch->count != trial->summary.settled)
        return node_refuse(&node, "%zu samples instead of %" PRIu32, batch->count, trial->summary.settled);
    trial->table = sample_table_create_private((uint32_t)batch->count, reader->error);
    if (trial->table == NULL || place_rows(&node, cell, trial, batch) != 0)
        return -1;
    free(batch->rows);
    *batch = (struct sample_batch){0};
    return 0;
}

int import_trial(const struct node *round, const struct run_cell *cell, struct trial *trial)
{
    struct run *run = &round->reader->import->run;
    if (node_count32(round, "round", 0, ROUNDS_MAX, &trial->round) != 0 ||
        node_count32(round, "position", 0, CELLS_MAX, &trial->position) != 0 ||
        read_status(round, &trial->status) != 0 ||
        node_text(round, "reason", trial->reason, sizeof(trial->reason)) != 0 ||
        node_seconds(round, "gate_s", &trial->gate) != 0 || node_seconds(round, "startup_s", &trial->startup) != 0 ||
        node_seconds(round, "warm_s", &trial->warm) != 0 || node_seconds_or(round, "run_s", 0, &trial->run) != 0 ||
        node_seconds(round, "teardown_s", &trial->teardown) != 0 || read_resources(round, &trial->resources) != 0 ||
        read_host(round, &trial->host) != 0 || node_seconds(round, "loop_lag_p99_s", &trial->lag.p99) != 0 ||
        node_seconds(round, "loop_lag_max_s", &trial->lag.longest) != 0 ||
        node_count32(round, "warm_requests", 0, UINT32_MAX, &trial->warm_requests) != 0 ||
        node_count32(round, "http2_warm_connects", 0, UINT32_MAX, &trial->http2.warm_connects) != 0 ||
        node_count32(round, "http2_most_streams", 0, UINT32_MAX, &trial->http2.most_streams) != 0 ||
        read_origin_counts(round, &trial->origin_counts) != 0 ||
        read_summary(round, run->downloads, &trial->summary) != 0)
        return -1;
    return read_samples(round, cell, trial);
}
