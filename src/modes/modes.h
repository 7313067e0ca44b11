#ifndef CONC_BENCH_MODES_MODES_H
#define CONC_BENCH_MODES_MODES_H

#include "conc_bench/modes/mode.h"

/* Every mode, each defined in the file of its name in src/modes. Only the registry there names them all. */

extern const struct mode mode_sync;
extern const struct mode mode_threads;
extern const struct mode mode_event_loop;
extern const struct mode mode_processes;
extern const struct mode mode_hybrid;
extern const struct mode mode_null;

#endif
