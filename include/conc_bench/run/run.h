#ifndef CONC_BENCH_RUN_RUN_H
#define CONC_BENCH_RUN_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conc_bench/base/arrivals.h"
#include "conc_bench/base/clock.h"
#include "conc_bench/base/connections.h"
#include "conc_bench/base/error.h"
#include "conc_bench/base/objective.h"
#include "conc_bench/base/tolerance.h"
#include "conc_bench/run/phases.h"
#include "conc_bench/run/sample.h"

/*
 * The results of a run: trials, what each cost, what its samples amount to, and under which circumstances. It changes
 * no more once the last trial has ended, and holds nothing that was concluded from it: that is in analysis. Reports and
 * documents see no plan, no mode and no clock but by this.
 *
 * Samples are read once, when their trial ends: the trial's summary is what analysis sees of them. They are kept for
 * reports that show single downloads. A document holds the summaries but for their latencies, which grow with the
 * number of downloads: what all of those come to together is in struct run_totals (analysis/run_totals.h), which a
 * document holds, too.
 */

/* The way a trial ended. */
enum trial_status {
    TRIAL_COMPLETE,    /* every unit settled, however its download went */
    TRIAL_INTERRUPTED, /* stopped by a signal: what is settled is reported, times mean nothing */
    TRIAL_CRASHED,     /* its process, or a worker process of it, died */
    TRIAL_HUNG,        /* not done at its deadline, and killed */
    TRIAL_FAILED,      /* could not be set up: see `reason` */
    TRIAL_UNEQUAL,     /* a client's: it ended well, and did other work than it was given */
};

/* The name of a status as it stands in reports: "complete", "hung". */
const char *trial_status_name(enum trial_status status);

/* The cost of a trial, over all its processes, from the fork of its cell to the end. What is below
 * `involuntary_switches` is 0 where it is not known: the system does not tell, or the trial ended before it could be
 * read. None of it can be 0 otherwise, but for `run_queue_wait`, which is known where `on_cpu` is. */
struct trial_resources {
    nanoseconds cpu_user; /* wait4(2) */
    nanoseconds cpu_system;
    int64_t voluntary_switches;
    int64_t involuntary_switches;
    int64_t max_rss_bytes;     /* of the largest single process, as wait4(2) has it, inherited pages excluded */
    int64_t peak_memory_bytes; /* proportional set size at its peak, summed over all processes */
    uint32_t processes;        /* alive at the end of the run, the cell's own included */
    uint32_t threads;          /* of all those processes */
    uint32_t descriptors;      /* that they have open */
    /* CPU time up to the end of the run, without teardown and exit, summed over all threads. */
    nanoseconds on_cpu;
    /* Time in which threads could have run and no core was free for them: what pre-emptive switching costs. Summed over
     * all threads. */
    nanoseconds run_queue_wait;
};

/* The other load of the machine during a trial. NAN: the system does not tell. */
struct trial_host {
    double steal_share; /* of all cores' time, given to other machines by the hypervisor */
    double
        foreign_cores; /* of ours, kept busy by other processes than the trial's and the embedded origin, on average */
    double throttled;  /* seconds for which CPU quotas stopped our control groups, summed over processors */
    nanoseconds watched; /* how long it was looked at; not in documents */
};

/* Takes out of the foreign cores what turns out to have been no stranger's CPU time. */
void trial_host_exclude(struct trial_host *host, nanoseconds cpu);

/* The times that event loops were busy between two waits, and so kept events waiting: the cost of co-operative
 * switching. Zeros: no event loop has run. */
struct trial_lag {
    nanoseconds p99;
    nanoseconds longest;
};

/* The lateness of the program itself at a rate: from the instant at which a download was due to that at which the
 * worker that waited for it woke up. It leaves out the time that downloads waited because no worker was free, or
 * because an event loop was busy. Zeros: no worker waited. */
struct trial_late {
    nanoseconds p50;
    nanoseconds p99;
    nanoseconds longest;
};

