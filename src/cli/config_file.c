#include <stdlib.h>
#include <string.h>

#include "conc_bench/base/text_buffer.h"
#include "conc_bench/base/unicode.h"
#include "conc_bench/workload/config.h"
#include "conc_bench/workload/request.h"
#include "option_table.h"

/* Options of curl that take no value, which a name without one may therefore be: anything else that stands alone may be
 * a secret whose name was forgotten, and is not shown. */
static bool is_flag_of_curl(const char *name)
{
    static const char *const flags[] = {
        "silent",
        "show-error",
        "verbose",
        "fail",
        "fail-with-body",
        "progress-bar",
        "include",
        "remote-name",
        "remote-time",
        "globoff",
        "netrc",
        "netrc-optional",
        "raw",
        "create-dirs",
        "no-keepalive",
        "tcp-nodelay",
        "path-as-is",
        "parallel",
        "junk-session-cookies",
        "anyauth",
        "basic",
        "digest",
        "negotiate",
        "ntlm",
        "get",
        "http1.0",
        "http0.9",
        "ssl-reqd",
        "styled-output",
        "no-progress-meter",
        "s",
        "S",
        "v",
        "f",
        "i",
    };
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        if (strcmp(flags[i], name) == 0)
            return true;
    }
    return false;
}

/* Whether it is spelt as names of options are. */
static bool is_name(const char *name)
{
    enum { LONGEST = 32 };
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.");
    return length > 0 && length <= LONGEST && name[length] == '\0';
}

static void note_unknown(struct text_buffer *unknown, const struct config_line *line)
{
    const char *before = text_buffer_text(unknown)[0] != '\0' ? ", " : "";
    bool is_shown =
        line->name != NULL && is_name(line->name) && (line->value[0] != '\0' || is_flag_of_curl(line->name));
    if (is_shown)
        text_buffer_add(unknown, "%s%s (line %zu)", before, line->name, line->number);
    else
        text_buffer_add(unknown, "%sline %zu", before, line->number);
}

int config_file_apply(struct options *options, int (*take)(void *context, const char *name, const char *value),
                      void *context, struct error *error)
{
    struct request_options *request = &options->request;
    struct text_buffer unknown = {0};
    struct config_line line = {0};
    if (request_read_config(request, &request->config_text, error) != 0)
        return -1;
    options->config_values = strdup(request->config_text);
    if (options->config_values == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the options of %s", request->config);
    char *rest = options->config_values + unicode_mark_length(options->config_values, strlen(options->config_values));
    int status = 0;
    while (status == 0 && config_next(&rest, &line) != NULL) {
        /* A file that cannot be read is reported with the other files of the request. */
        if (line.name == NULL || request_takes_from_config(line.name))
            continue;
        int taken = take(context, line.name, line.value);
        status = taken < 0 ? -1 : 0;
        if (taken > 0)
            note_unknown(&unknown, &line);
    }
    if (status == 0 && text_buffer_text(&unknown)[0] != '\0')
        status = error_set(error, ERROR_USAGE, "--config %s: no options of conc-bench, so leave them out: %s",
                           request->config, text_buffer_text(&unknown));
    text_buffer_release(&unknown);
    return status;
}
