#include "conc_bench/base/arrivals.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

#include "conc_bench/base/random.h"

/* Far from the streams of a plan, so that a rate changes no order of downloads or cells. */
enum { STREAM_ARRIVALS = 1 << 30 };

/* Decades: what a document may say of rates. */
#define LATEST (1000000000 * NANOSECONDS_PER_SECOND)

const char *const arrival_process_names[] = {[ARRIVALS_EVEN] = "even", [ARRIVALS_POISSON] = "poisson", NULL};

nanoseconds *arrivals_draw(const struct arrivals *arrivals, uint64_t seed, uint32_t count, struct error *error)
{
    nanoseconds *due = calloc((size_t)count + 1, sizeof(due[0]));
    if (due == NULL) {
        error_set(error, ERROR_ENVIRONMENT, "no memory for the instants at which %lu downloads are due",
                  (unsigned long)count);
        return NULL;
    }
    struct random random = random_stream(seed, STREAM_ARRIVALS);
    double apart = (double)NANOSECONDS_PER_SECOND / arrivals->rate;
    double instant = 0;
    for (uint32_t unit = 0; unit < count; unit++) {
        if (arrivals->process == ARRIVALS_POISSON)
            instant -= apart * log1p(-random_fraction(&random));
        else
            instant = apart * unit; /* a product, since the errors of sums add up */
        due[unit] = instant < (double)LATEST ? (nanoseconds)instant : LATEST;
    }
    return due;
}
