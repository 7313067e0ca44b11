#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "quirks.h"
#include "transfer_state.h"

uint32_t transfer_info_microseconds(const struct transfer *transfer, CURLINFO info)
{
    curl_off_t value = 0;
    curl_easy_getinfo(transfer->easy, info, &value);
    if (value <= 0)
        return 0;
    return value < UINT32_MAX ? (uint32_t)value : UINT32_MAX;
}

long transfer_info_number(const struct transfer *transfer, CURLINFO info)
{
    long value = 0;
    curl_easy_getinfo(transfer->easy, info, &value);
    return value > 0 ? value : 0;
}

int64_t transfer_info_bytes(const struct transfer *transfer, CURLINFO info)
{
    curl_off_t value = -1;
    curl_easy_getinfo(transfer->easy, info, &value);
    return value;
}

uint8_t transfer_info_version(const struct transfer *transfer)
{
    switch (transfer_info_number(transfer, CURLINFO_HTTP_VERSION)) {
    case CURL_HTTP_VERSION_1_0:
        return 10;
    case CURL_HTTP_VERSION_1_1:
        return 11;
    case CURL_HTTP_VERSION_2_0:
        return 20;
    case CURL_HTTP_VERSION_3:
        return 30;
    default:
        return 0;
    }
}

/* Whether the final answer says how long its body is: to libcurl it is complete when that much is there. */
static bool is_as_long_as_told(const struct transfer *transfer, long status)
{
    return status >= 200 &&
           (transfer->is_head || transfer_info_bytes(transfer, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T) >= 0);
}

/* A success of libcurl's over HTTP/2, though the server did not say that this was all, nor how much it would be. Apart,
 * so that other answers need no room on the stack. */
__attribute__((noinline)) static bool is_cut_off(const struct transfer *transfer, long status)
{
    return quirk_sees_frames() && !transfer->stream_ended && !is_as_long_as_told(transfer, status) &&
           quirk_applies(QUIRK_BROKEN_CONNECTION);
}

enum outcome transfer_outcome_of_response(const struct transfer *transfer, long status)
{
    if (transfer->sample->http_version == 20 && is_cut_off(transfer, status))
        return transfer->broken != OUTCOME_NONE ? transfer->broken : OUTCOME_RESET;
    if (!transfer->headers_ended)
        return OUTCOME_INCOMPLETE_HEADERS;
    /* An interim answer is none, and no status is above 599 (RFC 9110, 15). */
    if (status < 200 || status > 599)
        return OUTCOME_PROTOCOL;
    if (status >= 500)
        return OUTCOME_HTTP_5XX;
    return status >= 400 ? OUTCOME_HTTP_4XX : OUTCOME_OK;
}

/* Descriptors or ports used up look like a failed connection, with no error number or one of ours. */
static bool is_own_fault(const struct transfer *transfer)
{
    long number =
        transfer->socket_error != 0 ? transfer->socket_error : transfer_info_number(transfer, CURLINFO_OS_ERRNO);
    return number == EMFILE || number == ENFILE || number == EADDRNOTAVAIL || number == ENOBUFS || number == ENOMEM;
}

enum connect_failure transfer_connect_failure(const struct transfer *transfer, CURLcode code)
{
    if (transfer->refused == OUTCOME_CONNECT || code == CURLE_PROXY || code == CURLE_RECV_ERROR)
        return CONNECT_BY_PROXY;
    switch (transfer_info_number(transfer, CURLINFO_OS_ERRNO)) {
    case ECONNREFUSED:
        return CONNECT_REFUSED;
    case EHOSTUNREACH:
        return CONNECT_NO_ROUTE;
    case ENETUNREACH:
        return CONNECT_NO_NETWORK;
    case ECONNRESET:
        return CONNECT_RESET;
    default:
        return CONNECT_UNKNOWN;
    }
}

