#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "conc_bench/origin/origin.h"

/* A client of plain sockets: what it sends and when is under the test's control. */

static struct origin *start(const char *text, uint32_t connections)
{
    struct origin_options options = origin_options_default();
    struct error error = {0};
    if (origin_options_parse(text, &options, &error) != 0)
        fail_msg("%s", error.message);
    struct origin *origin = origin_start(&options, &(struct origin_demand){.connections = connections}, &error);
    if (origin == NULL)
        fail_msg("%s", error.message);
    return origin;
}

static struct origin_totals counts_of(struct origin *origin)
{
    struct origin_totals counts;
    struct error error = {0};
    if (origin_read_counts(origin, &counts, NULL, &error) != 0)
        fail_msg("%s", error.message);
    return counts;
}

static void reset(struct origin *origin)
{
    struct error error = {0};
    if (origin_reset(origin, &error) != 0)
        fail_msg("%s", error.message);
}

static int try_to_connect(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(connection >= 0);
    if (connect(connection, (struct sockaddr *)&address, sizeof(address)) == 0)
        return connection;
    close(connection);
    return -1;
}

static int connect_to(const struct origin *origin)
{
    int connection = try_to_connect(origin_port(origin));
    assert_true(connection >= 0);
    return connection;
}

static void send_text(int connection, const char *text)
{
    size_t length = strlen(text);
    assert_int_equal(send(connection, text, length, MSG_NOSIGNAL), (ssize_t)length);
}

static void send_request(int connection, const char *method, const char *host, const char *target)
{
    char text[20000];
    snprintf(text, sizeof(text), "%s %s HTTP/1.1\r\nHost: %s\r\n\r\n", method, target, host);
    send_text(connection, text);
}

struct answer {
    int status;
    uint64_t content_length; /* UINT64_MAX: not said */
    uint64_t body_bytes;     /* received */
    nanoseconds last_byte;
};

/* Reads one answer; `has_body` is false for HEAD. */
static struct answer receive_answer(int connection, bool has_body)
{
    static char buffer[1 << 16];
    struct answer answer = {.content_length = UINT64_MAX};
    size_t length = 0;
    const char *end = NULL;
    while (end == NULL) {
        ssize_t received = recv(connection, buffer + length, sizeof(buffer) - 1 - length, 0);
        if (received <= 0)
            return answer;
        length += (size_t)received;
        buffer[length] = '\0';
        end = strstr(buffer, "\r\n\r\n");
    }
    assert_memory_equal(buffer, "HTTP/1.1 ", 9);
    answer.status = (int)strtol(buffer + 9, NULL, 10);
    const char *field = strcasestr(buffer, "\r\nContent-Length: ");
    if (field != NULL)
        answer.content_length = strtoull(field + 18, NULL, 10);
    answer.body_bytes = length - (size_t)(end + 4 - buffer);
    while (has_body && answer.body_bytes < answer.content_length) {
        ssize_t received = recv(connection, buffer, sizeof(buffer), 0);
        if (received <= 0)
            break;
        answer.body_bytes += (uint64_t)received;
    }
    answer.last_byte = clock_now();
    return answer;
}

static struct answer get(int connection, const char *host, const char *target)
{
    send_request(connection, "GET", host, target);
    return receive_answer(connection, true);
}

/* Options. */

static void test_parse_sets_what_is_given_and_nothing_else(void **state)
{
    (void)state;
    struct origin_options options = origin_options_default();
    struct error error = {0};
    assert_int_equal(origin_options_parse("latency=1.5s,jitter=5ms,size=10kB,rate=10MB/s,limit=100/s,errors=1%,seed=7",
                                          &options, &error),
                     0);
    assert_true(options.latency == 1500 * NANOSECONDS_PER_MILLISECOND);
    assert_true(options.jitter == 5 * NANOSECONDS_PER_MILLISECOND);
    assert_true(options.body_bytes == 10000);
    assert_true(options.bytes_per_second == 10000000);
    assert_true(options.requests_per_second > 99.999 && options.requests_per_second < 100.001);
    assert_true(options.error_share > 0.00999 && options.error_share < 0.01001);
    assert_true(options.seed == 7);

    options = origin_options_default();
    assert_int_equal(origin_options_parse("size=0", &options, &error), 0);
    assert_true(options.body_bytes == 0);
    assert_true(options.latency == 20 * NANOSECONDS_PER_MILLISECOND);
    assert_true(options.seed == 1);
}

