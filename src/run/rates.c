#include "rates.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "conc_bench/base/number.h"
#include "conc_bench/base/text_buffer.h"

/* A sweep of rates: the first round goes upwards, rate by rate, so that what clearly does not keep up is not asked for
 * twice as much; the rounds behind it run all cells that are left in an order drawn anew. */

bool rate_is_clearly_missed(const struct trial *trial, double rate)
{
    const struct trial_arrivals *arrivals = &trial->summary.arrivals;
    /* The backlog of who does less than that grows by more than a tenth of the trial. */
    static const double clearly_less = 0.9;
    if (trial->status != TRIAL_COMPLETE || !arrivals->is_present || arrivals->is_kept_up)
        return false;
    double reached = arrivals->begun > 1 ? (arrivals->begun - 1) / clock_seconds(arrivals->begun_in) : 0;
    return reached < clearly_less * rate;
}

static bool is_of_one_curve(const struct plan_cell *one, const struct plan_cell *other)
{
    return one->mode == other->mode && one->workers == other->workers && one->copy == other->copy &&
           one->machines == other->machines;
}

/* Takes out the cells at twice the rate that others of their mode and workers clearly missed, and further up. */
static void skip_beyond(const struct experiment_state *state, struct group *group)
{
    const struct run *run = state->experiment->run;
    const struct plan_cell *cells = group->plan.cells;
    for (size_t i = 0; i < group->plan.cell_count; i++) {
        const struct run_cell *cell = &run->cells[group->first + i];
        if (cell->trial_count == 0 || !rate_is_clearly_missed(&cell->trials[cell->trial_count - 1], cells[i].rate))
            continue;
        for (size_t j = 0; j < group->plan.cell_count; j++)
            group->is_out[j] |= is_of_one_curve(&cells[i], &cells[j]) && cells[j].rate >= 2 * cells[i].rate;
    }
}

/* The lowest rate of a cell's mode and workers that was left out, if the cell is the first of them; 0: none was. */
static double find_left_out(const struct run *run, const struct group *group, size_t first)
{
    const struct plan_cell *cells = group->plan.cells;
    double lowest = 0;
    for (size_t i = 0; i < group->plan.cell_count; i++) {
        if (!is_of_one_curve(&cells[i], &cells[first]))
            continue;
        if (i < first)
            return 0;
        bool is_left_out = group->is_out[i] && run->cells[group->first + i].trial_count == 0;
        if (is_left_out && (lowest == 0 || cells[i].rate < lowest))
            lowest = cells[i].rate;
    }
    return lowest;
}

static void tell_left_out(struct run *run, const struct group *group)
{
    struct text_buffer text = {0};
    for (size_t i = 0; i < group->plan.cell_count; i++) {
        const struct plan_cell *cell = &group->plan.cells[i];
        char name[32];
        double rate = find_left_out(run, group, i);
        if (rate > 0)
            text_buffer_add(&text, "%s%s/%" PRIu32 " from %s/s on", text_buffer_text(&text)[0] != '\0' ? ", " : "",
                            plan_cell_name(cell, name, sizeof(name)), cell->workers, NUMBER(6, rate));
    }
    if (text_buffer_text(&text)[0] != '\0')
        run_warn(run, "Not measured, having clearly missed half of that: %s", text_buffer_text(&text));
    text_buffer_release(&text);
}

/* Lists the cells at the lowest rate above `above`, in the order of the round. Returns their number; 0: there are
 * none. */
static size_t list_rate(const struct group *group, uint32_t round, double *above, size_t *chain)
{
    const struct plan *plan = &group->plan;
    double next = INFINITY;
    size_t count = 0;
    for (size_t i = 0; i < plan->cell_count; i++)
        next = plan->cells[i].rate > *above && plan->cells[i].rate < next ? plan->cells[i].rate : next;
    plan_order(plan, round, group->order);
    for (size_t i = 0; i < plan->cell_count; i++) {
        if (plan->cells[group->order[i]].rate == next)
            chain[count++] = group->order[i];
    }
    *above = next;
    return count;
}

/* The lowest rate is enough to warm up servers and caches. */
static int warm_up(struct experiment_state *state, struct group *group, size_t *chain, enum pass_end *end,
                   struct error *error)
{
    struct run *run = state->experiment->run;
    double rate = 0;
    state->position.rounds = run->warmup_rounds;
    const size_t count = list_rate(group, 0, &rate, chain);
    for (uint32_t i = 0; i < run->warmup_rounds && *end == PASS_DONE; i++) {
        const struct pass pass = {
            .is_warmup = true, .round = i, .passes = 0, .limit = NEVER, .chain = chain, .chain_length = count};
        if (group_run(state, group, &pass, end, error) != 0)
            return -1;
    }
    return 0;
}

static int climb(struct experiment_state *state, struct group *group, size_t *chain, enum pass_end *end,
                 struct error *error)
{
    struct run *run = state->experiment->run;
    double rate = 0;
    size_t count;
    state->position.rounds = group->plan.request.rounds;
    while (*end == PASS_DONE && (count = list_rate(group, run->warmup_rounds, &rate, chain)) > 0) {
        const struct pass pass = {
            .passes = group->plan.request.rounds - 1, .limit = NEVER, .chain = chain, .chain_length = count};
        if (group_run(state, group, &pass, end, error) != 0)
            return -1;
        skip_beyond(state, group);
    }
    run->rounds_done += *end == PASS_DONE;
    if (*end == PASS_DONE)
        tell_left_out(run, group);
    return 0;
}

int rates_sweep(struct experiment_state *state, struct error *error)
{
    const struct experiment *experiment = state->experiment;
    const struct plan *plan = experiment->plan;
    struct group group;
    enum pass_end end = PASS_DONE;
    uint32_t rounds = experiment_rounds(experiment, plan->cell_count);
    size_t *chain = calloc(plan->cell_count, sizeof(*chain));
    if (chain == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the order of a sweep");
    int status = group_open(state, STAGE_MAIN, plan->cells, plan->cell_count, rounds, &group, error);
    if (status == 0) {
        experiment->run->rounds_planned = rounds;
        experiment->run->warmup_rounds = plan->request.warmup_rounds;
        status = warm_up(state, &group, chain, &end, error);
        if (status == 0)
            status = climb(state, &group, chain, &end, error);
        state->is_first_pass = false;
        if (status == 0 && end == PASS_DONE)
            status = group_run_rounds(state, &group, error);
        group_forget_unmeasured(state, &group);
        group_close(&group);
    }
    free(chain);
    return status;
}
