#include "conc_bench/workload/cpu_work.h"

#include <stdlib.h>

void cpu_work_spend(uint64_t iterations)
{
    uint64_t value = iterations;
    for (uint64_t i = 0; i < iterations; i++) {
        /* Each step needs the result of the one before, so that no processor can overlap them. */
        value = (value ^ (value >> 29)) * UINT64_C(0xbf58476d1ce4e5b9) + 1;
        /* As far as the compiler knows, the value is read and changed here, so that it can neither leave out steps nor
         * combine them. */
        __asm__ volatile("" : "+r"(value));
    }
}

static nanoseconds time_batch(uint64_t iterations)
{
    /* CPU time, not time: others on the machine must not make the work smaller. */
    nanoseconds begin = clock_thread_cpu();
    cpu_work_spend(iterations);
    return clock_thread_cpu() - begin;
}

/* Enough iterations to be timed: a clock that ticks by the scheduler's tick shows nothing shorter. */
static uint64_t size_batch(void)
{
    const nanoseconds enough = NANOSECONDS_PER_MILLISECOND;
    uint64_t iterations = 1024;
    while (iterations < UINT64_C(1) << 40 && time_batch(iterations) < enough)
        iterations *= 2;
    return iterations;
}

uint64_t cpu_work_calibrate(nanoseconds duration)
{
    enum { BATCHES = 30 };
    nanoseconds batches[BATCHES];
    if (duration <= 0)
        return 0;
    uint64_t iterations = size_batch();
    for (int i = 0; i < BATCHES; i++)
        batches[i] = time_batch(iterations);
    /* Interrupts, a busy sibling core and a clock that has not sped up yet can only slow a batch down: the middle of
     * the fastest third is free of them, and not a single lucky reading either. */
    qsort(batches, BATCHES, sizeof(batches[0]), clock_compare);
    nanoseconds typical = batches[BATCHES / 6] > 0 ? batches[BATCHES / 6] : 1;
    double wanted = (double)duration * (double)iterations / (double)typical;
    return wanted < 1 ? 1 : wanted < 0x1p63 ? (uint64_t)wanted : UINT64_C(1) << 63;
}
