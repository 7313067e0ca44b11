/* Processes that were started together do with each other what the first argument says. Each that has done all of it
 * ends with 0; the leader prints what it found. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conc_bench/fleet/fleet.h"

enum { LONG = 3000000 /* bytes, more than goes without the other's consent */ };

static struct fleet_limit limit;

static void fail(const char *what, const struct error *error)
{
    fprintf(stderr, "rank %" PRIu32 ": %s: %s\n", fleet_rank(), what, error->message);
    fleet_end(1);
    exit(1);
}

static void check(int status, const char *what, const struct error *error)
{
    if (status != 0)
        fail(what, error);
}

static char *receive(uint32_t rank, size_t *size)
{
    struct error error = {0};
    struct fleet_message message;
    check(fleet_receive(rank, &message, &limit, &error), "receive", &error);
    *size = message.size;
    return message.bytes;
}

/* Waits until all processes that are not lost are here. */
static void meet(void)
{
    struct error error = {0};
    if (fleet_rank() > 0) {
        check(fleet_send(0, FLEET_SIGN, "", 0, &limit, &error), "meet", &error);
        check(fleet_receive_exactly(0, FLEET_SIGN, NULL, 0, &limit, &error), "meet", &error);
        return;
    }
    for (uint32_t rank = 1; rank < fleet_size(); rank++) {
        if (!fleet_is_lost(rank))
            check(fleet_receive_exactly(rank, FLEET_SIGN, NULL, 0, &limit, &error), "meet", &error);
    }
    check(fleet_broadcast(FLEET_SIGN, "", 0, &limit, &error), "meet", &error);
}

/* Every follower sends back what it was sent, with its rank before it. */
static void echo(void)
{
    struct error error = {0};
    size_t size;
    char *text = malloc(LONG);
    memset(text, 'x', LONG);
    if (fleet_rank() > 0) {
        char *heard = receive(0, &size);
        heard[0] = (char)('0' + fleet_rank());
        check(fleet_send(0, FLEET_BEAT, heard, size, &limit, &error), "send", &error);
        free(heard);
    } else {
        check(fleet_broadcast(FLEET_PLAN, text, LONG, &limit, &error), "broadcast", &error);
        for (uint32_t rank = 1; rank < fleet_size(); rank++) {
            char *heard = receive(rank, &size);
            bool is_same = size == LONG && heard[0] == (char)('0' + rank) && memcmp(heard + 1, text + 1, LONG - 1) == 0;
            printf("%s: %s\n", fleet_name(rank), is_same ? "the same" : "something else");
            free(heard);
        }
    }
    free(text);
    meet();
}

static void compare_clocks(void)
{
    struct error error = {0};
    while (fleet_rank() > 0) {
        struct fleet_message message;
        check(fleet_receive(0, &message, &limit, &error), "receive", &error);
        free(message.bytes);
        if (message.kind != FLEET_CLOCK)
            return;
        check(fleet_tell_clock(&limit, &error), "answer", &error);
    }
    for (uint32_t rank = 1; fleet_rank() == 0 && rank < fleet_size(); rank++) {
        struct fleet_clock clock;
        check(fleet_ask_clock(rank, &limit, &clock, &error), "ask", &error);
        /* On one machine there is one clock. */
        bool is_right = clock.error > 0 && llabs(clock.offset) <= clock.error;
        printf("%s: %s\n", fleet_name(rank), is_right ? "within the error" : "beyond the error");
    }
}

/* The last one is stopped; the leader waits a little for it, and for the others as ever. */
static void lose_one(void)
{
    struct error error = {0};
    uint32_t last = fleet_size() - 1;
    if (fleet_rank() == last)
        raise(SIGSTOP);
    if (fleet_rank() > 0) {
        check(fleet_send(0, FLEET_BEAT, "x", 1, &limit, &error), "send", &error);
        meet();
        return;
    }
    for (uint32_t rank = 1; rank < last; rank++) {
        size_t size;
        free(receive(rank, &size));
    }
    const struct fleet_limit soon = {.until = clock_now() + 300 * NANOSECONDS_PER_MILLISECOND};
    struct fleet_message message;
    printf("%d ", fleet_receive(last, &message, &soon, &error));
    printf("%s\n", error.message);
    printf("%d\n", fleet_send(last, FLEET_STOP, "x", 1, &limit, &error));
    printf("%d\n", fleet_has_lost_any() && fleet_is_lost(last) && !fleet_is_lost(1));
    meet();
    puts("the others went on");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*function)(void);
    } cases[] = {{"echo", echo}, {"clocks", compare_clocks}, {"lost", lose_one}};
    struct error error = {0};
    limit.until = clock_now() + 100 * NANOSECONDS_PER_SECOND;
    check(fleet_start(&error), "start", &error);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (argc == 2 && strcmp(argv[1], cases[i].name) == 0)
            cases[i].function();
    }
    fleet_end(7);
    return 0;
}
