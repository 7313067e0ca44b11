#ifndef CONC_BENCH_ORIGIN_SERVER_H
#define CONC_BENCH_ORIGIN_SERVER_H

#include "conc_bench/origin/origin.h"

/* The server's process: greets over the socket `control` (see wire.h), serves, obeys, and returns when the other end is
 * closed, with everything released. Also returns if it cannot start, once it has said so. */
void server_run(const struct origin_options *options, const struct origin_demand *demand, int control);

#endif
