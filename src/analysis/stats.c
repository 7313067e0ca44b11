#include "conc_bench/analysis/stats.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/base/scratch.h"

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

/* Moves of insertion sort for each value so far, on average, and beyond that, before it is clear that the values are
 * not almost in order. */
enum { MOVES_PER_VALUE = 4, MOVES_BEYOND = 256 };

/* From this count on, sorting by digits takes less time than comparing. */
enum { RADIX_FROM = 256 };

enum { DIGIT_BITS = 11, DIGIT_VALUES = 1 << DIGIT_BITS, KEY_BITS = 64 };

/* Values that are measured in sequence are almost sorted already, which takes one pass. False: it is not; the values
 * are all there, in whatever order. */
static bool insert_in_order(double *values, size_t count)
{
    size_t moves_left = MOVES_BEYOND;
    for (size_t i = 1; i < count; i++) {
        double value = values[i];
        moves_left += MOVES_PER_VALUE;
        size_t place = i;
        for (; place > 0 && values[place - 1] > value && moves_left > 0; place--, moves_left--)
            values[place] = values[place - 1];
        values[place] = value;
        if (moves_left == 0)
            return false;
    }
    return true;
}

/* Doubles as numbers of the same order: negative ones are stored the other way around. */
static uint64_t key_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return (bits >> 63) != 0 ? ~bits : bits | UINT64_C(1) << 63;
}

static double value_of(uint64_t key)
{
    uint64_t bits = (key >> 63) != 0 ? key & ~(UINT64_C(1) << 63) : ~key;
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static void scatter(const uint64_t *from, uint64_t *to, size_t count, unsigned shift)
{
    size_t places[DIGIT_VALUES] = {0};
    for (size_t i = 0; i < count; i++)
        places[from[i] >> shift & (DIGIT_VALUES - 1)]++;
    for (size_t digit = 0, place = 0; digit < DIGIT_VALUES; digit++) {
        size_t of_digit = places[digit];
        places[digit] = place;
        place += of_digit;
    }
    for (size_t i = 0; i < count; i++)
        to[places[from[i] >> shift & (DIGIT_VALUES - 1)]++] = from[i];
}

/* Radix sort from the lowest digit (Knuth, The Art of Computer Programming 3, 5.2.5), without the digits that are the
 * same everywhere: whole nanoseconds have few others. False: no memory. */
static bool sort_by_digits(double *values, size_t count)
{
    uint64_t *memory = scratch_alloc(2 * count * sizeof(*memory));
    if (memory == NULL)
        return false;
    uint64_t *keys = memory;
    uint64_t *others = memory + count;
    uint64_t differing = 0;
    for (size_t i = 0; i < count; i++) {
        keys[i] = key_of(values[i]);
        differing |= keys[i] ^ keys[0];
    }
    for (unsigned shift = 0; shift < KEY_BITS; shift += DIGIT_BITS) {
        if ((differing >> shift & (DIGIT_VALUES - 1)) == 0)
            continue;
        scatter(keys, others, count, shift);
        uint64_t *sorted = others;
        others = keys;
        keys = sorted;
    }
    for (size_t i = 0; i < count; i++)
        values[i] = value_of(keys[i]);
    free(memory);
    return true;
}

void stats_sort(double *values, size_t count)
{
    if (count < 2 || insert_in_order(values, count))
        return;
    if (count < RADIX_FROM || !sort_by_digits(values, count))
        qsort(values, count, sizeof(values[0]), compare);
}

size_t stats_count_below(const double *sorted, size_t count, double limit, bool with_limit)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sorted[middle] < limit || (with_limit && sorted[middle] == limit))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Whole numbers in the order of the doubles they stand for. */
static int64_t to_ordered(double value)
{
    int64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits < 0 ? INT64_MIN - bits : bits;
}

