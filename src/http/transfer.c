#include "conc_bench/http/transfer.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conc_bench/platform/descriptor.h"
#include "quirks.h"
#include "retry.h"
#include "settings.h"
#include "transfer_state.h"

/* A transfer that goes alone and waits looks this often whether it is to give up. */
enum { LONGEST_WAIT_MS = 250 };

struct transfer_policy transfer_policy_default(void)
{
    return (struct transfer_policy){
        .connections = CONNECTIONS_REUSE,
        .connections_kept = 1,
        .max_redirects = 10,
        .connect_timeout = 10 * NANOSECONDS_PER_SECOND,
        .max_time = 30 * NANOSECONDS_PER_SECOND,
        .max_body = INT64_C(1) << 30,
        .digests_bodies = true,
        /* Measured with 1 MiB bodies from nginx: 64 KiB takes 11 to 25 % less CPU than libcurl's 16 KiB, and larger
         * ones no less, but as much more memory for each transfer in flight. */
        .buffer_bytes = 64 * 1024,
    };
}

uint32_t transfer_buffer_bytes(const struct transfer_policy *policy, bool is_packed)
{
    /* libcurl unpacks all that it has received before it does anything else: by gzip 16 KiB become up to 16 MiB, which
     * takes some 20 ms, and all else in an event loop waits. */
    enum { PACKED = 16 * 1024, LEAST = 1024 };
    uint32_t bytes = is_packed && policy->buffer_bytes > PACKED ? PACKED : policy->buffer_bytes;
    /* libcurl looks at the speed between two times at which it empties the socket, into up to 100 buffers (7.88). */
    int64_t slow = policy->receive_speed / 1000;
    if (policy->receive_speed > 0 && slow < bytes)
        bytes = slow < LEAST ? LEAST : (uint32_t)slow;
    return bytes;
}

bool transfer_shares_connections(const struct transfer_plan *plan)
{
    return request_is_multiplexed(plan->request->options) && plan->policy->connections != CONNECTIONS_FRESH;
}

int transfer_library_init(struct error *error)
{
    (void)quirk_applies(0); /* libcurl tells its version to one thread at a time */
    quirk_watch_frames();
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK)
        return error_set(error, ERROR_ENVIRONMENT, "libcurl does not start: %s", curl_easy_strerror(code));
    return 0;
}

void transfer_library_cleanup(void)
{
    curl_global_cleanup();
}

/* Does not call curl_version(), which starts OpenLDAP to tell its version, which in turn looks this machine's name
 * up. */
const char *transfer_library_version(void)
{
    static char text[128];
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    snprintf(text, sizeof(text), "libcurl/%s %s zlib/%s", info->version, transfer_tls_version(),
             info->libz_version != NULL ? info->libz_version : "-");
    return text;
}

const char *transfer_library_built_against(void)
{
    return strcmp(curl_version_info(CURLVERSION_NOW)->version, LIBCURL_VERSION) != 0 ? LIBCURL_VERSION : NULL;
}

const char *transfer_tls_version(void)
{
    const char *version = curl_version_info(CURLVERSION_NOW)->ssl_version;
    return version != NULL ? version : "";
}

/* Called by libcurl right before each request. */
static int on_request(void *context, char *address, char *local_address, int port, int local_port)
{
    (void)address, (void)local_address, (void)port, (void)local_port;
    struct transfer *transfer = context;
    transfer->requests++;
    if (transfer->streams != NULL && quirk_is_misled(transfer)) {
        transfer->is_misled = true;
        return CURL_PREREQFUNC_ABORT;
    }
    transfer->stream_ended = false;
    transfer->has_stream = false;
    transfer->broken = OUTCOME_NONE;
    answer_expect(transfer);
    transfer->is_connecting = false;
    quirk_note_times(transfer);
    quirk_forget_message(transfer);
    if (transfer->streams != NULL)
        transfer_count_stream(transfer);
    quirk_retry_on_new(transfer);
    quirk_note_asking(transfer);
    return CURL_PREREQFUNC_OK;
}

