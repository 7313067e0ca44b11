#include "conc_bench/run/experiment.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/analysis/cell_stats.h"
#include "conc_bench/analysis/signed_rank.h"
#include "conc_bench/analysis/sweep.h"
#include "conc_bench/analysis/trial_latencies.h"
#include "conc_bench/analysis/trial_summary.h"
#include "conc_bench/analysis/validity.h"
#include "conc_bench/base/text.h"

/* Rounds in which a cell is looked at before one is chosen. */
enum { SWEEP_ROUNDS = 5, SEARCH_ROUNDS = 3 };

/* More stages a search does not have: it doubles a 32-bit number, and then looks in between. */
enum { SEARCH_STAGES_MAX = 40 };

/* Intervals this narrow, as a share on each side, need no more rounds. */
static const double narrow = 0.01;

/* More samples are not looked at between rounds: it would take longer than it could save. */
enum { SAMPLES_LOOKED_AT = 2000000 };

struct stages {
    const struct experiment *experiment;
    struct runner_hooks hooks;
    uint32_t count;         /* stages run */
    uint32_t rounds_behind; /* of stages that may follow the one under way, at most */
    nanoseconds began;
};

/* Between rounds */

/* Whether no round to come could make the result valid. */
static bool is_lost(const struct stages *stages, uint32_t rounds_in_stage, uint32_t rounds_behind)
{
    const struct prospect prospect = {.rounds_in_group = rounds_in_stage, .rounds_behind = rounds_behind};
    bool is_lost = false;
    if (validity_foresee(stages->experiment->run, &prospect, &is_lost, NULL) != 0)
        return false;
    return is_lost;
}

static bool are_intervals_narrow(const struct stages *stages)
{
    struct run_stats stats;
    if (cell_stats_compute(stages->experiment->run, &stats, NULL) != 0)
        return false;
    size_t pairs = stats.main_count * (stats.main_count - (stats.main_count > 0)) / 2;
    bool is_narrow = pairs > 0 && stats.cells[0].rounds >= signed_rank_rounds_needed(pairs);
    for (size_t i = 0; i < stats.main_count && is_narrow; i++) {
        const struct estimate *speedup = &stats.cells[i].speedup;
        if (&stats.cells[i] != stats.reference)
            is_narrow = speedup->confidence > 0 && log(speedup->high / speedup->low) / 2 <= narrow;
    }
    cell_stats_release(&stats);
    return is_narrow;
}

static uint64_t count_samples(const struct experiment *experiment)
{
    uint64_t trials = 0;
    for (size_t i = 0; i < experiment->run->cell_count; i++)
        trials += experiment->run->cells[i].warmup_count + experiment->run->cells[i].trial_count;
    return trials * experiment->plan->unit_count;
}

/* Stopping may depend on widths and on validity, never on significance: whoever stops when a difference shows finds
 * differences where there are none in a fifth of all runs. */
static bool is_enough(void *context, size_t first_cell, uint32_t done, char *why, size_t size)
{
    const struct stages *stages = context;
    const struct experiment *experiment = stages->experiment;
    if (count_samples(experiment) > SAMPLES_LOOKED_AT)
        return false;
    if (is_lost(stages, experiment->run->rounds_planned - done, stages->rounds_behind)) {
        snprintf(why, size, "more would not make the result valid");
        return true;
    }
    bool is_main = experiment->run->cells[first_cell].stage == STAGE_MAIN;
    if (!experiment->is_auto || !is_main || done < RANKING_ROUNDS_MIN || !are_intervals_narrow(stages))
        return false;
    snprintf(why, size, "all intervals are within 1 %% already");
    return true;
}

/* The runner's hooks share one context: the experiment's own is put in front of the caller's. */
static int before_trial(void *context, const struct plan_cell *cell, struct error *error)
{
    const struct runner_hooks *hooks = ((struct stages *)context)->experiment->hooks;
    return hooks->before_trial != NULL ? hooks->before_trial(hooks->context, cell, error) : 0;
}