static void test_parse_names_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"foo=1", "--origin: unknown key \"foo\": known are latency, jitter, size, rate, limit, errors, seed, tls, "
                  "each and address"},
        {"latency=abc", "--origin: latency must be a duration such as 20ms (got \"abc\")"},
        {"latency=20", "--origin: latency must be a duration such as 20ms (got \"20\")"},
        {"latency=2h", "--origin: latency must be at most 1h (got \"2h\")"},
        {"jitter=61m", "--origin: jitter must be at most 1h (got \"61m\")"},
        {"size=2TiB", "--origin: size must be at most 1TiB (got \"2TiB\")"},
        {"size=-1", "--origin: size must be a size such as 16KiB (got \"-1\")"},
        {"rate=10MB", "--origin: rate must be bytes per second such as 10MB/s (got \"10MB\")"},
        {"rate=0B/s", "--origin: rate must be more than 0 and at most 1TiB/s (got \"0B/s\")"},
        {"rate=1025GiB/s", "--origin: rate must be more than 0 and at most 1TiB/s (got \"1025GiB/s\")"},
        {"rate=18446744073709551615/s",
         "--origin: rate must be more than 0 and at most 1TiB/s (got \"18446744073709551615/s\")"},
        {"limit=0.0001/s", "--origin: limit must be at least 0.001/s (got \"0.0001/s\")"},
        {"errors=101%", "--origin: errors must be a share from 0 to 100% such as 1% (got \"101%\")"},
        {"seed=x", "--origin: seed must be a whole number such as 1 (got \"x\")"},
        {"seed=", "--origin: seed must be a whole number such as 1 (got \"\")"},
        {"seed", "--origin: seed must be a whole number such as 1: write seed=VALUE"},
        {"seed=1,latency=1ms,seed=1", "--origin: seed is given twice"},
        {"", "--origin must be KEY=VALUE, separated by commas, such as latency=20ms"},
        {"seed=1,", "--origin must be KEY=VALUE, separated by commas, such as latency=20ms"},
        {",seed=1", "--origin must be KEY=VALUE, separated by commas, such as latency=20ms"},
        {"=1", "--origin must be KEY=VALUE, separated by commas, such as latency=20ms"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct origin_options options = origin_options_default();
        struct error error = {0};
        assert_int_equal(origin_options_parse(cases[i].text, &options, &error), -1);
        assert_int_equal(error.kind, ERROR_USAGE);
        assert_string_equal(error.message, cases[i].message);
        assert_true(options.seed == 1);
        assert_true(options.latency == 20 * NANOSECONDS_PER_MILLISECOND);
    }
}

static void test_describe(void **state)
{
    (void)state;
    char buffer[256];
    struct origin_options options = origin_options_default();
    assert_string_equal(origin_options_describe(&options, buffer, sizeof(buffer)), "latency 20 ms, 16.0 KiB bodies");
    struct error error;
    assert_int_equal(origin_options_parse("latency=2s,jitter=5ms,rate=10MiB/s,limit=100/s,errors=1%", &options, &error),
                     0);
    assert_string_equal(origin_options_describe(&options, buffer, sizeof(buffer)),
                        "latency 2 s ± 5 ms, 16.0 KiB bodies, 10.0 MiB/s on each connection, at most 100 requests/s, "
                        "1 % errors");
    char small[8];
    assert_string_equal(origin_options_describe(&options, small, sizeof(small)), "latency");
}

/* Serving. */

static void test_serves_and_stops(void **state)
{
    (void)state;
    struct origin *origin = start("latency=0ms,size=1000", 4);
    uint16_t port = origin_port(origin);
    int connection = connect_to(origin);
    for (int i = 0; i < 3; i++) {
        struct answer answer = get(connection, "www.example.org", "/");
        assert_int_equal(answer.status, 200);
        assert_true(answer.content_length == 1000);
        assert_true(answer.body_bytes == 1000);
    }
    origin_stop(origin);
    char byte;
    assert_true(recv(connection, &byte, 1, 0) <= 0);
    close(connection);
    assert_int_equal(try_to_connect(port), -1);
}

static void test_stop_of_nothing(void **state)
{
    (void)state;
    origin_stop(NULL);
    origin_path_counts_release(NULL, 0);
}

