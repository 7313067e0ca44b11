#include "unit.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "conc_bench/workload/own_host.h"

static void localhost_is_a_whole_label(void **state)
{
    (void)state;
    static const char *const own[] = {"localhost", "LocalHost", "localhost.", "api.localhost", "a.b.LOCALHOST."};
    static const char *const others[] = {"notlocalhost", "localhost.example", "localhost..",   "",         ".",
                                         "ocalhost",     "xn--localhost",     "api-localhost", "127.0.0.1"};
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        if (!own_host_is_localhost(own[i], strlen(own[i])))
            fail_msg("not taken for this machine: %s", own[i]);
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (own_host_is_localhost(others[i], strlen(others[i])))
            fail_msg("taken for this machine: %s", others[i]);
    }
    assert_true(own_host_is_localhost("localhost/", strlen("localhost")));
}

static void loopback_is_this_machine(void **state)
{
    (void)state;
    static const char *const own[] = {"127.0.0.1", "127.255.0.9",      "0.0.0.0", "::1",  "[::1]",
                                      "::",        "::ffff:127.0.0.1", "[::]",    "0::1", "[::ffff:0.0.0.0]"};
    /* Addresses for documentation (RFC 5737, 3849), and what is none. */
    static const char *const others[] = {"192.0.2.1",        "2001:db8::1", "[2001:db8::1]",
                                         "::ffff:192.0.2.1", "128.0.0.1",   "127.1",
                                         "127.example",      "localhost",   ""};
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        if (!own_host_has_address(own[i]))
            fail_msg("not taken for this machine: %s", own[i]);
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (own_host_has_address(others[i]))
            fail_msg("taken for this machine: %s", others[i]);
    }
}

static void addresses_of_interfaces_are_this_machine(void **state)
{
    (void)state;
    struct ifaddrs *interfaces;
    assert_int_equal(getifaddrs(&interfaces), 0);
    for (struct ifaddrs *interface = interfaces; interface != NULL; interface = interface->ifa_next) {
        char text[INET_ADDRSTRLEN];
        bool is_ipv4 = interface->ifa_addr != NULL && interface->ifa_addr->sa_family == AF_INET;
        if (!is_ipv4 || (interface->ifa_flags & IFF_UP) == 0)
            continue;
        const struct sockaddr_in *address = (const void *)interface->ifa_addr;
        assert_non_null(inet_ntop(AF_INET, &address->sin_addr, text, sizeof(text)));
        if (!own_host_has_address(text))
            fail_msg("%s, of %s", text, interface->ifa_name);
    }
    freeifaddrs(interfaces);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(localhost_is_a_whole_label),
        cmocka_unit_test(loopback_is_this_machine),
        cmocka_unit_test(addresses_of_interfaces_are_this_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
