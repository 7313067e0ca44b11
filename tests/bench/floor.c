/* The floor of what a download can cost: libcurl in a bare loop, with the transfer policy of src/transfer.c, the same
 * answers asked of each transfer, and its own stamps, but no table of samples, no modes, no isolation, no report. What
 * conc-bench takes beyond it is the tool's own.
 *
 *   floor easy DOWNLOADS URL...             one handle, one download after the other
 *   floor epoll IN_FLIGHT DOWNLOADS URL...  one multi handle on epoll, driven by curl_multi_socket_action()
 *   floor handles COUNT                     makes handles, as a mode does before its gate opens, and downloads nothing
 *   floor forks COUNT                       forks processes that do nothing but wait for their end
 */
#include <curl/curl.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { DESCRIPTORS_MAX = 65536, EVENTS_MAX = 16 };

struct download {
    CURL *easy;
    int64_t body_bytes;
    int64_t start;
    int64_t end;
    bool headers_ended;
    char message[CURL_ERROR_SIZE];
};

/* Reached by libcurl's callbacks. */
struct loop {
    CURLM *multi;
    int epoll;
    int64_t due;                     /* by the monotonic clock; NEVER: no timer is set */
    uint32_t armed[DESCRIPTORS_MAX]; /* what epoll watches a descriptor for */
};

#define NEVER INT64_MAX

static CURLU **targets;
static size_t target_count;
static uint64_t asked, done;
static int64_t service_sum;

static _Noreturn void fail(const char *what, const char *why)
{
    fprintf(stderr, "floor: %s: %s\n", what, why);
    exit(1);
}

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static size_t on_body(char *data, size_t size, size_t count, void *context)
{
    (void)data;
    struct download *download = context;
    download->body_bytes += (int64_t)(size * count);
    return size * count;
}

static size_t on_header(char *data, size_t size, size_t count, void *context)
{
    struct download *download = context;
    size_t length = size * count;
    if (length > 0 && (data[0] == '\r' || data[0] == '\n'))
        download->headers_ended = true;
    return length;
}

static int on_open(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)purpose;
    struct loop *loop = context;
    int descriptor = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (loop != NULL && descriptor >= 0 && descriptor < DESCRIPTORS_MAX)
        loop->armed[descriptor] = 0;
    return descriptor < 0 ? CURL_SOCKET_BAD : descriptor;
}

#define SET(option, value)                                                                                             \
    do {                                                                                                               \
        CURLcode code_ = curl_easy_setopt(easy, option, value);                                                        \
        if (code_ != CURLE_OK)                                                                                         \
            fail(#option, curl_easy_strerror(code_));                                                                  \
    } while (0)

static void open_download(struct download *download, struct loop *loop, struct curl_slist *headers)
{
    CURL *easy = download->easy = curl_easy_init();
    if (easy == NULL)
        fail("curl_easy_init", "no memory");
    SET(CURLOPT_PRIVATE, download);
    SET(CURLOPT_ERRORBUFFER, download->message);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, download);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, download);
    SET(CURLOPT_OPENSOCKETFUNCTION, on_open);
    SET(CURLOPT_OPENSOCKETDATA, loop);
    SET(CURLOPT_NOPROGRESS, 1L);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_FOLLOWLOCATION, 1L);
    SET(CURLOPT_MAXREDIRS, 10L);
    SET(CURLOPT_HTTPHEADER, headers);
    SET(CURLOPT_CONNECTTIMEOUT_MS, 10000L);
    SET(CURLOPT_TIMEOUT_MS, 30000L);
    SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)1 << 30);
    SET(CURLOPT_BUFFERSIZE, 65536L);
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NOPROXY, "*");
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_DNS_CACHE_TIMEOUT, -1L);
    SET(CURLOPT_QUICK_EXIT, 1L);
    SET(CURLOPT_CAPATH, NULL);
    SET(CURLOPT_SSL_SESSIONID_CACHE, 0L);
}

static void begin(struct download *download)
{
    CURL *easy = download->easy;
    download->start = now();
    download->body_bytes = 0;
    download->headers_ended = false;
    download->message[0] = '\0';
    SET(CURLOPT_CURLU, targets[asked++ % target_count]);
}

