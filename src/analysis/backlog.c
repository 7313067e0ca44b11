#include "conc_bench/analysis/backlog.h"

enum { BLOCKS = 10, RISING = 33 };

/* What the longest wait may grow by in a second. */
static const double borne = 0.01;

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
    return rising >= RISING && means[BLOCKS - 1] - means[0] > borne * span;
}

double backlog_behind(const double *waits, size_t count)
{
    return mean_of_block(waits, count, BLOCKS - 1);
}
