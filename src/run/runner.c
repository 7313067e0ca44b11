#include "conc_bench/run/runner.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/run/interrupt.h"
#include "conc_bench/run/resources.h"
#include "trial.h"

/* A cell as the runner sees it. */
struct cell_state {
    bool is_out;            /* a trial of it did not complete: it is not tried again */
    nanoseconds last_trial; /* wall time of its last trial; 0: none yet */
};

struct runner {
    const struct plan *plan;
    enum stage stage;
    const struct runner_hooks *hooks;
    struct run *run;
    struct mode_job job;           /* workers and table change with each trial, */
    struct transfer_plan transfer; /* and so does the table in here, */
    struct transfer_policy policy; /* and what becomes of connections */
    uint32_t warm_url_count;       /* for those that are warm */
    struct sample_table *table;    /* for the next trial; NULL: to be made */
    struct cell_state *states;
    uint32_t *order;
    size_t first_cell; /* of this run in result->cells */
    struct runner_position position;
    nanoseconds began;
    nanoseconds measuring_began;
    nanoseconds longest_round;
    nanoseconds trial_began;
    nanoseconds left; /* estimate, when the running trial began, of the time until the end of the run; negative: none */
};

static uint32_t total_rounds(const struct runner *runner)
{
    return runner->plan->request.warmup_rounds + runner->plan->request.rounds;
}

static nanoseconds round_estimate(const struct runner *runner)
{
    nanoseconds sum = 0;
    for (size_t i = 0; i < runner->plan->cell_count; i++)
        sum += runner->states[i].is_out ? 0 : runner->states[i].last_trial;
    return sum;
}

/* The time until the end of the run, from before the given place; negative until every cell has run once. */
static nanoseconds estimate_left(const struct runner *runner, uint32_t round, uint32_t position)
{
    for (size_t i = 0; i < runner->plan->cell_count; i++) {
        if (runner->states[i].last_trial == 0 && !runner->states[i].is_out)
            return -1;
    }
    nanoseconds each_round = round_estimate(runner);
    nanoseconds left = each_round * (total_rounds(runner) - round);
    for (uint32_t i = 0; i < position; i++)
        left -= runner->states[runner->order[i]].last_trial;
    nanoseconds budget = runner->plan->request.time_budget;
    if (budget > 0) {
        bool is_warmup = round < runner->plan->request.warmup_rounds;
        nanoseconds spent = is_warmup ? 0 : clock_now() - runner->measuring_began;
        nanoseconds warmup = is_warmup ? each_round * (runner->plan->request.warmup_rounds - round) : 0;
        if (left > budget - spent + warmup)
            left = budget - spent + warmup;
    }
    return left > 0 ? left : 0;
}

/* The share of the whole run that is over; negative: not known. */
static double fraction_done(const struct runner *runner)
{
    if (runner->left < 0)
        return -1;
    nanoseconds now = clock_now();
    nanoseconds left = runner->left - (now - runner->trial_began);
    nanoseconds elapsed = now - runner->began;
    return left > 0 ? (double)elapsed / (double)(elapsed + left) : 1;
}

static void show(struct runner *runner, const struct sample_table *table)
{
    if (runner->hooks->progress == NULL)
        return;
    runner->position.fraction = fraction_done(runner);
    runner->position.settled = table == NULL ? 0 : atomic_load(&table->settled_count_hint);
    runner->hooks->progress(runner->hooks->context, &runner->position);
}

