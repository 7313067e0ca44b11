#ifndef CONC_BENCH_BASE_CLOCK_H
#define CONC_BENCH_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* A duration, or an instant of the monotonic clock. Only differences of instants mean anything. */
typedef int64_t nanoseconds;

#define NANOSECONDS_PER_MICROSECOND INT64_C(1000)
#define NANOSECONDS_PER_MILLISECOND INT64_C(1000000)
#define NANOSECONDS_PER_SECOND      INT64_C(1000000000)

/* The instant, by CLOCK_MONOTONIC (clock_gettime(2)): never set back, the same in every process of the machine, so that
 * stamps taken in a forked worker and in its parent can be compared. Safe in any thread and after fork. */
nanoseconds clock_now(void);

/* Blocks the calling thread until that instant, or until a signal handler has run in it (clock_nanosleep(2)): ask the
 * clock again. An instant that has passed returns at once. */
void clock_sleep_until(nanoseconds instant);

/* CPU time the calling thread has used, user and system (CLOCK_THREAD_CPUTIME_ID). */
nanoseconds clock_thread_cpu(void);

/* A duration as seconds, for arithmetic and output. */
double clock_seconds(nanoseconds duration);

/* A duration, not negative, as the system takes one. */
struct timespec clock_timespec(nanoseconds duration);

/* Compares two durations, or two instants, for qsort(3). */
int clock_compare(const void *a, const void *b);

enum { CLOCK_UTC_BYTES = 21 };

/* The date and time of day, "2026-01-31T23:59:59Z" (ISO 8601): for people who keep reports, never to measure by.
 * Returns `buffer`, of CLOCK_UTC_BYTES. */
char *clock_utc(char *buffer);

#endif
