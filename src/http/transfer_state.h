#ifndef CONC_BENCH_HTTP_TRANSFER_STATE_H
#define CONC_BENCH_HTTP_TRANSFER_STATE_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "checking.h"
#include "conc_bench/base/clock.h"
#include "conc_bench/http/group.h"
#include "conc_bench/http/pool.h"
#include "conc_bench/http/transfer.h"
#include "conc_bench/run/sample.h"
#include "digest.h"
#include "streams.h"

/* The state that files which know parts of a transfer share. Private to src/http. */

/* A socket that libcurl tries to connect. It may be closed again without a word. */
struct attempt {
    int descriptor;  /* -1: none */
    uint64_t cookie; /* tells it from other sockets of that number */
};

/* The place in an answer of its next header line. */
enum answer_place {
    PLACE_STATUS,      /* nothing of it has come */
    PLACE_FIRST_FIELD, /* behind the status */
    PLACE_FIELDS,
    PLACE_BEHIND_FIELDS, /* in the trailers of a body, if there are any */
};

/* The names of a pool that a transfer uses (pool.c). libcurl borrows the texts and the list. */
struct pool_use {
    uint32_t held[2];             /* names: what was asked for, and where a redirect led */
    struct curl_slist changes[2]; /* the latest, for CURLOPT_RESOLVE */
    char forgotten[300];          /* "-host:port" */
    bool is_new;                  /* nothing has been told through this transfer */
};

struct transfer {
    CURL *easy;
    const struct transfer_plan *plan;
    const struct transfer_sockets *sockets; /* NULL: nobody watches connections */
    enum transfer_driver driver;
    CURLM *multi; /* its own, where it goes alone; otherwise NULL */
    struct sample *sample;
    struct curl_slist *names;      /* for CURLOPT_RESOLVE; libcurl borrows it */
    struct curl_slist *connect_to; /* for CURLOPT_CONNECT_TO; likewise */
    struct curl_slist *tls_way;    /* the same for https URLs, where they go elsewhere; otherwise NULL */
    struct curl_slist *headers;    /* for CURLOPT_HTTPHEADER; likewise */
    CURLU *parser;                 /* for targets that are not kept parsed */
    int64_t body_bytes;
    struct digest digest;         /* of the body, if the policy asks for it */
    struct checking *checking;    /* NULL: there are no checks */
    struct streams *streams;      /* counted there; NULL: it shares no connections */
    struct transfer_group *group; /* NULL: it goes alone */
    struct transfer *next;        /* of the group; NULL: the last */
    bool is_under_way;            /* libcurl has it, of a group */
    nanoseconds tried;            /* when it was last given to libcurl; only where connections are shared */
    uint64_t overtaking;          /* group->ended at the time */
    const void *connection;       /* as streams know it; NULL: none yet, or not counted */
    nanoseconds begun;            /* when it began, or was last begun again (--retry) */
    nanoseconds attempted;        /* when that was, or it was last repeated */
    nanoseconds retry_at;         /* when it is begun again, if `is_pausing` */
    unsigned earlier_connects;    /* connections made before it was begun again */
    bool is_pausing;              /* of a group: it is not under way, and to be begun again */
    nanoseconds opened;           /* when it last opened a socket; 0: not yet */
    struct attempt attempts[2];   /* the last to an IPv6 address, and the last to others, while `is_connecting` */
    nanoseconds urged;            /* when libcurl was last asked to look at it while it connects */
    nanoseconds untimed;          /* before libcurl's clock began, so far as that is looked at */
    uint32_t url;
    uint32_t heard;      /* libcurl's time of the first byte when the last request was sent: it is of one before */
    uint32_t requests;   /* sent for this transfer: redirects and libcurl's own retries send more than one */
    uint32_t repeats;    /* by us, of this transfer */
    int socket_error;    /* of the last socket that could not be made; 0: none */
    struct pool *pool;   /* NULL: there is none */
    struct store *store; /* of the pool, what this transfer uses */
    struct pool_use use;
    bool owns_pool;
    enum outcome broken;   /* the outcome of the connection's break under its request; OUTCOME_NONE: it did not break */
    bool forbids_reuse;    /* of a connection that broke or takes no more, though the policy may allow it */
    uint64_t stream_bytes; /* of the body in its frames, as they came; if quirk_sees_frames() */
    uint32_t stream_error; /* that the server ended its stream with (RFC 9113, 7); 0: none; if quirk_sees_frames() */
    void *stream_data;     /* libcurl's, of the last stream; not looked at */
    bool has_stream;       /* the answer comes in frames of HTTP/2, if quirk_would_see_frames() */
    bool is_http1;         /* asked for over HTTP/1.1 alone, since the server lied about HTTP/2 */
    bool wants_http2;      /* libcurl may let it share a connection; not changed by `is_http1` before it begins anew */
    bool is_misled;        /* it was about to be sent over a connection that cannot be shared */
    bool stream_ended;     /* the server said that its answer is complete; only of HTTP/2, if quirk_sees_frames() */
    bool is_timed;         /* `untimed` is known, of HTTP/2 */
    bool is_connecting;    /* it opened a socket, over which it has sent no request yet */
    enum answer_place place;
    enum outcome refused;  /* the outcome with which the answer was given up; OUTCOME_NONE: it was not */
    size_t header_bytes;   /* of all its answers, and what a proxy says before */
    uint32_t header_lines; /* the same */
    uint32_t pieces;       /* of bodies */
    uint16_t usual_status; /* what the answer to the last request said, if over HTTP/1.1; 0: libcurl knows */
    uint32_t codings;      /* of the body that comes: each is unpacked in turn */
    nanoseconds answered;  /* when the final answer came behind an interim one, from the start; 0: not yet */
    bool is_at_risk;       /* libcurl is one that stores headers where others were freed */
    bool is_of_proxy;      /* the next lines are: no request was sent for them */
    bool has_field;        /* libcurl has stored a header line since the transfer began */
    bool awaits_field;     /* the bytes that come as body are the line behind the status, before it is stored */
    bool is_within_line;   /* and not its first piece */
    bool is_interim;       /* the last status line is: 1xx */
    bool has_interim;      /* the last request had such an answer */
    bool is_overdue;       /* it was given up since its time was over */
    bool headers_ended;    /* the blank line of the last response was seen */
    bool is_head;          /* no body is asked for */
    bool is_tls;           /* the URL asked for is; a redirect may lead elsewhere */
    bool has_retried;      /* perhaps, since the options were set */
    bool retries_on_new;   /* repeated requests go over a new connection, whatever the policy says */
    bool met_http1;        /* the last https URL was not answered in HTTP/2 */
    bool listens;          /* to what libcurl says, since its message is of something else */
    char message[CURL_ERROR_SIZE];
};

