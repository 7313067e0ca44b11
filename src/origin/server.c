#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <time.h>

#include "address.h"
#include "body.h"
#include "certificates.h"
#include "conc_bench/base/hash.h"
#include "conc_bench/base/random.h"
#include "conc_bench/platform/descriptor.h"
#include "conc_bench/platform/process.h"
#include "counter.h"
#include "deadlines.h"
#include "journal_server.h"
#include "visitors.h"
#include "waiting.h"
#include "wire.h"

/*
 * One thread drives libmicrohttpd from outside (MHD_run(3)): one daemon for plain HTTP and, if asked for, one for TLS,
 * which share everything but their ports. A complete request suspends its connection and enters a
 * heap of deadlines; when due it is resumed and answered. The first MHD_run after a resume makes libmicrohttpd 0.9.75
 * walk the list of all suspended connections, so those that are due are resumed together.
 */

enum {
    /* Holds what libmicrohttpd reads, parses and answers: enough for a URL of 8 KiB with 200 query arguments, or one
     * with 4 KiB of headers. It is cleared for each request, which at 32 KiB takes a seventh of the server's time; more
     * than that would also cost an mmap for each connection. */
    METHOD_BYTES = 32, /* of longer ones no more is counted apart */
    CONNECTION_MEMORY = 24 * 1024,
    SCHEME_BYTES = 8,       /* "https://" */
    SPARE_CONNECTIONS = 64, /* those that clients closed, and nobody has noticed yet; and those of strangers */
    KEPT_FREE = 32,         /* of these; when there are fewer, strangers have to go */
    SPARE_DESCRIPTORS = 64, /* inherited ones, epoll, the control socket */
    PACED_BLOCK = 64 * 1024,
    /* Answers between two looks at the clock and at the sockets: this many, and one more for so many that are
     * suspended. Without a bound, requests would wait unseen, and their latency count from too late: with 2,000 in
     * flight the median was 7 to 30 ms late instead of 2. With a small one, the walk would be paid for too often. */
    RESUMED_AT_ONCE = 4,
    WALKED_FOR_ONE = 256,
    FINISHED_WITHIN = 3, /* runs; what takes longer waits for its client to read */
};

#define PACED_TICK     (10 * NANOSECONDS_PER_MILLISECOND)
#define SETTLE_AT_MOST (200 * NANOSECONDS_PER_MILLISECOND)

enum { LISTENER_PLAIN, LISTENER_TLS, LISTENER_COUNT };
_Static_assert((int)LISTENER_COUNT == (int)WAITING_DAEMONS, "each is waited for");

struct listener {
    struct server *server;
    struct MHD_Daemon *daemon; /* NULL: there is none */
    const char *scheme;        /* in front of the URLs it counts */
    uint16_t port;
    uint32_t room;      /* for connections */
    uint32_t answering; /* requests whose answer is being sent */
    struct visitors visitors;
};

struct server {
    const struct origin_options *options;
    nanoseconds latency; /* that of the options, until told otherwise */
    struct listener listeners[LISTENER_COUNT];
    struct certificates *certificates; /* NULL: no TLS */
    const char *address;               /* at which it listens */
    int control;                       /* to the parent */
    struct waiting waits;              /* the things it waits for */
    const char *token;                 /* of the run's own requests; NULL: all are */
    struct journal *journal;           /* NULL: none, and the token is in a header, not in addresses */
    uint32_t trial;                    /* the open one, of the journal; 0: none is open */
    uint64_t strangers;                /* requests of others */
    uint64_t late;                     /* requests for addresses of trials that are over */
    struct MHD_Response *body;         /* shared by all connections; NULL where bodies are paced */
    struct MHD_Response *refusal;
    struct MHD_Response *dismissal;
    struct MHD_Response *absence;
    struct deadlines waiting; /* requests whose connection is suspended */
    struct counter counter;
    nanoseconds cpu_before; /* CPU time until the last reset, of the one thread there is */
    uint64_t epoch;         /* counts resets: requests of an older epoch are no longer counted, nor answered */
    nanoseconds seen;       /* when the present batch of requests was seen; 0: none of it yet */
    nanoseconds next_slot;  /* for requests_per_second: before this, no request has its turn */
    bool is_ending;
    char url[METHOD_BYTES + SCHEME_BYTES +
             2 * CONNECTION_MEMORY]; /* put together here; both parts come out of a connection's memory */
};

