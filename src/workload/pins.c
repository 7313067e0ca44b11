#include "conc_bench/workload/pins.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool pin_stands_for_any(const char *text)
{
    return strncmp(text + (text[0] == '+'), "*:", strlen("*:")) == 0;
}

size_t pin_measure_name(const char *text, const char **start)
{
    *start = text + (text[0] == '+');
    size_t name = strcspn(*start, ":");
    return name + ((*start)[name] == ':' ? 1 + strspn(*start + name + 1, "0123456789") : 0);
}

bool pins_are_many(const struct pins *pins)
{
    return pins != NULL && pins->count > PINS_FEW;
}

/* FNV-1a (Fowler, Noll and Vo) of a name, letters counting alike, and a port; spread, since names that differ in their
 * last bytes only would stand close together. */
static uint64_t hash_name(const char *name, size_t length, uint16_t port)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ port;
    for (size_t i = 0; i < length; i++) {
        unsigned char letter = (unsigned char)name[i];
        hash = (hash ^ (letter >= 'A' && letter <= 'Z' ? letter | 0x20U : letter)) * UINT64_C(0x100000001b3);
    }
    hash = (hash ^ (hash >> 32)) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ (hash >> 32);
}

/* "host:port" of an entry in two. */
static void split_name(const char *text, const char **name, size_t *length, uint16_t *port)
{
    pin_measure_name(text, name);
    *length = strcspn(*name, ":");
    *port = (uint16_t)strtoul(*name + *length + ((*name)[*length] == ':'), NULL, 10);
}

/* The slot of a name and port, or the empty one where it would be. */
static uint32_t *find_slot(const struct pins *pins, const char *name, size_t length, uint16_t port)
{
    for (size_t i = hash_name(name, length, port);; i++) {
        uint32_t *slot = &pins->slots[i & (pins->slot_count - 1)];
        const char *other;
        size_t other_length;
        uint16_t other_port;
        if (*slot == PIN_NONE)
            return slot;
        split_name(pins->texts[*slot], &other, &other_length, &other_port);
        if (other_port == port && other_length == length && strncasecmp(other, name, length) == 0)
            return slot;
    }
}

uint32_t pins_find(const struct pins *pins, const char *name, size_t length, uint16_t port)
{
    const struct url_host host = {.name = name, .name_length = (uint16_t)length, .port = port};
    if (length > UINT16_MAX)
        return PIN_NONE;
    struct url_host destination = resolve_destination(&host, &pins->request->options->connect_to);
    return *find_slot(pins, destination.name, destination.name_length, destination.port);
}

uint32_t pins_of_url(const struct pins *pins, uint32_t url)
{
    return pins->of_hosts[pins->url_hosts[url]];
}

/* Makes the table in which the rest is found. */
static int index_names(struct pins *pins, const struct url_list *urls)
{
    pins->slot_count = 1;
    while (pins->slot_count < 2 * pins->count)
        pins->slot_count *= 2;
    pins->slots = malloc(pins->slot_count * sizeof(pins->slots[0]));
    pins->of_hosts = malloc((urls->host_count + 1) * sizeof(pins->of_hosts[0]));
    if (pins->slots == NULL || pins->of_hosts == NULL)
        return -1;
    memset(pins->slots, 0xff, pins->slot_count * sizeof(pins->slots[0]));
    for (uint32_t i = 0; i < pins->count; i++) {
        const char *name;
        size_t length;
        uint16_t port;
        split_name(pins->texts[i], &name, &length, &port);
        if (!pin_stands_for_any(pins->texts[i]))
            *find_slot(pins, name, length, port) = i;
    }
    for (size_t i = 0; i < urls->host_count; i++)
        pins->of_hosts[i] = pins_find(pins, urls->hosts[i].name, urls->hosts[i].name_length, urls->hosts[i].port);
    pins->url_hosts = urls->url_hosts;
    return 0;
}

static int list_pins(struct pins *pins, const struct request *request, const struct resolutions *resolutions)
{
    const struct request_texts *given = &request->options->resolve;
    size_t most = resolutions->host_count + REQUEST_PROXIES_MAX + given->count + 1;
    pins->texts = calloc(most, sizeof(pins->texts[0]));
    pins->fixed = calloc(most, sizeof(pins->fixed[0]));
    if (pins->texts == NULL || pins->fixed == NULL)
        return -1;
    for (size_t i = 0; i < resolutions->host_count; i++) {
        if (resolutions->hosts[i].pin != NULL)
            pins->texts[pins->count++] = resolutions->hosts[i].pin;
    }
    for (size_t i = 0; i < REQUEST_PROXIES_MAX; i++) {
        if (resolutions->proxy_pins[i] != NULL)
            pins->fixed[pins->fixed_count++] = pins->texts[pins->count++] = resolutions->proxy_pins[i];
    }
    for (size_t i = 0; i < given->count; i++) {
        pins->texts[pins->count++] = given->items[i].text;
        if (pin_stands_for_any(given->items[i].text))
            pins->fixed[pins->fixed_count++] = given->items[i].text;
    }
    if (pins_are_many(pins))
        return 0;
    memcpy(pins->fixed, pins->texts, pins->count * sizeof(pins->texts[0]));
    pins->fixed_count = pins->count;
    return 0;
}

int pins_make(const struct url_list *urls, const struct request *request, const struct resolutions *resolutions,
              struct pins *pins, struct error *error)
{
    *pins = (struct pins){.request = request};
    if (list_pins(pins, request, resolutions) == 0 && (!pins_are_many(pins) || index_names(pins, urls) == 0))
        return 0;
    pins_release(pins);
    return error_set(error, ERROR_ENVIRONMENT, "no memory for the addresses of %zu hosts", urls->host_count);
}

void pins_release(struct pins *pins)
{
    free(pins->texts);
    free(pins->fixed);
    free(pins->slots);
    free(pins->of_hosts);
    *pins = (struct pins){0};
}
