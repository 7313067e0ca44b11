#include "conc_bench/workload/resolve.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/base/text_buffer.h"
#include "conc_bench/workload/own_host.h"
#include "conc_bench/workload/route.h"

/* "[", an address, "]". */
enum { ADDRESS_TEXT = INET6_ADDRSTRLEN + 2 };

/* Writes an address as CURLOPT_RESOLVE wants it: "192.0.2.1", "[2001:db8::1]". False: it cannot be written so, which
 * goes for link-local ones too, since there is no place for their interface. */
static bool write_address(const struct addrinfo *address, char text[ADDRESS_TEXT])
{
    char digits[INET6_ADDRSTRLEN];
    if (address->ai_family == AF_INET) {
        const struct sockaddr_in *ipv4 = (const void *)address->ai_addr;
        return inet_ntop(AF_INET, &ipv4->sin_addr, text, ADDRESS_TEXT) != NULL;
    }
    if (address->ai_family != AF_INET6)
        return false;
    const struct sockaddr_in6 *ipv6 = (const void *)address->ai_addr;
    if (ipv6->sin6_scope_id != 0 || inet_ntop(AF_INET6, &ipv6->sin6_addr, digits, sizeof(digits)) == NULL)
        return false;
    snprintf(text, ADDRESS_TEXT, "[%s]", digits);
    return true;
}

/* Whether a list of addresses with commas between them holds this one. */
static bool has_address(const char *list, const char *address)
{
    size_t length = strlen(address);
    for (;;) {
        size_t item = strcspn(list, ",");
        if (item == length && memcmp(list, address, length) == 0)
            return true;
        if (list[item] == '\0')
            return false;
        list += item + 1;
    }
}

/* Lists all different addresses in the order given, "192.0.2.1,[2001:db8::1]"; "" if there is none that can be used. To
 * be freed; NULL: out of memory. */
static char *list_addresses(const struct addrinfo *addresses)
{
    struct text_buffer list = {0};
    for (const struct addrinfo *address = addresses; address != NULL; address = address->ai_next) {
        char text[ADDRESS_TEXT];
        if (write_address(address, text) && !has_address(text_buffer_text(&list), text))
            text_buffer_add(&list, "%s%s", list.length > 0 ? "," : "", text);
    }
    return text_buffer_take(&list);
}

/* The look-up does without AI_ADDRCONFIG, which leaves loopback addresses out of account: a machine with nothing else
 * would no longer find its own localhost. Addresses of a family it has no route for are sorted last (RFC 6724) and fail
 * at once. */
static int look_up(const char *name, enum ip_version version, struct addrinfo **addresses)
{
    static const int families[] = {[IP_VERSION_ANY] = AF_UNSPEC, [IP_VERSION_4] = AF_INET, [IP_VERSION_6] = AF_INET6};
    const struct addrinfo hints = {.ai_family = families[version], .ai_socktype = SOCK_STREAM};
    int failure = getaddrinfo(name, NULL, &hints, addresses);
    return failure == EAI_AGAIN ? getaddrinfo(name, NULL, &hints, addresses) : failure;
}

/* Networks that are nobody else's: the first `bits` bits of an address tell. */
static const struct {
    unsigned char prefix[4];
    unsigned bits;
} own_networks[] = {
    {{0, 0, 0, 0}, 8},      {{10, 0, 0, 0}, 8},    {{100, 64, 0, 0}, 10},  {{127, 0, 0, 0}, 8},
    {{169, 254, 0, 0}, 16}, {{172, 16, 0, 0}, 12}, {{192, 168, 0, 0}, 16},
};

