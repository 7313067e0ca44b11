#ifndef CONC_BENCH_HTTP_QUIRKS_H
#define CONC_BENCH_HTTP_QUIRKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conc_bench/base/clock.h"
#include "conc_bench/base/error.h"

/*
 * The faults of libcurl, and the way around each: one row of the table a quirk, with the versions that have it, the
 * symptom and the test that shows it. A way around runs only with a libcurl that is not known to be free of the quirk:
 * newer ones do without. Those that take more than a few lines stand in files of their own, quirk_*.c.
 *
 * The table of docs/reliability.md is made of this one.
 */

/* A version of libcurl as curl_version_info(3) has it in version_num: 0x075801 is 7.88.1. */
#define QUIRK_VERSION(major, minor, patch) ((uint32_t)(major) << 16 | (uint32_t)(minor) << 8 | (uint32_t)(patch))

enum quirk {
    QUIRK_FREED_HEADER,
    QUIRK_LONG_LINE,
    QUIRK_TRANSFER_CODING,
    QUIRK_EARLY_BYTE,
    QUIRK_NEXT_ADDRESS,
    QUIRK_EMPTY_HOSTS,
    QUIRK_FORGOTTEN_NAMES,
    QUIRK_RETRIES_ADD_UP,
    QUIRK_DEAD_RETRIES,
    QUIRK_FIRST_MESSAGE,
    QUIRK_LIAR,
    QUIRK_BROKEN_CONNECTION,
    QUIRK_NO_STREAMS,
    QUIRK_EMPTY_FRAMES,
    QUIRK_SENT_TOO_LATE,
    QUIRK_OWED_FRAME,
    QUIRK_LEFT_BEHIND,
    QUIRK_CONNECTION_EACH,
    QUIRK_UNTIMED_WAIT,
    QUIRK_FORGOTTEN_WAIT,
    QUIRK_KEPT_INTERIMS,
    QUIRK_COUNT,
};

struct quirk_row {
    const char *name;
    uint32_t first;      /* version that has it; 0: as old as are built with */
    uint32_t fixed;      /* version that has it no more; 0: none is known */
    const char *symptom; /* a sentence */
    const char *place;   /* of the way around, in src/http */
    const char *suite;   /* of the test, in tests, without its ending */
    const char *test;
};

const struct quirk_row *quirk_row(enum quirk quirk);

/* Whether a version of libcurl has the quirk, as far as is known; and whether the one that is loaded does, which need
 * not be the one that was built with. The latter is called before the first thread once, and then by all. */
bool quirk_is_of(enum quirk quirk, uint32_t version);
bool quirk_applies(enum quirk quirk);

/* The fault of a version of libcurl over HTTP/2, as the end of a sentence: one by which downloads would fail or hang
 * that HTTP/1.1 delivers, and that there is no way around. NULL: none is known. */
const char *quirk_of_http2(uint32_t version);

/* The same without TLS. */
const char *quirk_of_plain_http2(uint32_t version);

struct transfer;
struct transfer_group;

/* quirks.c: those that take a few lines */

/* QUIRK_FREED_HEADER: has the next line come as body before it is stored, or not any more; and says of such a piece
 * whether it may be. */
void quirk_await_field(struct transfer *transfer, bool is_wanted);
bool quirk_is_stored(struct transfer *transfer, const char *piece);

/* QUIRK_FORGOTTEN_NAMES: for CURLOPT_DNS_CACHE_TIMEOUT, so that names are remembered for as long as a run takes. */
long quirk_names_kept(void);

/* QUIRK_EARLY_BYTE: right before each request, and of a transfer that has come so far: microseconds from its start to
 * the first byte of the answer to its last request; 0: there was none. */
void quirk_note_times(struct transfer *transfer);
uint32_t quirk_first_byte(const struct transfer *transfer);

/* Makes libcurl close the connection when the download ends, or when the last one on it does. */
void quirk_forbid_reuse(struct transfer *transfer);

/* QUIRK_KEPT_INTERIMS: behind the status line of an interim answer. */
void quirk_note_interim(struct transfer *transfer);

/* quirk_addresses.c: QUIRK_NEXT_ADDRESS */

/* Called for each socket that is opened. */
void quirk_note_attempt(struct transfer *transfer, bool is_ipv6, int descriptor);

