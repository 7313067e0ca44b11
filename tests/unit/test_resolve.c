#include "unit.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/workload/resolve.h"

/* A resolver that the test scripts stands before the system's, so that what no machine answers reliably (duplicates,
 * temporary failures, link-local addresses) can be answered here. Names it does not know go on to the system. */

static const struct script {
    const char *name;
    int first_failure; /* what the first look-up fails with; 0: it does not */
    int failure;       /* and the later ones */
    const char *addresses[5];
    uint32_t scope; /* of the IPv6 addresses */
} scripts[] = {
    {"many.test", 0, 0, {"192.0.2.1", "2001:db8::1", "192.0.2.1", "192.0.2.11", "2001:db8::1"}, 0},
    {"later.test", EAI_AGAIN, 0, {"192.0.2.2"}, 0},
    {"never.test", EAI_AGAIN, EAI_AGAIN, {NULL}, 0},
    {"gone.test", EAI_NONAME, 0, {"192.0.2.3"}, 0},
    {"local.test", 0, 0, {"fe80::1"}, 2},
    {"full.test", EAI_MEMORY, EAI_MEMORY, {NULL}, 0},
    {"-dash.test", 0, 0, {"192.0.2.4"}, 0},
};

enum { SCRIPTS = sizeof(scripts) / sizeof(scripts[0]) };

static unsigned lookups[SCRIPTS];
static unsigned held; /* scripted answers not yet freed */

struct answer {
    struct addrinfo info;
    union {
        struct sockaddr any;
        struct sockaddr_in ipv4;
        struct sockaddr_in6 ipv6;
    } address;
};

/* How freeaddrinfo() tells scripted answers from real ones. */
static char scripted_name[] = "scripted";

static struct answer *make_answer(const char *text, uint32_t scope)
{
    struct answer *answer = calloc(1, sizeof(*answer));
    assert_non_null(answer);
    answer->info.ai_canonname = scripted_name;
    answer->info.ai_addr = &answer->address.any;
    if (inet_pton(AF_INET, text, &answer->address.ipv4.sin_addr) == 1) {
        answer->info.ai_family = AF_INET;
    } else {
        assert_int_equal(inet_pton(AF_INET6, text, &answer->address.ipv6.sin6_addr), 1);
        answer->info.ai_family = AF_INET6;
        answer->address.ipv6.sin6_scope_id = scope;
    }
    answer->address.any.sa_family = (sa_family_t)answer->info.ai_family;
    held++;
    return answer;
}

static void find_next(const char *symbol, void *function, size_t size)
{
    void *next = dlsym(RTLD_NEXT, symbol);
    assert_non_null(next);
    memcpy(function, &next, size);
}

int getaddrinfo(const char *restrict name, const char *restrict service, const struct addrinfo *restrict hints,
                struct addrinfo **restrict run)
{
    assert_int_equal(hints->ai_socktype, SOCK_STREAM);
    for (size_t i = 0; i < SCRIPTS; i++) {
        if (strcmp(name, scripts[i].name) != 0)
            continue;
        int failure = lookups[i]++ == 0 ? scripts[i].first_failure : scripts[i].failure;
        for (size_t j = 0; failure == 0 && j < 5 && scripts[i].addresses[j] != NULL; j++) {
            *run = &make_answer(scripts[i].addresses[j], scripts[i].scope)->info;
            run = &(*run)->ai_next;
        }
        return failure;
    }
    int (*next)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    find_next("getaddrinfo", &next, sizeof(next));
    return next(name, service, hints, run);
}

void freeaddrinfo(struct addrinfo *list)
{
    if (list != NULL && list->ai_canonname != scripted_name) {
        void (*next)(struct addrinfo *);
        find_next("freeaddrinfo", &next, sizeof(next));
        next(list);
        return;
    }
    while (list != NULL) {
        struct addrinfo *next = list->ai_next;
        free(list);
        held--;
        list = next;
    }
}

static int forget_lookups(void **state)
{
    (void)state;
    memset(lookups, 0, sizeof(lookups));
    held = 0;
    return 0;
}