/* Tells by what was under way when the time was up. Phase times do not tell: behind a handshake that stalls libcurl has
 * none of the TCP connection either. That the request of this hop was sent does, and that the connection counts as
 * made. */
enum outcome transfer_outcome_of_timeout(const struct transfer *transfer)
{
    const struct sample *sample = transfer->sample;
    if (transfer->requests > sample->redirects)
        return sample->first_byte_us > 0 ? OUTCOME_TIMEOUT_RECEIVE : OUTCOME_TIMEOUT_WAIT;
    if (sample->connects > sample->redirects && transfer->is_tls)
        return OUTCOME_TIMEOUT_TLS;
    return sample->name_lookup_us == 0 && transfer->opened == 0 ? OUTCOME_TIMEOUT_DNS : OUTCOME_TIMEOUT_CONNECT;
}

/* Whether it went over HTTP/2, or may have: without any answer nothing tells. What the server agreed to before does,
 * but only those transfers know that asked it last, so that the same fault would have two names. */
bool transfer_may_be_http2(const struct transfer *transfer, uint8_t version)
{
    return version == 20 || (version == 0 && transfer_may_share(transfer));
}

/* Over HTTP/2 a server ends a download by ending its stream. A connection that ends instead, in whatever way, has
 * broken for all downloads on it, and libcurl gives them different codes. */
static enum outcome outcome_of_end(const struct transfer *transfer, enum outcome otherwise)
{
    return transfer_may_be_http2(transfer, transfer->sample->http_version) ? OUTCOME_RESET : otherwise;
}

/* A connection that ended where that is no success, and no code of libcurl's says how far the answer had come. */
static enum outcome outcome_of_place(const struct transfer *transfer)
{
    if (transfer->place == PLACE_STATUS)
        return outcome_of_end(transfer, OUTCOME_EMPTY_REPLY);
    return outcome_of_end(transfer, transfer->headers_ended ? OUTCOME_PARTIAL : OUTCOME_INCOMPLETE_HEADERS);
}

/* A stream that ended with an error: one that the server chose to give up, or that was not as HTTP/2 has it. Where
 * nobody stands between libcurl and nghttp2, what is left of the code is its number in the text, behind the server's
 * words; and not in each libcurl (8.23). */
static enum outcome outcome_of_stream(const struct transfer *transfer)
{
    static const uint32_t given_up[] = {2, 7, 8, 11, 12, 13};
    for (size_t i = 0; i < sizeof(given_up) / sizeof(given_up[0]); i++) {
        char number[24];
        snprintf(number, sizeof(number), "(err %u)", (unsigned)given_up[i]);
        if (quirk_sees_frames() ? transfer->stream_error == given_up[i] : strstr(transfer->message, number) != NULL)
            return OUTCOME_RESET;
    }
    return OUTCOME_PROTOCOL;
}

/* Whether CURLE_RECV_ERROR means that the connection broke. It is the one code that stands for that and for broken
 * HTTP, so that its text decides: libcurl before 8.8 tells them apart by nothing but how it begins.
 * The number of the last error of a socket (CURLINFO_OS_ERRNO) is none: over TLS it is that of saying goodbye, which
 * fails behind a broken answer too if the server has gone by then. */
static bool has_broken(const struct transfer *transfer)
{
    return quirk_tells_of_break(transfer->message);
}

/* Whether it means that a server had begun to answer when it refused the stream, by going away. Whatever else has that
 * code over HTTP/2 has a text. */
static bool was_refused(const struct transfer *transfer)
{
    return transfer->sample->http_version == 20 && transfer->message[0] == '\0';
}

/* Whether anything came of a server, or of a proxy before. */
static bool has_answer(const struct transfer *transfer)
{
    return transfer->header_lines > 0 || transfer_info_microseconds(transfer, CURLINFO_STARTTRANSFER_TIME_T) > 0;
}

