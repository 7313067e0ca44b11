#include "sample_filter.h"

#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json_parts.h"

/* Longer than any run, and exact in a double. */
static const double seconds_max = 1e6;

static int fail(struct sample_filter *filter, const char *why)
{
    if (!filter->has_failed)
        error_set(filter->error, ERROR_USAGE, "line %zu: %s", filter->line, why);
    filter->has_failed = true;
    return -1;
}

static int fail_for_memory(struct sample_filter *filter)
{
    if (!filter->has_failed)
        error_set(filter->error, ERROR_ENVIRONMENT, "no memory for so many samples");
    filter->has_failed = true;
    return -1;
}

/* Rows */

static bool take_count(const json_t *row, size_t column, uint64_t most, uint64_t *value)
{
    const json_t *item = json_array_get(row, column);
    json_int_t number = json_integer_value(item);
    if (!json_is_integer(item) || number < 0 || (uint64_t)number > most)
        return false;
    *value = (uint64_t)number;
    return true;
}

static bool take_seconds(const json_t *row, size_t column, double most, nanoseconds *value)
{
    const json_t *item = json_array_get(row, column);
    double number = json_number_value(item);
    if (!json_is_number(item) || !(number >= 0) || number > most)
        return false;
    *value = (nanoseconds)llround(number * 1e9);
    return true;
}

static bool take_microseconds(const json_t *row, size_t column, uint32_t *value)
{
    nanoseconds duration;
    if (!take_seconds(row, column, UINT32_MAX / 1e6, &duration))
        return false;
    *value = (uint32_t)((duration + NANOSECONDS_PER_MICROSECOND / 2) / NANOSECONDS_PER_MICROSECOND);
    return true;
}

static bool take_outcome(const json_t *row, size_t column, uint8_t *value)
{
    const char *name = json_string_value(json_array_get(row, column));
    for (int outcome = OUTCOME_OK; name != NULL && outcome < OUTCOME_LOST; outcome++) {
        if (strcmp(name, outcome_name((enum outcome)outcome)) == 0) {
            *value = (uint8_t)outcome;
            return true;
        }
    }
    return false;
}

/* In the order of document_columns. Returns the first column that is not right; DOCUMENT_COLUMNS: all are. */
static size_t read_row(const json_t *row, struct filtered_sample *read)
{
    struct sample *sample = &read->sample;
    nanoseconds service;
    uint64_t counts[DOCUMENT_COLUMNS];
    static const uint64_t most[DOCUMENT_COLUMNS] = {
        [0] = UINT32_MAX,  [1] = UINT32_MAX,  [2] = UINT32_MAX, [10] = INT64_MAX, [11] = UINT16_MAX,
        [12] = UINT16_MAX, [13] = UINT16_MAX, [15] = UINT8_MAX, [16] = UINT8_MAX,
    };
    for (size_t i = 0; i < DOCUMENT_COLUMNS; i++) {
        if (most[i] != 0 && !take_count(row, i, most[i], &counts[i]))
            return i;
    }
    if (!take_seconds(row, 3, seconds_max, &sample->start))
        return 3;
    if (!take_seconds(row, 4, seconds_max, &service))
        return 4;
    if (!take_seconds(row, 5, 2 * seconds_max, &sample->settled))
        return 5;
    uint32_t *const phases[] = {&sample->name_lookup_us, &sample->connect_us, &sample->tls_us, &sample->first_byte_us};
    for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
        if (!take_microseconds(row, 6 + i, phases[i]))
            return 6 + i;
    }
    if (!take_outcome(row, 14, &sample->outcome))
        return 14;
    read->unit = (uint32_t)counts[0];
    read->url = (uint32_t)counts[1];
    sample->worker = (uint32_t)counts[2];
    sample->end = sample->start + service;
    sample->body_bytes = (int64_t)counts[10];
    sample->status = (uint16_t)counts[11];
    sample->connects = (uint16_t)counts[12];
    sample->redirects = (uint16_t)counts[13];
    sample->http_version = (uint8_t)counts[15];
    sample->transfer_code = (uint8_t)counts[16];
    atomic_store(&sample->state, SAMPLE_SETTLED);
    return sample->settled >= sample->end ? DOCUMENT_COLUMNS : 5;
}

static int keep_row(struct sample_filter *filter, const struct filtered_sample *read)
{
    struct sample_batch *batch = &filter->batches[filter->batch_count - 1];
    if (filter->is_discarding)
        return 0;
    if (batch->count == batch->capacity) {
        size_t capacity = batch->capacity == 0 ? 4 : 2 * batch->capacity;
        struct filtered_sample *rows = realloc(batch->rows, capacity * sizeof(*rows));
        if (rows == NULL)
            return fail_for_memory(filter);
        batch->rows = rows;
        batch->capacity = capacity;
    }
    batch->rows[batch->count++] = *read;
    return 0;
}

