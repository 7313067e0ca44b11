#include "conc_bench/base/clock.h"

#include "conc_bench/platform/process.h"

static nanoseconds read_clock(clockid_t clock)
{
    struct timespec now;
    /* Cannot fail for the clocks used here, which Linux has always had. */
    clock_gettime(clock, &now);
    return (nanoseconds)now.tv_sec * NANOSECONDS_PER_SECOND + now.tv_nsec;
}

nanoseconds clock_now(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

void clock_sleep_until(nanoseconds instant)
{
    process_sleep_until(instant);
}

nanoseconds clock_thread_cpu(void)
{
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

double clock_seconds(nanoseconds duration)
{
    return (double)duration / (double)NANOSECONDS_PER_SECOND;
}

struct timespec clock_timespec(nanoseconds duration)
{
    return (struct timespec){
        .tv_sec = (time_t)(duration / NANOSECONDS_PER_SECOND),
        .tv_nsec = (long)(duration % NANOSECONDS_PER_SECOND),
    };
}

int clock_compare(const void *a, const void *b)
{
    nanoseconds left = *(const nanoseconds *)a;
    nanoseconds right = *(const nanoseconds *)b;
    return (left > right) - (left < right);
}

char *clock_utc(char *buffer)
{
    time_t now = (time_t)(read_clock(CLOCK_REALTIME) / NANOSECONDS_PER_SECOND);
    struct tm parts = {0};
    gmtime_r(&now, &parts);
    if (strftime(buffer, CLOCK_UTC_BYTES, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
        buffer[0] = '\0';
    return buffer;
}
