#include "unit.h"

#include <math.h>

#include "conc_bench/analysis/usl.h"
#include "conc_bench/base/random.h"

static const double workers[] = {1, 2, 4, 8, 16, 32, 64};

enum { POINTS = 7, ROUNDS = 10, UNITS = 320 };

static void assert_near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%.15g is not %.15g", value, expected);
}

static void fill(const struct usl_curve *curve, double *throughput)
{
    for (size_t i = 0; i < POINTS; i++)
        throughput[i] = usl_throughput(curve, workers[i]);
}

static void test_points_on_a_curve_give_the_curve(void **state)
{
    (void)state;
    static const struct usl_curve curves[] = {
        {.lambda = 50, .sigma = .02, .kappa = .0005}, {.lambda = 1e-3, .sigma = .3, .kappa = .1},
        {.lambda = 7, .sigma = .1, .kappa = 0},       {.lambda = 7, .sigma = 0, .kappa = .001},
        {.lambda = 1e6, .sigma = 0, .kappa = 0},      {.lambda = 3, .sigma = 1.5, .kappa = .01},
    };
    for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
        double throughput[POINTS];
        struct usl_curve fitted;
        fill(&curves[i], throughput);
        assert_true(usl_fit(workers, throughput, POINTS, &fitted));
        assert_near(fitted.lambda / curves[i].lambda, 1, 1e-9);
        assert_near(fitted.sigma, curves[i].sigma, 1e-9);
        assert_near(fitted.kappa, curves[i].kappa, 1e-9);
        assert_near(fitted.error, 0, 1e-9);
    }
}

static void test_the_law(void **state)
{
    (void)state;
    const struct usl_curve curve = {.lambda = 10, .sigma = .02, .kappa = .0005};
    assert_near(usl_throughput(&curve, 1), 10, 1e-12);
    assert_near(usl_throughput(&curve, 21), 210 / (1 + .4 + .21), 1e-12);
    double peak = usl_peak_workers(&curve);
    assert_near(peak, sqrt(1960), 1e-12);
    assert_true(usl_throughput(&curve, peak) > usl_throughput(&curve, peak - .5));
    assert_true(usl_throughput(&curve, peak) > usl_throughput(&curve, peak + .5));
    assert_true(isinf(usl_peak_workers(&(struct usl_curve){.lambda = 1, .sigma = .5})));
    assert_near(usl_peak_workers(&(struct usl_curve){.lambda = 1, .sigma = 1, .kappa = 1e-9}), 1, 0);
    assert_near(usl_peak_workers(&(struct usl_curve){.lambda = 1, .sigma = 0, .kappa = 5}), 1, 0);
}

/* The sum that is minimised, computed independently. */
static double squared_error(const double *coefficients, const double *throughput)
{
    double sum = 0;
    for (size_t i = 0; i < POINTS; i++) {
        double n = workers[i];
        double predicted = coefficients[0] + coefficients[1] * (n - 1) + coefficients[2] * n * (n - 1);
        sum += pow(1 - predicted * throughput[i] / n, 2);
    }
    return sum;
}

/* The problem is convex: where no small step that keeps the signs makes it better, nothing does. */
static void test_no_step_improves_a_fit(void **state)
{
    (void)state;
    struct random random = random_stream(5, 0);
    size_t bounded[4] = {0};
    for (int repetition = 0; repetition < 300; repetition++) {
        double throughput[POINTS];
        struct usl_curve curve;
        for (size_t i = 0; i < POINTS; i++) /* from about linear to falling */
            throughput[i] = pow(workers[i], 1.3 - 0.01 * (repetition % 150)) * (0.6 + random_fraction(&random));
        assert_true(usl_fit(workers, throughput, POINTS, &curve));
        const double best[] = {1 / curve.lambda, curve.sigma / curve.lambda, curve.kappa / curve.lambda};
        double error = squared_error(best, throughput);
        assert_near(curve.error, sqrt(error / POINTS), 1e-9);
        bounded[(best[1] <= 0) + 2 * (best[2] <= 0)]++;
        for (int step = 0; step < 200; step++) {
            double other[3];
            for (size_t i = 0; i < 3; i++)
                other[i] = fmax(i == 0 ? 1e-12 : 0, best[i] + (random_fraction(&random) - 0.5) * 1e-3 * best[0]);
            assert_true(squared_error(other, throughput) >= error - 1e-12);
        }
    }
    for (size_t i = 0; i < 4; i++)
        assert_true(bounded[i] > 10); /* each set of constraints was met */
}

static void test_too_few_points_have_no_curve(void **state)
{
    (void)state;
    struct usl_curve curve;
    assert_false(usl_fit(workers, workers, 0, &curve));
    assert_false(usl_fit(workers, workers, 2, &curve));
    assert_false(usl_fit((const double[]){4, 4, 8, 8}, (const double[]){1, 2, 3, 4}, 4, &curve));
    assert_true(usl_fit(workers, workers, 3, &curve));
    assert_near(curve.sigma, 0, 0);
    assert_near(curve.kappa, 0, 0);
}

