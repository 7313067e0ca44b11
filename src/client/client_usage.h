#ifndef CONC_BENCH_CLIENT_CLIENT_USAGE_H
#define CONC_BENCH_CLIENT_CLIENT_USAGE_H

#include "conc_bench/base/clock.h"
#include "conc_bench/run/run.h"

/*
 * The resources that a client holds while it runs, looked at now and then: its processes come and go, so that at the
 * end there is nothing left to look at. The most that was seen at one look stands for the peak. Looks are at least 10
 * ms apart, and take at most a fiftieth of the time: adding up the pages of a large process takes milliseconds, in
 * which it can map no memory.
 */
struct client_usage {
    nanoseconds next; /* the instant of the next look */
};

/* Looks, if it is time for it, at all descendants of this process, and raises the peaks: memory, processes, threads,
 * descriptors. What has gone meanwhile counts for nothing. */
void client_usage_look(struct client_usage *usage, struct trial_resources *peaks);

#endif