static void on_tick(void *context, const struct sample_table *table)
{
    show(context, table);
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

/* What did not complete has to be told whichever round it was in. */
static int keep(struct runner *runner, uint32_t index, bool is_warmup, struct trial *trial, struct error *error)
{
    struct run_cell *cell = &runner->run->cells[runner->first_cell + index];
    bool is_complete = trial->status == TRIAL_COMPLETE;
    runner->states[index].is_out |= !is_complete;
    int status = is_warmup && is_complete ? add_trial(&cell->warmups, &cell->warmup_count, trial, error)
                                          : add_trial(&cell->trials, &cell->trial_count, trial, error);
    if (status != 0)
        trial_release(trial);
    return status;
}

/* What differs between cells, but for the mode. */
static void set_job(struct runner *runner, const struct plan_cell *cell)
{
    runner->job.table = runner->table;
    runner->transfer.table = runner->table;
    runner->job.workers = cell->workers;
    runner->policy.connections = cell->connections;
    runner->job.warm_url_count = cell->connections == CONNECTIONS_WARM ? runner->warm_url_count : 0;
}

/* Its pages are made here, and not at the expense of the trial that happens to use them first. */
static int make_table(struct runner *runner, struct error *error)
{
    if (runner->table != NULL)
        return 0;
    runner->table = sample_table_create(runner->plan->unit_count, error);
    if (runner->table == NULL)
        return -1;
    sample_table_populate(runner->table);
    return 0;
}

/* The next trial may use the table, unless it is kept, or worker processes of a trial that broke off may still be dying
 * and write to it. */
static void reuse_table(struct runner *runner, const struct trial *trial)
{
    if (trial->table == NULL && trial->status == TRIAL_COMPLETE) {
        sample_table_clear(runner->table);
    } else {
        if (trial->table == NULL)
            sample_table_release(runner->table);
        runner->table = NULL;
    }
}

static int run_trial(struct runner *runner, uint32_t round, uint32_t position, struct error *error)
{
    uint32_t index = runner->order[position];
    const struct plan_cell *cell = &runner->plan->cells[index];
    uint32_t warmups = runner->plan->request.warmup_rounds;
    bool is_warmup = round < warmups;
    if (runner->hooks->before_trial != NULL && runner->hooks->before_trial(runner->hooks->context, cell, error) != 0)
        return -1;
    if (make_table(runner, error) != 0)
        return -1;
    struct trial trial = {.round = is_warmup ? 0 : round - warmups, .position = position};
    set_job(runner, cell);
    runner->position = (struct runner_position){
        .cell = cell,
        .is_warmup = is_warmup,
        .round = trial.round,
        .rounds = is_warmup ? warmups : runner->plan->request.rounds,
    };
    runner->left = estimate_left(runner, round, position);
    runner->trial_began = clock_now();
    show(runner, NULL);
    const struct trial_options options = {
        .deadline = plan_deadline(runner->plan, cell),
        .isolate = runner->plan->request.isolate,
        .tick = on_tick,
        .context = runner,
    };
    int status = trial_run(cell->mode, &runner->job, &options, &trial, error);
    if (status == 0 && runner->hooks->after_trial != NULL)
        status = runner->hooks->after_trial(runner->hooks->context, &trial, error);
    reuse_table(runner, &trial);
    runner->states[index].last_trial = clock_now() - runner->trial_began;
    if (status != 0) {
        trial_release(&trial);
        return -1;
    }
    return keep(runner, index, is_warmup, &trial, error);
}

/* 1: a signal arrived. */
static int run_round(struct runner *runner, uint32_t round, struct error *error)
{
    nanoseconds begin = clock_now();
    plan_order(runner->plan, round, runner->order);
    for (uint32_t i = 0; i < runner->plan->cell_count; i++) {
        if (interrupt_signal() != 0)
            return 1;
        /* What fails once a signal has arrived is not what ends the run. */
        if (!runner->states[runner->order[i]].is_out && run_trial(runner, round, i, error) != 0)
            return interrupt_signal() != 0 ? 1 : -1;
    }
    if (clock_now() - begin > runner->longest_round)
        runner->longest_round = clock_now() - begin;
    return interrupt_signal() != 0 ? 1 : 0;
}

static bool is_anybody_left(const struct runner *runner)
{
    for (size_t i = 0; i < runner->plan->cell_count; i++) {
        if (!runner->states[i].is_out)
            return true;
    }
    return false;
}

/* Whether one more measured round fits; if not, says why. Decided by time alone, never by what was found. */
static bool is_there_time(struct runner *runner)
{
    nanoseconds budget = runner->plan->request.time_budget;
    if (budget == 0 || clock_now() - runner->measuring_began + runner->longest_round <= budget)
        return true;
    snprintf(runner->run->stop_reason, sizeof(runner->run->stop_reason),
             "another round would not fit the time budget of %.3g s", clock_seconds(budget));
    return false;
}

static bool is_enough(struct runner *runner)
{
    struct run *run = runner->run;
    return runner->hooks->is_enough != NULL &&
           runner->hooks->is_enough(runner->hooks->context, runner->first_cell, run->rounds_done, run->stop_reason,
                                    sizeof(run->stop_reason));
}

static int run_rounds(struct runner *runner, struct error *error)
{
    const struct plan_request *request = &runner->plan->request;
    int status = 0;
    runner->began = clock_now();
    runner->run->rounds_done = 0;
    runner->run->stop_reason[0] = '\0';
    for (uint32_t round = 0; round < total_rounds(runner) && status == 0 && is_anybody_left(runner); round++) {
        if (round == request->warmup_rounds) {
            runner->measuring_began = clock_now();
            runner->longest_round = 0;
        }
        if (round > request->warmup_rounds && (is_enough(runner) || !is_there_time(runner)))
            break;
        status = run_round(runner, round, error);
        if (status == 0 && round >= request->warmup_rounds)
            runner->run->rounds_done++;
    }
    if (status > 0) {
        runner->run->is_partial = true;
        runner->run->interrupting_signal = interrupt_signal();
    }
    return status < 0 ? -1 : 0;
}

static int add_cells(struct runner *runner, struct error *error)
{
    struct run *run = runner->run;
    const struct plan *plan = runner->plan;
    runner->first_cell = run->cell_count;
    struct run_cell *cells = realloc(run->cells, (run->cell_count + plan->cell_count) * sizeof(*cells));
    runner->states = calloc(plan->cell_count, sizeof(runner->states[0]));
    runner->order = calloc(plan->cell_count, sizeof(runner->order[0]));
    if (cells != NULL)
        run->cells = cells;
    if (cells == NULL || runner->states == NULL || runner->order == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the results");
    for (size_t i = 0; i < plan->cell_count; i++) {
        struct run_cell *cell = &cells[run->cell_count++];
        *cell = (struct run_cell){
            .connections = plan->cells[i].connections,
            .workers = plan->cells[i].workers,
            .traits = plan->cells[i].mode->traits,
            .stage = runner->stage,
            .group = plan->request.stage,
        };
        plan_cell_name(&plan->cells[i], cell->mode, sizeof(cell->mode));
    }
    return 0;
}

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

int runner_run(const struct plan *plan, enum stage stage, const struct mode_job *job, const struct runner_hooks *hooks,
               struct run *run, struct error *error)
{
    struct runner runner = {.plan = plan, .stage = stage, .hooks = hooks, .run = run, .job = *job};
    runner.transfer = *job->transfer;
    runner.job.transfer = &runner.transfer;
    runner.policy = *job->transfer->policy;
    runner.transfer.policy = &runner.policy;
    runner.warm_url_count = job->warm_url_count;
    uint64_t rounds = (uint64_t)plan->request.rounds + plan->request.warmup_rounds;
    int status = runner_check_memory(plan->unit_count, rounds * plan->cell_count, plan->request.samples_kept, error);
    if (status == 0)
        status = add_cells(&runner, error);
    if (status == 0)
        status = run_rounds(&runner, error);
    sample_table_release(runner.table);
    free(runner.states);
    free(runner.order);
    return status;
}
