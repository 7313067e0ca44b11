#ifndef CONC_BENCH_DOCUMENT_SAMPLE_FILTER_H
#define CONC_BENCH_DOCUMENT_SAMPLE_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "conc_bench/base/error.h"
#include "conc_bench/run/sample.h"

/*
 * Stands between a JSON document and its parser, and takes the rows of samples out of the text as they pass: as a tree,
 * a million of them would need a gigabyte. The parser finds a number in place of each array "samples": how many
 * such arrays came before it.
 */

/* One row, as it stands in the document. Times are since the gate opened. */
struct filtered_sample {
    uint32_t unit;
    uint32_t url;
    struct sample sample;
};

/* The rows of one array "samples". */
struct sample_batch {
    struct filtered_sample *rows;
    size_t count;
    size_t capacity;
};

enum { SAMPLE_ROW_BYTES = 1024 };

struct sample_filter {
    FILE *stream;
    bool is_discarding; /* rows are looked at, but not kept */
    struct error *error;
    bool has_failed; /* `error` says why */
    size_t line;     /* of the document, from 1 */

    struct sample_batch *batches;
    size_t batch_count;
    size_t batch_capacity;

    /* The place in the text. */
    bool is_in_string;
    bool is_escaped;
    char string[16]; /* the last one, cut off */
    size_t string_length;
    enum { FILTER_OUTSIDE, FILTER_AFTER_KEY, FILTER_BEFORE_ARRAY, FILTER_IN_ARRAY, FILTER_IN_ROW } place;
    enum { ROW_OR_END, COMMA_OR_END, ROW_ONLY } expected; /* within an array */
    char row[SAMPLE_ROW_BYTES];
    size_t row_length;
};

/* A json_load_callback_t of jansson's; `context` is the filter. */
size_t sample_filter_read(void *buffer, size_t size, void *context);

void sample_filter_release(struct sample_filter *filter);

#endif
