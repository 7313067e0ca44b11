#ifndef CONC_BENCH_DOCUMENT_JSON_READER_H
#define CONC_BENCH_DOCUMENT_JSON_READER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conc_bench/base/error.h"
#include "conc_bench/document/import.h"
#include "sample_filter.h"

/* A document's values, each taken as what it has to be, or refused with the place it stands at. Private to what imports
 * one. Functions give -1 behind such an error, unless told otherwise. */

/* What no run of this program exceeds; documents that do were not written by it. All cells that are compared with each
 * other, which costs the square of their number, are from one choice of modes, numbers of workers and connections. */
enum {
    CELLS_MAX = 4096,
    COMPARED_CELLS_MAX = 256,
    ROUNDS_MAX = 20000,
    WORKERS_MAX = 100000,
    CORES_MAX = 1 << 20,
    URL_MAX_BYTES = 4 * 8192, /* of a line of a list, each byte of which may be written as "\\xNN" */
    DROPPED_IN_ANY_ORDER_MAX = 1000
};
#define SECONDS_MAX     1e6
#define SECONDS_SUM_MAX 4e9 /* of all downloads of a cell */
#define BYTES_MAX       (UINT64_C(1) << 60)

struct reader {
    const char *path;
    struct error *error;
    struct sample_filter *filter;
    size_t next_batch;
    uint32_t unit_count; /* for which result.unit_urls has room */
    struct import *import;
};

/* A value and where it stands. */
struct node {
    const json_t *value;
    char place[120]; /* "results[2].rounds[0]"; "": the document */
    struct reader *reader;
};

int node_refuse(const struct node *node, const char *format, ...) __attribute__((format(printf, 2, 3)));
int node_no_memory(const struct node *node);

/* Its value is NULL where there is none. */
struct node node_member(const struct node *parent, const char *key);
struct node node_item(const struct node *parent, size_t index);

/* A value in hand. Limits are included, of texts (with what ends them) by `size`; anything that a terminal could take
 * for a command is escaped. */
int node_read_count(const struct node *node, uint64_t low, uint64_t high, uint64_t *value);
int node_read_number(const struct node *node, double low, double high, double *value);
int node_read_seconds(const struct node *node, double high, nanoseconds *value);
int node_read_text(const struct node *node, char *buffer, size_t size);
char *node_read_long_text(const struct node *node); /* of any length; the caller frees it; NULL: refused */

/* A member, which must be there. */
int node_object(const struct node *parent, const char *key, struct node *node);
int node_array(const struct node *parent, const char *key, size_t most, struct node *node);
int node_count(const struct node *parent, const char *key, uint64_t low, uint64_t high, uint64_t *value);
int node_count32(const struct node *parent, const char *key, uint32_t low, uint32_t high, uint32_t *value);
int node_count64(const struct node *parent, const char *key, uint64_t high, int64_t *value);
int node_number(const struct node *parent, const char *key, double low, double high, double *value); /* null: NAN */
int node_seconds(const struct node *parent, const char *key, nanoseconds *value);
int node_seconds_or(const struct node *parent, const char *key, nanoseconds absent, nanoseconds *value); /* or null */
int node_flag(const struct node *parent, const char *key, bool *value);
int node_text(const struct node *parent, const char *key, char *buffer, size_t size);

/* The same of a member that documents of earlier versions go without. */
int node_flag_or(const struct node *parent, const char *key, bool absent, bool *value);
int node_number_or(const struct node *parent, const char *key, double low, double high, double absent,
                   double *value); /* or null */

#endif
