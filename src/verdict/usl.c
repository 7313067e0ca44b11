#include "conc_bench/usl.h"

#include <math.h>
#include <string.h>

enum { TERMS = 3, SETS = 4 };

/* N / X = a + b (N - 1) + c N (N - 1). */
static double term(double workers, int number)
{
    return number == 0 ? 1 : number == 1 ? workers - 1 : workers * (workers - 1);
}

/* Gaussian elimination with pivots; false: singular. */
static bool solve(double matrix[TERMS][TERMS + 1], int size)
{
    for (int column = 0; column < size; column++) {
        int pivot = column;
        for (int row = column + 1; row < size; row++)
            pivot = fabs(matrix[row][column]) > fabs(matrix[pivot][column]) ? row : pivot;
        /* Against the size of the row: terms differ by orders of magnitude. */
        if (!(fabs(matrix[pivot][column]) > 1e-12))
            return false;
        for (int k = 0; k <= size; k++) {
            double swapped = matrix[column][k];
            matrix[column][k] = matrix[pivot][k];
            matrix[pivot][k] = swapped;
        }
        for (int row = 0; row < size; row++) {
            double factor = row != column ? matrix[row][column] / matrix[column][column] : 0;
            for (int k = column; k <= size; k++)
                matrix[row][k] -= factor * matrix[column][k];
        }
    }
    for (int row = 0; row < size; row++)
        matrix[row][size] /= matrix[row][row];
    return true;
}

/* The weighted least squares with only some of the terms. */
static bool fit_terms(const struct usl_point *points, size_t count, const int *terms, int size, double *parameters)
{
    double matrix[TERMS][TERMS + 1];
    double scale[TERMS] = {0};
    memset(matrix, 0, sizeof(matrix));
    for (int i = 0; i < size; i++) {
        for (size_t k = 0; k < count; k++)
            scale[i] = fmax(scale[i], term(points[k].workers, terms[i]) * points[k].throughput / points[k].workers);
        if (scale[i] == 0)
            return false;
    }
    for (size_t k = 0; k < count; k++) {
        double weight = points[k].throughput / points[k].workers;
        for (int i = 0; i < size; i++) {
            double own = weight * term(points[k].workers, terms[i]) / scale[i];
            for (int j = 0; j < size; j++)
                matrix[i][j] += own * weight * term(points[k].workers, terms[j]) / scale[j];
            matrix[i][size] += own;
        }
    }
    if (!solve(matrix, size))
        return false;
    memset(parameters, 0, TERMS * sizeof(parameters[0]));
    for (int i = 0; i < size; i++)
        parameters[terms[i]] = matrix[i][size] / scale[i];
    return parameters[0] > 0 && parameters[1] >= 0 && parameters[2] >= 0;
}

static double squared_error(const struct usl_point *points, size_t count, const double *parameters)
{
    double sum = 0;
    for (size_t k = 0; k < count; k++) {
        double fitted = 0;
        for (int i = 0; i < TERMS; i++)
            fitted += parameters[i] * term(points[k].workers, i);
        double relative = 1 - fitted * points[k].throughput / points[k].workers;
        sum += relative * relative;
    }
    return sum;
}

bool usl_fit(const struct usl_point *points, size_t count, struct usl *usl)
{
    static const int sets[SETS][TERMS] = {{0}, {0, 1}, {0, 2}, {0, 1, 2}};
    static const int sizes[SETS] = {1, 2, 2, 3};
    double best[TERMS] = {0};
    double least = INFINITY;
    for (int set = 0; set < SETS; set++) {
        double parameters[TERMS];
        if ((size_t)sizes[set] > count || !fit_terms(points, count, sets[set], sizes[set], parameters))
            continue;
        double error = squared_error(points, count, parameters);
        if (error >= least)
            continue;
        least = error;
        memcpy(best, parameters, sizeof(best));
    }
    if (!isfinite(least))
        return false;
    *usl = (struct usl){
        .lambda = 1 / best[0],
        .sigma = best[1] / best[0],
        .kappa = best[2] / best[0],
        .error = sqrt(least / (double)count),
    };
    return true;
}

double usl_throughput(const struct usl *usl, double workers)
{
    return usl->lambda * workers / (1 + usl->sigma * (workers - 1) + usl->kappa * workers * (workers - 1));
}

double usl_peak(const struct usl *usl)
{
    if (usl->kappa == 0)
        return usl->sigma < 1 ? INFINITY : 1;
    return usl->sigma < 1 ? fmax(1, sqrt((1 - usl->sigma) / usl->kappa)) : 1;
}

bool usl_is_allowed(const struct usl_point *points, size_t count, double downloads)
{
    size_t different = 0;
    double most = 0;
    for (size_t i = 0; i < count; i++) {
        different += i == 0 || points[i].workers != points[i - 1].workers;
        most = fmax(most, points[i].workers);
    }
    return different >= 5 && 5 * most <= downloads;
}
