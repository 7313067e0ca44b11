#include "loop.h"

#include <stdlib.h>

#include "conc_bench/http/pool.h"
#include "conc_bench/http/transfer.h"
#include "conc_bench/run/sample.h"
#include "conc_bench/workload/cpu_work.h"
#include "loop_driver.h"

/* Slots started between two looks at the sockets. All at once would let the first responses wait until the last request
 * is out: a thousand connects take some 100 ms. */
enum { START_BURST = 8 };

/* A waiting loop looks at the stop flag this often. */
#define LONGEST_WAIT (250 * NANOSECONDS_PER_MILLISECOND)

int loop_driver_fail(CURLMcode code, struct error *error)
{
    return error_set(error, ERROR_ENVIRONMENT, "libcurl's event loop gave up: %s", curl_multi_strerror(code));
}

void loop_will_wait(struct loop *loop)
{
    if (loop->woke != 0 && !loop->is_warming)
        sample_table_note_lag(loop->job->table, clock_now() - loop->woke);
}

void loop_has_waited(struct loop *loop)
{
    loop->woke = clock_now();
}

static int give_to_libcurl(struct slot *slot, struct error *error)
{
    slot->tried = clock_now();
    slot->overtaking = slot->shard->settled;
    CURLMcode code = curl_multi_add_handle(slot->shard->multi, transfer_easy_handle(slot->transfer));
    return code == CURLM_OK ? 0 : loop_driver_fail(code, error);
}

static int fly(struct loop *loop, struct slot *slot, struct error *error)
{
    slot->is_in_flight = true;
    loop->in_flight++;
    return give_to_libcurl(slot, error);
}

/* From the start, with libcurl. */
static int repeat(struct slot *slot, struct error *error)
{
    curl_multi_remove_handle(slot->shard->multi, transfer_easy_handle(slot->transfer));
    return give_to_libcurl(slot, error);
}

/* Takes units until one is in flight on this slot, or none is left. */
static int arm(struct loop *loop, struct slot *slot, struct error *error)
{
    const struct mode_job *job = loop->job;
    uint32_t worker = loop->first_worker + (uint32_t)(slot - loop->slots);
    uint32_t unit;
    struct sample *sample;
    while ((sample = sample_claim(job->table, worker, &unit)) != NULL) {
        if (transfer_begin(slot->transfer, job->unit_urls[unit], sample))
            return fly(loop, slot, error);
        cpu_work_spend(job->cpu_work);
        sample_settle(job->table, sample);
    }
    loop->is_exhausted = true;
    return 0;
}

static int start_some(struct loop *loop, struct error *error)
{
    for (int i = 0; i < START_BURST && loop->started < loop->slot_count && !loop->is_exhausted; i++) {
        if (arm(loop, &loop->slots[loop->started++], error) != 0)
            return -1;
    }
    return 0;
}

/* Of a transfer that has been described. */
static void settle(struct loop *loop, struct slot *slot)
{
    curl_multi_remove_handle(slot->shard->multi, transfer_easy_handle(slot->transfer));
    if (!loop->is_warming) {
        if (!sample_table_is_stopped(loop->job->table)) /* whoever presses Ctrl-C does not want it */
            cpu_work_spend(loop->job->cpu_work);
        sample_settle(loop->job->table, transfer_sample(slot->transfer));
    }
    slot->is_in_flight = false;
    slot->shard->settled++;
    loop->in_flight--;
}

/* What a connection failed for, or time was up for, should others wait for the same; until the server answers. */
static void note_failure(const struct slot *slot)
{
    struct shard *shard = slot->shard;
    const struct sample *sample = transfer_sample(slot->transfer);
    enum outcome outcome = (enum outcome)sample->outcome;
    if (outcome == OUTCOME_CONNECT || outcome == OUTCOME_TIMEOUT_DNS || outcome == OUTCOME_TIMEOUT_CONNECT ||
        outcome == OUTCOME_TIMEOUT_TLS) {
        if (sample->redirects > 0) /* it was another server's */
            return;
        shard->failed = outcome;
        shard->failed_url = transfer_url(slot->transfer);
    } else if (shard->failed != OUTCOME_NONE && sample->http_version != 0 &&
               transfer_is_for_server(slot->transfer, shard->failed_url)) {
        shard->failed = OUTCOME_NONE;
    }
}

