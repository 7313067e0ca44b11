#include "conc_bench/workload/request.h"
#include "conc_bench/platform/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conc_bench/base/io.h"
#include "conc_bench/base/unicode.h"
#include "conc_bench/workload/config.h"
#include "conc_bench/workload/cookies.h"
#include "conc_bench/workload/header.h"
#include "conc_bench/workload/host_name.h"
#include "conc_bench/workload/route.h"
#include "secret_text.h"

void request_wipe(char *text)
{
    if (text != NULL)
        memory_wipe(text, strlen(text));
    free(text);
}

const char *request_version_option(enum http_version version)
{
    static const char *const names[] = {[HTTP_VERSION_1_1] = "http1.1",
                                        [HTTP_VERSION_2] = "http2",
                                        [HTTP_VERSION_2_KNOWN] = "http2-prior-knowledge",
                                        [HTTP_VERSION_3] = "http3"};
    return names[version];
}

/* Files */

struct loading {
    const struct request_options *options;
    struct request *request;
    const char *stdin_reader; /* the option that standard input is for; NULL: none yet */
    struct error *error;
};

static int no_memory(const struct loading *loading, const char *option)
{
    return error_set(loading->error, ERROR_ENVIRONMENT, "no memory for the value of --%s", option);
}

static FILE *open_file(struct loading *loading, const char *option, const char *path)
{
    if (strcmp(path, "-") != 0) {
        FILE *file = fopen(path, "re");
        if (file == NULL)
            error_set_system(loading->error, ERROR_USAGE, errno, "--%s: cannot read %s", option, path);
        return file;
    }
    if (loading->stdin_reader != NULL) {
        error_set(loading->error, ERROR_USAGE, "--%s and --%s both read standard input: give one of them a file",
                  loading->stdin_reader, option);
        return NULL;
    }
    loading->stdin_reader = option;
    return stdin;
}

/* Takes a file as the leader's process has read it. */
static int take_given(const struct loading *loading, const char *option, const char *path, struct secret_text *content)
{
    size_t length = 0;
    const char *bytes = file_bundle_find(loading->options->files, option, path, &length);
    if (bytes == NULL)
        return error_set(loading->error, ERROR_ENVIRONMENT, "--%s: %s was not sent here", option, path);
    return length == 0 || secret_text_append(content, bytes, length) == 0 ? 0 : no_memory(loading, option);
}

static int read_file(struct loading *loading, const char *option, const char *path, size_t limit,
                     struct secret_text *content)
{
    char place[64];
    struct file_bundle *files = loading->options->files;
    if (file_bundle_is_given(files))
        return take_given(loading, option, path, content);
    FILE *file = open_file(loading, option, path);
    if (file == NULL)
        return -1;
    snprintf(place, sizeof(place), "--%s", option);
    int status = secret_text_read(content, file, place, path, limit, loading->error);
    if (file != stdin)
        fclose(file);
    if (status == 0 && files != NULL && file_bundle_add(files, option, path, content->bytes, content->length) != 0)
        status = no_memory(loading, option);
    return status;
}

/* The text behind a byte order mark; NULL: the file was empty. */
static char *text_start(const struct secret_text *content)
{
    return content->bytes == NULL ? NULL : content->bytes + unicode_mark_length(content->bytes, content->length);
}

/* Headers */

static int append_header(struct request *request, const char *text)
{
    char *copy = strdup(text);
    char **longer = realloc(request->headers, (request->header_count + 1) * sizeof(longer[0]));
    request->headers = longer != NULL ? longer : request->headers;
    if (copy == NULL || longer == NULL) {
        free(copy);
        return -1;
    }
    longer[request->header_count++] = copy;
    return 0;
}

int request_add_own_header(struct request *request, const char *text, struct error *error)
{
    if (append_header(request, text) == 0)
        return 0;
    return error_set(error, ERROR_ENVIRONMENT, "no memory for a header");
}

static int add_header(struct loading *loading, const char *text)
{
    return append_header(loading->request, text) == 0 ? 0 : no_memory(loading, "header");
}

