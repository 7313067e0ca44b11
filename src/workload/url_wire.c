#include "conc_bench/workload/url_wire.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "secret_text.h"

/* A list of URLs alone follows as its text. A list with requests follows as its messages, and then as its lines. */
struct head {
    uint64_t text_bytes;
    uint64_t message_count;
    uint64_t line_count;
};

/* The head of a message. Behind it stand the method and the headers, each with its zero byte, and the body. */
struct packed_message {
    uint64_t body_bytes;
    uint32_t header_count;
    bool is_head;
    bool has_method;
    bool has_body;
};

/* The head of a line. Behind it stands the URL, with its zero byte. */
struct packed_line {
    uint32_t count;
    uint32_t message;
};

/* Writing */

static int add_text(struct secret_text *wire, const char *text)
{
    return secret_text_append(wire, text, strlen(text) + 1);
}

static int add_message(struct secret_text *wire, const struct message *message)
{
    struct packed_message packed;
    memset(&packed, 0, sizeof(packed)); /* the padding between fields is sent, too */
    packed.body_bytes = message->body_bytes;
    packed.header_count = (uint32_t)message->header_count;
    packed.is_head = message->is_head;
    packed.has_method = message->custom_method != NULL;
    packed.has_body = message->body != NULL;
    int status = secret_text_append(wire, (const char *)&packed, sizeof(packed));
    if (status == 0 && packed.has_method)
        status = add_text(wire, message->custom_method);
    for (size_t i = 0; i < message->header_count && status == 0; i++)
        status = add_text(wire, message->headers[i]);
    if (status == 0 && packed.has_body)
        status = secret_text_append(wire, message->body, message->body_bytes);
    return status;
}

static int add_line(struct secret_text *wire, const struct url_list *urls, const struct url_line *line)
{
    const struct packed_line packed = {.count = line->count, .message = urls->url_messages[line->url]};
    int status = secret_text_append(wire, (const char *)&packed, sizeof(packed));
    return status == 0 ? add_text(wire, url_text(urls, line->url)) : status;
}

static int write_requests(struct secret_text *wire, const struct url_list *urls)
{
    const struct head head = {.message_count = urls->messages.count, .line_count = urls->line_count};
    int status = secret_text_append(wire, (const char *)&head, sizeof(head));
    for (size_t i = 0; i < urls->messages.count && status == 0; i++)
        status = add_message(wire, &urls->messages.items[i]);
    for (size_t i = 0; i < urls->line_count && status == 0; i++)
        status = add_line(wire, urls, &urls->lines[i]);
    return status;
}

static int write_urls(struct secret_text *wire, const struct url_list *urls)
{
    struct head head = {0};
    char count[32];
    int status = secret_text_append(wire, (const char *)&head, sizeof(head));
    for (size_t i = 0; i < urls->line_count && status == 0; i++) {
        const char *url = url_text(urls, urls->lines[i].url);
        int length = snprintf(count, sizeof(count), " x%" PRIu32 "\n", urls->lines[i].count);
        status = secret_text_append(wire, url, strlen(url));
        if (status == 0)
            status = secret_text_append(wire, count, (size_t)length);
    }
    head.text_bytes = wire->length - sizeof(head);
    if (status == 0)
        memcpy(wire->bytes, &head, sizeof(head));
    return status;
}

char *url_wire_write(const struct url_list *urls, size_t *length)
{
    struct secret_text wire = {0};
    int status = urls->url_messages == NULL ? write_urls(&wire, urls) : write_requests(&wire, urls);
    if (status != 0) {
        secret_text_wipe(&wire);
        return NULL;
    }
    *length = wire.length;
    return wire.bytes;
}

/* Reading */

struct wire_reader {
    const char *at;
    size_t left;
};

/* NULL: there are not so many bytes. */
static const char *take(struct wire_reader *reader, uint64_t length)
{
    const char *at = reader->at;
    if (length > reader->left)
        return NULL;
    reader->at += length;
    reader->left -= (size_t)length;
    return at;
}

static const char *take_text(struct wire_reader *reader)
{
    const char *end = reader->left > 0 ? memchr(reader->at, '\0', reader->left) : NULL;
    return end != NULL ? take(reader, (size_t)(end - reader->at) + 1) : NULL;
}

static bool take_into(struct wire_reader *reader, void *place, size_t size)
{
    const char *bytes = take(reader, size);
    if (bytes != NULL)
        memcpy(place, bytes, size);
    return bytes != NULL;
}

static int refuse(struct error *error, const char *name)
{
    return error_set(error, ERROR_ENVIRONMENT, "%s has not arrived as it was sent", name);
}

static int fail_memory(struct error *error)
{
    return error_set(error, ERROR_ENVIRONMENT, "no memory for the list of URLs");
}

static int read_parts(struct wire_reader *reader, const struct packed_message *packed, const char *name,
                      struct message *message, struct error *error)
{
    const char *method = packed->has_method ? take_text(reader) : NULL;
    if (packed->has_method && method == NULL)
        return refuse(error, name);
    if (method != NULL && (message->custom_method = strdup(method)) == NULL)
        return fail_memory(error);
    for (uint32_t i = 0; i < packed->header_count; i++) {
        const char *header = take_text(reader);
        if (header == NULL)
            return refuse(error, name);
        if (message_add_header(message, header) != 0)
            return fail_memory(error);
    }
    const char *body = take(reader, packed->body_bytes);
    if (body == NULL)
        return refuse(error, name);
    return packed->has_body && message_set_body(message, body, (size_t)packed->body_bytes) != 0 ? fail_memory(error)
                                                                                                : 0;
}

static int read_message(struct url_list *urls, struct wire_reader *reader, const char *name, uint64_t expected,
                        struct error *error)
{
    struct packed_message packed;
    uint32_t number;
    if (!take_into(reader, &packed, sizeof(packed)))
        return refuse(error, name);
    struct message message = {.is_head = packed.is_head};
    if (read_parts(reader, &packed, name, &message, error) != 0) {
        message_release(&message);
        return -1;
    }
    if (url_list_add_message(urls, &message, &number, error) != 0)
        return -1;
    return number == expected ? 0 : refuse(error, name);
}

static int read_line(struct url_list *urls, struct wire_reader *reader, const char *name, size_t number,
                     struct error *error)
{
    struct packed_line line;
    const char *url = take_into(reader, &line, sizeof(line)) ? take_text(reader) : NULL;
    if (url == NULL || (line.message != MESSAGE_NONE && line.message >= urls->messages.count))
        return refuse(error, name);
    const struct url_request request = {.url = url, .count = line.count, .message = line.message};
    return url_list_add_request(urls, name, number, &request, error);
}

int url_wire_read(struct url_list *urls, const char *name, const char *bytes, size_t length, struct error *error)
{
    struct wire_reader reader = {.at = bytes, .left = length};
    struct head head;
    if (!take_into(&reader, &head, sizeof(head)))
        return refuse(error, name);
    if (head.text_bytes > 0) {
        const char *text = take(&reader, head.text_bytes);
        return text != NULL ? url_list_add_text(urls, name, text, (size_t)head.text_bytes, error) : refuse(error, name);
    }
    for (uint64_t i = 0; i < head.message_count; i++) {
        if (read_message(urls, &reader, name, i, error) != 0)
            return -1;
    }
    for (uint64_t i = 0; i < head.line_count; i++) {
        if (read_line(urls, &reader, name, (size_t)i + 1, error) != 0)
            return -1;
    }
    return 0;
}
