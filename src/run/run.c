#include "conc_bench/run/run.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "conc_bench/base/number.h"

const char *trial_status_name(enum trial_status status)
{
    static const char *const names[] = {
        [TRIAL_COMPLETE] = "complete", [TRIAL_INTERRUPTED] = "interrupted", [TRIAL_CRASHED] = "crashed",
        [TRIAL_HUNG] = "hung",         [TRIAL_FAILED] = "failed",           [TRIAL_UNEQUAL] = "unequal",
    };
    return names[status];
}

nanoseconds trial_time(const struct trial *trial)
{
    return trial->startup + trial->run;
}

nanoseconds cell_wait(const struct run_cell *cell, const struct trial *trial, uint32_t slot)
{
    return trial->table->samples[slot].start - trial->gate - cell->due[trial_unit(trial, slot)];
}

/* Whether the name has that part, of `length` bytes from its ':' on. */
static bool has_part(const char *name, const char *part, size_t length)
{
    for (const char *own = name + strcspn(name, ":#"); *own == ':'; own += 1 + strcspn(own + 1, ":#")) {
        if (1 + strcspn(own + 1, ":#") == length && strncmp(own, part, length) == 0)
            return true;
    }
    return false;
}

bool cell_has_name(const struct run_cell *cell, const char *name)
{
    size_t length = strcspn(name, ":#");
    if (strcspn(cell->mode, ":#") != length || strncmp(cell->mode, name, length) != 0)
        return false;
    const char *part = name + length;
    for (; *part == ':'; part += length) {
        length = 1 + strcspn(part + 1, ":#");
        if (!has_part(cell->mode, part, length))
            return false;
    }
    return strcmp(part, cell->mode + strcspn(cell->mode, "#")) == 0;
}

char *cell_label(const struct run_cell *cell, char buffer[CELL_LABEL_BYTES])
{
    char rate[32] = "";
    if (cell->is_named_by_rate && cell->rate > 0)
        snprintf(rate, sizeof(rate), " at %s/s", NUMBER(6, cell->rate));
    snprintf(buffer, CELL_LABEL_BYTES, "%s/%" PRIu32 "%s", cell->mode, cell->workers, rate);
    return buffer;
}

bool run_has_rates(const struct run *run)
{
    for (size_t i = 1; i < run->cell_count; i++) {
        if (run->cells[i].rate != run->cells[0].rate)
            return true;
    }
    return false;
}

void run_name_by_rates(struct run *run)
{
    bool is_named = run_has_rates(run) || run->objective.is_present;
    if (run->cell_count > 0)
        run->downloads = 0;
    /* An interrupted run of several rates may have reached only one. */
    if (run->cell_count > 0)
        run->arrivals.rate = is_named ? 0 : run->cells[0].rate;
    for (size_t i = 0; i < run->cell_count; i++) {
        run->cells[i].is_named_by_rate = is_named;
        if (run->cells[i].downloads > run->downloads)
            run->downloads = run->cells[i].downloads;
        if (is_named && run->cells[i].rate > run->arrivals.rate)
            run->arrivals.rate = run->cells[i].rate;
    }
}

const nanoseconds *run_schedule(struct run *run, double rate, uint32_t count, struct error *error)
{
    for (size_t i = 0; i < run->schedule_count; i++) {
        if (run->schedules[i].rate == rate && run->schedules[i].count >= count)
            return run->schedules[i].due;
    }
    struct schedule *longer = realloc(run->schedules, (run->schedule_count + 1) * sizeof(*longer));
    if (longer == NULL) {
        error_set(error, ERROR_ENVIRONMENT, "no memory for the instants at which downloads are due");
        return NULL;
    }
    run->schedules = longer;
    const struct arrivals arrivals = {.rate = rate, .process = run->arrivals.process};
    nanoseconds *due = arrivals_draw(&arrivals, run->seed, count, error);
    if (due != NULL)
        longer[run->schedule_count++] = (struct schedule){.rate = rate, .count = count, .due = due};
    return due;
}

double run_usable_cores(const struct run *run)
{
    bool is_limited = run->cpu_quota > 0 && run->cpu_quota < run->cores;
    return is_limited ? run->cpu_quota : run->cores;
}

double cell_usable_cores(const struct run *run, const struct run_cell *cell)
{
    double usable = 0;
    if (!cell_is_of_some(run, cell))
        return run_usable_cores(run);
    for (uint32_t rank = 0; rank < cell_machines(cell); rank++) {
        const struct run_machine *machine = &run->machines[rank];
        bool is_limited = machine->cpu_quota > 0 && machine->cpu_quota < machine->cores;
        usable += is_limited ? machine->cpu_quota : machine->cores;
    }
    return usable;
}