static enum outcome outcome_of_code(const struct transfer *transfer, CURLcode code, long status)
{
    switch (code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
        return OUTCOME_DNS;
    case CURLE_COULDNT_CONNECT:
    case CURLE_INTERFACE_FAILED:
    case CURLE_PROXY:
        return is_own_fault(transfer) ? OUTCOME_CLIENT_RESOURCE : OUTCOME_CONNECT;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_SHUTDOWN_FAILED:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_CLIENTCERT:
        return OUTCOME_TLS;
    case CURLE_OPERATION_TIMEDOUT:
        return transfer_outcome_of_timeout(transfer);
    case CURLE_SEND_ERROR:
        return OUTCOME_RESET;
    case CURLE_RECV_ERROR:
        if (transfer_info_number(transfer, CURLINFO_HTTP_CONNECTCODE) >= 300)
            return OUTCOME_CONNECT; /* a proxy refused to */
        if (quirk_tells_of_end(transfer->message))
            return outcome_of_place(transfer);
        return has_broken(transfer) || was_refused(transfer) ? OUTCOME_RESET : OUTCOME_PROTOCOL;
    case CURLE_GOT_NOTHING:
        return outcome_of_end(transfer, OUTCOME_EMPTY_REPLY);
    case CURLE_PARTIAL_FILE:
        return outcome_of_end(transfer, OUTCOME_PARTIAL);
    case CURLE_HTTP2_STREAM:
        return outcome_of_stream(transfer);
    case CURLE_TOO_MANY_REDIRECTS:
    case CURLE_LOGIN_DENIED: /* to a URL with a user name */
        return OUTCOME_REDIRECT;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
        /* The list holds valid http and https URLs only: what is not came from a redirect, or is no HTTP answer. */
        return status >= 300 && status < 400 ? OUTCOME_REDIRECT : OUTCOME_PROTOCOL;
    case CURLE_HTTP2:
        /* A server that leaves a connection, as often as it is asked; or does not know what to do with one. */
        return transfer->repeats > 0 || transfer->requests > 0 ? OUTCOME_RESET : OUTCOME_PROTOCOL;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_HTTP3:
        return OUTCOME_PROTOCOL;
    case CURLE_OUT_OF_MEMORY:
        /* No line is counted when the one that is too long is the first, the status line. */
        return quirk_applies(QUIRK_LONG_LINE) && has_answer(transfer) ? OUTCOME_PROTOCOL : OUTCOME_CLIENT_RESOURCE;
    case CURLE_FAILED_INIT:
        return OUTCOME_CLIENT_RESOURCE;
    case CURLE_FILESIZE_EXCEEDED:
        return OUTCOME_BODY_LIMIT;
    case CURLE_WRITE_ERROR:
        /* Our callback takes or refuses what is written, so it was libcurl that could not unpack it. */
        return OUTCOME_PROTOCOL;
    case CURLE_ABORTED_BY_CALLBACK:
        return OUTCOME_CANCELLED;
    default:
        /* Codes that stand for a misuse of libcurl also stand for answers that it cannot read. */
        return transfer->requests > 0 || has_answer(transfer) ? OUTCOME_PROTOCOL : OUTCOME_INTERNAL;
    }
}

/* Whether an outcome is that of a connection that broke HTTP/2: which of its downloads libcurl gives which code is
 * chance. */
static bool is_of_connection(enum outcome outcome)
{
    return outcome == OUTCOME_RESET || outcome == OUTCOME_EMPTY_REPLY || outcome == OUTCOME_PARTIAL ||
           outcome == OUTCOME_INCOMPLETE_HEADERS || outcome == OUTCOME_PROTOCOL;
}

enum outcome transfer_outcome_of_failure(const struct transfer *transfer, CURLcode code, long status)
{
    enum outcome outcome = outcome_of_code(transfer, code, status);
    return transfer->broken != OUTCOME_NONE && is_of_connection(outcome) ? transfer->broken : outcome;
}
