#include "loop_driver.h"

/* The driver for systems without epoll: libcurl waits itself, by poll(2), and looks at every transfer each time. One
 * multi handle, since it can wait for no more than one. */

uint32_t loop_driver_shards(uint32_t workers, uint32_t hosts, bool is_shared)
{
    (void)workers;
    (void)hosts;
    (void)is_shared;
    return 1;
}

int loop_driver_open(struct loop *loop, struct error *error)
{
    (void)loop;
    (void)error;
    return 0;
}

int loop_driver_turn(struct loop *loop, nanoseconds longest, struct error *error)
{
    struct shard *shard = &loop->shards[0];
    int running;
    loop_will_call(shard);
    CURLMcode code = curl_multi_perform(shard->multi, &running);
    /* Fewer running than in flight means that some have completed: the transfers that follow them are started first. */
    if (code == CURLM_OK && longest > 0 && (uint32_t)running == loop->in_flight) {
        loop_will_wait(loop);
        /* libcurl waits for whole milliseconds, rounded down: the rest of the time until a unit is due is spent looking
         * at the sockets, since it has no call that waits for both precisely. */
        code = curl_multi_poll(shard->multi, NULL, 0, (int)(longest / NANOSECONDS_PER_MILLISECOND), NULL);
        loop_has_waited(loop);
    }
    return code == CURLM_OK ? 0 : group_fail((int)code, error);
}

void loop_driver_close(struct loop *loop)
{
    (void)loop;
}
