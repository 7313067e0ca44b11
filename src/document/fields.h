#ifndef CONC_BENCH_DOCUMENT_FIELDS_H
#define CONC_BENCH_DOCUMENT_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conc_bench/base/clock.h"
#include "conc_bench/run/run.h"
#include "json_reader.h"
#include "json_writer.h"

/*
 * The description of a record of the document: one row for each field, from which it is written, read back, and told of
 * in the JSON Schema and docs/json.md. A row names a member of a struct by a macro that lets the compiler check that
 * the member is there and of the type that the row says.
 */

struct field;
struct record;
struct analysis;

/* Limits that no run of this program exceeds; documents that do were not written by it. All cells that are compared
 * with each other, which costs the square of their number, are from one choice of modes, numbers of workers and
 * connections. */
enum {
    CELLS_MAX = 4096,
    COMPARED_CELLS_MAX = 256,
    ROUNDS_MAX = 20000,
    WORKERS_MAX = 100000,
    MACHINES_MAX = 100000,
    CORES_MAX = 1 << 20,
    URL_MAX_BYTES = 4 * 8192, /* of a line of a list, each byte of which may be written as "\\xNN" */
    TEXTS_MAX = 100000,
    WARNINGS_MAX = 10000,
    DROPPED_IN_ANY_ORDER_MAX = 1000
};
#define SECONDS_MAX     1e6
#define RATE_MAX        1e7
#define SECONDS_SUM_MAX 4e9 /* of all downloads of a cell */
#define BYTES_MAX       (UINT64_C(1) << 60)

struct record_writer {
    struct json_writer json;
    const struct run *run;
    const struct analysis *analysis;
    nanoseconds began;
};

/* The operations on one kind of field; `base` is the struct that its record describes. */
struct field_type {
    /* Writes the value behind its key; of a group, keys and values. */
    void (*write)(struct record_writer *writer, const struct field *field, const void *base);
    /* Reads the value at `node`; of a group, the members of `node`. NULL: what follows from other fields, and is not
     * read back. */
    int (*read)(const struct json_value *node, const struct field *field, void *base);
    const char *json; /* what JSON calls it: "integer"; NULL: one of names, or a record */
    /* For a group that is no record: writes the schema of each member, or, if `names_only`, their names. */
    void (*describe)(struct json_writer *json, bool names_only);
};

/* Limits of numbers that the document itself sets. */
enum bound {
    BOUND_NONE,
    BOUND_URLS,         /* the last index into `urls` */
    BOUND_URL_COUNT,    /* the number of distinct URLs */
    BOUND_RESULTS,      /* the last index into `results` */
    BOUND_RESULT_COUNT, /* the number of results */
    BOUND_DOWNLOADS,    /* of one trial */
    BOUND_SAMPLES       /* of all rounds of a cell */
};

/* Names of the values of an enumeration, from `first` up to but without `end`. */
struct naming {
    const char *(*name)(unsigned value);
    unsigned first, end;
    const char *const *names; /* by value, in place of `name` */
};
const char *naming_name(const struct naming *naming, unsigned value);

struct field {
    const char *name;  /* NULL: a group of members of the object it is in */
    const char *means; /* for docs/json.md and the schema */
    const struct field_type *type;
    size_t offset;
    size_t size;         /* of the member, or of an item of a list */
    size_t count_offset; /* of the number of items of a list, or of the flag that there is a record */
    double low, high;    /* of a number; of a list, the least and most items */
    enum bound bound;    /* of a number or a list, besides `high` */
    bool is_nullable;    /* null is 0; of NUMBER, what is not finite */
    bool is_by_line;     /* items of a list begin a line each */
    bool is_inline;      /* items of a list are in the struct itself; otherwise it has a pointer to them */
    /* Where it returns false, the value is null, and is ignored when read. It sees the fields in front of it. */
    bool (*is_there)(const void *base);
    const struct record *record;
    const struct naming *naming;
    const char *pattern; /* of a text, for the schema */
    const char *json;    /* what JSON calls it, if its type does not say */
    /* For a field that is written and read by rules of its own; `read` NULL: it is not read back. */
    void (*write)(struct record_writer *writer, const void *base);
    int (*read)(const struct json_value *node, void *base);
    const char *schema; /* members of the value's schema, where it is not made of what else is here */
};

struct record {
    const char *name; /* in the schema and docs/json.md; NULL: a group, told of where it is used */
    size_t size;      /* of the struct */
    const struct field *fields;
    size_t count;
    bool is_row;       /* an array, whose items are the fields in their order */
    bool is_by_line;   /* members begin a line each */
    bool is_concluded; /* written only: the analysis makes it anew of what is read */
    int (*check)(const struct json_value *node, void *base); /* what was read, as a whole; may be NULL */
};

#define RECORD(S, rows) .size = sizeof(S), .fields = (rows), .count = sizeof(rows) / sizeof((rows)[0])

/* Rows. The kind of the member is checked by _Generic, which gives no size, and so no row, for any other. */
#define MEMBER_OF(S, member) (((S *)0)->member)
#define CHECKED(S, member, ...)                                                                                        \
    .offset = offsetof(S, member) + 0 * sizeof(_Generic(MEMBER_OF(S, member), __VA_ARGS__)),                           \
    .size = sizeof(MEMBER_OF(S, member))

