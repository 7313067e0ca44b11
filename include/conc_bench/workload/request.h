#ifndef CONC_BENCH_WORKLOAD_REQUEST_H
#define CONC_BENCH_WORKLOAD_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "conc_bench/base/error.h"
#include "conc_bench/platform/descriptor.h"
#include "conc_bench/workload/file_bundle.h"

/*
 * The request for every URL and the way to it, as curl's options set them: headers, method, body, TLS, proxies. The
 * same for every download of every mode.
 *
 * Secrets (values of headers, passwords) come from files, are kept in memory that is wiped when it is released, and are
 * in no text that request_describe() makes.
 */

enum tls_version { TLS_VERSION_ANY, TLS_VERSION_1_0, TLS_VERSION_1_1, TLS_VERSION_1_2, TLS_VERSION_1_3 };

/* The version of HTTP for https URLs. HTTP_VERSION_ANY is HTTP/1.1: it compares ways to schedule downloads with one
 * connection for each, which is all that most of them can do. */
enum http_version {
    HTTP_VERSION_ANY,
    HTTP_VERSION_1_1,
    HTTP_VERSION_2,       /* over TLS, where the server agrees */
    HTTP_VERSION_2_KNOWN, /* the same; and without TLS from the first byte on (RFC 9113, 3.3) */
    HTTP_VERSION_3,       /* over QUIC, and in nothing else: what is compared is in one version */
};

enum ip_version { IP_VERSION_ANY, IP_VERSION_4, IP_VERSION_6 };

/* A value of an option that may be given several times. */
struct request_text {
    const char *text;
    bool is_binary; /* of a body: bytes of files are taken as they are, line ends too */
};

struct request_texts {
    struct request_text *items;
    size_t count;
};

/* The options as written; texts are borrowed, arrays owned. NULL, 0 and false: not given. */
struct request_options {
    /* the message */
    struct request_texts headers; /* "Name: value", "Name:" (not sent), "Name;" (sent empty), "@FILE" (one a line) */
    struct request_texts data;    /* pieces of a body, to be joined by '&'; "@FILE" */
    const char *user_agent;       /* "": none is sent */
    const char *method;
    bool is_head;
    bool accepts_compressed;
    bool keeps_cookies;  /* each worker has a jar of its own */
    const char *cookies; /* "NAME=VALUE; NAME=VALUE", or the file of a jar to begin with */
    enum http_version http_version;

    /* TLS */
    bool is_unverified;
    bool resumes_tls;
    const char *ca_file;
    const char *ca_folder;
    const char *certificate; /* of the client, PEM */
    const char *key;
    enum tls_version tls_min;
    enum tls_version tls_max;

    /* the way */
    struct request_texts resolve;    /* "HOST:PORT:ADDRESS[,ADDRESS]...", see route.h */
    struct request_texts connect_to; /* "HOST1:PORT1:HOST2:PORT2", see route.h */
    const char *unix_socket;
    const char *proxy; /* without a password */
    bool proxy_from_environment;
    const char *no_proxy;
    const char *interface;
    enum ip_version ip_version;

    const char *config; /* a file with more of them, and with secrets; "-": standard input */
    char *config_text;  /* its text, if it was read already; owned, and released by request_wipe() */

    struct file_bundle *files; /* takes what files hold, or has it already; borrowed; NULL: nobody else asks for it */
};

/* Returns whether it is in a version in which one connection carries several downloads at a time. */
static inline bool request_is_multiplexed(const struct request_options *options)
{
    return options->http_version >= HTTP_VERSION_2;
}

/* The option that asks for a version, without dashes; NULL: none does. */
const char *request_version_option(enum http_version version);

/* The proxies that the environment may name: for http, for https, for all. */
enum { REQUEST_PROXIES_MAX = 3 };

/* Authorities, certificate and key. */
enum { REQUEST_COPIES_MAX = 3 };

/* The options with what the files they name hold. */
struct request {
    const struct request_options *options; /* borrowed */
    char **headers;                        /* as CURLOPT_HTTPHEADER(3) wants them; the User-Agent is one of them */
    size_t header_count;
    size_t given_headers; /* how many of them, the first, were asked for by name */
    bool has_jar;         /* each worker has one, which begins with these: */
    char **cookies;       /* lines as CURLOPT_COOKIELIST(3) takes them; owned, wiped */
    size_t cookie_count;
    char *cookie_data; /* sent with every request; NULL: none; owned, wiped */
    char *body;        /* NULL: none */
    size_t body_bytes;
    char *proxies[REQUEST_PROXIES_MAX]; /* the first is --proxy; with their passwords */
    size_t proxy_count;
    bool is_always_proxied; /* no URL is exempt from them */
    char *proxy_user;       /* "user:password"; NULL: not given */
    char *key_password;

    /* The files that libcurl opens for each new connection. They are those of the options, or where such a file can be
     * read only once (a pipe) or was given in a bundle, copies in memory, named by their descriptors. */
    const char *ca_file;
    const char *certificate;
    const char *key;
    struct request_copy {
        int descriptor;
        char path[DESCRIPTOR_PATH_BYTES];
    } copies[REQUEST_COPIES_MAX];
    size_t copy_count;
};

/* The longest file that headers, a body, or certificates of a pipe are read from. */
enum { REQUEST_HEADERS_MAX_BYTES = 1 << 20, REQUEST_BODY_MAX_BYTES = 1 << 30, REQUEST_PEM_MAX_BYTES = 1 << 26 };

/* Reads the files. "-" is standard input, which only one of them may be. `options` must outlive the request. -1: a file
 * that cannot be read, or that holds something else; the request can only be released then. */
int request_load(const struct request_options *options, struct request *request, struct error *error);

/* Reads the file of --config into `*text`, which the caller gives to request_wipe(). -1: it cannot be read, or is no
 * text. */
int request_read_config(const struct request_options *options, char **text, struct error *error);

/* Returns whether a request takes an option of a --config file itself, by its name there: what others are not to see,
 * and what goes with it. */
bool request_takes_from_config(const char *name);

/* Overwrites and frees a text that may hold secrets; NULL is allowed. */
void request_wipe(char *text);

/* Adds a header to every request besides those that were asked for; it is in no report. The text is copied. -1: no
 * memory. */
int request_add_own_header(struct request *request, const char *text, struct error *error);

/* Wipes and frees what was loaded. */
void request_release(struct request *request);

/* Calls `tell` with each option that changes what is asked or how, in a form that holds no secrets, such as
 * "--header Authorization" or "--data (12 bytes)"; nothing for what stands in policies of its own. */
void request_describe(const struct request *request, void (*tell)(void *context, const char *option), void *context);

#endif
