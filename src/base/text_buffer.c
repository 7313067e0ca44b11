#include "conc_bench/base/text_buffer.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/base/text.h"

/* Makes room for so many more bytes and a NUL. */
static bool make_room(struct text_buffer *buffer, size_t more)
{
    enum { FIRST_CAPACITY = 64 };
    bool is_possible = more < PTRDIFF_MAX - buffer->length;
    size_t needed = buffer->length + more + 1;
    if (is_possible && needed <= buffer->capacity)
        return true;
    size_t twice = buffer->capacity > 0 ? 2 * buffer->capacity : FIRST_CAPACITY;
    size_t capacity = needed > twice ? needed : twice;
    char *text = is_possible ? realloc(buffer->text, capacity) : NULL;
    if (text == NULL) {
        buffer->has_failed = true;
        return false;
    }
    if (buffer->text == NULL)
        text[0] = '\0';
    buffer->text = text;
    buffer->capacity = capacity;
    return true;
}

void text_buffer_add(struct text_buffer *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0 || !make_room(buffer, (size_t)length))
        return;
    va_start(arguments, format);
    vsnprintf(buffer->text + buffer->length, (size_t)length + 1, format, arguments);
    va_end(arguments);
    buffer->length += (size_t)length;
}

void text_buffer_add_escaped(struct text_buffer *buffer, const char *text, size_t length)
{
    size_t most = length * strlen("\\xNN");
    if (!make_room(buffer, most))
        return;
    text_escape(buffer->text + buffer->length, most + 1, text, length);
    buffer->length += strlen(buffer->text + buffer->length);
}

const char *text_buffer_text(const struct text_buffer *buffer)
{
    return buffer->text != NULL ? buffer->text : "";
}

char *text_buffer_take(struct text_buffer *buffer)
{
    bool is_whole = make_room(buffer, 0) && !buffer->has_failed;
    char *text = is_whole ? buffer->text : NULL;
    if (!is_whole)
        free(buffer->text);
    *buffer = (struct text_buffer){0};
    return text;
}

void text_buffer_release(struct text_buffer *buffer)
{
    free(buffer->text);
    *buffer = (struct text_buffer){0};
}
