#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/sockios.h>

/*
 * A server that misbehaves on demand: the path of a URL says how, so that one list can mix healthy and faulty ones. It
 * writes every byte of its answers itself, since no HTTP library sends broken HTTP.
 *
 * Standard output begins with its port on a line of its own, and three lines with ports that fail before any request:
 * "refuse" (nobody listens), "silent" (connections are accepted by the system and never read), "full" (connections are
 * not even accepted). Each request that is not answered any further makes a line "stalled". It serves until its
 * standard input ends or SIGTERM arrives, and then prints "PATH COUNT" for every path that was asked for.
 *
 * One thread for each connection: a fault is then a few lines of what happens, in the order in which it happens.
 */

enum {
    LISTEN_BACKLOG = 1024,
    STACK_BYTES = 256 * 1024,
    REQUEST_MAX = 16 * 1024,
    PATH_MAX_BYTES = 128,
    PATHS_MAX = 256,
    BODY_BYTES = 1000,        /* of a healthy answer that is not asked for another size */
    BLOCK_BYTES = 16 * 1024,  /* of a long body */
    PAUSE_BETWEEN_BLOCKS = 5, /* milliseconds: an endless body must not take the cores from its readers */
    PAUSE_BETWEEN_DRIPS = 50,
    PAUSE_BEFORE_LATE_BYTES = 30,
    HUGE_LINE = 200 * 1000,
    HUGE_HEADERS = 400 * 1000,
    FILLERS = 4,          /* connections that fill the queue of the full port */
    TLS_HANDSHAKE = 0x16, /* the first byte of a client that speaks TLS */
    NO_CUT = -1,
};

struct counter {
    char path[PATH_MAX_BYTES];
    uint64_t count;
};

struct server {
    int listener;
    int refuse;           /* bound, so that nobody else takes the port, but nobody listens */
    int silent;           /* listens; nobody accepts */
    int full;             /* the same, with a queue that has no place left */
    int fillers[FILLERS]; /* who took the places */
    uint16_t port;
    uint16_t refuse_port;
    int end[2]; /* a pipe; once its write end is closed, every connection ends */
    pthread_mutex_t mutex;
    pthread_cond_t connection_ended;
    uint32_t connections; /* guarded by the mutex, as are the tallies */
    struct counter tallies[PATHS_MAX];
    size_t counter_count;
};

struct connection {
    struct server *server;
    int socket;
    bool is_once;        /* the next request gets no answer */
    long left_until_cut; /* bytes of this answer that are still sent; NO_CUT: all */
    size_t received;     /* bytes in `input` */
    char input[REQUEST_MAX];
};

struct request {
    char path[PATH_MAX_BYTES];
    const char *argument; /* what follows the name of the fault: "20" of /reset/20 */
    long size;            /* ?size=N */
    long retry_after;     /* ?retry-after=N; negative: not asked for */
    long at;              /* ?at=N: the request for this path, from 1, that is answered otherwise; 0: none */
    uint64_t number;      /* of the request for this path, from 1 */
};

static uint64_t count_request(struct server *server, const char *path);

/* Answers a request. True: the connection is kept for the next one. */
typedef bool answer(struct connection *connection, const struct request *request);

/* Waits for `events` on the socket. False: the time is over, the client is gone, or the server ends. */
static bool wait_for(const struct connection *connection, short events, int milliseconds)
{
    struct pollfd entries[] = {
        {.fd = connection->socket, .events = events},
        {.fd = connection->server->end[0], .events = POLLIN},
    };
    int count;
    do {
        count = poll(entries, 2, milliseconds);
    } while (count < 0 && errno == EINTR);
    return count > 0 && entries[1].revents == 0 && (entries[0].revents & events) != 0;
}

/* False: there is nobody to send more to, or the answer is cut here. */
static bool send_bytes(struct connection *connection, const char *bytes, size_t length)
{
    bool is_cut = connection->left_until_cut != NO_CUT && (size_t)connection->left_until_cut <= length;
    if (is_cut)
        length = (size_t)connection->left_until_cut;
    if (connection->left_until_cut != NO_CUT)
        connection->left_until_cut -= (long)length;
    while (length > 0) {
        ssize_t sent = send(connection->socket, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0) {
            bytes += sent;
            length -= (size_t)sent;
        } else if (errno == EAGAIN) {
            if (!wait_for(connection, POLLOUT, -1))
                return false;
        } else if (errno != EINTR) {
            return false;
        }
    }
    return !is_cut;
}

static bool send_text(struct connection *connection, const char *text)
{
    return send_bytes(connection, text, strlen(text));
}

static bool send_filler(struct connection *connection, size_t length)
{
    char block[BLOCK_BYTES];
    memset(block, 'x', sizeof(block));
    while (length > 0) {
        size_t part = length < sizeof(block) ? length : sizeof(block);
        if (!send_bytes(connection, block, part))
            return false;
        length -= part;
    }
    return true;
}

