#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/analysis/cell_stats.h"
#include "conc_bench/analysis/sweep.h"
#include "conc_bench/base/number.h"
#include "conc_bench/run/interrupt.h"
#include "experiment_state.h"

/* Rounds in which the numbers of workers that come into question are looked at before one is chosen. */
enum { CANDIDATE_ROUNDS = 3 };

/* A step of a search is one trial, or so many where they take no more than this share of the budget. */
enum { STEP_TRIALS = 3, STEP_SHARE = 100 };

/* The number of workers at which a search begins, unless waiting ends before that. */
enum { SEARCH_FROM = 8 };

/* The part of the time budget that choosing may take; the rest is for rounds with what was chosen. A sweep can do with
 * fewer numbers of workers, a search cannot without its end. */
static nanoseconds choice_ends(const struct experiment_state *state)
{
    nanoseconds budget = state->experiment->plan->request.time_budget;
    return state->ends == NEVER ? NEVER : state->ends - (state->experiment->is_search ? budget / 3 : budget / 2);
}

static struct plan_cell with_workers(const struct plan_cell *cell, uint32_t workers)
{
    struct plan_cell other = *cell;
    other.workers = workers;
    return other;
}

/* Whether that very cell is there. */
static bool is_chosen(const struct plan_cell *cells, size_t count, const struct plan_cell *cell)
{
    for (size_t i = 0; i < count; i++) {
        if (cells[i].mode == cell->mode && cells[i].connections == cell->connections &&
            cells[i].workers == cell->workers && cells[i].machines == cell->machines)
            return true;
    }
    return false;
}

/* Whether a cell is there that differs by its number of workers at most. */
static bool is_listed(const struct plan_cell *cells, size_t count, const struct plan_cell *cell)
{
    for (size_t i = 0; i < count; i++) {
        if (cells[i].mode == cell->mode && cells[i].connections == cell->connections &&
            cells[i].machines == cell->machines)
            return true;
    }
    return false;
}

/* Choosing */

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

/* Adds what was chosen with the plan's other connections too, whatever was enough there: else what a mode gains cannot
 * be taken apart. */
static size_t choose_counterparts(const struct plan_request *planned, struct plan_cell *chosen, size_t count)
{
    size_t total = count;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < planned->connection_count; j++) {
            struct plan_cell counterpart = chosen[i];
            counterpart.connections = planned->connections[j];
            if (!is_chosen(chosen, total, &counterpart) && total < CHOSEN_MAX)
                chosen[total++] = counterpart;
        }
    }
    return total;
}

/* Lists the cells that were chosen, in the order of the plan. Returns their number. */
static size_t choose_cells(const struct plan *plan, const struct run_stats *stats, struct plan_cell *chosen)
{
    struct sweep *sweeps;
    size_t sweep_count;
    size_t count = 0;
    bool is_made = sweeps_make(stats, SWEEP_OF_WORKERS, &sweeps, &sweep_count, NULL) == 0;
    for (size_t i = 0; is_made && i < plan->cell_count; i++) {
        char name[sizeof(sweeps[0].mode)];
        plan_cell_name(&plan->cells[i], name, sizeof(name));
        for (size_t j = 0; j < sweep_count; j++) {
            if (strcmp(sweeps[j].mode, name) == 0 && !is_listed(chosen, count, &plan->cells[i]))
                count += choose(&sweeps[j], &plan->cells[i], sweep_count == 1, &chosen[count]);
        }
    }
    sweeps_release(sweeps, sweep_count);
    return choose_counterparts(&plan->request, chosen, count);
}

/* Whether what was measured so far is worth going on with. Rounds to come may make good for one that does not count. */
static bool is_worth_it(const struct validity *validity)
{
    return validity->is_valid || (!validity->differs_in_failures && !validity->is_lost);
}

