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

uint8_t transfer_http_version(const struct transfer *transfer)
{
    switch (transfer_info_number(transfer, CURLINFO_HTTP_VERSION)) {
    case CURL_HTTP_VERSION_1_0:
        return 10;
    case CURL_HTTP_VERSION_1_1:
        return 11;
    case CURL_HTTP_VERSION_2_0:
        return 20;
    default:
        return 0;
    }
}

#define OUT_OF_RETRIES_TEXT "Connection died, tried"

/* How texts begin that tell failures apart which have one code: see has_broken() and others. */
static const char *const broken_texts[] = {"Recv failure", "Send failure", OUT_OF_RETRIES_TEXT};
static const char stream_text[] = "HTTP/2 stream";

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static bool tells_of_break(const char *text)
{
    for (size_t i = 0; i < sizeof(broken_texts) / sizeof(broken_texts[0]); i++) {
        if (begins(text, broken_texts[i]))
            return true;
    }
    return false;
}

/* Keeps the first that tells something, as libcurl does. */
static int on_text(CURL *easy, curl_infotype type, char *text, size_t length, void *context)
{
    (void)easy;
    struct transfer *transfer = context;
    char line[CURL_ERROR_SIZE];
    if (type != CURLINFO_TEXT || transfer->message[0] != '\0')
        return 0;
    snprintf(line, sizeof(line), "%.*s", length < sizeof(line) ? (int)length : (int)sizeof(line) - 1, text);
    if (tells_of_break(line) || begins(line, stream_text))
        memcpy(transfer->message, line, sizeof(line));
    return 0;
}

/* libcurl keeps its first message only, which then is of an earlier request of this transfer, sent in vain; or of a
 * kept connection of some other download that it found dead when it looked for one. What it says of this request it
 * tells whoever listens, which takes time: nobody does otherwise. */
void transfer_listen_anew(struct transfer *transfer)
{
    transfer->message[0] = '\0';
    transfer->listens = curl_easy_setopt(transfer->easy, CURLOPT_DEBUGFUNCTION, on_text) == CURLE_OK &&
                        curl_easy_setopt(transfer->easy, CURLOPT_DEBUGDATA, transfer) == CURLE_OK &&
                        curl_easy_setopt(transfer->easy, CURLOPT_VERBOSE, 1L) == CURLE_OK;
}

void transfer_end_listening(struct transfer *transfer)
{
    if (transfer->listens)
        curl_easy_setopt(transfer->easy, CURLOPT_VERBOSE, 0L);
    transfer->listens = false;
}

/* Whether the final answer says how long its body is: to libcurl it is complete when that much is there. */
static bool is_as_long_as_told(const struct transfer *transfer, long status)
{
    curl_off_t length = -1;
    curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    return status >= 200 && (length >= 0 || transfer->plan->request->options->is_head);
}

/* A success of libcurl's, though the server did not say that this was all, nor how much it would be. */
static bool is_cut_off(const struct transfer *transfer, long status)
{
    return transfer->sample->http_version == 20 && quirk_sees_frames() && !transfer->stream_ended &&
           !is_as_long_as_told(transfer, status);
}

