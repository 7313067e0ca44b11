#include "conc_bench/run/experiment.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/analysis/cell_stats.h"
#include "conc_bench/analysis/settle.h"
#include "conc_bench/analysis/signed_rank.h"
#include "conc_bench/analysis/validity.h"
#include "conc_bench/base/number.h"
#include "conc_bench/base/text.h"
#include "conc_bench/run/interrupt.h"
#include "experiment_state.h"
#include "rates.h"
#include "trial_summary.h"

/* Intervals this narrow, as a share on each side, need no more rounds. */
static const double narrow = 0.01;

/* Above this number of samples, the check between rounds costs more than it saves. */
enum { SAMPLES_LOOKED_AT = 2000000 };

/* Rounds for which a run may take longer than its budget, where nobody gave one. */
enum { ROUNDS_WANTED = 6 };

/* Around each trial: the hooks of the runner share one context, and the experiment's own work comes before the
 * caller's. */

static void note(const struct experiment_state *state, const char *sentence)
{
    const struct experiment_hooks *hooks = state->experiment->hooks;
    if (hooks->note != NULL)
        hooks->note(hooks->context, sentence);
}

/* The share of the whole run that is over; negative: not known. */
static double fraction_done(const struct experiment_state *state)
{
    nanoseconds now = clock_now();
    nanoseconds left = state->left - (now - state->trial_began);
    if (state->left < 0)
        return -1;
    return left > 0 ? (double)(now - state->began) / (double)(now - state->began + left) : 1;
}

/* Looks for an excess as soon as a first trial is far enough to tell, or the budget is over; the round goes on in
 * either case. */
static void look_for_excess(struct experiment_state *state, const struct sample_table *table)
{
    enum { TELLING = 20 /* of so many downloads, one is enough to tell from */ };
    nanoseconds now = clock_now();
    uint32_t settled = state->position.settled;
    bool is_hopeless = state->first_downloads.is_watched && !state->first_downloads.has_answer;
    if (state->ends == NEVER || state->has_noted_excess || !state->is_first_pass || state->position.is_choosing ||
        is_hopeless)
        return;
    double share = table == NULL || settled * TELLING < table->unit_count ? 1 : (double)settled / table->unit_count;
    nanoseconds expected = state->trial_began + (nanoseconds)((double)(now - state->trial_began) / share);
    /* A round takes no less than what it has taken until then. */
    nanoseconds enough = expected + SETTLE_ROUNDS_MIN * (expected - state->began);
    if ((expected <= state->ends && now <= state->ends) || enough <= state->latest)
        return;
    char sentence[160];
    nanoseconds budget = state->experiment->plan->request.time_budget;
    state->has_noted_excess = true;
    snprintf(sentence, sizeof(sentence),
             "One round does not fit the time budget of %s s; it is run to its end, and the run ends with it",
             NUMBER(3, clock_seconds(budget)));
    note(state, sentence);
}

/* Ends a trial at a rate whose workers plainly cannot keep up: their figures would only be those of a longer list. */
static void watch_backlog(struct experiment_state *state, struct sample_table *table, const nanoseconds *due)
{
    nanoseconds gate = atomic_load_explicit(&table->gate, memory_order_relaxed);
    uint64_t taken = atomic_load_explicit(&table->cursor, memory_order_relaxed);
    uint32_t begun = taken < table->unit_count ? (uint32_t)taken : table->unit_count;
    if (gate > 0 && backlog_is_hopeless(&state->backlog, due, table->unit_count, begun, clock_now() - gate))
        sample_table_give_up(table);
}

static void tick(void *context, struct sample_table *table)
{
    struct experiment_state *state = context;
    const struct experiment_hooks *hooks = state->experiment->hooks;
    state->position.settled = table == NULL ? 0 : atomic_load(&table->settled_count_hint);
    const struct run_cell *cell = &state->experiment->run->cells[state->index];
    /* The table of one of several machines has that one's downloads only. */
    bool is_due = cell->due != NULL && table != NULL && table->unit_count == cell->downloads;
    state->position.waiting = is_due ? sample_table_waiting(table, cell->due) : 0;
    state->position.fraction = fraction_done(state);
    first_downloads_watch(&state->first_downloads, table);
    if (is_due)
        watch_backlog(state, table, cell->due);
    if (table != NULL)
        rate_probe_watch(state, table);
    if (table != NULL && clock_now() >= state->cut_at && !state->is_cut) {
        state->is_cut = true;
        sample_table_stop(table);
    }
    look_for_excess(state, table);
    if (hooks->progress != NULL)
        hooks->progress(hooks->context, &state->position);
}