static void finish(struct download *download, CURLcode code)
{
    static const CURLINFO numbers[] = {CURLINFO_RESPONSE_CODE, CURLINFO_NUM_CONNECTS, CURLINFO_REDIRECT_COUNT,
                                       CURLINFO_HTTP_VERSION, CURLINFO_OS_ERRNO};
    static const CURLINFO times[] = {CURLINFO_NAMELOOKUP_TIME_T, CURLINFO_CONNECT_TIME_T, CURLINFO_APPCONNECT_TIME_T,
                                     CURLINFO_STARTTRANSFER_TIME_T, CURLINFO_TOTAL_TIME_T};
    enum { COUNT = 5 };
    long number[COUNT];
    curl_off_t time[COUNT];
    download->end = now();
    for (int i = 0; i < COUNT; i++) {
        curl_easy_getinfo(download->easy, numbers[i], &number[i]);
        curl_easy_getinfo(download->easy, times[i], &time[i]);
    }
    if (code != CURLE_OK)
        fail("a download failed", curl_easy_strerror(code));
    if (number[0] != 200 || !download->headers_ended || download->body_bytes == 0)
        fail("a download failed", "the answer is not whole");
    service_sum += download->end - download->start;
    done++;
}

static void run_easy(uint64_t count, struct curl_slist *headers)
{
    struct download download = {0};
    open_download(&download, NULL, headers);
    while (asked < count) {
        begin(&download);
        finish(&download, curl_easy_perform(download.easy));
    }
    curl_easy_cleanup(download.easy);
}

static int on_socket(CURL *easy, curl_socket_t socket, int what, void *context, void *unused)
{
    (void)easy;
    (void)unused;
    struct loop *loop = context;
    uint32_t wanted = (what == CURL_POLL_IN || what == CURL_POLL_INOUT ? (uint32_t)EPOLLIN : 0) |
                      (what == CURL_POLL_OUT || what == CURL_POLL_INOUT ? (uint32_t)EPOLLOUT : 0);
    /* A kept connection stays in epoll, and would be put back into it. */
    if (what == CURL_POLL_REMOVE || socket >= DESCRIPTORS_MAX || loop->armed[socket] == wanted)
        return 0;
    struct epoll_event event = {.events = wanted, .data.fd = socket};
    epoll_ctl(loop->epoll, loop->armed[socket] != 0 ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event);
    loop->armed[socket] = wanted;
    return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *context)
{
    (void)multi;
    struct loop *loop = context;
    loop->due = timeout_ms < 0 ? NEVER : now() + (int64_t)timeout_ms * 1000000;
    return 0;
}

static void act(struct loop *loop, curl_socket_t socket, int events)
{
    int running;
    CURLMcode code = curl_multi_socket_action(loop->multi, socket, events, &running);
    if (code != CURLM_OK)
        fail("curl_multi_socket_action", curl_multi_strerror(code));
}

static void reap(struct loop *loop, uint64_t count)
{
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(loop->multi, &left)) != NULL) {
        CURLcode code = message->data.result;
        CURL *easy = message->easy_handle;
        char *private = NULL;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
        struct download *download = (struct download *)(void *)private;
        finish(download, code);
        curl_multi_remove_handle(loop->multi, easy);
        if (asked < count) {
            begin(download);
            curl_multi_add_handle(loop->multi, easy);
        }
    }
}

