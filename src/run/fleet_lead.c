#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/run/interrupt.h"
#include "fleet_part.h"

/* After a signal, the leader waits this long for what its followers still have to say: they stop as soon as it does. */
#define GRACE (600 * NANOSECONDS_PER_MILLISECOND)

/* A machine that has missed a beat by then is not spoken to: launchers send that signal when a process has died, and
 * Open MPI ends whoever sends something to a dead one. If it lives, the launcher has told it, too. */
#define MISSED_BEAT (FLEET_BEAT_EVERY * 9 / 5)

/* The time from the moment when the leader knows that all are ready to the gate: telling them takes so long. */
#define LEAD      (20 * NANOSECONDS_PER_MILLISECOND)
#define LEAD_EACH (50 * NANOSECONDS_PER_MICROSECOND)

struct lead {
    struct fleet_part *part;
    const struct trial_options *options;
    nanoseconds silence;
    nanoseconds told;        /* the instant of the last sign of life */
    nanoseconds interrupted; /* the instant a signal was seen; 0: none was */
    bool has_met;
    bool is_gathering; /* its own part is over */
    bool has_stopped;  /* and said so */
    bool has_failed;   /* `error` says how: a machine is lost */
    struct error error;
};

static int fail(struct lead *lead)
{
    lead->has_failed = true;
    return -1;
}

static bool is_interrupted_for_long(void *context)
{
    struct lead *lead = context;
    if (interrupt_signal() == 0)
        return false;
    if (lead->interrupted == 0)
        lead->interrupted = clock_now();
    return clock_now() - lead->interrupted > GRACE;
}

static struct fleet_limit limit_of(struct lead *lead, nanoseconds until)
{
    return (struct fleet_limit){.until = until, .is_over = is_interrupted_for_long, .context = lead};
}

static int broadcast(struct lead *lead, enum fleet_kind kind, const void *bytes, size_t size)
{
    const struct fleet_limit limit = limit_of(lead, clock_now() + FLEET_LONGEST_MESSAGE);
    return fleet_broadcast(kind, bytes, size, &limit, &lead->error) == 0 ? 0 : fail(lead);
}

/* Sends a message to the followers that take part. */
static int tell(struct lead *lead, enum fleet_kind kind, const void *bytes, size_t size)
{
    const struct fleet_limit limit = limit_of(lead, clock_now() + FLEET_LONGEST_MESSAGE);
    for (uint32_t rank = 1; rank < lead->part->share.machines; rank++) {
        if (fleet_send(rank, kind, bytes, size, &limit, lead->has_failed ? NULL : &lead->error) != 0)
            fail(lead);
    }
    return lead->has_failed ? -1 : 0;
}

/* Followers that hear nothing for long take the leader for lost. After a signal they end anyway, and whoever has died
 * may not be spoken to. */
static void show_life(struct lead *lead)
{
    nanoseconds now = clock_now();
    if (lead->has_failed || now - lead->told < FLEET_LEAD_BEAT_EVERY || interrupt_signal() != 0)
        return;
    lead->told = now;
    broadcast(lead, FLEET_BEAT, "", 0);
}

static void take(struct follower *follower, const struct fleet_message *message)
{
    follower->heard = clock_now();
    if (message->kind == FLEET_BEAT && message->size == sizeof(follower->settled)) {
        memcpy(&follower->settled, message->bytes, sizeof(follower->settled));
    } else if (message->kind == FLEET_PREPARED && message->size == sizeof(struct fleet_prepared)) {
        const struct fleet_prepared *prepared = message->bytes;
        follower->is_prepared = true;
        follower->is_ready = prepared->is_ready;
        follower->startup = prepared->startup;
    } else if (message->kind == FLEET_RESULT && message->size == sizeof(follower->trial)) {
        memcpy(&follower->trial, message->bytes, sizeof(follower->trial));
        follower->has_result = true;
    }
}

static void stop_all(struct lead *lead);

static bool is_interrupted(void *context)
{
    (void)context;
    return interrupt_signal() != 0;
}

static int hear(struct lead *lead, uint32_t rank)
{
    struct follower *follower = &lead->part->followers[rank];
    struct fleet_limit limit = limit_of(lead, follower->heard + lead->silence);
    struct fleet_message message;
    /* A signal may have reached the leader alone, whose own part is over: no tick stops the others then. */
    bool may_have_to_stop = lead->is_gathering && !lead->has_stopped;
    if (may_have_to_stop)
        limit.is_over = is_interrupted;
    if (fleet_receive(rank, &message, &limit, &lead->error) != 0) {
        if (may_have_to_stop && !fleet_is_lost(rank)) {
            stop_all(lead);
            return lead->has_failed ? -1 : 0;
        }
        /* Whoever says nothing after a signal either is not waited for in the end. */
        fleet_lose(rank);
        return fail(lead);
    }
    take(follower, &message);
    free(message.bytes);
    show_life(lead);
    return 0;
}

