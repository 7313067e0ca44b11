#include "fields.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const void *field_member(const struct field *field, const void *base)
{
    return (const char *)base + field->offset;
}

static void *member_of(const struct field *field, void *base)
{
    return (char *)base + field->offset;
}

static const void *pointer_of(const struct field *field, const void *base)
{
    return *(const void *const *)field_member(field, base);
}

/* Numbers */

static double find_bound(const struct import_state *reader, enum bound bound)
{
    const struct run *run = reader->import != NULL ? &reader->import->run : NULL;
    switch (bound) {
    case BOUND_URLS:
        return run->distinct_urls - 1.0;
    case BOUND_URL_COUNT:
        return run->distinct_urls;
    case BOUND_RESULTS:
        return (double)reader->result_count - 1;
    case BOUND_RESULT_COUNT:
        return (double)reader->result_count;
    case BOUND_DOWNLOADS:
        return run->downloads;
    case BOUND_SAMPLES:
        return (double)run->downloads * (double)ROUNDS_MAX;
    case BOUND_NONE:
        break;
    }
    return INFINITY;
}

static uint64_t load_whole(const void *member, size_t size)
{
    switch (size) {
    case sizeof(uint8_t):
        return *(const uint8_t *)member;
    case sizeof(uint16_t):
        return *(const uint16_t *)member;
    case sizeof(uint32_t):
        return *(const uint32_t *)member;
    default:
        return *(const uint64_t *)member;
    }
}

static void store_whole(void *member, size_t size, uint64_t value)
{
    switch (size) {
    case sizeof(uint8_t):
        *(uint8_t *)member = (uint8_t)value;
        break;
    case sizeof(uint16_t):
        *(uint16_t *)member = (uint16_t)value;
        break;
    case sizeof(uint32_t):
        *(uint32_t *)member = (uint32_t)value;
        break;
    default:
        *(uint64_t *)member = value;
    }
}

static void write_whole(struct record_writer *writer, const struct field *field, const void *base)
{
    uint64_t value = load_whole(field_member(field, base), field->size);
    if (value == 0 && field->is_nullable)
        json_put_null(&writer->json);
    else
        json_put_whole(&writer->json, value);
}

static int read_whole(const struct json_value *node, const struct field *field, void *base)
{
    uint64_t value = 0;
    double high = fmin(field->high, find_bound(node->reader, field->bound));
    if (json_value_read_whole(node, field->low, high, &value) != 0)
        return -1;
    store_whole(member_of(field, base), field->size, value);
    return 0;
}

const struct field_type field_whole = {write_whole, read_whole, "integer"};

static void write_flag(struct record_writer *writer, const struct field *field, const void *base)
{
    json_put_flag(&writer->json, *(const bool *)field_member(field, base));
}

static int read_flag(const struct json_value *node, const struct field *field, void *base)
{
    if (!json_is_boolean(node->value))
        return json_value_refuse(node, node->value == NULL ? "missing" : "neither true nor false");
    *(bool *)member_of(field, base) = json_is_true(node->value);
    return 0;
}

const struct field_type field_flag = {write_flag, read_flag, "boolean"};

static void write_number(struct record_writer *writer, const struct field *field, const void *base)
{
    json_put_number(&writer->json, *(const double *)field_member(field, base));
}

static int read_number(const struct json_value *node, const struct field *field, void *base)
{
    double *member = member_of(field, base);
    *member = NAN;
    return json_is_null(node->value) ? 0 : json_value_read_number(node, field->low, field->high, member);
}

const struct field_type field_number = {write_number, read_number, "number"};

static void write_amount(struct record_writer *writer, const struct field *field, const void *base)
{
    double amount = *(const double *)field_member(field, base);
    json_put_number(&writer->json, amount > 0 ? amount : NAN);
}

static int read_amount(const struct json_value *node, const struct field *field, void *base)
{
    return json_value_read_number(node, 0, field->high, member_of(field, base));
}

const struct field_type field_amount = {write_amount, read_amount, "number"};