static int end_row(struct sample_filter *filter)
{
    json_error_t flaw;
    struct filtered_sample read = {0};
    json_t *row = json_loadb(filter->row, filter->row_length, 0, &flaw);
    char why[128] = "a sample is not a JSON array";
    if (row != NULL && json_array_size(row) != DOCUMENT_COLUMNS)
        snprintf(why, sizeof(why), "a sample has %zu columns, not %d", json_array_size(row), (int)DOCUMENT_COLUMNS);
    size_t wrong = 0;
    bool is_row = row != NULL && json_array_size(row) == DOCUMENT_COLUMNS;
    if (is_row)
        wrong = read_row(row, &read);
    json_decref(row);
    if (is_row && wrong == DOCUMENT_COLUMNS)
        return keep_row(filter, &read);
    if (is_row)
        snprintf(why, sizeof(why), "a sample's %s is out of range", document_columns[wrong]);
    return fail(filter, why);
}

/* The text */

static int begin_array(struct sample_filter *filter)
{
    if (filter->batch_count == filter->batch_capacity) {
        size_t capacity = filter->batch_capacity == 0 ? 16 : 2 * filter->batch_capacity;
        struct sample_batch *batches = realloc(filter->batches, capacity * sizeof(*batches));
        if (batches == NULL)
            return fail_for_memory(filter);
        filter->batches = batches;
        filter->batch_capacity = capacity;
    }
    filter->batches[filter->batch_count++] = (struct sample_batch){0};
    filter->place = FILTER_IN_ARRAY;
    filter->expected = ROW_OR_END;
    return 0;
}

/* A byte within a string, wherever that is. */
static void pass_string(struct sample_filter *filter, char byte)
{
    if (filter->is_escaped) {
        filter->is_escaped = false;
    } else if (byte == '\\') {
        filter->is_escaped = true;
    } else if (byte == '"') {
        filter->is_in_string = false;
        return;
    }
    if (filter->string_length < sizeof(filter->string))
        filter->string[filter->string_length] = byte;
    filter->string_length++;
}

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static int take_row_byte(struct sample_filter *filter, char byte)
{
    if (filter->row_length == sizeof(filter->row))
        return fail(filter, "a sample is longer than any can be");
    filter->row[filter->row_length++] = byte;
    if (filter->is_in_string) {
        pass_string(filter, byte);
    } else if (byte == '"') {
        filter->is_in_string = true;
        filter->string_length = 0;
    } else if (byte == ']') {
        filter->place = FILTER_IN_ARRAY;
        filter->expected = COMMA_OR_END;
        return end_row(filter);
    } else if (byte == '[' && filter->row_length > 1) {
        return fail(filter, "a sample has an array in it");
    }
    return 0;
}

/* What stands for an array is shorter, wherever it ends. */
enum { NUMBER_ROOM = 24 };

/* Between rows. Writes to `out` what stands for the whole array once it ends. */
static int take_array_byte(struct sample_filter *filter, char byte, char *out, size_t *length)
{
    if (is_space(byte))
        return 0;
    if (byte == '[' && filter->expected != COMMA_OR_END) {
        filter->place = FILTER_IN_ROW;
        filter->row_length = 0;
        return take_row_byte(filter, byte);
    }
    if (byte == ',' && filter->expected == COMMA_OR_END) {
        filter->expected = ROW_ONLY;
        return 0;
    }
    if (byte != ']' || filter->expected == ROW_ONLY)
        return fail(filter, "the list of samples is damaged");
    filter->place = FILTER_OUTSIDE;
    *length += (size_t)snprintf(out + *length, NUMBER_ROOM, "%zu", filter->batch_count - 1);
    return 0;
}

/* Outside of samples: the byte goes on to the parser, unless it opens an array of them. */
static int take_byte(struct sample_filter *filter, char byte, char *out, size_t *length)
{
    if (filter->place == FILTER_BEFORE_ARRAY && byte == '[')
        return begin_array(filter);
    out[(*length)++] = byte;
    if (filter->is_in_string) {
        pass_string(filter, byte);
        if (!filter->is_in_string && filter->string_length == 7 && memcmp(filter->string, "samples", 7) == 0)
            filter->place = FILTER_AFTER_KEY;
    } else if (byte == '"') {
        filter->is_in_string = true;
        filter->string_length = 0;
        filter->place = FILTER_OUTSIDE;
    } else if (filter->place == FILTER_AFTER_KEY && byte == ':') {
        filter->place = FILTER_BEFORE_ARRAY;
    } else if (!is_space(byte)) {
        filter->place = FILTER_OUTSIDE;
    }
    return 0;
}

size_t sample_filter_read(void *buffer, size_t size, void *context)
{
    struct sample_filter *filter = context;
    char *out = buffer;
    size_t length = 0;
    int status = 0;
    while (status == 0 && length + NUMBER_ROOM < size) {
        int byte = getc_unlocked(filter->stream);
        if (byte == EOF)
            break;
        filter->line += byte == '\n';
        if (filter->place == FILTER_IN_ROW)
            status = take_row_byte(filter, (char)byte);
        else if (filter->place == FILTER_IN_ARRAY)
            status = take_array_byte(filter, (char)byte, out, &length);
        else
            status = take_byte(filter, (char)byte, out, &length);
        /* So that the parser counts lines as they are. */
        if (byte == '\n' && filter->place >= FILTER_IN_ARRAY)
            out[length++] = '\n';
    }
    return status == 0 ? length : (size_t)-1;
}

void sample_filter_release(struct sample_filter *filter)
{
    for (size_t i = 0; i < filter->batch_count; i++)
        free(filter->batches[i].rows);
    free(filter->batches);
    filter->batches = NULL;
    filter->batch_count = 0;
    filter->batch_capacity = 0;
}