static void test_stop_with_requests_in_flight(void **state)
{
    (void)state;
    struct origin *origin = start("latency=1h", 4);
    int connection = connect_to(origin);
    send_request(connection, "GET", "www.example.org", "/");
    while (counts_of(origin).requests == 0)
        continue;
    nanoseconds before = clock_now();
    origin_stop(origin);
    assert_true(clock_now() - before < 60 * NANOSECONDS_PER_SECOND);
    close(connection);
}

static void test_head_has_length_and_no_body(void **state)
{
    (void)state;
    static const char *const texts[] = {"latency=0ms,size=1000", "latency=0ms,size=5MiB",
                                        "latency=0ms,size=5MiB,rate=1kB/s"};
    static const uint64_t sizes[] = {1000, 5 << 20, 5 << 20};
    for (size_t i = 0; i < 3; i++) {
        struct origin *origin = start(texts[i], 4);
        int connection = connect_to(origin);
        for (int n = 0; n < 2; n++) {
            send_request(connection, "HEAD", "www.example.org", "/");
            struct answer answer = receive_answer(connection, false);
            assert_int_equal(answer.status, 200);
            assert_true(answer.content_length == sizes[i]);
            assert_true(answer.body_bytes == 0);
        }
        assert_true(counts_of(origin).responses == 2);
        close(connection);
        origin_stop(origin);
    }
}

static void test_sizes(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {0, 1, 16384, 1 << 20, (1 << 20) + 1, 50000000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        char text[64];
        snprintf(text, sizeof(text), "latency=0ms,size=%ju", (uintmax_t)sizes[i]);
        struct origin *origin = start(text, 4);
        int one = connect_to(origin), other = connect_to(origin);
        /* Both at once: the shared buffer of large bodies must serve two positions. */
        send_request(one, "GET", "www.example.org", "/1");
        send_request(other, "GET", "www.example.org", "/2");
        struct answer answers[] = {receive_answer(one, true), receive_answer(other, true)};
        for (int n = 0; n < 2; n++) {
            assert_int_equal(answers[n].status, 200);
            assert_true(answers[n].content_length == sizes[i]);
            assert_true(answers[n].body_bytes == sizes[i]);
        }
        close(one);
        close(other);
        origin_stop(origin);
    }
}

static void test_large_body_takes_little_memory(void **state)
{
    (void)state;
    struct origin *origin = start("latency=0ms,size=1TiB", 4);
    int connection = connect_to(origin);
    send_request(connection, "GET", "www.example.org", "/");
    static char buffer[1 << 16];
    for (uint64_t received = 0; received < UINT64_C(300) << 20;) {
        ssize_t count = recv(connection, buffer, sizeof(buffer), 0);
        assert_true(count > 0);
        received += (uint64_t)count;
    }
    close(connection);
    assert_true(counts_of(origin).requests == 1);
    origin_stop(origin);
#if !defined(__SANITIZE_ADDRESS__)
    struct rusage usage;
    getrusage(RUSAGE_CHILDREN, &usage);
    assert_true(usage.ru_maxrss < 200L * 1024);
#endif
}

static void test_long_urls_and_uploads(void **state)
{
    (void)state;
    struct origin *origin = start("latency=0ms,size=10", 4);
    int connection = connect_to(origin);
    static char target[8193];
    memset(target, 'a', sizeof(target) - 1);
    target[0] = '/';
    assert_int_equal(get(connection, "www.example.org", target).status, 200);
    target[1] = '?';
    assert_int_equal(get(connection, "www.example.org", target).status, 200);
    send_text(connection, "POST /up HTTP/1.1\r\nHost: www.example.org\r\nContent-Length: 5\r\n\r\n12345");
    assert_int_equal(receive_answer(connection, true).status, 200);
    send_text(connection, "GET /old HTTP/1.0\r\n\r\n");
    assert_int_equal(receive_answer(connection, true).status, 200);
    close(connection);
    assert_true(counts_of(origin).responses == 4);
    origin_stop(origin);
}

static void test_nonsense_does_no_harm(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "GET", "GET / HTTP/1.1\r\nHost: a\r\nthis is no header\r\n\r\n", "\r\n\r\n",
                                        "GET / HTTP/1.1\r\nHost:"};
    struct origin *origin = start("latency=0ms,size=10", 4);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        int connection = connect_to(origin);
        send_text(connection, texts[i]);
        close(connection);
    }
    int connection = connect_to(origin);
    assert_int_equal(get(connection, "a", "/").status, 200);
    close(connection);
    origin_stop(origin);
}

/* Counting. */

