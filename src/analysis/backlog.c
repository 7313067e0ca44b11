#include "conc_bench/analysis/backlog.h"

enum { BLOCKS = 10, RISING = 33 };

/* The most that the longest wait may grow by in a second. */
static const double max_growth = 0.01;

static double mean_of_block(const double *waits, size_t count, size_t block)
{
    size_t first = block * count / BLOCKS;
    size_t end = (block + 1) * count / BLOCKS;
    double sum = 0;
    for (size_t i = first; i < end; i++)
        sum += waits[i];
    return end > first ? sum / (double)(end - first) : 0;
}

bool backlog_grows(const double *waits, size_t count, double span)
{
    double means[BLOCKS];
    int rising = 0;
    if (count < BACKLOG_MIN)
        return false;
    for (size_t i = 0; i < BLOCKS; i++) {
        means[i] = mean_of_block(waits, count, i);
        for (size_t j = 0; j < i; j++)
            rising += (means[i] > means[j]) - (means[i] < means[j]);
    }
    return rising >= RISING && means[BLOCKS - 1] - means[0] > max_growth * span;
}

double backlog_behind(const double *waits, size_t count)
{
    return mean_of_block(waits, count, BLOCKS - 1);
}

/* The least size of a stretch: a number of downloads, and a part of the time over which they fall due. */
enum { STRETCH_BEGUN = 10, STRETCHES = 8, SLOW_IN_A_ROW = 2 };

bool backlog_is_hopeless(struct backlog_watch *watch, const nanoseconds *due, uint32_t count, uint32_t begun,
                         nanoseconds now)
{
    /* No stretch ends while nothing is begun: otherwise a stall that lasts would be two stretches. */
    bool is_going_on = begun > watch->seen;
    watch->seen = begun;
    bool is_stretch = begun >= watch->begun + STRETCH_BEGUN && now - watch->since >= due[count - 1] / STRETCHES;
    /* Once all are taken there is nothing left to be saved. */
    if (!is_going_on || !is_stretch || begun >= count)
        return false;
    nanoseconds done = due[begun] - due[watch->begun];
    bool is_slow = done < (now - watch->since) / 2;
    watch->slow_stretches = is_slow ? watch->slow_stretches + 1 : 0;
    watch->since = now;
    watch->begun = begun;
    return watch->slow_stretches >= SLOW_IN_A_ROW && due[begun] < now / 2;
}
