#include "quirks.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "transfer_state.h"

/* nghttp2's own declarations, as far as they are used here, so that its header need not be there. They are part of its
 * binary interface, and the same in all its versions. */
struct frame {
    size_t length;
    int32_t stream;
    uint8_t type;
    uint8_t flags;
    uint8_t reserved;
};
/* A frame of type DATA. */
struct data_frame {
    struct frame head;
    size_t padding; /* part of the frame's length */
};
/* A frame of type RST_STREAM. */
struct reset_frame {
    struct frame head;
    uint32_t error;
};
typedef int on_frame(void *session, const struct frame *frame, void *context);
typedef int on_invalid_frame(void *session, const struct frame *frame, int error, void *context);
void nghttp2_session_callbacks_set_on_frame_recv_callback(void *callbacks, on_frame *callback);
void nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(void *callbacks, on_invalid_frame *callback);
ssize_t nghttp2_session_mem_recv(void *session, const uint8_t *data, size_t length);
int nghttp2_session_send(void *session);
int32_t nghttp2_submit_request(void *session, const void *priority, const void *fields, size_t field_count,
                               const void *body, void *data);
void *nghttp2_session_get_stream_user_data(void *session, int32_t stream);

static struct {
    void (*set_on_frame)(void *callbacks, on_frame *callback);
    void (*set_on_invalid_frame)(void *callbacks, on_invalid_frame *callback);
    ssize_t (*receive)(void *session, const uint8_t *data, size_t length);
    int (*send)(void *session);
    int32_t (*submit)(void *session, const void *priority, const void *fields, size_t field_count, const void *body,
                      void *data);
    void *(*user_data)(void *session, int32_t stream);
    int (*terminate)(void *session, uint32_t error);
    int (*wants_to_read)(void *session);
    int32_t (*next_stream)(void *session);
    uint32_t (*servers_setting)(void *session, int32_t setting);
} nghttp2;

/* libcurl's, the same for all connections; NULL: it has none yet. Before 8.0 it never has the second. */
static _Atomic(on_frame *) libcurls_on_frame;
static _Atomic(on_invalid_frame *) libcurls_on_invalid_frame;

/* Finds a function in a way that ISO C does not forbid. */
static void find(const char *name, void *function)
{
    *(void **)function = dlsym(RTLD_NEXT, name);
}

void quirk_watch_frames(void)
{
    find("nghttp2_session_callbacks_set_on_frame_recv_callback", &nghttp2.set_on_frame);
    find("nghttp2_session_callbacks_set_on_invalid_frame_recv_callback", &nghttp2.set_on_invalid_frame);
    find("nghttp2_session_mem_recv", &nghttp2.receive);
    find("nghttp2_session_send", &nghttp2.send);
    find("nghttp2_submit_request", &nghttp2.submit);
    find("nghttp2_session_get_stream_user_data", &nghttp2.user_data);
    find("nghttp2_session_terminate_session", &nghttp2.terminate);
    find("nghttp2_session_want_read", &nghttp2.wants_to_read);
    find("nghttp2_session_get_next_stream_id", &nghttp2.next_stream);
    find("nghttp2_session_get_remote_settings", &nghttp2.servers_setting);
}

bool quirk_sees_frames(void)
{
    return atomic_load_explicit(&libcurls_on_frame, memory_order_relaxed) != NULL;
}

bool quirk_would_see_frames(void)
{
    return nghttp2.set_on_frame != NULL;
}

/* nghttp2 keeps a pointer of libcurl's with each stream, for as long as libcurl is interested: an easy handle, or in
 * newer ones (8.23) something of its own. In its place this program has it keep the transfer, which keeps libcurl's.
 * What has no such mark is libcurl's own. */
#define MARK ((uintptr_t)1)

/* NULL: it is of nobody, or of nobody here. */
static struct transfer *transfer_of(void *session, int32_t stream)
{
    uintptr_t data = (uintptr_t)nghttp2.user_data(session, stream);
    return (data & MARK) != 0 ? (struct transfer *)(data - MARK) : NULL;
}

void *nghttp2_session_get_stream_user_data(void *session, int32_t stream)
{
    uintptr_t data = (uintptr_t)nghttp2.user_data(session, stream);
    return (data & MARK) != 0 ? ((struct transfer *)(data - MARK))->stream_data : (void *)data;
}

/* The one of this thread that is about to be sent. NULL: none is, or it was. */
static _Thread_local struct transfer *asking;

void quirk_note_asking(struct transfer *transfer)
{
    asking = transfer;
}

void quirk_forget_asking(const struct transfer *transfer)
{
    if (asking == transfer)
        asking = NULL;
}

/* libcurl submits a request right behind its callback before it. Before anything of the answer: libcurl before 8.1
 * delivers headers behind their last frame, later ones within it. */
int32_t nghttp2_submit_request(void *session, const void *priority, const void *fields, size_t field_count,
                               const void *body, void *data)
{
    struct transfer *transfer = asking;
    asking = NULL;
    if (transfer == NULL)
        return nghttp2.submit(session, priority, fields, field_count, body, data);
    transfer->has_stream = true;
    transfer->stream_error = 0;
    transfer->stream_bytes = 0;
    transfer->stream_data = data;
    return nghttp2.submit(session, priority, fields, field_count, body, (void *)((uintptr_t)transfer + MARK));
}

