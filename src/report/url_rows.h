#ifndef CONC_BENCH_REPORT_URL_ROWS_H
#define CONC_BENCH_REPORT_URL_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "conc_bench/analysis/per_url.h"
#include "conc_bench/run/run.h"

/*
 * What is shown of the figures of each URL where there is room for a few only: the slowest, and of those that failed
 * the ones with the most failures. Private to src/output.
 */

enum {
    URL_ROWS_SLOWEST = 10,
    URL_ROWS_FAILING = 5,
    URL_LABEL_COLUMNS = 100,
    URL_LABEL_BYTES = 4 * URL_LABEL_COLUMNS + 16
};

struct url_rows {
    size_t rows[URL_ROWS_SLOWEST + URL_ROWS_FAILING]; /* of the figures, ascending */
    size_t count;
    size_t slowest; /* so many of them are the slowest, which come first */
};

struct url_rows url_rows_choose(const struct per_url *per_url);

/* How the URL of a shown row is written in so many columns (16 to URL_LABEL_COLUMNS): escaped, and where it is too
 * long without its middle. Where that makes it look like another one shown, its number in the list stands behind.
 * Returns whether that is so. */
bool url_rows_label(const struct run *run, const struct url_rows *rows, size_t place, size_t columns,
                    char label[URL_LABEL_BYTES]);

/* The bodies of a row, "16.0 KiB" or, where they are not the same in all cells, "1.00 KiB to 16.0 KiB"; "-": there are
 * none. */
enum { URL_BODIES_BYTES = 72 };
char *url_rows_bodies(const struct per_url *per_url, size_t row, char bodies[URL_BODIES_BYTES]);

/* Whether any shown row has failures; a ratio to its download alone. */
bool url_rows_fail(const struct per_url *per_url, const struct url_rows *rows);
bool url_rows_have_slowdown(const struct run *run, const struct url_rows *rows);

/* The least and the most downloads that any median of the shown rows rests on. 0: there is no median. */
void url_rows_counts(const struct per_url *per_url, const struct url_rows *rows, uint32_t *least, uint32_t *most);

#endif
