#include <curl/curl.h>
#include <string.h>
#include <strings.h>

#include "quirks.h"
#include "transfer_state.h"

/* Takes what a server sends, header lines and pieces of bodies, and gives up a download whose answer is none, or has no
 * end. */

enum {
    HEADER_BYTES_MAX = 300 * 1024, /* libcurl's own, which is not of trailers */
    HEADER_LINES_MAX = 5000,       /* libcurl (7.88) keeps all of them, each in more than a hundred bytes */
    CODINGS_MAX = 1,
    PIECES_BETWEEN_LOOKS = 64, /* of up to 16 KiB each */
};

/* The most bytes that deflate makes of one. */
#define UNPACKED_PER_BYTE INT64_C(1032)

static size_t refuse(struct transfer *transfer, enum outcome outcome)
{
    transfer->refused = outcome;
    return CURL_WRITEFUNC_ERROR;
}

static bool is_blank(const char *line)
{
    return line[0] == ' ' || line[0] == '\t';
}

void answer_create(struct transfer *transfer)
{
    transfer->is_at_risk = quirk_applies(QUIRK_FREED_HEADER);
}

void answer_begin(struct transfer *transfer)
{
    transfer->place = PLACE_STATUS;
    transfer->is_of_proxy = true;
    transfer->has_field = false;
    transfer->usual_status = 0;
    transfer->is_within_line = false;
    transfer->has_interim = false;
    transfer->headers_ended = false;
    transfer->refused = OUTCOME_NONE;
    transfer->is_overdue = false;
    transfer->header_bytes = 0;
    transfer->header_lines = 0;
    transfer->pieces = 0;
    transfer->answered = 0;
    if (transfer->awaits_field)
        quirk_await_field(transfer, false);
}

void answer_expect(struct transfer *transfer)
{
    transfer->place = PLACE_STATUS;
    transfer->is_of_proxy = false;
    transfer->usual_status = 0;
    transfer->has_interim = false;
    transfer->headers_ended = false;
    transfer->answered = 0;
}

/* Whether a body comes from so few bytes that it could be without end. Neither brotli nor zstd have a limit as deflate
 * has, and libcurl unpacks all it has received, a buffer full, before it does anything else. */
static bool is_out_of_proportion(const struct transfer *transfer)
{
    int64_t buffer = transfer->plan->policy->buffer_bytes; /* may not be counted as received yet */
    if (transfer->body_bytes / UNPACKED_PER_BYTE <= buffer)
        return false;
    return transfer->body_bytes / UNPACKED_PER_BYTE - buffer > transfer_info_bytes(transfer, CURLINFO_SIZE_DOWNLOAD_T);
}

static bool is_overdue(const struct transfer *transfer)
{
    return clock_now() - transfer->begun >= transfer->plan->policy->max_time;
}

static size_t take_body(struct transfer *transfer, const char *data, size_t length)
{
    if (transfer->codings > 0)
        quirk_receive_unpacked(length);
    else
        quirk_receive_delivered();
    const struct transfer_policy *policy = transfer->plan->policy;
    int64_t announced =
        transfer->body_bytes == 0 ? transfer_info_bytes(transfer, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T) : -1;
    /* The check comes before the first byte, so that nothing is taken of such a body. libcurl's own limit also counts
     * for answers that have no body: to --head, and with status 304. */
    if (announced > policy->max_body)
        return refuse(transfer, OUTCOME_BODY_LIMIT);
    transfer->body_bytes += (int64_t)length;
    if (transfer->body_bytes > policy->max_body)
        return refuse(transfer, OUTCOME_BODY_LIMIT);
    if (policy->digests_bodies &&
        !digest_add(&transfer->digest, data, length, announced == (int64_t)length && transfer->codings == 0))
        return refuse(transfer, OUTCOME_CLIENT_RESOURCE);
    if (transfer->checking != NULL)
        checking_add(transfer->checking, data, length);
    if (++transfer->pieces % PIECES_BETWEEN_LOOKS != 0)
        return length;
    if (is_out_of_proportion(transfer))
        return refuse(transfer, OUTCOME_BODY_LIMIT);
    if (is_overdue(transfer)) {
        transfer->is_overdue = true;
        return CURL_WRITEFUNC_ERROR;
    }
    return length;
}

