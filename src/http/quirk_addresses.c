#include <curl/curl.h>
#include <poll.h>

#include "conc_bench/platform/descriptor.h"
#include "quirks.h"
#include "transfer_state.h"

/* QUIRK_NEXT_ADDRESS: where an address of a host does not answer, libcurl closes its socket when half of the time is
 * over, but opens that for the next address only when it is called again. It asks for no such call: an easy handle is
 * next looked at within a second, and a multi handle when the whole time is over. Not without need, though: what
 * libcurl was to do within the next millisecond it forgets over being called. */

enum { ATTEMPTS = sizeof(((struct transfer *)0)->attempts) / sizeof(struct attempt) };

void quirk_note_attempt(struct transfer *transfer, bool is_ipv6, int descriptor)
{
    if (!quirk_applies(QUIRK_NEXT_ADDRESS))
        return;
    if (!transfer->is_connecting)
        transfer->attempts[0].descriptor = transfer->attempts[1].descriptor = -1;
    transfer->attempts[is_ipv6 ? 0 : 1] =
        (struct attempt){.descriptor = descriptor, .cookie = descriptor_identity(descriptor)};
}

/* Before that, no connection is slow, and it costs no more than a look at the clock. */
static bool connects_slowly(const struct transfer *transfer, nanoseconds now)
{
    const nanoseconds patience = 50 * NANOSECONDS_PER_MILLISECOND;
    return transfer->is_connecting && now - transfer->opened >= patience;
}

static bool has_let_go(struct transfer *transfer)
{
    bool has_let_go = false;
    for (size_t i = 0; i < ATTEMPTS; i++) {
        struct attempt *attempt = &transfer->attempts[i];
        if (attempt->descriptor < 0 || descriptor_identity(attempt->descriptor) == attempt->cookie)
            continue;
        attempt->descriptor = -1;
        has_let_go = true;
    }
    return has_let_go;
}

/* Pausing a transfer and going on with it makes libcurl look at it at once, and changes nothing else. */
static void have_looked_at(struct transfer *transfer)
{
    transfer->urged = clock_now();
    curl_easy_pause(transfer->easy, CURLPAUSE_SEND);
    curl_easy_pause(transfer->easy, CURLPAUSE_CONT);
}

/* It is not known which of them let go of the socket. */
void quirk_urge_all(struct transfer_group *group)
{
    group->has_let_go = false;
    if (!quirk_applies(QUIRK_NEXT_ADDRESS))
        return;
    for (struct transfer *transfer = group->first; transfer != NULL; transfer = transfer->next) {
        if (transfer->is_under_way && connects_slowly(transfer, clock_now()) && has_let_go(transfer))
            have_looked_at(transfer);
    }
}

/* A look that is asked for within a millisecond is forgotten, too; and where poll(2) wakes libcurl a moment too early,
 * it forgets to give up an address, or to try one of the other family. So a transfer that is called while nothing has
 * come of any address comes again behind that millisecond. */
void quirk_urge_within(struct transfer *transfer)
{
    const nanoseconds pause = 10 * NANOSECONDS_PER_MILLISECOND; /* the call that is asked for comes here, too */
    enum { FORGOTTEN_MS = 2 };
    struct pollfd sockets[ATTEMPTS];
    nanoseconds now = clock_now();
    if (!quirk_applies(QUIRK_NEXT_ADDRESS) || !connects_slowly(transfer, now) ||
        (!has_let_go(transfer) && now - transfer->urged < pause))
        return;
    for (size_t i = 0; i < ATTEMPTS; i++)
        sockets[i] = (struct pollfd){.fd = transfer->attempts[i].descriptor, .events = POLLOUT};
    if (poll(sockets, ATTEMPTS, FORGOTTEN_MS) == 0)
        have_looked_at(transfer);
}
