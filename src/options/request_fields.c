#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conc_bench/header.h"
#include "conc_bench/request.h"
#include "conc_bench/route.h"
#include "table.h"

/* The options that are curl's, with curl's names and meaning, each stored in its field of struct request_options. */

static int store_flag(const struct value *value, void *field)
{
    (void)value;
    *(bool *)field = true;
    return 0;
}

static int store_text(const struct value *value, void *field)
{
    if (value->text[0] == '\0')
        return error_set(value->error, ERROR_USAGE, "--%s wants a value, not an empty one", value->name);
    *(const char **)field = value->text;
    return 0;
}

static int add_text(const struct value *value, void *field, bool is_binary)
{
    struct request_texts *list = field;
    struct request_text *longer = realloc(list->items, (list->count + 1) * sizeof(longer[0]));
    if (longer == NULL)
        return error_set(value->error, ERROR_ENVIRONMENT, "no memory for the value of --%s", value->name);
    list->items = longer;
    longer[list->count++] = (struct request_text){.text = value->text, .is_binary = is_binary};
    return 0;
}

/* Whether the value is "@FILE"; -1: it is, without a file. */
static int names_file(const struct value *value)
{
    if (value->text[0] == '@' && value->text[1] == '\0')
        return error_set(value->error, ERROR_USAGE, "--%s @ wants a file behind the @, or - for standard input",
                         value->name);
    return value->text[0] == '@';
}

/* Arguments are shown to everybody on the machine by ps(1), and kept by shells. */
static int store_header(const struct value *value, void *field)
{
    int is_file = names_file(value);
    if (is_file == 0 && header_check(value->text, "--header", value->error) != 0)
        return -1;
    if (is_file == 0 && header_is_secret(value->text))
        return error_set(value->error, ERROR_USAGE,
                         "--header %.*s: by its name the value is a secret, and others can read arguments: write the "
                         "header into a file and give --header @FILE",
                         (int)strcspn(value->text, ":"), value->text);
    return is_file >= 0 ? add_text(value, field, false) : -1;
}

static int store_data(const struct value *value, void *field)
{
    return names_file(value) >= 0 ? add_text(value, field, false) : -1;
}

static int store_data_binary(const struct value *value, void *field)
{
    return names_file(value) >= 0 ? add_text(value, field, true) : -1;
}

static int store_user_agent(const struct value *value, void *field)
{
    for (const char *next = value->text; *next != '\0'; next++) {
        if (iscntrl((unsigned char)*next))
            return error_set(value->error, ERROR_USAGE, "--%s wants a name without line breaks and control characters",
                             value->name);
    }
    *(const char **)field = value->text;
    return 0;
}

static int store_method(const struct value *value, void *field)
{
    size_t length = header_name_length(value->text);
    if (length == 0 || value->text[length] != '\0')
        return error_set(value->error, ERROR_USAGE, "--%s wants a method such as PUT, not \"%s\"", value->name,
                         value->text);
    /* libcurl would wait for the body. */
    if (strcasecmp(value->text, "HEAD") == 0)
        return error_set(value->error, ERROR_USAGE, "--%s HEAD would wait for bodies that never come: use --head",
                         value->name);
    *(const char **)field = value->text;
    return 0;
}

static const struct {
    const char *text;
    enum tls_version version;
} tls_versions[] = {
    {"default", TLS_VERSION_ANY}, {"1.0", TLS_VERSION_1_0}, {"1.1", TLS_VERSION_1_1},
    {"1.2", TLS_VERSION_1_2},     {"1.3", TLS_VERSION_1_3},
};
enum { TLS_VERSION_TEXTS = sizeof(tls_versions) / sizeof(tls_versions[0]) };

static int store_tls_max(const struct value *value, void *field)
{
    for (size_t i = 0; i < TLS_VERSION_TEXTS; i++) {
        if (strcmp(value->text, tls_versions[i].text) == 0) {
            *(enum tls_version *)field = tls_versions[i].version;
            return 0;
        }
    }
    return error_set(value->error, ERROR_USAGE, "--%s wants 1.0, 1.1, 1.2, 1.3 or default, not \"%s\"", value->name,
                     value->text);
}

/* "tlsv1", "tlsv1.2". */
static int store_tls_min(const struct value *value, void *field)
{
    enum tls_version *version = field;
    enum tls_version wanted = TLS_VERSION_1_0;
    for (size_t i = 0; i < TLS_VERSION_TEXTS; i++) {
        if (strcmp(value->name + strlen("tlsv"), tls_versions[i].text) == 0)
            wanted = tls_versions[i].version;
    }
    if (*version != TLS_VERSION_ANY && *version != wanted)
        return error_set(value->error, ERROR_USAGE, "--%s and --tlsv%s contradict each other: keep one of them",
                         value->name, tls_versions[*version].text);
    *version = wanted;
    return 0;
}

