#include "conc_bench/base/random.h"

static uint64_t mix(uint64_t value)
{
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

struct random random_stream(uint64_t seed, uint64_t stream)
{
    /* Mixed twice, so that neighbouring seeds and streams start far apart in the one sequence splitmix64 has. */
    return (struct random){.state = mix(mix(seed) + stream)};
}

uint64_t random_next(struct random *random)
{
    random->state += UINT64_C(0x9e3779b97f4a7c15);
    return mix(random->state);
}

uint64_t random_below(struct random *random, uint64_t bound)
{
    /* Values below 2^64 mod bound would make the small remainders more frequent: draw again. */
    uint64_t threshold = (0 - bound) % bound;
    for (;;) {
        uint64_t value = random_next(random);
        if (value >= threshold)
            return value % bound;
    }
}

double random_fraction(struct random *random)
{
    return (double)(random_next(random) >> 11) * 0x1.0p-53;
}

void random_shuffle(struct random *random, uint32_t *items, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t j = (size_t)random_below(random, i);
        uint32_t item = items[i - 1];
        items[i - 1] = items[j];
        items[j] = item;
    }
}

uint64_t random_hash(uint64_t seed, uint64_t value)
{
    return mix(mix(seed + UINT64_C(0x9e3779b97f4a7c15)) ^ mix(value + UINT64_C(0xd1b54a32d192ed03)));
}