static int choose_from_all(struct experiment_state *state, struct plan_cell *chosen, size_t *count, struct error *error)
{
    struct run_stats stats;
    state->rounds_behind = experiment_rounds(state->experiment, CHOSEN_MAX);
    if (experiment_look(state, 0, &stats, error) != 0)
        return -1;
    *count = is_worth_it(&stats.validity) ? choose_cells(state->experiment->plan, &stats, chosen) : 0;
    cell_stats_release(&stats);
    return 0;
}

/* A sweep with a number of rounds: all cells in each. */

static int is_lost(struct experiment_state *state, uint32_t rounds_in_group, bool *is_lost, struct error *error)
{
    struct run_stats stats;
    if (experiment_look(state, rounds_in_group, &stats, error) != 0)
        return -1;
    *is_lost = stats.validity.is_lost;
    cell_stats_release(&stats);
    return 0;
}

static int sweep_rounds(struct experiment_state *state, uint32_t warmups, struct group *group, struct error *error)
{
    struct run *run = state->experiment->run;
    enum pass_end end = PASS_DONE;
    uint32_t rounds = group->plan.request.rounds;
    for (uint32_t i = 0; i < warmups + rounds && end == PASS_DONE; i++) {
        const struct pass pass = {.is_warmup = i < warmups, .round = i < warmups ? i : i - warmups, .limit = NEVER};
        bool is_over = false;
        if (i > warmups && is_lost(state, rounds - run->rounds_done, &is_over, error) != 0)
            return -1;
        if (is_over)
            break;
        if (group_run(state, group, &pass, &end, error) != 0)
            return -1;
        run->rounds_done += end == PASS_DONE && !pass.is_warmup;
        state->is_first_pass = false;
    }
    return 0;
}

/* A sweep within a time budget: each cell once, those with the most workers first, since they take the least time; then
 * those that come into question again. */

/* The longest time that a trial of the cell may take, by the next larger number of workers of its mode; 0: it is not
 * known. */
static nanoseconds foresee(const struct group *group, size_t index)
{
    const struct plan_cell *cell = &group->plan.cells[index];
    const struct plan_cell *next = NULL;
    nanoseconds expected = 0;
    for (size_t i = 0; i < group->plan.cell_count; i++) {
        const struct plan_cell *other = &group->plan.cells[i];
        bool is_nearer = next == NULL || other->workers < next->workers;
        if (group->spent[i] == 0 || other->workers <= cell->workers || !is_nearer || !is_listed(cell, 1, other))
            continue;
        next = other;
        expected = group_expects(group, i);
    }
    return next == NULL ? 0 : expected * next->workers / cell->workers;
}

/* The cells as the plan shuffles them, those with the most workers first. */
static void line_up(const struct group *group, size_t *chain)
{
    const struct plan *plan = &group->plan;
    plan_order(plan, 0, group->order);
    for (size_t i = 0; i < plan->cell_count; i++) {
        size_t place = i;
        for (; place > 0 && plan->cells[chain[place - 1]].workers < plan->cells[group->order[i]].workers; place--)
            chain[place] = chain[place - 1];
        chain[place] = group->order[i];
    }
}

static int measure_each(struct experiment_state *state, struct group *group, const size_t *chain, size_t *skipped,
                        struct error *error)
{
    enum pass_end end = PASS_DONE;
    for (size_t i = 0; i < group->plan.cell_count && end == PASS_DONE; i++) {
        nanoseconds expected = foresee(group, chain[i]);
        if (expected > 0 && choice_ends(state) - clock_now() < expected) {
            ++*skipped;
            continue;
        }
        const struct pass pass = {.limit = NEVER, .chain = &chain[i], .chain_length = 1};
        if (group_run(state, group, &pass, &end, error) != 0)
            return -1;
    }
    return 0;
}

