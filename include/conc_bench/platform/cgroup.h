#ifndef CONC_BENCH_PLATFORM_CGROUP_H
#define CONC_BENCH_PLATFORM_CGROUP_H

#include <stdint.h>

/*
 * Limits that the control groups of this process set (cgroups(7)): CPU quotas and memory limits, of version 1 and 2 and
 * of both at once. A limit of a group holds for the groups below it, too, so that all groups are looked at from the
 * process's own up to the highest that is mounted here. Which group is its own stands in /proc/self/cgroup, where it is
 * to be found in /proc/self/mountinfo: a container sees the host's path in the one, and in the other that just this
 * part of the hierarchy is mounted.
 * A limit above what is mounted here holds as well, and cannot be seen.
 *
 * `root` stands before every path that is read: "" on the machine itself.
 */

/* CPU time that the quotas allow in a second of time, in cores: 0.5 is half of one. 0: there is no quota, or none is
 * known. */
double cgroup_cpu_quota(const char *root);

/* The time for which CPU quotas have stopped these groups so far, in seconds, summed over processors. NAN: unknown. */
double cgroup_throttled(const char *root);

/* Bytes that the groups may still take before they reach a limit, what they hold of files not counted, since that is
 * given up first. UINT64_MAX: there is no limit, or none is known. */
uint64_t cgroup_memory_left(const char *root);

#endif