static void test_counts_each_url_until_reset(void **state)
{
    (void)state;
    struct origin *origin = start("latency=0ms,size=10", 4);
    struct error error;
    int connection = connect_to(origin), other = connect_to(origin);
    char own_host[32];
    snprintf(own_host, sizeof(own_host), "127.0.0.1:%u", (unsigned)origin_port(origin));
    for (int i = 0; i < 3; i++)
        get(connection, "www.jython.org", "/");
    get(other, "olympus.realpython.org", "/dice?x=1&y=%20");
    get(other, "www.jython.org:8080", "/");
    get(other, own_host, "/");

    struct origin_totals counts;
    struct origin_path_count *paths;
    assert_int_equal(origin_read_counts(origin, &counts, &paths, &error), 0);
    assert_true(counts.requests == 6);
    assert_true(counts.responses == 6);
    assert_true(counts.errors == 0);
    assert_true(counts.connections == 2);
    assert_true(counts.cpu > 0);
    assert_int_equal(counts.peak_in_flight, 1);
    assert_int_equal(counts.paths, 4);
    assert_string_equal(paths[0].url, "127.0.0.1/");
    assert_string_equal(paths[1].url, "olympus.realpython.org/dice?x=1&y=%20");
    assert_string_equal(paths[2].url, "www.jython.org/");
    assert_true(paths[2].requests == 3);
    assert_string_equal(paths[3].url, "www.jython.org:8080/");
    assert_true(paths[3].requests == 1);
    origin_path_counts_release(paths, counts.paths);

    nanoseconds taken = counts.cpu;
    reset(origin);
    assert_int_equal(origin_read_counts(origin, &counts, &paths, &error), 0);
    assert_true(counts.cpu < taken); /* six requests take more than none */
    assert_true(counts.requests == 0 && counts.responses == 0 && counts.connections == 0 && counts.paths == 0);
    origin_path_counts_release(paths, counts.paths);
    assert_int_equal(get(connection, "www.jython.org", "/").status, 200);
    assert_true(counts_of(origin).requests == 1);
    assert_true(counts_of(origin).connections == 0);
    close(connection);
    close(other);
    origin_stop(origin);
}

static void test_counts_many_urls(void **state)
{
    (void)state;
    enum { URLS = 3000 };
    struct origin *origin = start("latency=0ms,size=0", 4);
    int connection = connect_to(origin);
    for (int i = 0; i < 2 * URLS; i++) {
        char target[32];
        snprintf(target, sizeof(target), "/%d", i % URLS);
        assert_int_equal(get(connection, "www.example.org", target).status, 200);
    }
    struct origin_totals counts;
    struct origin_path_count *paths;
    struct error error;
    assert_int_equal(origin_read_counts(origin, &counts, &paths, &error), 0);
    assert_int_equal(counts.paths, URLS);
    for (uint32_t i = 0; i < counts.paths; i++) {
        assert_true(paths[i].requests == 2);
        assert_true(i == 0 || strcmp(paths[i - 1].url, paths[i].url) < 0);
    }
    origin_path_counts_release(paths, counts.paths);
    close(connection);
    origin_stop(origin);
}

static const char token[] = "0123456789a";

static struct origin *start_with_token(const char *text, uint32_t connections)
{
    struct origin_options options = origin_options_default();
    struct error error = {0};
    assert_int_equal(origin_options_parse(text, &options, &error), 0);
    struct origin *origin =
        origin_start(&options, &(struct origin_demand){.connections = connections, .token = token}, &error);
    if (origin == NULL)
        fail_msg("%s", error.message);
    return origin;
}

static struct answer get_with(int connection, const char *header)
{
    char text[200];
    snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: a.test\r\n%s\r\n", header);
    send_text(connection, text);
    return receive_answer(connection, true);
}

static struct answer get_as_own(int connection)
{
    char header[sizeof(ORIGIN_TOKEN_HEADER ": \r\n") + sizeof(token)];
    snprintf(header, sizeof(header), ORIGIN_TOKEN_HEADER ": %s\r\n", token);
    return get_with(connection, header);
}

