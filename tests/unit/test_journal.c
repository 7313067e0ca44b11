#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conc_bench/origin/journal.h"
#include "conc_bench/origin/origin.h"
#include "conc_bench/platform/descriptor.h"

/* The origin as the witness of programs that it does not know: plain sockets that ask as such programs do, by the
 * addresses in a list. */

static const char *const url_texts[] = {"www.jython.org/", "olympus.realpython.org/dice?x=1",
                                        "[2001:db8::1]:8080/a//b/%7eme?q=[1]'&r=\"2\"", "h.example/a/../../%2e%2E/./b"};
enum { URL_COUNT = 4, UNIT_COUNT = 9, ADDRESS_ROOM = 512 };
static const uint32_t unit_urls[UNIT_COUNT] = {0, 1, 2, 3, 0, 1, 2, 3, 0};

struct fixture {
    struct journal_url urls[URL_COUNT];
    struct journal *journal;
    struct origin *origin;
    char token[ORIGIN_TOKEN_SIZE];
    char targets[UNIT_COUNT][ADDRESS_ROOM]; /* of the open trial: the address of each unit without the server */
};

static void read_targets(struct fixture *fixture)
{
    struct error error = {0};
    char line[ADDRESS_ROOM];
    char server[64];
    FILE *file = tmpfile();
    assert_non_null(file);
    if (origin_write_list(fixture->origin, fileno(file), "list", &error) != 0)
        fail_msg("%s", error.message);
    rewind(file);
    int length = snprintf(server, sizeof(server), "http://127.0.0.1:%d/", origin_port(fixture->origin));
    for (int unit = 0; unit < UNIT_COUNT; unit++) {
        assert_non_null(fgets(line, sizeof(line), file));
        line[strcspn(line, "\n")] = '\0';
        assert_memory_equal(line, server, (size_t)length);
        snprintf(fixture->targets[unit], ADDRESS_ROOM, "%s", line + length - 1);
    }
    assert_null(fgets(line, sizeof(line), file));
    fclose(file);
}

static void open_trial(struct fixture *fixture)
{
    struct error error = {0};
    if (origin_open_trial(fixture->origin, &error) != 0)
        fail_msg("%s", error.message);
    read_targets(fixture);
}

static void start(struct fixture *fixture, const char *text)
{
    struct origin_options options = origin_options_default();
    struct error error = {0};
    *fixture = (struct fixture){0};
    for (int i = 0; i < URL_COUNT; i++)
        fixture->urls[i] =
            (struct journal_url){.text = url_texts[i], .length = (uint32_t)strlen(url_texts[i]), .is_tls = i == 0};
    assert_int_equal(origin_options_parse(text, &options, &error), 0);
    assert_int_equal(origin_draw_token(fixture->token, &error), 0);
    fixture->journal = journal_create(fixture->urls, URL_COUNT, UNIT_COUNT, &error);
    assert_non_null(fixture->journal);
    const struct origin_demand demand = {.token = fixture->token, .connections = 64, .journal = fixture->journal};
    fixture->origin = origin_start(&options, &demand, &error);
    if (fixture->origin == NULL)
        fail_msg("%s", error.message);
    journal_set_units(fixture->journal, unit_urls, UNIT_COUNT);
    open_trial(fixture);
}

static void stop(struct fixture *fixture)
{
    origin_stop(fixture->origin);
    journal_release(fixture->journal);
}

static struct origin_totals totals_of(const struct fixture *fixture)
{
    struct origin_totals totals;
    struct error error = {0};
    if (origin_read_counts(fixture->origin, &totals, NULL, &error) != 0)
        fail_msg("%s", error.message);
    return totals;
}

/* The record of a unit, after the trial. */
static struct journal_unit seen(const struct fixture *fixture, uint32_t unit)
{
    totals_of(fixture);
    return journal_units(fixture->journal)[unit];
}

static int connect_to(const struct fixture *fixture)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(origin_port(fixture->origin)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(connection >= 0);
    assert_int_equal(connect(connection, (struct sockaddr *)&address, sizeof(address)), 0);
    return connection;
}