/* The stages of a request, in order. */
enum stage { STAGE_HEAD, STAGE_DISMISSED, STAGE_BODY, STAGE_WAITING, STAGE_ANSWERING };

struct origin_request {
    struct server *server;
    struct listener *listener;
    struct MHD_Connection *connection;
    enum stage stage;
    bool is_refused; /* will be answered 503 */
    bool is_get;
    bool is_head;
    char method[METHOD_BYTES];     /* with a blank behind it; "": GET */
    uint8_t http_version;          /* 10 or 11 */
    uint32_t unit;                 /* of the journal; NO_UNIT: it is in none */
    const struct journal_url *url; /* of the journal; NULL: there is none, and the request says itself what it is for */
    uint64_t epoch;
    nanoseconds due; /* when the first byte of the answer leaves */
    size_t target_length;
    char target[];
};

/* Suspends the request's connection until `due`. */
static int suspend_until(struct origin_request *request, nanoseconds due)
{
    if (deadlines_add(&request->server->waiting, due, request) != 0)
        return -1;
    MHD_suspend_connection(request->connection);
    return 0;
}

/* Bodies at a rate. A byte is sent when a line of that rate would have carried it to its end, so that a body is
 * complete after its size over the rate, and not a block earlier. */

static nanoseconds paced_due(const struct origin_request *request, uint64_t position)
{
    double rate = (double)request->server->options->bytes_per_second;
    return request->due + (nanoseconds)((double)position / rate * (double)NANOSECONDS_PER_SECOND) + 1;
}

static ssize_t read_paced(void *context, uint64_t position, char *buffer, size_t length)
{
    struct origin_request *request = context;
    const struct origin_options *options = request->server->options;
    if (request->epoch != request->server->epoch)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    double rate = (double)options->bytes_per_second;
    uint64_t due = (uint64_t)(clock_seconds(clock_now() - request->due) * rate);
    uint64_t ready = due > position ? due - position : 0;
    uint64_t tick = (uint64_t)(rate * clock_seconds(PACED_TICK)) + 1;
    uint64_t wanted = tick < length ? tick : length;
    if (ready < wanted) {
        if (suspend_until(request, paced_due(request, position + wanted)) != 0)
            return MHD_CONTENT_READER_END_WITH_ERROR;
        return 0;
    }
    /* It is more than a tick's where the server has fallen behind. */
    size_t sent = ready < length ? (size_t)ready : length;
    body_fill(buffer, sent);
    return (ssize_t)sent;
}

static enum MHD_Result answer_paced(struct origin_request *request)
{
    struct MHD_Response *response =
        MHD_create_response_from_callback(request->server->options->body_bytes, PACED_BLOCK, read_paced, request, NULL);
    enum MHD_Result run = MHD_queue_response(request->connection, MHD_HTTP_OK, response);
    if (response != NULL)
        MHD_destroy_response(response);
    return run;
}

static bool is_in_journal(const struct origin_request *request)
{
    return request->unit != NO_UNIT && request->epoch == request->server->epoch;
}

static enum MHD_Result answer(struct origin_request *request)
{
    struct server *server = request->server;
    if (request->epoch != server->epoch)
        return MHD_NO;
    request->stage = STAGE_ANSWERING;
    request->listener->answering++;
    if (is_in_journal(request))
        journal_note_status(server->journal, request->unit,
                            request->is_refused ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_OK);
    if (request->is_refused)
        return MHD_queue_response(request->connection, MHD_HTTP_SERVICE_UNAVAILABLE, server->refusal);
    if (server->body == NULL)
        return answer_paced(request);
    return MHD_queue_response(request->connection, MHD_HTTP_OK, server->body);
}

/* Host and target of a URL of the journal, and how long they are. */
static size_t write_journal_url(const struct origin_request *request, char *place, size_t size)
{
    if (request->url->length > size)
        return 0;
    memcpy(place, request->url->text, request->url->length);
    return request->url->length;
}

/* Host header and target. The port of this server itself is left out: it differs from run to run, and the chances
 * drawn from the URL must not. */
