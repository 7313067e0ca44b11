#include "paint.h"

#include <stdbool.h>
#include <string.h>

#include "conc_bench/base/text.h"

const char *paint_on(const struct format *format, enum paint paint)
{
    static const char *const sequences[] = {
        [PAINT_NONE] = "",          [PAINT_HEAD] = "\033[1m",   [PAINT_GOOD] = "\033[32m",
        [PAINT_DOUBT] = "\033[33m", [PAINT_BAD] = "\033[1;31m",
    };
    return format->is_coloured ? sequences[paint] : "";
}

const char *paint_off(const struct format *format, enum paint paint)
{
    return format->is_coloured && paint != PAINT_NONE ? "\033[0m" : "";
}

/* Columns of a word of `length` bytes, escape sequences left out. */
static size_t columns_of(const char *word, size_t length)
{
    size_t columns = 0;
    for (size_t i = 0; i < length; i++) {
        if (word[i] == '\033') {
            while (i < length && word[i] != 'm')
                i++;
        } else {
            columns += ((unsigned char)word[i] & 0xc0) != 0x80;
        }
    }
    return columns;
}

/* One line without its end. Lines that fit stay as they are, however many spaces are in them. */
static void wrap_line(FILE *stream, size_t width, const char *line, size_t length)
{
    enum { INDENT = 2 };
    if (columns_of(line, length) <= width) {
        fwrite(line, 1, length, stream);
        return;
    }
    size_t used = 0;
    bool is_first = true;
    while (length > 0) {
        size_t word = 0;
        while (word < length && line[word] != ' ')
            word++;
        size_t columns = columns_of(line, word);
        if (!is_first && used + 1 + columns > width) {
            fprintf(stream, "\n%*s", INDENT, "");
            used = INDENT;
        } else if (!is_first) {
            fputc(' ', stream);
            used++;
        }
        fwrite(line, 1, word, stream);
        used += columns;
        is_first = false;
        word += word < length;
        line += word;
        length -= word;
    }
}

void paint_wrap(FILE *stream, const struct format *format, const char *text)
{
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        wrap_line(stream, format->width, text, length);
        text += length;
        if (*text == '\n')
            fputc(*text++, stream);
    }
}