#define AS_WHOLE                                                                                                       \
    uint8_t:                                                                                                           \
    (char)0, uint16_t : (char)0, uint32_t : (char)0, uint64_t : (char)0, int64_t : (char)0, int : (char)0
#define COUNT(S, member, least, most)                                                                                  \
    .type = &field_whole, CHECKED(S, member, AS_WHOLE), .low = (least), .high = (double)(most)
#define FLAG(S, member) .type = &field_flag, CHECKED(S, member, bool : (char)0)
#define NUMBER(S, member, least, most)                                                                                 \
    .type = &field_number, CHECKED(S, member, double : (char)0), .low = (least), .high = (most), .is_nullable = true
#define AMOUNT(S, member, most)                                                                                        \
    .type = &field_amount, CHECKED(S, member, double : (char)0), .high = (most), .is_nullable = true
#define SECONDS(S, member, most) .type = &field_seconds, CHECKED(S, member, nanoseconds : (char)0), .high = (most)
#define MICROSECONDS(S, member)                                                                                        \
    .type = &field_microseconds, CHECKED(S, member, uint32_t : (char)0), .high = UINT32_MAX / 1e6
#define TEXT(S, member)                                                                                                \
    .type = &field_text, .size = sizeof(MEMBER_OF(S, member)),                                                         \
    .offset = offsetof(S, member) + 0 * sizeof(_Generic(&MEMBER_OF(S, member)[0], char * : (char)0))
#define NAMED(S, member, names)                                                                                        \
    .type = &field_named, CHECKED(S, member, unsigned : (char)0, uint8_t : (char)0, bool : (char)0), .naming = &(names)
#define OWN(write_, read_) .type = &field_own, .write = (write_), .read = (read_)
#define METRICS()          .type = &field_metrics

/* An array of numbers by an enumeration, as an object with a member for each that is not 0. */
#define COUNTS_BY_NAME(S, member, names)                                                                               \
    .type = &field_counts_by_name, .size = sizeof(MEMBER_OF(S, member)[0]),                                            \
    .offset = offsetof(S, member) + 0 * sizeof(_Generic(MEMBER_OF(S, member)[0], uint32_t                              \
                                                        : (char)0, uint64_t                                            \
                                                        : (char)0)),                                                   \
    .naming = &(names), .high = (double)INT64_MAX

/* Records within: a struct that is a member; what the same struct says in a record of its own; what a pointer leads to
 * (NULL: null), or its members, which are added to those of the object at hand. */
#define OBJECT(S, member, of)          .type = &field_object, .offset = offsetof(S, member), .record = &(of)
#define SELF(of)                       .type = &field_object, .record = &(of)
#define POINTED(S, member, of)         .type = &field_pointed, .offset = offsetof(S, member), .record = &(of)
#define POINTED_MEMBERS(S, member, of) .type = &field_pointed_members, .offset = offsetof(S, member), .record = &(of)

/* A struct with a flag that says whether there is one. */
#define OPTIONAL(S, member, flag, of)                                                                                  \
    .type = &field_optional, .offset = offsetof(S, member), .record = &(of),                                           \
    .count_offset = offsetof(S, flag) + 0 * sizeof(_Generic(MEMBER_OF(S, flag), bool                                   \
                                                            : (char)0))

/* `member` points to items, or is an array of them, and `number` says how many there are. */
#define LISTED(S, member, number)                                                                                      \
    .offset = offsetof(S, member), .size = sizeof(MEMBER_OF(S, member)[0]),                                            \
    .count_offset = offsetof(S, number) + 0 * sizeof(_Generic(MEMBER_OF(S, number), size_t                             \
                                                              : (char)0))
#define LIST(S, member, number, of, most)                                                                              \
    .type = &field_list, LISTED(S, member, number), .record = &(of), .high = (double)(most)
#define CONCLUDED_LIST(S, member, number, of) .type = &field_concluded_list, LISTED(S, member, number), .record = &(of)
#define TEXTS(S, member, number, most)        .type = &field_texts, LISTED(S, member, number), .high = (most)
#define SENTENCES(S, member, number)          .type = &field_sentences, LISTED(S, member, number)

extern const struct field_type field_whole, field_flag, field_number, field_amount, field_seconds, field_microseconds,
    field_text, field_named, field_counts_by_name, field_object, field_optional, field_pointed, field_pointed_members,
    field_list, field_concluded_list, field_texts, field_sentences, field_own, field_metrics;

/* Writes a record as an object or a row. */
void record_write(struct record_writer *writer, const struct record *record, const void *base);

/* Reads a record from an object or a row into `base`, which is zeroed. What was made before a refusal is there, and
 * counted. */
int record_read(const struct json_value *node, const struct record *record, void *base);
int record_read_field(const struct json_value *node, const struct record *record, size_t index, void *base);

/* Makes room for the items of an array, at least one, zeroed. NULL: refused, or no memory. */
void *node_make_items(const struct json_value *node, size_t least, size_t most, size_t size);

/* The member that a field describes, for fields of their own types. */
const void *field_member(const struct field *field, const void *base);

#endif
