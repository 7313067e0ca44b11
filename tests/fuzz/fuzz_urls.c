/* libFuzzer target: no bytes crash the reader of lists; what it takes is a list of different URLs and different hosts
 * that libcurl agrees with, written out again it is the same list; what it refuses has a sentence without a password.
 * Requests have methods and headers that can be sent.
 */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#include "conc_bench/base/text.h"
#include "conc_bench/base/unicode.h"
#include "conc_bench/workload/header.h"
#include "conc_bench/workload/urls.h"
#include "fuzz.h"

/* Lines of "URL xN" have counts up to this. */
enum { REPEAT_MAX = 1000000000 };

/* International names are only read where the locale is UTF-8. */
int LLVMFuzzerInitialize(int *count, char ***arguments);
int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void)count;
    (void)arguments;
    require(setlocale(LC_CTYPE, "C.UTF-8") != NULL);
    return 0;
}

/* Reads a text as a file. -1: refused. */
static int read_text(const void *text, size_t size, struct url_list *list, struct error *error)
{
    char path[64];
    int file = memfd_create("list", 0);
    require(file >= 0 && write(file, text, size) == (ssize_t)size);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
    int status = url_list_add_file(list, path, error);
    close(file);
    return status;
}

/* Words of ours, in place of which there are as many blanks. */
static void blank_out(char *message, const char *words)
{
    for (char *place; (place = strstr(message, words)) != NULL;)
        memset(place, ' ', strlen(words));
}

/* A sentence that a terminal can show, and nothing in it that may follow a password. */
static void check_refusal(const struct error *error)
{
    char escaped[sizeof(error->message)];
    static const char *const at_signs[] = {"@", "%40", "\xef\xbc\xa0", "\xef\xb9\xab"};
    require(error->kind == ERROR_USAGE && error->message[0] != '\0');
    text_escape(escaped, sizeof(escaped), error->message, strlen(error->message));
    require(strcmp(escaped, error->message) == 0);
    blank_out(escaped, "write @FILE");
    blank_out(escaped, "nor @FILE");
    blank_out(escaped, "'@'");
    /* A percent sign may stand in the name of a header. */
    for (char *name; (name = strstr(escaped, "the header ")) != NULL;)
        memset(name, ' ', strlen("the header ") + header_name_length(name + strlen("the header ")));
    for (size_t i = 0; i < sizeof(at_signs) / sizeof(at_signs[0]); i++)
        require(strstr(escaped, at_signs[i]) == NULL);
}

static void check_url(const char *text)
{
    size_t length = strlen(text);
    size_t scheme = strcspn(text, ":");
    struct unicode_fault fault;
    require(length <= URL_LINE_MAX_BYTES);
    require((scheme == 4 && strncasecmp(text, "http", 4) == 0) || (scheme == 5 && strncasecmp(text, "https", 5) == 0));
    for (size_t i = 0; i < length; i++)
        require((unsigned char)text[i] > ' ' && text[i] != 0x7f);
    require(!unicode_find_fault(text, length, &fault));
    const char *authority = text + scheme + 1;
    authority += strspn(authority, "/");
    require(memchr(authority, '@', strcspn(authority, "/?#")) == NULL);
}

