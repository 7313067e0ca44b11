#ifndef CONC_BENCH_RUN_SAMPLE_H
#define CONC_BENCH_RUN_SAMPLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conc_bench/base/clock.h"
#include "conc_bench/base/error.h"

/*
 * The table of samples of one trial: one slot for each unit of work, in memory shared between processes, always, so
 * that threads, forked workers and the parent read and write it alike. The cursor hands out unit numbers; whoever
 * claimed a unit is the only writer of its slot until it is settled. No locks, no pointers: a worker that is killed
 * leaves nothing behind but a slot that says claimed and never settled.
 *
 * Making the pages of a shared table takes longer than all that is done with its samples. So where samples need not be
 * kept, the trials of a run fill one table after each other, and struct trial_summary is what remains.
 */

/* The way a download ended. Classes are by cause: by libcurl's code and by what we saw ourselves. The text of an error
 * message decides between reset and protocol only, for two of libcurl's codes, where nothing else can (transfer.c). */
enum outcome {
    OUTCOME_NONE, /* not settled */
    OUTCOME_OK,   /* a complete response, status below 400 */
    OUTCOME_HTTP_4XX,
    OUTCOME_HTTP_5XX,
    OUTCOME_DNS,
    OUTCOME_CONNECT, /* refused, unreachable */
    OUTCOME_TLS,
    OUTCOME_TIMEOUT_DNS, /* the time was up while ... looking the name up */
    OUTCOME_TIMEOUT_CONNECT,
    OUTCOME_TIMEOUT_TLS,
    OUTCOME_TIMEOUT_WAIT, /* ... waiting for the first byte */
    OUTCOME_TIMEOUT_RECEIVE,
    OUTCOME_RESET,              /* the connection broke while sending or receiving */
    OUTCOME_EMPTY_REPLY,        /* closed before the first byte */
    OUTCOME_PARTIAL,            /* fewer body bytes than announced */
    OUTCOME_INCOMPLETE_HEADERS, /* closed within the headers: libcurl calls that success */
    OUTCOME_PROTOCOL,           /* not HTTP, or broken HTTP */
    OUTCOME_REDIRECT,           /* too many, or to where we don't go */
    OUTCOME_BODY_LIMIT,         /* longer than --max-filesize */
    OUTCOME_CHECK,              /* a complete response that is not what --check says */
    OUTCOME_CLIENT_RESOURCE,    /* our own fault: descriptors, ports, memory */
    OUTCOME_CANCELLED,          /* interrupted, or past the deadline of its trial */
    OUTCOME_LATE,               /* never begun: it had waited longer than --max-late for a worker */
    OUTCOME_GIVEN_UP,           /* never begun: at a rate that is far too high for its workers */
    OUTCOME_INTERNAL,
    OUTCOME_LOST, /* claimed by a worker that died; never written, only derived when reading */
    OUTCOME_COUNT,
};

/* Why nobody was connected to. The numbers stand in documents, where those of libcurl, of TLS, are greater. */
enum connect_failure {
    CONNECT_UNKNOWN,
    CONNECT_REFUSED,
    CONNECT_NO_ROUTE,
    CONNECT_NO_NETWORK,
    CONNECT_RESET,
    CONNECT_BY_PROXY, /* which was connected to, and would not go on */
};

/* The name of a class as it stands in documents: "ok", "http_5xx", "incomplete_headers". */
const char *outcome_name(enum outcome outcome);
/* The outcome in words that follow a number of downloads: "could not connect", "answered with status 5xx". */
const char *outcome_words(enum outcome outcome);

/* Digests of bodies that are none. */
enum {
    DIGEST_NONE,   /* not known: bodies were not compared by content, or there was no body */
    DIGEST_VARIED, /* of several downloads: they had several */
};

enum sample_state { SAMPLE_FREE, SAMPLE_CLAIMED, SAMPLE_SETTLED };

