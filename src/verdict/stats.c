#include "conc_bench/stats.h"

#include <math.h>
#include <stdlib.h>

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

void stats_sort(double *values, size_t count)
{
    if (count > 1)
        qsort(values, count, sizeof(values[0]), compare);
}

double stats_median(const double *sorted, size_t count)
{
    if (count == 0)
        return NAN;
    double upper = sorted[count / 2];
    return count % 2 == 1 ? upper : (sorted[count / 2 - 1] + upper) / 2;
}

double stats_percentile(const double *sorted, size_t count, double percent)
{
    if (count == 0)
        return NAN;
    /* 95 % of 160 is 152 exactly; 0.95 * 160 in binary is not. */
    double rank = ceil(percent * (double)count / 100);
    if (rank < 1)
        return sorted[0];
    return rank >= (double)count ? sorted[count - 1] : sorted[(size_t)rank - 1];
}

double stats_mean(const double *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    return count > 0 ? sum / (double)count : NAN;
}

double stats_standard_deviation(const double *values, size_t count)
{
    if (count < 2)
        return NAN;
    double mean = stats_mean(values, count);
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (values[i] - mean) * (values[i] - mean);
    return sqrt(sum / (double)(count - 1));
}

double stats_median_interval(const double *sorted, size_t count, double confidence, double *low, double *high)
{
    /* The chance that fewer than `rank` of the values lie below the median, from the smallest rank on. */
    double chance = ldexp(1, -(int)(count < 1000 ? count : 1000));
    double tail = 0;
    size_t rank = 0;
    if (count > 1000) {
        /* The binomial distribution is as good as normal. */
        rank = (size_t)((double)count / 2 - sqrt((double)count) * (confidence >= 0.95 ? 0.98 : 0.83));
        tail = (1 - confidence) / 2;
    } else {
        while (2 * (tail + chance) <= (1 - confidence) * (1 + 1e-12) && 2 * rank < count) {
            tail += chance;
            rank++;
            chance *= (double)(count - rank + 1) / (double)rank;
        }
    }
    if (rank == 0)
        return 0;
    *low = sorted[rank - 1];
    *high = sorted[count - rank];
    return 1 - 2 * tail;
}

bool stats_supports_percentile(size_t count, double percent)
{
    /* In tenths of a percent, so that 99.9 stays exact. */
    size_t beyond = (size_t)llround(1000 - 10 * percent);
    return count * beyond >= 5 * 1000;
}

enum { OUTLIERS_LOOKED_AT = 1000 };

size_t stats_count_outliers(const double *values, size_t count)
{
    double logs[OUTLIERS_LOOKED_AT];
    double deviations[OUTLIERS_LOOKED_AT];
    if (count < 4 || count > OUTLIERS_LOOKED_AT)
        return 0;
    for (size_t i = 0; i < count; i++)
        logs[i] = log(values[i]);
    stats_sort(logs, count);
    double median = stats_median(logs, count);
    for (size_t i = 0; i < count; i++)
        deviations[i] = fabs(logs[i] - median);
    double mean = stats_mean(deviations, count);
    stats_sort(deviations, count);
    double scale = stats_median(deviations, count) / 0.6745;
    if (scale == 0)
        scale = 1.2533 * mean;
    size_t outliers = 0;
    for (size_t i = 0; i < count && scale > 0; i++)
        outliers += deviations[i] / scale > 3.5;
    return outliers;
}

/* The chance that as few or fewer of all pairs are in inverse order, if every order is as likely as any other: by the
 * recurrence on the number of orders with so many inversions. */
