#include "conc_bench/result.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *trial_status_name(enum trial_status status)
{
    static const char *const names[] = {
        [TRIAL_COMPLETE] = "complete", [TRIAL_INTERRUPTED] = "interrupted", [TRIAL_CRASHED] = "crashed",
        [TRIAL_HUNG] = "hung",         [TRIAL_FAILED] = "failed",
    };
    return names[status];
}

char *tolerance_describe(const struct tolerance *tolerance, char *buffer, size_t size)
{
    if (tolerance->is_status_only)
        snprintf(buffer, size, "status");
    else if (tolerance->share > 0)
        snprintf(buffer, size, "%.9g%%", 100 * tolerance->share);
    else
        snprintf(buffer, size, "%s", "");
    return buffer;
}

nanoseconds trial_time(const struct trial *trial)
{
    return trial->startup + trial->run;
}

bool cell_has_name(const struct cell_result *cell, const char *name)
{
    const char *connections = strchr(cell->mode, ':');
    if (connections == NULL || strchr(name, ':') != NULL)
        return strcmp(cell->mode, name) == 0;
    size_t length = (size_t)(connections - cell->mode);
    const char *copy = connections + strcspn(connections, "#");
    return strncmp(cell->mode, name, length) == 0 && strcmp(copy, name + length) == 0;
}

double result_usable_cores(const struct result *result)
{
    bool is_limited = result->cpu_quota > 0 && result->cpu_quota < result->cores;
    return is_limited ? result->cpu_quota : result->cores;
}

nanoseconds result_began(const struct result *result)
{
    nanoseconds began = INT64_MAX;
    for (size_t i = 0; i < result->cell_count; i++) {
        for (size_t j = 0; j < result->cells[i].trial_count; j++) {
            const struct trial *trial = &result->cells[i].trials[j];
            if (trial->digest.settled > 0 && trial->gate < began)
                began = trial->gate;
        }
    }
    return began < INT64_MAX ? began : 0;
}

void result_warn(struct result *result, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    char **warnings = realloc(result->warnings, (result->warning_count + 1) * sizeof(*warnings));
    if (warnings == NULL)
        return;
    result->warnings = warnings;
    warnings[result->warning_count] = strdup(text);
    result->warning_count += warnings[result->warning_count] != NULL;
}

void trial_release(struct trial *trial)
{
    for (uint32_t i = 0; i < trial->witness.url_count; i++)
        free(trial->witness.urls[i]);
    free(trial->witness.urls);
    free(trial->witness.url_requests);
    sample_table_release(trial->table);
    free(trial->units);
    extract_release(trial->extract);
    *trial = (struct trial){0};
}

int result_add_asked(struct result *result, const char *option, struct error *error)
{
    char **longer = realloc(result->asked, (result->asked_count + 1) * sizeof(*longer));
    if (longer != NULL) {
        result->asked = longer;
        longer[result->asked_count] = strdup(option);
    }
    if (longer == NULL || longer[result->asked_count] == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the result");
    result->asked_count++;
    return 0;
}

void result_release(struct result *result)
{
    for (size_t i = 0; i < result->cell_count; i++) {
        struct cell_result *cell = &result->cells[i];
        for (size_t j = 0; j < cell->trial_count; j++)
            trial_release(&cell->trials[j]);
        for (size_t j = 0; j < cell->warmup_count; j++)
            trial_release(&cell->warmups[j]);
        free(cell->trials);
        free(cell->warmups);
        free(cell->url_failures);
    }
    free(result->cells);
    for (size_t i = 0; i < result->source_count; i++)
        free(result->sources[i]);
    free(result->sources);
    free(result->urls);
    free(result->lent[0]);
    free(result->lent[1]);
    for (size_t i = 0; i < result->asked_count; i++)
        free(result->asked[i]);
    free(result->asked);
    for (size_t i = 0; i < result->warning_count; i++)
        free(result->warnings[i]);
    free(result->warnings);
    *result = (struct result){0};
}