static double from_ordered(int64_t ordered)
{
    int64_t bits = ordered < 0 ? INT64_MIN - ordered : ordered;
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

double stats_value_of_rank(uint64_t (*count_up_to)(const void *context, double limit), const void *context,
                           uint64_t rank, double low, double high)
{
    int64_t first = to_ordered(low);
    int64_t last = to_ordered(high);
    while (first < last) {
        int64_t middle = (int64_t)(((uint64_t)last - (uint64_t)first) / 2 + (uint64_t)first);
        if (count_up_to(context, from_ordered(middle)) > rank)
            last = middle;
        else
            first = middle + 1;
    }
    return from_ordered(first);
}

double stats_median(const double *sorted, size_t count)
{
    if (count == 0)
        return NAN;
    double upper = sorted[count / 2];
    return count % 2 == 1 ? upper : (sorted[count / 2 - 1] + upper) / 2;
}

size_t stats_percentile_rank(size_t count, double percent)
{
    /* 95 % of 160 is 152 exactly; 0.95 * 160 in binary is not. */
    double rank = ceil(percent * (double)count / 100);
    if (rank < 1)
        return 1;
    return rank >= (double)count ? count : (size_t)rank;
}

double stats_percentile(const double *sorted, size_t count, double percent)
{
    return count > 0 ? sorted[stats_percentile_rank(count, percent) - 1] : NAN;
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

/* The largest k >= 1 such that fewer than k of n fair coins show heads with a probability of at most `tail`; 0 if there
 * is none. `probability` gets what that is for this k. */
static size_t median_rank(size_t count, double tail, double *probability)
{
    /* The binomial coefficient, kept in range by carrying part of its exponent: 2^-n alone underflows beyond 1074. */
    double coefficient = 1;
    long exponent = -(long)count;
    double below = 0;
    size_t rank = 0;
    *probability = 0;
    for (size_t heads = 0; heads < count; heads++) {
        below += ldexp(coefficient, exponent < -3000 ? -3000 : (int)exponent);
        if (below > tail)
            break;
        rank = heads + 1;
        *probability = below;
        coefficient *= (double)(count - heads) / (double)(heads + 1);
        if (coefficient > 0x1p500) {
            coefficient *= 0x1p-500;
            exponent += 500;
        }
    }
    return rank;
}

/* Returns the probability that the median is below `low`, which is that of its being above `high`; 1 for no bounds. */
static double median_tail(const double *sorted, size_t count, double tail, double *low, double *high)
{
    double probability;
    size_t rank = median_rank(count, tail, &probability);
    *low = rank > 0 ? sorted[rank - 1] : -INFINITY;
    *high = rank > 0 ? sorted[count - rank] : INFINITY;
    return rank > 0 ? probability : 1;
}

double stats_median_interval(const double *sorted, size_t count, double confidence, double *low, double *high)
{
    double tail = median_tail(sorted, count, (1 - confidence) / 2, low, high);
    return tail < 1 ? 1 - 2 * tail : 0;
}

double stats_median_bounds(const double *sorted, size_t count, double confidence, double *low, double *high)
{
    return 1 - median_tail(sorted, count, 1 - confidence, low, high);
}

size_t stats_percentile_needs(double percent)
{
    /* The share above is counted in thousandths of a percent: 1 - 0.95 in binary is more than 0.05, and 100 values
     * would not do. */
    long above = 100000 - lround(percent * 1000);
    return above > 0 ? (size_t)((500000L + above - 1) / above) : 1;
}

bool stats_supports_percentile(uint64_t count, double percent)
{
    return count >= stats_percentile_needs(percent);
}

/* The median of |log x - center|. Going outwards from the middle of sorted values, the next nearest is always at one of
 * two ends, so no second array has to be sorted. */
static double median_log_deviation(const double *sorted, size_t count, double center)
{
    size_t below = count / 2; /* how many are left below; above and at it, those from `above` on */
    size_t above = count / 2;
    double nearest[2] = {0, 0};
    for (size_t taken = 0; taken <= count / 2; taken++) {
        double down = below > 0 ? fabs(log(sorted[below - 1]) - center) : INFINITY;
        double up = above < count ? fabs(log(sorted[above]) - center) : INFINITY;
        nearest[0] = nearest[1];
        nearest[1] = down < up ? down : up;
        if (down < up)
            below--;
        else
            above++;
    }
    return count % 2 == 1 ? nearest[1] : (nearest[0] + nearest[1]) / 2;
}

void stats_outlier_limits(const double *sorted, size_t count, double *low, double *high)
{
    *low = 0;
    *high = INFINITY;
    if (count == 0 || !(sorted[0] > 0))
        return;
    double upper = log(sorted[count / 2]);
    double center = count % 2 == 1 ? upper : (log(sorted[count / 2 - 1]) + upper) / 2;
    double scale = median_log_deviation(sorted, count, center) / 0.6745;
    if (!(scale > 0)) {
        double sum = 0;
        for (size_t i = 0; i < count; i++)
            sum += fabs(log(sorted[i]) - center);
        scale = 1.2533 * sum / (double)count;
    }
    if (scale > 0) {
        *low = exp(center - 3.5 * scale);
        *high = exp(center + 3.5 * scale);
    }
}

/* The probability that a random order of `count` values has at most `inversions` pairs the wrong way round. */
static double inversion_share(size_t count, size_t inversions)
{
    double share[STATS_EXACT_COUNT * (STATS_EXACT_COUNT - 1) / 2 + 1] = {1};
    /* The i-th value goes before 0 to i - 1 of those already in order, each with probability 1/i: every entry becomes
     * the mean of the i entries that end at it. */
    for (size_t i = 2; i <= count; i++) {
        for (size_t s = inversions + 1; s-- > 0;) {
            double sum = 0;
            for (size_t before = 0; before < i && before <= s; before++)
                sum += share[s - before];
            share[s] = sum / (double)i;
        }
    }
    double sum = 0;
    for (size_t s = 0; s <= inversions; s++)
        sum += share[s];
    return sum;
}

/* The amount, times 18, by which equal values lower the variance of Kendall's score. */
static double tie_correction(const double *values, size_t count)
{
    double correction = 0;
    for (size_t i = 0; i < count; i++) {
        double equal = 0;
        for (size_t j = 0; j < count; j++)
            equal += values[j] == values[i];
        /* Each of t equal values adds its part of t (t - 1) (2 t + 5). */
        correction += (equal - 1) * (2 * equal + 5);
    }
    return correction;
}

double stats_trend(const double *values, size_t count, double *tau)
{
    size_t rising = 0;
    size_t falling = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = i + 1; j < count; j++) {
            rising += values[j] > values[i];
            falling += values[j] < values[i];
        }
    }
    double n = (double)count;
    double pairs = n * (n - 1) / 2;
    double score = (double)rising - (double)falling;
    if (tau != NULL)
        *tau = count > 1 ? score / pairs : NAN;
    if (count < 2 || rising == falling)
        return 1;
    bool has_ties = (double)(rising + falling) < pairs;
    if (count <= STATS_EXACT_COUNT && !has_ties)
        return fmin(1, 2 * inversion_share(count, rising < falling ? rising : falling));
    double correction = has_ties ? tie_correction(values, count) : 0;
    double deviation = sqrt((n * (n - 1) * (2 * n + 5) - correction) / 18);
    return fmin(1, 2 * stats_normal_share(-(fabs(score) - 1) / deviation));
}

