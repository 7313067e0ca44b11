#include "conc_bench/http/preflight.h"
#include "conc_bench/platform/descriptor.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "pem.h"
#include "quirks.h"
#include "settings.h"

/* CMakeLists.txt asks for the same: CURLOPT_QUICK_EXIT is of 7.87, and 7.88 is the oldest that tests have seen. */
enum { OLDEST_LIBCURL = 0x075800 };

/* Features of libcurl */

static bool has_feature(int features)
{
    return (curl_version_info(CURLVERSION_NOW)->features & features) != 0;
}

/* The program may run with another libcurl than it was built against: packages do not say enough. */
static int check_version(struct error *error)
{
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    if (info->version_num >= OLDEST_LIBCURL)
        return 0;
    return error_set(error, ERROR_ENVIRONMENT, "libcurl %d.%d or later is needed, and the one that is loaded is %s",
                     OLDEST_LIBCURL >> 16, OLDEST_LIBCURL >> 8 & 0xff, info->version);
}

int preflight_check_library(const struct request *request, struct error *error)
{
    const struct request_options *options = request->options;
    enum http_version version = options->http_version;
    if (check_version(error) != 0)
        return -1;
    const int compressions = CURL_VERSION_LIBZ | CURL_VERSION_BROTLI | CURL_VERSION_ZSTD;
    bool is_tls_proxy = request->proxy_count > 0 && strncasecmp(request->proxies[0], "https:", strlen("https:")) == 0;
    const struct {
        bool is_asked_for;
        int features; /* one of which is needed */
        const char *option;
        const char *what;
    } needs[] = {
        {options->is_unverified, CURL_VERSION_SSL, "--insecure", "TLS"},
        {options->ca_file != NULL, CURL_VERSION_SSL, "--cacert", "TLS"},
        {options->ca_folder != NULL, CURL_VERSION_SSL, "--capath", "TLS"},
        {options->certificate != NULL, CURL_VERSION_SSL, "--cert", "TLS"},
        {options->tls_min != TLS_VERSION_ANY, CURL_VERSION_SSL, "--tlsv1.x", "TLS"},
        {options->tls_max != TLS_VERSION_ANY, CURL_VERSION_SSL, "--tls-max", "TLS"},
        {options->resumes_tls, CURL_VERSION_SSL, "--tls-resume", "TLS"},
        {options->accepts_compressed, compressions, "--compressed", "any compression"},
        {options->unix_socket != NULL, CURL_VERSION_UNIX_SOCKETS, "--unix-socket", "Unix sockets"},
        {options->ip_version == IP_VERSION_6, CURL_VERSION_IPV6, "--ipv6", "IPv6"},
        {is_tls_proxy, CURL_VERSION_HTTPS_PROXY, "--proxy with https", "proxies over TLS"},
        {version == HTTP_VERSION_2, CURL_VERSION_SSL, "--http2", "TLS"},
        {version == HTTP_VERSION_2, CURL_VERSION_HTTP2, "--http2", "HTTP/2"},
        {version == HTTP_VERSION_2_KNOWN, CURL_VERSION_HTTP2, "--http2-prior-knowledge", "HTTP/2"},
        {version == HTTP_VERSION_3, CURL_VERSION_HTTP3, "--http3", "HTTP/3"},
    };
    for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
        if (needs[i].is_asked_for && !has_feature(needs[i].features))
            return error_set(error, ERROR_ENVIRONMENT,
                             "%s does not go with this libcurl (%s), which was built without %s", needs[i].option,
                             curl_version_info(CURLVERSION_NOW)->version, needs[i].what);
    }
    if (!request_is_multiplexed(options))
        return 0;
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    const char *flaw = quirk_of_http2(info->version_num);
    if (flaw == NULL && version == HTTP_VERSION_2_KNOWN)
        flaw = quirk_of_plain_http2(info->version_num);
    if (flaw != NULL)
        return error_set(error, ERROR_ENVIRONMENT, "--%s does not go with this libcurl (%s), where %s",
                         request_version_option(version), info->version, flaw);
    return 0;
}

static bool has_tls_settings(const struct request_options *options)
{
    return options->ca_file != NULL || options->ca_folder != NULL || options->certificate != NULL ||
           options->tls_min != TLS_VERSION_ANY || options->tls_max != TLS_VERSION_ANY;
}

bool preflight_is_needed(const struct request *request)
{
    return has_tls_settings(request->options) || request->options->interface != NULL ||
           request->options->unix_socket != NULL || request->proxy_count > 0;
}

/* One probe */

struct probe {
    CURL *easy;
    struct curl_slist *names;
    struct curl_slist *headers;
    char message[CURL_ERROR_SIZE]; /* libcurl's own words */
};

static size_t drop_body(char *data, size_t size, size_t count, void *context)
{
    (void)data;
    (void)context;
    return size * count;
}

