#include "sample_filter.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "records.h"

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

/* The first column that is not as it has to be; NULL: all are. */
static const char *read_row(const json_t *row, struct filtered_sample *read)
{
    struct error why;
    struct import_state reader = {.path = "", .error = &why};
    const struct json_value node = {.value = row, .reader = &reader};
    for (size_t i = 0; i < record_sample.count; i++) {
        if (record_read_field(&node, &record_sample, i, read) != 0)
            return record_sample.fields[i].name;
    }
    atomic_store(&read->sample.state, SAMPLE_SETTLED);
    return NULL;
}

static int end_row(struct sample_filter *filter)
{
    json_error_t flaw;
    struct filtered_sample read = {0};
    json_t *row = json_loadb(filter->row, filter->row_length, 0, &flaw);
    char why[128] = "";
    if (row == NULL)
        snprintf(why, sizeof(why), "a sample is not a JSON array");
    else if (json_array_size(row) != record_sample.count)
        snprintf(why, sizeof(why), "a sample has %zu columns, not %zu", json_array_size(row), record_sample.count);
    const char *wrong = row != NULL && why[0] == '\0' ? read_row(row, &read) : NULL;
    json_decref(row);
    if (wrong != NULL)
        snprintf(why, sizeof(why), "a sample's %s is out of range", wrong);
    return why[0] == '\0' ? keep_row(filter, &read) : fail(filter, why);
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

/* The placeholder for an array is shorter than the array, wherever that ends. */
enum { NUMBER_ROOM = 24 };

/* Takes a byte between rows. Writes to `out` what stands for the whole array once it ends. */
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
        /* Line ends stay, so that the parser counts lines as they are. */
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