/* Figures of HTTP/2 that single downloads do not have. Zeros: it was not spoken, or nothing was shared. */
struct trial_http2 {
    uint32_t warm_connects; /* connections it was spoken over that were made beforehand */
    uint32_t most_streams;  /* downloads under way at once on one connection that transfers share */
};

/* The counts of the embedded origin for a trial. */
struct trial_origin_counts {
    bool is_present;
    uint64_t requests;
    uint64_t connections;
    uint32_t peak_in_flight;
    uint32_t url_count;
    char **urls; /* "host/path", sorted; NULL when there are too many to keep */
    uint64_t *url_requests;
};

/* The source that says that a client did its work, since nothing else sees what a program does. */
enum client_proof {
    CLIENT_UNPROVEN, /* by nobody's: it has no downloads, and its times say nothing */
    CLIENT_REPORTED, /* by its own */
    CLIENT_SEEN,     /* by the embedded origin's */
};

/* The figures of a client's trial. */
struct trial_client {
    bool is_present;
    enum client_proof proof;
    bool has_own_times;        /* when its downloads began and ended is by its own word; otherwise by the origin's */
    nanoseconds first_request; /* after its start: when the first request had arrived, or, by its own word, was made; 0:
                                  not known */
    uint64_t handshakes;       /* with TLS, as the origin saw them */
    uint32_t http10;           /* downloads asked for in HTTP/1.0 */
    uint32_t left_behind;      /* processes that were still there when it had ended, and were killed */
};

/* libcurl's codes are less. */
enum { CAUSE_FIRST_CHECK = 128 };

/* Downloads of a URL, one after the other, that ended alike. */
struct answer {
    int64_t body_bytes; /* of those with OUTCOME_OK, as status and version; else 0 */
    uint32_t url;
    uint32_t count;
    uint16_t status;
    uint8_t http_version;
    uint8_t outcome; /* as sample_outcome() tells it, but for OUTCOME_NONE */
    union {
        uint32_t digest; /* of those with OUTCOME_OK, of the content of their bodies; DIGEST_VARIED: they had many */
        /* libcurl's code with OUTCOME_TLS, its reason with OUTCOME_CONNECT, the number of the check behind
         * CAUSE_FIRST_CHECK with OUTCOME_CHECK; otherwise 0. */
        uint8_t cause;
    };
};

/* Each service time of a trial, and what each URL answered. One block of memory, which no child inherits. */
struct trial_latencies {
    size_t bytes; /* of the block */
    uint32_t unit_count;
    uint32_t slowest_url;    /* of the first of the longest service times */
    nanoseconds service_sum; /* of all settled samples, as what follows */
    size_t service_count;
    size_t answer_count;
    struct answer *answers; /* in the order of their first units; behind the service times */
    double services[];      /* nanoseconds, from start to end; sorted */
};

/* Figures of downloads that were due at instants, over all settled ones, by exact nearest rank. */
struct trial_arrivals {
    bool is_present;
    bool is_kept_up;          /* the backlog did not grow: see backlog_grows() */
    nanoseconds behind;       /* the wait of the last downloads, on average: see backlog_behind(), until it was given
                               * up, if it was */
    nanoseconds begun_in;     /* from the first start to the last, of those that were not dropped, */
    uint32_t begun;           /* which are so many */
    nanoseconds response_sum; /* response times, from being due to being settled */
    nanoseconds response_p50, response_p95, response_p99, response_longest;
    nanoseconds wait_sum; /* waits, from being due to being begun or dropped */
    nanoseconds wait_p50, wait_p95, wait_p99, wait_longest;
};

/* The summary of the samples of a trial, made when the trial has ended. All but what is said to be in memory
 * only is in documents. Times are those of settled samples, by exact nearest rank; 0 without any. */