size_t answer_take_body(char *data, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    size_t length = size * count;
    if (!transfer->awaits_field)
        return take_body(transfer, data, length);
    return quirk_is_stored(transfer, data) ? length : refuse(transfer, OUTCOME_PROTOCOL);
}

static bool has_name(const char *line, size_t length, const char *name, size_t name_length)
{
    return length > name_length && strncasecmp(line, name, name_length) == 0;
}

static bool is_coding(const char *text, size_t length, const char *name)
{
    return length == strlen(name) && strncasecmp(text, name, length) == 0;
}

/* Counts the codings in a list, as libcurl reads it. */
static uint32_t count_codings(const char *list, size_t length)
{
    static const char separators[] = " \t\r\n\v\f,";
    uint32_t count = 0;
    for (size_t i = 0; i < length;) {
        size_t end = i;
        while (end < length && strchr(separators, list[end]) == NULL)
            end++;
        if (end > i && !is_coding(list + i, end - i, "identity") && !is_coding(list + i, end - i, "none") &&
            !is_coding(list + i, end - i, "chunked"))
            count++;
        i = end + 1;
    }
    return count;
}

static void note_content_coding(struct transfer *transfer, const char *line, size_t length)
{
    static const char name[] = "content-encoding:";
    size_t start = sizeof(name) - 1;
    if (transfer->plan->request->options->accepts_compressed && has_name(line, length, name, start))
        transfer->codings += count_codings(line + start, length - start);
}

/* Nobody asked for a coding of the transfer: one counts as one too many. */
static void note_transfer_coding(struct transfer *transfer, const char *line, size_t length)
{
    static const char name[] = "transfer-encoding:";
    size_t start = sizeof(name) - 1;
    if (has_name(line, length, name, start) && count_codings(line + start, length - start) > 0 &&
        quirk_applies(QUIRK_TRANSFER_CODING))
        transfer->codings += CODINGS_MAX + 1;
}

/* In a line that is longer than that, two letters tell that it names no coding, which spares most lines a
 * comparison. */
enum { BEHIND_CONTENT = sizeof("content-") - 1 };

static bool may_name_coding(const char *line)
{
    char first = (char)(line[0] | 0x20);
    return first == 't' || (first == 'c' && (line[BEHIND_CONTENT] | 0x20) == 'e');
}

static bool is_digit(char character)
{
    return character >= '0' && character <= '9';
}

/* The status in a line as nearly all are, of a final answer; 0: libcurl is to be asked what it made of the line. */
static uint16_t usual_status(const char *line, size_t length)
{
    static const char version[] = "HTTP/1.1 ";
    enum { NUMBER = sizeof(version) - 1, BEHIND = NUMBER + 3 };
    if (length <= BEHIND || memcmp(line, version, NUMBER) != 0 || line[NUMBER] < '2' || !is_digit(line[NUMBER]) ||
        !is_digit(line[NUMBER + 1]) || !is_digit(line[NUMBER + 2]) || line[BEHIND] != ' ')
        return 0;
    return (uint16_t)((line[NUMBER] - '0') * 100 + (line[NUMBER + 1] - '0') * 10 + (line[NUMBER + 2] - '0'));
}

static size_t take_status(struct transfer *transfer, const char *line, size_t length)
{
    /* The bytes between here and the end of the header lines are limited anyway. */
    quirk_receive_delivered();
    transfer->headers_ended = false;
    transfer->place = PLACE_FIRST_FIELD;
    transfer->codings = 0;
    if (transfer->is_at_risk && !transfer->has_field)
        quirk_await_field(transfer, true);
    if (transfer->is_of_proxy)
        return length;
    transfer->usual_status = usual_status(line, length);
    if (transfer->usual_status == 0 && quirk_is_lie(transfer, line, length))
        return refuse(transfer, OUTCOME_PROTOCOL);
    if (transfer->streams != NULL && length >= 6 && memcmp(line, "HTTP/", 5) == 0)
        streams_note_spoken(transfer->streams, line[5] == '2' ? SPOKEN_HTTP2 : SPOKEN_HTTP1);
    long status = transfer_status(transfer);
    transfer->is_interim = status >= 100 && status < 200;
    /* Another protocol would follow, which nobody asked for. */
    if (status == 101)
        return refuse(transfer, OUTCOME_PROTOCOL);
    if (transfer->is_interim) {
        transfer->has_interim = true;
        quirk_note_interim(transfer);
    } else if (transfer->has_interim)
        transfer->answered = clock_now() - transfer->begun;
    return length;
}

