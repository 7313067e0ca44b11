#include "form.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "conc_bench/base/unicode.h"
#include "conc_bench/workload/request.h"
#include "curl_option.h"
#include "secret_text.h"

bool form_is_url(const char *text)
{
    return strncasecmp(text, "http:", 5) == 0 || strncasecmp(text, "https:", 6) == 0;
}

const char *form_second_word(const char *text)
{
    text += strcspn(text, " \t\r\n");
    return text + strspn(text, " \t");
}

bool form_is_request_line(const char *text)
{
    static const char *const methods[] = {"GET",    "HEAD",    "POST",    "PUT",  "PATCH",
                                          "DELETE", "OPTIONS", "CONNECT", "TRACE"};
    size_t length = strcspn(text, " \t\r\n");
    if (length == 0 || memchr(text, ':', length) != NULL)
        return false;
    if (form_is_url(form_second_word(text)))
        return true;
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (strlen(methods[i]) == length && strncmp(text, methods[i], length) == 0)
            return true;
    }
    return false;
}

enum form form_of(const char *text, size_t length)
{
    const char *end = text + length;
    text += unicode_mark_length(text, length);
    for (; text < end; text++) {
        text += strspn(text, " \t\r");
        if (form_is_url(text))
            return FORM_URLS;
        if (*text != '#' && *text != '\n' && form_is_request_line(text))
            return FORM_HTTP;
        if (*text != '#' && curl_option_begins(text))
            return FORM_CURL;
        text = memchr(text, '\n', (size_t)(end - text));
        if (text == NULL)
            break;
    }
    return FORM_URLS;
}

const char *form_place(const struct entry *entry, char place[FORM_PLACE_BYTES])
{
    char file[ENTRY_PATH_MAX + 4];
    snprintf(place, FORM_PLACE_BYTES, "%s:%zu", entry_abridge(file, ENTRY_PATH_MAX, entry->file, strlen(entry->file)),
             entry->number);
    return place;
}

int form_read_body(const struct entry *entry, const char *path, struct secret_text *content, struct error *error)
{
    char place[FORM_PLACE_BYTES];
    form_place(entry, place);
    if (strcmp(path, "-") == 0)
        return error_set(error, ERROR_USAGE, "%s: a body does not come from standard input: name its file", place);
    const char *shown = entry_has_at_sign(path, strlen(path)) ? "a file whose name may hold a password" : path;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return error_set_system(error, ERROR_USAGE, errno, "%s: cannot read %s, the file of a body", place, shown);
    int status = secret_text_read(content, file, place, shown, REQUEST_BODY_MAX_BYTES, error);
    fclose(file);
    return status;
}

int form_fail_memory(struct error *error)
{
    return error_set(error, ERROR_ENVIRONMENT, "no memory for the requests of the list");
}