/* Verdicts can do without them; reports show those of few downloads only, or where that is asked for. */
static bool are_samples_kept(const struct plan *plan, const struct trial *trial)
{
    return (uint64_t)plan->unit_count * (trial->round + 1) <= plan->request.samples_kept;
}

static int after_trial(void *context, struct trial *trial, struct error *error)
{
    const struct experiment *experiment = ((struct stages *)context)->experiment;
    const struct runner_hooks *hooks = experiment->hooks;
    struct trial_summary summary;
    /* Once, here, rather than at every look between rounds. */
    trial->latencies = trial_latencies_make(experiment->run, trial, error);
    if (trial->latencies == NULL)
        return -1;
    if (trial_summary_make(trial, &summary, error) != 0)
        return -1;
    trial->summary = summary;
    int status = hooks->after_trial != NULL ? hooks->after_trial(hooks->context, trial, error) : 0;
    if (!are_samples_kept(experiment->plan, trial))
        trial->table = NULL;
    return status;
}

static void progress(void *context, const struct runner_position *position)
{
    const struct runner_hooks *hooks = ((struct stages *)context)->experiment->hooks;
    if (hooks->progress != NULL)
        hooks->progress(hooks->context, position);
}

/* Stages */

struct stage_request {
    enum stage stage;
    const struct plan_cell *cells;
    size_t cell_count;
    uint32_t rounds;
    uint32_t warmup_rounds;
    nanoseconds time_budget;
};

static int run_stage(struct stages *stages, const struct stage_request *request, struct error *error)
{
    const struct experiment *experiment = stages->experiment;
    struct plan plan;
    if (plan_build_stage(experiment->plan, stages->count++, request->cells, request->cell_count, &plan, error) != 0)
        return -1;
    plan.request.rounds = request->rounds;
    plan.request.warmup_rounds = request->warmup_rounds;
    plan.request.time_budget = request->time_budget;
    experiment->run->rounds_planned = request->rounds;
    int status = runner_run(&plan, request->stage, experiment->job, &stages->hooks, experiment->run, error);
    plan_release(&plan);
    return status;
}

/* As many as it takes to rank all pairs of cells, if that is more than usual. */
static uint32_t planned_rounds(const struct experiment *experiment, size_t cells)
{
    if (!experiment->is_auto)
        return experiment->plan->request.rounds;
    size_t needed = cells > 1 ? signed_rank_rounds_needed(cells * (cells - 1) / 2) : 1;
    return needed > AUTO_ROUNDS ? (uint32_t)needed : AUTO_ROUNDS;
}

/* What is left of the time budget; 0: there is none. */
static nanoseconds budget_left(const struct stages *stages)
{
    nanoseconds budget = stages->experiment->plan->request.time_budget;
    nanoseconds left = budget - (clock_now() - stages->began);
    return budget == 0 ? 0 : left > 1 ? left : 1;
}

static int run_main(struct stages *stages, const struct plan_cell *cells, size_t count, uint32_t warmups,
                    struct error *error)
{
    /* Choosing may take longer than its half, since it goes on to the end of a round; a choice that is then hardly
     * measured would have been for nothing. */
    nanoseconds half = stages->experiment->plan->request.time_budget / 2;
    nanoseconds left = budget_left(stages);
    stages->rounds_behind = 0;
    const struct stage_request request = {
        .stage = STAGE_MAIN,
        .cells = cells,
        .cell_count = count,
        .rounds = planned_rounds(stages->experiment, count),
        .warmup_rounds = warmups,
        .time_budget = left < half ? half : left,
    };
    return run_stage(stages, &request, error);
}

static struct plan_cell with_workers(const struct plan_cell *cell, uint32_t workers)
{
    struct plan_cell other = *cell;
    other.workers = workers;
    return other;
}

