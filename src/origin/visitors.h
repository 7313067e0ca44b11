#ifndef CONC_BENCH_ORIGIN_VISITORS_H
#define CONC_BENCH_ORIGIN_VISITORS_H

#include <stdbool.h>
#include <stdint.h>

struct MHD_Connection;

/*
 * Connections to a port of the server, and which of them are the run's own: anybody on the machine can connect, and who
 * does so and says nothing must not use up the room that the run needs. Zero-initialise.
 */
struct visitors {
    uint32_t open;
    struct visitor *oldest; /* of those that have asked for nothing of the run's yet; private */
    struct visitor *newest;
};

#define NO_UNIT UINT32_MAX

struct visitor {
    struct MHD_Connection *connection;
    uint32_t number;   /* for the server: which of those of a trial it is, from 0, once it is known */
    uint32_t unit;     /* for the server: of the journal, for which it carried the last response; NO_UNIT at first */
    uint64_t epoch;    /* for the server: since when `unit` means that */
    uint64_t received; /* for the server: bytes, when that response had been sent; 0: not known */
    struct visitor *older, *newer;
    bool is_unknown; /* and so in the list */
};

/* Counts a new connection, unknown at first. NULL: no memory; it is counted all the same. */
struct visitor *visitors_enter(struct visitors *visitors, struct MHD_Connection *connection);

/* Takes note that it is the run's own. True: that was not known yet. */
bool visitors_know(struct visitors *visitors, struct visitor *visitor);

/* The connection has ended; frees the visitor, which may be NULL. */
void visitors_leave(struct visitors *visitors, struct visitor *visitor);

/* Ends the connection that has been unknown for longest: whoever is of the run asks at once. */
void visitors_end_oldest(struct visitors *visitors);

#endif
