#ifndef CONC_BENCH_HTTP_POOL_H
#define CONC_BENCH_HTTP_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "conc_bench/base/error.h"
#include "conc_bench/http/transfer.h"

/*
 * The state that the transfers of one thread share where hosts are many: names, and idle connections. Otherwise
 * libcurl remembers, in each easy or multi handle, and there is no pool.
 *
 * libcurl looks names up in tables of a few rows, so that a pool has it forget those that were not needed for longest.
 * And where libcurl before 8.10 closes an idle connection to make room, it keeps an empty entry for its host, and walks
 * over all of these for each download: after so many connections a pool begins anew.
 */
struct pool;

/* Makes a pool for so many transfers in one multi handle, or for one that goes alone. `*pool` becomes NULL where none
 * is needed. -1: no memory. Needs transfer_library_init(). */
int pool_create(const struct transfer_plan *plan, enum transfer_driver driver, uint32_t transfers, struct pool **pool,
                struct error *error);

/* Releases the pool: call it after its transfers and their multi handle are gone, and before the watcher of their
 * connections is. NULL is allowed. */
void pool_release(struct pool *pool);

/* Lets a transfer use the pool, right after it was made; NULL is allowed. */
void transfer_use_pool(struct transfer *transfer, struct pool *pool);

/* Returns whether such pools begin anew, so that for a while there are connections of two. */
bool pool_wears_out(const struct transfer_policy *policy, enum transfer_driver driver);

#endif
