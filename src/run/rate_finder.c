#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/analysis/rate_curves.h"
#include "conc_bench/analysis/rate_search.h"
#include "conc_bench/base/number.h"
#include "conc_bench/run/interrupt.h"
#include "rates.h"

/* The search of --rate auto: for each mode and number of workers how much is done when nothing falls due, which is
 * about the most it can keep up with; what response times are at a tenth of that, where the objective is relative to
 * it; then steps, one trial each, of all that still look for their rate; and in the end rounds of what was found and of
 * the next step, since what is picked from many trials flatters itself. */

/* Enough downloads to guess by, and the time they are watched for at least and at most. */
enum { PROBE_DOWNLOADS = 20, PROBE_SECONDS_MAX = 5 };
#define PROBE_TIME (500 * NANOSECONDS_PER_MILLISECOND)

/* The part of the budget that searching leaves to confirming rounds: a share, or, if less, the time that they take for
 * each mode, where the first rounds are followed by others one step further. */
static const double kept_for_rounds = 0.4;
#define KEPT_FOR_A_MODE (35 * NANOSECONDS_PER_SECOND)

/* A mode with a number of workers whose highest rate is searched. */
struct candidate {
    struct plan_cell cell;
    struct rate_search search;
    double limit;  /* of the objective, in seconds */
    uint32_t tier; /* 0: of those of its mode it does most when nothing falls due; and so on */
    bool is_chosen;
};

/* A trial of a candidate at one step of the scale of rates. */
struct step_trial {
    struct candidate *candidate;
    int step;
};

struct finder {
    struct experiment_state *state;
    struct candidate *candidates;
    size_t count;
    struct step_trial *step_trials; /* room for two of each */
    struct plan_cell *cells;
    bool is_out_of_time;
};

static nanoseconds span_of(const struct finder *finder, const struct step_trial *step_trial)
{
    return plan_span(finder->state->experiment->plan, rate_of_step(step_trial->step)) + TRIAL_BESIDES;
}

static struct rate_outcome judge(const struct experiment *experiment, const struct candidate *candidate,
                                 const struct run_cell *cell, const struct trial *trial)
{
    const struct objective *objective = &experiment->run->objective;
    const struct trial_arrivals *arrivals = &trial->summary.arrivals;
    bool is_behind = arrivals->is_present && !arrivals->is_kept_up && arrivals->begun > 1;
    bool is_far_off = rate_trial_figure(objective, trial) > 2 * candidate->limit;
    return (struct rate_outcome){
        .is_held = rate_trial_holds(objective, candidate->limit, trial),
        .is_clear = trial->status != TRIAL_COMPLETE || rate_is_clearly_missed(trial, cell->rate) || is_far_off,
        .reached = is_behind ? (arrivals->begun - 1) / clock_seconds(arrivals->begun_in) : 0,
    };
}

static void note(const struct finder *finder, const struct group *group, size_t count, bool is_confirming)
{
    const struct experiment *experiment = finder->state->experiment;
    for (size_t i = 0; i < count; i++) {
        const struct run_cell *cell = &experiment->run->cells[group->first + i];
        struct step_trial *step_trial = &finder->step_trials[i];
        for (size_t j = 0; j < cell->trial_count; j++) {
            const struct rate_outcome outcome = judge(experiment, step_trial->candidate, cell, &cell->trials[j]);
            rate_search_note(&step_trial->candidate->search, step_trial->step, &outcome, is_confirming);
        }
    }
}

/* Runs so many step_trials, in rounds as long as these are expected to end before `ends`. */
static int run_step_trials(struct finder *finder, enum stage stage, size_t count, uint32_t rounds, nanoseconds ends,
                           struct error *error)
{
    struct experiment_state *state = finder->state;
    struct group group;
    enum pass_end end = PASS_DONE;
    nanoseconds each = 0;
    for (size_t i = 0; i < count; i++) {
        finder->cells[i] = finder->step_trials[i].candidate->cell;
        finder->cells[i].rate = rate_of_step(finder->step_trials[i].step);
        each += span_of(finder, &finder->step_trials[i]);
    }
    if (group_open(state, stage, finder->cells, count, rounds, &group, error) != 0)
        return -1;
    int status = 0;
    state->position.rounds = rounds;
    state->position.is_choosing = stage == STAGE_SWEEP;
    for (uint32_t round = 0; round < rounds && status == 0 && end == PASS_DONE; round++) {
        if (round > 0 && ends != NEVER && clock_now() + each > ends)
            break;
        const struct pass pass = {.round = round, .passes = rounds - round - 1, .limit = NEVER};
        status = group_run(state, &group, &pass, &end, error);
    }
    note(finder, &group, count, stage == STAGE_MAIN);
    group_forget_unmeasured(state, &group);
    group_close(&group);
    return status;
}