static bool send_head(struct connection *connection, long length)
{
    char head[128];
    snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %ld\r\n\r\n", length);
    return send_text(connection, head);
}

/* Does nothing. False: the client is gone, or the server ends. */
static bool rest(const struct connection *connection, int milliseconds)
{
    struct pollfd entries[] = {
        {.fd = connection->socket, .events = POLLRDHUP},
        {.fd = connection->server->end[0], .events = POLLIN},
    };
    return poll(entries, 2, milliseconds) == 0;
}

/* Until the client gives up. */
static bool stall(const struct connection *connection)
{
    puts("stalled");
    fflush(stdout);
    rest(connection, -1);
    return false;
}

/* Waits until what was sent has arrived: closing with a reset would throw the rest away. */
static void wait_for_arrival(const struct connection *connection)
{
    int left;
    while (ioctl(connection->socket, SIOCOUTQ, &left) == 0 && left > 0 && rest(connection, 1)) {}
}

/* Whenever the connection is closed. */
static void close_by_reset(const struct connection *connection)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    setsockopt(connection->socket, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

/* --- What can be asked for --------------------------------------------------------------------------------------- */

static bool answer_ok(struct connection *connection, const struct request *request)
{
    return send_head(connection, request->size) && send_filler(connection, (size_t)request->size);
}

/* /reset/N and /close/N: a healthy answer of which N bytes are sent. */
static bool answer_cut(struct connection *connection, const struct request *request)
{
    connection->left_until_cut = strtol(request->argument, NULL, 10);
    return answer_ok(connection, request);
}

static bool answer_reset(struct connection *connection, const struct request *request)
{
    answer_cut(connection, request);
    wait_for_arrival(connection);
    close_by_reset(connection);
    return false;
}

static bool answer_close(struct connection *connection, const struct request *request)
{
    answer_cut(connection, request);
    return false;
}

static bool answer_half_headers(struct connection *connection, const struct request *request)
{
    (void)request;
    send_text(connection, "HTTP/1.1 200 OK\r\nContent-Len");
    return false;
}

/* As short as the blank line that ends headers, and not it. */
static bool answer_half_headers_colon(struct connection *connection, const struct request *request)
{
    (void)request;
    send_text(connection, "HTTP/1.1 200 OK\r\n:\nContent-Len");
    return false;
}

static bool answer_interim_cut(struct connection *connection, const struct request *request)
{
    (void)request;
    send_text(connection, "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n");
    return false;
}

/* The answer to an interim one comes as late as a drip. */
static bool answer_interim_slow(struct connection *connection, const struct request *request)
{
    return send_text(connection, "HTTP/1.1 103 Early Hints\r\n\r\n") && rest(connection, 4 * PAUSE_BETWEEN_DRIPS) &&
           answer_ok(connection, request);
}

static bool repeat_without_end(struct connection *connection, const char *text)
{
    while (send_text(connection, text)) {}
    return false;
}

static bool answer_endless_interim(struct connection *connection, const struct request *request)
{
    (void)request;
    return repeat_without_end(connection, "HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n");
}

static bool answer_endless_headers(struct connection *connection, const struct request *request)
{
    (void)request;
    return send_text(connection, "HTTP/1.1 200 OK\r\n") && repeat_without_end(connection, "A: b\r\n");
}

static bool answer_endless_trailers(struct connection *connection, const struct request *request)
{
    (void)request;
    return send_text(connection, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n0\r\n") &&
           repeat_without_end(connection, "A: b\r\n");
}

/* A length in an answer without a body, to --head or with this status, is that of another answer. */
static bool answer_length_other(struct connection *connection, const struct request *request)
{
    (void)request;
    return send_text(connection, "HTTP/1.1 304 Not Modified\r\nContent-Length: 5368709120\r\n\r\n");
}

/* "hello" by gzip; more of that, or of something else, behind its end. */
static bool answer_gzip(struct connection *connection, const struct request *request)
{
    static const char hello[] =
        "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\x07\x00\x86\xa6\x10\x36\x05\x00\x00\x00";
    size_t length = sizeof(hello) - 1;
    bool is_layered = strcmp(request->argument, "layers") == 0;
    bool is_transport = strcmp(request->argument, "transport") == 0;
    bool has_more = request->argument[0] != '\0' && !is_layered && !is_transport;
    char head[192];
    snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\n%s: %s\r\nContent-Length: %zu\r\n\r\n",
             is_transport ? "Transfer-Encoding" : "Content-Encoding", is_layered ? "identity, gzip, gzip" : "gzip",
             has_more ? 2 * length : length);
    if (!send_text(connection, head) || !send_bytes(connection, hello, length))
        return false;
    return !has_more || (strcmp(request->argument, "members") == 0 ? send_bytes(connection, hello, length)
                                                                   : send_filler(connection, length));
}

/* 64 KiB of zeros by deflate, up to where the next can follow; without an end. */
static bool answer_gzip_bomb(struct connection *connection, const struct request *request)
{
    (void)request;
    static const char start[] = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03";
    static const char zeros[] =
        "\xec\xc1\x01\x01\x00\x00\x00\x80\x90\xfe\xaf\xee\x08\x0a\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
        "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
        "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
        "\x00\x00\x00\x00\x00\x6a\x00\x00\x00\xff\xff";
    enum { AT_ONCE = 200 };
    char many[AT_ONCE * (sizeof(zeros) - 1)];
    for (size_t i = 0; i < AT_ONCE; i++)
        memcpy(many + i * (sizeof(zeros) - 1), zeros, sizeof(zeros) - 1);
    bool is_sent = send_text(connection, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
                                         "Content-Length: 1000000000\r\n\r\n") &&
                   send_bytes(connection, start, sizeof(start) - 1);
    while (is_sent)
        is_sent = send_bytes(connection, many, sizeof(many));
    return false;
}

/* 128 KiB of zeros by zstd in each four bytes, without an end. */
static bool answer_zstd_bomb(struct connection *connection, const struct request *request)
{
    (void)request;
    static const char start[] = "\x28\xb5\x2f\xfd\x00\x58"; /* a window of 2 MiB */
    static const char zeros[] = "\x02\x00\x10\x00";
    char many[1000 * (sizeof(zeros) - 1)];
    for (size_t i = 0; i < sizeof(many); i += sizeof(zeros) - 1)
        memcpy(many + i, zeros, sizeof(zeros) - 1);
    bool is_sent =
        send_text(connection, "HTTP/1.1 200 OK\r\nContent-Encoding: zstd\r\nContent-Length: 1000000000\r\n\r\n") &&
        send_bytes(connection, start, sizeof(start) - 1);
    while (is_sent)
        is_sent = send_bytes(connection, many, sizeof(many));
    return false;
}

static bool answer_stall_headers(struct connection *connection, const struct request *request)
{
    (void)request;
    return stall(connection);
}

static bool answer_stall_body(struct connection *connection, const struct request *request)
{
    return send_head(connection, request->size) && send_filler(connection, (size_t)request->size / 2) &&
           stall(connection);
}

static bool drip(struct connection *connection, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!send_bytes(connection, &text[i], 1) || !rest(connection, PAUSE_BETWEEN_DRIPS))
            return false;
    }
    return true;
}

