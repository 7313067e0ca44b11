#include "conc_bench/http/group.h"

#include <curl/curl.h>
#include <stdlib.h>

#include "quirks.h"
#include "retry.h"
#include "transfer_state.h"

int group_fail(int code, struct error *error)
{
    return error_set(error, ERROR_ENVIRONMENT, "libcurl's event loop gave up: %s",
                     curl_multi_strerror((CURLMcode)code));
}

static int check(CURLMcode code, struct error *error)
{
    return code == CURLM_OK ? 0 : group_fail((int)code, error);
}

/* Connections: where the pool is full, an idle one makes room for a new one before that is made, not after. There are
 * never more in use than transfers, so that nothing has to wait because of this limit. */
static int set_options(CURLM *multi, const struct transfer_plan *plan, uint32_t transfers, struct error *error)
{
    long kept = (long)transfers * (long)plan->policy->connections_kept;
    bool is_shared = transfer_shares_connections(plan);
    CURLMcode code = curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, kept);
    if (code == CURLM_OK)
        code = curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, kept);
    if (code == CURLM_OK)
        code = curl_multi_setopt(multi, CURLMOPT_PIPELINING,
                                 is_shared ? (long)CURLPIPE_MULTIPLEX : (long)CURLPIPE_NOTHING);
    if (code == CURLM_OK)
        code = curl_multi_setopt(multi, CURLMOPT_MAX_CONCURRENT_STREAMS, (long)STREAMS_MAX);
    return check(code, error);
}

struct transfer_group *group_create(const struct transfer_plan *plan, uint32_t transfers,
                                    const struct group_listener *listener, struct error *error)
{
    struct transfer_group *group = calloc(1, sizeof(*group));
    if (group != NULL)
        group->multi = curl_multi_init();
    if (group == NULL || group->multi == NULL) {
        error_set(error, ERROR_ENVIRONMENT, "no memory for a libcurl multi handle");
        free(group);
        return NULL;
    }
    group->plan = plan;
    group->retry_from = NEVER;
    group->listener = *listener;
    if (set_options(group->multi, plan, transfers, error) != 0 ||
        pool_create(plan, TRANSFER_IN_MULTI, transfers, &group->pool, error) != 0 ||
        (transfer_shares_connections(plan) && (group->streams = streams_create(error)) == NULL)) {
        group_release(group);
        return NULL;
    }
    quirk_create_waiting(group);
    return group;
}

void group_release(struct transfer_group *group)
{
    if (group == NULL)
        return;
    for (struct transfer *transfer = group->first, *next; transfer != NULL; transfer = next) {
        next = transfer->next;
        transfer_release(transfer);
    }
    curl_multi_cleanup(group->multi);
    streams_release(group->streams);
    pool_release(group->pool);
    free(group);
}

struct transfer *group_add(struct transfer_group *group, const struct transfer_sockets *sockets, struct error *error)
{
    bool is_first = group->first == NULL;
    struct transfer *transfer =
        transfer_create(group->plan, is_first ? TRANSFER_FIRST_IN_MULTI : TRANSFER_IN_MULTI, sockets, error);
    if (transfer == NULL)
        return NULL;
    if (is_first)
        group->first = transfer;
    else
        group->last->next = transfer;
    group->last = transfer;
    group->count++;
    transfer->group = group;
    transfer->streams = group->streams;
    transfer_use_pool(transfer, group->pool);
    bool is_ready = !is_first || transfer->names == NULL || transfer_bring_names(transfer, group->multi, error) == 0;
    return is_ready ? transfer : NULL;
}

void *group_multi_handle(const struct transfer_group *group)
{
    return group->multi;
}

void group_watch(struct transfer_group *group, struct sample_table *table)
{
    if (group->streams != NULL)
        streams_watch(group->streams, table);
}

int group_start(struct transfer *transfer, struct error *error)
{
    struct transfer_group *group = transfer->group;
    transfer->is_under_way = true;
    if (group->streams != NULL)
        quirk_note_start(transfer);
    return check(curl_multi_add_handle(group->multi, transfer->easy), error);
}

bool group_is_under_way(const struct transfer *transfer)
{
    return transfer->is_under_way || transfer->is_pausing;
}

static void take_back(struct transfer *transfer)
{
    curl_multi_remove_handle(transfer->group->multi, transfer->easy);
    transfer->is_under_way = false;
}

void group_give_up(struct transfer *transfer, bool is_cancelled)
{
    transfer_give_up(transfer, is_cancelled);
    transfer->is_pausing = false;
    if (!transfer->is_under_way)
        return;
    take_back(transfer);
    transfer->group->ended++;
}

int group_start_again(struct transfer *transfer, struct error *error)
{
    take_back(transfer);
    return group_start(transfer, error);
}

int group_end(struct transfer *transfer, struct error *error)
{
    struct transfer_group *group = transfer->group;
    take_back(transfer);
    group->ended++;
    transfer->is_pausing = retry_is_wanted(transfer);
    if (!transfer->is_pausing)
        return group->listener.ended(group->listener.context, transfer, error);
    if (transfer->retry_at < group->retry_from)
        group->retry_from = transfer->retry_at;
    return 0;
}

static int begin_again(struct transfer *transfer, struct error *error)
{
    const struct group_listener *listener = &transfer->group->listener;
    transfer->is_pausing = false;
    return transfer_begin_again(transfer) ? group_start(transfer, error)
                                          : listener->ended(listener->context, transfer, error);
}

int group_retry(struct transfer_group *group, struct error *error)
{
    nanoseconds now = group->retry_from == NEVER ? 0 : clock_now();
    if (now < group->retry_from)
        return 0;
    group->retry_from = NEVER;
    for (struct transfer *transfer = group->first; transfer != NULL; transfer = transfer->next) {
        if (!transfer->is_pausing)
            continue;
        if (transfer->retry_at > now)
            group->retry_from = transfer->retry_at < group->retry_from ? transfer->retry_at : group->retry_from;
        else if (begin_again(transfer, error) != 0)
            return -1;
    }
    return 0;
}

/* The message dies with the removal of its handle. */
static int take_message(const CURLMsg *message, struct error *error)
{
    CURLcode code = message->data.result;
    struct transfer *transfer = transfer_of_easy_handle(message->easy_handle);
    if (transfer_is_repeated(transfer, (int)code))
        return group_start_again(transfer, error);
    if (transfer->streams != NULL)
        quirk_finish_shared(transfer, (int)code);
    else
        transfer_finish(transfer, (int)code);
    return group_end(transfer, error);
}

int group_reap(struct transfer_group *group, struct error *error)
{
    int left;
    const CURLMsg *message;
    if (group->streams != NULL && check((CURLMcode)quirk_limit_connections(group), error) != 0)
        return -1;
    while ((message = curl_multi_info_read(group->multi, &left)) != NULL) {
        if (take_message(message, error) != 0)
            return -1;
    }
    if (group->has_let_go)
        quirk_urge_all(group);
    return 0;
}

int group_tend(struct transfer_group *group, struct error *error)
{
    return quirk_end_broken(group, error) != 0 || quirk_end_overdue(group, error) != 0 ||
                   quirk_restart_stalled(group, error) != 0
               ? -1
               : 0;
}

void group_note_let_go(struct transfer_group *group)
{
    group->has_let_go = true;
}