/* The transfer that makes the connection another one waits for; NULL: none does. */
static const struct transfer *find_maker(const struct loop *loop, const struct slot *waiting)
{
    uint32_t url = transfer_url(waiting->transfer);
    for (uint32_t i = waiting->shard->number; i < loop->slot_count; i += loop->shard_count) {
        const struct slot *slot = &loop->slots[i];
        if (slot->is_in_flight && transfer_makes_connection(slot->transfer) &&
            transfer_is_for_server(slot->transfer, url))
            return slot->transfer;
    }
    return NULL;
}

static void time_out(const struct loop *loop, const struct slot *slot)
{
    const struct shard *shard = slot->shard;
    bool is_known = shard->failed != OUTCOME_NONE && transfer_is_for_server(slot->transfer, shard->failed_url);
    transfer_time_out(slot->transfer, find_maker(loop, slot), is_known ? shard->failed : OUTCOME_NONE);
}

/* Ends what libcurl leaves waiting, in modes that share connections: see transfer_deadline(). Looks when the first of
 * those seen last time can be due; whatever has begun since has more time. */
static int end_overdue(struct loop *loop, struct error *error)
{
    nanoseconds now = clock_now();
    if (now < loop->overdue_from)
        return 0;
    loop->overdue_from = now + transfer_least_time(loop->job->transfer);
    for (uint32_t i = 0; i < loop->slot_count; i++) {
        struct slot *slot = &loop->slots[i];
        if (!slot->is_in_flight)
            continue;
        nanoseconds deadline = transfer_deadline(slot->transfer);
        if (deadline > now) {
            loop->overdue_from = deadline < loop->overdue_from ? deadline : loop->overdue_from;
            continue;
        }
        time_out(loop, slot);
        note_failure(slot);
        settle(loop, slot);
        if (!loop->is_warming && arm(loop, slot, error) != 0)
            return -1;
    }
    return 0;
}

/* Whoever is left on a connection that broke HTTP/2. */
static int end_broken(struct loop *loop, struct error *error)
{
    if (!transfer_connections_broke())
        return 0;
    for (uint32_t i = 0; i < loop->slot_count; i++) {
        struct slot *slot = &loop->slots[i];
        if (!slot->is_in_flight || !transfer_is_broken(slot->transfer))
            continue;
        transfer_finish_broken(slot->transfer);
        settle(loop, slot);
        if (!loop->is_warming && arm(loop, slot, error) != 0)
            return -1;
    }
    return 0;
}

/* Whether libcurl will not come back to a transfer that waits for a connection: when nobody has one, or makes one,
 * whose end would be the occasion; or when so many others came to an end that it must have been its turn. */
static bool is_forgotten(const struct loop *loop, const struct slot *slot)
{
    const struct shard *shard = slot->shard;
    uint32_t slots = (loop->slot_count + loop->shard_count - 1) / loop->shard_count;
    if (shard->settled - slot->overtaking > 2 * (uint64_t)slots)
        return true;
    for (uint32_t i = shard->number; i < loop->slot_count; i += loop->shard_count) {
        const struct slot *other = &loop->slots[i];
        if (other->is_in_flight && !transfer_waits(other->transfer) &&
            transfer_is_for_server(other->transfer, transfer_url(slot->transfer)))
            return false;
    }
    return true;
}

/* Of those that wait for a connection libcurl 7.88 wakes one when another ends, and relies on that one to wake the
 * next. If it does not get that far, because a server has just died, the others wait until their time is up. So those
 * that wait are looked after. */
static int remember_forgotten(struct loop *loop, struct error *error)
{
    const nanoseconds patience = 50 * NANOSECONDS_PER_MILLISECOND;
    nanoseconds now = clock_now();
    if (now < loop->forgotten_from)
        return 0;
    loop->forgotten_from = now + LONGEST_WAIT;
    for (uint32_t i = 0; i < loop->slot_count; i++) {
        struct slot *slot = &loop->slots[i];
        if (!slot->is_in_flight || !transfer_waits(slot->transfer))
            continue;
        loop->forgotten_from = now + patience;
        if (now - slot->tried >= patience && is_forgotten(loop, slot) && repeat(slot, error) != 0)
            return -1;
    }
    return 0;
}