struct trial_summary {
    uint32_t settled;
    uint32_t outcomes[OUTCOME_COUNT]; /* units that ended so, OUTCOME_NONE and OUTCOME_LOST included */
    uint32_t answered;                /* with any status */
    uint32_t refused;                 /* of those, with status 429 or 503 */
    uint64_t retries;                 /* downloads begun again after failures */
    int64_t body_bytes;
    uint64_t connects;       /* new connections */
    uint64_t handshakes;     /* of those, with TLS */
    uint32_t http2;          /* answered over HTTP/2 */
    uint64_t http2_connects; /* new connections made for those, or over TLS for what was not answered */
    uint32_t peak_in_flight;
    /* service times, from taking a unit to having its response */
    nanoseconds p50, p90, p95, p99, longest;
    nanoseconds phases[PHASE_COUNT]; /* of all settled samples together */
    nanoseconds settled_p95;         /* after the gate: when 95 % were done */
    nanoseconds last_start;          /* after the gate: when the last unit was taken */
    struct trial_arrivals arrivals;
    /* Kept in memory only: they are judged once, when the run is over. */
    uint32_t settled_twice;
    uint32_t outside_run; /* the first download that lies outside its run, from 1; 0: none does */
    uint32_t redirected;  /* followed redirects */
    uint32_t not_fresh;   /* the first that succeeded over a connection not made for it, from 1; 0: none did */
    struct trial_latencies *latencies; /* owned; NULL in a run that was read from a document */
};

/* The number of downloads that a trial did not give up (OUTCOME_GIVEN_UP), which are those that have waits and response
 * times. */
static inline uint32_t trial_downloads(const struct trial_summary *summary)
{
    return summary->settled - summary->outcomes[OUTCOME_GIVEN_UP];
}

/* The work of one of several machines in a trial. */
struct trial_machine {
    uint32_t settled;
    uint32_t failed;         /* of those */
    nanoseconds startup;     /* the gate opens when the slowest is ready */
    nanoseconds run;         /* from the common gate to its own last settled unit */
    nanoseconds cpu;         /* user and system */
    nanoseconds clock_error; /* its clock differs from the leader's by no more than was found out, give or take this */
    double foreign_cores;    /* kept busy there by other processes; NAN: unknown, as in what was read from a document */
};

/* One cell in one round. */
struct trial {
    uint32_t round;    /* 0-based among measured rounds */
    uint32_t position; /* 0-based place within its round */
    enum trial_status status;
    char reason[512]; /* for any status but complete: one sentence */
    nanoseconds gate; /* the instant the gate opened */
    nanoseconds startup;
    nanoseconds warm; /* opening connections beforehand; counts for nothing */
    nanoseconds run;  /* from the gate to the last settled unit */
    nanoseconds teardown;
    struct trial_resources resources;
    struct trial_host host;
    struct trial_lag lag;
    struct trial_late late;
    struct trial_http2 http2;
    uint32_t warm_requests; /* made before the clock started, to open connections */
    struct trial_origin_counts origin_counts;
    struct trial_client client;
    struct trial_summary summary;
    struct trial_machine *machines; /* owned; by rank */
    size_t machine_count;           /* 0: one machine runs it all */
    struct sample_table *table;     /* owned; NULL: the samples were not kept */
    uint32_t *units; /* owned; the unit of each slot of the table, ascending; NULL: the slot's own number. A table that
                      * was read from a document has no slots for units without a sample, however many it claims */
};

/* The unit of a slot of the trial's table. */
static inline uint32_t trial_unit(const struct trial *trial, uint32_t slot)
{
    return trial->units != NULL ? trial->units[slot] : slot;
}

/* The headline: startup + run, because making threads and processes is a cost of the model. */
nanoseconds trial_time(const struct trial *trial);

struct run_cell;

/* One of several machines that a run is made on. */
struct run_machine {
    char name[80]; /* as messages call it */
    char system[128];
    char cpu[128];
    char libcurl[160];
    uint32_t cores;
    double cpu_quota; /* in cores; 0: none, or not known */
};

/* The end of the description of an origin that each of several machines has of its own. */
#define RUN_ORIGIN_EACH ", one on each machine"