/* Opens a socket as libcurl would, but keeps the reason of a failure, which libcurl forgets. */
static curl_socket_t on_open(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)purpose;
    struct transfer *transfer = context;
    const struct transfer_sockets *sockets = transfer->sockets;
    int descriptor = descriptor_socket(address->family, address->socktype, address->protocol);
    if (descriptor < 0 || (sockets != NULL && sockets->opened(sockets->context, descriptor) != 0)) {
        transfer->socket_error = errno;
        if (descriptor >= 0)
            close(descriptor);
        return CURL_SOCKET_BAD;
    }
    if (transfer->pool != NULL)
        pool_note_opened(transfer);
    quirk_note_attempt(transfer, address->family == AF_INET6, descriptor);
    transfer->is_connecting = true;
    transfer->opened = clock_now();
    return descriptor;
}

/* The connection may have outlived the transfer that opened it: only who watches is still there for certain. */
static int on_close(void *context, curl_socket_t socket)
{
    const struct transfer_sockets *sockets = context;
    sockets->closed(sockets->context, socket);
    return close(socket);
}

static void set_callbacks(struct transfer *transfer, const char **failure, CURLcode *code)
{
    CURL *easy = transfer->easy;
    SET(CURLOPT_PRIVATE, transfer);
    SET(CURLOPT_ERRORBUFFER, transfer->message);
    SET(CURLOPT_WRITEFUNCTION, answer_take_body);
    SET(CURLOPT_WRITEDATA, transfer);
    SET(CURLOPT_HEADERFUNCTION, answer_take_header);
    SET(CURLOPT_HEADERDATA, transfer);
    SET(CURLOPT_PREREQFUNCTION, on_request);
    SET(CURLOPT_PREREQDATA, transfer);
    SET(CURLOPT_OPENSOCKETFUNCTION, on_open);
    SET(CURLOPT_OPENSOCKETDATA, transfer);
    if (transfer->sockets != NULL) {
        SET(CURLOPT_CLOSESOCKETFUNCTION, on_close);
        SET(CURLOPT_CLOSESOCKETDATA, (void *)transfer->sockets);
    }
}

static void set_request(struct transfer *transfer, const char **failure, CURLcode *code)
{
    CURL *easy = transfer->easy;
    const struct transfer_policy *policy = transfer->plan->policy;
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    /* URLs of the list have none; where a server sends us is no place to log in by what that server says. */
    SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    SET(CURLOPT_HTTP_VERSION, settings_http_version(transfer->plan->request, transfer->is_http1));
    SET(CURLOPT_FOLLOWLOCATION, policy->max_redirects > 0 ? 1L : 0L);
    SET(CURLOPT_MAXREDIRS, (long)policy->max_redirects);
    SET(CURLOPT_HTTPHEADER, transfer->headers);
    SET(CURLOPT_CONNECTTIMEOUT_MS, transfer_milliseconds(policy->connect_timeout));
    SET(CURLOPT_TIMEOUT_MS, transfer_milliseconds(policy->max_time));
    SET(CURLOPT_BUFFERSIZE, (long)policy->buffer_bytes);
    SET(CURLOPT_MAX_RECV_SPEED_LARGE, (curl_off_t)policy->receive_speed);
    /* Signals are process-wide and would race between threads; SIGPIPE is ignored for the whole process. */
    SET(CURLOPT_NOSIGNAL, 1L);
}

static void set_connections(struct transfer *transfer, const char **failure, CURLcode *code)
{
    CURL *easy = transfer->easy;
    const struct transfer_policy *policy = transfer->plan->policy;
    bool is_fresh = policy->connections == CONNECTIONS_FRESH;
    SET(CURLOPT_FORBID_REUSE, is_fresh ? 1L : 0L);
    SET(CURLOPT_FRESH_CONNECT, is_fresh ? 1L : 0L);
    transfer->retries_on_new = false;
    SET(CURLOPT_DNS_CACHE_TIMEOUT, quirk_names_kept());
    /* Otherwise a look-up that times out holds up every transfer of its event loop until the resolver thread ends. */
    SET(CURLOPT_QUICK_EXIT, 1L);
}

static int append(struct curl_slist **list, const char *text)
{
    struct curl_slist *longer = curl_slist_append(*list, text);
    if (longer == NULL)
        return -1;
    *list = longer;
    return 0;
}