/* The cells of the group that may be chosen. */
static int find_candidates(struct experiment_state *state, const struct group *group, size_t *chain, size_t *count,
                           struct error *error)
{
    struct run_stats stats;
    *count = 0;
    if (experiment_look(state, 0, &stats, error) != 0)
        return -1;
    for (size_t i = 0; i < group->plan.cell_count; i++) {
        char name[32];
        plan_cell_name(&group->plan.cells[i], name, sizeof(name));
        if (sweep_is_candidate(&stats, name, group->plan.cells[i].workers))
            chain[(*count)++] = i;
    }
    cell_stats_release(&stats);
    return 0;
}

static int measure_candidates(struct experiment_state *state, struct group *group, size_t *chain, struct error *error)
{
    enum pass_end end = PASS_DONE;
    for (uint32_t round = 1; round < SWEEP_ROUNDS && end == PASS_DONE; round++) {
        size_t count;
        nanoseconds expected = 0;
        if (find_candidates(state, group, chain, &count, error) != 0)
            return -1;
        for (size_t i = 0; i < count; i++)
            expected += group_expects(group, chain[i]);
        if (count == 0 || expected > choice_ends(state) - clock_now())
            break;
        const struct pass pass = {.round = round, .limit = choice_ends(state), .chain = chain, .chain_length = count};
        if (group_run(state, group, &pass, &end, error) != 0)
            return -1;
        state->experiment->run->rounds_done += end == PASS_DONE;
    }
    return 0;
}

