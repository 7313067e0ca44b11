#include <curl/curl.h>
#include <string.h>

#include "quirks.h"
#include "settings.h"
#include "transfer_state.h"

/* QUIRK_LIAR: libcurl takes the version from the status line, also where a server that speaks HTTP/1.1 names another,
 * and from HTTP/2 it concludes that downloads may share the connection: one then gets what another asked for. So
 * downloads from such a server share no connections from then on. */

static bool is_lie(const struct transfer *transfer, const char *line, size_t length)
{
    static const char later[] = "HTTP/2";
    if (length < sizeof(later) || memcmp(line, "HTTP/", 5) != 0 || line[5] < later[5])
        return false;
    const struct request_options *options = transfer->plan->request->options;
    if (options->http_version == HTTP_VERSION_3 && line[5] > later[5])
        return false;
    bool may_be = transfer_is_over_tls(transfer) || options->http_version == HTTP_VERSION_2_KNOWN;
    return !may_be || (quirk_would_see_frames() && !transfer->has_stream);
}

static void ask_over_http1(struct transfer *transfer, bool is_http1)
{
    if (transfer->is_http1 == is_http1)
        return;
    long version = settings_http_version(transfer->plan->request, is_http1);
    transfer->is_http1 = curl_easy_setopt(transfer->easy, CURLOPT_HTTP_VERSION, version) == CURLE_OK && is_http1;
}

static bool may_share(const struct transfer *transfer)
{
    return transfer->streams != NULL && request_is_multiplexed(transfer->plan->request->options);
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

void quirk_choose_version(struct transfer *transfer)
{
    if (may_share(transfer))
        ask_over_http1(transfer, is_for_liar(transfer));
    transfer->wants_http2 = !transfer->is_http1;
}

bool quirk_is_misled(const struct transfer *transfer)
{
    return transfer->wants_http2 && may_share(transfer) && is_for_liar(transfer);
}

/* Downloads that libcurl has not looked at yet ask over HTTP/1.1 as well; those that wait for a connection are called
 * back when they are given one, see quirk_is_misled(). */
static void distrust(struct transfer *transfer)
{
    if (!may_share(transfer) || transfer->is_http1)
        return;
    streams_note_liar(transfer->streams, transfer->url);
    for (struct transfer *other = transfer->group->first; other != NULL; other = other->next) {
        if (transfer_is_for_server(other, transfer->url))
            ask_over_http1(other, true);
    }
}

bool quirk_is_lie(struct transfer *transfer, const char *line, size_t length)
{
    if (!is_lie(transfer, line, length) || !quirk_applies(QUIRK_LIAR))
        return false;
    distrust(transfer);
    return true;
}