static int list_headers(struct transfer *transfer)
{
    const struct request *request = transfer->plan->request;
    for (size_t i = 0; i < request->header_count; i++) {
        if (append(&transfer->headers, request->headers[i]) != 0)
            return -1;
    }
    return 0;
}

/* Leads every host to the origin's port, and says where that is. Each keeps its own name on the way, as with another
 * server: libcurl (7.88 as well as 8) keeps connections by the name it connects to, and would look through those of all
 * hosts for each download if that were the origin's address for all. */
static int append_origin(struct transfer *transfer, struct curl_slist **way, uint16_t port)
{
    char text[64];
    snprintf(text, sizeof(text), ":::%u", (unsigned)port);
    if (append(way, text) != 0)
        return -1;
    const char *address = transfer->plan->policy->origin_address;
    snprintf(text, sizeof(text), "*:%u:%s", (unsigned)port, address != NULL ? address : "127.0.0.1");
    return append(&transfer->names, text);
}

/* Entries for any host libcurl keeps where the others are, but in each easy handle that there is one: those beside the
 * first would not look for it. Where names are many, each brings along what is fixed. */
static int list_names(struct transfer *transfer)
{
    const struct pins *pins = transfer->plan->pins;
    bool is_beside = transfer->driver == TRANSFER_IN_MULTI && !pins_are_many(pins);
    for (size_t i = 0; pins != NULL && i < pins->fixed_count; i++) {
        bool is_known = is_beside && !pin_stands_for_any(pins->fixed[i]);
        if (!is_known && append(&transfer->names, pins->fixed[i]) != 0)
            return -1;
    }
    return 0;
}

/* Makes the lists that libcurl borrows: destinations in place of those of URLs, and addresses of names that are known
 * beforehand. */
static int list_addresses(struct transfer *transfer)
{
    const struct transfer_plan *plan = transfer->plan;
    const struct transfer_policy *policy = plan->policy;
    if ((policy->origin_port != 0 && append_origin(transfer, &transfer->connect_to, policy->origin_port) != 0) ||
        (policy->origin_tls_port != 0 && append_origin(transfer, &transfer->tls_way, policy->origin_tls_port) != 0))
        return -1;
    const struct request_texts *detours = &plan->request->options->connect_to;
    for (size_t i = 0; i < detours->count; i++) {
        if (append(&transfer->connect_to, detours->items[i].text) != 0)
            return -1;
    }
    return list_names(transfer);
}

/* Sets everything but names, which are read once and stay. */
static void set_options(struct transfer *transfer, const char **failure, CURLcode *code)
{
    CURL *easy = transfer->easy;
    set_callbacks(transfer, failure, code);
    set_request(transfer, failure, code);
    set_connections(transfer, failure, code);
    settings_set_message(easy, transfer->plan->request, failure, code);
    settings_set_tls(easy, transfer->plan->request, failure, code);
    if (transfer->plan->policy->authority != NULL)
        settings_set_authority(easy, transfer->plan->policy->authority, failure, code);
    settings_set_way(easy, transfer->plan->request, failure, code);
    if (transfer->connect_to != NULL)
        SET(CURLOPT_CONNECT_TO, transfer->connect_to);
}

static void set_names(struct transfer *transfer, const char **failure, CURLcode *code)
{
    CURL *easy = transfer->easy;
    if (transfer->names != NULL)
        SET(CURLOPT_RESOLVE, transfer->names);
}

int transfer_bring_names(struct transfer *transfer, void *multi, struct error *error)
{
    /* A scheme that is not allowed ends the transfer right after the names were read, before any connection. */
    CURLcode refusal = curl_easy_setopt(transfer->easy, CURLOPT_URL, "file:///");
    if (refusal != CURLE_OK)
        return error_set(error, ERROR_ENVIRONMENT, "libcurl does not take a URL: %s", curl_easy_strerror(refusal));
    CURLMcode code = curl_multi_add_handle(multi, transfer->easy);
    int running = 1;
    while (code == CURLM_OK && running > 0)
        code = curl_multi_perform(multi, &running);
    int left;
    while (curl_multi_info_read(multi, &left) != NULL) {}
    curl_multi_remove_handle(multi, transfer->easy);
    return code == CURLM_OK ? 0 : group_fail((int)code, error);
}

