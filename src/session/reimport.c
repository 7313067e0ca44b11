#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "conc_bench/analysis/per_url.h"
#include "conc_bench/document/baseline.h"
#include "conc_bench/document/import.h"
#include "conc_bench/report/report.h"
#include "conc_bench/session/session.h"

/* Cells of a mode, with that number of workers if it is not 0. */
static size_t count_cells(const struct run *run, const char *mode, uint32_t workers, bool is_main)
{
    size_t count = 0;
    for (size_t i = 0; i < run->cell_count; i++) {
        const struct run_cell *cell = &run->cells[i];
        bool is_wanted = workers == 0 || cell->workers == workers;
        count += is_wanted && cell_has_name(cell, mode) && (!is_main || cell->stage == STAGE_MAIN);
    }
    return count;
}

static bool has_several_workers(const struct run *run, const char *mode)
{
    uint32_t workers = 0;
    for (size_t i = 0; i < run->cell_count; i++) {
        const struct run_cell *cell = &run->cells[i];
        if (cell->stage != STAGE_MAIN || !cell_has_name(cell, mode))
            continue;
        if (workers != 0 && cell->workers != workers)
            return true;
        workers = cell->workers;
    }
    return false;
}

/* Checks that the document holds what the options ask for: there is no run that could still add it. */
static int check_asked(const struct options *options, const struct run *run, struct error *error)
{
    if (options->reference != NULL && count_cells(run, options->reference, 0, true) == 0)
        return error_set(error, ERROR_USAGE, "--reference: %s has no mode %s", options->import_json,
                         options->reference);
    for (size_t i = 0; i < options->assertion_count; i++) {
        for (size_t j = 0; j < options->assertions[i].operand_count; j++) {
            const struct assertion_operand *operand = &options->assertions[i].operands[j];
            if (strcmp(operand->mode, "*") == 0)
                continue;
            if (count_cells(run, operand->mode, operand->workers, false) == 0)
                error_set(error, ERROR_USAGE, "--assert: %s has no such mode and workers", options->import_json);
            else if (j == 1 && operand->workers == 0 && has_several_workers(run, operand->mode))
                error_set(error, ERROR_USAGE, "--assert: %s has several numbers of workers in %s: say which",
                          operand->mode, options->import_json);
            else
                continue;
            return error_point(error, options->assertion_texts[i], operand->offset);
        }
    }
    return 0;
}

/* Makes the figures of each URL of a document that was saved without them, from its samples. */
static int add_per_url(const struct options *options, struct import *import, struct error *error)
{
    struct run_totals *totals = &import->totals;
    if (!options->per_url || totals->per_url != NULL)
        return 0;
    const struct run_cell *lacking = per_url_lacks(&import->run, &totals->validity);
    if (lacking == NULL)
        return per_url_make(&import->run, &totals->validity, &totals->per_url, error);
    return error_set(error, ERROR_USAGE,
                     "--per-url: %s has neither figures of each URL nor the downloads of %s/%" PRIu32
                     " to make them from: measure again with --per-url, or with --samples all",
                     options->import_json, lacking->mode, lacking->workers);
}

int session_import(const struct options *options, struct error *error)
{
    struct import import;
    struct baseline baseline = {0};
    if (session_check_files(options, error) != 0 || report_check(options, error) != 0 ||
        import_read(options->import_json, true, &import, error) != 0)
        return -1;
    int status = check_asked(options, &import.run, error);
    if (status == 0)
        status = add_per_url(options, &import, error);
    if (status == 0)
        status = baseline_read(options->baselines, options->baseline_count, &import.run, options->force_baseline,
                               &baseline, error);
    if (status == 0) {
        if (baseline.note[0] != '\0')
            run_warn(&import.run, "%s", baseline.note);
        import.run.tolerates_failures = options->allow_failures;
        if (options->reference != NULL)
            snprintf(import.run.reference, sizeof(import.run.reference), "%s", options->reference);
        const struct report_request request = {
            .options = options,
            .run = &import.run,
            .totals = &import.totals,
            .baseline = baseline.count > 0 ? &baseline : NULL,
            .assertion_results = import.assertion_results,
            .assertion_result_count = import.assertion_result_count,
        };
        status = report_write(&request, error);
    }
    baseline_release(&baseline);
    import_release(&import);
    return status;
}