static int before_trial(void *context, const struct plan_cell *cell, struct error *error)
{
    const struct experiment_hooks *hooks = ((struct experiment_state *)context)->experiment->hooks;
    return hooks->before_trial != NULL ? hooks->before_trial(hooks->context, cell, error) : 0;
}

static int settle(void *context, const struct client_trial *did, struct trial *trial, struct error *error)
{
    const struct experiment_hooks *hooks = ((struct experiment_state *)context)->experiment->hooks;
    return hooks->settle != NULL ? hooks->settle(hooks->context, did, trial, error) : 0;
}

/* Verdicts can do without them; reports show those of few downloads only, or where that is asked for. */
static bool are_samples_kept(const struct experiment_state *state, const struct trial *trial)
{
    const struct plan *plan = state->experiment->plan;
    /* Nobody looks at single downloads of the many trials of a search. */
    if (plan->request.is_rate_search && state->position.is_choosing && plan->request.samples_kept < UINT64_MAX)
        return false;
    return (uint64_t)trial->table->unit_count * (trial->round + 1) <= plan->request.samples_kept;
}

/* Where no server answers, the trial stands for what was tried, and the run ends after it. */
static int judge_servers(struct experiment_state *state, struct trial *trial, struct error *error)
{
    struct first_downloads *first = &state->first_downloads;
    bool was_given_up = first->has_given_up;
    if (first_downloads_judge(first, trial, &state->is_void, &state->servers) == 0)
        return 0;
    if (state->servers.kind != ERROR_SERVERS) {
        *error = state->servers;
        return -1;
    }
    if (was_given_up) {
        trial->status = TRIAL_INTERRUPTED;
        snprintf(trial->reason, sizeof(trial->reason), "given up, since its first downloads all failed");
    }
    return 0;
}

static int after_trial(void *context, struct trial *trial, struct error *error)
{
    struct experiment_state *state = context;
    const struct experiment *experiment = state->experiment;
    const struct experiment_hooks *hooks = experiment->hooks;
    if (judge_servers(state, trial, error) != 0)
        return -1;
    if (state->is_void)
        return 1;
    if (state->probe_ends > 0 && interrupt_signal() == 0) {
        rate_probe_measure(state, trial);
        return 1;
    }
    if (trial_summary_make(experiment->run, experiment->run->cells[state->index].due, trial, error) != 0)
        return -1;
    state->is_cut &= trial->status != TRIAL_COMPLETE;
    if (state->is_cut) {
        const struct trial_latencies *latencies = trial->summary.latencies;
        double done = latencies->service_count > 0 ? (double)latencies->service_count : 1;
        state->alone = clock_seconds(latencies->service_sum) / done * experiment->plan->unit_count;
        return 1;
    }
    int status = hooks->after_trial != NULL ? hooks->after_trial(hooks->context, trial, error) : 0;
    /* A client that broke off may lack any of them. */
    bool is_whole = !trial->client.is_present || trial->status == TRIAL_COMPLETE;
    if (!are_samples_kept(state, trial) || !is_whole)
        trial->table = NULL;
    return status;
}

/* Groups */

int group_open(struct experiment_state *state, enum stage stage, const struct plan_cell *cells, size_t cell_count,
               uint32_t rounds, struct group *group, struct error *error)
{
    const struct plan *first = state->experiment->plan;
    struct run *run = state->experiment->run;
    uint32_t number = state->groups++;
    *group = (struct group){.first = run->cell_count};
    if (plan_build_stage(first, number, cells, cell_count, &group->plan, error) != 0)
        return -1;
    group->plan.request.rounds = rounds;
    group->order = calloc(cell_count, sizeof(group->order[0]));
    group->is_out = calloc(cell_count, sizeof(group->is_out[0]));
    group->spent = calloc(cell_count, sizeof(group->spent[0]));
    group->trials = calloc(cell_count, sizeof(group->trials[0]));
    int status = 0;
    if (group->order == NULL || group->is_out == NULL || group->spent == NULL || group->trials == NULL)
        status = error_set(error, ERROR_ENVIRONMENT, "no memory for the rounds of %zu cells", cell_count);
    for (size_t i = 0; i < cell_count && status == 0; i++)
        status = runner_add_cell(state->runner, &cells[i], stage, number, error);
    if (status != 0)
        group_close(group);
    return status;
}