/* Measures how many downloads a candidate does a second when nothing falls due; 1 where nothing was done in time. Such
 * trials are no part of the run. */
static int probe(struct finder *finder, struct candidate *candidate, struct error *error)
{
    struct experiment_state *state = finder->state;
    struct group group;
    enum pass_end end;
    struct plan_cell cell = candidate->cell;
    cell.rate = 0;
    if (group_open(state, STAGE_SWEEP, &cell, 1, 1, &group, error) != 0)
        return -1;
    const struct pass pass = {.limit = NEVER};
    state->position.is_choosing = true;
    state->probed = 0;
    state->probe_ends = clock_now() + PROBE_TIME;
    state->cut_at = clock_now() + PROBE_SECONDS_MAX * NANOSECONDS_PER_SECOND;
    int status = group_run(state, &group, &pass, &end, error);
    state->probe_ends = 0;
    state->cut_at = NEVER;
    state->is_cut = false;
    candidate->search.guess = state->probed > 0 ? state->probed : 1;
    group_forget_unmeasured(state, &group);
    group_close(&group);
    return status;
}

void rate_probe_watch(struct experiment_state *state, struct sample_table *table)
{
    if (state->probe_ends == 0 || state->is_cut || clock_now() < state->probe_ends ||
        state->position.settled < PROBE_DOWNLOADS)
        return;
    state->is_cut = true;
    sample_table_stop(table);
}

void rate_probe_measure(struct experiment_state *state, const struct trial *trial)
{
    nanoseconds last = trial->gate;
    double done = 0;
    for (uint32_t unit = 0; unit < trial->table->unit_count; unit++) {
        const struct sample *sample = &trial->table->samples[unit];
        enum outcome outcome = sample_outcome(sample);
        if (outcome == OUTCOME_NONE || outcome == OUTCOME_LOST || outcome == OUTCOME_CANCELLED)
            continue;
        done++;
        last = sample->settled > last ? sample->settled : last;
    }
    state->probed = last > trial->gate ? done / clock_seconds(last - trial->gate) : 0;
}

/* The limit that the objective sets a candidate, by its figure in a trial at a tenth of the rate. */
static double limit_of(const struct finder *finder, const struct candidate *candidate, size_t first)
{
    const struct run *run = finder->state->experiment->run;
    const struct objective *objective = &run->objective;
    char name[sizeof(run->cells[0].mode)];
    plan_cell_name(&candidate->cell, name, sizeof(name));
    for (size_t i = first; i < run->cell_count; i++) {
        const struct run_cell *cell = &run->cells[i];
        bool is_own = cell->workers == candidate->cell.workers && strcmp(cell->mode, name) == 0;
        double limit = is_own ? objective->factor * rate_trial_figure(objective, &cell->trials[0]) : NAN;
        if (isfinite(limit))
            return limit;
    }
    return INFINITY;
}

static int find_limits(struct finder *finder, uint32_t tier, struct error *error)
{
    const struct run *run = finder->state->experiment->run;
    const struct objective *objective = &run->objective;
    size_t count = 0, first = run->cell_count;
    for (size_t i = 0; i < finder->count; i++) {
        struct candidate *candidate = &finder->candidates[i];
        if (candidate->tier != tier)
            continue;
        candidate->limit = clock_seconds(objective->limit);
        finder->step_trials[count++] = (struct step_trial){candidate, rate_step(candidate->search.guess / 10)};
    }
    if (objective->limit > 0)
        return 0;
    if (run_step_trials(finder, STAGE_SWEEP, count, 1, NEVER, error) != 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        struct candidate *candidate = finder->step_trials[i].candidate;
        candidate->limit = limit_of(finder, candidate, first);
        /* It is where limits begin, and says nothing about where to look. */
        candidate->search.looked_count = 0;
    }
    return 0;
}

