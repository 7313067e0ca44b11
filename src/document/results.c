#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/modes/trait.h"
#include "conc_bench/run/sample.h"
#include "records.h"

/* The lists of a document that are large, and are written and read by rules of their own: URLs, results, samples. */

/* URLs */

void urls_write(struct record_writer *writer, const void *base)
{
    const struct run *run = base;
    json_open(&writer->json, '[');
    for (uint32_t i = 0; i < run->distinct_urls; i++) {
        json_new_line(&writer->json);
        json_put_text(&writer->json, run->urls[i]);
    }
    json_close(&writer->json, ']');
}

/* Reads all URLs into one piece of memory. */
int urls_read(const struct json_value *node, void *base)
{
    struct run *run = base;
    size_t count = json_array_size(node->value);
    size_t size = 1;
    for (size_t i = 0; i < count; i++)
        size += json_string_length(json_array_get(node->value, i)) * strlen("\\xNN") + 1;
    if (json_value_expect_array(node, 0, UINT32_MAX) != 0)
        return -1;
    if (count != run->distinct_urls)
        return json_value_refuse(node, "%zu URLs instead of %" PRIu32, count, run->distinct_urls);
    run->urls = calloc(count + 1, sizeof(run->urls[0]));
    char *texts = run->lent[0] = malloc(size);
    if (run->urls == NULL || texts == NULL)
        return json_value_no_memory(node);
    for (uint32_t i = 0; i < run->distinct_urls; i++) {
        struct json_value url = json_value_item(node, i);
        if (json_string_length(url.value) > URL_MAX_BYTES)
            return json_value_refuse(&url, "longer than %d bytes", (int)URL_MAX_BYTES);
        if (json_value_read_text(&url, texts, size) != 0)
            return -1;
        run->urls[i] = texts;
        size -= strlen(texts) + 1;
        texts += strlen(texts) + 1;
    }
    return 0;
}

/* Results */

/* Totals of a group of cells, or of the main cells. */
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
static int check_extent(const struct json_value *results, const struct extent *extent)
{
    enum { SPARE_ROUNDS = 64 };
    if (extent->cells > COMPARED_CELLS_MAX || extent->main_cells > COMPARED_CELLS_MAX)
        return json_value_refuse(results, "more than %d entries are compared with each other, which no run has",
                                 (int)COMPARED_CELLS_MAX);
    if (extent->end > 2 * extent->rounds + SPARE_ROUNDS)
        return json_value_refuse(results, "group %" PRIu32 " has round %" PRIu32 ", but no more than %zu rounds",
                                 extent->group, extent->end - 1, extent->rounds);
    return 0;
}

