#ifndef CONC_BENCH_HTTP_STREAMS_H
#define CONC_BENCH_HTTP_STREAMS_H

#include <stddef.h>
#include <stdint.h>

#include "conc_bench/base/error.h"
#include "conc_bench/run/sample.h"

/*
 * Counts the downloads that are under way on each connection of a multi handle, over HTTP/2, where they share
 * connections. Used by one thread, that of the multi handle.
 */
struct streams;

/* NULL: no memory. */
struct streams *streams_create(struct error *error);
void streams_release(struct streams *streams); /* NULL is allowed */

/* Notes in the table, from now on, the most downloads on one connection; NULL: notes it no more. */
void streams_watch(struct streams *streams, struct sample_table *table);

/* One more on that connection, which is told from others by its address. Without memory for another connection, it is
 * not counted. */
void streams_enter(struct streams *streams, const void *address);

/* One less. NULL, or a connection that is not known, is allowed. */
void streams_leave(struct streams *streams, const void *address);

/* The protocols that were spoken on some connection. */
enum spoken { SPOKEN_HTTP1 = 1 << 0, SPOKEN_HTTP2 = 1 << 1 };
void streams_note_spoken(struct streams *streams, enum spoken spoken);

/* All protocols that were spoken, or-ed. */
unsigned streams_spoken(const struct streams *streams);

/* The URL of a server that named a version of HTTP it does not speak. Without memory, it is not noted. */
void streams_note_liar(struct streams *streams, uint32_t url);
const uint32_t *streams_liars(const struct streams *streams, size_t *count);

/* Counts the connections that carry downloads, to all servers together. */
uint32_t streams_connections(const struct streams *streams);

#endif
