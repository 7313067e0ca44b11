#ifndef CONC_BENCH_IMPORT_PARTS_H
#define CONC_BENCH_IMPORT_PARTS_H

#include "conc_bench/result.h"
#include "node.h"

/* Parts of a document, for import.c. -1: refused, or no memory. What was made so far belongs to the result. */

/* One round of a cell. */
int import_trial(const struct node *round, const struct cell_result *cell, struct trial *trial);

/* The figures of URLs; there may be none. */
int import_per_url(const struct node *document, struct result *result);

#endif