/* QUIRK_NO_STREAMS: whether the server takes no more requests on the connection. What it has taken it answers. */
static void note_settings(void *session)
{
    enum { MAX_CONCURRENT_STREAMS = 3 };
    if (nghttp2.servers_setting(session, MAX_CONCURRENT_STREAMS) > 0 || !quirk_applies(QUIRK_NO_STREAMS))
        return;
    int32_t end = nghttp2.next_stream(session);
    for (int32_t stream = 1; stream > 0 && stream < end; stream += 2) {
        struct transfer *transfer = transfer_of(session, stream);
        if (transfer != NULL)
            quirk_forbid_reuse(transfer);
    }
}

/* A stream is complete when its last frame says so. One that the server gives up without an error looks the same when
 * it is closed. */
static int note_frame(void *session, const struct frame *frame, void *context)
{
    enum { DATA = 0, HEADERS = 1, RST_STREAM = 3, SETTINGS = 4, END_STREAM = 1, ACK = 1 };
    bool is_data = frame->type == DATA;
    bool is_end = (is_data || frame->type == HEADERS) && (frame->flags & END_STREAM) != 0;
    bool is_reset = frame->type == RST_STREAM;
    struct transfer *transfer = is_data || is_end || is_reset ? transfer_of(session, frame->stream) : NULL;
    if (transfer != NULL && is_data)
        transfer->stream_bytes += frame->length - ((const struct data_frame *)(const void *)frame)->padding;
    if (transfer != NULL && is_end)
        transfer->stream_ended = true;
    if (transfer != NULL && is_reset)
        transfer->stream_error = ((const struct reset_frame *)(const void *)frame)->error;
    if (frame->type == SETTINGS && (frame->flags & ACK) == 0)
        note_settings(session);
    return atomic_load_explicit(&libcurls_on_frame, memory_order_relaxed)(session, frame, context);
}

void nghttp2_session_callbacks_set_on_frame_recv_callback(void *callbacks, on_frame *callback)
{
    atomic_store_explicit(&libcurls_on_frame, callback, memory_order_relaxed);
    nghttp2.set_on_frame(callbacks, note_frame);
}

/* libcurl counts what it has delivered as it came, before it is unpacked. */
bool quirk_has_whole_answer(const struct transfer *transfer, int code)
{
    if (code != CURLE_SEND_ERROR || !transfer->stream_ended || transfer->stream_error != 0 ||
        transfer->broken != OUTCOME_NONE || !transfer->headers_ended || !quirk_applies(QUIRK_OWED_FRAME))
        return false;
    curl_off_t delivered = 0;
    return curl_easy_getinfo(transfer->easy, CURLINFO_SIZE_DOWNLOAD_T, &delivered) == CURLE_OK &&
           (uint64_t)delivered == transfer->stream_bytes;
}

/* Notes it for all downloads that are on the connection. */
static void note_break(void *session, enum outcome outcome)
{
    if (!quirk_applies(QUIRK_BROKEN_CONNECTION))
        return;
    int32_t end = nghttp2.next_stream(session);
    for (int32_t stream = 1; stream > 0 && stream < end; stream += 2) {
        struct transfer *transfer = transfer_of(session, stream);
        if (transfer == NULL || transfer->broken != OUTCOME_NONE)
            continue;
        transfer->broken = outcome;
        quirk_forbid_reuse(transfer);
        if (transfer->group != NULL)
            transfer->group->has_broken = true;
    }
}

/* nghttp2 would give the connection up by itself for the same frames, but then reports it as if it had failed. */
static int note_invalid_frame(void *session, const struct frame *frame, int error, void *context)
{
    int status = atomic_load_explicit(&libcurls_on_invalid_frame, memory_order_relaxed)(session, frame, error, context);
    if (status != 0)
        note_break(session, OUTCOME_RESET);
    return status;
}

void nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(void *callbacks, on_invalid_frame *callback)
{
    atomic_store_explicit(&libcurls_on_invalid_frame, callback, memory_order_relaxed);
    nghttp2.set_on_invalid_frame(callbacks, note_invalid_frame);
}

/* An error is the end of the session: what was received cannot be taken, most often since it is too much. nghttp2
 * leaves it to libcurl to say so to the server. */
ssize_t nghttp2_session_mem_recv(void *session, const uint8_t *data, size_t length)
{
    enum { FLOODED = -904 /* by frames that want an answer, as fast as the connection can carry */ };
    enum { ENHANCE_YOUR_CALM = 11 };
    ssize_t taken = nghttp2.receive(session, data, length);
    if (taken < 0) {
        note_break(session, taken == FLOODED ? OUTCOME_RESET : OUTCOME_PROTOCOL);
        (void)nghttp2.terminate(session, ENHANCE_YOUR_CALM);
    }
    return taken;
}

/* A session that has told the server that it broke HTTP/2 reads no more. What is asked on such a connection later was
 * never asked, and is no part of it: it is asked again on another. */
int nghttp2_session_send(void *session)
{
    bool was_alive = nghttp2.wants_to_read(session) != 0;
    int status = nghttp2.send(session);
    if (was_alive && nghttp2.wants_to_read(session) == 0)
        note_break(session, OUTCOME_RESET);
    return status;
}