static size_t write_url(const struct origin_request *request, char *place)
{
    const char *host = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
    if (host == NULL) /* HTTP/1.0 need not say */
        host = "";
    size_t host_length = strlen(host);
    char own[8];
    size_t own_length = (size_t)snprintf(own, sizeof(own), ":%u", (unsigned)request->listener->port);
    if (host_length > own_length && memcmp(host + host_length - own_length, own, own_length) == 0)
        host_length -= own_length;
    if (host_length > CONNECTION_MEMORY || request->target_length > CONNECTION_MEMORY)
        return 0;
    memcpy(place, host, host_length);
    memcpy(place + host_length, request->target, request->target_length);
    return host_length + request->target_length;
}

/* Writes what is counted into server->url: the method unless it is GET, the scheme, host and target. `*hash` is without
 * the scheme, for the same chances with TLS as without. */
static size_t write_counted(struct server *server, const struct origin_request *request, uint64_t *hash)
{
    size_t method_length = request->url == NULL ? strlen(request->method) : 0;
    size_t scheme_length = strlen(request->listener->scheme);
    char *place = server->url + method_length + scheme_length;
    memcpy(server->url, request->method, method_length);
    memcpy(server->url + method_length, request->listener->scheme, scheme_length);
    size_t length = request->url != NULL
                        ? write_journal_url(request, place, sizeof(server->url) - method_length - scheme_length)
                        : write_url(request, place);
    *hash = hash_bytes(hash_bytes(HASH_START, server->url, method_length), place, length);
    return method_length + scheme_length + length;
}

/* Uniform in [0, 1). */
static double draw(uint64_t chance, uint64_t purpose)
{
    struct random random = {.state = random_hash(chance, purpose)};
    return random_fraction(&random);
}

/* Takes the instant at which the request's turn comes. */
static nanoseconds take_slot(struct server *server)
{
    if (server->options->requests_per_second <= 0)
        return server->seen;
    nanoseconds slot = server->seen > server->next_slot ? server->seen : server->next_slot;
    server->next_slot = slot + (nanoseconds)((double)NANOSECONDS_PER_SECOND / server->options->requests_per_second);
    return slot;
}

static void decide(struct origin_request *request, uint64_t hash, uint64_t occurrence)
{
    enum { DRAW_FATE, DRAW_DELAY };
    const struct origin_options *options = request->server->options;
    uint64_t chance = random_hash(random_hash(options->seed, hash), occurrence);
    request->is_refused = draw(chance, DRAW_FATE) < options->error_share;
    nanoseconds delay = request->server->latency;
    if (options->jitter > 0)
        delay += (nanoseconds)((2 * draw(chance, DRAW_DELAY) - 1) * (double)options->jitter);
    request->due = take_slot(request->server) + (delay > 0 ? delay : 0);
}

/* The sender of a request. */
enum requester { REQUESTER_OWN, REQUESTER_STRANGER, REQUESTER_LATE, REQUESTER_ASTRAY };

/* Finds the sender by the request's address, which also says what it is for. */
static enum requester find_in_journal(struct origin_request *request)
{
    const struct server *server = request->server;
    uint32_t trial;
    uint32_t number;
    enum address_kind kind = address_read(request->target, server->token, &trial, &number);
    if (kind == ADDRESS_FOREIGN)
        return REQUESTER_STRANGER;
    if (kind == ADDRESS_WRONG)
        return REQUESTER_ASTRAY;
    if (trial != server->trial)
        return REQUESTER_LATE;
    request->url = trial == 0 ? journal_url(server->journal, number) : journal_unit_url(server->journal, number);
    request->unit = trial == 0 || request->url == NULL ? NO_UNIT : number;
    return request->url != NULL ? REQUESTER_OWN : REQUESTER_ASTRAY;
}

/* Whether it comes from the run that the server was started for. */
static enum requester find_requester(struct origin_request *request)
{
    const char *token = request->server->token;
    if (request->server->journal != NULL)
        return find_in_journal(request);
    if (token == NULL)
        return REQUESTER_OWN;
    const char *given = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, ORIGIN_TOKEN_HEADER);
    return given != NULL && strcmp(given, token) == 0 ? REQUESTER_OWN : REQUESTER_STRANGER;
}