/* Makes libcurl come to the next address: for a transfer that goes alone, within a call; and in a group, when a socket
 * was let go before it was connected. */
void quirk_urge_within(struct transfer *transfer);
void quirk_urge_all(struct transfer_group *group);

/* quirk_messages.c: QUIRK_FIRST_MESSAGE */

/* Called right before a request whose message would otherwise be an earlier one, and before the next transfer. */
void quirk_forget_message(struct transfer *transfer);
void quirk_end_listening(struct transfer *transfer);

/* Whether a message is of a connection that broke, of one that did so often, and of one with TLS that ended without a
 * word of TLS: which is no failure of libcurl's before 8.10. */
bool quirk_tells_of_break(const char *text);
bool quirk_tells_of_retries(const char *text);
bool quirk_tells_of_end(const char *text);

/* quirk_retries.c. See transfer_is_repeated(), too. */

/* Called right before each request; before each transfer after one that `retries_on_new`; and before one whose handle
 * has, perhaps, sent a request again. False: no memory. */
void quirk_retry_on_new(struct transfer *transfer);
bool quirk_connect_as_asked(struct transfer *transfer);
bool quirk_forget_retries(struct transfer *transfer);

/* quirk_liars.c: QUIRK_LIAR */

/* Whether a status line names a version of HTTP that the server does not speak. If so, downloads from it share no
 * connections from now on. */
bool quirk_is_lie(struct transfer *transfer, const char *line, size_t length);

/* Sets which version is asked for, when a transfer that may share connections begins; and whether libcurl may be about
 * to send it over a connection that another uses, since the server lied. */
void quirk_choose_version(struct transfer *transfer);
bool quirk_is_misled(const struct transfer *transfer);

/* quirk_waiting.c: for a group whose transfers share connections. See group_tend(), too. */

void quirk_create_waiting(struct transfer_group *group);
void quirk_note_start(struct transfer *transfer);

/* Describes a transfer that has ended with `code`, in view of what others know. */
void quirk_finish_shared(struct transfer *transfer, int code);

/* Ends or restarts the transfers that need it. -1: libcurl or the listener refused to go on. */
int quirk_end_broken(struct transfer_group *group, struct error *error);
int quirk_end_overdue(struct transfer_group *group, struct error *error);
int quirk_restart_stalled(struct transfer_group *group, struct error *error);

/* Limits the number of connections to one server. A CURLMcode. */
int quirk_limit_connections(struct transfer_group *group);

/* quirk_frames.c
 *
 * What nghttp2, which reads HTTP/2 frames for libcurl, knows and libcurl does not tell: QUIRK_BROKEN_CONNECTION,
 * QUIRK_NO_STREAMS, QUIRK_OWED_FRAME. This program stands between the two: it defines six functions of nghttp2, which
 * the dynamic linker then gives to libcurl, notes what passes, and calls nghttp2's own. Where libcurl and nghttp2 are
 * linked statically, nothing passes: then quirk_sees_frames() says so, and all is as libcurl tells it. */

/* Called once in each process, before its first thread. */
void quirk_watch_frames(void);

/* Called right before each request, and before a transfer is released. */
void quirk_note_asking(struct transfer *transfer);
void quirk_forget_asking(const struct transfer *transfer);

/* Whether anything that is not noted did not happen. */
bool quirk_sees_frames(void);

/* QUIRK_OWED_FRAME: whether a download that libcurl gives up with `code` has its whole answer. */
bool quirk_has_whole_answer(const struct transfer *transfer, int code);

/* Whether libcurl can speak HTTP/2 only through here: then what has no frames is not HTTP/2. */
bool quirk_would_see_frames(void);

/* quirk_receive.c
 *
 * How much libcurl receives in one go: QUIRK_EMPTY_FRAMES. This program defines recv(2), and the dynamic linker gives
 * it to libcurl. Behind a MiB from which nothing was delivered recv() says that there is no more for now. libcurl
 * returns, looks at times, serves others, and comes back at once, since the socket says otherwise. Nothing is lost, no
 * thread and no timer is needed, and what is delivered in time never gets there. A libcurl that was linked statically
 * is not reached, and does as it always did. */

/* Called when something was delivered to the download. */
void quirk_receive_delivered(void);

/* Counts what was unpacked as received: a few bytes can be unpacked for seconds. */
void quirk_receive_unpacked(size_t length);

#endif