static int sweep_within_budget(struct experiment_state *state, struct group *group, struct error *error)
{
    struct run *run = state->experiment->run;
    size_t skipped = 0;
    size_t *chain = calloc(group->plan.cell_count + 1, sizeof(*chain));
    if (chain == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the order of a sweep");
    line_up(group, chain);
    run->warmup_rounds = 0;
    int status = measure_each(state, group, chain, &skipped, error);
    state->is_first_pass = false;
    if (status == 0 && interrupt_signal() == 0) {
        run->rounds_done = 1;
        status = measure_candidates(state, group, chain, error);
    }
    if (skipped > 0)
        run_warn(run,
                 "%zu of %zu numbers of workers were not measured, since the fewer there are the longer it takes: a "
                 "longer --time-budget would hold them",
                 skipped, group->plan.cell_count);
    free(chain);
    group_forget_unmeasured(state, group);
    return status;
}

static int sweep(struct experiment_state *state, struct error *error)
{
    const struct experiment *experiment = state->experiment;
    const struct plan *plan = experiment->plan;
    struct group group;
    uint32_t rounds = experiment->is_auto ? SWEEP_ROUNDS : plan->request.rounds;
    state->rounds_behind = experiment_rounds(experiment, CHOSEN_MAX);
    if (group_open(state, STAGE_SWEEP, plan->cells, plan->cell_count, rounds, &group, error) != 0)
        return -1;
    experiment->run->rounds_planned = rounds;
    int status = experiment->is_auto ? sweep_within_budget(state, &group, error)
                                     : sweep_rounds(state, plan->request.warmup_rounds, &group, error);
    group_close(&group);
    return status;
}

/* Search: one download at a time first, which tells how long there is to wait; then upwards, one trial a step. */

/* Runs such cells, within the time for choosing: once each, and up to `rounds` times as long as these take no longer
 * than `allowed`. */
static int measure(struct experiment_state *state, const struct plan_cell *cells, size_t count, uint32_t rounds,
                   nanoseconds allowed, enum pass_end *end, struct error *error)
{
    struct group group;
    nanoseconds began = clock_now();
    if (group_open(state, STAGE_SWEEP, cells, count, rounds, &group, error) != 0)
        return -1;
    int status = 0;
    *end = PASS_DONE;
    for (uint32_t round = 0; round < rounds && status == 0 && *end == PASS_DONE; round++) {
        nanoseconds expected = group_estimate(&group);
        nanoseconds now = clock_now();
        if (round > 0 && (now - began + expected > allowed || choice_ends(state) - now < expected))
            break;
        const struct pass pass = {.round = round, .limit = choice_ends(state)};
        status = group_run(state, &group, &pass, end, error);
        state->experiment->run->rounds_done += status == 0 && *end == PASS_DONE;
    }
    group_forget_unmeasured(state, &group);
    group_close(&group);
    return status;
}

/* The plan's mode that has no more than one worker, or else its first. */
static struct plan_cell one_at_a_time(const struct plan *plan)
{
    for (size_t i = 0; i < plan->cell_count; i++) {
        if ((plan->cells[i].mode->traits & MODE_ONE_WORKER) != 0)
            return plan->cells[i];
    }
    return with_workers(&plan->cells[0], 1);
}

/* Measures downloads one at a time. A trial that takes too long is cut off: what it has shown until then is enough. */
static int measure_alone(struct experiment_state *state, struct error *error)
{
    enum { SHARE = 4 /* a quarter of the budget */ };
    struct run *run = state->experiment->run;
    nanoseconds budget = state->experiment->plan->request.time_budget;
    struct plan_cell alone = one_at_a_time(state->experiment->plan);
    enum pass_end end;
    state->cut_at = budget > 0 ? clock_now() + budget / SHARE : NEVER;
    int status = measure(state, &alone, 1, 1, NEVER, &end, error);
    state->cut_at = NEVER;
    state->is_first_pass = false;
    if (status == 0 && state->is_cut)
        run_warn(run,
                 "%s/1 was left out: one download at a time, a trial takes about %.0f s of the time budget of %s s",
                 alone.mode->name, state->alone, NUMBER(3, clock_seconds(budget)));
    return status;
}

/* Finds how long all downloads take one at a time, and at how many workers waiting ends by what they compute then. */
static void find_start(const struct experiment_state *state, const struct run_stats *stats, struct sweep_bounds *bounds)
{
    const struct cell_stats *alone = cell_stats_alone(stats, NULL, CONNECTIONS_REUSE);
    bounds->alone = state->alone;
    bounds->first = SEARCH_FROM;
    if (alone == NULL)
        return;
    bounds->alone = alone->metrics[METRIC_MEAN].value * alone->metrics[METRIC_DOWNLOADS].value;
    double until = bounds->alone / alone->metrics[METRIC_CPU].value;
    if (until < (double)SEARCH_FROM)
        bounds->first = until > 1 ? (uint32_t)until : 1;
}

/* The next number of workers of every mode that is still searched: of the first that has several, and once that is
 * found, of the others, which begin there. */
static size_t list_next(const struct experiment_state *state, const struct run_stats *stats, struct plan_cell *cells,
                        size_t capacity)
{
    const struct plan *plan = state->experiment->plan;
    struct sweep_bounds bounds = {.most = state->experiment->most_workers};
    size_t count = 0;
    find_start(state, stats, &bounds);
    for (size_t i = 0; i < plan->cell_count && count < capacity; i++) {
        const struct plan_cell *cell = &plan->cells[i];
        char name[32];
        if ((cell->mode->traits & MODE_ONE_WORKER) != 0 || is_listed(cells, count, cell))
            continue;
        plan_cell_name(cell, name, sizeof(name));
        uint32_t workers = sweep_next(stats, name, &bounds);
        if (workers > 0)
            cells[count++] = with_workers(cell, workers);
        if (bounds.is_near)
            continue;
        if (workers > 0)
            break;
        bounds.is_near = true;
        bounds.first = sweep_enough(stats, name) > 0 ? sweep_enough(stats, name) : bounds.first;
    }
    return count;
}

/* Whether such a cell was measured in as many rounds as candidates are. */
static bool is_measured_again(const struct run *run, const char *mode, uint32_t workers)
{
    for (size_t i = 0; i < run->cell_count; i++) {
        if (run->cells[i].workers == workers && strcmp(run->cells[i].mode, mode) == 0 &&
            run->cells[i].trial_count >= CANDIDATE_ROUNDS)
            return true;
    }
    return false;
}

/* Lists the candidates among all that was tried, except those that were measured again already. Returns their
 * number. */
static size_t list_candidates(const struct experiment_state *state, const struct run_stats *stats,
                              struct plan_cell *cells, size_t capacity)
{
    const struct run *run = state->experiment->run;
    const struct plan *plan = state->experiment->plan;
    size_t count = 0;
    for (size_t i = 0; i < run->cell_count; i++) {
        for (size_t j = 0; j < plan->cell_count && count < capacity; j++) {
            char name[32];
            struct plan_cell cell = with_workers(&plan->cells[j], run->cells[i].workers);
            plan_cell_name(&cell, name, sizeof(name));
            if (strcmp(name, run->cells[i].mode) == 0 && (cell.mode->traits & MODE_ONE_WORKER) == 0 &&
                sweep_is_candidate(stats, name, cell.workers) && !is_measured_again(run, name, cell.workers) &&
                !is_chosen(cells, count, &cell))
                cells[count++] = cell;
        }
    }
    return count;
}

/* Plans what to measure next: a step of the search, or after the last step the candidates for the best number, which
 * may call for another step; 0 cells: the search is over. */
static int plan_step(const struct experiment_state *state, struct plan_cell *cells, size_t capacity, size_t *count,
                     bool *is_step, struct error *error)
{
    struct run_stats stats;
    if (experiment_look(state, 0, &stats, error) != 0)
        return -1;
    *count = is_worth_it(&stats.validity) ? list_next(state, &stats, cells, capacity) : 0;
    *is_step = *count > 0;
    if (*count == 0 && state->experiment->is_auto && is_worth_it(&stats.validity))
        *count = list_candidates(state, &stats, cells, capacity);
    cell_stats_release(&stats);
    return 0;
}

static int search(struct experiment_state *state, struct error *error)
{
    enum { CANDIDATES_MAX = 256 };
    const struct experiment *experiment = state->experiment;
    const struct plan_request *planned = &experiment->plan->request;
    struct run *run = experiment->run;
    struct plan_cell cells[CANDIDATES_MAX];
    uint32_t step_rounds = experiment->is_auto ? STEP_TRIALS : planned->rounds;
    enum pass_end end = PASS_DONE;
    size_t count = 1;
    bool is_step = true;
    run->warmup_rounds = 0;
    run->rounds_planned = step_rounds;
    state->rounds_behind = SEARCH_TRIALS_MAX * step_rounds + experiment_rounds(experiment, CHOSEN_MAX);
    int status = measure_alone(state, error);
    while (status == 0 && count > 0 && end == PASS_DONE && interrupt_signal() == 0) {
        status = plan_step(state, cells, CANDIDATES_MAX, &count, &is_step, error);
        nanoseconds allowed =
            planned->time_budget > 0 && is_step ? (nanoseconds)count * planned->time_budget / STEP_SHARE : NEVER;
        if (status == 0 && count > 0)
            status = measure(state, cells, count, is_step ? step_rounds : CANDIDATE_ROUNDS, allowed, &end, error);
        /* Candidates that were measured once more, but not as often as planned, are the last. */
        if (!is_step && choice_ends(state) <= clock_now())
            break;
    }
    if (status == 0 && end == PASS_OVER && is_step)
        run_warn(run,
                 "The time budget of %s s was too short to find the best number of workers: what is told is the best "
                 "of those tried",
                 NUMBER(3, clock_seconds(planned->time_budget)));
    return status;
}

int choice_make(struct experiment_state *state, struct plan_cell *chosen, size_t *count, struct error *error)
{
    *count = 0;
    if ((state->experiment->is_search ? search : sweep)(state, error) != 0)
        return -1;
    return interrupt_signal() == 0 ? choose_from_all(state, chosen, count, error) : 0;
}
