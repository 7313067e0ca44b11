#include "json_reader.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/base/text.h"

int node_refuse(const struct node *node, const char *format, ...)
{
    char why[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, sizeof(why), format, arguments);
    va_end(arguments);
    error_set(node->reader->error, ERROR_USAGE, "%s: %s%s%s", node->reader->path, node->place,
              node->place[0] != '\0' ? ": " : "", why);
    return -1;
}

int node_no_memory(const struct node *node)
{
    error_set(node->reader->error, ERROR_ENVIRONMENT, "no memory for the result in %s", node->reader->path);
    return -1;
}

struct node node_member(const struct node *parent, const char *key)
{
    struct node node = {.value = json_object_get(parent->value, key), .reader = parent->reader};
    snprintf(node.place, sizeof(node.place), "%.90s%s%.28s", parent->place, parent->place[0] != '\0' ? "." : "", key);
    return node;
}

struct node node_item(const struct node *parent, size_t index)
{
    struct node node = {.value = json_array_get(parent->value, index), .reader = parent->reader};
    snprintf(node.place, sizeof(node.place), "%.90s[%zu]", parent->place, index);
    return node;
}

int node_object(const struct node *parent, const char *key, struct node *node)
{
    *node = node_member(parent, key);
    return json_is_object(node->value) ? 0 : node_refuse(node, node->value == NULL ? "missing" : "not an object");
}

int node_array(const struct node *parent, const char *key, size_t most, struct node *node)
{
    *node = node_member(parent, key);
    if (!json_is_array(node->value))
        return node_refuse(node, node->value == NULL ? "missing" : "not an array");
    return json_array_size(node->value) <= most ? 0 : node_refuse(node, "more than %zu entries", most);
}

int node_read_count(const struct node *node, uint64_t low, uint64_t high, uint64_t *value)
{
    json_int_t number = json_integer_value(node->value);
    if (!json_is_integer(node->value))
        return node_refuse(node, node->value == NULL ? "missing" : "not a whole number");
    if (number < 0 || (uint64_t)number < low || (uint64_t)number > high)
        return node_refuse(node, "%" JSON_INTEGER_FORMAT " is not between %" PRIu64 " and %" PRIu64, number, low, high);
    *value = (uint64_t)number;
    return 0;
}

int node_count(const struct node *parent, const char *key, uint64_t low, uint64_t high, uint64_t *value)
{
    struct node node = node_member(parent, key);
    return node_read_count(&node, low, high, value);
}

int node_count32(const struct node *parent, const char *key, uint32_t low, uint32_t high, uint32_t *value)
{
    uint64_t wide = 0;
    if (node_count(parent, key, low, high, &wide) != 0)
        return -1;
    *value = (uint32_t)wide;
    return 0;
}

int node_count64(const struct node *parent, const char *key, uint64_t high, int64_t *value)
{
    uint64_t wide = 0;
    if (node_count(parent, key, 0, high, &wide) != 0)
        return -1;
    *value = (int64_t)wide;
    return 0;
}

int node_read_number(const struct node *node, double low, double high, double *value)
{
    double number = json_number_value(node->value);
    if (!json_is_number(node->value))
        return node_refuse(node, node->value == NULL ? "missing" : "not a number");
    if (!(number >= low && number <= high))
        return node_refuse(node, "%g is not between %g and %g", number, low, high);
    *value = number;
    return 0;
}

int node_number(const struct node *parent, const char *key, double low, double high, double *value)
{
    struct node node = node_member(parent, key);
    *value = NAN;
    return json_is_null(node.value) ? 0 : node_read_number(&node, low, high, value);
}

int node_number_or(const struct node *parent, const char *key, double low, double high, double absent, double *value)
{
    struct node node = node_member(parent, key);
    *value = absent;
    return node.value == NULL || json_is_null(node.value) ? 0 : node_read_number(&node, low, high, value);
}

int node_read_seconds(const struct node *node, double high, nanoseconds *value)
{
    double number = 0;
    if (node_read_number(node, 0, high, &number) != 0)
        return -1;
    *value = (nanoseconds)llround(number * 1e9);
    return 0;
}

int node_seconds(const struct node *parent, const char *key, nanoseconds *value)
{
    struct node node = node_member(parent, key);
    return node_read_seconds(&node, SECONDS_MAX, value);
}

int node_seconds_or(const struct node *parent, const char *key, nanoseconds absent, nanoseconds *value)
{
    struct node node = node_member(parent, key);
    *value = absent;
    return json_is_null(node.value) ? 0 : node_read_seconds(&node, SECONDS_MAX, value);
}

int node_flag(const struct node *parent, const char *key, bool *value)
{
    struct node node = node_member(parent, key);
    if (!json_is_boolean(node.value))
        return node_refuse(&node, node.value == NULL ? "missing" : "neither true nor false");
    *value = json_is_true(node.value);
    return 0;
}

int node_flag_or(const struct node *parent, const char *key, bool absent, bool *value)
{
    *value = absent;
    return json_object_get(parent->value, key) != NULL ? node_flag(parent, key, value) : 0;
}

/* Whoever edited the document may have put anything into it: only what a terminal can show comes out. */
int node_read_text(const struct node *node, char *buffer, size_t size)
{
    const char *text = json_string_value(node->value);
    if (text == NULL)
        return node_refuse(node, node->value == NULL ? "missing" : "not text");
    size_t length = json_string_length(node->value);
    if (length >= size)
        return node_refuse(node, "longer than %zu bytes", size - 1);
    text_escape(buffer, size, text, length);
    return 0;
}

int node_text(const struct node *parent, const char *key, char *buffer, size_t size)
{
    struct node node = node_member(parent, key);
    return node_read_text(&node, buffer, size);
}

char *node_read_long_text(const struct node *node)
{
    const char *text = json_string_value(node->value);
    size_t length = json_string_length(node->value);
    if (text == NULL) {
        node_refuse(node, node->value == NULL ? "missing" : "not text");
        return NULL;
    }
    size_t size = length * strlen("\\xNN") + 1;
    char *escaped = malloc(size);
    if (escaped == NULL)
        node_no_memory(node);
    else
        text_escape(escaped, size, text, length);
    return escaped;
}