/* Adds what the sweep chose for its mode: the smallest number of workers that is enough; and with `is_alone` the best
 * too, so that the two can be compared by rounds of their own. */
static size_t choose(const struct sweep *sweep, const struct plan_cell *swept, bool is_alone, struct plan_cell *chosen)
{
    size_t count = 0;
    if (sweep->knee > 0)
        chosen[count++] = with_workers(swept, sweep->knee);
    if (is_alone && sweep->best != sweep->knee)
        chosen[count++] = with_workers(swept, sweep->best);
    return count;
}

/* Whether that very cell is there. */
static bool is_chosen(const struct plan_cell *cells, size_t count, const struct plan_cell *cell)
{
    for (size_t i = 0; i < count; i++) {
        if (cells[i].mode == cell->mode && cells[i].connections == cell->connections &&
            cells[i].workers == cell->workers)
            return true;
    }
    return false;
}

/* Adds what was chosen with the plan's other connections too, whatever was enough there: else what a mode gains cannot
 * be taken apart. */
static size_t choose_counterparts(const struct plan_request *planned, struct plan_cell *chosen, size_t count)
{
    size_t total = count;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < planned->connection_count; j++) {
            struct plan_cell counterpart = chosen[i];
            counterpart.connections = planned->connections[j];
            if (!is_chosen(chosen, total, &counterpart))
                chosen[total++] = counterpart;
        }
    }
    return total;
}

/* Whether a cell is there that differs by its number of workers at most. */
static bool is_listed(const struct plan_cell *cells, size_t count, const struct plan_cell *cell)
{
    for (size_t i = 0; i < count; i++) {
        if (cells[i].mode == cell->mode && cells[i].connections == cell->connections)
            return true;
    }
    return false;
}

/* In the order of the plan. Returns their number. */
static size_t choose_cells(const struct plan *plan, const struct run_stats *stats, struct plan_cell *chosen)
{
    struct sweep sweeps[SWEEPS_MAX];
    size_t sweep_count;
    size_t count = 0;
    bool is_made = sweeps_make(stats, sweeps, &sweep_count, NULL) == 0;
    for (size_t i = 0; is_made && i < plan->cell_count; i++) {
        char name[sizeof(sweeps[0].mode)];
        plan_cell_name(&plan->cells[i], name, sizeof(name));
        for (size_t j = 0; j < sweep_count; j++) {
            if (strcmp(sweeps[j].mode, name) == 0 && !is_listed(chosen, count, &plan->cells[i]))
                count += choose(&sweeps[j], &plan->cells[i], sweep_count == 1, &chosen[count]);
        }
    }
    for (size_t i = 0; i < sweep_count; i++)
        sweep_release(&sweeps[i]);
    return choose_counterparts(&plan->request, chosen, count);
}

/* Cells that a sweep may choose, at most. */
enum { CHOSEN_MAX = (SWEEPS_MAX + 1) * CONNECTION_POLICY_COUNT };

/* Whether what was swept is worth going on with. Rounds to come may make good for one that does not count. */
static bool is_worth_it(const struct stages *stages, const struct validity *validity)
{
    return validity->is_valid || (!validity->differs_in_failures && !is_lost(stages, 0, stages->rounds_behind));
}

/* Measures what was chosen again, with rounds of their own. */
static int confirm(struct stages *stages, struct error *error)
{
    struct plan_cell chosen[CHOSEN_MAX];
    struct run_stats stats;
    const struct run *run = stages->experiment->run;
    if (run->is_partial)
        return 0;
    if (cell_stats_compute(run, &stats, error) != 0)
        return -1;
    stages->rounds_behind = planned_rounds(stages->experiment, CHOSEN_MAX);
    bool is_worth = is_worth_it(stages, &stats.validity);
    size_t count = is_worth ? choose_cells(stages->experiment->plan, &stats, chosen) : 0;
    cell_stats_release(&stats);
    return count > 0 ? run_main(stages, chosen, count, 0, error) : 0;
}