static void add(struct url_list *list, const char *url)
{
    struct error error = {0};
    if (url_list_add_url(list, url, &error) != 0)
        fail_msg("%s", error.message);
}

/* Nothing is asked for. */
static const struct request_options no_options;
static const struct request plain = {.options = &no_options};

static void resolve(const struct url_list *list, struct resolutions *resolutions)
{
    struct error error = {0};
    if (resolve_hosts(list, &plain, resolutions, NULL, NULL, &error) != 0)
        fail_msg("%s", error.message);
    assert_int_equal(resolutions->host_count, list->host_count);
    assert_int_equal(held, 0);
}

static void test_localhost_is_found_on_every_machine(void **state)
{
    (void)state;
    struct url_list list = {0};
    struct resolutions resolutions;
    add(&list, "http://LocalHost:8080/");
    resolve(&list, &resolutions);
    assert_int_equal(resolutions.failed_count, 0);
    assert_null(resolutions.hosts[0].why);
    assert_string_equal(resolutions.hosts[0].pin, "localhost:8080:[::1],127.0.0.1");
    resolutions_release(&resolutions);
    add(&list, "http://api.localhost/");
    add(&list, "http://nolocalhost/");
    resolve(&list, &resolutions);
    assert_string_equal(resolutions.hosts[1].pin, "api.localhost:80:[::1],127.0.0.1");
    assert_null(resolutions.hosts[2].pin);
    resolutions_release(&resolutions);
    url_list_release(&list);
}

static void test_a_name_that_does_not_exist_is_data(void **state)
{
    (void)state;
    struct url_list list = {0};
    struct resolutions resolutions;
    add(&list, "http://no-such-host.invalid/");
    add(&list, "http://localhost/");
    resolve(&list, &resolutions);
    assert_int_equal(resolutions.failed_count, 1);
    assert_non_null(resolutions.hosts[0].why);
    assert_true(resolutions.hosts[0].why[0] != '\0');
    assert_null(resolutions.hosts[0].pin);
    assert_non_null(resolutions.hosts[1].pin);
    resolutions_release(&resolutions);
    assert_null(resolutions.hosts);
    url_list_release(&list);
}

static void test_addresses_are_distinct_and_in_order(void **state)
{
    (void)state;
    struct url_list list = {0};
    struct resolutions resolutions;
    add(&list, "https://many.test/");
    resolve(&list, &resolutions);
    assert_string_equal(resolutions.hosts[0].pin, "many.test:443:192.0.2.1,[2001:db8::1],192.0.2.11");
    resolutions_release(&resolutions);
    url_list_release(&list);
}

static void test_a_name_at_several_ports_is_asked_for_once(void **state)
{
    (void)state;
    struct url_list list = {0};
    struct resolutions resolutions;
    add(&list, "http://gone.test/");
    add(&list, "http://many.test/");
    add(&list, "https://gone.test/");
    add(&list, "https://many.test/");
    add(&list, "http://many.test:81/");
    resolve(&list, &resolutions);
    assert_int_equal(lookups[0], 1);
    assert_string_equal(resolutions.hosts[1].pin, "many.test:80:192.0.2.1,[2001:db8::1],192.0.2.11");
    assert_string_equal(resolutions.hosts[3].pin, "many.test:443:192.0.2.1,[2001:db8::1],192.0.2.11");
    assert_string_equal(resolutions.hosts[4].pin, "many.test:81:192.0.2.1,[2001:db8::1],192.0.2.11");
    assert_int_equal(resolutions.failed_count, 2);
    assert_string_equal(resolutions.hosts[0].why, gai_strerror(EAI_NONAME));
    assert_string_equal(resolutions.hosts[2].why, gai_strerror(EAI_NONAME));
    resolutions_release(&resolutions);
    url_list_release(&list);
}

