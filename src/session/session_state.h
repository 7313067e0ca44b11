#ifndef CONC_BENCH_SESSION_SESSION_STATE_H
#define CONC_BENCH_SESSION_SESSION_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conc_bench/base/clock.h"
#include "conc_bench/base/error.h"
#include "conc_bench/cli/options.h"
#include "conc_bench/client/client.h"
#include "conc_bench/document/baseline.h"
#include "conc_bench/fleet/fleet.h"
#include "conc_bench/http/transfer.h"
#include "conc_bench/origin/journal.h"
#include "conc_bench/origin/origin.h"
#include "conc_bench/report/progress.h"
#include "conc_bench/run/run.h"
#include "conc_bench/workload/plan.h"
#include "conc_bench/workload/request.h"
#include "conc_bench/workload/resolve.h"
#include "conc_bench/workload/target.h"
#include "conc_bench/workload/urls.h"

/* The input of clients, made by clients.c. */
struct clients {
    char *folder; /* NULL: there are none */
    char *list;   /* paths of files in it */
    char *report;
    char *authority;    /* NULL: there is no TLS */
    int list_file;      /* the list, open for writing */
    char *variables[5]; /* that lead common programs to the authority; the last is NULL */
    /* With the origin: */
    struct journal *journal;
    struct journal_url *urls; /* by URL of the list */
    char **addresses;         /* the same as modes ask for them */
    struct client_setting setting;
};

/* The address at which the machines of a run ask the origin, if that is the leader's. */
struct origin_place {
    uint16_t port; /* 0: there is no such origin */
    uint16_t tls_port;
    char address[ORIGIN_ADDRESS_BYTES]; /* "": 127.0.0.1 */
    char token[ORIGIN_TOKEN_SIZE];
    char authority[ORIGIN_AUTHORITY_BYTES]; /* "": there is no TLS */
};

/* The state that the steps of one measurement hand on to each other; session.c begins it and frees all of it. */
struct session {
    const struct options *options;
    uint32_t most_workers;
    struct url_list urls;
    bool is_list_embedded;
    struct resolutions resolutions;
    struct target_list targets;
    bool *unresolved;    /* of each URL whether its host did not resolve; NULL: all did */
    uint32_t *warm_urls; /* one of each host that resolved */
    uint32_t warm_url_count;
    struct pins pins;
    struct transfer_policy policy;
    struct request request;
    struct origin *origin;
    struct origin_place place;
    struct clients clients;
    const char *client; /* the name of the one whose trial runs */
    uint64_t strangers; /* requests that others sent to it */
    struct plan plan;
    struct progress progress;
    bool is_measuring; /* the trial that runs is no warm-up */
    struct run run;
    struct baseline baseline;
    uint32_t refusals;                        /* trials in a row with answers of status 429 or 503 */
    nanoseconds pause;                        /* before the next trial, because of them */
    nanoseconds paused;                       /* in all */
    bool is_public;                           /* some of the hosts are */
    const struct fleet_message *plan_message; /* the leader's message that says what to run; NULL: this is the leader */
};

/* Different URLs up to which a trial keeps what the origin counted for each. */
enum { WITNESS_URLS_MAX = 10000 };

/* The number of times the embedded list is gone through. */
enum { EMBEDDED_REPEAT = 80 };

/* session.c: begins with the options, which must outlive it; and frees all of it. */
void session_init(struct session *session, const struct options *options);
void session_release(struct session *session);

/* Whether no mode downloads anything, so that there is nobody to ask. */
bool session_is_scripted(const struct options *options);

/* setup.c: what must be there before anything runs. Each step needs those before it. -1: `error` says what is wrong. */
int setup_list(struct session *session, struct error *error);        /* urls, and that they can be asked as wanted */
int setup_room(struct session *session, struct error *error);        /* most_workers, pools, descriptors */
int setup_names(struct session *session, struct error *error);       /* resolutions, pins */
int setup_origin(struct session *session, struct error *error);      /* origin */
int setup_plan(struct session *session, struct error *error);        /* plan */
int setup_targets(struct session *session, struct error *error);     /* targets, unresolved */
int setup_host_limits(struct session *session, struct error *error); /* is_public; refuses what is too much */
void setup_tell_cost(struct session *session);                       /* tells what servers elsewhere are asked */
int setup_warm_urls(struct session *session, struct error *error);   /* warm_urls */

/* clients.c: what the origin is to know before it is started, and its addresses for modes, NULL without; the files of
 * clients; and, as a hook of the experiment, what they did. */
int clients_make_journal(struct session *session, struct error *error);
const char *const *clients_list_addresses(struct session *session, struct error *error);
int clients_open(struct session *session,
                 struct error *error); /* once signals are caught: files must not stay behind */
void clients_close(struct session *session);
void clients_tell_limits(struct session *session); /* of what options do not reach them; once the run is described */
int clients_open_trial(struct session *session, struct error *error); /* of a client: its list is made anew */
int clients_settle(void *context, const struct client_trial *did, struct trial *trial, struct error *error);
void clients_release(struct session *session);

/* description.c: what the result says of the run before it begins. -1: no memory. */
int description_fill(struct session *session, struct error *error);
/* Whether a host of the list is this machine, by its number. */
bool description_is_local(const struct session *session, size_t host);

/* trials.c: certificates and proxies tried in a process of its own; and the run, with what happens around each trial.
 */
int trials_rehearse(struct session *session, struct error *error);
int trials_run(struct session *session, struct error *error);
int trials_follow(struct session *session, int *status, struct error *error); /* on other machines than the leader */
/* The most trials that a run may have. */
uint64_t trials_most(const struct session *session);
/* The longest time that all trials may take together; 0: there is no limit. */
nanoseconds trials_time_most(const struct session *session);

/* machines.c: a run of several machines. What such a run cannot do yet is refused; the others are told what is to be
 * run, and tell what they are; and behind the run, what that is not to be believed for. Each does nothing where there
 * is one machine. */
int machines_check(const struct session *session, struct error *error);
int machines_send_plan(struct session *session, struct error *error);
void machines_add_up(struct session *session); /* the cores of all */
void machines_warn(struct session *session);
/* The facts that a follower takes from the leader instead of finding them out itself. */
int machines_load_list(struct session *session, struct error *error);
int machines_take_room(struct session *session, struct error *error);
void machines_take_place(struct session *session);

/* Copies bytes to where the next of a message go, which is behind them then. */
void machines_add_bytes(char **next, const void *bytes, size_t size);

/* machines_origin.c: which origin the machines ask. Whether that is the one of the leader, and where it listens then;
 * where each has its own, whatever is asked of the leader's is asked of all, and a follower answers. */
bool machines_share_origin(const struct session *session);
int machines_find_place(struct session *session, struct error *error);
int machines_reset_origins(const struct session *session, nanoseconds latency, struct error *error);
int machines_add_counts(const struct session *session, struct origin_totals *totals, struct trial_origin_counts *counts,
                        struct error *error);
int machines_answer(void *context, const struct fleet_message *message, struct error *error);

/* cost.c: says, without a full stop, how many requests go to which servers at most, and how long that takes. Of those
 * that are not this machine, or of all. Returns `buffer`; NULL: there is none. */
char *cost_describe(const struct session *session, bool is_of_all, char *buffer, size_t size);

#endif