/* Twice the distance of a value's midrank from the mean rank. */
static double centered_rank(const double *values, size_t count, size_t index)
{
    double centered = 0;
    for (size_t i = 0; i < count; i++)
        centered += (double)(values[i] < values[index]) - (double)(values[i] > values[index]);
    return centered;
}

struct stats_serial stats_serial_dependence(const double *values, size_t count)
{
    struct stats_serial serial = {.autocorrelation = NAN, .z = NAN, .widening = 1};
    double previous = 0;
    double products = 0;
    double squares = 0;
    for (size_t i = 0; i < count; i++) {
        double rank = centered_rank(values, count, i);
        products += previous * rank;
        squares += rank * rank;
        previous = rank;
    }
    if (count < 3 || !(squares > 0))
        return serial;
    double n = (double)count;
    double r1 = products / squares;
    serial.autocorrelation = r1;
    serial.z = (r1 + 1 / n) * sqrt(n);
    serial.is_dependent = serial.z > 1.645;
    if (serial.is_dependent) {
        double r = fmin(fmax(r1 + (1 + 3 * r1) / n, 0), 0.9);
        serial.widening = sqrt((1 + r) / (1 - r));
    }
    return serial;
}

/* The share of the chi-square distribution beyond `value`: by its recurrence from 1 or 2 degrees of freedom on
 * (Abramowitz and Stegun, 26.4). */
static double chi_square_tail(double value, size_t freedom)
{
    double half = value / 2;
    bool is_odd = freedom % 2 == 1;
    double tail = is_odd ? erfc(sqrt(half)) : exp(-half);
    double term = is_odd ? exp(-half) * sqrt(half) / (sqrt(M_PI) / 2) : exp(-half) * half;
    for (size_t degrees = is_odd ? 3 : 4; degrees <= freedom; degrees += 2) {
        tail += term;
        term *= half / ((double)degrees / 2);
    }
    return fmin(1, tail);
}

