#include "conc_bench/workload/cookies.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conc_bench/workload/header.h"

bool cookies_are_data(const char *text)
{
    return strchr(text, '=') != NULL;
}

bool cookies_are_secret(const char *text)
{
    while (*text != '\0') {
        text += strspn(text, "; \t");
        size_t length = strcspn(text, "=;");
        if (text[length] == '=' && text[length + 1] != '\0' && header_name_is_secret(text, length))
            return true;
        text += strcspn(text, ";");
    }
    return false;
}

/* Seven fields between tabs; a cookie that scripts may not see has a mark in front that makes it a comment to others.
 */
static bool is_of_browser(const char *line)
{
    enum { TABS = 6 };
    static const char mark[] = "#HttpOnly_";
    int tabs = 0;
    if (line[0] == '#' && strncmp(line, mark, sizeof(mark) - 1) != 0)
        return false;
    for (const char *next = line; (next = strchr(next, '\t')) != NULL; next++)
        tabs++;
    return tabs == TABS || tabs == TABS - 1; /* without a value */
}

static bool is_of_server(const char *line)
{
    static const char name[] = "Set-Cookie:";
    return strncasecmp(line, name, sizeof(name) - 1) == 0;
}

/* Whether the line is another header, or the status, of an answer whose headers were saved. */
static bool is_other_header(const char *line)
{
    size_t length = header_name_length(line);
    return (length > 0 && line[length] == ':') || strncmp(line, "HTTP/", 5) == 0;
}

static int add(struct request *request, const char *line, struct error *error)
{
    char *copy = strdup(line);
    char **longer = realloc(request->cookies, (request->cookie_count + 1) * sizeof(longer[0]));
    request->cookies = longer != NULL ? longer : request->cookies;
    if (copy == NULL || longer == NULL) {
        free(copy);
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the value of --cookie");
    }
    longer[request->cookie_count++] = copy;
    return 0;
}

/* A line is not shown: it may be a secret. */
static int read_line(struct request *request, const char *line, const char *path, size_t number, struct error *error)
{
    if (is_of_browser(line) || is_of_server(line))
        return add(request, line, error);
    if (line[0] == '\0' || line[0] == '#' || is_other_header(line))
        return 0;
    return error_set(error, ERROR_USAGE,
                     "--cookie %s:%zu: must be a cookie as browsers keep it, in seven fields between tabs, or a header "
                     "\"Set-Cookie: NAME=VALUE\"",
                     path, number);
}

int cookies_read_jar(struct request *request, char *text, const char *path, struct error *error)
{
    size_t number = 0;
    for (char *line = text, *next; line != NULL; line = next) {
        char *end = strchr(line, '\n');
        next = end != NULL ? end + 1 : NULL;
        line[strcspn(line, "\r\n")] = '\0';
        if (read_line(request, line, path, ++number, error) != 0)
            return -1;
    }
    if (request->cookie_count > 0)
        return 0;
    return error_set(error, ERROR_USAGE,
                     "--cookie: %s has no cookie: --cookies begins without one, and --cookie NAME=VALUE sends one",
                     path);
}