/* About normal, by the sum of twelve. */
static double noise(struct random *random, double deviation)
{
    double sum = -6;
    for (int i = 0; i < 12; i++)
        sum += random_fraction(random);
    return deviation * sum;
}

static void make_times(const struct usl_curve *curve, double deviation, uint64_t seed, double *log_times)
{
    struct random random = random_stream(seed, 1);
    for (size_t i = 0; i < POINTS; i++) {
        for (size_t round = 0; round < ROUNDS; round++)
            log_times[i * ROUNDS + round] = log(UNITS / usl_throughput(curve, workers[i])) + noise(&random, deviation);
    }
}

static struct usl analyse(const double *log_times, size_t count, uint64_t units)
{
    struct usl_sweep sweep = {
        .workers = workers, .count = count, .log_times = log_times, .rounds = ROUNDS, .units = units};
    struct usl run;
    assert_int_equal(usl_analyse(&sweep, &run, NULL), 0);
    return run;
}

static void test_a_noisy_sweep_recovers_the_curve(void **state)
{
    (void)state;
    const struct usl_curve truth = {.lambda = 40, .sigma = .02, .kappa = .0005};
    double log_times[POINTS * ROUNDS];
    make_times(&truth, 0.01, 6, log_times);
    struct usl run = analyse(log_times, POINTS, UNITS);
    assert_true(run.is_fitted);
    assert_near(run.curve.sigma, .02, .2 * .02);
    assert_near(run.curve.kappa, .0005, .2 * .0005);
    assert_near(run.curve.lambda, 40, .02 * 40);
    assert_near(run.peak, sqrt(1960), .1 * sqrt(1960));
}

static void test_a_peak_must_be_seen(void **state)
{
    (void)state;
    double log_times[POINTS * ROUNDS];
    /* Amdahl: rises to the end. */
    make_times(&(struct usl_curve){.lambda = 40, .sigma = .05, .kappa = 0}, 0.01, 7, log_times);
    struct usl run = analyse(log_times, POINTS, UNITS);
    assert_true(run.is_fitted);
    assert_true(isnan(run.peak));
    /* The curve has a peak, at 89, but 64 workers were the fastest. */
    make_times(&(struct usl_curve){.lambda = 40, .sigma = 0, .kappa = .000125}, 0.01, 7, log_times);
    run = analyse(log_times, POINTS, UNITS);
    assert_true(usl_peak_workers(&run.curve) < 1.5 * 64);
    assert_true(isnan(run.peak));
    /* It falls from the first on. */
    make_times(&(struct usl_curve){.lambda = 40, .sigma = 1.2, .kappa = .1}, 0.01, 7, log_times);
    run = analyse(log_times, POINTS, UNITS);
    assert_near(run.peak, 1, 0);
}

static void test_sweeps_that_are_not_fitted(void **state)
{
    (void)state;
    double log_times[POINTS * ROUNDS];
    make_times(&(struct usl_curve){.lambda = 40, .sigma = 0, .kappa = 0}, 0.01, 8, log_times);
    assert_false(analyse(log_times, 4, UNITS).is_fitted);
    assert_true(analyse(log_times, 5, UNITS).is_fitted);
    assert_true(analyse(log_times, POINTS, 320).is_fitted);
    assert_false(analyse(log_times, POINTS, 319).is_fitted);
    for (size_t round = 0; round < ROUNDS; round++) /* without 64 the same list is long enough */
        log_times[6 * ROUNDS + round] = NAN;
    assert_true(analyse(log_times, POINTS, 319).is_fitted);
    assert_false(analyse(log_times, 0, UNITS).is_fitted);
}

static void test_missing_rounds_are_left_out(void **state)
{
    (void)state;
    const struct usl_curve truth = {.lambda = 40, .sigma = .02, .kappa = .0005};
    double log_times[POINTS * ROUNDS];
    make_times(&truth, 0.001, 9, log_times);
    for (size_t i = 0; i < POINTS; i++)
        log_times[i * ROUNDS + i] = NAN;
    struct usl run = analyse(log_times, POINTS, UNITS);
    assert_near(run.curve.kappa, .0005, .02 * .0005);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_points_on_a_curve_give_the_curve), cmocka_unit_test(test_the_law),
        cmocka_unit_test(test_no_step_improves_a_fit),           cmocka_unit_test(test_too_few_points_have_no_curve),
        cmocka_unit_test(test_a_noisy_sweep_recovers_the_curve), cmocka_unit_test(test_a_peak_must_be_seen),
        cmocka_unit_test(test_sweeps_that_are_not_fitted),       cmocka_unit_test(test_missing_rounds_are_left_out),
    };
    return cmocka_run_group_tests_name("usl", tests, NULL, NULL);
}
