#ifndef CONC_BENCH_HTTP_RETRY_H
#define CONC_BENCH_HTTP_RETRY_H

#include <stdbool.h>

#include "transfer_state.h"

/* Downloads that are begun again after a failure (--retry), by curl's rules: those whose time was up, whose host did
 * not resolve, and with status 408, 429, 500, 502, 503 or 504. Private to src/http. */

/* The same where there are any. */
bool retry_is_due(struct transfer *transfer);

/* Whether a transfer that is over, and described, is begun again, and if so when: at transfer->retry_at. */
static inline bool retry_is_wanted(struct transfer *transfer)
{
    return transfer->plan->policy->retries > 0 && retry_is_due(transfer);
}

/* Blocks until then. False: the table was stopped. */
bool retry_wait(const struct transfer *transfer);

#endif
