#include "conc_bench/baseline.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/text.h"

static const char schema[] = "conc-bench/1";

/* The value at a path such as "tool.version"; NULL: there is none. */
static const json_t *at(const json_t *value, const char *path)
{
    while (value != NULL && *path != '\0') {
        char name[64];
        size_t length = strcspn(path, ".");
        if (length >= sizeof(name))
            return NULL;
        snprintf(name, sizeof(name), "%.*s", (int)length, path);
        value = json_object_get(value, name);
        path += length + (path[length] == '.');
    }
    return value;
}

static int refuse(const char *path, struct error *error, const char *why)
{
    return error_set(error, ERROR_USAGE, "%s is no result to compare with: %s", path, why);
}

/* What must be the same for times to be comparable. */
struct expectation {
    const char *path;
    const char *what; /* in a sentence */
    char value[300];  /* as text */
};

static void describe(const json_t *value, char *buffer, size_t size)
{
    if (json_is_string(value))
        snprintf(buffer, size, "%s", json_string_value(value));
    else if (json_is_integer(value))
        snprintf(buffer, size, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        snprintf(buffer, size, "%.9g", json_real_value(value));
    else
        snprintf(buffer, size, "%s", "");
}

static int check_same(const json_t *document, const struct expectation *expected, const char *path, struct error *error)
{
    char found[300];
    char escaped[400];
    char wanted[400];
    describe(at(document, expected->path), found, sizeof(found));
    text_escape(escaped, sizeof(escaped), found, strlen(found));
    /* Documents hold text escaped; what was escaped once stays as it is. */
    text_escape(wanted, sizeof(wanted), expected->value, strlen(expected->value));
    if (strcmp(escaped, wanted) == 0)
        return 0;
    return error_set(error, ERROR_USAGE,
                     "%s cannot be compared with: its %s was \"%.120s\" and is \"%.120s\" now (--force-baseline "
                     "compares all the same)",
                     path, expected->what, escaped, wanted);
}

static int check_fingerprint(const json_t *document, const struct result *result, const char *path, struct error *error)
{
    struct expectation expected[] = {
        {"machine.system", "system", ""},
        {"machine.cpu", "processor", ""},
        {"machine.cores", "number of cores", ""},
        {"tool.version", "version of conc-bench", ""},
        {"tool.libcurl", "version of libcurl", ""},
        {"tool.tls", "TLS library", ""},
        {"workload.digest", "list of URLs (digest)", ""},
        {"workload.downloads", "number of downloads", ""},
        {"workload.cpu_work_s", "--cpu-work (seconds)", ""},
        {"policy.connections", "--connections", ""},
        {"policy.dns", "--dns", ""},
        {"policy.origin", "origin", ""},
        {"policy.max_redirects", "--max-redirs", ""},
        {"policy.connections_kept", "number of connections kept", ""},
    };
    const char *const texts[] = {result->machine_system, result->machine_cpu,     NULL,
                                 result->tool_version,   result->libcurl_version, result->tls_version};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (texts[i] != NULL)
            snprintf(expected[i].value, sizeof(expected[i].value), "%s", texts[i]);
    }
    snprintf(expected[2].value, sizeof(expected[2].value), "%" PRIu32, result->cores);
    snprintf(expected[6].value, sizeof(expected[6].value), "%016" PRIx64, result->workload_digest);
    snprintf(expected[7].value, sizeof(expected[7].value), "%" PRIu32, result->downloads);
    snprintf(expected[8].value, sizeof(expected[8].value), "%.9g", clock_seconds(result->cpu_work));
    snprintf(expected[9].value, sizeof(expected[9].value), "%s", result->connections);
    snprintf(expected[10].value, sizeof(expected[10].value), "%s", result->dns);
    snprintf(expected[11].value, sizeof(expected[11].value), "%s", result->origin);
    snprintf(expected[12].value, sizeof(expected[12].value), "%" PRIu32, result->max_redirects);
    snprintf(expected[13].value, sizeof(expected[13].value), "%" PRIu32, result->connections_kept);
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        if (check_same(document, &expected[i], path, error) != 0)
            return -1;
    }
    return 0;
}

static bool is_dropped(const json_t *document, json_int_t group, json_int_t round)
{
    size_t i;
    const json_t *dropped;
    json_array_foreach(at(document, "validity.dropped_rounds"), i, dropped)
    {
        if (json_integer_value(json_object_get(dropped, "group")) == group &&
            json_integer_value(json_object_get(dropped, "round")) == round)
            return true;
    }
    return false;
}