/* The host of a URL as libcurl has it, of which the list's must be the normal form. */
static void check_host_of_url(const char *text, const struct url_host *host)
{
    CURLU *parser = curl_url();
    char *name = NULL;
    char *port = NULL;
    char *user = NULL;
    require(curl_url_set(parser, CURLUPART_URL, text, 0) == CURLUE_OK);
    require(curl_url_get(parser, CURLUPART_USER, &user, 0) == CURLUE_NO_USER);
    require(curl_url_get(parser, CURLUPART_HOST, &name, 0) == CURLUE_OK);
    require(curl_url_get(parser, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK);
    require(atoi(port) == host->port);
    bool is_ascii = true;
    for (const char *c = name; *c != '\0'; c++)
        is_ascii = is_ascii && (unsigned char)*c < 0x80;
    size_t brackets = name[0] == '[';
    if (is_ascii)
        require(strlen(name) == host->name_length + 2 * brackets &&
                strncasecmp(name + brackets, host->name, host->name_length) == 0);
    curl_free(name);
    curl_free(port);
    curl_url_cleanup(parser);
}

static void check_host(const struct url_host *host)
{
    char name[64];
    unsigned char address[16];
    require(host->port > 0 && host->name_length > 0);
    for (size_t i = 0; i < host->name_length; i++) {
        char c = host->name[i];
        require((unsigned char)c < 0x80);
        require((unsigned char)c > ' ' && !(c >= 'A' && c <= 'Z') &&
                strchr(host->is_literal ? "[]@" : ":/?#[]@", c) == NULL);
    }
    bool is_long = host->name_length >= sizeof(name);
    snprintf(name, sizeof(name), "%.*s", is_long ? 0 : (int)host->name_length, host->name);
    require(host->is_literal == (inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1));
}

static bool is_same_host(const struct url_host *a, const struct url_host *b)
{
    return a->port == b->port && a->is_literal == b->is_literal && a->name_length == b->name_length &&
           memcmp(a->name, b->name, a->name_length) == 0;
}

static void check_message(const struct url_list *list, uint32_t url)
{
    const struct message *message = url_message(list, url);
    if (message == NULL) {
        require(strcmp(url_name(list, url), url_text(list, url)) == 0);
        return;
    }
    const char *method = message_method(message);
    require(list->first_request.file != NULL && !message_is_plain(message));
    require(method[0] != '\0' && method[header_name_length(method)] == '\0' && strcasecmp(method, "CONNECT") != 0);
    require(strcmp(method, "HEAD") != 0 || (message->is_head && message->body == NULL));
    require(strncmp(url_name(list, url), method, strlen(method)) == 0);
    for (size_t i = 0; i < message->header_count; i++) {
        const char *header = message->headers[i];
        size_t length = header_name_length(header);
        require(length > 0 && (header[length] == ':' || header[length] == ';') && strpbrk(header, "\r\n") == NULL);
    }
}

static void check_list(const struct url_list *list)
{
    uint64_t downloads = 0;
    uint32_t seen = 0;
    uint32_t seen_hosts = 0;
    require(list->url_count > 0 && list->line_count >= list->url_count && list->host_count <= list->url_count);
    for (size_t i = 0; i < list->line_count; i++) {
        const struct url_line *line = &list->lines[i];
        require(line->url <= seen && line->count > 0);
        seen += line->url == seen;
        downloads += line->count;
        require(i == 0 || list->lines[i - 1].url != line->url);
    }
    require(seen == list->url_count && downloads == list->downloads && downloads <= URL_DOWNLOADS_MAX);
    for (uint32_t i = 0; i < list->url_count; i++) {
        require(list->url_hosts[i] <= seen_hosts);
        seen_hosts += list->url_hosts[i] == seen_hosts;
        check_url(url_text(list, i));
        check_host_of_url(url_text(list, i), &list->hosts[list->url_hosts[i]]);
        check_message(list, i);
        for (uint32_t j = 0; j < i; j++)
            require(strcmp(url_name(list, i), url_name(list, j)) != 0);
    }
    require(seen_hosts == list->host_count);
    for (size_t i = 0; i < list->host_count; i++) {
        check_host(&list->hosts[i]);
        for (size_t j = 0; j < i; j++)
            require(!is_same_host(&list->hosts[i], &list->hosts[j]));
    }
}

static bool is_same_message(const struct message *a, const struct message *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    if (strcmp(message_method(a), message_method(b)) != 0 || a->header_count != b->header_count ||
        a->body_bytes != b->body_bytes || (a->body == NULL) != (b->body == NULL))
        return false;
    for (size_t i = 0; i < a->header_count; i++) {
        if (strcmp(a->headers[i], b->headers[i]) != 0)
            return false;
    }
    return a->body == NULL || memcmp(a->body, b->body, a->body_bytes) == 0;
}

static bool is_same_list(const struct url_list *a, const struct url_list *b)
{
    if (a->url_count != b->url_count || a->host_count != b->host_count || a->line_count != b->line_count ||
        a->downloads != b->downloads || url_list_digest(a) != url_list_digest(b))
        return false;
    for (uint32_t i = 0; i < a->url_count; i++) {
        if (strcmp(url_text(a, i), url_text(b, i)) != 0 || a->url_hosts[i] != b->url_hosts[i] ||
            strcmp(url_name(a, i), url_name(b, i)) != 0 || !is_same_message(url_message(a, i), url_message(b, i)))
            return false;
    }
    for (size_t i = 0; i < a->host_count; i++) {
        if (!is_same_host(&a->hosts[i], &b->hosts[i]))
            return false;
    }
    return memcmp(a->lines, b->lines, a->line_count * sizeof(a->lines[0])) == 0;
}

/* Written with as few lines as it takes, it is read as the same list; and its URLs are taken from the command line. */
static void check_again(const struct url_list *list)
{
    char *text = NULL;
    size_t length = 0;
    struct url_list again = {0};
    struct url_list arguments = {0};
    struct error error = {0};
    FILE *stream = open_memstream(&text, &length);
    for (size_t i = 0; i < list->line_count; i++) {
        const char *url = url_text(list, list->lines[i].url);
        for (uint32_t rest = list->lines[i].count, part; rest > 0; rest -= part) {
            part = rest > REPEAT_MAX ? REPEAT_MAX : rest;
            fprintf(stream, part == 1 ? "%s\n" : "%s x%u\n", url, part);
        }
    }
    fclose(stream);
    require(read_text(text, length, &again, &error) == 0 && is_same_list(list, &again));
    for (uint32_t i = 0; i < list->url_count; i++)
        require(url_list_add_url(&arguments, url_text(list, i), &error) == 0);
    require(arguments.url_count == list->url_count && arguments.host_count == list->host_count);
    require(arguments.downloads == list->url_count);
    free(text);
    url_list_release(&again);
    url_list_release(&arguments);
}

/* As other systems write it: with a byte order mark, a comment, and CRLF line ends, it is read as the same list. */
static void check_otherwise(const struct url_list *list, const char *data, size_t size)
{
    static const char mark[] = "\xef\xbb\xbf";
    char *text = NULL;
    size_t length = 0;
    struct url_list again = {0};
    struct error error = {0};
    FILE *stream = open_memstream(&text, &length);
    bool has_mark = size >= strlen(mark) && memcmp(data, mark, strlen(mark)) == 0;
    fprintf(stream, "%s# http://not.in.the.list/\r\n", mark);
    for (size_t i = has_mark ? strlen(mark) : 0; i < size; i++) {
        bool is_line_end = data[i] == '\n' || (data[i] == '\r' && i + 1 < size && data[i + 1] == '\n');
        if (!is_line_end)
            fputc(data[i], stream);
        else if (data[i] == '\n')
            fputs(" \t\r\n\n", stream);
    }
    fclose(stream);
    require(read_text(text, length, &again, &error) == 0 && is_same_list(list, &again));
    free(text);
    url_list_release(&again);
}

/* Requests, as other systems write them: with CRLF line ends they are the same. */
static void check_line_ends(const struct url_list *list, const char *data, size_t size)
{
    char *text = NULL;
    size_t length = 0;
    struct url_list again = {0};
    struct error error = {0};
    FILE *stream = open_memstream(&text, &length);
    for (size_t i = 0; i < size; i++)
        fprintf(stream, data[i] == '\n' ? "\r%c" : "%c", data[i]);
    fclose(stream);
    require(read_text(text, length, &again, &error) == 0 && is_same_list(list, &again));
    free(text);
    url_list_release(&again);
}

/* As an argument, the text is one URL or none. */
static void check_argument(const uint8_t *data, size_t size)
{
    struct url_list list = {0};
    struct error error = {0};
    char *text = strndup((const char *)data, size);
    require(text != NULL);
    if (url_list_add_url(&list, text, &error) == 0) {
        require(list.downloads == 1 && strcmp(url_text(&list, 0), text) == 0);
        check_list(&list);
    } else {
        check_refusal(&error);
    }
    url_list_release(&list);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct url_list list = {0};
    struct error error = {0};
    if (read_text(data, size, &list, &error) == 0) {
        check_list(&list);
        /* A file is read again as what it was; both together are twice as much. */
        uint64_t downloads = list.downloads;
        size_t urls = list.url_count;
        if (size < URL_LINE_MAX_BYTES / 2 && list.url_messages != NULL) {
            check_line_ends(&list, (const char *)data, size);
        } else if (size < URL_LINE_MAX_BYTES / 2) {
            check_again(&list);
            check_otherwise(&list, (const char *)data, size);
        }
        if (downloads <= URL_DOWNLOADS_MAX / 2)
            require(read_text(data, size, &list, &error) == 0 && list.downloads == 2 * downloads &&
                    list.url_count == urls);
        check_list(&list);
    } else {
        check_refusal(&error);
    }
    url_list_release(&list);
    check_argument(data, size);
    return 0;
}