static void hear_all(struct lead *lead)
{
    for (uint32_t rank = 1; rank < lead->part->share.machines && !lead->has_failed; rank++) {
        bool is_silent = clock_now() - lead->part->followers[rank].heard > lead->silence;
        /* A follower whose result has arrived waits in silence. */
        if (lead->part->followers[rank].has_result)
            continue;
        while (!lead->has_failed && (fleet_has_message(rank) || is_silent)) {
            hear(lead, rank);
            is_silent = false;
        }
    }
}

static void stop_all(struct lead *lead)
{
    bool is_interrupted = interrupt_signal() != 0;
    lead->has_stopped = true;
    for (uint32_t rank = 1; rank < lead->part->share.machines; rank++) {
        const struct follower *follower = &lead->part->followers[rank];
        const struct fleet_limit limit = limit_of(lead, clock_now() + FLEET_LONGEST_MESSAGE);
        bool is_silent = !follower->has_result && clock_now() - follower->heard > MISSED_BEAT;
        if (is_interrupted && is_silent)
            continue;
        if (fleet_send(rank, FLEET_STOP, "", 0, &limit, lead->has_failed ? NULL : &lead->error) != 0)
            lead->has_failed = true;
    }
}

/* The leader's own trial is of no use without the others. */
static void tick(void *context, struct sample_table *table)
{
    struct lead *lead = context;
    hear_all(lead);
    show_life(lead);
    if (lead->has_failed)
        sample_table_stop(table);
    if (!lead->has_stopped && sample_table_is_stopped(table))
        stop_all(lead);
    if (lead->options->tick != NULL)
        lead->options->tick(lead->options->context, table);
}

static int gather_prepared(struct lead *lead)
{
    for (uint32_t rank = 1; rank < lead->part->share.machines; rank++) {
        while (!lead->part->followers[rank].is_prepared) {
            if (hear(lead, rank) != 0)
                return -1;
        }
    }
    return 0;
}

static bool are_all_ready(const struct lead *lead)
{
    for (uint32_t rank = 1; rank < lead->part->share.machines; rank++) {
        if (!lead->part->followers[rank].is_ready)
            return false;
    }
    return true;
}

static int compare_clocks(struct lead *lead)
{
    for (uint32_t rank = 1; rank < lead->part->share.machines; rank++) {
        const struct fleet_limit limit = limit_of(lead, clock_now() + lead->silence);
        if (fleet_ask_clock(rank, &limit, &lead->part->followers[rank].clock, &lead->error) != 0)
            return fail(lead);
        show_life(lead);
    }
    return 0;
}

static int open_gates(struct lead *lead, nanoseconds instant)
{
    for (uint32_t rank = 1; rank < lead->part->share.machines; rank++) {
        const struct fleet_limit limit = limit_of(lead, clock_now() + lead->silence);
        nanoseconds there = instant + lead->part->followers[rank].clock.offset;
        if (fleet_send(rank, FLEET_OPEN, &there, sizeof(there), &limit, &lead->error) != 0)
            return fail(lead);
    }
    return 0;
}

static int meet(void *context, bool is_ready, nanoseconds startup, nanoseconds *instant)
{
    struct lead *lead = context;
    (void)startup;
    lead->has_met = true;
    if (lead->has_failed || gather_prepared(lead) != 0)
        return -1;
    if (!is_ready || !are_all_ready(lead) || interrupt_signal() != 0) {
        tell(lead, FLEET_SHUT, "", 0);
        return -1;
    }
    if (compare_clocks(lead) != 0)
        return -1;
    *instant = clock_now() + LEAD + lead->part->share.machines * LEAD_EACH;
    return open_gates(lead, *instant);
}

static int order(struct lead *lead, const struct plan_cell *cell)
{
    struct fleet_order order = {
        .workers = cell->workers,
        .machines = lead->part->share.machines,
        .connections = cell->connections,
        .rate = cell->rate,
        .units = lead->part->share.unit_count,
        .deadline = lead->options->deadline,
    };
    snprintf(order.mode, sizeof(order.mode), "%s", cell->mode->name);
    for (uint32_t rank = 1; rank < lead->part->share.machines; rank++)
        lead->part->followers[rank] = (struct follower){.heard = clock_now()};
    return tell(lead, FLEET_TRIAL, &order, sizeof(order));
}