/* The next step of all of a tier that still look, as far as they fit. */
static size_t list_steps(struct finder *finder, uint32_t tier, nanoseconds ends)
{
    size_t count = 0;
    nanoseconds until = clock_now();
    for (size_t i = 0; i < finder->count; i++) {
        struct step_trial step_trial = {.candidate = &finder->candidates[i]};
        if (finder->candidates[i].tier != tier || !rate_search_next(&finder->candidates[i].search, &step_trial.step))
            continue;
        until += span_of(finder, &step_trial);
        if (ends == NEVER || until <= ends)
            finder->step_trials[count++] = step_trial;
    }
    return count;
}

/* Whether there was no time for all that this tier has to look at. */
static bool is_tier_unfinished(const struct finder *finder, uint32_t tier)
{
    int step;
    for (size_t i = 0; i < finder->count; i++) {
        if (finder->candidates[i].tier == tier && rate_search_next(&finder->candidates[i].search, &step))
            return true;
    }
    return false;
}

static int look_in_tier(struct finder *finder, uint32_t tier, nanoseconds ends, struct error *error)
{
    size_t count;
    if (tier > 0 && ends != NEVER && clock_now() >= ends) {
        finder->is_out_of_time = true;
        return 0;
    }
    if (find_limits(finder, tier, error) != 0)
        return -1;
    while (interrupt_signal() == 0 && (count = list_steps(finder, tier, ends)) > 0) {
        if (run_step_trials(finder, STAGE_SWEEP, count, 1, NEVER, error) != 0)
            return -1;
    }
    finder->is_out_of_time |= is_tier_unfinished(finder, tier);
    return 0;
}

/* Looks for the rates of all candidates. The number of workers that does most comes first in each mode: where time is
 * short, the others matter less. */
static int look(struct finder *finder, struct error *error)
{
    const struct experiment_state *state = finder->state;
    nanoseconds budget = state->experiment->plan->request.time_budget;
    nanoseconds kept = (nanoseconds)(kept_for_rounds * (double)budget);
    nanoseconds most = (nanoseconds)state->experiment->plan->request.mode_count * KEPT_FOR_A_MODE;
    nanoseconds ends = state->ends == NEVER ? NEVER : state->ends - (kept < most ? kept : most);
    uint32_t last = 0;
    for (size_t i = 0; i < finder->count; i++) {
        struct candidate *candidate = &finder->candidates[i];
        for (size_t j = 0; j < finder->count; j++) {
            const struct candidate *other = &finder->candidates[j];
            bool is_more = other->search.guess > candidate->search.guess ||
                           (other->search.guess == candidate->search.guess && j < i);
            candidate->tier += other->cell.mode == candidate->cell.mode && is_more;
        }
        last = candidate->tier > last ? candidate->tier : last;
    }
    for (uint32_t tier = 0; tier <= last && interrupt_signal() == 0; tier++) {
        if (look_in_tier(finder, tier, ends, error) != 0)
            return -1;
    }
    return 0;
}

static double found_rate(const struct candidate *candidate)
{
    int step;
    return rate_search_found(&candidate->search, &step) ? rate_of_step(step) : 0;
}

/* Chooses for each mode the fewest workers that are within 5 % of its highest rate. */
static void choose(struct finder *finder)
{
    for (size_t i = 0; i < finder->count; i++) {
        struct candidate *candidate = &finder->candidates[i];
        double best = found_rate(candidate);
        bool is_fewest = best > 0;
        for (size_t j = 0; j < finder->count; j++) {
            const struct candidate *other = &finder->candidates[j];
            if (other->cell.mode == candidate->cell.mode)
                best = fmax(best, found_rate(other));
        }
        for (size_t j = 0; j < finder->count; j++) {
            const struct candidate *other = &finder->candidates[j];
            bool is_rival = other->cell.mode == candidate->cell.mode && other->cell.workers < candidate->cell.workers;
            is_fewest &= !is_rival || found_rate(other) * (1 + NEGLIGIBLE_SLOWDOWN) < best;
        }
        candidate->is_chosen = is_fewest && found_rate(candidate) * (1 + NEGLIGIBLE_SLOWDOWN) >= best;
    }
}