/* "http1.1", "http2". */
static int store_http_version(const struct value *value, void *field)
{
    enum http_version *version = field;
    enum http_version wanted = strcmp(value->name, "http2") == 0 ? HTTP_VERSION_2 : HTTP_VERSION_1_1;
    if (*version != HTTP_VERSION_ANY && *version != wanted)
        return error_set(value->error, ERROR_USAGE,
                         "--http1.1 and --http2 contradict each other: keep one of them, and compare two runs");
    *version = wanted;
    return 0;
}

static int store_ip_version(const struct value *value, void *field)
{
    enum ip_version *version = field;
    enum ip_version wanted = strcmp(value->name, "ipv4") == 0 ? IP_VERSION_4 : IP_VERSION_6;
    if (*version != IP_VERSION_ANY && *version != wanted)
        return error_set(value->error, ERROR_USAGE, "--ipv4 and --ipv6 contradict each other: keep one of them");
    *version = wanted;
    return 0;
}

static int store_resolve(const struct value *value, void *field)
{
    struct route_pin pin;
    return route_parse_pin(value->text, &pin, value->error) == 0 ? add_text(value, field, false) : -1;
}

static int store_connect_to(const struct value *value, void *field)
{
    struct route_detour detour;
    return route_parse_detour(value->text, &detour, value->error) == 0 ? add_text(value, field, false) : -1;
}

static int store_proxy(const struct value *value, void *field)
{
    struct route_proxy proxy;
    if (route_parse_proxy(value->text, "--proxy", &proxy, value->error) != 0)
        return -1;
    if (proxy.has_credentials)
        return error_set(value->error, ERROR_USAGE,
                         "--%s has a user or password in it, and others can read arguments: write proxy-user = "
                         "\"USER:PASSWORD\" into a file and give --config FILE",
                         value->name);
    *(const char **)field = value->text;
    return 0;
}

static int store_certificate(const struct value *value, void *field)
{
    const char *colon = strchr(value->text, ':');
    if (colon != NULL && colon != value->text && colon[-1] != '\\')
        return error_set(value->error, ERROR_USAGE,
                         "--%s has a password in it, behind the colon, and others can read arguments: write pass = "
                         "\"PASSWORD\" into a file and give --config FILE",
                         value->name);
    return store_text(value, field);
}

#define FIELD(member) offsetof(struct request_options, member)

static const struct {
    const char *option;
    size_t field;
    int (*store)(const struct value *value, void *field);
} fields[] = {
    {"header", FIELD(headers), store_header},
    {"user-agent", FIELD(user_agent), store_user_agent},
    {"request", FIELD(method), store_method},
    {"head", FIELD(is_head), store_flag},
    {"data", FIELD(data), store_data},
    {"data-binary", FIELD(data), store_data_binary},
    {"compressed", FIELD(accepts_compressed), store_flag},
    {"http1.1", FIELD(http_version), store_http_version},
    {"http2", FIELD(http_version), store_http_version},
    {"insecure", FIELD(is_unverified), store_flag},
    {"cacert", FIELD(ca_file), store_text},
    {"capath", FIELD(ca_folder), store_text},
    {"cert", FIELD(certificate), store_certificate},
    {"key", FIELD(key), store_text},
    {"tlsv1", FIELD(tls_min), store_tls_min},
    {"tlsv1.0", FIELD(tls_min), store_tls_min},
    {"tlsv1.1", FIELD(tls_min), store_tls_min},
    {"tlsv1.2", FIELD(tls_min), store_tls_min},
    {"tlsv1.3", FIELD(tls_min), store_tls_min},
    {"tls-max", FIELD(tls_max), store_tls_max},
    {"tls-resume", FIELD(resumes_tls), store_flag},
    {"resolve", FIELD(resolve), store_resolve},
    {"connect-to", FIELD(connect_to), store_connect_to},
    {"unix-socket", FIELD(unix_socket), store_text},
    {"proxy", FIELD(proxy), store_proxy},
    {"proxy-from-env", FIELD(proxy_from_environment), store_flag},
    {"noproxy", FIELD(no_proxy), store_text},
    {"interface", FIELD(interface), store_text},
    {"ipv4", FIELD(ip_version), store_ip_version},
    {"ipv6", FIELD(ip_version), store_ip_version},
    {"config", FIELD(config), store_text},
};

int option_apply_request(const struct value *value)
{
    size_t i = 0;
    while (strcmp(fields[i].option, value->name) != 0)
        i++;
    return fields[i].store(value, (char *)&value->options->request + fields[i].field);
}

