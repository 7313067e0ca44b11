#include "conc_bench/document/baseline.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/analysis/validity.h"
#include "conc_bench/base/text.h"
#include "conc_bench/document/import.h"

/* What must be the same for times to be comparable, as text. */
struct circumstance {
    const char *what; /* in a sentence */
    char value[300];
};

enum { CIRCUMSTANCES = 19 };

static void set(struct circumstance *circumstance, const char *what, const char *value)
{
    circumstance->what = what;
    /* Documents hold text escaped; what was escaped once stays as it is. */
    text_escape(circumstance->value, sizeof(circumstance->value), value, strlen(value));
}

static void set_number(struct circumstance *circumstance, const char *what, double value)
{
    circumstance->what = what;
    snprintf(circumstance->value, sizeof(circumstance->value), "%.9g", value);
}

/* What does not fit is told apart by what does: an option more or less shows at the end. */
static void set_joined(struct circumstance *circumstance, const char *what, char *const *texts, size_t count)
{
    char joined[sizeof(circumstance->value)] = "";
    for (size_t i = 0; i < count; i++)
        text_append(joined, sizeof(joined), "%s%s", i > 0 ? " " : "", texts[i]);
    set(circumstance, what, joined);
}

static void describe(const struct run *run, struct circumstance *all)
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
}

static int check_same(const char *path, const struct run *before, const struct run *now, struct error *error)
{
    struct circumstance was[CIRCUMSTANCES];
    struct circumstance is[CIRCUMSTANCES];
    describe(before, was);
    describe(now, is);
    for (size_t i = 0; i < CIRCUMSTANCES; i++) {
        if (strcmp(was[i].value, is[i].value) != 0)
            return error_set(error, ERROR_USAGE,
                             "%s cannot be compared with: its %s was \"%.120s\" and is \"%.120s\" now "
                             "(--force-baseline compares all the same)",
                             path, was[i].what, was[i].value, is[i].value);
    }
    return 0;
}

static int copy_rounds(const struct run *run, const struct run_cell *from, struct baseline_cell *to)
{
    to->rounds = calloc(from->trial_count + 1, sizeof(to->rounds[0]));
    to->times = calloc(from->trial_count + 1, sizeof(to->times[0]));
    if (to->rounds == NULL || to->times == NULL)
        return -1;
    for (size_t i = 0; i < from->trial_count; i++) {
        const struct trial *trial = &from->trials[i];
        if (!validity_counts(run->validity, from, trial) || trial_time(trial) == 0)
            continue;
        to->rounds[to->count] = trial->round;
        to->times[to->count++] = clock_seconds(trial_time(trial));
    }
    return 0;
}

static int copy_cells(const struct run *run, struct baseline *baseline, struct error *error)
{
    baseline->cells = calloc(run->cell_count, sizeof(baseline->cells[0]));
    for (size_t i = 0; baseline->cells != NULL && i < run->cell_count; i++) {
        const struct run_cell *from = &run->cells[i];
        if (from->stage != STAGE_MAIN)
            continue;
        struct baseline_cell *to = &baseline->cells[baseline->cell_count++];
        snprintf(to->mode, sizeof(to->mode), "%s", from->mode);
        to->workers = from->workers;
        if (copy_rounds(run, from, to) != 0)
            return error_set(error, ERROR_ENVIRONMENT, "no memory for the baseline");
    }
    return baseline->cells != NULL ? 0 : error_set(error, ERROR_ENVIRONMENT, "no memory for the baseline");
}

int baseline_read(const char *path, const struct run *run, bool is_forced, struct baseline *baseline,
                  struct error *error)
{
    struct import import;
    *baseline = (struct baseline){0};
    if (import_read(path, false, &import, error) != 0)
        return -1;
    int status = is_forced ? 0 : check_same(path, &import.run, run, error);
    if (status == 0 && (!import.run.validity->is_valid || import.run.is_partial))
        status =
            error_set(error, ERROR_USAGE, "%s is nothing to compare with: it was interrupted or is not valid", path);
    text_escape(baseline->path, sizeof(baseline->path), path, strlen(path));
    if (status == 0)
        status = copy_cells(&import.run, baseline, error);
    import_release(&import);
    if (status != 0)
        baseline_release(baseline);
    return status;
}
