#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conc_bench/base/unicode.h"
#include "conc_bench/workload/config.h"
#include "conc_bench/workload/header.h"
#include "conc_bench/workload/request.h"
#include "curl_option.h"
#include "form.h"
#include "secret_text.h"

/* A URL of a request, which may have several. */
struct url {
    const char *text; /* within that of the file */
    size_t line;
};

/* The options from one "next" to the next. */
struct request_group {
    size_t first; /* line; 0: nothing yet */
    struct url *urls;
    size_t url_count;
    struct message message;
    struct secret_text body;
    bool has_body;
    bool is_json;
    bool is_verbatim;  /* no ranges in URLs */
    const char *agent; /* NULL: not given */
    char *credentials; /* the header they are sent as; NULL: none */
};

struct curl_reader {
    const struct form_taker *taker;
    struct error *error;
    struct entry entry; /* of the line that is read, without its text */
    struct request_group group;
};

static int fail_memory(const struct curl_reader *reader)
{
    return form_fail_memory(reader->error);
}

#define REFUSE(reader, ...) entry_refuse(&(reader)->entry, DO_NOT_QUOTE, (reader)->error, __VA_ARGS__)

static void release_group(struct request_group *group)
{
    free(group->urls);
    message_release(&group->message);
    secret_text_wipe(&group->body);
    request_wipe(group->credentials);
    *group = (struct request_group){0};
}

/* The end of a request */

static int add_header_unless(struct message *message, const char *text)
{
    return message_replaces(message, text) ? 0 : message_add_header(message, text);
}

/* Adds the user agent as a header, like that of --user-agent. */
static int add_agent(struct request_group *group)
{
    struct secret_text header = {0};
    if (group->agent == NULL || message_has_header(&group->message, "User-Agent"))
        return 0;
    int status = secret_text_append(&header, "User-Agent: ",
                                    strlen(group->agent) > 0 ? strlen("User-Agent: ") : strlen("User-Agent:")) != 0 ||
                         secret_text_append(&header, group->agent, strlen(group->agent)) != 0 ||
                         message_add_header(&group->message, header.bytes) != 0
                     ? -1
                     : 0;
    secret_text_wipe(&header);
    return status;
}

/* Adds headers in the order in which curl does. */
static int add_headers(struct request_group *group)
{
    struct message *message = &group->message;
    if (group->credentials != NULL && add_header_unless(message, group->credentials) != 0)
        return -1;
    if (group->is_json && (add_header_unless(message, "Content-Type: application/json") != 0 ||
                           add_header_unless(message, "Accept: application/json") != 0))
        return -1;
    return add_agent(group);
}

static int complete(struct curl_reader *reader)
{
    struct request_group *group = &reader->group;
    struct message *message = &group->message;
    reader->entry.number = group->first;
    if (group->url_count == 0)
        return REFUSE(reader, "the request that begins here has no url");
    if (message->is_head && group->has_body)
        return REFUSE(reader, "head and data do not go together: a HEAD request has no body");
    if (message->is_head && message->custom_method != NULL)
        return REFUSE(reader, "head and request do not go together, which is another method");
    if (group->has_body &&
        message_set_body(message, group->body.bytes != NULL ? group->body.bytes : "", group->body.length) != 0)
        return fail_memory(reader);
    if (message->custom_method != NULL && strcmp(message->custom_method, "GET") == 0 && !group->has_body) {
        free(message->custom_method);
        message->custom_method = NULL;
    }
    return add_headers(group) == 0 ? 0 : fail_memory(reader);
}

/* curl would ask for a list of URLs. */
static bool has_range(const char *url)
{
    const char *host = strstr(url, "://");
    const char *rest = host != NULL ? host + strlen("://") : url;
    rest += *rest == '[' ? strcspn(rest, "]") + (strchr(rest, ']') != NULL) : 0;
    return strpbrk(rest, "[]{}") != NULL;
}

