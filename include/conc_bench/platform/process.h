#ifndef CONC_BENCH_PLATFORM_PROCESS_H
#define CONC_BENCH_PLATFORM_PROCESS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

/*
 * Settings and properties of processes that Linux has (prctl(2), proc(5)). `root` stands before every path that is
 * read: "" on the machine itself.
 */

/* The environment, whose declaration POSIX leaves to programs. */
extern char **environ;

/* Makes the kernel kill this process as soon as its parent ends, however that happens (PR_SET_PDEATHSIG). A parent that
 * has ended already is not noticed. Without effect where the system cannot. */
void process_end_with_parent(void);

/* Takes process_end_with_parent() back. Without effect where the system cannot. */
void process_outlive_parent(void);

/* Makes every descendant whose own parent ends a child of this process, instead of one of the system's first process,
 * so that it can be found and reaped (PR_SET_CHILD_SUBREAPER, Linux 3.4). False: the system cannot. */
bool process_adopt_orphans(void);

/* Blocks the calling thread until that instant of the monotonic clock, in nanoseconds, or until a signal handler has
 * run in it (clock_nanosleep(2)). Where the system has no such call it sleeps for as long as there is until then. */
void process_sleep_until(int64_t instant);

/* Lets others run that want the core of this thread, if there are any (sched_yield(2)). */
void process_yield(void);

/* Works as sigwaitinfo(2). Where the system has none, only the number of the signal is known. */
int process_await_signal(const sigset_t *awaited, siginfo_t *signal);

/* Makes timers of this thread fire when they are due, not up to 50 microseconds later (PR_SET_TIMERSLACK). Without
 * effect where the system cannot. */
void process_be_punctual(void);

/* Lets the memory peak of this process start anew: a forked child inherits its parent's (clear_refs). False: the system
 * cannot; the peak then includes inherited pages. */
bool process_reset_peak(void);

/* Makes the kernel kill this process, and those that it starts, before any other where memory runs out, on the machine
 * or in the control group (oom_score_adj). Cannot be taken back. Without effect where the system cannot. */
void process_be_killed_first(void);

/* The largest resident size that wait4(2) or getrusage(2) tell, which is in KiB or in bytes. */
int64_t process_peak_bytes(const struct rusage *usage);

/* A process and all its descendants, as they are now: `pids` begins with the process itself. Zero-initialise. */
struct process_tree {
    pid_t *pids;
    size_t count;
};

/* Finds them by the kernel's lists of children, or where it keeps none (CONFIG_PROC_CHILDREN), by asking every process
 * for its parent. False: the tree cannot be found out as a whole. Either way the caller releases it. */
bool process_find_tree(const char *root, pid_t pid, struct process_tree *tree);
void process_tree_release(struct process_tree *tree);

struct process_status {
    uint32_t threads;   /* 0: unknown */
    int64_t peak_bytes; /* the largest resident size so far; -1: unknown, as of a process that has ended */
};

/* False: there is no such process, or it cannot be read. */
bool process_read_status(const char *root, pid_t pid, struct process_status *status);

/* Memory of a process as it is now, in bytes. */
struct process_memory {
    int64_t resident;
    int64_t proportional; /* resident, each page divided by the number of processes that share it */
    int64_t shared;       /* the part of `proportional` in shared memory; 0 before Linux 5.3, which does not tell */
};

/* False: unknown. The kernel looks at every page for it, which takes milliseconds. */
bool process_read_memory(const char *root, pid_t pid, struct process_memory *memory);

/* Open descriptors; -1: unknown. */
int64_t process_count_descriptors(const char *root, pid_t pid);

/* Nanoseconds for which the threads it has now were on a core, and were ready to run and waited for one. */
struct process_schedule {
    int64_t on_cpu;
    int64_t run_queue_wait;
};

/* False: unknown, as where the kernel does not count (delayacct off). */
bool process_read_schedule(const char *root, pid_t pid, struct process_schedule *schedule);

#endif