static enum MHD_Result dismiss(struct origin_request *request, enum requester requester)
{
    struct server *server = request->server;
    request->stage = STAGE_DISMISSED;
    if (requester == REQUESTER_ASTRAY) {
        server->counter.counts.strays++;
        return MHD_queue_response(request->connection, MHD_HTTP_NOT_FOUND, server->absence);
    }
    server->strangers += requester == REQUESTER_STRANGER;
    server->late += requester == REQUESTER_LATE;
    return MHD_queue_response(request->connection, MHD_HTTP_FORBIDDEN, server->dismissal);
}

static struct visitor *visitor_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static void count_handshake(struct server *server, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    if (info == NULL)
        return;
    server->counter.counts.handshakes++;
    server->counter.counts.resumed += gnutls_session_is_resumed(info->tls_session) != 0;
}

/* A connection is the run's once a request of the run has come over it. */
static void know_connection(const struct origin_request *request)
{
    struct server *server = request->server;
    struct visitor *visitor = visitor_of(request->connection);
    if (!visitors_know(&request->listener->visitors, visitor))
        return;
    visitor->number = (uint32_t)server->counter.counts.connections++;
    if (request->listener == &server->listeners[LISTENER_TLS])
        count_handshake(server, request->connection);
}

/* Writes down that a request has arrived. */
static void enter_in_journal(struct origin_request *request)
{
    struct server *server = request->server;
    if (server->counter.counts.first == 0)
        server->counter.counts.first = server->seen;
    if (!is_in_journal(request))
        return;
    struct visitor *visitor = visitor_of(request->connection);
    const struct journal_request entry = {
        .arrived = server->seen,
        .connection = visitor != NULL ? visitor->number : 0,
        .http_version = request->http_version,
        .is_get = request->is_get,
        .is_tls = request->listener == &server->listeners[LISTENER_TLS],
    };
    journal_note_request(server->journal, request->unit, &entry);
}

static enum MHD_Result receive(struct origin_request *request)
{
    struct server *server = request->server;
    /* All requests of one MHD_run had arrived when the first of them is looked at: epoll was asked before. Stamping
     * each when its turn comes would add to its latency what the ones before it took. Not so behind handshakes, which
     * take long enough for a request to arrive meanwhile. */
    if (server->seen == 0 || request->listener == &server->listeners[LISTENER_TLS])
        server->seen = clock_now();
    uint64_t hash;
    uint64_t occurrence;
    size_t length = write_counted(server, request, &hash);
    if (server->is_ending || counter_request(&server->counter, server->url, length, hash, &occurrence) != 0)
        return MHD_NO;
    request->epoch = server->epoch;
    request->stage = STAGE_WAITING;
    if (server->journal != NULL)
        enter_in_journal(request);
    decide(request, hash, occurrence);
    if (request->due <= clock_now())
        return answer(request);
    return suspend_until(request, request->due) == 0 ? MHD_YES : MHD_NO;
}

static bool look_at(struct MHD_Connection *connection, struct descriptor_connection *how)
{
    return descriptor_look(MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd, how);
}

/* A connection on which a client has closed its side takes what is sent to it all the same: by the reset that comes
 * back, at once on this machine, it is known that nobody was there. */
static void end_in_journal(const struct origin_request *request, struct MHD_Connection *connection, bool is_sent)
{
    struct server *server = request->server;
    struct visitor *visitor = visitor_of(connection);
    struct descriptor_connection now = {0};
    bool is_whole = is_sent && !(look_at(connection, &now) && now.is_over);
    uint64_t bytes = request->is_refused ? BODY_REFUSAL_BYTES : server->options->body_bytes;
    journal_note_end(server->journal, request->unit, clock_now(), is_whole, request->is_head ? 0 : (int64_t)bytes);
    if (visitor != NULL) {
        visitor->unit = request->unit;
        visitor->epoch = server->epoch;
        visitor->received = now.is_open ? now.received : 0;
    }
}

/* A client that closes a connection with unread bytes on it resets it, so nothing more is received, not even the end of
 * the stream. Over TLS this proves nothing: few clients read the other side's close_notify, or tickets that they do not
 * need. */
