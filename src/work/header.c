#include "conc_bench/header.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

size_t header_name_length(const char *header)
{
    size_t length = 0;
    /* In some locales other bytes than those of ASCII are letters. */
    while (isascii((unsigned char)header[length]) &&
           (isalnum((unsigned char)header[length]) ||
            (header[length] != '\0' && strchr("!#$%&'*+-.^_`|~", header[length]) != NULL)))
        length++;
    return length;
}

bool header_has_name(const char *header, const char *name)
{
    size_t length = header_name_length(header);
    return length == strlen(name) && strncasecmp(header, name, length) == 0;
}

int header_check(const char *text, const char *place, struct error *error)
{
    size_t length = header_name_length(text);
    if (strpbrk(text, "\r\n") != NULL)
        return error_set(error, ERROR_USAGE, "%s: the header %.*s has a line break in it: a header is one line", place,
                         (int)length, text);
    const char *value = text + length;
    bool is_empty = value[0] == ';' && value[strspn(value, "; \t")] == '\0';
    if (length == 0 || (value[0] != ':' && !is_empty))
        return error_set(error, ERROR_USAGE,
                         "%s: not a header: it wants 'Name: value', 'Name:' to leave one out, or 'Name;' to send an "
                         "empty one",
                         place);
    for (; *value != '\0'; value++) {
        if (iscntrl((unsigned char)*value) && *value != '\t')
            return error_set(error, ERROR_USAGE, "%s: the header %.*s has a control character in its value", place,
                             (int)length, text);
    }
    return 0;
}

bool header_is_secret(const char *header)
{
    static const char *const names[] = {"Authorization", "Proxy-Authorization", "Cookie",       "X-Api-Key",
                                        "Api-Key",       "X-Auth-Token",        "Private-Token"};
    const char *value = header + header_name_length(header);
    /* Without a value there is nothing to hide. */
    if (value[0] != ':' || value[1 + strspn(value + 1, " \t")] == '\0')
        return false;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (header_has_name(header, names[i]))
            return true;
    }
    return false;
}
