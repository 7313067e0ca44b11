#ifndef CONC_BENCH_DOCUMENT_JSON_READER_H
#define CONC_BENCH_DOCUMENT_JSON_READER_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "conc_bench/base/clock.h"
#include "conc_bench/base/error.h"
#include "conc_bench/document/import.h"

/* The values of a document, each taken as what it has to be, or refused with the place it stands at. Functions give -1
 * behind such an error, unless told otherwise. */

struct sample_filter;

struct import_state {
    const char *path;
    struct error *error;
    struct sample_filter *filter;
    size_t next_batch;
    uint32_t unit_count; /* for which run.unit_urls has room */
    size_t result_count;
    const struct run_cell *cell; /* the one whose result is being read */
    struct import *import;
};

/* A value and where it stands: a member of its parent by key, or, without a key, an item by index. Parents outlive
 * their children; the place is put into words only where a value is refused. */
struct json_value {
    const json_t *value; /* NULL: there is none */
    struct import_state *reader;
    const struct json_value *parent; /* NULL: the document */
    const char *key;
    size_t index;
};

int json_value_refuse(const struct json_value *node, const char *format, ...) __attribute__((format(printf, 2, 3)));
int json_value_no_memory(const struct json_value *node);

struct json_value json_value_member(const struct json_value *parent, const char *key);
struct json_value json_value_item(const struct json_value *parent, size_t index);

/* Limits are included, of texts (with what ends them) by `size`; anything that a terminal could take for a command is
 * escaped. */
int json_value_expect_object(const struct json_value *node);
int json_value_expect_array(const struct json_value *node, size_t least, size_t most);
int json_value_read_whole(const struct json_value *node, double low, double high, uint64_t *value);
int json_value_read_number(const struct json_value *node, double low, double high, double *value);
int json_value_read_seconds(const struct json_value *node, double high, nanoseconds *value);
int json_value_read_text(const struct json_value *node, char *buffer, size_t size);
char *json_value_read_long_text(const struct json_value *node); /* of any length; the caller frees it; NULL: refused */

#endif