static int take_urls(struct curl_reader *reader, uint32_t message)
{
    const struct request_group *group = &reader->group;
    for (size_t i = 0; i < group->url_count; i++) {
        struct entry *entry = &reader->entry;
        entry->number = group->urls[i].line;
        entry->text = group->urls[i].text;
        entry->length = strlen(entry->text);
        if (entry_check_characters(entry, reader->error) != 0)
            return -1;
        if (strpbrk(entry->text, " \t") != NULL)
            return entry_refuse(entry, QUOTE, reader->error, "a URL holds no blanks: a space has to be written %%20");
        if (!group->is_verbatim && has_range(entry->text))
            return entry_refuse(entry, QUOTE, reader->error,
                                "curl makes several URLs of one with brackets: write each out, or add globoff");
        if (reader->taker->take_url(reader->taker->context, entry, entry->text, entry->length, 1, message,
                                    reader->error) != 0)
            return -1;
    }
    return 0;
}

static int end_group(struct curl_reader *reader)
{
    struct request_group *group = &reader->group;
    uint32_t message = MESSAGE_NONE;
    if (group->first == 0)
        return 0;
    int status = complete(reader);
    if (status == 0 && !message_is_plain(&group->message))
        status = reader->taker->take_message(reader->taker->context, &group->message, &message, reader->error);
    if (status == 0)
        status = take_urls(reader, message);
    release_group(group);
    return status;
}

/* Options */

static int take_url(struct curl_reader *reader, const char *value)
{
    struct request_group *group = &reader->group;
    struct url *longer = realloc(group->urls, (group->url_count + 1) * sizeof(longer[0]));
    if (longer == NULL)
        return fail_memory(reader);
    group->urls = longer;
    longer[group->url_count++] = (struct url){.text = value, .line = reader->entry.number};
    return 0;
}

static int take_method(struct curl_reader *reader, const char *value)
{
    struct message *message = &reader->group.message;
    size_t length = header_name_length(value);
    if (length == 0 || value[length] != '\0')
        return REFUSE(reader, "request has a character that no method may have: write one such as PUT");
    if (strcasecmp(value, "HEAD") == 0)
        return REFUSE(reader, "request = HEAD would wait for a body that never comes: write head");
    if (strcasecmp(value, "CONNECT") == 0)
        return REFUSE(reader, "CONNECT asks a proxy for a tunnel, and is no request by itself");
    free(message->custom_method);
    message->custom_method = strdup(value);
    return message->custom_method != NULL ? 0 : fail_memory(reader);
}

static int take_header(struct curl_reader *reader, const char *value)
{
    char place[FORM_PLACE_BYTES];
    if (value[0] == '@')
        return REFUSE(reader, "headers of a file are not read here: write each as header = \"NAME: VALUE\"");
    if (header_check(value, form_place(&reader->entry, place), reader->error) != 0)
        return -1;
    return message_add_header(&reader->group.message, value) == 0 ? 0 : fail_memory(reader);
}

static int take_credentials(struct curl_reader *reader, const char *value)
{
    if (strchr(value, ':') == NULL)
        return REFUSE(reader, "user must be \"NAME:PASSWORD\"");
    request_wipe(reader->group.credentials);
    reader->group.credentials = header_of_credentials(value);
    return reader->group.credentials != NULL ? 0 : fail_memory(reader);
}

static int take_agent(struct curl_reader *reader, const char *value)
{
    for (const char *next = value; *next != '\0'; next++) {
        if ((unsigned char)*next < 0x20 || *next == 0x7f)
            return REFUSE(reader, "user-agent must be a name without line breaks and control characters");
    }
    reader->group.agent = value;
    return 0;
}

static int read_data(struct curl_reader *reader, enum curl_option option, const char *value, struct secret_text *piece)
{
    if (option == CURL_OPTION_DATA_RAW || value[0] != '@')
        return secret_text_append(piece, value, strlen(value)) == 0 ? 0 : fail_memory(reader);
    if (value[1] == '\0')
        return REFUSE(reader, "behind '@' there is no name: write @FILE, with the file that holds the body");
    if (form_read_body(&reader->entry, value + 1, piece, reader->error) != 0)
        return -1;
    if (option == CURL_OPTION_DATA)
        secret_text_drop_line_ends(piece);
    return 0;
}