void group_close(struct group *group)
{
    plan_release(&group->plan);
    free(group->order);
    free(group->is_out);
    free(group->spent);
    free(group->trials);
    *group = (struct group){0};
}

nanoseconds group_expects(const struct group *group, size_t cell)
{
    return group->trials[cell] > 0 ? group->spent[cell] / group->trials[cell] : group->spent[cell];
}

nanoseconds group_estimate(const struct group *group)
{
    nanoseconds sum = 0;
    for (size_t i = 0; i < group->plan.cell_count; i++)
        sum += group->is_out[i] ? 0 : group_expects(group, i);
    return sum;
}

/* The time left from before a trial to the end of the run; negative until every cell has run once, or where the cells
 * that will run are not known yet. */
static nanoseconds estimate_left(const struct experiment_state *state, const struct group *group,
                                 const struct pass *pass, size_t place, size_t count)
{
    nanoseconds now = clock_now();
    nanoseconds until_end = state->ends == NEVER ? -1 : state->ends > now ? state->ends - now : 0;
    if (state->position.is_choosing)
        return until_end;
    nanoseconds left = group_estimate(group) * pass->passes;
    for (size_t i = place; i < count; i++) {
        uint32_t cell = group->order[i];
        if (group->spent[cell] == 0 && !group->is_out[cell])
            return until_end;
        left += group->is_out[cell] ? 0 : group_expects(group, cell);
    }
    return until_end >= 0 && left > until_end ? until_end : left;
}

static bool was_given_up(const struct trial *trial)
{
    return trial->summary.outcomes[OUTCOME_GIVEN_UP] > 0;
}

/* Whether the last two trials of a cell were given up, one to warm up among them: a single one may have met a server
 * that was disturbed. */
static bool was_given_up_twice(const struct run_cell *cell)
{
    const struct trial *before = cell->trial_count > 1    ? &cell->trials[cell->trial_count - 2]
                                 : cell->warmup_count > 0 ? &cell->warmups[cell->warmup_count - 1]
                                                          : NULL;
    return before != NULL && was_given_up(before) && was_given_up(&cell->trials[cell->trial_count - 1]);
}

/* A cell whose workers do less than half of what falls due has nothing more to show. Among several rates there is less
 * to learn of one that is too high. */
static bool is_hopeless(const struct experiment_state *state, size_t index)
{
    const struct experiment *experiment = state->experiment;
    const struct run_cell *cell = &experiment->run->cells[index];
    if (!experiment->is_auto || cell->trial_count == 0)
        return false;
    const struct trial *last = &cell->trials[cell->trial_count - 1];
    bool is_missed = cell->is_named_by_rate ? rate_is_clearly_missed(last, cell->rate) : was_given_up_twice(cell);
    if (!is_missed)
        return false;
    return experiment->hooks->is_needed == NULL || !experiment->hooks->is_needed(experiment->hooks->context, cell);
}

static int run_cell(struct experiment_state *state, struct group *group, const struct pass *pass, uint32_t cell,
                    uint32_t place, struct error *error)
{
    enum trial_status status = TRIAL_COMPLETE;
    const struct runner_trial trial = {
        .cell = &group->plan.cells[cell],
        .index = group->first + cell,
        .is_warmup = pass->is_warmup,
        .round = pass->round,
        .position = place,
    };
    state->position.cell = trial.cell;
    state->position.downloads = plan_units(&group->plan, trial.cell->rate);
    state->index = trial.index;
    state->position.is_warmup = pass->is_warmup;
    state->position.round = pass->round;
    do {
        state->is_void = false;
        state->backlog = (struct backlog_watch){0};
        state->trial_began = clock_now();
        if (runner_run(state->runner, &trial, &status, error) != 0)
            return -1;
    } while (state->is_void);
    if (state->servers.kind != ERROR_NONE) {
        *error = state->servers;
        return -1;
    }
    nanoseconds took = clock_now() - state->trial_began;
    if (state->is_cut) {
        group->is_out[cell] = true;
        return 0;
    }
    /* The estimate from before the first trial is dropped as well. */
    group->spent[cell] = took + (group->trials[cell] > 0 ? group->spent[cell] : 0);
    group->trials[cell]++;
    /* It is not tried again. */
    group->is_out[cell] |= status != TRIAL_COMPLETE || is_hopeless(state, trial.index);
    return 0;
}