/* Adds each line of a file as a header, but for blank ones. */
static int add_headers_of(struct loading *loading, const char *path)
{
    struct secret_text content = {0};
    size_t number = 0;
    int status = read_file(loading, "header", path, REQUEST_HEADERS_MAX_BYTES, &content);
    if (status == 0 && content.bytes != NULL && strlen(content.bytes) != content.length)
        status = error_set(loading->error, ERROR_USAGE, "--header: %s has a NUL byte: it holds no text", path);
    char *next = text_start(&content);
    while (status == 0 && next != NULL) {
        char place[300];
        char *line = next;
        char *end = strchr(line, '\n');
        next = end != NULL ? end + 1 : NULL;
        line[strcspn(line, "\n")] = '\0';
        size_t length = strlen(line);
        if (length > 0 && line[length - 1] == '\r')
            line[length - 1] = '\0';
        snprintf(place, sizeof(place), "--header %s:%zu", path, ++number);
        if (line[0] == '\0')
            continue;
        if (header_check(line, place, loading->error) != 0)
            status = -1;
        else
            status = add_header(loading, line);
    }
    secret_text_wipe(&content);
    return status;
}

static int load_headers(struct loading *loading)
{
    const struct request_options *options = loading->options;
    int status = 0;
    for (size_t i = 0; status == 0 && i < options->headers.count; i++) {
        const char *text = options->headers.items[i].text;
        status = text[0] == '@' ? add_headers_of(loading, text + 1) : add_header(loading, text);
    }
    return status;
}

/* Adds a header of ours rather than set CURLOPT_USERAGENT, which libcurl writes out twice for each request: 3 % more
 * instructions. One that is given as a header counts before --user-agent, as in curl. */
static int add_user_agent(struct loading *loading)
{
    const char *agent = loading->options->user_agent;
    loading->request->given_headers = loading->request->header_count;
    for (size_t i = 0; i < loading->request->header_count; i++) {
        if (header_has_name(loading->request->headers[i], "User-Agent"))
            return 0;
    }
    if (agent == NULL)
        return add_header(loading, "User-Agent: conc-bench/" CONC_BENCH_VERSION);
    if (agent[0] == '\0')
        return 0;
    struct secret_text header = {0};
    int status = secret_text_append(&header, "User-Agent: ", strlen("User-Agent: "));
    if (status == 0)
        status = secret_text_append(&header, agent, strlen(agent));
    if (status != 0)
        no_memory(loading, "user-agent");
    else
        status = add_header(loading, header.bytes);
    secret_text_wipe(&header);
    return status;
}

/* Body */

static int load_piece(struct loading *loading, const struct request_text *piece, struct secret_text *content)
{
    const char *option = piece->is_binary ? "data-binary" : "data";
    if (piece->text[0] != '@')
        return secret_text_append(content, piece->text, strlen(piece->text)) == 0 ? 0 : no_memory(loading, option);
    if (read_file(loading, option, piece->text + 1, REQUEST_BODY_MAX_BYTES, content) != 0)
        return -1;
    if (!piece->is_binary)
        secret_text_drop_line_ends(content);
    return 0;
}

static int load_body(struct loading *loading)
{
    const struct request_texts *data = &loading->options->data;
    struct secret_text body = {0};
    int status = data->count == 0 || secret_text_append(&body, "", 0) == 0 ? 0 : no_memory(loading, "data");
    for (size_t i = 0; status == 0 && i < data->count; i++) {
        struct secret_text piece = {0};
        status = load_piece(loading, &data->items[i], &piece);
        if (status == 0 && i > 0 && secret_text_append(&body, "&", 1) != 0)
            status = no_memory(loading, "data");
        if (status == 0 && piece.length > 0 && secret_text_append(&body, piece.bytes, piece.length) != 0)
            status = no_memory(loading, "data");
        secret_text_wipe(&piece);
    }
    loading->request->body = body.bytes;
    loading->request->body_bytes = body.length;
    return status;
}

/* Proxy */

static int add_proxy(struct loading *loading, const char *place, const char *text)
{
    struct request *request = loading->request;
    struct route_proxy proxy;
    if (route_parse_proxy(text, place, &proxy, loading->error) != 0)
        return -1;
    for (size_t i = 0; i < request->proxy_count; i++) {
        if (strcmp(request->proxies[i], text) == 0)
            return 0;
    }
    request->proxies[request->proxy_count] = strdup(text);
    if (request->proxies[request->proxy_count] == NULL)
        return no_memory(loading, "proxy");
    request->proxy_count++;
    return 0;
}

/* The variables that libcurl looks at, which finds the proxy of each download itself: they may differ by scheme. Not
 * HTTP_PROXY, which a web server sets for its scripts as a client tells it to. */
