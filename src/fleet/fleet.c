#include "conc_bench/fleet/fleet.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conc_bench/platform/process.h"
#include "transport.h"

enum { NAME_BYTES = 80 };

/* The time a process has to tell its name once all are connected. */
#define LONGEST_INTRODUCTION (60 * NANOSECONDS_PER_SECOND)

/* The time the first of several processes that cannot be joined has to say so. */
#define LONGEST_REFUSAL (5 * NANOSECONDS_PER_SECOND)

/* A process that waits looks all the time for a moment, since most answers are on their way, and then ever more rarely:
 * other processes of the run may be measuring on this machine. Meanwhile it yields to whoever wants the same core,
 * which may be the one that is to answer: it would otherwise get there only when the system takes the core away. */
#define EAGER        (1 * NANOSECONDS_PER_MILLISECOND)
#define SHORTEST_NAP (100 * NANOSECONDS_PER_MICROSECOND)
#define LONGEST_NAP  (5 * NANOSECONDS_PER_MILLISECOND)

/* The fastest way there and back is the one to believe. On busy machines it takes more of them to find one that was not
 * held up. */
enum { CLOCK_READINGS_MIN = 8, CLOCK_READINGS_MAX = 80 };
#define CLOCK_ERROR_WANTED (50 * NANOSECONDS_PER_MICROSECOND)

static struct {
    uint32_t rank;
    uint32_t size; /* 0: one, that was not started */
    bool is_connected;
    bool *is_lost;
    char (*names)[NAME_BYTES];
} fleet;

uint32_t fleet_rank(void)
{
    return fleet.rank;
}

uint32_t fleet_size(void)
{
    return fleet.size > 0 ? fleet.size : 1;
}

const char *fleet_name(uint32_t rank)
{
    return fleet.names != NULL && rank < fleet.size ? fleet.names[rank] : "this machine";
}

bool fleet_is_lost(uint32_t rank)
{
    return fleet.is_lost != NULL && fleet.is_lost[rank];
}

bool fleet_has_lost_any(void)
{
    for (uint32_t rank = 0; rank < fleet.size; rank++) {
        if (fleet_is_lost(rank))
            return true;
    }
    return false;
}

/* Waiting */

static bool is_over(const struct fleet_limit *limit)
{
    return clock_now() >= limit->until || (limit->is_over != NULL && limit->is_over(limit->context));
}

static void nap(nanoseconds since)
{
    nanoseconds waited = clock_now() - since;
    if (waited < EAGER) {
        process_yield();
        return;
    }
    nanoseconds length = waited / 10;
    length = length < SHORTEST_NAP ? SHORTEST_NAP : length > LONGEST_NAP ? LONGEST_NAP : length;
    clock_sleep_until(clock_now() + length);
}

static int lose(uint32_t rank, const char *what, struct error *error)
{
    fleet_lose(rank);
    return error_set(error, ERROR_ENVIRONMENT, "%s %s", fleet_name(rank), what);
}

/* -1: whoever waited was told to wait no longer, or the other one is lost. */
static int give_up(uint32_t rank, const struct fleet_limit *limit, struct error *error)
{
    if (clock_now() < limit->until)
        return error_set(error, ERROR_ENVIRONMENT, "%s was not waited for any longer", fleet_name(rank));
    return lose(rank, "does not answer any more", error);
}

/* Waits until what was begun is over. */
static int wait_for_transport(uint32_t rank, const struct fleet_limit *limit, struct error *error)
{
    nanoseconds began = clock_now();
    for (;;) {
        int state = transport_test();
        if (state > 0)
            return 0;
        if (state < 0)
            return lose(rank, "cannot be reached any more", error);
        if (is_over(limit)) {
            transport_drop();
            return give_up(rank, limit, error);
        }
        nap(began);
    }
}

/* Messages */

void fleet_lose(uint32_t rank)
{
    if (fleet.is_lost != NULL)
        fleet.is_lost[rank] = true;
}

