#ifndef CONC_BENCH_DOCUMENT_RECORDS_H
#define CONC_BENCH_DOCUMENT_RECORDS_H

#include "conc_bench/analysis/analysis.h"
#include "fields.h"
#include "sample_filter.h"

/* The records of the JSON document. Private to its writer, its reader and its schema. */

#define DOCUMENT_SCHEMA "conc-bench/2"

/* The data that a document is written from, or read into. */
struct document {
    struct run *run;
    struct validity *validity;
    struct per_url *per_url; /* NULL: none */
    struct assertion_result *assertion_results;
    size_t assertion_result_count;
    const struct analysis *analysis; /* NULL when read */
};

/* The data that an entry of `results` is written from, or read into. */
struct result {
    struct run_cell *cell;
    struct cell_totals *totals;
    struct latency_percentiles *service; /* of the totals */
    const struct cell_stats *stats;      /* NULL when read */
};

extern const struct record record_document_all, record_cell_name, record_result, record_round, record_sample,
    record_per_url, record_url_total, record_url, record_url_cell;

enum { SAMPLE_COLUMNS = 19 };

/* Every record with a name, the whole document first, and NULL behind the last. */
extern const struct record *const document_records[];

/* Names of the ways in which downloads fail. */
extern const struct naming naming_failures;

/* Lists that are written and read by rules of their own. */
void urls_write(struct record_writer *writer, const void *base); /* of struct run, as the next */
int urls_read(const struct json_value *node, void *base);
void results_write(struct record_writer *writer, const void *base);
int results_read(const struct json_value *node, void *base);
void samples_write(struct record_writer *writer, const void *base); /* of struct trial */
int samples_read(const struct json_value *node, void *base);

#endif