static int add_environment_proxies(struct loading *loading)
{
    static const char *const names[REQUEST_PROXIES_MAX][2] = {
        {"http_proxy", NULL}, {"https_proxy", "HTTPS_PROXY"}, {"all_proxy", "ALL_PROXY"}};
    enum { EACH = 1 << 0 | 1 << 1, ALL = 1 << 2 };
    unsigned schemes = 0;
    for (size_t i = 0; i < REQUEST_PROXIES_MAX; i++) {
        const char *name = names[i][0];
        const char *value = getenv(name);
        if ((value == NULL || value[0] == '\0') && names[i][1] != NULL)
            value = getenv(name = names[i][1]);
        if (value == NULL || value[0] == '\0')
            continue;
        if (add_proxy(loading, name, value) != 0)
            return -1;
        schemes |= 1U << i;
    }
    loading->request->is_always_proxied = (schemes & ALL) != 0 || (schemes & EACH) == EACH;
    return 0;
}

/* libcurl compares the names in it with those of URLs, which are in their ASCII form by then. */
static int check_exceptions(const struct loading *loading, const char *place, const char *list)
{
    if (list == NULL || host_name_is_ascii(list, strlen(list)))
        return 0;
    return error_set(loading->error, ERROR_USAGE, "%s has a host that is not in its ASCII form (xn--...)", place);
}

/* Whether some hosts are asked without the proxy. */
static bool has_exceptions(const struct request_options *options)
{
    const char *lower = getenv("no_proxy");
    const char *upper = getenv("NO_PROXY");
    if (options->no_proxy != NULL || !options->proxy_from_environment)
        return options->no_proxy != NULL;
    return (lower != NULL && lower[0] != '\0') || (upper != NULL && upper[0] != '\0');
}

static int load_proxies(struct loading *loading)
{
    struct request *request = loading->request;
    if (loading->options->proxy_from_environment && add_environment_proxies(loading) != 0)
        return -1;
    if (loading->options->proxy != NULL && add_proxy(loading, "--proxy", loading->options->proxy) != 0)
        return -1;
    if (!loading->options->proxy_from_environment)
        request->is_always_proxied = request->proxy_count > 0;
    request->is_always_proxied = request->is_always_proxied && !has_exceptions(loading->options);
    return 0;
}

/* Cookies */

static int load_jar(struct loading *loading, const char *path)
{
    struct secret_text content = {0};
    int status = read_file(loading, "cookie", path, REQUEST_HEADERS_MAX_BYTES, &content);
    if (status == 0 && content.bytes != NULL && strlen(content.bytes) != content.length)
        status = error_set(loading->error, ERROR_USAGE, "--cookie: %s has a NUL byte: it holds no text", path);
    if (status == 0)
        status = cookies_read_jar(loading->request, text_start(&content), path, loading->error);
    loading->request->has_jar = true;
    secret_text_wipe(&content);
    return status;
}

static int add_cookies(struct loading *loading, const char *place, const char *value)
{
    struct request *request = loading->request;
    if (request->cookie_data != NULL || request->cookie_count > 0)
        return error_set(loading->error, ERROR_USAGE, "%s: cookies are given elsewhere too: keep one of them", place);
    if (!cookies_are_data(value))
        return load_jar(loading, value);
    request->cookie_data = strdup(value);
    return request->cookie_data != NULL ? 0 : no_memory(loading, "cookie");
}

static int load_cookies(struct loading *loading)
{
    loading->request->has_jar = loading->options->keeps_cookies;
    return loading->options->cookies != NULL ? add_cookies(loading, "--cookie", loading->options->cookies) : 0;
}

/* The file of --config */

static bool is_named(const char *name, const char *word, const char *letter)
{
    return strcmp(name, word) == 0 || strcmp(name, letter) == 0;
}

bool request_takes_from_config(const char *name)
{
    return is_named(name, "header", "H") || is_named(name, "proxy", "x") || is_named(name, "proxy-user", "U") ||
           is_named(name, "user", "u") || is_named(name, "cookie", "b") || strcmp(name, "pass") == 0;
}

/* libcurl leaves it out where a redirect leads to another host. */
static int add_credentials(struct loading *loading, const char *place, const char *credentials)
{
    if (strchr(credentials, ':') == NULL)
        return error_set(loading->error, ERROR_USAGE, "%s: user must be \"NAME:PASSWORD\"", place);
    char *header = header_of_credentials(credentials);
    int status = header != NULL ? add_header(loading, header) : no_memory(loading, "config");
    request_wipe(header);
    return status;
}

