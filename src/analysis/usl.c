#include "conc_bench/analysis/usl.h"

#include <math.h>
#include <stdlib.h>

#include "conc_bench/analysis/signed_rank.h"
#include "conc_bench/analysis/stats.h"

enum { TERMS = 3, LEAST_POINTS = 5, LEAST_UNITS_PER_WORKER = 5 };

/* The least-squares problem: products of terms with each other and with 1, each term relative to the point's N / X
 * and scaled to length 1, so that the products are comparable. */
struct normal_equations {
    double products[TERMS][TERMS];
    double right[TERMS];
    double length[TERMS];
};

double usl_throughput(const struct usl_curve *curve, double workers)
{
    return curve->lambda * workers / (1 + curve->sigma * (workers - 1) + curve->kappa * workers * (workers - 1));
}

double usl_peak_workers(const struct usl_curve *curve)
{
    if (curve->sigma >= 1)
        return 1;
    return curve->kappa > 0 ? fmax(1, sqrt((1 - curve->sigma) / curve->kappa)) : INFINITY;
}

/* The term's part in N / X, relative to the N / X measured. */
static double term_at(size_t term, double workers, double throughput)
{
    const double terms[TERMS] = {1, workers - 1, workers * (workers - 1)};
    return terms[term] * throughput / workers;
}

static void set_up(const double *workers, const double *throughput, size_t count, struct normal_equations *equations)
{
    *equations = (struct normal_equations){0};
    for (size_t i = 0; i < count; i++) {
        for (size_t row = 0; row < TERMS; row++) {
            double term = term_at(row, workers[i], throughput[i]);
            equations->right[row] += term;
            for (size_t column = 0; column < TERMS; column++)
                equations->products[row][column] += term * term_at(column, workers[i], throughput[i]);
        }
    }
    for (size_t row = 0; row < TERMS; row++)
        equations->length[row] = sqrt(equations->products[row][row]);
    for (size_t row = 0; row < TERMS; row++) {
        equations->right[row] /= equations->length[row];
        for (size_t column = 0; column < TERMS; column++)
            equations->products[row][column] /= equations->length[row] * equations->length[column];
    }
}

/* Solves for the terms whose bit is set in `set`, the others being 0, by Cholesky's method: the products are symmetric.
 * Returns false if a coefficient is undetermined. */
static bool solve(const struct normal_equations *equations, unsigned set, double *coefficients)
{
    size_t terms[TERMS];
    size_t count = 0;
    for (size_t term = 0; term < TERMS; term++) {
        coefficients[term] = 0;
        if (set >> term & 1)
            terms[count++] = term;
    }
    double factor[TERMS][TERMS];
    double forward[TERMS];
    for (size_t row = 0; row < count; row++) {
        for (size_t column = 0; column <= row; column++) {
            double rest = equations->products[terms[row]][terms[column]];
            for (size_t i = 0; i < column; i++)
                rest -= factor[row][i] * factor[column][i];
            if (column == row && !(rest > 1e-12)) /* of 1 */
                return false;
            factor[row][column] = column == row ? sqrt(rest) : rest / factor[column][column];
        }
        double rest = equations->right[terms[row]];
        for (size_t i = 0; i < row; i++)
            rest -= factor[row][i] * forward[i];
        forward[row] = rest / factor[row][row];
    }
    for (size_t row = count; row-- > 0;) {
        double rest = forward[row];
        for (size_t i = row + 1; i < count; i++)
            rest -= factor[i][row] * coefficients[terms[i]];
        coefficients[terms[row]] = rest / factor[row][row];
    }
    return true;
}

/* Back to the law's own parameters; false for a curve that is none. */
static bool make_curve(const struct normal_equations *equations, const double *coefficients, struct usl_curve *curve)
{
    double values[TERMS];
    for (size_t term = 0; term < TERMS; term++)
        values[term] = coefficients[term] / equations->length[term];
    if (!(values[0] > 0) || !(values[1] >= 0) || !(values[2] >= 0))
        return false;
    *curve =
        (struct usl_curve){.lambda = 1 / values[0], .sigma = values[1] / values[0], .kappa = values[2] / values[0]};
    return true;
}

static double curve_error(const struct usl_curve *curve, const double *workers, const double *throughput, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        double error = 1 - throughput[i] / usl_throughput(curve, workers[i]);
        sum += error * error;
    }
    return sqrt(sum / (double)count);
}

static size_t count_different(const double *values, size_t count)
{
    size_t different = 0;
    for (size_t i = 0; i < count; i++) {
        size_t j = 0;
        while (values[j] != values[i])
            j++;
        different += j == i;
    }
    return different;
}