/* Without a body nothing is unpacked. */
static bool has_no_body(const struct transfer *transfer)
{
    long status = transfer_status(transfer);
    return transfer->is_interim || status == 204 || status == 304 || transfer->is_head;
}

static bool is_end_of_fields(const char *line)
{
    return line[0] == '\r' || line[0] == '\n';
}

static size_t end_fields(struct transfer *transfer, size_t length)
{
    quirk_receive_delivered();
    transfer->headers_ended = true;
    /* libcurl reads the body of a proxy that refuses to connect, byte by byte, without being able to do more with it.
     */
    if (transfer->is_of_proxy && transfer_info_number(transfer, CURLINFO_HTTP_CONNECTCODE) == 407)
        return refuse(transfer, OUTCOME_CONNECT);
    /* libcurl unpacks a piece through all codings before it delivers anything of it: 18 KB of it can take any time. */
    if (transfer->codings > CODINGS_MAX && !has_no_body(transfer))
        return refuse(transfer, OUTCOME_PROTOCOL);
    transfer->place = transfer->is_of_proxy || transfer->is_interim ? PLACE_STATUS : PLACE_BEHIND_FIELDS;
    return length;
}

static size_t take_field(struct transfer *transfer, const char *line, size_t length)
{
    if (transfer->place == PLACE_FIRST_FIELD && is_blank(line))
        return refuse(transfer, OUTCOME_PROTOCOL);
    transfer->place = PLACE_FIELDS;
    transfer->has_field = true;
    if (length > BEHIND_CONTENT && may_name_coding(line)) {
        note_content_coding(transfer, line, length);
        note_transfer_coding(transfer, line, length);
    }
    if (transfer->pool != NULL)
        pool_note_header(transfer, line, length);
    return length;
}

/* Takes a line after an answer: one of its trailers, or of a proxy's answer for the next connection, where a redirect
 * leads. */
static size_t take_trailer(struct transfer *transfer, const char *line, size_t length)
{
    static const char name[] = "HTTP/";
    if (length < sizeof(name) || memcmp(line, name, sizeof(name) - 1) != 0)
        return length;
    transfer->is_of_proxy = true;
    return take_status(transfer, line, length);
}

/* Apart, so that the lines that are only counted need no room on the stack. */
__attribute__((noinline)) static size_t take_line(struct transfer *transfer, const char *line, size_t length)
{
    if (transfer->awaits_field) {
        quirk_await_field(transfer, false);
        transfer->is_within_line = false;
    }
    if (transfer->place == PLACE_STATUS)
        return take_status(transfer, line, length);
    if (transfer->place == PLACE_BEHIND_FIELDS)
        return take_trailer(transfer, line, length);
    return is_end_of_fields(line) ? end_fields(transfer, length) : take_field(transfer, line, length);
}

size_t answer_take_header(char *data, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    size_t length = size * count;
    transfer->header_bytes += length;
    transfer->header_lines++;
    if (transfer->header_bytes > HEADER_BYTES_MAX || transfer->header_lines > HEADER_LINES_MAX)
        return refuse(transfer, OUTCOME_PROTOCOL);
    /* Most lines hold nothing that is wanted. */
    if (transfer->place == PLACE_FIELDS && transfer->pool == NULL && length > BEHIND_CONTENT && !may_name_coding(data))
        return length;
    return length > 0 ? take_line(transfer, data, length) : refuse(transfer, OUTCOME_PROTOCOL);
}
