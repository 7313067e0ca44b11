/*
 * The whole of a run: rounds, settling after the third and the fourth, cells that leave, and the ranking in the end.
 * How often equal cells are told apart by any of it, how often by settling alone, and how often a difference is found.
 */
#include <math.h>
#include <stdio.h>

#include "conc_bench/analysis/ranking.h"
#include "conc_bench/analysis/settle.h"
#include "simulate.h"

enum { MODES = 5, PLANNED = 10, FEWEST = 5 };

static const struct noise noises[] = {
    {.name = "normal 1 %", .normal = 0.01},
    {.name = "normal 3 %", .normal = 0.03},
    {.name = "normal 10 %", .normal = 0.1},
    {.name = "normal 30 %", .normal = 0.3},
    {.name = "uniform 10 %", .uniform = 0.1},
    {.name = "long tails 10 %", .laplace = 0.1},
    {.name = "endless tails 3 %", .heavy = 0.03},
    {.name = "skewed 20 %", .skew = 0.2},
    {.name = "spiky", .normal = 0.03, .spike_share = 0.08, .spike_size = 0.3, .wander = 0.06},
    {.name = "half of the trials 20 % longer", .normal = 0.01, .step_share = 0.5, .step = 0.182},
    {.name = "a tenth of the trials 50 % longer", .normal = 0.01, .step_share = 0.1, .step = 0.405},
    {.name = "half of the trials twice as long", .normal = 0.03, .step_share = 0.5, .step = 0.693},
    {.name = "autocorrelated 6 %", .normal = 0.03, .wander = 0.06},
    {.name = "autocorrelated 30 %", .normal = 0.03, .wander = 0.3},
    {.name = "drifting by 50 %", .normal = 0.03, .drift = 0.405},
    {.name = "first of a round 10 % longer", .normal = 0.03, .first_in_round = 0.095},
    {.name = "one mode varies by 20 %", .normal = 0.03, .noisy_cell = 0.2},
};
enum { NOISES = sizeof(noises) / sizeof(noises[0]) };

/* The bound of settle.h does not hold where two trials in four differ by the factor that settles. */
static bool is_beyond_the_bound(const struct noise *noise)
{
    return noise->step > 0.5;
}

/* Takes the times that are not measured: of cells that left after so many rounds. */
static void leave(double *log_times, size_t cells, size_t rounds, size_t done)
{
    double so_far[MOST_CELLS * MOST_ROUNDS];
    bool leaves[MOST_CELLS];
    struct settlement settlement;
    for (size_t cell = 0; cell < cells; cell++) {
        for (size_t round = 0; round < done; round++)
            so_far[cell * done + round] = log_times[cell * rounds + round];
    }
    need(settlement_make(so_far, cells, done, &settlement, NULL));
    settlement_leaving(&settlement, NULL, leaves);
    for (size_t cell = 0; cell < cells; cell++) {
        for (size_t round = done; leaves[cell] && round < rounds; round++)
            log_times[cell * rounds + round] = NAN;
    }
    settlement_release(&settlement);
}

static struct ranking simulate_run(struct random *random, const struct noise *noise, const double *centers,
                                   size_t cells, size_t rounds)
{
    double log_times[MOST_CELLS * MOST_ROUNDS];
    struct ranking ranking;
    make_series(random, noise, centers, cells, rounds, log_times);
    for (size_t done = SETTLE_ROUNDS_MIN; done <= SETTLE_ROUNDS_MAX && done < rounds; done++)
        leave(log_times, cells, rounds, done);
    need(ranking_compute(log_times, cells, rounds, 0.05, 0.05, &ranking, NULL));
    return ranking;
}

