#ifndef CONC_BENCH_HTTP_GROUP_H
#define CONC_BENCH_HTTP_GROUP_H

#include <stdbool.h>
#include <stdint.h>

#include "conc_bench/base/clock.h"
#include "conc_bench/base/error.h"
#include "conc_bench/http/transfer.h"

/*
 * The transfers of one multi handle, with what they have in common: connections, names, and what has to be done about a
 * libcurl that leaves some of them waiting. The driver of the multi handle (group_multi_handle()) starts transfers,
 * calls libcurl, and has the group tell which have ended. Used by one thread.
 */
struct transfer_group;

/* Told of each transfer that has ended, and is not to be begun again: it is described, and out of the multi handle. May
 * start it again. -1 ends group_reap() and group_tend() with that error. */
struct group_listener {
    void *context;
    int (*ended)(void *context, struct transfer *transfer, struct error *error);
};

/* Makes a group for so many transfers. NULL: no memory, or an option this libcurl refuses. Needs
 * transfer_library_init(). */
struct transfer_group *group_create(const struct transfer_plan *plan, uint32_t transfers,
                                    const struct group_listener *listener, struct error *error);

/* Releases the group and its transfers. Their connections are closed, and the watcher of them must still be there. NULL
 * is allowed. */
void group_release(struct transfer_group *group);

/* Makes a transfer, which belongs to the group; before any is started. NULL: as for transfer_create(). */
struct transfer *group_add(struct transfer_group *group, const struct transfer_sockets *sockets, struct error *error);

/* The CURLM * inside. */
void *group_multi_handle(const struct transfer_group *group);

/* Notes in the table, from now on, the most downloads on one connection; NULL: notes it no more. */
void group_watch(struct transfer_group *group, struct sample_table *table);

/* Gives a transfer to libcurl, behind transfer_begin(). */
int group_start(struct transfer *transfer, struct error *error);

/* Returns whether it was given to libcurl, and has not ended; what is to be begun again has not. */
bool group_is_under_way(const struct transfer *transfer);

/* Describes one that is under way by transfer_give_up(), and takes it back. Nobody is told. */
void group_give_up(struct transfer *transfer, bool is_cancelled);

/* Tells of what libcurl has completed: after it was called for this multi handle. */
int group_reap(struct transfer_group *group, struct error *error);

/* Tells of what libcurl leaves waiting and is over, and starts again what it has forgotten: where transfers share
 * connections, whenever libcurl was called for any multi handle, and by group_is_due_at(), if that is not NEVER. */
int group_tend(struct transfer_group *group, struct error *error);
/* Begins again what failed and is due for that: where the policy has retries, as often as that, and by
 * group_is_due_at(). */
int group_retry(struct transfer_group *group, struct error *error);
nanoseconds group_is_due_at(const struct transfer_group *group);
#define NEVER INT64_MAX

/* Called by the watcher of sockets: libcurl has let go of a socket that was only waited for to be connected. */
void group_note_let_go(struct transfer_group *group);

/* An error sentence about what a multi handle answered, a CURLMcode. -1. */
int group_fail(int code, struct error *error);

#endif
