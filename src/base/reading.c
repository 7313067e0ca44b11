#include "conc_bench/base/reading.h"

#include <stdarg.h>
#include <stdio.h>

int reading_refuse(const struct reading *reading, const char *place, const char *format, ...)
{
    char message[sizeof(((struct error *)0)->message)];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    error_set(reading->error, ERROR_USAGE, "%s", message);
    return error_point(reading->error, reading->text, (size_t)(place - reading->text));
}

bool reading_is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

void reading_skip_spaces(struct reading *reading)
{
    while (reading_is_space(*reading->next))
        reading->next++;
}