static size_t lay_out(const struct experiment_state *state, struct group *group, const struct pass *pass)
{
    const struct plan_request *request = &state->experiment->plan->request;
    uint32_t warmups = request->warmup_rounds;
    if (pass->chain == NULL) {
        plan_order(&group->plan, pass->round + (pass->is_warmup ? 0 : warmups), group->order);
        return group->plan.cell_count;
    }
    for (size_t i = 0; i < pass->chain_length; i++)
        group->order[i] = (uint32_t)pass->chain[i];
    return pass->chain_length;
}

int group_run(struct experiment_state *state, struct group *group, const struct pass *pass, enum pass_end *end,
              struct error *error)
{
    size_t count = lay_out(state, group, pass);
    *end = PASS_STOPPED;
    for (uint32_t i = 0; i < count; i++) {
        if (interrupt_signal() != 0)
            return 0;
        if (group->is_out[group->order[i]])
            continue;
        if (clock_now() >= pass->limit) {
            *end = PASS_OVER;
            return 0;
        }
        state->left = estimate_left(state, group, pass, i, count);
        /* A failure after a signal is not the reason why the run ends. */
        if (run_cell(state, group, pass, group->order[i], i, error) != 0)
            return interrupt_signal() != 0 ? 0 : -1;
    }
    if (interrupt_signal() == 0)
        *end = PASS_DONE;
    return 0;
}

static bool is_measured(const struct run_cell *cell)
{
    return cell->trial_count + cell->warmup_count > 0;
}

void group_forget_unmeasured(struct experiment_state *state, const struct group *group)
{
    struct run *run = state->experiment->run;
    size_t kept = group->first;
    bool is_any = kept > 0;
    for (size_t i = group->first; i < run->cell_count; i++)
        is_any |= is_measured(&run->cells[i]);
    /* A run without cells has no report, and one that was interrupted needs one. */
    if (!is_any && interrupt_signal() != 0)
        return;
    for (size_t i = group->first; i < run->cell_count; i++) {
        if (is_measured(&run->cells[i]))
            run->cells[kept++] = run->cells[i];
        else
            run_cell_release(&run->cells[i]);
    }
    run->cell_count = kept;
}

/* Between rounds */

int experiment_look(const struct experiment_state *state, uint32_t rounds_in_group, struct run_stats *stats,
                    struct error *error)
{
    const struct rounds_to_come to_come = {.rounds_in_group = rounds_in_group, .rounds_behind = state->rounds_behind};
    struct validity validity;
    if (validity_look(state->experiment->run, &to_come, &validity, error) != 0)
        return -1;
    return cell_stats_compute(state->experiment->run, &validity, stats, error);
}

/* Looks at the cells that still run, and the one they are compared with. */
static bool are_intervals_narrow(const struct group *group, const struct run_stats *stats)
{
    const struct run_cell *cells = stats->run->cells;
    size_t tested = stats->ranking.tested_count;
    bool is_narrow = tested > 0 && stats->ranking.test == RANKING_SIGNED_RANK;
    for (size_t i = 0; i < stats->main_count && is_narrow; i++) {
        const struct estimate *speedup = &stats->cells[i].speedup;
        bool is_out = group->is_out[(size_t)(stats->cells[i].cell - cells) - group->first];
        if (&stats->cells[i] != stats->reference && !is_out)
            is_narrow = speedup->confidence > 0 && log(speedup->high / speedup->low) / 2 <= narrow;
    }
    return is_narrow;
}

static uint64_t count_samples(const struct experiment *experiment)
{
    uint64_t samples = 0;
    for (size_t i = 0; i < experiment->run->cell_count; i++) {
        const struct run_cell *cell = &experiment->run->cells[i];
        samples += (cell->warmup_count + cell->trial_count) * cell->downloads;
    }
    return samples;
}

