#ifndef CONC_BENCH_WORKLOAD_HEADER_H
#define CONC_BENCH_WORKLOAD_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "conc_bench/base/error.h"

/*
 * Header fields as curl's -H takes them: "Name: value", "Name:" (not sent, where it would be), "Name;" (sent empty).
 */

/* The length of the token in front, a field's name or a method (RFC 9110, section 5.6.2); 0: there is none. */
size_t header_name_length(const char *header);

/* Returns whether a field has this name; letters count alike. */
bool header_has_name(const char *header, const char *name);

/* -1: it is none; `error` says what is wrong, after `place`, and shows nothing of its value. */
int header_check(const char *text, const char *place, struct error *error);

/* Returns whether a field has a value, and a name by which it may be a secret: some word of it holds "token", "secret",
 * "key", "password", "auth", "cookie", "credential", "session" or the like. Where that is a mistake, the value can
 * still come from a file. */
bool header_is_secret(const char *header);

/* The same of a name alone, such as a cookie's. */
bool header_name_is_secret(const char *name, size_t length);

/* Returns whether the name of a field is one of those whose values are no secrets: what is sent, wanted and at hand. */
bool header_is_open(const char *header);

/* The field that "user:password" is sent as (RFC 7617), to be wiped and freed by the caller; NULL: no memory. */
char *header_of_credentials(const char *credentials);

#endif
