#include <curl/curl.h>

#include "quirks.h"
#include "transfer_state.h"

/* Transfers that share connections, and wait: for one that another transfer makes, for room on one, or for an answer on
 * one that is broken. libcurl does not always come back to them. */

/* However little there is to wait for, a look is taken this often. */
#define LONGEST_LOOK (250 * NANOSECONDS_PER_MILLISECOND)

void quirk_create_waiting(struct transfer_group *group)
{
    /* A transfer whose name has yet to be looked up has no connection either, and is not to begin anew. */
    if (group->plan->policy->dns_live || !quirk_applies(QUIRK_FORGOTTEN_WAIT))
        group->stalled_from = NEVER;
    if (!quirk_applies(QUIRK_UNTIMED_WAIT))
        group->overdue_from = NEVER;
}

void quirk_note_start(struct transfer *transfer)
{
    transfer->tried = clock_now();
    transfer->overtaking = transfer->group->ended;
}

nanoseconds group_is_due_at(const struct transfer_group *group)
{
    nanoseconds due = group->retry_from;
    if (group->streams == NULL)
        return due;
    due = group->overdue_from < due ? group->overdue_from : due;
    return group->stalled_from < due ? group->stalled_from : due;
}

/* A transfer without a connection has this much time. */
static nanoseconds time_to_connect(const struct transfer_policy *policy)
{
    return policy->connect_timeout < policy->max_time ? policy->connect_timeout : policy->max_time;
}

static nanoseconds deadline_of(const struct transfer *transfer)
{
    const struct transfer_policy *policy = transfer->plan->policy;
    nanoseconds end = transfer->begun + policy->max_time;
    nanoseconds connected = transfer->attempted + policy->connect_timeout;
    return transfer->requests > 0 || connected > end ? end : connected;
}

static bool makes_connection(const struct transfer *transfer)
{
    return transfer->requests == 0 && transfer->opened != 0;
}

static bool is_waiting(const struct transfer *transfer)
{
    return transfer->requests == 0 && transfer->opened == 0;
}

/* QUIRK_UNTIMED_WAIT */

/* Notes why a connection failed, or what time was up for, in case others wait for the same; it counts until the server
 * answers. */
static void note_failure(const struct transfer *transfer)
{
    struct transfer_group *group = transfer->group;
    const struct sample *sample = transfer->sample;
    enum outcome outcome = (enum outcome)sample->outcome;
    if (outcome == OUTCOME_CONNECT || outcome == OUTCOME_TIMEOUT_DNS || outcome == OUTCOME_TIMEOUT_CONNECT ||
        outcome == OUTCOME_TIMEOUT_TLS) {
        if (sample->redirects > 0) /* it was another server's */
            return;
        group->failed = outcome;
        group->failed_url = transfer->url;
    } else if (group->failed != OUTCOME_NONE && sample->http_version != 0 &&
               transfer_is_for_server(transfer, group->failed_url)) {
        group->failed = OUTCOME_NONE;
    }
}

/* The transfer that makes the connection another one waits for; NULL: none does. */
static const struct transfer *find_maker(const struct transfer *waiting)
{
    for (const struct transfer *other = waiting->group->first; other != NULL; other = other->next) {
        if (other->is_under_way && makes_connection(other) && transfer_is_for_server(other, waiting->url))
            return other;
    }
    return NULL;
}

/* The time of a transfer without a connection of its own was up for a reason that others know: for what the last for
 * the same server failed, or for what the one is about that makes the connection it waits for. */
static void time_out(struct transfer *transfer)
{
    const struct transfer_group *group = transfer->group;
    const struct transfer *maker = find_maker(transfer);
    bool is_known = group->failed != OUTCOME_NONE && transfer_is_for_server(transfer, group->failed_url);
    nanoseconds limit = time_to_connect(transfer->plan->policy);
    transfer_finish(transfer, CURLE_OPERATION_TIMEDOUT);
    if (transfer->requests > 0)
        return;
    /* An attempt that began late says less of what time was up for than the one before it. */
    bool is_late = transfer->opened == 0 || transfer->opened - transfer->attempted > limit / 2;
    /* A connection that has been under way for long says more than one that was refused. */
    bool is_slow = maker != NULL && transfer->sample->end - maker->opened > limit / 2;
    if (is_late && is_known && !(is_slow && group->failed == OUTCOME_CONNECT)) {
        transfer->sample->outcome = (uint8_t)group->failed;
    } else if (transfer->opened == 0 && maker != NULL) {
        transfer_describe(maker, CURLE_OPERATION_TIMEDOUT);
        transfer->sample->outcome = (uint8_t)transfer_outcome_of_timeout(maker);
    }
}

