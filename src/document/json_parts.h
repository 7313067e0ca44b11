#ifndef CONC_BENCH_DOCUMENT_JSON_PARTS_H
#define CONC_BENCH_DOCUMENT_JSON_PARTS_H

#include <stddef.h>

/* What writer and reader of the JSON document have in common. Private to src/output. */

#define DOCUMENT_SCHEMA "conc-bench/1"

/* The columns of a sample, in their order. */
enum { DOCUMENT_COLUMNS = 17 };
extern const char *const document_columns[DOCUMENT_COLUMNS];

/* Traits of modes by name. */
struct document_trait {
    const char *name;
    unsigned trait;
};
enum { DOCUMENT_TRAITS = 6 };
extern const struct document_trait document_traits[DOCUMENT_TRAITS];

#endif