static void write_seconds(struct record_writer *writer, const struct field *field, const void *base)
{
    nanoseconds duration = *(const nanoseconds *)field_member(field, base);
    if (duration == 0 && field->is_nullable)
        json_put_null(&writer->json);
    else
        json_put_seconds(&writer->json, duration);
}

static int read_seconds(const struct json_value *node, const struct field *field, void *base)
{
    return json_value_read_seconds(node, field->high, member_of(field, base));
}

const struct field_type field_seconds = {write_seconds, read_seconds, "number"};

static void write_microseconds(struct record_writer *writer, const struct field *field, const void *base)
{
    json_put_seconds(&writer->json,
                     *(const uint32_t *)field_member(field, base) * (nanoseconds)NANOSECONDS_PER_MICROSECOND);
}

static int read_microseconds(const struct json_value *node, const struct field *field, void *base)
{
    nanoseconds duration = 0;
    if (json_value_read_seconds(node, field->high, &duration) != 0)
        return -1;
    *(uint32_t *)member_of(field, base) =
        (uint32_t)((duration + NANOSECONDS_PER_MICROSECOND / 2) / NANOSECONDS_PER_MICROSECOND);
    return 0;
}

const struct field_type field_microseconds = {write_microseconds, read_microseconds, "number"};

/* Texts and names */

static void write_text(struct record_writer *writer, const struct field *field, const void *base)
{
    const char *text = field_member(field, base);
    if (text[0] == '\0' && field->is_nullable)
        json_put_null(&writer->json);
    else
        json_put_text(&writer->json, text);
}

static int read_text(const struct json_value *node, const struct field *field, void *base)
{
    return json_value_read_text(node, member_of(field, base), field->size);
}

const struct field_type field_text = {write_text, read_text, "string"};

const char *naming_name(const struct naming *naming, unsigned value)
{
    return naming->names != NULL ? naming->names[value] : naming->name(value);
}

static void write_named(struct record_writer *writer, const struct field *field, const void *base)
{
    json_put_name(&writer->json,
                  naming_name(field->naming, (unsigned)load_whole(field_member(field, base), field->size)));
}

static int read_named(const struct json_value *node, const struct field *field, void *base)
{
    const char *name = json_string_value(node->value);
    if (name == NULL)
        return json_value_refuse(node, node->value == NULL ? "missing" : "not text");
    for (unsigned value = field->naming->first; value < field->naming->end; value++) {
        if (strcasecmp(name, naming_name(field->naming, value)) == 0) {
            store_whole(member_of(field, base), field->size, value);
            return 0;
        }
    }
    return json_value_refuse(node, "not one of its names, such as \"%s\"",
                             naming_name(field->naming, field->naming->first));
}

const struct field_type field_named = {write_named, read_named};

static void write_counts_by_name(struct record_writer *writer, const struct field *field, const void *base)
{
    const char *counts = field_member(field, base);
    json_open(&writer->json, '{');
    for (unsigned i = field->naming->first; i < field->naming->end; i++) {
        uint64_t value = load_whole(counts + i * field->size, field->size);
        if (value == 0)
            continue;
        json_key(&writer->json, naming_name(field->naming, i));
        json_put_whole(&writer->json, value);
    }
    json_close(&writer->json, '}');
}

static int read_counts_by_name(const struct json_value *node, const struct field *field, void *base)
{
    char *counts = member_of(field, base);
    size_t known = 0;
    double high = fmin(field->high, find_bound(node->reader, field->bound));
    if (json_value_expect_object(node) != 0)
        return -1;
    for (unsigned i = field->naming->first; i < field->naming->end; i++) {
        struct json_value item = json_value_member(node, naming_name(field->naming, i));
        uint64_t value = 0;
        if (item.value != NULL && json_value_read_whole(&item, 0, high, &value) != 0)
            return -1;
        store_whole(counts + i * field->size, field->size, value);
        known += item.value != NULL;
    }
    return known == json_object_size(node->value) ? 0 : json_value_refuse(node, "has a member that is unknown");
}