static void give_reason(struct run *run, const char *reason)
{
    snprintf(run->stop_reason, sizeof(run->stop_reason), "%s", reason);
}

static size_t count_running(const struct group *group)
{
    size_t count = 0;
    for (size_t i = 0; i < group->plan.cell_count; i++)
        count += !group->is_out[i];
    return count;
}

/* Cells that the first rounds have settled to be slower than the others leave further rounds, so that those get them;
 * unless but one would go on, with nothing left to compare it with. */
static int let_settled_go(const struct experiment_state *state, struct group *group, const struct run_stats *stats,
                          struct error *error)
{
    const struct experiment_hooks *hooks = state->experiment->hooks;
    const struct run_cell *cells = stats->run->cells;
    const struct settlement *settlement = &stats->ranking.settlement;
    size_t count = settlement->cell_count;
    if (count == 0)
        return 0;
    bool *flags = calloc(2 * count, sizeof(*flags));
    if (flags == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for what %zu cells have settled", count);
    bool *must_stay = flags + count;
    for (size_t i = 0; i < count; i++)
        must_stay[i] = hooks->is_needed != NULL && hooks->is_needed(hooks->context, stats->cells[i].cell);
    size_t leaving = settlement_leaving(settlement, must_stay, flags);
    for (size_t i = 0; i < count && count - leaving > 1; i++)
        group->is_out[(size_t)(stats->cells[i].cell - cells) - group->first] |= flags[i];
    free(flags);
    return 0;
}

/* Looks at what the rounds have come to; false: no more are needed, for the reason given. Stopping may depend on widths
 * and on validity, never on significance: whoever stops when a difference shows finds differences where there are none
 * in a fifth of all runs. */
static int look(const struct experiment_state *state, struct group *group, uint32_t done, bool *goes_on,
                struct error *error)
{
    const struct experiment *experiment = state->experiment;
    struct run_stats stats;
    int status = 0;
    if (count_samples(experiment) > SAMPLES_LOOKED_AT && done != SETTLE_ROUNDS_MIN && done != SETTLE_ROUNDS_MAX)
        return 0;
    if (experiment_look(state, group->plan.request.rounds - done, &stats, error) != 0)
        return -1;
    bool is_narrow = experiment->is_auto && are_intervals_narrow(group, &stats);
    *goes_on = !stats.validity.is_lost && !is_narrow;
    if (stats.validity.is_lost)
        give_reason(experiment->run, "more would not make the result valid");
    else if (is_narrow)
        give_reason(experiment->run, "all intervals are within 1 % already");
    else if (experiment->is_auto && (done == SETTLE_ROUNDS_MIN || done == SETTLE_ROUNDS_MAX))
        status = let_settled_go(state, group, &stats, error);
    cell_stats_release(&stats);
    return status;
}

/* Rounds with what is ranked */

uint32_t experiment_rounds(const struct experiment *experiment, uint64_t cells)
{
    if (!experiment->is_auto)
        return experiment->plan->request.rounds;
    if (plan_has_rates(&experiment->plan->request))
        return RATE_ROUNDS;
    /* As many rounds as ranking all pairs of cells takes, if that is more than usual. */
    size_t needed = cells > 1 ? signed_rank_rounds_needed((size_t)(cells * (cells - 1) / 2)) : 1;
    return needed > AUTO_ROUNDS ? (uint32_t)needed : AUTO_ROUNDS;
}

static bool is_counted_before(const struct plan *plan, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (plan->cells[i].mode == plan->cells[index].mode &&
            plan->cells[i].connections == plan->cells[index].connections &&
            plan->cells[i].machines == plan->cells[index].machines)
            return true;
    }
    return false;
}

uint64_t experiment_trials(const struct experiment *experiment)
{
    const struct plan *plan = experiment->plan;
    const struct plan_request *request = &plan->request;
    uint64_t cells = plan->cell_count;
    uint64_t modes = 0;
    if (request->is_rate_search)
        return cells * EXPERIMENT_RATE_TRIALS;
    if (plan_has_rates(request))
        return cells * request->rounds + cells / request->rate_count * request->warmup_rounds;
    if (!experiment->is_search && !experiment->is_sweep)
        return cells * ((uint64_t)experiment_rounds(experiment, cells) + request->warmup_rounds);
    for (size_t i = 0; i < plan->cell_count; i++)
        modes += !is_counted_before(plan, i);
    uint64_t chosen = modes == 1 ? 2 : modes; /* of one alone the best, too */
    uint64_t rounds = experiment->is_auto ? 1 : request->rounds;
    uint64_t before = experiment->is_search ? modes * SEARCH_TRIALS_MAX * rounds
                      : experiment->is_auto ? cells * SWEEP_ROUNDS
                                            : cells * (rounds + request->warmup_rounds);
    return before + chosen * experiment_rounds(experiment, chosen);
}

