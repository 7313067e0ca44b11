#ifndef CONC_BENCH_MODES_LOOP_H
#define CONC_BENCH_MODES_LOOP_H

#include <stdint.h>

#include "conc_bench/base/error.h"
#include "conc_bench/modes/mode.h"

/*
 * One event loop: many downloads in flight in one thread, each taking the thread only for as long as it has something
 * to do. The whole of `event-loop`, and what each thread of `hybrid` does.
 *
 * The number in flight is bounded by the handles there are, not by libcurl's queue, which costs with its length and
 * whose waiting counts as service time; where connections are shared (HTTP/2), downloads do wait there for one to be
 * made, or to have room. Driven by curl_multi_socket_action(3) on one level-triggered epoll
 * descriptor, with several multi handles behind it where there are many transfers; by curl_multi_poll(3) where there is
 * no epoll.
 */
struct loop;

/* A loop of `count` workers (transfers in flight), numbered from `first_worker`. Call, run and release in one thread.
 */
int loop_create(const struct mode_job *job, uint32_t first_worker, uint32_t count, struct loop **result,
                struct error *error);

/* Opens as many connections to every host of mode_job.warm_urls as there are workers, or as many as they need that
 * share them, by downloads nobody measures. */
int loop_warm(struct loop *loop, struct error *error);

/* Downloads until no unit is left and none is in flight. -1: libcurl or the system refused to go on; what was in flight
 * is settled as an internal failure. */
int loop_run(struct loop *loop, struct error *error);

void loop_release(struct loop *loop); /* NULL is allowed */

/* Descriptors a loop of `count` workers may hold. */
uint64_t loop_descriptors(uint32_t count, const struct transfer_policy *policy);

#endif
