#include <stdlib.h>
#include <string.h>

#include "conc_bench/base/unicode.h"
#include "conc_bench/workload/header.h"
#include "conc_bench/workload/request.h"
#include "form.h"
#include "secret_text.h"

/* The request that is being read. */
struct http_reader {
    const struct form_taker *taker;
    struct error *error;
    struct entry entry;   /* of the line that is read */
    struct entry request; /* of its first line; `text` is NULL: there is none */
    const char *url;
    size_t url_length;
    uint32_t count;
    struct message message;
    bool has_body;
};

static int fail_memory(const struct http_reader *reader)
{
    return form_fail_memory(reader->error);
}

/* The end of a request */

static bool sends_length(const struct message *message)
{
    static const char *const methods[] = {"POST", "PUT", "PATCH"};
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (strcmp(message_method(message), methods[i]) == 0)
            return true;
    }
    return false;
}

/* Keeps libcurl from adding what the format does not have: the type of a form, and the question whether to go on with a
 * large body. */
static int add_silence(struct message *message)
{
    if (!message_has_header(message, "Content-Type") && message_add_header(message, "Content-Type:") != 0)
        return -1;
    return message_has_header(message, "Expect") ? 0 : message_add_header(message, "Expect:");
}

/* An empty body is sent only by methods that have bodies: their requests say how long it is. */
static int complete(struct http_reader *reader)
{
    struct message *message = &reader->message;
    if (message->body_bytes == 0 && !sends_length(message)) {
        free(message->body);
        message->body = NULL;
    } else if (message->body == NULL && message_set_body(message, "", 0) != 0) {
        return fail_memory(reader);
    }
    if (message->body != NULL && message->is_head)
        return entry_refuse(&reader->request, DO_NOT_QUOTE, reader->error,
                            "a HEAD request has no body: take the line with '@' out");
    if (message->body != NULL && add_silence(message) != 0)
        return fail_memory(reader);
    /* Libcurl knows these by themselves, and follows redirects as others do. */
    const char *method = message->custom_method;
    if (method != NULL && (strcmp(method, "POST") == 0 || (strcmp(method, "GET") == 0 && message->body == NULL))) {
        free(message->custom_method);
        message->custom_method = NULL;
    }
    return 0;
}

static int end_request(struct http_reader *reader)
{
    uint32_t number = MESSAGE_NONE;
    if (reader->request.text == NULL)
        return 0;
    if (complete(reader) != 0)
        return -1;
    if (!message_is_plain(&reader->message) &&
        reader->taker->take_message(reader->taker->context, &reader->message, &number, reader->error) != 0)
        return -1;
    int status = reader->taker->take_url(reader->taker->context, &reader->request, reader->url, reader->url_length,
                                         reader->count, number, reader->error);
    message_release(&reader->message);
    reader->request.text = NULL;
    reader->has_body = false;
    return status;
}

/* Lines */

static int take_method(struct http_reader *reader, const char *text, size_t length)
{
    struct entry *entry = &reader->entry;
    if (header_name_length(text) != length)
        return entry_refuse(entry, DO_NOT_QUOTE, reader->error,
                            "the method has a character that none may have: write one such as GET or POST");
    for (size_t i = 0; i < length; i++) {
        if (text[i] >= 'a' && text[i] <= 'z')
            return entry_refuse(entry, DO_NOT_QUOTE, reader->error,
                                "a method is written in capital letters, such as GET or POST");
    }
    if (length == strlen("CONNECT") && memcmp(text, "CONNECT", length) == 0)
        return entry_refuse(entry, DO_NOT_QUOTE, reader->error,
                            "CONNECT asks a proxy for a tunnel, and is no request by itself");
    reader->message.is_head = length == strlen("HEAD") && memcmp(text, "HEAD", length) == 0;
    if (reader->message.is_head)
        return 0;
    reader->message.custom_method = strndup(text, length);
    return reader->message.custom_method != NULL ? 0 : fail_memory(reader);
}

static int begin_request(struct http_reader *reader, const char *text)
{
    struct entry *entry = &reader->entry;
    const char *url = form_second_word(text);
    if (form_is_url(text))
        return entry_refuse(entry, QUOTE, reader->error,
                            "a list has either URLs alone or requests: write GET in front of this one");
    if (text[0] == '@')
        return entry_refuse(entry, DO_NOT_QUOTE, reader->error,
                            "a body without a request: no blank line may stand in front of it");
    if (!form_is_request_line(text) || url[0] == '\0')
        return entry_refuse(entry, DO_NOT_QUOTE, reader->error,
                            "a request begins with a method and a URL, such as POST https://example.org/path");
    if (entry_check_characters(entry, reader->error) != 0 || take_method(reader, text, strcspn(text, " \t")) != 0)
        return -1;
    reader->request = *entry;
    reader->url = url;
    return entry_split(entry, url, strlen(url), &reader->url_length, &reader->count, reader->error);
}