void quirk_finish_shared(struct transfer *transfer, int code)
{
    if (code == CURLE_OPERATION_TIMEDOUT)
        time_out(transfer);
    else
        transfer_finish(transfer, code);
    note_failure(transfer);
}

/* Looks when the first of those seen last time can be due; whatever has begun since has more time. */
int quirk_end_overdue(struct transfer_group *group, struct error *error)
{
    nanoseconds now = clock_now();
    if (now < group->overdue_from)
        return 0;
    group->overdue_from = now + time_to_connect(group->plan->policy);
    for (struct transfer *transfer = group->first; transfer != NULL; transfer = transfer->next) {
        if (!transfer->is_under_way)
            continue;
        nanoseconds deadline = deadline_of(transfer);
        if (deadline > now) {
            group->overdue_from = deadline < group->overdue_from ? deadline : group->overdue_from;
            continue;
        }
        quirk_finish_shared(transfer, CURLE_OPERATION_TIMEDOUT);
        if (group_end(transfer, error) != 0)
            return -1;
    }
    return 0;
}

/* QUIRK_BROKEN_CONNECTION: those that are left on a connection that broke HTTP/2. */
int quirk_end_broken(struct transfer_group *group, struct error *error)
{
    if (!group->has_broken)
        return 0;
    group->has_broken = false;
    for (struct transfer *transfer = group->first; transfer != NULL; transfer = transfer->next) {
        if (!transfer->is_under_way || transfer->broken == OUTCOME_NONE)
            continue;
        transfer_finish(transfer, CURLE_RECV_ERROR);
        if (group_end(transfer, error) != 0)
            return -1;
    }
    return 0;
}

/* QUIRK_FORGOTTEN_WAIT */

/* Whether libcurl will not come back to a transfer that waits for a connection: when nobody has one, or makes one,
 * whose end would be the occasion; or when so many others came to an end that it must have been its turn. */
static bool is_stalled(const struct transfer *transfer)
{
    const struct transfer_group *group = transfer->group;
    if (group->ended - transfer->overtaking > 2 * (uint64_t)group->count)
        return true;
    for (const struct transfer *other = group->first; other != NULL; other = other->next) {
        if (other->is_under_way && !is_waiting(other) && transfer_is_for_server(other, transfer->url))
            return false;
    }
    return true;
}

int quirk_restart_stalled(struct transfer_group *group, struct error *error)
{
    const nanoseconds patience = 50 * NANOSECONDS_PER_MILLISECOND;
    nanoseconds now = clock_now();
    if (now < group->stalled_from)
        return 0;
    group->stalled_from = now + LONGEST_LOOK;
    for (struct transfer *transfer = group->first; transfer != NULL; transfer = transfer->next) {
        if (!transfer->is_under_way || !is_waiting(transfer))
            continue;
        group->stalled_from = now + patience;
        if (now - transfer->tried >= patience && is_stalled(transfer) && group_start_again(transfer, error) != 0)
            return -1;
    }
    return 0;
}

/* QUIRK_CONNECTION_EACH: with a limit, those that lost their connection wait for the first new one to be there. One
 * more than it takes is allowed, since the old connection may still have a download to end. Not where HTTP/1.1 is
 * spoken as well: there each needs its own. Where a group has more transfers than a connection takes, the same happens
 * at the start, before anything is spoken. */
int quirk_limit_connections(struct transfer_group *group)
{
    if (!quirk_applies(QUIRK_CONNECTION_EACH))
        return CURLM_OK;
    unsigned spoken = streams_spoken(group->streams);
    bool is_limited = spoken == SPOKEN_HTTP2 || (spoken == 0 && group->count > STREAMS_MAX);
    uint32_t needed = (group->count + STREAMS_MAX - 1) / STREAMS_MAX;
    uint32_t used = streams_connections(group->streams);
    long limit = is_limited ? (long)(used > needed ? used : needed) + 1 : 0;
    if (limit == group->connection_limit)
        return CURLM_OK;
    group->connection_limit = limit;
    return (int)curl_multi_setopt(group->multi, CURLMOPT_MAX_HOST_CONNECTIONS, limit);
}
