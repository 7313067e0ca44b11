#include "conc_bench/base/hash.h"

#include <string.h>

uint64_t hash_bytes(uint64_t hash, const void *data, size_t length)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

uint64_t hash_spread(uint64_t hash)
{
    hash = (hash ^ (hash >> 32)) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ (hash >> 32);
}

uint64_t hash_text(const char *text, size_t length)
{
    uint64_t hash = HASH_START ^ length;
    uint64_t word;
    for (; length >= sizeof(word); text += sizeof(word), length -= sizeof(word)) {
        memcpy(&word, text, sizeof(word));
        hash = hash_spread(hash ^ word);
    }
    word = 0;
    memcpy(&word, text, length);
    return hash_spread(hash ^ word);
}