static void turn(struct loop *loop)
{
    struct epoll_event events[EVENTS_MAX];
    int64_t wait = loop->due == NEVER ? 1000 : (loop->due - now() + 999999) / 1000000;
    int count = epoll_wait(loop->epoll, events, EVENTS_MAX, wait > 0 ? (int)wait : 0);
    for (int i = 0; i < count; i++) {
        uint32_t what = events[i].events;
        act(loop, events[i].data.fd,
            ((what & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) | ((what & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                ((what & (EPOLLERR | EPOLLHUP)) != 0 ? CURL_CSELECT_IN | CURL_CSELECT_ERR : 0));
    }
    if (loop->due <= now()) {
        loop->due = NEVER;
        act(loop, CURL_SOCKET_TIMEOUT, 0);
    }
}

static void run_epoll(uint64_t in_flight, uint64_t count, struct curl_slist *headers)
{
    static struct loop loop;
    struct download *downloads = calloc((size_t)in_flight, sizeof(downloads[0]));
    loop = (struct loop){.multi = curl_multi_init(), .epoll = epoll_create1(EPOLL_CLOEXEC), .due = NEVER};
    if (downloads == NULL || loop.multi == NULL || loop.epoll < 0)
        fail("a loop", "no memory");
    curl_multi_setopt(loop.multi, CURLMOPT_MAXCONNECTS, (long)in_flight);
    curl_multi_setopt(loop.multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    curl_multi_setopt(loop.multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(loop.multi, CURLMOPT_SOCKETDATA, &loop);
    curl_multi_setopt(loop.multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(loop.multi, CURLMOPT_TIMERDATA, &loop);
    for (uint64_t i = 0; i < in_flight && asked < count; i++) {
        open_download(&downloads[i], &loop, headers);
        begin(&downloads[i]);
        curl_multi_add_handle(loop.multi, downloads[i].easy);
    }
    while (done < count) {
        turn(&loop);
        reap(&loop, count);
    }
    for (uint64_t i = 0; i < in_flight; i++)
        curl_easy_cleanup(downloads[i].easy);
    curl_multi_cleanup(loop.multi);
    close(loop.epoll);
    free(downloads);
}

/* Each is kept, as modes keep theirs; the end of the program takes them. */
static void run_handles(uint64_t count, struct curl_slist *headers)
{
    for (done = 0; done < count; done++) {
        struct download *download = calloc(1, sizeof(*download));
        if (download == NULL)
            fail("a handle", "no memory");
        open_download(download, NULL, headers);
    }
}

static void run_forks(uint64_t count)
{
    int end[2];
    char byte;
    if (pipe(end) != 0)
        fail("pipe", strerror(errno));
    for (done = 0; done < count; done++) {
        pid_t pid = fork();
        if (pid < 0)
            fail("fork", strerror(errno));
        if (pid == 0) {
            close(end[1]);
            _exit(read(end[0], &byte, 1) < 0); /* the end of the pipe: our parent's */
        }
    }
}

static void parse_targets(char **urls, int count)
{
    targets = calloc((size_t)count + 1, sizeof(targets[0]));
    if (targets == NULL)
        fail("the URLs", "no memory");
    for (target_count = 0; target_count < (size_t)count; target_count++) {
        targets[target_count] = curl_url();
        if (curl_url_set(targets[target_count], CURLUPART_URL, urls[target_count], 0) != CURLUE_OK)
            fail(urls[target_count], "not a URL");
    }
}

static uint64_t parse_count(const char *text)
{
    char *end;
    errno = 0;
    uint64_t count = strtoull(text, &end, 10);
    if (errno != 0 || *end != '\0' || count == 0)
        fail(text, "not a number above 0");
    return count;
}

int main(int argc, char **argv)
{
    bool is_epoll = argc > 4 && strcmp(argv[1], "epoll") == 0;
    bool is_easy = argc > 3 && strcmp(argv[1], "easy") == 0;
    bool is_handles = argc == 3 && strcmp(argv[1], "handles") == 0;
    bool is_forks = argc == 3 && strcmp(argv[1], "forks") == 0;
    if (!is_epoll && !is_easy && !is_handles && !is_forks)
        fail("usage", "floor easy DOWNLOADS URL... | epoll IN_FLIGHT DOWNLOADS URL... | handles COUNT | forks COUNT");
    sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    struct curl_slist *headers = curl_slist_append(NULL, "User-Agent: conc-bench/floor");
    if (headers == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        fail("libcurl", "does not start");
    int first_url = is_epoll ? 4 : 3;
    parse_targets(argv + first_url, argc - first_url);
    int64_t start = now();
    if (is_epoll)
        run_epoll(parse_count(argv[2]), parse_count(argv[3]), headers);
    else if (is_easy)
        run_easy(parse_count(argv[2]), headers);
    else if (is_forks)
        run_forks(parse_count(argv[2]));
    else
        run_handles(parse_count(argv[2]), headers);
    printf("%" PRIu64 " done in %.9f seconds; mean %.9f\n", done, (double)(now() - start) / 1e9,
           (double)service_sum / 1e9 / (double)done);
    return 0;
}
