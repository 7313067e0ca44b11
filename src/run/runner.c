#include "conc_bench/run/runner.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cell_job.h"
#include "conc_bench/client/client.h"
#include "conc_bench/fleet/fleet.h"
#include "conc_bench/run/resources.h"
#include "fleet_part.h"
#include "trial.h"

struct runner {
    const struct plan *plan;
    const struct runner_hooks *hooks;
    struct run *run;
    struct cell_job job;
    struct fleet_part *part;    /* of a run that several machines make; NULL: one does */
    struct sample_table *table; /* of the trial before, for the next of as many units; NULL: to be made */
};

int runner_check_memory(uint64_t units, uint64_t trials, uint64_t samples_kept, struct error *error)
{
    bool is_limited;
    uint64_t available = resources_available_memory("", &is_limited);
    uint64_t needed = sample_memory(units, trials, samples_kept);
    if (available == UINT64_MAX || needed <= available / 2)
        return 0;
    return error_set(error, ERROR_ENVIRONMENT,
                     "%" PRIu64 " downloads in %" PRIu64 " trials need %" PRIu64
                     " MiB for their samples, more than half of the %" PRIu64
                     " MiB that %s: use fewer rounds (--runs), modes or downloads",
                     units, trials, needed >> 20, available >> 20,
                     is_limited ? "the memory limit of the control group leaves" : "are free");
}

struct runner *runner_create(const struct plan *plan, const struct mode_job *job, const struct runner_hooks *hooks,
                             struct run *run, struct error *error)
{
    struct runner *runner = calloc(1, sizeof(*runner));
    if (runner == NULL) {
        error_set(error, ERROR_ENVIRONMENT, "no memory for the run");
        return NULL;
    }
    *runner = (struct runner){.plan = plan, .hooks = hooks, .run = run};
    cell_job_init(&runner->job, job);
    if (fleet_size() == 1)
        return runner;
    runner->part = fleet_part_create(plan, error);
    if (runner->part != NULL)
        runner->part->answers = fleet_answers_create((uint32_t)plan->request.urls->url_count, error);
    if (runner->part != NULL && runner->part->answers != NULL)
        return runner;
    runner_release(runner);
    return NULL;
}

void runner_release(struct runner *runner)
{
    if (runner == NULL)
        return;
    if (runner->part != NULL)
        fleet_lead_end();
    sample_table_release(runner->table);
    fleet_part_release(runner->part);
    free(runner);
}

void runner_warn(const struct runner *runner)
{
    if (runner->part != NULL)
        fleet_answers_warn(runner->part->answers, runner->run);
}

