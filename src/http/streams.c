#include "streams.h"

#include <stddef.h>
#include <stdlib.h>

struct connection {
    const void *address;
    uint32_t downloads; /* at least 1: connections without are forgotten */
};

/* Connections are few, or else (the server did not agree to HTTP/2) carry one download each: no more than there are
 * transfers, and searched by going over them. */
struct streams {
    struct sample_table *table; /* NULL: nothing is noted */
    struct connection *connections;
    size_t count;
    size_t room;
    unsigned spoken; /* enum spoken, or-ed */
    uint32_t *liars;
    size_t liar_count;
};

struct streams *streams_create(struct error *error)
{
    struct streams *streams = calloc(1, sizeof(*streams));
    if (streams == NULL)
        error_set(error, ERROR_ENVIRONMENT, "no memory to count downloads on connections");
    return streams;
}

void streams_release(struct streams *streams)
{
    if (streams == NULL)
        return;
    free(streams->connections);
    free(streams->liars);
    free(streams);
}

void streams_watch(struct streams *streams, struct sample_table *table)
{
    streams->table = table;
}

/* NULL: not known. */
static struct connection *find(const struct streams *streams, const void *address)
{
    for (size_t i = 0; i < streams->count; i++) {
        if (streams->connections[i].address == address)
            return &streams->connections[i];
    }
    return NULL;
}

/* NULL: no memory. */
static struct connection *add(struct streams *streams, const void *address)
{
    if (streams->count == streams->room) {
        size_t room = streams->room == 0 ? 8 : 2 * streams->room;
        struct connection *longer = realloc(streams->connections, room * sizeof(longer[0]));
        if (longer == NULL)
            return NULL;
        streams->connections = longer;
        streams->room = room;
    }
    struct connection *connection = &streams->connections[streams->count++];
    *connection = (struct connection){.address = address};
    return connection;
}

void streams_enter(struct streams *streams, const void *address)
{
    struct connection *connection = find(streams, address);
    if (connection == NULL)
        connection = add(streams, address);
    if (connection == NULL)
        return;
    connection->downloads++;
    if (streams->table != NULL)
        sample_table_note_streams(streams->table, connection->downloads);
}

void streams_leave(struct streams *streams, const void *address)
{
    struct connection *connection = address != NULL ? find(streams, address) : NULL;
    if (connection != NULL && --connection->downloads == 0)
        *connection = streams->connections[--streams->count];
}

void streams_note_spoken(struct streams *streams, enum spoken spoken)
{
    streams->spoken |= spoken;
}

unsigned streams_spoken(const struct streams *streams)
{
    return streams->spoken;
}

void streams_note_liar(struct streams *streams, uint32_t url)
{
    uint32_t *longer = realloc(streams->liars, (streams->liar_count + 1) * sizeof(longer[0]));
    if (longer == NULL)
        return;
    longer[streams->liar_count++] = url;
    streams->liars = longer;
}

const uint32_t *streams_liars(const struct streams *streams, size_t *count)
{
    *count = streams->liar_count;
    return streams->liars;
}

uint32_t streams_connections(const struct streams *streams)
{
    return (uint32_t)streams->count;
}
