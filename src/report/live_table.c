#include "live_table.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/analysis/stats.h"
#include "conc_bench/base/number.h"
#include "rate_table.h"
#include "summary_table.h"
#include "terminal.h"

/* The figures that are taken from each trial. */
enum figure {
    FIGURE_TIME,
    FIGURE_PERCENTILE,
    FIGURE_CPU,
    FIGURE_MEMORY,
    /* at a rate, */
    FIGURE_BEGUN,
    FIGURE_KEPT_UP,
    FIGURE_RESPONSE, /* on average */
    FIGURE_TIMES,    /* and those of enum rate_time */
    FIGURE_COUNT = FIGURE_TIMES + RATE_TIME_COUNT,
};

/* More rounds than that do not visibly move a median. */
enum { ROUNDS_KEPT = 64, ROWS_MAX = 256 };

struct live_row {
    char mode[32];
    uint32_t workers;
    double rate;                               /* that the figures are of; 0: none is given */
    double figures[FIGURE_COUNT][ROUNDS_KEPT]; /* the last of them are overwritten in turn */
    size_t rounds;
    uint64_t failed;
    uint64_t settled;
};

struct live_table {
    struct format format;
    char reference[32];
    struct live_row *rows; /* in the order they began */
    size_t count;
    struct live_row *running; /* in `rows`; NULL: none */
    double rate;              /* at which the downloads of the trial fall due; NAN: not at one yet, but others will */
    bool is_at_rate;
};

struct live_table *live_table_create(const struct format *format, const char *reference)
{
    struct live_table *table = calloc(1, sizeof(*table));
    if (table == NULL)
        return NULL;
    table->format = *format;
    table->format.is_coloured = false;
    snprintf(table->reference, sizeof(table->reference), "%s", reference);
    return table;
}

void live_table_release(struct live_table *table)
{
    if (table == NULL)
        return;
    free(table->rows);
    free(table);
}

void live_table_begin(struct live_table *table, const char *mode, uint32_t workers, double rate)
{
    table->running = NULL;
    table->rate = rate;
    table->is_at_rate = rate != 0;
    for (size_t i = 0; i < table->count && table->running == NULL; i++) {
        if (table->rows[i].workers == workers && strcmp(table->rows[i].mode, mode) == 0)
            table->running = &table->rows[i];
    }
    if (table->running != NULL || table->count == ROWS_MAX)
        return;
    struct live_row *rows = realloc(table->rows, (table->count + 1) * sizeof(rows[0]));
    if (rows == NULL)
        return;
    table->rows = rows;
    table->running = &rows[table->count++];
    *table->running = (struct live_row){.workers = workers};
    snprintf(table->running->mode, sizeof(table->running->mode), "%s", mode);
}

static void take_arrivals(struct live_row *row, size_t place, const struct trial_summary *summary)
{
    const struct trial_arrivals *arrivals = &summary->arrivals;
    const double downloads = trial_downloads(summary);
    const double times[RATE_TIME_COUNT] = {
        [RATE_P50] = clock_seconds(arrivals->response_p50),
        [RATE_P95] = clock_seconds(arrivals->response_p95),
        [RATE_P99] = clock_seconds(arrivals->response_p99),
        [RATE_WAIT] = clock_seconds(arrivals->wait_sum) / downloads,
    };
    row->figures[FIGURE_BEGUN][place] =
        arrivals->begun_in > 0 ? (arrivals->begun - 1) / clock_seconds(arrivals->begun_in) : NAN;
    row->figures[FIGURE_KEPT_UP][place] = arrivals->is_kept_up;
    row->figures[FIGURE_RESPONSE][place] = clock_seconds(arrivals->response_sum) / downloads;
    for (size_t i = 0; i < RATE_TIME_COUNT; i++)
        row->figures[FIGURE_TIMES + i][place] = times[i];
}

void live_table_end(struct live_table *table, const struct trial *trial)
{
    struct live_row *row = table->running;
    const struct trial_summary *summary = &trial->summary;
    if (row == NULL || trial->status != TRIAL_COMPLETE)
        return;
    if (row->rate != table->rate) {
        row->rate = table->rate;
        row->rounds = 0;
        row->settled = row->failed = 0;
    }
    size_t place = row->rounds++ % ROUNDS_KEPT;
    nanoseconds cpu = trial->resources.cpu_user + trial->resources.cpu_system;
    row->figures[FIGURE_TIME][place] = clock_seconds(trial_time(trial));
    row->figures[FIGURE_PERCENTILE][place] = summary->settled > 0 ? clock_seconds(summary->p95) : NAN;
    row->figures[FIGURE_CPU][place] =
        trial_downloads(summary) > 0 && cpu > 0 ? 1e3 * clock_seconds(cpu) / trial_downloads(summary) : NAN;
    row->figures[FIGURE_MEMORY][place] =
        trial->resources.peak_memory_bytes > 0 ? (double)trial->resources.peak_memory_bytes / (1 << 20) : NAN;
    row->settled += summary->settled;
    row->failed += trial_downloads(summary) - summary->outcomes[OUTCOME_OK];
    if (summary->arrivals.is_present)
        take_arrivals(row, place, summary);
}

static double median(const struct live_row *row, enum figure figure)
{
    double sorted[ROUNDS_KEPT];
    size_t count = row->rounds < ROUNDS_KEPT ? row->rounds : ROUNDS_KEPT;
    memcpy(sorted, row->figures[figure], count * sizeof(sorted[0]));
    stats_sort(sorted, count);
    return stats_median(sorted, count);
}