int runner_add_cell(struct runner *runner, const struct plan_cell *cell, enum stage stage, uint32_t group,
                    struct error *error)
{
    struct run *run = runner->run;
    struct run_cell *cells = realloc(run->cells, (run->cell_count + 1) * sizeof(*cells));
    if (cells == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the results");
    run->cells = cells;
    const uint32_t units = plan_units(runner->plan, cell->rate);
    const nanoseconds *due = cell->rate > 0 ? run_schedule(run, cell->rate, units, error) : NULL;
    if (cell->rate > 0 && due == NULL)
        return -1;
    struct run_cell *added = &cells[run->cell_count++];
    *added = (struct run_cell){
        .connections = cell->connections,
        .workers = cell->workers,
        .rate = cell->rate,
        .is_named_by_rate = plan_has_rates(&runner->plan->request),
        .downloads = units,
        .due = due,
        .machines = cell->machines,
        .traits = cell->mode->traits,
        .stage = stage,
        .group = group,
    };
    plan_cell_name(cell, added->mode, sizeof(added->mode));
    const struct client *client = client_of(cell->mode);
    if (client == NULL)
        return 0;
    added->has_shell = client->shell == CLIENT_SHELL_SH;
    added->command = strdup(client->command);
    return added->command != NULL ? 0 : error_set(error, ERROR_ENVIRONMENT, "no memory for the results");
}

static int add_trial(struct trial **trials, size_t *count, const struct trial *trial, struct error *error)
{
    struct trial *longer = realloc(*trials, (*count + 1) * sizeof(*longer));
    if (longer == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for one more trial");
    *trials = longer;
    longer[(*count)++] = *trial;
    return 0;
}

static int keep(struct runner *runner, const struct runner_trial *request, struct trial *trial, struct error *error)
{
    struct run_cell *cell = &runner->run->cells[request->index];
    bool is_warmup = request->is_warmup && trial->status == TRIAL_COMPLETE;
    int status = is_warmup ? add_trial(&cell->warmups, &cell->warmup_count, trial, error)
                           : add_trial(&cell->trials, &cell->trial_count, trial, error);
    if (status != 0)
        trial_release(trial);
    return status;
}

/* Its pages are made here, and not at the expense of the trial that happens to use them first. */
static int prepare_table(struct runner *runner, uint32_t units, struct error *error)
{
    if (runner->table != NULL && runner->table->unit_count == units) {
        sample_table_clear(runner->table);
        return 0;
    }
    sample_table_release(runner->table);
    runner->table = sample_table_create(units, error);
    if (runner->table == NULL)
        return -1;
    sample_table_populate(runner->table);
    return 0;
}

/* The next trial may use the table, unless it is kept, or worker processes of a trial that broke off may still be dying
 * and write to it. */
static void reuse_table(struct runner *runner, const struct trial *trial)
{
    if (trial->table == NULL && trial->status == TRIAL_COMPLETE)
        return;
    if (trial->table == NULL)
        sample_table_release(runner->table);
    runner->table = NULL;
}

static void tick(void *context, struct sample_table *table)
{
    struct runner *runner = context;
    if (runner->hooks->tick != NULL)
        runner->hooks->tick(runner->hooks->context, table);
}

static int settle(void *context, const struct client_trial *did, struct trial *trial, struct error *error)
{
    struct runner *runner = context;
    const struct runner_hooks *hooks = runner->hooks;
    return hooks->settle != NULL ? hooks->settle(hooks->context, did, trial, error) : 0;
}

static int begin(struct runner *runner, const struct plan_cell *cell, const struct run_cell *described,
                 struct error *error)
{
    const struct runner_hooks *hooks = runner->hooks;
    if (hooks->before_trial != NULL && hooks->before_trial(hooks->context, cell, error) != 0)
        return -1;
    if (prepare_table(runner, described->downloads, error) != 0)
        return -1;
    cell_job_set(&runner->job, cell, described->due, runner->table);
    if (hooks->tick != NULL)
        hooks->tick(hooks->context, NULL);
    return 0;
}

int runner_run(struct runner *runner, const struct runner_trial *request, enum trial_status *status,
               struct error *error)
{
    const struct runner_hooks *hooks = runner->hooks;
    const struct plan_cell *cell = request->cell;
    struct trial trial = {.round = request->is_warmup ? 0 : request->round, .position = request->position};
    const struct trial_options options = {
        .deadline = plan_deadline(runner->plan, cell),
        .isolate = runner->plan->request.isolate,
        .tick = tick,
        .settle = settle,
        .context = runner,
    };
    if (begin(runner, cell, &runner->run->cells[request->index], error) != 0)
        return -1;
    int result = runner->part != NULL ? fleet_trial_lead(runner->part, cell, &runner->job.job, &options, &trial, error)
                                      : trial_run(cell->mode, &runner->job.job, &options, &trial, error);
    if (result == 0 && hooks->after_trial != NULL)
        result = hooks->after_trial(hooks->context, &trial, error);
    reuse_table(runner, &trial);
    *status = trial.status;
    if (result != 0) {
        trial_release(&trial);
        return result > 0 ? 0 : -1;
    }
    return keep(runner, request, &trial, error);
}