/* See transfer_urge(). Which of them let go of the socket is not known. */
static void urge_connecting(struct shard *shard)
{
    const struct loop *loop = shard->loop;
    shard->has_let_go = false;
    for (uint32_t i = shard->number; i < loop->slot_count; i += loop->shard_count) {
        if (loop->slots[i].is_in_flight)
            transfer_urge(loop->slots[i].transfer);
    }
}

/* A server that has had enough of a connection (GOAWAY) leaves all its transfers without one, and libcurl 7.88 makes a
 * new one for each of them. With a limit they wait for the first to be there. One more than it takes is allowed, since
 * the old connection may still have a download to end. Not where HTTP/1.1 is spoken as well: there each needs its own.
 * Where a shard has more transfers than a connection takes, the same happens at the start, before anything is spoken.
 */
static int limit_connections(struct shard *shard, struct error *error)
{
    const struct loop *loop = shard->loop;
    uint32_t slots = (loop->slot_count + loop->shard_count - 1) / loop->shard_count;
    unsigned spoken = streams_spoken(shard->streams);
    bool is_limited = spoken == SPOKEN_HTTP2 || (spoken == 0 && slots > STREAMS_MAX);
    uint32_t needed = (slots + STREAMS_MAX - 1) / STREAMS_MAX;
    uint32_t used = streams_connections(shard->streams);
    long limit = is_limited ? (long)(used > needed ? used : needed) + 1 : 0;
    if (limit == shard->connection_limit)
        return 0;
    CURLMcode code = curl_multi_setopt(shard->multi, CURLMOPT_MAX_HOST_CONNECTIONS, limit);
    shard->connection_limit = limit;
    return code == CURLM_OK ? 0 : loop_driver_fail(code, error);
}

static int reap_shard(struct shard *shard, struct error *error)
{
    struct loop *loop = shard->loop;
    int left;
    CURLMsg *message;
    if (shard->streams != NULL && limit_connections(shard, error) != 0)
        return -1;
    while ((message = curl_multi_info_read(shard->multi, &left)) != NULL) {
        /* The message dies with the removal of its handle. */
        CURLcode code = message->data.result;
        struct transfer *transfer = transfer_of_easy_handle(message->easy_handle);
        struct slot *slot = &loop->slots[transfer_sample(transfer)->worker - loop->first_worker];
        if (transfer_is_repeated(transfer, (int)code)) {
            if (repeat(slot, error) != 0)
                return -1;
            continue;
        }
        if (shard->streams != NULL && code == CURLE_OPERATION_TIMEDOUT)
            time_out(loop, slot);
        else
            transfer_finish(slot->transfer, (int)code);
        if (shard->streams != NULL)
            note_failure(slot);
        settle(loop, slot);
        if (!loop->is_warming && arm(loop, slot, error) != 0)
            return -1;
    }
    return 0;
}

void loop_will_call(struct shard *shard)
{
    transfer_receive_anew();
    if (shard->was_called)
        return;
    shard->was_called = true;
    shard->next = shard->loop->called;
    shard->loop->called = shard;
}

static int reap(struct loop *loop, struct error *error)
{
    while (loop->called != NULL) {
        struct shard *shard = loop->called;
        loop->called = shard->next;
        shard->was_called = false;
        if (reap_shard(shard, error) != 0)
            return -1;
        if (shard->has_let_go)
            urge_connecting(shard);
    }
    return 0;
}

static void give_up_all(struct loop *loop, bool is_cancelled)
{
    for (uint32_t i = 0; i < loop->slot_count; i++) {
        if (!loop->slots[i].is_in_flight)
            continue;
        transfer_give_up(loop->slots[i].transfer, is_cancelled);
        settle(loop, &loop->slots[i]);
    }
}

static int turn(struct loop *loop, struct error *error)
{
    bool is_starting = !loop->is_warming && loop->started < loop->slot_count && !loop->is_exhausted;
    bool is_shared = loop->shards[0].streams != NULL;
    nanoseconds longest = is_starting ? 0 : LONGEST_WAIT;
    nanoseconds look = loop->overdue_from < loop->forgotten_from ? loop->overdue_from : loop->forgotten_from;
    if (is_shared && look - loop->woke < longest)
        longest = look > loop->woke ? look - loop->woke : 0;
    if (loop_driver_turn(loop, longest, error) != 0 || reap(loop, error) != 0)
        return -1;
    if (!is_shared)
        return 0;
    return end_broken(loop, error) != 0 || end_overdue(loop, error) != 0 || remember_forgotten(loop, error) != 0 ? -1
                                                                                                                 : 0;
}