const struct field_type field_counts_by_name = {write_counts_by_name, read_counts_by_name, "object"};

/* Records within records */

static void write_object(struct record_writer *writer, const struct field *field, const void *base)
{
    record_write(writer, field->record, field_member(field, base));
}

static int read_object(const struct json_value *node, const struct field *field, void *base)
{
    return record_read(node, field->record, member_of(field, base));
}

const struct field_type field_object = {write_object, read_object};

static bool *flag_of(const struct field *field, void *base)
{
    return (bool *)((char *)base + field->count_offset);
}

static void write_optional(struct record_writer *writer, const struct field *field, const void *base)
{
    if (*(const bool *)((const char *)base + field->count_offset))
        record_write(writer, field->record, field_member(field, base));
    else
        json_put_null(&writer->json);
}

static int read_optional(const struct json_value *node, const struct field *field, void *base)
{
    if (json_is_null(node->value))
        return 0;
    if (record_read(node, field->record, member_of(field, base)) != 0)
        return -1;
    *flag_of(field, base) = true;
    return 0;
}

const struct field_type field_optional = {write_optional, read_optional};

static void write_pointed(struct record_writer *writer, const struct field *field, const void *base)
{
    const void *target = pointer_of(field, base);
    if (target != NULL)
        record_write(writer, field->record, target);
    else
        json_put_null(&writer->json);
}

static int read_pointed(const struct json_value *node, const struct field *field, void *base)
{
    void **member = member_of(field, base);
    if (json_is_null(node->value))
        return 0;
    if (*member == NULL)
        *member = calloc(1, field->record->size);
    return *member != NULL ? record_read(node, field->record, *member) : json_value_no_memory(node);
}

const struct field_type field_pointed = {write_pointed, read_pointed};

static void write_members_of(struct record_writer *writer, const struct record *record, const void *base);
static int read_members_of(const struct json_value *node, const struct record *record, void *base);

static void write_pointed_members(struct record_writer *writer, const struct field *field, const void *base)
{
    write_members_of(writer, field->record, pointer_of(field, base));
}

static int read_pointed_members(const struct json_value *node, const struct field *field, void *base)
{
    void **member = member_of(field, base);
    return read_members_of(node, field->record, *member);
}

const struct field_type field_pointed_members = {write_pointed_members, read_pointed_members};

/* Lists */

static size_t *count_of(const struct field *field, void *base)
{
    return (size_t *)(void *)((char *)base + field->count_offset);
}

static size_t items_of(const struct field *field, const void *base, const char **items)
{
    *items = field->is_inline ? field_member(field, base) : pointer_of(field, base);
    return *(const size_t *)(const void *)((const char *)base + field->count_offset);
}

static void write_list(struct record_writer *writer, const struct field *field, const void *base)
{
    const char *items;
    size_t count = items_of(field, base, &items);
    json_open(&writer->json, '[');
    for (size_t i = 0; i < count; i++) {
        if (field->is_by_line)
            json_new_line(&writer->json);
        record_write(writer, field->record, items + i * field->size);
    }
    json_close(&writer->json, ']');
}

void *node_make_items(const struct json_value *node, size_t least, size_t most, size_t size)
{
    if (json_value_expect_array(node, least, most) != 0)
        return NULL;
    void *items = calloc(json_array_size(node->value) + 1, size);
    if (items == NULL)
        json_value_no_memory(node);
    return items;
}

static int read_list(const struct json_value *node, const struct field *field, void *base)
{
    size_t *count = count_of(field, base);
    double most = fmin(field->high, find_bound(node->reader, field->bound));
    char *items = node_make_items(node, (size_t)field->low, (size_t)most, field->size);
    *(void **)member_of(field, base) = items;
    if (items == NULL)
        return -1;
    for (size_t i = 0; i < json_array_size(node->value); i++) {
        struct json_value item = json_value_item(node, i);
        (*count)++;
        if (record_read(&item, field->record, items + i * field->size) != 0)
            return -1;
    }
    return 0;
}

const struct field_type field_list = {write_list, read_list, "array"};
const struct field_type field_concluded_list = {write_list, NULL, "array"};

