#include "records.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/analysis/per_url.h"

/* The figures of URLs. Lists in them stand for the main cells of the run, in their order. */

/* The figures of a URL, or of all of them, in a cell. */
struct url_in_cell {
    const struct run_cell *cell;
    struct url_figure *figure;
    struct url_total *total;
};

static bool has_median(const void *base)
{
    return ((const struct url_figure *)base)->count > 0;
}

static const struct field total_fields[] = {
    {"count", "downloads that succeeded", COUNT(struct url_total, count, 0, INT64_MAX)},
    {"failures", "downloads that failed", COUNT(struct url_total, failures, 0, INT64_MAX)},
};
static const struct record record_total = {NULL, RECORD(struct url_total, total_fields)};

static const struct field figure_fields[] = {
    {"count", "downloads that succeeded, on which both medians rest", COUNT(struct url_figure, count, 0, UINT32_MAX)},
    {"service_p50_s", "median service time; `null` without any", SECONDS(struct url_figure, service, SECONDS_MAX),
     .is_there = has_median},
    {"body_p50_bytes", "median body; `null` without any", COUNT(struct url_figure, body_bytes, 0, BYTES_MAX),
     .is_there = has_median},
    {"failure_classes", "how many failed, by class", COUNTS_BY_NAME(struct url_figure, failures, naming_failures)},
};
static const struct record record_figure = {NULL, RECORD(struct url_figure, figure_fields)};

/* Checks that an entry is about the cell it stands for. */
static int check_cell(const struct json_value *node, void *base)
{
    const struct url_in_cell *entry = base;
    struct json_value mode = json_value_member(node, "mode");
    struct json_value workers = json_value_member(node, "workers");
    bool is_mode = json_is_string(mode.value) && strcmp(json_string_value(mode.value), entry->cell->mode) == 0;
    if (!is_mode || json_integer_value(workers.value) != (json_int_t)entry->cell->workers)
        return json_value_refuse(is_mode ? &workers : &mode, "not about %s/%" PRIu32, entry->cell->mode,
                                 entry->cell->workers);
    return 0;
}

static const struct field url_total_fields[] = {
    {NULL, NULL, POINTED_MEMBERS(struct url_in_cell, cell, record_cell_name)},
    {NULL, NULL, POINTED_MEMBERS(struct url_in_cell, total, record_total)},
};
const struct record record_url_total = {"url_total", RECORD(struct url_in_cell, url_total_fields), .check = check_cell};

static const struct field url_cell_fields[] = {
    {NULL, NULL, POINTED_MEMBERS(struct url_in_cell, cell, record_cell_name)},
    {NULL, NULL, POINTED_MEMBERS(struct url_in_cell, figure, record_figure)},
};
const struct record record_url_cell = {"url_cell", RECORD(struct url_in_cell, url_cell_fields), .check = check_cell};

/* The entry of a cell: with its total, or with its figure of one URL. */
static struct url_in_cell entry_of(const struct run *run, const struct per_url *per_url, size_t i,
                                   struct url_figure *figures)
{
    return (struct url_in_cell){.cell = &run->cells[per_url->cells[i]],
                                .total = &per_url->totals[i],
                                .figure = figures != NULL ? &figures[i] : NULL};
}

static void write_cells(struct record_writer *writer, const struct per_url *per_url, const struct record *record,
                        struct url_figure *figures)
{
    json_open(&writer->json, '[');
    for (size_t i = 0; i < per_url->cell_count; i++) {
        struct url_in_cell entry = entry_of(writer->run, per_url, i, figures);
        record_write(writer, record, &entry);
    }
    json_close(&writer->json, ']');
}

static int read_cells(const struct json_value *node, const struct per_url *per_url, const struct record *record,
                      struct url_figure *figures)
{
    if (json_value_expect_array(node, 0, CELLS_MAX) != 0)
        return -1;
    if (json_array_size(node->value) != per_url->cell_count)
        return json_value_refuse(node, "%zu entries instead of %zu", json_array_size(node->value), per_url->cell_count);
    for (size_t i = 0; i < per_url->cell_count; i++) {
        struct json_value item = json_value_item(node, i);
        struct url_in_cell entry = entry_of(&node->reader->import->run, per_url, i, figures);
        if (record_read(&item, record, &entry) != 0)
            return -1;
    }
    return 0;
}

static void write_totals(struct record_writer *writer, const void *base)
{
    write_cells(writer, base, &record_url_total, NULL);
}

static int read_totals(const struct json_value *node, void *base)
{
    const struct run *run = &node->reader->import->run;
    struct per_url *per_url = base;
    per_url->cells = calloc(run->cell_count + 1, sizeof(per_url->cells[0]));
    per_url->totals = calloc(run->cell_count + 1, sizeof(per_url->totals[0]));
    if (per_url->cells == NULL || per_url->totals == NULL)
        return json_value_no_memory(node);
    for (size_t i = 0; i < run->cell_count; i++) {
        if (run->cells[i].stage == STAGE_MAIN)
            per_url->cells[per_url->cell_count++] = (uint32_t)i;
    }
    return read_cells(node, per_url, &record_url_total, NULL);
}

