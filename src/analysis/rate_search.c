#include "conc_bench/analysis/rate_search.h"

#include <math.h>
#include <string.h>

enum { STEPS_OF_TEN = 96, FIRST_STRIDE = 4, LONGEST_STRIDE = 96, LOWEST_STEP = -STEPS_OF_TEN };

/* The rate to begin at, as a share of what workers do when nothing falls due: above that, none keep up. */
static const double begin_at = 0.95;

double rate_of_step(int step)
{
    int decade = step >= 0 ? step / STEPS_OF_TEN : -((STEPS_OF_TEN - 1 - step) / STEPS_OF_TEN);
    double digits = round(100 * pow(10, (double)(step - decade * STEPS_OF_TEN) / (double)STEPS_OF_TEN));
    return decade >= 2 ? digits * pow(10, decade - 2) : digits / pow(10, 2 - decade);
}

int rate_step(double rate)
{
    int step = (int)floor((double)STEPS_OF_TEN * log10(rate)) + 1;
    while (rate_of_step(step) > rate * (1 + 1e-12))
        step--;
    return step;
}

static struct rate_try *find_try(struct rate_try *tries, size_t count, int step)
{
    for (size_t i = 0; i < count; i++) {
        if (tries[i].step == step)
            return &tries[i];
    }
    return NULL;
}

static struct rate_try *make_try(struct rate_try *tries, size_t *count, int step)
{
    struct rate_try *known = find_try(tries, *count, step);
    if (known != NULL || *count == RATE_TRIES_MAX)
        return known;
    size_t place = *count;
    while (place > 0 && tries[place - 1].step > step)
        place--;
    memmove(&tries[place + 1], &tries[place], (*count - place) * sizeof(tries[0]));
    ++*count;
    tries[place] = (struct rate_try){.step = step};
    return &tries[place];
}

void rate_search_note(struct rate_search *search, int step, const struct rate_outcome *outcome, bool is_confirming)
{
    struct rate_try *noted = is_confirming ? make_try(search->confirmed, &search->confirmed_count, step)
                                           : make_try(search->looked, &search->looked_count, step);
    if (noted == NULL)
        return;
    noted->held += outcome->is_held;
    noted->missed += !outcome->is_held;
    noted->is_clear |= outcome->is_clear;
    noted->reached = fmax(noted->reached, outcome->reached);
}

/* Chance lets a trial miss what usually holds more often than the other way round: once is not enough, unless it is
 * clear. */
static bool is_undecided(const struct rate_try *one)
{
    return one->held == 0 && one->missed == 1 && !one->is_clear;
}

static bool is_held(const struct rate_try *one)
{
    return one->held > 0 && one->held >= one->missed;
}

/* The highest step that holds, and the lowest above that which does not; NULL: there is none. */
static void find_bracket(const struct rate_try *tries, size_t count, const struct rate_try **low,
                         const struct rate_try **high)
{
    *low = *high = NULL;
    for (size_t i = 0; i < count; i++) {
        if (is_held(&tries[i])) {
            *low = &tries[i];
            *high = NULL;
        } else if (*high == NULL) {
            *high = &tries[i];
        }
    }
}

static int stride(const struct rate_try *tries, size_t count, bool is_up)
{
    int length = FIRST_STRIDE;
    for (size_t i = 0; i < count && length < LONGEST_STRIDE; i++)
        length *= is_held(&tries[i]) == is_up ? 2 : 1;
    return length / 2 > FIRST_STRIDE ? length / 2 : FIRST_STRIDE;
}

static int clamp(int step, int least, int most)
{
    return step < least ? least : step > most ? most : step;
}

bool rate_search_next(const struct rate_search *search, int *step)
{
    const struct rate_try *low, *high;
    size_t count = search->looked_count;
    if (count == 0) {
        *step = clamp(rate_step(begin_at * search->guess), LOWEST_STEP, search->most);
        return true;
    }
    for (size_t i = 0; i < count; i++) {
        if (is_undecided(&search->looked[i])) {
            *step = search->looked[i].step;
            return true;
        }
    }
    find_bracket(search->looked, count, &low, &high);
    if (count == RATE_TRIES_MAX)
        return false;
    if (high == NULL) {
        *step = clamp(low->step + stride(search->looked, count, true), low->step, search->most);
        return *step > low->step;
    }
    int lowest = low != NULL ? low->step : LOWEST_STEP - 1;
    if (high->step - lowest <= 1)
        return false;
    /* A trial that falls behind shows the rate that the mode can reach. */
    int reached = high->reached > 0 ? rate_step(high->reached) : lowest;
    if (reached > lowest && reached < high->step)
        *step = reached;
    else if (low == NULL)
        *step = clamp(high->step - stride(search->looked, count, false), lowest + 1, high->step - 1);
    else
        *step = lowest + (high->step - lowest) / 2;
    return true;
}

bool rate_search_found(const struct rate_search *search, int *step)
{
    const struct rate_try *low, *high;
    find_bracket(search->confirmed, search->confirmed_count, &low, &high);
    if (low == NULL)
        find_bracket(search->looked, search->looked_count, &low, &high);
    if (low == NULL)
        return false;
    *step = low->step;
    return true;
}

bool rate_search_confirm(const struct rate_search *search, uint32_t rounds, int *step)
{
    const struct rate_try *low, *high;
    int first;
    if (search->confirmed_count == RATE_TRIES_MAX || !rate_search_found(search, &first))
        return false;
    find_bracket(search->confirmed, search->confirmed_count, &low, &high);
    if (low == NULL && high == NULL)
        *step = first;
    else if (low == NULL)
        *step = high->step - 1;
    else if (low->held + low->missed < rounds)
        *step = low->step;
    else if (high == NULL)
        *step = low->step + 1;
    else if (high->held + high->missed < rounds)
        *step = high->step;
    else
        return false;
    return *step >= LOWEST_STEP && *step <= search->most;
}