static int take_data(struct curl_reader *reader, enum curl_option option, const char *value)
{
    struct request_group *group = &reader->group;
    struct secret_text piece = {0};
    int status = read_data(reader, option, value, &piece);
    if (status == 0 &&
        ((group->has_body && option != CURL_OPTION_JSON && secret_text_append(&group->body, "&", 1) != 0) ||
         (piece.length > 0 && secret_text_append(&group->body, piece.bytes, piece.length) != 0)))
        status = fail_memory(reader);
    secret_text_wipe(&piece);
    group->has_body = true;
    group->is_json |= option == CURL_OPTION_JSON;
    return status;
}

static int refuse_unknown(struct curl_reader *reader, const struct config_line *line)
{
    bool is_request = form_is_url(line->value);
    if (((strcasecmp(line->name, "http") == 0 || strcasecmp(line->name, "https") == 0) && line->value[0] == '/') ||
        (is_request && strspn(line->name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(line->name)))
        return REFUSE(reader, "options of curl and other lines do not go together in one list: write url = \"URL\"");
    /* The line is not shown: a slip of the pen may have made a secret of its name. */
    return REFUSE(reader, "not an option that a request of a list may have: those are url, request, header, data, "
                          "data-raw, data-binary, json, head, user, user-agent, globoff and next; give others to "
                          "conc-bench, for all requests");
}

static int take_option(struct curl_reader *reader, const struct config_line *line)
{
    enum curl_option option = curl_option_named(line->name);
    if (option == CURL_OPTION_NEXT)
        return end_group(reader);
    if (reader->group.first == 0)
        reader->group.first = line->number;
    switch (option) {
    case CURL_OPTION_URL:
        return take_url(reader, line->value);
    case CURL_OPTION_REQUEST:
        return take_method(reader, line->value);
    case CURL_OPTION_HEADER:
        return take_header(reader, line->value);
    case CURL_OPTION_DATA:
    case CURL_OPTION_DATA_RAW:
    case CURL_OPTION_DATA_BINARY:
    case CURL_OPTION_JSON:
        return take_data(reader, option, line->value);
    case CURL_OPTION_HEAD:
        reader->group.message.is_head = true;
        return 0;
    case CURL_OPTION_USER:
        return take_credentials(reader, line->value);
    case CURL_OPTION_AGENT:
        return take_agent(reader, line->value);
    case CURL_OPTION_GLOBOFF:
        reader->group.is_verbatim = true;
        return 0;
    case CURL_OPTION_NEXT:
    case CURL_OPTION_UNSENT:
        return 0;
    case CURL_OPTION_UNKNOWN:
        break;
    }
    return refuse_unknown(reader, line);
}

/* Lines that are too long, or hold what ends a text. */
static int check_lines(struct curl_reader *reader, const char *text, size_t length)
{
    const char *end = text + length;
    struct entry entry = {.file = reader->entry.file};
    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *line_end = newline != NULL ? newline : end;
        entry.number++;
        entry.text = text;
        entry.length = (size_t)(line_end - text);
        if (entry_check_bytes(&entry, reader->error) != 0)
            return -1;
        text = line_end + 1;
    }
    return 0;
}

int form_read_curl(const char *file, char *text, size_t length, const struct form_taker *taker, struct error *error)
{
    struct curl_reader reader = {.taker = taker, .error = error, .entry = {.file = file, .text = "", .length = 0}};
    struct config_line line = {0};
    char *rest = text + unicode_mark_length(text, length);
    int status = check_lines(&reader, text, length);
    while (status == 0 && config_next(&rest, &line) != NULL) {
        reader.entry.number = line.number;
        if (line.name == NULL)
            status = REFUSE(&reader, "must be NAME = \"VALUE\", and no more");
        else
            status = take_option(&reader, &line);
    }
    if (status == 0)
        status = end_group(&reader);
    release_group(&reader.group);
    return status;
}
