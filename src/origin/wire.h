#ifndef CONC_BENCH_ORIGIN_WIRE_H
#define CONC_BENCH_ORIGIN_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "conc_bench/base/error.h"
#include "conc_bench/origin/origin.h"

/*
 * The messages of the origin and its parent over a socket pair. Both ends are the same program, so structures travel as
 * they lie in memory.
 *
 * The server speaks first, once: a wire_greeting. From then on it answers each command, a byte, with a
 * wire_reply_header and as many bytes as that announces.
 */

enum wire_command {
    WIRE_RESET = 'r',   /* followed by the trial to open (uint32_t), 0 for none; answered with nothing */
    WIRE_LATENCY = 'l', /* followed by nanoseconds; answered with nothing */
    WIRE_COUNTS = 'c',  /* answered with struct origin_totals */
    WIRE_PATHS = 'p',   /* the same, then for each URL a wire_path and its text, without a NUL */
};

struct wire_greeting {
    uint16_t port;                          /* 0: the server could not start, and `error` says why */
    uint16_t tls_port;                      /* 0: no TLS */
    char authority[ORIGIN_AUTHORITY_BYTES]; /* PEM, NUL-terminated; "" without TLS */
    struct error error;                     /* filled in only if it could not start */
};

struct wire_reply_header {
    uint64_t bytes; /* that follow */
};

struct wire_path {
    uint64_t requests;
    uint64_t length; /* of the text that follows */
};

/* Both move exactly `length` bytes, whatever interrupts them. -1 with errno; a closed other end is EPIPE. */
int wire_send(int socket, const void *data, size_t length);
int wire_receive(int socket, void *data, size_t length);

#endif
