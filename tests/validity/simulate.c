/*
 * Monte-Carlo checks of the statistics: series of rounds with a known truth go through the modules of src/analysis, and
 * how often these are wrong, or find what is there, is held against limits. No server, no clock, fixed seeds: the same
 * figures on every run. Prints a Markdown table of what was observed beside its limit; exit status 1 if one is missed.
 *
 *     simulate quick    2000 series for each row, seconds: part of the test suite
 *     simulate full    20000 series for each row, a minute or more: the `validity` target
 *
 * Three kinds of noise, in logarithms of times (procedure.c has more):
 *   quiet      every trial is off by a normal 3 %
 *   spiky      besides, 8 % of the trials take longer by an exponential share of 30 % on average, and what all trials
 *              share wanders by 6 % (autoregressive, 0.95 from trial to trial)
 *   unshared   quiet, but all cells save the first wander by 6 %: pairing does not help. Without limits, since no
 *              method that knows one series only holds them; the figures say how wrong the results are then
 */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/analysis/ranking.h"
#include "conc_bench/analysis/signed_rank.h"
#include "conc_bench/analysis/stats.h"
#include "conc_bench/analysis/usl.h"
#include "conc_bench/base/random.h"
#include "simulate.h"

static const struct noise *const limited_noises[] = {&quiet, &spiky};
enum { LIMITED_NOISES = sizeof(limited_noises) / sizeof(limited_noises[0]) };

/* --- Two cells -------------------------------------------------------------------------------------------------------
 */

/* Shares of series. */
struct pair_shares {
    double alarm;   /* p of at most 5 % */
    double guarded; /* the interval excludes 0 even when widened for neighbours that are alike */
    double found;   /* the interval says that the second is slower */
    double proved;  /* the one-sided bound says so */
    double covered; /* the interval holds the true ratio */
    double fail;    /* of a gate at 1.05 */
    double pass;
    double effect; /* not a share: median of the detectable effects */
};

static struct pair_shares simulate_pairs(struct simulation *simulation, const struct noise *noise, size_t rounds,
                                         double ratio)
{
    static double effects[MOST_SERIES];
    struct random random = next_scenario(simulation);
    struct pair_shares shares = {0};
    double centers[] = {0, log(ratio)};
    for (size_t series = 0; series < simulation->series; series++) {
        double log_times[2 * MOST_ROUNDS];
        double differences[MOST_ROUNDS];
        struct signed_rank run;
        make_series(&random, noise, centers, 2, rounds, log_times);
        for (size_t round = 0; round < rounds; round++)
            differences[round] = log_times[rounds + round] - log_times[round];
        need(signed_rank_compute(differences, rounds, 0.95, 0.05, &run, NULL));
        shares.alarm += run.p <= 0.05;
        shares.found += run.low > 0;
        shares.proved += run.lower_bound > 0;
        shares.covered += run.low <= centers[1] && centers[1] <= run.high;
        shares.fail += run.lower_bound > log(1.05);
        shares.pass += run.upper_bound <= log(1.05);
        effects[series] = run.detectable_effect;
        signed_rank_widen(&run, stats_serial_dependence(differences, rounds).widening);
        shares.guarded += run.low > 0 || run.high < 0;
    }
    double count = (double)simulation->series;
    stats_sort(effects, simulation->series);
    return (struct pair_shares){.alarm = shares.alarm / count,
                                .guarded = shares.guarded / count,
                                .found = shares.found / count,
                                .proved = shares.proved / count,
                                .covered = shares.covered / count,
                                .fail = shares.fail / count,
                                .pass = shares.pass / count,
                                .effect = stats_median(effects, simulation->series)};
}

/* 2.2 points about the confidence the interval has: 92.8 to 97.2 % for 95 %. */
static void report_coverage(struct simulation *simulation, const char *assertion, const char *noise, size_t rounds,
                            double observed, double confidence)
{
    report(simulation, assertion, noise, rounds, observed, confidence - 0.022, fmin(1, confidence + 0.022));
}