static uint32_t to_number(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static bool is_public_4(const unsigned char *address)
{
    for (size_t i = 0; i < sizeof(own_networks) / sizeof(own_networks[0]); i++) {
        unsigned rest = 32 - own_networks[i].bits;
        if (to_number(address) >> rest == to_number(own_networks[i].prefix) >> rest)
            return false;
    }
    return true;
}

static bool is_public_6(const struct in6_addr *address)
{
    const unsigned char *bytes = address->s6_addr;
    if (IN6_IS_ADDR_V4MAPPED(address))
        return is_public_4(bytes + 12);
    bool is_unique_local = (bytes[0] & 0xfe) == 0xfc;
    return !IN6_IS_ADDR_LOOPBACK(address) && !IN6_IS_ADDR_UNSPECIFIED(address) && !IN6_IS_ADDR_LINKLOCAL(address) &&
           !is_unique_local;
}

bool resolve_is_public(const char *address)
{
    char digits[ADDRESS_TEXT];
    struct in_addr ipv4;
    struct in6_addr ipv6;
    bool has_brackets = address[0] == '[';
    snprintf(digits, sizeof(digits), "%s", address + has_brackets);
    digits[strcspn(digits, "]")] = '\0';
    if (inet_pton(AF_INET, digits, &ipv4) == 1)
        return is_public_4((const unsigned char *)&ipv4);
    return inet_pton(AF_INET6, digits, &ipv6) != 1 || is_public_6(&ipv6);
}

/* Whether it holds for any of a list of addresses with commas between them. */
static bool has_any(const char *list, bool (*holds)(const char *address))
{
    char address[ADDRESS_TEXT];
    while (*list != '\0') {
        size_t length = strcspn(list, ",");
        snprintf(address, sizeof(address), "%.*s", (int)length, list);
        if (holds(address))
            return true;
        list += length + (list[length] == ',');
    }
    return false;
}

/* Looks a name up. On success there is a list of addresses, or a reason why there is none. -1: out of memory. */
static int find_addresses(const struct url_host *host, enum ip_version version, char **list, const char **why)
{
    char name[NI_MAXHOST];
    struct addrinfo *addresses = NULL;
    *list = NULL;
    *why = NULL;
    if (host->name_length >= sizeof(name)) {
        *why = "the name is too long";
        return 0;
    }
    memcpy(name, host->name, host->name_length);
    name[host->name_length] = '\0';
    /* The addresses of localhost are never asked for, and known to libcurl as well; a minimal system has no file that
     * tells them. */
    if (own_host_is_localhost(name, host->name_length)) {
        *list = strdup(version == IP_VERSION_4 ? "127.0.0.1" : version == IP_VERSION_6 ? "[::1]" : "[::1],127.0.0.1");
        return *list != NULL ? 0 : -1;
    }
    int failure = look_up(name, version, &addresses);
    if (failure == EAI_MEMORY)
        return -1;
    if (failure != 0) {
        *why = gai_strerror(failure);
        return 0;
    }
    *list = list_addresses(addresses);
    freeaddrinfo(addresses);
    if (*list == NULL)
        return -1;
    if (**list == '\0')
        *why = "it has no address that can be pinned";
    return 0;
}

static int make_pin(const struct url_host *host, const char *addresses, char **pin)
{
    /* A leading '-' would tell libcurl to forget the name; behind a '+' (an entry that may expire, which ours never do,
     * by CURLOPT_DNS_CACHE_TIMEOUT) it is a part of it. */
    const char *start = host->name[0] == '-' ? "+" : "";
    int length =
        asprintf(pin, "%s%.*s:%u:%s", start, (int)host->name_length, host->name, (unsigned)host->port, addresses);
    if (length >= 0)
        return 0;
    *pin = NULL;
    return -1;
}

static int compare_names(const struct url_host *a, const struct url_host *b)
{
    size_t shorter = a->name_length < b->name_length ? a->name_length : b->name_length;
    int order = memcmp(a->name, b->name, shorter);
    return order != 0 ? order : (a->name_length > b->name_length) - (a->name_length < b->name_length);
}

static int compare_hosts(const void *a, const void *b)
{
    return compare_names(*(const struct url_host *const *)a, *(const struct url_host *const *)b);
}

/* The state while hosts are resolved. */
struct resolving {
    const struct request *request;
    struct url_host *destinations; /* where the connections for each host of the list go */
    struct resolutions *resolutions;
    bool is_optional; /* a proxy may make it needless: no failure is made of it */
};

/* Resolves one name for all hosts whose connections go there. */
static int resolve_group(const struct resolving *resolving, const struct url_host *const *group, size_t count)
{
    char *addresses;
    const char *why;
    int status = find_addresses(group[0], resolving->request->options->ip_version, &addresses, &why);
    for (size_t i = 0; status == 0 && i < count; i++) {
        struct resolution *resolution = &resolving->resolutions->hosts[group[i] - resolving->destinations];
        bool is_failure = why != NULL && !resolving->is_optional;
        resolution->why = is_failure ? why : NULL;
        resolving->resolutions->failed_count += is_failure;
        resolution->is_public = addresses != NULL ? has_any(addresses, resolve_is_public) : resolving->is_optional;
        resolution->is_local = addresses != NULL && has_any(addresses, own_host_has_address);
        if (why == NULL)
            status = make_pin(group[i], addresses, &resolution->pin);
    }
    free(addresses);
    return status;
}

static bool is_literal(const char *name, size_t length)
{
    char digits[INET6_ADDRSTRLEN];
    unsigned char bytes[sizeof(struct in6_addr)];
    if (length >= sizeof(digits))
        return false;
    memcpy(digits, name, length);
    digits[length] = '\0';
    return inet_pton(AF_INET, digits, bytes) == 1 || inet_pton(AF_INET6, digits, bytes) == 1;
}

struct url_host resolve_destination(const struct url_host *host, const struct request_texts *detours)
{
    struct url_host destination = *host;
    struct route_detour detour = {0};
    size_t i = 0;
    while (i < detours->count && (route_parse_detour(detours->items[i].text, &detour, NULL) != 0 ||
                                  !route_matches(&detour.from, host->name, host->name_length, host->port)))
        i++;
    if (i == detours->count)
        return destination;
    if (detour.to.length > 0) {
        destination.name = detour.to.text;
        destination.name_length = (uint16_t)detour.to.length;
        destination.is_literal = is_literal(detour.to.text, detour.to.length);
    }
    if (detour.to.port != 0)
        destination.port = detour.to.port;
    return destination;
}

/* The addresses that the last --resolve for a name and port gives; NULL: none. As in libcurl, one for the name counts
 * before those for any name. */
static const char *find_given(const struct url_host *host, const struct request_texts *texts)
{
    const char *found = NULL;
    bool is_found_exact = false;
    for (size_t i = 0; i < texts->count; i++) {
        struct route_pin pin;
        bool is_match = route_parse_pin(texts->items[i].text, &pin, NULL) == 0 &&
                        route_matches(&pin.from, host->name, host->name_length, host->port);
        bool is_exact = is_match && pin.from.length > 0;
        if (!is_match || (is_found_exact && !is_exact))
            continue;
        found = pin.addresses;
        is_found_exact = is_exact;
    }
    return found;
}

/* Whether a host needs to be asked for; otherwise all about it is known without. */
static bool needs_look_up(const struct resolving *resolving, size_t number)
{
    const struct url_host *host = &resolving->destinations[number];
    struct resolution *resolution = &resolving->resolutions->hosts[number];
    char address[ADDRESS_TEXT];
    const char *given = find_given(host, &resolving->request->options->resolve);
    if (resolving->request->options->unix_socket != NULL) {
        resolution->is_local = true;
        return false;
    }
    if (given == NULL && !host->is_literal)
        return true;
    if (given == NULL)
        snprintf(address, sizeof(address), "%.*s", (int)host->name_length, host->name);
    resolution->is_public = has_any(given != NULL ? given : address, resolve_is_public);
    resolution->is_local = has_any(given != NULL ? given : address, own_host_has_address);
    return false;
}

enum resolver resolve_resolver(const struct request *request)
{
    size_t resolving = 0;
    if (request->options->unix_socket != NULL)
        return RESOLVER_NONE;
    for (size_t i = 0; i < request->proxy_count; i++) {
        struct route_proxy proxy;
        resolving += route_parse_proxy(request->proxies[i], "", &proxy, NULL) == 0 && proxy.resolves_names;
    }
    if (resolving == 0)
        return RESOLVER_SELF;
    bool is_all = request->is_always_proxied && resolving == request->proxy_count;
    return is_all ? RESOLVER_PROXY : RESOLVER_SELF_AND_PROXY;
}

bool resolve_has_local_proxy(const struct request *request)
{
    for (size_t i = 0; i < request->proxy_count; i++) {
        struct route_proxy proxy;
        char name[NI_MAXHOST];
        if (route_parse_proxy(request->proxies[i], "", &proxy, NULL) != 0 || proxy.name.length >= sizeof(name))
            continue;
        memcpy(name, proxy.name.text, proxy.name.length);
        name[proxy.name.length] = '\0';
        if (own_host_is_localhost(name, proxy.name.length) || own_host_has_address(name))
            return true;
    }
    return false;
}

static int resolve_proxies(const struct resolving *resolving, struct error *error)
{
    const struct request *request = resolving->request;
    for (size_t i = 0; i < request->proxy_count; i++) {
        struct route_proxy proxy;
        char *addresses;
        const char *why;
        if (route_parse_proxy(request->proxies[i], "--proxy", &proxy, error) != 0)
            return -1;
        const struct url_host host = {
            .name = proxy.name.text, .name_length = (uint16_t)proxy.name.length, .port = proxy.name.port};
        const char *given = find_given(&host, &request->options->resolve);
        resolving->resolutions->is_proxy_local |= given != NULL && has_any(given, own_host_has_address);
        if (given != NULL || is_literal(host.name, host.name_length))
            continue;
        int status = find_addresses(&host, request->options->ip_version, &addresses, &why);
        resolving->resolutions->is_proxy_local |= addresses != NULL && has_any(addresses, own_host_has_address);
        if (status == 0 && why == NULL)
            status = make_pin(&host, addresses, &resolving->resolutions->proxy_pins[i]);
        free(addresses);
        if (status != 0)
            return error_set(error, ERROR_ENVIRONMENT, "no memory for the addresses of a proxy");
        if (why != NULL)
            return error_set(error, ERROR_ENVIRONMENT, "the proxy %.*s did not resolve: %s", (int)host.name_length,
                             host.name, why);
    }
    return 0;
}

/* Resolves all hosts in `order`, which it sorts: one name at several ports, as "http" and "https" bring it along, is
 * asked for once and gets the same addresses. */
static int resolve_ordered(const struct resolving *resolving, const struct url_host **order, size_t count,
                           void (*notify)(void *context, size_t done, size_t total), void *context)
{
    int status = 0;
    if (count > 0)
        qsort(order, count, sizeof(order[0]), compare_hosts);
    for (size_t i = 0, next; status == 0 && i < count; i = next) {
        for (next = i + 1; next < count && compare_names(order[i], order[next]) == 0;)
            next++;
        if (notify != NULL)
            notify(context, i, count);
        status = resolve_group(resolving, order + i, next - i);
    }
    return status;
}

int resolve_hosts(const struct url_list *list, const struct request *request, struct resolutions *resolutions,
                  void (*notify)(void *context, size_t done, size_t total), void *context, struct error *error)
{
    size_t count = list->host_count;
    size_t asked = 0;
    bool is_left = resolve_resolver(request) == RESOLVER_PROXY;
    struct resolving resolving = {
        .request = request,
        .resolutions = resolutions,
        .is_optional = request->proxy_count > 0,
        /* One more, since a size of 0 may be answered by NULL. */
        .destinations = calloc(count + 1, sizeof(resolving.destinations[0])),
    };
    const struct url_host **order = calloc(count + 1, sizeof(order[0]));
    *resolutions = (struct resolutions){.hosts = calloc(count + 1, sizeof(resolutions->hosts[0])), .host_count = count};
    int status = order == NULL || resolving.destinations == NULL || resolutions->hosts == NULL ? -1 : 0;
    for (size_t i = 0; status == 0 && i < count; i++) {
        resolving.destinations[i] = resolve_destination(&list->hosts[i], &request->options->connect_to);
        if (!needs_look_up(&resolving, i))
            continue;
        if (is_left)
            resolutions->hosts[i].is_public = true;
        else
            order[asked++] = &resolving.destinations[i];
    }
    if (status == 0)
        status = resolve_ordered(&resolving, order, asked, notify, context);
    if (status != 0)
        error_set(error, ERROR_ENVIRONMENT, "no memory for the addresses of %zu hosts", count);
    else
        status = resolve_proxies(&resolving, error);
    free(order);
    free(resolving.destinations);
    if (status != 0)
        resolutions_release(resolutions);
    return status;
}

void resolutions_release(struct resolutions *resolutions)
{
    for (size_t i = 0; resolutions->hosts != NULL && i < resolutions->host_count; i++)
        free(resolutions->hosts[i].pin);
    for (size_t i = 0; i < REQUEST_PROXIES_MAX; i++)
        free(resolutions->proxy_pins[i]);
    free(resolutions->hosts);
    *resolutions = (struct resolutions){0};
}
