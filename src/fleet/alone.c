#include "transport.h"

#include <inttypes.h>
#include <stdio.h>

/* There is nobody to be joined, so that the rest is never called. */
int transport_start(const struct launch *launch, uint32_t *rank, uint32_t *size, struct error *error)
{
    char number[32] = "several";
    *rank = launch->rank;
    *size = 1;
    if (launch->size > 0)
        snprintf(number, sizeof(number), "%" PRIu32, launch->size);
    return error_set(error, ERROR_USAGE,
                     "%s has started %s processes of this program, which was built without MPI, so that each would be "
                     "a run of its own: start one of them, or build with -DCONC_BENCH_MPI=ON",
                     launch->launcher, number);
}

int transport_begin_send(uint32_t rank, int kind, const void *bytes, size_t size)
{
    (void)rank, (void)kind, (void)bytes, (void)size;
    return -1;
}

int transport_begin_receive(uint32_t rank, int kind, void *bytes, size_t size)
{
    (void)rank, (void)kind, (void)bytes, (void)size;
    return -1;
}

int transport_test(void)
{
    return -1;
}

void transport_drop(void)
{
}

int transport_look(uint32_t rank, int *kind, size_t *size)
{
    (void)rank;
    *kind = 0;
    *size = 0;
    return -1;
}

size_t transport_most(void)
{
    return 0;
}

void transport_end(int status)
{
    (void)status;
}

void transport_abort(int status)
{
    (void)status;
}