bool transfer_reset(struct transfer *transfer)
{
    const char *failure = NULL;
    CURLcode code = CURLE_OK;
    curl_easy_reset(transfer->easy);
    set_options(transfer, &failure, &code);
    return failure == NULL;
}

static int set_all(struct transfer *transfer, struct error *error)
{
    const char *failure = NULL;
    CURLcode code = CURLE_OK;
    if (list_headers(transfer) != 0 || list_addresses(transfer) != 0)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the headers and addresses of a transfer");
    set_options(transfer, &failure, &code);
    settings_fill_jar(transfer->easy, transfer->plan->request, &failure, &code);
    set_names(transfer, &failure, &code);
    if (failure != NULL)
        return error_set(error, ERROR_ENVIRONMENT, "this libcurl (%s) refuses %s: %s",
                         curl_version_info(CURLVERSION_NOW)->version, failure, curl_easy_strerror(code));
    /* Names are read at a handle's first transfer: have that one now, not under the clock. Its failure is meant. */
    return transfer->multi != NULL && transfer->names != NULL ? transfer_bring_names(transfer, transfer->multi, error)
                                                              : 0;
}

/* Opens the multi handle that drives a transfer that goes alone. */
static int open_multi(struct transfer *transfer, struct error *error)
{
    transfer->multi = curl_multi_init();
    if (transfer->multi == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for a libcurl multi handle");
    CURLMcode code =
        curl_multi_setopt(transfer->multi, CURLMOPT_MAXCONNECTS, (long)transfer->plan->policy->connections_kept);
    return code == CURLM_OK ? 0 : group_fail((int)code, error);
}

struct transfer *transfer_create(const struct transfer_plan *plan, enum transfer_driver driver,
                                 const struct transfer_sockets *sockets, struct error *error)
{
    struct transfer *transfer = calloc(1, sizeof(*transfer));
    if (transfer != NULL)
        transfer->easy = curl_easy_init();
    if (transfer == NULL || transfer->easy == NULL) {
        free(transfer);
        error_set(error, ERROR_ENVIRONMENT, "no memory for a libcurl handle");
        return NULL;
    }
    transfer->plan = plan;
    transfer->driver = driver;
    transfer->is_head = plan->request->options->is_head;
    answer_create(transfer);
    transfer->sockets = sockets != NULL && sockets->opened != NULL ? sockets : NULL;
    bool has_checks = plan->checks != NULL && plan->checks->count > 0;
    if (has_checks && (transfer->checking = checking_create(plan->checks)) == NULL) {
        error_set(error, ERROR_ENVIRONMENT, "no memory to check the answers to a transfer");
        transfer_release(transfer);
        return NULL;
    }
    struct pool *pool = NULL;
    int status = 0;
    if (driver == TRANSFER_ALONE)
        status = open_multi(transfer, error) != 0 ? -1 : pool_create(plan, driver, 1, &pool, error);
    transfer_use_pool(transfer, pool);
    transfer->owns_pool = pool != NULL;
    if (status == 0 && set_all(transfer, error) == 0)
        return transfer;
    transfer_release(transfer);
    return NULL;
}

void transfer_release(struct transfer *transfer)
{
    if (transfer == NULL)
        return;
    quirk_forget_asking(transfer);
    curl_easy_cleanup(transfer->easy);
    curl_multi_cleanup(transfer->multi);
    pool_leave(transfer);
    curl_slist_free_all(transfer->names);
    curl_slist_free_all(transfer->connect_to);
    curl_slist_free_all(transfer->tls_way);
    curl_slist_free_all(transfer->headers);
    curl_url_cleanup(transfer->parser);
    digest_release(&transfer->digest);
    checking_release(transfer->checking);
    free(transfer);
}

/* NULL: no memory. */
static CURLU *parsed_target(struct transfer *transfer, uint32_t url)
{
    const struct target_list *targets = transfer->plan->targets;
    if (targets->parsed != NULL)
        return targets->parsed[url];
    if (transfer->parser == NULL)
        transfer->parser = curl_url();
    return transfer->parser != NULL && target_parse(targets, url, transfer->parser) ? transfer->parser : NULL;
}

static bool is_tls(const struct target_list *targets, uint32_t url)
{
    return targets->has_tls && target_is_tls(targets->texts[url]);
}

/* Sets the message of the URL, in a list where some URLs have one. */
static bool set_message(struct transfer *transfer, uint32_t url)
{
    const struct target_list *targets = transfer->plan->targets;
    uint32_t number = targets->url_messages[url];
    const struct message *message = number != MESSAGE_NONE ? &targets->messages[number] : NULL;
    const char *failure = NULL;
    CURLcode code = CURLE_OK;
    transfer->is_head = message != NULL && message->is_head;
    settings_set_own_message(transfer->easy, message,
                             message != NULL ? targets->message_headers[number] : transfer->headers, &failure, &code);
    return failure == NULL;
}

/* Sets what changes from one download to the next. libcurl's own text of the URL stays that of the first (before 8.14):
 * nobody reads it. */
static bool set_target(struct transfer *transfer, uint32_t url)
{
    CURLU *target = parsed_target(transfer, url);
    bool is_fresh = transfer->plan->policy->connections == CONNECTIONS_FRESH;
    if (transfer->forbids_reuse &&
        curl_easy_setopt(transfer->easy, CURLOPT_FORBID_REUSE, is_fresh ? 1L : 0L) != CURLE_OK)
        return false;
    transfer->forbids_reuse = false;
    if (transfer->plan->targets->url_messages != NULL && !set_message(transfer, url))
        return false;
    if (transfer->tls_way != NULL &&
        curl_easy_setopt(transfer->easy, CURLOPT_CONNECT_TO,
                         transfer->is_tls ? transfer->tls_way : transfer->connect_to) != CURLE_OK)
        return false;
    /* A download that begins while the first connection is made waits for it instead of making another. Only where it
     * is known by then whether it can be shared: otherwise they would wait for the first response. */
    if (transfer->streams != NULL &&
        curl_easy_setopt(transfer->easy, CURLOPT_PIPEWAIT, transfer_may_share(transfer) ? 1L : 0L) != CURLE_OK)
        return false;
    if (transfer->retries_on_new && !quirk_connect_as_asked(transfer))
        return false;
    return target != NULL && curl_easy_setopt(transfer->easy, CURLOPT_CURLU, target) == CURLE_OK;
}

static void end_before_start(struct sample *sample, enum outcome outcome, CURLcode code)
{
    sample->outcome = (uint8_t)outcome;
    sample->transfer_code = (uint8_t)code;
    sample->end = clock_now();
}

static struct check_subject subject_of(const struct transfer *transfer)
{
    const struct transfer_plan *plan = transfer->plan;
    return (struct check_subject){.url = plan->listed_urls[transfer->url], .name = plan->listed_names[transfer->url]};
}

static bool begin(struct transfer *transfer, nanoseconds begun)
{
    struct sample *sample = transfer->sample;
    uint32_t url = transfer->url;
    bool has_asked = transfer->requests > 0;
    transfer->begun = transfer->attempted = begun;
    transfer->opened = 0;
    transfer->is_connecting = false;
    transfer->untimed = 0;
    transfer->is_timed = false;
    transfer->repeats = 0;
    transfer->body_bytes = 0;
    digest_begin(&transfer->digest);
    if (transfer->checking != NULL)
        checking_begin(transfer->checking, subject_of(transfer));
    transfer->requests = 0;
    transfer->heard = 0;
    transfer->stream_ended = false;
    transfer->has_stream = false;
    transfer->broken = OUTCOME_NONE;
    transfer->is_misled = false;
    transfer->socket_error = 0;
    answer_begin(transfer);
    transfer->message[0] = '\0';
    if (transfer->listens)
        quirk_end_listening(transfer);
    const struct target_list *targets = transfer->plan->targets;
    if (targets->unresolved != NULL && targets->unresolved[url]) {
        end_before_start(sample, OUTCOME_DNS, CURLE_COULDNT_RESOLVE_HOST);
        return false;
    }
    transfer->is_tls = is_tls(targets, url);
    if (transfer->streams != NULL)
        quirk_choose_version(transfer);
    if ((transfer->has_retried && !quirk_forget_retries(transfer)) || !set_target(transfer, url) ||
        (transfer->pool != NULL && !pool_begin(transfer, has_asked))) {
        end_before_start(sample, OUTCOME_CLIENT_RESOURCE, CURLE_OUT_OF_MEMORY);
        return false;
    }
    return true;
}

static uint8_t to_8_bits(long value)
{
    return value < UINT8_MAX ? (uint8_t)value : UINT8_MAX;
}

bool transfer_begin(struct transfer *transfer, uint32_t url, struct sample *sample)
{
    transfer->sample = sample;
    transfer->url = url;
    transfer->earlier_connects = 0;
    return begin(transfer, sample->start);
}

bool transfer_begin_again(struct transfer *transfer)
{
    transfer->earlier_connects = transfer->sample->connects;
    transfer->sample->retries++;
    return begin(transfer, clock_now());
}

uint16_t transfer_retry_after(const struct transfer *transfer)
{
    curl_off_t seconds = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &seconds);
    return seconds <= 0 ? 0 : seconds < UINT16_MAX ? (uint16_t)seconds : UINT16_MAX;
}