struct transfer_group {
    const struct transfer_plan *plan;
    CURLM *multi;
    struct pool *pool;       /* NULL: the multi handle is enough */
    struct streams *streams; /* NULL: its transfers share no connections */
    struct group_listener listener;
    struct transfer *first; /* NULL: none */
    struct transfer *last;
    uint32_t count;
    uint64_t ended;           /* transfers, so far */
    bool has_let_go;          /* of a socket that was not connected */
    bool has_broken;          /* a connection has, under transfers that do not know yet */
    long connection_limit;    /* to one server; 0: none */
    enum outcome failed;      /* why there was no connection, last; OUTCOME_NONE: there was, or nobody knows */
    uint32_t failed_url;      /* of which URL */
    nanoseconds overdue_from; /* before, no transfer can be out of time */
    nanoseconds stalled_from; /* before, no transfer counts as stalled */
    nanoseconds retry_from;   /* before, none is to be begun again */
};

/* Takes a transfer of a group from libcurl and gives it back, to begin anew; and takes one that is described, and tells
 * the listener. -1: libcurl or the listener refused to go on. */
int group_start_again(struct transfer *transfer, struct error *error);
int group_end(struct transfer *transfer, struct error *error);

/* Whether libcurl's `code` is one behind which the transfer is to be driven again, as it is, before it is finished: it
 * was lost without a trace, and could not know. */
bool transfer_is_repeated(struct transfer *transfer, int code);

/* The transfer whose easy handle that is. */
struct transfer *transfer_of_easy_handle(void *easy);

