#ifndef CONC_BENCH_HTTP_CHECKING_H
#define CONC_BENCH_HTTP_CHECKING_H

#include <stdbool.h>
#include <stddef.h>

#include "conc_bench/workload/check.h"

/* The answer to one download, held to checks while it comes. Private to src/http. */

struct checking;

/* Makes the checks of one transfer, whose downloads come one after the other. NULL: no memory. */
struct checking *checking_create(const struct check_list *checks);
void checking_release(struct checking *checking); /* NULL is allowed */

/* A download of that URL begins anew. */
void checking_begin(struct checking *checking, struct check_subject subject);

/* The next piece of its body. */
void checking_add(struct checking *checking, const char *data, size_t length);

/* The first check that the answer does not hold; NULL: it holds all. */
const struct check *checking_end(struct checking *checking, unsigned status);

#endif