static void test_strangers_are_refused_and_counted_apart(void **state)
{
    (void)state;
    static const char *const headers[] = {"", ORIGIN_TOKEN_HEADER ": 0\r\n", ORIGIN_TOKEN_HEADER ":\r\n",
                                          ORIGIN_TOKEN_HEADER ": 0123456789A\r\n",
                                          ORIGIN_TOKEN_HEADER ": 0123456789ab\r\n"};
    enum { HEADERS = sizeof(headers) / sizeof(headers[0]) };
    /* A second for each: who takes a turn is found out by the one behind. */
    struct origin *origin = start_with_token("latency=0ms,size=10,limit=1/s", 4);
    int own = connect_to(origin);
    nanoseconds begin = clock_now();
    for (size_t i = 0; i < HEADERS * 10; i++) {
        int stranger = connect_to(origin);
        assert_int_equal(get_with(stranger, headers[i % HEADERS]).status, 403);
        char rest;
        assert_int_equal(recv(stranger, &rest, 1, 0), 0);
        close(stranger);
    }
    int stranger = connect_to(origin);
    send_text(stranger, "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\n");
    assert_int_equal(receive_answer(stranger, true).status, 403);
    close(stranger);
    assert_int_equal(get_as_own(own).status, 200);
    assert_true(clock_now() - begin < (HEADERS * 10 - 5) * NANOSECONDS_PER_SECOND);
    struct origin_totals counts = counts_of(origin);
    assert_true(counts.requests == 1 && counts.responses == 1 && counts.connections == 1);
    assert_int_equal(counts.peak_in_flight, 1);
    assert_int_equal(counts.paths, 1);
    assert_true(counts.strangers == HEADERS * 10 + 1);
    /* They are of no trial. */
    reset(origin);
    counts = counts_of(origin);
    assert_true(counts.requests == 0 && counts.strangers == HEADERS * 10 + 1);
    close(own);
    origin_stop(origin);
}

static void test_silent_strangers_leave_room(void **state)
{
    (void)state;
    enum { SILENT = 300, OWN = 8 };
    struct origin *origin = start_with_token("latency=0ms,size=10", OWN);
    int silent[SILENT];
    int own[OWN];
    for (size_t i = 0; i < OWN; i++) {
        own[i] = connect_to(origin);
        assert_int_equal(get_as_own(own[i]).status, 200);
        /* More than there is room for, and some say half of something. */
        for (size_t j = i * SILENT / OWN; j < (i + 1) * SILENT / OWN; j++) {
            silent[j] = connect_to(origin);
            if (j % 2 == 0)
                send(silent[j], "GET / HT", 8, MSG_NOSIGNAL);
        }
    }
    /* Connections of the run are not ended for them. */
    for (size_t i = 0; i < OWN; i++)
        assert_int_equal(get_as_own(own[i]).status, 200);
    struct origin_totals counts = counts_of(origin);
    assert_true(counts.requests == 2 * OWN && counts.connections == OWN && counts.strangers == 0);
    for (size_t i = 0; i < SILENT; i++)
        close(silent[i]);
    for (size_t i = 0; i < OWN; i++)
        close(own[i]);
    origin_stop(origin);
}

static void test_tokens_differ(void **state)
{
    (void)state;
    char one[ORIGIN_TOKEN_SIZE], other[ORIGIN_TOKEN_SIZE];
    assert_int_equal(origin_draw_token(one, NULL), 0);
    assert_int_equal(origin_draw_token(other, NULL), 0);
    assert_int_equal(strlen(one), ORIGIN_TOKEN_SIZE - 1);
    assert_string_not_equal(one, other);
}

static void test_peak_in_flight(void **state)
{
    (void)state;
    enum { CONNECTIONS = 25 };
    struct origin *origin = start("latency=200ms,size=10", CONNECTIONS);
    int connections[CONNECTIONS];
    for (int i = 0; i < CONNECTIONS; i++) {
        connections[i] = connect_to(origin);
        send_request(connections[i], "GET", "www.example.org", "/");
    }
    for (int i = 0; i < CONNECTIONS; i++) {
        assert_int_equal(receive_answer(connections[i], true).status, 200);
        close(connections[i]);
    }
    struct origin_totals counts = counts_of(origin);
    assert_int_equal(counts.peak_in_flight, CONNECTIONS);
    assert_true(counts.responses == CONNECTIONS);
    assert_true(counts.connections == CONNECTIONS);
    origin_stop(origin);
}

