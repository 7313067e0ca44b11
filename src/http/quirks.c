#include "quirks.h"

#include <curl/curl.h>
#include <stdatomic.h>

#include "transfer_state.h"

/* The version that fixed a quirk is from curl's own reports and sources, or the version with which its test was seen to
 * pass without the way around (tests/platforms/quirks). Where that is 0 no version is known from which on all are free
 * of it, and the way around runs with all. In the order of struct quirk_row. */
static const struct quirk_row rows[QUIRK_COUNT] = {
    [QUIRK_FREED_HEADER] =
        {"freed-header", QUIRK_VERSION(7, 83, 0), QUIRK_VERSION(8, 2, 0),
         "A line behind the status that begins with a blank is appended to the last header of the answer "
         "before, which was freed.",
         "quirks.c", "fault/server", "a line behind the status that begins with a blank"},
    [QUIRK_LONG_LINE] = {"long-line", 0, QUIRK_VERSION(8, 6, 0),
                         "A header line of more than 100 KB is \"out of memory\".", "outcome.c", "fault/server",
                         "headers that are too large"},
    [QUIRK_TRANSFER_CODING] = {"transfer-coding", 0, QUIRK_VERSION(8, 9, 0),
                               "What a server packs for the transfer is unpacked though nobody asked for it.",
                               "answer.c", "fault/server", "bodies that are packed more than once"},
    [QUIRK_EARLY_BYTE] = {"early-byte", 0, 0,
                          "The end of a kept connection, an interim answer and a redirect count as the first byte of "
                          "the answer, and the time spent waiting for another download's connection does not count.",
                          "quirks.c", "fault/server",
                          "no answer behind a redirect, or to what was asked again: that is what it waited for"},
    [QUIRK_NEXT_ADDRESS] = {"next-address", 0, QUIRK_VERSION(8, 4, 0),
                            "When an address of a host does not answer, its socket is closed after half of the time, "
                            "but no timer is set to try the next address.",
                            "quirk_addresses.c", "fault/server",
                            "addresses of a host that do not answer: the next one is tried, in every mode"},
    [QUIRK_EMPTY_HOSTS] = {"empty-hosts", 0, QUIRK_VERSION(8, 10, 0),
                           "A host whose idle connection was closed to make room leaves an empty entry, and each "
                           "download goes through all of these.",
                           "pool.c", "bench/hosts", "threads: 600 hosts cost no more than 20"},
    [QUIRK_FORGOTTEN_NAMES] = {"forgotten-names", QUIRK_VERSION(8, 1, 0), QUIRK_VERSION(8, 17, 0),
                               "What is to be remembered for ever, a name that was looked up or given for a time, is "
                               "forgotten behind each download; 8.16 refuses to remember for ever.",
                               "quirks.c", "cli/request_options",
                               "--resolve '*': any host has these addresses, for every worker"},
    [QUIRK_RETRIES_ADD_UP] = {"retries-add-up", 0, 0,
                              "The five times that a request is sent again are counted over the life of a handle, so "
                              "that every sixth dead connection is a failure.",
                              "quirk_retries.c", "fault/server",
                              "a server that closes kept connections: retried in silence"},
    [QUIRK_DEAD_RETRIES] =
        {"dead-retries", 0, 0,
         "A request is sent again on the next kept connection, which may be as dead as the one before.",
         "quirk_retries.c", "fault/server", "a server that closes kept connections: retried in silence"},
    [QUIRK_FIRST_MESSAGE] = {"first-message", 0, 0,
                             "Only the first message of a download is kept, which may be of another request or "
                             "connection than the one that failed.",
                             "quirk_messages.c", "fault/server",
                             "broken HTTP behind a kept connection that was reset is not called a reset"},
    [QUIRK_LIAR] = {"liar", 0, QUIRK_VERSION(8, 14, 0),
                    "A status line that says HTTP/2 over HTTP/1.1 is believed, and downloads share the connection.",
                    "quirk_liars.c", "fault/http2",
                    "a server that speaks HTTP/1.1 and says HTTP/2: each download gets its own answer or none"},
    [QUIRK_BROKEN_CONNECTION] =
        {"broken-connection", 0, 0,
         "A stream that was given up without an error (before 8.1), or whose connection broke HTTP/2, is complete; "
         "others on that connection are left waiting, and new ones are given to it.",
         "quirk_frames.c", "fault/http2",
         "connections that break HTTP/2 are a reset for all downloads on them, and at once"},
    [QUIRK_NO_STREAMS] =
        {"no-streams", 0, 0,
         "A kept connection on which the server takes no more requests (SETTINGS_MAX_CONCURRENT_STREAMS 0) is used "
         "again, and the download waits until its time is up.",
         "quirk_frames.c", "fault/http2",
         "connections that take no more requests: what they took is answered, and the rest goes over others"},
    [QUIRK_EMPTY_FRAMES] = {"empty-frames", 0, 0,
                            "It reads on until something comes for one download: frames of HTTP/2 without content "
                            "(7.88, not 8.14), or what is unpacked, fast enough, keep it for ever.",
                            "quirk_receive.c", "fault/server",
                            "a body that is unpacked without an end: --max-time ends it, and nobody else"},
    [QUIRK_SENT_TOO_LATE] =
        {"sent-too-late", 0, 0,
         "Over HTTP/2 a download is given up when the server has closed the connection that it is about to be sent on.",
         "quirk_retries.c", "cli/http2",
         "connections closed while the event loop computes: asked again, and nothing is lost"},
    [QUIRK_OWED_FRAME] =
        {"owed-frame", 0, 0,
         "Over HTTP/2 a download that is complete is given up when what its connection owes the server, an "
         "acknowledgement or a window, cannot be sent any more, since the server has closed it (8.14, 8.23).",
         "quirk_frames.c", "cli/http2",
         "connections closed while the event loop computes: asked again, and nothing is lost"},
    [QUIRK_LEFT_BEHIND] = {"left-behind", 0, QUIRK_VERSION(8, 14, 0),
                           "What a server refuses by GOAWAY is given up when nothing else is left on the connection.",
                           "quirk_retries.c", "fault/http2",
                           "GOAWAY behind every fifth answer: what was refused is asked again, and nothing is lost"},
    [QUIRK_CONNECTION_EACH] =
        {"connection-each", 0, QUIRK_VERSION(8, 14, 0),
         "Behind GOAWAY each download that lost its connection makes a new one, instead of sharing.", "quirk_waiting.c",
         "cli/http2", "GOAWAY: of 3,000 downloads none is lost when nginx ends connections after 1,000 requests"},
    [QUIRK_UNTIMED_WAIT] =
        {"untimed-wait", 0, 0,
         "A download that waits for another one's connection is not timed out (before 8.8), and tries for the whole "
         "time again when the other has failed.",
         "quirk_waiting.c", "fault/http2",
         "a connection that cannot be made in time: all that wait for it fail as it does, within the same time"},
    [QUIRK_FORGOTTEN_WAIT] =
        {"forgotten-wait", 0, 0,
         "Of the downloads that wait for a connection one is woken when another ends, and is to wake the next: if it "
         "fails first, the rest wait until their time is up.",
         "quirk_waiting.c", "fault/http2",
         "the server is killed in the middle: what it did not answer is a reset or refused, and no trial hangs"},
    [QUIRK_KEPT_INTERIMS] =
        {"kept-interims", QUIRK_VERSION(8, 15, 0), 0,
         "A download whose interim answers have no end is given up, but its connection is kept, and what comes next on "
         "it gets the rest of them (8.23, not 8.14).",
         "quirks.c", "fault/http2",
         "headers and interim answers that are too many: broken HTTP for whoever is on the connection, and not for the "
         "next"},
};