static void test_literals_need_no_resolving(void **state)
{
    (void)state;
    struct url_list list = {0};
    struct resolutions resolutions;
    add(&list, "http://127.0.0.1/");
    add(&list, "http://[::1]:8080/");
    resolve(&list, &resolutions);
    assert_int_equal(resolutions.failed_count, 0);
    for (int i = 0; i < 2; i++) {
        assert_null(resolutions.hosts[i].pin);
        assert_null(resolutions.hosts[i].why);
    }
    resolutions_release(&resolutions);
    url_list_release(&list);
}

static void test_temporary_failures_are_asked_about_once_more(void **state)
{
    (void)state;
    struct url_list list = {0};
    struct resolutions resolutions;
    add(&list, "http://later.test/");
    add(&list, "http://never.test/");
    add(&list, "http://gone.test/");
    resolve(&list, &resolutions);
    assert_string_equal(resolutions.hosts[0].pin, "later.test:80:192.0.2.2");
    assert_string_equal(resolutions.hosts[1].why, gai_strerror(EAI_AGAIN));
    assert_string_equal(resolutions.hosts[2].why, gai_strerror(EAI_NONAME));
    assert_int_equal(lookups[1], 2);
    assert_int_equal(lookups[2], 2);
    assert_int_equal(lookups[3], 1);
    resolutions_release(&resolutions);
    url_list_release(&list);
}

static void test_link_local_addresses_cannot_be_pinned(void **state)
{
    (void)state;
    struct url_list list = {0};
    struct resolutions resolutions;
    add(&list, "http://local.test/");
    resolve(&list, &resolutions);
    assert_null(resolutions.hosts[0].pin);
    assert_string_equal(resolutions.hosts[0].why, "it has no address that can be pinned");
    assert_int_equal(resolutions.failed_count, 1);
    resolutions_release(&resolutions);
    url_list_release(&list);
}

static void test_a_leading_dash_is_part_of_the_name(void **state)
{
    (void)state;
    struct url_list list = {0};
    struct resolutions resolutions;
    add(&list, "http://-dash.test/");
    resolve(&list, &resolutions);
    assert_string_equal(resolutions.hosts[0].pin, "+-dash.test:80:192.0.2.4");
    resolutions_release(&resolutions);
    url_list_release(&list);
}

static void test_names_longer_than_any(void **state)
{
    (void)state;
    char url[NI_MAXHOST + 32] = "http://";
    struct url_list list = {0};
    struct resolutions resolutions;
    memset(url + 7, 'a', NI_MAXHOST);
    url[7 + NI_MAXHOST] = '\0';
    add(&list, url);
    url[7 + 300] = '\0';
    add(&list, url);
    resolve(&list, &resolutions);
    assert_string_equal(resolutions.hosts[0].why, "the name is too long");
    assert_non_null(resolutions.hosts[1].why);
    assert_int_equal(resolutions.failed_count, 2);
    resolutions_release(&resolutions);
    url_list_release(&list);
}

static void test_no_memory_is_an_error(void **state)
{
    (void)state;
    struct url_list list = {0};
    struct resolutions resolutions;
    struct error error = {0};
    add(&list, "http://many.test/");
    add(&list, "http://full.test/");
    assert_int_equal(resolve_hosts(&list, &plain, &resolutions, NULL, NULL, &error), -1);
    assert_int_equal(error.kind, ERROR_ENVIRONMENT);
    assert_string_equal(error.message, "no memory for the addresses of 2 hosts");
    assert_null(resolutions.hosts);
    url_list_release(&list);
}

struct notes {
    size_t calls;
    size_t last_done;
};

static void note(void *context, size_t done, size_t total)
{
    struct notes *notes = context;
    assert_int_equal(total, 4);
    assert_true(notes->calls == 0 ? done == 0 : done > notes->last_done);
    assert_true(done < total);
    notes->last_done = done;
    notes->calls++;
}

static void test_progress_is_told_before_each_lookup(void **state)
{
    (void)state;
    struct url_list list = {0};
    struct resolutions resolutions;
    struct error error = {0};
    struct notes notes = {0};
    add(&list, "http://many.test/");
    add(&list, "http://a.many.test.invalid/");
    add(&list, "http://later.test/");
    add(&list, "https://many.test/");
    assert_int_equal(resolve_hosts(&list, &plain, &resolutions, note, &notes, &error), 0);
    assert_int_equal(notes.calls, 3);
    resolutions_release(&resolutions);
    url_list_release(&list);
}