static void end_connection(const struct listener *listener, const struct visitor *visitor)
{
    const struct server *server = listener->server;
    struct descriptor_connection now;
    if (visitor == NULL || visitor->unit == NO_UNIT || visitor->epoch != server->epoch || visitor->received == 0)
        return;
    if (listener == &server->listeners[LISTENER_PLAIN] && look_at(visitor->connection, &now) && now.is_over &&
        now.received == visitor->received)
        journal_note_broken(server->journal, visitor->unit);
}

/* Called by libmicrohttpd. */

static void *on_request_line(void *context, const char *target, struct MHD_Connection *connection)
{
    size_t length = strlen(target);
    struct origin_request *request = malloc(sizeof(*request) + length + 1);
    if (request == NULL)
        return NULL;
    struct listener *listener = context;
    *request = (struct origin_request){.server = listener->server,
                                       .listener = listener,
                                       .connection = connection,
                                       .unit = NO_UNIT,
                                       .target_length = length};
    memcpy(request->target, target, length + 1);
    return request;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *upload, size_t *upload_length,
                                  void **request_context)
{
    (void)context, (void)connection, (void)path, (void)upload;
    struct origin_request *request = *request_context;
    if (request == NULL)
        return MHD_NO;
    switch (request->stage) {
    case STAGE_HEAD: {
        enum requester requester = find_requester(request);
        if (requester != REQUESTER_OWN)
            return dismiss(request, requester);
        know_connection(request);
        request->is_get = strcmp(method, MHD_HTTP_METHOD_GET) == 0;
        request->is_head = strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
        if (!request->is_get)
            snprintf(request->method, sizeof(request->method), "%.*s ", METHOD_BYTES - 2, method);
        request->http_version = strcmp(version, MHD_HTTP_VERSION_1_0) == 0 ? 10 : 11;
        /* An answer queued now would count as refusing the body, and close the connection. */
        request->stage = STAGE_BODY;
        return MHD_YES;
    }
    case STAGE_BODY:
        if (*upload_length == 0)
            return receive(request);
        *upload_length = 0;
        return MHD_YES;
    case STAGE_WAITING:
        return answer(request);
    case STAGE_DISMISSED:
    case STAGE_ANSWERING:
        break;
    }
    return MHD_YES;
}