static void end_probe(struct probe *probe)
{
    curl_easy_cleanup(probe->easy);
    curl_slist_free_all(probe->names);
    curl_slist_free_all(probe->headers);
}

static int begin_probe(const struct transfer_plan *plan, const char *url, struct probe *probe, struct error *error)
{
    CURLcode first = CURLE_OK;
    const char *refused = NULL;
    const char **failure = &refused;
    CURLcode *code = &first;
    *probe = (struct probe){.easy = curl_easy_init()};
    CURL *easy = probe->easy;
    if (easy == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for a libcurl handle");
    SET(CURLOPT_URL, url);
    SET(CURLOPT_ERRORBUFFER, probe->message);
    SET(CURLOPT_WRITEFUNCTION, drop_body);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)(plan->policy->connect_timeout / NANOSECONDS_PER_MILLISECOND) + 1);
    SET(CURLOPT_TIMEOUT_MS, (long)(plan->policy->max_time / NANOSECONDS_PER_MILLISECOND) + 1);
    settings_set_tls(easy, plan->request, failure, code);
    settings_set_way(easy, plan->request, failure, code);
    if (refused == NULL)
        return 0;
    end_probe(probe);
    return error_set(error, ERROR_ENVIRONMENT, "this libcurl (%s) refuses %s: %s",
                     curl_version_info(CURLVERSION_NOW)->version, refused, curl_easy_strerror(first));
}

/* TLS: libcurl reads all files before it says a word, so that a server that never answers will do, until it is spoken
 * to. On a busy machine that may take a while. */

enum { SPOKEN_TO_WITHIN = 60 * 1000 /* milliseconds */ };

static int open_without_waiting(int family)
{
    int descriptor = descriptor_socket(family, SOCK_STREAM, 0);
    if (descriptor >= 0)
        fcntl(descriptor, F_SETFL, O_NONBLOCK);
    return descriptor;
}

/* Returns the socket, which does not block, or -1. */
static int listen_silently(char *url, size_t size)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    int listener = open_without_waiting(AF_INET);
    if (listener < 0)
        return -1;
    if (bind(listener, (struct sockaddr *)&address, length) == 0 && listen(listener, 1) == 0 &&
        getsockname(listener, (struct sockaddr *)&address, &length) == 0) {
        snprintf(url, size, "https://127.0.0.1:%u/", (unsigned)ntohs(address.sin_port));
        return listener;
    }
    close(listener);
    return -1;
}

