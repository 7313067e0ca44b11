#include "loop_driver.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "conc_bench/platform/descriptor.h"

#include "arrival.h"

/* Transfers that share a multi handle. For each of them libcurl 7.88 looks at every connection of its multi handle, up
 * to six cache lines each: with 4,000 in flight, 24 take 12 % less user time than 128, and 27 % less where others
 * use the cache too. With 16 it is hardly less, and each multi handle takes two descriptors, which are meant for
 * connections.
 *
 * But each also has connections of its own, so that there are more of them where there are several for each host. With
 * 24 to a shard, 100 transfers met 40 hosts by 434 connections instead of 127, which over TLS took a quarter longer. */
enum { SHARD_SIZE_MIN = 24, SHARD_SIZE_MAX = 256, SHARD_SIZE_FOR_A_HOST = 4 };

/* Transfers acted on between two waits. What they touch, some 20 KiB each, is then still in the cache when they are
 * settled and given their next unit: with 4,000 in flight 6 % less user and 11 % less system time than 256 at once, for
 * a wait more in sixteen downloads. */
enum { EVENTS_MAX = 16 };

/* The alarm's mark in epoll: no shard has that number. */
#define ALARM UINT64_MAX

static uint32_t shard_size(uint32_t hosts)
{
    if (hosts > SHARD_SIZE_MAX / SHARD_SIZE_FOR_A_HOST)
        return SHARD_SIZE_MAX;
    return hosts * SHARD_SIZE_FOR_A_HOST > SHARD_SIZE_MIN ? hosts * SHARD_SIZE_FOR_A_HOST : SHARD_SIZE_MIN;
}

/* Transfers that share connections are as many to a shard as one connection takes, so that there are as few as can be.
 * More transfers in a shard would need a second: libcurl 7.88 then makes one for each that finds the first one full,
 * all at the same time. What a shard of connections costs does not matter here, with one of them; an event on it costs
 * a look at each of its transfers, wherever the others are. */
uint32_t loop_driver_shards(uint32_t workers, uint32_t hosts, bool is_shared)
{
    uint32_t size = is_shared ? STREAMS_MAX : shard_size(hosts);
    return workers / size + (workers % size != 0 || workers == 0);
}

static uint32_t wanted_events(int what)
{
    return (what == CURL_POLL_IN || what == CURL_POLL_INOUT ? (uint32_t)EPOLLIN : 0) |
           (what == CURL_POLL_OUT || what == CURL_POLL_INOUT ? (uint32_t)EPOLLOUT : 0);
}

/* NULL: no memory. */
static struct watch *watch_of(struct loop *loop, curl_socket_t socket)
{
    uint32_t number = (uint32_t)socket;
    if (number < loop->watch_count)
        return &loop->watches[number];
    uint32_t count = number < 32 ? 64 : 2 * number;
    struct watch *longer = realloc(loop->watches, count * sizeof(longer[0]));
    if (longer == NULL)
        return NULL;
    memset(&longer[loop->watch_count], 0, (count - loop->watch_count) * sizeof(longer[0]));
    loop->watches = longer;
    loop->watch_count = count;
    return &longer[number];
}

static void forget(struct loop *loop, curl_socket_t socket, struct watch *watch)
{
    epoll_ctl(loop->epoll, EPOLL_CTL_DEL, socket, NULL);
    watch->armed = 0;
}

static int watch_for(const struct loop *loop, curl_socket_t socket, struct watch *watch)
{
    /* Level-triggered: libcurl leaves data in the socket on purpose, to be fair to its other transfers. */
    struct epoll_event event = {.events = watch->wanted, .data.u64 = (uint64_t)(uint32_t)socket << 32 | watch->shard};
    if (epoll_ctl(loop->epoll, watch->armed != 0 ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event) != 0)
        return -1;
    watch->armed = watch->wanted;
    return 0;
}