/* Versions with faults of HTTP/2; both ends belong to the range. They are from curl's own reports of the versions named
 * there; what only meets transfers that are paused (8.16) or unencrypted (7.88) is not among them, since conc-bench has
 * neither. */
static const struct {
    uint32_t first;
    uint32_t last;
    const char *what;
} flaws_of_http2[] = {
    {QUIRK_VERSION(8, 1, 0), QUIRK_VERSION(8, 1, 2),
     "downloads hang when the server closes an HTTP/2 connection: use 8.4 or later"},
    {QUIRK_VERSION(8, 2, 0), QUIRK_VERSION(8, 2, 0), "requests over HTTP/2 can hang: use 8.4 or later"},
    {QUIRK_VERSION(8, 2, 1), QUIRK_VERSION(8, 3, 0),
     "downloads fail when the server has had enough of an HTTP/2 connection (GOAWAY): use 8.4 or later"},
};

const struct quirk_row *quirk_row(enum quirk quirk)
{
    return &rows[quirk];
}

bool quirk_is_of(enum quirk quirk, uint32_t version)
{
    return version >= rows[quirk].first && (rows[quirk].fixed == 0 || version < rows[quirk].fixed);
}

const char *quirk_of_http2(uint32_t version)
{
    for (size_t i = 0; i < sizeof(flaws_of_http2) / sizeof(flaws_of_http2[0]); i++) {
        if (version >= flaws_of_http2[i].first && version <= flaws_of_http2[i].last)
            return flaws_of_http2[i].what;
    }
    return NULL;
}

/* 7.88.1: CURLE_HTTP2 for whatever is asked second, of nghttpd 1.52. What came between was not tried. */
const char *quirk_of_plain_http2(uint32_t version)
{
    if (version < QUIRK_VERSION(8, 0, 0))
        return "what is asked second on a connection without TLS fails: use 8.4 or later";
    return version < QUIRK_VERSION(8, 4, 0) ? "HTTP/2 without TLS was not tried: use 8.4 or later" : NULL;
}