static void check_alarms(struct simulation *simulation, const struct noise *noise, size_t cells, size_t rounds,
                         double allowed)
{
    static const double centers[MOST_CELLS] = {0};
    struct random random = next_scenario(simulation);
    size_t alarms = 0;
    size_t settled = 0;
    for (size_t series = 0; series < simulation->series; series++) {
        struct ranking ranking = simulate_run(&random, noise, centers, cells, rounds);
        bool is_alarm = false;
        for (size_t cell = 0; cell < cells; cell++)
            is_alarm = is_alarm || ranking.cells[cell].low > 1 || ranking.cells[cell].high < cells;
        alarms += is_alarm;
        settled += ranking.settlement.is_any;
        ranking_release(&ranking);
    }
    char assertion[64];
    double count = (double)simulation->series;
    snprintf(assertion, sizeof(assertion), "%zu equal modes, any told apart", cells);
    report(simulation, assertion, noise->name, rounds, (double)alarms / count, NAN,
           isnan(allowed) ? NAN : limit_of(allowed, simulation->series, NOISES));
    if (rounds < PLANNED || isnan(allowed))
        return;
    snprintf(assertion, sizeof(assertion), "%zu equal modes, any settled", cells);
    report(simulation, assertion, noise->name, rounds, (double)settled / count, NAN,
           is_beyond_the_bound(noise) ? NAN : limit_of(SETTLE_ERROR_RATE, simulation->series, NOISES));
}

/* Checks the power with three modes that are as fast, one that takes longer, and one at a time, which takes eight times
 * as long: how often one of the three is told to be faster than the fourth, and how often the fifth is last. */
static void check_power(struct simulation *simulation, const struct noise *noise, double slower, size_t rounds)
{
    const double centers[MODES] = {0, 0, 0, log1p(slower), log(8)};
    struct random random = next_scenario(simulation);
    size_t found = 0;
    size_t last = 0;
    for (size_t series = 0; series < simulation->series / 10; series++) {
        struct ranking ranking = simulate_run(&random, noise, centers, MODES, rounds);
        for (size_t cell = 0; cell < 3; cell++)
            found += ranking_beats(&ranking, cell, 3);
        last += ranking.cells[4].low == MODES;
        ranking_release(&ranking);
    }
    char assertion[64];
    double count = (double)(simulation->series / 10);
    snprintf(assertion, sizeof(assertion), "five modes, one %.0f %% slower, told from an equal one", 100 * slower);
    if (slower > 0)
        report(simulation, assertion, noise->name, rounds, (double)found / count / 3, NAN, NAN);
    else
        report(simulation, "one of eight times the time is last", noise->name, rounds, (double)last / count,
               rounds == PLANNED ? 0.98 : NAN, NAN);
}

/* Shows weaknesses that no statistic of one run repairs; without limits. */
static void show_weaknesses(struct simulation *simulation)
{
    static const struct noise weaknesses[] = {
        {.name = "each mode wanders by 6 % by itself", .normal = 0.03, .own_wander = 0.06},
        {.name = "modes differ by a fixed 1 %, noise of 1 %", .normal = 0.01, .offset = 0.01},
        {.name = "modes differ by a fixed 1 %, noise of 3 %", .normal = 0.03, .offset = 0.01},
    };
    for (size_t i = 0; i < sizeof(weaknesses) / sizeof(weaknesses[0]); i++) {
        for (size_t rounds = PLANNED; rounds <= MOST_ROUNDS; rounds += PLANNED) {
            check_alarms(simulation, &weaknesses[i], 2, rounds, NAN);
            check_alarms(simulation, &weaknesses[i], MODES, rounds, NAN);
        }
    }
}

void check_procedure(struct simulation *simulation)
{
    for (size_t i = 0; i < NOISES; i++) {
        check_alarms(simulation, &noises[i], MODES, PLANNED, 0.05);
        check_alarms(simulation, &noises[i], 3, PLANNED, 0.05);
        check_alarms(simulation, &noises[i], 2, PLANNED, 0.05);
        /* Where times come in two kinds, five rounds of equal ones fall alike in 2 of 32 cases: 6.3 %. */
        check_alarms(simulation, &noises[i], MODES, FEWEST, 0.05);
        check_alarms(simulation, &noises[i], 2, FEWEST, 0.065);
    }
    for (size_t i = 0; i < NOISES; i++) {
        check_power(simulation, &noises[i], 0.03, PLANNED);
        check_power(simulation, &noises[i], 0.05, PLANNED);
        check_power(simulation, &noises[i], 0.1, PLANNED);
        check_power(simulation, &noises[i], 0, SETTLE_ROUNDS_MIN);
        check_power(simulation, &noises[i], 0, PLANNED);
    }
    show_weaknesses(simulation);
}