static int refuse_pair(struct error *error, const char *one, const char *other, const char *why)
{
    return error_set(error, ERROR_USAGE, "--%s does not go with --%s, %s", one, other, why);
}

/* The origin's authority is the only one trusted, and it asks for no certificate. */
static int check_tls_origin(const struct request_options *request, struct error *error)
{
    const char *authority = request->ca_file != NULL ? "cacert" : "capath";
    if (request->ca_file != NULL || request->ca_folder != NULL)
        return refuse_pair(error, authority, "origin=tls", "which brings the one authority to trust");
    if (request->certificate != NULL)
        return refuse_pair(error, "cert", "origin=tls", "which asks for no certificate");
    if (request->tls_max != TLS_VERSION_ANY && request->tls_max < TLS_VERSION_1_2)
        return error_set(error, ERROR_USAGE, "--tls-max %s does not go with --origin=tls, which speaks TLS 1.2 and 1.3",
                         tls_versions[request->tls_max].text);
    return 0;
}

/* The origin is asked over loopback, whatever the URL says. */
static int check_origin(const struct request_options *request, struct error *error)
{
    const struct {
        bool is_given;
        const char *option;
    } ways[] = {
        {request->resolve.count > 0, "resolve"},
        {request->connect_to.count > 0, "connect-to"},
        {request->unix_socket != NULL, "unix-socket"},
        {request->proxy != NULL, "proxy"},
        {request->proxy_from_environment, "proxy-from-env"},
        {request->interface != NULL, "interface"},
        {request->ip_version == IP_VERSION_6, "ipv6"},
    };
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        if (ways[i].is_given)
            return refuse_pair(error, ways[i].option, "origin", "which is asked on this machine, whatever the host");
    }
    if (request->http_version == HTTP_VERSION_2)
        return refuse_pair(error, "http2", "origin", "which speaks HTTP/1.1 only");
    return 0;
}

static bool reads_input(const struct request_texts *texts)
{
    for (size_t i = 0; i < texts->count; i++) {
        if (strcmp(texts->items[i].text, "@-") == 0)
            return true;
    }
    return false;
}

/* The list of URLs may be read from there as well. */
static int check_standard_input(const struct options *options, struct error *error)
{
    const struct request_options *request = &options->request;
    const char *option = reads_input(&request->headers)                                 ? "header"
                         : reads_input(&request->data)                                  ? "data"
                         : request->config != NULL && strcmp(request->config, "-") == 0 ? "config"
                                                                                        : NULL;
    for (size_t i = 0; option != NULL && i < options->input_count; i++) {
        if (strcmp(options->inputs[i], "-") == 0)
            return error_set(error, ERROR_USAGE,
                             "--%s and the list of URLs both read standard input: give one of them a file", option);
    }
    return 0;
}

/* Addresses that may not be used are none to libcurl, which would ask for the name while the clock runs. */
static int check_pins(const struct request_options *request, struct error *error)
{
    for (size_t i = 0; i < request->resolve.count; i++) {
        struct route_pin pin;
        if (route_parse_pin(request->resolve.items[i].text, &pin, error) != 0)
            return -1;
        if (!route_has_version(&pin, request->ip_version))
            return error_set(error, ERROR_USAGE, "--resolve %s has no address that --%s allows",
                             request->resolve.items[i].text, request->ip_version == IP_VERSION_4 ? "ipv4" : "ipv6");
    }
    return 0;
}

int option_check_request(const struct options *options, struct error *error)
{
    const struct request_options *request = &options->request;
    if (check_standard_input(options, error) != 0)
        return -1;
    if (request->is_head && request->data.count > 0)
        return refuse_pair(error, "head", "data", "which needs a method with a body");
    if (request->is_head && request->method != NULL)
        return refuse_pair(error, "head", "request", "which is another method");
    if (request->tls_max != TLS_VERSION_ANY && request->tls_min > request->tls_max)
        return error_set(error, ERROR_USAGE, "--tls-max %s is below --tlsv%s: no version is left",
                         tls_versions[request->tls_max].text, tls_versions[request->tls_min].text);
    if (request->key != NULL && request->certificate == NULL)
        return error_set(error, ERROR_USAGE, "--key does nothing without --cert, whose key it is");
    if (request->unix_socket != NULL && (request->proxy != NULL || request->proxy_from_environment))
        return refuse_pair(error, "unix-socket", request->proxy != NULL ? "proxy" : "proxy-from-env",
                           "which is another way to the server");
    if (request->proxy != NULL && request->proxy_from_environment)
        return refuse_pair(error, "proxy", "proxy-from-env", "which brings its own");
    if (check_pins(request, error) != 0)
        return -1;
    if (options->use_origin && check_origin(request, error) != 0)
        return -1;
    return options->use_origin && options->origin.has_tls ? check_tls_origin(request, error) : 0;
}
