#include <curl/curl.h>
#include <string.h>
#include <strings.h>

#include "transfer_state.h"

/* The session of the connection it has; NULL: that is one without TLS. */
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

bool transfer_may_share(const struct transfer *transfer)
{
    const struct request_options *options = transfer->plan->request->options;
    return options->http_version == HTTP_VERSION_2_KNOWN || (transfer->is_tls && request_is_multiplexed(options));
}

/* libcurl's number of the connection, from 8.2 on; its headers may be older. NULL: there is none. */
static const void *numbered_connection(const struct transfer *transfer)
{
    const CURLINFO connection_number = (CURLINFO)(CURLINFO_OFF_T + 64);
    curl_off_t number = -1;
    if (curl_easy_getinfo(transfer->easy, connection_number, &number) != CURLE_OK || number < 0)
        return NULL;
    return (const void *)(uintptr_t)(number + 1);
}

/* The connection it has, known by its TLS session, which every other connection has another of at the time: addresses
 * and ports can be the same (none, through Unix sockets), and libcurl before 8.2, which is enough for HTTP/2 over TLS,
 * has no numbers for them. */
void transfer_count_stream(struct transfer *transfer)
{
    bool has_number = transfer->plan->request->options->http_version > HTTP_VERSION_2;
    streams_leave(transfer->streams, transfer->connection);
    transfer->connection = has_number ? numbered_connection(transfer) : tls_session(transfer);
    if (transfer->connection == NULL)
        streams_note_spoken(transfer->streams, SPOKEN_HTTP1);
    else
        streams_enter(transfer->streams, transfer->connection);
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

bool transfer_is_for_server(const struct transfer *transfer, uint32_t url)
{
    return is_same_server(transfer->plan->targets, transfer->url, url);
}
