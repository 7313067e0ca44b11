#ifndef CONC_BENCH_MODES_TRAIT_H
#define CONC_BENCH_MODES_TRAIT_H

/*
 * Properties of a mode that others need without knowing which mode it is.
 */
enum mode_trait {
    MODE_ONE_WORKER = 1 << 0,    /* always has exactly one worker, whatever --workers says */
    MODE_OWN_PROCESSES = 1 << 1, /* workers are processes */
    MODE_COOPERATIVE = 1 << 2,   /* a worker goes on until it gives way itself; otherwise the system pre-empts */
    MODE_ALL_CORES = 1 << 3,     /* can use more than one core */
    MODE_HIDDEN = 1 << 4,        /* not part of "all", not in --help */
    MODE_IS_CLIENT = 1 << 6,     /* a program of the user's: what it did is settled once it has ended */
    MODE_SCRIPTED = 1 << 5,      /* samples carry scripted times: startup and teardown count as nothing */
};

#endif