/* The number of times downloads were begun again after failures, over all measured rounds. */
uint64_t run_cell_retries(const struct run_cell *cell);

/* Frees what the trial owns; and what a cell owns, trials included. */
void trial_release(struct trial *trial);
void run_cell_release(struct run_cell *cell);

void trial_latencies_release(struct trial_latencies *latencies);

/* The purpose of the rounds of a cell. */
enum stage {
    STAGE_MAIN,  /* ranked and reported */
    STAGE_SWEEP, /* looks for the best number of workers; a figure chosen from many is not quoted, but measured again */
};

/* All rounds of one mode with one number of workers. */
struct run_cell {
    char mode[32]; /* its name: see plan_cell_name() */
    enum connection_policy connections;
    uint32_t workers;       /* on each machine */
    uint32_t machines;      /* that run it; 0 and 1: one */
    double rate;            /* downloads that fall due in a second; 0: none does */
    bool is_named_by_rate;  /* cells of the run differ by it */
    uint32_t downloads;     /* units of one trial */
    const nanoseconds *due; /* when each is due, after the gate; of the run; NULL: at once, or no samples are there */
    unsigned traits;        /* enum mode_trait, or-ed */
    enum stage stage;
    char *command;        /* of a client, as typed; owned; NULL: it is none */
    bool has_shell;       /* of a client: sh runs it */
    uint32_t group;       /* cells that ran in the same rounds; only their rounds can be paired */
    struct trial *trials; /* measured rounds, in the order they ran */
    size_t trial_count;
    struct trial *warmups; /* complete warm-up rounds, in the order they ran */
    size_t warmup_count;
};

/* The instants at which the downloads of trials at a rate are due. */
struct schedule {
    double rate;
    uint32_t count;
    nanoseconds *due; /* owned */
};

struct run {
    /* tool and machine */
    char tool_version[32];
    char libcurl_version[160];
    char tls_version[64];
    char machine_system[128]; /* "Linux 6.1.0 x86_64" */
    char machine_cpu[128];
    uint32_t cores;   /* that the program may run on */
    double cpu_quota; /* of CPU time in a second, in cores, by control groups; 0: none, or not known */

    struct run_machine *machines; /* owned; by rank, the leader first */
    size_t machine_count;         /* 0: there is but one, and it is above; else `cores` and `cpu_quota` are of all */

    char started_at[24]; /* UTC: "2026-01-31T23:59:59Z"; "" where not known */

    /* workload */
    char **sources; /* list files and "command line", "embedded list" */
    size_t source_count;
    uint32_t downloads; /* units of one trial, of that which has the most */
    uint32_t distinct_urls;
    uint32_t hosts;
    uint32_t unresolved_hosts;
    uint64_t workload_digest;
    bool is_order_shuffled;
    struct arrivals arrivals;   /* the rate is that of all cells, or the highest of theirs */
    struct objective objective; /* of a search of rates; not present: there is none */
    struct schedule *schedules;
    size_t schedule_count;
    nanoseconds cpu_work;      /* asked for on each response */
    const char **urls;         /* distinct URLs, `distinct_urls` of them; the array is owned, the texts are borrowed */
    const uint32_t *unit_urls; /* the URL of each unit: index into `urls`; borrowed; NULL where no samples are */
    void *lent[2];             /* the memory that `urls` and `unit_urls` borrow, if the run is to free it */

    /* policy */
    char connections[24]; /* "reuse", "fresh", "warm"; or those that cells differ by, such as "fresh,reuse" */
    char dns[16]; /* "pinned", "live"; "none", behind a Unix socket; with "proxy", or that alone: who resolves is the
                     proxy */
    char http_version[16];
    uint32_t connections_kept;
    uint32_t max_redirects;
    nanoseconds connect_timeout;
    nanoseconds max_time;
    int64_t max_body; /* bytes */
    uint32_t buffer_bytes;
    char **asked; /* the request's options, without secrets, such as "--header Authorization"; owned */
    size_t asked_count;
    char **checks; /* that answers were held to, as written; owned */
    size_t check_count;
    bool is_unverified; /* --insecure: nobody knows who answered */
    char origin[256];   /* description of the embedded origin; "" without. Of several machines it says where it is */
    struct tolerance tolerance;
    bool is_server_local; /* origin, or a host of the list that is this machine */
    bool is_proxy_local;  /* a proxy that may be asked is this machine */

