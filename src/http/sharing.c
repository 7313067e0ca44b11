#include <curl/curl.h>
#include <string.h>
#include <strings.h>

#include "transfer_state.h"

/* Of the connection it has; NULL: one without TLS. */
static const void *tls_session(const struct transfer *transfer)
{
    struct curl_tlssessioninfo *session = NULL;
    CURLcode code = curl_easy_getinfo(transfer->easy, CURLINFO_TLS_SSL_PTR, &session);
    return code == CURLE_OK && session != NULL ? session->internals : NULL;
}

bool transfer_is_over_tls(const struct transfer *transfer)
{
    return tls_session(transfer) != NULL;
}

/* The connection it has, known by its TLS session, which every other connection has another of at the time: addresses
 * and ports can be the same (none, through Unix sockets), and libcurl before 8.2 has no numbers for them. */
void transfer_count_stream(struct transfer *transfer)
{
    streams_leave(transfer->streams, transfer->connection);
    transfer->connection = tls_session(transfer);
    if (transfer->connection == NULL)
        streams_note_spoken(transfer->streams, SPOKEN_HTTP1);
    else
        streams_enter(transfer->streams, transfer->connection);
}

void transfer_end_stream(struct transfer *transfer)
{
    if (transfer->streams != NULL)
        streams_leave(transfer->streams, transfer->connection);
    transfer->connection = NULL;
}

void transfer_count_streams(struct transfer *transfer, struct streams *streams)
{
    transfer->streams = streams;
    transfer->next = streams_join(streams, transfer);
}

/* Scheme, host and port, as written: servers that are spelled in two ways count as two. */
static bool is_same_server(const struct target_list *targets, uint32_t one, uint32_t other)
{
    const char *left = targets->texts[one];
    const char *right = targets->texts[other];
    size_t scheme = strcspn(left, "/");
    size_t length = scheme + strspn(left + scheme, "/");
    length += strcspn(left + length, "/?#");
    return strncasecmp(left, right, length) == 0 && strchr("/?#", right[length]) != NULL;
}

static void ask_over_http1(struct transfer *transfer, bool is_http1)
{
    if (transfer->is_http1 == is_http1)
        return;
    long version = is_http1 ? CURL_HTTP_VERSION_1_1 : CURL_HTTP_VERSION_2TLS;
    transfer->is_http1 = curl_easy_setopt(transfer->easy, CURLOPT_HTTP_VERSION, version) == CURLE_OK && is_http1;
}

static bool may_share(const struct transfer *transfer)
{
    return transfer->streams != NULL && transfer->plan->request->options->http_version == HTTP_VERSION_2;
}

static bool is_for_liar(const struct transfer *transfer)
{
    size_t count;
    const uint32_t *liars = streams_liars(transfer->streams, &count);
    for (size_t i = 0; i < count; i++) {
        if (transfer_is_for_server(transfer, liars[i]))
            return true;
    }
    return false;
}

void transfer_heed_liars(struct transfer *transfer)
{
    if (may_share(transfer))
        ask_over_http1(transfer, is_for_liar(transfer));
    transfer->wants_http2 = !transfer->is_http1;
}

bool transfer_is_misled(const struct transfer *transfer)
{
    return transfer->wants_http2 && may_share(transfer) && is_for_liar(transfer);
}

/* Those that libcurl has not looked at yet ask over HTTP/1.1 as well; those that wait for a connection are called back
 * when they are given one, see transfer_is_misled(). */
void transfer_distrust(struct transfer *transfer)
{
    if (!may_share(transfer) || transfer->is_http1)
        return;
    streams_note_liar(transfer->streams, transfer->url);
    for (struct transfer *other = streams_first(transfer->streams); other != NULL; other = other->next) {
        if (transfer_is_for_server(other, transfer->url))
            ask_over_http1(other, true);
    }
}

/* Of a transfer without a connection. */
static nanoseconds time_to_connect(const struct transfer_policy *policy)
{
    return policy->connect_timeout < policy->max_time ? policy->connect_timeout : policy->max_time;
}

nanoseconds transfer_least_time(const struct transfer_plan *plan)
{
    return time_to_connect(plan->policy);
}

nanoseconds transfer_deadline(const struct transfer *transfer)
{
    const struct transfer_policy *policy = transfer->plan->policy;
    nanoseconds end = transfer->sample->start + policy->max_time;
    nanoseconds connected = transfer->attempted + policy->connect_timeout;
    return transfer->requests > 0 || connected > end ? end : connected;
}

bool transfer_is_for_server(const struct transfer *transfer, uint32_t url)
{
    return is_same_server(transfer->plan->targets, transfer->url, url);
}

bool transfer_makes_connection(const struct transfer *transfer)
{
    return transfer->requests == 0 && transfer->opened != 0;
}

bool transfer_waits(const struct transfer *transfer)
{
    return transfer->requests == 0 && transfer->opened == 0;
}

void transfer_time_out(struct transfer *transfer, const struct transfer *maker, enum outcome before)
{
    nanoseconds limit = time_to_connect(transfer->plan->policy);
    transfer_finish(transfer, CURLE_OPERATION_TIMEDOUT);
    if (transfer->requests > 0)
        return;
    /* An attempt that began late says less of what time was up for than the one before it. */
    bool is_late = transfer->opened == 0 || transfer->opened - transfer->attempted > limit / 2;
    /* And one that has been under way for long says more than one that was refused. */
    bool is_slow = maker != NULL && transfer->sample->end - maker->opened > limit / 2;
    if (is_late && before != OUTCOME_NONE && !(is_slow && before == OUTCOME_CONNECT)) {
        transfer->sample->outcome = (uint8_t)before;
    } else if (transfer->opened == 0 && maker != NULL) {
        transfer_describe(maker);
        transfer->sample->outcome = (uint8_t)transfer_outcome_of_timeout(maker);
    }
}
