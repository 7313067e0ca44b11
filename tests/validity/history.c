/*
 * Results held to a history of earlier ones: how often a run that is no slower fails, and how often one that is 10 %
 * slower does, where 5 % are allowed. Series differ from each other by what no round shows.
 */
#include <math.h>
#include <stdio.h>

#include "conc_bench/analysis/regression.h"
#include "conc_bench/analysis/signed_rank.h"
#include "simulate.h"

enum { ROUNDS = 10 };

/* The estimate of a ratio by a document with so many rounds. */
static double estimate(struct random *random, const struct noise *noise, double center)
{
    const double centers[2] = {0, center};
    double log_times[2 * ROUNDS];
    double differences[ROUNDS];
    struct signed_rank series;
    make_series(random, noise, centers, 2, ROUNDS, log_times);
    for (size_t round = 0; round < ROUNDS; round++)
        differences[round] = log_times[ROUNDS + round] - log_times[round];
    need(signed_rank_compute(differences, ROUNDS, 0.95, 0.05, &series, NULL));
    return series.estimate;
}

static void check_history_of(struct simulation *simulation, const struct noise *noise, size_t stored_count,
                             double slowdown, double differing, double least, double most)
{
    struct random random = next_scenario(simulation);
    size_t failures = 0;
    for (size_t series = 0; series < simulation->series; series++) {
        double stored[20];
        for (size_t i = 0; i < stored_count; i++)
            stored[i] = estimate(&random, noise, differing * normal(&random));
        double now = estimate(&random, noise, log1p(slowdown) + differing * normal(&random));
        struct regression regression = regression_predict(stored, stored_count, now);
        failures += regression_fails(&regression, 0.05);
    }
    char assertion[96];
    snprintf(assertion, sizeof(assertion), "%.0f %% slower than %zu series that differ by %.0f %%: fails at 5 %%",
             100 * slowdown, stored_count, 100 * differing);
    report(simulation, assertion, noise->name, ROUNDS, (double)failures / (double)simulation->series, least, most);
}

void check_history(struct simulation *simulation)
{
    static const struct noise *const noises[] = {&quiet, &spiky};
    static const size_t counts[] = {5, 10, 20};
    for (size_t i = 0; i < 2; i++) {
        for (size_t j = 0; j < 3; j++) {
            for (int per_cent = 0; per_cent <= 3; per_cent++) {
                double differing = per_cent / 100.0;
                bool is_held = noises[i] == &quiet && counts[j] >= 10;
                check_history_of(simulation, noises[i], counts[j], 0, differing, NAN,
                                 limit_of(0.05, simulation->series, 24));
                check_history_of(simulation, noises[i], counts[j], 0.1, differing, is_held ? 0.75 : NAN, NAN);
            }
        }
    }
}