/* A number may come back as another socket, of which epoll knows nothing yet. Where one address of a host does not
 * answer, libcurl closes its socket without a word, and the one for the next address gets the same number. What libcurl
 * waited for on that number it then takes to be known, and does not say again. */
static int on_opened(void *context, int socket)
{
    const struct shard *shard = context;
    struct watch *watch = watch_of(shard->loop, socket);
    if (watch == NULL)
        return -1;
    bool is_wanted = watch->wanted != 0 && watch->shard == shard->number;
    *watch = (struct watch){
        .is_connection = true, .wanted = is_wanted ? watch->wanted : 0, .shard = is_wanted ? watch->shard : 0};
    return is_wanted ? watch_for(shard->loop, socket, watch) : 0;
}

/* Closing took it out of epoll. */
static void on_closed(void *context, int socket)
{
    const struct shard *shard = context;
    if ((uint32_t)socket < shard->loop->watch_count)
        shard->loop->watches[socket] = (struct watch){0};
}

/* The `easy` handle may be one of libcurl's own: never look at it. */
static int on_socket(CURL *easy, curl_socket_t socket, int what, void *context, void *unused)
{
    (void)easy;
    (void)unused;
    struct shard *shard = context;
    struct loop *loop = shard->loop;
    struct watch *watch = watch_of(loop, socket);
    if (watch == NULL)
        return -1; /* libcurl then fails the whole multi handle, and loop_driver_turn() reports it */
    /* A socket that is wanted for writing alone is being connected. */
    if (what == CURL_POLL_REMOVE && watch->wanted == EPOLLOUT)
        group_note_let_go(shard->group);
    watch->wanted = wanted_events(what);
    watch->shard = shard->number;
    /* A connection that is kept will be wanted again: taking it out of epoll and putting it back would be two system
     * calls for each download. libcurl's other sockets come and go without being seen, and are not left there. */
    if (what == CURL_POLL_REMOVE && !watch->is_connection)
        forget(loop, socket, watch);
    if (what == CURL_POLL_REMOVE || watch->armed == watch->wanted)
        return 0;
    return watch_for(loop, socket, watch);
}

/* Only notes the time: libcurl must not be called from here, and an absolute time costs no system call. */
static int on_timer(CURLM *multi, long timeout_ms, void *context)
{
    (void)multi;
    struct shard *shard = context;
    shard->due = timeout_ms < 0 ? NEVER : clock_now() + timeout_ms * NANOSECONDS_PER_MILLISECOND;
    if (shard->due < shard->loop->earliest)
        shard->loop->earliest = shard->due;
    return 0;
}

/* epoll_wait(2) counts in milliseconds, which is too coarse for units that are due at instants; epoll_pwait2(2), which
 * does not, is younger than systems this runs on. */
static int open_alarm(struct loop *loop, struct error *error)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = ALARM};
    loop->alarm = descriptor_open_timer();
    if (loop->alarm < 0 || epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->alarm, &event) != 0)
        return error_set_system(error, ERROR_ENVIRONMENT, errno, "cannot make a timer for an event loop");
    return 0;
}

/* Setting it anew also takes back that it has gone off, so that nobody need read it. */
static void set_alarm(struct loop *loop)
{
    nanoseconds due = loop->has_next && !loop->is_warming ? loop->next_due : 0;
    if (due == loop->alarm_due)
        return;
    descriptor_set_timer(loop->alarm, due);
    loop->alarm_due = due;
}