static void find_range(const struct live_row *row, double *low, double *high)
{
    size_t count = row->rounds < ROUNDS_KEPT ? row->rounds : ROUNDS_KEPT;
    *low = *high = NAN;
    for (size_t i = 0; i < count && count > 1; i++) {
        *low = fmin(*low, row->figures[FIGURE_TIME][i]);
        *high = fmax(*high, row->figures[FIGURE_TIME][i]);
    }
}

static struct summary_row make_row(const struct live_row *row)
{
    struct summary_row made = {
        .mode = row->mode,
        .workers = row->workers,
        .ending = row->rounds == 0 ? "..." : NULL,
        .time = median(row, FIGURE_TIME),
        .percentile = median(row, FIGURE_PERCENTILE),
        .cpu = median(row, FIGURE_CPU),
        .memory = median(row, FIGURE_MEMORY),
        .failed = row->failed,
    };
    find_range(row, &made.low, &made.high);
    return made;
}

/* The table of downloads at a rate */

static struct rate_row make_rate_row(const struct live_row *row)
{
    static const double percents[RATE_TIME_COUNT] = {50, 95, 99, 50};
    struct rate_row made = {
        .mode = row->mode,
        .workers = row->workers,
        .ending = row->rounds == 0 ? "..." : NULL,
        .begun = median(row, FIGURE_BEGUN),
        .is_overrun = median(row, FIGURE_KEPT_UP) < 0.5,
        .cpu = median(row, FIGURE_CPU),
        .memory = median(row, FIGURE_MEMORY),
        .failed = row->failed,
    };
    for (size_t i = 0; i < RATE_TIME_COUNT; i++)
        made.times[i] = !made.is_overrun && stats_supports_percentile(row->settled, percents[i])
                            ? median(row, (enum figure)(FIGURE_TIMES + i))
                            : NAN;
    return made;
}

/* Cells that keep up come first, the soonest response before others, and those without figures last. */
static double rank_of(const struct live_row *row)
{
    if (row->rounds == 0)
        return INFINITY;
    return median(row, FIGURE_RESPONSE) + (median(row, FIGURE_KEPT_UP) < 0.5 ? 1e9 : 0);
}

static int compare_live_rows(const void *a, const void *b)
{
    double left = rank_of(*(const struct live_row *const *)a);
    double right = rank_of(*(const struct live_row *const *)b);
    return (left > right) - (left < right);
}

static void add_rates(const struct live_table *table, struct content *content, const struct format *format)
{
    const struct live_row **sorted = calloc(table->count, sizeof(*sorted));
    struct rate_row *rows = calloc(table->count, sizeof(*rows));
    content->has_failed |= sorted == NULL || rows == NULL;
    for (size_t i = 0; !content->has_failed && i < table->count; i++)
        sorted[i] = &table->rows[i];
    if (!content->has_failed) {
        qsort(sorted, table->count, sizeof(sorted[0]), compare_live_rows);
        for (size_t i = 0; i < table->count; i++)
            rows[i] = make_rate_row(sorted[i]);
        rate_table_add_rows(content, format, rows, table->count);
    }
    free(sorted);
    free(rows);
}

/* The fastest first, and those without times behind. */
static int compare_rows(const void *a, const void *b)
{
    const struct summary_row *left = a;
    const struct summary_row *right = b;
    if ((left->ending == NULL) != (right->ending == NULL))
        return left->ending == NULL ? -1 : 1;
    return left->ending == NULL ? (left->time > right->time) - (left->time < right->time) : 0;
}

/* The caller frees them. NULL: none, or no memory. */
static struct summary_row *make_rows(const struct live_table *table)
{
    struct summary_row *rows = table->count > 0 ? calloc(table->count, sizeof(*rows)) : NULL;
    for (size_t i = 0; rows != NULL && i < table->count; i++)
        rows[i] = make_row(&table->rows[i]);
    if (rows != NULL)
        qsort(rows, table->count, sizeof(*rows), compare_rows);
    return rows;
}

char *live_table_fastest(const struct live_table *table, char *buffer, size_t size)
{
    struct summary_row *rows = make_rows(table);
    buffer[0] = '\0';
    if (rows != NULL && rows[0].ending == NULL && !table->is_at_rate)
        snprintf(buffer, size, "%s/%" PRIu32 ", %s s", rows[0].mode, rows[0].workers, NUMBER(3, rows[0].time));
    free(rows);
    return buffer;
}

static size_t find_reference(const struct live_table *table, const struct summary_row *rows)
{
    size_t i = 0;
    while (i < table->count && (strcmp(rows[i].mode, table->reference) != 0 || rows[i].ending != NULL))
        i++;
    return i;
}

char *live_table_draw(const struct live_table *table, size_t columns)
{
    char *text = NULL;
    size_t length = 0;
    struct content content = {0};
    struct summary_row *rows = make_rows(table);
    FILE *memory = rows != NULL ? open_memstream(&text, &length) : NULL;
    if (memory == NULL) {
        free(rows);
        return NULL;
    }
    struct format format = table->format;
    format.width = columns;
    if (table->is_at_rate)
        add_rates(table, &content, &format);
    else if (summary_table_is_grid(rows, table->count))
        summary_table_add_grid(&content, &format, rows, table->count);
    else
        summary_table_add(&content, &format, rows, table->count, "range", find_reference(table, rows));
    if (!content.has_failed)
        terminal_write_table(memory, &content.sections[0].table, &format);
    bool has_failed = content.has_failed;
    content_release(&content);
    free(rows);
    if (fclose(memory) != 0 || has_failed) {
        free(text);
        return NULL;
    }
    return text;
}
