#include "conc_bench/workload/route.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conc_bench/base/number.h"
#include "conc_bench/workload/host_name.h"

enum { ADDRESS_BYTES = INET6_ADDRSTRLEN + 2, PROXY_PORT = 1080, HTTPS_PROXY_PORT = 443 };

/* Reads a name up to ':' or the end; IPv6 addresses have brackets, since they hold colons themselves. */
static bool take_name(const char **text, struct route_name *name)
{
    bool has_brackets = **text == '[';
    name->text = *text + has_brackets;
    name->length = strcspn(name->text, has_brackets ? "]" : ":");
    const char *end = name->text + name->length;
    if (has_brackets && *end++ != ']')
        return false;
    *text = end;
    return true;
}

/* Reads a port up to ':' or the end; nothing at all is 0. */
static bool take_port(const char **text, uint16_t *port)
{
    char digits[8];
    uint64_t number = 0;
    size_t length = strcspn(*text, ":");
    if (length >= sizeof(digits))
        return false;
    memcpy(digits, *text, length);
    digits[length] = '\0';
    if (length > 0 && (number_parse_count(digits, &number) != 0 || number == 0 || number > UINT16_MAX))
        return false;
    *text += length;
    *port = (uint16_t)number;
    return true;
}

/* Whether what was not taken is a port, but for its size. */
static bool is_high_port(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    return (text[digits] == ':' || text[digits] == '\0') && strtoul(text, NULL, 10) > UINT16_MAX;
}

static int refuse_high_port(const char *option, const char *text, const char *port, struct error *error)
{
    return error_set(error, ERROR_USAGE, "%s %.200s: the port %.*s is above %d", option, text,
                     (int)strspn(port, "0123456789"), port, UINT16_MAX);
}

/* libcurl compares these names with those of URLs, which are in their ASCII form by then. */
static int check_name(const char *option, const struct route_name *name, struct error *error)
{
    char ascii[HOST_NAME_MAX_BYTES + 1];
    char reason[HOST_NAME_REASON_BYTES];
    char text[4 * HOST_NAME_MAX_BYTES];
    if (host_name_is_ascii(name->text, name->length))
        return 0;
    if (host_name_encode(name->text, name->length, ascii))
        return error_set(error, ERROR_USAGE, "%s: write the host %.*s in its ASCII form, %s", option, (int)name->length,
                         name->text, ascii);
    snprintf(text, sizeof(text), "%.*s", (int)name->length, name->text);
    return error_set(error, ERROR_USAGE, "%s: %s", option, host_name_explain(text, reason));
}

static bool take_colon(const char **text)
{
    bool is_there = **text == ':';
    *text += is_there;
    return is_there;
}

static bool is_address(const char *text, size_t length)
{
    char digits[ADDRESS_BYTES];
    unsigned char bytes[sizeof(struct in6_addr)];
    bool has_brackets = length > 1 && text[0] == '[' && text[length - 1] == ']';
    text += has_brackets;
    length -= has_brackets ? 2 : 0;
    if (length >= sizeof(digits))
        return false;
    memcpy(digits, text, length);
    digits[length] = '\0';
    return inet_pton(AF_INET6, digits, bytes) == 1 || (!has_brackets && inet_pton(AF_INET, digits, bytes) == 1);
}

static bool are_addresses(const char *list)
{
    for (;;) {
        size_t length = strcspn(list, ",");
        if (!is_address(list, length))
            return false;
        if (list[length] == '\0')
            return true;
        list += length + 1;
    }
}

int route_parse_pin(const char *text, struct route_pin *pin, struct error *error)
{
    const char *next = text + (text[0] == '+');
    bool is_complete = take_name(&next, &pin->from) && pin->from.length > 0 && pin->from.text[0] != '-' &&
                       take_colon(&next) && take_port(&next, &pin->from.port) && pin->from.port != 0 &&
                       take_colon(&next);
    if (!is_complete && is_high_port(next))
        return refuse_high_port("--resolve", text, next, error);
    if (!is_complete)
        return error_set(error, ERROR_USAGE,
                         "--resolve must be HOST:PORT:ADDRESS[,ADDRESS]..., such as example.com:443:192.0.2.1 "
                         "(got \"%.200s\")",
                         text);
    pin->addresses = next;
    if (!are_addresses(next))
        return error_set(error, ERROR_USAGE,
                         "--resolve %.200s: \"%.200s\" is no list of addresses, such as 192.0.2.1,[2001:db8::1]", text,
                         next);
    if (pin->from.length == 1 && pin->from.text[0] == '*')
        pin->from.length = 0;
    return check_name("--resolve", &pin->from, error);
}