double stats_kruskal_wallis(const double *values, const uint32_t *groups, size_t count, size_t group_count,
                            double *scratch)
{
    double *sorted = scratch;
    double *sums = scratch + count;
    double *sizes = sums + group_count;
    size_t present = 0;
    double squares = 0;
    double between = 0;
    memcpy(sorted, values, count * sizeof(*sorted));
    stats_sort(sorted, count);
    for (size_t group = 0; group < group_count; group++)
        sums[group] = sizes[group] = 0;
    for (size_t i = 0; i < count; i++) {
        /* Twice the distance of its midrank from the mean rank. */
        double rank = (double)stats_count_below(sorted, count, values[i], false) +
                      (double)stats_count_below(sorted, count, values[i], true) - (double)count;
        sums[groups[i]] += rank;
        sizes[groups[i]]++;
        squares += rank * rank;
    }
    for (size_t group = 0; group < group_count; group++) {
        present += sizes[group] > 0;
        between += sizes[group] > 0 ? sums[group] * sums[group] / sizes[group] : 0;
    }
    return present > 1 && squares > 0 ? chi_square_tail(((double)count - 1) * between / squares, present - 1) : 1;
}

double stats_normal_share(double z)
{
    return erfc(-z * M_SQRT1_2) / 2;
}

double stats_normal_quantile(double share)
{
    if (share > 0.5)
        return -stats_normal_quantile(1 - share); /* the lower tail has the precision */
    if (!(share > 0))
        return share == 0 ? -INFINITY : NAN;
    /*
     * Newton's method on the logarithm of the share, which is concave: from below the root each step stays below it.
     * The start is below it, as the share of z < 0 is at most exp(-z^2 / 2) / 2. Each step takes one more erfc().
     */
    double z = -sqrt(-2 * log(2 * share));
    for (int step = 0; step < 60; step++) {
        double reached = stats_normal_share(z);
        double density = exp(-z * z / 2) / sqrt(2 * M_PI);
        double further = log(share / reached) * reached / density;
        if (!(further > 1e-15 * -z)) /* nor where the share is too small for a number */
            break;
        z += further;
    }
    return fmin(z, 0);
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

double stats_t_tails(double t, size_t freedom)
{
    double degrees = (double)freedom;
    return incomplete_beta(degrees / 2, 0.5, degrees / (degrees + t * t));
}

double stats_t_test(const double *differences, size_t count)
{
    if (count < 2)
        return 1;
    double mean = stats_mean(differences, count);
    double error = stats_standard_deviation(differences, count) / sqrt((double)count);
    if (error == 0)
        return mean == 0 ? 1 : 0;
    return stats_t_tails(mean / error, count - 1);
}

double stats_t_quantile(double error, size_t freedom)
{
    if (freedom == 0)
        return NAN;
    double degrees = (double)freedom;
    double scale = exp(lgamma((degrees + 1) / 2) - lgamma(degrees / 2)) / sqrt(degrees * M_PI);
    double low = 0;
    double high = 1;
    while (stats_t_tails(high, freedom) > error)
        high *= 2;
    /* Newton's method; where it would leave what is known to hold the root, half of that. */
    double t = (low + high) / 2;
    for (int step = 0; step < 60; step++) {
        double excess = stats_t_tails(t, freedom) - error;
        *(excess > 0 ? &low : &high) = t;
        double density = scale * pow(1 + t * t / degrees, -(degrees + 1) / 2);
        double next = t + excess / (2 * density);
        if (!(next > low && next < high))
            next = (low + high) / 2;
        double moved = fabs(next - t);
        t = next;
        if (moved <= 1e-15 * t)
            break;
    }
    return t;
}

double stats_t_interval(const double *differences, size_t count, double confidence, double *low, double *high)
{
    double deviation = stats_standard_deviation(differences, count);
    *low = -INFINITY;
    *high = INFINITY;
    if (count < 2 || !(deviation > 0))
        return 0;
    double half = stats_t_quantile(1 - confidence, count - 1) * deviation / sqrt((double)count);
    *low = stats_mean(differences, count) - half;
    *high = stats_mean(differences, count) + half;
    return confidence;
}