static bool answer_drip(struct connection *connection, const struct request *request)
{
    if (!send_head(connection, request->size))
        return false;
    for (long i = 0; i < request->size; i++) {
        if (!drip(connection, "x", 1))
            return false;
    }
    return true;
}

static bool answer_drip_headers(struct connection *connection, const struct request *request)
{
    (void)request;
    /* The status at once: newer libcurls have the first byte when they have a line (8.14), which takes a second so. */
    static const char status[] = "HTTP/1.1 200 OK\r\n";
    static const char fields[] = "X-Drip: drip, drip, drip, drip, drip, drip, drip, drip\r\nContent-Length: 0\r\n\r\n";
    return send_text(connection, status) && drip(connection, fields, strlen(fields));
}

static bool send_chunked_head(struct connection *connection)
{
    return send_text(connection, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
}

static bool answer_chunk_ok(struct connection *connection, const struct request *request)
{
    (void)request;
    return send_chunked_head(connection) && send_text(connection, "0\r\nX-Trailer: there\r\n\r\n");
}

static bool answer_chunk_bad(struct connection *connection, const struct request *request)
{
    (void)request;
    if (send_chunked_head(connection))
        send_text(connection, "no hexadecimal number\r\nxxxxx\r\n0\r\n\r\n");
    return false;
}

static bool answer_chunk_cut(struct connection *connection, const struct request *request)
{
    (void)request;
    send_chunked_head(connection);
    return false;
}

static bool answer_huge_status(struct connection *connection, const struct request *request)
{
    (void)request;
    return send_text(connection, "HTTP/1.1 200 ") && send_filler(connection, HUGE_LINE) &&
           send_text(connection, "\r\nContent-Length: 0\r\n\r\n");
}

static bool answer_huge_header(struct connection *connection, const struct request *request)
{
    (void)request;
    return send_text(connection, "HTTP/1.1 200 OK\r\nX-Huge: ") && send_filler(connection, HUGE_LINE) &&
           send_text(connection, "\r\nContent-Length: 0\r\n\r\n");
}

static bool answer_huge_headers(struct connection *connection, const struct request *request)
{
    (void)request;
    enum { LINE = 1000 };
    if (!send_text(connection, "HTTP/1.1 200 OK\r\n"))
        return false;
    for (int sent = 0; sent < HUGE_HEADERS; sent += LINE) {
        if (!send_text(connection, "X-Line: ") || !send_filler(connection, LINE - strlen("X-Line: \r\n")) ||
            !send_text(connection, "\r\n"))
            return false;
    }
    return send_text(connection, "Content-Length: 0\r\n\r\n");
}

static bool answer_endless_chunked(struct connection *connection, const struct request *request)
{
    (void)request;
    char size[16];
    snprintf(size, sizeof(size), "%x\r\n", (unsigned)BLOCK_BYTES);
    bool is_there = send_chunked_head(connection);
    while (is_there) {
        is_there = send_text(connection, size) && send_filler(connection, BLOCK_BYTES) &&
                   send_text(connection, "\r\n") && rest(connection, PAUSE_BETWEEN_BLOCKS);
    }
    return false;
}

static bool answer_endless_close(struct connection *connection, const struct request *request)
{
    (void)request;
    bool is_there = send_text(connection, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    while (is_there)
        is_there = send_filler(connection, BLOCK_BYTES) && rest(connection, PAUSE_BETWEEN_BLOCKS);
    return false;
}

/* Without any length: the end of the connection is the end of the body. */
static bool answer_until_close(struct connection *connection, const struct request *request)
{
    if (send_text(connection, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"))
        send_filler(connection, (size_t)request->size);
    return false;
}

static bool answer_until_reset(struct connection *connection, const struct request *request)
{
    answer_until_close(connection, request);
    wait_for_arrival(connection);
    close_by_reset(connection);
    return false;
}

static bool answer_length_short(struct connection *connection, const struct request *request)
{
    if (send_head(connection, request->size))
        send_filler(connection, (size_t)request->size / 2);
    return false;
}

static bool answer_length_long(struct connection *connection, const struct request *request)
{
    /* In one piece, so that all of it is there when the client reads. */
    char text[256];
    (void)request;
    int length = snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789and more");
    return send_bytes(connection, text, (size_t)length);
}

/* The same, but the bytes too many arrive when the client is done with the answer, and may have asked again. */
static bool answer_length_late(struct connection *connection, const struct request *request)
{
    return answer_ok(connection, request) && rest(connection, PAUSE_BEFORE_LATE_BYTES) &&
           send_text(connection, "and more");
}

static bool answer_length_negative(struct connection *connection, const struct request *request)
{
    (void)request;
    send_text(connection, "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nxxxxx");
    return false;
}

static bool redirect(struct connection *connection, const char *location)
{
    char text[512];
    snprintf(text, sizeof(text), "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n", location);
    return send_text(connection, text);
}

/* To where nobody listens, at this host or under a name that nobody has resolved yet. */
static bool redirect_to_refuse(struct connection *connection, const char *host)
{
    char location[64];
    snprintf(location, sizeof(location), "http://%s:%u/", host, (unsigned)connection->server->refuse_port);
    return redirect(connection, location);
}

/* To a healthy answer of this server, if whoever is sent there logs in by what the server says. */
static bool redirect_to_log_in(struct connection *connection)
{
    char location[64];
    snprintf(location, sizeof(location), "http://me:secret@127.0.0.1:%u/ok", (unsigned)connection->server->port);
    return redirect(connection, location);
}

/* To a healthy answer of this server, under an international name. */
static bool redirect_to_name(struct connection *connection, const char *name)
{
    char location[64];
    snprintf(location, sizeof(location), "http://%s.localhost:%u/ok", name, (unsigned)connection->server->port);
    return redirect(connection, location);
}

static bool answer_redirect(struct connection *connection, const struct request *request)
{
    static const struct {
        const char *name;
        const char *location;
    } targets[] = {
        {"loop", "/redirect/loop"},
        {"ok", "/ok"},
        {"blank", "/text/blank"},
        {"utf8", "/ok/\xc3\xbc"},
        {"stall", "/stall/headers"},
        {"file", "file:///etc/passwd"},
        {"ftp", "ftp://127.0.0.1/"},
        /* No name may have a part of more than 63 characters: the system knows without asking anybody. */
        {"unknown", "http://a234567890b234567890c234567890d234567890e234567890f234567890g234567890.invalid/"},
        {"control", "http://127.0.0.1:99999/\033[31m\033]0;title\007"},
    };
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        if (strcmp(request->argument, targets[i].name) == 0)
            return redirect(connection, targets[i].location);
    }
    if (strcmp(request->argument, "other") == 0)
        return redirect_to_refuse(connection, "127.0.0.1");
    if (strcmp(request->argument, "name") == 0)
        return redirect_to_refuse(connection, "localhost");
    if (strcmp(request->argument, "international") == 0)
        return redirect_to_name(connection, "b\xc3\xbc"
                                            "cher");
    if (strcmp(request->argument, "latin") == 0)
        return redirect_to_name(connection, "b\xfc"
                                            "cher");
    if (strcmp(request->argument, "no-name") == 0)
        return redirect_to_name(connection, "\xe2\x92\x88");
    if (strcmp(request->argument, "credentials") == 0)
        return redirect_to_log_in(connection);
    return send_text(connection, "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n");
}

static bool answer_garbage(struct connection *connection, const struct request *request)
{
    (void)request;
    static const char garbage[] = "\x00\x01\x02\xff\xfe not HTTP at all \x1b[2J\r\n\r\nnor is this\r\n";
    send_bytes(connection, garbage, sizeof(garbage) - 1);
    return false;
}

static bool answer_status(struct connection *connection, const struct request *request)
{
    long status = strtol(request->argument, NULL, 10);
    bool is_interim = status >= 100 && status < 200;
    bool has_body = !is_interim && status != 204 && status != 304;
    char text[256], retry_after[64] = "";
    if (request->retry_after >= 0)
        snprintf(retry_after, sizeof(retry_after), "Retry-After: %ld\r\n", request->retry_after);
    snprintf(text, sizeof(text), "HTTP/1.1 %03ld Whatever\r\n%s%s\r\n", status, retry_after,
             has_body ? "Content-Length: 0\r\n" : "");
    return send_text(connection, text) && (!is_interim || answer_ok(connection, request));
}

/* /flaky/N/NAME: status 503 N times, and then once as it should be. */
static bool answer_flaky(struct connection *connection, const struct request *request)
{
    static const struct request once = {.argument = "503"};
    struct request failure = once;
    failure.retry_after = request->retry_after;
    bool is_turn = request->number % (uint64_t)(strtol(request->argument, NULL, 10) + 1) == 0;
    return is_turn ? answer_ok(connection, request) : answer_status(connection, &failure);
}

/* Bodies of one size: with the number of the request in each (/content/changes), or the same in all but one. */
static bool answer_content(struct connection *connection, const struct request *request)
{
    char head[64], tail[24] = "the same";
    bool is_other = request->at > 0 && request->number == (uint64_t)request->at;
    if (strcmp(request->argument, "changes") == 0)
        snprintf(tail, sizeof(tail), "%08" PRIu64, request->number);
    else if (is_other)
        snprintf(tail, sizeof(tail), "%s", "no other");
    snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Length: %ld\r\n\r\n", request->size + 8);
    return send_text(connection, head) && send_filler(connection, (size_t)request->size) && send_text(connection, tail);
}

/* How often a client with this cookie has been here before; it is told to count on. Who has none is counted. */
static bool answer_cookies(struct connection *connection, const struct request *request)
{
    static const char name[] = "visits=";
    char text[256];
    long visits = 0;
    (void)request;
    connection->input[connection->received < REQUEST_MAX ? connection->received : REQUEST_MAX - 1] = '\0';
    /* Behind the first line, whose end was cut off. */
    const char *fields = connection->input + strlen(connection->input) + 1;
    const char *end = connection->input + connection->received;
    const char *cookie = fields < end ? memmem(fields, (size_t)(end - fields), name, sizeof(name) - 1) : NULL;
    if (cookie != NULL)
        visits = strtol(cookie + sizeof(name) - 1, NULL, 10);
    else
        count_request(connection->server, "/cookies/none");
    snprintf(text, sizeof(text),
             "HTTP/1.1 200 OK\r\nSet-Cookie: visits=%ld; Path=/\r\nContent-Length: 15\r\n\r\nvisits %08ld", visits + 1,
             visits);
    return send_text(connection, text);
}

/* As an idle server does that has had enough: the client learns of it when it asks again. */
static bool answer_idle_close(struct connection *connection, const struct request *request)
{
    answer_ok(connection, request);
    return false;
}

/* The same, too late for the client to see it before it asks again. */
static bool answer_once(struct connection *connection, const struct request *request)
{
    connection->is_once = true;
    return answer_ok(connection, request);
}

static bool answer_once_reset(struct connection *connection, const struct request *request)
{
    close_by_reset(connection);
    return answer_once(connection, request);
}

static bool answer_empty(struct connection *connection, const struct request *request)
{
    (void)connection, (void)request;
    return false;
}

/* Answers with text that would clear the screen, set the title and draw in red if it were printed as it is. */
static bool answer_control(struct connection *connection, const struct request *request)
{
    (void)request;
    return send_text(connection,
                     "HTTP/1.1 200 \033[2J\033[31mred\a\b\r\nX-Title: \033]0;title\007\tand \302\233 more\r\n"
                     "Server: \001\002\033c\177\r\nContent-Length: 5\r\n\r\n\033[2J\n");
}

static bool answer_control_nul(struct connection *connection, const struct request *request)
{
    (void)request;
    static const char text[] = "HTTP/1.1 200 OK\r\nX-Nul: a\0b\r\nContent-Length: 0\r\n\r\n";
    return send_bytes(connection, text, sizeof(text) - 1);
}

/* Answers as they stand here, by the rest of the path. */
static bool answer_text(struct connection *connection, const struct request *request)
{
    static const struct {
        const char *name;
        const char *text;
        bool is_end; /* the connection is closed behind it */
    } answers[] = {
        /* The line behind the status begins with a blank, as one does that goes on with the line before. */
        {"blank", "HTTP/1.1 200 OK\r\n X: y\r\nContent-Length: 0\r\n\r\n", false},
        {"tab", "HTTP/1.1 200 OK\r\n\tX: y\r\nContent-Length: 0\r\n\r\n", false},
        {"status-blank", " HTTP/1.1 200 OK\r\n X: y\r\nContent-Length: 0\r\n\r\n", false},
        {"no-colon", "HTTP/1.1 200 OK\r\n X\r\nContent-Length: 0\r\n\r\n", false},
        {"no-cr", "HTTP/1.1 200 OK\n X: y\nContent-Length: 0\n\n", false},
        {"version", "HTTP/2 200 OK\r\n X: y\r\nContent-Length: 0\r\n\r\n", false},
        {"lie", "HTTP/2 200 OK\r\nContent-Length: 0\r\n\r\n", false},
        {"interim", "HTTP/1.1 103 Early Hints\r\n X: y\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false},
        {"behind-interim", "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n X: y\r\nContent-Length: 0\r\n\r\n",
         false},
        /* There it may, or none is there. */
        {"later", "HTTP/1.1 200 OK\r\nX: y\r\n z\r\nContent-Length: 1\r\n\r\n ", false},
        {"no-headers", "HTTP/1.1 200 OK\r\n\r\n body", true},
        {"interim-only-status", "HTTP/1.1 103\r\n\r\nHTTP/1.1 200 OK\r\n\r\n body", true},
        {"trailer", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n \r\n0\r\nX: y\r\n z\r\n\r\n", false},
        /* Answers that are no HTTP; libcurl calls some of them a misuse of itself. */
        {"cr", "HTTP/1.1 200 OK\r\nX\rY: z\r\nContent-Length: 0\r\n\r\n", false},
        {"trailer-no-colon", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n \r\n0\r\nX\r\n\r\n", false},
        {"switch", "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nxxxxx", false},
        /* Only to the one who asks for a tunnel through a proxy, to a host of this name. */
        {"blank.proxy", "HTTP/1.1 200 OK\r\n X: y\r\n\r\n", false},
        {"no-colon.proxy", "HTTP/1.1 200 OK\r\nX\r\n\r\n", false},
    };
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        size_t length = strlen(answers[i].name);
        if (strncmp(request->argument, answers[i].name, length) == 0 && strchr(":", request->argument[length]) != NULL)
            return send_text(connection, answers[i].text) && !answers[i].is_end;
    }
    return false;
}

/* A header line that libcurl delivers in pieces of 16 KiB, of which the second begins with a blank. */
static bool answer_long_line(struct connection *connection, const struct request *request)
{
    static const char name[] = "X: ";
    char line[2 * BLOCK_BYTES];
    (void)request;
    memset(line, ' ', sizeof(line));
    memcpy(line, name, sizeof(name) - 1);
    line[sizeof(line) - 1] = '\n';
    return send_text(connection, "HTTP/1.1 200 OK\r\n") && send_bytes(connection, line, sizeof(line)) &&
           send_text(connection, "Content-Length: 0\r\n\r\n");
}

/* A proxy that refuses, at length. */
static bool answer_refusal(struct connection *connection, const struct request *request)
{
    enum { LENGTH = 100 * 1000 * 1000 };
    (void)request;
    if (send_text(connection, "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=x\r\n"
                              "Content-Length: 100000000\r\n\r\n"))
        send_filler(connection, LENGTH);
    return false;
}

/* The first whose name the path begins with. */
static const struct fault {
    const char *name;
    answer *answer;
} faults[] = {
    {"/ok", answer_ok},
    {"/reset/", answer_reset},
    {"/close/", answer_close},
    {"/empty", answer_empty},
    {"/half-headers/colon", answer_half_headers_colon},
    {"/half-headers", answer_half_headers},
    {"/interim/cut", answer_interim_cut},
    {"/interim/slow", answer_interim_slow},
    {"/endless/interim", answer_endless_interim},
    {"/endless/headers", answer_endless_headers},
    {"/endless/trailers", answer_endless_trailers},
    {"/length/other", answer_length_other},
    {"/zstd/bomb", answer_zstd_bomb},
    {"/gzip/bomb", answer_gzip_bomb},
    {"/gzip/", answer_gzip},
    {"/stall/headers", answer_stall_headers},
    {"/stall/body", answer_stall_body},
    {"/drip/headers", answer_drip_headers},
    {"/drip", answer_drip},
    {"/chunk/ok", answer_chunk_ok},
    {"/chunk/bad", answer_chunk_bad},
    {"/chunk/cut", answer_chunk_cut},
    {"/huge-status", answer_huge_status},
    {"/huge-headers", answer_huge_headers},
    {"/huge-header", answer_huge_header},
    {"/endless/chunked", answer_endless_chunked},
    {"/endless/close", answer_endless_close},
    {"/until-close", answer_until_close},
    {"/until-reset", answer_until_reset},
    {"/length/short", answer_length_short},
    {"/length/long", answer_length_long},
    {"/length/late", answer_length_late},
    {"/length/negative", answer_length_negative},
    {"/redirect/", answer_redirect},
    {"/garbage", answer_garbage},
    {"/status/", answer_status},
    {"/flaky/", answer_flaky},
    {"/content/", answer_content},
    {"/cookies", answer_cookies},
    {"/idle-close", answer_idle_close},
    {"/once/reset", answer_once_reset},
    {"/once", answer_once},
    {"/text/", answer_text},
    {"/long-line", answer_long_line},
    {"refusal.proxy:", answer_refusal},
    {"text-", answer_text},
    {"/control/nul", answer_control_nul},
    {"/control", answer_control},
};

/* --- Connections ------------------------------------------------------------------------------------------------- */

/* How often the path was asked for so far, with this; as far as it is counted. */
static uint64_t count_request(struct server *server, const char *path)
{
    uint64_t number = 0;
    pthread_mutex_lock(&server->mutex);
    size_t i = 0;
    while (i < server->counter_count && strcmp(server->tallies[i].path, path) != 0)
        i++;
    if (i == server->counter_count && i < PATHS_MAX) {
        snprintf(server->tallies[i].path, sizeof(server->tallies[i].path), "%s", path);
        server->counter_count++;
    }
    if (i < PATHS_MAX)
        number = ++server->tallies[i].count;
    pthread_mutex_unlock(&server->mutex);
    return number;
}

/* The number behind "NAME=" in a query. */
static long query_number(const char *query, const char *name, long otherwise)
{
    const char *found = strstr(query, name);
    return found != NULL ? strtol(found + strlen(name), NULL, 10) : otherwise;
}

/* Reads path and numbers of "GET /reset/20?size=100 HTTP/1.1"; `line` is changed. */
static void read_request(char *line, struct request *request)
{
    char *target = line + strcspn(line, " ");
    target += *target == ' ';
    target[strcspn(target, " \r\n")] = '\0';
    const char *query = target + strcspn(target, "?");
    snprintf(request->path, sizeof(request->path), "%.*s", (int)(query - target), target);
    request->argument = "";
    request->size = query_number(query, "size=", BODY_BYTES);
    request->retry_after = query_number(query, "retry-after=", -1);
    request->at = query_number(query, "at=", 0);
}

static bool answer_request(struct connection *connection, struct request *request)
{
    connection->left_until_cut = NO_CUT;
    request->number = count_request(connection->server, request->path);
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        size_t length = strlen(faults[i].name);
        if (strncmp(request->path, faults[i].name, length) == 0) {
            request->argument = request->path + length;
            return faults[i].answer(connection, request);
        }
    }
    return send_text(connection, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
}

/* The length of the first complete request in the input, waiting for it; 0: there will be none. Who speaks TLS to this
 * server is answered as by most that do not. */
static size_t receive_request(struct connection *connection)
{
    for (;;) {
        const char *end = memmem(connection->input, connection->received, "\r\n\r\n", 4);
        if (end != NULL)
            return (size_t)(end - connection->input) + 4;
        size_t room = sizeof(connection->input) - connection->received;
        if (room == 0 || !wait_for(connection, POLLIN, -1))
            return 0;
        ssize_t count = recv(connection->socket, connection->input + connection->received, room, 0);
        if (count <= 0)
            return 0;
        connection->received += (size_t)count;
        if (connection->input[0] == TLS_HANDSHAKE) {
            send_text(connection, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
            return 0;
        }
    }
}

static void serve(struct connection *connection)
{
    size_t length;
    bool is_kept = true;
    while (is_kept && (length = receive_request(connection)) > 0 && !connection->is_once) {
        struct request request;
        read_request(connection->input, &request);
        is_kept = answer_request(connection, &request);
        connection->received -= length;
        memmove(connection->input, connection->input + length, connection->received);
    }
}

static void *live(void *context)
{
    struct connection *connection = context;
    struct server *server = connection->server;
    serve(connection);
    close(connection->socket);
    free(connection);
    pthread_mutex_lock(&server->mutex);
    server->connections--;
    pthread_cond_signal(&server->connection_ended);
    pthread_mutex_unlock(&server->mutex);
    return NULL;
}

static void start_connection(struct server *server, int socket)
{
    int one = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)); /* bytes leave when they are sent */
    struct connection *connection = calloc(1, sizeof(*connection));
    if (connection == NULL) {
        close(socket);
        return;
    }
    connection->server = server;
    connection->socket = socket;
    connection->left_until_cut = NO_CUT;
    pthread_mutex_lock(&server->mutex);
    server->connections++;
    pthread_mutex_unlock(&server->mutex);
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    if (pthread_create(&thread, &attributes, live, connection) != 0)
        live(connection); /* one after the other, then */
    pthread_attr_destroy(&attributes);
}

/* --- The server -------------------------------------------------------------------------------------------------- */

static int complain(const char *what)
{
    fprintf(stderr, "fault_server: cannot %s: %s\n", what, strerror(errno));
    return -1;
}

/* A loopback socket on a port of the system's choice. A negative backlog: nobody listens. */
static int open_port(int backlog, uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0 || bind(descriptor, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        getsockname(descriptor, (struct sockaddr *)&address, &length) != 0 ||
        (backlog >= 0 && listen(descriptor, backlog) != 0)) {
        complain("open a port");
        if (descriptor >= 0)
            close(descriptor);
        return -1;
    }
    *port = ntohs(address.sin_port);
    return descriptor;
}

/* Takes every place in the queue of the full port; the system ignores whoever comes after. */
static void fill_queue(struct server *server, uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    for (size_t i = 0; i < FILLERS; i++) {
        server->fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (server->fillers[i] >= 0 && connect(server->fillers[i], (struct sockaddr *)&address, sizeof(address)) != 0 &&
            errno != EINPROGRESS)
            complain("fill the queue of the full port");
    }
}

static int open_all(struct server *server)
{
    uint16_t silent_port, full_port;
    server->listener = open_port(LISTEN_BACKLOG, &server->port);
    server->refuse = open_port(-1, &server->refuse_port);
    server->silent = open_port(LISTEN_BACKLOG, &silent_port);
    server->full = open_port(0, &full_port);
    if (server->listener < 0 || server->refuse < 0 || server->silent < 0 || server->full < 0)
        return -1;
    if (pipe(server->end) != 0)
        return complain("make a pipe");
    fill_queue(server, full_port);
    printf("%u\nrefuse %u\nsilent %u\nfull %u\n", (unsigned)server->port, (unsigned)server->refuse_port,
           (unsigned)silent_port, (unsigned)full_port);
    return fflush(stdout) == 0 ? 0 : complain("print");
}

static void close_all(struct server *server)
{
    close(server->listener);
    close(server->refuse);
    close(server->silent);
    close(server->full);
    for (size_t i = 0; i < FILLERS; i++) {
        if (server->fillers[i] >= 0)
            close(server->fillers[i]);
    }
    close(server->end[0]);
}

static bool is_input_over(void)
{
    char ignored[256];
    return read(STDIN_FILENO, ignored, sizeof(ignored)) <= 0;
}

/* Until standard input ends, or `signals` has one. */
static void accept_all(struct server *server, int signals)
{
    struct pollfd entries[] = {
        {.fd = server->listener, .events = POLLIN},
        {.fd = STDIN_FILENO, .events = POLLIN},
        {.fd = signals, .events = POLLIN},
    };
    for (;;) {
        if (poll(entries, 3, -1) < 0 && errno != EINTR)
            return;
        if (entries[2].revents != 0 || (entries[1].revents != 0 && is_input_over()))
            return;
        if (entries[0].revents == 0)
            continue;
        int socket = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
        if (socket >= 0)
            start_connection(server, socket);
    }
}

static void end_connections(struct server *server)
{
    close(server->end[1]);
    pthread_mutex_lock(&server->mutex);
    while (server->connections > 0)
        pthread_cond_wait(&server->connection_ended, &server->mutex);
    pthread_mutex_unlock(&server->mutex);
}

int main(void)
{
    static struct server server = {.mutex = PTHREAD_MUTEX_INITIALIZER, .connection_ended = PTHREAD_COND_INITIALIZER};
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL); /* before the first thread, which inherits it */
    int signal_descriptor = signalfd(-1, &signals, SFD_CLOEXEC);
    if (signal_descriptor < 0)
        return complain("wait for signals") != 0;
    if (open_all(&server) != 0)
        return EXIT_FAILURE;
    accept_all(&server, signal_descriptor);
    end_connections(&server);
    close_all(&server);
    close(signal_descriptor);
    for (size_t i = 0; i < server.counter_count; i++)
        printf("%s %" PRIu64 "\n", server.tallies[i].path, server.tallies[i].count);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
