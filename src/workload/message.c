#include "conc_bench/workload/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conc_bench/base/hash.h"
#include "conc_bench/base/text.h"
#include "conc_bench/platform/memory.h"
#include "conc_bench/workload/header.h"
#include "conc_bench/workload/request.h"

int message_add_header(struct message *message, const char *text)
{
    char *copy = strdup(text);
    char **longer = realloc(message->headers, (message->header_count + 1) * sizeof(longer[0]));
    message->headers = longer != NULL ? longer : message->headers;
    if (copy == NULL || longer == NULL) {
        request_wipe(copy);
        return -1;
    }
    longer[message->header_count++] = copy;
    return 0;
}

static void wipe_body(struct message *message)
{
    if (message->body != NULL)
        memory_wipe(message->body, message->body_bytes);
    free(message->body);
    message->body = NULL;
    message->body_bytes = 0;
}

int message_set_body(struct message *message, const char *bytes, size_t length)
{
    wipe_body(message);
    message->body = malloc(length + 1);
    if (message->body == NULL)
        return -1;
    memcpy(message->body, bytes, length);
    message->body[length] = '\0';
    message->body_bytes = length;
    return 0;
}

bool message_has_header(const struct message *message, const char *name)
{
    for (size_t i = 0; i < message->header_count; i++) {
        if (header_has_name(message->headers[i], name))
            return true;
    }
    return false;
}

bool message_replaces(const struct message *message, const char *header)
{
    size_t length = header_name_length(header);
    for (size_t i = 0; i < message->header_count; i++) {
        if (header_name_length(message->headers[i]) == length && strncasecmp(message->headers[i], header, length) == 0)
            return true;
    }
    return false;
}

bool message_is_plain(const struct message *message)
{
    return message->custom_method == NULL && !message->is_head && message->header_count == 0 && message->body == NULL;
}

const char *message_method(const struct message *message)
{
    if (message->custom_method != NULL)
        return message->custom_method;
    return message->is_head ? "HEAD" : message->body != NULL ? "POST" : "GET";
}

void message_release(struct message *message)
{
    for (size_t i = 0; i < message->header_count; i++)
        request_wipe(message->headers[i]);
    free(message->headers);
    free(message->custom_method);
    wipe_body(message);
    *message = (struct message){0};
}

void message_describe(const struct message *message, void (*tell)(void *context, const char *part), void *context)
{
    char part[300];
    for (size_t i = 0; i < message->header_count; i++) {
        const char *header = message->headers[i];
        int length = (int)header_name_length(header);
        bool has_value = header[length] == ':'; /* and not ';', for an empty one */
        const char *value = header + length + 1;
        value += strspn(value, " \t");
        if (has_value && *value == '\0')
            continue; /* it is not sent */
        if (!has_value)
            snprintf(part, sizeof(part), "%.*s:", length, header);
        else if (header_is_open(header))
            snprintf(part, sizeof(part), "%.*s: %s", length, header, value);
        else
            snprintf(part, sizeof(part), "%.*s: (%zu byte%s)", length, header, strlen(value),
                     text_plural(strlen(value)));
        tell(context, part);
    }
    if (message->body == NULL)
        return;
    snprintf(part, sizeof(part), "a body of %zu byte%s", message->body_bytes, text_plural(message->body_bytes));
    tell(context, part);
}

/* The hash covers all fields; the texts are in memory only. */
static uint64_t hash_of(const void *messages, size_t number)
{
    const struct message *message = (const struct message *)messages + number;
    const char *method = message_method(message);
    uint64_t hash = hash_text(method, strlen(method));
    for (size_t i = 0; i < message->header_count; i++)
        hash = hash_spread(hash ^ hash_text(message->headers[i], strlen(message->headers[i])));
    if (message->body != NULL)
        hash ^= hash_text(message->body, message->body_bytes);
    return hash_spread(hash);
}

static bool is_same_text(const char *one, const char *other)
{
    return one == other || (one != NULL && other != NULL && strcmp(one, other) == 0);
}

/* A message that is looked for. */
struct wanted_message {
    const struct message_list *list;
    const struct message *message;
};

static bool is_message(const void *key, size_t number)
{
    const struct wanted_message *wanted = key;
    const struct message *known = &wanted->list->items[number];
    const struct message *message = wanted->message;
    if (known->is_head != message->is_head || known->header_count != message->header_count ||
        known->body_bytes != message->body_bytes || (known->body == NULL) != (message->body == NULL) ||
        !is_same_text(known->custom_method, message->custom_method))
        return false;
    for (size_t i = 0; i < known->header_count; i++) {
        if (strcmp(known->headers[i], message->headers[i]) != 0)
            return false;
    }
    return known->body_bytes == 0 || memcmp(known->body, message->body, known->body_bytes) == 0;
}

static int make_room(struct message_list *list)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity + list->capacity / 2 + 16;
        struct message *items = realloc(list->items, capacity * sizeof(items[0]));
        if (items == NULL)
            return -1;
        list->items = items;
        list->capacity = capacity;
    }
    return hash_map_reserve(&list->map, list->count + 1, list->count, hash_of, list->items);
}

int message_list_add(struct message_list *list, struct message *message, uint32_t *number)
{
    const struct wanted_message wanted = {.list = list, .message = message};
    size_t place;
    if (make_room(list) != 0) {
        message_release(message);
        return -1;
    }
    uint64_t hash = hash_of(message, 0);
    size_t known = hash_map_find(&list->map, hash, is_message, &wanted, &place);
    *number = (uint32_t)(known != HASH_MAP_NONE ? known : list->count);
    if (known != HASH_MAP_NONE) {
        message_release(message);
        return 0;
    }
    hash_map_put(&list->map, hash, place, list->count);
    list->items[list->count++] = *message;
    *message = (struct message){0};
    return 0;
}

uint64_t message_digest(const struct message *message, uint64_t digest)
{
    const char *method = message_method(message);
    digest = hash_bytes(digest, method, strlen(method) + 1);
    for (size_t i = 0; i < message->header_count; i++) {
        digest = hash_bytes(digest, message->headers[i], header_name_length(message->headers[i]));
        digest = hash_bytes(digest, "", 1);
    }
    unsigned char bytes[8]; /* from the lowest, as on every machine */
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)((uint64_t)message->body_bytes >> (8 * i));
    return hash_bytes(digest, bytes, sizeof(bytes));
}

void message_list_release(struct message_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        message_release(&list->items[i]);
    free(list->items);
    hash_map_release(&list->map);
    *list = (struct message_list){0};
}
