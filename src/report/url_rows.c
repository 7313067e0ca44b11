#include "url_rows.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "conc_bench/base/number.h"
#include "conc_bench/base/text.h"

static uint64_t failures_of(const struct per_url *per_url, size_t row)
{
    uint64_t failures = 0;
    for (size_t i = 0; i < per_url->cell_count; i++)
        failures += url_figure_failures(per_url_figure(per_url, row, i));
    return failures;
}

/* The row from `first` on, and not among those chosen, with the most failures; `count`: none has any. */
static size_t find_failing(const struct per_url *per_url, size_t first, const struct url_rows *chosen)
{
    size_t found = per_url->count;
    uint64_t most = 0;
    for (size_t row = first; row < per_url->count; row++) {
        uint64_t failures = failures_of(per_url, row);
        bool is_chosen = false;
        for (size_t i = 0; i < chosen->count; i++)
            is_chosen |= chosen->rows[i] == row;
        if (is_chosen || failures <= most)
            continue;
        found = row;
        most = failures;
    }
    return found;
}

struct url_rows url_rows_choose(const struct per_url *per_url)
{
    struct url_rows rows = {.count = 0};
    while (rows.count < URL_ROWS_SLOWEST && rows.count < per_url->count &&
           per_url_longest(per_url, rows.count) < per_url->cell_count) {
        rows.rows[rows.count] = rows.count;
        rows.count++;
    }
    rows.slowest = rows.count;
    for (size_t i = 0; i < URL_ROWS_FAILING; i++) {
        size_t row = find_failing(per_url, rows.slowest, &rows);
        if (row == per_url->count)
            break;
        /* They stand in the order of the figures. */
        size_t place = rows.count++;
        for (; place > rows.slowest && rows.rows[place - 1] > row; place--)
            rows.rows[place] = rows.rows[place - 1];
        rows.rows[place] = row;
    }
    return rows;
}

bool url_rows_label(const struct run *run, const struct url_rows *rows, size_t place, size_t columns,
                    char label[URL_LABEL_BYTES])
{
    const struct per_url *per_url = run->per_url;
    uint32_t url = per_url->urls[rows->rows[place]];
    bool is_alike = false;
    text_shorten(label, URL_LABEL_BYTES, run->urls[url], columns);
    for (size_t i = 0; i < rows->count; i++) {
        char other[URL_LABEL_BYTES];
        text_shorten(other, sizeof(other), run->urls[per_url->urls[rows->rows[i]]], columns);
        is_alike |= i != place && strcmp(label, other) == 0;
    }
    if (is_alike) {
        enum { LEAST = 8 };
        char number[16];
        size_t length = (size_t)snprintf(number, sizeof(number), " #%" PRIu32, url + 1);
        text_shorten(label, URL_LABEL_BYTES, run->urls[url], columns > LEAST + length ? columns - length : LEAST);
        length = strlen(label);
        snprintf(label + length, URL_LABEL_BYTES - length, "%s", number);
    }
    return is_alike;
}

char *url_rows_bodies(const struct per_url *per_url, size_t row, char bodies[URL_BODIES_BYTES])
{
    int64_t least = INT64_MAX;
    int64_t most = -1;
    char low[32], high[32];
    for (size_t i = 0; i < per_url->cell_count; i++) {
        const struct url_figure *figure = per_url_figure(per_url, row, i);
        if (figure->count == 0)
            continue;
        least = figure->body_bytes < least ? figure->body_bytes : least;
        most = figure->body_bytes > most ? figure->body_bytes : most;
    }
    number_format_size(low, sizeof(low), (double)least);
    number_format_size(high, sizeof(high), (double)most);
    if (most < 0)
        snprintf(bodies, URL_BODIES_BYTES, "-");
    else if (strcmp(low, high) == 0)
        snprintf(bodies, URL_BODIES_BYTES, "%s", high);
    else
        snprintf(bodies, URL_BODIES_BYTES, "%s to %s", low, high);
    return bodies;
}

bool url_rows_fail(const struct per_url *per_url, const struct url_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        if (failures_of(per_url, rows->rows[i]) > 0)
            return true;
    }
    return false;
}

bool url_rows_have_slowdown(const struct run *run, const struct url_rows *rows)
{
    size_t cell, alone;
    for (size_t i = 0; i < rows->count; i++) {
        if (isfinite(per_url_slowdown(run, rows->rows[i], &cell, &alone)))
            return true;
    }
    return false;
}

void url_rows_counts(const struct per_url *per_url, const struct url_rows *rows, uint32_t *least, uint32_t *most)
{
    *least = *most = 0;
    for (size_t i = 0; i < rows->count; i++) {
        for (size_t j = 0; j < per_url->cell_count; j++) {
            uint32_t count = per_url_figure(per_url, rows->rows[i], j)->count;
            if (count == 0)
                continue;
            *least = *least == 0 || count < *least ? count : *least;
            *most = count > *most ? count : *most;
        }
    }
}
