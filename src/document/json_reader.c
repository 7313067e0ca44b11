#include "json_reader.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/base/number.h"
#include "conc_bench/base/text.h"

/* "results[2].rounds[0].time_s"; "": the document. */
static char *describe_place(const struct json_value *node, char *place, size_t size)
{
    place[0] = '\0';
    if (node->parent == NULL)
        return place;
    describe_place(node->parent, place, size);
    if (node->key != NULL)
        return text_append(place, size, "%s%.60s", place[0] != '\0' ? "." : "", node->key);
    return text_append(place, size, "[%zu]", node->index);
}

int json_value_refuse(const struct json_value *node, const char *format, ...)
{
    char place[200];
    char why[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, sizeof(why), format, arguments);
    va_end(arguments);
    describe_place(node, place, sizeof(place));
    error_set(node->reader->error, ERROR_USAGE, "%s: %s%s%s", node->reader->path, place, place[0] != '\0' ? ": " : "",
              why);
    return -1;
}

int json_value_no_memory(const struct json_value *node)
{
    error_set(node->reader->error, ERROR_ENVIRONMENT, "no memory for the result in %s", node->reader->path);
    return -1;
}

struct json_value json_value_member(const struct json_value *parent, const char *key)
{
    return (struct json_value){
        .value = json_object_get(parent->value, key), .reader = parent->reader, .parent = parent, .key = key};
}

struct json_value json_value_item(const struct json_value *parent, size_t index)
{
    return (struct json_value){
        .value = json_array_get(parent->value, index), .reader = parent->reader, .parent = parent, .index = index};
}

static int expect(const struct json_value *node, bool is_right, const char *what)
{
    if (is_right)
        return 0;
    return node->value == NULL ? json_value_refuse(node, "missing") : json_value_refuse(node, "not %s", what);
}

int json_value_expect_object(const struct json_value *node)
{
    return expect(node, json_is_object(node->value), "an object");
}

int json_value_expect_array(const struct json_value *node, size_t least, size_t most)
{
    size_t count = json_array_size(node->value);
    if (expect(node, json_is_array(node->value), "an array") != 0)
        return -1;
    if (count < least)
        return count == 0 ? json_value_refuse(node, "empty") : json_value_refuse(node, "fewer than %zu entries", least);
    return count <= most ? 0 : json_value_refuse(node, "more than %zu entries", most);
}

int json_value_read_whole(const struct json_value *node, double low, double high, uint64_t *value)
{
    json_int_t number = json_integer_value(node->value);
    if (expect(node, json_is_integer(node->value), "a whole number") != 0)
        return -1;
    if (number < 0 || (double)number < low || (double)number > high)
        return json_value_refuse(node, "%" JSON_INTEGER_FORMAT " is not between %.0f and %.0f", number, low, high);
    *value = (uint64_t)number;
    return 0;
}

int json_value_read_number(const struct json_value *node, double low, double high, double *value)
{
    double number = json_number_value(node->value);
    if (expect(node, json_is_number(node->value), "a number") != 0)
        return -1;
    if (!(number >= low && number <= high))
        return json_value_refuse(node, "%s is not between %s and %s", NUMBER(6, number), NUMBER(6, low),
                                 NUMBER(6, high));
    *value = number;
    return 0;
}

int json_value_read_seconds(const struct json_value *node, double high, nanoseconds *value)
{
    double number = 0;
    if (json_value_read_number(node, 0, high, &number) != 0)
        return -1;
    *value = (nanoseconds)llround(number * 1e9);
    return 0;
}

/* The document may have been edited: the text is escaped to what a terminal can show. */
int json_value_read_text(const struct json_value *node, char *buffer, size_t size)
{
    size_t length = json_string_length(node->value);
    if (expect(node, json_is_string(node->value), "text") != 0)
        return -1;
    if (length >= size)
        return json_value_refuse(node, "longer than %zu bytes", size - 1);
    text_escape(buffer, size, json_string_value(node->value), length);
    return 0;
}

char *json_value_read_long_text(const struct json_value *node)
{
    size_t length = json_string_length(node->value);
    size_t size = length * strlen("\\xNN") + 1;
    if (expect(node, json_is_string(node->value), "text") != 0)
        return NULL;
    char *escaped = malloc(size);
    if (escaped == NULL)
        json_value_no_memory(node);
    else
        text_escape(escaped, size, json_string_value(node->value), length);
    return escaped;
}
