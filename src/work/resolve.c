#include "conc_bench/resolve.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* All different addresses in the order given, "192.0.2.1,[2001:db8::1]"; "" if there is none that can be used. To be
 * freed; NULL: out of memory. */
static char *list_addresses(const struct addrinfo *addresses)
{
    size_t size = 1;
    for (const struct addrinfo *address = addresses; address != NULL; address = address->ai_next)
        size += ADDRESS_TEXT + 1;
    char *list = calloc(size, 1);
    size_t length = 0;
    for (const struct addrinfo *address = addresses; list != NULL && address != NULL; address = address->ai_next) {
        char text[ADDRESS_TEXT];
        if (write_address(address, text) && !has_address(list, text))
            length += (size_t)snprintf(list + length, size - length, "%s%s", length > 0 ? "," : "", text);
    }
    return list;
}

/* Without AI_ADDRCONFIG, which leaves loopback addresses out of account: a machine with nothing else would no longer
 * find its own localhost. Addresses of a family it has no route for are sorted last (RFC 6724) and fail at once. */
static int look_up(const char *name, struct addrinfo **addresses)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    int failure = getaddrinfo(name, NULL, &hints, addresses);
    return failure == EAI_AGAIN ? getaddrinfo(name, NULL, &hints, addresses) : failure;
}

/* localhost and whatever ends in ".localhost": never asked for (RFC 6761, section 6.3), and known to libcurl as well; a
 * minimal system has no file that tells them. */
static bool is_localhost(const char *name)
{
    static const char localhost[] = "localhost";
    size_t length = strlen(name);
    size_t suffix = strlen(localhost);
    return length >= suffix && strcmp(name + length - suffix, localhost) == 0 &&
           (length == suffix || name[length - suffix - 1] == '.');
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

/* Whether any of a list of addresses with commas between them is public. */
static bool has_public(const char *list)
{
    char address[ADDRESS_TEXT];
    while (*list != '\0') {
        size_t length = strcspn(list, ",");
        snprintf(address, sizeof(address), "%.*s", (int)length, list);
        if (resolve_is_public(address))
            return true;
        list += length + (list[length] == ',');
    }
    return false;
}

/* Looks a name up. On success there is a list of addresses, or a reason why there is none. -1: out of memory. */
static int find_addresses(const struct url_host *host, char **list, const char **why)
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
    if (is_localhost(name)) {
        *list = strdup("[::1],127.0.0.1");
        return *list != NULL ? 0 : -1;
    }
    int failure = look_up(name, &addresses);
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

/* Resolves one name for all hosts that have it. */
static int resolve_group(const struct url_list *list, const struct url_host *const *group, size_t count,
                         struct resolutions *resolutions)
{
    char *addresses;
    const char *why;
    int status = find_addresses(group[0], &addresses, &why);
    for (size_t i = 0; status == 0 && i < count; i++) {
        struct resolution *resolution = &resolutions->hosts[group[i] - list->hosts];
        resolution->why = why;
        resolutions->failed_count += why != NULL;
        resolution->is_public = addresses != NULL && has_public(addresses);
        if (why == NULL)
            status = make_pin(group[i], addresses, &resolution->pin);
    }
    free(addresses);
    return status;
}

int resolve_hosts(const struct url_list *list, struct resolutions *resolutions,
                  void (*notify)(void *context, size_t done, size_t total), void *context, struct error *error)
{
    size_t count = list->host_count;
    /* One more, since a size of 0 may be answered by NULL. */
    const struct url_host **order = calloc(count + 1, sizeof(order[0]));
    *resolutions = (struct resolutions){.hosts = calloc(count + 1, sizeof(resolutions->hosts[0])), .host_count = count};
    int status = order == NULL || resolutions->hosts == NULL ? -1 : 0;
    for (size_t i = 0; status == 0 && i < count; i++)
        order[i] = &list->hosts[i];
    /* One name at several ports, as "http" and "https" bring it along, is asked for once and gets the same addresses.
     */
    if (status == 0 && count > 0)
        qsort(order, count, sizeof(order[0]), compare_hosts);
    for (size_t i = 0, next; status == 0 && i < count; i = next) {
        for (next = i + 1; next < count && compare_names(order[i], order[next]) == 0;)
            next++;
        if (order[i]->is_literal) {
            char address[ADDRESS_TEXT];
            snprintf(address, sizeof(address), "%.*s", (int)order[i]->name_length, order[i]->name);
            for (size_t j = i; j < next; j++)
                resolutions->hosts[order[j] - list->hosts].is_public = resolve_is_public(address);
            continue;
        }
        if (notify != NULL)
            notify(context, i, count);
        status = resolve_group(list, order + i, next - i, resolutions);
    }
    free(order);
    if (status != 0) {
        resolutions_release(resolutions);
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the addresses of %zu hosts", count);
    }
    return 0;
}

void resolutions_release(struct resolutions *resolutions)
{
    for (size_t i = 0; resolutions->hosts != NULL && i < resolutions->host_count; i++)
        free(resolutions->hosts[i].pin);
    free(resolutions->hosts);
    *resolutions = (struct resolutions){0};
}
