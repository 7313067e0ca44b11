#ifndef CONC_BENCH_PLATFORM_MACHINE_H
#define CONC_BENCH_PLATFORM_MACHINE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Properties of the machine that Linux knows. `root` stands before every path that is read: "" on the machine itself.
 */

/* Processors this process may run on (sched_getaffinity(2)), whatever a CPU quota says. Where the system does not tell
 * which, those that are online. At least 1. */
uint32_t machine_cores(void);

/* Processors that are online, whichever of them this process may run on. At least 1. */
uint32_t machine_cores_online(void);

/* The name of the processor, as in /proc/cpuinfo; "" where not known. */
void machine_cpu_name(char *buffer, size_t size);

/* Memory that could be taken now, in bytes (MemAvailable, proc(5)); UINT64_MAX: unknown. */
uint64_t machine_available_memory(const char *root);

/* Seconds since the start, summed over the cores this process may run on (/proc/stat); where these are not all listed,
 * as in a container that shows others, over all cores. NAN: unknown. */
struct machine_cpu_time {
    double busy;  /* anybody's, steal excluded */
    double steal; /* a hypervisor's, given to others while somebody here was ready to run */
};

struct machine_cpu_time machine_read_cpu_time(const char *root);

#endif
