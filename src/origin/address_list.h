#ifndef CONC_BENCH_ORIGIN_ADDRESS_LIST_H
#define CONC_BENCH_ORIGIN_ADDRESS_LIST_H

#include <stddef.h>
#include <stdint.h>

#include "conc_bench/origin/journal.h"

/* Whole addresses, with the server in front. */

struct address_base {
    const char *token;
    uint16_t port;
    uint16_t tls_port; /* 0: all is asked without TLS */
    uint32_t trial;
};

/* The caller frees it. NULL: no memory. */
char *address_make(const struct address_base *base, uint32_t number, const struct journal_url *url);

/* Writes the address of each unit, a line each, to an open file. -1 with errno. */
int address_list_write(const struct address_base *base, const struct journal *journal, int file);

#endif