/* Whether its last request was sent over a connection that was there: then nothing was looked up, connected to or
 * agreed on, and libcurl need not be asked for how long. */
static bool is_on_kept_connection(const struct transfer *transfer)
{
    return transfer->streams == NULL && transfer->opened == 0 && transfer->requests > transfer->sample->redirects;
}

void transfer_describe(const struct transfer *transfer, int code)
{
    struct sample *sample = transfer->sample;
    /* A download that succeeds is redirected only if it took more than one request. */
    sample->redirects = code == CURLE_OK && transfer->requests == 1
                            ? 0
                            : to_8_bits(transfer_info_number(transfer, CURLINFO_REDIRECT_COUNT));
    sample->first_byte_us = quirk_first_byte(transfer);
    if (is_on_kept_connection(transfer))
        return;
    sample->connects = to_8_bits(transfer_info_number(transfer, CURLINFO_NUM_CONNECTS));
    sample->name_lookup_us = transfer_info_microseconds(transfer, CURLINFO_NAMELOOKUP_TIME_T);
    sample->connect_us = transfer_info_microseconds(transfer, CURLINFO_CONNECT_TIME_T);
    sample->tls_us = transfer_info_microseconds(transfer, CURLINFO_APPCONNECT_TIME_T);
}

/* Adds earlier attempts: the time they took is part of the wait for the answer. */
static void add_earlier(struct transfer *transfer)
{
    struct sample *sample = transfer->sample;
    uint64_t earlier = (uint64_t)((transfer->begun - sample->start) / NANOSECONDS_PER_MICROSECOND);
    sample->connects = to_8_bits((long)(sample->connects + transfer->earlier_connects));
    if (sample->first_byte_us > 0)
        sample->first_byte_us =
            sample->first_byte_us + earlier < UINT32_MAX ? (uint32_t)(sample->first_byte_us + earlier) : UINT32_MAX;
}