int fleet_send(uint32_t rank, enum fleet_kind kind, const void *bytes, size_t size, const struct fleet_limit *limit,
               struct error *error)
{
    if (fleet_is_lost(rank))
        return lose(rank, "does not answer any more", error);
    if (size > transport_most())
        return error_set(error, ERROR_ENVIRONMENT, "a message of %zu bytes is too long for MPI", size);
    if (transport_begin_send(rank, (int)kind, bytes, size) != 0)
        return lose(rank, "cannot be reached any more", error);
    return wait_for_transport(rank, limit, error);
}

int fleet_broadcast(enum fleet_kind kind, const void *bytes, size_t size, const struct fleet_limit *limit,
                    struct error *error)
{
    int status = 0;
    for (uint32_t rank = 1; rank < fleet.size; rank++) {
        if (!fleet_is_lost(rank) && fleet_send(rank, kind, bytes, size, limit, status == 0 ? error : NULL) != 0)
            status = -1;
    }
    return status;
}

static int wait_for_message(uint32_t rank, int *kind, size_t *size, const struct fleet_limit *limit,
                            struct error *error)
{
    nanoseconds began = clock_now();
    for (;;) {
        int state = transport_look(rank, kind, size);
        if (state > 0)
            return 0;
        if (state < 0)
            return lose(rank, "cannot be reached any more", error);
        if (is_over(limit))
            return give_up(rank, limit, error);
        nap(began);
    }
}