static int apply_config(struct loading *loading, const struct config_line *line, const char *place)
{
    struct request *request = loading->request;
    char **secret = strcmp(line->name, "pass") == 0                                         ? &request->key_password
                    : strcmp(line->name, "proxy-user") == 0 || strcmp(line->name, "U") == 0 ? &request->proxy_user
                                                                                            : NULL;
    if (strcmp(line->name, "header") == 0 || strcmp(line->name, "H") == 0)
        return header_check(line->value, place, loading->error) == 0 ? add_header(loading, line->value) : -1;
    if (strcmp(line->name, "proxy") == 0 || strcmp(line->name, "x") == 0) {
        if (loading->options->proxy != NULL || loading->options->proxy_from_environment || request->proxy_count > 0)
            return error_set(loading->error, ERROR_USAGE, "%s: a proxy is given elsewhere too: keep one of them",
                             place);
        return add_proxy(loading, place, line->value);
    }
    if (is_named(line->name, "user", "u"))
        return add_credentials(loading, place, line->value);
    if (is_named(line->name, "cookie", "b"))
        return add_cookies(loading, place, line->value);
    if (secret == NULL && loading->options->config_text != NULL)
        return 0; /* whoever read it has taken the others */
    /* The line is not shown: a slip of the pen may have made a secret of its name. */
    if (secret == NULL)
        return error_set(
            loading->error, ERROR_USAGE,
            "%s: not an option that is read from here: those are header, cookie, proxy, proxy-user, user and pass",
            place);
    request_wipe(*secret);
    *secret = strdup(line->value);
    return *secret != NULL ? 0 : no_memory(loading, "config");
}

static int read_config(struct loading *loading, const char *path, struct secret_text *content)
{
    const char *text = loading->options->config_text;
    if (text != NULL)
        return secret_text_append(content, text, strlen(text)) == 0 ? 0 : no_memory(loading, "config");
    int status = read_file(loading, "config", path, REQUEST_HEADERS_MAX_BYTES, content);
    if (status == 0 && content->bytes != NULL && strlen(content->bytes) != content->length)
        status = error_set(loading->error, ERROR_USAGE, "--config: %s has a NUL byte: it holds no text", path);
    return status;
}

int request_read_config(const struct request_options *options, char **text, struct error *error)
{
    struct loading loading = {.options = options, .error = error};
    struct secret_text content = {0};
    int status = secret_text_append(&content, "", 0) == 0 ? read_config(&loading, options->config, &content)
                                                          : no_memory(&loading, "config");
    *text = status == 0 ? content.bytes : NULL;
    if (status != 0)
        secret_text_wipe(&content);
    return status;
}

static int load_config(struct loading *loading)
{
    const char *path = loading->options->config;
    struct secret_text content = {0};
    struct config_line line = {0};
    if (path == NULL)
        return 0;
    int status = read_config(loading, path, &content);
    char *rest = text_start(&content);
    while (status == 0 && config_next(&rest, &line) != NULL) {
        char place[300];
        snprintf(place, sizeof(place), "--config %s:%zu", path, line.number);
        if (line.name == NULL)
            status = error_set(loading->error, ERROR_USAGE, "%s: must be NAME = \"VALUE\", and no more", place);
        else
            status = apply_config(loading, &line, place);
    }
    secret_text_wipe(&content);
    return status;
}

/* Files that libcurl reads itself, for each new connection */

/* Puts what was read into a file in memory, which children inherit, and its name into `*place`. */
static int keep_copy(struct loading *loading, const char *option, const struct secret_text *content, const char **place)
{
    struct request_copy *copy = &loading->request->copies[loading->request->copy_count];
    copy->descriptor = descriptor_create_file(option);
    if (copy->descriptor < 0)
        return error_set_system(loading->error, ERROR_ENVIRONMENT, errno, "cannot keep the file of --%s", option);
    loading->request->copy_count++;
    descriptor_make_path(copy->descriptor, copy->path);
    *place = copy->path;
    if (io_write_all(copy->descriptor, content->bytes, content->length) == 0)
        return 0;
    return error_set_system(loading->error, ERROR_ENVIRONMENT, errno, "cannot keep the file of --%s", option);
}