/* A status of 400 or more is no failure if it is what a check wants. */
static void check_answer(struct transfer *transfer, long status)
{
    struct sample *sample = transfer->sample;
    const struct check_list *checks = transfer->plan->checks;
    const struct check *failed = checking_end(transfer->checking, (unsigned)status);
    bool is_error = sample->outcome == OUTCOME_HTTP_4XX || sample->outcome == OUTCOME_HTTP_5XX;
    if (is_error && check_list_wants(checks, subject_of(transfer), (unsigned)status))
        sample->outcome = OUTCOME_OK;
    if (sample->outcome != OUTCOME_OK || failed == NULL)
        return;
    sample->outcome = OUTCOME_CHECK;
    sample->failed_check = (uint16_t)(failed - checks->items);
}

void transfer_finish(struct transfer *transfer, int code)
{
    struct sample *sample = transfer->sample;
    sample->end = clock_now();
    transfer_end_stream(transfer);
    if (transfer->is_overdue)
        code = CURLE_OPERATION_TIMEDOUT;
    else if (quirk_has_whole_answer(transfer, code))
        code = CURLE_OK;
    long status = transfer_status(transfer);
    sample->body_bytes = transfer->body_bytes;
    sample->status = status < UINT16_MAX ? (uint16_t)status : UINT16_MAX;
    transfer_describe(transfer, code);
    /* A failure may have come before a request that would be counted. */
    transfer->has_retried |= code != CURLE_OK || transfer->requests > 1U + sample->redirects;
    sample->http_version = transfer_http_version(transfer);
    if (transfer->is_tls)
        transfer->met_http1 = sample->http_version == 10 || sample->http_version == 11;
    sample->transfer_code = (uint8_t)code;
    sample->retry_after = status == 429 || status == 503 ? transfer_retry_after(transfer) : 0;
    if (transfer->refused != OUTCOME_NONE)
        sample->outcome = (uint8_t)transfer->refused;
    else if (code == CURLE_OK)
        sample->outcome = (uint8_t)transfer_outcome_of_response(transfer, status);
    else
        sample->outcome = (uint8_t)transfer_outcome_of_failure(transfer, (CURLcode)code, status);
    if (transfer->checking != NULL)
        check_answer(transfer, status);
    if (sample->outcome == OUTCOME_OK)
        sample->body_digest = digest_end(&transfer->digest);
    else if (sample->outcome == OUTCOME_CONNECT)
        sample->connect_failure = (uint16_t)transfer_connect_failure(transfer, (CURLcode)code);
    if (sample->retries > 0)
        add_earlier(transfer);
}

