#include "conc_bench/workload/pins.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conc_bench/base/hash.h"

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

/* Hashes a name, ignoring case, and a port. */
static uint64_t hash_name(const char *name, size_t length, uint16_t port)
{
    uint64_t hash = HASH_START ^ port;
    for (size_t i = 0; i < length; i++) {
        unsigned char letter = (unsigned char)name[i];
        letter |= letter >= 'A' && letter <= 'Z' ? 0x20 : 0;
        hash = hash_bytes(hash, &letter, 1);
    }
    return hash_spread(hash);
}

/* "host:port" of an entry in two. */
static void split_name(const char *text, const char **name, size_t *length, uint16_t *port)
{
    pin_measure_name(text, name);
    *length = strcspn(*name, ":");
    *port = (uint16_t)strtoul(*name + *length + ((*name)[*length] == ':'), NULL, 10);
}

/* A name and port that are looked for. */
struct wanted_pin {
    const struct pins *pins;
    const char *name;
    size_t length;
    uint16_t port;
};

static bool is_pin_of(const void *key, size_t pin)
{
    const struct wanted_pin *wanted = key;
    const char *name;
    size_t length;
    uint16_t port;
    split_name(wanted->pins->texts[pin], &name, &length, &port);
    return port == wanted->port && length == wanted->length && strncasecmp(name, wanted->name, length) == 0;
}

uint32_t pins_find(const struct pins *pins, const char *name, size_t length, uint16_t port)
{
    const struct url_host host = {.name = name, .name_length = (uint16_t)length, .port = port};
    if (length > UINT16_MAX)
        return PIN_NONE;
    struct url_host destination = resolve_destination(&host, &pins->request->options->connect_to);
    const struct wanted_pin wanted = {pins, destination.name, destination.name_length, destination.port};
    uint64_t hash = hash_name(wanted.name, wanted.length, wanted.port);
    size_t place;
    size_t pin = hash_map_find(&pins->map, hash, is_pin_of, &wanted, &place);
    return pin == HASH_MAP_NONE ? PIN_NONE : (uint32_t)pin;
}

uint32_t pins_of_url(const struct pins *pins, uint32_t url)
{
    return pins->of_hosts[pins->url_hosts[url]];
}

/* Makes the table in which the rest is found. */
static int index_names(struct pins *pins, const struct url_list *urls)
{
    pins->of_hosts = malloc((urls->host_count + 1) * sizeof(pins->of_hosts[0]));
    if (pins->of_hosts == NULL || hash_map_reserve(&pins->map, pins->count, 0, NULL, NULL) != 0)
        return -1;
    for (uint32_t i = 0; i < pins->count; i++) {
        struct wanted_pin wanted = {.pins = pins};
        size_t place;
        if (pin_stands_for_any(pins->texts[i]))
            continue;
        split_name(pins->texts[i], &wanted.name, &wanted.length, &wanted.port);
        uint64_t hash = hash_name(wanted.name, wanted.length, wanted.port);
        hash_map_find(&pins->map, hash, is_pin_of, &wanted, &place);
        hash_map_put(&pins->map, hash, place, i); /* the last of several */
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
    hash_map_release(&pins->map);
    free(pins->of_hosts);
    *pins = (struct pins){0};
}