/* A round at one rate with all its cells; 0: there is no such rate. */
static nanoseconds span_of_round(const struct plan *plan)
{
    nanoseconds sum = 0;
    for (size_t i = 0; i < plan->cell_count && plan->cells[i].rate > 0; i++)
        sum += plan_span(plan, plan->cells[i].rate) + TRIAL_BESIDES;
    return sum;
}

nanoseconds experiment_time_most(const struct experiment *experiment)
{
    enum { BUDGETS_MOST = 4, SLACK = 4 /* a busy machine may take a quarter more */ };
    const struct plan_request *request = &experiment->plan->request;
    nanoseconds budget = request->time_budget;
    if (experiment->is_budget_given || experiment->is_search || experiment->is_sweep || request->is_rate_search)
        return budget;
    nanoseconds needed = span_of_round(experiment->plan) * (request->warmup_rounds + RANKING_ROUNDS_MIN);
    needed += needed / SLACK;
    nanoseconds most = budget + budget / 2;
    if (needed <= most)
        return most;
    return needed < BUDGETS_MOST * budget ? needed : BUDGETS_MOST * budget;
}

/* Whether so many rounds in all can be had by going beyond the budget as far as it is allowed to. */
static bool can_reach(const struct experiment_state *state, nanoseconds round, uint32_t done, uint32_t wanted)
{
    return done < wanted && round * (wanted - done) <= state->latest - clock_now();
}

/* The instant behind which no trial of the next round begins; 0: the round does not fit. Decided by time alone, never
 * by what was found. */
static nanoseconds limit_of_round(const struct experiment_state *state, const struct group *group, uint32_t done)
{
    nanoseconds round = group_estimate(group);
    bool is_lacking = count_running(group) > 1 && done < ROUNDS_WANTED;
    if (state->ends == NEVER || round <= state->ends - clock_now())
        return is_lacking ? state->latest : state->ends;
    /* Rounds that a ranking lacks may exceed the budget, if they complete it: first those that settle the slow cells,
     * after which rounds take less time. */
    if (is_lacking &&
        (can_reach(state, round, done, SETTLE_ROUNDS_MIN) || can_reach(state, round, done, RANKING_ROUNDS_MIN) ||
         can_reach(state, round, done, ROUNDS_WANTED)))
        return state->latest;
    return 0;
}

static void say_budget_is_over(const struct experiment_state *state)
{
    struct run *run = state->experiment->run;
    snprintf(run->stop_reason, sizeof(run->stop_reason), "another round would not fit the time budget of %s s",
             NUMBER(3, clock_seconds(state->experiment->plan->request.time_budget)));
}

/* Lets the first warm-up round count as measured, where warming up has taken all the time there was. */
static void count_warmup(struct experiment_state *state, const struct group *group)
{
    struct run *run = state->experiment->run;
    for (size_t i = group->first; i < run->cell_count; i++) {
        struct run_cell *cell = &run->cells[i];
        for (size_t j = 1; j < cell->warmup_count; j++)
            trial_release(&cell->warmups[j]);
        if (cell->warmup_count > 0 && cell->trial_count == 0) {
            cell->trials = cell->warmups;
            cell->trial_count = 1;
            cell->warmups = NULL;
        }
        cell->warmup_count = 0;
    }
    run->warmup_rounds = 0;
    run->rounds_done = 1;
    snprintf(run->stop_reason, sizeof(run->stop_reason), "the time budget of %s s held one round, without a warm-up",
             NUMBER(3, clock_seconds(state->experiment->plan->request.time_budget)));
}