/* A download of a URL on every slot at once, so that no connection is used twice, or as many as there are to be share
 * it.
 */
static int warm_host(struct loop *loop, uint32_t url, struct sample *unmeasured, struct error *error)
{
    for (uint32_t i = 0; i < loop->slot_count; i++) {
        unmeasured[i] = (struct sample){.worker = loop->first_worker + i, .start = clock_now()};
        if (transfer_begin(loop->slots[i].transfer, url, &unmeasured[i]) && fly(loop, &loop->slots[i], error) != 0)
            return -1;
    }
    while (loop->in_flight > 0 && !sample_table_is_stopped(loop->job->table)) {
        if (turn(loop, error) != 0)
            return -1;
    }
    for (uint32_t i = 0; i < loop->slot_count; i++)
        sample_table_note_warm(loop->job->table, &unmeasured[i]);
    return 0;
}

static void watch_streams(struct loop *loop, struct sample_table *table)
{
    for (uint32_t i = 0; i < loop->shard_count; i++) {
        if (loop->shards[i].streams != NULL)
            streams_watch(loop->shards[i].streams, table);
    }
}

int loop_warm(struct loop *loop, struct error *error)
{
    struct sample *unmeasured = calloc(loop->slot_count, sizeof(unmeasured[0]));
    if (unmeasured == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory to open connections beforehand");
    loop->is_warming = true;
    watch_streams(loop, NULL);
    int status = 0;
    for (uint32_t i = 0; i < loop->job->warm_url_count && status == 0; i++)
        status = warm_host(loop, loop->job->warm_urls[i], unmeasured, error);
    give_up_all(loop, true);
    watch_streams(loop, loop->job->table);
    loop->is_warming = false;
    loop->woke = 0;
    free(unmeasured);
    return status;
}

int loop_run(struct loop *loop, struct error *error)
{
    int status = 0;
    while (status == 0) {
        if (sample_table_is_stopped(loop->job->table)) {
            give_up_all(loop, true);
            return 0;
        }
        status = start_some(loop, error);
        if (status == 0 && loop->in_flight == 0)
            return 0;
        if (status == 0)
            status = turn(loop, error);
    }
    give_up_all(loop, false);
    return -1;
}

/* Lets the first transfer of a shard bring the pinned names into the multi handle, where all of them look. */
static int bring_names(struct shard *shard, struct transfer *transfer, struct error *error)
{
    CURL *easy = transfer_easy_handle(transfer);
    if (transfer_arm_names(transfer, error) != 0)
        return -1;
    CURLMcode code = curl_multi_add_handle(shard->multi, easy);
    int running = 1;
    while (code == CURLM_OK && running > 0)
        code = curl_multi_perform(shard->multi, &running);
    int left;
    while (curl_multi_info_read(shard->multi, &left) != NULL) {}
    curl_multi_remove_handle(shard->multi, easy);
    return code == CURLM_OK ? 0 : loop_driver_fail(code, error);
}

static int fill_shard(struct loop *loop, struct shard *shard, struct error *error)
{
    bool is_first = true;
    for (uint32_t i = shard->number; i < loop->slot_count; i += loop->shard_count) {
        struct slot *slot = &loop->slots[i];
        slot->shard = shard;
        slot->transfer = transfer_create(loop->job->transfer, is_first ? TRANSFER_FIRST_IN_MULTI : TRANSFER_IN_MULTI,
                                         &shard->sockets, error);
        if (slot->transfer == NULL)
            return -1;
        transfer_use_pool(slot->transfer, shard->pool);
        if (shard->streams != NULL)
            transfer_count_streams(slot->transfer, shard->streams);
        if (is_first && transfer_has_names(slot->transfer) && bring_names(shard, slot->transfer, error) != 0)
            return -1;
        is_first = false;
    }
    return 0;
}

static int open_shard(struct loop *loop, struct shard *shard, uint32_t number, struct error *error)
{
    *shard = (struct shard){.loop = loop, .number = number, .due = NEVER, .multi = curl_multi_init()};
    if (shard->multi == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for a libcurl multi handle");
    uint32_t slots = (loop->slot_count - number + loop->shard_count - 1) / loop->shard_count;
    long kept = (long)slots * (long)loop->job->transfer->policy->connections_kept;
    CURLMcode code = curl_multi_setopt(shard->multi, CURLMOPT_MAXCONNECTS, kept);
    /* Where the pool is full, an idle connection makes room for a new one before that is made, not after. There are
     * never more in use than slots, so that nothing has to wait because of this limit. */
    if (code == CURLM_OK)
        code = curl_multi_setopt(shard->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, kept);
    bool is_shared = transfer_shares_connections(loop->job->transfer);
    if (code == CURLM_OK)
        code = curl_multi_setopt(shard->multi, CURLMOPT_PIPELINING,
                                 is_shared ? (long)CURLPIPE_MULTIPLEX : (long)CURLPIPE_NOTHING);
    if (code == CURLM_OK)
        code = curl_multi_setopt(shard->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, (long)STREAMS_MAX);
    if (code != CURLM_OK)
        return loop_driver_fail(code, error);
    if (pool_create(loop->job->transfer, TRANSFER_IN_MULTI, slots, &shard->pool, error) != 0)
        return -1;
    if (!is_shared)
        return 0;
    shard->streams = streams_create(error);
    if (shard->streams == NULL)
        return -1;
    streams_watch(shard->streams, loop->job->table);
    return 0;
}

int loop_create(const struct mode_job *job, uint32_t first_worker, uint32_t count, struct loop **result,
                struct error *error)
{
    *result = NULL;
    struct loop *loop = calloc(1, sizeof(*loop));
    if (loop == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for an event loop");
    *loop =
        (struct loop){.job = job, .first_worker = first_worker, .slot_count = count, .epoll = -1, .earliest = NEVER};
    /* Who still has to look a name up has no connection either, and is not to begin anew. */
    if (job->transfer->policy->dns_live)
        loop->forgotten_from = NEVER;
    uint32_t shards =
        loop_driver_shards(count, job->transfer->policy->connections_kept, transfer_shares_connections(job->transfer));
    loop->slots = calloc(count, sizeof(loop->slots[0]));
    loop->shards = calloc(shards, sizeof(loop->shards[0]));
    int status = 0;
    if (loop->slots == NULL || loop->shards == NULL)
        status =
            error_set(error, ERROR_ENVIRONMENT, "no memory for an event loop of %lu workers", (unsigned long)count);
    else
        loop->shard_count = shards;
    for (uint32_t i = 0; i < loop->shard_count && status == 0; i++)
        status = open_shard(loop, &loop->shards[i], i, error);
    if (status == 0)
        status = loop_driver_open(loop, error);
    for (uint32_t i = 0; i < loop->shard_count && status == 0; i++)
        status = fill_shard(loop, &loop->shards[i], error);
    if (status != 0)
        loop_release(loop);
    else
        *result = loop;
    return status;
}

void loop_release(struct loop *loop)
{
    if (loop == NULL)
        return;
    /* Handles before what holds their connections, and the driver last: closing connections calls back. */
    for (uint32_t i = 0; loop->slots != NULL && i < loop->slot_count; i++)
        transfer_release(loop->slots[i].transfer);
    for (uint32_t i = 0; i < loop->shard_count; i++) {
        curl_multi_cleanup(loop->shards[i].multi);
        streams_release(loop->shards[i].streams);
        pool_release(loop->shards[i].pool);
    }
    loop_driver_close(loop);
    free(loop->slots);
    free(loop->shards);
    free(loop);
}

uint64_t loop_descriptors(uint32_t count, const struct transfer_policy *policy)
{
    enum { RESOLVER_PAIR = 2, WAKEUP_PAIR = 2, EPOLL = 1 };
    uint64_t pools = pool_wears_out(policy, TRANSFER_IN_MULTI) ? 2 : 1;
    uint64_t each = pools * policy->connections_kept + (policy->dns_live ? RESOLVER_PAIR : 0);
    uint64_t apart = loop_driver_shards(count, policy->connections_kept, false);
    uint64_t together = loop_driver_shards(count, policy->connections_kept, true);
    return count * each + (apart > together ? apart : together) * WAKEUP_PAIR + EPOLL;
}