static void test_reset_forgets_requests_of_dead_clients(void **state)
{
    (void)state;
    struct origin *origin = start("latency=1h,size=10", 4);
    int connection = connect_to(origin);
    send_request(connection, "GET", "www.example.org", "/");
    while (counts_of(origin).requests == 0)
        continue;
    close(connection);
    /* More often than there is room for connections: abandoned ones must not pile up. */
    for (int i = 0; i < 200; i++) {
        connection = connect_to(origin);
        send_request(connection, "GET", "www.example.org", "/");
        close(connection);
        reset(origin);
    }
    assert_true(counts_of(origin).requests == 0);
    assert_true(counts_of(origin).responses == 0);
    connection = connect_to(origin);
    send_request(connection, "GET", "www.example.org", "/");
    while (counts_of(origin).requests == 0)
        continue;
    assert_int_equal(counts_of(origin).peak_in_flight, 1);
    close(connection);
    origin_stop(origin);
}

/* Chance. */

enum { DRAWS = 2000, DRAWN_URLS = 2 };

/* The fates of DRAWS requests for each of two URLs, which take turns in the given order. */
static void draw_fates(struct origin *origin, bool in_turn, char fates[DRAWN_URLS][DRAWS])
{
    static const char *const targets[DRAWN_URLS] = {"/a", "/b"};
    int connection = connect_to(origin);
    for (int i = 0; i < DRAWN_URLS * DRAWS; i++) {
        int url = in_turn ? i % DRAWN_URLS : i / DRAWS;
        int occurrence = in_turn ? i / DRAWN_URLS : i % DRAWS;
        struct answer answer = get(connection, "www.example.org", targets[url]);
        assert_true(answer.status == 200 || answer.status == 503);
        fates[url][occurrence] = answer.status == 503;
    }
    close(connection);
}

static void test_errors_depend_on_seed_url_and_occurrence_alone(void **state)
{
    (void)state;
    static char first[DRAWN_URLS][DRAWS], second[DRAWN_URLS][DRAWS], other_seed[DRAWN_URLS][DRAWS];
    struct origin *origin = start("latency=0ms,size=10,errors=10%,seed=7", 4);
    draw_fates(origin, true, first);
    struct origin_totals counts = counts_of(origin);
    reset(origin);
    draw_fates(origin, false, second);
    origin_stop(origin);
    assert_memory_equal(first, second, sizeof(first));
    assert_memory_not_equal(first[0], first[1], DRAWS);

    origin = start("latency=0ms,size=10,errors=10%,seed=8", 4);
    draw_fates(origin, true, other_seed);
    origin_stop(origin);
    assert_memory_not_equal(first, other_seed, sizeof(first));

    unsigned errors = 0;
    for (int i = 0; i < DRAWN_URLS * DRAWS; i++)
        errors += (unsigned)first[i / DRAWS][i % DRAWS];
    assert_true(counts.errors == errors);
    assert_true(counts.responses == sizeof(first));
    /* 400 expected, standard deviation 19; the seed is fixed, so this does not vary. */
    assert_true(errors > 320 && errors < 480);
}

static void test_all_or_no_errors(void **state)
{
    (void)state;
    static const char *const texts[] = {"latency=0ms,errors=100%", "latency=0ms,errors=0"};
    static const int statuses[] = {503, 200};
    for (int i = 0; i < 2; i++) {
        struct origin *origin = start(texts[i], 4);
        int connection = connect_to(origin);
        for (int n = 0; n < 50; n++)
            assert_int_equal(get(connection, "www.example.org", "/").status, statuses[i]);
        close(connection);
        origin_stop(origin);
    }
}

/* Time: lower bounds hold whatever else the machine does; upper bounds are far away. */

static void test_latency_is_at_least_what_was_asked(void **state)
{
    (void)state;
    enum { REQUESTS = 20 };
    nanoseconds latency = 30 * NANOSECONDS_PER_MILLISECOND;
    struct origin *origin = start("latency=30ms,size=10", 4);
    int connection = connect_to(origin);
    nanoseconds shortest = INT64_MAX;
    for (int i = 0; i < REQUESTS; i++) {
        nanoseconds before = clock_now();
        nanoseconds taken = get(connection, "www.example.org", "/").last_byte - before;
        assert_true(taken >= latency);
        shortest = taken < shortest ? taken : shortest;
    }
    /* A delay of acknowledgements (40 ms) would show in every one. */
    assert_true(shortest < latency + 30 * NANOSECONDS_PER_MILLISECOND);
    close(connection);
    origin_stop(origin);
}

