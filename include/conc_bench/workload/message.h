#ifndef CONC_BENCH_WORKLOAD_MESSAGE_H
#define CONC_BENCH_WORKLOAD_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conc_bench/base/hash_map.h"

/*
 * The method, headers and body that a request of the list has besides its URL. They may be secret: they are wiped when
 * they are released, and what is told of them shows no values of headers and no bodies.
 */

/* Zero-initialise: a plain download. */
struct message {
    char *custom_method; /* as written; NULL: HEAD, POST or GET, as follows from the rest */
    bool is_head;
    char **headers; /* as CURLOPT_HTTPHEADER(3) wants them */
    size_t header_count;
    char *body; /* NULL: none */
    size_t body_bytes;
};

/* -1: no memory. The text is copied. */
int message_add_header(struct message *message, const char *text);

/* The same for a body, instead of any it has. */
int message_set_body(struct message *message, const char *bytes, size_t length);

bool message_has_header(const struct message *message, const char *name);

/* Returns whether it has a header of the name that another one has. */
bool message_replaces(const struct message *message, const char *header);

/* Returns whether a URL alone asks for the same. */
bool message_is_plain(const struct message *message);

/* The method it is sent by. */
const char *message_method(const struct message *message);

/* Calls `tell` with what is sent of it besides its method, a line each, without what may be secret: "Accept:
 * text/html", "Authorization: (13 bytes)", "a body of 6 bytes". The lines hold what stood in the list. */
void message_describe(const struct message *message, void (*tell)(void *context, const char *part), void *context);

void message_release(struct message *message);

/* The messages of a list, each once. Zero-initialise. */
struct message_list {
    struct message *items;
    size_t count;
    size_t capacity;     /* private */
    struct hash_map map; /* private */
};

/* Stands in place of a message's number: a plain download. */
#define MESSAGE_NONE UINT32_MAX

/* Takes a message in, which is moved there or released, and tells its number. -1: no memory; it is released then. */
int message_list_add(struct message_list *list, struct message *message, uint32_t *number);

/* 64 bits that tell messages apart by method, names of headers and length of the body, which is all that a report may
 * say of them; goes on with `digest` (hash.h). */
uint64_t message_digest(const struct message *message, uint64_t digest);

void message_list_release(struct message_list *list);

#endif