/* Whether somebody has connected and said something. `client`: the connection; -1: none yet. */
static bool is_spoken_to(int listener, int *client)
{
    char byte;
    if (*client < 0)
        *client = descriptor_accept(listener);
    return *client >= 0 && recv(*client, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* Drives the handle until the server has been spoken to (CURLE_OK), or something has failed before. */
static CURLcode perform_until_spoken_to(CURL *easy, int listener)
{
    CURLcode code = CURLE_OK;
    int client = -1;
    int running = 1;
    int left;
    CURLM *multi = curl_multi_init();
    if (multi == NULL || curl_multi_add_handle(multi, easy) != CURLM_OK)
        code = CURLE_OUT_OF_MEMORY;
    while (code == CURLE_OK && running > 0 && !is_spoken_to(listener, &client)) {
        struct curl_waitfd server = {.fd = client < 0 ? listener : client, .events = CURL_WAIT_POLLIN};
        CURLMsg *message;
        if (curl_multi_perform(multi, &running) != CURLM_OK)
            break;
        if (running > 0)
            curl_multi_poll(multi, &server, 1, 1000, NULL);
        else if ((message = curl_multi_info_read(multi, &left)) != NULL)
            code = message->data.result;
    }
    if (multi != NULL) {
        curl_multi_remove_handle(multi, easy);
        curl_multi_cleanup(multi);
    }
    if (client >= 0)
        close(client);
    return code;
}

/* Straight there, whatever way the options describe. */
static void go_straight(CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, NULL);
    curl_easy_setopt(easy, CURLOPT_IPRESOLVE, (long)CURL_IPRESOLVE_WHATEVER);
}

/* Why libcurl could not use the authorities; `words` are its own. */
static int refuse_authorities(const struct request *request, const char *words, struct error *error)
{
    const struct request_options *options = request->options;
    if (options->ca_file == NULL)
        return error_set(error, ERROR_USAGE, "--capath %s: %s", options->ca_folder, words);
    struct pem pem = pem_look(request->ca_file);
    if (pem.is_folder)
        return error_set(error, ERROR_USAGE, "--cacert %s is a folder: use --capath", options->ca_file);
    if (!pem.has_certificate)
        return error_set(error, ERROR_USAGE, "--cacert %s holds no certificate (PEM)", options->ca_file);
    return error_set(error, ERROR_USAGE, "--cacert %s: %s", options->ca_file, words);
}

/* The same of the certificate to present, and its key. */
static int refuse_certificate(const struct request *request, const char *words, struct error *error)
{
    const char *certificate = request->options->certificate;
    const char *key = request->options->key != NULL ? request->options->key : certificate;
    const char *option = request->options->key != NULL ? "key" : "cert";
    struct pem of_certificate = pem_look(request->certificate);
    struct pem of_key = pem_look(request->key != NULL ? request->key : request->certificate);
    if (of_certificate.is_folder || of_key.is_folder)
        return error_set(error, ERROR_USAGE, "--%s %s is a folder", of_certificate.is_folder ? "cert" : "key",
                         of_certificate.is_folder ? certificate : key);
    if (!of_certificate.has_certificate)
        return error_set(error, ERROR_USAGE, "--cert %s holds no certificate (PEM)", certificate);
    if (!of_key.has_key)
        return error_set(error, ERROR_USAGE, "--%s %s holds no private key%s", option, key,
                         request->options->key != NULL ? " (PEM)" : ": give --key");
    if (of_key.is_locked && request->key_password == NULL)
        return error_set(
            error, ERROR_USAGE,
            "--%s %s: the key has a password: write pass = \"PASSWORD\" into a file and give --config FILE", option,
            key);
    if (strstr(words, "private key") == NULL)
        return error_set(error, ERROR_USAGE, "--cert %s: %s", certificate, words);
    return error_set(error, ERROR_USAGE, "--%s %s: the key does not fit the certificate, or %s (%s)", option, key,
                     of_key.is_locked ? "the password not the key" : "is damaged", words);
}

static int try_tls(const struct transfer_plan *plan, struct error *error)
{
    struct probe probe;
    char url[64];
    int listener = listen_silently(url, sizeof(url));
    if (listener < 0)
        return error_set_system(error, ERROR_ENVIRONMENT, errno, "cannot listen on loopback to try certificates");
    if (begin_probe(plan, url, &probe, error) != 0) {
        close(listener);
        return -1;
    }
    go_straight(probe.easy);
    curl_easy_setopt(probe.easy, CURLOPT_INTERFACE, NULL);
    curl_easy_setopt(probe.easy, CURLOPT_CONNECTTIMEOUT_MS, (long)SPOKEN_TO_WITHIN);
    curl_easy_setopt(probe.easy, CURLOPT_TIMEOUT_MS, (long)SPOKEN_TO_WITHIN);
    CURLcode code = perform_until_spoken_to(probe.easy, listener);
    int status = 0;
    if (code == CURLE_SSL_CACERT_BADFILE)
        status = refuse_authorities(plan->request, probe.message, error);
    else if (code == CURLE_SSL_CERTPROBLEM || code == CURLE_BAD_FUNCTION_ARGUMENT)
        status = refuse_certificate(plan->request, probe.message, error);
    else if (strstr(probe.message, "no protocols available") != NULL)
        status = error_set(error, ERROR_ENVIRONMENT,
                           "--tlsv1.x, --tls-max: the TLS library allows none of these versions (%s)", probe.message);
    end_probe(&probe);
    close(listener);
    return status;
}

/* Interface: whether a socket can be bound there shows before it is connected, to where nobody needs to listen. */
static int try_interface(const struct transfer_plan *plan, struct error *error)
{
    static const char *const urls[] = {"http://127.0.0.1:9/", "http://[::1]:9/"};
    const char *name = plan->request->options->interface;
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        struct probe probe;
        if (begin_probe(plan, urls[i], &probe, error) != 0)
            return -1;
        go_straight(probe.easy);
        curl_easy_setopt(probe.easy, CURLOPT_CONNECTTIMEOUT_MS, 200L);
        curl_easy_setopt(probe.easy, CURLOPT_CONNECT_ONLY, 1L);
        CURLcode code = curl_easy_perform(probe.easy);
        if (code != CURLE_INTERFACE_FAILED || i + 1 < sizeof(urls) / sizeof(urls[0])) {
            end_probe(&probe);
            if (code != CURLE_INTERFACE_FAILED)
                return 0;
            continue;
        }
        error_set(error, ERROR_ENVIRONMENT, "--interface %s: %s", name, probe.message);
        end_probe(&probe);
    }
    return -1;
}

/* Unix socket: without libcurl, which tells of no reason. A server that is too busy to be connected to at once does
 * listen. */
