#include "conc_bench/document/baseline.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "conc_bench/analysis/validity.h"
#include "conc_bench/base/text.h"
#include "conc_bench/document/import.h"

/* A condition that must be the same for times to be comparable, as text. */
struct condition {
    const char *what; /* in a sentence */
    char value[300];
};

enum { CONDITIONS = 20 };

static void set(struct condition *condition, const char *what, const char *value)
{
    condition->what = what;
    /* Documents hold text escaped; what was escaped once stays as it is. */
    text_escape(condition->value, sizeof(condition->value), value, strlen(value));
}

static void set_number(struct condition *condition, const char *what, double value)
{
    condition->what = what;
    snprintf(condition->value, sizeof(condition->value), "%.9g", value);
}

/* Joins texts as far as there is room: one option more or less still shows at the end of what fits. */
static void set_joined(struct condition *condition, const char *what, char *const *texts, size_t count)
{
    char joined[sizeof(condition->value)] = "";
    for (size_t i = 0; i < count; i++)
        text_append(joined, sizeof(joined), "%s%s", i > 0 ? " " : "", texts[i]);
    set(condition, what, joined);
}

static void describe(const struct run *run, struct condition *all)
{
    set(all++, "system", run->machine_system);
    set(all++, "processor", run->machine_cpu);
    set_number(all++, "number of cores", run->cores);
    set_number(all++, "CPU quota (cores; 0: none)", run->cpu_quota);
    set(all++, "version of conc-bench", run->tool_version);
    set(all++, "version of libcurl", run->libcurl_version);
    set(all++, "TLS library", run->tls_version);
    all->what = "list of URLs (digest)";
    snprintf(all->value, sizeof(all->value), "%016" PRIx64, run->workload_digest);
    all++;
    set_number(all++, "number of downloads", run->downloads);
    set_number(all++, "--cpu-work (seconds)", clock_seconds(run->cpu_work));
    set(all++, "--connections", run->connections);
    set(all++, "--dns", run->dns);
    set(all++, "version of HTTP", run->http_version);
    set(all++, "origin", run->origin);
    set_number(all++, "--max-redirs", run->max_redirects);
    set_number(all++, "number of connections kept", run->connections_kept);
    set_number(all++, "verification of TLS", !run->is_unverified);
    char tolerance[32];
    tolerance_describe(&run->tolerance, tolerance, sizeof(tolerance));
    set(all++, "--tolerate", tolerance[0] != '\0' ? tolerance : "none");
    set_joined(all++, "request", run->asked, run->asked_count);
    set_joined(all++, "--check", run->checks, run->check_count);
}

static int check_same(const char *path, const struct run *before, const struct run *now, struct error *error)
{
    struct condition was[CONDITIONS];
    struct condition is[CONDITIONS];
    describe(before, was);
    describe(now, is);
    for (size_t i = 0; i < CONDITIONS; i++) {
        if (strcmp(was[i].value, is[i].value) != 0)
            return error_set(error, ERROR_USAGE,
                             "%s cannot be compared with: its %s was \"%.120s\" and is \"%.120s\" now "
                             "(--force-baseline compares all the same)",
                             path, was[i].what, was[i].value, is[i].value);
    }
    return 0;
}

static int copy_rounds(const struct validity *validity, const struct run_cell *from, struct baseline_cell *to)
{
    to->rounds = calloc(from->trial_count + 1, sizeof(to->rounds[0]));
    to->times = calloc(from->trial_count + 1, sizeof(to->times[0]));
    if (to->rounds == NULL || to->times == NULL)
        return -1;
    for (size_t i = 0; i < from->trial_count; i++) {
        const struct trial *trial = &from->trials[i];
        if (!validity_counts(validity, from, trial) || trial_time(trial) == 0)
            continue;
        to->rounds[to->count] = trial->round;
        to->times[to->count++] = clock_seconds(trial_time(trial));
    }
    return 0;
}

static int copy_cells(const struct import *import, struct baseline_document *document, struct error *error)
{
    const struct run *run = &import->run;
    document->cells = calloc(run->cell_count + 1, sizeof(document->cells[0]));
    for (size_t i = 0; document->cells != NULL && i < run->cell_count; i++) {
        const struct run_cell *from = &run->cells[i];
        if (from->stage != STAGE_MAIN)
            continue;
        struct baseline_cell *to = &document->cells[document->cell_count++];
        snprintf(to->mode, sizeof(to->mode), "%s", from->mode);
        to->workers = from->workers;
        if (copy_rounds(&import->totals.validity, from, to) != 0)
            return error_set(error, ERROR_ENVIRONMENT, "no memory for the baseline");
    }
    return document->cells != NULL ? 0 : error_set(error, ERROR_ENVIRONMENT, "no memory for the baseline");
}

