#include "json_writer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/base/number.h"
#include "conc_bench/base/text.h"

static void separate(struct json_writer *writer)
{
    if (writer->is_behind_key) {
        writer->is_behind_key = false;
        return;
    }
    if (writer->has_previous)
        putc_unlocked(',', writer->stream);
    if (writer->is_new_line)
        putc_unlocked('\n', writer->stream);
    else if (writer->has_previous)
        putc_unlocked(' ', writer->stream);
    writer->is_new_line = false;
}

static void put(struct json_writer *writer, const char *text, size_t length)
{
    separate(writer);
    fwrite(text, 1, length, writer->stream);
    writer->has_previous = true;
}

void json_open(struct json_writer *writer, char bracket)
{
    put(writer, &bracket, 1);
    writer->has_previous = false;
}

void json_close(struct json_writer *writer, char bracket)
{
    if (writer->is_new_line)
        putc_unlocked('\n', writer->stream);
    putc_unlocked(bracket, writer->stream);
    writer->is_new_line = false;
    writer->has_previous = true;
}

void json_new_line(struct json_writer *writer)
{
    writer->is_new_line = true;
}

static void put_quoted(struct json_writer *writer, const char *text)
{
    separate(writer);
    putc_unlocked('"', writer->stream);
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < ' ') {
            fprintf(writer->stream, "\\u%04x", (unsigned)*text);
            continue;
        }
        if (*text == '"' || *text == '\\')
            putc_unlocked('\\', writer->stream);
        putc_unlocked(*text, writer->stream);
    }
    putc_unlocked('"', writer->stream);
    writer->has_previous = true;
}

/* Whole, however long it is: URLs may differ at their ends only. */
static void put_escaped(struct json_writer *writer, const char *text)
{
    char room[1024];
    size_t length = strlen(text);
    size_t size = length * strlen("\\xNN") + 1;
    char *escaped = size <= sizeof(room) ? room : malloc(size);
    if (escaped != NULL)
        put_quoted(writer, text_escape(escaped, size, text, length));
    else
        writer->has_failed = true;
    if (escaped != room)
        free(escaped);
}

static void end_key(struct json_writer *writer)
{
    fputs(": ", writer->stream);
    writer->is_behind_key = true;
}

void json_key(struct json_writer *writer, const char *key)
{
    put_quoted(writer, key);
    end_key(writer);
}

void json_text_key(struct json_writer *writer, const char *text)
{
    put_escaped(writer, text);
    end_key(writer);
}

void json_put_null(struct json_writer *writer)
{
    put(writer, "null", strlen("null"));
}

void json_put_flag(struct json_writer *writer, bool value)
{
    const char *text = value ? "true" : "false";
    put(writer, text, strlen(text));
}

void json_put_whole(struct json_writer *writer, uint64_t value)
{
    /* Written by hand, since documents hold millions of them. */
    char digits[20];
    size_t first = sizeof(digits);
    do {
        digits[--first] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    put(writer, digits + first, sizeof(digits) - first);
}

void json_put_number(struct json_writer *writer, double value)
{
    char text[32];
    int length = snprintf(text, sizeof(text), "%.15g", value);
    if (isfinite(value))
        put(writer, text, (size_t)length);
    else
        json_put_null(writer);
}

void json_put_seconds(struct json_writer *writer, nanoseconds duration)
{
    char text[NUMBER_SECONDS_BYTES];
    number_format_seconds(text, duration);
    put(writer, text, strlen(text));
}

void json_put_raw(struct json_writer *writer, const char *json)
{
    size_t length = strlen(json);
    put(writer, json, length);
    writer->is_behind_key = length > 0 && json[length - 1] == ' ';
}

void json_put_name(struct json_writer *writer, const char *name)
{
    put_quoted(writer, name);
}

void json_put_text(struct json_writer *writer, const char *text)
{
    put_escaped(writer, text);
}
