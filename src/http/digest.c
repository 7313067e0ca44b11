#include "digest.h"

/* On x86 the library may have variants for newer processors, and then chooses at run time: three times as fast. */
#ifdef CONC_BENCH_XXHASH_DISPATCHES
#include <xxh_x86dispatch.h>
#else
#include <xxhash.h>
#endif

static uint32_t shorten(XXH64_hash_t hash)
{
    return (uint32_t)hash > DIGEST_VARIED ? (uint32_t)hash : (uint32_t)hash + DIGEST_VARIED + 1;
}

uint32_t digest_of_bytes(const void *data, size_t length)
{
    return shorten(XXH3_64bits(data, length));
}

bool digest_add_piece(struct digest *digest, const void *data, size_t length)
{
    if (digest->state == NULL && (digest->state = XXH3_createState()) == NULL)
        return false;
    if (!digest->is_begun)
        XXH3_64bits_reset(digest->state);
    digest->is_begun = true;
    XXH3_64bits_update(digest->state, data, length);
    return true;
}

uint32_t digest_of_pieces(const struct digest *digest)
{
    return shorten(XXH3_64bits_digest(digest->state));
}

void digest_release(struct digest *digest)
{
    XXH3_freeState(digest->state);
    digest->state = NULL;
}