static void test_jitter_spreads_latency(void **state)
{
    (void)state;
    enum { REQUESTS = 40 };
    struct origin *origin = start("latency=20ms,jitter=20ms,size=10", 4);
    int connection = connect_to(origin);
    int below = 0, above = 0;
    for (int i = 0; i < REQUESTS; i++) {
        nanoseconds before = clock_now();
        nanoseconds taken = get(connection, "www.example.org", "/").last_byte - before;
        below += taken < 18 * NANOSECONDS_PER_MILLISECOND;
        above += taken > 22 * NANOSECONDS_PER_MILLISECOND;
    }
    assert_true(below >= 1);
    assert_true(above >= 5);
    close(connection);
    origin_stop(origin);
}

static void test_limit_makes_requests_wait_their_turn(void **state)
{
    (void)state;
    enum { CONNECTIONS = 11 };
    struct origin *origin = start("latency=0ms,size=10,limit=50/s", CONNECTIONS);
    int connections[CONNECTIONS];
    for (int i = 0; i < CONNECTIONS; i++)
        connections[i] = connect_to(origin);
    nanoseconds before = clock_now();
    for (int i = 0; i < CONNECTIONS; i++)
        send_request(connections[i], "GET", "www.example.org", "/");
    nanoseconds last = 0;
    for (int i = 0; i < CONNECTIONS; i++) {
        nanoseconds end = receive_answer(connections[i], true).last_byte;
        last = end > last ? end : last;
        close(connections[i]);
    }
    /* The first has its turn at once, the eleventh ten intervals later. */
    assert_true(last - before >= 20 * NANOSECONDS_PER_MILLISECOND * (CONNECTIONS - 1));
    origin_stop(origin);
}

static void test_rate_holds_on_each_connection(void **state)
{
    (void)state;
    struct origin *origin = start("latency=0ms,size=200kB,rate=1MB/s", 4);
    int one = connect_to(origin), other = connect_to(origin);
    nanoseconds shortest = INT64_MAX;
    for (int i = 0; i < 5; i++) {
        nanoseconds before = clock_now();
        send_request(one, "GET", "www.example.org", "/");
        send_request(other, "GET", "www.example.org", "/");
        nanoseconds ends[] = {receive_answer(one, true).last_byte, receive_answer(other, true).last_byte};
        for (int n = 0; n < 2; n++) {
            assert_true(ends[n] - before >= 200 * NANOSECONDS_PER_MILLISECOND);
            shortest = ends[n] - before < shortest ? ends[n] - before : shortest;
        }
    }
    /* Both get it, not half of it. */
    assert_true(shortest < 300 * NANOSECONDS_PER_MILLISECOND);
    close(one);
    close(other);
    origin_stop(origin);
}

/* Ends. */

