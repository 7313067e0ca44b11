#ifndef CONC_BENCH_DOCUMENT_IMPORT_PARTS_H
#define CONC_BENCH_DOCUMENT_IMPORT_PARTS_H

#include "conc_bench/run/run.h"
#include "json_reader.h"

/* Parts of a document, for import.c. -1: refused, or no memory. What was made so far belongs to the result. */

/* One round of a cell. */
int import_trial(const struct node *round, const struct run_cell *cell, struct trial *trial);

/* The figures of URLs; there may be none. */
int import_per_url(const struct node *document, struct run *run);

#endif