bool route_has_version(const struct route_pin *pin, enum ip_version version)
{
    const char *next = pin->addresses;
    for (;;) {
        size_t length = strcspn(next, ",");
        bool is_6 = memchr(next, ':', length) != NULL;
        if (version == IP_VERSION_ANY || is_6 == (version == IP_VERSION_6))
            return true;
        if (next[length] == '\0')
            return false;
        next += length + 1;
    }
}

int route_parse_detour(const char *text, struct route_detour *detour, struct error *error)
{
    const char *next = text;
    if (take_name(&next, &detour->from) && take_colon(&next) && take_port(&next, &detour->from.port) &&
        take_colon(&next) && take_name(&next, &detour->to) && take_colon(&next) && take_port(&next, &detour->to.port) &&
        *next == '\0')
        return check_name("--connect-to", &detour->from, error) != 0 ? -1
                                                                     : check_name("--connect-to", &detour->to, error);
    if (is_high_port(next))
        return refuse_high_port("--connect-to", text, next, error);
    return error_set(error, ERROR_USAGE,
                     "--connect-to must be HOST1:PORT1:HOST2:PORT2, any of which may be empty (got \"%.200s\")", text);
}

static const struct {
    const char *scheme;
    uint16_t port;
    bool resolves_names;
} proxy_schemes[] = {
    {"http", PROXY_PORT, true},    {"https", HTTPS_PROXY_PORT, true}, {"socks4", PROXY_PORT, false},
    {"socks4a", PROXY_PORT, true}, {"socks5", PROXY_PORT, false},     {"socks5h", PROXY_PORT, true},
};
enum { PROXY_SCHEMES = sizeof(proxy_schemes) / sizeof(proxy_schemes[0]) };

int route_parse_proxy(const char *text, const char *place, struct route_proxy *proxy, struct error *error)
{
    const char *slashes = strstr(text, "://");
    size_t scheme = 0;
    while (slashes != NULL && scheme < PROXY_SCHEMES &&
           (strlen(proxy_schemes[scheme].scheme) != (size_t)(slashes - text) ||
            strncasecmp(text, proxy_schemes[scheme].scheme, (size_t)(slashes - text)) != 0))
        scheme++;
    if (scheme == PROXY_SCHEMES)
        return error_set(error, ERROR_USAGE,
                         "%s: unknown scheme; known are http, https, socks4, socks4a, socks5 and socks5h", place);
    const char *start = slashes != NULL ? slashes + strlen("://") : text;
    const char *end = start + strcspn(start, "/?#");
    const char *at = end; /* the last in the authority */
    while (at > start && at[-1] != '@')
        at--;
    char authority[300];
    size_t offset = (size_t)(at - start);
    size_t length = (size_t)(end - start) - offset;
    *proxy =
        (struct route_proxy){.has_credentials = at > start, .resolves_names = proxy_schemes[scheme].resolves_names};
    bool has_room = length > 0 && length < sizeof(authority);
    memcpy(authority, start + offset, has_room ? length : 0);
    authority[has_room ? length : 0] = '\0';
    const char *next = authority;
    bool is_right =
        has_room && strpbrk(authority, " \t\r\n") == NULL && take_name(&next, &proxy->name) && proxy->name.length > 0;
    if (is_right && *next == ':')
        is_right = take_colon(&next) && take_port(&next, &proxy->name.port);
    if (!is_right && has_room && is_high_port(next))
        return error_set(error, ERROR_USAGE, "%s has a port above %d", place, UINT16_MAX);
    if (!is_right || *next != '\0' || end[strspn(end, "/")] != '\0')
        return error_set(error, ERROR_USAGE, "%s must be [SCHEME://]HOST[:PORT], such as http://proxy.example:3128",
                         place);
    /* It is not shown, since it may be a part of a password. */
    if (!host_name_is_ascii(proxy->name.text, proxy->name.length))
        return error_set(error, ERROR_USAGE, "%s has a host that is not in its ASCII form (xn--...)", place);
    /* The place of the name in the text, which outlives this copy. */
    proxy->name.text = start + offset + (proxy->name.text - authority);
    if (proxy->name.port == 0)
        proxy->name.port = proxy_schemes[scheme].port;
    return 0;
}

bool route_matches(const struct route_name *from, const char *name, size_t length, uint16_t port)
{
    bool is_port = from->port == 0 || from->port == port;
    bool is_name = from->length == 0 || (from->length == length && strncasecmp(from->text, name, length) == 0);
    return is_port && is_name;
}