int fleet_receive(uint32_t rank, struct fleet_message *message, const struct fleet_limit *limit, struct error *error)
{
    int kind = 0;
    size_t size = 0;
    *message = (struct fleet_message){0};
    if (fleet_is_lost(rank))
        return lose(rank, "does not answer any more", error);
    if (wait_for_message(rank, &kind, &size, limit, error) != 0)
        return -1;
    char *bytes = malloc(size + 1);
    if (bytes == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for a message of %zu bytes", size);
    bytes[size] = '\0';
    if (transport_begin_receive(rank, kind, bytes, size) != 0) {
        free(bytes);
        return lose(rank, "cannot be reached any more", error);
    }
    /* The transport may still write into memory that a receiver gave up on, so the memory stays. */
    if (wait_for_transport(rank, limit, error) != 0)
        return -1;
    *message = (struct fleet_message){.kind = (enum fleet_kind)kind, .bytes = bytes, .size = size};
    return 0;
}

int fleet_receive_exactly(uint32_t rank, enum fleet_kind kind, void *bytes, size_t size,
                          const struct fleet_limit *limit, struct error *error)
{
    struct fleet_message message;
    if (fleet_receive(rank, &message, limit, error) != 0)
        return -1;
    bool is_expected = message.kind == kind && message.size == size;
    if (is_expected && size > 0)
        memcpy(bytes, message.bytes, size);
    free(message.bytes);
    return is_expected ? 0 : lose(rank, "sent what was not expected of it", error);
}

bool fleet_has_message(uint32_t rank)
{
    int kind;
    size_t size;
    return !fleet_is_lost(rank) && transport_look(rank, &kind, &size) != 0;
}

/* Clocks */

/* The first reading, which may have to wake the other one up, is seldom the fastest; with the others both are awake. */
int fleet_ask_clock(uint32_t rank, const struct fleet_limit *limit, struct fleet_clock *clock, struct error *error)
{
    *clock = (struct fleet_clock){.error = INT64_MAX};
    for (int i = 0; i < CLOCK_READINGS_MAX; i++) {
        nanoseconds there = 0;
        nanoseconds before = clock_now();
        if (i >= CLOCK_READINGS_MIN && clock->error <= CLOCK_ERROR_WANTED)
            break;
        if (fleet_send(rank, FLEET_CLOCK, "", 0, limit, error) != 0 ||
            fleet_receive_exactly(rank, FLEET_SIGN, &there, sizeof(there), limit, error) != 0)
            return -1;
        nanoseconds took = clock_now() - before;
        if (took / 2 >= clock->error)
            continue;
        clock->error = took / 2;
        clock->offset = there - (before + took / 2);
    }
    return 0;
}

int fleet_tell_clock(const struct fleet_limit *limit, struct error *error)
{
    nanoseconds now = clock_now();
    return fleet_send(0, FLEET_SIGN, &now, sizeof(now), limit, error);
}

/* Beginning and end */

/* A machine that has one process is called by its name alone. */
static void tell_apart(void)
{
    for (uint32_t rank = 0; rank < fleet.size; rank++) {
        size_t length = strcspn(fleet.names[rank], " ");
        bool is_twice = false;
        for (uint32_t other = 0; other < fleet.size && !is_twice; other++)
            is_twice = other != rank && strcspn(fleet.names[other], " ") == length &&
                       strncmp(fleet.names[other], fleet.names[rank], length) == 0;
        if (is_twice)
            snprintf(fleet.names[rank] + length, NAME_BYTES - length, " (rank %" PRIu32 ")", rank);
    }
}

static int introduce(struct error *error)
{
    enum { RANK_BYTES = sizeof(" (rank 4294967295)") };
    const struct fleet_limit limit = {.until = clock_now() + LONGEST_INTRODUCTION};
    char *own = fleet.names[fleet.rank];
    if (gethostname(own, NAME_BYTES - RANK_BYTES) != 0 || own[0] == '\0')
        snprintf(own, NAME_BYTES, "rank-%" PRIu32, fleet.rank);
    own[NAME_BYTES - RANK_BYTES] = '\0';
    own[strcspn(own, " ")] = '\0';
    if (fleet.rank > 0) {
        snprintf(fleet.names[0], NAME_BYTES, "the leader");
        return fleet_send(0, FLEET_SIGN, own, strlen(own), &limit, error);
    }
    for (uint32_t rank = 1; rank < fleet.size; rank++) {
        struct fleet_message name;
        snprintf(fleet.names[rank], NAME_BYTES, "rank %" PRIu32, rank);
        if (fleet_receive(rank, &name, &limit, error) != 0)
            return -1;
        snprintf(fleet.names[rank], NAME_BYTES - RANK_BYTES, "%s", (const char *)name.bytes);
        free(name.bytes);
    }
    tell_apart();
    return 0;
}

/* Most launchers end all processes when one fails, and only the first process says why. */
static void leave_it_to_the_first(void)
{
    if (fleet.rank > 0)
        clock_sleep_until(clock_now() + LONGEST_REFUSAL);
}

int fleet_start(struct error *error)
{
    struct launch launch = launch_look();
    fleet.rank = launch.rank;
    if (launch.launcher == NULL)
        return 0;
    if (transport_start(&launch, &fleet.rank, &fleet.size, error) != 0) {
        leave_it_to_the_first();
        return -1;
    }
    fleet.is_connected = true;
    fleet.is_lost = calloc(fleet.size, sizeof(fleet.is_lost[0]));
    fleet.names = calloc(fleet.size, sizeof(fleet.names[0]));
    if (fleet.is_lost == NULL || fleet.names == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for %" PRIu32 " processes", fleet.size);
    return introduce(error);
}

/* The time each process has to take the message. */
#define LONGEST_FAREWELL (10 * NANOSECONDS_PER_SECOND)

void fleet_end(int status)
{
    const struct fleet_limit limit = {.until = clock_now() + LONGEST_FAREWELL};
    if (fleet.is_connected && fleet.rank == 0 && !fleet_has_lost_any())
        fleet_broadcast(FLEET_END, &status, sizeof(status), &limit, NULL);
    if (fleet.is_connected && fleet_has_lost_any())
        transport_abort(status);
    else if (fleet.is_connected)
        transport_end(status);
    free(fleet.is_lost);
    free(fleet.names);
    fleet.is_connected = false;
    fleet.is_lost = NULL;
    fleet.names = NULL;
    fleet.size = 0;
}