static void test_nothing_to_resolve(void **state)
{
    (void)state;
    struct url_list list = {0};
    struct resolutions resolutions;
    resolve(&list, &resolutions);
    assert_int_equal(resolutions.host_count, 0);
    resolutions_release(&resolutions);
    resolutions_release(&resolutions);
}

/* Resolves it with options of the request. */
static void resolve_by(const struct url_list *list, const struct request *request, struct resolutions *resolutions)
{
    struct error error = {0};
    if (resolve_hosts(list, request, resolutions, NULL, NULL, &error) != 0)
        fail_msg("%s", error.message);
    assert_int_equal(held, 0);
}

static void test_what_is_connected_to_is_resolved(void **state)
{
    (void)state;
    struct request_text detours[] = {{.text = "gone.test:80:many.test:8080"}, {.text = "gone.test::later.test:"}};
    const struct request_options options = {.connect_to = {detours, 2}};
    const struct request request = {.options = &options};
    struct url_list list = {0};
    struct resolutions resolutions;
    add(&list, "http://gone.test/");
    add(&list, "https://gone.test/");
    resolve_by(&list, &request, &resolutions);
    assert_int_equal(resolutions.failed_count, 0);
    assert_string_equal(resolutions.hosts[0].pin, "many.test:8080:192.0.2.1,[2001:db8::1],192.0.2.11");
    assert_string_equal(resolutions.hosts[1].pin, "later.test:443:192.0.2.2");
    assert_int_equal(lookups[3], 0);
    resolutions_release(&resolutions);
    url_list_release(&list);
}

static void test_what_is_given_is_not_asked_for(void **state)
{
    (void)state;
    struct request_text given[] = {{.text = "*:80:192.0.2.9"}, {.text = "GONE.test:443:127.0.0.1"}};
    const struct request_options options = {.resolve = {given, 2}};
    const struct request request = {.options = &options};
    struct url_list list = {0};
    struct resolutions resolutions;
    add(&list, "http://gone.test/");
    add(&list, "https://gone.test/");
    add(&list, "https://many.test/");
    resolve_by(&list, &request, &resolutions);
    assert_int_equal(lookups[3], 0);
    assert_int_equal(lookups[0], 1);
    assert_null(resolutions.hosts[0].pin);
    assert_true(resolutions.hosts[0].is_public && !resolutions.hosts[0].is_local);
    assert_null(resolutions.hosts[1].pin);
    assert_true(!resolutions.hosts[1].is_public && resolutions.hosts[1].is_local);
    assert_non_null(resolutions.hosts[2].pin);
    resolutions_release(&resolutions);
    url_list_release(&list);
}

static void test_only_the_family_asked_for_is_pinned(void **state)
{
    (void)state;
    const struct request_options only_4 = {.ip_version = IP_VERSION_4};
    const struct request_options only_6 = {.ip_version = IP_VERSION_6};
    const struct request requests[] = {{.options = &only_4}, {.options = &only_6}};
    static const char *const pins[] = {"localhost:80:127.0.0.1", "localhost:80:[::1]"};
    struct url_list list = {0};
    add(&list, "http://localhost/");
    for (size_t i = 0; i < 2; i++) {
        struct resolutions resolutions;
        resolve_by(&list, &requests[i], &resolutions);
        assert_string_equal(resolutions.hosts[0].pin, pins[i]);
        resolutions_release(&resolutions);
    }
    url_list_release(&list);
}

static void test_a_unix_socket_needs_no_names(void **state)
{
    (void)state;
    const struct request_options options = {.unix_socket = "socket"};
    const struct request request = {.options = &options};
    struct url_list list = {0};
    struct resolutions resolutions;
    add(&list, "http://many.test/");
    resolve_by(&list, &request, &resolutions);
    assert_int_equal(lookups[0], 0);
    assert_null(resolutions.hosts[0].pin);
    assert_true(resolutions.hosts[0].is_local && !resolutions.hosts[0].is_public);
    resolutions_release(&resolutions);
    url_list_release(&list);
}