/* Whether such a file is there and can be read is all that is looked at now, unless that is how often it can be. */
static int take_file(struct loading *loading, const char *option, const char *path, const char **place)
{
    struct stat status;
    struct secret_text content = {0};
    *place = path;
    if (path == NULL)
        return 0;
    bool is_given = file_bundle_is_given(loading->options->files);
    bool is_steady = !is_given && (stat(path, &status) != 0 || S_ISREG(status.st_mode) || S_ISDIR(status.st_mode));
    if (!is_steady || loading->options->files != NULL) {
        int run = read_file(loading, option, path, REQUEST_PEM_MAX_BYTES, &content);
        if (run == 0 && !is_steady)
            run = keep_copy(loading, option, &content, place);
        secret_text_wipe(&content);
        return run;
    }
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return error_set_system(loading->error, ERROR_USAGE, errno, "--%s: cannot read %s", option, path);
    close(file);
    return 0;
}

static int take_folder(const struct loading *loading, const char *path)
{
    int folder = path != NULL ? open(path, O_RDONLY | O_CLOEXEC | O_DIRECTORY) : -1;
    if (path != NULL && folder < 0)
        return error_set_system(loading->error, ERROR_USAGE, errno, "--capath: cannot read %s", path);
    if (folder >= 0)
        close(folder);
    return 0;
}

static int take_files(struct loading *loading)
{
    const struct request_options *options = loading->options;
    struct request *request = loading->request;
    if (take_file(loading, "cacert", options->ca_file, &request->ca_file) != 0 ||
        take_folder(loading, options->ca_folder) != 0 ||
        take_file(loading, "cert", options->certificate, &request->certificate) != 0)
        return -1;
    return take_file(loading, "key", options->key, &request->key);
}

/* Refuses options that have no use: the option that would need them was probably forgotten. */
static int check_use(const struct loading *loading)
{
    const struct request *request = loading->request;
    bool is_environment_obeyed = loading->options->proxy_from_environment && loading->options->no_proxy == NULL;
    if (check_exceptions(loading, "--noproxy", loading->options->no_proxy) != 0 ||
        check_exceptions(loading, "no_proxy", is_environment_obeyed ? getenv("no_proxy") : NULL) != 0 ||
        check_exceptions(loading, "NO_PROXY", is_environment_obeyed ? getenv("NO_PROXY") : NULL) != 0)
        return -1;
    if (loading->options->no_proxy != NULL && request->proxy_count == 0 && !loading->options->proxy_from_environment)
        return error_set(loading->error, ERROR_USAGE, "--noproxy does nothing without --proxy or --proxy-from-env");
    if (request->proxy_user != NULL && request->proxy_count == 0)
        return error_set(loading->error, ERROR_USAGE, "--config: proxy-user does nothing without a proxy");
    if (request->key_password != NULL && loading->options->certificate == NULL)
        return error_set(loading->error, ERROR_USAGE, "--config: pass does nothing without --cert");
    return 0;
}

int request_load(const struct request_options *options, struct request *request, struct error *error)
{
    *request = (struct request){.options = options};
    struct loading loading = {.options = options, .request = request, .error = error};
    if (options->config_text != NULL && strcmp(options->config, "-") == 0)
        loading.stdin_reader = "config";
    if (load_headers(&loading) != 0 || load_body(&loading) != 0 || load_cookies(&loading) != 0 ||
        load_config(&loading) != 0 || load_proxies(&loading) != 0 || add_user_agent(&loading) != 0 ||
        check_use(&loading) != 0)
        return -1;
    return take_files(&loading);
}

void request_release(struct request *request)
{
    for (size_t i = 0; i < request->header_count; i++)
        request_wipe(request->headers[i]);
    free(request->headers);
    struct secret_text body = {.bytes = request->body, .capacity = request->body_bytes};
    secret_text_wipe(&body);
    for (size_t i = 0; i < request->proxy_count; i++)
        request_wipe(request->proxies[i]);
    request_wipe(request->proxy_user);
    request_wipe(request->key_password);
    request_wipe(request->cookie_data);
    for (size_t i = 0; i < request->cookie_count; i++)
        request_wipe(request->cookies[i]);
    free(request->cookies);
    for (size_t i = 0; i < request->copy_count; i++)
        close(request->copies[i].descriptor);
    *request = (struct request){0};
}