static void send_text(int connection, const char *text)
{
    assert_int_equal(send(connection, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static void send_request(int connection, const char *method, const char *target)
{
    char text[2048];
    snprintf(text, sizeof(text), "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", method, target);
    send_text(connection, text);
}

/* Reads a response to its end. Its status; 0: the connection has ended. */
static int receive(int connection, bool has_body)
{
    static char buffer[1 << 20];
    size_t length = 0;
    char *body = NULL;
    while (body == NULL) {
        /* Byte by byte, so that what belongs to the next response stays where it is. */
        if (recv(connection, buffer + length, 1, 0) <= 0)
            return 0;
        buffer[++length] = '\0';
        body = length >= 4 && strcmp(buffer + length - 4, "\r\n\r\n") == 0 ? buffer + length : NULL;
    }
    int status = (int)strtol(buffer + 9, NULL, 10);
    const char *field = strcasestr(buffer, "\r\nContent-Length: ");
    assert_non_null(field);
    size_t rest = has_body ? strtoul(field + 18, NULL, 10) : 0;
    while (rest > 0) {
        ssize_t received = recv(connection, buffer, rest < sizeof(buffer) ? rest : sizeof(buffer), 0);
        if (received <= 0)
            return 0;
        rest -= (size_t)received;
    }
    return status;
}

static int get(int connection, const char *target)
{
    send_request(connection, "GET", target);
    return receive(connection, true);
}

static int get_once(const struct fixture *fixture, const char *target)
{
    int connection = connect_to(fixture);
    int status = get(connection, target);
    close(connection);
    return status;
}

static void test_addresses_lead_back_to_units_and_urls(void **state)
{
    (void)state;
    struct fixture fixture;
    struct origin_path_count *paths;
    struct origin_totals totals;
    struct error error = {0};
    start(&fixture, "latency=0ms,size=300");
    nanoseconds before = clock_now();
    int connection = connect_to(&fixture);
    for (int unit = 0; unit < UNIT_COUNT; unit++)
        assert_int_equal(get(connection, fixture.targets[unit]), 200);
    close(connection);
    assert_int_equal(origin_read_counts(fixture.origin, &totals, &paths, &error), 0);
    nanoseconds after = clock_now();
    const struct journal_unit *units = journal_units(fixture.journal);
    for (int unit = 0; unit < UNIT_COUNT; unit++) {
        assert_int_equal(units[unit].requests, 1);
        assert_int_equal(units[unit].status, 200);
        assert_true(units[unit].body_bytes == 300);
        assert_true(units[unit].is_whole && units[unit].is_get && !units[unit].is_tls);
        assert_int_equal(units[unit].http_version, 11);
        assert_int_equal(units[unit].connection, 0);
        assert_true(units[unit].start >= (unit == 0 ? before : units[unit - 1].end));
        assert_true(units[unit].end >= units[unit].start && units[unit].end <= after);
    }
    assert_true(totals.first == units[0].start);
    assert_true(totals.requests == UNIT_COUNT && totals.connections == 1 && totals.peak_in_flight == 1);
    assert_true(totals.strangers == 0 && totals.strays == 0 && totals.late == 0 && totals.handshakes == 0);
    assert_int_equal(totals.paths, URL_COUNT);
    for (int i = 0; i < URL_COUNT; i++) {
        bool is_found = false;
        for (int j = 0; j < URL_COUNT; j++)
            is_found = is_found || (strcmp(paths[j].url, url_texts[i]) == 0 && paths[j].requests == (i == 0 ? 3 : 2));
        assert_true(is_found);
    }
    origin_path_counts_release(paths, totals.paths);
    stop(&fixture);
}

/* A path that is changed on the way still leads to the same unit. */
static void test_spelling_behind_the_number_does_not_matter(void **state)
{
    (void)state;
    struct fixture fixture;
    char target[ADDRESS_ROOM + 64];
    start(&fixture, "latency=0ms,size=1");
    snprintf(target, sizeof(target), "%.*s/HTTP%%2f/other?%%",
             (int)(strstr(fixture.targets[3], "/http") - fixture.targets[3]), fixture.targets[3]);
    assert_int_equal(get_once(&fixture, target), 200);
    assert_int_equal(seen(&fixture, 3).requests, 1);
    /* As through a proxy. */
    snprintf(target, sizeof(target), "http://127.0.0.1%.*s", ADDRESS_ROOM - 1, fixture.targets[1]);
    assert_int_equal(get_once(&fixture, target), 200);
    assert_int_equal(seen(&fixture, 1).requests, 1);
    stop(&fixture);
}

static void test_others_strays_and_those_who_are_late_are_told_apart(void **state)
{
    (void)state;
    struct fixture fixture;
    char target[ADDRESS_ROOM + 64];
    struct error error = {0};
    start(&fixture, "latency=0ms,size=1");
    snprintf(target, sizeof(target), "/%c%.*s", fixture.token[0] == 'x' ? 'y' : 'x', ADDRESS_ROOM - 3,
             fixture.targets[0] + 2);
    assert_int_equal(get_once(&fixture, target), 403);
    assert_int_equal(get_once(&fixture, "/"), 403);
    snprintf(target, sizeof(target), "/%s", fixture.token);
    assert_int_equal(get_once(&fixture, target), 403);
    assert_true(totals_of(&fixture).strangers == 3);

    static const char *const wrong[] = {
        "", "1", "1/", "1/0", "1/00/http/", "1/x/http/", "1/9/http/", "1/4294967296/http/", "1//0/http/"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        snprintf(target, sizeof(target), "/%s/%s", fixture.token, wrong[i]);
        assert_int_equal(get_once(&fixture, target), 404);
        assert_true(totals_of(&fixture).strays == i + 1);
    }

    /* Addresses of URLs are for outside of trials, those of units for their own. */
    char *address = origin_address(fixture.origin, 1);
    assert_non_null(address);
    const char *path = strstr(address, fixture.token) - 1;
    assert_int_equal(get_once(&fixture, path), 403);
    snprintf(target, sizeof(target), "%s", fixture.targets[2]);
    open_trial(&fixture);
    assert_string_not_equal(target, fixture.targets[2]);
    assert_int_equal(get_once(&fixture, target), 403);
    assert_int_equal(get_once(&fixture, fixture.targets[2]), 200);
    assert_true(totals_of(&fixture).strays == 0 && totals_of(&fixture).requests == 1);
    assert_int_equal(seen(&fixture, 2).requests, 1);
    assert_int_equal(origin_reset(fixture.origin, &error), 0);
    assert_int_equal(get_once(&fixture, fixture.targets[2]), 403);
    assert_true(totals_of(&fixture).late == 3 && totals_of(&fixture).strangers == 3);
    assert_int_equal(get_once(&fixture, path), 200);
    assert_int_equal(get_once(&fixture, path), 200);
    assert_true(totals_of(&fixture).requests == 2 && totals_of(&fixture).paths == 1);
    free(address);
    stop(&fixture);
}

/* The k-th request for a URL has the same fate whoever asks, and by whatever address. */
static void test_chances_are_those_of_the_url(void **state)
{
    (void)state;
    enum { TIMES = 40 };
    struct fixture fixture;
    struct origin_options options = origin_options_default();
    struct error error = {0};
    char fates[TIMES];
    int failed = 0;
    char request[256];
    assert_int_equal(origin_options_parse("latency=0ms,errors=50%,size=1", &options, &error), 0);
    struct origin *direct = origin_start(&options, &(struct origin_demand){.connections = 8}, &error);
    assert_non_null(direct);
    start(&fixture, "latency=0ms,errors=50%,size=1");
    int connection = connect_to(&(struct fixture){.origin = direct});
    snprintf(request, sizeof(request), "GET /dice?x=1 HTTP/1.1\r\nHost: olympus.realpython.org\r\n\r\n");
    for (int i = 0; i < TIMES; i++) {
        send_text(connection, request);
        fates[i] = receive(connection, true) == 503;
        failed += fates[i];
    }
    close(connection);
    assert_true(failed > 5 && failed < TIMES - 5);
    connection = connect_to(&fixture);
    for (int i = 0; i < TIMES; i++) {
        uint32_t unit = i % 2 == 0 ? 1 : 5;
        assert_int_equal(get(connection, fixture.targets[unit]), fates[i] ? 503 : 200);
        /* A status like another, and a response like another. */
        struct journal_unit last = seen(&fixture, unit);
        assert_int_equal(last.status, fates[i] ? 503 : 200);
        assert_true(last.is_whole && last.body_bytes == (fates[i] ? 37 : 1));
        assert_int_equal(last.requests, i / 2 + 1);
    }
    close(connection);
    origin_stop(direct);
    stop(&fixture);
}

static void test_methods_and_versions_are_written_down(void **state)
{
    (void)state;
    struct fixture fixture;
    char text[1024];
    start(&fixture, "latency=0ms,size=100");
    int connection = connect_to(&fixture);
    send_request(connection, "HEAD", fixture.targets[0]);
    assert_int_equal(receive(connection, false), 200);
    struct journal_unit head = seen(&fixture, 0);
    assert_true(head.requests == 1 && !head.is_get && head.is_whole && head.body_bytes == 0);
    snprintf(text, sizeof(text), "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", fixture.targets[1]);
    send_text(connection, text);
    assert_int_equal(receive(connection, true), 200);
    assert_false(seen(&fixture, 1).is_get);
    assert_true(seen(&fixture, 1).body_bytes == 100);
    close(connection);

    connection = connect_to(&fixture);
    snprintf(text, sizeof(text), "GET %s HTTP/1.0\r\n\r\n", fixture.targets[2]);
    send_text(connection, text);
    assert_int_equal(receive(connection, true), 200);
    assert_int_equal(recv(connection, text, sizeof(text), 0), 0);
    close(connection);
    struct journal_unit old = seen(&fixture, 2);
    assert_true(old.requests == 1 && old.is_get && old.is_whole && old.http_version == 10 && old.connection == 1);
    /* One that was asked twice, once otherwise, is no GET. */
    assert_int_equal(get_once(&fixture, fixture.targets[0]), 200);
    assert_false(seen(&fixture, 0).is_get);
    assert_int_equal(seen(&fixture, 0).requests, 2);
    stop(&fixture);
}

static void test_pipelined_requests_follow_each_other(void **state)
{
    (void)state;
    struct fixture fixture;
    char text[UNIT_COUNT * (ADDRESS_ROOM + 64)] = "";
    start(&fixture, "latency=2ms,size=10");
    for (int unit = 0; unit < UNIT_COUNT; unit++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "GET %s HTTP/1.1\r\nHost: x\r\n\r\n",
                 fixture.targets[unit]);
    int connection = connect_to(&fixture);
    send_text(connection, text);
    for (int unit = 0; unit < UNIT_COUNT; unit++)
        assert_int_equal(receive(connection, true), 200);
    close(connection);
    struct origin_totals totals = totals_of(&fixture);
    const struct journal_unit *units = journal_units(fixture.journal);
    assert_true(totals.peak_in_flight == 1);
    for (int unit = 0; unit < UNIT_COUNT; unit++) {
        assert_true(units[unit].requests == 1 && units[unit].is_whole);
        assert_true(units[unit].end - units[unit].start >= 2 * NANOSECONDS_PER_MILLISECOND);
        assert_true(unit == 0 || units[unit].start >= units[unit - 1].end);
    }
    stop(&fixture);
}

/* A client that leaves before the response, in the middle of it, or without reading it, has not received it. */
static void test_responses_that_nobody_takes_are_not_whole(void **state)
{
    (void)state;
    struct fixture fixture;
    char start_of_it[64];
    start(&fixture, "latency=30ms,size=20MB");
    int connection = connect_to(&fixture);
    send_request(connection, "GET", fixture.targets[1]);
    assert_true(recv(connection, start_of_it, sizeof(start_of_it), MSG_WAITALL) == sizeof(start_of_it));
    close(connection);
    struct journal_unit broken = seen(&fixture, 1);
    assert_true(broken.requests == 1 && broken.status == 200 && !broken.is_whole && broken.body_bytes == 0);
    assert_true(broken.end >= broken.start + 30 * NANOSECONDS_PER_MILLISECOND);
    stop(&fixture);

    start(&fixture, "latency=30ms,size=1000");
    connection = connect_to(&fixture);
    struct descriptor_connection how;
    bool is_told = descriptor_look(connection, &how);
    send_request(connection, "GET", fixture.targets[1]);
    while (totals_of(&fixture).requests == 0)
        continue;
    close(connection);
    while (seen(&fixture, 1).end == 0)
        continue;
    if (is_told) /* otherwise it depends on when the origin looks */
        assert_false(seen(&fixture, 1).is_whole);

    connection = connect_to(&fixture);
    send_request(connection, "GET", fixture.targets[2]);
    assert_true(recv(connection, start_of_it, sizeof(start_of_it), MSG_WAITALL) == sizeof(start_of_it));
    close(connection);
    assert_int_equal(seen(&fixture, 2).requests, 1);
    if (is_told)
        assert_false(seen(&fixture, 2).is_whole);

    /* To say that no more requests come is not to have gone. The portable origin takes the one for the other. */
    connection = connect_to(&fixture);
    send_request(connection, "GET", fixture.targets[4]);
    assert_int_equal(shutdown(connection, SHUT_WR), 0);
    int status = receive(connection, true);
    close(connection);
    if (is_told) {
        assert_int_equal(status, 200);
        assert_true(seen(&fixture, 4).is_whole);
    }

    /* Closing at once behind the last byte is what many do. */
    for (int i = 0; i < 20; i++)
        assert_int_equal(get_once(&fixture, fixture.targets[3]), 200);
    assert_true(seen(&fixture, 3).is_whole && seen(&fixture, 3).requests == 20);
    stop(&fixture);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_addresses_lead_back_to_units_and_urls),
    cmocka_unit_test(test_spelling_behind_the_number_does_not_matter),
    cmocka_unit_test(test_others_strays_and_those_who_are_late_are_told_apart),
    cmocka_unit_test(test_chances_are_those_of_the_url),
    cmocka_unit_test(test_methods_and_versions_are_written_down),
    cmocka_unit_test(test_pipelined_requests_follow_each_other),
    cmocka_unit_test(test_responses_that_nobody_takes_are_not_whole),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
