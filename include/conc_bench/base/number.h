#ifndef CONC_BENCH_BASE_NUMBER_H
#define CONC_BENCH_BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conc_bench/base/clock.h"

/*
 * Numbers as people write them. Every parser takes the whole text (no leading or trailing space, sign or rest), returns
 * 0, or -1 where the text is not such a number or does not fit; the output is then untouched. The caller words the
 * error, since only the caller knows what the number was for.
 */

/* Digits only: "8". 0 to UINT64_MAX. */
int number_parse_count(const char *text, uint64_t *count);

/* "20ms", "1.5s", "100us", "250ns", "2m", "1h", "0". What is finer than a nanosecond is rounded to the nearest. With
 * `bare_is_seconds` a number without a unit is seconds, as curl's --max-time has it; otherwise the unit must be there,
 * except behind zero. */
int number_parse_duration(const char *text, bool bare_is_seconds, nanoseconds *duration);

/* "512", "512B", "16KiB", "10MB", "1.5GiB": k/M/G/T are powers of 1000, Ki/Mi/Gi/Ti of 1024, in any case of letters.
 * Rounded to the nearest whole byte. */
int number_parse_size(const char *text, uint64_t *bytes);

/* A size per second: "10MB/s". */
int number_parse_byte_rate(const char *text, uint64_t *bytes_per_second);

/* A number per second, a fraction allowed: "100/s", "0.5/s". Greater than zero. */
int number_parse_rate(const char *text, double *per_second);

/* A share: "1%", "0.5%", "0"; from 0 to 100 %, as a fraction from 0 to 1. */
int number_parse_share(const char *text, double *share);

/* A ratio of two things: "0.25", "4", "25%", "150%"; from 0 up. */
int number_parse_ratio(const char *text, double *ratio);

/* Bytes that number_format() writes at most, with the NUL. */
enum { NUMBER_BYTES = 32 };

/* Writes a number with so many significant digits and no zeros behind them, "0.25", "7.1", as %g does, but a large one
 * as a whole number, "7200", where %g would write "7.2e+03"; returns `buffer`, of NUMBER_BYTES. */
char *number_format(char *buffer, int digits, double value);

/* The same as an argument of a function: the text lasts as long as the block that the call stands in. */
#define NUMBER(digits, value) number_format((char[NUMBER_BYTES]){0}, digits, value)

/* Writes a size with three significant digits and a binary unit, "16.0 KiB", or as whole bytes, "512 B"; returns
 * `buffer`. */
char *number_format_size(char *buffer, size_t size, double bytes);

/* Writes a duration with three significant digits and the unit that suits it, "20.1 ms", or as whole nanoseconds;
 * returns `buffer`. Units are ns, µs, ms, s, min and h. */
char *number_format_duration(char *buffer, size_t size, nanoseconds duration);

/* Bytes that any duration takes as seconds, with its NUL. */
enum { NUMBER_SECONDS_BYTES = 24 };

/* Writes a duration as seconds, exactly and with no more decimals than that takes: "0.020512", "3"; for machines.
 * Returns `buffer`, of NUMBER_SECONDS_BYTES. */
char *number_format_seconds(char *buffer, nanoseconds duration);

/* Writes a count with a separator every three digits, "10,000,000"; returns `buffer`. */
char *number_format_count(char *buffer, size_t size, uint64_t count);

/* Writes a range with so many significant digits, "1.8 to 6.8"; one number, "6.8", where both ends read the same.
 * Returns `buffer`. */
char *number_format_range(char *buffer, size_t size, int digits, double low, double high);

#endif
