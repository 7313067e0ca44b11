#ifndef CONC_BENCH_RUN_RESOURCES_H
#define CONC_BENCH_RUN_RESOURCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "conc_bench/base/error.h"
#include "conc_bench/run/run.h"

/*
 * The resources that processes use, and their limits. A figure that the system does not give is not known: see struct
 * trial_resources.
 */

/* Fills in what wait4(2) reports. */
void resources_from_usage(const struct rusage *usage, struct trial_resources *resources);

/* Reads, of `pid` and all its descendants as they are now: their number, their threads, their descriptors, the
 * time their threads had a core and waited for one, and the sum of their memory peaks. `root` is "", see machine.h.
 * The peak of one process is its share of what it holds now, and all that it held more at its peak. Shared memory is
 * left out: it is the harness's, and how much of it is whose depends on who else looks at it. (Linux before 5.3 does
 * not tell it apart; there it is part of the sum.) A sum is known only if every process of the tree told its part:
 * where one could not be read, or has gone meanwhile, the sum would be too low, and where the tree itself cannot be
 * found out, no sum is known. Costs milliseconds for each process; call when nothing is being timed. */
void resources_of_tree(const char *root, pid_t pid, struct trial_resources *resources);

/* The most descriptors this process may ever have open: its hard limit. */
uint64_t resources_descriptors_limit(void);

/* Makes room for `needed` open descriptors: raises the soft limit as far as it must. -1 with ERROR_ENVIRONMENT: the
 * hard limit is too low; the sentence has the number needed, what `purpose` needs it for, and the way out. */
int resources_need_descriptors(uint64_t needed, const char *purpose, struct error *error);

/* Memory this process could take now, in bytes: what the machine has, or, if that is less, what the limits of control
 * groups leave; then `is_limited`. UINT64_MAX: neither is known. `root` is "", see machine.h. */
uint64_t resources_available_memory(const char *root, bool *is_limited);

/* The name of the processor, and of the system; "" where not known. */
void resources_cpu_name(char *buffer, size_t size);
void resources_system_name(char *buffer, size_t size);

#endif
