#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/analysis/per_url.h"
#include "conc_bench/run/sample.h"
#include "import_parts.h"

static int read_url_failure_classes(const struct node *entry, struct url_figure *figure)
{
    struct node classes;
    size_t known = 0;
    if (node_object(entry, "failure_classes", &classes) != 0)
        return -1;
    for (int outcome = OUTCOME_OK + 1; outcome < OUTCOME_COUNT; outcome++) {
        struct node node = node_member(&classes, outcome_name((enum outcome)outcome));
        uint64_t count = 0;
        if (node.value != NULL && node_read_count(&node, 1, UINT32_MAX, &count) != 0)
            return -1;
        figure->failures[outcome] = (uint32_t)count;
        known += node.value != NULL;
    }
    return known == json_object_size(classes.value) ? 0 : node_refuse(&classes, "has no class of failures");
}

/* That an entry is about the cell it stands for. */
static int check_url_cell(const struct node *entry, const struct run_cell *cell)
{
    char mode[sizeof(cell->mode)];
    uint32_t workers;
    if (node_text(entry, "mode", mode, sizeof(mode)) != 0 ||
        node_count32(entry, "workers", 1, WORKERS_MAX, &workers) != 0)
        return -1;
    if (strcmp(mode, cell->mode) != 0 || workers != cell->workers)
        return node_refuse(entry, "not about %s/%" PRIu32, cell->mode, cell->workers);
    return 0;
}

static int read_url_cell(const struct node *entry, const struct run_cell *cell, struct url_figure *figure)
{
    if (check_url_cell(entry, cell) != 0 || node_count32(entry, "count", 0, UINT32_MAX, &figure->count) != 0 ||
        read_url_failure_classes(entry, figure) != 0)
        return -1;
    if (figure->count == 0)
        return 0;
    return node_seconds(entry, "service_p50_s", &figure->service) == 0
               ? node_count64(entry, "body_p50_bytes", BYTES_MAX, &figure->body_bytes)
               : -1;
}

static int read_url_totals(const struct node *node, const struct run *run, struct per_url *per_url)
{
    struct node totals;
    if (node_array(node, "totals", CELLS_MAX, &totals) != 0)
        return -1;
    per_url->cells = calloc(run->cell_count + 1, sizeof(per_url->cells[0]));
    per_url->totals = calloc(run->cell_count + 1, sizeof(per_url->totals[0]));
    if (per_url->cells == NULL || per_url->totals == NULL)
        return node_no_memory(node);
    for (size_t i = 0; i < run->cell_count; i++) {
        if (run->cells[i].stage == STAGE_MAIN)
            per_url->cells[per_url->cell_count++] = (uint32_t)i;
    }
    if (json_array_size(totals.value) != per_url->cell_count)
        return node_refuse(&totals, "%zu entries instead of %zu", json_array_size(totals.value), per_url->cell_count);
    for (size_t i = 0; i < per_url->cell_count; i++) {
        struct node entry = node_item(&totals, i);
        if (check_url_cell(&entry, &run->cells[per_url->cells[i]]) != 0 ||
            node_count(&entry, "count", 0, INT64_MAX, &per_url->totals[i].count) != 0 ||
            node_count(&entry, "failures", 0, INT64_MAX, &per_url->totals[i].failures) != 0)
            return -1;
    }
    return 0;
}

static int read_url_rows(const struct node *node, const struct run *run, struct per_url *per_url)
{
    struct node urls;
    if (node_array(node, "urls", 2 * (size_t)PER_URL_KEPT, &urls) != 0)
        return -1;
    size_t count = json_array_size(urls.value);
    per_url->urls = calloc(count + 1, sizeof(per_url->urls[0]));
    per_url->stats = calloc(count * per_url->cell_count + 1, sizeof(per_url->stats[0]));
    if (per_url->urls == NULL || per_url->stats == NULL)
        return node_no_memory(&urls);
    for (size_t row = 0; row < count; row++) {
        struct node url = node_item(&urls, row);
        struct node cells;
        if (node_count32(&url, "url", 0, run->distinct_urls - 1, &per_url->urls[row]) != 0 ||
            node_array(&url, "cells", per_url->cell_count, &cells) != 0)
            return -1;
        if (json_array_size(cells.value) != per_url->cell_count)
            return node_refuse(&cells, "%zu entries instead of %zu", json_array_size(cells.value), per_url->cell_count);
        for (size_t i = 0; i < per_url->cell_count; i++) {
            struct node cell = node_item(&cells, i);
            if (read_url_cell(&cell, &run->cells[per_url->cells[i]], &per_url->stats[row * per_url->cell_count + i]) !=
                0)
                return -1;
        }
    }
    per_url->count = count;
    return 0;
}

/* Documents made without figures of URLs have null, and earlier ones nothing. */
int import_per_url(const struct node *document, struct run *run)
{
    struct node node = node_member(document, "per_url");
    if (node.value == NULL || json_is_null(node.value))
        return 0;
    if (node_object(document, "per_url", &node) != 0)
        return -1;
    struct per_url *per_url = calloc(1, sizeof(*per_url));
    run->per_url = per_url;
    if (per_url == NULL)
        return node_no_memory(&node);
    if (node_count32(&node, "settled_urls", 0, run->distinct_urls, &per_url->settled) != 0 ||
        node_count32(&node, "failing_urls", 0, per_url->settled, &per_url->failed) != 0 ||
        node_count32(&node, "lost_urls", 0, per_url->failed, &per_url->lost) != 0 ||
        node_seconds_or(&node, "longest_p50_s", 0, &per_url->p50) != 0 ||
        node_seconds_or(&node, "longest_p90_s", 0, &per_url->p90) != 0 ||
        node_seconds_or(&node, "longest_p99_s", 0, &per_url->p99) != 0 || read_url_totals(&node, run, per_url) != 0)
        return -1;
    return read_url_rows(&node, run, per_url);
}