static void on_request_end(void *context, struct MHD_Connection *connection, void **request_context,
                           enum MHD_RequestTerminationCode code)
{
    struct server *server = ((struct listener *)context)->server;
    struct origin_request *request = *request_context;
    if (request == NULL)
        return;
    request->listener->answering -= request->stage == STAGE_ANSWERING;
    if (request->stage >= STAGE_WAITING && request->epoch == server->epoch) {
        server->counter.in_flight--;
        if (request->unit != NO_UNIT)
            end_in_journal(request, connection, code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
        if (code == MHD_REQUEST_TERMINATED_COMPLETED_OK) {
            server->counter.counts.responses++;
            server->counter.counts.errors += request->is_refused;
        }
    }
    free(request);
    *request_context = NULL;
}

static void on_connection(void *context, struct MHD_Connection *connection, void **connection_context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct listener *listener = context;
    struct server *server = listener->server;
    if (code != MHD_CONNECTION_NOTIFY_STARTED) {
        end_connection(listener, *connection_context);
        visitors_leave(&listener->visitors, *connection_context);
        *connection_context = NULL;
        return;
    }
    struct visitor *visitor = visitors_enter(&listener->visitors, connection);
    *connection_context = visitor;
    if (listener->visitors.open > listener->room - KEPT_FREE)
        visitors_end_oldest(&listener->visitors);
    if (listener == &server->listeners[LISTENER_TLS])
        certificates_serve(server->certificates,
                           MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session);
}

/* Start and end. */

static int need_descriptors(const struct server *server, uint32_t connections, struct error *error)
{
    rlim_t spare = server->options->has_tls ? 2 * SPARE_CONNECTIONS : SPARE_CONNECTIONS;
    rlim_t needed = connections + spare + SPARE_DESCRIPTORS;
    struct rlimit limit;
    if (needed > waiting_descriptors)
        return error_set(error, ERROR_ENVIRONMENT,
                         "--origin: %" PRIu32 " connections are more than the %" PRIu64
                         " that this build can wait for, by select(2) and without epoll: use fewer workers",
                         connections, waiting_descriptors - (uint64_t)spare - SPARE_DESCRIPTORS);
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return error_set_system(error, ERROR_ENVIRONMENT, errno, "--origin: cannot read the limit of descriptors");
    if (limit.rlim_cur >= needed)
        return 0;
    if (limit.rlim_max < needed)
        return error_set(error, ERROR_ENVIRONMENT,
                         "--origin: %" PRIu32 " connections need %ju descriptors, and the hard limit is %ju: raise it "
                         "(ulimit -Hn) or use fewer workers",
                         connections, (uintmax_t)needed, (uintmax_t)limit.rlim_max);
    limit.rlim_cur = needed;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        return error_set_system(error, ERROR_ENVIRONMENT, errno, "--origin: cannot have %ju descriptors",
                                (uintmax_t)needed);
    return 0;
}

/* NULL: failed, and errno tells why or is 0. */
static struct MHD_Daemon *start_daemon(struct listener *listener)
{
    bool is_tls = listener == &listener->server->listeners[LISTENER_TLS];
    struct sockaddr_in address = {.sin_family = AF_INET};
    inet_pton(AF_INET, listener->server->address, &address.sin_addr);
    errno = 0;
    return MHD_start_daemon(waiting_flags | MHD_ALLOW_SUSPEND_RESUME | (is_tls ? MHD_USE_TLS : 0), 0, NULL, NULL,
                            on_request, NULL, MHD_OPTION_SOCK_ADDR, &address,
                            /* The queue is as long as the system allows (net.core.somaxconn): a full queue drops a
                             * connection's first packet, and it comes again after a second. */
                            MHD_OPTION_LISTEN_BACKLOG_SIZE, 65535U, MHD_OPTION_CONNECTION_LIMIT,
                            (unsigned)listener->room, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
                            MHD_OPTION_CONNECTION_TIMEOUT, 0U, MHD_OPTION_URI_LOG_CALLBACK, on_request_line, listener,
                            MHD_OPTION_NOTIFY_COMPLETED, on_request_end, listener, MHD_OPTION_NOTIFY_CONNECTION,
                            on_connection, listener,
                            /* Without TLS the list ends here. */
                            is_tls ? MHD_OPTION_HTTPS_CERT_CALLBACK : MHD_OPTION_END, certificates_choose,
                            MHD_OPTION_HTTPS_PRIORITIES, "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2", MHD_OPTION_END);
}

static int listen_with(struct listener *listener, uint32_t connections, struct error *error)
{
    listener->room = connections + SPARE_CONNECTIONS;
    listener->daemon = start_daemon(listener);
    if (listener->daemon == NULL)
        return error_set_system(error, ERROR_ENVIRONMENT, errno, "--origin: the server cannot start on %s",
                                listener->server->address);
    waiting_add(&listener->server->waits, (int)(listener - listener->server->listeners), listener->daemon);
    listener->port = MHD_get_daemon_info(listener->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    if (listener->port == 0)
        return error_set(error, ERROR_ENVIRONMENT,
                         "--origin: the system does not tell on which port the server listens");
    return 0;
}

static int start_tls(struct server *server, const struct origin_demand *demand, struct error *error)
{
    if (MHD_is_feature_supported(MHD_FEATURE_TLS) != MHD_YES)
        return error_set(error, ERROR_ENVIRONMENT, "--origin=tls: this libmicrohttpd (%s) was built without TLS",
                         MHD_get_version());
    server->certificates = certificates_create(demand->hosts, demand->host_count, error);
    if (server->certificates == NULL)
        return -1;
    return listen_with(&server->listeners[LISTENER_TLS], demand->connections, error);
}

static int start(struct server *server, const struct origin_demand *demand, struct error *error)
{
    if (need_descriptors(server, demand->connections, error) != 0)
        return -1;
    server->address = demand->address != NULL ? demand->address : "127.0.0.1";
    server->token = demand->token;
    server->journal = demand->journal;
    server->refusal = body_create_refusal();
    server->dismissal = body_create_dismissal();
    server->absence = body_create_absence();
    if (server->options->bytes_per_second == 0)
        server->body = body_create(server->options->body_bytes);
    if (server->refusal == NULL || server->dismissal == NULL || server->absence == NULL ||
        (server->body == NULL && server->options->bytes_per_second == 0))
        return error_set(error, ERROR_ENVIRONMENT, "--origin: no memory for a body");
    if (listen_with(&server->listeners[LISTENER_PLAIN], demand->connections, error) != 0)
        return -1;
    return server->options->has_tls ? start_tls(server, demand, error) : 0;
}

/* Resumes up to `most` of the connections whose requests are due at `now`. */
static void resume_due(struct server *server, nanoseconds now, size_t most)
{
    for (size_t i = 0; i < most; i++) {
        struct origin_request *request = deadlines_take(&server->waiting, now);
        if (request == NULL)
            return;
        MHD_resume_connection(request->connection);
    }
}

/* Requests in the heap belong to their connections, which are released with the daemon. */
static void stop(struct server *server)
{
    server->is_ending = true;
    server->epoch++;
    /* A daemon that has suspended connections must not be stopped. */
    resume_due(server, INT64_MAX, SIZE_MAX);
    for (int i = 0; i < LISTENER_COUNT; i++) {
        if (server->listeners[i].daemon != NULL)
            MHD_stop_daemon(server->listeners[i].daemon);
    }
    certificates_release(server->certificates);
    if (server->body != NULL)
        MHD_destroy_response(server->body);
    if (server->refusal != NULL)
        MHD_destroy_response(server->refusal);
    if (server->dismissal != NULL)
        MHD_destroy_response(server->dismissal);
    if (server->absence != NULL)
        MHD_destroy_response(server->absence);
    deadlines_release(&server->waiting);
    counter_clear(&server->counter);
}

static void run_listener(struct listener *listener)
{
    listener->server->seen = 0;
    MHD_run(listener->daemon);
}

/* An answer that has been sent whole counts as that when libmicrohttpd comes to its connection again. Whoever has it
 * may ask for the next download meanwhile: at the same port that is seen afterwards, but at the other it would be taken
 * for one more in flight. */
static void finish_answers(struct listener *listener)
{
    for (int i = 0; i < FINISHED_WITHIN && listener->answering > 0; i++)
        run_listener(listener);
}

/* One turn: what is due, what can be read, what can be written. */
static void serve(struct server *server)
{
    bool has_both = server->listeners[LISTENER_TLS].daemon != NULL;
    resume_due(server, clock_now(), RESUMED_AT_ONCE + server->waiting.count / WALKED_FOR_ONE);
    run_listener(&server->listeners[LISTENER_PLAIN]);
    if (!has_both)
        return;
    finish_answers(&server->listeners[LISTENER_PLAIN]);
    run_listener(&server->listeners[LISTENER_TLS]);
    finish_answers(&server->listeners[LISTENER_TLS]);
}

/* Whether libmicrohttpd has something to do without being told by a socket. */
static bool is_pending(const struct server *server)
{
    MHD_UNSIGNED_LONG_LONG timeout;
    for (int i = 0; i < LISTENER_COUNT; i++) {
        struct MHD_Daemon *daemon = server->listeners[i].daemon;
        if (daemon != NULL && MHD_get_timeout(daemon, &timeout) == MHD_YES)
            return true;
    }
    return false;
}

/* Waits until there is something to do. True: a command has come, or the parent is gone. */
static bool wait_for_work(struct server *server)
{
    nanoseconds timeout = -1;
    if (server->waiting.count > 0) {
        timeout = server->waiting.heap[0].due - clock_now();
        if (timeout < 0)
            timeout = 0;
    }
    if (is_pending(server))
        timeout = 0;
    return waiting_sleep(&server->waits, timeout);
}

/* Commands. */

/* Takes in what has arrived before the command did: clients that were killed leave requests and closed connections
 * behind, which belong to what was, not to what comes. */
static void settle(struct server *server)
{
    nanoseconds end = clock_now() + SETTLE_AT_MOST;
    do
        serve(server);
    while ((is_pending(server) || waiting_has_clients(&server->waits)) && clock_now() < end);
}

static void reset(struct server *server, uint32_t trial)
{
    settle(server);
    server->epoch++;
    resume_due(server, INT64_MAX, SIZE_MAX);
    counter_clear(&server->counter);
    server->next_slot = 0;
    server->trial = trial;
    settle(server);
    server->cpu_before = clock_thread_cpu();
}

/* Adds what is not counted as requests arrive. */
static void complete_counts(struct server *server)
{
    settle(server);
    server->counter.counts.strangers = server->strangers;
    server->counter.counts.late = server->late;
    server->counter.counts.cpu = clock_thread_cpu() - server->cpu_before;
}

static int reply(struct server *server, const void *data, size_t length)
{
    struct wire_reply_header header = {.bytes = length};
    if (wire_send(server->control, &header, sizeof(header)) != 0)
        return -1;
    return wire_send(server->control, data, length);
}

static int reply_paths(struct server *server)
{
    size_t size = sizeof(server->counter.counts);
    for (size_t i = 0; i < server->counter.counts.paths; i++)
        size += sizeof(struct wire_path) + server->counter.urls[i].length;
    char *data = malloc(size);
    if (data == NULL)
        return -1;
    memcpy(data, &server->counter.counts, sizeof(server->counter.counts));
    char *end = data + sizeof(server->counter.counts);
    for (size_t i = 0; i < server->counter.counts.paths; i++) {
        const struct counted_url *url = &server->counter.urls[i];
        struct wire_path path = {.requests = url->requests, .length = url->length};
        memcpy(end, &path, sizeof(path));
        memcpy(end + sizeof(path), url->url, url->length);
        end += sizeof(path) + url->length;
    }
    int status = reply(server, data, size);
    free(data);
    return status;
}

/* -1: the parent is gone. */
static int answer_command(struct server *server)
{
    char command;
    uint32_t trial;
    if (wire_receive(server->control, &command, 1) != 0)
        return -1;
    switch ((enum wire_command)command) {
    case WIRE_RESET:
        if (wire_receive(server->control, &trial, sizeof(trial)) != 0)
            return -1;
        reset(server, trial);
        return reply(server, NULL, 0);
    case WIRE_LATENCY:
        if (wire_receive(server->control, &server->latency, sizeof(server->latency)) != 0)
            return -1;
        return reply(server, NULL, 0);
    case WIRE_COUNTS:
        complete_counts(server);
        return reply(server, &server->counter.counts, sizeof(server->counter.counts));
    case WIRE_PATHS:
        complete_counts(server);
        return reply_paths(server);
    }
    return -1;
}

/* NULL: no memory. */
static struct server *create(const struct origin_options *options, int control)
{
    struct server *server = calloc(1, sizeof(*server));
    if (server == NULL)
        return NULL;
    server->options = options;
    server->latency = options->latency;
    server->control = control;
    server->waits = waiting_for(control);
    server->listeners[LISTENER_PLAIN] = (struct listener){.server = server, .scheme = ""};
    server->listeners[LISTENER_TLS] = (struct listener){.server = server, .scheme = "https://"};
    return server;
}

static int greet(const struct server *server, struct wire_greeting *greeting)
{
    greeting->port = server->listeners[LISTENER_PLAIN].port;
    greeting->tls_port = server->listeners[LISTENER_TLS].port;
    if (server->certificates != NULL)
        snprintf(greeting->authority, sizeof(greeting->authority), "%s", certificates_authority(server->certificates));
    return wire_send(server->control, greeting, sizeof(*greeting));
}

void server_run(const struct origin_options *options, const struct origin_demand *demand, int control)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigemptyset(&ignore.sa_mask);
    sigaction(SIGPIPE, &ignore, NULL);
    /* Wake when asked; by default a process is woken up to 50 us late, together with others. */
    process_be_punctual();
    struct server *server = create(options, control);
    struct wire_greeting greeting = {0};
    if (server == NULL) {
        error_set(&greeting.error, ERROR_ENVIRONMENT, "--origin: no memory for the server");
        wire_send(control, &greeting, sizeof(greeting));
        return;
    }
    bool is_started = start(server, demand, &greeting.error) == 0;
    int status = is_started ? greet(server, &greeting) : wire_send(control, &greeting, sizeof(greeting));
    while (status == 0 && is_started) {
        serve(server);
        if (wait_for_work(server))
            status = answer_command(server);
    }
    stop(server);
    free(server);
}