static int try_socket(const char *path, struct error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path))
        return error_set(error, ERROR_USAGE,
                         "--unix-socket: %.200s is longer than the %zu bytes that a socket's path has", path,
                         sizeof(address.sun_path) - 1);
    memcpy(address.sun_path, path, strlen(path) + 1);
    int descriptor = open_without_waiting(AF_UNIX);
    int status = descriptor < 0 ? -1 : connect(descriptor, (struct sockaddr *)&address, sizeof(address));
    int number = status == 0 || errno == EAGAIN ? 0 : errno;
    if (descriptor >= 0)
        close(descriptor);
    if (number == 0)
        return 0;
    bool is_slip = number == ENOENT || number == ENOTDIR;
    return error_set_system(error, is_slip ? ERROR_USAGE : ERROR_ENVIRONMENT, number,
                            "--unix-socket: cannot connect to %s", path);
}

/* Proxy */

static const char *find_url(const struct target_list *targets, const char *scheme)
{
    for (size_t i = 0; i < targets->count; i++) {
        if (strncasecmp(targets->texts[i], scheme, strlen(scheme)) == 0)
            return targets->texts[i];
    }
    return NULL;
}

/* Builds the list from its end: libcurl would go through all of it to append. */
static int list_texts(struct curl_slist **list, const char *const *texts, size_t count)
{
    for (size_t i = count; i > 0; i--) {
        struct curl_slist *first = curl_slist_append(NULL, texts[i - 1]);
        if (first == NULL)
            return -1;
        first->next = *list;
        *list = first;
    }
    return 0;
}

static int add_lists(const struct transfer_plan *plan, struct probe *probe, struct error *error)
{
    if (list_texts(&probe->names, plan->pins->texts, plan->pins->count) != 0 ||
        list_texts(&probe->headers, (const char *const *)plan->request->headers, plan->request->header_count) != 0)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for headers and addresses");
    curl_easy_setopt(probe->easy, CURLOPT_RESOLVE, probe->names);
    curl_easy_setopt(probe->easy, CURLOPT_HTTPHEADER, probe->headers);
    return 0;
}

static int judge_proxy(const struct transfer_plan *plan, const struct probe *probe, CURLcode code, bool is_sure,
                       struct error *error)
{
    const char *option = plan->request->options->proxy_from_environment ? "--proxy-from-env" : "--proxy";
    long status = 0;
    long tunnel = 0;
    curl_easy_getinfo(probe->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(probe->easy, CURLINFO_HTTP_CONNECTCODE, &tunnel);
    if (tunnel >= 300)
        return error_set(error, ERROR_ENVIRONMENT, "%s: the proxy refuses a connection, with status %ld", option,
                         tunnel);
    if (status == 407)
        return error_set(error, ERROR_ENVIRONMENT,
                         "%s: the proxy requires a user and a password (status 407): write proxy-user = "
                         "\"USER:PASSWORD\" into a file and give --config FILE",
                         option);
    bool is_proxys = code == CURLE_PROXY || code == CURLE_COULDNT_RESOLVE_PROXY ||
                     (is_sure && (code == CURLE_COULDNT_CONNECT || code == CURLE_OPERATION_TIMEDOUT ||
                                  code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR));
    /* libcurl's own words about a proxy that it cannot read show all, the password too. */
    bool is_shown = probe->message[0] != '\0' && strchr(probe->message, '@') == NULL;
    if (is_proxys)
        return error_set(error, ERROR_ENVIRONMENT, "%s: the proxy cannot be used: %s", option,
                         is_shown ? probe->message : curl_easy_strerror(code));
    return 0;
}

static int try_proxy(const struct transfer_plan *plan, const char *url, bool is_tls, struct error *error)
{
    /* Unless every request goes by a proxy, a server may be asked directly, and a failure may be its fault. */
    bool is_sure = plan->request->is_always_proxied;
    struct probe probe;
    if (url == NULL)
        return 0;
    if (begin_probe(plan, url, &probe, error) != 0)
        return -1;
    int status = add_lists(plan, &probe, error);
    if (is_tls || !is_sure)
        curl_easy_setopt(probe.easy, CURLOPT_CONNECT_ONLY, 1L);
    else
        curl_easy_setopt(probe.easy, CURLOPT_NOBODY, 1L);
    if (status == 0)
        status = judge_proxy(plan, &probe, curl_easy_perform(probe.easy), is_sure, error);
    end_probe(&probe);
    return status;
}

int preflight_run(const struct transfer_plan *plan, struct error *error)
{
    const struct request *request = plan->request;
    if (transfer_library_init(error) != 0)
        return -1;
    int status = has_tls_settings(request->options) ? try_tls(plan, error) : 0;
    if (status == 0 && request->options->interface != NULL)
        status = try_interface(plan, error);
    if (status == 0 && request->options->unix_socket != NULL)
        status = try_socket(request->options->unix_socket, error);
    if (status == 0 && request->proxy_count > 0)
        status = try_proxy(plan, find_url(plan->targets, "http:"), false, error);
    if (status == 0 && request->proxy_count > 0)
        status = try_proxy(plan, find_url(plan->targets, "https:"), true, error);
    transfer_library_cleanup();
    return status;
}