static void write_texts(struct record_writer *writer, const struct field *field, const void *base)
{
    const char *items;
    size_t count = items_of(field, base, &items);
    json_open(&writer->json, '[');
    for (size_t i = 0; i < count; i++)
        json_put_text(&writer->json, ((char *const *)(const void *)items)[i]);
    json_close(&writer->json, ']');
}

static int read_texts(const struct json_value *node, const struct field *field, void *base)
{
    size_t *count = count_of(field, base);
    char **texts = node_make_items(node, 0, (size_t)field->high, sizeof(*texts));
    *(char ***)member_of(field, base) = texts;
    for (size_t i = 0; texts != NULL && i < json_array_size(node->value); i++) {
        struct json_value item = json_value_item(node, i);
        texts[i] = json_value_read_long_text(&item);
        if (texts[i] == NULL)
            return -1;
        (*count)++;
    }
    return texts != NULL ? 0 : -1;
}

const struct field_type field_texts = {write_texts, read_texts, "array"};

/* An array of arrays of characters. */
static void write_sentences(struct record_writer *writer, const struct field *field, const void *base)
{
    const char *sentences = field_member(field, base);
    size_t count = *(const size_t *)(const void *)((const char *)base + field->count_offset);
    json_open(&writer->json, '[');
    for (size_t i = 0; i < count; i++)
        json_put_text(&writer->json, sentences + i * field->size);
    json_close(&writer->json, ']');
}

const struct field_type field_sentences = {write_sentences, NULL, "array"};

/* Fields with rules of their own */

static void write_own(struct record_writer *writer, const struct field *field, const void *base)
{
    field->write(writer, base);
}

static int read_own(const struct json_value *node, const struct field *field, void *base)
{
    return field->read != NULL ? field->read(node, base) : 0;
}

const struct field_type field_own = {write_own, read_own};

/* Records */

static void write_field(struct record_writer *writer, const struct field *field, const void *base)
{
    if (field->is_there != NULL && !field->is_there(base))
        json_put_null(&writer->json);
    else
        field->type->write(writer, field, base);
}

static void write_members_of(struct record_writer *writer, const struct record *record, const void *base)
{
    for (const struct field *field = record->fields; field < record->fields + record->count; field++) {
        if (field->name == NULL) {
            field->type->write(writer, field, base);
            continue;
        }
        if (record->is_by_line)
            json_new_line(&writer->json);
        if (!record->is_row)
            json_key(&writer->json, field->name);
        write_field(writer, field, base);
    }
}

void record_write(struct record_writer *writer, const struct record *record, const void *base)
{
    json_open(&writer->json, record->is_row ? '[' : '{');
    write_members_of(writer, record, base);
    if (record->is_by_line)
        json_new_line(&writer->json);
    json_close(&writer->json, record->is_row ? ']' : '}');
}

int record_read_field(const struct json_value *parent, const struct record *record, size_t index, void *base)
{
    const struct field *field = &record->fields[index];
    if (field->type->read == NULL || (field->record != NULL && field->record->is_concluded))
        return 0;
    if (field->name == NULL)
        return field->type->read(parent, field, base);
    if (field->is_there != NULL && !field->is_there(base))
        return 0;
    struct json_value node = record->is_row ? json_value_item(parent, index) : json_value_member(parent, field->name);
    if (field->is_nullable && field->type != &field_number && json_is_null(node.value))
        return 0;
    return field->type->read(&node, field, base);
}

static int read_members_of(const struct json_value *node, const struct record *record, void *base)
{
    for (size_t i = 0; i < record->count; i++) {
        if (record_read_field(node, record, i, base) != 0)
            return -1;
    }
    return record->check != NULL ? record->check(node, base) : 0;
}

int record_read(const struct json_value *node, const struct record *record, void *base)
{
    int status =
        record->is_row ? json_value_expect_array(node, record->count, record->count) : json_value_expect_object(node);
    return status == 0 ? read_members_of(node, record, base) : -1;
}