/* Runs warm-up rounds: more than one only as long as that leaves most of the time to measured rounds. */
static int warm_up(struct experiment_state *state, struct group *group, uint32_t warmups, enum pass_end *end,
                   struct error *error)
{
    uint32_t done = 0;
    *end = PASS_DONE;
    state->position.rounds = warmups;
    while (done < warmups && *end == PASS_DONE) {
        nanoseconds third = (state->ends - state->began) / 3;
        if (done > 0 && state->ends != NEVER && group_estimate(group) > third - (clock_now() - state->began))
            break;
        const struct pass pass = {.is_warmup = true,
                                  .round = done,
                                  .passes = warmups - done - 1 + group->plan.request.rounds,
                                  .limit = NEVER};
        done++;
        if (group_run(state, group, &pass, end, error) != 0)
            return -1;
        state->is_first_pass = false;
    }
    state->experiment->run->warmup_rounds = done;
    return 0;
}

int group_run_rounds(struct experiment_state *state, struct group *group, struct error *error)
{
    struct run *run = state->experiment->run;
    uint32_t planned = group->plan.request.rounds;
    enum pass_end end = PASS_DONE;
    state->position.rounds = planned;
    while (run->rounds_done < planned && end == PASS_DONE && count_running(group) > 0) {
        uint32_t done = run->rounds_done;
        bool goes_on = true;
        if (done > 0 && look(state, group, done, &goes_on, error) != 0)
            return -1;
        if (!goes_on)
            return 0;
        nanoseconds limit = state->is_first_pass ? NEVER : limit_of_round(state, group, done);
        if (limit == 0) {
            say_budget_is_over(state);
            return 0;
        }
        const struct pass pass = {.round = done, .passes = planned - done - 1, .limit = limit};
        if (group_run(state, group, &pass, &end, error) != 0)
            return -1;
        state->is_first_pass = false;
        run->rounds_done += end == PASS_DONE;
    }
    if (end == PASS_OVER)
        say_budget_is_over(state);
    else if (run->rounds_done < planned && run->arrivals.rate > 0 && count_running(group) == 0)
        give_reason(run, "nothing does as much as half of what falls due");
    return 0;
}

static int run_group(struct experiment_state *state, struct group *group, uint32_t warmups, struct error *error)
{
    struct run *run = state->experiment->run;
    enum pass_end end = PASS_DONE;
    run->rounds_planned = group->plan.request.rounds;
    run->rounds_done = 0;
    run->stop_reason[0] = '\0';
    if (warm_up(state, group, warmups, &end, error) != 0)
        return -1;
    if (end == PASS_DONE && run->warmup_rounds > 0 && count_running(group) > 0 &&
        limit_of_round(state, group, 0) == 0) {
        count_warmup(state, group);
        return 0;
    }
    return end == PASS_DONE ? group_run_rounds(state, group, error) : 0;
}

/* The time that a trial of a cell took when it was measured for the choice, among the first cells of the run; 0: it was
 * not. */
static nanoseconds expected_of(const struct run *run, size_t cell_count, const struct plan_cell *cell)
{
    char name[32];
    nanoseconds expected = 0;
    plan_cell_name(cell, name, sizeof(name));
    for (size_t i = 0; i < cell_count; i++) {
        const struct run_cell *other = &run->cells[i];
        if (other->workers == cell->workers && strcmp(other->mode, name) == 0 && other->trial_count > 0)
            expected = trial_time(&other->trials[other->trial_count - 1]);
    }
    return expected;
}

