#include "conc_bench/workload/own_host.h"
#include "conc_bench/platform/descriptor.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

/* Any port will do: nothing is sent there. */
enum { SOME_PORT = 9 };

bool own_host_is_localhost(const char *name, size_t length)
{
    static const char localhost[] = "localhost";
    size_t suffix = strlen(localhost);
    length -= length > 0 && name[length - 1] == '.';
    return length >= suffix && strncasecmp(name + length - suffix, localhost, suffix) == 0 &&
           (length == suffix || name[length - suffix - 1] == '.');
}

/* The source of a packet to one of this machine's addresses is that same address. */
static bool is_source(const struct sockaddr *address, socklen_t length, struct sockaddr *source)
{
    int probe = descriptor_socket(address->sa_family, SOCK_DGRAM, 0);
    if (probe < 0)
        return false;
    socklen_t source_length = length;
    bool is_found = connect(probe, address, length) == 0 && getsockname(probe, source, &source_length) == 0;
    close(probe);
    return is_found;
}

static bool has_ipv4(struct in_addr address)
{
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(SOME_PORT), .sin_addr = address};
    struct sockaddr_in source = {0};
    bool is_loopback = ntohl(address.s_addr) >> 24 == IN_LOOPBACKNET;
    return is_loopback || address.s_addr == htonl(INADDR_ANY) ||
           (is_source((const void *)&there, sizeof(there), (void *)&source) &&
            source.sin_addr.s_addr == address.s_addr);
}

static bool has_ipv6(const struct in6_addr *address)
{
    struct sockaddr_in6 there = {.sin6_family = AF_INET6, .sin6_port = htons(SOME_PORT), .sin6_addr = *address};
    struct sockaddr_in6 source = {0};
    struct in_addr mapped;
    memcpy(&mapped, address->s6_addr + 12, sizeof(mapped));
    if (IN6_IS_ADDR_V4MAPPED(address))
        return has_ipv4(mapped);
    return IN6_IS_ADDR_LOOPBACK(address) || IN6_IS_ADDR_UNSPECIFIED(address) ||
           (is_source((const void *)&there, sizeof(there), (void *)&source) &&
            IN6_ARE_ADDR_EQUAL(&source.sin6_addr, address));
}

bool own_host_has_address(const char *address)
{
    char digits[INET6_ADDRSTRLEN + 2];
    struct in_addr ipv4;
    struct in6_addr ipv6;
    snprintf(digits, sizeof(digits), "%s", address + (address[0] == '['));
    digits[strcspn(digits, "]")] = '\0';
    if (inet_pton(AF_INET, digits, &ipv4) == 1)
        return has_ipv4(ipv4);
    return inet_pton(AF_INET6, digits, &ipv6) == 1 && has_ipv6(&ipv6);
}
