#ifndef CONC_BENCH_WORKLOAD_CHECK_H
#define CONC_BENCH_WORKLOAD_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conc_bench/base/error.h"

/*
 * The checks that answers to downloads are held to (--check):
 *
 *     [TARGET[*]] [not] contains "TEXT"
 *     [TARGET[*]] [not] status == N
 *     [TARGET[*]] [not] sha256 == HEX
 *
 * of all downloads, or of those of a target: a URL as the list has it, with all requests of it, or a request by the
 * name that reports give it ("POST http://a.test/", "POST http://a.test/ #2"), or all that begin so. A TEXT stands in
 * double or single quotes; within them \" \' \\ \n \r \t \xHH stand for one byte each.
 */

enum check_kind { CHECK_CONTAINS, CHECK_STATUS, CHECK_SHA256 };

enum { CHECK_SHA256_BYTES = 32 };

struct check {
    enum check_kind kind;
    bool is_negated;
    bool is_of_many; /* of all targets that begin with `target` */
    char *target;    /* owned, as `bytes`; NULL: it is of all downloads */
    char *bytes;     /* of CHECK_CONTAINS */
    size_t length;   /* at least 1 */
    unsigned status;
    uint8_t sha256[CHECK_SHA256_BYTES];
    const char *text; /* as it was written; borrowed */
};

/* As many checks as have a number in a sample. */
enum { CHECKS_MAX = 100 };

struct check_list {
    struct check *items; /* owned; NULL: there are none */
    size_t count;
};

/* Reads one behind the others; `text` must outlive the list. -1: it is none, and the error says where it goes wrong. */
int check_list_add(struct check_list *list, const char *text, struct error *error);
void check_list_release(struct check_list *list);

/* The download that a check may be of: its URL, and its name in reports, which differs where it is a request. */
struct check_subject {
    const char *url;
    const char *name;
};

bool check_is_of(const struct check *check, struct check_subject subject);

/* Whether a status of 400 or more is what some check of that download wants, so that it is no failure. */
bool check_list_wants(const struct check_list *list, struct check_subject subject, unsigned status);

#endif