static int sweep(struct stages *stages, struct error *error)
{
    const struct experiment *experiment = stages->experiment;
    const struct plan_request *planned = &experiment->plan->request;
    const struct stage_request request = {
        .stage = STAGE_SWEEP,
        .cells = experiment->plan->cells,
        .cell_count = experiment->plan->cell_count,
        .rounds = experiment->is_auto ? SWEEP_ROUNDS : planned->rounds,
        .warmup_rounds = planned->warmup_rounds,
        .time_budget = planned->time_budget / 2,
    };
    stages->rounds_behind = planned_rounds(experiment, CHOSEN_MAX);
    if (run_stage(stages, &request, error) != 0)
        return -1;
    return confirm(stages, error);
}

/* Search */

/* The next number of workers of every mode that is still searched. */
static int next_cells(const struct stages *stages, struct plan_cell *cells, size_t *count, struct error *error)
{
    const struct experiment *experiment = stages->experiment;
    struct run_stats stats;
    *count = 0;
    if (cell_stats_compute(experiment->run, &stats, error) != 0)
        return -1;
    for (size_t i = 0; i < experiment->plan->cell_count && *count < SWEEPS_MAX; i++) {
        const struct plan_cell *cell = &experiment->plan->cells[i];
        char name[32];
        uint32_t most = (cell->mode->traits & MODE_ONE_WORKER) != 0 ? 1 : experiment->most_workers;
        uint32_t workers = sweep_next(&stats, plan_cell_name(cell, name, sizeof(name)), most);
        if (!is_listed(cells, *count, cell) && workers > 0)
            cells[(*count)++] = with_workers(cell, workers);
    }
    if (!is_worth_it(stages, &stats.validity))
        *count = 0;
    cell_stats_release(&stats);
    return 0;
}

static bool is_half_spent(const struct stages *stages)
{
    nanoseconds budget = stages->experiment->plan->request.time_budget;
    return budget > 0 && budget_left(stages) < budget / 2;
}

static int search(struct stages *stages, struct error *error)
{
    const struct experiment *experiment = stages->experiment;
    struct plan_cell cells[SWEEPS_MAX];
    uint32_t warmups = experiment->plan->request.warmup_rounds;
    uint32_t rounds = experiment->is_auto ? SEARCH_ROUNDS : experiment->plan->request.rounds;
    stages->rounds_behind = SEARCH_STAGES_MAX * rounds + planned_rounds(experiment, CHOSEN_MAX);
    while (!is_half_spent(stages) && !experiment->run->is_partial) {
        struct stage_request request = {
            .stage = STAGE_SWEEP,
            .cells = cells,
            .rounds = rounds,
            .warmup_rounds = warmups,
        };
        if (next_cells(stages, cells, &request.cell_count, error) != 0)
            return -1;
        if (request.cell_count == 0)
            break;
        if (run_stage(stages, &request, error) != 0)
            return -1;
        warmups = 0;
    }
    return confirm(stages, error);
}

/* What was measured until then stands, and must not look like all that was asked for. */
static void note_failure(struct run *run, const struct error *error)
{
    run->is_partial = true;
    text_escape(run->stop_reason, sizeof(run->stop_reason), error->message, strlen(error->message));
}

int experiment_run(const struct experiment *experiment, struct error *error)
{
    struct stages stages = {.experiment = experiment, .began = clock_now()};
    stages.hooks = (struct runner_hooks){
        .context = &stages,
        .before_trial = before_trial,
        .after_trial = after_trial,
        .is_enough = is_enough,
        .progress = progress,
    };
    const struct plan *plan = experiment->plan;
    int status;
    if (experiment->is_search)
        status = search(&stages, error);
    else if (experiment->is_sweep)
        status = sweep(&stages, error);
    else
        status = run_main(&stages, plan->cells, plan->cell_count, plan->request.warmup_rounds, error);
    if (status != 0)
        note_failure(experiment->run, error);
    return status;
}