static void check_level_and_coverage(struct simulation *simulation)
{
    static const size_t rounds[] = {6, 7, 8, 10, 20};
    for (int noise = 0; noise < LIMITED_NOISES; noise++) {
        for (size_t i = 0; i < sizeof(rounds) / sizeof(rounds[0]); i++) {
            struct pair_shares equal = simulate_pairs(simulation, limited_noises[noise], rounds[i], 1);
            report(simulation, "equal modes said to differ", limited_noises[noise]->name, rounds[i], equal.alarm, NAN,
                   limit_of(0.05, simulation->series, 1));
        }
        for (size_t i = 0; i < sizeof(rounds) / sizeof(rounds[0]); i++) {
            struct pair_shares slower = simulate_pairs(simulation, limited_noises[noise], rounds[i], 1.1);
            double tail;
            signed_rank_critical(rounds[i], 0.025, &tail);
            report_coverage(simulation, "interval holds the ratio 1.10", limited_noises[noise]->name, rounds[i],
                            slower.covered, 1 - 2 * tail);
        }
    }
}

static void check_power(struct simulation *simulation)
{
    static const double ratios[] = {1.03, 1.05, 1.1};
    static const struct {
        const struct noise *noise;
        size_t rounds;
        double least[3];
    } cases[] = {{&quiet, 6, {NAN, NAN, NAN}}, {&quiet, 7, {NAN, NAN, NAN}}, {&quiet, 8, {NAN, NAN, NAN}},
                 {&quiet, 10, {.4, .8, .98}},  {&quiet, 20, {.75, .98, 1}},  {&spiky, 6, {NAN, NAN, NAN}},
                 {&spiky, 7, {NAN, NAN, NAN}}, {&spiky, 8, {NAN, NAN, NAN}}, {&spiky, 10, {NAN, NAN, NAN}},
                 {&spiky, 20, {NAN, NAN, NAN}}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t j = 0; j < 3; j++) {
            char assertion[64];
            struct pair_shares shares = simulate_pairs(simulation, cases[i].noise, cases[i].rounds, ratios[j]);
            snprintf(assertion, sizeof(assertion), "+%.0f %% found", 100 * (ratios[j] - 1));
            report(simulation, assertion, cases[i].noise->name, cases[i].rounds, shares.found, cases[i].least[j], NAN);
        }
    }
}

/* Checks that an effect printed as detectable is detected in four of five series. */
static void check_detectable_effect(struct simulation *simulation)
{
    for (int noise = 0; noise < LIMITED_NOISES; noise++) {
        for (size_t rounds = 10; rounds <= 20; rounds += 10) {
            struct pair_shares equal = simulate_pairs(simulation, limited_noises[noise], rounds, 1);
            struct pair_shares slower = simulate_pairs(simulation, limited_noises[noise], rounds, 1 + equal.effect);
            char assertion[64];
            snprintf(assertion, sizeof(assertion), "detectable effect, here +%.1f %%, proved", 100 * equal.effect);
            report(simulation, assertion, limited_noises[noise]->name, rounds, slower.proved, 0.75, NAN);
        }
    }
}

static void check_gate(struct simulation *simulation)
{
    static const double ratios[] = {1, 1.05, 1.1, 1.2};
    static const size_t rounds[] = {7, 10, 20};
    double nominal = limit_of(0.05, simulation->series, 12);
    for (int noise = 0; noise < LIMITED_NOISES; noise++) {
        for (size_t i = 0; i < 3; i++) {
            for (size_t j = 0; j < 4; j++) {
                char assertion[64];
                struct pair_shares shares = simulate_pairs(simulation, limited_noises[noise], rounds[i], ratios[j]);
                /* At the limit itself either verdict is wrong in 5 %; well away from it, in 1 %. */
                double most_fail = ratios[j] < 1.05 ? 0.01 : ratios[j] > 1.05 ? NAN : nominal;
                double most_pass = ratios[j] > 1.05 ? 0.01 : ratios[j] < 1.05 ? NAN : nominal;
                snprintf(assertion, sizeof(assertion), "gate at 1.05: FAIL at %.2f", ratios[j]);
                report(simulation, assertion, limited_noises[noise]->name, rounds[i], shares.fail, NAN, most_fail);
                snprintf(assertion, sizeof(assertion), "gate at 1.05: PASS at %.2f", ratios[j]);
                report(simulation, assertion, limited_noises[noise]->name, rounds[i], shares.pass, NAN, most_pass);
            }
        }
    }
}

static void show_unshared_wander(struct simulation *simulation)
{
    static const size_t rounds[] = {7, 10, 20};
    for (size_t i = 0; i < 3; i++) {
        struct pair_shares equal = simulate_pairs(simulation, &unshared, rounds[i], 1);
        report(simulation, "equal modes said to differ", unshared.name, rounds[i], equal.alarm, NAN, NAN);
        report(simulation, "the same, with the interval widened", unshared.name, rounds[i], equal.guarded, NAN, NAN);
    }
}

