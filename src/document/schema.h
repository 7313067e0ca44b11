#ifndef CONC_BENCH_DOCUMENT_SCHEMA_H
#define CONC_BENCH_DOCUMENT_SCHEMA_H

#include <stdio.h>

/* Describes the records of the JSON document for its readers, from the rows by which it is written and read
 * (src/document/records.c). */

/* The JSON Schema, on one line. */
void schema_write(FILE *stream);

/* The table of docs/json.md about a record, by its name in the schema. -1: there is no such record. */
int schema_write_table(FILE *stream, const char *name);

#endif
