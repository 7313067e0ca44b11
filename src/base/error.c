#include "conc_bench/base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "conc_bench/base/text.h"

__attribute__((format(printf, 3, 0))) static void write_message(struct error *error, enum error_kind kind,
                                                                const char *format, va_list arguments)
{
    char raw[sizeof(error->message)];
    vsnprintf(raw, sizeof(raw), format, arguments);
    error->kind = kind;
    error->excerpt[0] = '\0';
    error->column = 0;
    text_escape(error->message, sizeof(error->message), raw, strlen(raw));
}

int error_set(struct error *error, enum error_kind kind, const char *format, ...)
{
    if (error != NULL) {
        va_list arguments;
        va_start(arguments, format);
        write_message(error, kind, format, arguments);
        va_end(arguments);
    }
    return -1;
}

int error_set_system(struct error *error, enum error_kind kind, int number, const char *format, ...)
{
    if (error != NULL) {
        va_list arguments;
        va_start(arguments, format);
        write_message(error, kind, format, arguments);
        va_end(arguments);
        size_t length = strlen(error->message);
        snprintf(error->message + length, sizeof(error->message) - length, ": %s", strerror(number));
    }
    return -1;
}

int error_point(struct error *error, const char *text, size_t offset)
{
    if (error != NULL)
        error->column = text_excerpt(error->excerpt, sizeof(error->excerpt), text, offset, ERROR_EXCERPT_COLUMNS);
    return -1;
}