/* A bit for each quirk of the libcurl that is loaded, and one that says so. */
static _Atomic uint32_t loaded;
static const uint32_t is_looked_up = UINT32_C(1) << 31;
_Static_assert(QUIRK_COUNT < 31, "a bit for each quirk");

/* The same bits of those that do not apply whatever is loaded: tests/platforms/quirks builds programs without one. */
#ifndef CONC_BENCH_QUIRKS_LEFT_OUT
#define CONC_BENCH_QUIRKS_LEFT_OUT 0
#endif

static uint32_t look_up(void)
{
    uint32_t version = curl_version_info(CURLVERSION_NOW)->version_num;
    uint32_t bits = 0;
    for (enum quirk quirk = 0; quirk < QUIRK_COUNT; quirk++)
        bits |= (uint32_t)quirk_is_of(quirk, version) << quirk;
    bits = (bits & ~(uint32_t)CONC_BENCH_QUIRKS_LEFT_OUT) | is_looked_up;
    atomic_store_explicit(&loaded, bits, memory_order_relaxed);
    return bits;
}

bool quirk_applies(enum quirk quirk)
{
    uint32_t bits = atomic_load_explicit(&loaded, memory_order_relaxed);
    return ((bits != 0 ? bits : look_up()) >> quirk & 1) != 0;
}

/* QUIRK_FREED_HEADER: only a line that does not reach libcurl's store is harmless. What comes as body it has not stored
 * yet, so that header lines are delivered that way, too, from the status to the line behind it. */

void quirk_await_field(struct transfer *transfer, bool is_wanted)
{
    transfer->awaits_field = is_wanted;
    curl_easy_setopt(transfer->easy, CURLOPT_HEADER, is_wanted ? 1L : 0L);
}

/* libcurl delivers long lines in several pieces. */
bool quirk_is_stored(struct transfer *transfer, const char *piece)
{
    bool is_begin = !transfer->is_within_line;
    transfer->is_within_line = true;
    return !is_begin || (piece[0] != ' ' && piece[0] != '\t');
}

/* QUIRK_FORGOTTEN_NAMES: for ever saves a look at all names behind each download, where it is for ever. */
long quirk_names_kept(void)
{
    const long ten_years = 10L * 365 * 24 * 3600;
    return quirk_applies(QUIRK_FORGOTTEN_NAMES) ? ten_years : -1L;
}

/* QUIRK_EARLY_BYTE */

/* libcurl's clock begins anew when a transfer stops waiting for a connection that another one makes, and when a refused
 * request is repeated. Seen when the connection is there and nothing was asked yet. */
static void measure_untimed(struct transfer *transfer)
{
    CURLINFO made = transfer->is_tls ? CURLINFO_APPCONNECT_TIME_T : CURLINFO_CONNECT_TIME_T;
    nanoseconds timed = (nanoseconds)transfer_info_microseconds(transfer, made);
    nanoseconds untimed = clock_now() - transfer->begun - timed * NANOSECONDS_PER_MICROSECOND;
    transfer->untimed = untimed > 0 ? untimed : 0;
    transfer->is_timed = true;
}

void quirk_note_times(struct transfer *transfer)
{
    transfer->heard = transfer->requests > 1 ? transfer_info_microseconds(transfer, CURLINFO_STARTTRANSFER_TIME_T) : 0;
    if (request_is_multiplexed(transfer->plan->request->options) && !transfer->is_timed && transfer_may_share(transfer))
        measure_untimed(transfer);
}

void quirk_forbid_reuse(struct transfer *transfer)
{
    transfer->forbids_reuse = true;
    curl_easy_setopt(transfer->easy, CURLOPT_FORBID_REUSE, 1L);
}

void quirk_note_interim(struct transfer *transfer)
{
    /* No server means well that sends as many, and libcurl gives up at some thousands. */
    enum { MANY_LINES = 200 };
    if (transfer->header_lines > MANY_LINES && !transfer->forbids_reuse && quirk_applies(QUIRK_KEPT_INTERIMS))
        quirk_forbid_reuse(transfer);
}

uint32_t quirk_first_byte(const struct transfer *transfer)
{
    uint32_t told = transfer_info_microseconds(transfer, CURLINFO_STARTTRANSFER_TIME_T);
    uint64_t time = told;
    bool is_right = told > transfer->heard && !transfer->has_interim && transfer->untimed == 0;
    if (is_right || !quirk_applies(QUIRK_EARLY_BYTE))
        return told;
    if (transfer->has_interim)
        time = (uint64_t)(transfer->answered / NANOSECONDS_PER_MICROSECOND);
    else if (time <= transfer->heard)
        return 0;
    else
        time += (uint64_t)(transfer->untimed / NANOSECONDS_PER_MICROSECOND);
    return time < UINT32_MAX ? (uint32_t)time : UINT32_MAX;
}
