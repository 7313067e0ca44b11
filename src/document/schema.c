#include "schema.h"

#include <math.h>
#include <string.h>

#include "records.h"

static void describe_members(struct json_writer *json, const struct record *record, bool names_only);

static void put_member(struct json_writer *json, const char *key, const char *value)
{
    json_key(json, key);
    json_put_name(json, value);
}

static void describe_type(struct json_writer *json, const char *type, bool is_nullable)
{
    json_key(json, "type");
    if (is_nullable) {
        json_open(json, '[');
        json_put_name(json, type);
        json_put_name(json, "null");
        json_close(json, ']');
    } else {
        json_put_name(json, type);
    }
}

/* Limits of a number, or of how many items there are. Doubles do not hold larger whole numbers exactly; those are the
 * limits of a type, not of what is measured. */
static void describe_limits(struct json_writer *json, const struct field *field, const char *least, const char *most)
{
    if (isfinite(field->low)) {
        json_key(json, least);
        json_put_number(json, field->low);
    }
    if (field->high > 0 && field->high < 0x1p53) {
        json_key(json, most);
        json_put_number(json, field->high);
    }
}

static void describe_names(struct json_writer *json, const struct naming *naming)
{
    json_key(json, "enum");
    json_open(json, '[');
    for (unsigned value = naming->first; value < naming->end; value++)
        json_put_name(json, naming_name(naming, value));
    json_close(json, ']');
}

static void describe_record(struct json_writer *json, const struct record *record, bool is_nullable)
{
    char reference[64];
    snprintf(reference, sizeof(reference), "#/$defs/%s", record->name);
    if (is_nullable)
        json_put_raw(json, "\"anyOf\": [{\"type\": \"null\"}, {\"$ref\": ");
    else
        json_put_raw(json, "\"$ref\": ");
    json_put_name(json, reference);
    if (is_nullable)
        fputs("}]", json->stream);
}

/* Items are records or names, or else texts; members of an object go by names. */
static void describe_inside(struct json_writer *json, const struct field *field, const char *type)
{
    bool is_array = strcmp(type, "array") == 0;
    json_key(json, is_array ? "items" : "propertyNames");
    json_open(json, '{');
    if (field->record != NULL)
        describe_record(json, field->record, false);
    else if (field->naming != NULL)
        describe_names(json, field->naming);
    else
        put_member(json, "type", "string");
    json_close(json, '}');
    if (is_array)
        describe_limits(json, field, "minItems", "maxItems");
    else
        json_put_raw(json, "\"additionalProperties\": {\"type\": \"number\", \"minimum\": 0}");
}

static void describe_value(struct json_writer *json, const struct field *field)
{
    const char *type = field->json != NULL ? field->json : field->type->json;
    bool is_nullable = field->is_nullable || field->is_there != NULL;
    if (field->schema != NULL) {
        json_put_raw(json, field->schema);
    } else if (type == NULL && field->naming != NULL) {
        describe_names(json, field->naming);
    } else if (type == NULL) {
        bool is_optional = field->type == &field_optional || field->type == &field_pointed;
        describe_record(json, field->record, is_nullable || is_optional);
    } else {
        describe_type(json, type, is_nullable);
        if (strcmp(type, "integer") == 0 || strcmp(type, "number") == 0)
            describe_limits(json, field, "minimum", "maximum");
        else if (strcmp(type, "array") == 0 || strcmp(type, "object") == 0)
            describe_inside(json, field, type);
        else if (field->pattern != NULL)
            put_member(json, "pattern", field->pattern);
    }
}

static void describe_field(struct json_writer *json, const struct field *field)
{
    describe_value(json, field);
    put_member(json, "description", field->means);
}

static void describe_row(struct json_writer *json, const struct record *record)
{
    put_member(json, "type", "array");
    json_key(json, "prefixItems");
    json_open(json, '[');
    for (size_t i = 0; i < record->count; i++) {
        json_open(json, '{');
        put_member(json, "title", record->fields[i].name);
        describe_field(json, &record->fields[i]);
        json_close(json, '}');
    }
    json_close(json, ']');
    json_key(json, "items");
    json_put_flag(json, false);
    json_key(json, "minItems");
    json_put_whole(json, record->count);
}

static void describe_members(struct json_writer *json, const struct record *record, bool names_only)
{
    for (const struct field *field = record->fields; field < record->fields + record->count; field++) {
        if (field->name == NULL && field->record != NULL) {
            describe_members(json, field->record, names_only);
        } else if (field->name == NULL) {
            field->type->describe(json, names_only);
        } else if (names_only) {
            json_put_name(json, field->name);
        } else {
            json_key(json, field->name);
            json_open(json, '{');
            describe_field(json, field);
            json_close(json, '}');
        }
    }
}

static void describe_all(struct json_writer *json, const struct record *record)
{
    if (record->is_row) {
        describe_row(json, record);
        return;
    }
    put_member(json, "type", "object");
    json_key(json, "properties");
    json_open(json, '{');
    describe_members(json, record, false);
    json_close(json, '}');
    json_key(json, "required");
    json_open(json, '[');
    describe_members(json, record, true);
    json_close(json, ']');
    json_key(json, "additionalProperties");
    json_put_flag(json, false);
}

/* A longer list of names is told of once, in the text. */
enum { NAMES_IN_TABLE = 20 };

static void document_names(FILE *stream, const struct naming *naming)
{
    for (unsigned value = naming->first; value < naming->end; value++)
        fprintf(stream, "%s`%s`", value > naming->first ? ", " : ": ", naming_name(naming, value));
}

static void document_fields(FILE *stream, const struct record *record)
{
    for (const struct field *field = record->fields; field < record->fields + record->count; field++) {
        if (field->name == NULL && field->record != NULL)
            document_fields(stream, field->record);
        if (field->name == NULL)
            continue;
        fprintf(stream, "| `%s` | %s", field->name, field->means);
        if (field->naming != NULL && strchr(field->means, '`') == NULL &&
            field->naming->end - field->naming->first <= NAMES_IN_TABLE)
            document_names(stream, field->naming);
        fputs(" |\n", stream);
    }
}

void schema_write(FILE *stream)
{
    struct json_writer json = {.stream = stream};
    json_open(&json, '{');
    put_member(&json, "$schema", "https://json-schema.org/draft/2020-12/schema");
    put_member(&json, "$id", "urn:conc-bench:schema:2");
    put_member(&json, "title", DOCUMENT_SCHEMA);
    put_member(&json, "description", "What conc-bench --export-json writes; docs/json.md says more.");
    describe_all(&json, document_records[0]);
    json_key(&json, "$defs");
    json_open(&json, '{');
    for (size_t i = 1; document_records[i] != NULL; i++) {
        json_key(&json, document_records[i]->name);
        json_open(&json, '{');
        describe_all(&json, document_records[i]);
        json_close(&json, '}');
    }
    json_close(&json, '}');
    json_close(&json, '}');
    fputc('\n', stream);
}

int schema_write_table(FILE *stream, const char *name)
{
    for (size_t i = 0; document_records[i] != NULL; i++) {
        if (strcmp(document_records[i]->name, name) == 0) {
            fprintf(stream, "| %s | Meaning |\n|---|---|\n", document_records[i]->is_row ? "Column" : "Field");
            document_fields(stream, document_records[i]);
            return 0;
        }
    }
    return -1;
}