/* Lists the steps that are still to be confirmed: at first both steps in the same rounds. */
static size_t list_rounds(struct finder *finder)
{
    size_t count = 0;
    nanoseconds until = clock_now();
    for (size_t i = 0; i < finder->count; i++) {
        struct candidate *candidate = &finder->candidates[i];
        struct step_trial step_trial = {.candidate = candidate};
        if (!candidate->is_chosen || !rate_search_confirm(&candidate->search, RATE_ROUNDS_CONFIRMING, &step_trial.step))
            continue;
        bool is_first = candidate->search.confirmed_count == 0 && step_trial.step < candidate->search.most;
        const struct step_trial next = {candidate, step_trial.step + 1};
        until += span_of(finder, &step_trial) + (is_first ? span_of(finder, &next) : 0);
        if (finder->state->ends != NEVER && until > finder->state->ends)
            continue;
        finder->step_trials[count++] = step_trial;
        if (is_first)
            finder->step_trials[count++] = next;
    }
    return count;
}

static int confirm(struct finder *finder, struct error *error)
{
    struct run *run = finder->state->experiment->run;
    size_t count;
    run->rounds_planned = RATE_ROUNDS_CONFIRMING;
    run->rounds_done = 0;
    while (interrupt_signal() == 0 && (count = list_rounds(finder)) > 0) {
        if (run_step_trials(finder, STAGE_MAIN, count, RATE_ROUNDS_CONFIRMING, finder->state->ends, error) != 0)
            return -1;
    }
    for (size_t i = 0; i < finder->count; i++) {
        int step;
        finder->is_out_of_time |= finder->candidates[i].is_chosen &&
                                  rate_search_confirm(&finder->candidates[i].search, RATE_ROUNDS_CONFIRMING, &step);
    }
    for (size_t i = 0; i < run->cell_count; i++) {
        const struct run_cell *cell = &run->cells[i];
        if (cell->stage == STAGE_MAIN && cell->trial_count > run->rounds_done)
            run->rounds_done = (uint32_t)cell->trial_count;
    }
    return 0;
}

static int find(struct finder *finder, struct error *error)
{
    struct run *run = finder->state->experiment->run;
    run->warmup_rounds = 0;
    for (size_t i = 0; i < finder->count && interrupt_signal() == 0; i++) {
        if (probe(finder, &finder->candidates[i], error) != 0)
            return -1;
    }
    finder->state->is_first_pass = false;
    if (look(finder, error) != 0)
        return -1;
    choose(finder);
    if (confirm(finder, error) != 0)
        return -1;
    if (finder->is_out_of_time && interrupt_signal() == 0)
        run_warn(run, "The time budget of %s s was too short for the whole search: use a longer --time-budget",
                 NUMBER(3, clock_seconds(finder->state->experiment->plan->request.time_budget)));
    return 0;
}

int rates_search(struct experiment_state *state, struct error *error)
{
    const struct plan *plan = state->experiment->plan;
    struct finder finder = {
        .state = state,
        .count = plan->cell_count,
        .candidates = calloc(plan->cell_count, sizeof(finder.candidates[0])),
        .step_trials = calloc(2 * plan->cell_count, sizeof(finder.step_trials[0])),
        .cells = calloc(2 * plan->cell_count, sizeof(finder.cells[0])),
    };
    int status = 0;
    state->rounds_behind = EXPERIMENT_RATE_TRIALS;
    if (finder.candidates == NULL || finder.step_trials == NULL || finder.cells == NULL) {
        status = error_set(error, ERROR_ENVIRONMENT, "no memory for a search of %zu rates", finder.count);
    } else {
        for (size_t i = 0; i < finder.count; i++)
            finder.candidates[i] =
                (struct candidate){.cell = plan->cells[i], .search = {.most = rate_step(RATE_SEARCHED_MAX)}};
        status = find(&finder, error);
    }
    free(finder.candidates);
    free(finder.step_trials);
    free(finder.cells);
    return status;
}