void transfer_give_up(struct transfer *transfer, bool is_cancelled)
{
    struct sample *sample = transfer->sample;
    sample->end = clock_now();
    transfer_end_stream(transfer);
    sample->body_bytes = transfer->body_bytes;
    sample->transfer_code = is_cancelled ? CURLE_ABORTED_BY_CALLBACK : CURLE_BAD_FUNCTION_ARGUMENT;
    sample->outcome = is_cancelled ? OUTCOME_CANCELLED : OUTCOME_INTERNAL;
}

static CURLcode code_of_end(CURLM *multi, CURLMcode code)
{
    int left;
    const CURLMsg *message = code == CURLM_OK ? curl_multi_info_read(multi, &left) : NULL;
    if (message != NULL)
        return message->data.result;
    return code == CURLM_OUT_OF_MEMORY ? CURLE_OUT_OF_MEMORY : CURLE_BAD_FUNCTION_ARGUMENT;
}

/* Does the work of curl_easy_perform(3), which would have to ask by a callback whether to go on, some nine times for a
 * small download, and looks at the socket once more before anything was sent. */
static CURLcode drive(struct transfer *transfer)
{
    CURLM *multi = transfer->multi;
    int running = 1;
    CURLMcode code = curl_multi_add_handle(multi, transfer->easy);
    while (code == CURLM_OK) {
        transfer_receive_anew();
        code = curl_multi_perform(multi, &running);
        if (code != CURLM_OK || running == 0)
            break;
        if (transfer->is_connecting)
            quirk_urge_within(transfer);
        if (sample_table_is_stopped(transfer->plan->table))
            return CURLE_ABORTED_BY_CALLBACK;
        code = curl_multi_poll(multi, NULL, 0, LONGEST_WAIT_MS, NULL);
    }
    return code_of_end(multi, code);
}

static void perform_once(struct transfer *transfer)
{
    CURLcode code = drive(transfer);
    while (transfer_is_repeated(transfer, (int)code)) {
        curl_multi_remove_handle(transfer->multi, transfer->easy);
        code = drive(transfer);
    }
    transfer_finish(transfer, (int)code);
    curl_multi_remove_handle(transfer->multi, transfer->easy);
}

void transfer_perform(struct transfer *transfer, uint32_t url, struct sample *sample)
{
    bool has_begun = transfer_begin(transfer, url, sample);
    while (has_begun) {
        perform_once(transfer);
        if (!retry_is_wanted(transfer))
            return;
        has_begun = retry_wait(transfer) && transfer_begin_again(transfer);
        if (!has_begun && sample_table_is_stopped(transfer->plan->table))
            transfer_give_up(transfer, true);
    }
}

struct sample *transfer_sample(const struct transfer *transfer)
{
    return transfer->sample;
}

struct transfer *transfer_of_easy_handle(void *easy)
{
    char *private = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
    return (struct transfer *)(void *)private;
}
