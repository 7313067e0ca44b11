#include "conc_bench/base/objective.h"

#include <stdio.h>
#include <string.h>

#include "conc_bench/base/number.h"

const char *const response_figure_names[] = {
    [RESPONSE_FIGURE_MEAN] = "mean", [RESPONSE_FIGURE_P50] = "p50", [RESPONSE_FIGURE_P95] = "p95",
    [RESPONSE_FIGURE_P99] = "p99",   [RESPONSE_FIGURE_MAX] = "max", NULL};

struct objective objective_default(void)
{
    return (struct objective){.is_present = true, .figure = RESPONSE_FIGURE_P99, .factor = 3};
}

/* The text behind any spaces. */
static const char *skip_spaces(const char *text)
{
    return text + strspn(text, " \t");
}

/* Reads the name of a figure; NULL: there is none. Returns what is behind it. */
static const char *take_figure(const char *text, enum response_figure *figure)
{
    static const char prefix[] = "response_";
    if (strncmp(text, prefix, sizeof(prefix) - 1) == 0)
        text += sizeof(prefix) - 1;
    size_t length = strcspn(text, " \t<");
    for (int i = 0; i < RESPONSE_FIGURE_COUNT; i++) {
        if (strlen(response_figure_names[i]) != length || strncmp(response_figure_names[i], text, length) != 0)
            continue;
        *figure = (enum response_figure)i;
        return text + length;
    }
    return NULL;
}

/* Copies the text without its spaces, "200 ms" as "200ms". False: it has no room. */
static bool join(const char *text, char *joined, size_t size)
{
    size_t length = 0;
    for (; *text != '\0'; text++) {
        if (*text == ' ' || *text == '\t')
            continue;
        if (length + 1 >= size)
            return false;
        joined[length++] = *text;
    }
    joined[length] = '\0';
    return true;
}

int objective_parse(const char *text, struct objective *objective)
{
    struct objective read = {.is_present = true};
    char limit[32];
    const char *rest = take_figure(skip_spaces(text), &read.figure);
    if (rest == NULL)
        return -1;
    rest = skip_spaces(rest);
    if (*rest++ != '<')
        return -1;
    rest += *rest == '=';
    if (!join(rest, limit, sizeof(limit)) || number_parse_duration(limit, false, &read.limit) != 0 || read.limit <= 0)
        return -1;
    *objective = read;
    return 0;
}

char *objective_describe(const struct objective *objective, char buffer[OBJECTIVE_TEXT_BYTES])
{
    if (objective->limit > 0)
        snprintf(buffer, OBJECTIVE_TEXT_BYTES, "%s of response below %s ms", response_figure_names[objective->figure],
                 NUMBER(4, 1e3 * clock_seconds(objective->limit)));
    else
        snprintf(buffer, OBJECTIVE_TEXT_BYTES, "%s of response at most %s times that at a tenth of the rate",
                 response_figure_names[objective->figure], NUMBER(6, objective->factor));
    return buffer;
}