/* One of the URLs that are kept. */
struct url_row {
    uint32_t url;
    const struct per_url *per_url;
    struct url_figure *figures; /* by cell */
};

static void write_row_cells(struct record_writer *writer, const void *base)
{
    const struct url_row *row = base;
    write_cells(writer, row->per_url, &record_url_cell, row->figures);
}

static int read_row_cells(const struct json_value *node, void *base)
{
    const struct url_row *row = base;
    return read_cells(node, row->per_url, &record_url_cell, row->figures);
}

static const struct field url_fields[] = {
    {"url", "index into `urls`", COUNT(struct url_row, url, 0, UINT32_MAX), .bound = BOUND_URLS},
    {"cells", "one object for each of `totals`, in its order", OWN(write_row_cells, read_row_cells), .json = "array",
     .record = &record_url_cell},
};
const struct record record_url = {"url", RECORD(struct url_row, url_fields)};

static struct url_row row_of(const struct per_url *per_url, size_t row)
{
    return (struct url_row){
        .url = per_url->urls[row], .per_url = per_url, .figures = &per_url->stats[row * per_url->cell_count]};
}

static void write_rows(struct record_writer *writer, const void *base)
{
    const struct per_url *per_url = base;
    json_open(&writer->json, '[');
    for (size_t i = 0; i < per_url->count; i++) {
        struct url_row row = row_of(per_url, i);
        json_new_line(&writer->json);
        record_write(writer, &record_url, &row);
    }
    json_close(&writer->json, ']');
}

static int read_rows(const struct json_value *node, void *base)
{
    struct per_url *per_url = base;
    size_t count = json_array_size(node->value);
    per_url->urls = node_make_items(node, 0, 2 * (size_t)PER_URL_KEPT, sizeof(per_url->urls[0]));
    if (per_url->urls == NULL)
        return -1;
    per_url->stats = calloc(count * per_url->cell_count + 1, sizeof(per_url->stats[0]));
    if (per_url->stats == NULL)
        return json_value_no_memory(node);
    for (size_t i = 0; i < count; i++) {
        struct json_value item = json_value_item(node, i);
        struct url_row row = row_of(per_url, i);
        if (record_read(&item, &record_url, &row) != 0)
            return -1;
        per_url->urls[i] = row.url;
    }
    per_url->count = count;
    return 0;
}

static void write_sentences(struct record_writer *writer, const void *base)
{
    const struct per_url_sentences *sentences = &writer->analysis->urls;
    (void)base;
    json_open(&writer->json, '[');
    for (size_t i = 0; i < sentences->count; i++)
        json_put_text(&writer->json, sentences->texts[i]);
    json_close(&writer->json, ']');
}

static int check_per_url(const struct json_value *node, void *base)
{
    const struct per_url *per_url = base;
    bool is_failed_wrong = per_url->failed > per_url->settled;
    struct json_value wrong = json_value_member(node, is_failed_wrong ? "failing_urls" : "lost_urls");
    if (!is_failed_wrong && per_url->lost <= per_url->failed)
        return 0;
    return json_value_refuse(&wrong, "%" PRIu32 " is not between 0 and %" PRIu32,
                             is_failed_wrong ? per_url->failed : per_url->lost,
                             is_failed_wrong ? per_url->settled : per_url->failed);
}

static const struct field per_url_fields[] = {
    {"settled_urls", "URLs with downloads", COUNT(struct per_url, settled, 0, UINT32_MAX), .bound = BOUND_URL_COUNT},
    {"failing_urls", "of those, failed at least once", COUNT(struct per_url, failed, 0, UINT32_MAX)},
    {"lost_urls", "of these, never succeeded", COUNT(struct per_url, lost, 0, UINT32_MAX)},
    {"longest_p50_s",
     "of the longest medians of all URLs (each in its slowest cell), a percentile over the URLs that succeeded, as the "
     "next two",
     SECONDS(struct per_url, p50, SECONDS_MAX), .is_nullable = true},
    {"longest_p90_s", "as above", SECONDS(struct per_url, p90, SECONDS_MAX), .is_nullable = true},
    {"longest_p99_s", "as above", SECONDS(struct per_url, p99, SECONDS_MAX), .is_nullable = true},
    {"sentences", "the slowest URL, the one slowed most beside others, how many failed", OWN(write_sentences, NULL),
     .schema = "\"type\": \"array\", \"items\": {\"type\": \"string\"}"},
    {"totals", "of all URLs, by cell", OWN(write_totals, read_totals), .json = "array", .record = &record_url_total},
    {"urls",
     "the 1000 with the longest medians and the 1000 with the most failures (fewer with more than 100 cells). The "
     "longest median first, then those that never succeeded",
     OWN(write_rows, read_rows), .json = "array", .record = &record_url},
};
const struct record record_per_url = {"per_url", RECORD(struct per_url, per_url_fields), .check = check_per_url};
