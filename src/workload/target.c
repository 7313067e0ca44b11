#include "conc_bench/workload/target.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conc_bench/platform/memory.h"

bool target_is_tls(const char *url)
{
    return strncasecmp(url, "https:", sizeof("https:") - 1) == 0;
}

char *target_request(const char *url)
{
    CURLU *parser = curl_url();
    char *path = NULL, *query = NULL, *request = NULL;
    bool is_parsed = parser != NULL && curl_url_set(parser, CURLUPART_URL, url, 0) == CURLUE_OK &&
                     curl_url_get(parser, CURLUPART_PATH, &path, 0) == CURLUE_OK;
    CURLUcode status = is_parsed ? curl_url_get(parser, CURLUPART_QUERY, &query, 0) : CURLUE_OUT_OF_MEMORY;
    bool has_query = status == CURLUE_OK;
    if (is_parsed && (has_query || status == CURLUE_NO_QUERY) &&
        asprintf(&request, "%s%s%s", path, has_query ? "?" : "", has_query ? query : "") < 0)
        request = NULL;
    curl_free(path);
    curl_free(query);
    curl_url_cleanup(parser);
    return request;
}

bool target_parse(const struct target_list *list, uint32_t url, void *parser)
{
    /* A port that is not given follows the scheme: what is asked of the origin is the same either way. */
    return curl_url_set(parser, CURLUPART_URL, list->texts[url], 0) == CURLUE_OK &&
           (!list->is_plain || curl_url_set(parser, CURLUPART_SCHEME, "http", 0) == CURLUE_OK);
}

static int parse_all(struct target_list *list)
{
    list->parsed = calloc(list->count, sizeof(list->parsed[0]));
    if (list->parsed == NULL)
        return -1;
    for (uint32_t i = 0; i < list->count; i++) {
        list->parsed[i] = curl_url();
        if (list->parsed[i] == NULL || !target_parse(list, i, list->parsed[i]))
            return -1;
    }
    return 0;
}

int target_list_make(const char *const *texts, size_t count, bool is_plain, struct target_list *list,
                     struct error *error)
{
    *list = (struct target_list){.texts = texts, .count = count, .is_plain = is_plain};
    for (size_t i = 0; i < count && !is_plain && !list->has_tls; i++)
        list->has_tls = target_is_tls(texts[i]);
    if (count > TARGETS_PARSED_MAX || parse_all(list) == 0)
        return 0;
    target_list_release(list);
    return error_set(error, ERROR_ENVIRONMENT, "no memory for %zu parsed URLs", count);
}

/* Messages */

static int append(struct curl_slist **list, const char *text)
{
    struct curl_slist *longer = curl_slist_append(*list, text);
    if (longer == NULL)
        return -1;
    *list = longer;
    return 0;
}

static bool replaces_any(const struct message *message, char *const *headers, size_t header_count)
{
    for (size_t i = 0; i < header_count; i++) {
        if (message_replaces(message, headers[i]))
            return true;
    }
    return false;
}

/* Headers that all requests have are in one list, at the end of those of most messages. */
static int list_headers(struct target_list *list, size_t number, char *const *headers, size_t header_count)
{
    const struct message *message = &list->messages[number];
    struct curl_slist *own = NULL;
    bool is_apart = replaces_any(message, headers, header_count);
    int status = 0;
    for (size_t i = 0; status == 0 && i < message->header_count; i++)
        status = append(&own, message->headers[i]);
    for (size_t i = 0; status == 0 && is_apart && i < header_count; i++) {
        if (!message_replaces(message, headers[i]))
            status = append(&own, headers[i]);
    }
    struct curl_slist *last = own;
    while (last != NULL && last->next != NULL)
        last = last->next;
    if (last != NULL && !is_apart)
        last->next = list->common_headers;
    list->message_headers[number] = last != NULL ? own : list->common_headers;
    return status;
}

int target_list_add_messages(struct target_list *list, const uint32_t *url_messages,
                             const struct message_list *messages, char *const *headers, size_t header_count,
                             struct error *error)
{
    struct curl_slist *common = NULL;
    int status = 0;
    list->message_headers = calloc(messages->count + 1, sizeof(list->message_headers[0]));
    if (list->message_headers == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for %zu requests", messages->count);
    list->url_messages = url_messages;
    list->messages = messages->items;
    list->message_count = messages->count;
    for (size_t i = 0; status == 0 && i < header_count; i++)
        status = append(&common, headers[i]);
    list->common_headers = common;
    for (size_t i = 0; status == 0 && i < messages->count; i++)
        status = list_headers(list, i, headers, header_count);
    return status == 0 ? 0 : error_set(error, ERROR_ENVIRONMENT, "no memory for the headers of requests");
}

/* Releases the headers up to those that all requests have; wiped, as the request's are. */
static void release_headers(struct curl_slist *headers, const struct curl_slist *common)
{
    struct curl_slist *last = headers;
    if (headers == common)
        return;
    while (last->next != NULL && last->next != common)
        last = last->next;
    last->next = NULL;
    for (struct curl_slist *header = headers; header != NULL; header = header->next)
        memory_wipe(header->data, strlen(header->data));
    curl_slist_free_all(headers);
}

void target_list_release(struct target_list *list)
{
    for (size_t i = 0; list->message_headers != NULL && i < list->message_count; i++)
        release_headers(list->message_headers[i], list->common_headers);
    free(list->message_headers);
    list->message_headers = NULL;
    release_headers(list->common_headers, NULL);
    list->common_headers = NULL;
    for (size_t i = 0; list->parsed != NULL && i < list->count; i++)
        curl_url_cleanup(list->parsed[i]);
    free(list->parsed);
    list->parsed = NULL;
}
