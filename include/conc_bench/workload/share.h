#ifndef CONC_BENCH_WORKLOAD_SHARE_H
#define CONC_BENCH_WORKLOAD_SHARE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The division of a plan's units among the machines that run it together: each unit belongs to exactly one machine. It
 * takes no table, so that any machine can tell for any other.
 */

enum split_policy {
    SPLIT_LIST, /* each machine takes its share of the list, all of them together the whole */
    SPLIT_NONE, /* each takes the whole list: the plan has every unit once for each machine, one behind the other */
};

struct share {
    uint32_t machines;   /* 0 and 1: there is but one */
    uint32_t unit_count; /* of all machines */
    enum split_policy split;
    uint64_t seed;
};

/* The number of units of a machine, by its rank. */
uint32_t share_count(const struct share *share, uint32_t rank);

/* The number in the plan of a machine's unit, from its own number, from 0 to share_count() - 1. Ascending. Of as many
 * neighbours in the plan as there are machines each has one. */
uint32_t share_unit(const struct share *share, uint32_t rank, uint32_t own);

/* The rank of the machine that has a unit. */
uint32_t share_owner(const struct share *share, uint32_t unit);

#endif
