#include "conc_bench/document/import.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/analysis/run_totals.h"
#include "conc_bench/analysis/validity.h"
#include "records.h"

static int read_document(const struct json_value *node)
{
    struct import *import = node->reader->import;
    struct document document = {.run = &import->run, .validity = &import->totals.validity};
    if (!json_is_string(json_object_get(node->value, "schema")))
        return json_value_refuse(node, "not a result of conc-bench, which has a \"schema\"");
    node->reader->result_count = json_array_size(json_object_get(node->value, "results"));
    int status = record_read(node, &record_document_all, &document);
    import->totals.per_url = document.per_url;
    import->assertion_results = document.assertion_results;
    import->assertion_result_count = document.assertion_result_count;
    return status;
}

/* jansson calls a document wrong that it had no memory for. So what it asks for is watched: the reader is the only one
 * at the time, and what is allocated so is freed by free() like all else. */
static bool was_memory_short;

static void *watch_memory(size_t size)
{
    void *memory = malloc(size);
    was_memory_short |= memory == NULL;
    return memory;
}

/* Whether reading failed at the very beginning, as with a list of URLs; an empty file may be a document cut short. */
static bool is_no_json(const json_error_t *flaw)
{
    enum json_error_code code = json_error_code(flaw);
    bool is_at_beginning = strncmp(flaw->text, "'[' or '{' expected", strlen("'[' or '{' expected")) == 0 ||
                           (code == json_error_invalid_syntax && flaw->line == 1 && flaw->column <= 1);
    return is_at_beginning && code != json_error_premature_end_of_input;
}

static json_t *parse(struct import_state *reader)
{
    json_error_t flaw;
    struct error *error = reader->error;
    was_memory_short = false;
    json_set_alloc_funcs(watch_memory, free);
    json_t *value = json_load_callback(sample_filter_read, reader->filter, JSON_REJECT_DUPLICATES, &flaw);
    if (was_memory_short || (reader->filter->has_failed && error->kind == ERROR_ENVIRONMENT)) {
        error_set(error, ERROR_ENVIRONMENT, "no memory to read %s", reader->path);
    } else if (reader->filter->has_failed) {
        char why[sizeof(error->message)];
        snprintf(why, sizeof(why), "%s", error->message);
        error_set(error, ERROR_USAGE, "%s is damaged: %.900s", reader->path, why);
    } else if (ferror(reader->filter->stream)) {
        error_set_system(error, ERROR_USAGE, errno, "cannot read %s", reader->path);
    } else if (value == NULL && is_no_json(&flaw)) {
        error_set(error, ERROR_USAGE, "%s is not a conc-bench document, as --export-json writes them", reader->path);
    } else if (value == NULL) {
        error_set(error, ERROR_USAGE, "%s is damaged: line %d, column %d: %s", reader->path, flaw.line, flaw.column,
                  flaw.text);
    } else {
        return value;
    }
    json_decref(value);
    return NULL;
}

/* The number of units up to the last one of a cell that has a sample. */
static uint32_t units_seen(const struct run_cell *cell)
{
    uint32_t end = 0;
    for (size_t i = 0; i < cell->trial_count; i++) {
        const struct trial *trial = &cell->trials[i];
        for (uint32_t slot = 0; trial->table != NULL && slot < trial->table->unit_count; slot++) {
            if (atomic_load(&trial->table->samples[slot].state) == SAMPLE_SETTLED && trial_unit(trial, slot) >= end)
                end = trial_unit(trial, slot) + 1;
        }
    }
    return end;
}

/* Draws the instants at which the downloads with samples were due, as they were drawn for the run. */
static int draw_due(struct import_state *reader)
{
    struct run *run = &reader->import->run;
    for (size_t i = 0; i < run->cell_count; i++) {
        struct run_cell *cell = &run->cells[i];
        uint32_t count = cell->rate > 0 ? units_seen(cell) : 0;
        cell->due = count > 0 ? run_schedule(run, cell->rate, count, reader->error) : NULL;
        if (count > 0 && cell->due == NULL)
            return -1;
    }
    return 0;
}

static int read_stream(struct import_state *reader)
{
    json_t *value = parse(reader);
    const struct json_value document = {.value = value, .reader = reader};
    int status = value != NULL ? read_document(&document) : -1;
    if (status == 0)
        status = draw_due(reader);
    json_decref(value);
    return status;
}

int import_read(const char *path, bool with_samples, struct import *import, struct error *error)
{
    bool is_standard = strcmp(path, "-") == 0;
    *import = (struct import){0};
    struct sample_filter filter = {
        .stream = is_standard ? stdin : fopen(path, "re"),
        .is_discarding = !with_samples,
        .error = error,
        .line = 1,
    };
    if (filter.stream == NULL)
        return error_set_system(error, ERROR_USAGE, errno, "cannot read %s", path);
    struct import_state reader = {
        .path = is_standard ? "standard input" : path, .error = error, .filter = &filter, .import = import};
    int status = read_stream(&reader);
    sample_filter_release(&filter);
    if (!is_standard)
        fclose(filter.stream);
    if (status != 0)
        import_release(import);
    return status;
}

void import_release(struct import *import)
{
    run_totals_release(&import->totals);
    run_release(&import->run);
    free(import->assertion_results);
    *import = (struct import){0};
}