nanoseconds run_began(const struct run *run)
{
    nanoseconds began = INT64_MAX;
    for (size_t i = 0; i < run->cell_count; i++) {
        for (size_t j = 0; j < run->cells[i].trial_count; j++) {
            const struct trial *trial = &run->cells[i].trials[j];
            if (trial->summary.settled > 0 && trial->gate < began)
                began = trial->gate;
        }
    }
    return began < INT64_MAX ? began : 0;
}

void run_warn(struct run *run, const char *format, ...)
{
    char *text;
    va_list arguments;
    va_start(arguments, format);
    bool is_made = vasprintf(&text, format, arguments) >= 0;
    va_end(arguments);
    if (!is_made)
        return;
    char **warnings = realloc(run->warnings, (run->warning_count + 1) * sizeof(*warnings));
    if (warnings == NULL) {
        free(text);
        return;
    }
    run->warnings = warnings;
    warnings[run->warning_count++] = text;
}

void trial_latencies_release(struct trial_latencies *latencies)
{
    if (latencies != NULL)
        munmap(latencies, latencies->bytes);
}

void trial_release(struct trial *trial)
{
    for (uint32_t i = 0; i < trial->origin_counts.url_count; i++)
        free(trial->origin_counts.urls[i]);
    free(trial->origin_counts.urls);
    free(trial->origin_counts.url_requests);
    sample_table_release(trial->table);
    free(trial->units);
    free(trial->machines);
    trial_latencies_release(trial->summary.latencies);
    *trial = (struct trial){0};
}

static void drop_latencies(struct trial *trial)
{
    trial_latencies_release(trial->summary.latencies);
    trial->summary.latencies = NULL;
}

static void drop_samples(struct trial *trial)
{
    sample_table_release(trial->table);
    trial->table = NULL;
}

void run_release_samples(struct run *run, enum sample_policy policy)
{
    for (size_t i = 0; i < run->cell_count; i++) {
        struct run_cell *cell = &run->cells[i];
        bool is_kept = (uint64_t)cell->downloads * cell->trial_count <= sample_policy_most(policy);
        for (size_t j = 0; j < cell->trial_count; j++) {
            drop_latencies(&cell->trials[j]);
            if (!is_kept)
                drop_samples(&cell->trials[j]);
        }
        for (size_t j = 0; j < cell->warmup_count; j++) {
            drop_latencies(&cell->warmups[j]);
            drop_samples(&cell->warmups[j]);
        }
    }
}

static int add_text(char ***texts, size_t *count, const char *text, struct error *error)
{
    char **longer = realloc(*texts, (*count + 1) * sizeof(*longer));
    if (longer != NULL) {
        *texts = longer;
        longer[*count] = strdup(text);
    }
    if (longer == NULL || longer[*count] == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the result");
    (*count)++;
    return 0;
}

int run_add_asked(struct run *run, const char *option, struct error *error)
{
    return add_text(&run->asked, &run->asked_count, option, error);
}

int run_add_check(struct run *run, const char *text, struct error *error)
{
    return add_text(&run->checks, &run->check_count, text, error);
}

uint64_t run_cell_retries(const struct run_cell *cell)
{
    uint64_t retries = 0;
    for (size_t i = 0; i < cell->trial_count; i++)
        retries += cell->trials[i].summary.retries;
    return retries;
}

void run_cell_release(struct run_cell *cell)
{
    for (size_t i = 0; i < cell->trial_count; i++)
        trial_release(&cell->trials[i]);
    for (size_t i = 0; i < cell->warmup_count; i++)
        trial_release(&cell->warmups[i]);
    free(cell->trials);
    free(cell->warmups);
    free(cell->command);
    *cell = (struct run_cell){0};
}

void run_release(struct run *run)
{
    for (size_t i = 0; i < run->cell_count; i++)
        run_cell_release(&run->cells[i]);
    free(run->cells);
    for (size_t i = 0; i < run->schedule_count; i++)
        free(run->schedules[i].due);
    free(run->schedules);
    free(run->machines);
    for (size_t i = 0; i < run->source_count; i++)
        free(run->sources[i]);
    free(run->sources);
    free(run->urls);
    free(run->lent[0]);
    free(run->lent[1]);
    for (size_t i = 0; i < run->asked_count; i++)
        free(run->asked[i]);
    free(run->asked);
    for (size_t i = 0; i < run->check_count; i++)
        free(run->checks[i]);
    free(run->checks);
    for (size_t i = 0; i < run->warning_count; i++)
        free(run->warnings[i]);
    free(run->warnings);
    *run = (struct run){0};
}
