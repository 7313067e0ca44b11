/* How many times as much the first of two is as the second, by the statistics of conc-bench itself: reads pairs of
 * positive numbers, one pair a round, from standard input, and prints the Hodges-Lehmann estimate of the ratio, the
 * ends of its 95 % interval and the confidence that this really has; 0 where there are too few rounds for one. */
#include <math.h>
#include <stdio.h>

#include "conc_bench/analysis/signed_rank.h"

int main(void)
{
    enum { ROUNDS_MAX = 1000 };
    double differences[ROUNDS_MAX], first, second;
    size_t count = 0;
    while (count < ROUNDS_MAX && scanf("%lf %lf", &first, &second) == 2)
        differences[count++] = log(first) - log(second);
    struct signed_rank run;
    struct error error = {0};
    if (signed_rank_compute(differences, count, 0.95, 0.05, &run, &error) != 0) {
        fprintf(stderr, "ratio: %s\n", error.message);
        return 1;
    }
    printf("%.9g %.9g %.9g %.9g\n", exp(run.estimate), exp(run.low), exp(run.high), run.confidence);
    return 0;
}
