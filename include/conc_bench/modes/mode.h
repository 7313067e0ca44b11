#ifndef CONC_BENCH_MODES_MODE_H
#define CONC_BENCH_MODES_MODE_H

#include <stddef.h>
#include <stdint.h>

#include "conc_bench/base/error.h"
#include "conc_bench/base/text_buffer.h"
#include "conc_bench/http/transfer.h"
#include "conc_bench/modes/trait.h"
#include "conc_bench/run/sample.h"

/*
 * A mode is one way to schedule downloads, and nothing else. Within it stand four steps: claim a unit, transfer it,
 * settle the sample, and leave when there is no unit left. See docs/architecture.md, "How to add a mode".
 */

struct mode;
struct client_setting;
struct client_trial;

/* The input of a mode, the same for each. All of it outlives the run. */
struct mode_job {
    const struct mode *mode; /* the one that is given it */
    const struct transfer_plan *transfer;
    struct sample_table *table;
    const uint32_t *unit_urls; /* the URL of each unit: index into transfer->targets */
    const uint32_t *warm_urls; /* a URL of each host, to open connections by before the clock starts */
    uint32_t warm_url_count;   /* 0: connections are opened within the run */
    uint32_t workers;          /* at least 1 */
    uint32_t cores;            /* worth using at once: processors, or what a CPU quota leaves, rounded up */
    const nanoseconds *due;    /* when each unit is due, after the gate, ascending; NULL: at once */
    nanoseconds max_late;      /* units that have waited longer are dropped; 0: none is */
    uint64_t cpu_work;         /* iterations of cpu_work_spend() on each response */
    const nanoseconds *script; /* for `null`: service times, taken in turn by unit number */
    size_t script_count;
    /* For clients (client/client.h): */
    const struct client_setting *setting; /* NULL: the run has none */
    struct client_trial *client;          /* what it did, in memory shared with the parent; NULL: it is none */
    nanoseconds deadline;                 /* how long the trial may take */
};

struct mode {
    const char *name;
    const char *aliases; /* further names, comma-separated; "" without */
    const char *summary; /* its line in --help */
    unsigned traits;     /* enum mode_trait, or-ed */

    /* Descriptors that one process of a cell may hold at most, with `workers` workers. */
    uint64_t (*descriptors)(uint32_t workers, const struct transfer_policy *policy);

    /* Acquires all that is not workload: handles, threads parked at the gate, processes parked at the gate. No network.
     * On failure it leaves nothing behind and *run is NULL. */
    int (*prepare)(const struct mode_job *job, void **run, struct error *error);

    /* Lets every worker open a connection to each host of job.warm_urls, if there are any: between prepare() and run(),
     * outside what is timed. That a download fails is left to the run to find out. */
    int (*warm)(void *run, struct error *error);

    /* Opens the gate and returns when every unit is settled or the table is stopped; workers are then idle but alive,
     * so that what they cost can still be read. Succeeds even if every download failed; -1 if a worker was lost. */
    int (*run)(void *run, struct error *error);

    /* Joins, reaps, frees. NULL is allowed. Cannot fail. */
    void (*release)(void *run);
};

/* All modes in the order of increasing machinery, which is the order of "all" and of --help. NULL-terminated. */
extern const struct mode *const mode_registry[];

/* Finds a mode by name or alias; NULL if there is none. */
const struct mode *mode_find(const char *name);

/* Adds the names of the modes shown to users, comma-separated: "sync, threads, ...". */
void mode_add_names(struct text_buffer *names);

/* The worker count a mode really has when `workers` are asked for. */
uint32_t mode_workers(const struct mode *mode, uint32_t workers);

#endif