enum outcome transfer_outcome_of_response(const struct transfer *transfer, long status)
{
    if (is_cut_off(transfer, status))
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

/* What was under way when the time was up. Phase times do not tell: behind a handshake that stalls libcurl has none of
 * the TCP connection either. That the request of this hop was sent does, and that the connection counts as made. */
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
static bool may_be_http2(const struct transfer *transfer, uint8_t version)
{
    return version == 20 ||
           (version == 0 && transfer->is_tls && transfer->plan->request->options->http_version == HTTP_VERSION_2);
}

/* Over HTTP/2 a server ends a download by ending its stream. A connection that ends instead, in whatever way, has
 * broken for all that were on it, and libcurl tells some of them one way and some another. */
static enum outcome outcome_of_end(const struct transfer *transfer, enum outcome otherwise)
{
    return may_be_http2(transfer, transfer->sample->http_version) ? OUTCOME_RESET : otherwise;
}

/* A stream that ended with an error: one that the server chose to give up, or that was not as HTTP/2 has it. What
 * libcurl leaves of the code is its number in the text, behind the server's words. */
static enum outcome outcome_of_stream(const struct transfer *transfer)
{
    static const char *const given_up[] = {"(err 2)", "(err 7)", "(err 8)", "(err 11)", "(err 12)", "(err 13)"};
    for (size_t i = 0; i < sizeof(given_up) / sizeof(given_up[0]); i++) {
        if (strstr(transfer->message, given_up[i]) != NULL)
            return OUTCOME_RESET;
    }
    return OUTCOME_PROTOCOL;
}

/* Whether CURLE_RECV_ERROR means that the connection broke. It is the one code that stands for that and for broken
 * HTTP, so that its text decides: libcurl before 8.8 leaves no other evidence than how it begins.
 * The number of the last error of a socket (CURLINFO_OS_ERRNO) is none: over TLS it is that of saying goodbye, which
 * fails behind a broken answer too if the server has gone by then. */
static bool has_broken(const struct transfer *transfer)
{
    return tells_of_break(transfer->message);
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
        /* Of too long lines the first, the status, counts as no line. */
        return quirk_applies(QUIRK_LONG_LINE) && has_answer(transfer) ? OUTCOME_PROTOCOL : OUTCOME_CLIENT_RESOURCE;
    case CURLE_FAILED_INIT:
        return OUTCOME_CLIENT_RESOURCE;
    case CURLE_FILESIZE_EXCEEDED:
        return OUTCOME_BODY_LIMIT;
    case CURLE_WRITE_ERROR:
        /* What is written we take, or refuse: it is libcurl that could not unpack it. */
        return OUTCOME_PROTOCOL;
    case CURLE_ABORTED_BY_CALLBACK:
        return OUTCOME_CANCELLED;
    default:
        /* Codes that stand for a misuse of libcurl also stand for answers that it cannot read. */
        return transfer->requests > 0 || has_answer(transfer) ? OUTCOME_PROTOCOL : OUTCOME_INTERNAL;
    }
}

/* Which of its downloads libcurl tells what of a connection that broke HTTP/2 is chance. */
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

enum { REPEATS_MAX = 5 /* of a download whose connection dies; libcurl's own number */ };

/* Whether libcurl gave up because of connections that died under other downloads of its handle. Its count is over the
 * whole life of one, and forget_retries() cannot always reset it: not while others use the connection that it was on.
 * It has done so itself, now. Only its text tells this from a connection that broke for the first time. */
static bool is_out_of_retries(const struct transfer *transfer, CURLcode code)
{
    return (code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR) && transfer->requests <= REPEATS_MAX &&
           begins(transfer->message, OUT_OF_RETRIES_TEXT);
}

/* libcurl 7.88 repeats what was asked over a connection that others used before, if nothing has come of it; but not if
 * all that was left of an HTTP/2 connection were streams that the server had refused by going away. Nor, in the modes
 * whose downloads have a connection each, if there were no others; here it is the same for all. */
static bool is_left_behind(const struct transfer *transfer, CURLcode code)
{
    return code == CURLE_HTTP2 && (transfer->repeats > 0 || transfer->requests > 0);
}

/* libcurl repeats a request whose connection turned out to be dead if it finds that when it sends it, or receives; but
 * not over HTTP/2 when what it wanted to send in between cannot be sent any more. Whoever shares connections sends
 * late, if others take long, to a server that has closed what was idle by then. */
static bool is_sent_too_late(const struct transfer *transfer, CURLcode code)
{
    return code == CURLE_SEND_ERROR && transfer->requests > 0 &&
           may_be_http2(transfer, transfer_http_version(transfer));
}

/* As often as libcurl would, and not beyond the time a download has. */
bool transfer_is_repeated(struct transfer *transfer, int code)
{
    if (code == CURLE_OK || transfer->repeats == REPEATS_MAX || transfer->broken != OUTCOME_NONE ||
        (!transfer->is_misled && !is_left_behind(transfer, (CURLcode)code) &&
         !is_out_of_retries(transfer, (CURLcode)code) && !is_sent_too_late(transfer, (CURLcode)code)))
        return false;
    nanoseconds now = clock_now();
    bool has_answer = transfer_info_number(transfer, CURLINFO_RESPONSE_CODE) != 0 || transfer->body_bytes > 0;
    nanoseconds left = transfer->sample->start + transfer->plan->policy->max_time - now;
    if (has_answer || left <= 0)
        return false;
    transfer->repeats++;
    transfer->is_timed = false;
    transfer_end_stream(transfer);
    /* It is without a connection again, and has what is left of its time. */
    transfer->attempted = now;
    transfer->requests = 0;
    transfer->heard = 0;
    transfer->opened = 0;
    transfer->is_connecting = false;
    transfer->has_retried = true;
    transfer->is_misled = false;
    transfer->wants_http2 = !transfer->is_http1;
    answer_begin(transfer);
    return curl_easy_setopt(transfer->easy, CURLOPT_TIMEOUT_MS, transfer_milliseconds(left)) == CURLE_OK;
}
