#include "conc_bench/run/fleet_follow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fleet_part.h"

/* The leader computes between trials, and spares the server for a minute at most. If it ends, so does the launcher's
 * whole job; but if it hangs or cannot be reached any more, only silence tells. */
#define LONGEST_THOUGHT (300 * NANOSECONDS_PER_SECOND)

struct follow {
    struct fleet_part *part;
    struct run *run;     /* which holds the instants at which units are due */
    nanoseconds told;    /* the instant of the last sign of life */
    nanoseconds heard;   /* the instant of the leader's last message */
    nanoseconds silence; /* the leader is lost when it has said nothing for so long */
    bool is_dismissed;   /* there are no more trials */
    bool is_over;        /* the leader is lost, as `error` says, or has ended the run */
    bool has_ended;      /* the run, with this exit status */
    int status;
    struct error *error;
};

static int say(struct follow *follow, enum fleet_kind kind, const void *bytes, size_t size)
{
    const struct fleet_limit limit = {.until = clock_now() + follow->silence};
    if (fleet_send(0, kind, bytes, size, &limit, follow->error) == 0)
        return 0;
    follow->is_over = true;
    return -1;
}

/* -1, too: the leader has ended the run, which it may do at any time. */
static int hear(struct follow *follow, struct fleet_message *message)
{
    const struct fleet_limit limit = {.until = follow->is_dismissed ? INT64_MAX : follow->heard + follow->silence};
    follow->is_over = fleet_receive(0, message, &limit, follow->error) != 0;
    follow->heard = clock_now();
    /* Its report is the leader's affair, however long that takes to be read. */
    follow->is_dismissed |= message->kind == FLEET_DONE;
    if (follow->is_over || message->kind != FLEET_END)
        return follow->is_over ? -1 : 0;
    follow->is_over = true;
    follow->has_ended = message->size == sizeof(follow->status);
    if (follow->has_ended)
        memcpy(&follow->status, message->bytes, sizeof(follow->status));
    free(message->bytes);
    return -1;
}

static void tick(void *context, struct sample_table *table)
{
    struct follow *follow = context;
    struct fleet_message message;
    uint32_t settled = atomic_load(&table->settled_count_hint);
    bool is_silent = !follow->is_dismissed && clock_now() - follow->heard > follow->silence;
    while (!follow->is_over && (fleet_has_message(0) || is_silent) && hear(follow, &message) == 0) {
        is_silent = false;
        if (message.kind == FLEET_STOP)
            sample_table_stop(table);
        free(message.bytes);
    }
    if (follow->is_over) {
        sample_table_stop(table);
    } else if (clock_now() - follow->told > FLEET_BEAT_EVERY) {
        follow->told = clock_now();
        say(follow, FLEET_BEAT, &settled, sizeof(settled));
    }
}

static int tell_clock(struct follow *follow)
{
    const struct fleet_limit limit = {.until = clock_now() + follow->silence};
    follow->is_over = fleet_tell_clock(&limit, follow->error) != 0;
    return follow->is_over ? -1 : 0;
}

/* The leader asks for the clock, and then says when to begin, or that nobody does. */
static int meet(void *context, bool is_ready, nanoseconds startup, nanoseconds *instant)
{
    struct follow *follow = context;
    struct fleet_prepared prepared = {.is_ready = is_ready, .startup = startup};
    if (say(follow, FLEET_PREPARED, &prepared, sizeof(prepared)) != 0)
        return -1;
    for (;;) {
        struct fleet_message message;
        if (hear(follow, &message) != 0)
            return -1;
        enum fleet_kind kind = message.kind;
        bool is_open = kind == FLEET_OPEN && message.size == sizeof(*instant);
        if (is_open)
            memcpy(instant, message.bytes, sizeof(*instant));
        free(message.bytes);
        if (is_open)
            return 0;
        if (kind == FLEET_CLOCK && tell_clock(follow) != 0)
            return -1;
        if (kind != FLEET_CLOCK && kind != FLEET_BEAT)
            return -1;
    }
}