    /* experiment */
    uint64_t seed;
    uint32_t warmup_rounds;
    uint32_t rounds_planned;
    uint32_t rounds_done;  /* complete rounds */
    char stop_reason[128]; /* why there are not more rounds; "" if the planned number was reached */
    bool is_isolated;
    bool is_partial;         /* interrupted: at least one planned trial is missing or cut short */
    int interrupting_signal; /* SIGINT, SIGTERM or SIGHUP; 0: none, and what is partial was cut short by an error */
    char reference[32];      /* the mode that ratios refer to */

    struct run_cell *cells; /* in the order of the plan */
    size_t cell_count;
    bool tolerates_failures; /* asked for: failed downloads are part of the work */

    char **warnings; /* complete sentences */
    size_t warning_count;
};

/* The time that a settled sample of a trial waited from being due to being begun, where it is known when the cell's
 * downloads are due. */
nanoseconds cell_wait(const struct run_cell *cell, const struct trial *trial, uint32_t slot);

/* Returns whether that is a name of the cell: its own; or that without some of what it differs by from others,
 * "threads" and "threads:x2" for "threads:fresh:x2". */
bool cell_has_name(const struct run_cell *cell, const char *name);

/* The cell's name in reports: "threads/8", "threads/8 at 200/s" where cells differ by that. Returns `buffer`. */
enum { CELL_LABEL_BYTES = 80 };
char *cell_label(const struct run_cell *cell, char buffer[CELL_LABEL_BYTES]);

/* Whether cells differ by the rate at which their downloads fall due. */
bool run_has_rates(const struct run *run);

/* Lets cells be named by their rates where these differ, or are searched, and gives the run as many downloads a trial,
 * and as high a rate, as the cell with the most has. */
void run_name_by_rates(struct run *run);

/* The instants at which `count` downloads are due at a rate, by the run's seed, the same for all cells; the run owns
 * them. NULL: no memory. */
const nanoseconds *run_schedule(struct run *run, double rate, uint32_t count, struct error *error);
/* Workers of a cell on all machines together, and how many machines those are. */
static inline uint32_t cell_machines(const struct run_cell *cell)
{
    return cell->machines > 1 ? cell->machines : 1;
}
static inline double cell_workers_in_all(const struct run_cell *cell)
{
    return (double)cell->workers * cell_machines(cell);
}

/* Cores' worth of CPU time that can be had at once: the cores, or the quota where that is less. */
double run_usable_cores(const struct run *run);

/* The same on the machines that run the cell, and whether these are fewer than the run has. */
double cell_usable_cores(const struct run *run, const struct run_cell *cell);
static inline bool cell_is_of_some(const struct run *run, const struct run_cell *cell)
{
    return cell_machines(cell) < run->machine_count;
}

/* The instant the first gate opened behind which anything was downloaded; 0: nothing was. */
nanoseconds run_began(const struct run *run);

/* Adds a warning; the text is copied. Out of memory: the warning is dropped, since no result may be lost over it. */
void run_warn(struct run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds one of the request's options; the text is copied. -1: no memory. */
int run_add_asked(struct run *run, const char *option, struct error *error);

/* Adds a check; the same. */
int run_add_check(struct run *run, const char *text, struct error *error);

/* Frees what no report needs of a run whose totals are made: all latencies, the samples of warm-ups, and those of cells
 * that have more than the policy keeps. */
void run_release_samples(struct run *run, enum sample_policy policy);

/* Frees everything the run owns, tables included. */
void run_release(struct run *run);

#endif
