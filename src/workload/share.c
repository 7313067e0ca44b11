#include "conc_bench/workload/share.h"

#include "conc_bench/base/random.h"

static uint32_t machines_of(const struct share *share)
{
    return share->machines > 0 ? share->machines : 1;
}

/* The machine that has the first of as many neighbouring units as there are machines. It is drawn anew for each such
 * block: with a fixed one, each machine would get other URLs than the others, where a short list is gone through again
 * and again. */
static uint32_t first_of(const struct share *share, uint32_t block)
{
    return share->split == SPLIT_NONE ? 0 : (uint32_t)(random_hash(share->seed, block) % machines_of(share));
}

/* The place of a machine within a block. */
static uint32_t place_of(const struct share *share, uint32_t rank, uint32_t block)
{
    uint32_t machines = machines_of(share);
    return (rank + machines - first_of(share, block)) % machines;
}

uint32_t share_count(const struct share *share, uint32_t rank)
{
    uint32_t machines = machines_of(share);
    uint32_t blocks = share->unit_count / machines;
    uint32_t rest = share->unit_count % machines;
    return blocks + (place_of(share, rank, blocks) < rest);
}

uint32_t share_unit(const struct share *share, uint32_t rank, uint32_t own)
{
    return own * machines_of(share) + place_of(share, rank, own);
}

uint32_t share_owner(const struct share *share, uint32_t unit)
{
    uint32_t machines = machines_of(share);
    return (unit % machines + first_of(share, unit / machines)) % machines;
}