bool usl_fit(const double *workers, const double *throughput, size_t count, struct usl_curve *curve)
{
    /* The least squares under signs have some coefficients at 0 and are the free least squares in the others. */
    static const unsigned sets[] = {1, 1 | 2, 1 | 4, 1 | 2 | 4};
    struct normal_equations equations;
    bool is_found = false;
    if (count_different(workers, count) < TERMS)
        return false;
    set_up(workers, throughput, count, &equations);
    for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
        double coefficients[TERMS];
        struct usl_curve candidate;
        if (!solve(&equations, sets[i], coefficients) || !make_curve(&equations, coefficients, &candidate))
            continue;
        candidate.error = curve_error(&candidate, workers, throughput, count);
        if (!is_found || candidate.error < curve->error)
            *curve = candidate;
        is_found = true;
    }
    return is_found;
}

/* One analysis, of the points that have times. */
struct fit {
    const struct usl_sweep *sweep;
    double *workers;    /* of the points with a time */
    double *throughput; /* their medians */
    double *medians;    /* of log times, for every number of workers; NAN for none */
    double *values;     /* one for each round */
};

static double median_of_rounds(const struct fit *fit, size_t index)
{
    const struct usl_sweep *sweep = fit->sweep;
    size_t count = 0;
    for (size_t i = 0; i < sweep->rounds; i++) {
        double log_time = sweep->log_times[index * sweep->rounds + i];
        if (isfinite(log_time))
            fit->values[count++] = log_time;
    }
    stats_sort(fit->values, count);
    return stats_median(fit->values, count);
}

static size_t find_points(struct fit *fit)
{
    const struct usl_sweep *sweep = fit->sweep;
    size_t count = 0;
    for (size_t i = 0; i < sweep->count; i++) {
        fit->medians[i] = median_of_rounds(fit, i);
        if (isnan(fit->medians[i]))
            continue;
        fit->workers[count] = sweep->workers[i];
        fit->throughput[count++] = (double)sweep->units / exp(fit->medians[i]);
    }
    return count;
}

/* The index of the least median, or of the most workers, among numbers of workers with a time; `count` for none. */
static size_t find_best(const struct fit *fit, bool by_workers)
{
    const struct usl_sweep *sweep = fit->sweep;
    size_t best = sweep->count;
    for (size_t i = 0; i < sweep->count; i++) {
        if (isnan(fit->medians[i]))
            continue;
        if (best == sweep->count ||
            (by_workers ? sweep->workers[i] > sweep->workers[best] : fit->medians[i] < fit->medians[best]))
            best = i;
    }
    return best;
}

/* Tests log(time with one / time with the other) over the rounds. */
static int compare_points(const struct fit *fit, size_t one, size_t other, struct signed_rank *comparison,
                          struct error *error)
{
    const struct usl_sweep *sweep = fit->sweep;
    for (size_t round = 0; round < sweep->rounds; round++)
        fit->values[round] =
            sweep->log_times[one * sweep->rounds + round] - sweep->log_times[other * sweep->rounds + round];
    return signed_rank_compute(fit->values, sweep->rounds, 0.95, 0.05, comparison, error);
}

static int judge_peak(const struct fit *fit, struct usl *result, struct error *error)
{
    size_t most = find_best(fit, true);
    struct signed_rank fall;
    double peak = usl_peak_workers(&result->curve);
    if (compare_points(fit, most, find_best(fit, false), &fall, error) != 0)
        return -1;
    if (peak >= 1 && peak <= 1.5 * fit->sweep->workers[most] && fall.lower_bound > 0)
        result->peak = peak;
    return 0;
}

static int analyse(struct fit *fit, struct usl *result, struct error *error)
{
    size_t points = find_points(fit);
    if (count_different(fit->workers, points) < LEAST_POINTS)
        return 0;
    double most = fit->sweep->workers[find_best(fit, true)];
    if (most * (double)LEAST_UNITS_PER_WORKER > (double)fit->sweep->units)
        return 0;
    /* Five different points have a fit. */
    result->is_fitted = usl_fit(fit->workers, fit->throughput, points, &result->curve);
    return judge_peak(fit, result, error);
}

int usl_analyse(const struct usl_sweep *sweep, struct usl *result, struct error *error)
{
    *result = (struct usl){.peak = NAN};
    double *numbers = calloc(3 * sweep->count + sweep->rounds + 1, sizeof(*numbers));
    if (numbers == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory to fit a curve to %zu numbers of workers", sweep->count);
    struct fit fit = {
        .sweep = sweep,
        .workers = numbers,
        .throughput = numbers + sweep->count,
        .medians = numbers + 2 * sweep->count,
        .values = numbers + 3 * sweep->count,
    };
    int status = analyse(&fit, result, error);
    free(numbers);
    return status;
}