/* One download. 64 bytes, aligned to a cache line, so that two workers never write to the same line. */
struct sample {
    nanoseconds start;   /* the instant a worker took the unit (CLOCK_MONOTONIC) */
    nanoseconds end;     /* the instant the worker saw the transfer complete */
    nanoseconds settled; /* `end` plus the CPU work done on the response, if any */
    int64_t body_bytes;  /* counted in the write callback */
    /* Microseconds since the transfer began, by libcurl, cumulative; 0 where the phase did not happen. Of a download
     * that first waited for a connection made by another, the first byte counts that wait, which libcurl leaves out. */
    uint32_t name_lookup_us;
    uint32_t connect_us;
    uint32_t tls_us;
    uint32_t first_byte_us;
    uint32_t worker; /* 0 to workers - 1 */
    union {
        uint32_t body_digest; /* of OUTCOME_OK, of the content of its body: DIGEST_NONE, or a number */
        struct {              /* of all others */
            union {
                uint16_t retry_after;     /* seconds that the server asked to be left alone for (Retry-After); 0: it did
                                             not */
                uint16_t connect_failure; /* of OUTCOME_CONNECT, which no server has answered: enum connect_failure */
                uint16_t failed_check;    /* of OUTCOME_CHECK: the number of the first that does not hold, from 0 */
            };
            uint8_t transfer_code; /* libcurl's own result code (CURLcode), for the curious */
        };
    };
    uint16_t status;       /* of the last response; 0 without one */
    uint8_t connects;      /* new connections made for it, as far as 255; 0 = an old one was reused */
    uint8_t redirects;     /* as far as 255 */
    uint8_t retries;       /* after failures (--retry) */
    uint8_t outcome;       /* enum outcome */
    uint8_t http_version;  /* 10, 11, 20, 30; 0 without a response */
    _Atomic uint8_t state; /* enum sample_state; release on settle, acquire on read */
};
_Static_assert(sizeof(struct sample) == 64, "a sample fills one cache line");

/* Quarters of octaves, from a nanosecond to twenty minutes. */
enum { DELAY_BUCKETS = 160 };

/* A histogram of delays of one kind; written by all workers, rarely to the same bucket at once. */
struct delays {
    _Atomic int64_t longest;
    _Atomic uint32_t counts[DELAY_BUCKETS];
};

struct sample_table {
    uint32_t unit_count;
    bool is_private;                      /* in memory of this process, from the heap */
    _Alignas(64) _Atomic uint64_t cursor; /* next unit to hand out; every worker adds, nobody subtracts */
    _Alignas(64) _Atomic uint32_t
        is_stopped;                 /* written by the parent on a signal or by a cell that fails; read by all */
    _Atomic uint32_t settled_twice; /* broken promises of exactly-once; must stay 0 */
    _Alignas(64) _Atomic uint32_t settled_count_hint; /* for the progress line only, relaxed; not for accounting */
    _Atomic int64_t gate;                             /* the instant it opened; written before any worker passes it */
    _Atomic uint32_t is_given_up; /* no more is begun of what falls due at a rate; written once it is plain that workers
                                   * cannot keep up, by the parent or a worker; read by all */
    _Alignas(64) struct delays lag;  /* how long event loops were busy between two waits */
    _Alignas(64) struct delays late; /* how long after a download was due whoever waited for that woke up */
    /* About HTTP/2; written only where it is spoken. */
    _Atomic uint32_t most_streams;  /* downloads under way at once on one connection that is shared */
    _Atomic uint32_t warm_connects; /* connections it was spoken over that were made before the run */
    _Alignas(64) struct sample samples[];
};

/* Maps a zeroed table that forked children share. The caller releases it. NULL: out of memory. */
struct sample_table *sample_table_create(uint32_t unit_count, struct error *error);
/* The same for samples that this process alone looks at: thousands of small tables are no thousands of mappings. */
struct sample_table *sample_table_create_private(uint32_t unit_count, struct error *error);
/* Prefaults the table's memory for the process that calls, so that no page fault lands in timed code. Where another
 * process did so before, only the mapping is left to do. */
void sample_table_populate(struct sample_table *table);
/* Makes it as empty as a new one. For tables that nobody writes to any more. */
void sample_table_clear(struct sample_table *table);
void sample_table_release(struct sample_table *table);

/* The bytes such a table takes. */
uint64_t sample_table_bytes(uint64_t unit_count);

/* Takes the next unit for `worker` (in any thread or process): stamps its start and returns its slot, `unit` its
 * number. NULL: none left, or the table was stopped. */
struct sample *sample_claim(struct sample_table *table, uint32_t worker, uint32_t *unit);

/* The two halves of that, for units that are due at an instant. A unit that is reserved and never begun leaves no
 * trace: its slot stays free. False: none left, or the table was stopped. */
bool sample_reserve(struct sample_table *table, uint32_t *unit);
struct sample *sample_begin(struct sample_table *table, uint32_t worker, uint32_t unit);

