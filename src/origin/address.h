#ifndef CONC_BENCH_ORIGIN_ADDRESS_H
#define CONC_BENCH_ORIGIN_ADDRESS_H

#include <stddef.h>
#include <stdint.h>

#include "conc_bench/origin/journal.h"

/*
 * Addresses by which programs that send no header of ours ask for the URLs of a list:
 *
 *     /TOKEN/TRIAL/NUMBER/SCHEME/HOST/PATH?QUERY
 *
 * In a trial NUMBER is that of a unit; where TRIAL is 0, that of a URL. It alone says what is asked for. The rest shows
 * people which URL that is, and makes requests about as long as those for the URL: programs put their own spelling
 * in the place of another's ("%7e", "//", a fragment), and none changes digits. What they might take for more than a
 * character of a path is written otherwise, so that "/a/../.." does not lead them out of the first three parts.
 */

/* Bytes in front of the URL: enough for any TOKEN and all numbers. */
enum { ADDRESS_HEAD_BYTES = 64, ADDRESS_CHARACTER_BYTES = 3 };

/* Writes the address, NUL-terminated, and returns its length. `buffer` has room for ADDRESS_HEAD_BYTES and for
 * ADDRESS_CHARACTER_BYTES times the length of the URL. */
size_t address_write(char *buffer, const char *token, uint32_t trial, uint32_t number, const struct journal_url *url);

enum address_kind {
    ADDRESS_FOREIGN, /* whoever asks does not know the token */
    ADDRESS_WRONG,   /* the token is right, and what comes behind it is not as above */
    ADDRESS_RIGHT,
};

/* Reads the target of a request: what address_write() wrote, or whatever became of all behind NUMBER; or the same with
 * scheme and host in front, as requests through proxies have it. */
enum address_kind address_read(const char *target, const char *token, uint32_t *trial, uint32_t *number);

#endif