static int check_groups(const struct json_value *results, const struct run *run)
{
    const struct run_cell **cells = calloc(run->cell_count, sizeof(*cells));
    struct extent extent = {0};
    int status = 0;
    if (cells == NULL)
        return json_value_no_memory(results);
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

void results_write(struct record_writer *writer, const void *base)
{
    const struct run *run = base;
    json_open(&writer->json, '[');
    for (size_t i = 0; i < run->cell_count; i++) {
        const struct cell_stats *stats = cell_stats_of(&writer->analysis->stats, &run->cells[i]);
        struct cell_totals totals = stats->totals;
        struct result result = {.cell = &run->cells[i], .totals = &totals, .service = &totals.service, .stats = stats};
        json_new_line(&writer->json);
        record_write(writer, &record_result, &result);
    }
    json_close(&writer->json, ']');
}

int results_read(const struct json_value *node, void *base)
{
    struct run *run = base;
    struct run_totals *totals = &node->reader->import->totals;
    run->cells = node_make_items(node, 1, CELLS_MAX, sizeof(run->cells[0]));
    totals->cells = run->cells != NULL ? node_make_items(node, 1, CELLS_MAX, sizeof(totals->cells[0])) : NULL;
    if (totals->cells == NULL)
        return -1;
    for (size_t i = 0; i < json_array_size(node->value); i++) {
        struct json_value item = json_value_item(node, i);
        struct cell_totals *of_cell = &totals->cells[i];
        struct result result = {.cell = &run->cells[i], .totals = of_cell, .service = &of_cell->service};
        run->cell_count++;
        totals->cell_count++;
        node->reader->cell = result.cell;
        if (record_read(&item, &record_result, &result) != 0)
            return -1;
    }
    uint32_t downloads = run->downloads;
    run_name_by_rates(run);
    if (run->downloads != downloads)
        return json_value_refuse(node, "no planned_downloads are the downloads of the workload, %" PRIu32, downloads);
    return check_groups(node, run);
}

/* Samples */

/* Settled samples only: of the others no time is known. */
void samples_write(struct record_writer *writer, const void *base)
{
    const struct trial *trial = base;
    if (trial->table == NULL) {
        json_put_null(&writer->json);
        return;
    }
    json_open(&writer->json, '[');
    for (uint32_t slot = 0; slot < trial->table->unit_count; slot++) {
        struct filtered_sample row = {.unit = trial_unit(trial, slot), .sample = trial->table->samples[slot]};
        if (atomic_load(&row.sample.state) != SAMPLE_SETTLED)
            continue;
        row.url = writer->run->unit_urls[row.unit];
        row.sample.start -= trial->gate;
        row.sample.end -= trial->gate;
        row.sample.settled -= trial->gate;
        json_new_line(&writer->json);
        record_write(writer, &record_sample, &row);
    }
    json_close(&writer->json, ']');
}

/* Makes room for the URLs of so many units; of those not heard of yet it is not known. */
static int know_units(const struct json_value *node, uint32_t count)
{
    struct import_state *reader = node->reader;
    struct run *run = &reader->import->run;
    if (count <= reader->unit_count)
        return 0;
    /* Half as many again, so that what is there is not copied for each that follows. */
    uint64_t half_more = (uint64_t)reader->unit_count + reader->unit_count / 2;
    if (half_more > count)
        count = half_more < UINT32_MAX ? (uint32_t)half_more : UINT32_MAX;
    uint32_t *units = realloc(run->lent[1], (size_t)count * sizeof(*units));
    if (units == NULL)
        return json_value_no_memory(node);
    for (uint32_t unit = reader->unit_count; unit < count; unit++)
        units[unit] = UINT32_MAX;
    run->lent[1] = units;
    run->unit_urls = units;
    reader->unit_count = count;
    return 0;
}

static int place_row(const struct json_value *node, struct trial *trial, uint32_t place,
                     const struct filtered_sample *row)
{
    struct run *run = &node->reader->import->run;
    /* A client may have had more downloads under way than it was asked for. */
    bool is_client = (node->reader->cell->traits & MODE_IS_CLIENT) != 0;
    double workers = is_client ? run->downloads : cell_workers_in_all(node->reader->cell);
    if (row->url >= run->distinct_urls || row->sample.worker >= workers)
        return json_value_refuse(node, "unit %" PRIu32 " has no such URL or worker", row->unit);
    if (place > 0 && trial->units[place - 1] == row->unit)
        return json_value_refuse(node, "unit %" PRIu32 " stands there twice", row->unit);
    uint32_t *units = run->lent[1];
    if (units[row->unit] != UINT32_MAX && units[row->unit] != row->url)
        return json_value_refuse(node, "unit %" PRIu32 " has different URLs", row->unit);
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

/* The most units that so many samples can be from. Units are claimed in order, so those that are missing are those last
 * claimed: at most one for each worker; but of several machines each has every so many-th, and one may be far ahead of
 * the others. How far is limited, and how many workers there are: memory is taken for the samples there are, whatever
 * the document says of the rest. */
static uint64_t count_possible(const struct run_cell *cell, size_t samples)
{
    enum { AHEAD_MAX = 64, CLAIMED_MAX = 1 << 22 };
    uint64_t ahead = cell_machines(cell) < AHEAD_MAX ? cell_machines(cell) : AHEAD_MAX;
    uint64_t claimed = (uint64_t)cell->workers * cell_machines(cell);
    return samples * ahead + (claimed < CLAIMED_MAX ? claimed * ahead : CLAIMED_MAX);
}

static int place_rows(const struct json_value *node, struct trial *trial, const struct sample_batch *batch)
{
    struct import_state *reader = node->reader;
    uint64_t units = count_possible(reader->cell, batch->count);
    units = units < reader->cell->downloads ? units : reader->cell->downloads;
    if (batch->count == 0)
        return 0;
    qsort(batch->rows, batch->count, sizeof(batch->rows[0]), compare_rows);
    uint32_t last = batch->rows[batch->count - 1].unit;
    if (last >= units)
        return json_value_refuse(node, "unit %" PRIu32 " is beyond the others", last);
    trial->units = calloc(batch->count, sizeof(trial->units[0]));
    if (trial->units == NULL)
        return json_value_no_memory(node);
    if (know_units(node, last + 1) != 0)
        return -1;
    for (size_t i = 0; i < batch->count; i++) {
        if (place_row(node, trial, (uint32_t)i, &batch->rows[i]) != 0)
            return -1;
    }
    return 0;
}

/* The filter has taken the rows out of the text already, and left the number of their batch there. */
int samples_read(const struct json_value *node, void *base)
{
    struct trial *trial = base;
    struct import_state *reader = node->reader;
    if (json_is_null(node->value))
        return 0;
    if (!json_is_integer(node->value) || reader->next_batch >= reader->filter->batch_count ||
        json_integer_value(node->value) != (json_int_t)reader->next_batch)
        return json_value_refuse(node, "not an array");
    struct sample_batch *batch = &reader->filter->batches[reader->next_batch++];
    if (reader->filter->is_discarding)
        return 0;
    if (batch->count != trial->summary.settled)
        return json_value_refuse(node, "%zu samples instead of %" PRIu32, batch->count, trial->summary.settled);
    trial->table = sample_table_create_private((uint32_t)batch->count, reader->error);
    if (trial->table == NULL || place_rows(node, trial, batch) != 0)
        return -1;
    free(batch->rows);
    *batch = (struct sample_batch){0};
    return 0;
}