/* --- Five cells ------------------------------------------------------------------------------------------------------
 */

/* Up to 8 rounds ranks rest on t tests, from 9 on on signed ranks. */
static void check_ranking(struct simulation *simulation)
{
    static const size_t rounds[] = {6, 7, 8, 10, 20};
    static const double centers[5] = {0};
    for (int noise = 0; noise < LIMITED_NOISES; noise++) {
        for (size_t i = 0; i < sizeof(rounds) / sizeof(rounds[0]); i++) {
            struct random random = next_scenario(simulation);
            size_t assertions = 0;
            size_t equal = 0;
            for (size_t series = 0; series < simulation->series; series++) {
                double log_times[5 * MOST_ROUNDS];
                struct ranking ranking;
                bool is_claimed = false;
                make_series(&random, limited_noises[noise], centers, 5, rounds[i], log_times);
                need(ranking_compute(log_times, 5, rounds[i], 0.05, 0.05, &ranking, NULL));
                for (size_t cell = 0; cell < 5; cell++)
                    is_claimed = is_claimed || ranking.cells[cell].low > 1 || ranking.cells[cell].high < 5;
                assertions += is_claimed;
                equal += ranking_are_practically_equal(&ranking, 0, 1);
                ranking_release(&ranking);
            }
            report(simulation, "five equal modes said to differ in rank", limited_noises[noise]->name, rounds[i],
                   (double)assertions / (double)simulation->series, NAN, limit_of(0.05, simulation->series, 1));
            report(simulation, "equal modes shown to be practically equal", limited_noises[noise]->name, rounds[i],
                   (double)equal / (double)simulation->series, NAN, NAN);
        }
    }
}

/* Modes at the margin are not equal. */
static void check_equivalence(struct simulation *simulation)
{
    for (int noise = 0; noise < LIMITED_NOISES; noise++) {
        for (size_t rounds = 10; rounds <= 20; rounds += 10) {
            struct pair_shares shares = simulate_pairs(simulation, limited_noises[noise], rounds, 1.05);
            report(simulation, "ratio 1.05 said to be practically equal", limited_noises[noise]->name, rounds,
                   shares.pass, NAN, limit_of(0.05, simulation->series, 4));
        }
    }
}

/* --- One cell --------------------------------------------------------------------------------------------------------
 */

static void check_median_interval(struct simulation *simulation)
{
    static const size_t rounds[] = {6, 10, 20};
    static const double center = 0;
    for (size_t i = 0; i < sizeof(rounds) / sizeof(rounds[0]); i++) {
        struct random random = next_scenario(simulation);
        size_t covered = 0;
        double confidence = 0;
        for (size_t series = 0; series < simulation->series; series++) {
            double times[MOST_ROUNDS];
            double low;
            double high;
            make_series(&random, &quiet, &center, 1, rounds[i], times);
            stats_sort(times, rounds[i]);
            confidence = stats_median_interval(times, rounds[i], 0.95, &low, &high);
            covered += low <= 0 && 0 <= high;
        }
        report_coverage(simulation, "interval holds the median time", quiet.name, rounds[i],
                        (double)covered / (double)simulation->series, confidence);
    }
}

/* How often trend and likeness of neighbours are found in one cell's rounds, which `drift` lengthens from first to
 * last. */
static void check_guards_of(struct simulation *simulation, size_t rounds, double drift)
{
    static const double center = 0;
    struct random random = next_scenario(simulation);
    size_t trends = 0;
    size_t dependent = 0;
    for (size_t series = 0; series < simulation->series; series++) {
        double log_times[MOST_ROUNDS];
        make_series(&random, &quiet, &center, 1, rounds, log_times);
        for (size_t round = 0; round < rounds; round++)
            log_times[round] += drift * (double)round / (double)(rounds - 1);
        trends += stats_trend(log_times, rounds, NULL) < 0.01;
        dependent += stats_serial_dependence(log_times, rounds).is_dependent;
    }
    double count = (double)simulation->series;
    const char *noise = drift > 0 ? "quiet, drift of 10 %" : quiet.name;
    report(simulation, "trend reported (1 %)", noise, rounds, (double)trends / count, NAN,
           drift > 0 ? NAN : limit_of(0.01, simulation->series, 3));
    report(simulation, "neighbouring rounds said to be alike (5 %)", noise, rounds, (double)dependent / count, NAN,
           drift > 0 ? NAN : limit_of(0.05, simulation->series, 3));
}

