#ifndef CONC_BENCH_DOCUMENT_SCHEMA_H
#define CONC_BENCH_DOCUMENT_SCHEMA_H

#include <stdio.h>

/* What the records of the JSON document are, for those who read it: made from the rows that it is written and read by
 * (src/document/records.c). */

/* The JSON Schema, on one line. */
void schema_write(FILE *stream);

/* The table of docs/json.md about a record, by its name in the schema. -1: there is no such record. */
int schema_write_table(FILE *stream, const char *name);

#endif