static int gather_results(struct lead *lead)
{
    lead->is_gathering = true;
    for (uint32_t rank = 1; rank < lead->part->share.machines; rank++) {
        struct follower *follower = &lead->part->followers[rank];
        while (!follower->has_result && !lead->has_failed)
            hear(lead, rank);
        if (lead->has_failed)
            return -1;
    }
    return 0;
}

static int collect(struct lead *lead, uint32_t rank, uint32_t workers, const struct trial *whole,
                   struct sample_table *table)
{
    struct fleet_part *part = lead->part;
    nanoseconds shift = whole->gate - part->followers[rank].trial.gate;
    struct trial_machine *machine = &whole->machines[rank];
    const struct fleet_limit limit = limit_of(lead, clock_now() + FLEET_LONGEST_MESSAGE);
    struct fleet_message message;
    uint32_t units = share_count(&part->share, rank);
    if (fleet_send(rank, FLEET_COLLECT, "", 0, &limit, &lead->error) != 0 ||
        fleet_receive(rank, &message, &limit, &lead->error) != 0)
        return fail(lead);
    const struct sample_table *samples = message.bytes;
    if (message.kind == FLEET_SAMPLES && message.size == sample_table_bytes(units) && samples->unit_count == units) {
        fleet_merge_samples(&part->share, rank, workers, shift, samples, table, machine);
    } else {
        fleet_lose(rank);
        error_set(&lead->error, ERROR_ENVIRONMENT, "%s sent no samples of its trial", fleet_name(rank));
        fail(lead);
    }
    free(message.bytes);
    return lead->has_failed ? -1 : 0;
}

/* `trial` is the leader's own part, and becomes the whole. */
static int merge(struct lead *lead, const struct plan_cell *cell, struct sample_table *table, struct trial *trial,
                 struct error *error)
{
    struct fleet_part *part = lead->part;
    uint32_t count = part->share.machines;
    struct trial *parts = calloc(count, sizeof(parts[0]));
    trial->machines = calloc(count, sizeof(trial->machines[0]));
    int status = 0;
    if (parts == NULL || trial->machines == NULL) {
        free(parts);
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the parts of a trial");
    }
    trial->machine_count = count;
    parts[0] = *trial;
    fleet_merge_samples(&part->share, 0, cell->workers, 0, part->table, table, &trial->machines[0]);
    for (uint32_t rank = 1; rank < count && status == 0; rank++) {
        status = collect(lead, rank, cell->workers, trial, table);
        show_life(lead);
        trial->machines[rank].clock_error = part->followers[rank].clock.error;
        parts[rank] = part->followers[rank].trial;
    }
    trial->table = table;
    atomic_store(&table->gate, trial->gate);
    if (status == 0) {
        fleet_merge_trials(parts, count, trial);
        fleet_answers_note(part->answers, &part->share, part->plan->unit_urls, table);
    }
    free(parts);
    return status;
}

int fleet_trial_lead(struct fleet_part *part, const struct plan_cell *cell, const struct mode_job *job,
                     const struct trial_options *options, struct trial *trial, struct error *error)
{
    struct lead lead = {
        .part = part, .options = options, .silence = fleet_longest_silence(options->deadline), .told = clock_now()};
    if (fleet_part_set(part, cell->machines > 1 ? cell->machines : 1, job->table->unit_count, job->due, error) != 0)
        return -1;
    struct transfer_plan transfer = *job->transfer;
    struct mode_job own = *job;
    transfer.table = part->table;
    own.transfer = &transfer;
    own.table = part->table;
    own.unit_urls = part->unit_urls;
    own.due = part->due;
    const struct trial_options own_options = {
        .deadline = options->deadline, .isolate = true, .tick = tick, .meet = meet, .context = &lead};
    int status = order(&lead, cell);
    if (status == 0)
        status = trial_run(cell->mode, &own, &own_options, trial, error);
    nanoseconds never;
    if (!lead.has_met)
        meet(&lead, false, 0, &never);
    if (!lead.has_failed && gather_results(&lead) == 0 && status == 0)
        status = merge(&lead, cell, job->table, trial, error);
    if (lead.has_failed) {
        fleet_lead_end();
        *error = lead.error;
        status = -1;
    }
    trial->table = job->table;
    fleet_part_reuse_table(part, status == 0 ? trial->status : TRIAL_CRASHED);
    return status;
}

/* The launcher tells signals to all. */
void fleet_lead_end(void)
{
    const struct fleet_limit limit = {.until = clock_now() + FLEET_LONGEST_MESSAGE};
    if (interrupt_signal() == 0)
        fleet_broadcast(FLEET_DONE, "", 0, &limit, NULL);
}