static void check_guards(struct simulation *simulation)
{
    static const size_t rounds[] = {6, 10, 20};
    for (size_t i = 0; i < sizeof(rounds) / sizeof(rounds[0]); i++) {
        check_guards_of(simulation, rounds[i], 0);
        check_guards_of(simulation, rounds[i], 0.1);
    }
}

/* --- A sweep ---------------------------------------------------------------------------------------------------------
 */

static void check_sweep_of(struct simulation *simulation, const struct noise *noise, size_t rounds, size_t series_count)
{
    static const double workers[MOST_CELLS] = {1, 2, 4, 8, 16, 32, 64};
    static const struct usl_curve truth = {.lambda = 40, .sigma = 0.02, .kappa = 0.0005};
    static double sigmas[MOST_SERIES];
    static double kappas[MOST_SERIES];
    struct random random = next_scenario(simulation);
    double centers[MOST_CELLS];
    size_t near = 0;
    size_t near_sigma = 0;
    size_t near_kappa = 0;
    for (size_t i = 0; i < MOST_CELLS; i++)
        centers[i] = log(320 / usl_throughput(&truth, workers[i]));
    for (size_t series = 0; series < series_count; series++) {
        double log_times[MOST_CELLS * MOST_ROUNDS];
        struct usl run;
        make_series(&random, noise, centers, MOST_CELLS, rounds, log_times);
        struct usl_sweep sweep = {
            .workers = workers, .count = MOST_CELLS, .log_times = log_times, .rounds = rounds, .units = 320};
        need(usl_analyse(&sweep, &run, NULL));
        double peak = usl_peak_workers(&truth);
        near += fabs(usl_peak_workers(&run.curve) / peak - 1) <= 0.1;
        near_sigma += fabs(run.curve.sigma / truth.sigma - 1) <= 0.2;
        near_kappa += fabs(run.curve.kappa / truth.kappa - 1) <= 0.2;
        sigmas[series] = run.curve.sigma;
        kappas[series] = run.curve.kappa;
    }
    double count = (double)series_count;
    const char *name = noise->name;
    stats_sort(sigmas, series_count);
    stats_sort(kappas, series_count);
    /* Five rounds under spiky noise are not held to it: N* is off by more in one series of fifteen. */
    bool is_limited = noise == &quiet || rounds >= 10;
    report(simulation, "N* within 10 %", name, rounds, (double)near / count, is_limited ? 0.95 : NAN, NAN);
    report(simulation, "sigma within 20 %", name, rounds, (double)near_sigma / count, NAN, NAN);
    report(simulation, "kappa within 20 %", name, rounds, (double)near_kappa / count, NAN, NAN);
    report(simulation, "median sigma, of the true one", name, rounds, stats_median(sigmas, series_count) / truth.sigma,
           0.8, 1.2);
    report(simulation, "median kappa, of the true one", name, rounds, stats_median(kappas, series_count) / truth.kappa,
           0.8, 1.2);
}

static void check_sweep(struct simulation *simulation)
{
    static const size_t rounds[] = {5, 10, 20};
    /* A tenth of the series tells enough. */
    for (int noise = 0; noise < LIMITED_NOISES; noise++) {
        for (size_t i = 0; i < sizeof(rounds) / sizeof(rounds[0]); i++)
            check_sweep_of(simulation, limited_noises[noise], rounds[i], simulation->series / 10);
    }
}

int main(int argc, char **argv)
{
    bool is_full = argc == 2 && strcmp(argv[1], "full") == 0;
    if (!is_full && (argc != 2 || strcmp(argv[1], "quick") != 0)) {
        fprintf(stderr, "usage: simulate quick|full\n");
        return 2;
    }
    struct simulation simulation = {.series = is_full ? MOST_SERIES : 2000};
    printf("%zu series for each row (a tenth for those of sweeps), seed %d.\n\n", simulation.series, SEED);
    printf("| Claim | Noise | Rounds | Observed | Limit | |\n|---|---|---:|---:|---|---|\n");
    check_level_and_coverage(&simulation);
    check_power(&simulation);
    check_detectable_effect(&simulation);
    check_gate(&simulation);
    show_unshared_wander(&simulation);
    check_ranking(&simulation);
    check_equivalence(&simulation);
    check_median_interval(&simulation);
    check_guards(&simulation);
    check_sweep(&simulation);
    check_procedure(&simulation);
    check_history(&simulation);
    printf("\n%zu of %zu limits missed.\n", simulation.missed, simulation.checked);
    return simulation.missed > 0 ? 1 : 0;
}