int loop_driver_open(struct loop *loop, struct error *error)
{
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll < 0)
        return error_set_system(error, ERROR_ENVIRONMENT, errno, "cannot make an epoll descriptor");
    if (arrivals_are_given(loop->job) && open_alarm(loop, error) != 0)
        return -1;
    for (uint32_t i = 0; i < loop->shard_count; i++) {
        struct shard *shard = &loop->shards[i];
        shard->sockets = (struct transfer_sockets){.context = shard, .opened = on_opened, .closed = on_closed};
        CURLMcode code = curl_multi_setopt(shard->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
        if (code == CURLM_OK)
            code = curl_multi_setopt(shard->multi, CURLMOPT_SOCKETDATA, shard);
        if (code == CURLM_OK)
            code = curl_multi_setopt(shard->multi, CURLMOPT_TIMERFUNCTION, on_timer);
        if (code == CURLM_OK)
            code = curl_multi_setopt(shard->multi, CURLMOPT_TIMERDATA, shard);
        if (code != CURLM_OK)
            return group_fail((int)code, error);
    }
    return 0;
}

/* Rounded up: waking early would find nothing due and turn around again. */
static int to_timeout(nanoseconds due, nanoseconds longest)
{
    nanoseconds wait = longest;
    if (longest > 0 && due != NEVER) {
        nanoseconds until_due = due - clock_now();
        if (until_due < wait)
            wait = until_due > 0 ? until_due : 0;
    }
    return (int)((wait + NANOSECONDS_PER_MILLISECOND - 1) / NANOSECONDS_PER_MILLISECOND);
}

static int act(struct shard *shard, curl_socket_t socket, int events, struct error *error)
{
    int running;
    loop_will_call(shard);
    CURLMcode code = curl_multi_socket_action(shard->multi, socket, events, &running);
    return code == CURLM_OK ? 0 : group_fail((int)code, error);
}

/* Timers fire once; libcurl sets the next. */
static int act_on_timers(struct loop *loop, struct error *error)
{
    nanoseconds now = clock_now();
    if (loop->earliest > now)
        return 0;
    loop->earliest = NEVER;
    for (uint32_t i = 0; i < loop->shard_count; i++) {
        struct shard *shard = &loop->shards[i];
        bool is_due = shard->due <= now;
        if (is_due)
            shard->due = NEVER;
        if (is_due && act(shard, CURL_SOCKET_TIMEOUT, 0, error) != 0)
            return -1;
        if (shard->due < loop->earliest)
            loop->earliest = shard->due;
    }
    return 0;
}

static int act_on_event(struct loop *loop, const struct epoll_event *event, struct error *error)
{
    curl_socket_t socket = (curl_socket_t)(event->data.u64 >> 32);
    struct shard *shard = &loop->shards[event->data.u64 & UINT32_MAX];
    struct watch *watch = &loop->watches[socket];
    if (watch->wanted == 0) {
        /* An idle connection, closed by the server: libcurl sees that when it wants to use it. It may also have been
         * closed within this turn. */
        if (watch->armed != 0)
            forget(loop, socket, watch);
        return 0;
    }
    int events = ((event->events & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) |
                 ((event->events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0);
    /* With ERR alone libcurl gives up without reading, and without trying again on a connection that an idle server has
     * closed. */
    if ((event->events & (EPOLLERR | EPOLLHUP)) != 0)
        events |= CURL_CSELECT_IN | CURL_CSELECT_ERR;
    return act(shard, socket, events, error);
}

int loop_driver_turn(struct loop *loop, nanoseconds longest, struct error *error)
{
    struct epoll_event events[EVENTS_MAX];
    if (loop->alarm >= 0)
        set_alarm(loop);
    loop_will_wait(loop);
    int count = epoll_wait(loop->epoll, events, EVENTS_MAX, to_timeout(loop->earliest, longest));
    if (count < 0 && errno != EINTR)
        return error_set_system(error, ERROR_ENVIRONMENT, errno, "cannot wait for events");
    loop_has_waited(loop);
    for (int i = 0; i < count; i++) {
        if (events[i].data.u64 != ALARM && act_on_event(loop, &events[i], error) != 0)
            return -1;
    }
    return act_on_timers(loop, error);
}

void loop_driver_close(struct loop *loop)
{
    if (loop->epoll >= 0)
        close(loop->epoll);
    if (loop->alarm >= 0)
        close(loop->alarm);
    free(loop->watches);
}