static double inversions_tail(size_t count, size_t inversions)
{
    enum { TREND_EXACT_MAX = 30, PAIRS_MAX = TREND_EXACT_MAX * (TREND_EXACT_MAX - 1) / 2 };
    double chance[PAIRS_MAX + 1] = {1};
    double next[PAIRS_MAX + 1];
    size_t most = 0;
    for (size_t n = 2; n <= count; n++) {
        most += n - 1;
        for (size_t k = 0; k <= most; k++) {
            next[k] = 0;
            for (size_t i = 0; i < n && i <= k; i++)
                next[k] += (k - i <= most - (n - 1) ? chance[k - i] : 0) / (double)n;
        }
        for (size_t k = 0; k <= most; k++)
            chance[k] = next[k];
    }
    double tail = 0;
    for (size_t k = 0; k <= inversions; k++)
        tail += chance[k];
    return tail;
}

double stats_trend(const double *values, size_t count)
{
    size_t inverse = 0;
    size_t ties = 0;
    if (count < 3)
        return 1;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = i + 1; j < count; j++) {
            inverse += values[i] > values[j];
            ties += values[i] == values[j];
        }
    }
    size_t pairs = count * (count - 1) / 2;
    if (count <= 30 && ties == 0)
        return fmin(1, 2 * inversions_tail(count, inverse < pairs - inverse ? inverse : pairs - inverse));
    double n = (double)count;
    double statistic = (double)(pairs - ties) - 2 * (double)inverse;
    double deviation = sqrt(n * (n - 1) * (2 * n + 5) / 18);
    return erfc(fmax(0, fabs(statistic) - 1) / deviation / sqrt(2));
}

/* The rank of a value among all, ties sharing. */
static double rank_of(const double *values, size_t count, double value)
{
    double rank = 0.5;
    for (size_t i = 0; i < count; i++)
        rank += values[i] < value ? 1 : values[i] == value ? 0.5 : 0;
    return rank;
}

double stats_widening(const double *values, size_t count)
{
    static const double significant = 1.645;
    double n = (double)count;
    double middle = (n + 1) / 2;
    double product = 0;
    double square = 0;
    double before = 0;
    if (count < 4)
        return 1;
    for (size_t i = 0; i < count; i++) {
        double deviation = rank_of(values, count, values[i]) - middle;
        product += i > 0 ? deviation * before : 0;
        square += deviation * deviation;
        before = deviation;
    }
    double correlation = square > 0 ? product / square : 0;
    if (!((correlation + 1 / n) * sqrt(n) > significant))
        return 1;
    double corrected = fmin(0.9, fmax(0, correlation + (1 + 3 * correlation) / n));
    return sqrt((1 + corrected) / (1 - corrected));
}

/* The regularized incomplete beta function by its continued fraction (Lentz's method; DLMF 8.17.22). */
static double incomplete_beta(double a, double b, double x)
{
    static const double tiny = 1e-300;
    if (x <= 0 || x >= 1)
        return x <= 0 ? 0 : 1;
    /* The fraction converges fast on this side only. */
    if (x > (a + 1) / (a + b + 2))
        return 1 - incomplete_beta(b, a, 1 - x);
    double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a;
    double fraction = 1;
    double c = 1;
    double d = 0;
    for (int i = 0; i <= 500; i++) {
        int m = i / 2;
        double numerator = 1;
        if (i > 0 && i % 2 == 0)
            numerator = m * (b - m) * x / ((a + 2.0 * m - 1) * (a + 2.0 * m));
        else if (i > 0)
            numerator = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1));
        d = 1 + numerator * d;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        c = 1 + numerator / c;
        c = fabs(c) < tiny ? tiny : c;
        fraction *= c * d;
        if (fabs(1 - c * d) < 1e-15)
            break;
    }
    return front * (fraction - 1);
}

double stats_t_test(const double *differences, size_t count)
{
    if (count < 2)
        return 1;
    double mean = stats_mean(differences, count);
    double error = stats_standard_deviation(differences, count) / sqrt((double)count);
    if (error == 0)
        return mean == 0 ? 1 : 0;
    double freedom = (double)count - 1;
    double t = mean / error;
    return incomplete_beta(freedom / 2, 0.5, freedom / (freedom + t * t));
}
