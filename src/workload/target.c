#include "conc_bench/workload/target.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

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
    if (count > TARGETS_PARSED_MAX || parse_all(list) == 0)
        return 0;
    target_list_release(list);
    return error_set(error, ERROR_ENVIRONMENT, "no memory for %zu parsed URLs", count);
}

void target_list_release(struct target_list *list)
{
    for (size_t i = 0; list->parsed != NULL && i < list->count; i++)
        curl_url_cleanup(list->parsed[i]);
    free(list->parsed);
    list->parsed = NULL;
}