static void test_server_leaves_when_its_parent_dies(void **state)
{
    (void)state;
    int port_pipe[2];
    assert_int_equal(pipe(port_pipe), 0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct origin_options options = origin_options_default();
        struct error error;
        static struct origin *volatile origin; /* abandoned on purpose, and no leak */
        origin = origin_start(&options, &(struct origin_demand){.connections = 4}, &error);
        uint16_t port = origin == NULL ? 0 : origin_port(origin);
        _exit(write(port_pipe[1], &port, sizeof(port)) == sizeof(port) ? 0 : 1);
    }
    uint16_t port = 0;
    assert_int_equal(read(port_pipe[0], &port, sizeof(port)), sizeof(port));
    assert_true(port != 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    close(port_pipe[0]);
    close(port_pipe[1]);
    nanoseconds end = clock_now() + 60 * NANOSECONDS_PER_SECOND;
    int connection;
    while ((connection = try_to_connect(port)) >= 0 && clock_now() < end) {
        close(connection);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    assert_int_equal(connection, -1);
}

static void test_server_ignores_the_terminal(void **state)
{
    (void)state;
    /* In a process group of its own, which then gets what Ctrl-C sends. */
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        setpgid(0, 0);
        struct sigaction ignore = {.sa_handler = SIG_IGN};
        struct origin_options options = origin_options_default();
        struct error error;
        struct origin *origin = origin_start(&options, &(struct origin_demand){.connections = 4}, &error);
        if (origin == NULL)
            _exit(1);
        sigaction(SIGINT, &ignore, NULL);
        sigaction(SIGTERM, &ignore, NULL);
        kill(0, SIGINT);
        kill(0, SIGTERM);
        struct origin_totals counts;
        int status = origin_read_counts(origin, &counts, NULL, &error);
        origin_stop(origin);
        _exit(status == 0 ? 0 : 2);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_too_many_connections_are_refused_by_number(void **state)
{
    (void)state;
    struct origin_options options = origin_options_default();
    struct error error = {0};
    assert_null(origin_start(&options, &(struct origin_demand){.connections = UINT32_MAX - 1000}, &error));
    assert_int_equal(error.kind, ERROR_ENVIRONMENT);
    /* Where the server waits by select(2), whatever the limit of descriptors is. */
    assert_true(strstr(error.message, "4294966295 connections need 4294966423 descriptors") != NULL ||
                strstr(error.message, "4294966295 connections are more than the 896 that this build can wait for") !=
                    NULL);
}

/* The server's process, which is the only child: it is done something to behind the parent's back. 0: not known. */
static pid_t find_server(void)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
    FILE *file = fopen(path, "r");
    char line[32] = "";
    if (file == NULL)
        return 0;
    char *text = fgets(line, sizeof(line), file);
    fclose(file);
    return text == NULL ? 0 : (pid_t)strtol(line, NULL, 10);
}

static void test_a_lost_server_is_an_error(void **state)
{
    (void)state;
    struct origin *origin = start("latency=0ms", 4);
    pid_t server = find_server();
    if (server == 0)
        skip();
    kill(server, SIGKILL);
    struct origin_totals counts;
    struct error error = {0};
    assert_int_equal(origin_read_counts(origin, &counts, NULL, &error), -1);
    assert_int_equal(error.kind, ERROR_ENVIRONMENT);
    assert_non_null(strstr(error.message, "has ended"));
    assert_int_equal(origin_reset(origin, &error), -1);
    origin_stop(origin);
}

static int tell_of_signal(void)
{
    return SIGINT;
}

static void test_a_stopped_server_is_not_waited_for_after_a_signal(void **state)
{
    (void)state;
    struct origin *origin = start("latency=0ms", 4);
    pid_t server = find_server();
    if (server == 0)
        skip();
    kill(server, SIGSTOP);
    nanoseconds begin = clock_now();
    struct origin_totals counts;
    struct error error = {0};
    origin_set_interrupt(origin, tell_of_signal);
    assert_int_equal(origin_read_counts(origin, &counts, NULL, &error), -1);
    assert_int_equal(error.kind, ERROR_ENVIRONMENT);
    assert_non_null(strstr(error.message, "does not answer"));
    /* It can do nothing at all any more, and has to be gone all the same. */
    origin_stop(origin);
    /* An answer is waited for ten seconds. */
    assert_true(clock_now() - begin < 9 * NANOSECONDS_PER_SECOND);
    assert_int_equal(kill(server, 0), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_sets_what_is_given_and_nothing_else),
        cmocka_unit_test(test_parse_names_what_is_wrong),
        cmocka_unit_test(test_describe),
        cmocka_unit_test(test_serves_and_stops),
        cmocka_unit_test(test_stop_of_nothing),
        cmocka_unit_test(test_stop_with_requests_in_flight),
        cmocka_unit_test(test_head_has_length_and_no_body),
        cmocka_unit_test(test_large_body_takes_little_memory),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_long_urls_and_uploads),
        cmocka_unit_test(test_nonsense_does_no_harm),
        cmocka_unit_test(test_counts_each_url_until_reset),
        cmocka_unit_test(test_counts_many_urls),
        cmocka_unit_test(test_strangers_are_refused_and_counted_apart),
        cmocka_unit_test(test_silent_strangers_leave_room),
        cmocka_unit_test(test_tokens_differ),
        cmocka_unit_test(test_peak_in_flight),
        cmocka_unit_test(test_reset_forgets_requests_of_dead_clients),
        cmocka_unit_test(test_errors_depend_on_seed_url_and_occurrence_alone),
        cmocka_unit_test(test_all_or_no_errors),
        cmocka_unit_test(test_latency_is_at_least_what_was_asked),
        cmocka_unit_test(test_jitter_spreads_latency),
        cmocka_unit_test(test_limit_makes_requests_wait_their_turn),
        cmocka_unit_test(test_rate_holds_on_each_connection),
        cmocka_unit_test(test_server_leaves_when_its_parent_dies),
        cmocka_unit_test(test_server_ignores_the_terminal),
        cmocka_unit_test(test_too_many_connections_are_refused_by_number),
        cmocka_unit_test(test_a_lost_server_is_an_error),
        cmocka_unit_test(test_a_stopped_server_is_not_waited_for_after_a_signal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