static int take_body(struct http_reader *reader, const char *path)
{
    struct secret_text content = {0};
    if (strncmp(path, "<<", 2) == 0)
        return entry_refuse(&reader->entry, DO_NOT_QUOTE, reader->error,
                            "a body is not read from here: put it into a file, and write @FILE");
    if (path[0] == '\0')
        return entry_refuse(&reader->entry, DO_NOT_QUOTE, reader->error,
                            "behind '@' there is no name: write @FILE, with the file that holds the body");
    reader->has_body = true;
    if (form_read_body(&reader->entry, path, &content, reader->error) != 0) {
        secret_text_wipe(&content);
        return -1;
    }
    int status = message_set_body(&reader->message, content.bytes != NULL ? content.bytes : "", content.length);
    secret_text_wipe(&content);
    return status == 0 ? 0 : fail_memory(reader);
}

/* Takes a header without blanks around name and value, as it is sent. */
static int add_header(struct http_reader *reader, const char *name, size_t name_length, const char *value)
{
    struct secret_text header = {0};
    char place[FORM_PLACE_BYTES];
    int status = secret_text_append(&header, name, name_length) != 0 || secret_text_append(&header, ": ", 2) != 0 ||
                         secret_text_append(&header, value, strlen(value)) != 0
                     ? fail_memory(reader)
                     : header_check(header.bytes, form_place(&reader->entry, place), reader->error);
    if (status == 0 && message_add_header(&reader->message, header.bytes) != 0)
        status = fail_memory(reader);
    secret_text_wipe(&header);
    return status;
}

static int take_header(struct http_reader *reader, const char *text)
{
    size_t name = header_name_length(text);
    const char *value = text + name;
    value += strspn(value, " \t");
    if (form_is_url(text))
        return entry_refuse(&reader->entry, QUOTE, reader->error,
                            "a list has either URLs alone or requests: write GET in front of this one");
    if (name == 0 || *value != ':')
        return entry_refuse(&reader->entry, DO_NOT_QUOTE, reader->error,
                            "neither a header (Name: value), nor @FILE with the body, nor a request (GET URL)");
    value += 1 + strspn(value + 1, " \t");
    if (*value == '\0')
        return entry_refuse(&reader->entry, DO_NOT_QUOTE, reader->error,
                            "the header %.*s has no value: write one, or take it out", (int)(name < 100 ? name : 100),
                            text);
    return add_header(reader, text, name, value);
}

static int take_line(struct http_reader *reader, const char *text)
{
    bool is_new = reader->request.text == NULL || form_is_request_line(text);
    if (is_new)
        return end_request(reader) != 0 ? -1 : begin_request(reader, text);
    if (reader->has_body)
        return entry_refuse(&reader->entry, DO_NOT_QUOTE, reader->error,
                            "behind its body a request has nothing more: headers go in front of it");
    return text[0] == '@' ? take_body(reader, text + 1) : take_header(reader, text);
}

static int read_line(struct http_reader *reader, char *line, size_t length)
{
    struct entry *entry = &reader->entry;
    *entry = (struct entry){.file = entry->file, .number = entry->number + 1, .text = line, .length = length};
    if (entry_check_bytes(entry, reader->error) != 0)
        return -1;
    while (length > 0 && (entry_is_blank(line[length - 1]) || line[length - 1] == '\r'))
        length--;
    line[length] = '\0';
    size_t indent = strspn(line, " \t");
    entry->text = line + indent;
    entry->length = length - indent;
    entry->indent = indent;
    if (entry->length == 0)
        return end_request(reader);
    return entry->text[0] == '#' ? 0 : take_line(reader, entry->text);
}

int form_read_http(const char *file, char *text, size_t length, const struct form_taker *taker, struct error *error)
{
    struct http_reader reader = {.taker = taker, .error = error, .entry = {.file = file}};
    char *end = text + length;
    int status = 0;
    text += unicode_mark_length(text, length);
    while (status == 0 && text < end) {
        char *newline = memchr(text, '\n', (size_t)(end - text));
        char *line_end = newline != NULL ? newline : end;
        status = read_line(&reader, text, (size_t)(line_end - text));
        text = line_end + 1;
    }
    if (status == 0)
        status = end_request(&reader);
    message_release(&reader.message);
    return status;
}