/* The time that a machine before this one may take to send as many samples over a slow network. */
static nanoseconds longest_samples(const struct follow *follow)
{
    uint64_t megabytes = sample_table_bytes(follow->part->table->unit_count) >> 20;
    nanoseconds longest = (nanoseconds)megabytes * NANOSECONDS_PER_SECOND;
    return longest < FLEET_LONGEST_MESSAGE ? longest : FLEET_LONGEST_MESSAGE;
}

/* Sends the samples, once the leader's own cell has ended and the machines before have sent theirs. */
static int give_samples(struct follow *follow)
{
    const struct sample_table *table = follow->part->table;
    struct fleet_message message = {0};
    follow->silence += longest_samples(follow);
    do {
        free(message.bytes);
        if (hear(follow, &message) != 0)
            return -1;
    } while (message.kind != FLEET_COLLECT);
    free(message.bytes);
    return say(follow, FLEET_SAMPLES, table, (size_t)sample_table_bytes(table->unit_count));
}

static int run_trial(struct follow *follow, struct cell_job *job, const struct fleet_order *order)
{
    struct fleet_part *part = follow->part;
    struct trial trial = {0};
    struct error error = {0};
    const struct plan_cell cell = {.mode = mode_find(order->mode),
                                   .workers = order->workers,
                                   .machines = order->machines,
                                   .connections = order->connections,
                                   .rate = order->rate};
    const struct trial_options options = {
        .deadline = order->deadline, .isolate = true, .tick = tick, .meet = meet, .context = follow};
    const nanoseconds *due = NULL;
    if (order->rate > 0) {
        due = run_schedule(follow->run, order->rate, order->units, follow->error);
        if (due == NULL)
            return -1;
    }
    if (fleet_part_set(part, order->machines, order->units, due, follow->error) != 0)
        return -1;
    job->job.unit_urls = part->unit_urls;
    cell_job_set(job, &cell, part->due, part->table);
    follow->told = clock_now();
    follow->silence = 2 * fleet_longest_silence(order->deadline);
    if (trial_run(cell.mode, &job->job, &options, &trial, &error) != 0) {
        nanoseconds never;
        trial.status = TRIAL_FAILED;
        snprintf(trial.reason, sizeof(trial.reason), "%.*s", (int)sizeof(trial.reason) - 1, error.message);
        meet(follow, false, 0, &never);
    }
    trial.table = NULL;
    if (follow->is_over || say(follow, FLEET_RESULT, &trial, sizeof(trial)) != 0)
        return -1;
    int status = give_samples(follow);
    fleet_part_reuse_table(part, trial.status);
    follow->silence = LONGEST_THOUGHT;
    return status;
}

int fleet_follow(const struct plan *plan, const struct mode_job *job, struct run *run,
                 const struct fleet_follow_hooks *hooks, int *status, struct error *error)
{
    struct cell_job own;
    struct follow follow = {.part = fleet_part_create(plan, error),
                            .run = run,
                            .heard = clock_now(),
                            .silence = LONGEST_THOUGHT,
                            .error = error};
    struct fleet_message message;
    struct fleet_order order;
    if (follow.part == NULL)
        return -1;
    cell_job_init(&own, job);
    while (!follow.is_over && hear(&follow, &message) == 0) {
        /* Any other message comes too late, for a trial that has ended. */
        bool is_order = message.kind == FLEET_TRIAL && message.size == sizeof(order);
        if (is_order)
            memcpy(&order, message.bytes, sizeof(order));
        int result = is_order ? 0 : hooks->answer(hooks->context, &message, error);
        free(message.bytes);
        if (result != 0 || (is_order && run_trial(&follow, &own, &order) != 0))
            break;
    }
    fleet_part_release(follow.part);
    *status = follow.status;
    return follow.has_ended ? 0 : -1;
}