/* Begins the download that it had again; as transfer_begin(). */
bool transfer_begin_again(struct transfer *transfer);

/* Seconds that the server asks to be left alone for; 0: it does not. */
uint16_t transfer_retry_after(const struct transfer *transfer);

/* Sets all options anew. False: libcurl refuses one. */
bool transfer_reset(struct transfer *transfer);

/* Brings the pinned names of a transfer into a multi handle, a CURLM *, where all of its transfers look; without
 * touching the network. */
int transfer_bring_names(struct transfer *transfer, void *multi, struct error *error);

/* Whether a transfer is for the server that a URL of the plan's targets is on, by scheme, host and port. */
bool transfer_is_for_server(const struct transfer *transfer, uint32_t url);

/* The time as libcurl takes it: whole milliseconds, rounded up. */
static inline long transfer_milliseconds(nanoseconds duration)
{
    return (long)((duration + NANOSECONDS_PER_MILLISECOND - 1) / NANOSECONDS_PER_MILLISECOND);
}

/* The information that libcurl has of a transfer; 0: none. */
long transfer_info_number(const struct transfer *transfer, CURLINFO info);
int64_t transfer_info_bytes(const struct transfer *transfer, CURLINFO info); /* -1: it does not know */
uint32_t transfer_info_microseconds(const struct transfer *transfer, CURLINFO info);
uint8_t transfer_info_version(const struct transfer *transfer); /* of HTTP, as in struct sample */
static inline long transfer_status(const struct transfer *transfer)
{
    return transfer->usual_status != 0 ? transfer->usual_status
                                       : transfer_info_number(transfer, CURLINFO_RESPONSE_CODE);
}
static inline uint8_t transfer_http_version(const struct transfer *transfer)
{
    return transfer->usual_status != 0 ? 11 : transfer_info_version(transfer);
}

/* Whether the connection it has is one with TLS. */
bool transfer_is_over_tls(const struct transfer *transfer);

/* Whether the connection for its URL may be one that carries several downloads, as far as is known before there is one.
 */
bool transfer_may_share(const struct transfer *transfer);

/* Whether it goes over HTTP/2, or may: without any answer nothing tells. */
bool transfer_may_be_http2(const struct transfer *transfer, uint8_t version);

/* Fills in how far it has come, by libcurl, when it has ended with `code`. */
void transfer_describe(const struct transfer *transfer, int code);

/* The outcome of a transfer that is over, and described. */
enum outcome transfer_outcome_of_response(const struct transfer *transfer, long status);
enum outcome transfer_outcome_of_failure(const struct transfer *transfer, CURLcode code, long status);

/* The outcome of a timeout, by what was under way when the time was up. */
enum outcome transfer_outcome_of_timeout(const struct transfer *transfer);
enum connect_failure transfer_connect_failure(const struct transfer *transfer, CURLcode code);

/* Handling of a server's answer (answer.c). The first three are called when a handle is made, before each time it is
 * driven, and right before each request. Then libcurl's callbacks for bodies and header lines, whose context is the
 * transfer. */
void answer_create(struct transfer *transfer);
void answer_begin(struct transfer *transfer);
void answer_expect(struct transfer *transfer);
size_t answer_take_body(char *data, size_t size, size_t count, void *context);
size_t answer_take_header(char *data, size_t size, size_t count, void *context);

/* Called where there is a pool, before each download, once `url` is set. `has_asked`: the download before it came to
 * send a request. False: no memory. */
bool pool_begin(struct transfer *transfer, bool has_asked);

/* Called for each connection that is opened, and for each line of headers, where the transfer may be sent on. */
void pool_note_opened(struct transfer *transfer);
void pool_note_header(struct transfer *transfer, const char *line, size_t length);

/* Called after the easy handle is gone. */
void pool_leave(struct transfer *transfer);

/* Counts the transfer on the connection it has, and no longer. */
void transfer_count_stream(struct transfer *transfer);
static inline void transfer_end_stream(struct transfer *transfer)
{
    if (transfer->connection == NULL)
        return;
    streams_leave(transfer->streams, transfer->connection);
    transfer->connection = NULL;
}

#endif