static int read_rounds(const json_t *document, const json_t *entry, struct baseline_cell *cell)
{
    const json_t *rounds = json_object_get(entry, "rounds");
    size_t i;
    const json_t *round;
    cell->rounds = calloc(json_array_size(rounds) + 1, sizeof(cell->rounds[0]));
    cell->times = calloc(json_array_size(rounds) + 1, sizeof(cell->times[0]));
    if (cell->rounds == NULL || cell->times == NULL)
        return -1;
    json_array_foreach(rounds, i, round)
    {
        const json_t *time = json_object_get(round, "time_s");
        json_int_t number = json_integer_value(json_object_get(round, "round"));
        bool is_next = cell->count == 0 || number > (json_int_t)cell->rounds[cell->count - 1];
        if (!json_is_number(time) || !(json_number_value(time) > 0) || number < 0 || number > UINT32_MAX || !is_next ||
            is_dropped(document, json_integer_value(json_object_get(entry, "group")), number))
            continue;
        cell->rounds[cell->count] = (uint32_t)number;
        cell->times[cell->count++] = json_number_value(time);
    }
    return 0;
}

static int read_cells(const json_t *document, const char *path, struct baseline *baseline, struct error *error)
{
    const json_t *results = json_object_get(document, "results");
    size_t i;
    const json_t *entry;
    if (!json_is_array(results) || json_array_size(results) == 0)
        return refuse(path, error, "it has no results");
    baseline->cells = calloc(json_array_size(results), sizeof(baseline->cells[0]));
    if (baseline->cells == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the baseline");
    json_array_foreach(results, i, entry)
    {
        const json_t *mode = json_object_get(entry, "mode");
        const json_t *stage = json_object_get(entry, "stage");
        json_int_t workers = json_integer_value(json_object_get(entry, "workers"));
        if (!json_is_string(mode) || workers < 1 || workers > UINT32_MAX)
            return refuse(path, error, "a result in it has no mode or number of workers");
        if (json_is_string(stage) && strcmp(json_string_value(stage), "main") != 0)
            continue;
        struct baseline_cell *cell = &baseline->cells[baseline->cell_count++];
        snprintf(cell->mode, sizeof(cell->mode), "%s", json_string_value(mode));
        cell->workers = (uint32_t)workers;
        if (read_rounds(document, entry, cell) != 0)
            return error_set(error, ERROR_ENVIRONMENT, "no memory for the baseline");
    }
    return 0;
}

static int read_document(const json_t *document, const char *path, const struct result *result, bool is_forced,
                         struct baseline *baseline, struct error *error)
{
    const json_t *found = json_object_get(document, "schema");
    char escaped[100];
    if (!json_is_string(found))
        return refuse(path, error, "it is not of conc-bench");
    if (strcmp(json_string_value(found), schema) != 0) {
        char why[160];
        text_escape(escaped, sizeof(escaped), json_string_value(found), strlen(json_string_value(found)));
        snprintf(why, sizeof(why), "its schema is \"%.60s\", not \"%s\"", escaped, schema);
        return refuse(path, error, why);
    }
    if (!is_forced && check_fingerprint(document, result, path, error) != 0)
        return -1;
    if (json_is_false(at(document, "validity.is_valid")) || json_is_true(at(document, "partial")))
        return refuse(path, error, "it was interrupted or is not valid");
    text_escape(baseline->path, sizeof(baseline->path), path, strlen(path));
    return read_cells(document, path, baseline, error);
}

int baseline_read(const char *path, const struct result *result, bool is_forced, struct baseline *baseline,
                  struct error *error)
{
    json_error_t flaw;
    *baseline = (struct baseline){0};
    json_t *document = json_load_file(path, 0, &flaw);
    if (document == NULL && flaw.line < 0)
        return error_set(error, ERROR_USAGE, "cannot read the baseline %s: %s", path, flaw.text);
    if (document == NULL) {
        char why[256];
        snprintf(why, sizeof(why), "line %d, column %d: %s", flaw.line, flaw.column, flaw.text);
        return refuse(path, error, why);
    }
    int status = read_document(document, path, result, is_forced, baseline, error);
    json_decref(document);
    if (status != 0)
        baseline_release(baseline);
    return status;
}
