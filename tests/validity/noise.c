#include "simulate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct random next_scenario(struct simulation *simulation)
{
    return random_stream(SEED, simulation->scenarios++);
}

/* --- The table ------------------------------------------------------------------------------------------------------
 */

void report(struct simulation *simulation, const char *assertion, const char *noise, size_t rounds, double observed,
            double least, double most)
{
    char limit[64] = "none";
    bool is_missed = !(isnan(least) || observed >= least) || !(isnan(most) || observed <= most);
    if (!isnan(least) && !isnan(most))
        snprintf(limit, sizeof(limit), "%.1f to %.1f %%", 100 * least, 100 * most);
    else if (!isnan(least))
        snprintf(limit, sizeof(limit), "at least %.1f %%", 100 * least);
    else if (!isnan(most))
        snprintf(limit, sizeof(limit), "at most %.1f %%", 100 * most);
    bool is_limited = !isnan(least) || !isnan(most);
    simulation->checked += is_limited;
    simulation->missed += is_missed;
    printf("| %s | %s | %zu | %.2f %% | %s | %s |\n", assertion, noise, rounds, 100 * observed, limit,
           is_missed    ? "**missed**"
           : is_limited ? "met"
                        : "");
}

double limit_of(double probability, size_t series, double rows)
{
    double n = (double)series;
    double events = -1;
    double below = 0;
    while (below < 1 - 0.025 / rows) {
        events++;
        /* By logarithms: that of no event at all may be too small for a double. */
        below += exp(lgamma(n + 1) - lgamma(events + 1) - lgamma(n - events + 1) + events * log(probability) +
                     (n - events) * log1p(-probability));
    }
    return events / n;
}

void need(int status)
{
    if (status != 0) {
        fprintf(stderr, "simulate: no memory\n");
        exit(2);
    }
}

/* --- Series with a known truth ---------------------------------------------------------------------------------------
 */

const struct noise quiet = {.name = "quiet", .normal = 0.03};
const struct noise spiky = {.name = "spiky", .normal = 0.03, .spike_share = 0.08, .spike_size = 0.3, .wander = 0.06};
const struct noise unshared = {.name = "unshared", .normal = 0.03, .wander = 0.06, .is_unshared = true};

double normal(struct random *random)
{
    /* Box and Muller; the other one of the pair is not used. */
    double radius = sqrt(-2 * log(1 - random_fraction(random)));
    return radius * cos(2 * M_PI * random_fraction(random));
}

static double exponential(struct random *random)
{
    return -log(1 - random_fraction(random));
}

/* Sums of what no trial shares with another. */
static double own_disturbance(struct random *random, const struct noise *noise, size_t cell)
{
    double off = noise->normal * normal(random);
    if (noise->spike_share > 0 && random_fraction(random) < noise->spike_share)
        off += log1p(noise->spike_size * exponential(random));
    if (noise->step_share > 0 && random_fraction(random) < noise->step_share)
        off += noise->step;
    if (noise->uniform > 0)
        off += noise->uniform * sqrt(12) * (random_fraction(random) - 0.5);
    if (noise->laplace > 0)
        off += noise->laplace * M_SQRT1_2 * (exponential(random) - exponential(random));
    if (noise->skew > 0)
        off += noise->skew * exponential(random);
    if (noise->heavy > 0)
        off += noise->heavy * normal(random) / sqrt(exponential(random));
    if (noise->noisy_cell > 0 && cell == 0)
        off += noise->noisy_cell * normal(random);
    return off;
}

/* Draws the noise that stays with a cell, in the beginning and one round later. */
static void begin_series(struct random *random, const struct noise *noise, size_t cells, double *offsets,
                         double *own_wander)
{
    for (size_t cell = 0; cell < cells; cell++) {
        offsets[cell] = noise->offset > 0 ? noise->offset * normal(random) : 0;
        own_wander[cell] = noise->own_wander > 0 ? noise->own_wander * normal(random) : 0;
    }
}

static double go_on(struct random *random, double wander, double deviation)
{
    return deviation > 0 ? 0.95 * wander + deviation * sqrt(1 - 0.95 * 0.95) * normal(random) : 0;
}

void make_series(struct random *random, const struct noise *noise, const double *centers, size_t cells, size_t rounds,
                 double *log_times)
{
    uint32_t order[MOST_CELLS];
    double offsets[MOST_CELLS];
    double own_wander[MOST_CELLS];
    double wander = noise->wander > 0 ? noise->wander * normal(random) : 0;
    begin_series(random, noise, cells, offsets, own_wander);
    for (size_t round = 0; round < rounds; round++) {
        for (size_t i = 0; i < cells; i++)
            order[i] = (uint32_t)i;
        random_shuffle(random, order, cells);
        for (size_t i = 0; i < cells; i++) {
            size_t cell = order[i];
            double off = own_disturbance(random, noise, cell) + (i == 0 ? noise->first_in_round : 0);
            wander = go_on(random, wander, noise->wander);
            own_wander[cell] = go_on(random, own_wander[cell], noise->own_wander);
            off += offsets[cell] + own_wander[cell] + (noise->is_unshared && cell == 0 ? 0 : wander);
            log_times[cell * rounds + round] = centers[cell] + off + noise->drift * (double)round / (double)rounds;
        }
    }
}