/* Description in reports */

struct option_visitor {
    void (*tell)(void *context, const char *option);
    void *context;
};

static void tell_text(const struct option_visitor *visitor, const char *option, const char *text)
{
    char line[300];
    if (text == NULL)
        return;
    snprintf(line, sizeof(line), "%s %s", option, text[0] != '\0' ? text : "\"\"");
    visitor->tell(visitor->context, line);
}

static void tell_flag(const struct option_visitor *visitor, const char *option, bool is_given)
{
    if (is_given)
        visitor->tell(visitor->context, option);
}

static void describe_message(const struct option_visitor *visitor, const struct request *request)
{
    const struct request_options *options = request->options;
    char text[64];
    for (size_t i = 0; i < request->given_headers; i++) {
        snprintf(text, sizeof(text), "%.*s", (int)header_name_length(request->headers[i]), request->headers[i]);
        tell_text(visitor, "--header", text);
    }
    tell_text(visitor, "--user-agent", options->user_agent);
    tell_text(visitor, "--request", options->method);
    tell_flag(visitor, "--head", options->is_head);
    snprintf(text, sizeof(text), "(%zu byte%s)", request->body_bytes, request->body_bytes == 1 ? "" : "s");
    tell_text(visitor, "--data", request->body != NULL ? text : NULL);
    tell_flag(visitor, "--compressed", options->accepts_compressed);
    tell_flag(visitor, "--cookies", request->has_jar);
    snprintf(text, sizeof(text), "(%zu to begin with)", request->cookie_count);
    tell_text(visitor, "--cookie", request->cookie_count > 0 ? text : NULL);
    snprintf(text, sizeof(text), "(%zu bytes)", request->cookie_data != NULL ? strlen(request->cookie_data) : 0);
    tell_text(visitor, "--cookie", request->cookie_data != NULL ? text : NULL);
}

static void describe_tls(const struct option_visitor *visitor, const struct request_options *options)
{
    static const char *const versions[] = {NULL, "1.0", "1.1", "1.2", "1.3"};
    char text[16];
    tell_flag(visitor, "--insecure", options->is_unverified);
    tell_text(visitor, "--cacert", options->ca_file);
    tell_text(visitor, "--capath", options->ca_folder);
    tell_text(visitor, "--cert", options->certificate);
    tell_text(visitor, "--key", options->key);
    snprintf(text, sizeof(text), "--tlsv%s", options->tls_min != TLS_VERSION_ANY ? versions[options->tls_min] : "");
    tell_flag(visitor, text, options->tls_min != TLS_VERSION_ANY);
    tell_text(visitor, "--tls-max", versions[options->tls_max]);
    tell_flag(visitor, "--tls-resume", options->resumes_tls);
}

/* Describes a proxy without the defaults of its scheme, and without what a password might be part of. */
static void describe_proxy(const struct option_visitor *visitor, const char *text)
{
    struct route_proxy proxy;
    char name[200];
    if (route_parse_proxy(text, "", &proxy, NULL) != 0)
        return;
    snprintf(name, sizeof(name), "%.*s:%u", (int)proxy.name.length, proxy.name.text, (unsigned)proxy.name.port);
    tell_text(visitor, "--proxy", name);
}

static void describe_way(const struct option_visitor *visitor, const struct request *request)
{
    const struct request_options *options = request->options;
    for (size_t i = 0; i < options->resolve.count; i++)
        tell_text(visitor, "--resolve", options->resolve.items[i].text);
    for (size_t i = 0; i < options->connect_to.count; i++)
        tell_text(visitor, "--connect-to", options->connect_to.items[i].text);
    tell_text(visitor, "--unix-socket", options->unix_socket);
    for (size_t i = 0; i < request->proxy_count; i++)
        describe_proxy(visitor, request->proxies[i]);
    tell_text(visitor, "--noproxy", options->no_proxy);
    tell_text(visitor, "--interface", options->interface);
    tell_flag(visitor, options->ip_version == IP_VERSION_4 ? "--ipv4" : "--ipv6",
              options->ip_version != IP_VERSION_ANY);
}

void request_describe(const struct request *request, void (*tell)(void *context, const char *option), void *context)
{
    const struct option_visitor visitor = {.tell = tell, .context = context};
    describe_message(&visitor, request);
    describe_tls(&visitor, request->options);
    describe_way(&visitor, request);
}
