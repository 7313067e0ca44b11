#include <curl/curl.h>

#include "quirks.h"
#include "transfer_state.h"

/* libcurl sends a request again by itself where a kept connection turns out to be dead, up to five times. Here is what
 * it does not do as it should: where it sends again, how it counts, and what it gives up instead. */

enum { REPEATS_MAX = 5 /* of a download whose connection dies; libcurl's own number */ };

/* QUIRK_DEAD_RETRIES: should this request be sent again, then on a new connection: others may be as dead, and where a
 * group keeps more of them than libcurl has retries, its modes would fail where others do not. What goes alone has no
 * second one to the same server. Redirects go on looking for a kept one. A connection that was shared dies for all at
 * once, and all of them are to share the next. But libcurl does not see at once that one is about to be closed, and
 * would use up its retries on it within a tenth of a millisecond: a transfer that has lost two has one made. */
void quirk_retry_on_new(struct transfer *transfer)
{
    enum { SHARED_REQUESTS = 2 };
    if (transfer->group != NULL &&
        (transfer->connection == NULL || transfer->met_http1 || transfer->requests > SHARED_REQUESTS) &&
        quirk_applies(QUIRK_DEAD_RETRIES)) {
        curl_easy_setopt(transfer->easy, CURLOPT_FRESH_CONNECT, 1L);
        transfer->retries_on_new = true;
    }
}

/* QUIRK_DEAD_RETRIES, too: a kept connection is looked for again, even if the last request was sent twice. */
bool quirk_connect_as_asked(struct transfer *transfer)
{
    bool is_fresh = transfer->plan->policy->connections == CONNECTIONS_FRESH;
    transfer->retries_on_new = false;
    return curl_easy_setopt(transfer->easy, CURLOPT_FRESH_CONNECT, is_fresh ? 1L : 0L) == CURLE_OK;
}

/* QUIRK_RETRIES_ADD_UP: most often it would fail the mode with the fewest handles. The count is reset together with the
 * options; connections and names stay. */
bool quirk_forget_retries(struct transfer *transfer)
{
    if (!quirk_applies(QUIRK_RETRIES_ADD_UP))
        return true;
    /* After a redirect that is not followed, libcurl still has its buffer, whose size must not change; it is set next
     * time. */
    if (curl_easy_setopt(transfer->easy, CURLOPT_BUFFERSIZE, (long)transfer->plan->policy->buffer_bytes) != CURLE_OK)
        return true;
    transfer->has_retried = false;
    return transfer_reset(transfer);
}

/* QUIRK_RETRIES_ADD_UP, too: whether libcurl gave up because of connections that died under other downloads of its
 * handle. quirk_forget_retries() cannot always reset the count: not while others use the connection that it was on.
 * libcurl has done so itself, now. Only its text tells this from a connection that broke for the first time. */
static bool is_out_of_retries(const struct transfer *transfer, CURLcode code)
{
    return (code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR) && transfer->requests <= REPEATS_MAX &&
           quirk_tells_of_retries(transfer->message) && quirk_applies(QUIRK_RETRIES_ADD_UP);
}

/* QUIRK_LEFT_BEHIND: libcurl repeats what was asked over a connection that others used before, if nothing has come of
 * it; but not if all that was left of an HTTP/2 connection were streams that the server had refused by going away. Nor,
 * in the modes whose downloads have a connection each, if there were no others; here it is the same for all. */
static bool is_left_behind(const struct transfer *transfer, CURLcode code)
{
    return code == CURLE_HTTP2 && (transfer->repeats > 0 || transfer->requests > 0) && quirk_applies(QUIRK_LEFT_BEHIND);
}

/* QUIRK_SENT_TOO_LATE: libcurl repeats a request whose connection turned out to be dead if it finds that when it sends
 * it, or receives; but not over HTTP/2 when what it wanted to send in between cannot be sent any more. Transfers that
 * share connections are sent late, if others take long, to a server that has closed what was idle by then. */
static bool is_sent_too_late(const struct transfer *transfer, CURLcode code)
{
    return code == CURLE_SEND_ERROR && transfer->requests > 0 &&
           transfer_may_be_http2(transfer, transfer_http_version(transfer)) && quirk_applies(QUIRK_SENT_TOO_LATE);
}

/* Repeats a request as often as libcurl would, and not beyond the time a download has. */
bool transfer_is_repeated(struct transfer *transfer, int code)
{
    if (code == CURLE_OK || transfer->repeats == REPEATS_MAX || transfer->broken != OUTCOME_NONE ||
        (!transfer->is_misled && !is_left_behind(transfer, (CURLcode)code) &&
         !is_out_of_retries(transfer, (CURLcode)code) && !is_sent_too_late(transfer, (CURLcode)code)))
        return false;
    nanoseconds now = clock_now();
    bool has_answer = transfer_info_number(transfer, CURLINFO_RESPONSE_CODE) != 0 || transfer->body_bytes > 0;
    nanoseconds left = transfer->begun + transfer->plan->policy->max_time - now;
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