static int run_main(struct experiment_state *state, const struct plan_cell *cells, size_t count, uint32_t warmups,
                    struct error *error)
{
    struct group group;
    state->rounds_behind = 0;
    state->position.is_choosing = false;
    if (group_open(state, STAGE_MAIN, cells, count, experiment_rounds(state->experiment, count), &group, error) != 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        group.spent[i] = expected_of(state->experiment->run, group.first, &cells[i]);
    int status = run_group(state, &group, warmups, error);
    /* A cell that was chosen, and then did not fit, is reported by the figures it was chosen by. */
    if (status == 0 && interrupt_signal() == 0 && (state->experiment->is_search || state->experiment->is_sweep))
        group_forget_unmeasured(state, &group);
    group_close(&group);
    return status;
}

/* Finds the cell that takes longest, and whether it takes half as long again as any other. */
static size_t find_slowest(const struct run *run, const struct plan_cell *cells, size_t count, nanoseconds *round,
                           bool *is_much_slower)
{
    size_t slowest = 0;
    nanoseconds longest = 0;
    nanoseconds second = 0;
    *round = 0;
    for (size_t i = 0; i < count; i++) {
        nanoseconds expected = expected_of(run, run->cell_count, &cells[i]);
        *round += expected;
        if (expected > longest) {
            second = longest;
            longest = expected;
            slowest = i;
        } else if (expected > second) {
            second = expected;
        }
    }
    *is_much_slower = 2 * longest >= 3 * second;
    return slowest;
}

/* Takes out the slowest cells as long as what is left of the budget does not hold the rounds that anything can be said
 * by: with them there would be none for the others either. Those that take about as long as others stay, since without
 * them there would be nothing to compare with. */
static void leave_out_slow(const struct experiment_state *state, struct plan_cell *cells, size_t *count)
{
    struct run *run = state->experiment->run;
    while (state->ends != NEVER && *count > 1) {
        char name[32];
        nanoseconds round;
        bool is_much_slower;
        size_t slowest = find_slowest(run, cells, *count, &round, &is_much_slower);
        if (!is_much_slower || round * SETTLE_ROUNDS_MIN <= state->ends - clock_now())
            break;
        run_warn(run,
                 "%s/%" PRIu32 " was not measured again, since %d rounds of %s s with it do not fit into what was "
                 "left of the time budget",
                 plan_cell_name(&cells[slowest], name, sizeof(name)), cells[slowest].workers, SETTLE_ROUNDS_MIN,
                 NUMBER(2, clock_seconds(round)));
        --*count;
        memmove(&cells[slowest], &cells[slowest + 1], (*count - slowest) * sizeof(cells[0]));
    }
}

static int choose_and_run(struct experiment_state *state, struct error *error)
{
    struct plan_cell chosen[CHOSEN_MAX];
    size_t count = 0;
    state->position.is_choosing = true;
    if (choice_make(state, chosen, &count, error) != 0)
        return -1;
    leave_out_slow(state, chosen, &count);
    return count > 0 && interrupt_signal() == 0 ? run_main(state, chosen, count, 0, error) : 0;
}

/* Notes why the run ended: what was measured until then stands, and must not look like all that was asked for. */
static void note_failure(struct run *run, const struct error *error)
{
    run->is_partial = true;
    text_escape(run->stop_reason, sizeof(run->stop_reason), error->message, strlen(error->message));
}

static int run_all(struct experiment_state *state, struct error *error)
{
    const struct experiment *experiment = state->experiment;
    const struct plan *plan = experiment->plan;
    if (plan->request.is_rate_search)
        return rates_search(state, error);
    if (plan_has_rates(&plan->request))
        return rates_sweep(state, error);
    if (experiment->is_search || experiment->is_sweep)
        return choose_and_run(state, error);
    return run_main(state, plan->cells, plan->cell_count, plan->request.warmup_rounds, error);
}

int experiment_run(const struct experiment *experiment, struct error *error)
{
    const struct plan_request *request = &experiment->plan->request;
    struct run *run = experiment->run;
    struct experiment_state state = {
        .experiment = experiment,
        .began = clock_now(),
        .ends = NEVER,
        .latest = NEVER,
        .is_first_pass = true,
        .cut_at = NEVER,
        .first_downloads = {.plan = experiment->plan,
                            .job = experiment->job,
                            .is_watched =
                                !experiment->allows_failures &&
                                (experiment->is_search || request->is_rate_search || request->warmup_rounds > 0),
                            .note = experiment->hooks->note,
                            .context = experiment->hooks->context},
    };
    const struct runner_hooks hooks = {
        .context = &state, .before_trial = before_trial, .settle = settle, .after_trial = after_trial, .tick = tick};
    if (request->time_budget > 0) {
        state.ends = state.began + request->time_budget;
        state.latest = state.began + experiment_time_most(experiment);
    }
    state.runner = runner_create(experiment->plan, experiment->job, &hooks, run, error);
    if (state.runner == NULL)
        return -1;
    int status = run_all(&state, error);
    run_name_by_rates(run);
    runner_warn(state.runner);
    runner_release(state.runner);
    if (interrupt_signal() != 0) {
        run->is_partial = true;
        run->interrupting_signal = interrupt_signal();
    }
    if (status != 0)
        note_failure(run, error);
    return status;
}
