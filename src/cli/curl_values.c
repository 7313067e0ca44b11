#include <ctype.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conc_bench/base/number.h"
#include "conc_bench/workload/cookies.h"
#include "conc_bench/workload/header.h"
#include "conc_bench/workload/request.h"
#include "conc_bench/workload/route.h"
#include "option_table.h"

/* Values of the options that are curl's, with curl's names and meaning. */

static int add_text(const struct value *value, bool is_binary)
{
    struct request_texts *list = value->field;
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
        return error_set(value->error, ERROR_USAGE, "--%s @ needs a file behind the @, or - for standard input",
                         value->name);
    return value->text[0] == '@';
}

/* Arguments are shown to everybody on the machine by ps(1), and kept by shells. */
int store_header(const struct value *value)
{
    int is_file = names_file(value);
    if (is_file == 0 && header_check(value->text, "--header", value->error) != 0)
        return -1;
    if (is_file == 0 && header_is_secret(value->text))
        return error_set(value->error, ERROR_USAGE,
                         "--header %.*s: by its name the value is a secret, and others can read arguments: write the "
                         "header into a file and give --header @FILE",
                         (int)strcspn(value->text, ":"), value->text);
    return is_file >= 0 ? add_text(value, false) : -1;
}

/* k, M and G are powers of 1024, as in curl; with a B behind they mean what they do in other options. */
int store_speed(const struct value *value)
{
    enum { GIBIBYTES_MAX = 1024 };
    char text[40];
    uint64_t bytes;
    size_t length = strlen(value->text);
    bool is_bare = length > 0 && strchr("kKmMgG", value->text[length - 1]) != NULL;
    snprintf(text, sizeof(text), "%.*s%s", (int)sizeof(text) - 2, value->text, is_bare ? "i" : "");
    if (length + 1 >= sizeof(text) || number_parse_size(text, &bytes) != 0 || bytes == 0 ||
        bytes > GIBIBYTES_MAX * (UINT64_C(1) << 30))
        return error_set(value->error, ERROR_USAGE,
                         "--%s must be bytes a second such as 500k or 10M, above 0 and at most %dG (got \"%s\")",
                         value->name, GIBIBYTES_MAX, value->text);
    *(int64_t *)value->field = (int64_t)bytes;
    return 0;
}

int store_data(const struct value *value)
{
    return names_file(value) >= 0 ? add_text(value, false) : -1;
}

int store_data_binary(const struct value *value)
{
    return names_file(value) >= 0 ? add_text(value, true) : -1;
}

/* Secrets do not belong in arguments, as with headers. */
int store_cookie(const struct value *value)
{
    if (value->text[0] == '\0')
        return error_set(value->error, ERROR_USAGE, "--%s must be NAME=VALUE or a file, not empty", value->name);
    for (const char *next = value->text; *next != '\0'; next++) {
        if (iscntrl((unsigned char)*next))
            return error_set(value->error, ERROR_USAGE, "--%s must be without line breaks and control characters",
                             value->name);
    }
    if (cookies_are_data(value->text) && cookies_are_secret(value->text))
        return error_set(value->error, ERROR_USAGE,
                         "--%s: by its name a cookie is a secret, and others can read arguments: write "
                         "cookie = \"NAME=VALUE\" into a file and give --config FILE",
                         value->name);
    *(const char **)value->field = value->text;
    return 0;
}

int store_user_agent(const struct value *value)
{
    for (const char *next = value->text; *next != '\0'; next++) {
        if (iscntrl((unsigned char)*next))
            return error_set(value->error, ERROR_USAGE,
                             "--%s must be a name without line breaks and control characters", value->name);
    }
    *(const char **)value->field = value->text;
    return 0;
}

int store_method(const struct value *value)
{
    size_t length = header_name_length(value->text);
    if (length == 0 || value->text[length] != '\0')
        return error_set(value->error, ERROR_USAGE, "--%s must be a method such as PUT (got \"%s\")", value->name,
                         value->text);
    /* libcurl would wait for the body. */
    if (strcasecmp(value->text, "HEAD") == 0)
        return error_set(value->error, ERROR_USAGE, "--%s HEAD would wait for bodies that never come: use --head",
                         value->name);
    *(const char **)value->field = value->text;
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

int store_tls_max(const struct value *value)
{
    for (size_t i = 0; i < TLS_VERSION_TEXTS; i++) {
        if (strcmp(value->text, tls_versions[i].text) == 0) {
            *(enum tls_version *)value->field = tls_versions[i].version;
            return 0;
        }
    }
    return error_set(value->error, ERROR_USAGE, "--%s must be 1.0, 1.1, 1.2, 1.3 or default (got \"%s\")", value->name,
                     value->text);
}

/* "tlsv1", "tlsv1.2". */
int store_tls_min(const struct value *value)
{
    enum tls_version *version = value->field;
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

/* "http1.1", "http2" and others. */
int store_http_version(const struct value *value)
{
    enum http_version *version = value->field;
    enum http_version wanted = HTTP_VERSION_1_1;
    while (strcmp(value->name, request_version_option(wanted)) != 0)
        wanted++;
    if (*version != HTTP_VERSION_ANY && *version != wanted)
        return error_set(value->error, ERROR_USAGE,
                         "--%s and --%s contradict each other: keep one of them, and compare two runs",
                         request_version_option(*version < wanted ? *version : wanted),
                         request_version_option(*version < wanted ? wanted : *version));
    *version = wanted;
    return 0;
}

int store_ip_version(const struct value *value)
{
    enum ip_version *version = value->field;
    enum ip_version wanted = strcmp(value->name, "ipv4") == 0 ? IP_VERSION_4 : IP_VERSION_6;
    if (*version != IP_VERSION_ANY && *version != wanted)
        return error_set(value->error, ERROR_USAGE, "--ipv4 and --ipv6 contradict each other: keep one of them");
    *version = wanted;
    return 0;
}

int store_resolve(const struct value *value)
{
    struct route_pin pin;
    return route_parse_pin(value->text, &pin, value->error) == 0 ? add_text(value, false) : -1;
}

int store_connect_to(const struct value *value)
{
    struct route_detour detour;
    return route_parse_detour(value->text, &detour, value->error) == 0 ? add_text(value, false) : -1;
}

int store_proxy(const struct value *value)
{
    struct route_proxy proxy;
    if (route_parse_proxy(value->text, "--proxy", &proxy, value->error) != 0)
        return -1;
    if (proxy.has_credentials)
        return error_set(value->error, ERROR_USAGE,
                         "--%s has a user or password in it, and others can read arguments: write proxy-user = "
                         "\"USER:PASSWORD\" into a file and give --config FILE",
                         value->name);
    *(const char **)value->field = value->text;
    return 0;
}

int store_certificate(const struct value *value)
{
    const char *colon = strchr(value->text, ':');
    if (colon != NULL && colon != value->text && colon[-1] != '\\')
        return error_set(value->error, ERROR_USAGE,
                         "--%s has a password in it, behind the colon, and others can read arguments: write pass = "
                         "\"PASSWORD\" into a file and give --config FILE",
                         value->name);
    return store_text(value);
}

const char *option_tls_version(enum tls_version version)
{
    return tls_versions[version].text;
}