static void test_a_proxy_is_resolved_and_resolves_the_rest(void **state)
{
    (void)state;
    char http[] = "http://user:pass@later.test:3128";
    char socks[] = "socks5://later.test";
    const struct request_options options = {0};
    struct request request = {.options = &options, .proxies = {http}, .proxy_count = 1, .is_always_proxied = true};
    struct url_list list = {0};
    struct resolutions resolutions;
    add(&list, "http://many.test/");
    add(&list, "http://gone.test/");
    resolve_by(&list, &request, &resolutions);
    assert_int_equal(lookups[0], 0);
    assert_string_equal(resolutions.proxy_pins[0], "later.test:3128:192.0.2.2");
    assert_true(resolutions.hosts[0].is_public);
    resolutions_release(&resolutions);
    /* Where libcurl may have to know names, they are pinned, and those without an address are left to it. */
    request.proxies[0] = socks;
    resolve_by(&list, &request, &resolutions);
    assert_non_null(resolutions.hosts[0].pin);
    assert_null(resolutions.hosts[1].pin);
    assert_null(resolutions.hosts[1].why);
    assert_int_equal(resolutions.failed_count, 0);
    resolutions_release(&resolutions);
    url_list_release(&list);
}

static void test_a_proxy_without_an_address_is_an_error(void **state)
{
    (void)state;
    char proxy[] = "user:geheim@gone.test";
    const struct request_options options = {0};
    const struct request request = {.options = &options, .proxies = {proxy}, .proxy_count = 1};
    struct url_list list = {0};
    struct resolutions resolutions;
    struct error error = {0};
    add(&list, "http://many.test/");
    assert_int_equal(resolve_hosts(&list, &request, &resolutions, NULL, NULL, &error), -1);
    assert_int_equal(error.kind, ERROR_ENVIRONMENT);
    assert_non_null(strstr(error.message, "gone.test did not resolve"));
    assert_null(strstr(error.message, "geheim"));
    assert_null(resolutions.hosts);
    url_list_release(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_localhost_is_found_on_every_machine, forget_lookups),
        cmocka_unit_test_setup(test_a_name_that_does_not_exist_is_data, forget_lookups),
        cmocka_unit_test_setup(test_addresses_are_distinct_and_in_order, forget_lookups),
        cmocka_unit_test_setup(test_a_name_at_several_ports_is_asked_for_once, forget_lookups),
        cmocka_unit_test_setup(test_literals_need_no_resolving, forget_lookups),
        cmocka_unit_test_setup(test_temporary_failures_are_asked_about_once_more, forget_lookups),
        cmocka_unit_test_setup(test_link_local_addresses_cannot_be_pinned, forget_lookups),
        cmocka_unit_test_setup(test_a_leading_dash_is_part_of_the_name, forget_lookups),
        cmocka_unit_test_setup(test_names_longer_than_any, forget_lookups),
        cmocka_unit_test_setup(test_no_memory_is_an_error, forget_lookups),
        cmocka_unit_test_setup(test_progress_is_told_before_each_lookup, forget_lookups),
        cmocka_unit_test_setup(test_nothing_to_resolve, forget_lookups),
        cmocka_unit_test_setup(test_what_is_connected_to_is_resolved, forget_lookups),
        cmocka_unit_test_setup(test_what_is_given_is_not_asked_for, forget_lookups),
        cmocka_unit_test_setup(test_only_the_family_asked_for_is_pinned, forget_lookups),
        cmocka_unit_test_setup(test_a_unix_socket_needs_no_names, forget_lookups),
        cmocka_unit_test_setup(test_a_proxy_is_resolved_and_resolves_the_rest, forget_lookups),
        cmocka_unit_test_setup(test_a_proxy_without_an_address_is_an_error, forget_lookups),
    };
    return cmocka_run_group_tests_name("resolve", tests, NULL, NULL);
}