static int check_document(const char *path, const struct import *before, const struct run *now, bool is_forced,
                          struct error *error)
{
    if (!is_forced && check_same(path, &before->run, now, error) != 0)
        return -1;
    if (!before->totals.validity.is_valid || before->run.is_partial)
        return error_set(error, ERROR_USAGE, "%s is nothing to compare with: it was interrupted or is not valid", path);
    return 0;
}

static int read_document(const char *path, const struct run *run, bool is_forced, struct baseline *baseline,
                         struct error *error)
{
    struct import import;
    if (import_read(path, false, &import, error) != 0)
        return -1;
    int status = check_document(path, &import, run, is_forced, error);
    struct baseline_document *longer = NULL;
    if (status == 0) {
        longer = realloc(baseline->documents, (baseline->count + 1) * sizeof(*longer));
        status = longer != NULL ? 0 : error_set(error, ERROR_ENVIRONMENT, "no memory for the baseline");
    }
    if (status == 0) {
        baseline->documents = longer;
        struct baseline_document *document = &longer[baseline->count++];
        *document = (struct baseline_document){0};
        text_escape(document->path, sizeof(document->path), path, strlen(path));
        snprintf(document->started_at, sizeof(document->started_at), "%s", import.run.started_at);
        status = copy_cells(&import, document, error);
    }
    import_release(&import);
    return status;
}

static int is_document(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return entry->d_name[0] != '.' && length > 5 && strcmp(&entry->d_name[length - 5], ".json") == 0;
}

/* The documents of a folder that were left out, and the reason for the first. */
struct left_out {
    size_t count;
    struct error first;
};

/* Leaves out what is no such document in a folder; without memory, it leaves out nothing. */
static int read_entry(const char *folder, const char *name, const struct run *run, bool is_forced,
                      struct baseline *baseline, struct left_out *left_out, struct error *error)
{
    char path[PATH_MAX];
    struct error why = {0};
    if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
        return error_set(error, ERROR_USAGE, "--baseline: the names in %s are too long", folder);
    if (read_document(path, run, is_forced, baseline, &why) == 0)
        return 0;
    if (why.kind == ERROR_ENVIRONMENT) {
        *error = why;
        return -1;
    }
    if (left_out->count++ == 0)
        left_out->first = why;
    return 0;
}

static int read_folder(const char *folder, const struct run *run, bool is_forced, struct baseline *baseline,
                       struct error *error)
{
    struct dirent **entries;
    struct left_out left_out = {0};
    int status = 0;
    size_t before = baseline->count;
    int found = scandir(folder, &entries, is_document, alphasort);
    if (found < 0)
        return error_set_system(error, ERROR_USAGE, errno, "--baseline: cannot read the folder %s", folder);
    for (int i = 0; i < found; i++) {
        if (status == 0)
            status = read_entry(folder, entries[i]->d_name, run, is_forced, baseline, &left_out, error);
        free(entries[i]);
    }
    free(entries);
    if (status != 0)
        return -1;
    if (found == 0)
        snprintf(baseline->note, sizeof(baseline->note), "%s holds no result yet: there is nothing to compare with",
                 folder);
    if (left_out.count > 0 && baseline->count == before) {
        *error = left_out.first;
        return -1;
    }
    if (left_out.count > 0)
        snprintf(baseline->note, sizeof(baseline->note), "%zu of %d results in %s are left out of the baseline: %.300s",
                 left_out.count, found, folder, left_out.first.message);
    return 0;
}

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* Sorts by time; the sort is stable, so that others stay as they were read. */
static void sort_documents(struct baseline *baseline)
{
    for (size_t i = 1; i < baseline->count; i++) {
        struct baseline_document document = baseline->documents[i];
        size_t place = i;
        for (; place > 0 && strcmp(baseline->documents[place - 1].started_at, document.started_at) > 0; place--)
            baseline->documents[place] = baseline->documents[place - 1];
        baseline->documents[place] = document;
    }
}

int baseline_read(const char *const *paths, size_t path_count, const struct run *run, bool is_forced,
                  struct baseline *baseline, struct error *error)
{
    int status = 0;
    *baseline = (struct baseline){0};
    for (size_t i = 0; i < path_count && status == 0; i++)
        status = is_folder(paths[i]) ? read_folder(paths[i], run, is_forced, baseline, error)
                                     : read_document(paths[i], run, is_forced, baseline, error);
    if (status == 0)
        sort_documents(baseline);
    else
        baseline_release(baseline);
    return status;
}