/* Publishes a slot the caller claimed and has filled in. Stamps `settled`, unless the caller did. Call exactly once for
 * each claim. */
void sample_settle(struct sample_table *table, struct sample *sample);

/* Counts the units that are due by now, of those due at these instants after the gate, and wait for a worker. For the
 * progress line, since the count is out of date at once. 0 before the gate has opened. */
uint32_t sample_table_waiting(const struct sample_table *table, const nanoseconds *due);

/* No more units: claims return NULL from now on, transfers in flight abort. Safe in a signal handler. */
void sample_table_stop(struct sample_table *table);
static inline bool sample_table_is_stopped(const struct sample_table *table)
{
    return atomic_load_explicit(&table->is_stopped, memory_order_relaxed) != 0;
}

/* The rest is given up: units that are due at instants and were not begun are settled as OUTCOME_GIVEN_UP, at once, by
 * whoever reserves them. */
static inline void sample_table_give_up(struct sample_table *table)
{
    atomic_store_explicit(&table->is_given_up, 1, memory_order_relaxed);
}
static inline bool sample_table_is_given_up(const struct sample_table *table)
{
    return atomic_load_explicit(&table->is_given_up, memory_order_relaxed) != 0;
}

/* One more delay. */
void delays_note(struct delays *delays, nanoseconds delay);

/* The delay that `percent` % do not exceed, up to 19 % too high (the upper end of its quarter octave), and never above
 * the longest. 0: there was none. */
nanoseconds delays_percentile(const struct delays *delays, double percent);

/* Notes that so many downloads are under way on one shared connection. */
void sample_table_note_streams(struct sample_table *table, uint32_t streams);

/* A download made beforehand, to open connections. */
void sample_table_note_warm(struct sample_table *table, const struct sample *sample);

/* The samples that a result keeps for reports that show single downloads. */
enum sample_policy {
    SAMPLES_AUTO, /* those of cells with at most SAMPLES_AUTO_MAX downloads over all rounds */
    SAMPLES_ALL,
    SAMPLES_NONE,
};

enum { SAMPLES_AUTO_MAX = 100000 };

/* The most samples of a cell that are kept. */
uint64_t sample_policy_most(enum sample_policy policy);

/* The outcome of a slot once nobody writes any more: OUTCOME_NONE if never claimed, OUTCOME_LOST if never settled. */
static inline enum outcome sample_outcome(const struct sample *sample)
{
    switch (atomic_load_explicit(&sample->state, memory_order_acquire)) {
    case SAMPLE_SETTLED:
        return sample->outcome < OUTCOME_COUNT ? (enum outcome)sample->outcome : OUTCOME_INTERNAL;
    case SAMPLE_CLAIMED:
        return OUTCOME_LOST;
    default:
        return OUTCOME_NONE;
    }
}

/* libcurl's code, which is 0 where all went well. Once nobody writes any more. */
static inline uint8_t sample_transfer_code(const struct sample *sample)
{
    return sample->outcome == OUTCOME_OK ? 0 : sample->transfer_code;
}

/* The digest of its body, which only an answer that is whole has. */
static inline uint32_t sample_digest(const struct sample *sample)
{
    return sample->outcome == OUTCOME_OK ? sample->body_digest : DIGEST_NONE;
}

/* The same of what the server asked for. */
static inline uint16_t sample_retry_after(const struct sample *sample)
{
    bool has_other =
        sample->outcome == OUTCOME_OK || sample->outcome == OUTCOME_CONNECT || sample->outcome == OUTCOME_CHECK;
    return has_other ? 0 : sample->retry_after;
}

/* The most bytes that so many trials take until the end of a run, for checks made beforehand: the table that samples
 * are made in, and what is kept of each trial where up to `most` samples of a cell are. */
uint64_t sample_memory(uint64_t units, uint64_t trials, uint64_t most);

/* The numbers of units by their fate. claimed = settled + lost. */
struct sample_account {
    uint32_t claimed;
    uint32_t settled;
    uint32_t lost; /* claimed by a worker that never settled them */
    uint32_t settled_twice;
    uint32_t outcomes[OUTCOME_COUNT];
    nanoseconds last_settled; /* the instant; 0: none was; of what was given up before it was due, nothing happened */
};
struct sample_account sample_table_account(const struct sample_table *table);

#endif
