#ifndef CONC_BENCH_REPORT_FORMAT_H
#define CONC_BENCH_REPORT_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "conc_bench/run/sample.h"

/*
 * The formats of reports for people; reports for machines are always the same.
 */

enum time_unit {
    TIME_UNIT_AUTO, /* seconds for whole runs, milliseconds for single downloads */
    TIME_UNIT_SECONDS,
    TIME_UNIT_MILLISECONDS,
    TIME_UNIT_MICROSECONDS,
};

enum { PERCENTILES_MAX = 8 };

struct format {
    enum time_unit time_unit;
    double percentiles[PERCENTILES_MAX]; /* of service times, ascending; each one that is kept
                                            (analysis/latency_percentiles) */
    size_t percentile_count;
    bool is_coloured; /* by escape sequences */
    size_t width;     /* columns of the terminal; 0: as wide as need be */
};

/* p50 and p95, no colour, any width. */
struct format format_default(void);

/* A unit times are shown in. */
struct time_scale {
    const char *name; /* "ms" */
    double factor;    /* of seconds */
};

/* The scales of times of whole runs, and of single downloads. */
struct time_scale format_run_scale(const struct format *format);
struct time_scale format_service_scale(const struct format *format);

/* The words for a result's `http_version`, which for HTTP/2 only means that it was offered. */
const char *format_http(const char *http_version);

/* The words for a result's `dns`: "names resolved beforehand". */
const char *format_names(const char *dns);

/* Names the servers that run on this machine, and so take part in what is measured: "The server runs on this
 * machine, on the same cores as the downloads"; NULL: nobody. */
const char *format_neighbours(bool is_server_local, bool is_proxy_local);

/* " (why)" where the code of a failure (struct url_failure) says more than its class, in words that are the same with
 * every libcurl; "" where it does not. */
const char *format_failure(unsigned code);

/* Three significant digits, which is what measurements are worth: "0.412", "20.5", "3250"; "-" for what is no number.
 * Returns `buffer`. */
enum { FORMAT_DIGITS_BYTES = 40 };
char *format_digits(char *buffer, double value);

/* Decimals that show three digits of a value; its interval gets as many. */
int format_decimals(double value);

/* "p95", "p99.9". Returns `buffer`. */
char *format_percentile(char *buffer, size_t size, double percent);

/* A bar for each of `count` values, from the least to the greatest of them, in UTF-8: "▁▄█". Of more than
 * FORMAT_SPARKS values neighbours share a bar. "" for none. Returns `buffer`. */
enum { FORMAT_SPARKS = 20, FORMAT_SPARKS_BYTES = 3 * FORMAT_SPARKS + 1 };
char *format_sparks(char *buffer, const double *values, size_t count);

#endif
