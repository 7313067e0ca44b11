#include "loop.h"

#include <stdlib.h>

#include "arrival.h"
#include "conc_bench/http/pool.h"
#include "conc_bench/run/sample.h"
#include "loop_driver.h"
#include "worker.h"

/* Transfers started between two looks at the sockets. All at once would let the first responses wait until the last
 * request is out: a thousand connects take some 100 ms. */
enum { START_BURST = 8 };

/* A waiting loop looks at the stop flag this often. */
#define LONGEST_WAIT (250 * NANOSECONDS_PER_MILLISECOND)

void loop_will_wait(struct loop *loop)
{
    if (loop->is_warming)
        return;
    nanoseconds now = clock_now();
    if (loop->woke != 0)
        delays_note(&loop->job->table->lag, now - loop->woke);
    loop->waited_from = loop->has_next ? now : NEVER;
}

void loop_has_waited(struct loop *loop)
{
    loop->woke = clock_now();
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

/* The downloads in flight */

static int start(struct loop *loop, struct transfer *transfer, struct error *error)
{
    loop->in_flight++;
    return group_start(transfer, error);
}

/* Takes units until one is in flight with this transfer, or none is left. */
static int take_unit(struct loop *loop, uint32_t worker, struct error *error)
{
    const struct mode_job *job = loop->job;
    struct transfer *transfer = loop->transfers[worker - loop->first_worker];
    uint32_t unit;
    struct sample *sample;
    while ((sample = sample_claim(job->table, worker, &unit)) != NULL) {
        if (transfer_begin(transfer, job->unit_urls[unit], sample))
            return start(loop, transfer, error);
        worker_settle(job, sample);
    }
    loop->is_exhausted = true;
    return 0;
}

/* Where units are due at instants, the workers that have none are in `idle`, and one unit at most is reserved for
 * whichever of them comes first: more would be kept from other loops that are free when they are due. */

/* The reserved unit is given to a worker, or dropped. */
static int start_next(struct loop *loop, struct error *error)
{
    const struct mode_job *job = loop->job;
    uint32_t worker = loop->idle[loop->idle_count - 1];
    /* Otherwise the loop was busy when it fell due, or all its workers were: that is a wait of the mode's own making.
     */
    if (loop->next_due >= loop->waited_from && loop->next_due <= loop->woke)
        delays_note(&job->table->late, loop->woke - loop->next_due);
    loop->has_next = false;
    struct sample *sample = arrival_begin(job, worker, loop->next);
    if (sample == NULL)
        return 0;
    struct transfer *transfer = loop->transfers[worker - loop->first_worker];
    if (transfer_begin(transfer, job->unit_urls[loop->next], sample)) {
        loop->idle_count--;
        return start(loop, transfer, error);
    }
    worker_settle(job, sample);
    return 0;
}

/* Whether a unit is reserved that is due, or to be given up. */
static bool is_next_due(struct loop *loop)
{
    if (!loop->has_next && loop->idle_count > 0 && !loop->is_exhausted) {
        loop->has_next = sample_reserve(loop->job->table, &loop->next);
        loop->is_exhausted = !loop->has_next;
        loop->next_due = loop->has_next ? arrival_due(loop->job, loop->next) : NEVER;
    }
    return loop->has_next && (loop->next_due <= clock_now() || sample_table_is_given_up(loop->job->table));
}

static int start_due(struct loop *loop, struct error *error)
{
    for (int i = 0; i < START_BURST && is_next_due(loop); i++) {
        if (start_next(loop, error) != 0)
            return -1;
    }
    return 0;
}

static int start_some(struct loop *loop, struct error *error)
{
    if (arrivals_are_given(loop->job))
        return start_due(loop, error);
    for (int i = 0; i < START_BURST && loop->started < loop->worker_count && !loop->is_exhausted; i++) {
        if (take_unit(loop, loop->first_worker + loop->started++, error) != 0)
            return -1;
    }
    return 0;
}

static void settle(struct loop *loop, struct transfer *transfer)
{
    loop->in_flight--;
    if (loop->is_warming)
        return;
    worker_settle(loop->job, transfer_sample(transfer));
}

static int on_ended(void *context, struct transfer *transfer, struct error *error)
{
    struct loop *loop = context;
    settle(loop, transfer);
    if (loop->is_warming)
        return 0;
    uint32_t worker = transfer_sample(transfer)->worker;
    if (!arrivals_are_given(loop->job))
        return take_unit(loop, worker, error);
    loop->idle[loop->idle_count++] = worker;
    return 0;
}

static void give_up_all(struct loop *loop, bool is_cancelled)
{
    for (uint32_t i = 0; i < loop->worker_count; i++) {
        if (!group_is_under_way(loop->transfers[i]))
            continue;
        group_give_up(loop->transfers[i], is_cancelled);
        settle(loop, loop->transfers[i]);
    }
}

/* Turns */

/* Only the shards that were called can have anything to tell. */
static int reap(struct loop *loop, struct error *error)
{
    while (loop->called != NULL) {
        struct shard *shard = loop->called;
        loop->called = shard->next;
        shard->was_called = false;
        if (group_reap(shard->group, error) != 0)
            return -1;
    }
    return 0;
}

/* Whether groups have something to do of themselves. */
static bool is_tended(const struct loop *loop)
{
    return loop->is_shared || loop->job->transfer->policy->retries > 0;
}

static int tend(struct loop *loop, struct error *error)
{
    for (uint32_t i = 0; i < loop->shard_count; i++) {
        struct transfer_group *group = loop->shards[i].group;
        if ((loop->is_shared && group_tend(group, error) != 0) || group_retry(group, error) != 0)
            return -1;
    }
    return 0;
}

static nanoseconds wait_for_next(const struct loop *loop)
{
    nanoseconds wait = loop->next_due - clock_now();
    return wait < 0 ? 0 : wait < LONGEST_WAIT ? wait : LONGEST_WAIT;
}

static nanoseconds longest_wait(const struct loop *loop)
{
    bool is_at_rate = arrivals_are_given(loop->job);
    bool is_starting = !is_at_rate && !loop->is_warming && loop->started < loop->worker_count && !loop->is_exhausted;
    nanoseconds longest = is_starting ? 0 : LONGEST_WAIT;
    /* Where workers are free and no unit is reserved, the burst was over before one was. */
    if (is_at_rate && !loop->is_warming && !loop->is_exhausted && loop->idle_count > 0)
        longest = loop->has_next ? wait_for_next(loop) : 0;
    for (uint32_t i = 0; is_tended(loop) && i < loop->shard_count; i++) {
        nanoseconds due = group_is_due_at(loop->shards[i].group);
        if (due - loop->woke < longest)
            longest = due > loop->woke ? due - loop->woke : 0;
    }
    return longest;
}

static int turn(struct loop *loop, struct error *error)
{
    if (loop_driver_turn(loop, longest_wait(loop), error) != 0 || reap(loop, error) != 0)
        return -1;
    return is_tended(loop) ? tend(loop, error) : 0;
}

/* A download of a URL by every worker at once, so that no connection is used twice, or as many as there are to be share
 * it. */
static int warm_host(struct loop *loop, uint32_t url, struct sample *unmeasured, struct error *error)
{
    for (uint32_t i = 0; i < loop->worker_count; i++) {
        unmeasured[i] = (struct sample){.worker = loop->first_worker + i, .start = clock_now()};
        if (transfer_begin(loop->transfers[i], url, &unmeasured[i]) && start(loop, loop->transfers[i], error) != 0)
            return -1;
    }
    while (loop->in_flight > 0 && !sample_table_is_stopped(loop->job->table)) {
        if (turn(loop, error) != 0)
            return -1;
    }
    for (uint32_t i = 0; i < loop->worker_count; i++)
        sample_table_note_warm(loop->job->table, &unmeasured[i]);
    return 0;
}

static void watch(struct loop *loop, struct sample_table *table)
{
    for (uint32_t i = 0; i < loop->shard_count; i++)
        group_watch(loop->shards[i].group, table);
}

int loop_warm(struct loop *loop, struct error *error)
{
    struct sample *unmeasured = calloc(loop->worker_count, sizeof(unmeasured[0]));
    if (unmeasured == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory to open connections beforehand");
    loop->is_warming = true;
    watch(loop, NULL);
    int status = 0;
    for (uint32_t i = 0; i < loop->job->warm_url_count && status == 0; i++)
        status = warm_host(loop, loop->job->warm_urls[i], unmeasured, error);
    give_up_all(loop, true);
    watch(loop, loop->job->table);
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
        if (status == 0 && loop->in_flight == 0 && loop->is_exhausted)
            return 0;
        if (status == 0)
            status = turn(loop, error);
    }
    give_up_all(loop, false);
    return -1;
}

/* Life */

/* Workers are dealt to the shards in turn. */
static int open_shard(struct loop *loop, uint32_t number, struct error *error)
{
    struct shard *shard = &loop->shards[number];
    uint32_t transfers = (loop->worker_count - number + loop->shard_count - 1) / loop->shard_count;
    struct group_listener listener = {.context = loop, .ended = on_ended};
    shard->group = group_create(loop->job->transfer, transfers, &listener, error);
    if (shard->group == NULL)
        return -1;
    shard->loop = loop;
    shard->number = number;
    shard->due = NEVER;
    shard->multi = group_multi_handle(shard->group);
    group_watch(shard->group, loop->job->table);
    return 0;
}

static int fill_shard(struct loop *loop, struct shard *shard, struct error *error)
{
    for (uint32_t i = shard->number; i < loop->worker_count; i += loop->shard_count) {
        loop->transfers[i] = group_add(shard->group, &shard->sockets, error);
        if (loop->transfers[i] == NULL)
            return -1;
    }
    return 0;
}

static int open_all(struct loop *loop, struct error *error)
{
    const struct transfer_plan *plan = loop->job->transfer;
    loop->is_shared = transfer_shares_connections(plan);
    loop->shard_count = loop_driver_shards(loop->worker_count, plan->policy->connections_kept, loop->is_shared);
    loop->transfers = calloc(loop->worker_count, sizeof(struct transfer *));
    loop->shards = calloc(loop->shard_count, sizeof(loop->shards[0]));
    loop->idle = calloc(loop->worker_count, sizeof(loop->idle[0]));
    if (loop->transfers == NULL || loop->shards == NULL || loop->idle == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for an event loop of %lu workers",
                         (unsigned long)loop->worker_count);
    for (uint32_t i = 0; i < loop->shard_count; i++) {
        if (open_shard(loop, i, error) != 0)
            return -1;
    }
    /* The last first: they are taken from the end, as they would come in a closed batch. */
    while (loop->idle_count < loop->worker_count) {
        loop->idle[loop->idle_count] = loop->first_worker + loop->worker_count - 1 - loop->idle_count;
        loop->idle_count++;
    }
    if (loop_driver_open(loop, error) != 0)
        return -1;
    for (uint32_t i = 0; i < loop->shard_count; i++) {
        if (fill_shard(loop, &loop->shards[i], error) != 0)
            return -1;
    }
    return 0;
}

int loop_create(const struct mode_job *job, uint32_t first_worker, uint32_t count, struct loop **result,
                struct error *error)
{
    *result = NULL;
    struct loop *loop = calloc(1, sizeof(*loop));
    if (loop == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for an event loop");
    *loop = (struct loop){
        .job = job, .first_worker = first_worker, .worker_count = count, .epoll = -1, .alarm = -1, .earliest = NEVER};
    if (open_all(loop, error) != 0) {
        loop_release(loop);
        return -1;
    }
    *result = loop;
    return 0;
}

void loop_release(struct loop *loop)
{
    if (loop == NULL)
        return;
    /* The driver last: closing connections calls back. */
    for (uint32_t i = 0; loop->shards != NULL && i < loop->shard_count; i++)
        group_release(loop->shards[i].group);
    loop_driver_close(loop);
    free(loop->transfers);
    free(loop->idle);
    free(loop->shards);
    free(loop);
}

uint64_t loop_descriptors(uint32_t count, const struct transfer_policy *policy)
{
    enum { RESOLVER_PAIR = 2, WAKEUP_PAIR = 2, EPOLL = 1, ALARM = 1 };
    uint64_t pools = pool_wears_out(policy, TRANSFER_IN_MULTI) ? 2 : 1;
    uint64_t each = pools * policy->connections_kept + (policy->dns_live ? RESOLVER_PAIR : 0);
    uint64_t apart = loop_driver_shards(count, policy->connections_kept, false);
    uint64_t together = loop_driver_shards(count, policy->connections_kept, true);
    return count * each + (apart > together ? apart : together) * WAKEUP_PAIR + EPOLL + ALARM;
}
